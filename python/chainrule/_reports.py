"""Tables about a model and about a run: summary, profile."""

from __future__ import annotations

import json
import math
import os
import pathlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from . import _core
from .viz import record

Tensor = _core.Tensor

__all__ = ["Profile", "Summary", "profile", "summary"]


# summary


@dataclass
class Layer:
    """One line of a summary. What counts is inclusive: a module's own and its submodules'."""

    name: str
    kind: str
    depth: int
    output: str = "never called"
    parameters: int = 0
    multiply_adds: int = 0
    saved_bytes: int = 0
    calls: int = 0


@dataclass
class Summary:
    """A model, layer by layer; print it."""

    layers: list[Layer] = field(default_factory=list)
    parameters: int = 0
    trainable: int = 0
    multiply_adds: int = 0
    saved_bytes: int = 0

    def __repr__(self) -> str:
        rows = [("layer", "output", "parameters", "multiply-adds", "saved")]
        for x in self.layers:
            name = "  " * x.depth + (f"{x.name.rpartition('.')[2]} ({x.kind})" if x.name else x.kind)
            calls = f" x{x.calls}" if x.calls > 1 else ""
            rows.append((name, x.output + calls, f"{x.parameters:,}", f"{x.multiply_adds:,}", size(x.saved_bytes)))
        widths = [max(len(row[k]) for row in rows) for k in range(5)]
        lines = [
            "  ".join(text.ljust(w) if k < 2 else text.rjust(w) for k, (text, w) in enumerate(zip(row, widths)))
            for row in rows
        ]
        rule = "-" * (sum(widths) + 8)
        frozen = self.parameters - self.trainable
        total = f"{self.parameters:,} parameters" + (f", {frozen:,} of them frozen" if frozen else "")
        end = f"{total}; {self.multiply_adds:,} multiply-adds; {size(self.saved_bytes)} saved for backward"
        return "\n".join([lines[0], rule, *lines[1:], rule, end])


def size(n: int) -> str:
    """Bytes as people read them."""
    x = float(n)
    for unit in ("B", "KB", "MB", "GB"):
        if x < 1024:
            return f"{x:.0f} {unit}" if unit == "B" else f"{x:.1f} {unit}"
        x /= 1024
    return f"{x:.1f} TB"


def summary(model: Any, input: Any) -> Summary:
    """Layers, output shapes, parameters, multiply-adds, and bytes that forward saves for backward.

    The model runs once on the input, in its present mode; its buffers and the random numbers are as before afterwards.
    Multiply-adds are those of matrix products and convolutions. Saved are the values that the graph keeps beside
    parameters and the input, each memory once, under the module that ran when it was first kept.

    Args:
        model: a Module.
        input: a tensor, a tuple of tensors, or a shape, for which zeros are taken.

    Returns:
        A Summary, which prints as a table; .layers, .parameters, .multiply_adds and .saved_bytes are its numbers.

    Example:
        >>> import chainrule as cr
        >>> model = cr.nn.Sequential(cr.nn.Linear(20, 50), cr.nn.ReLU(), cr.nn.Linear(50, 10))
        >>> cr.summary(model, (32, 20))
        layer         output    parameters  multiply-adds   saved
        ---------------------------------------------------------
        Sequential    (32, 10)       1,560         48,000  6.2 KB
          0 (Linear)  (32, 50)       1,050         32,000     0 B
          1 (ReLU)    (32, 50)           0              0  6.2 KB
          2 (Linear)  (32, 10)         510         16,000     0 B
        ---------------------------------------------------------
        1,560 parameters; 48,000 multiply-adds; 6.2 KB saved for backward
    """
    if isinstance(input, Tensor):
        inputs: tuple[Any, ...] = (input,)
    elif isinstance(input, (tuple, list)) and all(isinstance(n, int) for n in input):
        inputs = (_core.zeros(tuple(input)),)
    else:
        inputs = tuple(input)
    layers = {m: Layer(path, type(m).__name__, path.count(".") + bool(path)) for path, m in model.named_modules()}
    for module, layer in layers.items():
        layer.parameters = sum(p.numel() for p in module.parameters())
    tape = _core.Tape(entries=True, values=True)
    watched = record(model, _tape=tape)
    result = _run(model, inputs, watched, layers)
    by_path = {path: layers[module] for path, module in model.named_modules(remove_duplicate=False)}
    by_scope = {scope: [by_path[p] for p in _and_above(path)] for scope, path in watched._calls.path_of.items()}
    _count(tape.entries, by_scope, [*model.parameters(), *(x for x in inputs if isinstance(x, Tensor))])
    del result
    root = layers[model]
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return Summary(list(layers.values()), root.parameters, trainable, root.multiply_adds, root.saved_bytes)


