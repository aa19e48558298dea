"""torch.serialization beside load and save: which classes may be read."""

from __future__ import annotations

import contextlib
from typing import Any


def safe_globals(safe_globals: list[Any]) -> Any:
    """A with-statement without effect: load(weights_only=True) reads tensors, numbers, strings, lists and dicts."""
    return contextlib.nullcontext()


def add_safe_globals(safe_globals: list[Any]) -> None:
    """Nothing: load(weights_only=True) reads tensors, numbers, strings, lists and dicts."""
