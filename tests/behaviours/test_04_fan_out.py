"""Behaviour 4: a value used k times gets the sum over its paths, exactly once for each backward."""

import itertools

import numpy as np
import pytest
from helpers import close, each, present_ops, same
from op_table import Call, lookup

import chainrule as cr


def leaf(values):
    return cr.tensor(values, dtype=cr.float64, requires_grad=True)


def test_04_self_add():
    x = leaf([1.0, 2.0])
    (x + x).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_04_self_multiply():
    x = leaf([3.0, -2.0])
    (x * x).sum().backward()
    assert x.grad.tolist() == [6.0, -4.0]


@present_ops(lambda op: op.binary and op.grad)
def test_04_same_tensor_as_both_operands(op):
    """f(x, x): the gradient is the sum of both partial gradients."""

    def check(sample):
        if not hasattr(sample.args[1], "shape") or sample.kwargs:
            return
        x = Call(op, sample, cr).leaves[0]
        y = x.detach().clone().requires_grad_()
        function = lookup(cr, op.fn)
        same_x = cr.autograd.grad(function(x, x).sum(), x)[0]
        a, b = cr.autograd.grad(function(x, y).sum(), (x, y))
        close(same_x, a + b)

    each(op, op.samples, check)


def test_04_matmul_with_itself():
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    (x @ x).sum().backward()
    ones = np.ones((2, 2))
    a = np.array([[1.0, 2.0], [3.0, 4.0]])
    close(x.grad, ones @ a.T + a.T @ ones)


def test_04_diamond():
    x = leaf(2.0)
    a = x * 3
    b, c = a * a, a + 1
    (b * c).backward()
    assert x.grad.item() == pytest.approx(3 * (2 * 6 * 7 + 36))


def test_04_wide_fan_out():
    x = leaf(1.5)
    sum(x * k for k in range(100)).backward()
    assert x.grad.item() == sum(range(100))


def test_04_ladder_of_diamonds():
    """2^40 paths, 80 nodes."""
    x = leaf(1.0)
    y = x
    for _ in range(40):
        y = y + y
    y.backward()
    assert x.grad.item() == 2.0**40


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_04_randomly_wired(order):
    x = leaf([0.5, -1.0])
    parts = [x * 2, cr.tanh(x), x.exp()]
    (parts[order[0]] * parts[order[1]] + parts[order[2]]).sum().backward()
    y = leaf([0.5, -1.0])
    parts = [y * 2, cr.tanh(y), y.exp()]
    (parts[order[2]] + parts[order[0]] * parts[order[1]]).sum().backward()
    close(x.grad, y.grad)


def test_04_second_backward_adds_once_more():
    x = leaf([1.0, 2.0, 3.0])
    middle = x * x
    middle.retain_grad()
    loss = (middle * x).sum()
    loss.backward(retain_graph=True)
    first = x.grad.clone()
    assert middle.grad.tolist() == [1.0, 2.0, 3.0]
    loss.backward(retain_graph=True)
    same(x.grad, (first * 2))
    assert middle.grad.tolist() == [2.0, 4.0, 6.0]
    (g,) = cr.autograd.grad(loss, x)
    same(g, first)


def test_04_non_leaf_gradients_are_not_carried_over():
    x = leaf([1.0, 2.0])
    loss = ((x * 2) * (x * 3)).sum()
    grads = [cr.autograd.grad(loss, x, retain_graph=True)[0] for _ in range(3)]
    same(grads[0], grads[1])
    same(grads[1], grads[2])


def test_04_accumulation_never_writes_into_a_shared_buffer():
    """add passes the same gradient to both sides; accumulating into one must not change the other."""
    x, y = leaf([1.0]), leaf([1.0])
    s = x + y
    (s + x * 10).sum().backward()
    assert (x.grad.item(), y.grad.item()) == (11.0, 1.0)
    before = y.grad
    x.grad += 1
    assert before.item() == 1.0


def test_04_gradients_do_not_alias_the_upstream_gradient():
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    up = cr.ones(2, dtype=cr.float64)
    (x + y).backward(up)
    x.grad.add_(5)
    assert up.tolist() == [1.0, 1.0] and y.grad.tolist() == [1.0, 1.0]


def test_04_several_outputs_of_one_node():
    x = leaf([[1.0, 5.0], [7.0, 2.0]])
    values, _ = x.max(1)
    ((values * 2).sum() + (values * values).sum()).backward()
    assert x.grad.tolist() == [[0.0, 12.0], [16.0, 0.0]]


def test_04_gradient_accumulates_over_steps():
    x = leaf([1.0, 2.0])
    for k in range(1, 4):
        (x * k).sum().backward()
    assert x.grad.tolist() == [6.0, 6.0]
    kept = x.grad
    x.grad = None
    (x * 2).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0] and kept.tolist() == [6.0, 6.0]
