"""Products of matrices of which some are sparse."""

from __future__ import annotations

from typing import Any

from .. import _core
from ._checks import is_sparse, refuse
from ._tensor import SparseTensor, _what

# No stub has a private name.
_sparse_mm: Any = getattr(_core, "_sparse_mm")  # noqa: B009
_sampled_mm: Any = getattr(_core, "_sampled_mm")  # noqa: B009


def _matrix(op: str, x: Any) -> Any:
    """A sparse matrix whose two axes are sparse."""
    if x.dim() != 2 or x.sparse_dim() != 2:
        raise ValueError(f"{op}: a sparse matrix with two sparse axes is required, got {_what(x)}.")
    return x


def _transposed(a: SparseTensor) -> SparseTensor:
    return SparseTensor(a._at.flip(0), a._held, a._size[::-1])


def mm(input: Any, mat2: Any) -> Any:
    """Product of two matrices, of which at least one is sparse; sparse only if both are."""
    if is_sparse(input) and is_sparse(mat2):
        return _sparse_product(_matrix("mm", input), _matrix("mm", mat2))
    if not is_sparse(input):
        if not is_sparse(mat2):
            return _core.mm(input, mat2)
        if input.dim() != 2:
            raise ValueError(f"mm: two matrices are required, got {_what(input)} and {_what(mat2)}.")
        if input.shape[1] != mat2.shape[0]:
            raise ValueError(
                f"mm: inner dimensions must match, got {tuple(input.shape)} @ {tuple(mat2.shape)} "
                f"({input.shape[1]} != {mat2.shape[0]})."
            )
        return mm(_transposed(_matrix("mm", mat2)), input.t()).t()
    _matrix("mm", input)
    return _sparse_mm(input._held, input._at, mat2, tuple(input._size))


def _sparse_product(a: SparseTensor, b: SparseTensor) -> SparseTensor:
    """Each entry of a meets the entries of b's row that its column names."""
    if a._size[1] != b._size[0]:
        raise ValueError(
            f"mm: inner dimensions must match, got {tuple(a._size)} @ {tuple(b._size)} ({a._size[1]} != {b._size[0]})."
        )
    if a.dtype != b.dtype:
        raise TypeError(f"mm: both operands must have one dtype, got {a.dtype} and {b.dtype}.")
    b = b.coalesce()
    in_row = _core.bincount(b._at[0], minlength=b._size[0])
    starts = in_row.cumsum(0) - in_row
    times = in_row[a._at[1]]
    entry = _core.repeat_interleave(_core.arange(a._nnz()), times)
    first = (times.cumsum(0) - times)[entry]
    partner = starts[a._at[1]][entry] + _core.arange(entry.shape[0]) - first
    at = _core.stack([a._at[0][entry], b._at[1][partner]])
    return SparseTensor(at, a._held[entry] * b._held[partner], (a._size[0], b._size[1])).coalesce()


def mv(input: Any, vec: Any) -> Any:
    """Product of a sparse matrix and a vector."""
    if not is_sparse(input) or is_sparse(vec):
        return refuse("mv", input, vec)
    if vec.dim() != 1:
        raise ValueError(f"mv: a vector is required, got {_what(vec)}.")
    return mm(input, vec.unsqueeze(1)).squeeze(1)


def bmm(input: Any, mat2: Any) -> Any:
    """Products of a batch of sparse matrices with a batch of dense ones: one product of block matrices."""
    if not is_sparse(input) or is_sparse(mat2) or input.dim() != 3 or input.sparse_dim() != 3 or mat2.dim() != 3:
        return refuse("bmm", input, mat2)
    (batch, rows, inner), (batch2, inner2, n) = input.shape, mat2.shape
    if batch != batch2 or inner != inner2:
        raise ValueError(f"bmm: batches that fit are required, got {tuple(input.shape)} and {tuple(mat2.shape)}.")
    block, row, column = input._at
    at = _core.stack([block * rows + row, block * inner + column])
    blocks = SparseTensor(at, input._held, (batch * rows, batch * inner))
    return mm(blocks, mat2.reshape(batch * inner, n)).reshape(batch, rows, n)


def matmul(input: Any, other: Any) -> Any:
    """Product of a sparse matrix with a vector, a matrix or another sparse matrix, or of batches."""
    shapes = input.dim(), other.dim()
    if shapes == (2, 2):
        return mm(input, other)
    if shapes == (2, 1) and is_sparse(input):
        return mv(input, other)
    if shapes == (1, 2) and is_sparse(other):
        return mv(_transposed(_matrix("matmul", other)), input)
    return bmm(input, other) if shapes == (3, 3) else refuse("matmul", input, other)


def addmm(input: Any, mat1: Any, mat2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """beta input + alpha mat1 mat2."""
    product = mm(mat1, mat2)
    return (product * alpha if alpha != 1 else product) + (input * beta if beta != 1 else input)


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """input weight^T + bias."""
    if is_sparse(weight) or is_sparse(bias):
        weight_first = weight if is_sparse(weight) else bias
        return refuse("linear", weight_first)
    product = mm(input, weight.t())
    return product if bias is None else product + bias


def sampled_addmm(input: Any, mat1: Any, mat2: Any, *, beta: Any = 1, alpha: Any = 1) -> SparseTensor:
    """The elements of a product of dense matrices at the places of a sparse matrix, which is added.

    y = beta input + alpha (mat1 mat2 at input's places)

    Args:
        input: (m, n) sparse matrix.
        mat1, mat2: (m, k) and (k, n) dense matrices.

    Example:
        >>> import chainrule as cr
        >>> places = cr.eye(2).to_sparse()
        >>> cr.sparse.sampled_addmm(places, cr.ones(2, 3), cr.ones(3, 2)).to_dense()
        tensor([[4., 0.],
                [0., 4.]])
    """
    _matrix("sampled_addmm", input)
    if (mat1.shape[0], mat2.shape[1]) != tuple(input.shape):
        raise ValueError(
            f"sampled_addmm: a product of shape {tuple(input.shape)} is required, got {tuple(mat1.shape)} @ "
            f"{tuple(mat2.shape)}."
        )
    return input._with(beta * input._held + alpha * _sampled_mm(mat1, mat2.t(), input._at))
