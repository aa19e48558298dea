"""The graph of a result as plain data: operations, the values between them, and what is known of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import numpy as np

from .. import _core

Tensor = _core.Tensor
Array = np.ndarray

TAKE_ALL = ("add", "sub", "cat", "stack")  # an input of others that is not kept may be one that was left out
MAX_COLLECTED = 4000  # nodes that are looked at, from the result backwards


@dataclass(eq=False)
class Value:
    """A tensor of the graph: a leaf, a constant, or an operation's output."""

    kind: str  # "leaf", "constant", "output"
    name: str = ""
    shape: tuple[int, ...] | None = None
    dtype: str = ""
    array: Array | None = None
    producer: Operation | None = None
    nr: int = 0
    consumers: list[tuple[Operation, int]] = field(default_factory=list)
    trainable: bool = False  # a parameter of a module
    owner: str | None = None  # the module whose parameter or buffer it is
    is_result: bool = False


@dataclass(eq=False)
class Operation:
    """A node of the graph."""

    node: Any
    name: str
    label: str
    sequence: int
    scope: tuple[str, ...] = ()  # the frames around it
    in_model: bool = False  # the outermost of them is the model's own
    inputs: list[Value | None] = field(default_factory=list)
    memory: list[tuple[int, int] | None] = field(default_factory=list)  # address and version of constant inputs
    outputs: list[Value] = field(default_factory=list)


@dataclass
class Graph:
    operations: list[Operation]  # in the order of a backward walk
    values: list[Value]
    results: list[Value]
    total: int  # nodes of the whole graph, of which operations may be the first part
    freed: bool = False


class _Builder:
    def __init__(self, nodes: Sequence[Any]) -> None:
        self.values: dict[Any, Value] = {}
        self.by_node = {
            node: Operation(
                node,
                node.op_name,
                label_of(node.op_name, node.attributes, len(node.next_functions)),
                node._sequence_nr,
            )
            for node in nodes
        }

    def output(self, node: Any, nr: int) -> Value:
        key = (node, nr)
        if key not in self.values:
            operation = self.by_node.get(node)
            value = Value("output", producer=operation, nr=nr)
            self.values[key] = value
            if operation is not None:
                operation.outputs.append(value)
        return self.values[key]

    def leaf(self, node: Any) -> Value:
        if node not in self.values:
            value = Value("leaf")
            tensor = node.variable
            if tensor is not None:
                _describe(value, tensor)
            self.values[node] = value
        return self.values[node]

    def constant(self, tensor: Any, memory: tuple[int, int]) -> Value:
        """A saved input without history. The same memory, seen alike, is the same value."""
        key = (*memory, tuple(tensor.shape), tuple(tensor.stride()), str(tensor.dtype))
        if tensor.numel() <= 1 or key not in self.values:
            value = Value("constant")
            _describe(value, tensor)
            if tensor.numel() <= 1:
                return self.values.setdefault((key, len(self.values)), value)
            self.values[key] = value
        return self.values[key]

    def connect(self, operation: Operation) -> None:
        node = operation.node
        kept, kinds = node.inputs, node.input_kinds
        recorded = node.given_memory or [None] * len(kept)
        for i, (source, nr) in enumerate(node.edges):
            tensor = kept[i]
            value: Value | None
            if source is None:
                if tensor is not None:
                    memory = recorded[i] or (_core.tensor_identity(tensor)[1], tensor._version)
                value = None if tensor is None else self.constant(tensor, memory)
            else:
                value = self.leaf(source) if source.is_leaf else self.output(source, nr)
                if value.array is None and tensor is not None:
                    _describe(value, tensor)
                elif value.shape is None and kinds[i] is not None:
                    value.shape, value.dtype = tuple(kinds[i][0]), _dtype_name(kinds[i][1])
            operation.inputs.append(value)
            operation.memory.append(memory if source is None and tensor is not None else None)
            if value is not None:
                value.consumers.append((operation, i))
        for nr, tensor in enumerate(node.outputs):
            if tensor is not None:
                _describe(self.output(node, nr), tensor)


def collect(results: Sequence[Any]) -> Graph:
    """The graph behind the results, with all values that are kept somewhere."""
    nodes, total = _core.graph_nodes(results, MAX_COLLECTED)
    builder = _Builder(nodes)
    operations = list(builder.by_node.values())
    for operation in operations:
        builder.connect(operation)
    ends = []
    for tensor in results:
        node = tensor.grad_fn
        value = builder.output(node, tensor.output_nr) if node is not None else Value("leaf")
        value.is_result = True
        _describe(value, tensor)
        ends.append(value)
    for operation in operations:
        operation.outputs.sort(key=lambda v: v.nr)
    values = list(builder.values.values())
    values += [v for v in ends if v.kind == "leaf" and v not in values]
    _recompute(operations)
    freed = any(op.node.freed for op in operations)
    return Graph(operations, values, ends, total, freed)


