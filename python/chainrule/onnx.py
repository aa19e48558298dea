"""Models as ONNX files: export(model, example, path). Needs the onnx package: pip install 'chainrule[onnx]'.

The model runs once on the example; the operations that it runs are written down as an ONNX graph, parameters and
constants as its initializers. Sizes are those of the example, but for the axes that dynamic_axes leaves free: for them
the model runs at some more sizes. The file is then checked: onnx's own reference evaluator must give what the model
gives, on the example, on another input and at another size, so that nothing that depends on the input was taken for a
constant.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import chainrule as cr

from . import _core
from ._onnx_sizes import Sizes, free_axes, merge

__all__ = ["export"]

_OPSET, _IR = 17, 8
_RULES: dict[str, Callable[[_Graph, Any], Any]] = {}


def export(
    model: Any,
    args: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    dynamic_axes: Mapping[str, Mapping[int, str] | Sequence[int]] | None = None,
    verify: bool = True,
) -> Any:
    """Write a model as an ONNX file.

    Args:
        model: a Module or another callable of tensors that returns a tensor, or several.
        args: the example input: a tensor, or a tuple of them. Its shapes are the file's.
        path: the file; None writes none.
        input_names, output_names: names in the file; input, input_1, ... and output, output_1, ... by default.
        dynamic_axes: axes of the inputs whose size stays free: {"input": {0: "batch"}}, or {"input": [0]}. Axes of one
            name are of one size. Those of the outputs follow; naming them here only gives them a name.
        verify: compare the file with the model by onnx's reference evaluator.

    Returns:
        The onnx.ModelProto.

    Raises:
        ModuleNotFoundError: the onnx package is missing.
        NotImplementedError: an operation that the result needs has no ONNX form here; it is named. Or the model builds
            a size of dynamic_axes into its operations or constants.
        RuntimeError: the file does not compute what the model computes, or the model does not run at another size.
        ValueError: dynamic_axes that do not fit the inputs and outputs.

    Example:
        >>> model = chainrule.nn.Sequential(chainrule.nn.Linear(3, 2), chainrule.nn.ReLU())
        >>> file = chainrule.onnx.export(model, chainrule.ones(4, 3), dynamic_axes={"input": {0: "batch"}})
        >>> [node.op_type for node in file.graph.node]
        ['Gemm', 'Relu']
        >>> file.graph.output[0].type.tensor_type.shape.dim[0].dim_param
        'batch'

    Source: onnx.ai, operators of opset 17; PyTorch, torch.onnx.export.
    """
    onnx = _onnx()
    inputs = tuple(args) if isinstance(args, (tuple, list)) else (args,)
    for x in inputs:
        if not isinstance(x, cr.Tensor):
            raise TypeError(f"export: the example must be tensors, got {type(x).__name__}.")
    # Aliases, so that an input that is also a parameter, or given twice, is told apart.
    inputs = tuple(x.detach() for x in inputs)
    with _evaluating(model):
        graph = _written(onnx, model, inputs, input_names, output_names)
        more = []
        if dynamic_axes:
            values = [*graph.inputs, *graph.results]
            names = [name for name, _ in values]
            axes = free_axes(dynamic_axes, names, [tensor.shape for _, tensor in values])
            sizes = Sizes([axes.get(name, {}) for name, _ in graph.inputs], [x.shape for x in inputs])

            def at(shapes: Sequence[Sequence[int]]) -> Any:
                try:
                    return _written(onnx, model, _resized(inputs, shapes), input_names, output_names)
                except NotImplementedError:
                    raise
                except (ValueError, IndexError, RuntimeError) as error:
                    told = ", ".join(str(tuple(shape)) for shape in shapes)
                    raise RuntimeError(
                        f"export: with dynamic_axes the model must run on inputs of shape {told}: {error}"
                    ) from error

            graph = merge(sizes, at)
            graph.name_dims(sizes.axes, axes)
            more.append(_resized(inputs, sizes.shapes_at(sizes.beyond())))
        file = graph.file()
        onnx.checker.check_model(file)
        if verify:
            _verify(file, model, [inputs, _resized(inputs, [x.shape for x in inputs]), *more])
    if path is not None:
        onnx.save(file, os.fspath(path))
    return file


def _onnx() -> Any:
    try:
        import onnx
        import onnx.checker
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("export: the onnx package is needed: pip install 'chainrule[onnx]'") from error
    return onnx


class _evaluating:
    """The model in eval mode; afterwards every part is in the mode that it was in."""

    def __init__(self, model: Any) -> None:
        self.modules = list(model.modules()) if isinstance(model, cr.nn.Module) else []

    def __enter__(self) -> None:
        self.modes = [module.training for module in self.modules]
        if self.modules:
            self.modules[0].eval()

    def __exit__(self, *error: Any) -> None:
        for module, mode in zip(self.modules, self.modes):
            module.training = mode


def _tensors(result: Any) -> list[Any]:
    """The tensors of a result, in order."""
    if isinstance(result, cr.Tensor):
        return [result]
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, (tuple, list)):
        return [tensor for part in result for tensor in _tensors(part)]
    raise TypeError(f"export: the model must return tensors, got {type(result).__name__}.")


def _run(model: Any, inputs: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """What the model did, and what it returned."""
    tape = _core.Tape()
    tape.start()
    try:
        with cr.no_grad():
            outputs = _tensors(model(*inputs))
    finally:
        tape.stop()
    return [entry for entry in tape.entries if entry.kind == "operation"], outputs


def _written(
    onnx: Any, model: Any, inputs: Sequence[Any], input_names: Sequence[str] | None, output_names: Sequence[str] | None
) -> _Graph:
    """The model's graph for inputs of these shapes."""
    entries, outputs = _run(model, inputs)
    graph = _Graph(onnx, model, inputs, input_names, output_names)
    for entry in entries:
        graph.add(entry)
    graph.close(outputs, output_names)
    return graph


