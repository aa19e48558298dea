"""torch._tensor_str: how tensors print."""

from typing import Any

from chainrule._tensor_str import OPTIONS as PRINT_OPTS
from chainrule._tensor_str import set_printoptions as set_printoptions


def _str(self: Any, *, tensor_contents: Any = None) -> str:
    return repr(self)


def _tensor_str(self: Any, indent: int) -> str:
    """The numbers alone."""
    return repr(self.detach()).removeprefix("tensor(").rsplit("]", 1)[0] + "]"
