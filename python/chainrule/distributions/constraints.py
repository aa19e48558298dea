"""Sets that parameters and values of distributions must lie in.

A constraint has check(value), a boolean tensor over the batch; event_dim, how many of the last axes make one value; and
is_discrete. Names are those of torch.distributions.constraints.

Example:
    >>> from chainrule.distributions import constraints
    >>> constraints.positive.check(chainrule.tensor([1.0, -1.0]))
    tensor([ True, False])
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import chainrule

__all__ = [
    "Constraint", "boolean", "cat", "corr_cholesky", "dependent", "dependent_property", "greater_than",
    "greater_than_eq", "half_open_interval", "independent", "integer_interval", "interval", "is_dependent", "less_than",
    "lower_cholesky", "lower_triangular", "multinomial", "nonnegative", "nonnegative_integer", "one_hot", "positive",
    "positive_definite", "positive_integer", "positive_semidefinite", "real", "real_vector", "simplex", "square",
    "stack", "symmetric", "unit_interval",
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

    def __call__(self, fn: Any) -> dependent_property:  # type: ignore[override]  # a decorator
        return dependent_property(fn, is_discrete=self.is_discrete, event_dim=self.event_dim)


class _Boolean(Constraint):
    is_discrete, text = True, "0 or 1"

    def check(self, value: Tensor) -> Tensor:
        return (value == 0) | (value == 1)


class _Between(Constraint):
    """Numbers between two bounds, either of which may be absent, each inside or outside."""

    lower_bound: Any = None
    upper_bound: Any = None
    _open_low = _open_high = False

    def __init__(self, lower_bound: Any = None, upper_bound: Any = None) -> None:
        left = right = []
        if lower_bound is not None:
            self.lower_bound = lower_bound
            left = [f"{'>' if self._open_low else '>='} {_bound(lower_bound)}"]
        if upper_bound is not None:
            self.upper_bound = upper_bound
            right = [f"{'<' if self._open_high else '<='} {_bound(upper_bound)}"]
        self.text = " and ".join(left + right)

    def check(self, value: Tensor) -> Tensor:
        low, high = self.lower_bound, self.upper_bound
        inside = value == value
        if low is not None:
            inside = value > low if self._open_low else value >= low
        if high is not None:
            inside = inside & (value < high if self._open_high else value <= high)
        return inside


class _Interval(_Between):
    """Numbers in [lower_bound, upper_bound]."""

    def __init__(self, lower_bound: Any, upper_bound: Any) -> None:
        super().__init__(lower_bound, upper_bound)


class _HalfOpenInterval(_Between):
    """Numbers in [lower_bound, upper_bound)."""

    _open_high = True

    def __init__(self, lower_bound: Any, upper_bound: Any) -> None:
        super().__init__(lower_bound, upper_bound)


class _GreaterThan(_Between):
    """Numbers above lower_bound."""

    _open_low = True

    def __init__(self, lower_bound: Any) -> None:
        super().__init__(lower_bound)


class _GreaterThanEq(_Between):
    """Numbers not below lower_bound."""

    def __init__(self, lower_bound: Any) -> None:
        super().__init__(lower_bound)


class _LessThan(_Between):
    """Numbers below upper_bound."""

    _open_high = True

    def __init__(self, upper_bound: Any) -> None:
        super().__init__(upper_bound=upper_bound)


class _Integers(_Between):
    is_discrete = True

    def __init__(self, lower_bound: Any = None, upper_bound: Any = None) -> None:
        super().__init__(lower_bound, upper_bound)
        self.text = f"an integer {self.text}"

    def check(self, value: Tensor) -> Tensor:
        return super().check(value) & (value % 1 == 0)


class _IntegerInterval(_Integers):
    """Integers from lower_bound to upper_bound, both included."""

    def __init__(self, lower_bound: Any, upper_bound: Any) -> None:
        super().__init__(lower_bound, upper_bound)


class _IntegerGreaterThan(_Integers):
    """Integers not below lower_bound."""

    def __init__(self, lower_bound: Any) -> None:
        super().__init__(lower_bound)


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
    """Matrices in the last two axes. _holds(value) tells of each whether it is as wanted."""

    event_dim = 2
    kind = ""

    def __init__(self) -> None:
        self.text = f"a {self.kind} matrix in the last two axes"

    def check(self, value: Tensor) -> Tensor:
        return self._holds(value)

    def _holds(self, value: Tensor) -> Tensor:
        return chainrule.ones(value.shape[:-2], dtype=chainrule.bool)


class _Square(_Matrix):
    kind = "square"

    def check(self, value: Tensor) -> Tensor:
        if value.shape[-2] != value.shape[-1]:
            return _Matrix._holds(self, value) & False
        return self._holds(value)


class _LowerTriangular(_Square):
    kind = "lower triangular"

    def _holds(self, value: Tensor) -> Tensor:
        return (value.tril() == value).flatten(-2).all(-1)


class _LowerCholesky(_LowerTriangular):
    kind = "lower triangular, with positive diagonal,"

    def _holds(self, value: Tensor) -> Tensor:
        return super()._holds(value) & (value.diagonal(0, -2, -1) > 0).all(-1)


class _CorrCholesky(_LowerCholesky):
    """Rows of length 1, to rounding."""

    kind = "lower triangular, with positive diagonal and rows of length 1,"

    def _holds(self, value: Tensor) -> Tensor:
        allowed = 10 * value.shape[-1] * chainrule.finfo(value.dtype).eps
        return super()._holds(value) & ((value.norm(dim=-1) - 1).abs() <= allowed).all(-1)


class _Symmetric(_Square):
    kind = "symmetric"

    def _holds(self, value: Tensor) -> Tensor:
        return ((value - value.transpose(-1, -2)).abs() <= 1e-6).flatten(-2).all(-1)


def _least_eigenvalue(value: Tensor) -> Tensor:
    return chainrule.linalg.eigvalsh(value.detach())[..., 0]


class _PositiveSemidefinite(_Symmetric):
    kind = "positive semidefinite"

    def _holds(self, value: Tensor) -> Tensor:
        return super()._holds(value) & (_least_eigenvalue(value) >= 0)


class _PositiveDefinite(_Symmetric):
    kind = "positive definite"

    def _holds(self, value: Tensor) -> Tensor:
        return super()._holds(value) & (_least_eigenvalue(value) > 0)


class _IndependentConstraint(Constraint):
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


class _Joined(Constraint):
    """Parts of a value along the axis dim, each with a constraint of its own."""

    def __init__(self, cseq: Sequence[Constraint], dim: int = 0) -> None:
        self.cseq, self.dim = list(cseq), dim
        if not self.cseq or not all(isinstance(c, Constraint) for c in self.cseq):
            raise ValueError(f"constraints: a sequence of constraints is required, got {cseq!r}.")
        self.text = f"along axis {dim}: " + ", then ".join(c.describe() for c in self.cseq)

    @property
    def is_discrete(self) -> bool:  # type: ignore[override]  # of the base
        return any(c.is_discrete for c in self.cseq)

    @property
    def event_dim(self) -> int:  # type: ignore[override]  # of the base
        return max(c.event_dim for c in self.cseq)

    def _axis(self, value: Tensor) -> int:
        if not -value.dim() <= self.dim < value.dim():
            raise ValueError(f"constraints: no axis {self.dim} in a value of shape {tuple(value.shape)}.")
        return self.dim


class _Cat(_Joined):
    """Values laid one after the other along dim, as by cat(); lengths[i] entries lie in cseq[i]."""

    def __init__(self, cseq: Sequence[Constraint], dim: int = 0, lengths: Sequence[int] | None = None) -> None:
        super().__init__(cseq, dim)
        self.lengths = [1] * len(self.cseq) if lengths is None else list(lengths)
        if len(self.lengths) != len(self.cseq):
            raise ValueError(f"constraints: {len(self.cseq)} lengths are required, got {self.lengths}.")

    def check(self, value: Tensor) -> Tensor:
        parts = value.split(self.lengths, self._axis(value))
        return chainrule.cat([c.check(part) for c, part in zip(self.cseq, parts)], self.dim)


class _Stack(_Joined):
    """Values side by side along dim, as by stack(): slice i lies in cseq[i]."""

    @property
    def event_dim(self) -> int:  # type: ignore[override]  # of the base
        dim = max(c.event_dim for c in self.cseq)
        return dim + 1 if self.dim + dim < 0 else dim

    def check(self, value: Tensor) -> Tensor:
        if value.shape[self._axis(value)] != len(self.cseq):
            raise ValueError(
                f"constraints: axis {self.dim} must hold {len(self.cseq)} slices, got shape {tuple(value.shape)}."
            )
        return chainrule.stack([c.check(part) for c, part in zip(self.cseq, value.unbind(self.dim))], self.dim)


_DependentProperty = dependent_property
dependent = _Dependent()
independent = _IndependentConstraint
boolean = _Boolean()
real = _Real()
real_vector = independent(real, 1)
simplex = _Simplex()
one_hot = _OneHot()
multinomial = _Multinomial
interval = _Interval
half_open_interval = _HalfOpenInterval
greater_than = _GreaterThan
greater_than_eq = _GreaterThanEq
less_than = _LessThan
integer_interval = _IntegerInterval
cat = _Cat
stack = _Stack
unit_interval = interval(0.0, 1.0)
positive = greater_than(0.0)
nonnegative = greater_than_eq(0.0)
nonnegative_integer = _IntegerGreaterThan(0)
positive_integer = _IntegerGreaterThan(1)
square = _Square()
lower_triangular = _LowerTriangular()
corr_cholesky = _CorrCholesky()
lower_cholesky = _LowerCholesky()
symmetric = _Symmetric()
positive_semidefinite = _PositiveSemidefinite()
positive_definite = _PositiveDefinite()
