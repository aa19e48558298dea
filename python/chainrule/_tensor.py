"""What Tensor has beside its compiled part: printing, copying, pickling."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from . import _core
from ._formats import OLD_NAMES, strided
from ._functions import contiguous_strides, empty_strided, is_same_size, narrow_copy, split_with_sizes, triangular_solve
from ._interop import array_function, array_interface
from ._legacy import is_nonzero, replace_each
from ._shared_memory import is_shared, reduce_shared, share_memory_
from ._storage import TypedStorage, UntypedStorage, memory_array, tensor_over
from ._tensor_str import tensor_str

Tensor = _core.Tensor


def _repr(self: Any) -> str:
    return tensor_str(self)


def _format(self: Any, spec: str) -> str:
    if self.dim() == 0:
        return format(self.item(), spec)
    return object.__format__(self, spec) if not spec else _no_format(self, spec)


def _no_format(self: Any, spec: str) -> str:
    shape = tuple(self.shape)
    raise TypeError(f"format: a tensor of shape {shape} takes no format {spec!r}. Format item() or tolist().")


def _contains(self: Any, element: Any) -> bool:
    return bool((self == element).any())


def _deepcopy(self: Any, memo: dict[int, Any]) -> Any:
    if id(self) in memo:
        return memo[id(self)]
    if not self.is_leaf:
        warnings.warn(
            "deepcopy: this tensor has a history, which is not copied: the copy is detached. Use clone() to keep it.",
            stacklevel=2,
        )
    result = _copied(self, memo)
    if self.is_leaf:
        result.requires_grad = self.requires_grad
        if self.grad is not None:
            result.grad = self.grad.detach().clone()
    memo[id(self)] = result
    return result


def _copied(self: Any, memo: dict[Any, Any]) -> Any:
    """The tensor in a copy of its memory, which all tensors share that are copied together and shared the old one."""
    offset = self.storage_offset()
    key = ("chainrule memory", self.data_ptr() - offset * self.element_size(), self.dtype)
    if key in memo:
        return _set(_core.empty(0, dtype=self.dtype), memo[key], offset, self.shape, self.stride())
    whole = self.is_contiguous() and self.nbytes == self._storage_nbytes
    memory = (self if whole else UntypedStorage(self)._elements).detach().clone()
    memo[key] = UntypedStorage(memory)._elements
    return memory if whole else _copied(self, memo)


def _copy(self: Any) -> Any:
    """copy.copy: another tensor of the same memory, without history."""
    result = Tensor._make_subclass(type(self), self.detach(), self.requires_grad)
    result.__dict__.update(self.__dict__)
    return result


def _rebuild(array: Any, requires_grad: bool, grad: Any, dtype: str = "") -> Any:
    """Unpickle a tensor."""
    result = tensor_over(array, dtype).clone()
    if requires_grad:
        result.requires_grad = True
        result.grad = grad
    return result


def _reduce_ex(self: Any, protocol: Any) -> Any:
    shared = reduce_shared(self)
    if shared is not None:
        return shared
    leaf = self.is_leaf
    grad = self.grad.detach() if leaf and self.grad is not None else None
    array = np.ascontiguousarray(memory_array(self)).reshape(self.shape)
    rest = (self.dtype.name,) if self.dtype == _core.bfloat16 else ()
    return _rebuild, (array, leaf and self.requires_grad, grad, *rest)


def _reversed(self: Any) -> Any:
    return self.flip(0) if self.dim() else self


def _new_tensor(self: Any, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """A tensor of the data, with this tensor's dtype."""
    return _core.tensor(data, dtype=dtype or self.dtype, device=device, requires_grad=requires_grad)


def _type(self: Any, dtype: Any = None, non_blocking: bool = False, **kwargs: Any) -> Any:
    """The old name of the tensor's type, or the tensor converted to a dtype (or to an old name)."""
    if dtype is None:
        return "torch." + OLD_NAMES[self.dtype.name]
    if dtype is Tensor:
        dtype = _core.get_default_dtype()
    if isinstance(dtype, str):
        short = dtype.rsplit(".", 1)[-1]
        names = {old: name for name, old in OLD_NAMES.items()}
        if short not in names:
            raise ValueError(f"type: unknown type {dtype!r}. Pass a dtype, e.g. chainrule.float32.")
        dtype = getattr(_core, names[short])
    return self.to(getattr(dtype, "dtype", dtype))  # an old class, such as FloatTensor, names its dtype


