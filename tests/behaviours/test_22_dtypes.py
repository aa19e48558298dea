"""Behaviour 22: which dtype comes out, and mismatches that say both dtypes and the cure."""

import numpy as np
import pytest
from helpers import expect_error

import chainrule as cr
from chainrule import nn


def test_22_python_numbers_are_weak():
    x = cr.ones(2)
    for y in (x + 1.5, 2 * x, x - 1, x / 3, x**2, 1.0 - x, x + True, x > 0.5):
        assert y.dtype in (cr.float32, cr.bool)
    assert (cr.ones(2, dtype=cr.int64) * 2).dtype == cr.int64
    assert (cr.ones(2, dtype=cr.int64) / 2).dtype == cr.float32
    assert (cr.ones(2, dtype=cr.uint8) + 1).dtype == cr.uint8


def test_22_float64_array():
    assert (cr.ones(2) + cr.tensor(np.ones(2))).dtype == cr.float64
    assert cr.tensor(np.ones(2)).dtype == cr.float64
    assert cr.tensor([1.0, 2.0]).dtype == cr.float32
    assert cr.tensor([1, 2]).dtype == cr.int64
    assert cr.tensor([True]).dtype == cr.bool
    assert cr.tensor(np.float64(1.0)).dtype == cr.float64


def test_22_layer_mismatch_names_both():
    layer = nn.Linear(3, 2)
    error = expect_error(
        (TypeError, RuntimeError), r"float64.*float32|float32.*float64", layer, cr.ones(1, 3, dtype=cr.float64)
    )
    assert ".float()" in str(error) or ".to(" in str(error), "the cure is missing"
    expect_error((TypeError, RuntimeError), r"int64", layer, cr.ones(1, 3, dtype=cr.int64))


def test_22_matmul_mismatch():
    expect_error(
        (TypeError, RuntimeError),
        r"float32.*float64|float64.*float32",
        cr.matmul,
        cr.ones(2, 2),
        cr.ones(2, 2, dtype=cr.float64),
    )


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "bool"])
def test_22_only_floats_require_gradients(dtype):
    kind = getattr(cr, dtype)
    expect_error((TypeError, RuntimeError), rf"float.*{dtype}|float", cr.ones, 2, dtype=kind, requires_grad=True)
    x = cr.ones(2, dtype=kind)
    with pytest.raises((TypeError, RuntimeError), match="float"):
        x.requires_grad = True
    assert not x.requires_grad
    with pytest.raises((TypeError, RuntimeError), match="float"):
        nn.Parameter(x)


def test_22_numpy_scalars():
    assert (cr.ones(2) * np.float32(2)).dtype == cr.float32
    assert (cr.ones(2) * float(np.float64(2))).dtype == cr.float32


def test_22_conversion_keeps_the_graph():
    x = cr.ones(2, requires_grad=True)
    x.double().sum().backward()
    assert x.grad.dtype == cr.float32 and x.grad.tolist() == [1.0, 1.0]
