"""Parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ... import _core


def parameters_to_vector(parameters: Iterable[Any]) -> Any:
    """All parameters, one after the other, as a tensor of shape [total]. It is recorded.

    Example:
        >>> import chainrule as cr
        >>> cr.nn.utils.parameters_to_vector([cr.ones(2, 2), cr.zeros(1)])
        tensor([1., 1., 1., 1., 0.])
    """
    return _core.cat([param.reshape(-1) for param in parameters])


def vector_to_parameters(vec: Any, parameters: Iterable[Any]) -> None:
    """Fill the parameters from a vector, in place of their data."""
    if not isinstance(vec, _core.Tensor):
        raise TypeError(f"vector_to_parameters: vec must be a tensor, got {type(vec).__name__}.")
    params = list(parameters)
    total = sum(param.numel() for param in params)
    if vec.numel() < total:
        raise ValueError(f"vector_to_parameters: the parameters have {total} elements, vec only {vec.numel()}.")
    start = 0
    for param in params:
        stop = start + param.numel()
        param.data = vec[start:stop].reshape(tuple(param.shape)).detach().clone()
        start = stop
