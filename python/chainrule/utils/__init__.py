"""Data loading, hooks, and plain safetensors files."""

from typing import TYPE_CHECKING

from .._later import later
from . import hooks

if TYPE_CHECKING:
    from .._safetensors import load_file, save_file
    from . import checkpoint, data, dlpack

__all__ = ["checkpoint", "data", "dlpack", "hooks", "load_file", "save_file"]

__getattr__, __dir__ = later(__name__, ["checkpoint", "data", "dlpack"], {"._safetensors": ["load_file", "save_file"]})
