"""Sizes of an ONNX graph that stay free, for chainrule.onnx.

The model is written down at several sizes of each free axis, some close together and some far away. What is equal in
all of these graphs does not depend on the sizes. Numbers among the constants (shapes, bounds of slices) that differ
must lie on a straight line over the size, and are then computed from it as the graph runs; any other difference is
refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

_STEPS = (1, 2)  # a line needs two sizes, and a third one to tell that it is one
_FAR = ((4, 7), (64, 1))  # where it must still be that line: factor and summand of the size
_PERIOD = 64  # neighbours that are compared where pooling goes over a free axis, at most
_WORK = 2**26  # numbers that a run far away may compute, kept all at once


def free_axes(dynamic_axes: Any, names: Sequence[str], shapes: Sequence[Sequence[int]]) -> dict[str, dict[int, str]]:
    """dynamic_axes with names and axes checked and each axis named: name of an input or output -> axis -> symbol."""
    if not isinstance(dynamic_axes, Mapping):
        raise TypeError(f"export: dynamic_axes must be a dict of names, got {type(dynamic_axes).__name__}.")
    unknown = sorted(set(dynamic_axes) - set(names))
    if unknown:
        raise ValueError(f"export: dynamic_axes names {unknown}, the inputs and outputs are {list(names)}.")
    found: dict[str, dict[int, str]] = {}
    for name, axes in dynamic_axes.items():
        rank = len(shapes[list(names).index(name)])
        if isinstance(axes, str) or not isinstance(axes, (Mapping, Sequence)):
            raise TypeError(
                f"export: dynamic_axes must give {name} a list of axes, or a dict from axes to names, got {axes!r}."
            )
        found[name] = {}
        for axis in axes:
            if not isinstance(axis, int) or not -rank <= axis < rank:
                raise ValueError(f"export: dynamic_axes names axis {axis!r} of {name}, which has {rank} axes.")
            place = axis % rank
            if place in found[name]:
                raise ValueError(f"export: dynamic_axes names axis {place} of {name} twice: {axes!r}.")
            found[name][place] = str(axes[axis]) if isinstance(axes, Mapping) else f"{name}_dim_{place}"
    return found


class Sizes:
    """The free sizes of the inputs: which axes they are, and what the example says.

    Args:
        axes: for each input, axis -> symbol.
        shapes: the shapes of the example.

    Raises:
        ValueError: a symbol stands for two sizes.
    """

    def __init__(self, axes: Sequence[Mapping[int, str]], shapes: Sequence[Sequence[int]]) -> None:
        self.axes, self.shapes = axes, shapes
        self.example: dict[str, int] = {}
        self.place: dict[str, tuple[int, int]] = {}  # symbol -> an input and its axis
        for i, named in enumerate(axes):
            for axis, symbol in named.items():
                size = shapes[i][axis]
                if self.example.setdefault(symbol, size) != size:
                    raise ValueError(
                        f"export: {symbol!r} of dynamic_axes stands for {self.example[symbol]} and for {size}."
                    )
                self.place.setdefault(symbol, (i, axis))
        # At size 1 a broadcast cannot be told from none.
        self.base = {symbol: max(size, 2) for symbol, size in self.example.items()}

    def shapes_at(self, sizes: Mapping[str, int]) -> list[tuple[int, ...]]:
        """The inputs' shapes at these sizes."""
        return [
            tuple(sizes[named[axis]] if axis in named else n for axis, n in enumerate(shape))
            for named, shape in zip(self.axes, self.shapes)
        ]

    def points(self) -> list[dict[str, int]]:
        """Sizes at which the graphs are compared: the base, each symbol moved, all of them moved."""
        moved = [{**self.base, symbol: self.base[symbol] + step} for symbol in self.base for step in _STEPS]
        together = [{symbol: size + 1 for symbol, size in self.base.items()}] if len(self.base) > 1 else []
        return [self.base, *moved, *together]

    def checked(self) -> list[dict[str, int]]:
        """Sizes at which no graph was written, for the check: each 1, all halved again and again, a little larger."""
        found = [{**self.base, symbol: 1} for symbol in self.base]
        for bits in range(1, max(self.base.values(), default=0).bit_length()):
            found.append({symbol: max(1, size >> bits) for symbol, size in self.base.items()})
        found.append({symbol: size + 3 + i for i, (symbol, size) in enumerate(self.base.items())})
        return [point for i, point in enumerate(found) if point not in found[:i]]


def merge(sizes: Sizes, written: Callable[[Sequence[Sequence[int]]], Any]) -> Any:
    """The graph for all sizes.

    Args:
        sizes: the free sizes.
        written: gives the graph for inputs of given shapes: nodes, constants and results.

    Raises:
        NotImplementedError: the graph depends on a size in a way that has no form here.
    """
    points = sizes.points()
    graphs = [written(sizes.shapes_at(point)) for point in points]
    graph = graphs[0]
    _go_far(sizes, points, graphs, written)
    _fill_period(sizes, points, graphs, written)
    for point, other in zip(points, graphs):
        _check_equal(graph, other, sizes.base, point)
    writer = _Writer(graph, sizes, points)
    for name in list(graph.constants):
        values = [other.constants[name] for other in graphs]
        if not all(_equal(values[0], value) for value in values):
            writer.constant(name, values)
    graph.nodes[:0] = writer.nodes
    shapes = zip(*[[tensor.shape for _, tensor in other.results] for other in graphs])
    graph.dims = [[_dim(column) for column in zip(*seen)] for seen in shapes]
    graph.symbols = {symbol: tuple(point[symbol] for point in points) for symbol in sizes.base}
    return graph


