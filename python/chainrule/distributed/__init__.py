"""torch.distributed in a program of one process: there are no groups, the rank is 0 of 1."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

from .._absent import ignore, refuse
from .._absent import is_available as is_available
from .._absent import is_initialized as is_initialized

_HINT = "Run one process: is_available() is False."

is_nccl_available = is_mpi_available = is_gloo_available = is_torchelastic_launched = is_available
barrier = destroy_process_group = ignore


def _refused(name: str) -> Callable[..., Any]:
    return refuse(f"torch.distributed.{name}", _HINT)


init_process_group = _refused("init_process_group")
new_group = _refused("new_group")
all_reduce = _refused("all_reduce")
all_gather = _refused("all_gather")
all_gather_into_tensor = _refused("all_gather_into_tensor")
all_gather_object = _refused("all_gather_object")
all_to_all = _refused("all_to_all")
all_to_all_single = _refused("all_to_all_single")
broadcast = _refused("broadcast")
broadcast_object_list = _refused("broadcast_object_list")
reduce = _refused("reduce")
reduce_scatter = _refused("reduce_scatter")
reduce_scatter_tensor = _refused("reduce_scatter_tensor")
scatter = _refused("scatter")
gather = _refused("gather")
gather_object = _refused("gather_object")
send = _refused("send")
recv = _refused("recv")
isend = _refused("isend")
irecv = _refused("irecv")
get_backend = _refused("get_backend")


class ProcessGroup:
    """A class to ask for, and for annotations: there are no groups."""


class Work:
    """A class to ask for: nothing is under way between processes."""


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
