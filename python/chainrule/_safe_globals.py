"""Which classes and functions a pickled object may name where load is not told to trust the file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

_allowed: list[Any] = []


def get_safe_globals() -> list[Any]:
    """The classes and functions that pickled objects may name at present."""
    return list(_allowed)


def add_safe_globals(safe_globals: list[Any]) -> None:
    """Let load() read pickled objects that name these classes and functions, besides tensors and containers."""
    _allowed.extend(safe_globals)


def clear_safe_globals() -> None:
    """Let load() read no pickled objects, unless weights_only=False."""
    _allowed.clear()


@contextlib.contextmanager
def safe_globals(safe_globals: list[Any]) -> Iterator[None]:
    """Inside the with-statement load() also reads pickled objects that name these classes and functions.

    Args:
        safe_globals: the classes and functions. Each one is called or built as the file says, so list none that does
            harm with arguments from a stranger.

    Example:
        >>> import io
        >>> import chainrule as cr
        >>> file = io.BytesIO()
        >>> cr.save(cr.nn.Linear(2, 1), file)
        >>> _ = file.seek(0)
        >>> with cr.serialization.safe_globals([cr.nn.Linear]):
        ...     cr.load(file)
        Linear(in_features=2, out_features=1, bias=True)

    Source: PyTorch, torch.serialization.safe_globals.
    """
    count = len(_allowed)
    _allowed.extend(safe_globals)
    try:
        yield
    finally:
        del _allowed[count:]
