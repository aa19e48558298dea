"""What torch.profiler has beside chainrule.profiler."""

import enum
from typing import Any

from chainrule.autograd.profiler import ProfilerActivity


class ProfilerAction(enum.Enum):
    """What a schedule asks for."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


class ExecutionTraceObserver:
    """A class to ask for: nothing is recorded."""


def supported_activities() -> set[Any]:
    """The CPU's."""
    return {ProfilerActivity.CPU}


def kineto_available() -> bool:
    """False: nothing is recorded."""
    return False
