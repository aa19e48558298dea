"""Operations that sparse tensors take part in, by the names under which dense tensors have them.

RULES maps a name to its function; `call` looks there. What has no rule raises TypeError with the operation's name.
"""

from __future__ import annotations

import builtins
import itertools
from typing import Any

import numpy as np

from .. import _core
from .._functions import result_type
from ..autograd import is_grad_enabled
from ._tensor import SparseTensor, Tensor, _what, grouped, keys_of

# No stub has a private name.
_sparse_mm: Any = getattr(_core, "_sparse_mm")  # noqa: B009
_sampled_mm: Any = getattr(_core, "_sampled_mm")  # noqa: B009


def is_sparse(x: Any) -> bool:
    """Whether x is a tensor of a sparse layout."""
    return type(x) is SparseTensor


def call(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run an operation by name, one of whose arguments is sparse."""
    rule = RULES.get(name)
    if rule is None:
        given = itertools.chain(*(a if isinstance(a, (list, tuple)) else [a] for a in (*args, *kwargs.values())))
        sparse = next(filter(is_sparse, given))
        raise TypeError(f"{name}: dense tensors are required, got {_what(sparse)}. Use to_dense().")
    return rule(*args, **kwargs)


def _refuse(op: str, *tensors: Any) -> Any:
    raise TypeError(f"{op}: not for {' and '.join(map(_what, tensors))}. Use to_dense().")


# --- products ----------------------------------------------------------------------------------------------------


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
        return _refuse("mv", input, vec)
    if vec.dim() != 1:
        raise ValueError(f"mv: a vector is required, got {_what(vec)}.")
    return mm(input, vec.unsqueeze(1)).squeeze(1)


def bmm(input: Any, mat2: Any) -> Any:
    """Products of a batch of sparse matrices with a batch of dense ones: one product of block matrices."""
    if not is_sparse(input) or is_sparse(mat2) or input.dim() != 3 or input.sparse_dim() != 3 or mat2.dim() != 3:
        return _refuse("bmm", input, mat2)
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
    return bmm(input, other) if shapes == (3, 3) else _refuse("matmul", input, other)


def addmm(input: Any, mat1: Any, mat2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """beta input + alpha mat1 mat2."""
    product = mm(mat1, mat2)
    return (product * alpha if alpha != 1 else product) + (input * beta if beta != 1 else input)


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """input weight^T + bias."""
    if is_sparse(weight) or is_sparse(bias):
        weight_first = weight if is_sparse(weight) else bias
        return _refuse("linear", weight_first)
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


# --- sums --------------------------------------------------------------------------------------------------------


def _axes(op: str, x: Any, dim: Any) -> list[int]:
    """Axes as numbers from 0, in order, each once."""
    axes = [dim] if isinstance(dim, int) else list(dim)
    for axis in axes:
        if not -x.dim() <= axis < x.dim():
            raise IndexError(f"{op}: dim must be in [{-x.dim()}, {x.dim() - 1}], got {axis}.")
    found = sorted({axis % x.dim() for axis in axes})
    if len(found) != len(axes):
        raise ValueError(f"{op}: each axis may be named once, got dim {axes}.")
    return found


def sum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Sum over all axes or some: dense without sparse axes left, else sparse and coalesced."""
    x = input
    if not is_sparse(x):
        return _core.sum(x, dtype=dtype) if dim is None else _core.sum(x, dim, keepdim, dtype=dtype)
    if dim is None or (not isinstance(dim, int) and not list(dim)):
        return x._held.sum(dtype=dtype)
    axes, sparse = _axes("sum", x, dim), x.sparse_dim()
    inside = [axis - sparse + 1 for axis in axes if axis >= sparse]
    values = x._held.sum(inside, keepdim, dtype=dtype) if inside else x._held
    if dtype is not None:
        values = values.to(dtype)
    elif values.dtype in (_core.bool, _core.uint8, _core.int32):
        values = values.long()
    kept = [axis for axis in range(sparse) if axis not in axes]
    if not kept and not keepdim:
        return values.sum(0)
    size = [1 if axis in axes else n for axis, n in enumerate(x._size) if keepdim or axis not in axes]
    rows = [x._at[axis] if axis in kept else x._at[axis] * 0 for axis in (range(sparse) if keepdim else kept)]
    at = _core.stack(rows)
    return SparseTensor(at, values, size, x._coalesced and not any(a < sparse for a in axes)).coalesce()


def norm(input: Any, p: Any = "fro", dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Norm of all elements."""
    if dim is not None or not is_sparse(input):
        return _refuse("norm", input)
    return _core.norm(input.coalesce()._held.reshape(-1), 2 if p in ("fro", None) else p, dtype=dtype)


def _softmax(op: str, x: Any, dim: int, dtype: Any, log: bool) -> Any:
    if not is_sparse(x):
        return getattr(_core._nn, "log_softmax" if log else "softmax")(x, dim, dtype=dtype)
    (axis,) = _axes(op, x, dim)
    x = (x if dtype is None else x.to(dtype)).coalesce()
    sparse, v = x.sparse_dim(), x._held
    if axis >= sparse:
        return x._with(getattr(_core, "log_softmax" if log else "softmax")(v, axis - sparse + 1))
    others = [d for d in range(sparse) if d != axis]
    keys = keys_of(x._at[others], [x._size[d] for d in others]) if others else _core.zeros(x._nnz(), dtype=_core.int64)
    different, place = grouped(keys)
    groups = (different.shape[0], *v.shape[1:])
    least = _core.full(groups, float("-inf"), dtype=v.dtype)
    top = least.index_reduce(0, place, v.detach(), "amax")
    shifted = v - top[place]
    total = _core.zeros(groups, dtype=v.dtype).index_add(0, place, shifted.exp())
    return x._with(shifted - total.log()[place] if log else shifted.exp() / total[place])


def softmax(input: Any, dim: int, *, dtype: Any = None) -> Any:
    """softmax() along an axis over the entries that are there: others count as -inf.

    y_e = exp(x_e) / sum of exp(x_f) over the entries f that differ from e along the axis only

    Args:
        input: sparse tensor.
        dim: the axis.
        dtype: converts the input first.

    Returns:
        Sparse tensor with the input's places, coalesced.

    Example:
        >>> import chainrule as cr
        >>> cr.sparse.softmax(cr.tensor([[1.0, 1.0, 0.0], [0.0, 3.0, 0.0]]).to_sparse(), 1).values()
        tensor([0.5000, 0.5000, 1.0000])
    """
    return _softmax("softmax", input, dim, dtype, log=False)


def log_softmax(input: Any, dim: int, *, dtype: Any = None) -> Any:
    """The logarithm of softmax(); see there."""
    return _softmax("log_softmax", input, dim, dtype, log=True)


# --- element by element ------------------------------------------------------------------------------------------


def _same_size(op: str, a: Any, b: Any) -> None:
    if a.shape != b.shape:
        raise ValueError(f"{op}: sparse tensors of one size are required, got {tuple(a.shape)} and {tuple(b.shape)}.")
    if a.sparse_dim() != b.sparse_dim():
        raise ValueError(f"{op}: as many sparse axes are required, got {_what(a)} and {_what(b)}.")


def add(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """input + alpha other: dense where one of them is dense, which must have the whole size."""
    if is_sparse(input) and is_sparse(other):
        _same_size("add", input, other)
        dtype = result_type(input._held, other._held)
        values = [input._held.to(dtype), other._held.to(dtype) * alpha if alpha != 1 else other._held.to(dtype)]
        return SparseTensor(_core.cat([input._at, other._at], 1), _core.cat(values), input._size).coalesce()
    dense, sparse = (other, input) if is_sparse(input) else (input, other)
    if not isinstance(dense, Tensor):
        raise TypeError(
            f"add: a tensor of size {tuple(sparse.shape)} is required beside a sparse one, got {_what(dense)}."
        )
    if is_sparse(input) and alpha != 1:
        dense = dense * alpha
    elif alpha != 1:
        sparse = sparse._with(sparse._held * alpha)
    if dense.shape != sparse.shape:
        dense = dense.expand(sparse.shape)
    dtype = result_type(dense, sparse._held)
    return dense.to(dtype).index_put(tuple(sparse._at), sparse._held.to(dtype), accumulate=True)


def add_(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """input += alpha other, two sparse tensors, or a dense and a sparse one."""
    if is_sparse(input):
        return (
            _become("add_", input, other, add(input, other, alpha=alpha))
            if is_sparse(other)
            else _refuse("add_", input, other)
        )
    if input.shape != other.shape:
        raise ValueError(f"add_: both must have one shape, got {tuple(input.shape)} and {tuple(other.shape)}.")
    values = other._held.to(input.dtype)
    return input.index_put_(tuple(other._at), values * alpha if alpha != 1 else values, accumulate=True)


def _become(op: str, input: Any, other: Any, result: SparseTensor) -> SparseTensor:
    """The in-place form: the tensor takes the entries of the result."""
    if input.requires_grad and input.is_leaf and is_grad_enabled():
        raise RuntimeError(f"{op}: a leaf that requires a gradient can't be written in place. Use no_grad().")
    if result.shape != input.shape or (result.is_floating_point() and not input.is_floating_point()):
        raise TypeError(f"{op}: the result of {_what(input)} and {_what(other)} does not fit in place.")
    input._at, input._held, input._coalesced = result._at, result._held.to(input.dtype), result._coalesced
    return input


def sub(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """input - alpha other."""
    return add(input, other, alpha=-alpha)


def sub_(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """input -= alpha other, two sparse tensors, or a dense and a sparse one."""
    return add_(input, other, alpha=-alpha)


def _lookup(places: Any, x: SparseTensor) -> tuple[Any, Any]:
    """For keys of places: which of x's entries (coalesced) stands there, and whether one does."""
    keys = keys_of(x._at, x._size[: x.sparse_dim()])
    if not len(keys):
        return _core.zeros_like(places), _core.zeros(len(places), dtype=_core.bool)
    found = _core.searchsorted(keys, places).clamp(max=len(keys) - 1)
    return found, keys[found] == places


def mul(input: Any, other: Any) -> Any:
    """Product element by element: where both have an entry, or with a number or a dense tensor that broadcasts."""
    if is_sparse(input) and is_sparse(other):
        _same_size("mul", input, other)
        a, b = input.coalesce(), other.coalesce()
        found, there = _lookup(keys_of(a._at, a._size[: a.sparse_dim()]), b)
        kept = there.nonzero().squeeze(1)
        return SparseTensor(a._at[:, kept], a._held[kept] * b._held[found[kept]], a._size, True)
    sparse, factor = (input, other) if is_sparse(input) else (other, input)
    return sparse._with(sparse._held * _at_places("mul", sparse, factor))


def _at_places(op: str, sparse: Any, dense: Any) -> Any:
    """A number, or a dense tensor's elements at the places of a sparse one."""
    if not isinstance(dense, Tensor) or dense.dim() == 0:
        return dense
    try:
        wide = dense.expand(sparse._size)
    except ValueError:
        raise ValueError(
            f"{op}: the dense tensor must broadcast to the sparse one's size {tuple(sparse._size)}, "
            f"got {tuple(dense.shape)}."
        ) from None
    return wide[tuple(sparse._at)]


def div(input: Any, other: Any, *, rounding_mode: Any = None) -> Any:
    """Quotient by a number or a dense tensor that broadcasts."""
    if not is_sparse(input) or is_sparse(other):
        return _refuse("div", input, other)
    x = input if rounding_mode is None else input.coalesce()  # a rounded sum is no sum of rounded ones
    return x._with(_core.div(x._held, _at_places("div", x, other), rounding_mode=rounding_mode))


def pow(input: Any, exponent: Any) -> Any:
    """Power with a positive exponent."""
    if not is_sparse(input) or isinstance(exponent, Tensor) or exponent <= 0:
        raise TypeError(f"pow: a sparse tensor and a positive number are required, got {exponent!r:.80} as exponent.")
    x = input.coalesce()
    return x._with(x._held**exponent)


def _elementwise(name: str) -> Any:
    function = getattr(_core._nn, name, None) or getattr(_core, name)  # nn's takes inplace, too

    def rule(input: Any, *args: Any, **options: Any) -> Any:
        x = input if name in _LINEAR else input.coalesce()
        return x._with(function(x._held, *args, **options))

    rule.__name__ = name
    rule.__doc__ = f"{name}() of each element; it leaves 0 as it is."
    return rule


_LINEAR = ("neg",)
_KEEP_ZERO = [
    "abs", "asin", "asinh", "atan", "atanh", "ceil", "deg2rad", "erf", "erfinv", "expm1", "floor", "frac", "isinf",
    "isnan", "log1p", "neg", "positive", "rad2deg", "relu", "round", "sign", "sin", "sinh", "sqrt", "square", "tan",
    "tanh", "trunc",
]  # fmt: skip

# --- shape -------------------------------------------------------------------------------------------------------


def transpose(input: Any, dim0: int, dim1: int) -> SparseTensor:
    """Two sparse axes, or two dense ones, exchanged."""
    (a,), (b,) = _axes("transpose", input, dim0), _axes("transpose", input, dim1)
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
        return _refuse("cat", *tensors)
    first, sparse = tensors[0], tensors[0].sparse_dim()
    (axis,) = _axes("cat", first, dim)
    for x in tensors:
        if x.dim() != first.dim() or x.sparse_dim() != sparse:
            _same_size("cat", first, x)
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
    (axis,) = _axes("index_select", input, dim)
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
    (axis,) = _axes("select", input, dim)
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


def sparse_mask(input: Any, mask: Any) -> SparseTensor:
    """The elements at the places of a sparse tensor."""
    if not is_sparse(mask):
        raise TypeError(f"sparse_mask: a sparse mask is required, got {_what(mask)}.")
    if input.shape != mask.shape:
        raise ValueError(f"sparse_mask: both must have one shape, got {tuple(input.shape)} and {tuple(mask.shape)}.")
    if not is_sparse(input):
        values = input[tuple(mask._at)] if mask.sparse_dim() else input.unsqueeze(0).expand(mask._nnz(), *input.shape)
        return mask._with(values)
    x = input.coalesce()
    if not x._nnz():
        return mask._with(_core.zeros(mask._held.shape, dtype=x.dtype))
    found, there = _lookup(keys_of(mask._at, mask._size[: mask.sparse_dim()]), x)
    return mask._with(x._held[found] * there.reshape(-1, *[1] * x.dense_dim()).to(x.dtype))


def zeros_like(input: Any, *, dtype: Any = None, layout: Any = None, **options: Any) -> Any:
    """A sparse tensor of the same size without entries."""
    at = _core.zeros(input.sparse_dim(), 0, dtype=_core.int64)
    values = _core.zeros(0, *input._held.shape[1:], dtype=dtype or input.dtype)
    return SparseTensor(at, values, input._size, True, input._kept_as).requires_grad_(
        options.get("requires_grad", False)
    )


def mul_(input: Any, other: Any) -> Any:
    """input *= other, a number or a tensor."""
    if not is_sparse(input):
        return _refuse("mul_", input, other)
    if isinstance(other, Tensor):
        return _become("mul_", input, other, mul(input, other))
    input._held.mul_(other)
    return input


def div_(input: Any, other: Any) -> Any:
    """input /= other, a number or a dense tensor."""
    if not is_sparse(input) or is_sparse(other):
        return _refuse("div_", input, other)
    if isinstance(other, Tensor):
        return _become("div_", input, other, div(input, other))
    input._held.div_(other)
    return input


def zero_(input: Any) -> SparseTensor:
    """Drops all entries."""
    empty = zeros_like(input)
    input._at, input._held, input._coalesced = empty._at, empty._held, True
    return input


def any_of(input: Any) -> Any:
    """Whether an element is not 0."""
    return (input.coalesce()._held != 0).any()


def is_nonzero(input: Any) -> bool:
    """Whether the only element is not 0."""
    return bool(input.to_dense().is_nonzero())


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """dropout() of the values: others are 0 as they are."""
    return input._with(_core._nn.dropout(input._held, p, training))


RULES: dict[str, Any] = {name: _elementwise(name) for name in _KEEP_ZERO}
RULES |= {
    "absolute": RULES["abs"], "negative": RULES["neg"], "mm": mm, "mv": mv, "bmm": bmm, "matmul": matmul,
    "addmm": addmm, "linear": linear, "sum": sum, "norm": norm, "add": add, "add_": add_, "sub": sub, "sub_": sub_,
    "subtract": sub, "mul": mul, "multiply": mul, "mul_": mul_, "div": div, "divide": div, "true_divide": div,
    "div_": div_, "pow": pow, "transpose": transpose, "swapaxes": transpose, "permute": permute, "t": t,
    "unsqueeze": unsqueeze, "cat": cat, "concat": cat, "stack": stack, "index_select": index_select, "select": select,
    "zeros_like": zeros_like, "zero_": zero_, "clone": SparseTensor.clone, "detach": SparseTensor.detach,
    "dropout": dropout, "any": any_of, "is_nonzero": is_nonzero,
}  # fmt: skip


def _operator(rule: Any, reflected: bool = False) -> Any:
    def operator(self: Any, other: Any) -> Any:
        if isinstance(other, np.generic):
            other = other.item()
        if not isinstance(other, Tensor) and (rule is matmul or not isinstance(other, (int, float))):
            return NotImplemented
        return rule(other, self) if reflected else rule(self, other)

    return operator


for _name, _rule in {"add": add, "sub": sub, "mul": mul, "truediv": div, "matmul": matmul}.items():
    setattr(SparseTensor, f"__{_name}__", _operator(_rule))
    setattr(SparseTensor, f"__r{_name}__", _operator(_rule, reflected=True))
for _name in ("mul_", "div_"):
    setattr(SparseTensor, f"__i{'truediv' if _name == 'div_' else 'mul'}__", RULES[_name])
for _name, _member in {
    "__pow__": pow,
    "__neg__": RULES["neg"],
    "__abs__": RULES["abs"],
    "__getitem__": getitem,
    "sparse_mask": sparse_mask,
    "T": property(t),
    "mT": property(t),
}.items():
    setattr(SparseTensor, _name, _member)
for _name, _sign in {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}.items():
    setattr(SparseTensor, f"__{_name}__", lambda self, other, name=_name: call(name, (self, other), {}))
