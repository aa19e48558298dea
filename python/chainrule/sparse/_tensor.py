"""SparseTensor: the entries of a tensor that are not zero, and where they stand.

Note [What a sparse tensor is made of]
Indices (sparse_dim, nnz), values (nnz, *dense sizes) and the size. The values are a tensor like any other: what is
computed from a sparse tensor is computed from its values, so gradients, leaves and hooks are those of the values. A
sparse tensor has no gradient outside its entries.
Operations that get a sparse tensor where the core takes dense ones ask it by __torch_function__, which runs
`_operations.call`.
"""

from __future__ import annotations

import math
from typing import Any

from .. import _core
from .._formats import OLD_NAMES, sparse_coo, sparse_csr
from .._tensor_str import body_str, with_suffixes

Tensor = _core.Tensor


def keys_of(indices: Any, sizes: Any) -> Any:
    """One number for each entry, in the order of the places."""
    if math.prod(sizes) >= 2**63:
        raise ValueError(f"coalesce: the sparse sizes must have fewer than 2**63 places, got {tuple(sizes)}.")
    keys = _core.zeros(indices.shape[1], dtype=_core.int64)
    for row, size in zip(indices, sizes, strict=True):
        keys = keys * size + row
    return keys


def places_of(keys: Any, sizes: Any) -> Any:
    """The indices of such numbers."""
    rows = []
    for size in reversed(sizes):
        rows.append(_core.remainder(keys, max(size, 1)))
        keys = _core.floor_divide(keys, max(size, 1))
    return _core.stack(rows[::-1]) if rows else _core.zeros(0, len(keys), dtype=_core.int64)


def grouped(keys: Any) -> tuple[Any, Any]:
    """The different keys in rising order, and for each key its place among them."""
    different, place = _core.unique(keys, return_inverse=True)
    return different, place


