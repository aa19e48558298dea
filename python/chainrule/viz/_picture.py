"""The picture: boxes for operations, plates for values, wires; as SVG, DOT, PNG and GIF."""

from __future__ import annotations

import importlib
import importlib.util
import io
import json
import math
import pathlib
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np

from ._collect import Array, Gradients, Graph, Operation, Step, Value, gradients_after
from ._fold import Box, Folded
from ._layout import Layout, Place, arrange, clusters
from ._modules import Standing, common

FONT = 12.0
ADVANCE = 0.602 * FONT  # of a character of the monospaced font
LINE = 15.0
PAD = 6.0
MAX_WIRES = 3  # of a leaf: one that more operations use stands at the others by name
MAX_PIXELS = 16e6  # of a PNG: a larger picture is drawn smaller
GREEN, RED, INK, GREY, BLUE = "#1a7f37", "#cf222e", "#24292f", "#8b949e", "#0550ae"


def number(x: Any) -> str:
    """Four digits, no more."""
    if isinstance(x, (bool, np.bool_)) or np.issubdtype(np.asarray(x).dtype, np.integer):
        return str(int(x))
    text = f"{float(x) + 0.0:.4g}"  # -0 is 0
    return text.replace("-", "−")


def statistics(a: Array, head: bool) -> list[str]:
    """Lines that tell a tensor: its numbers while they are few, else shape, mean, deviation, range and norm."""
    if a.size == 1:
        return [number(a.reshape(())[()])]
    if 0 < a.size <= 24 and a.ndim <= 2 and a.shape[-1] <= 6 and (a.ndim < 2 or len(a) <= 4):
        rows = [[number(x) for x in row] for row in a.reshape(-1, a.shape[-1])]
        widths = [max(map(len, column)) for column in zip(*rows)]
        return ["[" + " ".join(x.rjust(w) for x, w in zip(row, widths)) + "]" for row in rows]
    lines = [f"{a.shape} {a.dtype}".replace(",)", ",)")] if head else []
    if a.size == 0:
        return lines or ["empty"]
    if a.dtype.kind != "f":
        return [*lines, f"{number(a.min())} … {number(a.max())}"]
    x = a.astype(np.float64)
    with np.errstate(all="ignore"):
        lines.append(f"mean {number(x.mean())}  std {number(x.std())}")
        lines.append(f"{number(x.min())} … {number(x.max())}  norm {number(np.sqrt((x * x).sum()))}")
    return lines


@dataclass
class Text:
    """What stands on a plate: lines above the wire and below it."""

    above: list[tuple[str, str, bool]] = field(default_factory=list)  # text, colour, bold
    below: list[tuple[str, str, bool]] = field(default_factory=list)

    def size(self) -> tuple[float, float]:
        width = max((len(text) for text, _, _ in self.above + self.below), default=0) * ADVANCE + 2 * PAD
        half = max(len(self.above), len(self.below), 1) * LINE + 4
        return width, 2 * half


def value_text(value: Value, state: Gradients, with_values: bool) -> Text:
    text = Text()
    if value.name:
        text.above.append((value.name, BLUE if value.trainable else INK, True))
    if value.array is not None and with_values:
        text.above += [(line, GREEN, False) for line in statistics(value.array, True)]
    elif value.shape is not None:
        text.above.append((f"{value.shape} {value.dtype}", GREY, False))
    else:
        text.above.append(("value not kept", GREY, False))
    grad = state.total.get(value)
    if grad is not None:
        mark = " …" if value in state.partial else ""
        lines = statistics(grad, False)
        text.below += [(line, RED, False) for line in [*lines[:-1], lines[-1] + mark]]
    return text


@dataclass(eq=False)
class Item:
    """A thing in the layout: a box, a value's plate, or one consumer's share of a gradient."""

    place: Place
    box: Box | None = None
    value: Value | None = None
    share: list[tuple[Operation, int]] = field(default_factory=list)  # the uses that it is of
    again: bool = False  # of a value that stands elsewhere: by its name