def _go_far(sizes: Sizes, points: list[dict[str, int]], graphs: list[Any], written: Callable[..., Any]) -> None:
    """Add the graphs at sizes far away, as far as the model runs there and does not take too much."""
    for i, (symbol, size) in enumerate(sizes.base.items()):
        last = len(_STEPS) * (i + 1)
        for factor, summand in _FAR:
            point = {**sizes.base, symbol: factor * size + summand}
            # The work grows with a power of the size: between the batch's and attention's.
            growth = np.log(graphs[last].work / graphs[0].work) / np.log(points[last][symbol] / size)
            if graphs[0].work * (point[symbol] / size) ** np.clip(growth, 1, 2) > _WORK:
                break
            if not _also_at(point, sizes, points, graphs, written):
                break
            last = len(points) - 1


def _fill_period(sizes: Sizes, points: list[dict[str, int]], graphs: list[Any], written: Callable[..., Any]) -> None:
    """Pooling over a free axis: add graphs at as many neighbours as it takes for ceil_mode to show."""
    if all(graph.pooled == graphs[0].pooled for graph in graphs):
        return
    strides = [
        max(attribute.ints)
        for node in graphs[0].nodes
        if node.op_type in ("Conv", "MaxPool", "AveragePool")
        for attribute in node.attribute
        if attribute.name == "strides"
    ]
    for symbol, size in sizes.base.items():
        for step in range(1 + len(_STEPS), min(_PERIOD, math.prod(strides))):
            _also_at({**sizes.base, symbol: size + step}, sizes, points, graphs, written)


def _also_at(
    point: dict[str, int],
    sizes: Sizes,
    points: list[dict[str, int]],
    graphs: list[Any],
    written: Callable[[Sequence[Sequence[int]]], Any],
) -> bool:
    """Add the graph at a point, if the model runs there: one whose positions are numbered ends somewhere."""
    try:
        graph = written(sizes.shapes_at(point))
    except NotImplementedError:
        raise
    except RuntimeError:
        return False
    points.append(point)
    graphs.append(graph)
    return True


def _equal(a: Any, b: Any) -> bool:
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


def _check_equal(graph: Any, other: Any, base: Mapping[str, int], point: Mapping[str, int]) -> None:
    """Refuse graphs whose nodes differ."""
    for one, two in zip(graph.nodes, other.nodes):
        if one.SerializeToString() != two.SerializeToString():
            break
    else:
        if len(graph.nodes) == len(other.nodes) and set(graph.constants) == set(other.constants):
            return
        one = max(graph.nodes, other.nodes, key=len)[min(len(graph.nodes), len(other.nodes)) - 1]
    raise NotImplementedError(
        f"export: the operations depend on the size ({told(base)} and {told(point)} part at {one.op_type}): the axis "
        "cannot stay free. Write the model without loops over it, branches on it and ceil_mode, or leave it out of "
        "dynamic_axes."
    )


