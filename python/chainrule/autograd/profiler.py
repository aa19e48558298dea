"""torch.profiler and torch.autograd.profiler: with-statements that record nothing."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Callable
from typing import Any


class ProfilerActivity(enum.Enum):
    """What would be recorded."""

    CPU = 0
    CUDA = 1


class record_function(contextlib.ContextDecorator):
    """A with-statement and decorator without effect."""

    def __init__(self, name: str, args: Any = None) -> None:
        self.name = name

    def __enter__(self) -> record_function:
        return self

    def __exit__(self, *raised: Any) -> None:
        pass


class _Nothing(list[Any]):
    """What was recorded: no events."""

    def table(self, *arguments: Any, **options: Any) -> str:
        return "nothing was recorded: torch.profiler does nothing here"


class profile:
    """A with-statement that records nothing."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        pass

    def __enter__(self) -> profile:
        return self

    def __exit__(self, *raised: Any) -> None:
        pass

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def step(self) -> None:
        pass

    def events(self) -> _Nothing:
        return _Nothing()

    def key_averages(self, *arguments: Any, **options: Any) -> _Nothing:
        return _Nothing()

    def export_chrome_trace(self, path: str) -> None:
        pass


def schedule(**options: Any) -> Callable[[int], int]:
    """A schedule that never records."""
    return lambda step: 0


def tensorboard_trace_handler(dir_name: str, *arguments: Any, **options: Any) -> Callable[[Any], None]:
    """A handler that writes nothing."""
    return lambda profiler: None
