"""torch.mps without such a device."""

from ._absent import device_count as device_count
from ._absent import ignore, zero
from ._absent import is_available as is_available

manual_seed = seed = synchronize = empty_cache = ignore
current_allocated_memory = driver_allocated_memory = zero
