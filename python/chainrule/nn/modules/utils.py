"""torch.nn.modules.utils: numbers or sequences as tuples of a given length."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


def _ntuple(n: int) -> Callable[[Any], tuple[Any, ...]]:
    """A function that repeats a number n times and makes a tuple of a sequence."""

    def as_tuple(x: Any) -> tuple[Any, ...]:
        return tuple(x) if isinstance(x, Iterable) else (x,) * n

    return as_tuple


_single, _pair, _triple, _quadruple = (_ntuple(n) for n in (1, 2, 3, 4))
