"""Transforms: callables that prepare a picture. Random ones draw from chainrule's random stream, as torchvision's do.

Example:
    >>> import numpy as np
    >>> from chainrule.vision import transforms
    >>> prepare = transforms.Compose([transforms.ToTensor(), transforms.Normalize(0.5, 0.5)])
    >>> prepare(np.array([[0, 255]], dtype=np.uint8))
    tensor([[[-1.,  1.]]])
"""

from __future__ import annotations

import math
import numbers
import random
from collections.abc import Callable, Sequence
from typing import Any

import chainrule

from . import functional as functional
from .functional import InterpolationMode as InterpolationMode

F = functional


def _uniform(low: float, high: float) -> float:
    return float(chainrule.empty(1).uniform_(low, high))


def _below(high: int) -> int:
    """A number from 0 to high - 1."""
    return int(chainrule.randint(0, high, (1,)))


class _Transform:
    """Shows its attributes: Resize(size=32, ...)."""

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value}" for name, value in vars(self).items() if not name.startswith("_"))
        return f"{type(self).__name__}({values})"


class Compose:
    """One transform after the other."""

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        self.transforms = transforms

    def __call__(self, img: Any) -> Any:
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        inner = "".join(f"\n    {transform}" for transform in self.transforms)
        return f"{type(self).__name__}({inner}\n)"


class ToTensor(_Transform):
    """A picture as a tensor (C, H, W), with 0 to 255 as 0.0 to 1.0."""

    def __call__(self, pic: Any) -> Any:
        return F.to_tensor(pic)


class PILToTensor(_Transform):
    """A picture as a tensor (C, H, W) of its own dtype."""

    def __call__(self, pic: Any) -> Any:
        return F.pil_to_tensor(pic)


class ConvertImageDtype(_Transform):
    """A tensor in another dtype, with its range scaled."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype

    def __call__(self, image: Any) -> Any:
        return F.convert_image_dtype(image, self.dtype)


class ToPILImage(_Transform):
    """A tensor (C, H, W) or an array (H, W, C) as Pillow's picture."""

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode

    def __call__(self, pic: Any) -> Any:
        return F.to_pil_image(pic, self.mode)


class _Layer(_Transform, chainrule.nn.Module):
    """A transform that is a module too: it may stand in nn.Sequential."""

    def __init__(self, **attributes: Any) -> None:
        chainrule.nn.Module.__init__(self)
        self._shown = attributes
        for name, value in attributes.items():
            setattr(self, name, value)

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value}" for name, value in self._shown.items())
        return f"{type(self).__name__}({values})"


class Normalize(_Layer):
    """(x - mean) / std by channel."""

    def __init__(self, mean: Any, std: Any, inplace: bool = False) -> None:
        super().__init__(mean=mean, std=std, inplace=inplace)

    def forward(self, tensor: Any) -> Any:
        return F.normalize(tensor, self.mean, self.std, self.inplace)


