"""torch.jit: functions and modules run as they are written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from typing import Final as Final

from chainrule.nn import Module

from ._absent import refuse

load = refuse("torch.jit.load", "There are no compiled modules: save a state_dict() and load it into the module.")
save = refuse("torch.jit.save", "There are no compiled modules: save the state_dict().")


def script(obj: Any, *arguments: Any, **options: Any) -> Any:
    """The argument itself."""
    return obj


def trace(func: Any, example_inputs: Any = None, *arguments: Any, **options: Any) -> Any:
    """The argument itself."""
    return func


def ignore(drop: Any = False, **options: Any) -> Any:
    """The argument itself, with and without brackets."""
    return drop if callable(drop) else lambda function: function


def _same(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The argument itself."""
    return fn


export = unused = script_method = script_if_tracing = _same


def is_scripting() -> bool:
    """False."""
    return False


def is_tracing() -> bool:
    """False."""
    return False


def trace_module(mod: Any, inputs: Any, *arguments: Any, **options: Any) -> Any:
    """The module itself."""
    return mod


class ScriptModule(Module):
    """A class to derive from or to ask for: script() and trace() give the module itself, which is none."""


class ScriptFunction:
    """A class to ask for: script() and trace() make none."""


class TracerWarning(Warning):
    """A warning to filter: nothing is traced."""
