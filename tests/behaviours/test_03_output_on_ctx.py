"""Behaviour 3: a custom Function that keeps its output on ctx (output -> node -> ctx -> output) is collected."""

import gc
import weakref

from helpers import SANITIZED

import chainrule as cr

FLOATS = 4096  # 16 KiB each: 10 000 that stay would be 160 MB


class KeepsOutput(cr.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.result = x * 2
        return ctx.result

    @staticmethod
    def backward(ctx, g):
        return g * 2 + 0 * ctx.result


class KeepsItself(cr.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.result = x.exp()
        ctx.context = ctx
        ctx.save_for_backward(ctx.result)
        return ctx.result

    @staticmethod
    def backward(ctx, g):
        (result,) = ctx.saved_tensors
        return g * result


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


def loop(function, times, walk):
    x = cr.ones(FLOATS, requires_grad=True)
    for _ in range(times):
        y = function.apply(x).sum()
        if walk:
            y.backward()


def check_flat(function, walk):
    loop(function, 500, walk)
    gc.collect()
    tensors, nodes, before = cr._core.live_tensors(), cr._core.live_nodes(), resident()
    for _ in range(10):
        loop(function, 1000, walk)
        gc.collect()
    assert cr._core.live_tensors() == tensors and cr._core.live_nodes() == nodes
    # A quarter of what would stay: other tests' memory moves in this process too.
    assert SANITIZED or resident() - before < 40 << 20


def test_03_output_on_ctx():
    check_flat(KeepsOutput, walk=True)


def test_03_never_walked():
    check_flat(KeepsOutput, walk=False)


def test_03_context_that_holds_itself():
    check_flat(KeepsItself, walk=True)


def test_03_the_output_dies():
    x = cr.ones(3, requires_grad=True)
    y = KeepsOutput.apply(x)
    watched = weakref.ref(y)
    del y
    gc.collect()
    assert watched() is None