def _resized(inputs: Sequence[Any], shapes: Sequence[Sequence[int]]) -> tuple[Any, ...]:
    """Other inputs like these, of these shapes: numbers of the same range."""
    rng = np.random.default_rng(0)
    return tuple(
        cr.tensor(_another(x.numpy(), tuple(shape), rng), dtype=x.dtype)
        for x, shape in zip(inputs, shapes, strict=True)
    )


def _another(values: Any, shape: tuple[int, ...], rng: Any) -> Any:
    if values.dtype.kind == "b":
        return rng.integers(0, 2, shape) > 0
    if values.dtype.kind != "f":
        low, high = (values.min(), values.max()) if values.size else (0, 0)
        return rng.integers(min(low, 0) if low == high else low, high, shape, endpoint=True)
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
    if low == high:
        low, high = low - 1, high + 1
    return rng.uniform(low, high, shape)


def _verify(file: Any, model: Any, examples: Sequence[Sequence[Any]]) -> None:
    from onnx.reference import ReferenceEvaluator

    names = [value.name for value in file.graph.input]
    for given in examples:
        with cr.no_grad():
            expected = _tensors(model(*given))
        try:
            results = ReferenceEvaluator(file).run(None, {name: x.numpy() for name, x in zip(names, given)})
        except Exception as error:
            raise RuntimeError(
                f"export: onnx's reference evaluator cannot run the graph ({error}). verify=False leaves it unchecked."
            ) from error
        for value, output in zip(expected, results):
            reference = value.numpy()
            tol = 1e-3 if reference.dtype == np.float32 else 1e-7
            if reference.shape != np.shape(output) or not np.allclose(reference, output, tol, tol, equal_nan=True):
                raise RuntimeError(
                    "export: the ONNX graph does not compute what the model computes. A part of the model that is no "
                    "operation of the library (NumPy code, a number read by item()) was taken for a constant."
                )


# --- the graph ----------------------------------------------------------------------------------------------------


