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
from .utils import sum_rightmost

__all__ = [
    "AbsTransform", "AffineTransform", "ComposeTransform", "ExpTransform", "IndependentTransform",
    "LowerCholeskyTransform", "PowerTransform", "ReshapeTransform", "SigmoidTransform", "SoftmaxTransform",
    "SoftplusTransform", "StickBreakingTransform", "TanhTransform", "Transform", "identity_transform",
]  # fmt: skip

Tensor = Any


class Transform:
    """A map of values. A subclass defines _call, _inverse and log_abs_det_jacobian, domain and codomain.

    Args:
        cache_size: 1 keeps the last pair (x, y), so that inv gives back exactly the x that was mapped.
    """

    bijective = False
    domain: Any = constraints.real
    codomain: Any = constraints.real

    def __init__(self, cache_size: int = 0) -> None:
        if cache_size not in (0, 1):
            raise ValueError(f"{type(self).__name__}: cache_size must be 0 or 1, got {cache_size!r}.")
        self._cache_size = cache_size
        self._pair: tuple[Any, Any] = (None, None)

    @property
    def event_dim(self) -> int:
        """The number of axes of one value, where it is the same before and after."""
        if self.domain.event_dim != self.codomain.event_dim:
            raise ValueError(f"{type(self).__name__}: event_dim differs before and after.")
        return self.domain.event_dim

    @property
    def inv(self) -> Transform:
        """The inverse map."""
        return _Inverse(self)

    @property
    def sign(self) -> Any:
        """1 if the map is increasing, -1 if it is decreasing; for maps of numbers alone."""
        raise NotImplementedError(f"{type(self).__name__} has no sign: it is not monotone.")

    def with_cache(self, cache_size: int = 1) -> Transform:
        """The same map with another cache size."""
        if self._cache_size == cache_size:
            return self
        new = type(self).__new__(type(self))
        new.__dict__.update(self.__dict__)
        Transform.__init__(new, cache_size)
        return new

    def __call__(self, x: Tensor) -> Tensor:
        if self._cache_size and x is self._pair[0]:
            return self._pair[1]
        y = self._call(x)
        if self._cache_size:
            self._pair = (x, y)
        return y

    def _inv_call(self, y: Tensor) -> Tensor:
        if self._cache_size and y is self._pair[1]:
            return self._pair[0]
        x = self._inverse(y)
        if self._cache_size:
            self._pair = (x, y)
        return x

    def _call(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def _inverse(self, y: Tensor) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} has no inverse.")

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """log |det dy/dx| for each event."""
        raise NotImplementedError(f"{type(self).__name__} has no volume factor.")

    def forward_shape(self, shape: Sequence[int]) -> Any:
        """The shape of y from that of x."""
        return chainrule.Size(shape)

    def inverse_shape(self, shape: Sequence[int]) -> Any:
        """The shape of x from that of y."""
        return chainrule.Size(shape)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class _Inverse(Transform):
    """A transform read backwards."""

    def __init__(self, transform: Transform) -> None:
        super().__init__(transform._cache_size)
        self._inv = transform
        self.bijective = transform.bijective

    @property
    def domain(self) -> Any:
        return self._inv.codomain

    @property
    def codomain(self) -> Any:
        return self._inv.domain

    @property
    def sign(self) -> Any:
        return self._inv.sign

    @property
    def inv(self) -> Transform:
        return self._inv

    def with_cache(self, cache_size: int = 1) -> Transform:
        return self._inv.with_cache(cache_size).inv

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Inverse) and self._inv == other._inv

    def __hash__(self) -> int:
        return hash((_Inverse, self._inv))

    def __call__(self, x: Tensor) -> Tensor:
        return self._inv._inv_call(x)

    def _inv_call(self, y: Tensor) -> Tensor:
        return self._inv(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -self._inv.log_abs_det_jacobian(y, x)

    def forward_shape(self, shape: Sequence[int]) -> Any:
        return self._inv.inverse_shape(shape)

    def inverse_shape(self, shape: Sequence[int]) -> Any:
        return self._inv.forward_shape(shape)

    def __repr__(self) -> str:
        return f"{self._inv!r}.inv"


class _SameIfEqual(Transform):
    """Maps without parameters: all of one class are equal."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))


class ExpTransform(_SameIfEqual):
    """y = exp(x)."""

    bijective, sign = True, 1  # pyright: ignore[reportAssignmentType]
    codomain = constraints.positive

    def _call(self, x: Tensor) -> Tensor:
        return x.exp()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return x


class SigmoidTransform(_SameIfEqual):
    """y = 1 / (1 + exp(-x)); values are kept inside (0, 1)."""

    bijective, sign = True, 1  # pyright: ignore[reportAssignmentType]
    codomain = constraints.unit_interval

    def _call(self, x: Tensor) -> Tensor:
        limits = chainrule.finfo(x.dtype)
        return chainrule.sigmoid(x).clamp(min=limits.tiny, max=1 - limits.eps)

    def _inverse(self, y: Tensor) -> Tensor:
        limits = chainrule.finfo(y.dtype)
        y = y.clamp(min=limits.tiny, max=1 - limits.eps)
        return y.log() - (-y).log1p()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -F.softplus(-x) - F.softplus(x)


class TanhTransform(_SameIfEqual):
    """y = tanh(x). With cache_size=1 the inverse of a y just computed is exact where atanh would be infinite."""

    bijective, sign = True, 1  # pyright: ignore[reportAssignmentType]
    codomain = constraints.interval(-1.0, 1.0)

    def _call(self, x: Tensor) -> Tensor:
        return x.tanh()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.atanh()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return 2 * (math.log(2) - x - F.softplus(-2 * x))  # log(1 - tanh(x)^2), without cancellation


class SoftplusTransform(_SameIfEqual):
    """y = log(1 + exp(x))."""

    bijective, sign = True, 1  # pyright: ignore[reportAssignmentType]
    codomain = constraints.positive

    def _call(self, x: Tensor) -> Tensor:
        return F.softplus(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return (-(-y).expm1()).log() + y

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -F.softplus(-x)


class AbsTransform(_SameIfEqual):
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

    __hash__ = None  # type: ignore[assignment]


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


class SoftmaxTransform(_SameIfEqual):
    """y = softmax(x) along the last axis; the inverse takes logarithms. Not bijective: it forgets a constant."""

    domain, codomain = constraints.real_vector, constraints.simplex

    def _call(self, x: Tensor) -> Tensor:
        return F.softmax(x, -1)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()


class StickBreakingTransform(_SameIfEqual):
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


class LowerCholeskyTransform(_SameIfEqual):
    """A matrix to a lower triangular one with positive diagonal: exp on the diagonal, zeros above it."""

    domain, codomain = constraints.independent(constraints.real, 2), constraints.lower_cholesky

    def _call(self, x: Tensor) -> Tensor:
        return x.tril(-1) + x.diagonal(0, -2, -1).exp().diag_embed()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.tril(-1) + y.diagonal(0, -2, -1).log().diag_embed()


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
