"""orthogonal: a weight whose rows or columns stay orthonormal while it is trained."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import _core, linalg
from ..modules.module import Module
from . import parametrize

_MAPS = ("matrix_exp", "cayley", "householder")


def _reflections(matrix: Any) -> tuple[Any, Any]:
    """LAPACK's geqrf: R above and the vectors of the reflections below the diagonal, and their factors."""
    packed, factors = np.linalg.qr(matrix.detach().numpy(), mode="raw")
    packed = np.ascontiguousarray(np.swapaxes(packed, -1, -2))
    return _core.tensor(packed, dtype=matrix.dtype), _core.tensor(factors, dtype=matrix.dtype)


def _nearby(matrix: Any) -> Any:
    """The factor Q of matrix = Q R, where the diagonal of R is positive: itself, if the matrix is orthogonal."""
    packed, factors = _reflections(matrix)
    signs = packed.diagonal(dim1=-2, dim2=-1).sgn()
    return linalg.householder_product(packed, factors) * signs.unsqueeze(-2)


def _is_orthogonal(matrix: Any) -> bool:
    n, k = matrix.shape[-2:]
    distance = (matrix.mT @ matrix - _core.eye(k, dtype=matrix.dtype)).abs()
    return bool((distance <= 10 * n * float(np.finfo(str(matrix.numpy().dtype)).eps)).all())


class _Orthogonal(Module):
    """Wide matrices are the transposes of tall ones, which alone are spoken of here."""

    base: Any

    def __init__(self, weight: Any, orthogonal_map: str, use_trivialization: bool) -> None:
        super().__init__()
        self.shape = tuple(weight.shape)
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)
        self.use_trivialization = use_trivialization

    def _is_wide(self) -> bool:
        return self.shape[-2] < self.shape[-1]

    def forward(self, X: Any) -> Any:
        x = X.mT if self._is_wide() else X
        n, k = x.shape[-2:]
        if self.orthogonal_map == "householder":
            vectors = x.tril(-1)
            factors = 2.0 / (1.0 + (vectors * vectors).sum(-2))
            q = linalg.householder_product(vectors, factors)
            q = q * x.detach().diagonal(dim1=-2, dim2=-1).sign().unsqueeze(-2)
        else:
            lower = x.tril()
            if n != k:
                lower = _core.cat([lower, _core.zeros(*x.shape[:-1], n - k, dtype=x.dtype)], -1)
            skew = lower - lower.mT
            if self.orthogonal_map == "matrix_exp":
                q = linalg.matrix_exp(skew)
            else:
                identity = _core.eye(n, dtype=x.dtype)
                q = linalg.solve(identity - skew / 2, identity + skew / 2)
            q = q[..., :k]
        if self.use_trivialization and self.base is not None:
            q = self.base @ q
        return q.mT if self._is_wide() else q

    def right_inverse(self, Q: Any) -> Any:
        if tuple(Q.shape) != self.shape:
            raise ValueError(f"orthogonal: a matrix of shape {self.shape} is required, got {tuple(Q.shape)}.")
        q = Q.mT if self._is_wide() else Q
        n, k = q.shape[-2:]
        if not self.use_trivialization:
            if self.orthogonal_map != "householder":
                raise NotImplementedError(
                    f"orthogonal: the map {self.orthogonal_map!r} has no inverse, so its tensor can't be assigned. "
                    "Pass use_trivialization=True."
                )
            packed, factors = _reflections(q)
            diagonal = packed.diagonal(dim1=-2, dim2=-1)
            diagonal.copy_(diagonal.sign() * _core.where(factors == 0, -1.0, 1.0).to(q.dtype))
            return packed.mT if self._is_wide() else packed
        if n == k:
            base = q.clone() if _is_orthogonal(q) else _nearby(q)
        else:
            base = _nearby(_core.cat([q, _core.randn(*q.shape[:-1], n - k, dtype=q.dtype)], -1))
        self.base = base
        start = _core.zeros(Q.shape, dtype=Q.dtype)  # the map gives the identity for -I
        start.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
        return start


def orthogonal(
    module: Module, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> Module:
    """Keep a weight orthogonal: W^T W = I, or W W^T = I where it is wide. Axes before the last two are a batch.

    Args:
        module: whose tensor `name` it is.
        orthogonal_map: how the weight W is computed from a free matrix, of which the lower triangle counts:
            "matrix_exp", e^A, or "cayley", (I - A/2)^-1 (I + A/2), with A = L - L^T, or "householder", a product of
            reflections. Left out, it is "matrix_exp" for square and "householder" for other matrices.
        use_trivialization: W is B times the map, where B is the matrix that was assigned last, at first the weight;
            without it, "matrix_exp" and "cayley" start somewhere and take no assignment.

    Example:
        >>> import chainrule as cr
        >>> layer = cr.nn.utils.parametrizations.orthogonal(cr.nn.Linear(20, 40))
        >>> cr.allclose(layer.weight.T @ layer.weight, cr.eye(20), atol=1e-5)
        True

    Source: Lezcano-Casado and Martinez-Rubio, "Cheap orthogonal constraints in neural networks", 2019; PyTorch,
    torch.nn.utils.parametrizations.orthogonal.
    """
    weight = (
        getattr(module, name)
        if parametrize.is_parametrized(module, name)
        else parametrize.tensor_of("orthogonal", module, name)
    )
    if weight.dim() < 2:
        raise ValueError(f"orthogonal: a matrix or a batch of them is required, got shape {tuple(weight.shape)}.")
    if orthogonal_map is None:
        orthogonal_map = "matrix_exp" if weight.shape[-2] == weight.shape[-1] else "householder"
    if orthogonal_map not in _MAPS:
        raise ValueError(f"orthogonal: orthogonal_map must be one of {_MAPS}, got {orthogonal_map!r}.")
    step = _Orthogonal(weight, orthogonal_map, use_trivialization)
    return parametrize.register_parametrization(module, name, step, unsafe=True)
