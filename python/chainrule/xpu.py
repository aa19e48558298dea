"""torch.xpu without such a device."""

from ._absent import device_count as device_count
from ._absent import ignore, zero
from ._absent import is_available as is_available

manual_seed = seed = synchronize = empty_cache = ignore
manual_seed_all = reset_peak_memory_stats = ignore
memory_allocated = max_memory_allocated = zero
