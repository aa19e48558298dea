"""Distribution: what all probability distributions share."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, ClassVar

import chainrule

from . import constraints
from .utils import lazy_property

Tensor = Any


class Distribution:
    """A batch of probability distributions, with PyTorch's names and shapes.

    A sample has shape sample_shape + batch_shape + event_shape: batch_shape holds distributions that are independent
    and differ in their parameters, event_shape the axes of one value. log_prob sums over no batch axis.

    Args:
        batch_shape, event_shape: the shapes.
        validate_args: whether parameters and values are checked (default: as set_default_validate_args says).
    """

    has_rsample = False
    has_enumerate_support = False
    arg_constraints: ClassVar[dict[str, Any]] = {}
    support: Any = None
    _validate_args = __debug__

    def __init__(
        self,
        batch_shape: Sequence[int] = (),
        event_shape: Sequence[int] = (),
        validate_args: bool | None = None,
    ) -> None:
        self._batch_shape, self._event_shape = chainrule.Size(batch_shape), chainrule.Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._check_parameters()

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Whether new distributions check their parameters and values unless they are told otherwise."""
        if value not in (True, False):
            raise ValueError(f"set_default_validate_args: True or False is required, got {value!r}.")
        Distribution._validate_args = bool(value)

    def _check_parameters(self) -> None:
        for name, constraint in self.arg_constraints.items():
            computed = name not in self.__dict__ and isinstance(getattr(type(self), name, None), lazy_property)
            if constraints.is_dependent(constraint) or computed:
                continue
            value = getattr(self, name)
            if not constraint.check(value).all():
                raise ValueError(
                    f"{type(self).__name__}: {name} must be {constraint.describe()}, got {_culprit(value, constraint)}."
                )

    def _validate_sample(self, value: Any) -> None:
        """Raise unless value has the right type and shape and lies in the support."""
        kind = type(self).__name__
        if not isinstance(value, chainrule.Tensor):
            raise ValueError(f"{kind}: value must be a tensor, got {type(value).__name__}.")
        events = len(self._event_shape)
        if tuple(value.shape[value.dim() - events :]) != tuple(self._event_shape):
            raise ValueError(
                f"{kind}: the last axes of value must be the event shape {tuple(self._event_shape)}, "
                f"got shape {tuple(value.shape)}."
            )
        expected = self._batch_shape + self._event_shape
        for got, want in zip(reversed(value.shape), reversed(expected)):
            if got != want and got != 1 and want != 1:
                raise ValueError(
                    f"{kind}: value must broadcast with the batch and event shape {tuple(expected)}, "
                    f"got shape {tuple(value.shape)}."
                )
        support = self.support
        if support is not None and not constraints.is_dependent(support) and not support.check(value).all():
            raise ValueError(f"{kind}: value must be {support.describe()}, got {_culprit(value, support)}.")

    # --- shapes -------------------------------------------------------------------------------------------------------

    @property
    def batch_shape(self) -> Any:
        """The shape of the parameters' batch."""
        return self._batch_shape

    @property
    def event_shape(self) -> Any:
        """The shape of one value."""
        return self._event_shape

    def _extended_shape(self, sample_shape: Sequence[int] = ()) -> Any:
        """The shape of a sample."""
        return chainrule.Size(sample_shape) + self._batch_shape + self._event_shape

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        """The same distribution with its parameters expanded to a larger batch shape, without copying them."""
        new = copy.copy(self) if _instance is None else _instance
        new.__dict__ = {**self.__dict__, **new.__dict__}  # an instance that a program's own expand() made is bare
        new._batch_shape = chainrule.Size(batch_shape)
        new._event_shape = self._event_shape
        for name in self.__dict__:
            if isinstance(getattr(type(self), name, None), lazy_property) and name not in self.arg_constraints:
                new.__dict__.pop(name, None)
        for name, constraint in self.arg_constraints.items():
            if name in self.__dict__:
                value = self.__dict__[name]
                events = value.shape[value.dim() - constraint.event_dim :]
                new.__dict__[name] = value.expand(new._batch_shape + events)
        self._expand_parts(new)
        return new

    def _get_checked_instance(self, cls: type, _instance: Any = None) -> Any:
        """An empty object for an expand() that a program writes itself, as PyTorch's own do."""
        if _instance is not None:
            return _instance
        if type(self).__init__ is not cls.__init__:  # type: ignore[misc]  # a question, no call
            raise NotImplementedError(f"{type(self).__name__}: with an __init__ of its own it needs its own expand().")
        return type(self).__new__(type(self))

    def _expand_parts(self, new: Any) -> None:
        """Expand what is no parameter of its own, such as a base distribution."""

    # --- what a distribution defines ----------------------------------------------------------------------------------

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Random values, without gradients."""
        with chainrule.no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Random values as a differentiable function of the parameters.

        Raises:
            NotImplementedError: the distribution has none (has_rsample is False).
        """
        raise NotImplementedError(f"{type(self).__name__} has no rsample: its samples have no gradient. Use sample().")

    def sample_n(self, n: int) -> Tensor:
        """sample((n,))."""
        return self.sample((n,))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density, or of the probability, at value."""
        return self._absent("log_prob")

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of a value not above this one."""
        return self._absent("cdf")

    def icdf(self, value: Tensor) -> Tensor:
        """The value below which a draw falls with the given probability: the inverse of cdf."""
        return self._absent("icdf")

    def entropy(self) -> Tensor:
        """-E[log p(x)], of the batch shape."""
        return self._absent("entropy")

    def perplexity(self) -> Tensor:
        """exp(entropy)."""
        return self.entropy().exp()

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values of a discrete distribution, along a new first axis."""
        return self._absent("enumerate_support")

    @property
    def mean(self) -> Tensor:
        """The expected value."""
        return self._absent("mean")

    @property
    def mode(self) -> Tensor:
        """The most probable value."""
        return self._absent("mode")

    @property
    def variance(self) -> Tensor:
        """The expected squared distance from the mean."""
        return self._absent("variance")

    @property
    def stddev(self) -> Tensor:
        """The square root of the variance."""
        return self.variance.sqrt()

    def _absent(self, what: str) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no {what}: no closed form is known here.")

    def __repr__(self) -> str:
        parts = []
        for name in self.arg_constraints:
            if name in self.__dict__:
                value = self.__dict__[name]
                parts.append(f"{name}: {value if value.numel() == 1 else tuple(value.shape)}")
        return f"{type(self).__name__}({', '.join(parts)})"


def _culprit(value: Tensor, constraint: Any) -> str:
    """The value where it is short, otherwise its shape and an element outside the constraint."""
    if value.numel() <= 8:
        return f"{value.tolist()}"
    inside = constraint.check(value)
    first = value.detach()[~inside][0]
    return f"shape {tuple(value.shape)}, which holds {first.tolist()}"
