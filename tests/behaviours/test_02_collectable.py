"""Behaviour 2: what is no longer named is gone, with the garbage collector off; after create_graph, after a collection.

PyTorch keeps the graph of backward(create_graph=True) for ever (x -> x.grad -> grad_fn -> x); here it is collectable.
"""

import gc
import weakref

import pytest
from helpers import each, present_ops
from op_table import Call

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
