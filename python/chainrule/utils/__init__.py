"""Data loading, hooks, timing, and plain safetensors files."""

from typing import TYPE_CHECKING

from .._later import later
from . import hooks

if TYPE_CHECKING:
    from .._safetensors import load_file, save_file
    from . import benchmark, checkpoint, data, dlpack

__all__ = ["benchmark", "checkpoint", "data", "dlpack", "hooks", "load_file", "save_file"]

__getattr__, __dir__ = later(
    __name__, ["benchmark", "checkpoint", "data", "dlpack"], {"._safetensors": ["load_file", "save_file"]}
)
