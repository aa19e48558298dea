"""LSTM, GRU and plain recurrent layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .rule import LAST, Call, Missing, part, rule

if TYPE_CHECKING:
    from ..onnx import _Graph as Graph


class Cells(Missing):
    """What an LSTM keeps for its backward pass, a row a step and sample: of it only the last cells have a name."""

    def __init__(self, node: Any, steps: int, hidden: int, reverse: bool) -> None:
        super().__init__("the cells of an lstm but the last ones have no ONNX form here")
        self.node, self.steps, self.hidden, self.reverse = node, steps, hidden, reverse
        self.cut = False  # the gates are cut off

    def sliced(self, graph: Graph, call: Call) -> Any:
        rows, columns = call.inputs[0].shape
        bounds = (call["axis"], call["start"], call["length"], call["step"])
        if not self.cut and bounds == (1, columns - self.hidden, self.hidden, 1):
            rest = Cells(self.node, self.steps, self.hidden, self.reverse)
            rest.cut = True
            return rest
        count = rows // self.steps
        if not self.cut or bounds != (0, 0 if self.reverse else rows - count, count, 1):
            return self
        return _last_cells(graph, self.node)


@rule("lstm", "gru", "rnn_tanh", "rnn_relu", "lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell")
def _recurrent(graph: Graph, call: Call) -> Any:
    """One direction of one layer, or one step. Gates come in another order there."""
    x, w, r, h0, c0, projected, sizes, b, rb = call.names
    op = call.op.removesuffix("_cell")
    if projected or sizes or "reverse" not in call.attributes:
        return Missing(f"{call.op} of packed sequences, or with proj_size, has no ONNX form here")
    hidden = call.inputs[2].shape[1]
    order = {"lstm": [0, 3, 1, 2], "gru": [1, 0, 2]}.get(op, [0])

    def gates(tensor: Any) -> Any:
        value = tensor.detach().numpy()
        parts = np.split(value, len(order))
        return np.concatenate([parts[i] for i in order])[None]

    for name in (w, r, b, rb):
        if name and name not in graph.constants:
            return Missing(f"{call.op} with weights that depend on the input has no ONNX form here")
    dtype = call.dtype
    zeros = np.zeros((1, len(order) * hidden), dtype)
    biases = [gates(call.inputs[i]) if call.names[i] else zeros for i in (7, 8)]
    # onnx's reference evaluator knows no direction but forward: time is turned round before and after instead.
    axis = graph.constant(np.array([0], np.int64))
    if call["cell"]:
        x = graph.node("Unsqueeze", [x, axis])
    elif call["reverse"]:
        x = part(graph, x, -1, -LAST, 0, -1)
    names = [x, *[graph.constant(gates(call.inputs[i])) for i in (1, 2)], graph.constant(np.concatenate(biases, 1)), ""]
    names += [graph.node("Unsqueeze", [name, axis]) if name else "" for name in ((h0, c0) if op == "lstm" else (h0,))]
    while not names[-1]:
        names.pop()
    options: dict[str, Any] = {"hidden_size": hidden}
    if op == "gru":
        options["linear_before_reset"] = 1
    if op == "rnn_relu":
        options["activations"] = ["Relu"]
    y = graph.node({"lstm": "LSTM", "gru": "GRU"}.get(op, "RNN"), names, **options)
    node = graph.nodes[-1]
    axes = np.array([0, 1] if call["cell"] else [1], np.int64)
    y = graph.node("Squeeze", [y, graph.constant(axes)])
    if call["cell"]:
        return [y, *_step_outputs(graph, node, len(call.outputs))]
    y = part(graph, y, -1, -LAST, 0, -1) if call["reverse"] else y
    if op != "lstm":
        return y
    return [y, Cells(node, call.inputs[0].shape[0], hidden, call["reverse"])]


def _step_outputs(graph: Graph, node: Any, count: int) -> list[Any]:
    """What a cell gives beside the hidden values: its gates, and the cells of an LSTM."""
    rest: list[Any] = [Missing("the gates of a recurrent cell have no ONNX form here")] * (count - 1)
    if count == 3:
        rest[1] = _last_cells(graph, node)
    return rest


def _last_cells(graph: Graph, node: Any) -> str:
    """The third output of an LSTM. The second has a name too: the reference evaluator would find it behind ""."""
    if len(node.output) == 1:
        node.output.extend([graph.fresh("hidden"), graph.fresh("cells")])
    return str(graph.node("Squeeze", [node.output[2], graph.constant(np.array([0], np.int64))]))