class _Missing:
    """A value that has no ONNX form: it matters only where the result needs it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class _Graph:
    """An ONNX graph in the making: which tensor has which name."""

    def __init__(
        self,
        onnx: Any,
        model: Any,
        inputs: Sequence[Any],
        names: Sequence[str] | None,
        output_names: Sequence[str] | None = None,
    ) -> None:
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.constants: dict[str, np.ndarray[Any, Any]] = {}
        self.known: dict[int, Any] = {}  # address of a tensor -> its name
        self.places: dict[int, list[Any]] = {}  # address of memory -> tensors that begin there, the latest last
        self.kept: list[Any] = list(inputs)  # alive, so that no address comes twice
        self.storages: dict[int, list[Any]] = {}  # address of a storage -> tensors in it
        self.counts: dict[str, int] = {}
        self.taken = {*(names or ()), *(output_names or ())}  # names that are not to be given again
        self.inputs: list[tuple[str, Any]] = []
        self.results: list[tuple[str, Any]] = []
        self.dims: list[list[Any]] = []  # of the results: numbers, or names of free sizes
        for i, x in enumerate(inputs):
            name = names[i] if names is not None else self.fresh("input")
            self.name(x, name)
            self.inputs.append((name, x))
        self.input_dims: list[list[Any]] = [list(x.shape) for x in inputs]
        if isinstance(model, cr.nn.Module):
            for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
                self.parameter(tensor, name)

    def fresh(self, stem: str) -> str:
        while True:
            count = self.counts[stem] = self.counts.get(stem, -1) + 1
            name = f"{stem}_{count}" if count else stem
            if name not in self.taken:
                self.taken.add(name)
                return name

    def name(self, tensor: Any, name: Any) -> None:
        address, place = _core.tensor_identity(tensor)
        self.known[address] = name
        self.places.setdefault(place, []).append((tensor, name))
        self.storages.setdefault(_storage(tensor), []).append(tensor)
        self.kept.append(tensor)

    def parameter(self, tensor: Any, name: str) -> None:
        """A parameter or buffer of the model."""
        if tensor.numel() and _core.tensor_identity(tensor)[0] not in self.known:
            name = name if name not in self.taken else self.fresh(name)
            self.taken.add(name)
            self.constants[name] = tensor.detach().numpy()
            self.name(tensor, name)

    def constant(self, value: Any, stem: str = "constant") -> str:
        name = self.fresh(stem)
        self.constants[name] = np.asarray(value)
        return name

    def value_info(self, name: str, tensor: Any, dims: Sequence[Any]) -> Any:
        kind = self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(tensor.dtype.name))
        return self.onnx.helper.make_tensor_value_info(name, kind, list(dims))

    def seen(self, tensor: Any) -> Any:
        """The name of a tensor seen before, or of the same memory seen otherwise; None if there is none."""
        address, place = _core.tensor_identity(tensor)
        if address in self.known:
            return self.known[address]
        for other, name in reversed(self.places.get(place, [])):
            if isinstance(name, _Missing) or (other.shape == tensor.shape and other.stride() == tensor.stride()):
                return name
            if _expands(other, tensor):
                return self.node("Expand", [name, self.constant(np.array(tensor.shape, np.int64), "shape")])
        return None

    def of(self, tensor: Any) -> Any:
        """The name of an operation's input: one seen before, or a constant. Equal values make no two tensors one."""
        name = self.seen(tensor)
        return self.constant(tensor.detach().numpy()) if name is None else name

    def changed(self, tensor: Any) -> None:
        """The tensor was written in place: others in its memory have no name any more, unless they are all of it."""
        place = _core.tensor_identity(tensor)[1]
        for other in self.storages.get(_storage(tensor), []):
            address, begin = _core.tensor_identity(other)
            if begin != place or other.shape != tensor.shape or other.stride() != tensor.stride():
                gone = _Missing("a tensor that is written in place through a view of it has no ONNX form here")
                self.known[address] = gone
                self.places.setdefault(begin, []).append((other, gone))

    def node(self, kind: str, inputs: Sequence[str], outputs: int | Sequence[str] = 1, **attributes: Any) -> Any:
        """Add a node; the name of its output, or their names."""
        names = [self.fresh(kind.lower()) for _ in range(outputs)] if isinstance(outputs, int) else list(outputs)
        self.nodes.append(self.onnx.helper.make_node(kind, list(inputs), names, **attributes))
        return names[0] if len(names) == 1 else names

    def add(self, entry: Any) -> None:
        """One operation of the model."""
        rule = _RULES.get(entry.op)
        inputs = list(entry.inputs)
        inplace = _in_place(entry) and self.seen(entry.outputs[0]) is not None
        if inplace:
            inputs[0] = entry.outputs[0]  # the tape holds a copy of it as it was: its name is still that of then
        names = [None if x is None else self.of(x) for x in inputs]
        missing = next((name for name in names if isinstance(name, _Missing)), None)
        result: Any = missing
        if missing is None and not self.depends(names):
            # Nothing of it comes from the input: its value is a constant.
            result = [self.constant(x.detach().numpy()) for x in entry.outputs]
        elif isinstance(missing, _Cells) and entry.op == "slice":
            result = missing.sliced(self, _Call(entry, names))
        elif missing is None and rule is None:
            result = _Missing(f"the operation {entry.op} has no ONNX form here")
        elif missing is None and rule is not None:
            result = rule(self, _Call(entry, names))
        if not isinstance(result, list):
            rest = _Missing(f"further outputs of {entry.op} have no ONNX form here")
            result = [result, *[result if isinstance(result, _Missing) else rest] * (len(entry.outputs) - 1)]
        if inplace:
            self.changed(entry.outputs[0])
        for tensor, name in zip(entry.outputs, result):
            self.name(tensor, name)

    def depends(self, names: Sequence[Any]) -> bool:
        return any(name is not None and name not in self.constants for name in names)

    def close(self, outputs: Sequence[Any], names: Sequence[str] | None) -> None:
        """These are the results: what they do not need falls away."""
        for i, tensor in enumerate(outputs):
            value = self.of(tensor)
            if isinstance(value, _Missing):
                raise NotImplementedError(f"export: {value.reason}.")
            final = names[i] if names is not None else self.fresh("output")
            self.node("Identity", [value], [final])
            self.results.append((final, tensor))
        final_names = {name for name, _ in self.results}
        self.nodes = _without_identities(_needed(self.nodes, final_names), final_names)
        self.drop_unused()
        self.dims = [list(tensor.shape) for _, tensor in self.results]

    def drop_unused(self) -> None:
        used = {name for node in self.nodes for name in node.input}
        self.constants = {name: value for name, value in self.constants.items() if name in used}

    def name_dims(self, inputs: Sequence[Mapping[int, str]], named: Mapping[str, Mapping[int, str]]) -> None:
        """Give the free sizes names: those of the inputs, and of the results that follow them."""
        for dims, axes in zip(self.input_dims, inputs):
            for axis, symbol in axes.items():
                dims[axis] = symbol
        for (name, _), dims in zip(self.results, self.dims):
            for axis, n in enumerate(dims):
                given = named.get(name, {}).get(axis)
                if given is not None and isinstance(n, int):
                    raise ValueError(f"export: axis {axis} of {name} is of size {n}, no input's free size changes it.")
                if not isinstance(n, int):
                    dims[axis] = given or n or f"{name}_dim_{axis}"

    def file(self) -> Any:
        """The onnx.ModelProto."""
        helper = self.onnx.helper
        self.drop_unused()
        make = self.onnx.numpy_helper.from_array
        graph = helper.make_graph(
            self.nodes,
            "chainrule",
            [self.value_info(name, x, dims) for (name, x), dims in zip(self.inputs, self.input_dims)],
            [self.value_info(name, x, dims) for (name, x), dims in zip(self.results, self.dims)],
            [make(np.asarray(value, order="C"), name) for name, value in self.constants.items()],
        )
        opset = [helper.make_opsetid("", _OPSET)]
        return helper.make_model(graph, opset_imports=opset, ir_version=_IR, producer_name="chainrule")


