"""Differentiable maps of random values, with the logarithms of their volume factors: torch's names.

y = t(x), x = t.inv(y), and t.log_abs_det_jacobian(x, y) = log |det dy/dx|, summed over the axes of one event.

Example:
    >>> from chainrule.distributions import transforms
    >>> t = transforms.ExpTransform()
    >>> t.inv(t(chainrule.tensor(1.0)))
    tensor(1.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import chainrule
from chainrule.nn import functional as F

from . import constraints
from ._joined_transforms import CatTransform as CatTransform
from ._joined_transforms import StackTransform as StackTransform
from ._matrix_transforms import CorrCholeskyTransform as CorrCholeskyTransform
from ._matrix_transforms import LowerCholeskyTransform as LowerCholeskyTransform
from ._matrix_transforms import PositiveDefiniteTransform as PositiveDefiniteTransform
from ._transform import SameIfEqual
from ._transform import Transform as Transform
from ._transform import _InverseTransform as _InverseTransform
from .utils import sum_rightmost

__all__ = [
    "AbsTransform", "AffineTransform", "CatTransform", "ComposeTransform", "CorrCholeskyTransform",
    "CumulativeDistributionTransform", "ExpTransform", "IndependentTransform", "LowerCholeskyTransform",
    "PositiveDefiniteTransform", "PowerTransform", "ReshapeTransform", "SigmoidTransform", "SoftmaxTransform",
    "SoftplusTransform", "StackTransform", "StickBreakingTransform", "TanhTransform", "Transform",
    "identity_transform",
]  # fmt: skip

Tensor = Any


class ExpTransform(SameIfEqual):
    """y = exp(x)."""

    bijective, sign = True, 1  # pyright: ignore[reportAssignmentType]  # properties of the base
    codomain = constraints.positive

    def _call(self, x: Tensor) -> Tensor:
        return x.exp()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return x


def _clipped_sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + exp(-x)) inside (0, 1), by PyTorch's name for those who write transforms of their own."""
    limits = chainrule.finfo(x.dtype)
    return chainrule.sigmoid(x).clamp(min=limits.tiny, max=1 - limits.eps)


class SigmoidTransform(SameIfEqual):
    """y = 1 / (1 + exp(-x)); values are kept inside (0, 1)."""

    bijective, sign = True, 1  # pyright: ignore[reportAssignmentType]  # properties of the base
    codomain = constraints.unit_interval

    def _call(self, x: Tensor) -> Tensor:
        return _clipped_sigmoid(x)

    def _inverse(self, y: Tensor) -> Tensor:
        limits = chainrule.finfo(y.dtype)
        y = y.clamp(min=limits.tiny, max=1 - limits.eps)
        return y.log() - (-y).log1p()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -F.softplus(-x) - F.softplus(x)


class TanhTransform(SameIfEqual):
    """y = tanh(x). With cache_size=1 the inverse of a y just computed is exact where atanh would be infinite."""

    bijective, sign = True, 1  # pyright: ignore[reportAssignmentType]  # properties of the base
    codomain = constraints.interval(-1.0, 1.0)

    def _call(self, x: Tensor) -> Tensor:
        return x.tanh()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.atanh()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return 2 * (math.log(2) - x - F.softplus(-2 * x))  # log(1 - tanh(x)^2), without cancellation