def _and_above(path: str) -> list[str]:
    """The path of a module, and those of all modules that hold it."""
    names = path.split(".") if path else []
    return [".".join(names[:k]) for k in range(len(names) + 1)]


def _run(model: Any, inputs: tuple[Any, ...], watched: record, layers: dict[Any, Layer]) -> Any:
    def note(module: Any, args: Any, output: Any) -> None:
        layers[module].output, layers[module].calls = _shapes(output), layers[module].calls + 1

    handles = [module.register_forward_hook(note) for module in layers]
    buffers = [(b, b.detach().clone()) for b in model.buffers()]
    state = _core.get_rng_state()
    try:
        with watched:
            return model(*inputs)
    finally:
        for handle in handles:
            handle.remove()
        _core.set_rng_state(state)
        for buffer, before in buffers:
            buffer.detach().copy_(before)


def _shapes(output: Any) -> str:
    if isinstance(output, Tensor):
        return str(tuple(output.shape))
    if isinstance(output, (tuple, list)):
        return ", ".join(filter(None, map(_shapes, output)))
    return ""


def _count(entries: Sequence[Any], by_scope: dict[str, list[Layer]], known: list[Any]) -> None:
    """Adds up the entries under their modules and all modules around them."""
    seen = {tensor.untyped_storage().data_ptr() for tensor in known}
    for entry in entries:
        if entry.kind != "operation":
            continue
        kept = dict(entry.node.saved_storages) if entry.node is not None else {}
        saved = sum(kept[address] for address in kept.keys() - seen)
        seen |= kept.keys()
        adds = multiply_adds(entry)
        for layer in by_scope[entry.scope]:
            layer.multiply_adds += adds
            layer.saved_bytes += saved


def multiply_adds(entry: Any) -> int:
    """Of a matrix product or a convolution; 0 for what else there is."""
    name = entry.op
    shapes: list[tuple[int, ...]] = [() if t is None else tuple(t.shape) for t in entry.inputs]
    out = math.prod(entry.outputs[0].shape) if entry.outputs else 0
    if name in ("mm", "bmm"):
        return out * shapes[0][-2 if entry.attributes["transpose_a"] else -1]
    if name == "linear":
        return out * shapes[1][-1]
    if name in ("mv", "dot"):
        return math.prod(shapes[0])
    if name == "conv":
        return out * math.prod(shapes[1][1:])
    if name == "conv_transpose":
        return math.prod(shapes[0]) * math.prod(shapes[1][1:])
    if name.removesuffix("_cell") in ("rnn_tanh", "rnn_relu", "lstm", "gru"):
        rows = math.prod(shapes[0][:-1])
        weights = [shapes[i] for i in (1, 2, 5) if entry.inputs[i] is not None]  # the last is the projection's
        return rows * sum(map(math.prod, weights))
    return 0


# profile


@dataclass
class Timing:
    """One operation: how often it ran, and for how long."""

    name: str
    forward_calls: int = 0
    forward_ns: int = 0
    backward_calls: int = 0
    backward_ns: int = 0

    @property
    def total_ns(self) -> int:
        return self.forward_ns + self.backward_ns