def _storage(tensor: Any) -> int:
    return int(tensor.untyped_storage().data_ptr())


def _in_place(entry: Any) -> bool:
    """Whether it may have written into its first input: an output of the shape of input 0, but not in its memory."""
    if not entry.inputs or entry.inputs[0] is None:
        return False
    before, after = entry.inputs[0], entry.outputs[0]
    return bool(after.numel()) and before.shape == after.shape and _storage(before) != _storage(after)


def _expands(seen: Any, tensor: Any) -> bool:
    """Whether tensor is seen, expanded."""
    shape, wide = tuple(seen.shape), tuple(tensor.shape)
    if len(wide) < len(shape):
        return False
    padded = (1,) * (len(wide) - len(shape)) + shape
    strides = (0,) * (len(wide) - len(shape)) + tuple(seen.stride())
    return all(
        (n == w and (n == 1 or s == t)) or (n == 1 and t == 0)
        for n, w, s, t in zip(padded, wide, strides, tensor.stride())
    )


def _needed(nodes: Sequence[Any], wanted: set[str]) -> list[Any]:
    """The nodes that the wanted values come from."""
    wanted, kept = set(wanted), []
    for node in reversed(nodes):
        if wanted & set(node.output):
            kept.append(node)
            wanted.update(node.input)
    return kept[::-1]


