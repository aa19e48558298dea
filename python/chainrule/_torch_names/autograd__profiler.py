"""What torch.autograd.profiler has beside chainrule.autograd.profiler: classes to ask for."""

import contextlib
from typing import Any


class EventList(list[Any]):
    """A class to ask for: nothing is recorded."""


class FunctionEvent:
    """A class to ask for: nothing is recorded."""


class emit_nvtx(contextlib.ContextDecorator):
    """A with-statement without effect: NVTX marks are for a GPU's profiler."""

    def __init__(self, enabled: bool = True, record_shapes: bool = False) -> None:
        self.enabled, self.record_shapes = enabled, record_shapes

    def __enter__(self) -> "emit_nvtx":
        return self

    def __exit__(self, *raised: Any) -> None:
        pass
