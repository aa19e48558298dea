"""torch._dynamo: marks for a compiler that does nothing here."""

from __future__ import annotations

import types
from typing import Any

from .._absent import ignore
from ..nn import Module

config = types.SimpleNamespace()
mark_dynamic = mark_static = reset = ignore


def allow_in_graph(fn: Any) -> Any:
    """The function itself."""
    return fn


def disable(fn: Any = None, recursive: bool = True, **options: Any) -> Any:
    """The function itself, with and without brackets."""
    return fn if fn is not None else lambda function: function


def is_compiling() -> bool:
    """False."""
    return False


class OptimizedModule(Module):
    """A class to ask for: compile() gives the module itself, which is none."""


def assume_constant_result(fn: Any) -> Any:
    """The function itself."""
    return fn


def graph_break(msg: str = "") -> None:
    """Nothing."""
