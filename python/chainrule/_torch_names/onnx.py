"""torch.onnx: export by chainrule.onnx (`pip install 'chainrule[onnx]'`)."""

from __future__ import annotations

from typing import Any

from chainrule import onnx as _onnx


def export(model: Any, args: Any, f: Any = None, **options: Any) -> Any:
    """Write the model to the file f. Of the options input_names, output_names and dynamic_axes count.

    Source: PyTorch, torch.onnx.export.
    """
    known = {name: options[name] for name in ("input_names", "output_names", "dynamic_axes") if name in options}
    return _onnx.export(model, args, f, **known)


def is_in_onnx_export() -> bool:
    """False: a model is recorded as it runs."""
    return False


class OnnxExporterError(RuntimeError):
    """A class to catch: chainrule.onnx.export() raises NotImplementedError, RuntimeError, TypeError and ValueError."""


class ONNXProgram:
    """A class to ask for: export() gives an onnx.ModelProto."""
