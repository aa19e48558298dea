"""LKJCholesky."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import chainrule

from . import constraints
from .distribution import Distribution
from .gamma import Beta
from .utils import broadcast_all

Tensor = Any


class LKJCholesky(Distribution):
    """The lower Cholesky factor L of a random correlation matrix C = L L^T with density ~ det(C)^(concentration - 1).

    log p(L) = sum over i = 2 ... dim of (2 concentration - 2 + dim - i) log L_ii + constant

    Args:
        dim: rows of the matrix, at least 2.
        concentration: positive tensor or number; 1 is the uniform distribution of C, more favours the identity.

    Raises:
        ValueError: dim is below 2.

    Example:
        >>> m = chainrule.distributions.LKJCholesky(2, 1.0)
        >>> m.log_prob(chainrule.eye(2))
        tensor(-0.6931)

    Samples are PyTorch's at the same seed.

    Source: Lewandowski, Kurowicka and Joe, "Generating random correlation matrices based on vines and extended onion
    method", 2009; the density of the factor: Stan, functions reference.
    """

    arg_constraints: ClassVar = {"concentration": constraints.positive}
    support = constraints.corr_cholesky

    def __init__(self, dim: int, concentration: Any = 1.0, validate_args: bool | None = None) -> None:
        if dim < 2:
            raise ValueError(f"LKJCholesky: dim must be at least 2, got {dim}.")
        self.dim = dim
        (self.concentration,) = broadcast_all(concentration)
        super().__init__(self.concentration.shape, (dim, dim), validate_args=validate_args)

    @property
    def _squared_radius(self) -> Beta:
        """Of each row what stands left of the diagonal."""
        row = chainrule.arange(self.dim - 1, dtype=self.concentration.dtype)
        row = chainrule.cat([row.new_zeros(1), row])
        edge = self.concentration + 0.5 * (self.dim - 2)
        return Beta(row + 0.5, edge.unsqueeze(-1) - 0.5 * row)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Row by row a direction and a radius: the onion method, in the factor itself."""
        with chainrule.no_grad():
            y = self._squared_radius.sample(sample_shape).unsqueeze(-1)
            direction = chainrule.randn(self._extended_shape(sample_shape), dtype=y.dtype).tril(-1)
            direction = direction / direction.norm(dim=-1, keepdim=True)
            direction[..., 0, :] = 0.0
            left = y.sqrt() * direction
            rest = (1 - left.square().sum(-1)).clamp(min=chainrule.finfo(y.dtype).tiny)
            return left + rest.sqrt().diag_embed()

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        diagonal = value.diagonal(dim1=-1, dim2=-2)[..., 1:]
        rows = chainrule.arange(2, self.dim + 1)
        order = 2 * (self.concentration - 1).unsqueeze(-1) + self.dim - rows
        return (order * diagonal.log()).sum(-1) - self._log_normalizer()

    def _log_normalizer(self) -> Tensor:
        """Lewandowski et al., page 1999."""
        n = self.dim - 1
        alpha = self.concentration + 0.5 * n
        return 0.5 * n * math.log(math.pi) + chainrule.mvlgamma(alpha - 0.5, n) - n * alpha.lgamma()
