"""Pictures from files and into files, as tensors."""

from __future__ import annotations

import enum
from typing import Any

import numpy as np

import chainrule

from ._pillow import pillow
from .transforms import functional


class ImageReadMode(enum.Enum):
    """How a picture is converted when it is read."""

    UNCHANGED = ""
    GRAY = "L"
    GRAY_ALPHA = "LA"
    RGB = "RGB"
    RGB_ALPHA = "RGBA"


def read_image(path: Any, mode: ImageReadMode = ImageReadMode.UNCHANGED) -> chainrule.Tensor:
    """The picture in a file as a uint8 tensor (C, H, W).

    Args:
        path: the file's name.
        mode: the channels to convert it to; by default they stay.

    Raises:
        ModuleNotFoundError: Pillow is not installed.
    """
    with open(path, "rb") as file:
        picture = pillow("read_image").open(file)
        picture = picture.convert("RGB" if picture.mode == "P" else picture.mode)
        return functional.pil_to_tensor(picture.convert(mode.value) if mode.value else picture)


def write_png(input: chainrule.Tensor, filename: Any, compression_level: int = 6) -> None:
    """Write a uint8 tensor (C, H, W), of 1 or 3 channels, as a PNG file.

    Raises:
        TypeError: the dtype is another.
    """
    if input.dtype != chainrule.uint8:
        raise TypeError(f"write_png: a uint8 tensor is required, got {input.dtype}.")
    pixels = np.moveaxis(input.detach().numpy(), 0, 2)
    pixels = pixels[:, :, 0] if pixels.shape[2] == 1 else pixels
    image = pillow("write_png").fromarray(np.ascontiguousarray(pixels))
    image.save(filename, format="png", compress_level=compression_level)
