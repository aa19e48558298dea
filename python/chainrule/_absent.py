"""Answers of a kind of device that is not there.

Programs for PyTorch name devices, mixed precision, compilers and processes. Where CPU cores compute these have nothing
to do: they import, questions are answered "no", requests that would be hints are ignored, and requests that cannot be
met raise RuntimeError.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def is_available() -> bool:
    """False: chainrule computes on the CPU."""
    return False


def is_initialized() -> bool:
    """False: chainrule computes on the CPU."""
    return False


def device_count() -> int:
    """Zero: chainrule computes on the CPU."""
    return 0


def ignore(*arguments: Any, **options: Any) -> None:
    """Nothing: there is no such device."""


def zero(*arguments: Any, **options: Any) -> int:
    """Zero: there is no such device."""
    return 0


def refuse(what: str, hint: str = "Guard it with is_available(), which is False.") -> Callable[..., Any]:
    """A function that raises RuntimeError and says what is not there."""

    def refused(*arguments: Any, **options: Any) -> Any:
        raise RuntimeError(f"{what}: chainrule computes on the CPU only. {hint}")

    refused.__name__ = what.rsplit(".", 1)[-1]
    refused.__doc__ = "RuntimeError: chainrule computes on the CPU only."
    return refused
