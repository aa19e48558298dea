"""torch.testing: assert_close and make_tensor."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

import chainrule

# PyTorch's default relative and absolute tolerances by dtype; zero for whole numbers.
_TOLERANCES = {"float16": (1e-3, 1e-5), "bfloat16": (1.6e-2, 1e-5), "float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7)}


class _Options(NamedTuple):
    rtol: float | None
    atol: float | None
    equal_nan: bool
    check_dtype: bool
    check_layout: bool
    check_stride: bool
    allow_subclasses: bool


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: Any = None,
) -> None:
    """Raise AssertionError unless |actual - expected| <= atol + rtol * |expected| everywhere.

    Args:
        actual, expected: tensors, arrays, numbers, None, or sequences and mappings of them; of one kind.
        allow_subclasses: take a subclass for its base class; otherwise types must be the same.
        rtol, atol: both or neither; the defaults depend on the dtype.
        equal_nan: count nan as equal to nan.
        check_device: accepted; there is one.
        check_dtype: require equal dtypes.
        check_layout: require that both are dense, or sparse in the same way.
        check_stride: require equal strides.
        msg: instead of the usual message, or a function of that.

    Raises:
        AssertionError: they differ.
        TypeError: they are of kinds that cannot be compared.

    Example:
        >>> import chainrule as cr
        >>> cr.testing.assert_close(cr.tensor([1, 2]), cr.tensor([1, 3]))
        Traceback (most recent call last):
        ...
        AssertionError: assert_close: 1 of 2 elements differ, the largest difference is 1 at (1,) (rtol=0, atol=0).

    Source: PyTorch, torch.testing.assert_close.
    """
    if (rtol is None) != (atol is None):
        raise ValueError(f"assert_close: rtol and atol go together, got rtol={rtol}, atol={atol}. Pass both.")
    options = _Options(rtol, atol, equal_nan, check_dtype, check_layout, check_stride, allow_subclasses)
    message = _difference(actual, expected, options, "")
    if message:
        message = f"assert_close: {message}"
        raise AssertionError(msg(message) if callable(msg) else msg or message)


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _difference(actual: Any, expected: Any, options: _Options, where: str) -> str:
    """What differs, or nothing. `where` leads there from the outermost container."""
    if isinstance(actual, Mapping) and isinstance(expected, Mapping):
        if actual.keys() != expected.keys():
            return f"the keys{where} differ: {list(actual)} and {list(expected)}."
        each = [(actual[key], expected[key], key) for key in actual]
    elif _is_sequence(actual) and _is_sequence(expected):
        if len(actual) != len(expected):
            return f"the lengths{where} differ: {len(actual)} and {len(expected)}."
        each = [(a, b, i) for i, (a, b) in enumerate(zip(actual, expected))]
    else:
        return _leaf_difference(actual, expected, options, where)
    inside = where or " at "
    found = (_difference(a, b, options, f"{inside}[{key!r}]") for a, b, key in each)
    return next(filter(None, found), "")


def _leaf_difference(actual: Any, expected: Any, options: _Options, where: str) -> str:
    if actual is None or expected is None:
        return "" if actual is expected else f"None{where} is equal to None alone, got {actual!r} and {expected!r}."
    numbers_both = isinstance(actual, numbers.Number) and isinstance(expected, numbers.Number)
    related = isinstance(actual, type(expected)) or isinstance(expected, type(actual))
    if not (numbers_both or (related if options.allow_subclasses else type(actual) is type(expected))):
        raise TypeError(
            f"assert_close: {type(actual).__name__} and {type(expected).__name__}{where} can't be compared."
        )
    if numbers_both and options.check_dtype and type(actual) is not type(expected):
        return f"the types{where} differ: {type(actual).__name__} and {type(expected).__name__}."
    a, b = (
        x.detach() if isinstance(x, chainrule.Tensor) else chainrule.as_tensor(_number(x)) for x in (actual, expected)
    )
    return _tensor_difference(a, b, options, where)


def _number(value: Any) -> Any:
    """Python's floats have the precision of float64."""
    return np.float64(value) if isinstance(value, float) else value


