"""What the transforms do, as functions of a picture.

A picture is one of Pillow's, a NumPy array (H, W) or (H, W, C), or a tensor (..., H, W); the result is of the same
kind. Gradients do not flow through these functions, except through normalize, resize and gaussian_blur.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule

from .._pillow import is_picture, pillow


class InterpolationMode(enum.Enum):
    """How values between pixels are found."""

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


# Pillow's numbers of the filters.
_FILTERS = {"nearest": 0, "nearest-exact": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5}


def _mode(interpolation: Any) -> str:
    """The name of an interpolation, given as InterpolationMode or as Pillow's number."""
    if isinstance(interpolation, InterpolationMode):
        return str(interpolation.value)
    return {number: name for name, number in _FILTERS.items() if name != "nearest-exact"}[int(interpolation)]


def _on_array(img: Any, function: Callable[[np.ndarray], np.ndarray]) -> Any:
    """Apply a function of an array (..., H, W) to any kind of picture."""
    if isinstance(img, chainrule.Tensor):
        return chainrule.from_numpy(np.ascontiguousarray(function(img.detach().numpy())))
    array = np.asarray(img)
    if array.ndim not in (2, 3):
        raise TypeError(f"transforms: a picture is required, got {type(img).__name__} of shape {array.shape}.")
    result = function(np.moveaxis(array, 2, 0) if array.ndim == 3 else array)
    result = np.ascontiguousarray(np.moveaxis(result, 0, 2) if array.ndim == 3 else result)
    return pillow("transforms").fromarray(result) if is_picture(img) else result


def get_dimensions(img: Any) -> list[int]:
    """[channels, height, width]."""
    if isinstance(img, chainrule.Tensor):
        return [img.shape[-3] if img.dim() > 2 else 1, img.shape[-2], img.shape[-1]]
    if is_picture(img):
        return [len(img.getbands()), img.height, img.width]
    array = np.asarray(img)
    return [array.shape[2] if array.ndim == 3 else 1, array.shape[0], array.shape[1]]


def get_image_size(img: Any) -> list[int]:
    """[width, height]."""
    _, height, width = get_dimensions(img)
    return [width, height]


def get_image_num_channels(img: Any) -> int:
    """The number of channels."""
    return get_dimensions(img)[0]


# --- from and to tensors -----------------------------------------------------------------------------------------


def pil_to_tensor(pic: Any) -> Any:
    """A picture as a tensor (C, H, W) of its own dtype."""
    array = np.asarray(pic)
    if array.dtype in (np.uint16, np.int16):
        array = array.astype(np.int32)
    array = array[None] if array.ndim == 2 else np.moveaxis(array, 2, 0)
    return chainrule.from_numpy(np.array(array, order="C"))


def to_tensor(pic: Any) -> Any:
    """A picture as a tensor (C, H, W): values 0 to 255 (uint8) become 0.0 to 1.0, other dtypes keep theirs.

    Args:
        pic: Pillow's picture, or an array (H, W) or (H, W, C).

    Example:
        >>> import numpy as np
        >>> from chainrule.vision.transforms import functional as F
        >>> F.to_tensor(np.array([[0, 255]], dtype=np.uint8))
        tensor([[[0., 1.]]])
    """
    if not is_picture(pic) and not isinstance(pic, np.ndarray):
        raise TypeError(f"to_tensor: a picture of Pillow's or an array is required, got {type(pic).__name__}.")
    if np.ndim(pic) not in (2, 3):
        raise ValueError(f"to_tensor: an array (H, W) or (H, W, C) is required, got shape {np.shape(pic)}.")
    tensor = pil_to_tensor(pic)
    if getattr(pic, "mode", None) == "1":
        return tensor.to(chainrule.get_default_dtype())
    return tensor.to(chainrule.get_default_dtype()).div(255) if tensor.dtype == chainrule.uint8 else tensor


