"""Behaviour 1: a chain of a million nodes is built, walked and freed in a thread with a stack of 256 KiB."""

import gc

import numpy as np
from helpers import in_small_thread

import chainrule as cr

DEPTH = 1_000_000


def chain(depth, x):
    y = x
    for _ in range(depth // 2):
        y = y + y * 1e-6
    return y


def test_01_build_backward_free():
    def work():
        x = cr.tensor(1.0, dtype=cr.float64, requires_grad=True)
        y = chain(DEPTH, x)
        y.backward()
        return x.grad.item()

    gradient = in_small_thread(work)
    assert np.isfinite(gradient)
    np.testing.assert_allclose(gradient, (1 + 1e-6) ** (DEPTH // 2), rtol=1e-9)


def test_01_freed_without_backward():
    def work():
        y = chain(DEPTH, cr.tensor(1.0, requires_grad=True))
        text = repr(y), repr(y.grad_fn)
        del y
        gc.collect()
        return text

    shown, node = in_small_thread(work)
    assert shown.startswith("tensor(") and "grad_fn=" in shown
    assert "AddBackward" in node


def test_01_a_retained_graph_is_freed():
    def work():
        x = cr.tensor(1.0, requires_grad=True)
        y = chain(DEPTH // 4, x)
        y.backward(retain_graph=True)
        y.backward()
        del y
        return x.grad.item()

    assert np.isfinite(in_small_thread(work))


def test_01_interleaved_chains():
    """Two chains that feed each other: no path is walked twice."""

    def work():
        x = cr.tensor(1.0, dtype=cr.float64, requires_grad=True)
        a, b = x, x
        for _ in range(20000):
            a, b = a * 0.5 + b * 0.5, b
        (a + b).backward()
        return x.grad.item()

    assert abs(in_small_thread(work) - 2.0) < 1e-9