class SoftplusTransform(SameIfEqual):
    """y = log(1 + exp(x))."""

    bijective, sign = True, 1  # pyright: ignore[reportAssignmentType]  # properties of the base
    codomain = constraints.positive

    def _call(self, x: Tensor) -> Tensor:
        return F.softplus(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return (-(-y).expm1()).log() + y

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -F.softplus(-x)


class AbsTransform(SameIfEqual):
    """y = |x|; its inverse takes the positive x."""

    codomain = constraints.nonnegative

    def _call(self, x: Tensor) -> Tensor:
        return x.abs()

    def _inverse(self, y: Tensor) -> Tensor:
        return y


class PowerTransform(Transform):
    """y = x^exponent on positive numbers."""

    bijective = True
    domain = codomain = constraints.positive

    def __init__(self, exponent: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.exponent = exponent if isinstance(exponent, chainrule.Tensor) else chainrule.tensor(float(exponent))

    @property
    def sign(self) -> Any:
        return self.exponent.sign()

    def _call(self, x: Tensor) -> Tensor:
        return x.pow(self.exponent)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.pow(1 / self.exponent)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return (self.exponent * y / x).abs().log()

    def forward_shape(self, shape: Sequence[int]) -> Any:
        return _broadcast(shape, self.exponent)

    inverse_shape = forward_shape

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PowerTransform) and _same(self.exponent, other.exponent)

    __hash__ = None  # type: ignore[assignment]  # as below


class AffineTransform(Transform):
    """y = loc + scale x.

    Args:
        loc, scale: tensors or numbers.
        event_dim: how many of the last axes make one event.
    """

    bijective = True

    def __init__(self, loc: Any, scale: Any, event_dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.loc, self.scale, self._event_dim = loc, scale, event_dim

    @property
    def event_dim(self) -> int:
        return self._event_dim

    @property
    def domain(self) -> Any:
        return constraints.independent(constraints.real, self._event_dim) if self._event_dim else constraints.real

    codomain = domain

    @property
    def sign(self) -> Any:
        if isinstance(self.scale, chainrule.Tensor):
            return self.scale.sign()
        return (self.scale > 0) - (self.scale < 0)

    def _call(self, x: Tensor) -> Tensor:
        return self.loc + self.scale * x

    def _inverse(self, y: Tensor) -> Tensor:
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        scale = chainrule.as_tensor(self.scale, dtype=x.dtype)
        log_scale = scale.abs().log() + chainrule.zeros_like(x)
        return sum_rightmost(log_scale, self._event_dim)

    def forward_shape(self, shape: Sequence[int]) -> Any:
        return _broadcast(shape, self.loc, self.scale)

    inverse_shape = forward_shape

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AffineTransform) or self._event_dim != other._event_dim:
            return False
        return _same(self.loc, other.loc) and _same(self.scale, other.scale)

    __hash__ = None  # type: ignore[assignment]  # equal by the values of tensors, which change


class SoftmaxTransform(SameIfEqual):
    """y = softmax(x) along the last axis; the inverse takes logarithms. Not bijective: it forgets a constant."""

    domain, codomain = constraints.real_vector, constraints.simplex

    def _call(self, x: Tensor) -> Tensor:
        return F.softmax(x, -1)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()


class StickBreakingTransform(SameIfEqual):
    """K - 1 numbers to a point of the simplex of K: each takes its share sigmoid(x_i - log(K - i)) of what is left.

    Source: Stan reference manual, "Unit simplex".
    """

    bijective = True
    domain, codomain = constraints.real_vector, constraints.simplex

    def _offset(self, x: Tensor) -> Tensor:
        n = x.shape[-1]
        return chainrule.arange(n, 0, -1, dtype=x.dtype).log()

    def _call(self, x: Tensor) -> Tensor:
        share = SigmoidTransform()._call(x - self._offset(x))
        left = (1 - share).cumprod(-1)
        return F.pad(share, (0, 1), value=1.0) * F.pad(left, (1, 0), value=1.0)

    def _inverse(self, y: Tensor) -> Tensor:
        first = y[..., :-1]
        left = (1 - first.cumsum(-1)).clamp(min=chainrule.finfo(y.dtype).tiny)
        return first.log() - left.log() + self._offset(first)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        x = x - self._offset(x)
        return (-x + F.logsigmoid(x) + y[..., :-1].log()).sum(-1)

    def forward_shape(self, shape: Sequence[int]) -> Any:
        return chainrule.Size((*shape[:-1], shape[-1] + 1))

    def inverse_shape(self, shape: Sequence[int]) -> Any:
        return chainrule.Size((*shape[:-1], shape[-1] - 1))


class CumulativeDistributionTransform(Transform):
    """y = F(x), the probability that a distribution gives to values not above x.

    Args:
        distribution: of numbers, with cdf; the inverse needs icdf.

    Example:
        >>> from chainrule.distributions import Normal, transforms
        >>> transforms.CumulativeDistributionTransform(Normal(0.0, 1.0))(chainrule.tensor(0.0))
        tensor(0.5000)
    """

    bijective, sign = True, 1  # pyright: ignore[reportAssignmentType]  # properties of the base
    codomain = constraints.unit_interval

    def __init__(self, distribution: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.distribution = distribution

    @property
    def domain(self) -> Any:
        return self.distribution.support

    def _call(self, x: Tensor) -> Tensor:
        return self.distribution.cdf(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return self.distribution.icdf(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return self.distribution.log_prob(x)


class ReshapeTransform(Transform):
    """The last axes in another shape.

    Args:
        in_shape, out_shape: the shapes of one event before and after.
    """

    bijective = True

    def __init__(self, in_shape: Sequence[int], out_shape: Sequence[int], cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.in_shape, self.out_shape = chainrule.Size(in_shape), chainrule.Size(out_shape)
        if self.in_shape.numel() != self.out_shape.numel():
            raise ValueError(
                f"ReshapeTransform: the shapes must hold equally many elements, got {tuple(in_shape)} and "
                f"{tuple(out_shape)}."
            )

    @property
    def domain(self) -> Any:
        return constraints.independent(constraints.real, len(self.in_shape))

    @property
    def codomain(self) -> Any:
        return constraints.independent(constraints.real, len(self.out_shape))

    def _call(self, x: Tensor) -> Tensor:
        return x.reshape(self.forward_shape(x.shape))

    def _inverse(self, y: Tensor) -> Tensor:
        return y.reshape(self.inverse_shape(y.shape))

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return chainrule.zeros(x.shape[: x.dim() - len(self.in_shape)], dtype=x.dtype)

    def forward_shape(self, shape: Sequence[int]) -> Any:
        return self._swap(shape, self.in_shape, self.out_shape)

    def inverse_shape(self, shape: Sequence[int]) -> Any:
        return self._swap(shape, self.out_shape, self.in_shape)

    def _swap(self, shape: Sequence[int], old: Sequence[int], new: Sequence[int]) -> Any:
        batch = len(shape) - len(old)
        if batch < 0 or tuple(shape[batch:]) != tuple(old):
            raise ValueError(f"ReshapeTransform: the last axes must be {tuple(old)}, got shape {tuple(shape)}.")
        return chainrule.Size((*shape[:batch], *new))


class IndependentTransform(Transform):
    """Another transform with further axes counted to one event: volume factors are summed over them."""

    def __init__(self, base_transform: Transform, reinterpreted_batch_ndims: int, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.base_transform = base_transform.with_cache(cache_size)
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims
        self.bijective = base_transform.bijective

    @property
    def domain(self) -> Any:
        return constraints.independent(self.base_transform.domain, self.reinterpreted_batch_ndims)

    @property
    def codomain(self) -> Any:
        return constraints.independent(self.base_transform.codomain, self.reinterpreted_batch_ndims)

    @property
    def sign(self) -> Any:
        return self.base_transform.sign

    def _call(self, x: Tensor) -> Tensor:
        return self.base_transform(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return self.base_transform._inv_call(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return sum_rightmost(self.base_transform.log_abs_det_jacobian(x, y), self.reinterpreted_batch_ndims)

    def forward_shape(self, shape: Sequence[int]) -> Any:
        return self.base_transform.forward_shape(shape)

    def inverse_shape(self, shape: Sequence[int]) -> Any:
        return self.base_transform.inverse_shape(shape)


class ComposeTransform(Transform):
    """Transforms one after the other, the first one first.

    Args:
        parts: the transforms; none of them gives the identity.
    """

    def __init__(self, parts: Sequence[Transform], cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.parts = [part.with_cache(cache_size) for part in parts] if cache_size else list(parts)
        self.bijective = all(part.bijective for part in self.parts)

    @property
    def domain(self) -> Any:
        return self._joined(self.parts[0].domain if self.parts else constraints.real, self._dims()[0])

    @property
    def codomain(self) -> Any:
        return self._joined(self.parts[-1].codomain if self.parts else constraints.real, self._dims()[-1])

    def _joined(self, constraint: Any, dims: int) -> Any:
        more = dims - constraint.event_dim
        return constraints.independent(constraint, more) if more else constraint

    def _dims(self) -> list[int]:
        """Numbers of axes of one event before each part and after the last: the least that suffice for all."""
        dims, low = [0], 0
        for part in self.parts:
            low = max(low, part.domain.event_dim - dims[-1])
            dims.append(dims[-1] + part.codomain.event_dim - part.domain.event_dim)
        return [d + low for d in dims]

    @property
    def sign(self) -> Any:
        return math.prod(part.sign for part in self.parts)

    def _call(self, x: Tensor) -> Tensor:
        for part in self.parts:
            x = part(x)
        return x

    def _inverse(self, y: Tensor) -> Tensor:
        for part in reversed(self.parts):
            y = part._inv_call(y)
        return y

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        dims = self._dims()
        total: Any = chainrule.zeros_like(x) if not self.parts else 0
        for part, event_dim in zip(self.parts, dims):
            mapped = y if part is self.parts[-1] else part(x)
            total = total + sum_rightmost(part.log_abs_det_jacobian(x, mapped), event_dim - part.domain.event_dim)
            x = mapped
        return total

    def forward_shape(self, shape: Sequence[int]) -> Any:
        for part in self.parts:
            shape = part.forward_shape(shape)
        return chainrule.Size(shape)

    def inverse_shape(self, shape: Sequence[int]) -> Any:
        for part in reversed(self.parts):
            shape = part.inverse_shape(shape)
        return chainrule.Size(shape)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ComposeTransform) and self.parts == other.parts

    def __hash__(self) -> int:
        return hash(tuple(self.parts))

    def __repr__(self) -> str:
        return f"ComposeTransform([{', '.join(map(repr, self.parts))}])"


identity_transform = ComposeTransform([])


def _broadcast(shape: Sequence[int], *parameters: Any) -> Any:
    sizes = [p.shape for p in parameters if isinstance(p, chainrule.Tensor)]
    return chainrule.broadcast_shapes(tuple(shape), *sizes)


def _same(a: Any, b: Any) -> bool:
    """Whether two parameters, tensors or numbers, hold the same numbers, broadcast against each other."""
    if not isinstance(a, chainrule.Tensor) and not isinstance(b, chainrule.Tensor):
        return a == b
    a, b = chainrule.as_tensor(a), chainrule.as_tensor(b)
    fit = all(m == n or 1 in (m, n) for m, n in zip(reversed(a.shape), reversed(b.shape)))
    return fit and bool((a == b).all())
