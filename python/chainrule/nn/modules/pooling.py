"""Pooling layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import functional as F
from .module import Module, calls

Numbers = int | Sequence[int]


def _each(value: Numbers, axes: int) -> tuple[int, ...]:
    return (value,) * axes if isinstance(value, int) else tuple(value)


class _MaxPool(Module):
    """Largest element of each window.

    Args:
        kernel_size, stride, padding, dilation: of the windows; the stride is the kernel's size unless given.
        return_indices: give the positions of the maxima as well, for MaxUnpool.
        ceil_mode: windows that reach over the end count too.
    """

    _function: Any = None

    def __init__(
        self,
        kernel_size: Numbers,
        stride: Numbers | None = None,
        padding: Numbers = 0,
        dilation: Numbers = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Any) -> Any:
        return type(self)._function(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, dilation={self.dilation}, "
            f"ceil_mode={self.ceil_mode}"
        )


class _MaxUnpool(Module):
    """Values back at the places where max pooling found them, zeros elsewhere.

    Args:
        kernel_size, stride, padding: of the pooling.
    """

    _axes = 0
    _function: Any = None

    def __init__(self, kernel_size: Numbers, stride: Numbers | None = None, padding: Numbers = 0) -> None:
        super().__init__()
        self.kernel_size = _each(kernel_size, self._axes)
        self.stride = self.kernel_size if stride is None else _each(stride, self._axes)
        self.padding = _each(padding, self._axes)

    def forward(self, input: Any, indices: Any, output_size: Sequence[int] | None = None) -> Any:
        return type(self)._function(input, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(Module):
    """Mean of each window.

    Args:
        kernel_size, stride, padding: of the windows; the stride is the kernel's size unless given.
        ceil_mode: windows that reach over the end count too.
        count_include_pad: zeros of the padding count as elements.

    Example:
        >>> import chainrule as cr
        >>> cr.nn.AvgPool1d(2)(cr.tensor([[1.0, 2.0, 3.0, 4.0]]))
        tensor([[1.5000, 3.5000]])
    """

    def __init__(
        self,
        kernel_size: Numbers,
        stride: Numbers | None = None,
        padding: Numbers = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = _each(kernel_size, 1)
        self.stride = self.kernel_size if stride is None else _each(stride, 1)
        self.padding = _each(padding, 1)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    forward = calls(F.avg_pool1d, "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad")

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _AvgPool(Module):
    """Mean of each window.

    Args:
        kernel_size, stride, padding: of the windows; the stride is the kernel's size unless given.
        ceil_mode: windows that reach over the end count too.
        count_include_pad: zeros of the padding count as elements.
        divisor_override: divide by this instead of the number of elements.
    """

    _function: Any = None

    def __init__(
        self,
        kernel_size: Numbers,
        stride: Numbers | None = None,
        padding: Numbers = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Any) -> Any:
        return type(self)._function(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _LPPool(Module):
    """(sum of x^p over each window)^(1/p).

    Args:
        norm_type: p.
        kernel_size, stride: of the windows; the stride is the kernel's size unless given.
        ceil_mode: windows that reach over the end count too.
    """

    _function: Any = None

    def __init__(
        self, norm_type: float, kernel_size: Numbers, stride: Numbers | None = None, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def forward(self, input: Any) -> Any:
        return type(self)._function(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class _Adaptive(Module):
    """Windows that cut each axis into as many parts as asked for.

    Args:
        output_size: one number or one for each axis; None keeps an axis's size.
    """

    _axes = 0
    _function: Any = None

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def _size(self, input: Any) -> Any:
        size = self.output_size
        if size is None or (not isinstance(size, int) and None in size):
            given = (None,) * self._axes if size is None else tuple(size)
            axes = tuple(input.shape)[-self._axes :]
            return tuple(n if s is None else s for s, n in zip(given, axes))
        return size

    def forward(self, input: Any) -> Any:
        return type(self)._function(input, self._size(input))

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class _AdaptiveMax(_Adaptive):
    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__(output_size)
        self.return_indices = return_indices

    def forward(self, input: Any) -> Any:
        return type(self)._function(input, self._size(input), self.return_indices)


class MaxPool1d(_MaxPool):
    """Largest element of windows of sequences: (N, C, L) or (C, L). Arguments: see functional.max_pool1d.

    Example:
        >>> import chainrule as cr
        >>> cr.nn.MaxPool1d(2)(cr.ones(1, 2, 4)).shape
        chainrule.Size([1, 2, 2])
    """

    _function = F.max_pool1d


class MaxPool2d(_MaxPool):
    """Largest element of windows of images: (N, C, H, W) or (C, H, W). Arguments: see functional.max_pool2d.

    Example:
        >>> import chainrule as cr
        >>> cr.nn.MaxPool2d(2)(cr.ones(1, 2, 4, 4)).shape
        chainrule.Size([1, 2, 2, 2])
    """

    _function = F.max_pool2d


class MaxPool3d(_MaxPool):
    """Largest element of windows of volumes: (N, C, D, H, W) or (C, D, H, W). Arguments: see functional.max_pool3d.

    Example:
        >>> import chainrule as cr
        >>> cr.nn.MaxPool3d(2)(cr.ones(1, 2, 4, 4, 4)).shape
        chainrule.Size([1, 2, 2, 2, 2])
    """

    _function = F.max_pool3d


class MaxUnpool1d(_MaxUnpool):
    """Values back where MaxPool1d found them, zeros elsewhere. Arguments: see functional.max_unpool1d."""

    _axes = 1
    _function = F.max_unpool1d


class MaxUnpool2d(_MaxUnpool):
    """Values back where MaxPool2d found them, zeros elsewhere. Arguments: see functional.max_unpool2d."""

    _axes = 2
    _function = F.max_unpool2d


class MaxUnpool3d(_MaxUnpool):
    """Values back where MaxPool3d found them, zeros elsewhere. Arguments: see functional.max_unpool3d."""

    _axes = 3
    _function = F.max_unpool3d


class AvgPool2d(_AvgPool):
    """Mean of windows of images: (N, C, H, W) or (C, H, W). Arguments: see functional.avg_pool2d."""

    _function = F.avg_pool2d


class AvgPool3d(_AvgPool):
    """Mean of windows of volumes: (N, C, D, H, W) or (C, D, H, W). Arguments: see functional.avg_pool3d."""

    _function = F.avg_pool3d


class LPPool1d(_LPPool):
    """(sum of x^p)^(1/p) of windows of sequences: (N, C, L) or (C, L). Arguments: see functional.lp_pool1d."""

    _function = F.lp_pool1d


class LPPool2d(_LPPool):
    """(sum of x^p)^(1/p) of windows of images: (N, C, H, W) or (C, H, W). Arguments: see functional.lp_pool2d."""

    _function = F.lp_pool2d


class LPPool3d(_LPPool):
    """(sum of x^p)^(1/p) of windows of volumes: (N, C, D, H, W) or (C, D, H, W).

    Arguments: see functional.lp_pool3d.
    """

    _function = F.lp_pool3d


class AdaptiveAvgPool1d(_Adaptive):
    """Mean of windows that cut sequences: (N, C, L) or (C, L) into output_size parts.

    None in place of a size keeps it.

    Example:
        >>> import chainrule as cr
        >>> cr.nn.AdaptiveAvgPool1d(3)(cr.ones(1, 2, 4)).shape
        chainrule.Size([1, 2, 3])
    """

    _axes = 1
    _function = F.adaptive_avg_pool1d


class AdaptiveAvgPool2d(_Adaptive):
    """Mean of windows that cut images: (N, C, H, W) or (C, H, W) into output_size parts.

    None in place of a size keeps it.

    Example:
        >>> import chainrule as cr
        >>> cr.nn.AdaptiveAvgPool2d(3)(cr.ones(1, 2, 4, 4)).shape
        chainrule.Size([1, 2, 3, 3])
    """

    _axes = 2
    _function = F.adaptive_avg_pool2d


class AdaptiveAvgPool3d(_Adaptive):
    """Mean of windows that cut volumes: (N, C, D, H, W) or (C, D, H, W) into output_size parts.

    None in place of a size keeps it.

    Example:
        >>> import chainrule as cr
        >>> cr.nn.AdaptiveAvgPool3d(3)(cr.ones(1, 2, 4, 4, 4)).shape
        chainrule.Size([1, 2, 3, 3, 3])
    """

    _axes = 3
    _function = F.adaptive_avg_pool3d


class AdaptiveMaxPool1d(_AdaptiveMax):
    """Largest element of windows that cut sequences: (N, C, L) or (C, L) into output_size parts.

    None in place of a size keeps it.
    """

    _axes = 1
    _function = F.adaptive_max_pool1d


class AdaptiveMaxPool2d(_AdaptiveMax):
    """Largest element of windows that cut images: (N, C, H, W) or (C, H, W) into output_size parts.

    None in place of a size keeps it.
    """

    _axes = 2
    _function = F.adaptive_max_pool2d


class AdaptiveMaxPool3d(_AdaptiveMax):
    """Largest element of windows that cut volumes: (N, C, D, H, W) or (C, D, H, W) into output_size parts.

    None in place of a size keeps it.
    """

    _axes = 3
    _function = F.adaptive_max_pool3d


__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
]


class _FractionalMaxPool(Module):
    """Maxima of windows at random places, drawn anew at each forward (also in eval, as in PyTorch).

    Args:
        kernel_size: of the windows.
        output_size, output_ratio: one of them: the output's size, or its fraction of the input's, in (0, 1).
        return_indices: give the positions of the maxima as well, for MaxUnpool.

    Source: Graham, "Fractional max-pooling", 2014.
    """

    _function: Any = None
    _axes = 0

    def __init__(
        self,
        kernel_size: Numbers,
        output_size: Numbers | None = None,
        output_ratio: float | Sequence[float] | None = None,
        return_indices: bool = False,
        _random_samples: Any = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        if (output_size is None) == (output_ratio is None):
            raise ValueError(f"{name}: exactly one of output_size and output_ratio must be given.")
        ratios = (output_ratio,) if isinstance(output_ratio, (int, float)) else output_ratio or ()
        if not all(0 < ratio < 1 for ratio in ratios):
            raise ValueError(f"{name}: output_ratio must be between 0 and 1 (got {output_ratio})")
        self.kernel_size = _each(kernel_size, self._axes)
        self.output_size = None if output_size is None else _each(output_size, self._axes)
        self.output_ratio = (output_ratio,) * self._axes if isinstance(output_ratio, (int, float)) else output_ratio
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)

    def forward(self, input: Any) -> Any:
        return type(self)._function(
            input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices, self._random_samples
        )


class FractionalMaxPool2d(_FractionalMaxPool):
    __doc__ = f"Images (N, C, H, W) or (C, H, W). {_FractionalMaxPool.__doc__}"
    _axes = 2
    _function = staticmethod(F.fractional_max_pool2d)


class FractionalMaxPool3d(_FractionalMaxPool):
    __doc__ = f"Volumes (N, C, D, H, W) or (C, D, H, W). {_FractionalMaxPool.__doc__}"
    _axes = 3
    _function = staticmethod(F.fractional_max_pool3d)
