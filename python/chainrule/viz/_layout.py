"""Where each box and each wire goes: by Graphviz's dot where it is installed, else by grandalf."""

from __future__ import annotations

import json
import shutil
import subprocess
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
        '  node [shape=box, fixedsize=true, label=""]; edge [arrowhead=none];',
    ]
    for i, place in enumerate(places):
        shape = ", shape=ellipse" if place.round else ""
        size = f"width={place.width / INCH:.4f}, height={place.height / INCH:.4f}"
        lines.append(f"  n{i} [{size}{shape}];")
    lines += _clusters(places, (), [0])
    out, into = (":e", ":w") if direction == "LR" else (":s", ":n")
    for a, b in wires:
        tail, head = "" if places[a].round else out, "" if places[b].round else into
        lines.append(f"  n{a}{tail} -> n{b}{head};")
    return "\n".join([*lines, "}"])


def _clusters(places: list[Place], scope: tuple[str, ...], counter: list[int]) -> list[str]:
    """Nested subgraphs of the modules below a scope."""
    depth = len(scope)
    inner = {p.scope[: depth + 1] for p in places if len(p.scope) > depth and p.scope[:depth] == scope}
    lines = []
    for path in sorted(inner):
        counter[0] += 1
        comment = json.dumps(json.dumps(path))
        lines.append(f'  subgraph cluster_{counter[0]} {{ graph [margin=10, label=" ", comment={comment}];')
        lines += [f"  n{i};" for i, place in enumerate(places) if place.scope == path]
        lines += [*_clusters(places, path, counter), "  }"]
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


# grandalf


def _by_grandalf(layout: Layout, direction: str) -> None:
    try:
        from grandalf.graphs import Edge, Graph, Vertex  # pyright: ignore[reportMissingImports]
        from grandalf.layouts import SugiyamaLayout, VertexViewer  # pyright: ignore[reportMissingImports]
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "draw: the picture needs Graphviz's program dot, or grandalf: pip install 'chainrule[viz]'"
        ) from error
    flat = direction == "LR"  # grandalf works downwards: swap the axes
    vertices = []
    for place in layout.places:
        vertex: Any = Vertex(place)
        viewer: Any = VertexViewer  # its annotations are narrower than what it takes
        vertex.view = viewer(*((place.height, place.width) if flat else (place.width, place.height)))
        vertices.append(vertex)
    edges = [Edge(vertices[a], vertices[b], data=k) for k, (a, b) in enumerate(layout.wires)]
    bends: dict[int, list[Point]] = {}
    shift = 0.0
    for part in Graph(vertices, edges).C:
        sugiyama = SugiyamaLayout(part)
        sugiyama.xspace, sugiyama.yspace = 14, 20
        sugiyama.init_all(roots=[v for v in part.sV if not v.e_in()])
        sugiyama.draw(3)
        left = min(v.view.xy[0] - v.view.w / 2 for v in part.sV)
        right = max(v.view.xy[0] + v.view.w / 2 for v in part.sV)
        for vertex in part.sV:
            x, y = vertex.view.xy
            across = x - left + shift
            vertex.data.x, vertex.data.y = (y, across) if flat else (across, y)
        for edge in part.sE:
            middle = [v.view.xy for _, v in sorted(sugiyama.ctrls.get(edge, {}).items()) if _is_dummy(v)]
            bends[edge.data] = [(y, x - left + shift) if flat else (x - left + shift, y) for x, y in middle]
        shift += right - left + 30
    _finish(layout, bends, flat)


def _is_dummy(vertex: Any) -> bool:
    return type(vertex).__name__ == "DummyVertex"


def _finish(layout: Layout, bends: dict[int, list[Point]], flat: bool) -> None:
    """Moves all to positive coordinates, and draws the wires through their bends."""
    left = min(p.x - p.width / 2 for p in layout.places) - MARGIN
    top = min(p.y - p.height / 2 for p in layout.places) - MARGIN
    for place in layout.places:
        place.x, place.y = place.x - left, place.y - top
    layout.width = max(p.x + p.width / 2 for p in layout.places) + MARGIN
    layout.height = max(p.y + p.height / 2 for p in layout.places) + MARGIN
    for k, (a, b) in enumerate(layout.wires):
        start, end = layout.places[a], layout.places[b]
        middle = [(x - left, y - top) for x, y in bends.get(k, [])]
        if flat:
            stops = [(start.x + start.width / 2, start.y), *sorted(middle), (end.x - end.width / 2, end.y)]
        else:
            below = sorted(middle, key=lambda p: p[1])
            stops = [(start.x, start.y + start.height / 2), *below, (end.x, end.y - end.height / 2)]
        path = [stops[0]]
        for (x0, y0), (x1, y1) in pairwise(stops):
            half = ((x0 + x1) / 2, (y0 + y1) / 2)
            path += [(half[0], y0), (half[0], y1), (x1, y1)] if flat else [(x0, half[1]), (x1, half[1]), (x1, y1)]
        layout.paths.append(path)
