"""Images at other sizes and places: interpolate, grid_sample, affine_grid; local response normalisation."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from .. import _core
from .._functions import promote_types

Tensor = _core.Tensor
_nn = _core._nn
# From here on rows of channels pay: beside the kernel for images, and beside reading place by place.
_MANY_CHANNELS, _SOME_CHANNELS = 96, 16
_grid_sample: Any = getattr(_core, "_grid_sample")  # noqa: B009
_grid_taps: Any = getattr(_core, "_grid_taps")  # noqa: B009
_sparse_mm: Any = getattr(_core, "_sparse_mm")  # noqa: B009

_LINEAR = {"linear": 1, "bilinear": 2, "trilinear": 3, "bicubic": 2}


def _sizes(
    input: Tensor, size: int | Sequence[int] | None, scale_factor: float | Sequence[float] | None, recompute: bool
) -> tuple[list[int], list[float | None]]:
    """The new size of each axis, and how many input elements an output element is, where that is fixed."""
    axes = input.dim() - 2
    if (size is None) == (scale_factor is None):
        raise ValueError(f"interpolate: either size or scale_factor is required, got {size} and {scale_factor}.")
    if size is not None:
        given: list[Any] = [size] * axes if isinstance(size, int) or getattr(size, "ndim", 1) == 0 else list(size)
        if any(isinstance(n, float) or getattr(n, "is_floating_point", bool)() for n in given):
            raise TypeError(f"interpolate: size must be an int or a tuple of ints, got {size}.")
        new = [int(n) for n in given]
        scales: list[float | None] = [None] * len(new)
    else:
        scale: Any = scale_factor
        factors = [float(scale)] * axes if isinstance(scale, (int, float)) else [float(f) for f in scale]
        new = [int(n * f) for n, f in zip(input.shape[2:], factors)]
        scales = [None if recompute else 1 / f for f in factors]
    if len(new) != axes:
        raise ValueError(
            f"interpolate: one number or {axes} are required for shape {tuple(input.shape)}, "
            f"got {size if scale_factor is None else scale_factor}."
        )
    return new, scales


def interpolate(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Another size for the axes behind the channels.

    Args:
        input: (N, C, L), (N, C, H, W) or (N, C, D, H, W) floating tensor, or a uint8 one,
            which is computed in float32 and rounded along each axis.
        size: new size, one number or one for each axis; or
        scale_factor: factors.
        mode: "nearest", "nearest-exact", "area" (means), "linear" (3 axes), "bilinear" and "bicubic" (4) or
            "trilinear" (5).
        align_corners: with the linear modes and bicubic: corner elements keep their places.
        recompute_scale_factor: positions follow from the new size, not from scale_factor.
        antialias: with "bilinear" and "bicubic": a smaller image is made of means, as Pillow makes it.

    Returns:
        Tensor (N, C, new size).

    Raises:
        ValueError: sizes or mode don't fit the input.

    Example:
        >>> import chainrule as cr
        >>> cr.nn.functional.interpolate(cr.tensor([[[1.0, 2.0]]]), scale_factor=2)
        tensor([[[1., 1., 2., 2.]]])

    Source: PyTorch, torch.nn.functional.interpolate.
    """
    axes = input.dim() - 2
    if not 1 <= axes <= 3:
        raise ValueError(f"interpolate: an input of 3 to 5 axes is required, got shape {tuple(input.shape)}.")
    if antialias and mode not in ("bilinear", "bicubic"):
        raise ValueError(f'interpolate: antialias is for the modes "bilinear" and "bicubic", got {mode!r}.')
    new, scales = _sizes(input, size, scale_factor, bool(recompute_scale_factor))
    if mode in ("nearest", "nearest-exact", "area"):
        if align_corners is not None:
            raise ValueError(f"interpolate: align_corners is for the linear modes and bicubic, got mode {mode!r}.")
    elif _LINEAR.get(mode) != axes:
        raise ValueError(f"interpolate: mode must suit an input of {input.dim()} axes, got {mode!r}.")
    if mode == "area":
        means = (_nn.adaptive_avg_pool1d, _nn.adaptive_avg_pool2d, _nn.adaptive_avg_pool3d)
        return means[axes - 1](input, new)
    name = mode if mode.startswith("nearest") else "cubic" if mode == "bicubic" else "linear"
    is_byte = input.dtype == _core.uint8
    output = input.float() if is_byte else input
    # Along rows first where they grow: there are fewer of them then.
    rows_first = is_byte or new[-1] >= input.shape[-1]
    for i in reversed(range(axes)) if rows_first else range(axes):
        output = _nn.resample_axis(output, i + 2, new[i], name, bool(align_corners), scales[i], antialias)
        if is_byte:  # as PyTorch, which goes along rows first and keeps bytes between the axes
            output = (output + 0.5).floor().clamp(0, 255)
    return output.byte() if is_byte else output


