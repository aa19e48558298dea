"""Convolutions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ... import _core
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module

Numbers = int | Sequence[int]
_MODES = ("zeros", "reflect", "replicate", "circular")


def _each(value: Numbers, axes: int) -> tuple[int, ...]:
    return (value,) * axes if isinstance(value, int) else tuple(value)


class _Conv(Module):
    """What convolutions share. Initial values: weight and bias from U(-k, k), k = 1 / sqrt(fan in)."""

    weight: Any
    bias: Any
    _axes = 0
    _transposed = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Numbers,
        stride: Numbers,
        padding: Numbers | str,
        dilation: Numbers,
        output_padding: Numbers,
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any,
        dtype: Any,
    ) -> None:
        super().__init__()
        name, axes = type(self).__name__, self._axes
        if groups <= 0 or in_channels % groups or out_channels % groups:
            raise ValueError(
                f"{name}: groups must be positive and divide in_channels and out_channels, got groups={groups}, "
                f"in_channels={in_channels}, out_channels={out_channels}."
            )
        if padding_mode not in _MODES:
            raise ValueError(f"{name}: padding_mode must be one of {_MODES}, got {padding_mode!r}.")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = _each(kernel_size, axes)
        self.stride = _each(stride, axes)
        self.padding = padding if isinstance(padding, str) else _each(padding, axes)
        self.dilation = _each(dilation, axes)
        self.transposed = self._transposed
        self.output_padding = _each(output_padding, axes)
        self.groups = groups
        self.padding_mode = padding_mode
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(f"{name}: padding must be numbers, 'same' or 'valid', got {padding!r}.")
            if padding == "same" and any(step != 1 for step in self.stride):
                raise ValueError(f"{name}: padding='same' needs stride 1, got {self.stride}.")
        channels = (in_channels, out_channels // groups) if self._transposed else (out_channels, in_channels // groups)
        self.weight = Parameter(_core.empty((*channels, *self.kernel_size), device=device, dtype=dtype))
        vector = Parameter(_core.empty(out_channels, device=device, dtype=dtype)) if bias else None
        self.register_parameter("bias", vector)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values again."""
        # kaiming_uniform_ with slope sqrt 5 is U(-k, k) with the k above.
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        fan_in = math.prod(self.weight.shape[1:])
        if self.bias is not None and fan_in != 0:
            bound = 1 / math.sqrt(fan_in)
            init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0,) * self._axes:
            # PyTorch prints a word without quotes, too.
            text += f", padding={self.padding}"
        if self.dilation != (1,) * self._axes:
            text += f", dilation={self.dilation}"
        if self.output_padding != (0,) * self._axes:
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


