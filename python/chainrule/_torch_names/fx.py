"""torch.fx: names to import and decorate with. Nothing is traced, and a request to do so raises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule._absent import refuse
from chainrule.nn import Module


def wrap(fn_or_name: str | Callable[..., Any]) -> Any:
    """The argument itself: a function that tracing would not enter."""
    return fn_or_name


symbolic_trace = refuse("torch.fx.symbolic_trace", "It traces no modules.")
replace_pattern = refuse("torch.fx.replace_pattern", "It traces no modules.")


class _Traced:
    def __init__(self, *arguments: Any, **options: Any) -> None:
        refuse(f"torch.fx.{type(self).__name__}", "It traces no modules.")()


class Graph(_Traced):
    """A class to ask for: there are no objects of it."""


class Node(_Traced):
    """A class to ask for: there are no objects of it."""


class Proxy(_Traced):
    """A class to ask for: there are no objects of it."""


class Tracer(_Traced):
    """A class to derive from: making one raises."""


class Interpreter(_Traced):
    """A class to derive from: making one raises."""


class Transformer(Interpreter):
    """A class to derive from: making one raises."""


class GraphModule(Module):
    """A class to ask for: there are no objects of it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        refuse("torch.fx.GraphModule", "It traces no modules.")()
