"""Where each box and each wire goes: by Graphviz's dot where it is installed, else by grandalf."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

Point = tuple[float, float]

INCH = 72.0
MARGIN = 12.0
DOT_SECONDS = 60


@dataclass
class Place:
    """A rectangle to be placed. x, y: its centre, once it is."""

    width: float
    height: float
    round: bool = False
    scope: tuple[str, ...] = ()
    x: float = 0.0
    y: float = 0.0


@dataclass
class Layout:
    places: list[Place]
    wires: list[tuple[int, int]]
    paths: list[list[Point]] = field(default_factory=list)  # control points of cubic splines: 1 + 3n each
    frames: dict[tuple[str, ...], tuple[float, float, float, float]] = field(default_factory=dict)  # of open modules
    width: float = 0.0
    height: float = 0.0


def arrange(places: list[Place], wires: list[tuple[int, int]], direction: str) -> Layout:
    layout = Layout(places, wires)
    if shutil.which("dot"):
        _by_dot(layout, direction)
    else:
        _by_grandalf(layout, direction)
    return layout


# Graphviz


def dot_source(places: list[Place], wires: list[tuple[int, int]], direction: str) -> str:
    """The layout problem in Graphviz's language: rectangles without text."""
    lines = [
        "digraph g {",
        f"  graph [rankdir={direction}, nodesep=0.16, ranksep=0.22, margin=0, splines=true, newrank=true];",
        '  node [shape=box, fixedsize=true, label="", ordering=in]; edge [arrowhead=none];',
    ]
    for i, place in enumerate(places):
        shape = ", shape=ellipse" if place.round else ""
        size = f"width={place.width / INCH:.4f}, height={place.height / INCH:.4f}"
        lines.append(f"  n{i} [{size}{shape}];")
    lines += clusters(places, (), [0])
    out, into = (":e", ":w") if direction == "LR" else (":s", ":n")
    for a, b in wires:
        tail, head = "" if places[a].round else out, "" if places[b].round else into
        lines.append(f"  n{a}{tail} -> n{b}{head};")
    return "\n".join([*lines, "}"])


def clusters(places: list[Place], scope: tuple[str, ...], counter: list[int], named: bool = False) -> list[str]:
    """Nested subgraphs of the modules below a scope; named: with their titles, which the layout does without."""
    depth = len(scope)
    inner = {p.scope[: depth + 1] for p in places if len(p.scope) > depth and p.scope[:depth] == scope}
    lines = []
    for path in sorted(inner):
        counter[0] += 1
        comment = json.dumps(json.dumps(path))
        label = json.dumps(path[-1] if named else " ", ensure_ascii=False)
        lines.append(f"  subgraph cluster_{counter[0]} {{ graph [margin=10, label={label}, comment={comment}];")
        lines += [f"  n{i};" for i, place in enumerate(places) if place.scope == path]
        lines += [*clusters(places, path, counter, named), "  }"]
    return lines


def _by_dot(layout: Layout, direction: str) -> None:
    source = dot_source(layout.places, layout.wires, direction)
    run = subprocess.run(
        ["dot", "-Tjson"], input=source, capture_output=True, text=True, check=True, timeout=DOT_SECONDS
    )
    graph = json.loads(run.stdout)
    _, _, width, height = map(float, graph["bb"].split(","))

    def point(text: str) -> Point:
        x, y = map(float, text.split(","))
        return x + MARGIN, height - y + MARGIN

    layout.width, layout.height = width + 2 * MARGIN, height + 2 * MARGIN
    names = {}
    for item in graph.get("objects", []):
        if "nodes" in item or item["name"].startswith("cluster"):
            (x0, y0), (x1, y1) = (point(",".join(item["bb"].split(",")[k : k + 2])) for k in (0, 2))
            layout.frames[tuple(json.loads(item["comment"]))] = (x0, y1, x1, y0)
        else:
            place = layout.places[int(item["name"][1:])]
            place.x, place.y = point(item["pos"])
        names[item["_gvid"]] = item["name"]
    found: dict[tuple[str, str], list[list[Point]]] = {}
    for edge in graph.get("edges", []):
        points = [point(p) for p in edge["pos"].split(" ") if p[:2] not in ("e,", "s,")]
        found.setdefault((names[edge["tail"]], names[edge["head"]]), []).append(points)
    layout.paths = [found[f"n{a}", f"n{b}"].pop(0) for a, b in layout.wires]


