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
        return getattr(self._writer, name)

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(self, *raised: Any) -> None:
        self._writer.close()


def _forwarded(name: str) -> Any:
    def method(self: SummaryWriter, *arguments: Any, **options: Any) -> Any:
        return getattr(self._writer, name)(*_plain(arguments), **_plain(options))

    method.__name__, method.__doc__ = name, f"tensorboardX's {name}, with tensors as arrays."
    return method


# On the class, where programs look for them too.
for _name in [
    "add_audio",
    "add_custom_scalars",
    "add_custom_scalars_marginchart",
    "add_custom_scalars_multilinechart",
    "add_embedding",
    "add_figure",
    "add_histogram",
    "add_histogram_raw",
    "add_hparams",
    "add_image",
    "add_image_with_boxes",
    "add_images",
    "add_mesh",
    "add_onnx_graph",
    "add_pr_curve",
    "add_pr_curve_raw",
    "add_scalar",
    "add_scalars",
    "add_tensor",
    "add_text",
    "add_video",
    "close",
    "export_scalars_to_json",
    "flush",
]:
    setattr(SummaryWriter, _name, _forwarded(_name))
