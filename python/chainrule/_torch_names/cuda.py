"""What torch.cuda has beside chainrule.cuda: classes to ask for, of devices that are not there."""

import contextlib
from typing import Any

from chainrule._absent import refuse


class CUDAGraph:
    """Raises: there is no CUDA device."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        refuse("torch.cuda.CUDAGraph")()


class StreamContext(contextlib.nullcontext[Any]):
    """A class to ask for: stream() gives a with-statement without effect."""


class CudaError(RuntimeError):
    """A class to catch: nothing raises it."""


graph = make_graphed_callables = graph_pool_handle = refuse("torch.cuda.graph")
has_half = has_magma = False


def get_arch_list() -> list[str]:
    """None."""
    return []


def memory_stats(device: Any = None) -> dict[str, Any]:
    """Nothing."""
    return {}


def is_tf32_supported() -> bool:
    """False."""
    return False
