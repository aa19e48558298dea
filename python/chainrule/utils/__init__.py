"""Data loading, hooks, and plain safetensors files."""

from .._safetensors import load_file, save_file
from . import data, dlpack, hooks

__all__ = ["data", "dlpack", "hooks", "load_file", "save_file"]