# grandalf knows no frames: each is laid out by itself, inner ones first, and is then one vertex of the frame around it.
# Where a wire crosses a frame's border, the layout inside has a port: a vertex without size on the first or last rank.

Frame = tuple[str, ...]
Unit = tuple[str, Any]  # "place" and its number, "frame" and its path, "in" or "out" and the number of a wire
Column = tuple[float, float]  # where a rank begins and ends, in the direction of the wires
PAD, LABEL = 10.0, 12.0  # inside a frame: on all sides, and for its name on top


@dataclass
class _Block:
    """A frame's contents. Positions are centres, from the frame's upper left corner.

    A wire turns between columns only: through a column it keeps to its lane, so that it crosses no text.
    """

    at: dict[Unit, Point] = field(default_factory=dict)
    columns: dict[Unit, Column] = field(default_factory=dict)
    lanes: dict[tuple[Unit, Unit], list[tuple[Column, float]]] = field(default_factory=dict)
    width: float = 0.0
    height: float = 0.0


def _by_grandalf(layout: Layout, direction: str) -> None:
    flat = direction == "LR"
    blocks: dict[Frame, _Block] = {}
    inner_first = sorted(
        {p.scope[:n] for p in layout.places for n in range(len(p.scope) + 1)}, key=lambda f: (-len(f), f)
    )
    for frame in inner_first:
        sizes, edges = _units(layout, frame, blocks)
        blocks[frame] = _fit(_sugiyama(sizes, edges, flat), sizes, frame, flat)
    corner: dict[Frame, Point] = {(): (0.0, 0.0)}
    for frame in reversed(inner_first):
        block, (left, top) = blocks[frame], corner[frame]
        for (kind, which), (x, y) in block.at.items():
            if kind == "place":
                layout.places[which].x, layout.places[which].y = left + x, top + y
            elif kind == "frame":
                inner = blocks[which]
                x0, y0 = left + x - inner.width / 2, top + y - inner.height / 2
                corner[which] = (x0, y0)
                layout.frames[which] = (x0, y0, x0 + inner.width, y0 + inner.height)
    layout.width, layout.height = blocks[()].width, blocks[()].height
    layout.paths = [_curve(_stops(layout, blocks, corner, k, flat), flat) for k in range(len(layout.wires))]


def _unit(layout: Layout, i: int, frame: Frame) -> Unit:
    """What place i belongs to in this frame."""
    scope = layout.places[i].scope
    return ("place", i) if scope == frame else ("frame", scope[: len(frame) + 1])


def _units(
    layout: Layout, frame: Frame, blocks: dict[Frame, _Block]
) -> tuple[dict[Unit, tuple[float, float]], list[tuple[Unit, Unit]]]:
    """What stands in a frame, with its sizes, and the wires between."""
    depth = len(frame)
    sizes: dict[Unit, tuple[float, float]] = {}
    edges: dict[tuple[Unit, Unit], None] = {}
    for i, place in enumerate(layout.places):
        if place.scope[:depth] == frame:
            unit = _unit(layout, i, frame)
            block = blocks[unit[1]] if unit[0] == "frame" else place
            sizes[unit] = (block.width, block.height)
    for k, (a, b) in enumerate(layout.wires):
        inside = [layout.places[i].scope[:depth] == frame for i in (a, b)]
        if any(inside):
            tail: Unit = _unit(layout, a, frame) if inside[0] else ("in", k)
            head: Unit = _unit(layout, b, frame) if inside[1] else ("out", k)
            for unit in (tail, head):
                sizes.setdefault(unit, (1.0, 1.0))
            if tail != head:
                edges[tail, head] = None
    return sizes, list(edges)


