"""Normal: the Gaussian distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import chainrule

from . import constraints
from .distribution import Distribution
from .utils import broadcast_all

Tensor = Any
_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


class LocationScale(Distribution):
    """Distributions of loc + scale z that lie evenly about loc."""

    arg_constraints: ClassVar = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc


class Normal(LocationScale):
    """The normal distribution, log p(x) = -(x - loc)^2 / (2 scale^2) - log scale - log(2 pi) / 2.

    Args:
        loc: mean, a tensor or a number.
        scale: standard deviation > 0, a tensor or a number; both broadcast.

    Raises:
        ValueError: a scale that is not positive, a loc that is NaN.

    Example:
        >>> normal = chainrule.distributions.Normal(0.0, 1.0)
        >>> normal.log_prob(chainrule.tensor(0.0))
        tensor(-0.9189)
        >>> normal.sample((3,)).shape
        chainrule.Size([3])

    Samples are PyTorch's at the same seed.
    """

    @property
    def stddev(self) -> Tensor:
        return self.scale

    @property
    def variance(self) -> Tensor:
        return self.scale.square()

    def sample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        with chainrule.no_grad():
            return chainrule.normal(self.loc.expand(shape), self.scale.expand(shape))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        return self.loc + chainrule.randn(shape, dtype=self.loc.dtype) * self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return -((value - self.loc) ** 2) / (2 * self.scale**2) - self.scale.log() - _HALF_LOG_2PI

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return 0.5 * chainrule.erfc((self.loc - value) / (self.scale * math.sqrt(2)))  # 1 + erf would cancel

    def icdf(self, value: Tensor) -> Tensor:
        return self.loc + self.scale * chainrule.special.ndtri(value)  # erfinv(2 p - 1) would cancel

    def entropy(self) -> Tensor:
        return 0.5 + _HALF_LOG_2PI + self.scale.log()
