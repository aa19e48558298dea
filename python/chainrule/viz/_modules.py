"""Which module each operation ran in, and the frame in which each value stands.

A scope is a string on a tape, "Net > body > 0 (2)": the class of the model that runs, and the modules that run in it,
each by its path from the one before, with a number from its second call on. It is "" outside of the model. Without a
name before the first mark the module ran by itself, not as a part of the model. In the picture it is a tuple of frames.
A list of modules is never called, so it has no frame: its first module is "layers.0".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from .. import _core
from ._collect import Graph, Operation, Value

Frames = tuple[str, ...]
MARK = " > "


class Calls:
    """Names the calls of modules as they begin and end.

    A module is named from the innermost module that runs and holds it. A module in several places has several paths.
    """

    def __init__(self, paths: dict[Any, list[str]], title: str) -> None:
        self._paths, self._title = paths, title
        self._running: list[tuple[str, str]] = [("", "")]  # path and scope, outermost first
        self._counts: dict[str, int] = {}
        self.path_of = {"": ""}  # of the module behind each scope

    @property
    def scope(self) -> str:
        return self._running[-1][1]

    def enter(self, module: Any) -> None:
        paths = self._paths[module]
        if "" in paths and len(self._running) > 1:  # the model calls itself: one frame for both
            path, scope = self._running[-1]
        elif "" in paths:
            path, scope = "", self._numbered(self._title)
        else:
            path, (holder, around) = next(
                (path, holder)
                for holder in reversed(self._running)
                for path in paths
                if not holder[0] or f"{path}.".startswith(f"{holder[0]}.")
            )
            inner = path[len(holder) :].removeprefix(".") or path.rpartition(".")[2]  # it calls itself
            scope = self._numbered(around + MARK + inner)
        self.path_of[scope] = path
        self._running.append((path, scope))

    def leave(self) -> None:
        self._running.pop()

    def clear(self) -> None:
        """Nothing runs any more."""
        del self._running[1:]

    def _numbered(self, place: str) -> str:
        self._counts[place] = self._counts.get(place, 0) + 1
        return place if self._counts[place] == 1 else f"{place} ({self._counts[place]})"


def paths_of(model: Any) -> dict[Any, list[str]]:
    """All places of each module in the model."""
    paths: dict[Any, list[str]] = {}
    for path, module in model.named_modules(remove_duplicate=False):
        paths.setdefault(module, []).append(path)
    return paths


def place_in_modules(graph: Graph, models: dict[str, Any]) -> None:
    """Each operation's frames: the module that was recorded, else the call that is in the log of calls.

    A call that has left the log is told by the parameters that its operations use.
    """
    paths: dict[Any, list[str]] = {}
    title = ""
    for name, model in models.items():
        title = type(model).__name__
        for module, own in paths_of(model).items():
            paths.setdefault(module, []).extend(".".join(filter(None, [name, path])) for path in own)
    logged, since = _logged(graph, Calls(paths, title))
    for operation in graph.operations:
        operation.scope, operation.in_model = _frames(operation.node.scope or logged.get(operation, ""))
    seen = any(operation.scope for operation in graph.operations)
    for operation in graph.operations:
        if not operation.scope and (not seen or operation.sequence < since):
            owners = [v.name.rpartition(".")[0] for v in operation.inputs if v is not None and v.trainable]
            owner = next((name for name in owners if name), "")
            operation.scope = tuple(owner.split(".")) if owner else ()


def _frames(scope: str) -> tuple[Frames, bool]:
    model, *inner = scope.split(MARK)
    return ((model, *inner) if model else tuple(inner)), bool(model)


def _logged(graph: Graph, calls: Calls) -> tuple[dict[Operation, str], int]:
    """The scopes of the operations that logged calls made, and the number from which on the log knows all."""
    log, since = _core.module_calls()
    known = {id(module): module for module in calls._paths}
    operations = sorted(graph.operations, key=lambda op: op.sequence)
    spans = [(begin, -end, -i, known[key]) for i, (key, begin, end) in enumerate(log) if key in known]
    waiting = sorted(
        spans, key=lambda span: span[:3], reverse=True
    )  # of calls with the same nodes the outer ended last
    ends: list[int] = []
    scopes = {}
    for operation in operations:
        at = operation.sequence
        while ends and ends[-1] <= at:
            ends.pop()
            calls.leave()
        while waiting and waiting[-1][0] <= at:
            _, minus_end, _, module = waiting.pop()
            if -minus_end > at:  # else none of its nodes is in this graph
                calls.enter(module)
                ends.append(-minus_end)
        scopes[operation] = calls.scope
    return scopes, since


# Where values stand


def common(scopes: Iterable[Frames]) -> Frames:
    """The innermost frame that holds all of these."""
    first, *others = list(scopes) or [()]
    for scope in others:
        n = 0
        while n < min(len(first), len(scope)) and first[n] == scope[n]:
            n += 1
        first = first[:n]
    return first


class Standing:
    """The frame in which a value's plate stands, by what is around it.

    A parameter stands with its module, at its first use. What comes from outside stands outside, and what leaves a
    module stands outside of it.
    """

    def __init__(self, graph: Graph) -> None:
        self._first: dict[Frames, Operation] = {}
        for operation in sorted(graph.operations, key=lambda op: op.sequence):
            for depth in range(len(operation.scope) + 1):
                self._first.setdefault(operation.scope[:depth], operation)

    def of(self, value: Value, around: Sequence[tuple[Operation, Frames]]) -> Frames:
        """around: the operations that make and use it, with the frames that are drawn around each."""
        if value.is_result or not around:
            return ()
        if value.kind == "output":
            return common(scope for _, scope in around)
        if value.owner is not None:
            operation, scope = min(around, key=lambda use: use[0].sequence)
            return _owned(scope, operation.in_model, value.owner)
        if value.name:
            return ()
        if value.array is not None and value.array.size == 1:
            return common(scope for _, scope in around)
        return common(self._entry(operation)[: len(scope)] for operation, scope in around)

    def _entry(self, operation: Operation) -> Frames:
        """Where a nameless input of the operation comes from: a module was given what its first operation takes."""
        depth = len(operation.scope)
        while depth and self._first[operation.scope[:depth]] is operation:
            depth -= 1
        return operation.scope[:depth]


def _owned(scope: Frames, in_model: bool, owner: str) -> Frames:
    """The outer frames of a use that are those of the owner, too."""
    n, above, last = int(in_model), f"{owner}.", ""
    while n < len(scope):
        name = re.sub(r" \(\d+\)$", "", scope[n]) + "."
        if above.startswith(name):
            above, last = above[len(name) :], name
        elif name != last:  # else the module calls itself
            break
        n += 1
    return scope[:n]
