"""Sparse tensors: matrices of which only the entries that are not zero are kept, such as those of graphs.

Example:
    >>> import chainrule as cr
    >>> places, values = cr.tensor([[0, 1, 1], [1, 0, 1]]), cr.tensor([2.0, 3.0, 4.0])
    >>> a = cr.sparse_coo_tensor(places, values, (2, 2))
    >>> x = cr.ones(2, 1, requires_grad=True)
    >>> (a @ x).sum().backward()
    >>> x.grad
    tensor([[3.],
            [6.]])
"""

from __future__ import annotations

from typing import Any

from .. import _core
from .._formats import sparse_coo, sparse_csr
from . import _operations
from ._operations import log_softmax, softmax
from ._operations import sum as _sum
from ._products import addmm as _addmm
from ._products import sampled_addmm
from ._tensor import SparseTensor, Tensor, _what, check_places

__all__ = [
    "BoolTensor",
    "ByteTensor",
    "DoubleTensor",
    "FloatTensor",
    "IntTensor",
    "LongTensor",
    "SparseTensor",
    "addmm",
    "log_softmax",
    "mm",
    "sampled_addmm",
    "smm",
    "softmax",
    "sparse_coo_tensor",
    "sparse_csr_tensor",
    "spmm",
    "sum",
]

for _part in (log_softmax, sampled_addmm, softmax):
    _part.__module__ = __name__
SparseTensor.__module__ = __name__


def _as_indices(op: str, indices: Any) -> Any:
    found = indices.detach() if isinstance(indices, Tensor) else _core.tensor(indices)
    places = found.long()
    if found.dtype == _core.bool or (found.dtype.is_floating_point and not bool((places == found).all())):
        raise TypeError(f"{op}: indices must be whole numbers, got {found.dtype}.")
    return places


def _as_values(values: Any, dtype: Any, requires_grad: bool) -> Any:
    found = values if isinstance(values, Tensor) else _core.tensor(values)
    found = found if dtype is None else found.to(dtype)
    return found.detach().requires_grad_() if requires_grad else found


def sparse_coo_tensor(
    indices: Any,
    values: Any = None,
    size: Any = None,
    *,
    dtype: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
    is_coalesced: bool | None = None,
) -> SparseTensor:
    """A sparse tensor of the given places and values; values at the same place add up.

    Args:
        indices: (sparse_dim, nnz) integers, a row for each axis. Alone: the size of a tensor without entries.
        values: (nnz,) numbers, or (nnz, ...): then the last axes are dense. Their history is kept.
        size: by default the smallest that holds the indices.
        dtype: of the values.
        requires_grad: makes the result a leaf.
        is_coalesced: True promises that each place stands once, in order.
        device, pin_memory, check_invariants: accepted; indices are always checked.

    Raises:
        ValueError: indices, values and size do not belong together.
        RuntimeError: an index is negative, or beyond the size.

    Example:
        >>> import chainrule as cr
        >>> cr.sparse_coo_tensor([[0, 1, 1], [2, 0, 2]], [3.0, 4.0, 5.0], (2, 3)).to_dense()
        tensor([[0., 0., 3.],
                [4., 0., 5.]])

    Source: PyTorch, torch.sparse_coo_tensor.
    """
    _core.zeros(0, device=device)
    if values is None:
        size, indices = indices, _core.zeros(len(indices), 0, dtype=_core.int64)
        values = _core.zeros(0, dtype=dtype or _core.get_default_dtype())
    at = _as_indices("sparse_coo_tensor", indices)
    held = _as_values(values, dtype, requires_grad)
    if held.dim() == 0 and at.dim() == 2 and at.shape[1] == 1:
        held = held.reshape(1)
    if size is None and at.dim() == 2 and held.dim() >= 1:
        if at.numel() and at.amin() < 0:
            raise RuntimeError(f"sparse_coo_tensor: indices must not be negative, got {at.amin().item()}.")
        sparse = [n + 1 for n in at.amax(1).tolist()] if at.shape[1] else [0] * at.shape[0]
        size = (*sparse, *held.shape[1:])
    size = () if size is None else tuple(size)
    check_places("sparse_coo_tensor", at, held, size)
    return SparseTensor(at, held, size, bool(is_coalesced) or at.shape[1] < 2)


