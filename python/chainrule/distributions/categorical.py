"""Categorical: one of K classes."""

from __future__ import annotations

from typing import Any, ClassVar

import chainrule

from . import constraints
from .distribution import Distribution
from .utils import lazy_property, logits_to_probs, probs_to_logits

Tensor = Any


class Categorical(Distribution):
    """The distribution over classes 0 to K - 1 that gives class k the probability probs[..., k].

    Args:
        probs: (..., K) non-negative numbers; they are divided by their sum.
        logits: (..., K) logarithms of the probabilities up to a constant: in place of probs.

    Raises:
        ValueError: both or neither of probs and logits are given, or they have no axis.

    Example:
        >>> coin = chainrule.distributions.Categorical(probs=chainrule.tensor([0.25, 0.75]))
        >>> coin.log_prob(chainrule.tensor(1))
        tensor(-0.2877)
        >>> coin.sample((4,)).dtype
        chainrule.int64

    Samples are PyTorch's at the same seed.
    """

    arg_constraints: ClassVar = {"probs": constraints.simplex, "logits": constraints.real_vector}
    has_enumerate_support = True

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        given = one_of(type(self).__name__, probs, logits)
        if given.dim() < 1:
            raise ValueError(f"{type(self).__name__}: probabilities must have at least one axis, got a number.")
        if probs is not None:
            if validate_args or (validate_args is None and self._validate_args):
                _check_weights(type(self).__name__, probs)
            self.probs = probs / probs.sum(-1, keepdim=True)
        else:
            self.logits = logits - logits.logsumexp(-1, keepdim=True)
        self._num_events = given.shape[-1]
        super().__init__(given.shape[:-1], validate_args=validate_args)

    @lazy_property
    def probs(self) -> Tensor:
        """The probabilities."""
        return logits_to_probs(self.logits)

    @lazy_property
    def logits(self) -> Tensor:
        """The logarithms of the probabilities."""
        return probs_to_logits(self.probs)

    @property
    def param_shape(self) -> Any:
        """The shape of probs and logits."""
        return (self.probs if "probs" in self.__dict__ else self.logits).shape

    @constraints.dependent_property(is_discrete=True)
    def support(self) -> Any:
        """Integers from 0 to K - 1."""
        return constraints.integer_interval(0, self._num_events - 1)

    @property
    def mean(self) -> Tensor:
        """NaN: classes have no mean."""
        return self.probs.new_full(self._batch_shape, chainrule.nan)

    @property
    def mode(self) -> Tensor:
        return self.probs.argmax(-1)

    @property
    def variance(self) -> Tensor:
        """NaN: classes have no variance."""
        return self.probs.new_full(self._batch_shape, chainrule.nan)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        shape = chainrule.Size(sample_shape)
        with chainrule.no_grad():
            drawn = chainrule.multinomial(self.probs.reshape(-1, self._num_events), shape.numel(), replacement=True)
            return drawn.t().reshape(shape + self._batch_shape)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        shape = chainrule.broadcast_tensors(value, self.logits[..., 0])[0].shape
        index = value.long().expand(shape).unsqueeze(-1)
        return self.logits.expand((*shape, self._num_events)).gather(-1, index).squeeze(-1)

    def entropy(self) -> Tensor:
        logits = self.logits.clamp(min=chainrule.finfo(self.logits.dtype).min)  # 0 log 0 is 0
        return -(logits * self.probs).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        values = chainrule.arange(self._num_events).reshape([-1] + [1] * len(self._batch_shape))
        return values.expand(chainrule.Size((self._num_events,)) + self._batch_shape) if expand else values


def one_of(name: str, probs: Any, logits: Any) -> Any:
    """The one that is given."""
    if (probs is None) == (logits is None):
        raise ValueError(
            f"{name}: exactly one of probs and logits is required, got {'none' if probs is None else 'both'}."
        )
    return logits if probs is None else probs


def _check_weights(name: str, probs: Tensor) -> None:
    if not (probs >= 0).all() or not (probs.sum(-1) > 0).all():
        raise ValueError(
            f"{name}: probs must be non-negative with a positive sum along the last axis, got shape "
            f"{tuple(probs.shape)} with minimum {probs.min().item():g}."
        )
