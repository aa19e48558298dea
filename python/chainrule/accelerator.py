"""torch.accelerator without an accelerator."""

from __future__ import annotations

from ._absent import device_count as device_count
from ._absent import ignore, refuse, zero
from ._absent import is_available as is_available

synchronize = empty_cache = reset_peak_memory_stats = ignore
memory_allocated = max_memory_allocated = zero
set_device_index = refuse("torch.accelerator.set_device_index")
set_device_idx = refuse("torch.accelerator.set_device_idx")
current_device_index = refuse("torch.accelerator.current_device_index")
current_device_idx = refuse("torch.accelerator.current_device_idx")
current_stream = refuse("torch.accelerator.current_stream")


def current_accelerator(check_available: bool = False) -> None:
    """None: there is none."""