def sparse_csr_tensor(
    crow_indices: Any,
    col_indices: Any,
    values: Any,
    size: Any = None,
    *,
    dtype: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
) -> SparseTensor:
    """A sparse matrix given row by row: row r has the columns and values from crow_indices[r] to crow_indices[r + 1].

    Args:
        crow_indices: (rows + 1,) integers from 0 to nnz that do not fall.
        col_indices: (nnz,) integers.
        values: (nnz,) numbers. Their history is kept.
        size: by default the smallest that holds the columns.
        dtype: of the values.
        requires_grad: makes the result a leaf.
        device, pin_memory, check_invariants: accepted; indices are always checked.

    Example:
        >>> import chainrule as cr
        >>> cr.sparse_csr_tensor([0, 1, 3], [2, 0, 2], [3.0, 4.0, 5.0]).to_dense()
        tensor([[0., 0., 3.],
                [4., 0., 5.]])

    Source: PyTorch, torch.sparse_csr_tensor.
    """
    _core.zeros(0, device=device)
    op = "sparse_csr_tensor"
    starts, columns = _as_indices(op, crow_indices), _as_indices(op, col_indices)
    held = _as_values(values, dtype, requires_grad)
    if starts.dim() != 1 or columns.dim() != 1 or held.dim() != 1 or columns.shape != held.shape or not len(starts):
        raise ValueError(
            f"{op}: (rows + 1,) crow_indices, (nnz,) col_indices and (nnz,) values are required, got shapes "
            f"{tuple(starts.shape)}, {tuple(columns.shape)} and {tuple(held.shape)}."
        )
    counts = starts[1:] - starts[:-1]
    if starts[0] != 0 or starts[-1] != len(columns) or bool((counts < 0).any()):
        raise RuntimeError(f"{op}: crow_indices must not fall, and go from 0 to nnz = {len(columns)}.")
    rows = _core.repeat_interleave(_core.arange(len(counts)), counts)
    if size is None:
        size = (len(counts), int(columns.amax()) + 1 if len(columns) else 0)
    at = _core.stack([rows, columns])
    if tuple(size)[:1] != (len(counts),):
        raise ValueError(f"{op}: crow_indices of {len(counts)} rows do not belong to the size {tuple(size)}.")
    check_places(op, at, held, tuple(size))
    return SparseTensor(at, held, size, True, sparse_csr)


def to_sparse(input: Any, sparse_dim: Any = None, *, layout: Any = None, **options: Any) -> SparseTensor:
    """Tensor.to_sparse(): the elements that are not zero, and where they stand."""
    if layout is sparse_csr:
        return to_sparse(input).to_sparse_csr()
    if layout not in (None, sparse_coo):
        raise ValueError(f"to_sparse: the layout must be sparse_coo or sparse_csr, got {layout}.")
    axes = input.dim() if sparse_dim is None else sparse_dim
    if not 0 <= axes <= input.dim() or (axes == 0 and input.dim() > 0):
        raise ValueError(f"to_sparse: sparse_dim must be in [1, {input.dim()}], got {sparse_dim}.")
    kept = input.detach() != 0
    if input.dim() > axes:
        kept = kept.reshape(*input.shape[:axes], -1).any(-1)
    at = kept.nonzero().t().contiguous()
    values = input[tuple(at)] if axes else input.reshape(1)[: at.shape[1]]
    return SparseTensor(at, values, input.shape, True)


