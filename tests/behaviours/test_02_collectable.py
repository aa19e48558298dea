"""Behaviour 2: what is no longer named is gone, with the garbage collector off; after create_graph, after a collection.

PyTorch keeps the graph of backward(create_graph=True) for ever (x -> x.grad -> grad_fn -> x); here it is collectable.
"""

import gc
import weakref

import pytest
from helpers import each, present_ops
from op_table import Call
from test_19_empty_batch import LAYERS

import chainrule as cr
from chainrule import nn


@pytest.fixture(autouse=True)
def no_collector():
    gc.disable()
    yield
    gc.enable()


@present_ops(lambda op: op.grad)
def test_02_intermediates_die(op):
    def check(sample):
        call = Call(op, sample, cr)
        if not call.leaves:
            return
        middle = [leaf * 1.0 for leaf in call.leaves]
        outputs = call.outputs(*middle)
        watched = [weakref.ref(t) for t in middle + outputs]
        del middle, outputs
        assert all(ref() is None for ref in watched)

    each(op, op.samples[:4], check)


@present_ops(lambda op: op.grad)
def test_02_intermediates_die_after_backward(op):
    def check(sample):
        call = Call(op, sample, cr)
        middle = [leaf * 1.0 for leaf in call.leaves]
        outputs = [out for out in call.outputs(*middle) if out.requires_grad] if middle else []
        if not outputs:
            return
        sum(out.sum() for out in outputs).backward()
        watched = [weakref.ref(t) for t in middle + outputs]
        del middle, outputs
        assert all(ref() is None for ref in watched)

    each(op, op.samples[:4], check)


def test_02_create_graph_is_collectable():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    middle = x * 3
    y = (middle * x).sum()
    y.backward(create_graph=True)
    assert x.grad.requires_grad
    watched = [weakref.ref(t) for t in (x, x.grad, middle, y)]
    del x, middle, y
    gc.collect()
    assert [ref() for ref in watched] == [None] * 4


def test_02_autograd_grad_with_create_graph():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    (g,) = cr.autograd.grad((x**3).sum(), x, create_graph=True)
    watched = weakref.ref(g)
    del g
    assert watched() is None


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.Linear(3, 2),
        lambda: nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2), nn.Tanh(), nn.Sigmoid(), nn.Flatten()),
        lambda: nn.ModuleList([nn.Linear(3, 3)])[0],
    ],
)
def test_02_modules(make):
    module = make()
    x = cr.ones(2, 3, requires_grad=True)
    out = module(x)
    out.sum().backward()
    watched = [weakref.ref(out), weakref.ref(module)] + [weakref.ref(p) for p in module.parameters()]
    del out
    assert watched[0]() is None
    del module
    gc.collect()
    assert [ref() for ref in watched] == [None] * len(watched)


RECURRENT = {name: ((4, 3), {}, (5, 4)) for name in ("RNN", "LSTM", "GRU")}
RECURRENT |= {name: ((4, 3), {}, (4,)) for name in ("RNNCell", "LSTMCell", "GRUCell")}
ATTENTION = {"TransformerEncoderLayer": ((4, 2, 8), {}, (5, 4)), "TransformerDecoderLayer": ((4, 2, 8), {}, (5, 4))}


@pytest.mark.parametrize("name", [*LAYERS, *RECURRENT, *ATTENTION])
def test_02_every_module(name):
    """Output, input and parameters die with the last name for them; the counters of tensors and nodes agree."""
    args, options, shape = {**LAYERS, **RECURRENT, **ATTENTION}[name]

    def once():
        module = getattr(nn, name)(*args, **options)
        x = cr.randn(2, *shape, requires_grad=True)
        middle = x * 1.0
        out = module(middle, middle) if name == "TransformerDecoderLayer" else module(middle)
        out = out[0] if isinstance(out, tuple) else out
        out.sum().backward()
        watched = [weakref.ref(t) for t in (middle, out)]
        del out, middle
        assert all(ref() is None for ref in watched), "kept after its name is gone"
        gc.collect()  # a module may stand in a cycle of Python's, as in its hooks

    once()  # what is made once for all
    before = cr._core.live_tensors(), cr._core.live_nodes()
    once()
    gc.collect()
    assert (cr._core.live_tensors(), cr._core.live_nodes()) == before


@present_ops(lambda op: op.grad)
def test_02_no_operation_leaks(op):
    """Living tensors and nodes are as many after a forward and backward as before."""

    def once(sample):
        call = Call(op, sample, cr)
        outputs = [out for out in call.outputs() if out.requires_grad] if call.leaves else []
        if outputs:
            cr.autograd.grad(sum(out.sum() for out in outputs), call.leaves, allow_unused=True)

    def check(sample):
        once(sample)
        before = cr._core.live_tensors(), cr._core.live_nodes()
        once(sample)
        assert (cr._core.live_tensors(), cr._core.live_nodes()) == before

    each(op, op.samples[:3], check)


def test_02_hooks_do_not_keep_the_tensor():
    x = cr.ones(2, requires_grad=True)
    y = x * 2
    y.register_hook(lambda g: g)
    watched = weakref.ref(y)
    del y
    gc.collect()
    assert watched() is None


def test_02_function_context_is_collectable():
    class Keep(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.kept = x * 2
            ctx.save_for_backward(x)
            return x * 3

        @staticmethod
        def backward(ctx, g):
            return g * 3

    x = cr.ones(3, requires_grad=True)
    y = Keep.apply(x)
    watched = weakref.ref(y)
    del y
    gc.collect()
    assert watched() is None
