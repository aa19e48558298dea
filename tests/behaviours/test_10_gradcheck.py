"""Behaviour 10: gradcheck and gradgradcheck find what is wrong. (That the whole table passes them: test_ops.py.)"""

import pytest
from helpers import expect_error

import chainrule as cr
from chainrule.autograd import gradcheck, gradgradcheck


def leaf(*shape, dtype=None):
    return cr.rand(*shape, dtype=dtype or cr.float64, requires_grad=True)


def wrong_backward(factor):
    class Cube(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return factor * x**2 * g

    return Cube.apply


def test_10_right_and_wrong():
    assert gradcheck(wrong_backward(3.0), (leaf(3),))
    assert gradgradcheck(wrong_backward(3.0), (leaf(3),))
    expect_error(RuntimeError, "(?i)jacobian|gradient", gradcheck, wrong_backward(2.9), (leaf(3),))
    assert gradcheck(wrong_backward(2.9), (leaf(3),), raise_exception=False) is False


def test_10_wrong_second_derivative():
    class Cube(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 3 * x.detach() ** 2 * g

    assert gradcheck(Cube.apply, (leaf(3),))
    assert gradgradcheck(Cube.apply, (leaf(3),), raise_exception=False) is False


def test_10_float32_is_warned_about_or_fails():
    x = leaf(3, dtype=cr.float32)
    with pytest.warns(UserWarning, match="double|float64"):
        gradcheck(lambda t: t.exp(), (x,), raise_exception=False)


def test_10_nothing_to_check():
    with pytest.raises((ValueError, RuntimeError), match=r"requires? (grad|a gradient|_grad)|requires_grad"):
        gradcheck(lambda t: t * 2, (cr.ones(2, dtype=cr.float64),))


def test_10_several_inputs_and_outputs():
    assert gradcheck(lambda a, b: (a @ b, a.sum()), (leaf(2, 3), leaf(3, 2)))
    assert gradgradcheck(lambda a, b: (a @ b).tanh(), (leaf(2, 3), leaf(3, 2)))


def test_10_options():
    x = leaf(3)
    assert gradcheck(lambda t: t.sin() if hasattr(t, "sin") else t.tanh(), (x,), eps=1e-5, atol=1e-4, rtol=1e-2)
    assert gradcheck(lambda t: t.exp(), x)
    assert gradgradcheck(lambda t: t.exp(), (x,), grad_outputs=(leaf(3),))


@pytest.mark.parametrize("make", [lambda t: t.t(), lambda t: t[::2], lambda t: t[:1].expand(3, 4)])
def test_10_non_contiguous_inputs(make):
    x = make(cr.rand(4, 4, dtype=cr.float64)).detach()
    if x.stride()[0] == 0:
        x = x.clone()
    x.requires_grad_()
    assert gradcheck(lambda t: t.exp() * t, (x,))
    assert gradgradcheck(lambda t: t.exp() * t, (x,))


def test_10_leaves_no_gradients_behind():
    x = leaf(3)
    gradcheck(lambda t: t.exp(), (x,))
    assert x.grad is None
