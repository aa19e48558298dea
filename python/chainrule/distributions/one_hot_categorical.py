"""One of K classes as a vector: OneHotCategorical, and its relaxation with gradients."""

from __future__ import annotations

from typing import Any, ClassVar

import chainrule
from chainrule.nn import functional as F

from . import constraints
from .categorical import Categorical
from .distribution import Distribution
from .transformed_distribution import Relaxed
from .transforms import ExpTransform
from .utils import broadcast_all, clamp_probs

Tensor = Any


class CategoricalParameter(Distribution):
    """What distributions of vectors over K classes share: probs and logits stand in a Categorical."""

    arg_constraints: ClassVar = {"probs": constraints.simplex, "logits": constraints.real_vector}

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        self._categorical = Categorical(probs, logits, validate_args)
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:], validate_args)

    def _check_parameters(self) -> None:
        """The Categorical has done it."""

    def _expand_parts(self, new: Any) -> None:
        new._categorical = self._categorical.expand(new._batch_shape)

    @property
    def probs(self) -> Tensor:
        """The probabilities."""
        return self._categorical.probs

    @property
    def logits(self) -> Tensor:
        """The logarithms of the probabilities."""
        return self._categorical.logits

    @property
    def param_shape(self) -> Any:
        """The shape of probs and logits."""
        return self._categorical.param_shape

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class OneHotCategorical(CategoricalParameter):
    """Categorical whose value is a vector with a 1 at the class and zeros elsewhere.

    Args:
        probs, logits: as for Categorical.

    Example:
        >>> chainrule.distributions.OneHotCategorical(chainrule.ones(4)).sample((3,)).sum(-1)
        tensor([1., 1., 1.])

    Samples are PyTorch's at the same seed.
    """

    support = constraints.one_hot
    has_enumerate_support = True

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def mode(self) -> Tensor:
        return F.one_hot(self.probs.argmax(-1), self.event_shape[0]).to(self.probs.dtype)

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        drawn = self._categorical.sample(sample_shape)
        return F.one_hot(drawn, self.event_shape[0]).to(self.probs.dtype)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return self._categorical.log_prob(value.argmax(-1))

    def entropy(self) -> Tensor:
        return self._categorical.entropy()

    def enumerate_support(self, expand: bool = True) -> Tensor:
        n = self.event_shape[0]
        values = chainrule.eye(n, dtype=self.probs.dtype).reshape([n] + [1] * len(self._batch_shape) + [n])
        return values.expand((n, *self._batch_shape, n)) if expand else values


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """OneHotCategorical whose rsample passes the gradient to probs unchanged.

    Source: Bengio, Leonard and Courville, "Estimating or propagating gradients through stochastic neurons", 2013.
    """

    has_rsample = True

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self.sample(sample_shape) + (self.probs - self.probs.detach())


class ExpRelaxedCategorical(CategoricalParameter):
    """The logarithm of a RelaxedOneHotCategorical: log_softmax((logits + Gumbel noise) / temperature).

    Source: Maddison, Mnih and Teh, "The concrete distribution", 2017.
    """

    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        self.temperature = temperature
        super().__init__(probs, logits, validate_args)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        u = clamp_probs(chainrule.rand(self._extended_shape(sample_shape), dtype=self.logits.dtype))
        scores = (self.logits - (-u.log()).log()) / self.temperature
        return scores - scores.logsumexp(-1, keepdim=True)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        n = self.event_shape[0]
        temperature = chainrule.as_tensor(self.temperature, dtype=logits.dtype)
        scale = chainrule.tensor(float(n), dtype=logits.dtype).lgamma() + (n - 1) * temperature.log()
        return F.log_softmax(logits - value * self.temperature, -1).sum(-1) + scale


class RelaxedOneHotCategorical(Relaxed):
    """A point of the simplex that nears a corner as the temperature falls (Gumbel-softmax); samples have gradients.

    Args:
        temperature: a positive number or tensor.
        probs, logits: as for Categorical.

    Example:
        >>> relaxed = chainrule.distributions.RelaxedOneHotCategorical(0.5, probs=chainrule.ones(3))
        >>> relaxed.rsample().shape
        chainrule.Size([3])

    Samples are PyTorch's at the same seed.

    Source: Jang, Gu and Poole, "Categorical reparameterization with Gumbel-softmax", 2017.
    """

    arg_constraints: ClassVar = CategoricalParameter.arg_constraints
    support = constraints.simplex

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args)
        super().__init__(base, ExpTransform(), validate_args=validate_args)