def _tensor_difference(a: Any, b: Any, options: _Options, where: str) -> str:
    if a.shape != b.shape:
        return f"the shapes{where} differ: {tuple(a.shape)} and {tuple(b.shape)}."
    if a.layout != b.layout:
        if options.check_layout:
            return f"the layouts{where} differ: {a.layout} and {b.layout}."
        a, b = a.to_dense(), b.to_dense()
    if options.check_dtype and a.dtype != b.dtype:
        return f"the dtypes{where} differ: {a.dtype} and {b.dtype}."
    if a.layout is not chainrule.strided:
        a, b = a.to_dense(), b.to_dense()
    if options.check_stride and a.stride() != b.stride():
        return f"the strides{where} differ: {a.stride()} and {b.stride()}."
    rtol, atol = options.rtol, options.atol
    if rtol is None or atol is None:
        defaults = [_TOLERANCES.get(x.dtype.name, (0.0, 0.0)) for x in (a, b)]
        rtol, atol = max(defaults)
    common = chainrule.promote_types(a.dtype, b.dtype)
    a, b = a.to(common), b.to(common)
    different = ~chainrule.isclose(a, b, rtol=rtol, atol=atol, equal_nan=options.equal_nan)
    if not different.any():
        return ""
    gaps = np.where(different.numpy(), np.abs(a.double().numpy() - b.double().numpy()), -1.0)
    at = np.unravel_index(int(np.nanargmax(gaps)) if not np.isnan(gaps).all() else 0, gaps.shape)
    position = f" at {tuple(map(int, at))}" if gaps.ndim else ""
    return (
        f"{int(different.sum())} of {different.numel()} elements{where} differ, the largest difference is "
        f"{gaps[at]:g}{position} (rtol={rtol:g}, atol={atol:g})."
    )


def make_tensor(
    *shape: Any,
    dtype: Any,
    device: Any = None,
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
    memory_format: Any = None,
) -> Any:
    """A tensor of random numbers to test with.

    Args:
        shape: the sizes, one by one or as a sequence.
        dtype: of the elements.
        low, high: numbers in [low, high); by default -9 and 9 for floats, -9 and 10 for integers, 0 and 10 for uint8,
            and what the dtype can hold of them. Bools are random in any case.
        requires_grad: whether it needs a gradient.
        noncontiguous: leave gaps between the elements, if there are several.
        exclude_zero: put the smallest positive number in place of zeros.

    Example:
        >>> import chainrule as cr
        >>> cr.testing.make_tensor(2, 3, dtype=cr.int64, low=0, high=5).shape
        chainrule.Size([2, 3])

    Source: PyTorch, torch.testing.make_tensor.
    """
    size = tuple(shape[0]) if len(shape) == 1 and not isinstance(shape[0], int) else shape
    floating = dtype.is_floating_point
    name = dtype.name
    lowest, highest = (0, 2) if name == "bool" else (0, 10) if name == "uint8" else (-9, 9 if floating else 10)
    low, high = lowest if low is None else low, highest if high is None else high
    if name == "bool":
        low, high = 0, 2
    if not floating and name != "bool":
        limits = chainrule.iinfo(dtype)
        low, high = max(low, limits.min), min(high, limits.max + 1)
    if math.isnan(low) or math.isnan(high) or low > high or (low == high and not floating):
        raise ValueError(f"make_tensor: low < high is required, got {low} and {high}.")
    if floating:
        finite = chainrule.finfo(dtype)
        low, high = max(low, finite.min), min(high, finite.max)
        result = chainrule.empty(size, dtype=dtype, device=device).uniform_(low, high)
    else:
        result = chainrule.randint(math.ceil(low), math.ceil(high), size, dtype=dtype, device=device)
    if exclude_zero:
        least = chainrule.finfo(dtype).tiny if floating else 1
        result = chainrule.where(result == 0, chainrule.full_like(result, least), result)
    if noncontiguous and result.numel() > 1:
        result = chainrule.stack([result, result], -1)[..., 0]
    return result.requires_grad_(requires_grad)
