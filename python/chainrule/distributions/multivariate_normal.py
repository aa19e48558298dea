"""MultivariateNormal and LogisticNormal."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import chainrule

from . import constraints
from ._covariance import OfACovariance
from .distribution import Distribution
from .normal import Normal
from .transformed_distribution import TransformedDistribution
from .transforms import StickBreakingTransform

Tensor = Any


class MultivariateNormal(OfACovariance, Distribution):
    """log p(x) = -(x - loc)^T C^-1 (x - loc) / 2 - log det C / 2 - (K / 2) log 2 pi.

    Args:
        loc: (..., K) mean.
        covariance_matrix: (..., K, K) symmetric positive definite C; or in its place
        precision_matrix: C^-1; or
        scale_tril: the lower triangular Cholesky factor of C, with positive diagonal.

    Raises:
        ValueError: not exactly one of the three matrices, or one that is not as above.

    Example:
        >>> m = chainrule.distributions.MultivariateNormal(chainrule.zeros(2), chainrule.eye(2))
        >>> m.log_prob(chainrule.zeros(2))
        tensor(-1.8379)

    Samples are PyTorch's at the same seed.
    """

    arg_constraints: ClassVar = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self,
        loc: Tensor,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        name, matrix = self._the_given(covariance_matrix, precision_matrix, scale_tril)
        if loc.dim() < 1 or matrix.dim() < 2 or not matrix.shape[-2] == matrix.shape[-1] == loc.shape[-1]:
            raise ValueError(
                f"MultivariateNormal: loc (..., K) and {name} (..., K, K) are required, got shapes "
                f"{tuple(loc.shape)} and {tuple(matrix.shape)}."
            )
        batch = chainrule.broadcast_tensors(matrix[..., 0], loc)[0].shape[:-1]
        k = loc.shape[-1]
        self.loc = loc.expand((*batch, k))
        self.__dict__[name] = matrix.expand((*batch, k, k))
        super().__init__(batch, (k,), validate_args)
        self._factorize(name, matrix)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        return self._unbroadcasted_scale_tril.square().sum(-1).expand(self._batch_shape + self._event_shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        eps = chainrule.randn(self._extended_shape(sample_shape), dtype=self.loc.dtype)
        return self.loc + (self._unbroadcasted_scale_tril @ eps.unsqueeze(-1)).squeeze(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        distance = (value - self.loc).unsqueeze(-1)
        white = chainrule.linalg.solve_triangular(self._unbroadcasted_scale_tril, distance, upper=False).squeeze(-1)
        return -0.5 * (self.loc.shape[-1] * math.log(2 * math.pi) + white.square().sum(-1)) - self._half_log_det()

    def entropy(self) -> Tensor:
        value = 0.5 * self.loc.shape[-1] * (1 + math.log(2 * math.pi)) + self._half_log_det()
        return value.expand(self._batch_shape)


class LogisticNormal(TransformedDistribution):
    """A point of the simplex: stick breaking applied to independent normal numbers.

    Args:
        loc, scale: (..., K - 1) means and standard deviations.

    Example:
        >>> chainrule.distributions.LogisticNormal(chainrule.zeros(2), chainrule.ones(2)).sample().shape
        chainrule.Size([3])

    Samples are PyTorch's at the same seed.
    """

    arg_constraints: ClassVar = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.simplex

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        base = Normal(loc, scale, validate_args)
        if not base.batch_shape:
            base = base.expand((1,))
        super().__init__(base, StickBreakingTransform(), validate_args)

    @property
    def loc(self) -> Tensor:
        """The means."""
        return self.base_dist.base_dist.loc

    @property
    def scale(self) -> Tensor:
        """The standard deviations."""
        return self.base_dist.base_dist.scale