def _without_identities(nodes: Sequence[Any], final: set[str]) -> list[Any]:
    """Identity nodes fall away where the value behind them can take the final name."""
    uses: dict[str, int] = {}
    for node in nodes:
        for name in node.input:
            uses[name] = uses.get(name, 0) + 1
    kept: list[Any] = []
    for node in nodes:
        if node.op_type == "Identity" and node.output[0] in final and uses[node.input[0]] == 1:
            makers = [other for other in kept if node.input[0] in other.output]
            if makers:
                at = list(makers[0].output).index(node.input[0])
                makers[0].output[at] = node.output[0]
                continue
        kept.append(node)
    return kept


class _Call:
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


# --- rules: an operation as ONNX nodes ----------------------------------------------------------------------------


def _rule(*names: str) -> Callable[[Any], Any]:
    def register(function: Any) -> Any:
        for name in names:
            _RULES[name] = function
        return function

    return register


def _plain(kind: str, **attributes: Any) -> Callable[[_Graph, _Call], Any]:
    return lambda graph, call: graph.node(kind, [name for name in call.names if name], **attributes)


for _name, _kind in {
    "relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh", "exp": "Exp", "log": "Log", "sqrt": "Sqrt", "abs": "Abs",
    "neg": "Neg", "reciprocal": "Reciprocal", "erf": "Erf", "sin": "Sin", "cos": "Cos", "tan": "Tan", "floor": "Floor",
    "ceil": "Ceil", "softsign": "Softsign", "hardswish": "HardSwish", "sign": "Sign", "maximum": "Max",
    "minimum": "Min", "clone": "Identity", "detach": "Identity", "contiguous": "Identity",
    "logical_not": "Not", "atan": "Atan", "asin": "Asin", "acos": "Acos", "sinh": "Sinh", "cosh": "Cosh",
}.items():  # fmt: skip
    _RULES[_name] = _plain(_kind)


def _operands(graph: _Graph, call: _Call) -> list[str]:
    """Two operands: the second may be a number."""
    names = [name for name in call.names if name]
    if len(names) == 2:
        return names
    first = call.get("first")
    number = graph.constant(np.array(call["value"] if first is None else first, call.inputs[0].dtype.name))
    return [names[0], number] if first is None else [number, names[0]]


for _name, _kind in {
    "mul": "Mul", "div": "Div", "rdiv": "Div", "pow": "Pow", "rsub": "Sub", "lt": "Less", "le": "LessOrEqual",
    "gt": "Greater", "ge": "GreaterOrEqual", "eq": "Equal",
}.items():  # fmt: skip
    _RULES[_name] = lambda graph, call, kind=_kind: graph.node(kind, _operands(graph, call))  # type: ignore[misc]


@_rule("add", "sub")
def _add(graph: _Graph, call: _Call) -> str:
    kind = {"add": "Add", "sub": "Sub"}[call.op]
    if len(call.names) == 2 and "value" in call.attributes:  # x + factor y
        factor = graph.constant(np.array(call["value"], call.dtype))
        return graph.node("Add", [call.names[0], graph.node("Mul", [call.names[1], factor])])
    return graph.node(kind, _operands(graph, call))


@_rule("square")
def _square(graph: _Graph, call: _Call) -> str:
    return graph.node("Mul", [call.names[0]] * 2)


@_rule("rsqrt")
def _rsqrt(graph: _Graph, call: _Call) -> str:
    return graph.node("Reciprocal", [graph.node("Sqrt", call.names[:1])])


@_rule("gelu")
def _gelu(graph: _Graph, call: _Call) -> Any:
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
        return _Missing("this form of gelu has no ONNX form here")
    return graph.node("Mul", [graph.node("Mul", [x, graph.node("Add", [bend, number(1.0)])]), number(0.5)])


@_rule("mish")
def _mish(graph: _Graph, call: _Call) -> str:
    return graph.node("Mul", [call.names[0], graph.node("Tanh", [graph.node("Softplus", call.names[:1])])])


@_rule("softplus")
def _softplus(graph: _Graph, call: _Call) -> Any:
    if call["beta"] != 1:
        return _Missing("softplus with another beta than 1 has no ONNX form here")
    return graph.node("Softplus", call.names[:1])


@_rule("leaky_relu")
def _leaky_relu(graph: _Graph, call: _Call) -> str:
    return graph.node("LeakyRelu", call.names[:1], alpha=call["value"])