def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    """A tensor (C, H, W) or an array (H, W, C) as Pillow's picture: values 0.0 to 1.0 become 0 to 255."""
    image = pillow("to_pil_image")
    if isinstance(pic, chainrule.Tensor):
        array = pic.detach().numpy()
        if array.dtype.kind == "f" and mode != "F":
            array = (array * 255).astype(np.uint8)
        array = array[None] if array.ndim == 2 else array
        if array.ndim != 3 or array.shape[0] > 4:
            raise ValueError(f"to_pil_image: a shape (C, H, W) with at most 4 channels is required, got {array.shape}.")
        array = np.moveaxis(array, 0, 2)
    else:
        array = np.asarray(pic)
    array = array[:, :, 0] if array.ndim == 3 and array.shape[2] == 1 else array
    picture = image.fromarray(np.ascontiguousarray(array))
    return picture.convert(mode) if mode is not None and mode != picture.mode else picture


def convert_image_dtype(image: Any, dtype: Any = None) -> Any:
    """A tensor in another dtype, its range of values scaled: 0 to 255 for uint8, 0.0 to 1.0 for floating point."""
    dtype = chainrule.float32 if dtype is None else dtype
    if image.dtype == dtype:
        return image
    if image.dtype.is_floating_point and not dtype.is_floating_point:
        largest = chainrule.iinfo(dtype).max
        return image.mul(largest + 1.0 - 1e-3).to(dtype)
    if not image.dtype.is_floating_point and dtype.is_floating_point:
        return image.to(dtype) / chainrule.iinfo(image.dtype).max
    return image.to(dtype)


def normalize(tensor: Any, mean: Any, std: Any, inplace: bool = False) -> Any:
    """(tensor - mean) / std, by channel.

    Args:
        tensor: floating point (..., C, H, W).
        mean, std: one number for each channel, or one for all.
        inplace: write into the tensor.

    Raises:
        TypeError: no floating-point tensor.
        ValueError: a std of zero, or too few axes.
    """
    if not isinstance(tensor, chainrule.Tensor) or not tensor.is_floating_point():
        got = tensor.dtype if isinstance(tensor, chainrule.Tensor) else type(tensor).__name__
        raise TypeError(f"normalize: a floating-point tensor is required, got {got}. Put ToTensor() before it.")
    if tensor.dim() < 3:
        raise ValueError(f"normalize: a shape (..., C, H, W) is required, got {tuple(tensor.shape)}.")
    mean, std = (chainrule.as_tensor(values, dtype=tensor.dtype).reshape(-1, 1, 1) for values in (mean, std))
    if bool((std == 0).any()):
        raise ValueError(f"normalize: std must not be zero, got {std.reshape(-1).tolist()}.")
    return tensor.sub_(mean).div_(std) if inplace else (tensor - mean).div_(std)


# --- places ------------------------------------------------------------------------------------------------------


