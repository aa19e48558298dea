"""What a template takes and gives, and how values are written. TEMPLATES holds them by the operation's name."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class Call:
    """One operation to be written down."""

    op: str
    x: list[str | None]  # the inputs' expressions; None: not given
    attributes: dict[str, Any]
    shapes: list[tuple[int, ...] | None]
    strides: list[tuple[int, ...] | None]
    dtypes: list[str]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.attributes[name]
        except KeyError:
            raise AttributeError(name) from None


@dataclass
class Written:
    """An expression; atomic where it binds tighter than any operator."""

    text: str
    atomic: bool = False


Template = Callable[[Call], Written]
TEMPLATES: dict[str, Template] = {}


def wrapped(text: str | None) -> str:
    """An operand: in brackets unless it is a name, a number or a call."""
    text = str(text)
    if text.replace("_", "a").replace(".", "a").isalnum():
        return text
    depth = 0
    for k, c in enumerate(text):
        depth += c in "([{"
        depth -= c in ")]}"
        if depth == 0 and k + 1 < len(text) and not (c.isalnum() or c in "_.)]") and text[0] not in "([":
            return f"({text})"
    return text if text[0].isalpha() and text[-1] in ")]" and " " not in _outside(text) else f"({text})"


def _outside(text: str) -> str:
    """The characters outside of all brackets."""
    out, depth = "", 0
    for c in text:
        depth -= c in ")]}"
        out += c if depth == 0 else ""
        depth += c in "([{"
    return out


def infix(form: str) -> Template:
    return lambda c: Written(form.format(*map(wrapped, c.x), **c.attributes))


def call(form: str) -> Template:
    """Operands are arguments: no brackets."""
    return lambda c: Written(form.format(*c.x, **{k: literal(v) for k, v in c.attributes.items()}), True)


def literal(value: Any) -> str:
    if isinstance(value, float):
        return number(value)
    return repr(value)


def number(value: float) -> str:
    if math.isnan(value):
        return "np.nan"
    if math.isinf(value):
        return "np.inf" if value > 0 else "-np.inf"
    return repr(value)


def bits(value: int) -> tuple[int, ...]:
    return tuple(d for d in range(32) if value >> d & 1)


def one(axes: tuple[int, ...]) -> str:
    return str(axes[0]) if len(axes) == 1 else str(axes)


def template(*names: str) -> Callable[[Template], Template]:
    def add(f: Template) -> Template:
        for name in names:
            TEMPLATES[name] = f
        return f

    return add


def dtype_name(dtype: Any) -> str:
    name = str(dtype).rpartition(".")[2]
    if name == "bfloat16":
        raise TypeError("source: NumPy has no bfloat16. Convert the tensors with .float().")
    return "bool" if name == "bool" else f"np.{name}"


def geometry(c: Call) -> str:
    """Where windows lie, as arguments."""
    return f"kernel={c.kernel}, stride={c.stride}, dilation={c.dilation}, pad={c.pad}, out={c.out}"
