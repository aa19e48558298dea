"""Behaviour 20: long float32 sums stay exact to a few units, along any axis and layout."""

import numpy as np
import pytest

import chainrule as cr

TRUE = float(np.float32(0.1))


@pytest.fixture(scope="module")
def big():
    return cr.full((2**26,), 0.1)


def test_20_contiguous(big):
    assert abs(big.mean().item() / TRUE - 1) < 1e-6
    assert abs(big.sum().item() / (TRUE * 2**26) - 1) < 1e-6


def test_20_strided(big):
    assert abs(big[::2].mean().item() / TRUE - 1) < 1e-6


@pytest.mark.parametrize("dim", [0, 1])
def test_20_along_an_axis(big, dim):
    mean = big.view(2**25, 2).mean(dim)
    assert np.abs(mean.numpy() / TRUE - 1).max() < 1e-6


def test_20_middle_axis(big):
    mean = big.view(2, 2**24, 2).mean(1)
    assert np.abs(mean.numpy() / TRUE - 1).max() < 1e-6


def test_20_gradient_of_a_broadcast_operand(big):
    """The sum over the broadcast axis in backward is as good as the forward one."""
    b = cr.zeros(2, requires_grad=True)
    (big[: 2**22].view(2**21, 2) + b).backward(big[: 2**22].view(2**21, 2))
    assert np.abs(b.grad.numpy() / (TRUE * 2**21) - 1).max() < 1e-6


def test_20_variance_is_never_negative():
    rng = np.random.default_rng(0)
    for offset in (0.0, 1e4, 1e8, -3e7):
        for spread in (0.0, 1e-3, 1.0):
            x = cr.tensor((offset + spread * rng.standard_normal((37, 1001))).astype(np.float32))
            for layout in (x, x.t().contiguous().t(), x[::3, ::2]):
                for dim in (None, 0, 1):
                    for unbiased in (False, True):
                        assert (layout.var(dim, unbiased=unbiased).numpy() >= 0).all()
