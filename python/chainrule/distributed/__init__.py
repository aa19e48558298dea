"""torch.distributed in a program of one process: there are no groups, the rank is 0 of 1."""

from __future__ import annotations

import enum
from typing import Any

from .._absent import ignore, refuse
from .._absent import is_available as is_available
from .._absent import is_initialized as is_initialized

_HINT = "Run one process: is_available() is False."

is_nccl_available = is_mpi_available = is_gloo_available = is_torchelastic_launched = is_available
barrier = destroy_process_group = ignore
init_process_group = refuse("torch.distributed.init_process_group", _HINT)
new_group = refuse("torch.distributed.new_group", _HINT)
all_reduce = refuse("torch.distributed.all_reduce", _HINT)
all_gather = refuse("torch.distributed.all_gather", _HINT)
all_gather_object = refuse("torch.distributed.all_gather_object", _HINT)
broadcast = refuse("torch.distributed.broadcast", _HINT)
reduce = refuse("torch.distributed.reduce", _HINT)
reduce_scatter = refuse("torch.distributed.reduce_scatter", _HINT)
scatter = refuse("torch.distributed.scatter", _HINT)
gather = refuse("torch.distributed.gather", _HINT)
send = refuse("torch.distributed.send", _HINT)
recv = refuse("torch.distributed.recv", _HINT)


class ReduceOp(enum.Enum):
    """How values of several processes would be joined."""

    SUM = 0
    AVG = 1
    PRODUCT = 2
    MIN = 3
    MAX = 4


def get_rank(group: Any = None) -> int:
    """0: there is one process."""
    return 0


def get_world_size(group: Any = None) -> int:
    """1: there is one process."""
    return 1
