"""The few names of torch._C that programs catch."""

from typing import Any

import numpy as np

import chainrule

_LinAlgError = getattr(__import__("chainrule").linalg, "LinAlgError", np.linalg.LinAlgError)


def _get_tracing_state() -> None:
    """None: nothing is traced."""


def _are_functorch_transforms_active() -> bool:
    """False: a transform runs the function as it is written."""
    return False


def _log_api_usage_once(event: str) -> None:
    """Nothing."""


_TensorMeta = type(chainrule.Tensor)
_TensorBase = chainrule.Tensor


def _disabled_torch_function_impl(func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
    """The function itself."""
    return func(*args, **(kwargs or {}))


class PyTorchFileReader:
    """Raises: chainrule.load() reads PyTorch's files."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        raise RuntimeError("PyTorchFileReader: chainrule has none. chainrule.load() reads PyTorch's files.")


class PyTorchFileWriter:
    """Raises: chainrule.save() writes files."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        raise RuntimeError("PyTorchFileWriter: chainrule has none. chainrule.save() writes files.")
