"""Dropout."""

from __future__ import annotations

from .. import functional as F
from .module import Module, calls


class _Dropout(Module):
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"{type(self).__name__}: p must be between 0 and 1, got {p}.")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """In training, set each element to 0 with probability p and divide the others by 1 - p. The identity in eval.

    Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014.
    """

    forward = calls(F.dropout, "p", "training", "inplace")


class Dropout1d(_Dropout):
    """Dropout of whole channels of [N, C, L] or [C, L]."""

    forward = calls(F.dropout1d, "p", "training", "inplace")


class Dropout2d(_Dropout):
    """Dropout of whole channels of [N, C, H, W]."""

    forward = calls(F.dropout2d, "p", "training", "inplace")


class Dropout3d(_Dropout):
    """Dropout of whole channels of [N, C, D, H, W] or [C, D, H, W]."""

    forward = calls(F.dropout3d, "p", "training", "inplace")


class AlphaDropout(_Dropout):
    """Dropout that keeps mean and variance of SELU's outputs: dropped elements take SELU's negative limit.

    Source: Klambauer et al., "Self-normalizing neural networks", 2017.
    """

    forward = calls(F.alpha_dropout, "p", "training")


class FeatureAlphaDropout(_Dropout):
    """AlphaDropout of whole channels."""

    forward = calls(F.feature_alpha_dropout, "p", "training")
