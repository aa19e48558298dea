"""Axes of sparse tensors: their order, joining along one, and parts along one."""

from __future__ import annotations

import builtins
from typing import Any

from .. import _core
from ._checks import axes_of, check_same_size, is_sparse, refuse
from ._tensor import SparseTensor, _what


def transpose(input: Any, dim0: int, dim1: int) -> SparseTensor:
    """Two sparse axes, or two dense ones, exchanged."""
    (a,), (b,) = axes_of("transpose", input, dim0), axes_of("transpose", input, dim1)
    order = list(range(input.dim()))
    order[a], order[b] = order[b], order[a]
    return permute(input, order)


def permute(input: Any, *dims: Any) -> SparseTensor:
    """The axes in another order; sparse ones stay before dense ones."""
    order = list(dims[0]) if len(dims) == 1 and not isinstance(dims[0], int) else list(dims)
    sparse, axes = input.sparse_dim(), [axis % input.dim() for axis in order]
    if sorted(axes) != list(range(input.dim())):
        raise ValueError(f"permute: an order of all {input.dim()} axes is required, got {order}.")
    if any((new < sparse) != (old < sparse) for new, old in enumerate(axes)):
        raise ValueError(f"permute: sparse axes must stay before dense ones, got the order {order} of {_what(input)}.")
    if axes == sorted(axes):
        return input
    values = (
        input._held.permute(0, *(axis - sparse + 1 for axis in axes[sparse:])) if input.dense_dim() else input._held
    )
    at = input._at[axes[:sparse]]
    return SparseTensor(
        at, values, [input._size[a] for a in axes], input._coalesced and axes[:sparse] == sorted(axes[:sparse])
    )


def t(input: Any) -> Any:
    """The transpose of a matrix."""
    if input.dim() > 2:
        raise ValueError(f"t: at most 2 axes are required, got shape {tuple(input.shape)}.")
    return transpose(input, 0, 1) if input.dim() == 2 else input


def unsqueeze(input: Any, dim: int) -> SparseTensor:
    """A new axis of size 1."""
    axis = dim + input.dim() + 1 if dim < 0 else dim
    if not 0 <= axis <= input.dim():
        raise IndexError(f"unsqueeze: dim must be in [{-input.dim() - 1}, {input.dim()}], got {dim}.")
    size = [*input._size[:axis], 1, *input._size[axis:]]
    if axis > input.sparse_dim():
        return SparseTensor(input._at, input._held.unsqueeze(axis - input.sparse_dim() + 1), size, input._coalesced)
    new = _core.zeros(1, input._nnz(), dtype=_core.int64)
    return SparseTensor(_core.cat([input._at[:axis], new, input._at[axis:]]), input._held, size, input._coalesced)


def cat(tensors: Any, dim: int = 0) -> SparseTensor:
    """Sparse tensors one after the other along an axis."""
    if not all(map(is_sparse, tensors)):
        return refuse("cat", *tensors)
    first, sparse = tensors[0], tensors[0].sparse_dim()
    (axis,) = axes_of("cat", first, dim)
    for x in tensors:
        if x.dim() != first.dim() or x.sparse_dim() != sparse:
            check_same_size("cat", first, x)
        if any(x._size[d] != first._size[d] for d in range(x.dim()) if d != axis):
            raise ValueError(f"cat: sizes must agree except along dim {axis}, got {[tuple(x._size) for x in tensors]}.")
    size = list(first._size)
    size[axis] = builtins.sum(x._size[axis] for x in tensors)
    starts = [builtins.sum(x._size[axis] for x in tensors[:i]) for i in range(len(tensors))]
    if axis >= sparse:
        widths = [(start, size[axis] - start - x._size[axis]) for start, x in zip(starts, tensors, strict=True)]
        at = axis - sparse + 1
        values = [_wide(x._held, at, *width) for x, width in zip(tensors, widths, strict=True)]
        return SparseTensor(_core.cat([x._at for x in tensors], 1), _core.cat(values), size)
    shift = [_core.tensor([[start if d == axis else 0] for d in range(sparse)]) for start in starts]
    at = _core.cat([x._at + move for x, move in zip(tensors, shift, strict=True)], 1)
    return SparseTensor(at, _core.cat([x._held for x in tensors]), size)


def _wide(values: Any, axis: int, before: int, after: int) -> Any:
    shape = list(values.shape)
    parts = [_core.zeros(*shape[:axis], n, *shape[axis + 1 :], dtype=values.dtype) for n in (before, after)]
    return _core.cat([parts[0], values, parts[1]], axis)


def stack(tensors: Any, dim: int = 0) -> SparseTensor:
    """Sparse tensors along a new axis."""
    return cat([unsqueeze(x, dim) for x in tensors], dim)


def index_select(input: Any, dim: int, index: Any) -> SparseTensor:
    """The entries whose index along an axis is chosen, in the order of the choice."""
    (axis,) = axes_of("index_select", input, dim)
    n = input._size[axis]
    chosen = _core.arange(n)[index]
    size = [*input._size[:axis], chosen.shape[0], *input._size[axis + 1 :]]
    sparse = input.sparse_dim()
    if axis >= sparse:
        return SparseTensor(input._at, input._held.index_select(axis - sparse + 1, chosen), size, input._coalesced)
    # Each entry once for each time that its index is chosen.
    order = chosen.argsort(stable=True)
    counts = _core.bincount(chosen, minlength=n)
    starts = counts.cumsum(0) - counts
    times = counts[input._at[axis]]
    entry = _core.repeat_interleave(_core.arange(input._nnz()), times)
    nth = _core.arange(entry.shape[0]) - (times.cumsum(0) - times)[entry]
    rows = list(input._at[:, entry])
    rows[axis] = order[starts[rows[axis]] + nth]
    return SparseTensor(_core.stack(rows), input._held[entry], size).coalesce()


def select(input: Any, dim: int, index: int) -> Any:
    """One index along an axis: without sparse axes left a dense tensor."""
    (axis,) = axes_of("select", input, dim)
    n, sparse = input._size[axis], input.sparse_dim()
    if not -n <= index < n:
        raise IndexError(f"select: index {index} is out of bounds for axis {axis} with size {n}.")
    size = [*input._size[:axis], *input._size[axis + 1 :]]
    if axis >= sparse:
        return SparseTensor(input._at, input._held.select(axis - sparse + 1, index), size, input._coalesced)
    kept = (input._at[axis] == index % n).nonzero().squeeze(1)
    values = input._held[kept]
    if sparse == 1:
        return values.sum(0, dtype=values.dtype)
    at = input._at[[d for d in range(sparse) if d != axis]][:, kept]
    return SparseTensor(at, values, size, input._coalesced)


def getitem(input: Any, key: Any) -> Any:
    """x[i], x[i, j]: numbers alone."""
    keys = key if isinstance(key, tuple) else (key,)
    if not all(hasattr(k, "__index__") and not isinstance(k, bool) for k in keys):
        raise TypeError("index: a sparse tensor takes integers alone. Use index_select(), or to_dense().")
    if len(keys) > input.dim():
        raise IndexError(f"index: {len(keys)} indices are too many for a tensor of {input.dim()} axes.")
    x = input
    for i, k in enumerate(keys):
        if not is_sparse(x):
            return x[tuple(keys[i:])]
        x = select(x, 0, int(k))
    return x