def _sugiyama(sizes: dict[Unit, tuple[float, float]], edges: list[tuple[Unit, Unit]], flat: bool) -> _Block:
    try:
        from grandalf.graphs import Edge, Graph, Vertex  # pyright: ignore[reportMissingImports]  # an extra
        from grandalf.layouts import SugiyamaLayout, VertexViewer  # pyright: ignore[reportMissingImports]  # an extra
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "draw: the picture needs Graphviz's program dot, or grandalf: pip install 'chainrule[viz]'"
        ) from error
    vertices: dict[Unit, Any] = {}
    for unit, (width, height) in sizes.items():
        vertices[unit] = Vertex(unit)
        viewer: Any = VertexViewer  # its annotations are narrower than what it takes
        vertices[unit].view = viewer(*((height, width) if flat else (width, height)))  # it works downwards
    ties = _ties(list(sizes), edges)
    graph = Graph(list(vertices.values()), [Edge(vertices[a], vertices[b], data=(a, b)) for a, b in [*edges, *ties]])
    block = _Block()
    shift = 0.0
    for part in graph.C:
        sugiyama = SugiyamaLayout(part)
        sugiyama.xspace, sugiyama.yspace = 14, 28
        sugiyama.init_all([v for v in part.sV if not v.e_in()] or [next(iter(part.sV))])
        with _deep_recursion():
            sugiyama.draw(3)
        left = min(v.view.xy[0] - v.view.w / 2 for v in part.sV)
        right = max(v.view.xy[0] + v.view.w / 2 for v in part.sV)

        columns: dict[Any, Column] = {}
        for layer in sugiyama.layers:
            thick = max(v.view.h for v in layer) / 2
            columns |= {v: (v.view.xy[1] - thick, v.view.xy[1] + thick) for v in layer}
        for vertex in part.sV:
            across, along = vertex.view.xy[0] - left + shift, vertex.view.xy[1]
            block.at[vertex.data] = (along, across) if flat else (across, along)
            block.columns[vertex.data] = columns[vertex]
        for edge in part.sE:
            dummies = [v for _, v in sorted(sugiyama.ctrls.get(edge, {}).items()) if type(v).__name__ == "DummyVertex"]
            lanes = [(columns[v], v.view.xy[0] - left + shift) for v in dummies]
            block.lanes[edge.data] = sorted(lanes)
        shift += right - left + 30
    return block


@contextlib.contextmanager
def _deep_recursion() -> Iterator[None]:
    """grandalf recurses along the chain of a picture, which is longer than Python allows by itself."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, 10_000))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _ties(units: list[Unit], edges: list[tuple[Unit, Unit]]) -> list[tuple[Unit, Unit]]:
    """Edges without wires: they hold the ports of outgoing wires behind all else, and inputs near their use."""
    ahead: dict[Unit, list[Unit]] = {unit: [] for unit in units}
    behind: dict[Unit, list[Unit]] = {unit: [] for unit in units}
    for a, b in edges:
        ahead[a].append(b)
        behind[b].append(a)
    rank = dict.fromkeys(units, 0)
    missing = {unit: len(behind[unit]) for unit in units}
    ready = [unit for unit in units if not behind[unit]]
    while ready:
        unit = ready.pop()
        for other in ahead[unit]:
            rank[other] = max(rank[other], rank[unit] + 1)
            missing[other] -= 1
            if not missing[other]:
                ready.append(other)
    last = max((unit for unit in units if unit[0] in ("place", "frame")), key=rank.__getitem__)
    ties = [(last, unit) for unit in units if unit[0] == "out" and unit not in ahead[last]]
    for unit in units:
        if unit[0] == "place" and ahead[unit] and not behind[unit] and not any(missing.values()):
            use = min(ahead[unit], key=rank.__getitem__)
            if rank[use] >= 2:  # two ranks before the use, on the way that made it late
                before = max(behind[use], key=rank.__getitem__)
                ties.append((max(behind[before], key=rank.__getitem__), unit))
    return ties


def _fit(block: _Block, sizes: dict[Unit, tuple[float, float]], frame: Frame, flat: bool) -> _Block:
    """The block with its contents moved to where its frame begins, and the frame's size."""
    pad, label = (PAD, LABEL) if frame else (MARGIN, 0.0)
    lines = [y for lanes in block.lanes.values() for _, y in lanes]
    lanes_x, lanes_y = ([], lines) if flat else (lines, [])
    left = min([*(x - sizes[unit][0] / 2 for unit, (x, _) in block.at.items()), *lanes_x]) - pad
    top = min([*(y - sizes[unit][1] / 2 for unit, (_, y) in block.at.items()), *lanes_y]) - pad - label
    right = max([*(x + sizes[unit][0] / 2 for unit, (x, _) in block.at.items()), *lanes_x]) + pad
    bottom = max([*(y + sizes[unit][1] / 2 for unit, (_, y) in block.at.items()), *lanes_y]) + pad
    along, across = (left, top) if flat else (top, left)
    block.at = {unit: (x - left, y - top) for unit, (x, y) in block.at.items()}
    block.columns = {unit: (x0 - along, x1 - along) for unit, (x0, x1) in block.columns.items()}
    block.lanes = {
        edge: [((x0 - along, x1 - along), y - across) for (x0, x1), y in lanes] for edge, lanes in block.lanes.items()
    }
    block.width = max(right - left, 2 * PAD + 7.5 * len(frame[-1]) if frame else 0.0)
    block.height = bottom - top
    return block


