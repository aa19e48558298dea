"""The flat program element by element: the array program, run on symbols that write down what happens to them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .calls import number
from .numpy_ops import FUNCTIONS
from .writer import Line, Writer, inlined

MAX_ELEMENTS = 2000  # lines of a program in scalars
LONG = 60  # characters of an expression that gets a name of its own


class Program:
    """The lines so far. Arrays are known by their elements: each of them has a name of its own."""

    def __init__(self, writer: Writer) -> None:
        self.lines: list[str] = ["import math", ""]
        self.writer = writer

    def element(self, array: str, index: tuple[int, ...], value: float, text: str) -> Symbol:
        """Writes the line of an array's element, or of a number: its array has the name already."""
        name = self.writer.unique("_".join([array, *map(str, index)])) if index else array
        self.lines.append(f"{name} = {text}")
        return Symbol(value, name, self)


class Symbol:
    """A number with the expression that it comes from. Comparisons are decided by the number: one path is written."""

    __slots__ = ("program", "text", "value")

    def __init__(self, value: float, text: str, program: Program) -> None:
        self.value, self.text, self.program = float(value), text, program

    def _named(self) -> str:
        if len(self.text) > LONG:
            name = self.program.writer.numbered("u")
            self.program.lines.append(f"{name} = {self.text}")
            self.text = name
        return self.text

    def _made(self, value: float, text: str) -> Symbol:
        return Symbol(value, text, self.program)

    def _binary(self, other: Any, sign: str, value: float, swapped: bool = False) -> Symbol:
        a, b = _operand(self), _operand(other)
        return self._made(value, f"{b} {sign} {a}" if swapped else f"{a} {sign} {b}")

    def __add__(self, other: Any) -> Any:
        return self if _is(other, 0) else self._binary(other, "+", self.value + _value(other))

    def __radd__(self, other: Any) -> Any:
        return self if _is(other, 0) else self._binary(other, "+", _value(other) + self.value, True)

    def __sub__(self, other: Any) -> Any:
        return self if _is(other, 0) else self._binary(other, "-", self.value - _value(other))

    def __rsub__(self, other: Any) -> Any:
        return self._binary(other, "-", _value(other) - self.value, True)

    def __mul__(self, other: Any) -> Any:
        return self if _is(other, 1) else self._binary(other, "*", self.value * _value(other))

    def __rmul__(self, other: Any) -> Any:
        return self if _is(other, 1) else self._binary(other, "*", _value(other) * self.value, True)

    def __truediv__(self, other: Any) -> Any:
        return self if _is(other, 1) else self._binary(other, "/", self.value / _value(other))

    def __rtruediv__(self, other: Any) -> Any:
        return self._binary(other, "/", _value(other) / self.value, True)

    def __pow__(self, other: Any) -> Any:
        return self._binary(other, "**", self.value ** _value(other))

    def __rpow__(self, other: Any) -> Any:
        return self._binary(other, "**", _value(other) ** self.value, True)

    def __neg__(self) -> Symbol:
        return self._made(-self.value, f"-{_operand(self)}")

    def __pos__(self) -> Symbol:
        return self

    def __abs__(self) -> Symbol:
        return self._made(abs(self.value), f"abs({self._named()})")

    def __float__(self) -> float:
        raise NotImplementedError("source: an operation of this graph cannot be unrolled. Use style='array'.")

    def __lt__(self, other: Any) -> bool:
        return self.value < _value(other)

    def __le__(self, other: Any) -> bool:
        return self.value <= _value(other)

    def __gt__(self, other: Any) -> bool:
        return self.value > _value(other)

    def __ge__(self, other: Any) -> bool:
        return self.value >= _value(other)

    def __eq__(self, other: object) -> bool:
        return self.value == _value(other)

    def __ne__(self, other: object) -> bool:
        return self.value != _value(other)

    __hash__ = None  # type: ignore[assignment]  # == writes code

    def conjugate(self) -> Symbol:
        return self

    def __getattr__(self, name: str) -> Any:
        """np.exp(array of objects) calls .exp() of each."""
        form = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh", "arccosh": "acosh"}
        form |= {"arctanh": "atanh"}
        function = getattr(math, form.get(name, name), None)
        if name.startswith("_") or function is None:
            raise AttributeError(name)
        return lambda: self._made(function(self.value), f"math.{form.get(name, name)}({self._named()})")


def _is(x: Any, value: float) -> bool:
    return not isinstance(x, Symbol) and x == value


def _value(x: Any) -> float:
    return x.value if isinstance(x, Symbol) else float(x)


def _operand(x: Any) -> str:
    text = x._named() if isinstance(x, Symbol) else number(float(x))
    plain = text.replace("_", "a").replace(".", "a").replace("math", "a")
    return text if plain.isalnum() or (text.startswith(("math.", "abs(")) and " " not in text) else f"({text})"


def unrolled(writer: Writer) -> str:
    """The program in scalars."""
    total = sum(a.size for a in writer.inputs.values())
    if total > MAX_ELEMENTS:
        raise ValueError(f"source: style='scalar' is for small graphs; the inputs have {total:,} elements.")
    program = Program(writer)
    space: dict[str, Any] = {**FUNCTIONS, "np": np}
    for name, array in writer.inputs.items():
        space[name] = _symbols(name, array, program) if array.dtype.kind == "f" else array
    program.lines += ["", "# forward"]
    for line in writer.forward:
        _run(line, space, program)
    program.lines += ["", "# backward"]
    for line in inlined(writer.backward):
        _run(line, space, program)
    return "\n".join([*program.lines, ""])


def _symbols(name: str, array: np.ndarray, program: Program) -> Any:
    out = np.empty(array.shape, object)
    for i in np.ndindex(array.shape):
        value = float(array[i])
        out[i] = program.element(name, i, value, number(value))
    return out if array.ndim else out[()]


def _run(line: Line, space: dict[str, Any], program: Program) -> None:
    """Runs one line of the array program on symbols, and writes down what its targets are."""
    try:
        result = eval(line.written.text, space)
    except (TypeError, AttributeError, ValueError) as error:
        raise NotImplementedError(
            f"source: `{line.targets[0]} = {line.written.text}` cannot be unrolled to scalars. Use style='array'."
        ) from error
    for target, value in zip(line.targets, result if len(line.targets) > 1 else [result], strict=True):
        array = np.array(value, dtype=object)
        for i in np.ndindex(array.shape):
            x = array[i]
            if isinstance(x, Symbol):
                array[i] = program.element(target, i, x.value, x.text)
            elif not isinstance(x, (bool, np.bool_)):
                array[i] = program.element(target, i, float(x), number(float(x)))
        space[target] = array if array.ndim else array[()]
