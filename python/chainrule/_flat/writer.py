"""Writes the graph of a result, and the backward walk over it, as a flat NumPy program."""

from __future__ import annotations

import builtins
import inspect
import keyword
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _core
from ..viz._collect import Graph, Operation, Value
from .calls import Call, Written, dtype_name, literal, wrapped
from .layer_templates import GRADIENTS, RECURRENT
from .numpy_ops import FUNCTIONS as HELPERS
from .templates import TEMPLATES

SMALL = 64  # elements of an array that is written out
INLINE = 48  # characters of an expression that is written into the next one
# What the program and its helpers use themselves, and the arguments of np.savez, which take no array.
RESERVED = {*HELPERS, *dir(builtins), *keyword.kwlist, "np", "math", "inputs", "file", "allow_pickle"}


@dataclass
class Line:
    """target = text. A target that is not fixed, and that one later line uses, may be written into that line."""

    targets: list[str]
    written: Written
    comment: str = ""
    section: int = 0
    fixed: bool = True  # a name that must stay


class Writer:
    def __init__(self, graph: Graph, results: Sequence[Any], gradients: Sequence[Any]) -> None:
        self.graph, self.results, self.gradients = graph, list(results), list(gradients)
        self.inputs: dict[str, np.ndarray] = {}
        self.leaves: list[str] = []
        self.names: dict[Value, str] = {}
        self.gradient_names: dict[Value, str] = {}
        self.taken = set(RESERVED)
        self.counts: dict[str, int] = defaultdict(int)
        self.forward: list[Line] = []
        self.backward: list[Line] = []
        self.by_node: dict[Any, Operation] = {op.node: op for op in graph.operations}

    # Names

    def unique(self, wanted: str) -> str:
        name = re.sub(r"\W+", "_", wanted).strip("_") or "x"
        name = f"p_{name}" if name[0].isdigit() else name
        k, free = 0, name
        while free in self.taken:
            k += 1
            free = f"{name}_{k}"
        self.taken.add(free)
        return free

    def numbered(self, letter: str) -> str:
        """The next free one of u0, u1, ..."""
        while (name := f"{letter}{self.counts[letter]}") in self.taken:
            self.counts[letter] += 1
        self.taken.add(name)
        return name

    def name_all(self) -> None:
        counts = {"leaf": 0, "constant": 0, "output": 0}
        order = [v for op in reversed(self.graph.operations) for v in [*op.inputs, *op.outputs] if v is not None]
        for value in [*order, *self.graph.results]:
            if value in self.names or (value.kind == "output" and value.producer is None):
                continue
            letter = {"leaf": "x", "constant": "c", "output": "s"}[value.kind]
            if value.kind == "output" and value.nr:
                first = self.names.get(value.producer.outputs[0], letter) if value.producer else letter
                wanted = f"{first}_{value.nr}"
            elif value.name and value.kind != "output":
                wanted = value.name
            else:
                wanted = f"{letter}{counts[value.kind]}"
                counts[value.kind] += 1
            self.names[value] = self.unique(wanted)
            if value.kind == "output":
                continue
            if value.array is None:
                raise RuntimeError(
                    f"source: the value of an input ({value.shape}) was not kept by the graph. Compute the result "
                    "inside `with chainrule.viz.record():`."
                )
            self.inputs[self.names[value]] = np.array(value.array)
            if value.kind == "leaf":
                self.leaves.append(self.names[value])

    # Forward

    def write_forward(self) -> None:
        for operation in reversed(self.graph.operations):
            call = self.call_of(operation)
            outputs = self.outputs_of(operation)
            shapes = ", ".join(str(v.shape) for v in operation.outputs[:1] if v.shape is not None)
            self.forward.append(Line(outputs, write(call), shapes))

    def outputs_of(self, operation: Operation) -> list[str]:
        """A name for each output, those that nobody uses included."""
        known = {v.nr: self.names[v] for v in operation.outputs if v in self.names}
        names = []
        for k in range(operation.node.n_outputs):
            if k not in known:
                value = Value("output", producer=operation, nr=k)
                known[k] = self.names[value] = self.unique(f"{known.get(0, 's')}_{k}")
                operation.outputs.append(value)
            names.append(known[k])
        operation.outputs.sort(key=lambda v: v.nr)
        return names

    def call_of(self, operation: Operation) -> Call:
        node, x, shapes, strides, dtypes = operation.node, [], [], [], []
        kinds, edges = node.input_kinds, node.edges
        for i, value in enumerate(operation.inputs):
            if value is None and edges[i][0] is None and not _optional(operation.name, i):
                raise RuntimeError(
                    f"source: input {i} of {operation.name} was not kept by the graph. Compute the result inside "
                    "`with chainrule.viz.record():`."
                )
            x.append(None if value is None else self.names[value])
            kind = kinds[i]
            shape = tuple(kind[0]) if kind is not None else value.shape if value is not None else None
            shapes.append(shape)
            strides.append(tuple(kind[2]) if kind is not None else _row_major(shape))
            dtypes.append(f"np.{value.dtype}" if value is not None and value.dtype else f"np.{self.graph_dtype()}")
        return Call(operation.name, x, node.attributes, shapes, strides, dtypes)

    def graph_dtype(self) -> str:
        return self.graph.results[0].dtype or "float64"

    # Backward

    def write_backward(self) -> None:
        tape = _core.Tape(entries=True, values=True)
        tape.start()
        try:
            _core.observed_walk(self.results, self.gradients, True)
        finally:
            tape.stop()
        for value, name in self.names.items():
            if value.kind != "constant":
                self.gradient_names[value] = self.unique(f"grad_{name}")
        Backward(self, tape.entries).write()


