"""Distributions of a real number: Uniform, Exponential, Laplace, Cauchy, and what transforms make of them."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import chainrule

from . import constraints
from .distribution import Distribution
from .normal import Normal
from .transformed_distribution import TransformedDistribution
from .transforms import AbsTransform, AffineTransform, ExpTransform, PowerTransform
from .utils import EULER, broadcast_all

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


class Laplace(Distribution):
    """p(x) = exp(-|x - loc| / scale) / (2 scale).

    Args:
        loc: mean, a tensor or a number.
        scale: positive tensor or number.

    Example:
        >>> chainrule.distributions.Laplace(0.0, 1.0).log_prob(chainrule.tensor(0.0))
        tensor(-0.6931)

    Samples are PyTorch's at the same seed.
    """

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


class Cauchy(Distribution):
    """p(x) = 1 / (pi scale (1 + ((x - loc) / scale)^2)): no mean, no variance.

    Args:
        loc: median, a tensor or a number.
        scale: positive tensor or number.

    Example:
        >>> chainrule.distributions.Cauchy(0.0, 1.0).cdf(chainrule.tensor(1.0))
        tensor(0.7500)

    Samples are PyTorch's at the same seed.
    """

    arg_constraints: ClassVar = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """NaN: the integral has no value."""
        return chainrule.full_like(self.loc, chainrule.nan)

    @property
    def mode(self) -> Tensor:
        return self.loc

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


class _Halved(TransformedDistribution):
    """|x| of a distribution that is symmetric about 0: twice its density, on positive numbers."""

    arg_constraints: ClassVar = {"scale": constraints.positive}
    support = constraints.nonnegative

    @property
    def scale(self) -> Tensor:
        """The scale of the distribution that is folded."""
        return self.base_dist.scale

    @property
    def mode(self) -> Tensor:
        return chainrule.zeros_like(self.scale)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return (self.base_dist.log_prob(value) + math.log(2)).masked_fill(value < 0, -math.inf)

    def entropy(self) -> Tensor:
        return self.base_dist.entropy() - math.log(2)


class HalfNormal(_Halved):
    """|x|, x normal with mean 0.

    Args:
        scale: standard deviation of x, a positive tensor or number.

    Example:
        >>> chainrule.distributions.HalfNormal(1.0).mean
        tensor(0.7979)

    Samples are PyTorch's at the same seed.
    """

    def __init__(self, scale: Any, validate_args: bool | None = None) -> None:
        super().__init__(Normal(0, scale, validate_args=False), AbsTransform(), validate_args)

    @property
    def mean(self) -> Tensor:
        return self.scale * math.sqrt(2 / math.pi)

    @property
    def variance(self) -> Tensor:
        return self.scale**2 * (1 - 2 / math.pi)

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return chainrule.erf(value / (self.scale * math.sqrt(2)))  # 2 F(x) - 1 of x's F would cancel near 0

    def icdf(self, value: Tensor) -> Tensor:
        return self.scale * math.sqrt(2) * chainrule.erfinv(value)


class HalfCauchy(_Halved):
    """|x|, x Cauchy with median 0.

    Args:
        scale: positive tensor or number.

    Example:
        >>> chainrule.distributions.HalfCauchy(1.0).cdf(chainrule.tensor(1.0))
        tensor(0.5000)

    Samples are PyTorch's at the same seed.
    """

    def __init__(self, scale: Any, validate_args: bool | None = None) -> None:
        super().__init__(Cauchy(0, scale, validate_args=False), AbsTransform(), validate_args)

    @property
    def mean(self) -> Tensor:
        """Infinite."""
        return chainrule.full_like(self.scale, math.inf)

    @property
    def variance(self) -> Tensor:
        """Infinite."""
        return chainrule.full_like(self.scale, math.inf)

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return (value / self.scale).atan() * (2 / math.pi)

    def icdf(self, value: Tensor) -> Tensor:
        return self.scale * (value * (math.pi / 2)).tan()


class LogNormal(TransformedDistribution):
    """exp(x), x normal.

    Args:
        loc, scale: mean and standard deviation of x.

    Example:
        >>> chainrule.distributions.LogNormal(0.0, 1.0).mean
        tensor(1.6487)

    Samples are PyTorch's at the same seed.
    """

    arg_constraints: ClassVar = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.positive

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        super().__init__(Normal(loc, scale, validate_args), ExpTransform(), validate_args)

    @property
    def loc(self) -> Tensor:
        """The mean of the logarithm."""
        return self.base_dist.loc

    @property
    def scale(self) -> Tensor:
        """The standard deviation of the logarithm."""
        return self.base_dist.scale

    @property
    def mean(self) -> Tensor:
        return (self.loc + self.scale**2 / 2).exp()

    @property
    def mode(self) -> Tensor:
        return (self.loc - self.scale**2).exp()

    @property
    def variance(self) -> Tensor:
        square = self.scale**2
        return square.expm1() * (2 * self.loc + square).exp()

    def entropy(self) -> Tensor:
        return self.base_dist.entropy() + self.loc


class Gumbel(TransformedDistribution):
    """The distribution of extremes: cdf(x) = exp(-exp(-(x - loc) / scale)).

    Args:
        loc: a tensor or a number.
        scale: positive tensor or number.

    Example:
        >>> chainrule.distributions.Gumbel(0.0, 1.0).mean
        tensor(0.5772)

    Samples are PyTorch's at the same seed.
    """

    arg_constraints: ClassVar = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        limits = chainrule.finfo(self.loc.dtype)
        unit = Uniform(
            chainrule.full_like(self.loc, limits.tiny),
            chainrule.full_like(self.loc, 1 - limits.eps),
            validate_args=False,
        )
        super().__init__(unit, self._steps(), validate_args)

    def _steps(self) -> list[Any]:
        """loc - scale log(-log u)."""
        log = ExpTransform().inv
        return [
            log,
            AffineTransform(0.0, -chainrule.ones_like(self.scale)),
            log,
            AffineTransform(self.loc, -self.scale),
        ]

    def _expand_parts(self, new: Any) -> None:
        new.transforms = new._steps()
        super()._expand_parts(new)

    @property
    def mean(self) -> Tensor:
        return self.loc + self.scale * EULER

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def stddev(self) -> Tensor:
        return math.pi / math.sqrt(6) * self.scale

    @property
    def variance(self) -> Tensor:
        return self.stddev**2

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        y = (self.loc - value) / self.scale
        return y - y.exp() - self.scale.log()

    def entropy(self) -> Tensor:
        return self.scale.log() + (1 + EULER)


class Pareto(TransformedDistribution):
    """p(x) = alpha scale^alpha / x^(alpha + 1), x >= scale.

    Args:
        scale: the least value, a positive tensor or number.
        alpha: positive tensor or number.

    Example:
        >>> chainrule.distributions.Pareto(1.0, 2.0).mean
        tensor(2.)

    Samples are PyTorch's at the same seed.
    """

    arg_constraints: ClassVar = {"alpha": constraints.positive, "scale": constraints.positive}

    def __init__(self, scale: Any, alpha: Any, validate_args: bool | None = None) -> None:
        self.scale, self.alpha = broadcast_all(scale, alpha)
        base = Exponential(self.alpha, validate_args)
        super().__init__(base, [ExpTransform(), AffineTransform(0, self.scale)], validate_args)

    def _expand_parts(self, new: Any) -> None:
        new.transforms = [ExpTransform(), AffineTransform(0, new.scale)]
        super()._expand_parts(new)

    @constraints.dependent_property
    def support(self) -> Any:
        """Numbers from scale on."""
        return constraints.greater_than_eq(self.scale)

    @property
    def mean(self) -> Tensor:
        """Infinite for alpha <= 1."""
        a = self.alpha.clamp(min=1.0)
        return a * self.scale / (a - 1)

    @property
    def mode(self) -> Tensor:
        return self.scale

    @property
    def variance(self) -> Tensor:
        """Infinite for alpha <= 2."""
        a = self.alpha.clamp(min=2.0)
        return self.scale**2 * a / ((a - 1) ** 2 * (a - 2))

    def entropy(self) -> Tensor:
        return (self.scale / self.alpha).log() + (1 + 1 / self.alpha)


class Weibull(TransformedDistribution):
    """cdf(x) = 1 - exp(-(x / scale)^concentration).

    Args:
        scale, concentration: positive tensors or numbers.

    Example:
        >>> chainrule.distributions.Weibull(1.0, 1.0).mean
        tensor(1.)

    Samples are PyTorch's at the same seed.
    """

    arg_constraints: ClassVar = {"scale": constraints.positive, "concentration": constraints.positive}
    support = constraints.positive

    def __init__(self, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.scale, self.concentration = broadcast_all(scale, concentration)
        super().__init__(Exponential(chainrule.ones_like(self.scale)), self._steps(), validate_args)

    def _steps(self) -> list[Any]:
        return [PowerTransform(1 / self.concentration), AffineTransform(0, self.scale)]

    def _expand_parts(self, new: Any) -> None:
        new.transforms = new._steps()
        super()._expand_parts(new)

    @property
    def mean(self) -> Tensor:
        return self.scale * (1 + 1 / self.concentration).lgamma().exp()

    @property
    def mode(self) -> Tensor:
        k = self.concentration
        return self.scale * ((k - 1) / k).clamp(min=0.0) ** (1 / k)

    @property
    def variance(self) -> Tensor:
        k = self.concentration
        return self.scale**2 * ((1 + 2 / k).lgamma().exp() - (2 * (1 + 1 / k).lgamma()).exp())

    def entropy(self) -> Tensor:
        k = self.concentration
        return EULER * (1 - 1 / k) + (self.scale / k).log() + 1


class Kumaraswamy(TransformedDistribution):
    """cdf(x) = 1 - (1 - x^a)^b on (0, 1).

    Args:
        concentration1, concentration0: a and b, positive tensors or numbers.

    Example:
        >>> chainrule.distributions.Kumaraswamy(1.0, 1.0).mean
        tensor(0.5000)

    Samples are PyTorch's at the same seed.
    """

    arg_constraints: ClassVar = {
        "concentration1": constraints.positive,
        "concentration0": constraints.positive,
    }
    support = constraints.unit_interval

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None) -> None:
        self.concentration1, self.concentration0 = broadcast_all(concentration1, concentration0)
        unit = Uniform(chainrule.zeros_like(self.concentration0), chainrule.ones_like(self.concentration0), False)
        super().__init__(unit, self._steps(), validate_args)

    def _steps(self) -> list[Any]:
        a, b = self.concentration1, self.concentration0
        return [PowerTransform(1 / b), AffineTransform(1.0, -1.0), PowerTransform(1 / a)]

    def _expand_parts(self, new: Any) -> None:
        new.transforms = new._steps()
        super()._expand_parts(new)

    def _moment(self, n: int) -> Tensor:
        a, b = self.concentration1, self.concentration0
        arg = 1 + n / a
        return (arg.lgamma() + b.lgamma() - (arg + b).lgamma()).exp() * b

    @property
    def mean(self) -> Tensor:
        return self._moment(1)

    @property
    def mode(self) -> Tensor:
        """((a - 1) / (a b - 1))^(1 / a); NaN where the density grows without bound."""
        a, b = self.concentration1, self.concentration0
        return ((a - 1) / (a * b - 1)).pow(1 / a).masked_fill((a < 1) | (b < 1), chainrule.nan)

    @property
    def variance(self) -> Tensor:
        return self._moment(2) - self.mean**2

    def entropy(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        harmonic = (b + 1).digamma() + EULER
        return (1 - 1 / b) + (1 - 1 / a) * harmonic - a.log() - b.log()


def _brief(value: Tensor) -> str:
    return f"{value.tolist()}" if value.numel() <= 8 else f"a tensor of shape {tuple(value.shape)}"
