"""A tensor's memory as an object: Tensor.storage() by elements, Tensor.untyped_storage() by bytes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Literal, cast

import numpy as np

from . import _core

Tensor = _core.Tensor


def memory_array(tensor: Any) -> Any:
    """An array over the tensor's memory; of bfloat16, which NumPy does not have, the bits as int16."""
    tensor = tensor.detach()
    return (tensor.view(_core.int16) if tensor.dtype == _core.bfloat16 else tensor).numpy()


def tensor_over(array: Any, dtype: str) -> Any:
    """What memory_array() was made from: a tensor of the dtype over the array's memory."""
    tensor = _core.from_numpy(array)
    return tensor.view(_core.bfloat16) if dtype == "bfloat16" else tensor


class UntypedStorage:
    """The bytes of a tensor's memory, all of them, of which a view shows a part.

    UntypedStorage(n) has n bytes, with arbitrary values, UntypedStorage([1, 2]) those of the list.

    Example:
        >>> import chainrule as cr
        >>> cr.zeros(3).untyped_storage().nbytes()
        12
    """

    _dtype: Any = _core.uint8

    def __init__(self, data: Any = 0, *, wrap_storage: Any = None, dtype: Any = None, device: Any = None) -> None:
        if wrap_storage is not None:
            self._elements: Any = wrap_storage._elements.view(dtype or self._dtype)
        elif isinstance(data, Tensor):
            count = data._storage_nbytes // data.element_size()
            self._elements = data.detach().as_strided((count,), (1,), 0)
        elif isinstance(data, int) and not isinstance(data, bool):
            self._elements = _core.empty(data, dtype=dtype or self._dtype, device=device)
        else:
            self._elements = _core.tensor(list(cast(Any, data)), dtype=dtype or self._dtype, device=device)

    @classmethod
    def from_buffer(cls, buffer: Any, byte_order: str = "native", *, dtype: Any = None) -> Any:
        """A copy of the bytes of an object with Python's buffer protocol.

        Args:
            byte_order: "native", "little" or "big".
        """
        codes: dict[str, Literal["=", "<", ">"]] = {"native": "=", "little": "<", "big": ">"}
        if byte_order not in codes:
            raise ValueError(f"from_buffer: byte_order must be one of {list(codes)}, got {byte_order!r}.")
        stored = np.dtype((dtype or cls._dtype).name).newbyteorder(codes[byte_order])
        return cls._of(_core.from_numpy(np.frombuffer(buffer, stored).astype(stored.newbyteorder("="))))

    @classmethod
    def _of(cls, elements: Any) -> Any:
        """The memory that a vector shows."""
        made = cls.__new__(cls)
        made._elements = elements
        return made

    @classmethod
    def from_file(cls, filename: Any, shared: bool = False, size: int = 0, *, nbytes: int = 0) -> Any:
        """The elements of a file (here bytes), read as they are used.

        Args:
            filename: the file.
            shared: writes go to the file, which is made and enlarged where needed; otherwise they stay in memory.
            size: how many; 0 for all of the file. Also by the name nbytes.
        """
        return cls._of(from_file(filename, shared, size or nbytes, dtype=cls._dtype))

    def untyped(self) -> UntypedStorage:
        """The same memory by bytes."""
        return self

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """The same memory as an array."""
        return self._values().__array__(dtype, copy)

    def _values(self) -> Any:
        return self._elements.view(_core.uint8)

    def size(self) -> int:
        """How many there are."""
        return int(self._values().numel())

    def __len__(self) -> int:
        return self.size()

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist())

    def __getitem__(self, index: Any) -> Any:
        if not isinstance(index, (int, slice)):
            raise TypeError(f"{type(self).__name__}: an integer or a slice is required, got {type(index).__name__}.")
        found = self._values()[index]
        return found.item() if isinstance(index, int) else self._part(found)

    def _part(self, found: Any) -> Any:
        return self._of(found)

    def __setitem__(self, index: Any, value: Any) -> None:
        self._values()[index] = value

    def tolist(self) -> list[Any]:
        """All of them as a list."""
        return list(self._values().tolist())

    def fill_(self, value: Any) -> Any:
        """Set each to a value."""
        self._values().fill_(value)
        return self

    def copy_(self, source: Any, non_blocking: Any = None) -> Any:
        """Take the values of another storage of this size."""
        self._values().copy_(source._values())
        return self

    def clone(self) -> Any:
        """A copy."""
        return self._of(self._elements.clone())

    def cpu(self) -> Any:
        """The storage itself."""
        return self

    @property
    def device(self) -> Any:
        """Always the CPU."""
        return self._elements.device

    is_cuda = False

    def is_pinned(self, device: Any = None) -> bool:
        """False: memory is paged."""
        return False

    def resizable(self) -> bool:
        """False: a storage keeps its size; Tensor.resize_() moves the tensor to another one."""
        return False

    @property
    def _cdata(self) -> int:
        return self.data_ptr()

    def nbytes(self) -> int:
        """Bytes in all."""
        return int(self._elements.nbytes)

    def __sizeof__(self) -> int:
        return super().__sizeof__() + self.nbytes()

    def element_size(self) -> int:
        """Bytes of each."""
        return int(self._values().element_size())

    def data_ptr(self) -> int:
        """The address of the first."""
        return int(self._elements.data_ptr())

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size()}, nbytes={self.nbytes()})"


