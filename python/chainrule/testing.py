"""torch.testing.assert_close."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import chainrule

# PyTorch's default relative and absolute tolerances by dtype; zero for whole numbers.
_TOLERANCES = {"float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7)}


def assert_close(
    actual: Any,
    expected: Any,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_dtype: bool = True,
    msg: Any = None,
    **options: Any,
) -> None:
    """Raise AssertionError unless |actual - expected| <= atol + rtol * |expected| everywhere.

    Args:
        actual, expected: tensors, numbers, or sequences and mappings of them.
        rtol, atol: both or neither; the defaults depend on the dtype.
        equal_nan: count nan as equal to nan.
        check_dtype: require equal dtypes.
        msg: instead of the usual message.

    Source: PyTorch, torch.testing.assert_close.
    """
    if (rtol is None) != (atol is None):
        raise ValueError(f"assert_close: rtol and atol go together, got rtol={rtol}, atol={atol}. Pass both.")
    message = _difference(actual, expected, (rtol, atol), equal_nan, check_dtype)
    if message:
        raise AssertionError(msg(message) if callable(msg) else msg or message)


def _difference(actual: Any, expected: Any, tolerances: Any, equal_nan: bool, check_dtype: bool) -> str:
    """What differs, or nothing."""
    rest = (tolerances, equal_nan, check_dtype)
    if isinstance(actual, Mapping) and isinstance(expected, Mapping):
        if actual.keys() != expected.keys():
            return f"assert_close: the keys differ: {list(actual)} and {list(expected)}."
        return next(filter(None, (_difference(actual[key], expected[key], *rest) for key in actual)), "")
    if isinstance(actual, Sequence) and isinstance(expected, Sequence):
        if len(actual) != len(expected):
            return f"assert_close: the lengths differ: {len(actual)} and {len(expected)}."
        return next(filter(None, (_difference(a, b, *rest) for a, b in zip(actual, expected))), "")
    return _tensor_difference(actual, expected, *rest)


def _tensor_difference(actual: Any, expected: Any, tolerances: Any, equal_nan: bool, check_dtype: bool) -> str:
    a, b = (x.detach() if isinstance(x, chainrule.Tensor) else chainrule.tensor(x) for x in (actual, expected))
    if a.shape != b.shape:
        return f"assert_close: the shapes differ: {tuple(a.shape)} and {tuple(b.shape)}."
    if check_dtype and a.dtype != b.dtype:
        return f"assert_close: the dtypes differ: {a.dtype} and {b.dtype}."
    rtol, atol = tolerances
    if rtol is None:
        defaults = [_TOLERANCES.get(x.dtype.name, (0.0, 0.0)) for x in (a, b)]
        rtol, atol = max(defaults)
    x, y = a.numpy().astype(np.float64), b.numpy().astype(np.float64)
    close = np.isclose(x, y, rtol=rtol, atol=atol, equal_nan=equal_nan)
    if close.all():
        return ""
    worst = np.nanmax(np.where(close, 0, np.abs(x - y)))
    return (
        f"assert_close: {close.size - int(close.sum())} of {close.size} elements differ, "
        f"the largest difference is {worst:g} (rtol={rtol:g}, atol={atol:g})."
    )
