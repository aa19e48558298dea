"""Behaviour 13: NaN at every position of arrays of length 1 to 67 comes through alike, forward and backward.

test_op_nan.py runs every elementwise row of the operation table through the same; here stand the operations that
swallow NaN elsewhere (max, relu, clamp, softmax), at each alignment and with several threads.
"""

import numpy as np
import pytest
from helpers import array, run_python

import chainrule as cr

NAN = float("nan")
LENGTHS = range(1, 68)
OPERATIONS = {
    "relu": cr.relu,
    "max": lambda x: x.max(),
    "min": lambda x: x.min(),
    "clamp": lambda x: x.clamp(0.2, 0.8),
    "maximum": lambda x: cr.maximum(x, x.detach() * 0 + 0.5),
    "softmax": lambda x: x.softmax(-1),
    "sum": lambda x: x.sum(),
    "mean": lambda x: x.mean(),
    "amax of a row": lambda x: x.reshape(1, -1).amax(1),
}
if hasattr(cr.nn.functional, "max_pool1d"):
    OPERATIONS["max_pool1d"] = lambda x: cr.nn.functional.max_pool1d(x.reshape(1, 1, -1), len(x))


def forward_and_gradient(function, values, offset=0):
    """Output and gradient of its sum, for values that begin `offset` elements into a larger array."""
    memory = np.full(len(values) + 8, 0.5, values.dtype)
    memory[offset : offset + len(values)] = values
    x = cr.from_numpy(memory)[offset : offset + len(values)].requires_grad_()
    y = function(x)
    return array(y), array(cr.autograd.grad(y.sum(), x)[0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_13_nan_reaches_the_output(name, dtype):
    whole = OPERATIONS[name](cr.tensor([0.1, 0.2])).numel() == 1 or name == "softmax"
    for n in LENGTHS:
        clean = np.linspace(0.1, 0.9, n).astype(dtype)
        for position in range(n):
            values = clean.copy()
            values[position] = NAN
            out, _ = forward_and_gradient(OPERATIONS[name], values, position % 5)
            bad = np.isnan(out)
            assert bad.all() if whole else bad[position] and bad.sum() == 1, f"length {n}, NaN at {position}: {out}"


@pytest.mark.parametrize("name", OPERATIONS)
def test_13_gradient_is_the_same_at_every_length(name):
    """Position by position, what a NaN does to the gradient depends neither on the length nor on the alignment."""
    function = OPERATIONS[name]
    for n in LENGTHS:
        for position in {0, n // 2, n - 1}:
            values = np.linspace(0.1, 0.9, n).astype(np.float32)
            values[position] = NAN
            _, first = forward_and_gradient(function, values, 0)
            for offset in (1, 3):
                np.testing.assert_array_equal(forward_and_gradient(function, values, offset)[1], first)
            if name in ("relu", "clamp", "maximum"):  # the other elements do not see the NaN
                clean = values.copy()
                clean[position] = 0.5
                _, expected = forward_and_gradient(function, clean, 0)
                others = np.arange(n) != position
                np.testing.assert_array_equal(first[others], expected[others])


def test_13_extreme_sends_its_gradient_to_the_nan():
    for n in LENGTHS:
        values = np.linspace(0.1, 0.9, n).astype(np.float32)
        values[n // 2] = NAN
        for function in (OPERATIONS["max"], OPERATIONS["min"]):
            _, gradient = forward_and_gradient(function, values)
            assert gradient[n // 2] != 0 and (np.delete(gradient, n // 2) == 0).all()


def test_13_any_number_of_threads():
    code = """
import numpy as np, chainrule as cr
seen = []
for n in (1000, 100_003, 1_000_001):
    for at in (0, 17, n // 3, n - 1):
        v = np.linspace(0.1, 0.9, n).astype(np.float32)
        v[at] = np.nan
        x = cr.tensor(v, requires_grad=True)
        for f in (cr.relu, lambda x: x.max(), lambda x: x.clamp(0, 1), lambda x: x.softmax(0), lambda x: x.sum()):
            y = f(x)
            g, = cr.autograd.grad(y.sum(), x)
            seen.append((int(y.isnan().sum()), int(g.isnan().sum())))
print(seen)
"""
    results = {run_python(code, CHAINRULE_NUM_THREADS=str(n)) for n in (1, 2, 3)}
    assert len(results) == 1
    assert "(0, " not in results.pop()