class _Forward(_Conv):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Numbers,
        stride: Numbers = 1,
        padding: Numbers | str = 0,
        dilation: Numbers = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            0,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def _edges(self) -> list[int]:
        """What F.pad takes: (before, after) of the last axis first."""
        pads: list[int] = []
        for i in reversed(range(self._axes)):
            if isinstance(self.padding, str):
                total = self.dilation[i] * (self.kernel_size[i] - 1) if self.padding == "same" else 0
                pads += [total // 2, total - total // 2]
            else:
                pads += [self.padding[i]] * 2
        return pads

    def _run(self, function: Any, input: Any) -> Any:
        if self.padding_mode == "zeros":
            return function(input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)
        padded = F.pad(input, self._edges(), mode=self.padding_mode)
        return function(padded, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


class Conv1d(_Forward):
    """Convolution of a sequence: see functional.conv1d.

    Args:
        in_channels, out_channels: of input and output.
        kernel_size, stride, padding, dilation: one number or one for each axis; padding also "same" or "valid".
        groups: channels are cut into so many groups; each filter sees its own alone.
        bias: False leaves it out.
        padding_mode: "zeros", "reflect", "replicate" or "circular".

    Shapes: input (N, C, L) or (C, L), weight (O, C / groups, K), bias (O,).

    Example:
        >>> import chainrule as cr
        >>> cr.nn.Conv1d(2, 3, 5, padding=2)(cr.ones(4, 2, 10)).shape
        chainrule.Size([4, 3, 10])

    Source: PyTorch, torch.nn.Conv1d.
    """

    _axes = 1

    def forward(self, input: Any) -> Any:
        return self._run(F.conv1d, input)


class Conv2d(_Forward):
    """Convolution of images: see functional.conv2d.

    Args:
        in_channels, out_channels: of input and output.
        kernel_size, stride, padding, dilation: one number or one for each axis; padding also "same" or "valid".
        groups: channels are cut into so many groups; each filter sees its own alone.
        bias: False leaves it out.
        padding_mode: "zeros", "reflect", "replicate" or "circular".

    Shapes: input (N, C, H, W) or (C, H, W), weight (O, C / groups, KH, KW), bias (O,).

    Example:
        >>> import chainrule as cr
        >>> layer = cr.nn.Conv2d(3, 8, 3, padding="same")
        >>> layer
        Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), padding=same)
        >>> layer(cr.ones(2, 3, 5, 5)).shape
        chainrule.Size([2, 8, 5, 5])

    Source: PyTorch, torch.nn.Conv2d.
    """

    _axes = 2

    def forward(self, input: Any) -> Any:
        return self._run(F.conv2d, input)


class Conv3d(_Forward):
    """Convolution of volumes: see functional.conv3d. Arguments are Conv2d's.

    Shapes: input (N, C, D, H, W) or (C, D, H, W), weight (O, C / groups, KD, KH, KW), bias (O,).

    Example:
        >>> import chainrule as cr
        >>> cr.nn.Conv3d(1, 2, 2)(cr.ones(1, 3, 3, 3)).shape
        chainrule.Size([2, 2, 2, 2])

    Source: PyTorch, torch.nn.Conv3d.
    """

    _axes = 3

    def forward(self, input: Any) -> Any:
        return self._run(F.conv3d, input)


class _Transposed(_Conv):
    _transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Numbers,
        stride: Numbers = 1,
        padding: Numbers = 0,
        output_padding: Numbers = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Numbers = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f"{type(self).__name__}: padding_mode must be 'zeros', got {padding_mode!r}.")
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            output_padding,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def _extra(self, input: Any, output_size: Sequence[int] | None) -> tuple[int, ...]:
        """The output_padding that gives output_size."""
        if output_size is None:
            return self.output_padding
        name, wanted = type(self).__name__, tuple(output_size)[-self._axes :]
        if len(tuple(output_size)) not in (self._axes, input.dim()):
            raise ValueError(f"{name}: output_size must have {self._axes} numbers, got {tuple(output_size)}.")
        extra = []
        for i, size in enumerate(wanted):
            n = input.shape[input.dim() - self._axes + i]
            reach = self.dilation[i] * (self.kernel_size[i] - 1) + 1
            padding = self.padding[i] if not isinstance(self.padding, str) else 0
            least = (n - 1) * self.stride[i] - 2 * padding + reach
            if not least <= size < least + self.stride[i]:
                raise ValueError(
                    f"{name}: output_size must be from {least} to {least + self.stride[i] - 1} along axis {i}, "
                    f"got {size}."
                )
            extra.append(size - least)
        return tuple(extra)

    def _run(self, function: Any, input: Any, output_size: Sequence[int] | None) -> Any:
        extra = self._extra(input, output_size)
        return function(input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation)


class ConvTranspose1d(_Transposed):
    """Transposed convolution of a sequence: see functional.conv_transpose1d.

    Args:
        in_channels, out_channels: of input and output.
        kernel_size, stride, padding, dilation, groups: of the convolution whose adjoint this is.
        output_padding: added to the output's size on one side.
        bias: False leaves it out.

    Shapes: input (N, C, L) or (C, L), weight (C, O / groups, K), bias (O,).

    Example:
        >>> import chainrule as cr
        >>> cr.nn.ConvTranspose1d(2, 3, 4, stride=2, padding=1)(cr.ones(1, 2, 5)).shape
        chainrule.Size([1, 3, 10])

    Source: PyTorch, torch.nn.ConvTranspose1d.
    """

    _axes = 1

    def forward(self, input: Any, output_size: Sequence[int] | None = None) -> Any:
        return self._run(F.conv_transpose1d, input, output_size)


class ConvTranspose2d(_Transposed):
    """Transposed convolution of images: see functional.conv_transpose2d. Arguments are ConvTranspose1d's.

    Shapes: input (N, C, H, W) or (C, H, W), weight (C, O / groups, KH, KW), bias (O,).

    Example:
        >>> import chainrule as cr
        >>> cr.nn.ConvTranspose2d(2, 3, 3, stride=2)(cr.ones(1, 2, 5, 5), output_size=(12, 12)).shape
        chainrule.Size([1, 3, 12, 12])

    Source: PyTorch, torch.nn.ConvTranspose2d.
    """

    _axes = 2

    def forward(self, input: Any, output_size: Sequence[int] | None = None) -> Any:
        return self._run(F.conv_transpose2d, input, output_size)


class ConvTranspose3d(_Transposed):
    """Transposed convolution of volumes: see functional.conv_transpose3d. Arguments are ConvTranspose1d's.

    Shapes: input (N, C, D, H, W) or (C, D, H, W), weight (C, O / groups, KD, KH, KW), bias (O,).

    Example:
        >>> import chainrule as cr
        >>> cr.nn.ConvTranspose3d(2, 3, 2, stride=2)(cr.ones(1, 2, 2, 2, 2)).shape
        chainrule.Size([1, 3, 4, 4, 4])

    Source: PyTorch, torch.nn.ConvTranspose3d.
    """

    _axes = 3

    def forward(self, input: Any, output_size: Sequence[int] | None = None) -> Any:
        return self._run(F.conv_transpose3d, input, output_size)


__all__ = ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]
