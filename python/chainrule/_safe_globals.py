"""Which classes and functions a pickled object may name where load is not told to trust the file."""

from __future__ import annotations

import contextlib
import pickle
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import numpy as np

# What tensors, parameters and modules are made of.
_ALWAYS: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("builtins", "set"): set,
}
_OURS = {("chainrule._tensor", "_rebuild"), ("chainrule.nn.parameter", "_rebuild")}
_OURS |= {("chainrule.sparse._tensor", "_rebuild")}
_OURS |= {("chainrule.nn.parameter", name) for name in ("Parameter", "Buffer")}
_RECONSTRUCT = ("numpy.core.multiarray", "numpy._core.multiarray")
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


class SafeUnpickler(pickle.Unpickler):
    """Reads a pickled object that names nothing but what is allowed; it imports no module."""

    def find_class(self, module: str, name: str) -> Any:
        module = "builtins" if module == "__builtin__" else module  # its name in protocols 0 to 2
        if (module, name) in _ALWAYS:
            return _ALWAYS[module, name]
        if module in _RECONSTRUCT and name == "_reconstruct":
            return np.zeros(0).__reduce__()[0]
        if (module, name) == ("_codecs", "encode") or (module, name) in _OURS:
            return super().find_class(module, name)
        for value in _allowed:
            names = {getattr(value, "__qualname__", None), getattr(value, "__name__", None)}
            if name in names and module == getattr(value, "__module__", None):
                return value
        raise pickle.UnpicklingError(
            f"load: the file names {module}.{name}, which is not allowed. If you trust who made the file, pass "
            "weights_only=False or add it to safe_globals."
        )
