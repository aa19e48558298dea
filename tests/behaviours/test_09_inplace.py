"""Behaviour 9: in-place on a leaf or an expanded view is refused; elsewhere gradients equal the out-of-place ones."""

import numpy as np
import pytest
from helpers import close, expect_error

import chainrule as cr


def leaf(values):
    return cr.tensor(values, dtype=cr.float64, requires_grad=True)


@pytest.mark.parametrize("name", ["add_", "mul_", "sub_", "div_"])
def test_09_leaf(name):
    x = leaf([1.0, 2.0])
    expect_error(RuntimeError, rf"{name}.*leaf|leaf.*in.?place", getattr(x, name), 2.0)
    assert x.tolist() == [1.0, 2.0] and x._version == 0


def test_09_view_of_a_leaf():
    x = leaf([1.0, 2.0, 3.0])
    expect_error(RuntimeError, "leaf", x[:2].mul_, 2.0)
    with pytest.raises(RuntimeError, match="leaf"):
        x[0] = 5.0
    assert x.tolist() == [1.0, 2.0, 3.0]


def test_09_leaf_under_no_grad():
    x = leaf([1.0, 2.0])
    with cr.no_grad():
        x -= 0.5
        x[0] = 7.0
    assert x.tolist() == [7.0, 1.5] and x.requires_grad and x.is_leaf


def test_09_expanded_view():
    x = cr.ones(1).expand(3)
    expect_error(RuntimeError, r"expand|stride|overlap|clone", x.add_, 1.0)
    with pytest.raises(RuntimeError, match=r"expand|stride|overlap|clone"):
        x[:2] = 2.0
    assert x.tolist() == [1.0] * 3


def test_09_chain_of_inplace():
    x = leaf([0.5, 1.0, 2.0])
    y = x * 2
    y.add_(1).mul_(x)
    (y * y).sum().backward()
    z = leaf([0.5, 1.0, 2.0])
    out = (z * 2 + 1) * z
    (out * out).sum().backward()
    close(x.grad, z.grad)


PROGRAMS = {
    "slice": (lambda y: y[1:].mul_(3), lambda y: cr.cat([y[:1], y[1:] * 3])),
    "row": (lambda y: y[0].exp_() if y.dim() > 1 else y[:1].exp_(), lambda y: cr.cat([y[:1].exp(), y[1:]])),
    "reshaped": (lambda y: y.view(-1).mul_(2), lambda y: y * 2),
    "unsqueezed": (lambda y: y.unsqueeze(0).tanh_(), lambda y: y.tanh()),
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("shape", [(4,), (3, 2)])
def test_09_through_views(name, shape):
    place, plain = PROGRAMS[name]
    values = np.linspace(0.2, 1.0, int(np.prod(shape))).reshape(shape)
    a, b = leaf(values), leaf(values)
    y = a * 1.5
    place(y)
    z = plain(b * 1.5)
    close(y, z)
    (y * y).sum().backward()
    (z * z).sum().backward()
    close(a.grad, b.grad)


def test_09_view_taken_before_the_write_sees_it():
    x = leaf([1.0, 2.0, 3.0])
    y = x * 2
    view = y[:2]
    y.mul_(5.0)
    assert view.tolist() == [10.0, 20.0]
    view.sum().backward()
    assert x.grad.tolist() == [10.0, 10.0, 0.0]


def test_09_write_into_a_view_then_use_the_base():
    x, w = leaf([1.0, 2.0, 3.0]), leaf([10.0, 20.0])
    y = x * 2
    y[1:] = w
    (y * y).sum().backward()
    assert x.grad.tolist() == [8.0, 0.0, 0.0]
    assert w.grad.tolist() == [20.0, 40.0]


def test_09_write_a_tracked_value_into_a_plain_tensor():
    w = leaf(3.0)
    y = cr.zeros(3, dtype=cr.float64)
    y[1] = w
    assert y.requires_grad
    (y * cr.tensor([1.0, 2.0, 3.0], dtype=cr.float64)).sum().backward()
    assert w.grad.item() == 2.0


def test_09_setitem_broadcast_and_mask():
    x, w = leaf([[1.0, 2.0], [3.0, 4.0]]), leaf([7.0, 8.0])
    y = x * 1
    y[:] = w
    y.sum().backward()
    assert w.grad.tolist() == [2.0, 2.0]
    assert x.grad is None or x.grad.abs().sum().item() == 0.0  # all of it was overwritten
    x.grad = None
    y = x * 1
    y[y > 2] = 0.0
    y.sum().backward()
    assert x.grad.tolist() == [[1.0, 1.0], [0.0, 0.0]]


OVERLAPS = {
    "shifted": (lambda x: x[1:].copy_(x[:-1]), [0.0, 0.0, 1.0, 2.0]),
    "shifted back": (lambda x: x[:-1].copy_(x[1:]), [1.0, 2.0, 3.0, 3.0]),
    "shifted add": (lambda x: x[1:].add_(x[:-1]), [0.0, 1.0, 3.0, 5.0]),
    "itself": (lambda x: x.add_(x), [0.0, 2.0, 4.0, 6.0]),
    "transposed": (lambda x: x.view(2, 2).add_(x.view(2, 2).transpose(0, 1)), [0.0, 3.0, 3.0, 6.0]),
    "reversed rows": (lambda x: x.mul_(x[3]), [0.0, 3.0, 6.0, 9.0]),
}


@pytest.mark.parametrize("name", OVERLAPS)
def test_09_overlapping_read_and_write(name):
    """What is read is what stood there before the call; or the call is refused. Never a mixture."""
    write, expected = OVERLAPS[name]
    x = cr.arange(4, dtype=cr.float64)
    try:
        write(x)
    except RuntimeError:
        expected = [0.0, 1.0, 2.0, 3.0]
    assert x.tolist() == expected
