"""torch.onnx: export by chainrule.onnx (`pip install 'chainrule[onnx]'`)."""

from __future__ import annotations

from typing import Any

from chainrule import onnx as _onnx


def export(model: Any, args: Any, f: Any = None, **options: Any) -> Any:
    """Write the model to the file f. Of the options input_names and output_names count: sizes are the example's.

    Source: PyTorch, torch.onnx.export.
    """
    inputs, outputs = options.get("input_names"), options.get("output_names")
    return _onnx.export(model, args, f, input_names=inputs, output_names=outputs)
