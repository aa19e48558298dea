"""Operations that sparse tensors take part in, by the names under which dense tensors have them.

RULES maps a name to its function; `call` looks there. What has no rule raises TypeError with the operation's name.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from .. import _core
from .._functions import result_type
from ..autograd import is_grad_enabled
from ._checks import axes_of, check_same_size, is_sparse, refuse
from ._products import addmm, bmm, linear, matmul, mm, mv
from ._shapes import cat, getitem, index_select, permute, select, stack, t, transpose, unsqueeze
from ._tensor import SparseTensor, Tensor, _what, grouped, keys_of


def call(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run an operation by name, one of whose arguments is sparse."""
    rule = RULES.get(name)
    if rule is None:
        given = itertools.chain(*(a if isinstance(a, (list, tuple)) else [a] for a in (*args, *kwargs.values())))
        sparse = next(filter(is_sparse, given))
        raise TypeError(f"{name}: dense tensors are required, got {_what(sparse)}. Use to_dense().")
    return rule(*args, **kwargs)


# --- sums --------------------------------------------------------------------------------------------------------


def sum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Sum over all axes or some: dense without sparse axes left, else sparse and coalesced."""
    x = input
    if not is_sparse(x):
        return _core.sum(x, dtype=dtype) if dim is None else _core.sum(x, dim, keepdim, dtype=dtype)
    if dim is None or (not isinstance(dim, int) and not list(dim)):
        return x._held.sum(dtype=dtype)
    axes, sparse = axes_of("sum", x, dim), x.sparse_dim()
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
        return refuse("norm", input)
    return _core.norm(input.coalesce()._held.reshape(-1), 2 if p in ("fro", None) else p, dtype=dtype)


def _softmax(op: str, x: Any, dim: int, dtype: Any, log: bool) -> Any:
    if not is_sparse(x):
        return getattr(_core._nn, "log_softmax" if log else "softmax")(x, dim, dtype=dtype)
    (axis,) = axes_of(op, x, dim)
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


def add(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """input + alpha other: dense where one of them is dense, which must have the whole size."""
    if is_sparse(input) and is_sparse(other):
        check_same_size("add", input, other)
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
            else refuse("add_", input, other)
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
        check_same_size("mul", input, other)
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
        return refuse("div", input, other)
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
        return refuse("mul_", input, other)
    if isinstance(other, Tensor):
        return _become("mul_", input, other, mul(input, other))
    input._held.mul_(other)
    return input


def div_(input: Any, other: Any) -> Any:
    """input /= other, a number or a dense tensor."""
    if not is_sparse(input) or is_sparse(other):
        return refuse("div_", input, other)
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
