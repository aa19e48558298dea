"""Distributions of counts: Binomial, NegativeBinomial, Geometric, Poisson, Multinomial."""

from __future__ import annotations

from typing import Any, ClassVar

import chainrule
from chainrule.nn import functional as F

from . import constraints
from .bernoulli import BinaryParameter
from .categorical import one_of
from .distribution import Distribution
from .gamma import draw_gamma
from .one_hot_categorical import CategoricalParameter
from .utils import broadcast_all

Tensor = Any


class Poisson(Distribution):
    """Counts of events that come at a rate: log p(k) = k log rate - rate - log k!.

    Args:
        rate: non-negative tensor or number.

    Example:
        >>> chainrule.distributions.Poisson(2.0).log_prob(chainrule.tensor(0.0))
        tensor(-2.)

    Samples are PyTorch's at the same seed.
    """

    arg_constraints: ClassVar = {"rate": constraints.nonnegative}
    support = constraints.nonnegative_integer

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast_all(rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.rate

    @property
    def mode(self) -> Tensor:
        return self.rate.floor()

    @property
    def variance(self) -> Tensor:
        return self.rate

    def sample(self, sample_shape: Any = ()) -> Tensor:
        with chainrule.no_grad():
            return chainrule.poisson(self.rate.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        rate, value = broadcast_all(self.rate, value)
        return chainrule.xlogy(value, rate) - rate - (value + 1).lgamma()


class Geometric(BinaryParameter):
    """Failures before the first success of probability p: log P(k) = k log(1 - p) + log p.

    Args:
        probs: p in (0, 1], a tensor or a number.
        logits: log(p / (1 - p)), in place of probs.

    Example:
        >>> chainrule.distributions.Geometric(0.5).log_prob(chainrule.tensor(0.0))
        tensor(-0.6931)

    Samples are PyTorch's at the same seed.
    """

    support = constraints.nonnegative_integer

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        super().__init__(probs, logits, validate_args)
        if self._validate_args and probs is not None and not (self.probs > 0).all():
            raise ValueError(f"Geometric: probs must be > 0, got a minimum of {self.probs.min().item():g}.")

    @property
    def mean(self) -> Tensor:
        return 1 / self.probs - 1

    @property
    def mode(self) -> Tensor:
        return chainrule.zeros_like(self.probs)

    @property
    def variance(self) -> Tensor:
        return (1 / self.probs - 1) / self.probs

    def sample(self, sample_shape: Any = ()) -> Tensor:
        shape, dtype = self._extended_shape(sample_shape), self._param.dtype
        with chainrule.no_grad():
            u = chainrule.rand(shape, dtype=dtype).clamp(min=chainrule.finfo(dtype).tiny)
            return (u.log() / (-self.probs).log1p()).floor()

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        value, probs = broadcast_all(value, self.probs)
        certain = (probs == 1) & (value == 0)
        return value * (-probs.masked_fill(certain, 0.0)).log1p() + probs.log()

    def entropy(self) -> Tensor:
        return F.binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none") / self.probs


class Binomial(BinaryParameter):
    """Successes in total_count trials of probability p each: P(k) = C(n, k) p^k (1 - p)^(n - k).

    Args:
        total_count: n, a non-negative number or tensor.
        probs: p in [0, 1], a tensor or a number.
        logits: log(p / (1 - p)), in place of probs.

    Example:
        >>> chainrule.distributions.Binomial(2, 0.5).log_prob(chainrule.tensor(1.0)).exp()
        tensor(0.5000)

    Samples are PyTorch's at the same seed.
    """

    arg_constraints: ClassVar = {"total_count": constraints.nonnegative_integer, **BinaryParameter.arg_constraints}
    has_enumerate_support = True

    def __init__(
        self, total_count: Any = 1, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        total_count, given = broadcast_all(total_count, _tensor(one_of("Binomial", probs, logits)))
        self.total_count = total_count.to(given.dtype)
        probs, logits = (None, given) if probs is None else (given, None)
        super().__init__(probs, logits, validate_args)

    @constraints.dependent_property(is_discrete=True)
    def support(self) -> Any:
        """Integers from 0 to total_count."""
        return constraints.integer_interval(0, self.total_count)

    @property
    def mean(self) -> Tensor:
        return self.total_count * self.probs

    @property
    def mode(self) -> Tensor:
        return chainrule.minimum(((self.total_count + 1) * self.probs).floor(), self.total_count)

    @property
    def variance(self) -> Tensor:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        with chainrule.no_grad():
            return chainrule.binomial(self.total_count.expand(shape), self.probs.expand(shape))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        n, logits = self.total_count, self.logits
        choose = (n + 1).lgamma() - (value + 1).lgamma() - (n - value + 1).lgamma()
        return choose + value * logits - n * F.softplus(logits)

    def entropy(self) -> Tensor:
        """Summed over the support.

        Raises:
            NotImplementedError: total_count differs within the batch.
        """
        log_prob = self.log_prob(self.enumerate_support(False))
        return -(log_prob.exp() * log_prob).sum(0)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        n = self.total_count.max()
        if not self.total_count.min() == n:
            raise NotImplementedError("Binomial: the support differs within the batch: total_count must be one number.")
        values = chainrule.arange(1 + int(n), dtype=self._param.dtype).reshape([-1] + [1] * len(self._batch_shape))
        return values.expand((-1, *self._batch_shape)) if expand else values


class NegativeBinomial(BinaryParameter):
    """Successes of probability p before total_count failures.

    P(k) = Gamma(r + k) / (k! Gamma(r)) p^k (1 - p)^r

    Args:
        total_count: r, a non-negative number or tensor.
        probs: p in [0, 1), a tensor or a number.
        logits: log(p / (1 - p)), in place of probs.

    Example:
        >>> chainrule.distributions.NegativeBinomial(3.0, 0.5).mean
        tensor(3.)

    Samples are PyTorch's at the same seed.
    """

    arg_constraints: ClassVar = {
        "total_count": constraints.nonnegative,
        "probs": constraints.half_open_interval(0.0, 1.0),
        "logits": constraints.real,
    }
    support = constraints.nonnegative_integer

    def __init__(
        self, total_count: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        total_count, given = broadcast_all(total_count, _tensor(one_of("NegativeBinomial", probs, logits)))
        self.total_count = total_count.to(given.dtype)
        probs, logits = (None, given) if probs is None else (given, None)
        super().__init__(probs, logits, validate_args)

    @property
    def mean(self) -> Tensor:
        return self.total_count * self.logits.exp()

    @property
    def mode(self) -> Tensor:
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0.0)

    @property
    def variance(self) -> Tensor:
        return self.mean / chainrule.sigmoid(-self.logits)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        with chainrule.no_grad():
            gamma = draw_gamma(self.total_count.expand(shape))
            return chainrule.poisson(gamma / (-self.logits).exp())

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        r = self.total_count
        plain = r * F.logsigmoid(-self.logits) + value * F.logsigmoid(self.logits)
        norm = -(r + value).lgamma() + (1 + value).lgamma() + r.lgamma()
        return plain - norm.masked_fill(r + value == 0, 0.0)


class Multinomial(CategoricalParameter):
    """How often each of K classes comes in total_count draws.

    Args:
        total_count: the number of draws, an int.
        probs: (..., K) non-negative numbers; they are divided by their sum.
        logits: (..., K) logarithms of the probabilities up to a constant: in place of probs.

    Example:
        >>> chainrule.distributions.Multinomial(10, probs=chainrule.tensor([1.0, 1.0])).sample().sum()
        tensor(10.)

    Samples are PyTorch's at the same seed.
    """

    def __init__(
        self, total_count: int = 1, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        if not isinstance(total_count, int):
            raise NotImplementedError(f"Multinomial: total_count must be an int, got {type(total_count).__name__}.")
        self.total_count = total_count
        super().__init__(probs, logits, validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self) -> Any:
        """Counts of sum total_count."""
        return constraints.multinomial(self.total_count)

    @property
    def mean(self) -> Tensor:
        return self.probs * self.total_count

    @property
    def variance(self) -> Tensor:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        drawn = self._categorical.sample((self.total_count, *sample_shape))
        drawn = drawn.permute(*range(1, drawn.dim()), 0)
        counts = chainrule.zeros(self._extended_shape(sample_shape), dtype=self.probs.dtype)
        return counts.scatter_add_(-1, drawn, chainrule.ones(drawn.shape, dtype=counts.dtype))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        logits = logits.masked_fill((value == 0) & (logits == -chainrule.inf), 0.0)
        choose = (value.sum(-1) + 1).lgamma() - (value + 1).lgamma().sum(-1)
        return choose + (logits * value).sum(-1)

    def entropy(self) -> Tensor:
        """n H(p) - log n! + sum over classes of E[log k!], k binomial."""
        n, probs = self.total_count, self.probs
        counts = chainrule.arange(1, n + 1, dtype=probs.dtype).reshape([-1] + [1] * probs.dim())
        weights = Binomial(n, probs=probs).log_prob(counts).exp()
        expected = (weights * (counts + 1).lgamma()).sum((0, -1))
        return n * self._categorical.entropy() - chainrule.tensor(n + 1.0, dtype=probs.dtype).lgamma() + expected


def _tensor(value: Any) -> Tensor:
    """A number as a tensor of the default dtype, so that an integer count does not set the dtype."""
    return value if isinstance(value, chainrule.Tensor) else chainrule.tensor(float(value))
