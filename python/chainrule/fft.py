"""torch.fft: frequencies and shifts, which are real. Transforms have complex results, of which there are none."""

from __future__ import annotations

from typing import Any

import chainrule
from chainrule import Tensor

from ._absent import refuse


def _complex(name: str) -> Any:
    refused = refuse(f"torch.fft.{name}", "There are no complex tensors; numpy.fft transforms x.numpy().")
    refused.__module__ = "torch.fft"
    return refused


fft, ifft, fft2, ifft2, fftn, ifftn = map(_complex, ("fft", "ifft", "fft2", "ifft2", "fftn", "ifftn"))
rfft, irfft, rfft2, irfft2 = map(_complex, ("rfft", "irfft", "rfft2", "irfft2"))
rfftn, irfftn, hfft, ihfft = map(_complex, ("rfftn", "irfftn", "hfft", "ihfft"))


def fftfreq(n: int, d: float = 1.0, **options: Any) -> Tensor:
    """The frequencies of n samples that are d apart: 0, 1, ..., then the negative ones, over n d."""
    counts = chainrule.arange(n, **options)
    return chainrule.where(counts < (n + 1) // 2, counts, counts - n) / (n * d)


def rfftfreq(n: int, d: float = 1.0, **options: Any) -> Tensor:
    """The frequencies of n real samples that are d apart: 0 to n // 2, over n d."""
    return chainrule.arange(n // 2 + 1, **options) / (n * d)


def _axes(input: Tensor, dim: Any) -> list[int]:
    axes = range(input.dim()) if dim is None else [dim] if isinstance(dim, int) else dim
    return list(axes)


def fftshift(input: Tensor, dim: Any = None) -> Tensor:
    """Rolls frequency 0 from the front of each axis to its middle."""
    axes = _axes(input, dim)
    return chainrule.roll(input, [input.shape[axis] // 2 for axis in axes], axes)


def ifftshift(input: Tensor, dim: Any = None) -> Tensor:
    """Undoes fftshift."""
    axes = _axes(input, dim)
    return chainrule.roll(input, [-(input.shape[axis] // 2) for axis in axes], axes)
