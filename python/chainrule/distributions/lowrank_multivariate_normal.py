"""LowRankMultivariateNormal: a covariance matrix of few directions and a diagonal."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import chainrule

from . import constraints
from .distribution import Distribution
from .utils import lazy_property

Tensor = Any


class LowRankMultivariateNormal(Distribution):
    """The normal distribution with covariance W W^T + diag(d), W of few columns.

    Its determinant and inverse come from those of C = I + W^T diag(d)^-1 W, which is small: det = det C prod(d), and
    inverse = diag(d)^-1 - diag(d)^-1 W C^-1 W^T diag(d)^-1 (Woodbury).

    Args:
        loc: (..., K) mean.
        cov_factor: (..., K, M) W.
        cov_diag: (..., K) d, positive.

    Raises:
        ValueError: shapes that do not fit.

    Example:
        >>> d = chainrule.distributions
        >>> m = d.LowRankMultivariateNormal(chainrule.zeros(2), chainrule.tensor([[1.0], [0.0]]), chainrule.ones(2))
        >>> m.covariance_matrix
        tensor([[2., 0.],
                [0., 1.]])

    Samples are PyTorch's at the same seed.
    """

    arg_constraints: ClassVar = {
        "loc": constraints.real_vector,
        "cov_factor": constraints.independent(constraints.real, 2),
        "cov_diag": constraints.independent(constraints.positive, 1),
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(self, loc: Tensor, cov_factor: Tensor, cov_diag: Tensor, validate_args: bool | None = None) -> None:
        fits = loc.dim() >= 1 and cov_factor.dim() >= 2 and cov_diag.dim() >= 1
        if not fits or not loc.shape[-1] == cov_factor.shape[-2] == cov_diag.shape[-1]:
            raise ValueError(
                "LowRankMultivariateNormal: loc (..., K), cov_factor (..., K, M) and cov_diag (..., K) are required, "
                f"got shapes {tuple(loc.shape)}, {tuple(cov_factor.shape)} and {tuple(cov_diag.shape)}."
            )
        parts = (loc.shape[:-1], cov_factor.shape[:-2], cov_diag.shape[:-1])
        batch = chainrule.broadcast_shapes(*parts)
        self.loc = loc.expand(batch + loc.shape[-1:])
        self.cov_factor = cov_factor.expand(batch + cov_factor.shape[-2:])
        self.cov_diag = cov_diag.expand(batch + loc.shape[-1:])
        # Computed once for all of the batch that share them.
        self._factor, self._diag = cov_factor, cov_diag
        scaled = cov_factor.transpose(-1, -2) / cov_diag.unsqueeze(-2)
        small = chainrule.eye(cov_factor.shape[-1], dtype=cov_factor.dtype) + scaled @ cov_factor
        self._capacitance: Any = chainrule.linalg.cholesky(small)
        super().__init__(batch, loc.shape[-1:], validate_args)

    def _square(self, matrix: Tensor) -> Tensor:
        return matrix.expand(self._batch_shape + self._event_shape + self._event_shape)

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """W W^T + diag(d)."""
        return self._square(self._factor @ self._factor.transpose(-1, -2) + self._diag.diag_embed())

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance matrix."""
        scaled = self._factor.transpose(-1, -2) / self._diag.unsqueeze(-2)
        part = chainrule.linalg.solve_triangular(self._capacitance, scaled, upper=False)
        return self._square((1 / self._diag).diag_embed() - part.transpose(-1, -2) @ part)

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The lower triangular Cholesky factor of the covariance matrix."""
        # The matrix in the middle has no eigenvalue below 1.
        root = self._diag.sqrt().unsqueeze(-1)
        scaled = self._factor / root
        identity = chainrule.eye(scaled.shape[-2], dtype=scaled.dtype)
        return self._square(root * chainrule.linalg.cholesky(identity + scaled @ scaled.transpose(-1, -2)))

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        return (self._factor.square().sum(-1) + self._diag).expand(self._batch_shape + self._event_shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        along = chainrule.randn((*shape[:-1], self.cov_factor.shape[-1]), dtype=self.loc.dtype)
        apart = chainrule.randn(shape, dtype=self.loc.dtype)
        return self.loc + (self._factor @ along.unsqueeze(-1)).squeeze(-1) + self._diag.sqrt() * apart

    def _log_det(self) -> Tensor:
        return 2 * self._capacitance.diagonal(0, -2, -1).log().sum(-1) + self._diag.log().sum(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        distance = value - self.loc
        along = self._factor.transpose(-1, -2) @ (distance / self._diag).unsqueeze(-1)
        white = chainrule.linalg.solve_triangular(self._capacitance, along, upper=False).squeeze(-1)
        length = (distance.square() / self._diag).sum(-1) - white.square().sum(-1)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + self._log_det() + length)

    def entropy(self) -> Tensor:
        value = 0.5 * (self._event_shape[0] * (1 + math.log(2 * math.pi)) + self._log_det())
        return value.expand(self._batch_shape)