class Resize(_Layer):
    """Another number of pixels: (height, width), or the length of the shorter side."""

    def __init__(
        self,
        size: Any,
        interpolation: Any = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        super().__init__(size=size, interpolation=interpolation, max_size=max_size, antialias=antialias)

    def forward(self, img: Any) -> Any:
        return F.resize(img, self.size, self.interpolation, self.max_size, self.antialias)


class CenterCrop(_Layer):
    """The middle, of that size."""

    def __init__(self, size: Any) -> None:
        super().__init__(size=size)

    def forward(self, img: Any) -> Any:
        return F.center_crop(img, self.size)


class Pad(_Layer):
    """More pixels at the sides."""

    def __init__(self, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> None:
        super().__init__(padding=padding, fill=fill, padding_mode=padding_mode)

    def forward(self, img: Any) -> Any:
        return F.pad(img, self.padding, self.fill, self.padding_mode)


class Lambda(_Transform):
    """Any function."""

    def __init__(self, lambd: Callable[[Any], Any]) -> None:
        if not callable(lambd):
            raise TypeError(f"Lambda: a function is required, got {type(lambd).__name__}.")
        self.lambd = lambd

    def __call__(self, img: Any) -> Any:
        return self.lambd(img)


class Grayscale(_Layer):
    """Without colour, in 1 or 3 channels."""

    def __init__(self, num_output_channels: int = 1) -> None:
        super().__init__(num_output_channels=num_output_channels)

    def forward(self, img: Any) -> Any:
        return F.rgb_to_grayscale(img, self.num_output_channels)


# --- random ones -------------------------------------------------------------------------------------------------


class RandomCrop(_Layer):
    """A part of that size, at a place drawn at random.

    Args:
        size: a number or (height, width).
        padding: added before: a number, 2 or 4 of them.
        pad_if_needed: add what a picture lacks to that size.
        fill, padding_mode: as in Pad.
    """

    def __init__(
        self,
        size: Any,
        padding: Any = None,
        pad_if_needed: bool = False,
        fill: Any = 0,
        padding_mode: str = "constant",
    ) -> None:
        super().__init__(
            size=F._pair(size), padding=padding, pad_if_needed=pad_if_needed, fill=fill, padding_mode=padding_mode
        )

    @staticmethod
    def get_params(img: Any, output_size: tuple[int, int]) -> tuple[int, int, int, int]:
        """top, left, height, width."""
        _, rows, columns = F.get_dimensions(img)
        height, width = output_size
        if rows < height or columns < width:
            raise ValueError(
                f"RandomCrop: the picture {(rows, columns)} is smaller than {(height, width)}. Pass pad_if_needed=True."
            )
        if (rows, columns) == (height, width):
            return 0, 0, height, width
        return _below(rows - height + 1), _below(columns - width + 1), height, width

    def forward(self, img: Any) -> Any:
        if self.padding is not None:
            img = F.pad(img, self.padding, self.fill, self.padding_mode)
        _, rows, columns = F.get_dimensions(img)
        if self.pad_if_needed and columns < self.size[1]:
            img = F.pad(img, [self.size[1] - columns, 0], self.fill, self.padding_mode)
        if self.pad_if_needed and rows < self.size[0]:
            img = F.pad(img, [0, self.size[0] - rows], self.fill, self.padding_mode)
        return F.crop(img, *self.get_params(img, self.size))


class RandomHorizontalFlip(_Layer):
    """Left and right exchanged with probability p."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__(p=p)

    def forward(self, img: Any) -> Any:
        return F.hflip(img) if float(chainrule.rand(1)) < self.p else img


class RandomVerticalFlip(_Layer):
    """Top and bottom exchanged with probability p."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__(p=p)

    def forward(self, img: Any) -> Any:
        return F.vflip(img) if float(chainrule.rand(1)) < self.p else img


class RandomGrayscale(_Layer):
    """Without colour with probability p, in as many channels as before."""

    def __init__(self, p: float = 0.1) -> None:
        super().__init__(p=p)

    def forward(self, img: Any) -> Any:
        channels = F.get_dimensions(img)[0]
        return F.rgb_to_grayscale(img, channels) if float(chainrule.rand(1)) < self.p else img


class RandomRotation(_Layer):
    """Turned by an angle between two numbers of degrees, or between -degrees and degrees."""

    def __init__(self, degrees: Any, interpolation: Any = InterpolationMode.NEAREST, fill: Any = 0) -> None:
        low, high = (-degrees, degrees) if isinstance(degrees, (int, float)) else degrees
        super().__init__(degrees=[float(low), float(high)], interpolation=interpolation, fill=fill)

    def forward(self, img: Any) -> Any:
        return F.rotate(img, _uniform(*self.degrees), self.interpolation, self.fill)


class RandomResizedCrop(_Layer):
    """A part whose area and proportions are drawn at random, resized.

    Args:
        size: a number or (height, width).
        scale: the smallest and the largest share of the picture's area.
        ratio: the smallest and the largest width / height.
    """

    def __init__(
        self,
        size: Any,
        scale: Any = (0.08, 1.0),
        ratio: Any = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: Any = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__(size=F._pair(size), scale=scale, ratio=ratio, interpolation=interpolation, antialias=antialias)

    @staticmethod
    def get_params(img: Any, scale: Any, ratio: Any) -> tuple[int, int, int, int]:
        """top, left, height, width: ten tries, then the middle."""
        _, rows, columns = F.get_dimensions(img)
        logs = chainrule.log(chainrule.tensor(ratio))
        for _ in range(10):
            area = rows * columns * _uniform(scale[0], scale[1])
            aspect = float(chainrule.exp(chainrule.empty(1).uniform_(float(logs[0]), float(logs[1]))))
            width, height = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if 0 < width <= columns and 0 < height <= rows:
                return _below(rows - height + 1), _below(columns - width + 1), height, width
        proportion = columns / rows
        width = round(rows * max(ratio)) if proportion > max(ratio) else columns
        height = round(columns / min(ratio)) if proportion < min(ratio) else rows
        return (rows - height) // 2, (columns - width) // 2, height, width

    def forward(self, img: Any) -> Any:
        place = self.get_params(img, self.scale, self.ratio)
        return F.resized_crop(img, *place, self.size, self.interpolation, self.antialias)


def _range(name: str, value: Any, center: float = 1.0) -> tuple[float, float] | None:
    """The bounds of a factor; None where it would change nothing."""
    if isinstance(value, numbers.Real):
        spread = float(value)
        low, high = center - spread, center + spread
        low = max(low, 0.0) if center else low
    else:
        low, high = (float(bound) for bound in value)
    if low > high or (center and low < 0) or (not center and not -0.5 <= low <= high <= 0.5):
        raise ValueError(f"ColorJitter: {name} is out of range, got {value}.")
    return None if low == high == center else (low, high)


class ColorJitter(_Layer):
    """Brightness, contrast, saturation and hue changed by factors drawn at random, in random order.

    Args:
        brightness, contrast, saturation: factors from 1 - x to 1 + x, or (low, high).
        hue: moved by -x to x, or (low, high), of the circle of colours; Pillow's pictures only.
    """

    def __init__(self, brightness: Any = 0, contrast: Any = 0, saturation: Any = 0, hue: Any = 0) -> None:
        super().__init__(
            brightness=_range("brightness", brightness),
            contrast=_range("contrast", contrast),
            saturation=_range("saturation", saturation),
            hue=_range("hue", hue, 0.0),
        )

    def forward(self, img: Any) -> Any:
        order = chainrule.randperm(4).tolist()
        changes = [F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue]
        bounds = [self.brightness, self.contrast, self.saturation, self.hue]
        factors = [None if bound is None else _uniform(*bound) for bound in bounds]
        for i in order:
            if factors[i] is not None:
                img = changes[i](img, factors[i])
        return img


class RandomApply(_Layer):
    """A list of transforms, applied with probability p."""

    def __init__(self, transforms: Any, p: float = 0.5) -> None:
        super().__init__(transforms=transforms, p=p)

    def forward(self, img: Any) -> Any:
        if self.p < float(chainrule.rand(1)):
            return img
        for transform in self.transforms:
            img = transform(img)
        return img


class RandomChoice(_Transform):
    """One of a list of transforms, drawn by Python's random.

    Args:
        p: how likely each is; None: all alike.
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]], p: Sequence[float] | None = None) -> None:
        self.transforms = transforms
        self.p = p

    def __call__(self, img: Any) -> Any:
        return random.choices(self.transforms, weights=self.p)[0](img)


class RandomOrder(_Transform):
    """A list of transforms in an order drawn by Python's random."""

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        self.transforms = transforms

    def __call__(self, img: Any) -> Any:
        order = list(range(len(self.transforms)))
        random.shuffle(order)
        for i in order:
            img = self.transforms[i](img)
        return img


class GaussianBlur(_Layer):
    """Blurred by a Gaussian whose standard deviation is drawn at random.

    Args:
        kernel_size: how many pixels are averaged: an odd number, or (across, down).
        sigma: the standard deviation, or (low, high).
    """

    def __init__(self, kernel_size: Any, sigma: Any = (0.1, 2.0)) -> None:
        sizes = (kernel_size, kernel_size) if isinstance(kernel_size, int) else tuple(kernel_size)
        bounds: tuple[Any, ...] = (sigma, sigma) if isinstance(sigma, numbers.Number) else tuple(sigma)
        if len(bounds) != 2 or not 0 < bounds[0] <= bounds[1]:
            raise ValueError(f"GaussianBlur: sigma must be a number above 0, or (low, high), got {sigma}.")
        if any(size <= 0 or size % 2 == 0 for size in sizes):
            raise ValueError(f"GaussianBlur: kernel_size must be one or two odd numbers above 0, got {kernel_size}.")
        super().__init__(kernel_size=sizes * (2 // len(sizes)), sigma=bounds)

    def forward(self, img: Any) -> Any:
        return F.gaussian_blur(img, self.kernel_size, _uniform(*self.sigma))


class RandomInvert(_Layer):
    """The negative, with probability p."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__(p=p)

    def forward(self, img: Any) -> Any:
        return F.invert(img) if float(chainrule.rand(1)) < self.p else img


class RandomSolarize(_Layer):
    """The negative where a value reaches the threshold, with probability p."""

    def __init__(self, threshold: float, p: float = 0.5) -> None:
        super().__init__(threshold=threshold, p=p)

    def forward(self, img: Any) -> Any:
        return F.solarize(img, self.threshold) if float(chainrule.rand(1)) < self.p else img


class RandomErasing(_Layer):
    """A rectangle of a tensor (..., C, H, W) filled with a number, with probability p.

    Args:
        scale: the smallest and the largest share of the area.
        ratio: the smallest and the largest height / width.
        value: what it is filled with.
    """

    def __init__(self, p: float = 0.5, scale: Any = (0.02, 0.33), ratio: Any = (0.3, 3.3), value: float = 0) -> None:
        super().__init__(p=p, scale=scale, ratio=ratio, value=value)

    def forward(self, img: Any) -> Any:
        if float(chainrule.rand(1)) >= self.p:
            return img
        rows, columns = img.shape[-2:]
        logs = chainrule.log(chainrule.tensor(self.ratio))
        for _ in range(10):
            area = rows * columns * _uniform(self.scale[0], self.scale[1])
            aspect = float(chainrule.exp(chainrule.empty(1).uniform_(float(logs[0]), float(logs[1]))))
            height, width = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if height < rows and width < columns:
                top, left = _below(rows - height + 1), _below(columns - width + 1)
                img = img.clone()
                img[..., top : top + height, left : left + width] = self.value
                return img
        return img