class SparseTensor:
    """A tensor most of whose elements are zero, given by the others.

    Made by sparse_coo_tensor(), sparse_csr_tensor() and Tensor.to_sparse(). isinstance(x, chainrule.Tensor) holds.
    Sums, products with dense and sparse tensors, and functions that leave zero as it is work on it; what needs dense
    tensors raises TypeError and names itself.

    Example:
        >>> import chainrule as cr
        >>> a = cr.tensor([[0.0, 2.0], [3.0, 0.0]]).to_sparse()
        >>> a @ cr.tensor([[1.0], [10.0]])
        tensor([[20.],
                [ 3.]])
    """

    __array_ufunc__ = None  # NumPy leaves the operators to this class
    # A tensor of another layout is a tensor for isinstance(); the core sees the class itself.
    __class__ = property(lambda self: Tensor)

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        from ._operations import call

        return call(function.__name__, args, kwargs or {})

    def __init__(self, indices: Any, values: Any, size: Any, coalesced: bool = False, layout: Any = sparse_coo) -> None:
        self._at, self._held, self._size = indices, values, _core.Size(size)
        self._coalesced, self._kept_as = bool(coalesced), layout

    def _of(self, indices: Any, values: Any) -> SparseTensor:
        """Other parts in the same form."""
        return SparseTensor(indices, values, self._size, self._coalesced, self._kept_as)

    def _with(self, values: Any) -> SparseTensor:
        """The same places with other values."""
        return self._of(self._at, values)

    # What it is

    @property
    def shape(self) -> Any:
        """The size of each axis."""
        return self._size

    def size(self, dim: int | None = None) -> Any:
        """The size, or that of one axis."""
        return self._size if dim is None else self._size[dim]

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self._size)

    def dim(self) -> int:
        """The number of axes."""
        return len(self._size)

    def numel(self) -> int:
        """The number of elements, zeros counted."""
        return math.prod(self._size)

    ndimension, nelement = dim, numel

    def __len__(self) -> int:
        if not self._size:
            raise TypeError("len(): a 0-d tensor has no length")
        return self._size[0]

    dtype = property(lambda self: self._held.dtype)
    device = property(lambda self: self._held.device)
    layout = property(lambda self: self._kept_as)
    is_sparse = property(lambda self: self._kept_as is sparse_coo)
    is_sparse_csr = property(lambda self: self._kept_as is sparse_csr)
    is_cpu = True
    is_cuda = is_mps = is_meta = is_quantized = is_nested = False
    itemsize = property(lambda self: self._held.itemsize)

    def element_size(self) -> int:
        """Bytes an element."""
        return self._held.element_size()

    def is_floating_point(self) -> bool:
        """Whether the values are floating."""
        return self._held.is_floating_point()

    def is_complex(self) -> bool:
        """False: there are no complex numbers."""
        return False

    def is_signed(self) -> bool:
        """Whether the dtype has negative numbers."""
        return self._held.is_signed()

    def is_contiguous(self, memory_format: Any = None) -> bool:
        """False, as in PyTorch."""
        return False

    def get_device(self) -> int:
        """-1: the CPU has no number."""
        return -1

    def sparse_dim(self) -> int:
        """How many axes, from the first, are given by indices."""
        return self._at.shape[0]

    def dense_dim(self) -> int:
        """How many axes, up to the last, the values have themselves."""
        return self._held.dim() - 1

    def _nnz(self) -> int:
        return self._at.shape[1]

    def is_coalesced(self) -> bool:
        """Whether each place stands once, in order."""
        return self._coalesced

    def _coalesced_(self, coalesced: bool) -> SparseTensor:
        self._coalesced = bool(coalesced)
        return self

    # Its parts

    def _indices(self) -> Any:
        return self._at

    def _values(self) -> Any:
        return self._held

    def _checked(self, op: str) -> None:
        if not self._coalesced:
            raise RuntimeError(f"{op}: the tensor must be coalesced; call coalesce() first.")

    def indices(self) -> Any:
        """The places, (sparse_dim, nnz)."""
        self._checked("indices")
        return self._at

    def values(self) -> Any:
        """The values, (nnz, *dense sizes)."""
        self._checked("values")
        return self._held

    def crow_indices(self) -> Any:
        """Of a CSR tensor: where each row begins among the values, and at last their number."""
        self._is_csr("crow_indices")
        counts = _core.bincount(self._at[0], minlength=self._size[0])
        return _core.cat([_core.zeros(1, dtype=_core.int64), counts.cumsum(0)])

    def col_indices(self) -> Any:
        """Of a CSR tensor: the column of each value."""
        self._is_csr("col_indices")
        return self._at[1]

    def _is_csr(self, op: str) -> None:
        if self._kept_as is not sparse_csr:
            raise RuntimeError(f"{op}: a tensor of layout sparse_csr is required, got {self._kept_as}.")

    # To other forms

    def coalesce(self) -> SparseTensor:
        """Each place once, in order; values at the same place are added in the order in which they stand."""
        if self._coalesced:
            return self
        sizes = self._size[: self.sparse_dim()]
        keys = keys_of(self._at, sizes)
        if bool((keys[1:] > keys[:-1]).all()):
            return SparseTensor(self._at, self._held, self._size, True, self._kept_as)
        different, place = grouped(keys)
        kept = different.shape[0]
        if self.dtype == _core.bool:
            counted = _core.zeros(kept, *self._held.shape[1:], dtype=_core.int64)
            values = counted.index_add(0, place, self._held.long()) != 0
        else:
            values = _core.zeros(kept, *self._held.shape[1:], dtype=self.dtype).index_add(0, place, self._held)
        return SparseTensor(places_of(different, sizes), values, self._size, True, self._kept_as)

    def to_dense(self, dtype: Any = None, *, masked_grad: bool | None = None) -> Any:
        """All elements, as a dense tensor."""
        kept = self if dtype is None else self.to(dtype)
        if kept.dtype == _core.bool:
            kept = kept.coalesce()
        dense = _core.zeros(kept._size, dtype=kept.dtype)
        if not kept.sparse_dim():
            return kept._held.sum(0, dtype=kept.dtype)
        return dense.index_put(tuple(kept._at), kept._held, accumulate=kept.dtype != _core.bool)

    def to_sparse(self, sparse_dim: Any = None, *, layout: Any = None, **options: Any) -> SparseTensor:
        """This tensor in the layout sparse_coo, or in the one named."""
        if layout is sparse_csr:
            return self.to_sparse_csr()
        if isinstance(sparse_dim, int) and sparse_dim != self.sparse_dim():
            raise ValueError(
                f"to_sparse: sparse_dim must be {self.sparse_dim()}, which the tensor has, got {sparse_dim}."
            )
        return SparseTensor(self._at, self._held, self._size, self._coalesced)

    to_sparse_coo = to_sparse

    def to_sparse_csr(self, dense_dim: int | None = None) -> SparseTensor:
        """This matrix in the layout sparse_csr."""
        if self.ndim != 2 or self.sparse_dim() != 2:
            raise ValueError(f"to_sparse_csr: a sparse matrix is required, got {_what(self)}.")
        kept = self.coalesce()
        return SparseTensor(kept._at, kept._held, kept._size, True, sparse_csr)

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """With values of another dtype; "cpu" is the only device. As Tensor.to()."""
        if args and isinstance(args[0], Tensor):
            args = (args[0].dtype, *args[1:])
        values = self._held.to(*args, **kwargs)
        return self if values is self._held else self._with(values)

    def type(self, dtype: Any = None, non_blocking: bool = False) -> Any:
        """The old name of the type, or the tensor of another dtype."""
        if dtype is None:
            return f"torch.sparse.{OLD_NAMES[self.dtype.name]}"
        values = self._held.type(dtype.replace("sparse.", "") if isinstance(dtype, str) else dtype)
        return self if values is self._held else self._with(values)

    def type_as(self, other: Any) -> Any:
        """With values of the other tensor's dtype."""
        return self.to(other.dtype)

    def cpu(self) -> SparseTensor:
        """The tensor itself."""
        return self

    def cuda(self, *args: Any, **kwargs: Any) -> Any:
        """RuntimeError: chainrule computes on the CPU only."""
        return self._held.cuda(*args, **kwargs)

    def new(self, indices: Any = None, values: Any = None, size: Any = None) -> SparseTensor:
        """A sparse tensor of the same dtype: of the given places and values, or of size 0."""
        from . import sparse_coo_tensor

        if indices is None:
            return sparse_coo_tensor((0,), dtype=self.dtype)
        return sparse_coo_tensor(indices, values, size, dtype=self.dtype)

    def resize_as_(self, other: SparseTensor) -> SparseTensor:
        """Takes the other's size, where there are no entries yet."""
        if self._nnz():
            raise ValueError(f"resize_as_: a sparse tensor without entries is required, got {self._nnz()} of them.")
        self._at, self._held, self._size = other._at[:, :0], other._held[:0].to(self.dtype), other._size
        return self

    def clone(self, **options: Any) -> SparseTensor:
        """A copy of indices and values, with its history."""
        return self._of(self._at.clone(), self._held.clone())

    def detach(self) -> SparseTensor:
        """The same memory without history."""
        return self._with(self._held.detach())

    def pin_memory(self) -> SparseTensor:
        """The tensor itself."""
        return self

    def share_memory_(self) -> SparseTensor:
        """Moves indices and values to memory that child processes share."""
        self._at.share_memory_()
        self._held.share_memory_()
        return self

    def is_shared(self) -> bool:
        """Whether child processes share the memory."""
        return self._held.is_shared()

    def copy_(self, source: Any, non_blocking: bool = False) -> SparseTensor:
        """Takes the entries of another sparse tensor of the same size."""
        if not isinstance(source, SparseTensor) or source._size != self._size:
            raise ValueError(f"copy_: a sparse tensor of size {tuple(self._size)} is required, got {_what(source)}.")
        values = source._held.to(self.dtype)
        self._at, self._held, self._coalesced = source._at.clone(), values.clone(), source._coalesced
        return self

    @property
    def data(self) -> SparseTensor:
        """The same memory without history."""
        return self.detach()

    @data.setter
    def data(self, value: Any) -> None:
        if type(value) is not SparseTensor:
            raise TypeError(f"data: a sparse tensor is required, got {_what(value)}.")
        self.__init__(value._at, value._held, value._size, value._coalesced, value._kept_as)  # type: ignore[misc]  # becomes the other

    # Its gradient

    grad_fn = property(lambda self: self._held.grad_fn)
    is_leaf = property(lambda self: self._held.is_leaf)
    retains_grad = property(lambda self: self._held.retains_grad)

    @property
    def requires_grad(self) -> bool:
        """Whether a gradient is computed for the values."""
        return self._held.requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self._held.requires_grad = value

    def requires_grad_(self, requires_grad: bool = True) -> SparseTensor:
        """Set whether a gradient is computed for the values."""
        self._held.requires_grad_(requires_grad)
        return self

    def retain_grad(self) -> None:
        """Keep the gradient of the values although they were computed."""
        self._held.retain_grad()

    @property
    def grad(self) -> SparseTensor | None:
        """The gradient with respect to the entries, at their places, coalesced; or None."""
        grad = self._held.grad
        return None if grad is None else self._gradient(grad)

    @grad.setter
    def grad(self, value: Any) -> None:
        self._held.grad = None if value is None else value._held

    def _gradient(self, grad: Any) -> SparseTensor:
        """Entries of one place have one gradient, that of the place."""
        found = self._with(grad)
        if self._coalesced:
            return found
        total, counts = found.coalesce(), self._with(_core.ones_like(grad)).coalesce()
        return total._with(total._held / counts._held)

    # As a Python value

    def __repr__(self) -> str:
        csr = self._kept_as is sparse_csr
        parts = {"crow_indices": self.crow_indices(), "col_indices": self._at[1]} if csr else {"indices": self._at}
        parts["values"] = self._held
        texts = []
        for name, part in parts.items():
            text = f"{name}=tensor(" + body_str(part, len(f"tensor({name}=tensor("))
            texts.append(text + (f", size={tuple(part.shape)})" if part.numel() == 0 else ")"))
        suffixes = [f"size={tuple(self._size)}", f"nnz={self._nnz()}"]
        if self.dtype not in (_core.get_default_dtype(), _core.int64, _core.bool):
            suffixes.append(f"dtype={self.dtype}")
        suffixes.append(f"layout={self._kept_as}")
        if self.grad_fn is not None:
            suffixes.append(f"grad_fn=<{self.grad_fn.name()}>")
        elif self.requires_grad:
            suffixes.append("requires_grad=True")
        return with_suffixes("tensor(" + ",\n       ".join(texts), suffixes, 7, on_new_line=not csr)

    __hash__ = object.__hash__

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("numpy: a dense tensor is required, got a sparse one. Call to_dense() first.")

    def numpy(self, *, force: bool = False) -> Any:
        """TypeError: call to_dense() first."""
        return self.__array__()

    def item(self) -> Any:
        """The only element."""
        if self.numel() != 1:
            raise ValueError(f"item: only a tensor of one element is a number, got shape {tuple(self._size)}.")
        return self.to_dense().item()

    def __bool__(self) -> bool:
        return bool(self.item())

    def __reduce_ex__(self, protocol: Any) -> Any:
        leaf = self.requires_grad and self.is_leaf
        parts = (self._at, self._held.detach(), tuple(self._size), self._coalesced, self._kept_as.name, leaf)
        return _rebuild, parts

    def __deepcopy__(self, memo: dict[Any, Any]) -> SparseTensor:
        from copy import deepcopy

        memo[id(self)] = result = self._of(deepcopy(self._at, memo), deepcopy(self._held, memo))
        return result

    def __getattr__(self, name: str) -> Any:
        """What dense tensors have besides: a method that says so."""
        if name.startswith("_") or not callable(getattr(Tensor, name, None)):
            raise AttributeError(f"'SparseTensor' object has no attribute '{name}'")
        from ._operations import call

        return lambda *args, **kwargs: call(name, (self, *args), kwargs)