class Picture:
    """A drawn graph. It shows itself in notebooks; `save` writes .svg, .png, .dot or .gif."""

    def __init__(
        self, graph: Graph, folded: Folded, steps: list[Step], upto: int | None, values: bool, direction: str
    ) -> None:
        self._graph, self._folded, self._steps = graph, folded, steps
        self._upto, self._values, self._direction = upto, values, direction
        self._items, self._wires = self._build()
        self._arranged: Layout | None = None

    @property
    def n_steps(self) -> int:
        """How many nodes the backward walk visits."""
        return len(self._steps)

    def _state(self, upto: int | None) -> Gradients:
        return gradients_after(self._graph, self._steps, upto)

    def _build(self) -> tuple[list[Item], list[tuple[int, int]]]:
        final = self._state(None)
        items: list[Item] = []
        box_at: dict[Box, int] = {}
        for box in reversed(self._folded.boxes):
            box_at[box] = len(items)
            items.append(Item(_box_place(box), box=box))
        wires: list[tuple[int, int]] = []
        standing = Standing(self._graph)
        for value in self._in_reading_order():
            if not self._folded.shown(value):
                continue
            at = len(items)
            source = self._folded.of.get(value.producer) if value.producer is not None else None
            if value.kind == "output" and source is None:  # beyond what was collected
                source = next((box for box in self._folded.boxes if box.title == "…"), None)
            targets = [(op, i) for op, i in value.consumers if self._folded.of.get(op) not in (None, source)]
            targets.sort(key=lambda use: (use[0].sequence, use[1]))  # a leaf stands at its first use
            around = [(op, self._folded.of[op].scope) for op, _ in targets]
            if source is not None and value.producer is not None:
                around.append((value.producer, source.scope))
            scope = standing.of(value, around)
            width, height = value_text(value, final, self._values).size()
            items.append(Item(Place(width, height, scope=scope), value=value))
            if source is not None:
                wires.append((box_at[source], at))
            wires += self._fan_out(items, box_at, at, targets, final)
        return items, wires

    def _in_reading_order(self) -> list[Value]:
        """As a formula names them: inputs from the first to the last, then what is made of them. Layouts keep to it."""
        values: dict[Value, None] = {}
        for operation in reversed(self._graph.operations):
            values |= dict.fromkeys(v for v in operation.inputs if v is not None and v.producer is None)
            values |= dict.fromkeys(operation.outputs)
        return [*values, *(v for v in self._graph.values if v not in values)]

    def _fan_out(
        self, items: list[Item], box_at: dict[Box, int], at: int, targets: list[tuple[Operation, int]], final: Gradients
    ) -> list[tuple[int, int]]:
        """Wires to the consumers. Where there are several, each shows the gradient that it sends.

        A leaf with many consumers is wired to the first; at the others stands its name. So it does where a module uses
        a parameter that stands with another.
        """
        value, scope = items[at].value, items[at].place.scope
        named = value is not None and value.producer is None and bool(value.name)
        owned = value is not None and value.owner is not None
        boxes: dict[Box, list[tuple[Operation, int]]] = {}
        for op, i in targets:
            boxes.setdefault(self._folded.of[op], []).append((op, i))
        wires: list[tuple[int, int]] = []
        for box, uses in boxes.items():
            for part in [uses] if box.folded else [[use] for use in uses]:
                share = _sum_of(part, final)
                elsewhere = owned and box.scope[: len(scope)] != scope
                again = named and bool(wires) and (elsewhere or len(targets) > MAX_WIRES)
                if again or (share is not None and len(targets) > len(part)):
                    width, height = _share_text(share, value.name if again and value else "").size()
                    wires += [(at, len(items))] * (not again) + [(len(items), box_at[box])]
                    inner = box.scope if owned else common([scope, box.scope])
                    items.append(Item(Place(width, height, scope=inner), share=part, again=again))
                else:
                    wires.append((at, box_at[box]))
        return wires

    # Forms

    @property
    def svg(self) -> str:
        """The picture as SVG."""
        return self._svg(self._upto)

    def _repr_svg_(self) -> str:
        return self.svg

    @property
    def dot(self) -> str:
        """The graph in Graphviz's language, with labels of its own."""
        return _dot(self, self._state(self._upto))

    def png(self, scale: float = 2.0) -> bytes:
        """The picture as PNG, `scale` pixels for each of its units (fewer for a very large one)."""
        return _raster(self.svg, self._fitting(scale))

    def _fitting(self, scale: float) -> float:
        layout = self._layout()
        return min(scale, math.sqrt(MAX_PIXELS / (layout.width * layout.height)))

    def save(self, path: str | pathlib.Path, scale: float = 2.0, seconds: float = 0.8) -> None:
        """Writes the picture; the ending says how: .svg, .png, .dot, or .gif, which plays the backward walk.

        Args:
            path: the file.
            scale: of a PNG: pixels for each unit, fewer for a very large picture; of a GIF half as many.
            seconds: of a GIF: how long each step stays.

        Raises:
            ValueError: another ending.
            ModuleNotFoundError: PNG and GIF need the extra `chainrule[viz]`.
        """
        path = pathlib.Path(path)
        if path.suffix == ".svg":
            path.write_text(self.svg, encoding="utf-8")
        elif path.suffix == ".dot":
            path.write_text(self.dot, encoding="utf-8")
        elif path.suffix == ".png":
            path.write_bytes(self.png(scale))
        elif path.suffix == ".gif":
            self._save_gif(path, scale / 2, seconds)
        else:
            raise ValueError(f"Picture.save: the file must end in .svg, .png, .dot or .gif, got {path.name!r}.")

    def _save_gif(self, path: pathlib.Path, scale: float, seconds: float) -> None:
        (image,) = _extra("PIL.Image")
        shown = {op for box in self._folded.boxes for op in box.members}
        stops = [k for k, step in enumerate(self._steps, 1) if any(op.node == step.node for op in shown)]
        if len(stops) > 100:
            stops = [*stops[:: len(stops) // 100 + 1], stops[-1]]
        frames = [image.open(io.BytesIO(_raster(self._svg(k), self._fitting(scale)))).convert("P") for k in [0, *stops]]
        times = [int(1000 * seconds)] * (len(frames) - 1) + [int(3000 * seconds)]
        frames[0].save(path, save_all=True, append_images=frames[1:], duration=times, loop=0)

    def _layout(self) -> Layout:
        if self._arranged is None:
            self._arranged = arrange([item.place for item in self._items], self._wires, self._direction)
        return self._arranged

    def _svg(self, upto: int | None) -> str:
        layout, state = self._layout(), self._state(upto)
        current = None
        if upto is not None and 0 < upto <= len(self._steps):
            current = self._steps[upto - 1].node
        out = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{layout.width:.0f}" height="{layout.height:.0f}" '
            f'viewBox="0 0 {layout.width:.0f} {layout.height:.0f}" '
            f'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="{FONT:g}">',
            f'<rect width="{layout.width:.0f}" height="{layout.height:.0f}" fill="white"/>',
        ]
        for x0, y0, x1, y1 in layout.frames.values():
            out.append(
                f'<rect x="{x0:.1f}" y="{y0:.1f}" width="{x1 - x0:.1f}" height="{y1 - y0:.1f}" rx="6" '
                f'fill="#f6f8fa" fill-opacity="0.7" stroke="#d0d7de" stroke-dasharray="4 3"/>'
            )
        for points in layout.paths:
            out.append(_wire(points))
        for path, (x0, y0, _, _) in layout.frames.items():
            label = _text(x0 + 6, y0 + 14, path[-1], GREY, anchor="start")
            out.append(label.replace("<text ", '<text paint-order="stroke" stroke="#f6f8fa" stroke-width="4" ', 1))
        for item in self._items:
            out += self._draw(item, state, current)
        return "\n".join([*out, "</svg>"])

    def _draw(self, item: Item, state: Gradients, current: Any) -> list[str]:
        if item.box is not None:
            return _draw_box(item.place, item.box, state, current)
        if item.value is not None:
            text = value_text(item.value, state, self._values)
            return _draw_plate(item.place, text, item.value.kind != "output", self._direction)
        return _draw_plate(item.place, _share_of(item, state), item.again, self._direction)


def _share_of(item: Item, state: Gradients) -> Text:
    operation, i = item.share[0]
    value = operation.inputs[i]
    return _share_text(_sum_of(item.share, state), value.name if item.again and value is not None else "")


def _sum_of(uses: list[tuple[Operation, int]], state: Gradients) -> Array | None:
    """What the uses together have sent back."""
    shares = [state.share[use] for use in uses if use in state.share]
    return sum(shares[1:], shares[0]) if shares else None


def _share_text(share: Array | None, name: str) -> Text:
    text = Text([(name, GREY, True)] if name else [])
    if share is None:
        return text
    lines = statistics(share, False)
    if share.size > 1 and len(lines) > 1:
        lines = [lines[-1].partition("  ")[2]] if "  norm" in lines[-1] else lines
    text.below = [(line, RED, False) for line in lines]
    return text


def _box_place(box: Box) -> Place:
    width = (len(box.title) * ADVANCE) + 2 * PAD + 4
    if box.folded:
        width = max(width, len(box.note) * ADVANCE + 2 * PAD) + 8
        return Place(width, 50.0, scope=box.scope)
    if len(box.title) <= 4:
        return Place(38.0, 38.0, round=True, scope=box.scope)
    return Place(width + 6, 30.0, scope=box.scope)


def _text(x: float, y: float, text: str, colour: str, bold: bool = False, anchor: str = "middle") -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}"{weight} '
        f'xml:space="preserve">{escape(text)}</text>'
    )


