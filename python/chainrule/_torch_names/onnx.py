"""torch.onnx: nothing is exported."""

from ._absent import refuse

export = refuse("torch.onnx.export", "There is no export: leave it out.")
