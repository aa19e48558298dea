"""torch.distributed.autograd: there are no other processes for gradients to come from."""

from __future__ import annotations

from chainrule._absent import is_available as is_available
from chainrule._absent import refuse

_HINT = "Use chainrule.autograd: there is one process."
backward = refuse("torch.distributed.autograd.backward", _HINT)
context = refuse("torch.distributed.autograd.context", _HINT)
get_gradients = refuse("torch.distributed.autograd.get_gradients", _HINT)


class DistAutogradContext:
    """A class to ask for."""
