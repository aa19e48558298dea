"""torch.distributed.elastic.multiprocessing.errors: what marks the main function of a process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def record(fn: Callable[..., Any], error_handler: Any = None) -> Callable[..., Any]:
    """The function itself: there is no other process to report its errors to."""
    return fn
