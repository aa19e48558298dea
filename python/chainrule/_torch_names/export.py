"""torch.export: names to import. Nothing is exported this way; chainrule.onnx.export() writes ONNX files."""

from __future__ import annotations

from typing import Any

from chainrule._absent import refuse

_HINT = "chainrule.onnx.export() writes ONNX files, state_dict() the weights."
export = export_for_training = refuse("torch.export.export", _HINT)
load = refuse("torch.export.load", _HINT)
save = refuse("torch.export.save", _HINT)


class ExportedProgram:
    """A class to ask for: there are no objects of it."""


class Dim:
    """A name for a size, as programs give it to export()."""

    AUTO = DYNAMIC = STATIC = None

    def __init__(self, name: str, *, min: Any = None, max: Any = None) -> None:
        self.__name__, self.min, self.max = name, min, max
