"""Behaviour 6: backward on what has no graph, or is no scalar, says why."""

import numpy as np
import pytest
from helpers import expect_error

import chainrule as cr


def test_06_non_scalar():
    y = cr.ones(2, 3, requires_grad=True) * 2
    expect_error(RuntimeError, r"(scalar|single).*got.*\(2, 3\)", y.backward)
    expect_error(RuntimeError, r"(scalar|single).*got.*\(2, 3\)", cr.autograd.grad, y, y)


def test_06_one_element_counts_as_scalar():
    x = cr.ones(1, 1, requires_grad=True)
    (x * 3).backward()
    assert x.grad.tolist() == [[3.0]]


def test_06_detached():
    x = cr.ones(2, requires_grad=True)
    expect_error(RuntimeError, r"backward: .*(detach|no_grad|requires_grad)", x.sum().detach().backward)


def test_06_made_under_no_grad():
    x = cr.ones(2, requires_grad=True)
    with cr.no_grad():
        y = x.sum()
    expect_error(RuntimeError, r"backward: .*(no_grad|requires_grad)", y.backward)


def test_06_from_numpy():
    x = cr.from_numpy(np.ones(3, np.float32))
    expect_error(RuntimeError, r"backward: .*requires_grad", x.sum().backward)


def test_06_integers():
    x = cr.arange(3)
    expect_error(RuntimeError, r"backward: .*(int64|requires_grad)", x.sum().backward)
    expect_error((RuntimeError, TypeError), r"float.*got int64", x.requires_grad_)
    expect_error((RuntimeError, TypeError), r"float", cr.tensor, [1, 2], requires_grad=True)
    assert not x.requires_grad


def test_06_comparison():
    x = cr.ones(3, requires_grad=True)
    expect_error(RuntimeError, r"backward: ", (x > 0).sum().backward)


def test_06_gradient_of_the_wrong_shape():
    x = cr.ones(2, 3, requires_grad=True)
    y = x * 2
    expect_error((RuntimeError, ValueError), r"got.*\(3, 2\)|\(3, 2\).*\(2, 3\)", y.backward, cr.ones(3, 2))
    assert x.grad is None
    y.backward(cr.ones(2, 3))
    assert x.grad.tolist() == [[2.0] * 3] * 2


def test_06_unused_input():
    x, z = cr.ones(2, requires_grad=True), cr.ones(2, requires_grad=True)
    expect_error(RuntimeError, r"allow_unused", cr.autograd.grad, x.sum(), (x, z))
    gx, gz = cr.autograd.grad(x.sum(), (x, z), allow_unused=True)
    assert gx.tolist() == [1.0, 1.0] and gz is None


def test_06_input_without_requires_grad():
    x, z = cr.ones(2, requires_grad=True), cr.ones(2)
    expect_error(RuntimeError, r"requires? (_?grad|a gradient)|requires_grad", cr.autograd.grad, x.sum(), z)


def test_06_the_library_works_on():
    x = cr.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError):
        (x * 2).backward()
    (x * 2).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_06_backward_inside_no_grad_works():
    """Only the forward decides what is recorded."""
    x = cr.ones(2, requires_grad=True)
    y = (x * 3).sum()
    with cr.no_grad():
        y.backward()
    assert x.grad.tolist() == [3.0, 3.0]
