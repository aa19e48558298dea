"""GeneralizedPareto: tails of other distributions."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import chainrule

from . import constraints
from .distribution import Distribution
from .utils import broadcast_all

Tensor = Any


class GeneralizedPareto(Distribution):
    """P(X > x) = (1 + concentration z)^(-1 / concentration), z = (x - loc) / scale; exp(-z) where concentration is 0.

    Args:
        loc: the least value, a tensor or a number.
        scale: positive tensor or number.
        concentration: the weight of the tail; below 0 values end at loc - scale / concentration.

    Example:
        >>> chainrule.distributions.GeneralizedPareto(0.0, 1.0, 0.5).cdf(chainrule.tensor(2.0))
        tensor(0.7500)

    Samples are PyTorch's at the same seed.

    Source: Pickands, "Statistical inference using extreme order statistics" (1975).
    """

    arg_constraints: ClassVar = {
        "loc": constraints.real,
        "scale": constraints.positive,
        "concentration": constraints.real,
    }
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale, self.concentration = broadcast_all(loc, scale, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        """From loc on, up to an end where concentration is negative."""
        c = self.concentration
        end = self.loc - self.scale / chainrule.where(c < 0, c, -1.0)
        return constraints.interval(self.loc, end.masked_fill(c >= 0, math.inf))

    def _curved(self) -> tuple[Tensor, Tensor]:
        """Where the concentration is not 0, and the concentration with 1 elsewhere."""
        zero = chainrule.isclose(self.concentration, chainrule.zeros_like(self.concentration))
        return ~zero, self.concentration.masked_fill(zero, 1.0)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self.icdf(chainrule.rand(self._extended_shape(sample_shape), dtype=self.loc.dtype))

    def log_survival_function(self, value: Tensor) -> Tensor:
        """log P(X > value)."""
        if self._validate_args:
            self._validate_sample(value)
        curved, c = self._curved()
        z = (value - self.loc) / self.scale
        return chainrule.where(curved, -(c * z).log1p() / c, -z)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        curved, c = self._curved()
        z = (value - self.loc) / self.scale
        power = 1 + 1 / c
        falling = chainrule.where(power == 0, 0.0, power * (c * z).log1p())
        return -self.scale.log() - chainrule.where(curved, falling, z)

    def log_cdf(self, value: Tensor) -> Tensor:
        """log P(X <= value)."""
        return (-self.log_survival_function(value).exp()).log1p()

    def cdf(self, value: Tensor) -> Tensor:
        return -self.log_survival_function(value).expm1()

    def icdf(self, value: Tensor) -> Tensor:
        curved, c = self._curved()
        log_above = (-value).log1p()
        reached = chainrule.where(curved, (-c * log_above).expm1() / c, -log_above)
        return self.loc + self.scale * reached

    @property
    def mean(self) -> Tensor:
        finite = self.concentration < 1
        c = self.concentration.masked_fill(~finite, 0.5)
        return (self.loc + self.scale / (1 - c)).masked_fill(~finite, math.nan)

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        finite = self.concentration < 0.5
        c = self.concentration.masked_fill(~finite, 0.25)
        return (self.scale**2 / ((1 - c) ** 2 * (1 - 2 * c))).masked_fill(~finite, math.nan)

    def entropy(self) -> Tensor:
        return self.scale.log() + self.concentration + 1