@_rule("elu", "selu", "celu")
def _elu(graph: _Graph, call: _Call) -> Any:
    if call["input_scale"] != 1:
        return _Missing("celu with another alpha than 1 has no ONNX form here")
    return graph.node("Selu", call.names[:1], alpha=call["alpha"], gamma=call["scale"])


@_rule("clamp", "hardtanh")
def _clip(graph: _Graph, call: _Call) -> Any:
    if len(call.names) > 1:
        return _Missing("clamp between tensors has no ONNX form here")
    bounds = [
        graph.constant(np.array(call[name], call.dtype)) if math.isfinite(call[name]) else ""
        for name in ("low", "high")
    ]
    return graph.node("Clip", [call.names[0], *bounds])


@_rule("prelu")
def _prelu(graph: _Graph, call: _Call) -> str:
    """The slopes lie along axis 1 of x."""
    slope, axes = call.inputs[1], len(call.inputs[0].shape)
    shape = np.array([slope.numel(), *[1] * max(0, axes - 2)], np.int64)
    return graph.node("PRelu", [call.names[0], graph.node("Reshape", [call.names[1], graph.constant(shape, "shape")])])


@_rule("silu")
def _silu(graph: _Graph, call: _Call) -> str:
    return graph.node("Mul", [call.names[0], graph.node("Sigmoid", call.names[:1])])


@_rule("softmax", "log_softmax")
def _softmax(graph: _Graph, call: _Call) -> str:
    kind = {"softmax": "Softmax", "log_softmax": "LogSoftmax"}[call.op]
    return graph.node(kind, call.names[:1], axis=call["axis"])


@_rule("linear")
def _linear(graph: _Graph, call: _Call) -> str:
    x, weight, bias = call.names
    if len(call.inputs[0].shape) == 2:
        return graph.node("Gemm", [x, weight] + ([bias] if bias else []), transB=1)
    turned = graph.node("Transpose", [weight], perm=[1, 0])
    product = graph.node("MatMul", [x, turned])
    return graph.node("Add", [product, bias]) if bias else product


@_rule("matmul", "mm", "bmm", "mv", "dot")
def _matmul(graph: _Graph, call: _Call) -> str:
    names = list(call.names[:2])
    for i, flag in enumerate(("transpose_a", "transpose_b")):
        if call.get(flag):
            axes = list(range(len(call.inputs[i].shape)))
            axes[-2:] = axes[:-3:-1]
            names[i] = graph.node("Transpose", [names[i]], perm=axes)
    return graph.node("MatMul", names)


def _window(call: _Call) -> dict[str, Any]:
    """Kernel, stride, dilation and pads on both sides: those at the end as the output's size tells."""
    pads, ends = list(call["pad"]), []
    for i, before in enumerate(pads):
        reach = (call["out"][i] - 1) * call["stride"][i] + call["dilation"][i] * (call["kernel"][i] - 1) + 1
        ends.append(max(0, reach - call["in"][i] - before))
    return {"kernel_shape": list(call["kernel"]), "strides": list(call["stride"]), "pads": pads + ends}


@_rule("conv")
def _conv(graph: _Graph, call: _Call) -> str:
    names = [name for name in call.names if name]
    window = _window(call)
    return graph.node("Conv", names, group=call["groups"], dilations=list(call["dilation"]), **window)


@_rule("conv_transpose")
def _conv_transpose(graph: _Graph, call: _Call) -> str:
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
def _max_pool(graph: _Graph, call: _Call) -> Any:
    if call["adaptive"]:
        return _Missing("adaptive max pooling has no ONNX form here")
    return graph.node("MaxPool", call.names[:1], dilations=list(call["dilation"]), **_window(call))


@_rule("avg_pool")
def _avg_pool(graph: _Graph, call: _Call) -> Any:
    if all(n == 1 for n in call["out"]) and call["adaptive"]:
        return graph.node("GlobalAveragePool", call.names[:1])
    window = _window(call)
    axes = len(call["pad"])
    standard = not call["divisor"] and window["pads"][axes:] == [
        max(0, (o - 1) * s + k - n - p)
        for o, s, k, n, p in zip(call["out"], call["stride"], call["kernel"], call["in"], call["pad"])
    ]
    if call["adaptive"] or not standard:
        return _Missing("adaptive average pooling to more than one value, or with a divisor, has no ONNX form here")
    return graph.node("AveragePool", call.names[:1], count_include_pad=int(call["count_pad"]), **window)


