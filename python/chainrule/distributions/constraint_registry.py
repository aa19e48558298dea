"""Maps from all real numbers onto the set that a constraint describes: biject_to, transform_to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import constraints
from .transforms import (
    AffineTransform,
    CatTransform,
    ComposeTransform,
    CorrCholeskyTransform,
    ExpTransform,
    IndependentTransform,
    LowerCholeskyTransform,
    PositiveDefiniteTransform,
    SigmoidTransform,
    SoftmaxTransform,
    StackTransform,
    StickBreakingTransform,
    Transform,
    identity_transform,
)

__all__ = ["ConstraintRegistry", "biject_to", "transform_to"]

Factory = Callable[[Any], Transform]


class ConstraintRegistry:
    """A map for each class of constraints: registry(constraint) makes it.

    Raises:
        NotImplementedError: none is registered for the constraint's class.

    Example:
        >>> from chainrule.distributions import biject_to, constraints, transform_to
        >>> bool(biject_to(constraints.positive)(chainrule.tensor(-3.0)) > 0)
        True
        >>> transform_to(constraints.simplex)(chainrule.zeros(2))
        tensor([0.5000, 0.5000])
    """

    def __init__(self, name: str = "ConstraintRegistry") -> None:
        self._name = name
        self._factories: dict[type, Factory] = {}

    def register(self, constraint: Any, factory: Factory | None = None) -> Any:
        """factory(constraint) makes the map for constraints of this class. Without a factory: a decorator.

        Args:
            constraint: a subclass of Constraint, or an object of one.
        """
        if factory is None:
            return lambda function: self.register(constraint, function)
        kind = type(constraint) if isinstance(constraint, constraints.Constraint) else constraint
        if not (isinstance(kind, type) and issubclass(kind, constraints.Constraint)):
            raise TypeError(f"{self._name}.register: a Constraint or a subclass is required, got {constraint!r}.")
        self._factories[kind] = factory
        return factory

    def __call__(self, constraint: Any) -> Transform:
        factory = self._factories.get(type(constraint))
        if factory is None:
            raise NotImplementedError(f"{self._name}: no map onto {constraint!r} is known.")
        return factory(constraint)


# Bijections from all real numbers or vectors onto the set; and maps that need be no bijections.
biject_to = ConstraintRegistry("biject_to")
transform_to = ConstraintRegistry("transform_to")


def _onto_interval(constraint: Any) -> Transform:
    low, high = constraint.lower_bound, constraint.upper_bound
    if isinstance(low, (int, float)) and isinstance(high, (int, float)) and (low, high) == (0, 1):
        return SigmoidTransform()
    return ComposeTransform([SigmoidTransform(), AffineTransform(low, high - low)])


def _above(constraint: Any) -> Transform:
    low = constraint.lower_bound
    if isinstance(low, (int, float)) and low == 0:
        return ExpTransform()
    return ComposeTransform([ExpTransform(), AffineTransform(low, 1.0)])


def _below(constraint: Any) -> Transform:
    return ComposeTransform([ExpTransform(), AffineTransform(constraint.upper_bound, -1.0)])


for _registry in (biject_to, transform_to):
    _registry.register(constraints.real, lambda _: identity_transform)
    _registry.register(constraints.interval, _onto_interval)
    _registry.register(constraints.half_open_interval, _onto_interval)
    _registry.register(constraints.greater_than, _above)
    _registry.register(constraints.greater_than_eq, _above)
    _registry.register(constraints.less_than, _below)
    _registry.register(constraints.corr_cholesky, lambda _: CorrCholeskyTransform())


def _with_parts(registry: ConstraintRegistry) -> None:
    """Constraints made of others: each part's map is the same registry's."""

    def independent(c: Any) -> Transform:
        return IndependentTransform(registry(c.base_constraint), c.reinterpreted_batch_ndims)

    registry.register(constraints.independent, independent)
    registry.register(constraints.cat, lambda c: CatTransform([registry(part) for part in c.cseq], c.dim, c.lengths))
    registry.register(constraints.stack, lambda c: StackTransform([registry(part) for part in c.cseq], c.dim))


_with_parts(biject_to)
_with_parts(transform_to)
biject_to.register(constraints.simplex, lambda _: StickBreakingTransform())
transform_to.register(constraints.simplex, lambda _: SoftmaxTransform())
transform_to.register(constraints.lower_cholesky, lambda _: LowerCholeskyTransform())
transform_to.register(constraints.positive_definite, lambda _: PositiveDefiniteTransform())
transform_to.register(constraints.positive_semidefinite, lambda _: PositiveDefiniteTransform())
del _registry