def _where(self: Any, condition: Any, other: Any) -> Any:
    """This tensor's elements where the condition holds, those of `other` elsewhere: where(condition, self, other)."""
    return _core.where(condition, self, other)


def _map(self: Any, tensor: Any, callable: Any) -> Any:
    """Replace each element by callable(element, element of the other tensor), in place: slow, a Python call each."""
    return replace_each("map_", self, [tensor], callable)


def _map2(self: Any, x: Any, y: Any, callable: Any) -> Any:
    """Replace each element by callable(element, element of x, element of y), in place: slow, a Python call each."""
    return replace_each("map2_", self, [x, y], callable)


_set_to_tensor: Any = Tensor.set_


def _set(self: Any, source: Any = None, storage_offset: int = 0, size: Any = None, stride: Any = None) -> Any:
    """Make the tensor show the memory of another tensor or storage, or with no argument none at all.

    Args:
        source: a tensor, whose shape it takes, or a storage, of which it shows all elements.
        storage_offset, size, stride: what it shows of the memory instead; row-major by default.

    Raises:
        RuntimeError: the tensor has a history.

    Example:
        >>> chainrule.zeros(2).set_(chainrule.arange(6.0).storage(), 1, (2, 2))
        tensor([[1., 2.],
                [3., 4.]])
    """
    if source is None:
        source = _core.empty(0, dtype=self.dtype)
    if isinstance(source, UntypedStorage):
        memory = source._elements
        if isinstance(source, TypedStorage) and source.dtype != self.dtype:
            raise TypeError(f"set_: a storage of {self.dtype} is required, got {source.dtype}.")
        source = memory if memory.dtype == self.dtype else memory.view(self.dtype)
    if size is not None:
        steps = contiguous_strides(size) if stride is None or len(stride) < len(size) else stride
        source = source.detach().as_strided(tuple(size), tuple(steps), storage_offset)
    return _set_to_tensor(self, source)


def _module_load(self: Any, other: Any, assign: bool = False) -> Any:
    """What load_state_dict() puts in this tensor's place: by default itself with the other's values."""
    return other.detach() if assign else self.copy_(other).detach()


def _dim_order(self: Any, *, ambiguity_check: Any = False) -> tuple[int, ...]:
    """The axes from the one with the largest stride to the one with the smallest."""
    return tuple(sorted(range(self.dim()), key=lambda axis: -self.stride(axis)))


def _new_empty_strided(self: Any, size: Any, stride: Any, *, dtype: Any = None, **options: Any) -> Any:
    """empty_strided() of this tensor's dtype."""
    return empty_strided(size, stride, dtype=dtype or self.dtype, **options)


def _resize_as(self: Any, other: Any, *, memory_format: Any = None) -> Any:
    """resize_() to the shape of another tensor."""
    return self.resize_(other.shape)


def _get_device(self: Any) -> int:
    """-1: the CPU has no number."""
    return -1


def _is_set_to(self: Any, tensor: Any) -> bool:
    """Whether both are the same view of the same memory."""
    same = self.data_ptr() == tensor.data_ptr() and self.shape == tensor.shape
    return bool(same and self.stride() == tensor.stride() and self.dtype == tensor.dtype)


def _polygamma(self: Any, n: int) -> Any:
    """The n-th derivative of the digamma function: chainrule.polygamma(n, self)."""
    return _core.polygamma(n, self)


def _itself(self: Any) -> Any:
    """The tensor itself: there are no complex numbers."""
    return self


def _split_in(name: str) -> Any:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(_core, name)(self, *args, **kwargs)

    method.__name__ = name
    method.__doc__ = f"chainrule.{name}() of this tensor: the parts are views."
    return method


def _no(self: Any) -> bool:
    """False."""
    return False


def _layout(self: Any) -> Any:
    return strided


def _record_stream(self: Any, stream: Any) -> None:
    """Nothing: there are no streams."""


