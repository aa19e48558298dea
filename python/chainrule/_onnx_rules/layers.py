"""Matrix products, convolutions, pooling, normalization, softmax, embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .rule import Call, Missing, rule

if TYPE_CHECKING:
    from ..onnx import _Graph as Graph


@rule("softmax", "log_softmax")
def _softmax(graph: Graph, call: Call) -> str:
    kind = {"softmax": "Softmax", "log_softmax": "LogSoftmax"}[call.op]
    return graph.node(kind, call.names[:1], axis=call["axis"])


@rule("linear")
def _linear(graph: Graph, call: Call) -> str:
    x, weight, bias = call.names
    if len(call.inputs[0].shape) == 2:
        return graph.node("Gemm", [x, weight] + ([bias] if bias else []), transB=1)
    turned = graph.node("Transpose", [weight], perm=[1, 0])
    product = graph.node("MatMul", [x, turned])
    return graph.node("Add", [product, bias]) if bias else product


@rule("matmul", "mm", "bmm", "mv", "dot")
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


@rule("conv")
def _conv(graph: Graph, call: Call) -> str:
    names = [name for name in call.names if name]
    window = _window(call)
    return graph.node("Conv", names, group=call["groups"], dilations=list(call["dilation"]), **window)


@rule("conv_transpose")
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


@rule("max_pool")
def _max_pool(graph: Graph, call: Call) -> Any:
    if call["adaptive"]:
        return Missing("adaptive max pooling has no ONNX form here")
    return _pooled(graph, call, "MaxPool", dilations=list(call["dilation"]), **_window(call))


@rule("avg_pool")
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


@rule("rms_norm")
def _rms_norm(graph: Graph, call: Call) -> str:
    """x / sqrt(mean(x^2) + eps), times a weight."""
    x, weight = call.names[:2]
    axes = list(range(-call["axes"], 0))
    square = graph.node("ReduceMean", [graph.node("Mul", [x, x])], axes=axes, keepdims=1)
    length = graph.node("Sqrt", [graph.node("Add", [square, graph.constant(np.array(call["eps"], call.dtype))])])
    result = graph.node("Div", [x, length])
    return graph.node("Mul", [result, weight]) if weight else result


@rule("batch_norm")
def _batch_norm(graph: Graph, call: Call) -> Any:
    if not call["fixed"]:
        return Missing("batch norm of a batch's own statistics has no ONNX form here")
    x, weight, bias, mean, var = call.names
    channels = (call.inputs[0].shape[1],)
    weight = weight or graph.constant(np.ones(channels, call.dtype))
    bias = bias or graph.constant(np.zeros(channels, call.dtype))
    return graph.node("BatchNormalization", [x, weight, bias, mean, var], epsilon=call["eps"])


@rule("group_norm")
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


@rule("layer_norm")
def _layer_norm(graph: Graph, call: Call) -> Any:
    x, weight, bias = (list(call.names) + [None] * 2)[:3]
    sizes = tuple(call.inputs[0].shape[len(call.inputs[0].shape) - call["axes"] :])
    weight = weight or graph.constant(np.ones(sizes, call.dtype))
    names = [x, weight] + ([bias] if bias else [])
    return graph.node("LayerNormalization", names, axis=-call["axes"], epsilon=call["eps"])


@rule("embedding")
def _embedding(graph: Graph, call: Call) -> str:
    table = next(i for i, x in enumerate(call.inputs) if x.is_floating_point())
    return graph.node("Gather", [call.names[table], call.names[1 - table]], axis=0)