@_rule("batch_norm")
def _batch_norm(graph: _Graph, call: _Call) -> Any:
    if not call["fixed"]:
        return _Missing("batch norm of a batch's own statistics has no ONNX form here")
    x, weight, bias, mean, var = call.names
    channels = (call.inputs[0].shape[1],)
    weight = weight or graph.constant(np.ones(channels, call.dtype))
    bias = bias or graph.constant(np.zeros(channels, call.dtype))
    return graph.node("BatchNormalization", [x, weight, bias, mean, var], epsilon=call["eps"])


@_rule("group_norm")
def _group_norm(graph: _Graph, call: _Call) -> str:
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
def _layer_norm(graph: _Graph, call: _Call) -> Any:
    if not call["centred"]:
        return _Missing("rms_norm has no ONNX form here")
    x, weight, bias = (list(call.names) + [None] * 2)[:3]
    sizes = tuple(call.inputs[0].shape[len(call.inputs[0].shape) - call["axes"] :])
    weight = weight or graph.constant(np.ones(sizes, call.dtype))
    names = [x, weight] + ([bias] if bias else [])
    return graph.node("LayerNormalization", names, axis=-call["axes"], epsilon=call["eps"])


@_rule("view", "reshape", "squeeze", "unsqueeze", "flatten")
def _reshape(graph: _Graph, call: _Call) -> str:
    return graph.node("Reshape", [call.names[0], graph.constant(np.array(call.shape, np.int64), "shape")])


@_rule("permute", "transpose")
def _transpose(graph: _Graph, call: _Call) -> str:
    return graph.node("Transpose", call.names[:1], perm=list(call["value"]))


@_rule("t")
def _t(graph: _Graph, call: _Call) -> str:
    return graph.node("Transpose", call.names[:1], perm=list(range(len(call.shape)))[::-1])


@_rule("expand")
def _expand(graph: _Graph, call: _Call) -> str:
    return graph.node("Expand", [call.names[0], graph.constant(np.array(call.shape, np.int64), "shape")])


@_rule("select")
def _select(graph: _Graph, call: _Call) -> str:
    return graph.node("Gather", [call.names[0], graph.constant(np.array(call["index"], np.int64))], axis=call["axis"])


@_rule("slice", "narrow")
def _slice(graph: _Graph, call: _Call) -> str:
    start, length, step = call["start"], call["length"], call.get("step", 1)
    bounds = [start, start + (length - 1) * step + 1, call["axis"], step]
    return graph.node("Slice", [call.names[0], *[graph.constant(np.array([b], np.int64)) for b in bounds]])


@_rule("cat")
def _cat(graph: _Graph, call: _Call) -> str:
    return graph.node("Concat", call.names, axis=call["value"])


@_rule("stack")
def _stack(graph: _Graph, call: _Call) -> str:
    axis = graph.constant(np.array([call["value"]], np.int64))
    return graph.node("Concat", [graph.node("Unsqueeze", [name, axis]) for name in call.names], axis=call["value"])


@_rule("mean", "sum", "amax", "amin")
def _reduce(graph: _Graph, call: _Call) -> str:
    axes = [i for i in range(len(call.inputs[0].shape)) if call["axes"] >> i & 1]
    keep = int(call["keepdim"])
    if call.op == "sum":
        return graph.node("ReduceSum", [call.names[0], graph.constant(np.array(axes, np.int64))], keepdims=keep)
    kind = {"mean": "ReduceMean", "amax": "ReduceMax", "amin": "ReduceMin"}[call.op]
    return graph.node(kind, call.names[:1], axes=axes, keepdims=keep)


@_rule("max", "min")
def _extreme(graph: _Graph, call: _Call) -> str:
    """Of all, or along one axis."""
    kind = {"max": "ReduceMax", "min": "ReduceMin"}[call.op]
    axes = [call["axis"]] if "axis" in call.attributes else list(range(len(call.inputs[0].shape)))
    return graph.node(kind, call.names[:1], axes=axes, keepdims=int(call["keepdim"]))


@_rule("copy_")
def _copy(graph: _Graph, call: _Call) -> Any:
    """The first input becomes the second."""
    value = call.names[1]
    if call.inputs[1].dtype != call.inputs[0].dtype:
        value = graph.node("Cast", [value], to=graph.onnx.helper.np_dtype_to_tensor_dtype(call.dtype))
    return graph.node("Expand", [value, graph.constant(np.array(call.shape, np.int64), "shape")])


