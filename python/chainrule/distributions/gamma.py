"""The gamma distribution and its relatives: Gamma, Chi2, Beta, Dirichlet, StudentT, FisherSnedecor, InverseGamma.

Samples of _standard_gamma have a gradient with respect to the shape parameter a by implicit differentiation of the
cumulative distribution F: dz/da = -(dF/da) / (dF/dz) (Figurnov, Mohamed and Mnih, "Implicit reparameterization
gradients", 2018). A Dirichlet's sample is g / sum(g) with g gamma, and its gradient follows from that: one sample's
gradient is another one than PyTorch's (which differentiates another way of sampling), its expected value is the same.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

import chainrule
from chainrule.autograd import Function, once_differentiable

from . import constraints
from .distribution import Distribution
from .transformed_distribution import TransformedDistribution
from .transforms import PowerTransform
from .utils import broadcast_all

Tensor = Any


draw_gamma: Any = getattr(chainrule._core, "_standard_gamma")  # noqa: B009  (no stub has a private name)


class _StandardGamma(Function):
    """Samples of Gamma(a, 1), differentiable in a."""

    @staticmethod
    def forward(ctx: Any, a: Tensor) -> Tensor:
        z = draw_gamma(a)
        ctx.save_for_backward(a, z)
        return z

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> Tensor:
        a, z = ctx.saved_tensors
        return grad_output * gamma_sample_gradient(a, z)


def standard_gamma(a: Tensor) -> Tensor:
    """Samples of Gamma(a, 1), differentiable in a."""
    return _StandardGamma.apply(a)


def _quadrature(points: int, width: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of the exp-sinh rule on (0, inf) (Takahasi and Mori, 1974)."""
    t = np.linspace(-width, width, points)
    s = np.exp(np.pi / 2 * np.sinh(t))
    return s, s * np.pi / 2 * np.cosh(t) * (t[1] - t[0])


_NODES, _WEIGHTS = _quadrature(121, 3.4)


def gamma_sample_gradient(a: Tensor, z: Tensor) -> Tensor:
    """dz/da of a sample z of Gamma(a, 1): -(dF/da) / f, f the density.

    dF/da is the integral of (log t - digamma(a)) f(t) over t < z, and minus that over t > z.
    """
    digamma = a.detach().double().digamma().numpy().reshape(-1)
    (_, logs), below = _side_integrals(a, z, digamma)
    return chainrule.tensor(np.where(below, -logs, logs).reshape(z.shape), dtype=z.dtype)


def _side_integrals(a: Tensor, z: Tensor, center: Any = 0.0) -> tuple[list[Any], Any]:
    """Integrals of f(t) / f(z) and of (log t - center) f(t) / f(z) over t on the shorter side of z; is it t < z?

    The substitution t = z exp(-s), or z exp(s), makes the integrands smooth falling functions of s >= 0.
    """
    a, z = (x.detach().double().numpy().reshape(-1, 1) for x in (a, z))
    center = np.broadcast_to(np.reshape(center, (-1, 1)), z.shape)
    parts = [_integrals(a[i : i + 512], z[i : i + 512], center[i : i + 512]) for i in range(0, len(z), 512)]
    sums = np.concatenate(parts, 1) if parts else np.empty((2, 0))
    return [sums[0], sums[1]], (z < a)[:, 0]


def _integrals(a: Any, z: Any, center: Any) -> Any:
    """The two integrals for a few rows, so that the terms stay in the cache."""
    below = z < a
    side = np.where(below, -1.0, 1.0)
    scale = np.abs(z - a) + np.sqrt(z)
    s = _NODES / scale
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        weights = np.exp(side * a * s - z * np.expm1(side * s)) * (z * _WEIGHTS / scale)
        logs = (np.log(z) + side * s - center) * weights
    return np.stack([np.where(np.isfinite(terms), terms, 0.0).sum(-1) for terms in (weights, logs)])