class TypedStorage(UntypedStorage):
    """The elements of a tensor's memory, all of them, of which a view shows a part.

    Example:
        >>> import chainrule as cr
        >>> cr.tensor([[1, 2], [3, 4]]).T[0].storage().tolist()
        [1, 2, 3, 4]
    """

    def _values(self) -> Any:
        return self._elements

    _dtype: Any = None  # of one that is made by itself: the default

    def _part(self, found: Any) -> Any:
        return found.tolist()

    @property
    def dtype(self) -> Any:
        """Of the elements."""
        return self._elements.dtype

    def untyped(self) -> UntypedStorage:
        """The same memory by bytes."""
        return UntypedStorage(self._elements)


for _name in ("bool", "byte", "double", "float", "int", "long"):

    def _as(self: Any, _name: str = _name) -> Any:
        return TypedStorage._of(getattr(self._elements, _name)().clone())

    _as.__name__, _as.__doc__ = _name, f"A copy as {_name}."
    setattr(TypedStorage, _name, _as)


class _KindOfStorage(type):
    """isinstance asks for the dtype."""

    _dtype: Any

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, TypedStorage) and instance.dtype == cls._dtype


class FloatStorage(TypedStorage, metaclass=_KindOfStorage):
    """A storage of float32; of n elements with arbitrary values, or of those in a list.

    Example:
        >>> import chainrule as cr
        >>> cr.FloatStorage([1, 2]).tolist()
        [1.0, 2.0]
    """

    _dtype = _core.float32


Storage = FloatStorage


class DoubleStorage(TypedStorage, metaclass=_KindOfStorage):
    """A storage of float64."""

    _dtype = _core.float64


class LongStorage(TypedStorage, metaclass=_KindOfStorage):
    """A storage of int64."""

    _dtype = _core.int64


class IntStorage(TypedStorage, metaclass=_KindOfStorage):
    """A storage of int32."""

    _dtype = _core.int32


class ByteStorage(TypedStorage, metaclass=_KindOfStorage):
    """A storage of uint8."""

    _dtype = _core.uint8


class BoolStorage(TypedStorage, metaclass=_KindOfStorage):
    """A storage of bool."""

    _dtype = _core.bool


def from_file(filename: Any, shared: bool = False, size: int = 0, *, dtype: Any = None, **options: Any) -> Any:
    """A vector of the elements of a file, read as they are used.

    Args:
        filename: the file.
        shared: writes go to the file, which is made and enlarged where needed; otherwise they stay in memory.
        size: how many elements; 0 for all of the file.
        dtype: of the elements.

    Source: PyTorch, torch.from_file.
    """
    kind = dtype or _core.get_default_dtype()
    item = np.dtype(kind.name).itemsize
    if shared:
        with open(filename, "ab") as file:
            file.truncate(max(file.tell(), size * item))
    count = size or os.path.getsize(filename) // item
    if count == 0:
        return _core.empty(0, dtype=kind)
    return _core.from_numpy(np.memmap(filename, kind.name, "r+" if shared else "c", shape=(count,)))


def _storage(self: Any) -> TypedStorage:
    """The tensor's memory by elements: tolist(), size(), nbytes(), data_ptr(), and single elements."""
    return TypedStorage(self)


def _untyped_storage(self: Any) -> UntypedStorage:
    """The tensor's memory by bytes: tolist(), size(), nbytes(), data_ptr(), and single bytes."""
    return UntypedStorage(self)


for _name, _method in {"storage": _storage, "untyped_storage": _untyped_storage}.items():
    setattr(Tensor, _name, _method)
