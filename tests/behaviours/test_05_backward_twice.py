"""Behaviour 5: the second backward says which operation's values are gone and what to do; leaves stay as they were."""

import pytest
from helpers import expect_error, same

import chainrule as cr

FREED = r"freed.*retain_graph=True"


def test_05_second_backward():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    loss = (x * x).sum()
    loss.backward()
    first = x.grad.clone()
    error = expect_error(RuntimeError, FREED, loss.backward)
    assert "mul" in str(error).lower()
    assert any(hint in str(error) for hint in ("detach", "sum"))
    same(x.grad, first)


def test_05_failure_leaves_every_leaf_alone():
    """A backward that fails on one branch accumulates nothing on the others (PyTorch may have added some)."""
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    late = cr.tensor([3.0, 4.0], requires_grad=True)
    stale = (x * x).sum()
    stale.backward()
    before = x.grad.clone()
    loss = (late * late).sum() + late.exp().sum() + stale
    expect_error(RuntimeError, FREED, loss.backward)
    same(x.grad, before)
    assert late.grad is None


def test_05_carried_state_is_explained():
    """The usual cause: a hidden state carried from step to step without detach."""
    w = cr.tensor(0.5, requires_grad=True)
    state = cr.tensor(1.0)
    state = (state * w).tanh()
    state.backward(retain_graph=False)
    state = (state * w).tanh()
    expect_error(RuntimeError, FREED + ".*", state.backward)


def test_05_autograd_grad_twice():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    y = x.exp().sum()
    cr.autograd.grad(y, x)
    expect_error(RuntimeError, FREED, cr.autograd.grad, y, x)


def test_05_retain_graph_allows_it():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    loss = x.exp().sum()
    loss.backward(retain_graph=True)
    loss.backward()
    same(x.grad, 2 * x.detach().exp())
    expect_error(RuntimeError, FREED, loss.backward)


def test_05_create_graph_retains():
    x = cr.tensor(2.0, requires_grad=True)
    y = x**3
    (g,) = cr.autograd.grad(y, x, create_graph=True)
    assert cr.autograd.grad(y, x)[0].item() == 12.0
    assert cr.autograd.grad(g, x)[0].item() == pytest.approx(12.0)


def test_05_operations_without_saved_values_may_go_twice():
    """add saves nothing; as in PyTorch a second backward through such nodes alone is no error."""
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    y = (x + 1).sum()
    y.backward()
    y.backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_05_saved_tensors_of_a_node_are_refused_too():
    class Double(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * 2 + 0 * x

    x = cr.ones(2, requires_grad=True)
    y = Double.apply(x).sum()
    y.backward()
    expect_error(RuntimeError, "freed", y.backward)
