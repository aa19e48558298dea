"""Sobol's sequence: PyTorch's numbers, bit for bit."""

import sys

import numpy as np
import pytest
from extras import need
from helpers import array, expect_error

import chainrule as cr

need("scipy")


@pytest.mark.parametrize("seed", [None, 7])
@pytest.mark.parametrize("scramble", [False, True])
@pytest.mark.parametrize("dimension", [1, 3, 60, 1111])
def test_points(dimension, scramble, seed, torch):
    cr.manual_seed(3)
    torch.manual_seed(3)
    ours = cr.quasirandom.SobolEngine(dimension, scramble, seed)
    theirs = torch.quasirandom.SobolEngine(dimension, scramble, seed)
    assert repr(ours) == repr(theirs)
    for step, n in (("draw", 1), ("draw", 5), ("fast_forward", 3), ("draw", 4), ("reset", None),
                    ("fast_forward", 2), ("draw", 3), ("reset", None), ("draw_base2", 3)):  # fmt: skip
        results = [getattr(engine, step)(*([] if n is None else [n])) for engine in (ours, theirs)]
        if step.startswith("draw"):
            np.testing.assert_array_equal(array(results[0]), array(results[1]))
    assert array(ours.draw(2, dtype=cr.float64)).tolist() == array(theirs.draw(2, dtype=torch.float64)).tolist()
    assert cr.rand(1).item() == torch.rand(1).item(), "another place in the stream"


def test_last_dimension(torch):
    ours, theirs = cr.quasirandom.SobolEngine(21201), torch.quasirandom.SobolEngine(21201)
    np.testing.assert_array_equal(array(ours.draw(40)), array(theirs.draw(40)))


def test_errors():
    expect_error(ValueError, "between 1 and 21201, got 21202", cr.quasirandom.SobolEngine, 21202)
    engine = cr.quasirandom.SobolEngine(2)
    engine.draw(3)
    expect_error(ValueError, "no power of 2", engine.draw_base2, 2)
    out = cr.empty(0)
    assert engine.draw(2, out=out) is out
    assert out.shape == (2, 2)
    assert engine.draw(0).shape == (0, 2)


def test_without_scipy(monkeypatch):
    cr.quasirandom._table.cache_clear()
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    expect_error(ModuleNotFoundError, r"chainrule\[quasirandom\]", cr.quasirandom.SobolEngine, 2)
