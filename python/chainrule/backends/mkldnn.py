"""torch.backends.mkldnn."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from .._absent import ignore
from .._absent import is_available as is_available

is_built = is_available
enabled = False
deterministic = True
allow_tf32 = False
set_flags = ignore


@contextlib.contextmanager
def flags(*arguments: Any, **options: Any) -> Iterator[None]:
    """A with-statement, or a decorator, without effect."""
    yield