def _four(padding: Any) -> tuple[int, int, int, int]:
    """left, top, right, bottom of a number, of (left and right, top and bottom), or of all four."""
    values = [padding] if isinstance(padding, int) else [int(value) for value in padding]
    if len(values) not in (1, 2, 4):
        raise ValueError(f"pad: 1, 2 or 4 numbers are required, got {padding}.")
    left, top, right, bottom = values * (4 // len(values))
    return left, top, right, bottom


def _pad_array(array: np.ndarray, padding: tuple[int, int, int, int], fill: Any, mode: Any) -> np.ndarray:
    left, top, right, bottom = padding
    widths = [(0, 0)] * (array.ndim - 2) + [(top, bottom), (left, right)]
    if mode != "constant":
        return np.pad(array, widths, mode=mode)
    result = np.pad(array, widths)
    inside = np.pad(np.ones(array.shape[-2:], bool), widths[-2:])
    value = np.asarray(fill, array.dtype).reshape(-1, 1, 1) if np.ndim(fill) else np.asarray(fill, array.dtype)
    return np.where(inside, result, value)


def pad(img: Any, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> Any:
    """Add pixels at the sides.

    Args:
        padding: a number, (left and right, top and bottom), or (left, top, right, bottom).
        fill: what they hold: a number, or one for each channel.
        padding_mode: "constant", "edge", "reflect" or "symmetric".
    """
    if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
        raise ValueError(f"pad: padding_mode must be constant, edge, reflect or symmetric, got {padding_mode!r}.")
    four = _four(padding)
    return _on_array(img, lambda array: _pad_array(array, four, fill, padding_mode))


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """The part of that place and size; zeros where it lies outside."""

    def cut(array: np.ndarray) -> np.ndarray:
        rows, columns = array.shape[-2:]
        sides = (max(-left, 0), max(-top, 0), max(left + width - columns, 0), max(top + height - rows, 0))
        if any(sides):
            array = _pad_array(array, sides, 0, "constant")
        y, x = max(top, 0), max(left, 0)
        return array[..., y : y + height, x : x + width]

    return _on_array(img, cut)


def _pair(size: Any) -> tuple[int, int]:
    """(height, width) of a number or of a sequence."""
    if isinstance(size, int):
        return size, size
    values = [int(value) for value in size]
    return values[0], values[-1]


def center_crop(img: Any, output_size: Any) -> Any:
    """The middle of that size, with zeros around a picture that is smaller."""
    height, width = _pair(output_size)
    _, rows, columns = get_dimensions(img)
    if width > columns or height > rows:
        left, top = max(width - columns, 0) // 2, max(height - rows, 0) // 2
        img = pad(img, [left, top, (max(width - columns, 0) + 1) // 2, (max(height - rows, 0) + 1) // 2])
        _, rows, columns = get_dimensions(img)
    return crop(img, round((rows - height) / 2), round((columns - width) / 2), height, width)


def hflip(img: Any) -> Any:
    """Left and right exchanged."""
    return _on_array(img, lambda array: array[..., ::-1])


def vflip(img: Any) -> Any:
    """Top and bottom exchanged."""
    return _on_array(img, lambda array: array[..., ::-1, :])


def _new_size(size: Any, height: int, width: int, max_size: int | None) -> tuple[int, int]:
    """(height, width): a number is the length of the shorter side, the longer one keeps the proportion."""
    if not isinstance(size, int) and len(size) == 2:
        return int(size[0]), int(size[1])
    short = size if isinstance(size, int) else int(size[0])
    long = int(short * max(height, width) / min(height, width))
    if max_size is not None and long > max_size:
        short, long = int(max_size * short / long), max_size
    return (short, long) if height <= width else (long, short)


def resize(
    img: Any,
    size: Any,
    interpolation: Any = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:
    """Another number of pixels.

    Args:
        size: (height, width), or a number: the length of the shorter side.
        interpolation: nearest, bilinear or bicubic; Pillow's pictures take Pillow's others too.
        max_size: the longer side is at most that, where size is a number.
        antialias: smooth where the picture gets smaller, for arrays and tensors; Pillow always does.

    Example:
        >>> import chainrule as cr
        >>> from chainrule.vision.transforms import functional as F
        >>> F.resize(cr.arange(4.0).reshape(1, 1, 4), (1, 2))
        tensor([[[0.7143, 2.2857]]])
    """
    _, rows, columns = get_dimensions(img)
    height, width = _new_size(size, rows, columns, max_size)
    mode = _mode(interpolation)
    if is_picture(img):
        return img.resize((width, height), _FILTERS[mode])
    if mode not in ("nearest", "nearest-exact", "bilinear", "bicubic"):
        raise ValueError(f"resize: nearest, bilinear or bicubic are there for arrays and tensors, got {mode}.")

    smooth = bool(antialias) and not mode.startswith("nearest")
    if isinstance(img, chainrule.Tensor) and img.is_floating_point():
        return _interpolated(img, (height, width), mode, smooth)

    def resample(array: np.ndarray) -> np.ndarray:
        wide = np.float32 if array.dtype.itemsize == 1 else np.float64  # exact, but for int64 beyond 2^53
        tensor = chainrule.from_numpy(np.array(array, array.dtype if array.dtype == np.float32 else wide, order="C"))
        result = _interpolated(tensor, (height, width), mode, smooth).numpy()
        if array.dtype.kind in "iu":
            result = result.round().clip(np.iinfo(array.dtype).min, np.iinfo(array.dtype).max)
        return result.astype(array.dtype)

    return _on_array(img, resample)


def _interpolated(x: Any, size: tuple[int, int], mode: str, antialias: bool) -> Any:
    """A floating-point tensor (..., H, W) with H and W of another size."""
    images = x.reshape(1, -1, *x.shape[-2:])
    images = chainrule.nn.functional.interpolate(images, size, mode=mode, antialias=antialias)
    return images.reshape(*x.shape[:-2], *size)


def resized_crop(
    img: Any,
    top: int,
    left: int,
    height: int,
    width: int,
    size: Any,
    interpolation: Any = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> Any:
    """crop, then resize."""
    return resize(crop(img, top, left, height, width), size, interpolation, antialias=antialias)


def rotate(img: Any, angle: float, interpolation: Any = InterpolationMode.NEAREST, fill: Any = 0) -> Any:
    """Turned counter-clockwise by degrees around the middle; the size stays, corners are filled.

    Arrays and tensors take the nearest pixel; Pillow's pictures take Pillow's interpolations.
    """
    if is_picture(img):
        return img.rotate(angle, _FILTERS[_mode(interpolation)], fillcolor=fill)
    if _mode(interpolation) != "nearest":
        raise ValueError("rotate: only nearest is there for arrays and tensors. Put ToPILImage() before it.")

    def turn(array: np.ndarray) -> np.ndarray:
        rows, columns = array.shape[-2:]
        y, x = np.mgrid[:rows, :columns] - np.array([(rows - 1) / 2, (columns - 1) / 2]).reshape(2, 1, 1)
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        source_x = np.rint(cos * x - sin * y + (columns - 1) / 2).astype(int)
        source_y = np.rint(sin * x + cos * y + (rows - 1) / 2).astype(int)
        inside = (source_x >= 0) & (source_x < columns) & (source_y >= 0) & (source_y < rows)
        found = array[..., source_y.clip(0, rows - 1), source_x.clip(0, columns - 1)]
        return np.where(inside, found, np.asarray(fill, array.dtype))

    return _on_array(img, turn)


# --- colours -----------------------------------------------------------------------------------------------------


def _gray(array: np.ndarray) -> np.ndarray:
    """The luma of red, green and blue (ITU-R 601-2), in floating point; (..., 1, H, W)."""
    if array.ndim < 3 or array.shape[-3] == 1:
        return array.astype(np.float64)
    red, green, blue = (array[..., i, :, :].astype(np.float64) for i in range(3))
    return (0.2989 * red + 0.587 * green + 0.114 * blue)[..., None, :, :]


def rgb_to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """Without colour, in 1 or 3 equal channels."""
    if num_output_channels not in (1, 3):
        raise ValueError(f"rgb_to_grayscale: num_output_channels must be 1 or 3, got {num_output_channels}.")
    if is_picture(img):
        gray = img.convert("L")
        return gray if num_output_channels == 1 else pillow("rgb_to_grayscale").merge("RGB", [gray] * 3)

    def average(array: np.ndarray) -> np.ndarray:
        gray = _gray(array).astype(array.dtype)
        return np.repeat(gray, num_output_channels, axis=-3) if gray.ndim > 2 else gray

    return _on_array(img, average)


to_grayscale = rgb_to_grayscale


def _blend(img: Any, factor: float, other: Callable[[np.ndarray], Any]) -> Any:
    """factor * picture + (1 - factor) * other(picture), kept within the range of the dtype."""

    def mix(array: np.ndarray) -> np.ndarray:
        mixed = factor * array.astype(np.float64) + (1 - factor) * other(array)
        return mixed.clip(0, 1 if array.dtype.kind == "f" else 255).astype(array.dtype)

    if factor < 0:
        raise ValueError(f"adjust: the factor must not be negative, got {factor}.")
    return _on_array(img, mix)


def _enhance(img: Any, name: str, factor: float) -> Any:
    import importlib

    pillow("transforms")
    return getattr(importlib.import_module("PIL.ImageEnhance"), name)(img).enhance(factor)


def adjust_brightness(img: Any, brightness_factor: float) -> Any:
    """Mixed with black: 0 is black, 1 the picture, 2 twice as bright."""
    if is_picture(img):
        return _enhance(img, "Brightness", brightness_factor)
    return _blend(img, brightness_factor, lambda array: 0.0)


def adjust_contrast(img: Any, contrast_factor: float) -> Any:
    """Mixed with its mean gray: 0 is all gray, 1 the picture."""
    if is_picture(img):
        return _enhance(img, "Contrast", contrast_factor)
    return _blend(img, contrast_factor, lambda array: _gray(array).mean(axis=(-2, -1), keepdims=True))


def adjust_saturation(img: Any, saturation_factor: float) -> Any:
    """Mixed with its gray version: 0 is without colour, 1 the picture."""
    if is_picture(img):
        return _enhance(img, "Color", saturation_factor)
    return _blend(img, saturation_factor, _gray)


def adjust_hue(img: Any, hue_factor: float) -> Any:
    """Colours moved around the circle by -0.5 to 0.5 of it; Pillow's pictures only."""
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"adjust_hue: hue_factor must lie in -0.5 to 0.5, got {hue_factor}.")
    if not is_picture(img):
        raise TypeError("adjust_hue: one of Pillow's pictures is required. Put ToPILImage() before it.")
    if img.mode in ("L", "1", "I", "F"):
        return img
    hue, saturation, value = (np.asarray(band) for band in img.convert("HSV").split())
    turned = hue + np.uint8(int(hue_factor * 255) % 256)
    bands = np.stack([turned, saturation, value], axis=2)
    image = pillow("adjust_hue")
    return image.merge("HSV", [image.fromarray(bands[:, :, i].copy()) for i in range(3)]).convert(img.mode)


# --- filters -----------------------------------------------------------------------------------------------------


def _bell(size: int, sigma: float, dtype: Any) -> Any:
    """A Gaussian at size places, with sum 1."""
    half = (size - 1) * 0.5
    weights = chainrule.exp(-0.5 * (chainrule.linspace(-half, half, size, dtype=dtype) / sigma).pow(2))
    return weights / weights.sum()


def gaussian_blur(img: Any, kernel_size: Any, sigma: Any = None) -> Any:
    """Blurred: each pixel is a mean of those around it, weighted by a Gaussian; the picture is mirrored at its sides.

    Args:
        kernel_size: how many pixels are averaged: an odd number, or (across, down).
        sigma: the Gaussian's standard deviation: a number, or (across, down); None: 0.15 * size + 0.35.
    """
    sizes = [kernel_size] * 2 if isinstance(kernel_size, int) else list(kernel_size)
    if len(sizes) != 2 or any(size <= 0 or size % 2 == 0 for size in sizes):
        raise ValueError(f"gaussian_blur: kernel_size must be one or two odd numbers above 0, got {kernel_size}.")
    given = [0.15 * size + 0.35 for size in sizes] if sigma is None else sigma
    sigmas = [float(given)] * 2 if isinstance(given, (int, float)) else list(given) * (2 // len(given))
    if len(sigmas) != 2 or min(sigmas) <= 0:
        raise ValueError(f"gaussian_blur: sigma must be one or two numbers above 0, got {sigma}.")
    if not isinstance(img, chainrule.Tensor):
        return _on_array(img, lambda array: gaussian_blur(_channels(array), sizes, sigmas).numpy().reshape(array.shape))
    dtype = img.dtype if img.is_floating_point() else chainrule.float32
    across, down = (_bell(size, value, dtype) for size, value in zip(sizes, sigmas, strict=True))
    channels = img.shape[-3]
    kernel = chainrule.outer(down, across).expand(channels, 1, sizes[1], sizes[0])
    x = img.reshape(-1, *img.shape[-3:]).to(dtype)
    x = chainrule.nn.functional.pad(x, [sizes[0] // 2] * 2 + [sizes[1] // 2] * 2, mode="reflect")
    x = chainrule.nn.functional.conv2d(x, kernel, groups=channels).reshape(img.shape)
    return x if img.is_floating_point() else x.round().clamp(0, 255).to(img.dtype)


def _channels(array: np.ndarray) -> Any:
    return chainrule.from_numpy(np.ascontiguousarray(array[None] if array.ndim == 2 else array))


def _top(array: np.ndarray) -> float:
    return 1.0 if array.dtype.kind == "f" else float(np.iinfo(array.dtype).max)


def invert(img: Any) -> Any:
    """The negative."""
    return _on_array(img, lambda array: (_top(array) - array).astype(array.dtype))


def solarize(img: Any, threshold: float) -> Any:
    """The negative where a value reaches the threshold."""

    def turn(array: np.ndarray) -> np.ndarray:
        return np.where(array >= threshold, (_top(array) - array).astype(array.dtype), array)

    return _on_array(img, turn)
