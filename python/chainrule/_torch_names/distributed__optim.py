"""torch.distributed.optim: optimizers that share their state among processes, of which there is one."""

from __future__ import annotations

from typing import Any

from chainrule._absent import refuse
from chainrule.optim import Optimizer

_refused = refuse("torch.distributed.optim", "Use chainrule.optim: there is one process.")


class ZeroRedundancyOptimizer(Optimizer):
    """A class to ask for; making one raises RuntimeError."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        _refused()


class DistributedOptimizer:
    """A class to ask for; making one raises RuntimeError."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        _refused()
