"""Special functions where formulas lose their digits. The numbers expected are mpmath's, of 50 digits."""

import math

import numpy as np
import pytest

import chainrule as cr


def f64(values):
    return cr.tensor(np.asarray(values, np.float64))


# a, x, lower, upper, density
GAMMA = [
    (1e10, 1e10, 0.5000013298076014, 0.4999986701923987, 3.9894228039810816e-06),
    (1e12, 1e12 + 1e6, 0.8413447460685833, 0.1586552539314167, None),
    (1e12, 1e12 - 3e6, 0.001349886213392038, 0.998650113786608, None),
    (50.0, 40.0, 0.07033506665939495, 0.9296649333406050, 0.022133771940795309),
    (1e-10, 0.5, None, 5.597735948054988e-11, None),
    (3.0, 2.0, 0.32332358381693654, 0.6766764161830635, 0.27067056647322538),
]


@pytest.mark.parametrize(("a", "x", "lower", "upper", "density"), GAMMA)
def test_incomplete_gamma_functions_keep_their_digits(a, x, lower, upper, density):
    a, x = f64(a), f64(x).requires_grad_(True)
    y = cr.igamma(a, x)
    if lower is not None:
        assert y.item() == pytest.approx(lower, rel=2e-14)
    assert cr.igammac(a, x).item() == pytest.approx(upper, rel=2e-14)
    if density is not None:
        y.backward()
        assert x.grad.item() == pytest.approx(density, rel=2e-14)


def test_lower_and_upper_incomplete_gamma_add_up_to_1_over_all_branches():
    a = f64(10.0 ** np.linspace(-12, 15, 109))[:, None]
    x = a * f64(10.0 ** np.linspace(-3, 3, 61))
    lower, upper = cr.igamma(a, x), cr.igammac(a, x)
    assert abs(lower + upper - 1).max().item() < 1e-13
    assert (lower.diff(dim=1) >= -1e-13).all()


@pytest.mark.parametrize("function, slopes", [("i0", (0, 0.5, 0, 0.375)), ("i1", (0.5, 0, 0.375, 0))])
def test_derivatives_of_bessel_functions_at_0(function, slopes):
    x = f64(0.0).requires_grad_(True)
    y = getattr(cr.special, function)(x)
    for slope in slopes:
        (y,) = cr.autograd.grad(y, x, create_graph=True)
        assert y.item() == slope


def test_the_ends_of_bessel_functions():
    values = cr.special.i1(f64([5e-324, 1e-200, -math.inf, 800.0])).tolist()
    assert values == [0.0, 5e-201, -math.inf, math.inf]
    assert cr.special.i0e(f64(math.inf)).item() == 0


def test_ndtri_in_the_middle():
    """sqrt(2 pi) (p - 1/2) there; expected numbers by mpmath with 40 digits."""
    assert cr.special.ndtri(f64([0.5, 0.5 - 1e-10, 0.5 + 1e-15])).tolist() == pytest.approx(
        [0.0, -2.506628482030354e-10, 2.504624782204590e-15], rel=5e-16, abs=0
    )


def test_ndtri_of_the_smallest_numbers():
    p = f64([5e-324, 1e-300, 1e-100, 1e-3])
    expected = [-38.4674056171443463, -37.0470962993611992, -21.2734535609653243, -3.09023230616781354]
    assert cr.special.ndtri(p).tolist() == pytest.approx(expected, rel=5e-16)


@pytest.mark.parametrize(
    ("a", "x", "density"),
    [
        (1.5, 1e-220, 1.1283791670955126e-110),
        (5.0, 1e-64, 1e-256 / 24),
        (1.0, 5e-324, 1.0),
        (2.0, 1e-320, 1e-320),
        (30.0, 1e-10, 1.1309962886447716e-321),
        (1e308, 1e308, 3.989422804014327e-155),
    ],
)
def test_density_of_the_gamma_distribution_where_powers_underflow(a, x, density):
    """x^(a - 1) e^-x / Gamma(a), by mpmath with 50 digits."""
    z = cr.tensor(x, dtype=cr.float64, requires_grad=True)
    cr.igamma(cr.tensor(a, dtype=cr.float64), z).backward()
    assert z.grad.item() == pytest.approx(density, rel=1e-12, abs=1e-323)


@pytest.mark.parametrize(
    ("a", "slopes"),
    [
        (0.5, [math.inf, -math.inf, math.inf]),
        (1.0, [1.0, -1.0, 1.0]),
        (1.5, [0.0, math.inf, -math.inf]),
        (2.0, [0.0, 1.0, -2.0]),
        (3.0, [0.0, 0.0, 1.0]),
        (4.0, [0.0, 0.0, 0.0]),
    ],
)
def test_derivatives_of_the_incomplete_gamma_function_at_0(a, slopes):
    """By the series of x^(a - 1) e^-x / Gamma(a); what stands beside x = 0 is not touched by it."""
    x = cr.tensor([0.0, 0.5], dtype=cr.float64, requires_grad=True)
    y, beside = cr.igamma(cr.tensor(a, dtype=cr.float64), x), []
    for _ in slopes:
        (y,) = cr.autograd.grad(y.sum(), x, create_graph=True)
        beside.append(y.tolist())
    at_zero, inside = zip(*beside)
    if not math.isinf(slopes[0] + slopes[1]):  # else the next derivative is the difference of two infinities
        assert list(at_zero) == slopes
    else:
        assert at_zero[:2] == tuple(slopes[:2])
    density = 0.5 ** (a - 1) * math.exp(-0.5) / math.gamma(a)
    first, second = (a - 1) / 0.5 - 1, -(a - 1) / 0.25
    assert inside == pytest.approx((density, density * first, density * (first**2 + second)), rel=1e-12)


def test_bessel_functions_of_the_largest_numbers():
    x = cr.tensor([3e307, -1e308], dtype=cr.float64)
    assert cr.i0(x).tolist() == [float("inf")] * 2 and cr.special.i1(x).tolist() == [float("inf"), -float("inf")]
    assert cr.special.i0e(x)[1].item() == pytest.approx(3.989422804014327e-155, rel=1e-14)


def test_ndtri_of_a_half_is_zero():
    assert cr.special.ndtri(cr.tensor(0.5, dtype=cr.float64)).item() == 0