def upsample(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """The old name of interpolate."""
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(
    input: Tensor, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
) -> Tensor:
    """interpolate with mode "nearest"."""
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(
    input: Tensor, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
) -> Tensor:
    """interpolate with mode "bilinear" and align_corners."""
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


def _say_which_corners(op: str, align_corners: bool | None) -> None:
    """PyTorch before 1.3 took True where nothing was said, so programs may mean that."""
    if align_corners is None:
        warnings.warn(
            f"{op}: align_corners is False where nothing is said, and was True in PyTorch before 1.3. Pass "
            "align_corners=True or align_corners=False.",
            stacklevel=3,
        )


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The places from which an affine map takes each element, for grid_sample: theta (x, y, 1).

    Args:
        theta: (N, 2, 3) tensor for images, (N, 3, 4) for volumes.
        size: (N, C, H, W) or (N, C, D, H, W) of the result.
        align_corners: -1 and 1 are the centres of the outer elements, not their edges.

    Returns:
        (N, H, W, 2) or (N, D, H, W, 3) tensor.

    Example:
        >>> import chainrule as cr
        >>> cr.nn.functional.affine_grid(cr.eye(2, 3)[None], (1, 1, 1, 2), align_corners=True)
        tensor([[[[-1.,  0.],
                  [ 1.,  0.]]]])

    Source: Jaderberg et al., "Spatial transformer networks", 2015.
    """
    _say_which_corners("affine_grid", align_corners)
    axes = len(size) - 2
    if axes not in (2, 3) or tuple(theta.shape) != (size[0], axes, axes + 1):
        raise ValueError(
            f"affine_grid: theta (N, {axes}, {axes + 1}) is required for size {tuple(size)}, got {tuple(theta.shape)}."
        )

    def line(n: int) -> Tensor:
        if n == 1:
            return _core.zeros(1, dtype=theta.dtype)
        edge = 1.0 if align_corners else (n - 1) / n
        return _core.linspace(-edge, edge, n, dtype=theta.dtype)

    places = _core.meshgrid(*(line(n) for n in size[2:]), indexing="ij")
    base = _core.stack([*places[::-1], _core.ones_like(places[0])], -1)
    grid = base.reshape(1, -1, axes + 1) @ theta.transpose(1, 2)
    return grid.reshape(size[0], *size[2:], axes)


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """Elements of images at given places: y[n, c, p] = x[n, c] at grid[n, p].

    Args:
        input: (N, C, H, W) or (N, C, D, H, W) floating tensor.
        grid: (N, ..., 2) or (N, ..., 3) places (x, y) or (x, y, z) from -1 to 1.
        mode: "bilinear" (of volumes: trilinear), "nearest", or of images "bicubic".
        padding_mode: outside are "zeros", the nearest element ("border"), or the image mirrored ("reflection").
        align_corners: -1 and 1 are the centres of the outer elements, not their edges.

    Returns:
        (N, C, ...) tensor.

    Raises:
        ValueError: shapes that don't fit.

    Example:
        >>> import chainrule as cr
        >>> image = cr.tensor([[[[1.0, 2.0]]]])
        >>> cr.nn.functional.grid_sample(image, cr.zeros(1, 1, 1, 2), align_corners=True)
        tensor([[[[1.5000]]]])

    Source: Jaderberg et al., "Spatial transformer networks", 2015; bicubic: Keys, "Cubic convolution interpolation for
    digital image processing", 1981, with a = -0.75.
    """
    _say_which_corners("grid_sample", align_corners)
    axes = input.dim() - 2
    fits = axes in (2, 3) and grid.dim() == input.dim() and grid.shape[-1] == axes and grid.shape[0] == input.shape[0]
    if not fits or 0 in input.shape[2:]:
        raise ValueError(
            "grid_sample: input (N, C, H, W) and grid (N, H', W', 2), or (N, C, D, H, W) and (N, D', H', W', 3) are "
            f"required, got {tuple(input.shape)} and {tuple(grid.shape)}."
        )
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(f"grid_sample: padding_mode must be zeros, border or reflection, got {padding_mode!r}.")
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ValueError(f"grid_sample: mode must be bilinear, nearest or bicubic, got {mode!r}.")
    if mode == "bicubic" and axes != 2:
        raise ValueError(f"grid_sample: mode bicubic takes images (N, C, H, W), got {tuple(input.shape)}.")
    dtype = promote_types(promote_types(input.dtype, grid.dtype), _core.float32)  # narrow elements are rounded once
    images, channels, *size = input.shape
    few = _MANY_CHANNELS if axes == 2 and mode != "bicubic" else _SOME_CHANNELS
    if channels < few and input.numel() > 0:
        output = _grid_sample(input.to(dtype), grid.to(dtype), mode, padding_mode, bool(align_corners))
        return output.to(promote_types(input.dtype, grid.dtype))
    weights, places = _grid_taps(grid.to(dtype), size, mode, padding_mode, bool(align_corners))
    outside = _core.zeros(images, 1, channels, dtype=dtype)
    elements = _core.cat([input.to(dtype).flatten(2).transpose(1, 2), outside], 1).flatten(0, 1)
    output = _sparse_mm(weights, places, elements, (grid[..., 0].numel(), len(elements)))
    rows = output.reshape(images, math.prod(grid.shape[1:-1]), channels)
    output = rows.transpose(1, 2).contiguous().reshape(images, channels, *grid.shape[1:-1])
    return output.to(promote_types(input.dtype, grid.dtype))


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """x / (k + alpha mean of x^2 over `size` neighbouring channels)^beta.

    Args:
        input: (N, C, ...) floating tensor with three axes or more.
        size: number of channels in a neighbourhood.

    Example:
        >>> import chainrule as cr
        >>> cr.nn.functional.local_response_norm(cr.ones(1, 2, 1), 2, alpha=1.0, beta=1.0).flatten()
        tensor([0.6667, 0.5000])

    Source: Krizhevsky et al., "ImageNet classification with deep convolutional neural networks", 2012.
    """
    if input.dim() < 3:
        raise ValueError(f"local_response_norm: an input of 3 axes or more is required, got {tuple(input.shape)}.")
    if input.numel() == 0:
        return input
    squares = (input * input).flatten(2).unsqueeze(1)
    padded = _nn.pad(squares, (0, 0, size // 2, (size - 1) // 2))
    mean = _nn.avg_pool2d(padded, (size, 1), 1).squeeze(1).reshape(input.shape)
    return input / (mean * alpha + k).pow(beta)
