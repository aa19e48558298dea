"""torch.backends.cudnn."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from .._absent import is_available as is_available

enabled = False
benchmark = False
deterministic = True
allow_tf32 = False


def version() -> None:
    """None: there is none."""


@contextlib.contextmanager
def flags(*arguments: Any, **options: Any) -> Iterator[None]:
    """A with-statement, or a decorator, without effect."""
    yield
