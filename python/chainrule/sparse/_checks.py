"""What the operations of sparse tensors ask of their arguments."""

from __future__ import annotations

from typing import Any

from ._tensor import SparseTensor, _what


def is_sparse(x: Any) -> bool:
    """Whether x is a tensor of a sparse layout."""
    return type(x) is SparseTensor


def refuse(op: str, *tensors: Any) -> Any:
    raise TypeError(f"{op}: not for {' and '.join(map(_what, tensors))}. Use to_dense().")


def axes_of(op: str, x: Any, dim: Any) -> list[int]:
    """Axes as numbers from 0, in order, each once."""
    axes = [dim] if isinstance(dim, int) else list(dim)
    for axis in axes:
        if not -x.dim() <= axis < x.dim():
            raise IndexError(f"{op}: dim must be in [{-x.dim()}, {x.dim() - 1}], got {axis}.")
    found = sorted({axis % x.dim() for axis in axes})
    if len(found) != len(axes):
        raise ValueError(f"{op}: each axis may be named once, got dim {axes}.")
    return found


def check_same_size(op: str, a: Any, b: Any) -> None:
    if a.shape != b.shape:
        raise ValueError(f"{op}: sparse tensors of one size are required, got {tuple(a.shape)} and {tuple(b.shape)}.")
    if a.sparse_dim() != b.sparse_dim():
        raise ValueError(f"{op}: as many sparse axes are required, got {_what(a)} and {_what(b)}.")
