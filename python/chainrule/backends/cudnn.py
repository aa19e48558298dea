"""torch.backends.cudnn."""

from __future__ import annotations

import contextlib
from typing import Any

from .._absent import is_available as is_available

enabled = False
benchmark = False
deterministic = True
allow_tf32 = False


def version() -> None:
    """None: there is none."""


def flags(*arguments: Any, **options: Any) -> Any:
    """A with-statement without effect."""
    return contextlib.nullcontext()
