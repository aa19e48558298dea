"""What several distributions use: broadcasting, probabilities and their logarithms, lazy attributes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import chainrule

__all__ = [
    "EULER",
    "broadcast_all",
    "clamp_probs",
    "lazy_property",
    "logits_to_probs",
    "probs_to_logits",
    "sum_rightmost",
    "tril_matrix_to_vec",
    "vec_to_tril_matrix",
]

Tensor = Any

EULER = 0.5772156649015329  # Euler's constant, lim (1 + 1/2 + ... + 1/n - log n)


def broadcast_all(*values: Any) -> tuple[Tensor, ...]:
    """Tensors of one shape from tensors and numbers; numbers take the dtype of the first tensor.

    Raises:
        TypeError: a value is neither.

    Example:
        >>> from chainrule.distributions.utils import broadcast_all
        >>> a, b = broadcast_all(chainrule.zeros(2), 1.0)
        >>> b
        tensor([1., 1.])
    """
    for value in values:
        if not isinstance(value, (int, float, chainrule.Tensor)):
            raise TypeError(f"distributions: tensors or numbers are required, got {type(value).__name__}.")
    tensors = [value for value in values if isinstance(value, chainrule.Tensor)]
    dtype = tensors[0].dtype if tensors else chainrule.get_default_dtype()
    if len(tensors) < len(values):
        values = tuple(v if isinstance(v, chainrule.Tensor) else chainrule.tensor(v, dtype=dtype) for v in values)
    if all(value.shape == values[0].shape for value in values):
        return values
    return tuple(chainrule.broadcast_tensors(*values))


def _standard_normal(shape: Any, dtype: Any, device: Any) -> Tensor:
    """Draws from the standard normal, by PyTorch's name for those who write distributions of their own."""
    return chainrule.randn(shape, dtype=dtype, device=device)


def sum_rightmost(value: Tensor, dim: int) -> Tensor:
    """The sum over the last dim axes."""
    return value.sum(tuple(range(-dim, 0))) if dim else value


_sum_rightmost = sum_rightmost


def clamp_probs(probs: Tensor) -> Tensor:
    """Probabilities moved off 0 and 1 by the dtype's epsilon, so that their logarithms are finite."""
    eps = chainrule.finfo(probs.dtype).eps
    return probs.clamp(min=eps, max=1 - eps)


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """Probabilities: by sigmoid if is_binary, otherwise by softmax along the last axis."""
    return chainrule.sigmoid(logits) if is_binary else chainrule.softmax(logits, -1)


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """Logarithms: log p - log(1 - p) if is_binary, otherwise log p; probabilities are clamped before."""
    clamped = clamp_probs(probs)
    return clamped.log() - (-clamped).log1p() if is_binary else clamped.log()


def tril_matrix_to_vec(mat: Tensor, diag: int = 0) -> Tensor:
    """The entries of (..., D, D) matrices on and below the diagonal diag, row by row: (..., K).

    Raises:
        ValueError: -D <= diag < D is required.

    Example:
        >>> from chainrule.distributions.utils import tril_matrix_to_vec
        >>> tril_matrix_to_vec(chainrule.tensor([[1.0, 2.0], [3.0, 4.0]]))
        tensor([1., 3., 4.])
    """
    size = mat.shape[-1]
    if not -size <= diag < size:
        raise ValueError(f"tril_matrix_to_vec: diag must be between {-size} and {size - 1}, got {diag}.")
    rows, columns = chainrule.tril_indices(size, size, diag)
    return mat[..., rows, columns]


def vec_to_tril_matrix(vec: Tensor, diag: int = 0) -> Tensor:
    """(..., K) numbers as (..., D, D) matrices: on and below the diagonal diag row by row, zeros elsewhere.

    Raises:
        ValueError: K entries fill no matrix from that diagonal down.

    Example:
        >>> from chainrule.distributions.utils import vec_to_tril_matrix
        >>> vec_to_tril_matrix(chainrule.tensor([1.0, 3.0, 4.0]))
        tensor([[1., 0.],
                [3., 4.]])
    """
    # (D + diag) (D + diag + 1) / 2 = K for diag <= 0, and |diag| entries more above for diag > 0.
    count = vec.shape[-1]
    size = round((-(1 + 2 * diag) + ((1 + 2 * diag) ** 2 + 8 * count + 4 * abs(diag) * (diag + 1)) ** 0.5) / 2)
    rows, columns = chainrule.tril_indices(size, size, diag) if size > 0 else ((), ())
    if len(rows) != count:
        raise ValueError(f"vec_to_tril_matrix: {count} entries fill no lower triangle from diagonal {diag} down.")
    flat = rows * size + columns
    matrix = chainrule.zeros((*vec.shape[:-1], size * size), dtype=vec.dtype).index_copy(-1, flat, vec)
    return matrix.unflatten(-1, (size, size))


class lazy_property:
    """An attribute that is computed at its first use, with gradients on, and then kept.

    Gradients are on because that use may be inside sample(), which records nothing, and a later log_prob() needs them.
    """

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function
        functools.update_wrapper(self, function)  # type: ignore[arg-type]  # its docstring and name

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        with chainrule.enable_grad():
            value = self.function(instance)
        instance.__dict__[self.function.__name__] = value
        return value
