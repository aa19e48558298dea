"""torch.utils.tensorboard: tensorboardX writes the files (`pip install 'chainrule[tensorboard]'`)."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import chainrule


def _plain(value: Any) -> Any:
    """Tensors as arrays, also inside lists and dicts: tensorboardX knows those."""
    if isinstance(value, chainrule.Tensor):
        return value.detach().numpy()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if type(value) in (list, tuple) else value


class SummaryWriter:
    """tensorboardX's SummaryWriter, that takes chainrule's tensors: add_scalar, add_histogram, add_image and so on.

    add_graph does nothing but warn: tensorboardX traces a graph with PyTorch.

    Raises:
        ModuleNotFoundError: tensorboardX is not installed.
    """

    def __init__(self, log_dir: Any = None, comment: str = "", **options: Any) -> None:
        try:
            writer = importlib.import_module("tensorboardX").SummaryWriter
        except ModuleNotFoundError as error:
            hint = "SummaryWriter: tensorboardX is required: pip install 'chainrule[tensorboard]'"
            raise ModuleNotFoundError(hint, name=error.name) from error
        self._writer = writer(None if log_dir is None else str(log_dir), comment, **options)

    def add_graph(self, *arguments: Any, **options: Any) -> None:
        warnings.warn("SummaryWriter.add_graph: no graph is written without PyTorch.", stacklevel=2)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._writer, name)
        if not name.startswith("add_"):
            return method
        return lambda *arguments, **options: method(*_plain(arguments), **_plain(options))

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(self, *raised: Any) -> None:
        self._writer.close()
