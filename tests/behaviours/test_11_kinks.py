"""Behaviour 11: the derivative at kinks, beside the `kinks` of the operation table."""

import math

import pytest
from helpers import array

import chainrule as cr


def gradient(function, values):
    x = cr.tensor(values, dtype=cr.float64, requires_grad=True)
    function(x).sum().backward()
    return x.grad.tolist()


def test_11_relu_abs_clamp():
    assert gradient(cr.relu, [0.0, -0.0]) == [0.0, 0.0]
    assert gradient(cr.abs, [0.0, -0.0]) == [0.0, 0.0]
    # At a bound 0, as PyTorch has it since 2.14 (1 before).
    assert gradient(lambda x: x.clamp(-1, 1), [-1.0, 1.0, 0.5]) == [0.0, 0.0, 1.0]
    assert gradient(lambda x: x.clamp(min=0), [0.0, 1.0]) == [0.0, 1.0]


def test_11_ties_split():
    a = cr.tensor([1.0, 1.0], requires_grad=True)
    b = cr.tensor([1.0, 0.0], requires_grad=True)
    cr.maximum(a, b).sum().backward()
    assert a.grad.tolist() == [0.5, 1.0] and b.grad.tolist() == [0.5, 0.0]
    for function in (lambda x: x.max(), lambda x: x.amax(0)):
        assert gradient(function, [2.0, 5.0, 5.0, 5.0, 5.0]) == [0.0, 0.25, 0.25, 0.25, 0.25]
    assert sum(gradient(lambda x: x.amin(0), [1.0] * 7)) == pytest.approx(1.0)


def test_11_max_along_dim_goes_to_the_returned_index():
    x = cr.tensor([[5.0, 5.0, 1.0], [0.0, 2.0, 2.0]], requires_grad=True)
    values, index = x.max(1)
    values.sum().backward()
    expected = [[0.0] * 3, [0.0] * 3]
    for row, column in enumerate(index.tolist()):
        expected[row][column] = 1.0
    assert x.grad.tolist() == expected


def test_11_sqrt_at_zero():
    assert gradient(cr.sqrt, [0.0]) == [math.inf]


def test_11_powers():
    b = cr.tensor([2.0, 1.0, 0.5], dtype=cr.float64, requires_grad=True)
    (cr.zeros(3, dtype=cr.float64) ** b).sum().backward()
    assert b.grad.tolist() == [0.0, 0.0, 0.0]
    assert gradient(lambda x: x**0, [0.0, 1.0]) == [0.0, 0.0]
    assert gradient(lambda x: x ** cr.zeros(2, dtype=cr.float64), [0.0, 1.0]) == [0.0, 0.0]
    assert gradient(lambda x: x**1, [0.0]) == [1.0]
    assert gradient(lambda x: x**2, [0.0]) == [0.0]


def test_11_nan_in_relu_gradient_is_the_same_in_both_rules():
    x = cr.tensor([float("nan"), 1.0], requires_grad=True)
    (g,) = cr.autograd.grad(cr.relu(x).sum(), x, create_graph=True)
    (h,) = cr.autograd.grad(cr.relu(x).sum(), x)
    assert array(g)[1] == array(h)[1] == 1.0
    assert math.isnan(array(g)[0]) == math.isnan(array(h)[0])


def test_11_where_dead_branch():
    """0 * inf behind a mask is NaN, as in PyTorch; the double where avoids it."""
    x = cr.tensor([0.0, 4.0], dtype=cr.float64, requires_grad=True)
    cr.where(x > 0, cr.sqrt(x), x * 0).sum().backward()
    assert math.isnan(x.grad.tolist()[0]) and x.grad.tolist()[1] == 0.25
    safe = cr.tensor([0.0, 4.0], dtype=cr.float64, requires_grad=True)
    cr.where(safe > 0, cr.sqrt(cr.where(safe > 0, safe, cr.ones_like(safe))), safe * 0).sum().backward()
    assert safe.grad.tolist() == [0.0, 0.25]
