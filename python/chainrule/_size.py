"""Size: the shape of a tensor."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from typing import Any


class Size(tuple[int, ...]):
    """A tuple of sizes, as Tensor.shape gives it.

    Example:
        >>> import chainrule as cr
        >>> s = cr.zeros(2, 3).shape
        >>> s, s.numel()
        (chainrule.Size([2, 3]), 6)

    Source: PyTorch, torch.Size.
    """

    __slots__ = ()

    def __new__(cls, sizes: Iterable[Any] = ()) -> Size:
        numbers = tuple(sizes)
        for size in numbers:
            if type(size) is not int:
                return tuple.__new__(cls, map(_whole, numbers))
        return tuple.__new__(cls, numbers)

    def numel(self) -> int:
        """The number of elements of a tensor of this size."""
        return math.prod(self)

    def __repr__(self) -> str:
        return f"chainrule.Size([{', '.join(map(str, self))}])"

    def __getitem__(self, index: Any) -> Any:
        item = tuple.__getitem__(self, index)
        return Size(item) if isinstance(index, slice) else item

    def __add__(self, other: Any) -> Any:
        return Size(tuple.__add__(self, tuple(other)))

    def __radd__(self, other: Any) -> Any:
        return Size(tuple(other) + tuple(self))

    def __reduce__(self) -> Any:
        return Size, (tuple(self),)


def _whole(size: Any) -> int:
    try:
        return operator.index(size)
    except (TypeError, ValueError):
        raise TypeError(f"Size: sizes must be integers, got {size!r}.") from None


Size.__module__ = "chainrule"