class Profile:
    """Times of a run, by operation; print it."""

    def __init__(self, entries: Sequence[Any]) -> None:
        self.timings: dict[str, Timing] = {}
        self._spans: list[tuple[str, str, int, int]] = []
        walks = [(e.start, e.end) for e in entries if e.kind == "end"]
        for entry in entries:
            row = self.timings.setdefault(entry.op, Timing(entry.op))
            if entry.kind == "end":
                row.backward_calls += 1
                row.backward_ns += entry.end - entry.start
                self._spans.append((entry.grad_name, "backward", entry.start, entry.end))
        walks.sort()
        at = 0
        for entry in entries:
            if entry.kind != "operation":
                continue
            while at < len(walks) and walks[at][1] < entry.start:
                at += 1
            inside = at < len(walks) and walks[at][0] <= entry.start
            self._spans.append((entry.op, "inside backward" if inside else "forward", entry.start, entry.end))
            if not inside:
                row = self.timings[entry.op]
                row.forward_calls += 1
                row.forward_ns += entry.end - entry.start
        self.timings = {k: t for k, t in self.timings.items() if t.forward_calls or t.backward_calls}

    @property
    def total_seconds(self) -> float:
        """The time inside operations, forward and backward."""
        return sum(t.total_ns for t in self.timings.values()) / 1e9

    def table(self, limit: int = 30) -> str:
        """The operations that took longest, in milliseconds."""
        rows = sorted(self.timings.values(), key=lambda t: -t.total_ns)
        total = sum(t.total_ns for t in rows) or 1
        width = max([len(t.name) for t in rows[:limit]] + [9])
        head = f"{'operation':<{width}}{'forward ms':>12}{'calls':>8}{'backward ms':>13}{'calls':>8}{'share':>8}"
        lines = [head, "-" * len(head)]
        for t in rows[:limit]:
            lines.append(
                f"{t.name:<{width}}{t.forward_ns / 1e6:>12.3f}{t.forward_calls:>8}{t.backward_ns / 1e6:>13.3f}"
                f"{t.backward_calls:>8}{t.total_ns / total:>8.1%}"
            )
        if len(rows) > limit:
            lines.append(f"... and {len(rows) - limit} more")
        forward, backward = sum(t.forward_ns for t in rows), sum(t.backward_ns for t in rows)
        lines.append(f"in all: forward {forward / 1e6:.3f} ms, backward {backward / 1e6:.3f} ms")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.table()

    def export_chrome_trace(self, path: str | pathlib.Path) -> None:
        """Write the run as JSON for a trace viewer (chrome://tracing, ui.perfetto.dev)."""
        thread, process = threading.get_native_id(), os.getpid()
        events = [
            {
                "name": name,
                "cat": kind,
                "ph": "X",
                "ts": start / 1e3,
                "dur": (end - start) / 1e3,
                "pid": process,
                "tid": thread,
            }
            for name, kind, start, end in sorted(self._spans, key=lambda s: s[2])
        ]
        pathlib.Path(path).write_text(json.dumps({"traceEvents": events, "displayTimeUnit": "ms"}), encoding="utf-8")


class profile:
    """A context that times each operation of this thread, forward and backward.

    Operations of a model's forward pass count as forward; a node's gradient rule, with all that it runs, as backward.

    Example:
        >>> import chainrule as cr
        >>> w = cr.randn(50, 50, requires_grad=True)
        >>> with cr.profile() as p:
        ...     (w @ w).sum().backward()
        >>> print(p)  # doctest: +SKIP
        >>> p.export_chrome_trace("trace.json")  # doctest: +SKIP
        >>> sorted(p.timings)
        ['mm', 'sum']
    """

    timings: dict[str, Timing]

    def __init__(self) -> None:
        self._tape = _core.Tape(entries=True, values=False)
        self._profile: Profile | None = None

    def __enter__(self) -> profile:
        self._tape.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._tape.stop()
        self._profile = Profile(self._tape.entries)
        self._tape.clear()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or self._profile is None:
            raise AttributeError(f"profile: {name} is there after the `with` block has ended.")
        return getattr(self._profile, name)

    def __repr__(self) -> str:
        return "profile: still running" if self._profile is None else repr(self._profile)