def _wire(points: list[tuple[float, float]]) -> str:
    (x, y), rest = points[0], points[1:]
    curves = " ".join(f"{a:.1f},{b:.1f}" for a, b in rest)
    return f'<path d="M{x:.1f},{y:.1f} C{curves}" fill="none" stroke="{INK}" stroke-width="1.1"/>'


def _draw_box(place: Place, box: Box, state: Gradients, current: Any) -> list[str]:
    now = any(op.node == current for op in box.members) if current is not None else False
    done = bool(box.members) and all(op in state.done for op in box.members)
    stroke = f'stroke="{RED if done or now else INK}" stroke-width="{2.6 if now else 1.3}"'
    fill = "#fff1f0" if now else "#eef3fb" if not box.folded else "#fdf6e3"
    x, y, w, h = place.x - place.width / 2, place.y - place.height / 2, place.width, place.height
    if place.round:
        shape = f'<circle cx="{place.x:.1f}" cy="{place.y:.1f}" r="{w / 2:.1f}" fill="{fill}" {stroke}/>'
        return [shape, _text(place.x, place.y + 4.5, box.title, INK, bold=True)]
    frame = f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" rx="8" fill="{fill}" {stroke}/>'
    if not box.folded:
        return [frame, _text(place.x, place.y + 4.5, box.title, INK, bold=True)]
    behind = f'<rect x="{x + 4:.1f}" y="{y + 4:.1f}" width="{w:.1f}" height="{h:.1f}" rx="8" fill="{fill}" {stroke}/>'
    return [
        behind,
        frame,
        _text(place.x, place.y - 3, box.title, INK, bold=True),
        _text(place.x, place.y + 14, box.note, GREY),
    ]


