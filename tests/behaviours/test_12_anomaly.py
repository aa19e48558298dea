"""Behaviour 12: where a gradient goes wrong, detect_anomaly names the operation and the user's line that made it."""

import re
import sys

import pytest
from helpers import expect_error

import chainrule as cr
from chainrule import nn


def line():
    """file:line of the caller."""
    frame = sys._getframe(1)
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def test_12_where_with_a_dead_branch():
    """Without the mode the NaN passes, as in PyTorch; with it the square root is named, not the where."""
    x = cr.tensor([0.0, 4.0], requires_grad=True)
    cr.where(x > 0, x.sqrt(), x * 0).sum().backward()
    assert x.grad.isnan().tolist() == [True, False]
    with cr.autograd.detect_anomaly():
        root, place = x.sqrt(), line()
        loss = cr.where(x > 0, root, x * 0).sum()
        error = expect_error(RuntimeError, "(?i)sqrt", loss.backward)
    assert place in str(error), f"{error}\nis not about {place}"
    assert re.search("nan|finite", str(error))


@pytest.mark.parametrize(
    "name, make",
    [
        ("sqrt", lambda x: (x.sqrt() * 0).sum()),
        ("log", lambda x: (x.log() * 0).sum()),
        ("div", lambda x: (1 / x * 0).sum()),
        ("pow", lambda x: (x**-1.0 * 0).sum()),
        ("norm|sqrt", lambda x: x.pow(2).sum().sqrt() * 0),
    ],
)
def test_12_operation_is_named(name, make):
    x = cr.zeros(3, requires_grad=True)
    with cr.autograd.detect_anomaly():
        error = expect_error(RuntimeError, f"(?i){name}|reciprocal", make(x).backward)
    assert __file__ in str(error)


def test_12_line_inside_a_module():
    """The line is the user's, in forward, not the one of backward() and not one of this library."""
    places = []

    class Broken(nn.Module):
        def forward(self, x):
            y, place = x.log(), line()
            places.append(place)
            return (y * 0).sum()

    module = Broken()
    with cr.autograd.detect_anomaly():
        loss = module(nn.Sequential(nn.Linear(2, 2), nn.ReLU())(cr.zeros(1, 2, requires_grad=True)) * 0)
        error = expect_error(RuntimeError, "(?i)log", loss.backward)
    assert places[0] in str(error)


def test_12_mode_ends_and_healthy_graphs_pass():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    with cr.autograd.detect_anomaly():
        (x.sqrt() + x.log()).sum().backward()
    assert x.grad.isfinite().all()
    assert not cr.is_anomaly_enabled()
    zero = cr.zeros(1, requires_grad=True)
    (zero.sqrt() * 0).sum().backward()  # outside: silent
    assert zero.grad.isnan().all()


def test_12_switch_and_error_leave_things_in_order():
    x = cr.zeros(2, requires_grad=True)
    expect_error(RuntimeError, "sqrt|Sqrt", _run_anomaly, x)
    assert not cr.is_anomaly_enabled()
    assert x.grad is None
    cr.autograd.set_detect_anomaly(True)
    try:
        assert cr.is_anomaly_enabled()
    finally:
        cr.autograd.set_detect_anomaly(False)


def _run_anomaly(x):
    with cr.autograd.detect_anomaly():
        (x.sqrt() * 0).sum().backward()