def _optional(op: str, i: int) -> bool:
    """Inputs that may be absent: weights and biases."""
    optional: dict[str, tuple[int, ...]] = {"linear": (2,), "conv": (2,), "conv_transpose": (2,)}
    optional |= {"cross_entropy": (2,), "nll_loss": (2,), "binary_cross_entropy_with_logits": (2,)}
    optional |= {"layer_norm": (1, 2), "rms_norm": (1, 2)}
    optional |= dict.fromkeys(("batch_norm", "group_norm", "instance_norm"), (1, 2, 3, 4))
    optional |= dict.fromkeys(RECURRENT, (3, 4, 5, 6, 7, 8))
    return i in optional.get(op, ())


def _row_major(shape: tuple[int, ...] | None) -> tuple[int, ...] | None:
    if shape is None:
        return None
    strides, n = [], 1
    for size in reversed(shape):
        strides.append(n)
        n *= max(size, 1)
    return tuple(reversed(strides))


def write(call: Call) -> Written:
    template = TEMPLATES.get(call.op)
    if template is None:
        raise NotImplementedError(f"source: there is no NumPy form of the operation {call.op}.")
    return template(call)


class Backward:
    """Turns the operations of a recorded walk into lines."""

    def __init__(self, writer: Writer, entries: Sequence[Any]) -> None:
        self.w, self.entries = writer, entries
        self.of: dict[int, str] = {}  # names of the walk's tensors, by the tensor's address
        self.of_node: dict[tuple[Any, int], str] = {}  # by the node that made them
        self.of_memory: dict[Any, str] = {}  # by place, shape and layout, for aliases
        self.written: set[str] = set()  # names of gradients that have their line
        self.section = 0
        self.keep: list[Any] = []

    def learn(self, tensor: Any, name: str) -> None:
        identity, place = _core.tensor_identity(tensor)
        self.of[identity] = name
        if tensor.numel():
            self.of_memory[place, tuple(tensor.shape), tuple(tensor.stride())] = name
        self.keep.append(tensor)

    def know_forward(self) -> None:
        for operation in self.w.graph.operations:
            for value in operation.outputs:
                if value in self.w.names:
                    self.of_node[operation.node, value.nr] = self.w.names[value]
            by_nr = {v.nr: v for v in operation.outputs}
            places = [*operation.inputs, *(by_nr.get(k) for k in range(operation.node.n_outputs))]
            for place, kept in zip(places, operation.node.kept, strict=True):
                if place in self.w.names and kept is not None and kept.numel():
                    key = _core.tensor_identity(kept)[1], tuple(kept.shape), tuple(kept.stride())
                    self.of_memory.setdefault(key, self.w.names[place])
                    self.keep.append(kept)
            for taken, (source, nr) in zip(operation.inputs, operation.node.edges, strict=True):
                if taken is None or source is None:
                    continue
                self.of_node.setdefault((source, nr), self.w.names[taken])
                if source.is_leaf and source.variable is not None:
                    self.learn(source.variable, self.w.names[taken])

    def name_of(self, tensor: Any) -> str:
        """The expression for a tensor that a rule takes."""
        identity, place = _core.tensor_identity(tensor)
        if identity in self.of:
            return self.of[identity]
        node = tensor.grad_fn
        if node is not None and (node, tensor.output_nr) in self.of_node:
            return self.of_node[node, tensor.output_nr]
        key = (place, tuple(tensor.shape), tuple(tensor.stride()))
        if tensor.numel() and key in self.of_memory:
            return self.of_memory[key]
        if 0 in tensor.stride():
            for (start, shape, strides), name in self.of_memory.items():
                if start == place and _solid(shape, strides) == _solid(tensor.shape, tensor.stride()):
                    thin = tuple(n if s else 1 for n, s in zip(tensor.shape, tensor.stride(), strict=True))
                    return f"np.broadcast_to(np.reshape({name}, {thin}), {tuple(tensor.shape)})"
        return constant(tensor.detach().numpy())

    def write(self) -> None:
        w = self.w
        self.know_forward()
        for result, gradient in zip(w.graph.results, w.gradients, strict=True):
            name = self.grad_name(result)
            if result.consumers or w.graph.results.count(result) > 1:  # more will be added
                name = w.unique(f"given_{w.names[result]}")
            self.written.add(name)
            array = gradient.detach().numpy()
            w.backward.append(Line([name], Written(constant(array), True), "given"))
            self.learn(gradient, name)
        operation: Operation | None = None
        handled = False
        for k, entry in enumerate(self.entries):
            if entry.kind == "begin":
                self.section += 1
                operation, handled = w.by_node.get(entry.node), False
                self.complete(entry, operation)
                if operation is not None and operation.name in GRADIENTS:
                    handled = True
            elif entry.kind == "operation" and not handled:
                self.write_operation(entry, self.wanted(k))
            elif entry.kind == "gradient" and operation is not None:
                if handled:
                    self.write_whole_rule(operation, entry)
                self.share(operation, entry)
            elif entry.kind == "end":
                handled = False
        for value, grad in w.gradient_names.items():  # a leaf on no path of the gradient
            if value.kind == "leaf" and grad not in self.written:
                w.backward.append(Line([grad], Written(f"np.zeros({value.shape}, np.{value.dtype})", True)))

    def grad_name(self, value: Value) -> str:
        return self.w.gradient_names[value]

    def complete(self, entry: Any, operation: Operation | None) -> None:
        """The gradients with which a node begins get their names."""
        values: list[tuple[int, Value]] = []
        if operation is not None:
            values = [(v.nr, v) for v in operation.outputs if v in self.w.names]
        elif entry.node is not None:
            leaf = next((v for v, _ in self.leaf_values(entry.node)), None)
            values = [(0, leaf)] if leaf is not None else []
        for nr, value in values:
            tensor = entry.outputs[nr] if nr < len(entry.outputs) else None
            if tensor is None:
                continue
            name, have = self.grad_name(value), self.name_of(tensor)
            if have != name and name not in self.written:
                self.written.add(name)
                self.w.backward.append(Line([name], Written(have, True), section=self.section))
            self.learn(tensor, name)  # the same gradient may have gone to several values

    def leaf_values(self, node: Any) -> list[tuple[Value, int]]:
        found = []
        for operation in self.w.graph.operations:
            for i, (source, _) in enumerate(operation.node.edges):
                value = operation.inputs[i]
                if source is not None and source == node and value is not None:
                    found.append((value, i))
        return found

    def wanted(self, k: int) -> str:
        """The name for what the operation at k gives, if it is a share or a sum of a gradient."""
        tensor = _core.tensor_identity(self.entries[k].outputs[0])[0]
        for entry in self.entries[k + 1 : k + 40]:
            if entry.kind == "operation":
                continue
            if entry.kind == "gradient" and _core.tensor_identity(entry.outputs[0])[0] == tensor:
                operation = self.w.by_node.get(entry.node)
                value = operation.inputs[entry.input] if operation is not None else None
                if value is not None and single(value) and value.kind != "constant":
                    return self.grad_name(value)
                return ""
            if entry.kind == "end":
                return ""
        return ""

    def write_operation(self, entry: Any, name: str) -> None:
        inputs = [None if t is None else t for t in entry.inputs]
        x = [None if t is None else self.name_of(t) for t in inputs]
        call = Call(
            entry.op,
            x,
            entry.attributes,
            [None if t is None else tuple(t.shape) for t in inputs],
            [None if t is None else tuple(t.stride()) for t in inputs],
            [dtype_name(t.dtype) if t is not None else "np.float64" for t in inputs],
        )
        targets = []
        for i, tensor in enumerate(entry.outputs):
            if i == 0 and name and name not in self.written:
                self.written.add(name)
                target = name
            else:
                target = self.w.numbered("t")
            targets.append(target)
            self.learn(tensor, target)
            if tensor.grad_fn is not None:
                self.of_node[tensor.grad_fn, tensor.output_nr] = target
        fixed = targets[0] == name or len(targets) > 1
        shape = str(tuple(entry.outputs[0].shape))
        self.w.backward.append(Line(targets, write(call), shape, self.section, fixed))

    def write_whole_rule(self, operation: Operation, entry: Any) -> None:
        call = self.w.call_of(operation)
        grad = self.grad_name(operation.outputs[0])
        text = GRADIENTS[operation.name](grad, call, self.w.outputs_of(operation))
        value = operation.inputs[entry.input]
        assert value is not None
        name = self.grad_name(value) if single(value) else self.w.numbered("t")
        self.written.add(name)
        self.w.backward.append(Line([name], Written(text, True), str(value.shape), self.section))
        self.learn(entry.outputs[0], name)

    def share(self, operation: Operation, entry: Any) -> None:
        """A gradient that passes through unchanged still gets its own name, where the value has but one use."""
        value = operation.inputs[entry.input]
        if value is None or value.kind == "constant":
            return
        have, name = self.name_of(entry.outputs[0]), self.grad_name(value)
        if single(value) and have != name and name not in self.written:
            self.written.add(name)
            self.w.backward.append(Line([name], Written(have, True), str(value.shape), self.section))


