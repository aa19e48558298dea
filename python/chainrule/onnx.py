"""Models as ONNX files: export(model, example, path). Needs the onnx package: pip install 'chainrule[onnx]'.

The model runs once on the example; the operations that it runs are written down as an ONNX graph, parameters and
constants as its initializers. Sizes are those of the example, but for the axes that dynamic_axes leaves free: for them
the model runs at some more sizes, close by and far away (4 n + 7 and 64 n + 1 for an example's size n, where the model
runs there and computes at most 2^26 numbers). The file is then checked: onnx's own reference evaluator must give what
the model gives, on the example, on another input and at other sizes, 1 among them, so that nothing that depends on the
input was taken for a constant.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import chainrule as cr

from . import _core
from ._onnx_rules import RULES, Call, Cells, Missing
from ._onnx_sizes import Sizes, free_axes, merge, told

__all__ = ["export"]

_OPSET, _IR = 17, 8


# Options of torch.onnx.export that change nothing in what a file computes.
_WITHOUT_EFFECT = {
    "artifacts_dir", "autograd_inlining", "do_constant_folding", "dump_exported_program", "dynamo", "export_params",
    "external_data", "fallback", "keep_initializers_as_inputs", "operator_export_type", "opset_version", "optimize",
    "profile", "report", "training", "verbose",
}  # fmt: skip


def export(
    model: Any,
    args: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    dynamic_axes: Mapping[str, Mapping[int, str] | Sequence[int]] | None = None,
    verify: bool = True,
    f: str | os.PathLike[str] | None = None,
    **options: Any,
) -> Any:
    """Write a model as an ONNX file.

    Args:
        model: a Module or another callable of tensors that returns a tensor, or several.
        args: the example input: a tensor, or a tuple of them. Its shapes are the file's. It stays as it is: the model
            runs on copies.
        path: the file; None writes none.
        input_names, output_names: names in the file; input, input_1, ... and output, output_1, ... by default.
        dynamic_axes: axes of the inputs whose size stays free: {"input": {0: "batch"}}, or {"input": [0]}. Axes of one
            name are of one size. Those of the outputs follow; naming them here only gives them a name.
        verify: compare the file with the model by onnx's reference evaluator.
        f: PyTorch's name of path.
        options: PyTorch's other options that say how it is to be done (export_params, opset_version, dynamo and so
            on): accepted, without effect.

    Returns:
        The onnx.ModelProto.

    Raises:
        ModuleNotFoundError: the onnx package is missing.
        NotImplementedError: an operation that the result needs has no ONNX form here; it is named. Or the model builds
            a size of dynamic_axes into its operations or constants.
        RuntimeError: the file does not compute what the model computes, or the model does not run at another size.
        TypeError: an unknown option; an example or a result that is no tensor; dynamic_axes that are no dict of lists
            or dicts.
        ValueError: names that are too few, too many or not all different, or dynamic_axes that do not fit the inputs
            and outputs.

    Example:
        >>> model = chainrule.nn.Sequential(chainrule.nn.Linear(3, 2), chainrule.nn.ReLU())
        >>> file = chainrule.onnx.export(model, chainrule.ones(4, 3), dynamic_axes={"input": {0: "batch"}})
        >>> [node.op_type for node in file.graph.node]
        ['Gemm', 'Relu']
        >>> file.graph.output[0].type.tensor_type.shape.dim[0].dim_param
        'batch'

    Source: onnx.ai, operators of opset 17; PyTorch, torch.onnx.export.
    """
    unknown = sorted(set(options) - _WITHOUT_EFFECT)
    if unknown:
        raise TypeError(f"onnx.export: got an unexpected keyword argument {unknown[0]!r}.")
    path = f if path is None else path
    onnx = _onnx()
    inputs = tuple(args) if isinstance(args, (tuple, list)) else (args,)
    for x in inputs:
        if not isinstance(x, cr.Tensor):
            raise TypeError(f"export: the example must be tensors, got {type(x).__name__}.")
    inputs = tuple(x.detach() for x in inputs)
    _check_names(inputs, input_names, output_names)
    with _evaluating(model):
        graph = _written(onnx, model, inputs, input_names, output_names)
        examples = [
            ("on the example", inputs),
            ("on other numbers than the example's", _resized(inputs, [x.shape for x in inputs])),
        ]
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
                except Exception as error:
                    raise RuntimeError(
                        f"export: with dynamic_axes the model must run on inputs of shape {_listed(shapes)}: {error}"
                    ) from error

            graph = merge(sizes, at)
            graph.name_dims(sizes.axes, axes)
            examples += [
                (f"at {told(point)}", _resized(inputs, sizes.shapes_at(point))) for point in sizes.checked() if verify
            ]
        file = graph.file()
        _check(onnx, file)
        if verify:
            _verify(file, model, examples)
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


def _check_names(inputs: Sequence[Any], input_names: Sequence[str] | None, output_names: Sequence[str] | None) -> None:
    """Names of inputs: one for each. Names of all: each once."""
    given: list[str] = []
    for what, names in (("input_names", input_names), ("output_names", output_names)):
        if isinstance(names, str):
            raise TypeError(f"export: {what} must be a list of names, got {names!r}.")
        for name in names or ():
            if name in given:
                raise ValueError(f"export: {what} names {name!r}, which is named before: a name stands for one value.")
            given.append(name)
    _check_count("input_names", input_names, len(inputs))


def _check_count(what: str, names: Sequence[str] | None, count: int) -> None:
    if names is not None and len(names) != count:
        raise ValueError(f"export: {what} must name {count} tensors, got {len(names)}: {list(names)}.")


def _check(onnx: Any, file: Any) -> None:
    """Refuse a file that breaks ONNX's own rules, such as an operator on a dtype that it does not take."""
    try:
        onnx.checker.check_model(file, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        kind = re.search(r"op_type:\s*(\w+)", str(error))
        which = f"the operation that is written as {kind.group(1)}" if kind else "the model"
        raise NotImplementedError(f"export: {which} has no ONNX form here, by onnx's checker: {error}") from error


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
    # Copies: the model may write into them, and an input that is also a parameter, or given twice, is told apart.
    inputs = _copied(inputs)
    entries, outputs = _run(model, inputs)
    graph = _Graph(onnx, model, inputs, input_names, output_names)
    for entry in entries:
        graph.add(entry)
    graph.close(outputs, output_names)
    graph.work = 1 + sum(x.numel() for x in inputs) + sum(x.numel() for entry in entries for x in entry.outputs)
    return graph


def _copied(inputs: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(x.clone() for x in inputs)


def _listed(shapes: Sequence[Sequence[int]]) -> str:
    return ", ".join(str(tuple(shape)) for shape in shapes)


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


def _verify(file: Any, model: Any, examples: Sequence[tuple[str, Sequence[Any]]]) -> None:
    """Compare file and model on the examples, each with words that say which it is: the user's, other numbers, and
    other sizes."""
    from onnx.reference import ReferenceEvaluator

    names = [value.name for value in file.graph.input]
    for i, (which, given) in enumerate(examples):
        try:
            with cr.no_grad():
                expected = _tensors(model(*_copied(given)))
        except Exception:
            if i < 2:
                raise
            continue  # a size that the model does not take
        try:
            with np.errstate(all="ignore"):
                values = ReferenceEvaluator(file).run(None, {name: x.numpy() for name, x in zip(names, given)})
        except Exception as error:
            raise RuntimeError(
                f"export: onnx's reference evaluator cannot run the graph {which} ({error}). verify=False leaves it "
                "unchecked."
            ) from error
        results = [np.asarray(value) for value in values]
        for output, value, result in zip(file.graph.output, expected, results, strict=True):
            fault = _difference(value.detach().numpy(), result)
            if fault:
                shapes = _listed([x.shape for x in given])
                raise RuntimeError(
                    f"export: the ONNX graph does not compute what the model computes: {output.name} {which} (inputs "
                    f"{shapes}) {fault}. {_REASONS[min(i, 2)]}"
                )
            for axis, n in enumerate(result.shape):
                dim = output.type.tensor_type.shape.dim[axis]
                if dim.HasField("dim_value") and dim.dim_value != n:  # as of x[:8] where x is shorter
                    dim.dim_param = f"{output.name}_dim_{axis}"


_REASONS = (
    "The ONNX form of an operation is at fault, or the model is another at each call.",
    "A part of the model that is no operation of the library (NumPy code, a number read by item()) was taken for a "
    "constant.",
    "A size, or a part of the model that is no operation of the library (NumPy code, a number read by item()), was "
    "taken for a constant.",
)


def _difference(expected: Any, result: Any) -> str:
    """In words; empty where there is none."""
    for what in ("shape", "dtype"):
        ours, theirs = getattr(expected, what), getattr(result, what)
        if ours != theirs:
            return f"is of {what} {theirs} in place of {ours}"
    tol = 1e-3 if expected.dtype == np.float32 else 1e-7
    if np.allclose(expected, result, tol, tol, equal_nan=True):
        return ""
    with np.errstate(all="ignore"):
        gap = np.abs(np.subtract(expected, result, dtype=np.float64))
    wrong = ~np.isclose(expected, result, tol, tol, equal_nan=True)
    return f"differs in {wrong.sum()} of {wrong.size} numbers, by up to {np.max(gap[wrong]):.3g}"


# --- the graph ----------------------------------------------------------------------------------------------------


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
        self.dims: list[list[Any]] = []  # of the results: numbers, sizes at several points, at last names of free sizes
        self.symbols: dict[str, tuple[int, ...]] = {}  # names of free sizes -> sizes at the same points
        self.work = 0  # numbers that the model computed
        self.pooled: list[Any] = []  # sizes that pooling went over
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
        if not issubclass(type(tensor), cr.Tensor):
            raise TypeError(f"export: the sparse tensor {name} has no ONNX form. Use to_dense().")
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
            if isinstance(name, Missing) or (other.shape == tensor.shape and other.stride() == tensor.stride()):
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
                gone = Missing("a tensor that is written in place through a view of it has no ONNX form here")
                self.known[address] = gone
                self.places.setdefault(begin, []).append((other, gone))

    def node(self, kind: str, inputs: Sequence[str], outputs: int | Sequence[str] = 1, **attributes: Any) -> Any:
        """Add a node; the name of its output, or their names."""
        names = [self.fresh(kind.lower()) for _ in range(outputs)] if isinstance(outputs, int) else list(outputs)
        self.nodes.append(self.onnx.helper.make_node(kind, list(inputs), names, **attributes))
        return names[0] if len(names) == 1 else names

    def add(self, entry: Any) -> None:
        """One operation of the model."""
        rule = RULES.get(entry.op)
        inputs = list(entry.inputs)
        inplace = _in_place(entry) and self.seen(entry.outputs[0]) is not None
        if inplace:
            inputs[0] = entry.outputs[0]  # the tape holds a copy of it as it was: its name is still that of then
        names = [None if x is None else self.of(x) for x in inputs]
        missing = next((name for name in names if isinstance(name, Missing)), None)
        result: Any = missing
        if missing is None and not self.depends(names):
            # Nothing of it comes from the input: its value is a constant.
            result = [self.constant(x.detach().numpy()) for x in entry.outputs]
        elif isinstance(missing, Cells) and entry.op == "slice":
            result = missing.sliced(self, Call(entry, names))
        elif missing is None and rule is None:
            result = Missing(f"the operation {entry.op} has no ONNX form here")
        elif missing is None and rule is not None:
            result = rule(self, Call(entry, names))
        if not isinstance(result, list):
            rest = Missing(f"further outputs of {entry.op} have no ONNX form here")
            result = [result, *[result if isinstance(result, Missing) else rest] * (len(entry.outputs) - 1)]
        if inplace:
            self.changed(entry.outputs[0])
        for tensor, name in zip(entry.outputs, result):
            self.name(tensor, name)

    def depends(self, names: Sequence[Any]) -> bool:
        return any(name is not None and name not in self.constants for name in names)

    def close(self, outputs: Sequence[Any], names: Sequence[str] | None) -> None:
        """These are the results: what they do not need falls away."""
        _check_count("output_names", names, len(outputs))
        for i, tensor in enumerate(outputs):
            value = self.of(tensor)
            if isinstance(value, Missing):
                raise NotImplementedError(f"export: {value.reason}.")
            final = names[i] if names is not None else self.fresh("output")
            self.node("Identity", [value], [final])
            self.results.append((final, tensor))
        final_names = {name for name, _ in self.results}
        self.nodes = _without_identities(_needed(self.nodes, final_names), final_names)
        self.drop_unused()
        self.dims = [list(tensor.shape) for _, tensor in self.results]
        self.known, self.places, self.storages, self.kept = {}, {}, {}, []  # the tensors may go

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
                if isinstance(n, int):
                    continue
                if given is not None and self.symbols.setdefault(given, n) != n:
                    raise ValueError(
                        f"export: dynamic_axes names axis {axis} of {name} {given!r}, which stands for another size: "
                        f"{self.symbols[given][0]} where this axis is of size {n[0]}."
                    )
                same = [symbol for symbol, seen in self.symbols.items() if seen == n]
                dims[axis] = given or (same[0] if same else f"{name}_dim_{axis}")

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