def _line(path: str, colour: str) -> str:
    return f'<path d="{path}" stroke="{colour}" stroke-width="1.1"/>'


def _draw_plate(place: Place, text: Text, starts: bool, direction: str) -> list[str]:
    x0, x1 = place.x - place.width / 2, place.x + place.width / 2
    top = place.y if starts else place.y - place.height / 2
    down = f"M{place.x:.1f},{top:.1f} V{place.y + place.height / 2:.1f}"
    rule = f"M{x0 - 0.6:.1f},{place.y:.1f} H{x1 + 0.6:.1f}"
    if not text.above and not text.below:
        return [_line(down if direction == "TB" else rule, INK)]
    out = [_line(rule, INK)]
    if direction == "TB":
        out.append(_line(down, "#d0d7de"))
    if starts:
        out.append(f'<circle cx="{x0:.1f}" cy="{place.y:.1f}" r="2.6" fill="{INK}"/>')
    for k, (line, colour, bold) in enumerate(reversed(text.above)):
        out.append(_text(place.x, place.y - 4 - k * LINE, line, colour, bold))
    for k, (line, colour, bold) in enumerate(text.below):
        out.append(_text(place.x, place.y + FONT + 1 + k * LINE, line, colour, bold))
    return out


# DOT with text, for those who go on with Graphviz themselves


