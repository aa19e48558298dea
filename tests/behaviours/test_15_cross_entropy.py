"""Behaviour 15: cross_entropy with every combination of its options equals PyTorch's, value and gradient."""

import itertools
import math

import numpy as np
import pytest
from helpers import array, close

import chainrule as cr
from chainrule.nn import functional as F

SHAPES = {"one row": (5,), "2-D": (7, 5), "3-D": (3, 5, 4), "4-D": (2, 5, 3, 2), "empty": (0, 5)}
OPTIONS = list(
    itertools.product(
        [False, True],  # weight
        [0.0, 0.1, 1.0],  # label_smoothing
        [None, -100, 2, -1],  # ignore_index
        ["none", "mean", "sum"],
        ["index", "probability"],
    )
)


def case(shape, kind, ignore):
    rng = np.random.default_rng(len(shape))
    x = rng.standard_normal(shape) * 3
    axis = 0 if len(shape) == 1 else 1
    rest = shape[:axis] + shape[axis + 1 :]
    if kind == "probability":
        p = rng.random(shape)
        target = p / p.sum(axis, keepdims=True)
    else:
        target = np.array(rng.integers(0, 5, rest))
        if ignore is not None and target.size > 1:
            target.reshape(-1)[::3] = ignore
    return x, target, rng.random(5) + 0.5


def results(lib, functional, arrays, options, dtype):
    x, target, weight = arrays
    weighted, smoothing, ignore, reduction, kind = options
    x = lib.tensor(x.astype(dtype), requires_grad=True)
    t = lib.tensor(target.astype(dtype) if kind == "probability" else target)
    kwargs = {"reduction": reduction, "label_smoothing": smoothing}
    if weighted:
        kwargs["weight"] = lib.tensor(weight.astype(dtype))
    if ignore is not None:
        kwargs["ignore_index"] = ignore
    loss = functional.cross_entropy(x, t, **kwargs)
    upstream = lib.arange(1, loss.numel() + 1).reshape(loss.shape) / max(loss.numel(), 1)
    (loss * upstream).sum().backward()
    return loss, x.grad


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_15_all_options(torch, shape, dtype):
    failures = []
    for options in OPTIONS:
        if options[-1] == "probability" and options[2] not in (None, -100):
            continue  # PyTorch refuses it
        arrays = case(SHAPES[shape], options[-1], options[2])
        try:
            got = results(cr, F, arrays, options, dtype)
            want = results(torch, torch.nn.functional, arrays, options, dtype)
            for a, b, what in zip(got, want, ("loss", "gradient"), strict=True):
                tolerance = 1e-6 if dtype == "float32" else 1e-13
                np.testing.assert_allclose(array(a), b.detach().numpy(), tolerance, tolerance, err_msg=what)
        except (AssertionError, RuntimeError, ValueError, TypeError) as error:
            failures.append(f"{options}: {type(error).__name__}: {error}")
    assert not failures, f"{len(failures)} combinations:\n" + "\n".join(failures[:5])


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weight", [None, [1.0, 2.0, 3.0]])
def test_15_all_ignored(smoothing, weight):
    """The mean of nothing is NaN; no row has a gradient; sum and none are 0."""
    x = cr.randn(4, 3, requires_grad=True)
    t = cr.full((4,), -100)
    kwargs = {"label_smoothing": smoothing, "weight": None if weight is None else cr.tensor(weight)}
    loss = F.cross_entropy(x, t, **kwargs)
    assert math.isnan(loss.item())
    loss.backward()
    assert x.grad.tolist() == [[0.0] * 3] * 4
    assert F.cross_entropy(x, t, reduction="sum", **kwargs).item() == 0.0
    assert F.cross_entropy(x, t, reduction="none", **kwargs).tolist() == [0.0] * 4


def test_15_second_derivative():
    x = cr.tensor(np.random.default_rng(0).standard_normal((4, 5)), requires_grad=True)
    w = cr.tensor([1.0, 2.0, 0.5, 1.5, 1.0], dtype=cr.float64)
    t = cr.tensor([0, 4, 2, -1])
    for options in ({}, {"weight": w}, {"label_smoothing": 0.1, "weight": w}):
        assert cr.autograd.gradgradcheck(lambda x, o=options: F.cross_entropy(x, t, ignore_index=-1, **o), (x,))
    p = cr.softmax(cr.randn(4, 5, dtype=cr.float64), 1).requires_grad_()
    assert cr.autograd.gradgradcheck(lambda x, p: F.cross_entropy(x, p, label_smoothing=0.1), (x, p))


def test_15_gradient_of_probability_targets():
    x, p = cr.randn(3, 4, dtype=cr.float64), cr.softmax(cr.randn(3, 4, dtype=cr.float64), 1).requires_grad_()
    F.cross_entropy(x, p, reduction="sum").backward()
    close(p.grad, -cr.log_softmax(x, 1))
