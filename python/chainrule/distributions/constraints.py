"""Sets that parameters and values of distributions must lie in.

A constraint has check(value), a boolean tensor over the batch; event_dim, how many of the last axes make one value; and
is_discrete. Names are those of torch.distributions.constraints.

Example:
    >>> from chainrule.distributions import constraints
    >>> constraints.positive.check(chainrule.tensor([1.0, -1.0]))
    tensor([ True, False])
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import chainrule

__all__ = [
    "Constraint", "boolean", "corr_cholesky", "dependent", "dependent_property", "greater_than", "greater_than_eq",
    "half_open_interval", "independent", "integer_interval", "interval", "is_dependent", "less_than",
    "lower_cholesky", "lower_triangular", "multinomial", "nonnegative", "nonnegative_integer", "one_hot", "positive",
    "positive_definite", "positive_integer", "positive_semidefinite", "real", "real_vector", "simplex", "square",
    "symmetric", "unit_interval",
]  # fmt: skip

Tensor = Any


class Constraint:
    """A set of values. check(value) tells for each event whether it lies inside."""

    is_discrete = False
    event_dim = 0
    text = ""

    def check(self, value: Tensor) -> Tensor:
        """Booleans of the shape of value without its last event_dim axes."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__.lstrip('_')}({self.text})"

    def describe(self) -> str:
        """What a value must be, for messages."""
        return self.text or type(self).__name__.lstrip("_")


class _Dependent(Constraint):
    """A set that depends on the distribution's other parameters: not known to the class alone."""

    text = "dependent"

    def __init__(self, *, is_discrete: bool = False, event_dim: int = 0) -> None:
        self.is_discrete, self.event_dim = is_discrete, event_dim

    def check(self, value: Tensor) -> Tensor:
        raise ValueError("constraints: a dependent constraint has no values to check; ask an instance's support.")

    def __call__(self, *, is_discrete: bool | None = None, event_dim: int | None = None) -> _Dependent:
        return _Dependent(
            is_discrete=self.is_discrete if is_discrete is None else is_discrete,
            event_dim=self.event_dim if event_dim is None else event_dim,
        )


def is_dependent(constraint: Any) -> bool:
    """Whether the constraint is known for instances only."""
    return isinstance(constraint, _Dependent)


class dependent_property(property, _Dependent):
    """A property that gives a constraint on instances and stands for a dependent one on the class."""

    def __init__(self, fn: Any = None, *, is_discrete: bool = False, event_dim: int = 0) -> None:
        property.__init__(self, fn)
        _Dependent.__init__(self, is_discrete=is_discrete, event_dim=event_dim)

    def __call__(self, fn: Any) -> dependent_property:  # type: ignore[override]
        return dependent_property(fn, is_discrete=self.is_discrete, event_dim=self.event_dim)


class _Boolean(Constraint):
    is_discrete, text = True, "0 or 1"

    def check(self, value: Tensor) -> Tensor:
        return (value == 0) | (value == 1)


class _Interval(Constraint):
    """Numbers between two bounds, either of which may be absent, each inside or outside."""

    def __init__(self, low: Any = None, high: Any = None, open_low: bool = False, open_high: bool = False) -> None:
        self.lower_bound, self.upper_bound, self.open = low, high, (open_low, open_high)
        left = [] if low is None else [f"{'>' if open_low else '>='} {_bound(low)}"]
        self.text = " and ".join(left + ([] if high is None else [f"{'<' if open_high else '<='} {_bound(high)}"]))

    def check(self, value: Tensor) -> Tensor:
        low, high = self.lower_bound, self.upper_bound
        inside = value == value
        if low is not None:
            inside = value > low if self.open[0] else value >= low
        if high is not None:
            inside = inside & (value < high if self.open[1] else value <= high)
        return inside


class _IntegerInterval(_Interval):
    is_discrete = True

    def __init__(self, low: Any = None, high: Any = None) -> None:
        super().__init__(low, high)
        self.text = f"an integer {self.text}"

    def check(self, value: Tensor) -> Tensor:
        return super().check(value) & (value % 1 == 0)


def _bound(value: Any) -> str:
    if not isinstance(value, chainrule.Tensor):
        return f"{value}"
    return f"{value.item():g}" if value.numel() == 1 else f"a bound of shape {tuple(value.shape)}"


class _Real(Constraint):
    text = "not NaN"

    def check(self, value: Tensor) -> Tensor:
        return value == value


class _Simplex(Constraint):
    event_dim, text = 1, "non-negative numbers of sum 1 along the last axis"

    def check(self, value: Tensor) -> Tensor:
        return (value >= 0).all(-1) & ((value.sum(-1) - 1).abs() < 1e-6)


class _OneHot(Constraint):
    is_discrete, event_dim, text = True, 1, "a single 1 and zeros along the last axis"

    def check(self, value: Tensor) -> Tensor:
        return ((value == 0) | (value == 1)).all(-1) & (value.sum(-1) == 1)


