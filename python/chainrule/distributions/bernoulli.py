"""Distributions of a single yes or no: Bernoulli and its continuous relatives."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import chainrule
from chainrule.nn import functional as F

from . import constraints
from .categorical import one_of
from .distribution import Distribution
from .transformed_distribution import Relaxed
from .transforms import SigmoidTransform
from .utils import broadcast_all, clamp_probs, lazy_property, logits_to_probs, probs_to_logits

Tensor = Any


class BinaryParameter(Distribution):
    """What distributions share whose parameter is a probability, given as probs or as logits = log(p / (1 - p))."""

    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        one_of(type(self).__name__, probs, logits)
        if probs is not None:
            (self.probs,) = broadcast_all(probs)
        else:
            (self.logits,) = broadcast_all(logits)
        super().__init__(self._param.shape, validate_args=validate_args)

    @lazy_property
    def probs(self) -> Tensor:
        """The probability of 1."""
        return logits_to_probs(self.logits, is_binary=True)

    @lazy_property
    def logits(self) -> Tensor:
        """log(probs / (1 - probs))."""
        return probs_to_logits(self.probs, is_binary=True)

    @property
    def _param(self) -> Tensor:
        """The one that was given."""
        given = self.__dict__.get("probs")
        return self.logits if given is None else given

    @property
    def param_shape(self) -> Any:
        """The shape of probs and logits."""
        return self._param.shape


class Bernoulli(BinaryParameter):
    """1 with probability p, otherwise 0: log p(x) = x log p + (1 - x) log(1 - p).

    Args:
        probs: probabilities, a tensor or a number.
        logits: log(p / (1 - p)), in place of probs.

    Raises:
        ValueError: both or neither are given, or a probability outside [0, 1].

    Example:
        >>> chainrule.distributions.Bernoulli(0.25).log_prob(chainrule.tensor(1.0))
        tensor(-1.3863)

    Samples are PyTorch's at the same seed.
    """

    support = constraints.boolean
    has_enumerate_support = True

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def mode(self) -> Tensor:
        """The likelier value; NaN at p = 1/2."""
        return (self.probs >= 0.5).to(self.probs.dtype).masked_fill(self.probs == 0.5, chainrule.nan)

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        with chainrule.no_grad():
            return chainrule.bernoulli(self.probs.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        return -F.binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Tensor:
        return F.binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        values = chainrule.arange(2, dtype=self._param.dtype).reshape([2] + [1] * len(self._batch_shape))
        return values.expand((2, *self._batch_shape)) if expand else values


class ContinuousBernoulli(BinaryParameter):
    """A number x in [0, 1] with the density C(p) p^x (1 - p)^(1 - x), C(p) = 2 atanh(1 - 2 p) / (1 - 2 p).

    Args:
        probs: p in (0, 1), a tensor or a number.
        logits: log(p / (1 - p)), in place of probs.
        lims: between these two values of p, near 1/2, the formulas are taken by their Taylor series.

    Example:
        >>> chainrule.distributions.ContinuousBernoulli(0.5).log_prob(chainrule.tensor(0.3))
        tensor(0.)

    Samples are PyTorch's at the same seed.

    Source: Loaiza-Ganem and Cunningham, "The continuous Bernoulli", 2019.
    """

    support = constraints.unit_interval
    has_rsample = True

    def __init__(
        self,
        probs: Any = None,
        logits: Any = None,
        lims: tuple[float, float] = (0.499, 0.501),
        validate_args: bool | None = None,
    ) -> None:
        self._lims = lims
        super().__init__(probs, logits, validate_args)
        if probs is not None:
            self.probs = clamp_probs(self.probs)

    def _by_series(self) -> tuple[Tensor, Tensor]:
        """Where p is near 1/2, and p with a harmless value there."""
        p = clamp_probs(self.probs)
        near = (p > self._lims[0]) & (p <= self._lims[1])
        return near, p.masked_fill(near, self._lims[0])

    def _log_norm(self) -> Tensor:
        near, p = self._by_series()
        formula = ((-p).log1p() - p.log()).abs().log() - (1 - 2 * p).abs().log()
        square = (self.probs - 0.5) ** 2
        return chainrule.where(near, math.log(2) + (4 / 3 + 104 / 45 * square) * square, formula)

    @property
    def mean(self) -> Tensor:
        near, p = self._by_series()
        formula = p / (2 * p - 1) + 1 / ((-p).log1p() - p.log())
        x = self.probs - 0.5
        return chainrule.where(near, 0.5 + (1 / 3 + 16 / 45 * x**2) * x, formula)

    @property
    def variance(self) -> Tensor:
        near, p = self._by_series()
        formula = p * (p - 1) / (1 - 2 * p) ** 2 + 1 / ((-p).log1p() - p.log()) ** 2
        square = (self.probs - 0.5) ** 2
        return chainrule.where(near, 1 / 12 - (1 / 15 - 128 / 945 * square) * square, formula)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        return self.icdf(chainrule.rand(shape, dtype=self._param.dtype))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        return -F.binary_cross_entropy_with_logits(logits, value, reduction="none") + self._log_norm()

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        near, p = self._by_series()
        formula = (p**value * (1 - p) ** (1 - value) + p - 1) / (2 * p - 1)
        inside = chainrule.where(near, value, formula)
        return inside.masked_fill(value <= 0, 0.0).masked_fill(value >= 1, 1.0)

    def icdf(self, value: Tensor) -> Tensor:
        near, p = self._by_series()
        formula = ((-p + value * (2 * p - 1)).log1p() - (-p).log1p()) / (p.log() - (-p).log1p())
        return chainrule.where(near, value, formula)

    def entropy(self) -> Tensor:
        log_no, log_yes = (-self.probs).log1p(), self.probs.log()
        return self.mean * (log_no - log_yes) - self._log_norm() - log_no


class LogitRelaxedBernoulli(BinaryParameter):
    """The logarithm of odds of a RelaxedBernoulli: (logits + log u - log(1 - u)) / temperature, u uniform.

    Source: Maddison, Mnih and Teh, "The concrete distribution", 2017.
    """

    support = constraints.real
    has_rsample = True

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        self.temperature = temperature
        super().__init__(probs, logits, validate_args)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        probs = clamp_probs(self.probs.expand(self._extended_shape(sample_shape)))
        u = clamp_probs(chainrule.rand(probs.shape, dtype=probs.dtype))
        return (u.log() - (-u).log1p() + probs.log() - (-probs).log1p()) / self.temperature

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        d = logits - value * self.temperature
        log_temperature = chainrule.as_tensor(self.temperature, dtype=d.dtype).log()
        return log_temperature + d + 2 * F.logsigmoid(-d)  # log(1 + exp(d)), without overflow


class RelaxedBernoulli(Relaxed):
    """A number in (0, 1) that nears a Bernoulli's 0 or 1 as the temperature falls; its samples have gradients.

    Args:
        temperature: a positive number or tensor.
        probs, logits: as for Bernoulli.

    Example:
        >>> relaxed = chainrule.distributions.RelaxedBernoulli(0.5, probs=chainrule.tensor([0.1, 0.9]))
        >>> relaxed.rsample().shape
        chainrule.Size([2])

    Samples are PyTorch's at the same seed.

    Source: Maddison, Mnih and Teh, "The concrete distribution", 2017.
    """

    arg_constraints: ClassVar = BinaryParameter.arg_constraints
    support = constraints.unit_interval

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        base = LogitRelaxedBernoulli(temperature, probs, logits, validate_args)
        super().__init__(base, SigmoidTransform(), validate_args=validate_args)