def told(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{symbol} = {size}" for symbol, size in sizes.items())


def _line(points: Sequence[Mapping[str, int]], symbols: Sequence[str], values: Sequence[float]) -> Any:
    """Offset and slope for each symbol of a line through all the points, exact; None if there is none."""
    if len(set(values)) == 1:
        return values[0], dict.fromkeys(symbols, 0)
    if not np.isfinite(values).all():
        return None
    exact = [Fraction(value) for value in values]
    slopes = {symbol: exact[1 + len(_STEPS) * i] - exact[0] for i, symbol in enumerate(symbols)}
    offset = exact[0] - sum(slopes[symbol] * points[0][symbol] for symbol in symbols)
    told = [offset + sum(slopes[symbol] * point[symbol] for symbol in symbols) for point in points]
    return (offset, slopes) if told == exact else None


def _dim(seen: tuple[int, ...]) -> Any:
    """An axis of a result: its size, or the sizes at all the points."""
    return seen[0] if len(set(seen)) == 1 else seen


class _Writer:
    """Writes nodes that compute constants from the sizes of the inputs."""

    def __init__(self, graph: Any, sizes: Sizes, points: Sequence[Mapping[str, int]]) -> None:
        self.graph, self.sizes, self.points = graph, sizes, points
        self.nodes: list[Any] = []
        self.symbols = list(sizes.base)
        self.known: dict[str, str] = {}  # symbol -> the name of its size, a number

    def node(self, kind: str, inputs: Sequence[str], output: str | None = None, **attributes: Any) -> str:
        name: str = self.graph.fresh(kind.lower()) if output is None else output
        self.nodes.append(self.graph.onnx.helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def size(self, symbol: str) -> str:
        """The size as a number."""
        if symbol not in self.known:
            i, axis = self.sizes.place[symbol]
            shape = self.node("Shape", [self.graph.inputs[i][0]])
            self.known[symbol] = self.node("Gather", [shape, self.graph.constant(np.array(axis, np.int64))], axis=0)
        return self.known[symbol]

    def constant(self, name: str, values: Sequence[Any]) -> None:
        """A constant that depends on the sizes."""
        if len({value.shape for value in values}) > 1:
            self.repeated(name, values)
            return
        if self.inferred(name, values):
            return
        flat = np.stack([value.reshape(-1) for value in values])
        lines = [_line(self.points, self.symbols, column.tolist()) for column in flat.T]
        if any(line is None for line in lines) or values[0].dtype.kind not in "if":
            raise self.refusal(name, "numbers that are no straight line over the size")
        del self.graph.constants[name]
        self.lines(name, lines, values[0].shape, values[0].dtype)

    def lines(self, name: str, lines: Sequence[Any], shape: Sequence[int], dtype: Any) -> None:
        """Offsets and slopes as nodes whose result has the name."""
        kind, number = (dtype, float) if dtype.kind == "f" else (np.dtype(np.int64), int)

        def array(numbers: Sequence[Any]) -> str:
            return str(self.graph.constant(np.array([number(n) for n in numbers], kind).reshape(shape)))

        total = array([offset for offset, _ in lines])
        for symbol in self.symbols:
            slopes = [slope[symbol] for _, slope in lines]
            if any(slopes):
                size = self.size(symbol)
                if kind.kind == "f":
                    size = self.node("Cast", [size], to=self.graph.onnx.helper.np_dtype_to_tensor_dtype(kind))
                total = self.node("Add", [total, self.node("Mul", [size, array(slopes)])])
        if self.counts_from_front(name, lines):
            total = self.node("Max", [total, self.graph.constant(np.array(0, np.int64))])
        if dtype != kind:
            total = self.node("Cast", [total], to=self.graph.onnx.helper.np_dtype_to_tensor_dtype(dtype))
        self.node("Identity", [total], name)

    def counts_from_front(self, name: str, lines: Sequence[Any]) -> bool:
        """Whether it is a bound of a part that must not fall below 0, where it would count from the end."""
        base = self.points[0]
        users = [(node, i) for node in self.graph.nodes for i, given in enumerate(node.input) if given == name]
        return all(node.op_type == "Slice" and i in (1, 2) for node, i in users) and all(
            offset + sum(slopes[symbol] * base[symbol] for symbol in self.symbols) >= 0 for offset, slopes in lines
        )

    def inferred(self, name: str, values: Sequence[Any]) -> bool:
        """The one free axis of a Reshape can be left to it: then the constant says -1 there."""
        users = [(node, i) for node in self.graph.nodes for i, given in enumerate(node.input) if given == name]
        differ = np.any(np.stack(values) != values[0], axis=0)
        known = values[0][~differ]
        if any((node.op_type, i) != ("Reshape", 1) for node, i in users) or differ.sum() != 1 or (known <= 0).any():
            return False
        self.graph.constants[name] = np.where(differ, -1, values[0])
        return True

    def repeated(self, name: str, values: Sequence[Any]) -> None:
        """A constant whose shape depends on the sizes must repeat one value along these axes."""
        one = values[0]
        if len({value.ndim for value in values}) > 1:
            raise self.refusal(name, "an array whose number of axes depends on the size")
        free = [axis for axis in range(one.ndim) if len({value.shape[axis] for value in values}) > 1]
        part = one[tuple(slice(0, 1) if axis in free else slice(None) for axis in range(one.ndim))]
        if any(
            not _equal(np.ascontiguousarray(np.broadcast_to(part, v.shape)), np.ascontiguousarray(v)) for v in values
        ):
            raise self.refusal(name, "an array whose values depend on the size")
        lines = [_line(self.points, self.symbols, [v.shape[axis] for v in values]) for axis in range(one.ndim)]
        if any(line is None for line in lines):
            raise self.refusal(name, "an array whose shape is no straight line over the size")
        del self.graph.constants[name]
        shape = self.graph.fresh("shape")
        self.lines(shape, lines, (one.ndim,), np.dtype(np.int64))
        self.node("Expand", [self.graph.constant(part.copy()), shape], name)

    def refusal(self, name: str, what: str) -> NotImplementedError:
        users = sorted({node.op_type for node in self.graph.nodes if name in node.input})
        symbols = " or ".join(repr(symbol) for symbol in self.symbols)
        points = "; ".join([*[told(point) for point in self.points[:8]], *["..."] * (len(self.points) > 8)])
        return NotImplementedError(
            f"export: the size of {symbols} is built into a constant of {', '.join(users)}, {what} (compared at "
            f"{points}): the axis cannot stay free. Compute it by operations on the input, or leave it out of "
            "dynamic_axes."
        )