def _stops(layout: Layout, blocks: dict[Frame, _Block], corner: dict[Frame, Point], k: int, flat: bool) -> list[Point]:
    """The points that wire k runs through: out of the frames around its start, and into those around its end.

    Here a point is how far along the wires' direction, then how far across it; the answer has x and y.
    """
    a, b = layout.wires[k]
    start, end = layout.places[a], layout.places[b]
    shared = 0
    while shared < min(len(start.scope), len(end.scope)) and start.scope[shared] == end.scope[shared]:
        shared += 1

    def turned(point: Point) -> Point:
        return point if flat else (point[1], point[0])

    def through(frame: Frame, tail: Unit, head: Unit, goal: float) -> None:
        """From where the wire is, behind the column of tail, to before that of head."""
        block, (along, across) = blocks[frame], turned(corner[frame])
        leaves, arrives = along + block.columns[tail][1], along + block.columns[head][0]
        if leaves < arrives:
            stops.append((leaves, stops[-1][1]))
            for (begins, ends), lane in block.lanes.get((tail, head), []):
                stops.extend([(along + begins, across + lane), (along + ends, across + lane)])
            stops.append((arrives, goal))

    def port(frame: Frame, unit: Unit) -> Point:
        """Where the wire crosses the frame's border."""
        block, (along, across) = blocks[frame], turned(corner[frame])
        far = turned((block.width, block.height))[0] if unit[0] == "out" else 0.0
        return along + far, across + turned(block.at[unit])[1]

    half = turned((start.width, start.height))[0] / 2
    stops = [(turned((start.x, start.y))[0] + half, turned((start.x, start.y))[1])]
    for n in range(len(start.scope), shared, -1):
        frame, out = start.scope[:n], ("out", k)
        crossing = port(frame, out)
        through(frame, _unit(layout, a, frame), out, crossing[1])
        stops.append(crossing)
    half = turned((end.width, end.height))[0] / 2
    last = (turned((end.x, end.y))[0] - half, turned((end.x, end.y))[1])
    inwards = [end.scope[:n] for n in range(shared + 1, len(end.scope) + 1)]
    goals = [*(port(frame, ("in", k)) for frame in inwards), last]
    common = start.scope[:shared]
    through(common, _unit(layout, a, common), _unit(layout, b, common), goals[0][1])
    for frame, crossing, goal in zip(inwards, goals, goals[1:]):
        stops.append(crossing)
        through(frame, ("in", k), _unit(layout, b, frame), goal[1])
    return [turned(point) for point in [*stops, last]]


def _curve(stops: list[Point], flat: bool) -> list[Point]:
    path = [stops[0]]
    for (x0, y0), (x1, y1) in pairwise(stops):
        half = ((x0 + x1) / 2, (y0 + y1) / 2)
        path += [(half[0], y0), (half[0], y1), (x1, y1)] if flat else [(x0, half[1]), (x1, half[1]), (x1, y1)]
    return path
