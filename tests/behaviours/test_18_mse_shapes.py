"""Behaviour 18: (N, 1) against (N,) is an error, not an N x N table. A one-sided broadcast warns."""

import warnings

import pytest
from helpers import expect_error

import chainrule as cr
from chainrule import nn
from chainrule.nn import functional as F

LOSSES = [name for name in ("mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss") if hasattr(F, name)]


@pytest.mark.parametrize("name", LOSSES)
def test_18_both_sides_would_expand(name):
    loss = getattr(F, name)
    expect_error(ValueError, rf"{name}: .*got \(4, 1\) and \(4,\)", loss, cr.ones(4, 1), cr.ones(4))
    expect_error(ValueError, rf"{name}: .*got \(4,\) and \(4, 1\)", loss, cr.ones(4), cr.ones(4, 1))


@pytest.mark.parametrize("name", LOSSES)
def test_18_one_side_expands(name):
    with pytest.warns(UserWarning, match="size|shape|broadcast"):
        out = getattr(F, name)(cr.zeros(4, 3), cr.ones(3))
    assert out.item() > 0


@pytest.mark.parametrize("name", LOSSES)
def test_18_equal_shapes_do_not_warn(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert getattr(F, name)(cr.zeros(4, 3), cr.zeros(4, 3)).item() == 0.0


def test_18_module():
    expect_error(ValueError, r"got \(8, 1\) and \(8,\)", nn.MSELoss(), cr.ones(8, 1), cr.ones(8))
