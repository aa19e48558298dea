"""Elementwise operations and activations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .rule import RULES, Call, Missing, plain, rule

if TYPE_CHECKING:
    from ..onnx import _Graph as Graph


for _name, _kind in {
    "relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh", "exp": "Exp", "log": "Log", "sqrt": "Sqrt", "abs": "Abs",
    "neg": "Neg", "reciprocal": "Reciprocal", "erf": "Erf", "sin": "Sin", "cos": "Cos", "tan": "Tan", "floor": "Floor",
    "ceil": "Ceil", "softsign": "Softsign", "hardswish": "HardSwish", "sign": "Sign",
    "clone": "Identity", "detach": "Identity", "contiguous": "Identity",
    "atan": "Atan", "asin": "Asin", "acos": "Acos", "sinh": "Sinh", "cosh": "Cosh",
}.items():  # fmt: skip
    RULES[_name] = plain(_kind)


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
    RULES[_name] = lambda graph, call, kind=_kind: graph.node(kind, _operands(graph, call))  # type: ignore[misc]  # kind is bound by its default


# ONNX has no arithmetic of truth values.
_KINDS = {"add": "Add", "sub": "Sub", "mul": "Mul", "maximum": "Max", "minimum": "Min"}
_BOOL_KINDS = {"add": "Or", "mul": "And", "maximum": "Or", "minimum": "And"}


@rule("add", "sub", "mul", "maximum", "minimum")
def _arithmetic(graph: Graph, call: Call) -> Any:
    kinds = _BOOL_KINDS if call.dtype == np.bool_ else _KINDS
    if call.op not in kinds:
        return Missing(f"{call.op} of truth values has no ONNX form here")
    if call.op in ("add", "sub") and len(call.names) == 2 and "value" in call.attributes:  # x + factor y
        factor = graph.constant(np.array(call["value"], call.dtype))
        return graph.node(kinds["add"], [call.names[0], graph.node(kinds["mul"], [call.names[1], factor])])
    return graph.node(kinds[call.op], _operands(graph, call))


@rule("round")
def _round(graph: Graph, call: Call) -> Any:
    if call.get("decimals", 0) != 0:
        return Missing("rounding to a number of decimals has no ONNX form here")
    return graph.node("Round", call.names[:1])


@rule("ne")
def _ne(graph: Graph, call: Call) -> str:
    return graph.node("Not", [graph.node("Equal", _operands(graph, call))])


def _truth(graph: Graph, name: str) -> str:
    """What is not 0."""
    return graph.node("Cast", [name], to=graph.onnx.TensorProto.BOOL)


@rule("logical_and", "logical_or", "logical_xor", "logical_not")
def _logical(graph: Graph, call: Call) -> str:
    kind = {"logical_and": "And", "logical_or": "Or", "logical_xor": "Xor", "logical_not": "Not"}[call.op]
    names = call.names[:1] if call.op == "logical_not" else _operands(graph, call)
    return graph.node(kind, [_truth(graph, name) for name in names])


@rule("any", "all")
def _any_or_all(graph: Graph, call: Call) -> str:
    """The largest or the smallest truth value, as ONNX reduces numbers only."""
    number = graph.node("Cast", [_truth(graph, call.names[0])], to=graph.onnx.TensorProto.INT32)
    kind = "ReduceMax" if call.op == "any" else "ReduceMin"
    return _truth(graph, graph.node(kind, [number], axes=call.axes(), keepdims=int(call["keepdim"])))


@rule("square")
def _square(graph: Graph, call: Call) -> str:
    return graph.node("Mul", [call.names[0]] * 2)


@rule("rsqrt")
def _rsqrt(graph: Graph, call: Call) -> str:
    return graph.node("Reciprocal", [graph.node("Sqrt", call.names[:1])])


@rule("gelu")
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


@rule("mish")
def _mish(graph: Graph, call: Call) -> str:
    return graph.node("Mul", [call.names[0], graph.node("Tanh", [graph.node("Softplus", call.names[:1])])])


@rule("softplus")
def _softplus(graph: Graph, call: Call) -> Any:
    if call["beta"] != 1:
        return Missing("softplus with another beta than 1 has no ONNX form here")
    return graph.node("Softplus", call.names[:1])


@rule("logsigmoid")
def _logsigmoid(graph: Graph, call: Call) -> str:
    return graph.node("Neg", [graph.node("Softplus", [graph.node("Neg", call.names[:1])])])


@rule("hardsigmoid")
def _hardsigmoid(graph: Graph, call: Call) -> str:
    return graph.node("HardSigmoid", call.names[:1], alpha=1 / 6, beta=0.5)


@rule("bitwise_and", "bitwise_or", "bitwise_not")
def _bits(graph: Graph, call: Call) -> Any:
    if call.dtype != np.bool_:
        return Missing(f"{call.op} of integers has no ONNX form here")
    return graph.node({"bitwise_and": "And", "bitwise_or": "Or", "bitwise_not": "Not"}[call.op], call.names)


@rule("leaky_relu")
def _leaky_relu(graph: Graph, call: Call) -> str:
    return graph.node("LeakyRelu", call.names[:1], alpha=call["value"])


@rule("elu", "selu", "celu")
def _elu(graph: Graph, call: Call) -> Any:
    if call["input_scale"] != 1:
        return Missing("celu with another alpha than 1 has no ONNX form here")
    return graph.node("Selu", call.names[:1], alpha=call["alpha"], gamma=call["scale"])


@rule("clamp", "clamp_min", "clamp_max", "hardtanh")
def _clip(graph: Graph, call: Call) -> Any:
    if len(call.names) > 1:  # by a tensor
        return graph.node("Max" if call.op == "clamp_min" else "Min", _operands(graph, call))
    bounds = [
        graph.constant(np.array(call[name], call.dtype)) if math.isfinite(call[name]) else ""
        for name in ("low", "high")
    ]
    return graph.node("Clip", [call.names[0], *bounds])


@rule("prelu")
def _prelu(graph: Graph, call: Call) -> str:
    """The slopes lie along axis 1 of x."""
    slope, axes = call.inputs[1], len(call.inputs[0].shape)
    shape = np.array([slope.numel(), *[1] * max(0, axes - 2)], np.int64)
    return graph.node("PRelu", [call.names[0], graph.node("Reshape", [call.names[1], graph.constant(shape, "shape")])])


@rule("silu")
def _silu(graph: Graph, call: Call) -> str:
    return graph.node("Mul", [call.names[0], graph.node("Sigmoid", call.names[:1])])


@rule("where")
def _where(graph: Graph, call: Call) -> str:
    return graph.node("Where", call.names)


@rule("masked_mul")
def _masked_mul(graph: Graph, call: Call) -> str:
    return graph.node("Where", [*call.names, graph.constant(np.array(0, call.dtype))])


@rule("masked_fill")
def _masked_fill(graph: Graph, call: Call) -> str:
    value = call.names[2] if len(call.names) > 2 else graph.constant(np.array(call["value"], call.dtype))
    return graph.node("Where", [call.names[1], value, call.names[0]])
