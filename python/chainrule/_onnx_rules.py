"""Operations as ONNX nodes, for chainrule.onnx: a rule for each.

A rule takes the graph in the making and the call, adds nodes and gives the name of the result, or a list of names, one
for each output, or Missing where this form of the operation has none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .onnx import _Graph as Graph


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


RULES: dict[str, Callable[[Graph, Call], Any]] = {}


def _rule(*names: str) -> Callable[[Any], Any]:
    def register(function: Any) -> Any:
        for name in names:
            RULES[name] = function
        return function

    return register


def _plain(kind: str, **attributes: Any) -> Callable[[Graph, Call], Any]:
    return lambda graph, call: graph.node(kind, [name for name in call.names if name], **attributes)


for _name, _kind in {
    "relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh", "exp": "Exp", "log": "Log", "sqrt": "Sqrt", "abs": "Abs",
    "neg": "Neg", "reciprocal": "Reciprocal", "erf": "Erf", "sin": "Sin", "cos": "Cos", "tan": "Tan", "floor": "Floor",
    "ceil": "Ceil", "softsign": "Softsign", "hardswish": "HardSwish", "sign": "Sign",
    "clone": "Identity", "detach": "Identity", "contiguous": "Identity",
    "atan": "Atan", "asin": "Asin", "acos": "Acos", "sinh": "Sinh", "cosh": "Cosh",
}.items():  # fmt: skip
    RULES[_name] = _plain(_kind)


def _operands(graph: Graph, call: Call) -> list[str]:
    """Two operands: the second may be a number."""
    names = [name for name in call.names if name]
    if len(names) == 2:
        return names
    first = call.get("first")
    number = graph.constant(np.array(call["value"] if first is None else first, call.inputs[0].dtype.name))
    return [names[0], number] if first is None else [number, names[0]]


for _name, _kind in {
    "div": "Div", "rdiv": "Div", "pow": "Pow", "rsub": "Sub", "lt": "Less", "le": "LessOrEqual", "gt": "Greater",
    "ge": "GreaterOrEqual", "eq": "Equal",
}.items():  # fmt: skip
    RULES[_name] = lambda graph, call, kind=_kind: graph.node(kind, _operands(graph, call))  # type: ignore[misc]


# ONNX has no arithmetic of truth values.
_KINDS = {"add": "Add", "sub": "Sub", "mul": "Mul", "maximum": "Max", "minimum": "Min"}
_BOOL_KINDS = {"add": "Or", "mul": "And", "maximum": "Or", "minimum": "And"}


@_rule("add", "sub", "mul", "maximum", "minimum")
def _arithmetic(graph: Graph, call: Call) -> Any:
    kinds = _BOOL_KINDS if call.dtype == np.bool_ else _KINDS
    if call.op not in kinds:
        return Missing(f"{call.op} of truth values has no ONNX form here")
    if call.op in ("add", "sub") and len(call.names) == 2 and "value" in call.attributes:  # x + factor y
        factor = graph.constant(np.array(call["value"], call.dtype))
        return graph.node(kinds["add"], [call.names[0], graph.node(kinds["mul"], [call.names[1], factor])])
    return graph.node(kinds[call.op], _operands(graph, call))


@_rule("round")
def _round(graph: Graph, call: Call) -> Any:
    if call.get("decimals", 0) != 0:
        return Missing("rounding to a number of decimals has no ONNX form here")
    return graph.node("Round", call.names[:1])


@_rule("ne")
def _ne(graph: Graph, call: Call) -> str:
    return graph.node("Not", [graph.node("Equal", _operands(graph, call))])


def _truth(graph: Graph, name: str) -> str:
    """What is not 0."""
    return graph.node("Cast", [name], to=graph.onnx.TensorProto.BOOL)


@_rule("logical_and", "logical_or", "logical_xor", "logical_not")
def _logical(graph: Graph, call: Call) -> str:
    kind = {"logical_and": "And", "logical_or": "Or", "logical_xor": "Xor", "logical_not": "Not"}[call.op]
    names = call.names[:1] if call.op == "logical_not" else _operands(graph, call)
    return graph.node(kind, [_truth(graph, name) for name in names])


@_rule("any", "all")
def _any_or_all(graph: Graph, call: Call) -> str:
    """The largest or the smallest truth value, as ONNX reduces numbers only."""
    number = graph.node("Cast", [_truth(graph, call.names[0])], to=graph.onnx.TensorProto.INT32)
    kind = "ReduceMax" if call.op == "any" else "ReduceMin"
    return _truth(graph, graph.node(kind, [number], axes=_axes(call), keepdims=int(call["keepdim"])))


@_rule("square")
def _square(graph: Graph, call: Call) -> str:
    return graph.node("Mul", [call.names[0]] * 2)


@_rule("rsqrt")
def _rsqrt(graph: Graph, call: Call) -> str:
    return graph.node("Reciprocal", [graph.node("Sqrt", call.names[:1])])


@_rule("gelu")
def _gelu(graph: Graph, call: Call) -> Any:
    """By erf, or by tanh(sqrt(2 / pi) (x + 0.044715 x^3))."""

    def number(value: float) -> str:
        return graph.constant(np.array(value, call.dtype))

    x = call.names[0]
    if call.get("approximate", 0) == 0:
        bend = graph.node("Erf", [graph.node("Mul", [x, number(math.sqrt(0.5))])])
    elif call.get("approximate") == 1:
        cube = graph.node("Mul", [graph.node("Pow", [x, number(3.0)]), number(0.044715)])
        bend = graph.node("Tanh", [graph.node("Mul", [graph.node("Add", [x, cube]), number(math.sqrt(2 / math.pi))])])
    else:
        return Missing("this form of gelu has no ONNX form here")
    return graph.node("Mul", [graph.node("Mul", [x, graph.node("Add", [bend, number(1.0)])]), number(0.5)])


@_rule("mish")
def _mish(graph: Graph, call: Call) -> str:
    return graph.node("Mul", [call.names[0], graph.node("Tanh", [graph.node("Softplus", call.names[:1])])])


@_rule("softplus")
def _softplus(graph: Graph, call: Call) -> Any:
    if call["beta"] != 1:
        return Missing("softplus with another beta than 1 has no ONNX form here")
    return graph.node("Softplus", call.names[:1])


@_rule("logsigmoid")
def _logsigmoid(graph: Graph, call: Call) -> str:
    return graph.node("Neg", [graph.node("Softplus", [graph.node("Neg", call.names[:1])])])


@_rule("hardsigmoid")
def _hardsigmoid(graph: Graph, call: Call) -> str:
    return graph.node("HardSigmoid", call.names[:1], alpha=1 / 6, beta=0.5)


@_rule("bitwise_and", "bitwise_or", "bitwise_not")
def _bits(graph: Graph, call: Call) -> Any:
    if call.dtype != np.bool_:
        return Missing(f"{call.op} of integers has no ONNX form here")
    return graph.node({"bitwise_and": "And", "bitwise_or": "Or", "bitwise_not": "Not"}[call.op], call.names)


@_rule("leaky_relu")
def _leaky_relu(graph: Graph, call: Call) -> str:
    return graph.node("LeakyRelu", call.names[:1], alpha=call["value"])


@_rule("elu", "selu", "celu")
def _elu(graph: Graph, call: Call) -> Any:
    if call["input_scale"] != 1:
        return Missing("celu with another alpha than 1 has no ONNX form here")
    return graph.node("Selu", call.names[:1], alpha=call["alpha"], gamma=call["scale"])


@_rule("clamp", "hardtanh")
def _clip(graph: Graph, call: Call) -> Any:
    if len(call.names) > 1:
        return Missing("clamp between tensors has no ONNX form here")
    bounds = [
        graph.constant(np.array(call[name], call.dtype)) if math.isfinite(call[name]) else ""
        for name in ("low", "high")
    ]
    return graph.node("Clip", [call.names[0], *bounds])


@_rule("prelu")
def _prelu(graph: Graph, call: Call) -> str:
    """The slopes lie along axis 1 of x."""
    slope, axes = call.inputs[1], len(call.inputs[0].shape)
    shape = np.array([slope.numel(), *[1] * max(0, axes - 2)], np.int64)
    return graph.node("PRelu", [call.names[0], graph.node("Reshape", [call.names[1], graph.constant(shape, "shape")])])


@_rule("silu")
def _silu(graph: Graph, call: Call) -> str:
    return graph.node("Mul", [call.names[0], graph.node("Sigmoid", call.names[:1])])


@_rule("softmax", "log_softmax")
def _softmax(graph: Graph, call: Call) -> str:
    kind = {"softmax": "Softmax", "log_softmax": "LogSoftmax"}[call.op]
    return graph.node(kind, call.names[:1], axis=call["axis"])


@_rule("linear")
def _linear(graph: Graph, call: Call) -> str:
    x, weight, bias = call.names
    if len(call.inputs[0].shape) == 2:
        return graph.node("Gemm", [x, weight] + ([bias] if bias else []), transB=1)
    turned = graph.node("Transpose", [weight], perm=[1, 0])
    product = graph.node("MatMul", [x, turned])
    return graph.node("Add", [product, bias]) if bias else product


@_rule("matmul", "mm", "bmm", "mv", "dot")
def _matmul(graph: Graph, call: Call) -> str:
    names = list(call.names[:2])
    for i, flag in enumerate(("transpose_a", "transpose_b")):
        if call.get(flag):
            axes = list(range(len(call.inputs[i].shape)))
            axes[-2:] = axes[:-3:-1]
            names[i] = graph.node("Transpose", [names[i]], perm=axes)
    return graph.node("MatMul", names)


def _window(call: Call) -> dict[str, Any]:
    """Kernel, stride and pads, at the end as many as before: only where that gives fewer windows, by ceil_mode or by
    padding="same" with an even kernel, as many as the last window reaches over."""
    pads, ends = list(call["pad"]), []
    for i, before in enumerate(pads):
        span, stride = call["dilation"][i] * (call["kernel"][i] - 1) + 1, call["stride"][i]
        even = (call["in"][i] + 2 * before - span) // stride + 1 == call["out"][i]
        ends.append(before if even else max(0, (call["out"][i] - 1) * stride + span - call["in"][i] - before))
    return {"kernel_shape": list(call["kernel"]), "strides": list(call["stride"]), "pads": pads + ends}


def _pooled(graph: Graph, call: Call, kind: str, **attributes: Any) -> str:
    """A pooling node: ONNX knows only batches of images."""
    graph.pooled.append(call["in"])
    if len(call.inputs[0].shape) > len(call["kernel"]) + 1:
        return graph.node(kind, call.names[:1], **attributes)
    axis = graph.constant(np.array([0], np.int64))
    batch = graph.node("Unsqueeze", [call.names[0], axis])
    return graph.node("Squeeze", [graph.node(kind, [batch], **attributes), axis])


@_rule("conv")
def _conv(graph: Graph, call: Call) -> str:
    names = [name for name in call.names if name]
    window = _window(call)
    return graph.node("Conv", names, group=call["groups"], dilations=list(call["dilation"]), **window)


@_rule("conv_transpose")
def _conv_transpose(graph: Graph, call: Call) -> str:
    """Here `in` and `out` are those of the convolution that it turns round."""
    extra = [
        large - ((small - 1) * stride - 2 * pad + dilation * (kernel - 1) + 1)
        for large, small, stride, pad, dilation, kernel in zip(
            call["in"], call["out"], call["stride"], call["pad"], call["dilation"], call["kernel"]
        )
    ]
    return graph.node(
        "ConvTranspose",
        [name for name in call.names if name],
        group=call["groups"],
        kernel_shape=list(call["kernel"]),
        strides=list(call["stride"]),
        dilations=list(call["dilation"]),
        pads=[*call["pad"], *call["pad"]],
        output_padding=extra,
    )


@_rule("max_pool")
def _max_pool(graph: Graph, call: Call) -> Any:
    if call["adaptive"]:
        return Missing("adaptive max pooling has no ONNX form here")
    return _pooled(graph, call, "MaxPool", dilations=list(call["dilation"]), **_window(call))


@_rule("avg_pool")
def _avg_pool(graph: Graph, call: Call) -> Any:
    if all(n == 1 for n in call["out"]) and call["adaptive"]:
        return _pooled(graph, call, "GlobalAveragePool")
    if call["adaptive"] or call["divisor"]:
        return Missing("adaptive average pooling to more than one value, or with a divisor, has no ONNX form here")
    window, pads = _window(call), list(call["pad"])
    counted = call["count_pad"] and any(pads)
    if counted and window["pads"] != pads * 2:  # zeros count as far as the padding goes, not as far as the window
        return Missing("average pooling with ceil_mode that counts its padding has no ONNX form here")
    return _pooled(graph, call, "AveragePool", count_include_pad=int(counted), **window)


@_rule("rms_norm")
def _rms_norm(graph: Graph, call: Call) -> str:
    """x / sqrt(mean(x^2) + eps), times a weight."""
    x, weight = call.names[:2]
    axes = list(range(-call["axes"], 0))
    square = graph.node("ReduceMean", [graph.node("Mul", [x, x])], axes=axes, keepdims=1)
    length = graph.node("Sqrt", [graph.node("Add", [square, graph.constant(np.array(call["eps"], call.dtype))])])
    result = graph.node("Div", [x, length])
    return graph.node("Mul", [result, weight]) if weight else result


@_rule("batch_norm")
def _batch_norm(graph: Graph, call: Call) -> Any:
    if not call["fixed"]:
        return Missing("batch norm of a batch's own statistics has no ONNX form here")
    x, weight, bias, mean, var = call.names
    channels = (call.inputs[0].shape[1],)
    weight = weight or graph.constant(np.ones(channels, call.dtype))
    bias = bias or graph.constant(np.zeros(channels, call.dtype))
    return graph.node("BatchNormalization", [x, weight, bias, mean, var], epsilon=call["eps"])


@_rule("group_norm")
def _group_norm(graph: Graph, call: Call) -> str:
    """Instance norm of the groups, then a factor and a summand for each channel."""
    x, weight, bias = call.names[:3]
    n, channels = call.inputs[0].shape[:2]
    groups = call["groups"]
    parts = graph.node("Reshape", [x, graph.constant(np.array([n, groups, -1], np.int64), "shape")])
    ones, zeros = (graph.constant(np.full(groups, value, call.dtype)) for value in (1, 0))
    parts = graph.node("InstanceNormalization", [parts, ones, zeros], epsilon=call["eps"])
    result = graph.node("Reshape", [parts, graph.constant(np.array(call.shape, np.int64), "shape")])
    column = graph.constant(np.array([channels, *[1] * (len(call.shape) - 2)], np.int64), "shape")
    for kind, name in (("Mul", weight), ("Add", bias)):
        if name:
            result = graph.node(kind, [result, graph.node("Reshape", [name, column])])
    return result


@_rule("layer_norm")
def _layer_norm(graph: Graph, call: Call) -> Any:
    x, weight, bias = (list(call.names) + [None] * 2)[:3]
    sizes = tuple(call.inputs[0].shape[len(call.inputs[0].shape) - call["axes"] :])
    weight = weight or graph.constant(np.ones(sizes, call.dtype))
    names = [x, weight] + ([bias] if bias else [])
    return graph.node("LayerNormalization", names, axis=-call["axes"], epsilon=call["eps"])


@_rule("view", "reshape", "squeeze", "unsqueeze", "flatten")
def _reshape(graph: Graph, call: Call) -> str:
    return graph.node("Reshape", [call.names[0], graph.constant(np.array(call.shape, np.int64), "shape")])


@_rule("permute", "transpose")
def _transpose(graph: Graph, call: Call) -> str:
    return graph.node("Transpose", call.names[:1], perm=list(call["value"]))


@_rule("t")
def _t(graph: Graph, call: Call) -> str:
    return graph.node("Transpose", call.names[:1], perm=list(range(len(call.shape)))[::-1])


@_rule("expand")
def _expand(graph: Graph, call: Call) -> str:
    return graph.node("Expand", [call.names[0], graph.constant(np.array(call.shape, np.int64), "shape")])


@_rule("select")
def _select(graph: Graph, call: Call) -> str:
    return graph.node("Gather", [call.names[0], graph.constant(np.array(call["index"], np.int64))], axis=call["axis"])


_LAST = np.iinfo(np.int64).max  # beyond any end


def _part(graph: Graph, name: str, start: int, end: int, axis: int, step: int = 1) -> str:
    bounds = [graph.constant(np.array([b], np.int64)) for b in (start, end, axis, step)]
    return str(graph.node("Slice", [name, *bounds]))


@_rule("slice", "narrow")
def _slice(graph: Graph, call: Call) -> str:
    start, length, step = call["start"], call["length"], call.get("step", 1)
    end = start + (length - 1) * step + 1 if length else start
    if step > 1 and start + length * step >= call.inputs[0].shape[call["axis"]]:
        end = _LAST  # whatever the size
    return _part(graph, call.names[0], start, end, call["axis"], step)


@_rule("cat")
def _cat(graph: Graph, call: Call) -> str:
    return graph.node("Concat", call.names, axis=call["value"])


@_rule("stack")
def _stack(graph: Graph, call: Call) -> str:
    axis = graph.constant(np.array([call["value"]], np.int64))
    return graph.node("Concat", [graph.node("Unsqueeze", [name, axis]) for name in call.names], axis=call["value"])


def _axes(call: Call) -> list[int]:
    return [i for i in range(len(call.inputs[0].shape)) if call["axes"] >> i & 1]


@_rule("mean", "sum", "amax", "amin")
def _reduce(graph: Graph, call: Call) -> str:
    axes = _axes(call)
    keep = int(call["keepdim"])
    if call.op == "sum":
        name = call.names[0]
        if call.inputs[0].dtype != call.outputs[0].dtype:  # small whole numbers and truth values add up to int64
            name = _to(graph, call)
        return graph.node("ReduceSum", [name, graph.constant(np.array(axes, np.int64))], keepdims=keep)
    kind = {"mean": "ReduceMean", "amax": "ReduceMax", "amin": "ReduceMin"}[call.op]
    return graph.node(kind, call.names[:1], axes=axes, keepdims=keep)


@_rule("max", "min")
def _extreme(graph: Graph, call: Call) -> str:
    """Of all, or along one axis."""
    kind = {"max": "ReduceMax", "min": "ReduceMin"}[call.op]
    axes = [call["axis"]] if "axis" in call.attributes else list(range(len(call.inputs[0].shape)))
    return graph.node(kind, call.names[:1], axes=axes, keepdims=int(call["keepdim"]))


@_rule("argmax")
def _argmax(graph: Graph, call: Call) -> str:
    kind = "ArgMax" if call["largest"] else "ArgMin"
    return graph.node(kind, call.names[:1], axis=call["axis"], keepdims=int(call["keepdim"]))


@_rule("norm", "logsumexp")
def _norm(graph: Graph, call: Call) -> Any:
    kind = {1.0: "ReduceL1", 2.0: "ReduceL2"}.get(call["p"]) if call.op == "norm" else "ReduceLogSumExp"
    if kind is None:
        return Missing(f"a norm with p = {call['p']:g} has no ONNX form here")
    return graph.node(kind, call.names[:1], axes=_axes(call), keepdims=int(call["keepdim"]))


@_rule("var", "std")
def _variance(graph: Graph, call: Call) -> str:
    """sum((x - mean)^2) / (n - correction), n the number of values."""
    axes = _axes(call)
    mean = graph.node("ReduceMean", call.names[:1], axes=axes, keepdims=1)
    distance = graph.node("Sub", [call.names[0], mean])
    places = graph.constant(np.array(axes, np.int64))
    total = graph.node("ReduceSum", [graph.node("Mul", [distance] * 2), places], keepdims=int(call["keepdim"]))
    count = math.prod(call.inputs[0].shape[axis] for axis in axes)
    result = graph.node("Div", [total, graph.constant(np.array(count - call["correction"], call.dtype))])
    return graph.node("Sqrt", [result]) if call.op == "std" else result


@_rule("cumsum")
def _cumsum(graph: Graph, call: Call) -> str:
    axis = graph.constant(np.array(call["axis"], np.int64))
    return graph.node("CumSum", [call.names[0], axis], reverse=int(call["reverse"]))


@_rule("roll")
def _roll(graph: Graph, call: Call) -> str:
    """What stands before the cut comes behind what stands after it."""
    cut, axis = call.inputs[0].shape[call["axis"]] - call["shift"], call["axis"]
    parts = [_part(graph, call.names[0], start, end, axis) for start, end in ((cut, _LAST), (0, cut))]
    return graph.node("Concat", parts, axis=axis)


@_rule("flip")
def _flip(graph: Graph, call: Call) -> str:
    name = call.names[0]
    for axis in range(len(call.shape)):
        if call["value"] >> axis & 1:
            name = _part(graph, name, -1, -_LAST, axis, -1)
    return name


@_rule("pad")
def _pad(graph: Graph, call: Call) -> str:
    """Negative numbers cut off: the reference evaluator needs that apart."""
    sizes = graph.constant(np.maximum([*call["before"], *call["after"]], 0).astype(np.int64))
    name = graph.node("Pad", [call.names[0], sizes, graph.constant(np.array(call["value"], call.dtype))])
    for axis, (before, after) in enumerate(zip(call["before"], call["after"])):
        if before < 0 or after < 0:
            name = _part(graph, name, max(-before, 0), after if after < 0 else _LAST, axis)
    return name


@_rule("index_select")
def _index_select(graph: Graph, call: Call) -> str:
    return graph.node("Gather", call.names[:2], axis=call["place"])


@_rule("copy_")
def _copy(graph: Graph, call: Call) -> Any:
    """The first input becomes the second."""
    value = call.names[1]
    if call.inputs[1].dtype != call.inputs[0].dtype:
        value = graph.node("Cast", [value], to=graph.onnx.helper.np_dtype_to_tensor_dtype(call.dtype))
    return graph.node("Expand", [value, graph.constant(np.array(call.shape, np.int64), "shape")])


@_rule("to")
def _to(graph: Graph, call: Call) -> str:
    return graph.node("Cast", call.names[:1], to=graph.onnx.helper.np_dtype_to_tensor_dtype(call.dtype))


@_rule("embedding")
def _embedding(graph: Graph, call: Call) -> str:
    table = next(i for i, x in enumerate(call.inputs) if x.is_floating_point())
    return graph.node("Gather", [call.names[table], call.names[1 - table]], axis=0)


@_rule("where")
def _where(graph: Graph, call: Call) -> str:
    return graph.node("Where", call.names)


@_rule("masked_fill")
def _masked_fill(graph: Graph, call: Call) -> str:
    value = call.names[2] if len(call.names) > 2 else graph.constant(np.array(call["value"], call.dtype))
    return graph.node("Where", [call.names[1], value, call.names[0]])


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


@_rule("lstm", "gru", "rnn_tanh", "rnn_relu", "lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell")
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
        x = _part(graph, x, -1, -_LAST, 0, -1)
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
    y = _part(graph, y, -1, -_LAST, 0, -1) if call["reverse"] else y
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
