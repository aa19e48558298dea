"""Fractional max pooling, written in operations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import _core

Numbers = int | Sequence[int]


def _each(value: Any, axes: int, name: str, what: str) -> tuple[Any, ...]:
    values = (value,) * axes if isinstance(value, (int, float)) else tuple(value)
    if len(values) != axes:
        raise ValueError(f"{name}: {what} must be one number or {axes}, got {value}.")
    return values


def _starts(samples: Any, inputs: int, outputs: int, window: int) -> Any:
    """Where the windows of one axis begin: int64 [..., outputs] from samples [...] in [0, 1)."""
    last = _core.full((*samples.shape, 1), inputs - window, dtype=_core.int64)
    if outputs == 1:
        return last
    alpha = _core.tensor(inputs - window, dtype=samples.dtype) / _core.tensor(outputs - 1, dtype=samples.dtype)
    steps = _core.arange(outputs - 1).to(samples.dtype) + samples.unsqueeze(-1)
    first = (steps * alpha).to(_core.int64) - (samples * alpha).to(_core.int64).unsqueeze(-1)
    return _core.cat([first, last], -1)


def _pool(
    axes: int, input: Any, kernel_size: Any, output_size: Any, output_ratio: Any, return_indices: bool, samples: Any
) -> Any:
    name = f"fractional_max_pool{axes}d"
    if input.dim() not in (axes + 1, axes + 2):
        raise ValueError(f"{name}: the input must have {axes + 1} or {axes + 2} axes, got shape {tuple(input.shape)}.")
    if output_size is None and output_ratio is None:
        raise ValueError(f"{name}: output_size or output_ratio is required, got neither.")
    sizes = tuple(input.shape[-axes:])
    if output_size is None:
        ratios = _each(output_ratio, axes, name, "output_ratio")
        output_size = [int(size * ratio) for size, ratio in zip(sizes, ratios)]
    kernel = _each(kernel_size, axes, name, "kernel_size")
    wanted = _each(output_size, axes, name, "output_size")
    for size, window, count in zip(sizes, kernel, wanted):
        if not 0 < window <= size or not count > 0 or count + window - 1 > size:
            raise ValueError(
                f"{name}: output_size + kernel_size - 1 must not be above the input's size on any axis, got "
                f"output_size {wanted} and kernel_size {kernel} for {sizes}."
            )
    batched = input.dim() == axes + 2
    x = input if batched else input.unsqueeze(0)
    lead = tuple(x.shape[:2])
    if samples is None:
        samples = _core.rand((*lead, axes), dtype=x.dtype)
    elif tuple(samples.shape) != (*lead, axes):
        raise ValueError(f"{name}: random samples must have shape {(*lead, axes)}, got {tuple(samples.shape)}.")
    samples = samples.detach()
    # Sample 0 is the last axis's in two dimensions, the first axis's in three.
    order = (1, 0) if axes == 2 else tuple(range(axes))
    where: Any = 0
    for axis in range(axes):
        starts = _starts(samples[..., order[axis]], sizes[axis], wanted[axis], kernel[axis])
        at = starts.unsqueeze(-1) + _core.arange(kernel[axis])  # [N, C, outputs, window]
        shape = [1] * (2 * axes)
        shape[axis], shape[axes + axis] = wanted[axis], kernel[axis]
        where = where * sizes[axis] + at.reshape(*lead, *shape)
    window = math.prod(kernel)  # not -1: a batch of nothing leaves no size to work out
    flat = where.reshape(*lead, math.prod(wanted) * window)
    windows = x.flatten(2).gather(2, flat).reshape(*lead, *wanted, window)
    best, place = windows.max(-1)
    if not batched:
        best = best.squeeze(0)
    if not return_indices:
        return best
    indices = flat.reshape(*lead, *wanted, window).gather(-1, place.unsqueeze(-1)).squeeze(-1)
    return best, indices if batched else indices.squeeze(0)


def fractional_max_pool2d(
    input: Any,
    kernel_size: Numbers,
    output_size: Numbers | None = None,
    output_ratio: float | Sequence[float] | None = None,
    return_indices: bool = False,
    _random_samples: Any = None,
) -> Any:
    """Maxima of windows at random places, about evenly spaced, so that any output size is possible.

    Windows of an axis begin at int((i + u) a) - int(u a) with a = (in - kernel) / (out - 1), u in [0, 1);
    the last one lies at the end.

    Args:
        input: [N, C, H, W] or [C, H, W].
        kernel_size: of the windows.
        output_size: of the output; or output_ratio, a fraction of the input's size.
        return_indices: give back the place of each maximum in H W, too.

    Example:
        >>> import chainrule as cr
        >>> cr.nn.functional.fractional_max_pool2d(cr.ones(1, 2, 9, 9), 2, output_ratio=0.5).shape
        chainrule.Size([1, 2, 4, 4])

    Source: Graham, "Fractional max-pooling", 2014; PyTorch, torch.nn.functional.fractional_max_pool2d.
    """
    return _pool(2, input, kernel_size, output_size, output_ratio, return_indices, _random_samples)


def fractional_max_pool3d(
    input: Any,
    kernel_size: Numbers,
    output_size: Numbers | None = None,
    output_ratio: float | Sequence[float] | None = None,
    return_indices: bool = False,
    _random_samples: Any = None,
) -> Any:
    """fractional_max_pool2d over three axes: [N, C, D, H, W] or [C, D, H, W].

    Source: PyTorch, torch.nn.functional.fractional_max_pool3d.
    """
    return _pool(3, input, kernel_size, output_size, output_ratio, return_indices, _random_samples)


def with_indices(function: Any) -> Any:
    """A max pooling with return_indices=True."""

    def pool(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **{**kwargs, "return_indices": True})

    name = function.__name__
    pool.__module__ = function.__module__  # where pickle finds it
    pool.__name__ = pool.__qualname__ = f"{name}_with_indices"
    pool.__doc__ = f"{name} with return_indices=True: the maxima and their places."
    return pool


fractional_max_pool2d_with_indices = with_indices(fractional_max_pool2d)
fractional_max_pool3d_with_indices = with_indices(fractional_max_pool3d)