class _Multinomial(Constraint):
    is_discrete, event_dim = True, 1

    def __init__(self, upper_bound: Any) -> None:
        self.upper_bound = upper_bound
        self.text = f"counts of sum {_bound(upper_bound)} along the last axis"

    def check(self, value: Tensor) -> Tensor:
        return (value >= 0).all(-1) & (value.sum(-1) == self.upper_bound)


class _Matrix(Constraint):
    """Square matrices in the last two axes. holds(value) tells of each whether it is as wanted."""

    event_dim = 2

    def __init__(self, kind: str, holds: Callable[[Tensor], Tensor]) -> None:
        self.text = f"a {kind} matrix in the last two axes"
        self._holds = holds

    def check(self, value: Tensor) -> Tensor:
        if value.shape[-2] != value.shape[-1]:
            return _is_any(value) & False
        return self._holds(value)


def _is_any(value: Tensor) -> Tensor:
    return chainrule.ones(value.shape[:-2], dtype=chainrule.bool)


def _is_lower(value: Tensor) -> Tensor:
    return (value.tril() == value).flatten(-2).all(-1)


def _is_cholesky(value: Tensor) -> Tensor:
    return _is_lower(value) & (value.diagonal(0, -2, -1) > 0).all(-1)


def _is_correlation_cholesky(value: Tensor) -> Tensor:
    """Rows of length 1, to rounding."""
    allowed = 10 * value.shape[-1] * chainrule.finfo(value.dtype).eps
    return _is_cholesky(value) & ((value.norm(dim=-1) - 1).abs() <= allowed).all(-1)


def _is_symmetric(value: Tensor) -> Tensor:
    return ((value - value.transpose(-1, -2)).abs() <= 1e-6).flatten(-2).all(-1)


def _least_eigenvalue(value: Tensor) -> Tensor:
    return chainrule.linalg.eigvalsh(value.detach())[..., 0]


def _is_positive_semidefinite(value: Tensor) -> Tensor:
    return _is_symmetric(value) & (_least_eigenvalue(value) >= 0)


def _is_positive_definite(value: Tensor) -> Tensor:
    return _is_symmetric(value) & (_least_eigenvalue(value) > 0)


class _Independent(Constraint):
    """A constraint whose values are joined along further axes."""

    def __init__(self, base_constraint: Constraint, reinterpreted_batch_ndims: int) -> None:
        self.base_constraint, self.reinterpreted_batch_ndims = base_constraint, reinterpreted_batch_ndims
        self.is_discrete = base_constraint.is_discrete
        self.event_dim = base_constraint.event_dim + reinterpreted_batch_ndims
        self.text = base_constraint.describe()

    def check(self, value: Tensor) -> Tensor:
        inside = self.base_constraint.check(value)
        if inside.dim() < self.reinterpreted_batch_ndims:
            raise ValueError(
                f"constraints: at least {self.event_dim} axes are required, got shape {tuple(value.shape)}."
            )
        return inside.flatten(inside.dim() - self.reinterpreted_batch_ndims).all(-1) if self.event_dim else inside


dependent = _Dependent()
independent = _Independent
boolean = _Boolean()
real = _Real()
real_vector = independent(real, 1)
simplex = _Simplex()
one_hot = _OneHot()
multinomial = _Multinomial


def interval(lower_bound: Any, upper_bound: Any) -> Constraint:
    """Numbers in [lower_bound, upper_bound]."""
    return _Interval(lower_bound, upper_bound)


def half_open_interval(lower_bound: Any, upper_bound: Any) -> Constraint:
    """Numbers in [lower_bound, upper_bound)."""
    return _Interval(lower_bound, upper_bound, open_high=True)


def greater_than(lower_bound: Any) -> Constraint:
    """Numbers above lower_bound."""
    return _Interval(lower_bound, open_low=True)


def greater_than_eq(lower_bound: Any) -> Constraint:
    """Numbers not below lower_bound."""
    return _Interval(lower_bound)


def less_than(upper_bound: Any) -> Constraint:
    """Numbers below upper_bound."""
    return _Interval(high=upper_bound, open_high=True)


def integer_interval(lower_bound: Any, upper_bound: Any) -> Constraint:
    """Integers from lower_bound to upper_bound, both included."""
    return _IntegerInterval(lower_bound, upper_bound)


unit_interval = interval(0.0, 1.0)
positive = greater_than(0.0)
nonnegative = greater_than_eq(0.0)
nonnegative_integer = _IntegerInterval(0)
positive_integer = _IntegerInterval(1)
square = _Matrix("square", _is_any)
lower_triangular = _Matrix("lower triangular", _is_lower)
corr_cholesky = _Matrix("lower triangular, with positive diagonal and rows of length 1,", _is_correlation_cholesky)
lower_cholesky = _Matrix("lower triangular, with positive diagonal,", _is_cholesky)
symmetric = _Matrix("symmetric", _is_symmetric)
positive_semidefinite = _Matrix("positive semidefinite", _is_positive_semidefinite)
positive_definite = _Matrix("positive definite", _is_positive_definite)