def _solid(shape: Sequence[int], strides: Sequence[int]) -> list[tuple[int, int]]:
    """The axes along which there is more than one element in memory."""
    return [(n, s) for n, s in zip(shape, strides, strict=True) if n > 1 and s]


def single(value: Value) -> bool:
    """Whether the value's gradient comes from one use alone."""
    return len(value.consumers) == 1 and not value.is_result


def constant(array: np.ndarray) -> str:
    """A value that a rule brings itself."""
    if array.ndim == 0:
        return scalar(array)
    if array.size and (array == array.reshape(-1)[0]).all():
        return f"np.full({array.shape}, {scalar(array.reshape(-1)[0])})"
    return array_literal(array)


def scalar(value: Any) -> str:
    value = np.asarray(value)
    kind = value.dtype.name
    text = literal(_short(value).item())
    return text if kind in ("float64", "int64", "bool") else f"np.{kind}({text})"


def _short(array: np.ndarray) -> np.ndarray:
    """Numbers of float32 as float64 with the shortest text that reads back as the same: 0.1, not 0.10000000149."""
    if array.dtype != np.float32:
        return array
    short = array.astype("U").astype(np.float64)
    return short if np.array_equal(short.astype(np.float32), array, equal_nan=True) else array


def array_literal(array: np.ndarray) -> str:
    if array.size == 0:
        return f"np.zeros({array.shape}, np.{array.dtype})"
    text = repr(_short(array).tolist()).replace("nan", "np.nan").replace("inf", "np.inf")
    return f"np.array({text}, {'bool' if array.dtype == bool else f'np.{array.dtype}'})"


