"""Several transforms side by side, each on its part of a value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import chainrule

from . import constraints
from ._transform import Transform
from .utils import sum_rightmost

Tensor = Any


class _Joined(Transform):
    """Parts of a value along the axis dim, each with a transform of its own."""

    def __init__(self, tseq: Sequence[Transform], dim: int, cache_size: int) -> None:
        for transform in tseq:
            if not isinstance(transform, Transform):
                raise ValueError(f"{type(self).__name__}: transforms are required, got {type(transform).__name__}.")
        super().__init__(cache_size)
        self.transforms = [t.with_cache(cache_size) for t in tseq] if cache_size else list(tseq)
        self.dim = dim

    def with_cache(self, cache_size: int = 1) -> Transform:
        new = super().with_cache(cache_size)
        if isinstance(new, _Joined) and new is not self:
            new.transforms = [t.with_cache(cache_size) for t in self.transforms]
        return new

    @property
    def bijective(self) -> bool:  # type: ignore[override]  # computed from the parts
        return all(t.bijective for t in self.transforms)

    def _check(self, value: Tensor, size: int) -> None:
        if not -value.dim() <= self.dim < value.dim() or value.shape[self.dim] != size:
            raise ValueError(
                f"{type(self).__name__}: axis {self.dim} must have size {size}, got shape {tuple(value.shape)}."
            )


class CatTransform(_Joined):
    """Transforms of parts that lie one after the other along an axis.

    Args:
        tseq: the transforms.
        dim: the axis.
        lengths: how many entries along dim each transform takes; 1 where left out.

    Raises:
        ValueError: as many lengths as transforms are required, and an axis of their sum.

    Example:
        >>> from chainrule.distributions import transforms as t
        >>> t.CatTransform([t.ExpTransform(), t.identity_transform], lengths=[1, 2])(chainrule.zeros(3))
        tensor([1., 0., 0.])
    """

    def __init__(
        self, tseq: Sequence[Transform], dim: int = 0, lengths: Sequence[int] | None = None, cache_size: int = 0
    ) -> None:
        super().__init__(tseq, dim, cache_size)
        self.lengths = [1] * len(self.transforms) if lengths is None else list(lengths)
        if len(self.lengths) != len(self.transforms):
            raise ValueError(f"CatTransform: {len(self.transforms)} lengths are required, got {self.lengths}.")

    @property
    def event_dim(self) -> int:
        return max(t.event_dim for t in self.transforms)

    @property
    def length(self) -> int:
        """The size of the axis."""
        return sum(self.lengths)

    @property
    def domain(self) -> Any:
        return constraints.cat([t.domain for t in self.transforms], self.dim, self.lengths)

    @property
    def codomain(self) -> Any:
        return constraints.cat([t.codomain for t in self.transforms], self.dim, self.lengths)

    def _parts(self, value: Tensor) -> Any:
        self._check(value, self.length)
        return zip(self.transforms, value.split(self.lengths, self.dim))

    def _call(self, x: Tensor) -> Tensor:
        return chainrule.cat([t(part) for t, part in self._parts(x)], self.dim)

    def _inverse(self, y: Tensor) -> Tensor:
        return chainrule.cat([t.inv(part) for t, part in self._parts(y)], self.dim)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        factors = []
        for (t, part), (_, mapped) in zip(self._parts(x), self._parts(y)):
            factors.append(sum_rightmost(t.log_abs_det_jacobian(part, mapped), self.event_dim - t.event_dim))
        dim = (self.dim - x.dim() if self.dim >= 0 else self.dim) + self.event_dim
        return chainrule.cat(factors, dim) if dim < 0 else sum(factors)


class StackTransform(_Joined):
    """Transforms of the slices along an axis.

    Args:
        tseq: the transforms, one for each slice.
        dim: the axis.

    Raises:
        ValueError: the axis has not as many slices as there are transforms.

    Example:
        >>> from chainrule.distributions import transforms as t
        >>> t.StackTransform([t.ExpTransform(), t.identity_transform], dim=1)(chainrule.zeros(2, 2))
        tensor([[1., 0.],
                [1., 0.]])
    """

    def __init__(self, tseq: Sequence[Transform], dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(tseq, dim, cache_size)

    @property
    def domain(self) -> Any:
        return constraints.stack([t.domain for t in self.transforms], self.dim)

    @property
    def codomain(self) -> Any:
        return constraints.stack([t.codomain for t in self.transforms], self.dim)

    def _parts(self, value: Tensor) -> Any:
        self._check(value, len(self.transforms))
        return zip(self.transforms, value.unbind(self.dim))

    def _call(self, x: Tensor) -> Tensor:
        return chainrule.stack([t(part) for t, part in self._parts(x)], self.dim)

    def _inverse(self, y: Tensor) -> Tensor:
        return chainrule.stack([t.inv(part) for t, part in self._parts(y)], self.dim)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        pairs = zip(self._parts(x), self._parts(y))
        return chainrule.stack([t.log_abs_det_jacobian(part, mapped) for (t, part), (_, mapped) in pairs], self.dim)
