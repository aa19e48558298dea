"""torch.compiler: programs run as they are written."""

from __future__ import annotations

from typing import Any

from ._switches import compile as compile
from .jit import ignore as disable  # noqa: F401  (PyTorch's name)


def is_compiling() -> bool:
    """False."""
    return False


def reset() -> None:
    """Nothing."""


def allow_in_graph(fn: Any) -> Any:
    """The argument itself."""
    return fn
