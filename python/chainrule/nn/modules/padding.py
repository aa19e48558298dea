"""Padding layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import functional as F
from .module import Module, calls


class _Pad(Module):
    """padding: one number for all sides, or (before, after) of the last axis, then of the one before it, and so on."""

    _axes = 0
    _mode = "constant"

    def __init__(self, padding: int | Sequence[int]) -> None:
        super().__init__()
        self.padding = (padding,) * (2 * self._axes) if isinstance(padding, int) else tuple(padding)
        if len(self.padding) != 2 * self._axes:
            name = type(self).__name__
            raise ValueError(f"{name}: padding must be one number or {2 * self._axes}, got {self.padding}.")

    forward = calls(F.pad, "padding", "_mode")

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPad(_Pad):
    def __init__(self, padding: int | Sequence[int], value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Any) -> Any:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class _ZeroPad(_Pad):
    def forward(self, input: Any) -> Any:
        return F.pad(input, self.padding, "constant", 0)


class ConstantPad1d(_ConstantPad):
    """Pad the last axis with a value."""

    _axes = 1


class ConstantPad2d(_ConstantPad):
    """Pad the last two axes with a value."""

    _axes = 2


class ConstantPad3d(_ConstantPad):
    """Pad the last three axes with a value."""

    _axes = 3


class ZeroPad1d(_ZeroPad):
    """Pad the last axis with zeros."""

    _axes = 1


class ZeroPad2d(_ZeroPad):
    """Pad the last two axes with zeros."""

    _axes = 2


class ZeroPad3d(_ZeroPad):
    """Pad the last three axes with zeros."""

    _axes = 3


class ReflectionPad1d(_Pad):
    """Pad the last axis with the tensor mirrored at its edge."""

    _axes = 1
    _mode = "reflect"


class ReflectionPad2d(_Pad):
    """Pad the last two axes with the tensor mirrored at its edge."""

    _axes = 2
    _mode = "reflect"


class ReflectionPad3d(_Pad):
    """Pad the last three axes with the tensor mirrored at its edge."""

    _axes = 3
    _mode = "reflect"


class ReplicationPad1d(_Pad):
    """Pad the last axis with the elements at the edge."""

    _axes = 1
    _mode = "replicate"


class ReplicationPad2d(_Pad):
    """Pad the last two axes with the elements at the edge."""

    _axes = 2
    _mode = "replicate"


class ReplicationPad3d(_Pad):
    """Pad the last three axes with the elements at the edge."""

    _axes = 3
    _mode = "replicate"


class CircularPad1d(_Pad):
    """Pad the last axis with the elements of the other side."""

    _axes = 1
    _mode = "circular"


class CircularPad2d(_Pad):
    """Pad the last two axes with the elements of the other side."""

    _axes = 2
    _mode = "circular"


class CircularPad3d(_Pad):
    """Pad the last three axes with the elements of the other side."""

    _axes = 3
    _mode = "circular"


__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]