def _to_sparse(self: Any, sparse_dim: Any = None, *, layout: Any = None, **options: Any) -> Any:
    """The elements that are not zero, as a sparse tensor: chainrule.sparse.

    Args:
        sparse_dim: how many axes, from the first, are given by indices; by default all.
        layout: sparse_coo or sparse_csr.

    Example:
        >>> chainrule.eye(2).to_sparse()
        tensor(indices=tensor([[0, 1],
                               [0, 1]]),
               values=tensor([1., 1.]),
               size=(2, 2), nnz=2, layout=torch.sparse_coo)
    """
    from .sparse import to_sparse

    return to_sparse(self, sparse_dim, layout=layout, **options)


def _to_sparse_csr(self: Any, dense_dim: Any = None) -> Any:
    """The elements of a matrix that are not zero, row by row."""
    return _to_sparse(self).to_sparse_csr()


def _to_dense(self: Any, dtype: Any = None, *, masked_grad: Any = None) -> Any:
    """The tensor itself, which is dense."""
    return self if dtype is None else self.to(dtype)


def _sparse_mask(self: Any, mask: Any) -> Any:
    """The elements at the places of a sparse tensor, as a sparse tensor."""
    from .sparse._operations import sparse_mask

    return sparse_mask(self, mask)


def _of_sparse(name: str) -> Any:
    def method(self: Any) -> Any:
        raise RuntimeError(f"{name}: a sparse tensor is required, got a dense one of shape {tuple(self.shape)}.")

    method.__name__ = name
    method.__doc__ = f"{name}() of a sparse tensor; RuntimeError for a dense one, as in PyTorch."
    return method


for _name, _function in {
    "__array_function__": array_function,
    "__array_interface__": property(array_interface),
    "__repr__": _repr,
    "__format__": _format,
    "__contains__": _contains,
    "__copy__": _copy,
    "__deepcopy__": _deepcopy,
    "__reduce_ex__": _reduce_ex,
    "__reversed__": _reversed,
    "is_shared": is_shared,
    "share_memory_": share_memory_,
    "new_tensor": _new_tensor,
    "type": _type,
    "where": _where,
    "map_": _map,
    "map2_": _map2,
    "set_": _set,
    "module_load": _module_load,
    "dim_order": _dim_order,
    "new_empty_strided": _new_empty_strided,
    "split_with_sizes": split_with_sizes,
    "narrow_copy": narrow_copy,
    "triangular_solve": triangular_solve,
    "is_pinned": lambda self, device=None: False,
    "_is_view": lambda self: self._base is not None,
    "resize_as_": _resize_as,
    "get_device": _get_device,
    "is_same_size": is_same_size,
    "is_set_to": _is_set_to,
    "is_nonzero": is_nonzero,
    "polygamma": _polygamma,
    **dict.fromkeys(["conj", "conj_physical", "resolve_conj", "resolve_neg"], _itself),
    "layout": property(_layout),
    "_cdata": property(id),  # a tensor is one object
    "name": property(lambda self: None),
    "unsafe_chunk": _split_in("chunk"),
    "unsafe_split": _split_in("split"),
    "unsafe_split_with_sizes": _split_in("split"),
    **dict.fromkeys(["is_conj", "is_neg", "is_inference", "is_distributed"], _no),
    "record_stream": _record_stream,
    **dict.fromkeys(["is_mkldnn", "is_mps", "is_xpu"], False),  # is_cuda and is_meta stand in the core
    "to_sparse": _to_sparse,
    "to_sparse_coo": _to_sparse,
    "to_sparse_csr": _to_sparse_csr,
    "to_dense": _to_dense,
    "sparse_mask": _sparse_mask,
    "is_sparse_csr": property(lambda self: False),
    **{
        name: _of_sparse(name)
        for name in (
            "coalesce",
            "is_coalesced",
            "indices",
            "values",
            "_indices",
            "_values",
            "_nnz",
            "crow_indices",
            "col_indices",
        )
    },
    "sparse_dim": lambda self: 0,
    "dense_dim": lambda self: self.dim(),
}.items():
    setattr(Tensor, _name, _function)
