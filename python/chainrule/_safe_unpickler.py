"""The reader of pickles that are not trusted. It stands apart because it alone needs the module pickle."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from typing import Any

import numpy as np

from ._safe_globals import get_safe_globals

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
        for value in get_safe_globals():
            names = {getattr(value, "__qualname__", None), getattr(value, "__name__", None)}
            if name in names and module == getattr(value, "__module__", None):
                return value
        raise pickle.UnpicklingError(
            f"load: the file names {module}.{name}, which is not allowed. If you trust who made the file, pass "
            "weights_only=False or add it to safe_globals."
        )
