"""A tensor's memory as an object: Tensor.storage() by elements, Tensor.untyped_storage() by bytes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from . import _core

Tensor = _core.Tensor


class UntypedStorage:
    """The bytes of a tensor's memory, all of them, of which a view shows a part.

    Example:
        >>> import chainrule as cr
        >>> cr.zeros(3).untyped_storage().nbytes()
        12
    """

    def __init__(self, tensor: Any) -> None:
        count = tensor._storage_nbytes // tensor.element_size()
        self._elements: Any = tensor.detach().as_strided((count,), (1,), 0)

    @classmethod
    def _of(cls, elements: Any) -> Any:
        """The memory that a vector shows."""
        made = cls.__new__(cls)
        made._elements = elements
        return made

    @classmethod
    def from_file(cls, filename: Any, shared: bool = False, nbytes: int = 0) -> UntypedStorage:
        """The bytes of a file, read as they are used.

        Args:
            filename: the file.
            shared: writes go to the file, which is made and enlarged where needed; otherwise they stay in memory.
            nbytes: how many; 0 for all of the file.
        """
        if shared:
            with open(filename, "ab") as file:
                file.truncate(max(file.tell(), nbytes))
        shape = (nbytes or os.path.getsize(filename),)
        if shape == (0,):
            return cls._of(_core.empty(0, dtype=_core.uint8))
        return cls._of(_core.from_numpy(np.memmap(filename, np.uint8, "r+" if shared else "c", shape=shape)))

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

    def _part(self, found: Any) -> Any:
        return found.tolist()

    @property
    def dtype(self) -> Any:
        """Of the elements."""
        return self._elements.dtype

    def untyped(self) -> UntypedStorage:
        """The same memory by bytes."""
        return UntypedStorage(self._elements)


def _storage(self: Any) -> TypedStorage:
    """The tensor's memory by elements: tolist(), size(), nbytes(), data_ptr(), and single elements."""
    return TypedStorage(self)


def _untyped_storage(self: Any) -> UntypedStorage:
    """The tensor's memory by bytes: tolist(), size(), nbytes(), data_ptr(), and single bytes."""
    return UntypedStorage(self)


for _name, _method in {"storage": _storage, "untyped_storage": _untyped_storage}.items():
    setattr(Tensor, _name, _method)