def mm(mat1: Any, mat2: Any, reduce: str | None = None) -> Any:
    """Product of two matrices, at least one of them sparse: dense, or sparse where both are.

    C_ij = sum over the entries (i, k) of A of A_ik B_kj;  dA has gradients at A's entries alone, dB = A^T dC

    Args:
        mat1: (m, k) matrix.
        mat2: (k, n) matrix of the same dtype.
        reduce: None or "sum".

    Example:
        >>> import chainrule as cr
        >>> cr.sparse.mm(cr.eye(2).to_sparse(), cr.ones(2, 3))
        tensor([[1., 1., 1.],
                [1., 1., 1.]])

    Source: PyTorch, torch.sparse.mm.
    """
    if reduce not in (None, "sum"):
        raise ValueError(f'sparse.mm: reduce must be None or "sum", got {reduce!r}.')
    return _operations.mm(mat1, mat2)


def spmm(input: Any, mat2: Any) -> Any:
    """The old name of mm(): also two dense matrices are taken."""
    return _operations.mm(input, mat2)


def smm(input: Any, mat: Any) -> SparseTensor:
    """Product of two matrices as a sparse one."""
    product = _operations.mm(input, mat)
    return product if type(product) is SparseTensor else to_sparse(product)


def addmm(mat: Any, mat1: Any, mat2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """beta mat + alpha mat1 mat2, as addmm(), with a sparse mat1."""
    return _addmm(mat, mat1, mat2, beta=beta, alpha=alpha)


def sum(input: Any, dim: Any = None, dtype: Any = None) -> Any:
    """Sum over all axes, or over some: a dense tensor where no sparse axis is left, else a sparse one.

    Args:
        input: sparse tensor.
        dim: an axis or several; None for all.
        dtype: of the result; by default a sparse one has the input's, a dense one that of Tensor.sum().

    Example:
        >>> import chainrule as cr
        >>> a = cr.tensor([[1.0, 0.0], [2.0, 3.0]]).to_sparse()
        >>> cr.sparse.sum(a), cr.sparse.sum(a, 1).to_dense()
        (tensor(6.), tensor([1., 5.]))

    Source: PyTorch, torch.sparse.sum.
    """
    result = _sum(input, dim, dtype=dtype)
    return result.to(input.dtype) if dtype is None and type(result) is SparseTensor else result


class _OldMeta(type):
    """isinstance asks for the dtype, as there is one class of sparse tensors."""

    dtype: Any = None

    def __instancecheck__(cls, instance: Any) -> bool:
        return type(instance) is SparseTensor and instance.dtype == cls.dtype

    def __str__(cls) -> str:
        return f"torch.sparse.{cls.__name__}"


class _OldTensor(metaclass=_OldMeta):
    dtype: Any = None

    def __new__(cls, *args: Any, device: Any = None) -> Any:
        if args and isinstance(args[0], Tensor):
            if len(args) > 3 or len(args) < 2:
                raise TypeError(f"{cls.__name__}: indices, values and a size are required, got {len(args)} arguments.")
            return sparse_coo_tensor(*args, device=device)
        size = args[0] if len(args) == 1 and not isinstance(args[0], int) else args or (0,)
        if not all(isinstance(n, int) for n in size):
            raise TypeError(
                f"{cls.__name__}: indices, values and a size are required, got {', '.join(map(_what, args))}."
            )
        return sparse_coo_tensor(tuple(size), dtype=cls.dtype, device=device)


class FloatTensor(_OldTensor):
    """The old name of sparse_coo_tensor(): FloatTensor(indices, values, size).

    Example:
        >>> import chainrule as cr
        >>> cr.sparse.FloatTensor(cr.tensor([[0], [1]]), cr.tensor([2.0]), cr.Size([2, 2])).to_dense()
        tensor([[0., 2.],
                [0., 0.]])
    """

    dtype = _core.float32


class DoubleTensor(_OldTensor):
    """The old name of sparse float64 tensors."""

    dtype = _core.float64


class LongTensor(_OldTensor):
    """The old name of sparse int64 tensors."""

    dtype = _core.int64


class IntTensor(_OldTensor):
    """The old name of sparse int32 tensors."""

    dtype = _core.int32


class ByteTensor(_OldTensor):
    """The old name of sparse uint8 tensors."""

    dtype = _core.uint8


class BoolTensor(_OldTensor):
    """The old name of sparse bool tensors."""

    dtype = _core.bool