def _converts(name: str) -> Any:
    def method(self: SparseTensor) -> Any:
        return self.to(getattr(_core, name))

    method.__doc__ = f"With {name} values."
    return method


for _name, _dtype in {
    "float": "float32", "double": "float64", "long": "int64", "int": "int32", "bool": "bool", "byte": "uint8",
    "half": "float16", "bfloat16": "bfloat16", "short": "int16", "char": "int8",
}.items():  # fmt: skip
    setattr(SparseTensor, _name, _converts(_dtype))


def _what(x: Any) -> str:
    """For messages."""
    if type(x) is SparseTensor:
        return f"a sparse tensor of size {tuple(x._size)} with {x.sparse_dim()} sparse axes"
    return f"a tensor of shape {tuple(x.shape)}" if isinstance(x, Tensor) else type(x).__name__


def check_places(op: str, indices: Any, values: Any, size: Any) -> None:
    """Whether indices, values and size make a sparse tensor."""
    if not isinstance(indices, Tensor) or indices.dim() != 2 or indices.dtype != _core.int64:
        raise ValueError(f"{op}: indices must be an int64 tensor of shape (sparse_dim, nnz), got {_what(indices)}.")
    if not isinstance(values, Tensor) or values.dim() < 1 or values.shape[0] != indices.shape[1]:
        raise ValueError(
            f"{op}: one value for each index is required, got indices of shape {tuple(indices.shape)} and "
            f"{_what(values)}."
        )
    sparse, dense = indices.shape[0], tuple(values.shape[1:])
    if len(size) != sparse + len(dense) or tuple(size[sparse:]) != dense or min(size, default=0) < 0:
        raise ValueError(
            f"{op}: a size with {sparse} sparse axes and the dense sizes {dense} of the values is required, "
            f"got {tuple(size)}."
        )
    if not indices.shape[1]:
        return
    for dim, (least, most) in enumerate(zip(indices.amin(1).tolist(), indices.amax(1).tolist(), strict=True)):
        if least < 0 or most >= size[dim]:
            wrong = least if least < 0 else most
            raise RuntimeError(f"{op}: indices of axis {dim} must be in [0, {size[dim]}), got {wrong}.")


