"""What torch.autograd.profiler has beside chainrule.autograd.profiler: classes to ask for."""

from typing import Any


class EventList(list[Any]):
    """A class to ask for: nothing is recorded."""


class FunctionEvent:
    """A class to ask for: nothing is recorded."""