# From lines to text


def inlined(lines: list[Line]) -> list[Line]:
    """Temporaries that are used once, in the same rule, go into the line that uses them, while it stays short."""
    users: dict[str, list[Line]] = defaultdict(list)  # the line of each use; what goes into it uses older names only
    for line in lines:
        for name in re.findall(r"\b[^\W\d]\w*", line.written.text):
            users[name].append(line)
    out = []
    for line in lines:
        if line.fixed or len(line.targets) > 1 or len(line.written.text) > INLINE:
            out.append(line)
            continue
        (target,), uses = line.targets, users[line.targets[0]]
        if not uses:
            continue
        together = len(uses[0].written.text) + len(line.written.text)
        if len(uses) == 1 and uses[0].section == line.section and together <= 100:
            uses[0].written.text = put_in(re.compile(rf"\b{target}\b"), line.written.text, uses[0].written.text)
        else:
            out.append(line)
    return out


def put_in(name: re.Pattern[str], part: str, text: str) -> str:
    """text with part in place of the name; in brackets unless it is an argument by itself."""
    found = name.search(text)
    assert found is not None
    before, after = text[: found.start()], text[found.end() :]
    alone = before.endswith(("(", ", ")) and after.startswith((")", ", ")) and _argument(before)
    return before + (part if alone else wrapped(part)) + after


def _argument(before: str) -> bool:
    """Whether the open bracket before is that of a call."""
    depth = 0
    for k in range(len(before) - 1, -1, -1):
        depth += before[k] in ")]"
        if before[k] in "([":
            if depth == 0:
                return before[k] == "(" and k > 0 and (before[k - 1].isalnum() or before[k - 1] == "_")
            depth -= 1
    return False


def used_helpers(text: str) -> list[str]:
    """Sources of the functions that the text calls, and of those that they call, in the order of their definition."""
    wanted: set[str] = set()
    todo = [text]
    while todo:
        words = set(re.findall(r"\b[a-z_]\w*(?=\()|\b[a-z_]\w*(?=[,)])", todo.pop()))
        for name in (words & set(HELPERS)) - wanted:
            wanted.add(name)
            todo.append(inspect.getsource(HELPERS[name]))
    return [inspect.getsource(f).rstrip() for name, f in HELPERS.items() if name in wanted]


__all__ = ["Line", "Operation", "Writer", "inlined", "used_helpers", "wrapped"]
