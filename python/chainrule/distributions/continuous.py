"""Distributions of a real number: Uniform, Exponential, Laplace, Cauchy."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import chainrule

from . import constraints
from .distribution import Distribution
from .normal import LocationScale
from .utils import broadcast_all

Tensor = Any


class Uniform(Distribution):
    """The uniform distribution on [low, high).

    Args:
        low, high: tensors or numbers, low < high.

    Raises:
        ValueError: low is not below high.

    Example:
        >>> chainrule.distributions.Uniform(0.0, 4.0).entropy()
        tensor(1.3863)

    Samples are PyTorch's at the same seed.
    """

    has_rsample = True

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        self.low, self.high = broadcast_all(low, high)
        super().__init__(self.low.shape, validate_args=validate_args)
        if self._validate_args and not (self.low < self.high).all():
            raise ValueError(f"Uniform: low must be below high, got {_brief(self.low)} and {_brief(self.high)}.")

    arg_constraints: ClassVar = {"low": constraints.dependent, "high": constraints.dependent}

    @constraints.dependent_property
    def support(self) -> Any:
        """Numbers from low to high."""
        return constraints.interval(self.low, self.high)

    @property
    def mean(self) -> Tensor:
        return (self.high + self.low) / 2

    @property
    def mode(self) -> Tensor:
        """NaN: no value is likelier than another."""
        return chainrule.full_like(self.high, chainrule.nan)

    @property
    def stddev(self) -> Tensor:
        return (self.high - self.low) / math.sqrt(12)

    @property
    def variance(self) -> Tensor:
        return (self.high - self.low) ** 2 / 12

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        unit = chainrule.rand(self._extended_shape(sample_shape), dtype=self.low.dtype)
        return self.low + unit * (self.high - self.low)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        inside = (self.low <= value) & (value < self.high)
        return inside.to(self.low.dtype).log() - (self.high - self.low).log()

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return ((value - self.low) / (self.high - self.low)).clamp(min=0.0, max=1.0)

    def icdf(self, value: Tensor) -> Tensor:
        return value * (self.high - self.low) + self.low

    def entropy(self) -> Tensor:
        return (self.high - self.low).log()


class Exponential(Distribution):
    """The time to an event that comes at a rate: p(x) = rate exp(-rate x).

    Args:
        rate: positive tensor or number.

    Example:
        >>> chainrule.distributions.Exponential(2.0).mean
        tensor(0.5000)

    Samples are PyTorch's at the same seed.
    """

    arg_constraints: ClassVar = {"rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast_all(rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return 1 / self.rate

    @property
    def mode(self) -> Tensor:
        return chainrule.zeros_like(self.rate)

    @property
    def stddev(self) -> Tensor:
        return 1 / self.rate

    @property
    def variance(self) -> Tensor:
        return self.rate**-2

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return chainrule.empty(self._extended_shape(sample_shape), dtype=self.rate.dtype).exponential_() / self.rate

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return self.rate.log() - self.rate * value

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return 1 - (-self.rate * value).exp()

    def icdf(self, value: Tensor) -> Tensor:
        return -(-value).log1p() / self.rate

    def entropy(self) -> Tensor:
        return 1 - self.rate.log()


class Laplace(LocationScale):
    """p(x) = exp(-|x - loc| / scale) / (2 scale).

    Args:
        loc: mean, a tensor or a number.
        scale: positive tensor or number.

    Example:
        >>> chainrule.distributions.Laplace(0.0, 1.0).log_prob(chainrule.tensor(0.0))
        tensor(-0.6931)

    Samples are PyTorch's at the same seed.
    """

    @property
    def stddev(self) -> Tensor:
        return math.sqrt(2) * self.scale

    @property
    def variance(self) -> Tensor:
        return 2 * self.scale**2

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        shape, dtype = self._extended_shape(sample_shape), self.loc.dtype
        u = chainrule.empty(shape, dtype=dtype).uniform_(chainrule.finfo(dtype).eps - 1, 1)
        return self.loc - self.scale * u.sign() * (-u.abs()).log1p()

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return -(2 * self.scale).log() - (value - self.loc).abs() / self.scale

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        d = value - self.loc
        return 0.5 - 0.5 * d.sign() * (-d.abs() / self.scale).expm1()

    def icdf(self, value: Tensor) -> Tensor:
        d = value - 0.5
        return self.loc - self.scale * d.sign() * (-2 * d.abs()).log1p()

    def entropy(self) -> Tensor:
        return 1 + (2 * self.scale).log()


class Cauchy(LocationScale):
    """p(x) = 1 / (pi scale (1 + ((x - loc) / scale)^2)): no mean, no variance.

    Args:
        loc: median, a tensor or a number.
        scale: positive tensor or number.

    Example:
        >>> chainrule.distributions.Cauchy(0.0, 1.0).cdf(chainrule.tensor(1.0))
        tensor(0.7500)

    Samples are PyTorch's at the same seed.
    """

    @property
    def mean(self) -> Tensor:
        """NaN: the integral has no value."""
        return chainrule.full_like(self.loc, chainrule.nan)

    @property
    def variance(self) -> Tensor:
        """Infinite."""
        return chainrule.full_like(self.loc, math.inf)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        return self.loc + chainrule.empty(shape, dtype=self.loc.dtype).cauchy_() * self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return -math.log(math.pi) - self.scale.log() - (((value - self.loc) / self.scale) ** 2).log1p()

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return self.scale.atan2(self.loc - value) / math.pi  # 1/2 + atan(z) / pi, without cancellation far to the left

    def icdf(self, value: Tensor) -> Tensor:
        tail = chainrule.minimum(value, 1 - value)  # the tangent's poles come from here, where no digit is lost
        far = (1 / (math.pi * tail).tan()).copysign(value - 0.5)
        z = chainrule.where(tail < 0.25, far, (math.pi * (value - 0.5)).tan())
        return z * self.scale + self.loc

    def entropy(self) -> Tensor:
        return math.log(4 * math.pi) + self.scale.log()


def _brief(value: Tensor) -> str:
    return f"{value.tolist()}" if value.numel() <= 8 else f"a tensor of shape {tuple(value.shape)}"
