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


class lazy_property:
    """An attribute that is computed at its first use, with gradients on, and then kept.

    Gradients are on because that use may be inside sample(), which records nothing, and a later log_prob() needs them.
    """

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function
        functools.update_wrapper(self, function)  # type: ignore[arg-type]

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        with chainrule.enable_grad():
            value = self.function(instance)
        instance.__dict__[self.function.__name__] = value
        return value
