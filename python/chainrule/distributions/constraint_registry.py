"""Maps from all real numbers onto the set that a constraint describes: biject_to, transform_to."""

from __future__ import annotations

from typing import Any

from . import constraints
from .transforms import (
    AffineTransform,
    ComposeTransform,
    ExpTransform,
    IndependentTransform,
    LowerCholeskyTransform,
    SigmoidTransform,
    SoftmaxTransform,
    StickBreakingTransform,
    Transform,
    identity_transform,
)

__all__ = ["biject_to", "transform_to"]


def biject_to(constraint: Any) -> Transform:
    """A bijection from all real numbers or vectors onto the set that the constraint describes.

    Raises:
        NotImplementedError: none is known.

    Example:
        >>> from chainrule.distributions import biject_to, constraints
        >>> bool(biject_to(constraints.positive)(chainrule.tensor(-3.0)) > 0)
        True
    """
    if isinstance(constraint, constraints.independent):
        return IndependentTransform(biject_to(constraint.base_constraint), constraint.reinterpreted_batch_ndims)
    if isinstance(constraint, constraints._Simplex):
        return StickBreakingTransform()
    return transform_to(constraint)


def transform_to(constraint: Any) -> Transform:
    """A map from all real numbers, vectors or matrices onto the set that the constraint describes.

    Raises:
        NotImplementedError: none is known.

    Example:
        >>> from chainrule.distributions import constraints, transform_to
        >>> transform_to(constraints.simplex)(chainrule.zeros(2))
        tensor([0.5000, 0.5000])
    """
    if isinstance(constraint, constraints.independent):
        base = transform_to(constraint.base_constraint)
        return IndependentTransform(base, constraint.reinterpreted_batch_ndims)
    if isinstance(constraint, constraints._Simplex):
        return SoftmaxTransform()
    if constraint is constraints.lower_cholesky:
        return LowerCholeskyTransform()
    if isinstance(constraint, constraints._Real):
        return identity_transform
    if isinstance(constraint, constraints._Interval) and not constraint.is_discrete:
        return _onto_interval(constraint.lower_bound, constraint.upper_bound)
    raise NotImplementedError(f"transform_to: no map onto {constraint!r} is known.")


def _onto_interval(low: Any, high: Any) -> Transform:
    if low is not None and high is not None:
        if isinstance(low, float) and (low, high) == (0.0, 1.0):
            return SigmoidTransform()
        return ComposeTransform([SigmoidTransform(), AffineTransform(low, high - low)])
    if low is not None:
        if isinstance(low, float) and low == 0.0:
            return ExpTransform()
        return ComposeTransform([ExpTransform(), AffineTransform(low, 1.0)])
    return ComposeTransform([ExpTransform(), AffineTransform(high, -1.0)])
