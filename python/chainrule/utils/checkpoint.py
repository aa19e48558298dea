"""torch.utils.checkpoint: calls the function and keeps what it computes, so values and gradients are the same."""

from __future__ import annotations

from typing import Any


def checkpoint(function: Any, *args: Any, use_reentrant: Any = None, **kwargs: Any) -> Any:
    """function(*args): nothing is computed twice, and no memory is saved."""
    for option in ("preserve_rng_state", "context_fn", "determinism_check", "debug"):
        kwargs.pop(option, None)
    return function(*args, **kwargs)


def checkpoint_sequential(functions: Any, segments: int, input: Any, **options: Any) -> Any:
    """The functions one after the other."""
    for function in functions:
        input = function(input)
    return input


def get_device_states(*args: Any) -> tuple[list[int], list[Any]]:
    """No devices, no states."""
    return [], []


def set_device_states(devices: Any, states: Any, **options: Any) -> None:
    """Nothing: there are no devices."""