def _rebuild(indices: Any, values: Any, size: Any, coalesced: Any, layout: str, requires_grad: bool) -> SparseTensor:
    """Unpickle a sparse tensor; what a file says is checked."""
    return restored("load", indices, values, size, coalesced, layout, requires_grad)


def restored(
    op: str, indices: Any, values: Any, size: Any, coalesced: Any, layout: Any, requires_grad: Any = False
) -> SparseTensor:
    """A sparse tensor of parts that a stranger may have written."""
    if not isinstance(size, (list, tuple)) or not all(type(n) is int for n in size):
        raise ValueError(f"{op}: a size must hold integers, got {size!r:.80}.")
    check_places(op, indices, values, size)
    kinds = {"sparse_coo": sparse_coo, "sparse_csr": sparse_csr}
    if layout not in kinds or (layout == "sparse_csr" and (len(size) != 2 or indices.shape[0] != 2)):
        raise ValueError(f"{op}: the layout sparse_coo, or sparse_csr of a matrix, is required, got {layout!r:.80}.")
    result = SparseTensor(indices, values, size, False, kinds[layout])
    if layout == "sparse_csr" or coalesced is True:
        keys = keys_of(indices, size[: indices.shape[0]])
        in_order = bool((keys[1:] > keys[:-1]).all())
        if layout == "sparse_csr" and not bool((indices[0][1:] >= indices[0][:-1]).all()):
            raise ValueError(f"{op}: the entries of a CSR tensor must stand row by row.")
        result._coalesced = in_order or layout == "sparse_csr"
    return result.requires_grad_() if requires_grad is True else result
