"""Many pictures as one, and into a file."""

from __future__ import annotations

import math
from typing import Any

import chainrule

from ._pillow import pillow


def _scaled(tensor: Any, value_range: tuple[float, float] | None) -> Any:
    """The values from low to high moved to 0 to 1."""
    low, high = value_range if value_range is not None else (float(tensor.min()), float(tensor.max()))
    return tensor.clamp(low, high).sub(low).div(max(high - low, 1e-5))


def make_grid(
    tensor: Any,
    nrow: int = 8,
    padding: int = 2,
    normalize: bool = False,
    value_range: tuple[float, float] | None = None,
    scale_each: bool = False,
    pad_value: float = 0.0,
) -> Any:
    """Pictures side by side in one tensor (3, H, W).

    Args:
        tensor: (N, C, H, W), (C, H, W), (H, W), or a list of pictures of the same shape; one channel becomes three.
        nrow: how many stand in a row.
        padding: pixels between them, of value pad_value.
        normalize: move the values to 0 to 1, from value_range or from the least and greatest.
        scale_each: find the least and greatest of each picture.

    Example:
        >>> import chainrule as cr
        >>> cr.vision.utils.make_grid(cr.zeros(5, 1, 4, 4), nrow=3).shape
        chainrule.Size([3, 14, 20])
    """
    if isinstance(tensor, (list, tuple)):
        tensor = chainrule.stack(list(tensor))
    tensor = tensor.detach()
    tensor = tensor.reshape(1, *((1,) * (3 - tensor.dim())), *tensor.shape) if tensor.dim() < 4 else tensor
    if tensor.shape[1] == 1:
        tensor = chainrule.cat([tensor] * 3, 1)
    if normalize and scale_each:
        tensor = chainrule.stack([_scaled(picture, value_range) for picture in tensor])
    elif normalize:
        tensor = _scaled(tensor, value_range)
    count, channels, height, width = tensor.shape
    if count == 1:
        return tensor[0]
    columns = min(nrow, count)
    rows = math.ceil(count / columns)
    height, width = height + padding, width + padding
    grid = chainrule.full((channels, height * rows + padding, width * columns + padding), pad_value).to(tensor.dtype)
    for i, picture in enumerate(tensor):
        top, left = i // columns * height + padding, i % columns * width + padding
        grid[:, top : top + height - padding, left : left + width - padding] = picture
    return grid


def save_image(tensor: Any, fp: Any, format: str | None = None, **options: Any) -> None:
    """Write pictures with values 0 to 1 into a file, in a grid.

    Args:
        tensor: as for make_grid, which gets the options too.
        fp: the file's name, or a file.
        format: "png" and so on, where the name does not say it.

    Raises:
        ModuleNotFoundError: Pillow is not installed.
    """
    image = pillow("save_image")
    grid = make_grid(tensor, **options)
    pixels = grid.mul(255).add(0.5).clamp(0, 255).permute(1, 2, 0).to(chainrule.uint8).contiguous()
    image.fromarray(pixels.numpy()).save(fp, format=format)
