"""Maps onto sets of matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import chainrule
from chainrule.nn import functional as F

from . import constraints
from ._transform import SameIfEqual
from .utils import tril_matrix_to_vec, vec_to_tril_matrix

Tensor = Any


class LowerCholeskyTransform(SameIfEqual):
    """A matrix to a lower triangular one with positive diagonal: exp on the diagonal, zeros above it."""

    domain, codomain = constraints.independent(constraints.real, 2), constraints.lower_cholesky

    def _call(self, x: Tensor) -> Tensor:
        return x.tril(-1) + x.diagonal(0, -2, -1).exp().diag_embed()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.tril(-1) + y.diagonal(0, -2, -1).log().diag_embed()


class PositiveDefiniteTransform(SameIfEqual):
    """A matrix x to L L^T, L = LowerCholeskyTransform()(x)."""

    domain, codomain = constraints.independent(constraints.real, 2), constraints.positive_definite

    def _call(self, x: Tensor) -> Tensor:
        factor = LowerCholeskyTransform()._call(x)
        return factor @ factor.transpose(-1, -2)

    def _inverse(self, y: Tensor) -> Tensor:
        return LowerCholeskyTransform()._inverse(chainrule.linalg.cholesky(y))


class CorrCholeskyTransform(SameIfEqual):
    """D (D - 1) / 2 numbers to the Cholesky factor of a D by D correlation matrix.

    With z = tanh(x) laid row by row below the diagonal, each row takes the share z of the length that is left:
    y[i, j] = z[i, j] sqrt((1 - z[i, 0]^2) ... (1 - z[i, j - 1]^2)), and z[i, i] = 1.

    Source: Stan reference manual, "Correlation matrices".
    """

    bijective = True
    domain, codomain = constraints.real_vector, constraints.corr_cholesky

    def _call(self, x: Tensor) -> Tensor:
        eps = chainrule.finfo(x.dtype).eps
        share = vec_to_tril_matrix(x.tanh().clamp(min=-1 + eps, max=1 - eps), diag=-1)
        left = (1 - share.square()).sqrt().cumprod(-1)
        share = share + chainrule.eye(share.shape[-1], dtype=x.dtype)
        return share * F.pad(left[..., :-1], (1, 0), value=1.0)

    def _inverse(self, y: Tensor) -> Tensor:
        left = F.pad(1 - y.square().cumsum(-1)[..., :-1], (1, 0), value=1.0)
        share = tril_matrix_to_vec(y, diag=-1) / tril_matrix_to_vec(left, diag=-1).sqrt()
        return (share.log1p() - (-share).log1p()) / 2

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        left = tril_matrix_to_vec(1 - y.square().cumsum(-1), diag=-2)
        slopes = 2 * (math.log(2) - x - F.softplus(-2 * x))  # log(1 - tanh(x)^2), without cancellation
        return left.log().sum(-1) / 2 + slopes.sum(-1)

    def forward_shape(self, shape: Sequence[int]) -> Any:
        if not shape:
            raise ValueError("CorrCholeskyTransform: at least one axis is required, got shape ().")
        size = round(math.sqrt(2 * shape[-1] + 0.25) + 0.5)
        if size * (size - 1) // 2 != shape[-1]:
            raise ValueError(f"CorrCholeskyTransform: the last axis must hold D (D - 1) / 2 numbers, got {shape[-1]}.")
        return chainrule.Size((*shape[:-1], size, size))

    def inverse_shape(self, shape: Sequence[int]) -> Any:
        if len(shape) < 2 or shape[-2] != shape[-1]:
            raise ValueError(f"CorrCholeskyTransform: square matrices are required, got shape {tuple(shape)}.")
        return chainrule.Size((*shape[:-2], shape[-1] * (shape[-1] - 1) // 2))
