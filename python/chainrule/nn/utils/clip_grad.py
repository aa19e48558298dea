"""Gradient clipping."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

from ... import _core
from ...autograd.grad_mode import no_grad

Tensor = _core.Tensor


def _as_list(parameters: Any) -> list[Any]:
    return [parameters] if isinstance(parameters, Tensor) else list(parameters)


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients, as one vector, so that its norm does not exceed max_norm.

    g <- g * min(1, max_norm / (norm + 1e-6))

    Args:
        parameters: a tensor or an iterable of tensors; those without a gradient do not count.
        max_norm: the largest norm.
        norm_type: the p of the norm; inf for the largest absolute value.
        error_if_nonfinite: raise if the norm is nan or inf, rather than spread it.
        foreach: accepted; it is one call into C++ anyway.

    Returns:
        The norm before clipping, a tensor of shape [].

    Example:
        >>> import chainrule as cr
        >>> w = cr.zeros(2, requires_grad=True)
        >>> (w * cr.tensor([3.0, 4.0])).sum().backward()
        >>> cr.nn.utils.clip_grad_norm_([w], 1.0)
        tensor(5.)
        >>> w.grad
        tensor([0.6000, 0.8000])

    Source: PyTorch, torch.nn.utils.clip_grad_norm_; Pascanu et al., "On the difficulty of training recurrent neural
    networks", 2013.
    """
    return _core.clip_grad_norm_(_as_list(parameters), float(max_norm), float(norm_type), error_if_nonfinite)


def clip_grad_norm(*args: Any, **kwargs: Any) -> Tensor:
    """The old name of clip_grad_norm_."""
    warnings.warn("clip_grad_norm is deprecated in favor of clip_grad_norm_.", FutureWarning, stacklevel=2)
    return clip_grad_norm_(*args, **kwargs)


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None) -> None:
    """Cut every element of every gradient to [-clip_value, clip_value]."""
    _core.clip_grad_value_(_as_list(parameters), float(clip_value))


def clip_grads_with_norm_(
    parameters: Tensor | Iterable[Tensor], max_norm: float, total_norm: Any, foreach: bool | None = None
) -> None:
    """Scale all gradients by min(1, max_norm / (total_norm + 1e-6)), the norm being known from get_total_norm.

    A norm that is NaN makes the gradients NaN, as clip_grad_norm_ does.

    Source: PyTorch, torch.nn.utils.clip_grads_with_norm_.
    """
    factor = float(max_norm) / (float(total_norm) + 1e-6)
    if factor > 1.0:  # not min(): of 1 and NaN it takes the 1
        factor = 1.0
    with no_grad():
        for param in _as_list(parameters):
            if param.grad is not None:
                param.grad.mul_(factor)


def get_total_norm(
    tensors: Tensor | Iterable[Tensor],
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The p-norm of all tensors as one vector."""
    return _core.total_norm(_as_list(tensors), float(norm_type), error_if_nonfinite)