def add_unknown(graph: Graph) -> None:
    """Values for constants of which the graph keeps nothing, where it is sure that there were some."""
    for operation in graph.operations:
        for i, value in enumerate(operation.inputs):
            if value is None and operation.name in TAKE_ALL:
                constant = Value("constant", consumers=[(operation, i)])
                operation.inputs[i] = constant
                graph.values.append(constant)


def _recompute(operations: list[Operation]) -> None:
    """Values that nobody kept, by running their operations again where all inputs are known."""
    for operation in reversed(operations):
        unknown = [v for v in operation.outputs if v.array is None]
        if not unknown or any(v is None or v.array is None for v in operation.inputs):
            continue
        try:
            outputs = operation.node.replay([_core.tensor(v.array) for v in operation.inputs if v is not None])
        except (RuntimeError, ValueError, TypeError):
            continue  # the value stays unknown
        for value in unknown:
            _describe(value, outputs[value.nr])


def _describe(value: Value, tensor: Any) -> None:
    value.shape, value.dtype = tuple(tensor.shape), _dtype_name(tensor.dtype)
    value.array = _numbers(tensor)


def _dtype_name(dtype: Any) -> str:
    return str(dtype).rpartition(".")[2]


# Names

Named = tuple[str, "str | None"]  # and the module whose parameter or buffer it is


def _models_of(model: Any, frame: FrameType | None) -> dict[str, Any]:
    """The modules whose parameters give names, under what stands before these: the one given, else the caller's."""
    from ..nn import Module

    if model is not None:
        return {"": model} if isinstance(model, Module) else {}
    found: dict[Any, str] = {}
    for name, value in _variables(frame):
        if isinstance(value, Module) and next(value.parameters(), None) is not None:
            found.setdefault(value, name)
    parts = {part for module in found for part in module.modules() if part is not module}
    whole = [module for module in found if module not in parts]
    return {"": whole[0]} if len(whole) == 1 else {found[module]: module for module in whole}


def name_values(graph: Graph, model: Any, names: dict[str, Any], frame: FrameType | None) -> dict[str, Any]:
    """Names given, then those of parameters and buffers, then those of the caller's variables.

    It returns the modules whose parameters gave names.
    """
    models = _models_of(model, frame)
    known: dict[int, Named] = {}
    trainable: set[int] = set()
    places: dict[Any, str] = {}
    memory: dict[Any, Named] = {}
    keep: list[Any] = []  # an id stays one's own as long as its object lives

    def learn(tensor: Any, name: str, owner: str | None = None) -> None:
        keep.append(tensor)
        identity, address = _core.tensor_identity(tensor)
        known.setdefault(identity, (name, owner))
        if tensor.grad_fn is not None:
            places.setdefault((tensor.grad_fn, tensor.output_nr), name)
        elif tensor.numel():
            memory.setdefault((address, tuple(tensor.shape)), (name, owner))

    for name, tensor in names.items():
        learn(tensor, name)
    if isinstance(model, dict):
        for name, tensor in model.items():
            learn(tensor, name)
            trainable.add(_core.tensor_identity(tensor)[0])
    for prefix, module in models.items():
        for path, tensor in [*module.named_parameters(), *module.named_buffers()]:
            name = f"{prefix}.{path}" if prefix else path
            learn(tensor, name, name.rpartition(".")[0])
        trainable.update(_core.tensor_identity(p)[0] for p in module.parameters())
    for name, tensor in _tensors(_variables(frame)):
        learn(tensor, name)
        if type(tensor).__name__ == "Parameter":
            trainable.add(_core.tensor_identity(tensor)[0])
    for value in graph.values:
        if value.producer is not None:
            value.name = places.get((value.producer.node, value.nr), "")
    for operation in graph.operations:
        for (source, _), used, mark in zip(operation.node.edges, operation.inputs, operation.memory, strict=True):
            if used is None:
                continue
            value = used
            if source is not None and source.is_leaf and source.variable is not None:
                identity = _core.tensor_identity(source.variable)[0]
                value.name, value.owner = known.get(identity, (value.name, None))
                value.trainable = identity in trainable
            elif source is None and mark is not None:
                value.name, value.owner = memory.get((mark[0], value.shape), (value.name, None))
    return models


def _variables(frame: FrameType | None) -> Iterator[tuple[str, Any]]:
    """The variables that a frame sees."""
    if frame is not None:
        seen = frame.f_globals | frame.f_locals
        yield from ((name, value) for name, value in seen.items() if not name.startswith("_"))


