"""Distributions of a real number that transforms make of simpler ones: HalfNormal, LogNormal, Gumbel and others."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import chainrule

from . import constraints
from .continuous import Cauchy, Exponential, Uniform
from .normal import Normal
from .transformed_distribution import TransformedDistribution
from .transforms import AbsTransform, AffineTransform, ExpTransform, PowerTransform
from .utils import EULER, broadcast_all

Tensor = Any


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
