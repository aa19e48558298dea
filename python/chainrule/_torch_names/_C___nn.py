"""torch._C._nn: what packages that write a to() of their own read its arguments with."""

from __future__ import annotations

from typing import Any

import chainrule
from chainrule.nn.modules import module


def _parse_to(*args: Any, **kwargs: Any) -> tuple[Any, Any, bool, Any]:
    """(device, dtype, non_blocking, memory_format) of the arguments of Module.to; a part not asked for is None.

    Raises:
        RuntimeError: a device that is not the CPU.
    """
    dtype = module._parse_to(args, kwargs)
    given = {type(arg) for arg in (*args[:1], kwargs.get("device"), kwargs.get("tensor"))}
    named = any(issubclass(kind, (str, int, chainrule.device, chainrule.Tensor)) for kind in given)
    device = chainrule.device("cpu") if named else None
    blocking = kwargs.get("non_blocking", next((arg for arg in args if isinstance(arg, bool)), False))
    return device, dtype, bool(blocking), kwargs.get("memory_format")