def _dot(picture: Picture, state: Gradients) -> str:
    lines = [
        "digraph chainrule {",
        f'  graph [rankdir={picture._direction}, fontname="DejaVu Sans Mono", fontsize=11, style=dashed];',
        '  node [fontname="DejaVu Sans Mono", fontsize=11]; edge [arrowsize=0.6];',
    ]
    names = {}
    for k, item in enumerate(picture._items):
        names[k] = f"n{k}"
        if item.box is not None:
            label = item.box.title + (f"\\n{item.box.note}" if item.box.folded else "")
            shape = "box3d" if item.box.folded else "ellipse"
            lines.append(f'  n{k} [shape={shape}, style=filled, fillcolor="#eef3fb", label={_quote(label)}];')
            continue
        text = Text()
        if item.value is not None:
            text = value_text(item.value, state, picture._values)
        elif item.share:
            text = _share_of(item, state)
        rows = []
        for line, colour, bold in [*text.above, *text.below]:
            content = f"<B>{escape(line)}</B>" if bold else escape(line)
            rows.append(f'<TR><TD><FONT COLOR="{colour}">{content}</FONT></TD></TR>')
        table = "".join(rows) or "<TR><TD> </TD></TR>"
        lines.append(f'  n{k} [shape=plain, label=<<TABLE BORDER="0" CELLSPACING="0">{table}</TABLE>>];')
    lines += clusters([item.place for item in picture._items], (), [0], named=True)
    lines += [f"  n{a} -> n{b};" for a, b in picture._wires]
    return "\n".join([*lines, "}"]) + "\n"


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\\\\n", "\\n")


def _extra(*names: str) -> list[Any]:
    try:
        return [importlib.import_module(name) for name in names]
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"draw: {error.name} is needed for PNG and GIF: pip install 'chainrule[viz]'"
        ) from error


def _raster(svg: str, scale: float) -> bytes:
    (resvg,) = _extra("resvg_py")
    fonts = [str(f) for f in _font_files()]
    return bytes(
        resvg.svg_to_bytes(svg_string=svg, zoom=scale, font_files=fonts or None, monospace_family="DejaVu Sans Mono")
    )


def _font_files() -> list[pathlib.Path]:
    """Matplotlib's copy of the font, for machines without fonts."""
    spec = importlib.util.find_spec("matplotlib")
    if spec is None or spec.origin is None:
        return []
    folder = pathlib.Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"
    return [f for f in (folder / "DejaVuSansMono.ttf", folder / "DejaVuSansMono-Bold.ttf") if f.exists()]
