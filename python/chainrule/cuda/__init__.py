"""torch.cuda without a CUDA device: the answers are no and zero, and what would need one raises."""

from __future__ import annotations

import contextlib
from typing import Any

from .._absent import device_count as device_count
from .._absent import ignore, refuse, zero
from .._absent import is_available as is_available
from .._absent import is_initialized as is_initialized
from .._core import OutOfMemoryError as OutOfMemoryError
from . import amp as amp

_initialized = False

manual_seed = manual_seed_all = seed = seed_all = ignore
synchronize = empty_cache = ipc_collect = ignore
reset_peak_memory_stats = reset_max_memory_allocated = reset_max_memory_cached = ignore
memory_allocated = max_memory_allocated = memory_reserved = max_memory_reserved = memory_cached = zero

current_device = refuse("torch.cuda.current_device")
set_device = refuse("torch.cuda.set_device")
get_device_name = refuse("torch.cuda.get_device_name")
get_device_capability = refuse("torch.cuda.get_device_capability")
get_device_properties = refuse("torch.cuda.get_device_properties")
get_rng_state = refuse("torch.cuda.get_rng_state")
set_rng_state = refuse("torch.cuda.set_rng_state")
get_rng_state_all = list
set_rng_state_all = ignore
mem_get_info = refuse("torch.cuda.mem_get_info")
current_stream = refuse("torch.cuda.current_stream")


class Event:
    """Raises RuntimeError: there is no CUDA device. A class to ask for and to write types with."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        refuse("torch.cuda.Event")()


class Stream:
    """Raises RuntimeError: there is no CUDA device. A class to ask for and to write types with."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        refuse("torch.cuda.Stream")()


init = refuse("torch.cuda.init")
FloatTensor = refuse("torch.cuda.FloatTensor")
DoubleTensor = refuse("torch.cuda.DoubleTensor")
HalfTensor = refuse("torch.cuda.HalfTensor")
LongTensor = refuse("torch.cuda.LongTensor")
IntTensor = refuse("torch.cuda.IntTensor")
ByteTensor = refuse("torch.cuda.ByteTensor")
BoolTensor = refuse("torch.cuda.BoolTensor")


def memory_summary(*arguments: Any, **options: Any) -> str:
    """A line that says that there is no such device."""
    return "no CUDA device: chainrule computes on the CPU"


def is_bf16_supported(*arguments: Any, **options: Any) -> bool:
    """False: there is no such device."""
    return False


def is_current_stream_capturing() -> bool:
    """False: there is no such device."""
    return False


def device(device: Any) -> Any:
    """A with-statement without effect."""
    return contextlib.nullcontext()


def stream(stream: Any) -> Any:
    """A with-statement without effect."""
    return contextlib.nullcontext()
