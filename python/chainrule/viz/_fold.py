"""Folding: modules to boxes, repetitions to one of their kind, the rest of a large graph to "more"."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass, field

from ._collect import Graph, Operation, Value
from ._modules import common

MAX_SHOWN = 80  # operations and boxes in one picture


@dataclass(eq=False)
class Box:
    """What stands in the picture as one shape: an operation, or several."""

    title: str
    members: list[Operation]
    scope: tuple[str, ...] = ()  # the open modules around it
    folded: bool = False
    note: str = ""


@dataclass
class Folded:
    boxes: list[Box]  # in the order of a backward walk
    of: dict[Operation, Box] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.of = {op: box for box in self.boxes for op in box.members}

    def shown(self, value: Value) -> bool:
        """Whether the value crosses from one box into another, or is an end of the graph."""
        if value.is_result:
            return True
        if value.producer is None and self.inside(value):
            return False
        targets = {self.of[op] for op, _ in value.consumers if op in self.of}
        if value.producer is None:
            return bool(targets)
        source = self.of.get(value.producer)
        return any(box is not source for box in targets)

    def inside(self, value: Value) -> bool:
        """Parameters, buffers and unnamed constants that folded boxes alone use belong to them."""
        own = value.trainable or value.owner is not None or (value.kind == "constant" and not value.name)
        return own and all(self.of[op].folded for op, _ in value.consumers if op in self.of)


def fold(graph: Graph, depth: int | None) -> Folded:
    """Boxes of the graph; depth: how many levels of modules stay open, None for as many as fit in a picture."""
    if depth is None:
        deepest = max((len(op.scope) - op.in_model for op in graph.operations), default=0)
        boxes = next((b for d in range(deepest, 0, -1) if len(b := _by_module(graph, d)) <= MAX_SHOWN), None)
        boxes = boxes or _by_module(graph, 0)
    else:
        boxes = _by_module(graph, depth)
    if len(boxes) > MAX_SHOWN:
        boxes = _by_repetition(boxes)
    if len(boxes) > MAX_SHOWN:
        rest = _joined("…", boxes[MAX_SHOWN - 1 :])
        boxes = [*boxes[: MAX_SHOWN - 1], rest]
    elif graph.total > len(graph.operations):
        boxes = [*boxes, Box("…", [], folded=True)]
    for box in boxes:
        if box.title == "…":
            box.note = f"{len(box.members) + graph.total - len(graph.operations):,} operations more"
        elif box.folded and not box.note:
            box.note = _contents(box)
    return Folded(boxes)


def _joined(title: str, boxes: list[Box], note: str = "") -> Box:
    """One box for several, in the innermost frame that holds them all."""
    members = [op for box in boxes for op in box.members]
    return Box(title, members, common(box.scope for box in boxes), folded=True, note=note)


def _contents(box: Box) -> str:
    """How many operations and parameters a module's box holds."""
    n = len(box.members)
    text = f"{n} operation{'s' * (n > 1)}"
    leaves = {v for op in box.members for v in op.inputs if v is not None and v.trainable and v.shape is not None}
    if leaves:
        text += f", {sum(math.prod(v.shape or ()) for v in leaves):,} parameters"
    return text


def _by_module(graph: Graph, depth: int) -> list[Box]:
    """Operations of a module deeper than depth share a box, unless a way leads out of the box and into it again."""
    boxes: list[Box] = []
    open_boxes: dict[tuple[str, ...], Box] = {}
    box_of: dict[Operation, Box] = {}
    below: dict[Operation, set[Box]] = {}  # the folded boxes that an operation's output goes to, in the end
    for operation in graph.operations:
        consumers = [op for value in operation.outputs for op, _ in value.consumers]
        reached = set().union(*(below[op] for op in consumers if op in below))
        inner = depth + operation.in_model  # the frame of the model itself is no level
        if len(operation.scope) <= inner:
            box_of[operation] = Box(operation.label, [operation], operation.scope)
            boxes.append(box_of[operation])
        else:
            path = operation.scope[: inner + 1]
            box = open_boxes.get(path)
            outside = [op for op in consumers if box_of.get(op) is not box]
            if box is None or any(box in below.get(op, ()) for op in outside):
                box = open_boxes[path] = Box(".".join(path[operation.in_model :]), [], path[:-1], folded=True)
                boxes.append(box)
            box.members.append(operation)
            box_of[operation] = box
            reached = reached | {box}
        below[operation] = reached
    return boxes


def _by_repetition(boxes: list[Box]) -> list[Box]:
    """The middle of a stretch that repeats itself becomes one box; the first and the last round stay."""
    signs: list[Hashable] = [_sign(box) for box in boxes]
    out: list[Box] = []
    at = 0
    while at < len(boxes):
        period, rounds = _period(signs, at)
        if rounds < 4:
            out.append(boxes[at])
            at += 1
            continue
        out += boxes[at : at + period]
        middle = boxes[at + period : at + period * (rounds - 1)]
        pattern = ", ".join(dict.fromkeys(box.title for box in boxes[at : at + min(period, 6)]))
        out.append(_joined(f"{rounds - 2:,} times the same", middle, pattern))
        out += boxes[at + period * (rounds - 1) : at + period * rounds]
        at += period * rounds
    return out


def _sign(box: Box) -> Hashable:
    shapes = tuple(v.shape for op in box.members[:4] for v in op.outputs)
    return (box.title.rstrip("()0123456789 "), len(box.members), shapes)


def _period(signs: list[Hashable], at: int) -> tuple[int, int]:
    """The stretch from `at` on that repeats itself most: its length, and how often it stands there."""
    best = (1, 1)
    for period in range(1, min(64, (len(signs) - at) // 4) + 1):
        end = at + period
        while end < len(signs) and signs[end] == signs[end - period]:
            end += 1
        rounds = (end - at) // period
        if rounds >= 4 and rounds * period > best[0] * best[1]:
            best = (period, rounds)
    return best
