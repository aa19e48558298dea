"""Wishart: random covariance matrices."""

from __future__ import annotations

import math
import warnings
from typing import Any

import chainrule

from . import constraints
from ._covariance import OfACovariance
from .exp_family import ExponentialFamily
from .gamma import Chi2
from .utils import lazy_property

Tensor = Any


class Wishart(OfACovariance, ExponentialFamily):
    """The sum of df products x x^T, x normal with mean 0 and covariance V; df need not be an integer.

    log p(X) = ((df - p - 1) log det X - tr(V^-1 X) - df log det V - df p log 2) / 2 - log Gamma_p(df / 2)

    Args:
        df: degrees of freedom, above p - 1, a tensor or a number.
        covariance_matrix: (..., p, p) symmetric positive definite V; or in its place
        precision_matrix: V^-1; or
        scale_tril: the lower triangular Cholesky factor of V, with positive diagonal.

    Raises:
        ValueError: not exactly one of the three matrices, one that is not as above, or a df too low.

    Example:
        >>> chainrule.distributions.Wishart(3.0, chainrule.eye(2)).mean
        tensor([[3., 0.],
                [0., 3.]])

    Samples are PyTorch's at the same seed.

    Source: Odell and Feiveson, "A numerical procedure to generate a sample covariance matrix" (1966), for the
    decomposition of Bartlett that samples are drawn by.
    """

    support = constraints.positive_definite
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(
        self,
        df: Any,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        name, matrix = self._the_given(covariance_matrix, precision_matrix, scale_tril)
        if matrix.dim() < 2 or matrix.shape[-2] != matrix.shape[-1]:
            raise ValueError(f"Wishart: {name} (..., p, p) is required, got shape {tuple(matrix.shape)}.")
        p = matrix.shape[-1]
        df = df if isinstance(df, chainrule.Tensor) else chainrule.tensor(df, dtype=matrix.dtype)
        if (df <= p - 1).any():
            raise ValueError(f"Wishart: df must be above p - 1 = {p - 1}, got {df.tolist()}.")
        batch = chainrule.broadcast_shapes(matrix.shape[:-2], df.shape)
        if (df < p).any():
            warnings.warn(f"Wishart: samples with df below p = {p} may be singular.", stacklevel=2)
        self.df = df.expand(batch)
        self.__dict__[name] = matrix.expand((*batch, p, p))
        super().__init__(batch, (p, p), validate_args)
        self._factorize(name, matrix)

    @property
    def arg_constraints(self) -> dict[str, Any]:  # type: ignore[override]  # they depend on p
        """What the parameters must be."""
        return {
            "covariance_matrix": constraints.positive_definite,
            "precision_matrix": constraints.positive_definite,
            "scale_tril": constraints.lower_cholesky,
            "df": constraints.greater_than(self._event_shape[-1] - 1),
        }

    def _weight(self, number: Tensor) -> Tensor:
        return number.unsqueeze(-1).unsqueeze(-1)

    @property
    def mean(self) -> Tensor:
        return self._weight(self.df) * self.covariance_matrix

    @property
    def mode(self) -> Tensor:
        factor = self.df - self._event_shape[-1] - 1
        return self._weight(factor.masked_fill(factor <= 0, math.nan)) * self.covariance_matrix

    @property
    def variance(self) -> Tensor:
        v = self.covariance_matrix
        diagonal = v.diagonal(0, -2, -1)
        return self._weight(self.df) * (v**2 + diagonal.unsqueeze(-1) * diagonal.unsqueeze(-2))

    @lazy_property
    def _squares(self) -> Chi2:
        """The distribution of the squared diagonal of Bartlett's factor: df, df - 1, ... degrees of freedom."""
        p = self._event_shape[-1]
        return Chi2(self.df.unsqueeze(-1) - chainrule.arange(p, dtype=self._unbroadcasted_scale_tril.dtype))

    def _draw(self, sample_shape: Any) -> Tensor:
        p = self._event_shape[-1]
        diagonal = self._squares.rsample(sample_shape).sqrt()
        diagonal = diagonal.clamp(min=chainrule.finfo(diagonal.dtype).eps)
        rows, columns = chainrule.tril_indices(p, p, -1)
        below = chainrule.randn((*sample_shape, *self._batch_shape, p * (p - 1) // 2), dtype=diagonal.dtype)
        flat = chainrule.zeros((*below.shape[:-1], p * p), dtype=below.dtype).index_copy(-1, rows * p + columns, below)
        factor = self._unbroadcasted_scale_tril @ (flat.unflatten(-1, (p, p)) + diagonal.diag_embed())
        return factor @ factor.transpose(-1, -2)

    def _all_of_batch(self, inside: Tensor, reduce: str) -> Tensor:
        axes = tuple(range(-len(self._batch_shape), 0))
        return getattr(inside, reduce)(axes) if axes else inside

    def rsample(self, sample_shape: Any = (), max_try_correction: int | None = None) -> Tensor:
        """Random matrices as a differentiable function of the parameters.

        Args:
            sample_shape: how many.
            max_try_correction: how often singular ones are drawn anew; 10 where left out.
        """
        sample_shape = chainrule.Size(sample_shape)
        sample = self._draw(sample_shape)
        # PyTorch draws anew, at first, what is positive definite: so the samples are its samples.
        again = self._all_of_batch(self.support.check(sample).to(chainrule.uint8), "amax").bool()
        for _ in range(10 if max_try_correction is None else max_try_correction):
            if not again.any():
                break
            new = self._draw(again[again].shape)
            sample = sample.index_put((again,), new) if again.dim() else new[0]
            singular = ~self.support.check(new)
            still = again.clone()
            still[again] = self._all_of_batch(singular.to(chainrule.uint8), "amax").bool()
            again = still
        return sample

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        p = self._event_shape[-1]
        factor = chainrule.linalg.cholesky(value)
        white = (
            chainrule.linalg.solve_triangular(self._unbroadcasted_scale_tril, factor, upper=False)
            .square()
            .sum((-2, -1))
        )
        log_det = factor.diagonal(0, -2, -1).log().sum(-1)
        norm = self.df * (p * math.log(2) / 2 + self._half_log_det()) + chainrule.mvlgamma(self.df / 2, p)
        return (self.df - p - 1) * log_det - white / 2 - norm

    def entropy(self) -> Tensor:
        df, p = self.df, self._event_shape[-1]
        halves = df.unsqueeze(-1) / 2 - chainrule.arange(p, dtype=df.dtype) / 2
        norm = (p + 1) * (p * math.log(2) / 2 + self._half_log_det()) + chainrule.mvlgamma(df / 2, p)
        return norm - (df - p - 1) / 2 * halves.digamma().sum(-1) + df * p / 2

    @property
    def _natural_params(self) -> tuple[Tensor, Tensor]:
        return -self.precision_matrix / 2, (self.df - self._event_shape[-1] - 1) / 2

    def _log_normalizer(self, x: Tensor, y: Tensor) -> Tensor:
        p = self._event_shape[-1]
        half = y + (p + 1) / 2
        return half * (p * math.log(2) - chainrule.linalg.slogdet(-2 * x)[1]) + chainrule.mvlgamma(half, p)
