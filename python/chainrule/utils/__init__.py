"""Data loading, hooks, and plain safetensors files."""

from .._safetensors import load_file, save_file
from . import checkpoint, data, dlpack, hooks

__all__ = ["checkpoint", "data", "dlpack", "hooks", "load_file", "save_file"]
