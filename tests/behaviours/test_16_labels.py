"""Behaviour 16: a label out of range is an IndexError that tells value, position and number of classes."""

import pytest
from helpers import expect_error

import chainrule as cr
from chainrule.nn import functional as F


@pytest.mark.parametrize("label", [-1, 3, 10**12, -(10**12)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_16_label_out_of_range(label, dtype):
    scores = cr.zeros(4, 3, dtype=getattr(cr, dtype), requires_grad=True)
    target = cr.tensor([0, 2, label, 1])
    for reduction in ("mean", "sum", "none"):
        error = expect_error(IndexError, r"cross_entropy", F.cross_entropy, scores, target, reduction=reduction)
        for part in (str(label), "2", "3"):  # value, row, classes
            assert part in str(error), error


def test_16_ignore_index_is_allowed():
    scores = cr.zeros(3, 2, requires_grad=True)
    F.cross_entropy(scores, cr.tensor([0, -100, 1])).backward()
    assert scores.grad[1].tolist() == [0.0, 0.0]
    F.cross_entropy(scores, cr.tensor([0, 7, 1]), ignore_index=7)
    expect_error(IndexError, "-100", F.cross_entropy, scores, cr.tensor([0, -100, 1]), ignore_index=7)


def test_16_all_ignored():
    """The mean of nothing is NaN, its gradient zero; the sum is 0."""
    scores = cr.ones(2, 3, requires_grad=True)
    target = cr.tensor([-100, -100])
    loss = F.cross_entropy(scores, target)
    assert loss.isnan().item() if hasattr(loss, "isnan") else loss.item() != loss.item()
    loss.backward()
    assert scores.grad.tolist() == [[0.0] * 3] * 2
    assert F.cross_entropy(scores, target, reduction="sum").item() == 0.0


def test_16_weights_and_smoothing_check_too():
    weight = cr.ones(3)
    expect_error(IndexError, "3", F.cross_entropy, cr.zeros(1, 3), cr.tensor([3]), weight=weight, label_smoothing=0.1)
    expect_error(IndexError, "3", F.cross_entropy, cr.zeros(1, 3, 2), cr.tensor([[0, 3]]))


def test_16_float_labels_of_the_wrong_kind():
    expect_error(
        (TypeError, ValueError, RuntimeError), "cross_entropy", F.cross_entropy, cr.zeros(2, 3), cr.tensor([0.0, 1.0])
    )
    expect_error(
        (TypeError, ValueError, RuntimeError),
        "cross_entropy",
        F.cross_entropy,
        cr.zeros(2, 3),
        cr.tensor([True, False]),
    )
