"""NaN goes through: at every length from 1 to 67, in every position, forward and backward.

Vector code handles the body and the tail of an array by different instructions; the answer must not depend on it.
"""

import numpy as np
import pytest
from helpers import array
from op_table import OPS, lookup
from op_table.spec import UNARY

import chainrule as cr

LENGTHS = range(1, 68)
NAN = float("nan")


def elementwise():
    """name -> (function of one tensor of any length, its domain)."""
    table = {}
    signed = (-2.0, 2.0)
    for op in OPS:
        if op.nan and op.fn and op.samples[: len(UNARY)] == UNARY:
            table[op.name] = lookup(cr, op.fn), op.domain
    table["clamp both"] = lambda x: cr.clamp(x, -0.5, 0.5), signed
    table["clamp min"] = lambda x: cr.clamp(x, min=0.0), signed
    table["clamp max"] = lambda x: cr.clamp(x, max=0.0), signed
    for name in ("add", "sub", "mul", "div", "maximum", "minimum"):
        function = lookup(cr, name)
        table[f"{name} left"] = lambda x, f=function: f(x, cr.ones_like(x)), signed
        table[f"{name} right"] = lambda x, f=function: f(cr.ones_like(x), x), (0.3, 2.0)
        table[f"{name} scalar"] = lambda x, f=function: f(x, cr.tensor(0.25, dtype=x.dtype)), signed
    return table


ELEMENTWISE = elementwise()
REDUCING = {
    "sum": lambda x: x.sum(),
    "mean": lambda x: x.mean(),
    "max": lambda x: x.max(),
    "min": lambda x: x.min(),
    "amax": lambda x: x.amax(0),
    "amin": lambda x: x.amin(0),
    "max dim": lambda x: x.max(0)[0],
    "min dim": lambda x: x.min(0)[0],
    "softmax": lambda x: x.softmax(0).sum(),
    "log_softmax": lambda x: x.log_softmax(0).sum(),
    "sum of rows": lambda x: cr.stack([x, x], 1).sum(0).sum(),
    "max of rows": lambda x: cr.stack([x, x], 1).amax(0).sum(),
}


def inside(domain, count):
    low, high = domain
    return low + (high - low) * np.linspace(0.1, 0.9, count)


def arrangements(dtype, domain=(0.0, 1.0)):
    """(array, start, length, position of its NaN): each length and position, at changing alignment."""
    base = inside(domain, 80).astype(dtype)
    for n in LENGTHS:
        for position in range(n):
            values = base.copy()
            start = n % 5
            values[start + position] = NAN
            yield values, start, n, position


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise_forward(name, dtype):
    function, domain = ELEMENTWISE[name]
    for values, start, n, position in arrangements(dtype, domain):
        bad = np.isnan(array(function(cr.from_numpy(values)[start : start + n])))
        assert bad[position], f"length {n}: NaN at {position} was swallowed"
        assert bad.sum() == np.isnan(values).sum() == 1, f"length {n}: NaN at {position} spread"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", REDUCING)
def test_reductions_forward(name, dtype):
    function = REDUCING[name]
    for values, start, n, position in arrangements(dtype):
        out = float(function(cr.from_numpy(values)[start : start + n]))
        assert np.isnan(out), f"length {n}: NaN at {position} was swallowed"


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise_backward(name):
    """The gradient at the NaN is the one that a tensor of length 1 gets, the others are not touched."""
    function, domain = ELEMENTWISE[name]

    def gradient(values):
        x = cr.tensor(values, requires_grad=True)
        out = function(x)
        return array(cr.autograd.grad(out, x, cr.ones_like(out))[0]) if out.requires_grad else np.zeros_like(values)

    alone = gradient(np.float32([NAN]))[0]
    clean = inside(domain, 67).astype(np.float32)
    for n in LENGTHS:
        expected = gradient(clean[:n])
        for position in {0, 1, n // 2, n - 2, n - 1} & set(range(n)):
            values = clean[:n].copy()
            values[position] = NAN
            want = expected.copy()
            want[position] = alone
            np.testing.assert_array_equal(gradient(values), want, err_msg=f"length {n}, NaN at {position}")


@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_arg_extreme_finds_the_nan(name):
    for values, start, n, position in arrangements("float32"):
        assert int(lookup(cr, name)(cr.from_numpy(values)[start : start + n])) == position


def test_comparisons_with_nan_are_false():
    x = cr.tensor([NAN] * 67)
    for name in ("eq", "lt", "le", "gt", "ge"):
        assert not array(getattr(x, name)(x)).any()
    assert array(x.ne(x)).all()


@pytest.mark.parametrize("value", [float("inf"), float("-inf")])
def test_infinities_survive(value):
    for n in LENGTHS:
        x = cr.full((n,), value)
        assert (array(x * 1.0) == value).all() and float(x.sum()) == value and float(x.amax(0)) == value
        assert np.isnan(array(x - x)).all()
        np.testing.assert_array_equal(array(cr.exp(x)), np.full(n, np.inf if value > 0 else 0, np.float32))
        np.testing.assert_array_equal(array(cr.tanh(x)), np.full(n, np.sign(value), np.float32))
        np.testing.assert_array_equal(array(cr.sigmoid(x)), np.full(n, 1.0 if value > 0 else 0.0, np.float32))
        np.testing.assert_array_equal(array(cr.relu(x)), np.full(n, np.inf if value > 0 else 0.0, np.float32))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "float32", "float64"])
@pytest.mark.parametrize("n", [*range(1, 68), 511, 512, 513])
def test_every_lane_counts_once(n, dtype):
    """One element set in turn: sum, any, max find it wherever it lies."""
    rows = np.eye(n, dtype=dtype)
    t = cr.tensor(rows)
    assert (t.sum(1).numpy() == 1).all()
    assert (t.sum(0).numpy() == 1).all()
    assert t.any(1).all().item() and t.any(0).all().item()
    for i in range(min(n, 24)):
        assert t[i].sum().item() == 1 and t[i].max().item() == 1
