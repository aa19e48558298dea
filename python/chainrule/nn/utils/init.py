"""skip_init: a module without its initial values."""

from __future__ import annotations

import inspect
from typing import Any

from ... import _core
from ..modules.module import Module


def skip_init(module_cls: type[Module], *args: Any, **kwargs: Any) -> Any:
    """module_cls(*args, **kwargs) whose values are whatever they are; no random number is used up.

    Example:
        >>> import chainrule as cr
        >>> cr.nn.utils.skip_init(cr.nn.Linear, 5, 3)
        Linear(in_features=5, out_features=3, bias=True)

    Source: PyTorch, torch.nn.utils.skip_init.
    """
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError(f"skip_init: {module_cls.__name__} must take a device argument.")
    state = _core.get_rng_state()
    try:
        return module_cls(*args, **kwargs)
    finally:
        _core.set_rng_state(state)