def _tensors(variables: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Tensors among variables: by themselves, and in lists, tuples and dicts."""
    for name, value in variables:
        if issubclass(type(value), Tensor):  # a sparse tensor is none
            yield name, value
        elif isinstance(value, (list, tuple)) and len(value) <= 64:
            yield from ((f"{name}[{i}]", x) for i, x in enumerate(value) if issubclass(type(x), Tensor))
        elif type(value) is dict and len(value) <= 64:
            yield from ((f"{name}[{k!r}]", x) for k, x in value.items() if issubclass(type(x), Tensor))


# Gradients


@dataclass
class Step:
    """What one node of the backward walk did: complete gradients of its outputs, and its share of each input's."""

    node: Any
    grads: list[Array | None]
    shares: dict[int, Array] = field(default_factory=dict)


def backward_steps(graph: Graph, results: Sequence[Any], gradients: Sequence[Any], limit: int) -> list[Step]:
    """The first steps of the backward walk. It runs here and changes nothing, or ran before under record()."""
    if graph.freed:
        return _recorded_steps(graph, limit)
    tape = _core.Tape(entries=True, values=True)
    tape.start()
    try:
        _core.observed_walk(results, gradients, False, limit)
    finally:
        tape.stop()
    steps: list[Step] = []
    for entry in tape.entries:
        if entry.kind == "begin" and entry.node is not None and not entry.node.is_leaf:
            steps.append(Step(entry.node, [_array(g) for g in entry.outputs]))
        elif entry.kind == "gradient":
            steps[-1].shares[entry.input] = _array(entry.outputs[0])  # type: ignore[assignment]  # a gradient is an array
    return steps


def _recorded_steps(graph: Graph, limit: int) -> list[Step]:
    if not all(op.node.is_recorded for op in graph.operations):
        raise RuntimeError(
            "draw: backward() has freed the graph. Draw before it, call backward(retain_graph=True), or compute the "
            "loss inside `with chainrule.viz.record():`."
        )
    steps = []
    for operation in graph.operations[:limit]:
        shares = enumerate(operation.node.grad_inputs)
        step = Step(operation.node, [_array(g) for g in operation.node.grad_outputs])
        step.shares = {i: g for i, g in ((i, _array(g)) for i, g in shares) if g is not None}
        steps.append(step)
    return steps


def _array(tensor: Any) -> Array | None:
    return None if tensor is None else np.array(_numbers(tensor))


def _numbers(tensor: Any) -> np.ndarray:
    """As an array; of bfloat16, which NumPy does not have, as float32."""
    tensor = tensor.detach()
    return (tensor.float() if tensor.dtype == _core.bfloat16 else tensor).numpy()


@dataclass
class Gradients:
    """Gradients after some steps."""

    total: dict[Value, Array] = field(default_factory=dict)
    share: dict[tuple[Operation, int], Array] = field(default_factory=dict)
    partial: set[Value] = field(default_factory=set)  # more may still arrive
    done: set[Operation] = field(default_factory=set)


def gradients_after(graph: Graph, steps: list[Step], count: int | None) -> Gradients:
    """The state after `count` nodes of the walk (None: all)."""
    state = Gradients()
    by_node = {operation.node: operation for operation in graph.operations}
    walked = [s for s in steps if s.node in by_node]
    for step in walked if count is None else walked[:count]:
        operation = by_node[step.node]
        state.done.add(operation)
        for value in operation.outputs:
            grad = step.grads[value.nr] if value.nr < len(step.grads) else None
            if grad is not None:
                state.total[value] = grad
            state.partial.discard(value)
        for i, share in step.shares.items():
            target = operation.inputs[i]
            if target is None:
                continue
            state.share[operation, i] = share
            before = state.total.get(target)
            state.total[target] = share if before is None else before + share
            state.partial.add(target)
    for value in list(state.partial):
        if all(op in state.done for op, _ in value.consumers):
            state.partial.discard(value)
    return state


# What an operation is called in the picture

SYMBOLS = {"add": "+", "sub": "−", "mul": "×", "div": "÷", "neg": "×(−1)", "reciprocal": "1/x", "square": "x²"}
NUMBERS = {"mul": "×{}", "div": "÷{}", "pow": "x^{}"}
SYMBOLS |= {"mm": "@", "bmm": "@", "mv": "@", "dot": "·", "matmul": "@", "to": "cast", "sum_to_size": "sum to"}


def label_of(name: str, attributes: dict[str, Any], n_inputs: int) -> str:
    """A short label: a symbol, or the name with its attributes where they say something."""
    value = attributes.get("value")
    if "first" in attributes:
        return f"{attributes['first']:.6g}{'÷' if name == 'div' else '−'}x"
    if isinstance(value, float) and n_inputs == 1:
        if name in ("add", "sub"):  # both add the number
            return f"{'−' if value < 0 else '+'}{abs(value):.6g}"
        number = f"{value:.6g}".replace("-", "−")
        return NUMBERS.get(name, name + " {}").format(f"({number})" if value < 0 else number)
    if name in SYMBOLS:
        return SYMBOLS[name]
    short = name.removeprefix("linalg.").removeprefix("nn.functional.")
    if isinstance(value, tuple) and name in ("expand", "view", "permute", "sum_to_size"):
        return f"{short} {value}"
    if "axis" in attributes and name not in ("max", "min"):
        extra = f", {attributes['index']}" if "index" in attributes else ""
        return f"{short} {attributes['axis']}{extra}"
    if isinstance(attributes.get("p"), float):
        return f"{short} p={attributes['p']:g}"
    return short
