"""torch._utils: what programs take from there although it is PyTorch's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import chainrule


def _flatten_dense_tensors(tensors: Sequence[Any]) -> Any:
    """All elements of tensors of one dtype, one tensor after the other, in a vector."""
    if len({tensor.dtype for tensor in tensors}) > 1:
        raise ValueError(f"_flatten_dense_tensors: one dtype is required, got {[tensor.dtype for tensor in tensors]}.")
    return chainrule.cat([tensor.reshape(-1) for tensor in tensors])


def _unflatten_dense_tensors(flat: Any, tensors: Sequence[Any]) -> tuple[Any, ...]:
    """The parts of such a vector, as views in the shapes of the tensors."""
    parts = flat.split([tensor.numel() for tensor in tensors])
    return tuple(part.view(tensor.shape) for part, tensor in zip(parts, tensors))


def _element_size(dtype: Any) -> int:
    """Bytes an element."""
    return int(dtype.itemsize)
