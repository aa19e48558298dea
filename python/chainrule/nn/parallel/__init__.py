"""torch.nn.parallel on one CPU: the wrapped module runs by itself."""

from __future__ import annotations

from typing import Any

from ..._absent import refuse
from ..modules import Module


class DataParallel(Module):
    """The module itself, under the attribute `module` as in PyTorch."""

    def __init__(self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0) -> None:
        super().__init__()
        self.module = module

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        return self.module(*inputs, **kwargs)


class DistributedDataParallel(Module):
    """A class to ask for, which refuses to be made: there is one process."""

    __init__ = refuse(
        "torch.nn.parallel.DistributedDataParallel", "Run one process: torch.distributed.is_available() is False."
    )


def data_parallel(module: Module, inputs: Any, *arguments: Any, **options: Any) -> Any:
    """module(inputs)."""
    return module(*inputs) if isinstance(inputs, tuple) else module(inputs)


def scatter(inputs: Any, target_gpus: Any, dim: int = 0) -> tuple[Any, ...]:
    """The inputs in one part: there is one device."""
    return (inputs,)