class _GammaCdf(Function):
    """The cumulative distribution F of Gamma(a, 1) at z: the regularised lower incomplete gamma function."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, z: Tensor) -> Tensor:
        ctx.save_for_backward(a, z)
        return chainrule.special.gammainc(a, z)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, Tensor]:
        a, z = ctx.saved_tensors
        density = _standard_density(a, z)
        ends = (z == 0) | (z == math.inf)  # F is 0 or 1 there, whatever a
        inner = z.masked_fill(ends, 1.0)
        by_a = -_standard_density(a, inner) * gamma_sample_gradient(a, inner)
        return grad_output * by_a.masked_fill(ends, 0.0), grad_output * density.masked_fill(z == math.inf, 0.0)


def _standard_density(a: Tensor, z: Tensor) -> Tensor:
    """The slope of igamma, which large shapes do not make cancel as they do exp of a sum of logarithms."""
    with chainrule.enable_grad():
        z = z.detach().requires_grad_()
        return chainrule.autograd.grad(chainrule.igamma(a.detach(), z).sum(), z)[0]


class Gamma(Distribution):
    """p(x) = rate^a x^(a - 1) exp(-rate x) / Gamma(a).

    Args:
        concentration: a > 0, a tensor or a number.
        rate: positive tensor or number.

    Example:
        >>> chainrule.distributions.Gamma(2.0, 4.0).mean
        tensor(0.5000)

    Samples are PyTorch's at the same seed.
    """

    arg_constraints: ClassVar = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        self.concentration, self.rate = broadcast_all(concentration, rate)
        super().__init__(self.concentration.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.rate

    @property
    def mode(self) -> Tensor:
        return ((self.concentration - 1) / self.rate).clamp(min=0.0)

    @property
    def variance(self) -> Tensor:
        return self.concentration / self.rate**2

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        value = standard_gamma(self.concentration.expand(shape)) / self.rate
        return _at_least(value, chainrule.finfo(value.dtype).tiny)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        a, rate = self.concentration, self.rate
        return chainrule.xlogy(a, rate) + chainrule.xlogy(a - 1, value) - rate * value - a.lgamma()

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return _GammaCdf.apply(*broadcast_all(self.concentration, self.rate * value))

    def entropy(self) -> Tensor:
        a = self.concentration
        return a - self.rate.log() + a.lgamma() + (1 - a) * a.digamma()


class Chi2(Gamma):
    """The sum of df squares of standard normal numbers: Gamma(df / 2, 1 / 2).

    Args:
        df: degrees of freedom, a positive tensor or number.

    Example:
        >>> chainrule.distributions.Chi2(3.0).mean
        tensor(3.)

    Samples are PyTorch's at the same seed.
    """

    arg_constraints: ClassVar = {"df": constraints.positive}

    def __init__(self, df: Any, validate_args: bool | None = None) -> None:
        super().__init__(0.5 * df, 0.5, validate_args)

    @property
    def df(self) -> Tensor:
        """Degrees of freedom."""
        return 2 * self.concentration

    def _expand_parts(self, new: Any) -> None:
        new.concentration = self.concentration.expand(new._batch_shape)
        new.rate = self.rate.expand(new._batch_shape)


class Dirichlet(Distribution):
    """Points of the simplex: p(x) proportional to the product of x_i^(a_i - 1).

    Args:
        concentration: (..., K) positive numbers a.

    Example:
        >>> chainrule.distributions.Dirichlet(chainrule.tensor([1.0, 3.0])).mean
        tensor([0.2500, 0.7500])

    Samples are PyTorch's at the same seed; their gradients differ one by one and agree in the mean.
    """

    arg_constraints: ClassVar = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, concentration: Any, validate_args: bool | None = None) -> None:
        if concentration.dim() < 1:
            raise ValueError("Dirichlet: concentration must have at least one axis, got a number.")
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args)

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.concentration.sum(-1, keepdim=True)

    @property
    def mode(self) -> Tensor:
        """(a - 1) / sum(a - 1), numbers below 0 taken as 0; NaN where all a are 1 and the density is flat.

        Where all are below 1 the density is infinite at every corner; the first one is given, as by PyTorch.
        """
        less = (self.concentration - 1).clamp(min=0.0)
        corners = (self.concentration < 1).all(-1, keepdim=True)
        first = chainrule.zeros_like(less)
        first[..., 0] = 1
        less = chainrule.where(corners, first, less)
        return less / less.sum(-1, keepdim=True)

    @property
    def variance(self) -> Tensor:
        total = self.concentration.sum(-1, keepdim=True)
        return self.concentration * (total - self.concentration) / (total**2 * (total + 1))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        a = self.concentration.expand(self._extended_shape(sample_shape))
        gamma = standard_gamma(a.double())
        share = (gamma / gamma.sum(-1, keepdim=True)).to(a.dtype)
        limits = chainrule.finfo(a.dtype)
        return _at_least(share, limits.tiny).clamp(max=1 - limits.eps / 2)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        a = self.concentration
        return chainrule.xlogy(a - 1, value).sum(-1) + a.sum(-1).lgamma() - a.lgamma().sum(-1)

    def entropy(self) -> Tensor:
        a, k = self.concentration, self.concentration.shape[-1]
        total = a.sum(-1)
        rest = (k - total) * total.digamma() + ((a - 1) * a.digamma()).sum(-1)
        return a.lgamma().sum(-1) - total.lgamma() - rest


class Beta(Distribution):
    """p(x) proportional to x^(a - 1) (1 - x)^(b - 1) on (0, 1).

    Args:
        concentration1, concentration0: a and b, positive tensors or numbers.

    Example:
        >>> chainrule.distributions.Beta(1.0, 3.0).mean
        tensor(0.2500)

    Samples are PyTorch's at the same seed; their gradients differ one by one and agree in the mean.
    """

    arg_constraints: ClassVar = {
        "concentration1": constraints.positive,
        "concentration0": constraints.positive,
    }
    support = constraints.unit_interval
    has_rsample = True

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None) -> None:
        self.concentration1, self.concentration0 = broadcast_all(concentration1, concentration0)
        super().__init__(self.concentration1.shape, validate_args=validate_args)

    @property
    def _dirichlet(self) -> Dirichlet:
        return Dirichlet(chainrule.stack([self.concentration1, self.concentration0], -1), validate_args=False)

    @property
    def mean(self) -> Tensor:
        return self.concentration1 / (self.concentration1 + self.concentration0)

    @property
    def mode(self) -> Tensor:
        return self._dirichlet.mode[..., 0]

    @property
    def variance(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        return a * b / ((a + b) ** 2 * (a + b + 1))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self._dirichlet.rsample(sample_shape).select(-1, 0)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return self._dirichlet.log_prob(chainrule.stack([value, 1 - value], -1))

    def entropy(self) -> Tensor:
        return self._dirichlet.entropy()


class StudentT(Distribution):
    """loc + scale x / sqrt(c / df), x standard normal and c chi-squared of df degrees of freedom.

    Args:
        df: degrees of freedom, a positive tensor or number.
        loc: a tensor or a number.
        scale: positive tensor or number.

    Example:
        >>> chainrule.distributions.StudentT(1.0).log_prob(chainrule.tensor(0.0))
        tensor(-1.1447)

    Samples are PyTorch's at the same seed.
    """

    arg_constraints: ClassVar = {
        "df": constraints.positive,
        "loc": constraints.real,
        "scale": constraints.positive,
    }
    support = constraints.real
    has_rsample = True

    def __init__(self, df: Any, loc: Any = 0.0, scale: Any = 1.0, validate_args: bool | None = None) -> None:
        self.df, self.loc, self.scale = broadcast_all(df, loc, scale)
        super().__init__(self.df.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """NaN for df <= 1."""
        return self.loc.masked_fill(self.df <= 1, chainrule.nan)

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        """Infinite for 1 < df <= 2, NaN for df <= 1."""
        df = self.df
        finite = self.scale**2 * df / (df - 2).masked_fill(df <= 2, 1.0)
        return finite.masked_fill(df <= 2, math.inf).masked_fill(df <= 1, chainrule.nan)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        x = chainrule.randn(shape, dtype=self.df.dtype)
        chi2 = Chi2(self.df, validate_args=False).rsample(sample_shape)
        return self.loc + self.scale * x * (chi2 / self.df).rsqrt()

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        y, df = (value - self.loc) / self.scale, self.df
        norm = self.scale.log() + 0.5 * (df * math.pi).log() + (0.5 * df).lgamma() - (0.5 * (df + 1)).lgamma()
        return -0.5 * (df + 1) * (y**2 / df).log1p() - norm

    def entropy(self) -> Tensor:
        half, more = 0.5 * self.df, 0.5 * (self.df + 1)
        log_beta = half.lgamma() + math.lgamma(0.5) - more.lgamma()
        return self.scale.log() + more * (more.digamma() - half.digamma()) + 0.5 * self.df.log() + log_beta


class FisherSnedecor(Distribution):
    """The ratio of two chi-squared numbers, each divided by its degrees of freedom.

    Args:
        df1, df2: degrees of freedom, positive tensors or numbers.

    Example:
        >>> chainrule.distributions.FisherSnedecor(2.0, 4.0).mean
        tensor(2.)

    Samples are PyTorch's at the same seed.
    """

    arg_constraints: ClassVar = {"df1": constraints.positive, "df2": constraints.positive}
    support = constraints.positive
    has_rsample = True

    def __init__(self, df1: Any, df2: Any, validate_args: bool | None = None) -> None:
        self.df1, self.df2 = broadcast_all(df1, df2)
        super().__init__(self.df1.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """NaN for df2 <= 2."""
        df2 = self.df2.masked_fill(self.df2 <= 2, chainrule.nan)
        return df2 / (df2 - 2)

    @property
    def mode(self) -> Tensor:
        """NaN for df1 <= 2."""
        mode = (self.df1 - 2) / self.df1 * self.df2 / (self.df2 + 2)
        return mode.masked_fill(self.df1 <= 2, chainrule.nan)

    @property
    def variance(self) -> Tensor:
        """NaN for df2 <= 4."""
        df2 = self.df2.masked_fill(self.df2 <= 4, chainrule.nan)
        return 2 * df2**2 * (self.df1 + df2 - 2) / (self.df1 * (df2 - 2) ** 2 * (df2 - 4))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        x1 = Gamma(self.df1 * 0.5, self.df1, validate_args=False).rsample(sample_shape)
        x2 = Gamma(self.df2 * 0.5, self.df2, validate_args=False).rsample(sample_shape)
        tiny = chainrule.finfo(x2.dtype).tiny
        return _at_least(x1 / _at_least(x2, tiny), tiny)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        ratio, h1, h2 = self.df1 / self.df2, self.df1 * 0.5, self.df2 * 0.5
        norm = (h1 + h2).lgamma() - h1.lgamma() - h2.lgamma()
        return norm + h1 * ratio.log() + (h1 - 1) * value.log() - (h1 + h2) * (ratio * value).log1p()


class InverseGamma(TransformedDistribution):
    """1 / x, x from Gamma(concentration, rate).

    Args:
        concentration, rate: positive tensors or numbers.

    Example:
        >>> chainrule.distributions.InverseGamma(3.0, 4.0).mean
        tensor(2.)

    Samples are PyTorch's at the same seed.
    """

    arg_constraints: ClassVar = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.positive

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        base = Gamma(concentration, rate, validate_args)
        inverse = PowerTransform(chainrule.tensor(-1.0, dtype=base.rate.dtype))
        super().__init__(base, inverse, validate_args)

    @property
    def concentration(self) -> Tensor:
        """The gamma distribution's concentration."""
        return self.base_dist.concentration

    @property
    def rate(self) -> Tensor:
        """The gamma distribution's rate."""
        return self.base_dist.rate

    @property
    def mean(self) -> Tensor:
        """Infinite for a concentration <= 1."""
        less = self.concentration - 1
        return chainrule.where(less > 0, self.rate / less, chainrule.full_like(less, math.inf))

    @property
    def mode(self) -> Tensor:
        return self.rate / (self.concentration + 1)

    @property
    def variance(self) -> Tensor:
        """Infinite for a concentration <= 2."""
        a = self.concentration
        finite = self.rate**2 / ((a - 1) ** 2 * (a - 2))
        return chainrule.where(a > 2, finite, chainrule.full_like(a, math.inf))

    def entropy(self) -> Tensor:
        a = self.concentration
        return a + self.rate.log() + a.lgamma() - (1 + a) * a.digamma()


def _at_least(value: Tensor, least: float) -> Tensor:
    """Values not below the bound; gradients pass as if nothing had been moved."""
    return value + (value.detach().clamp(min=least) - value.detach())
