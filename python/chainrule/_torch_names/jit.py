"""What torch.jit has beside chainrule.jit: names for annotations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from typing import List as List

from ..jit import ScriptModule


class RecursiveScriptModule(ScriptModule):
    """A class to ask for: script() and trace() give the module itself, which is none."""


def _overload(function: Callable[..., Any]) -> Callable[..., Any]:
    """The argument itself."""
    return function


_overload_method = _overload


def Attribute(value: Any, type: Any = None) -> Any:
    """The value."""
    return value


def annotate(the_type: Any, the_value: Any) -> Any:
    """The value."""
    return the_value


def freeze(mod: Any, *arguments: Any, **options: Any) -> Any:
    """The module itself."""
    return mod


optimize_for_inference = freeze


def interface(obj: Any) -> Any:
    """The class itself."""
    return obj


def enable_onednn_fusion(enabled: bool) -> None:
    """Nothing: there is no such library here."""


def onednn_fusion_enabled() -> bool:
    """False."""
    return False


def set_fusion_strategy(strategy: Any) -> None:
    """Nothing: a program runs as it is written."""


def fork(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """A future of func(*args, **kwargs), which is computed at once."""
    from .futures import Future

    future: Any = Future()
    future.set_result(func(*args, **kwargs))
    return future


def wait(future: Any) -> Any:
    """What the future holds."""
    return future.wait()
