"""Views, parts, reductions, and copies."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .rule import LAST, Call, Missing, part, rule

if TYPE_CHECKING:
    from ..onnx import _Graph as Graph


@rule("view", "reshape", "squeeze", "unsqueeze", "flatten")
def _reshape(graph: Graph, call: Call) -> str:
    return graph.node("Reshape", [call.names[0], graph.constant(np.array(call.shape, np.int64), "shape")])


@rule("permute", "transpose")
def _transpose(graph: Graph, call: Call) -> str:
    return graph.node("Transpose", call.names[:1], perm=list(call["value"]))


@rule("t")
def _t(graph: Graph, call: Call) -> str:
    return graph.node("Transpose", call.names[:1], perm=list(range(len(call.shape)))[::-1])


@rule("expand")
def _expand(graph: Graph, call: Call) -> str:
    return graph.node("Expand", [call.names[0], graph.constant(np.array(call.shape, np.int64), "shape")])


@rule("select")
def _select(graph: Graph, call: Call) -> str:
    return graph.node("Gather", [call.names[0], graph.constant(np.array(call["index"], np.int64))], axis=call["axis"])


@rule("slice", "narrow")
def _slice(graph: Graph, call: Call) -> str:
    start, length, step = call["start"], call["length"], call.get("step", 1)
    end = start + (length - 1) * step + 1 if length else start
    if step > 1 and start + length * step >= call.inputs[0].shape[call["axis"]]:
        end = LAST  # whatever the size
    return part(graph, call.names[0], start, end, call["axis"], step)


@rule("cat")
def _cat(graph: Graph, call: Call) -> str:
    return graph.node("Concat", call.names, axis=call["value"])


@rule("stack")
def _stack(graph: Graph, call: Call) -> str:
    axis = graph.constant(np.array([call["value"]], np.int64))
    return graph.node("Concat", [graph.node("Unsqueeze", [name, axis]) for name in call.names], axis=call["value"])


@rule("mean", "sum", "amax", "amin")
def _reduce(graph: Graph, call: Call) -> str:
    axes = call.axes()
    keep = int(call["keepdim"])
    if call.op == "sum":
        name = call.names[0]
        if call.inputs[0].dtype != call.outputs[0].dtype:  # small whole numbers and truth values add up to int64
            name = _to(graph, call)
        return graph.node("ReduceSum", [name, graph.constant(np.array(axes, np.int64))], keepdims=keep)
    kind = {"mean": "ReduceMean", "amax": "ReduceMax", "amin": "ReduceMin"}[call.op]
    return graph.node(kind, call.names[:1], axes=axes, keepdims=keep)


@rule("max", "min")
def _extreme(graph: Graph, call: Call) -> str:
    """Of all, or along one axis."""
    kind = {"max": "ReduceMax", "min": "ReduceMin"}[call.op]
    axes = [call["axis"]] if "axis" in call.attributes else list(range(len(call.inputs[0].shape)))
    return graph.node(kind, call.names[:1], axes=axes, keepdims=int(call["keepdim"]))


@rule("argmax")
def _argmax(graph: Graph, call: Call) -> str:
    kind = "ArgMax" if call["largest"] else "ArgMin"
    return graph.node(kind, call.names[:1], axis=call["axis"], keepdims=int(call["keepdim"]))


@rule("norm", "logsumexp")
def _norm(graph: Graph, call: Call) -> Any:
    kind = {1.0: "ReduceL1", 2.0: "ReduceL2"}.get(call["p"]) if call.op == "norm" else "ReduceLogSumExp"
    if kind is None:
        return Missing(f"a norm with p = {call['p']:g} has no ONNX form here")
    return graph.node(kind, call.names[:1], axes=call.axes(), keepdims=int(call["keepdim"]))


@rule("cdist")
def _distances(graph: Graph, call: Call) -> str:
    """Of all pairs of points: the lengths of their differences."""
    places = [graph.constant(np.array([axis], np.int64)) for axis in (2, 1)]
    points = [graph.node("Unsqueeze", [name, place]) for name, place in zip(call.names, places, strict=True)]
    return graph.node("ReduceL2", [graph.node("Sub", points)], axes=[3], keepdims=0)


@rule("var", "std")
def _variance(graph: Graph, call: Call) -> str:
    """sum((x - mean)^2) / (n - correction), n the number of values."""
    axes = call.axes()
    mean = graph.node("ReduceMean", call.names[:1], axes=axes, keepdims=1)
    distance = graph.node("Sub", [call.names[0], mean])
    places = graph.constant(np.array(axes, np.int64))
    total = graph.node("ReduceSum", [graph.node("Mul", [distance] * 2), places], keepdims=int(call["keepdim"]))
    count = math.prod(call.inputs[0].shape[axis] for axis in axes)
    result = graph.node("Div", [total, graph.constant(np.array(count - call["correction"], call.dtype))])
    return graph.node("Sqrt", [result]) if call.op == "std" else result


@rule("cumsum")
def _cumsum(graph: Graph, call: Call) -> str:
    axis = graph.constant(np.array(call["axis"], np.int64))
    return graph.node("CumSum", [call.names[0], axis], reverse=int(call["reverse"]))


@rule("roll")
def _roll(graph: Graph, call: Call) -> str:
    """What stands before the cut comes behind what stands after it."""
    cut, axis = call.inputs[0].shape[call["axis"]] - call["shift"], call["axis"]
    parts = [part(graph, call.names[0], start, end, axis) for start, end in ((cut, LAST), (0, cut))]
    return graph.node("Concat", parts, axis=axis)


@rule("flip")
def _flip(graph: Graph, call: Call) -> str:
    name = call.names[0]
    for axis in range(len(call.shape)):
        if call["value"] >> axis & 1:
            name = part(graph, name, -1, -LAST, axis, -1)
    return name


@rule("pad")
def _pad(graph: Graph, call: Call) -> str:
    """Negative numbers cut off: the reference evaluator needs that apart."""
    sizes = graph.constant(np.maximum([*call["before"], *call["after"]], 0).astype(np.int64))
    name = graph.node("Pad", [call.names[0], sizes, graph.constant(np.array(call["value"], call.dtype))])
    for axis, (before, after) in enumerate(zip(call["before"], call["after"])):
        if before < 0 or after < 0:
            name = part(graph, name, max(-before, 0), after if after < 0 else LAST, axis)
    return name


@rule("index_select")
def _index_select(graph: Graph, call: Call) -> str:
    return graph.node("Gather", call.names[:2], axis=call["place"])


@rule("copy_")
def _copy(graph: Graph, call: Call) -> Any:
    """The first input becomes the second."""
    value = call.names[1]
    if call.inputs[1].dtype != call.inputs[0].dtype:
        value = graph.node("Cast", [value], to=graph.onnx.helper.np_dtype_to_tensor_dtype(call.dtype))
    return graph.node("Expand", [value, graph.constant(np.array(call.shape, np.int64), "shape")])


@rule("to")
def _to(graph: Graph, call: Call) -> str:
    return graph.node("Cast", call.names[:1], to=graph.onnx.helper.np_dtype_to_tensor_dtype(call.dtype))
