"""What a rule is given and where it is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ..onnx import _Graph as Graph


class Missing:
    """A value that has no ONNX form: it matters only where the result needs it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Call:
    """An operation as its rule sees it: names and attributes, shapes and dtypes."""

    def __init__(self, entry: Any, names: Sequence[Any]) -> None:
        self.op, self.names, self.attributes = entry.op, names, entry.attributes
        self.inputs, self.outputs = entry.inputs, entry.outputs
        self.shape = tuple(self.outputs[0].shape)
        self.dtype = np.dtype(self.outputs[0].dtype.name)

    def __getitem__(self, name: str) -> Any:
        return self.attributes[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self.attributes.get(name, default)

    def axes(self) -> list[int]:
        """The axes that a reduction takes away."""
        return [i for i in range(len(self.inputs[0].shape)) if self["axes"] >> i & 1]


RULES: dict[str, Callable[[Graph, Call], Any]] = {}


def rule(*names: str) -> Callable[[Any], Any]:
    def register(function: Any) -> Any:
        for name in names:
            RULES[name] = function
        return function

    return register


def plain(kind: str, **attributes: Any) -> Callable[[Graph, Call], Any]:
    return lambda graph, call: graph.node(kind, [name for name in call.names if name], **attributes)


LAST = np.iinfo(np.int64).max  # beyond any end


def part(graph: Graph, name: str, start: int, end: int, axis: int, step: int = 1) -> str:
    bounds = [graph.constant(np.array([b], np.int64)) for b in (start, end, axis, step)]
    return str(graph.node("Slice", [name, *bounds]))
