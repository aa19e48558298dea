"""Data loading, hooks, and plain safetensors files."""

from .._safetensors import load_file, save_file
from . import data, hooks

__all__ = ["data", "hooks", "load_file", "save_file"]