@_rule("to")
def _to(graph: _Graph, call: _Call) -> str:
    return graph.node("Cast", call.names[:1], to=graph.onnx.helper.np_dtype_to_tensor_dtype(call.dtype))


@_rule("embedding")
def _embedding(graph: _Graph, call: _Call) -> str:
    table = next(i for i, x in enumerate(call.inputs) if x.is_floating_point())
    return graph.node("Gather", [call.names[table], call.names[1 - table]], axis=0)


@_rule("where")
def _where(graph: _Graph, call: _Call) -> str:
    return graph.node("Where", call.names)


@_rule("masked_fill")
def _masked_fill(graph: _Graph, call: _Call) -> str:
    value = call.names[2] if len(call.names) > 2 else graph.constant(np.array(call["value"], call.dtype))
    return graph.node("Where", [call.names[1], value, call.names[0]])


class _Cells(_Missing):
    """What an LSTM keeps for its backward pass, a row a step and sample: of it only the last cells have a name."""

    def __init__(self, node: Any, steps: int, hidden: int, reverse: bool) -> None:
        super().__init__("the cells of an lstm but the last ones have no ONNX form here")
        self.node, self.steps, self.hidden, self.reverse = node, steps, hidden, reverse
        self.cut = False  # the gates are cut off

    def sliced(self, graph: _Graph, call: _Call) -> Any:
        rows, columns = call.inputs[0].shape
        bounds = (call["axis"], call["start"], call["length"], call["step"])
        if not self.cut and bounds == (1, columns - self.hidden, self.hidden, 1):
            rest = _Cells(self.node, self.steps, self.hidden, self.reverse)
            rest.cut = True
            return rest
        count = rows // self.steps
        if not self.cut or bounds != (0, 0 if self.reverse else rows - count, count, 1):
            return self
        if len(self.node.output) == 1:
            self.node.output.extend(["", graph.fresh("cells")])
        return graph.node("Squeeze", [self.node.output[2], graph.constant(np.array([0], np.int64))])


@_rule("lstm", "gru", "rnn_tanh", "rnn_relu", "lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell")
def _recurrent(graph: _Graph, call: _Call) -> Any:
    """One direction of one layer, or one step. Gates come in another order there."""
    x, w, r, h0, c0, projected, sizes, b, rb = call.names
    op = call.op.removesuffix("_cell")
    if projected or sizes or "reverse" not in call.attributes:
        return _Missing(f"{call.op} of packed sequences, or with proj_size, has no ONNX form here")
    hidden = call.inputs[2].shape[1]
    order = {"lstm": [0, 3, 1, 2], "gru": [1, 0, 2]}.get(op, [0])

    def gates(tensor: Any) -> Any:
        value = tensor.detach().numpy()
        parts = np.split(value, len(order))
        return np.concatenate([parts[i] for i in order])[None]

    for name in (w, r, b, rb):
        if name and name not in graph.constants:
            return _Missing(f"{call.op} with weights that depend on the input has no ONNX form here")
    dtype = call.dtype
    zeros = np.zeros((1, len(order) * hidden), dtype)
    biases = [gates(call.inputs[i]) if call.names[i] else zeros for i in (7, 8)]
    # onnx's reference evaluator knows no direction but forward: time is turned round before and after instead.
    turned = [graph.constant(np.array([b], np.int64)) for b in (-1, np.iinfo(np.int64).min, 0, -1)]
    axis = graph.constant(np.array([0], np.int64))
    if call["cell"]:
        x = graph.node("Unsqueeze", [x, axis])
    elif call["reverse"]:
        x = graph.node("Slice", [x, *turned])
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
    y = graph.node("Slice", [y, *turned]) if call["reverse"] else y
    if op != "lstm":
        return y
    return [y, _Cells(node, call.inputs[0].shape[0], hidden, call["reverse"])]


def _step_outputs(graph: _Graph, node: Any, count: int) -> list[Any]:
    """What a cell gives beside the hidden values: its gates, and the cells of an LSTM."""
    rest: list[Any] = [_Missing("the gates of a recurrent cell have no ONNX form here")] * (count - 1)
    if count == 3:
        node.output.extend(["", graph.fresh("cells")])
        rest[1] = graph.node("Squeeze", [node.output[2], graph.constant(np.array([0], np.int64))])
    return rest
