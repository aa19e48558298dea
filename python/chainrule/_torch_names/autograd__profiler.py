"""torch.autograd.profiler: with-statements without effect."""

from __future__ import annotations

import contextlib
from typing import Any


class record_function(contextlib.ContextDecorator):
    """A with-statement and decorator without effect."""

    def __init__(self, name: str, args: Any = None) -> None:
        self.name = name

    def __enter__(self) -> record_function:
        return self

    def __exit__(self, *raised: Any) -> None:
        pass
