"""Behaviour 17: large and infinite scores give the exact answer where it is finite, else NaN."""

import math

import numpy as np
import pytest
from helpers import array, close

import chainrule as cr
from chainrule.nn import functional as F

INF = float("inf")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scale", [1e2, 1e4, 1e30])
def test_17_softmax_family(dtype, scale):
    x = cr.tensor([[scale, -scale, 0.0], [-scale, -scale, -scale]], dtype=getattr(cr, dtype), requires_grad=True)
    close(cr.softmax(x, 1), np.array([[1, 0, 0], [1 / 3] * 3]).astype(dtype), dtype)
    loss = F.cross_entropy(x, cr.tensor([1, 0]), reduction="none")
    close(loss, np.array([2 * scale, math.log(3)]).astype(dtype), dtype)
    loss.sum().backward()
    close(x.grad, np.array([[1, -1, 0], [1 / 3 - 1, 1 / 3, 1 / 3]]).astype(dtype), dtype)
    close(cr.log_softmax(x, 1)[0], np.array([0, -2 * scale, -scale]).astype(dtype), dtype)


def test_17_sigmoid_and_tanh():
    x = cr.tensor([-1e4, 1e4, -800.0, 800.0], dtype=cr.float64, requires_grad=True)
    assert cr.sigmoid(x).tolist() == [0.0, 1.0, 0.0, 1.0]
    assert cr.tanh(x).tolist() == [-1.0, 1.0, -1.0, 1.0]
    (cr.sigmoid(x) + cr.tanh(x)).sum().backward()
    assert x.grad.tolist() == [0.0] * 4


def test_17_minus_infinity_masks():
    x = cr.tensor([[0.0, -INF, 1.0]], dtype=cr.float64, requires_grad=True)
    s = cr.softmax(x, 1)
    assert s.tolist()[0][1] == 0.0 and abs(s.sum().item() - 1) < 1e-15
    (s * cr.tensor([1.0, 2.0, 3.0], dtype=cr.float64)).sum().backward()
    assert np.isfinite(array(x.grad)).all() and x.grad[0, 1].item() == 0.0


def test_17_row_of_minus_infinity_is_nan():
    x = cr.tensor([[-INF, -INF], [0.0, 0.0]])
    s = array(cr.softmax(x, 1))
    assert np.isnan(s[0]).all() and s[1].tolist() == [0.5, 0.5]
    assert np.isnan(array(cr.log_softmax(x, 1))[0]).all()


def test_17_plus_infinity_row():
    s = array(cr.softmax(cr.tensor([[INF, 0.0], [0.0, 0.0]]), 1))
    assert np.isnan(s[0]).any() and s[1].tolist() == [0.5, 0.5]


def test_17_cross_entropy_of_a_masked_class():
    x = cr.tensor([[0.0, -INF, 0.0]], requires_grad=True)
    loss = F.cross_entropy(x, cr.tensor([0]))
    assert abs(loss.item() - math.log(2)) < 1e-6
    loss.backward()
    close(x.grad, np.float32([[-0.5, 0.0, 0.5]]), "float32")
    assert F.cross_entropy(x, cr.tensor([1])).item() == INF


def test_17_tiny_losses_keep_their_digits():
    x = cr.tensor([[40.0, 0.0]], dtype=cr.float64)
    assert abs(F.cross_entropy(x, cr.tensor([0])).item() / math.log1p(math.exp(-40.0)) - 1) < 1e-12
