"""What distributions share that are given by a covariance matrix, its inverse or its Cholesky factor."""

from __future__ import annotations

from typing import Any

import chainrule

from .utils import lazy_property

Tensor = Any


class OfACovariance:
    """Takes one of the three matrices; the others are computed when they are asked for."""

    _batch_shape: Any
    _event_shape: Any
    _unbroadcasted_scale_tril: Tensor  # PyTorch's name: the Cholesky factor, computed once for all of the batch

    def _the_given(
        self, covariance_matrix: Tensor | None, precision_matrix: Tensor | None, scale_tril: Tensor | None
    ) -> tuple[str, Tensor]:
        """The one matrix that is given, and its name."""
        matrices = {
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
            "scale_tril": scale_tril,
        }
        given = [name for name, matrix in matrices.items() if matrix is not None]
        if len(given) != 1:
            raise ValueError(
                f"{type(self).__name__}: exactly one of {', '.join(matrices)} is required, "
                f"got {', '.join(given) or 'none'}."
            )
        return given[0], matrices[given[0]]

    def _factorize(self, name: str, matrix: Tensor) -> None:
        """After the matrix has been checked."""
        self._unbroadcasted_scale_tril = (
            matrix if name == "scale_tril" else _cholesky(matrix, name == "precision_matrix")
        )

    def _of_the_batch(self, matrix: Tensor) -> Tensor:
        return matrix.expand((*self._batch_shape, *matrix.shape[-2:]))

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The lower triangular L with L L^T the covariance matrix."""
        return self._of_the_batch(self._unbroadcasted_scale_tril)

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariance matrix."""
        factor = self._unbroadcasted_scale_tril
        return self._of_the_batch(factor @ factor.transpose(-1, -2))

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance matrix."""
        factor = self._unbroadcasted_scale_tril
        identity = chainrule.eye(factor.shape[-1], dtype=factor.dtype)
        inverse = chainrule.linalg.solve_triangular(factor, identity, upper=False)
        return self._of_the_batch(inverse.transpose(-1, -2) @ inverse)

    def _half_log_det(self) -> Tensor:
        return self._unbroadcasted_scale_tril.diagonal(0, -2, -1).log().sum(-1)


def _cholesky(matrix: Tensor, inverse: bool) -> Tensor:
    """The Cholesky factor of the matrix or of its inverse."""
    if not inverse:
        return chainrule.linalg.cholesky(matrix)
    # With P = J Q J, J reversing the order and Q = M M^T: P^-1 = L L^T, L = (J M J)^-T, lower triangular.
    turned = chainrule.linalg.cholesky(matrix.flip((-2, -1))).flip((-2, -1)).transpose(-1, -2)
    identity = chainrule.eye(matrix.shape[-1], dtype=matrix.dtype)
    return chainrule.linalg.solve_triangular(turned, identity, upper=False)
