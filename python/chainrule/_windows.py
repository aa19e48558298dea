"""Window functions, computed in float64 as sums of cosines (Harris, 1978) and rounded once.

Source: Harris, "On the use of windows for harmonic analysis with the discrete Fourier transform", 1978.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import _core

Tensor = _core.Tensor


def _window(
    name: str, length: int, periodic: bool, options: dict[str, Any], shape: Callable[[np.ndarray[Any, Any]], Any]
) -> Any:
    """shape(points) at points from 0 to 1; periodic: without the last one."""
    dtype = options.pop("dtype", None) or _core.get_default_dtype()
    requires_grad = options.pop("requires_grad", False)
    unknown = set(options) - {"layout", "device", "pin_memory"}
    if unknown:
        raise TypeError(f"{name}: unknown arguments {sorted(unknown)}.")
    if length < 0 or not dtype.is_floating_point:
        raise ValueError(f"{name}: a length of 0 or more and a floating dtype are required, got {length} and {dtype}.")
    if length <= 1:
        values = np.ones(length)
    else:
        values = shape(np.arange(length) / (length if periodic else length - 1))
    return _core.tensor(values, dtype=dtype, device=options.get("device"), requires_grad=requires_grad)


def _cosines(coefficients: Sequence[float]) -> Callable[[np.ndarray[Any, Any]], Any]:
    return lambda x: sum(c * np.cos(2 * np.pi * k * x) for k, c in enumerate(coefficients))


def hann_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """Hann's window: (1 - cos(2 pi x)) / 2.

    Example:
        >>> chainrule.hann_window(4)
        tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _window("hann_window", window_length, periodic, options, _cosines((0.5, -0.5)))


def hamming_window(
    window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, **options: Any
) -> Tensor:
    """Hamming's window: alpha - beta cos(2 pi x).

    Example:
        >>> chainrule.hamming_window(4)
        tensor([0.0800, 0.5400, 1.0000, 0.5400])
    """
    return _window("hamming_window", window_length, periodic, options, _cosines((alpha, -beta)))


def blackman_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """Blackman's window: 0.42 - 0.5 cos(2 pi x) + 0.08 cos(4 pi x).

    Example:
        >>> chainrule.blackman_window(4).max()
        tensor(1.)
    """
    return _window("blackman_window", window_length, periodic, options, _cosines((0.42, -0.5, 0.08)))


def bartlett_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """Bartlett's window, a triangle: 1 - |2 x - 1|.

    Example:
        >>> chainrule.bartlett_window(4)
        tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _window("bartlett_window", window_length, periodic, options, lambda x: 1 - np.abs(2 * x - 1))


def kaiser_window(window_length: int, periodic: bool = True, beta: float = 12.0, **options: Any) -> Tensor:
    """Kaiser's window: i0(beta sqrt(1 - (2 x - 1)^2)) / i0(beta).

    Example:
        >>> chainrule.kaiser_window(4).max()
        tensor(1.)
    """

    def shape(x: np.ndarray[Any, Any]) -> Any:
        return np.i0(beta * np.sqrt(np.maximum(1 - (2 * x - 1) ** 2, 0))) / np.i0(beta)

    return _window("kaiser_window", window_length, periodic, options, shape)
