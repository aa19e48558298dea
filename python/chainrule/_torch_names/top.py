"""What torch itself has and chainrule has not: a version to compare with, and _foreach_ functions."""

from __future__ import annotations

import multiprocessing.connection  # PyTorch loads it, and programs rely on that
import re
from typing import Any

import chainrule

from .._absent import refuse
from .._switches import (
    AbsentDtype,
    cdouble,
    cfloat,
    chalf,
    complex32,
    complex64,
    complex128,
    uint16,
    uint32,
    uint64,
)
from . import VERSION
from ._C import PyTorchFileReader as PyTorchFileReader
from ._C import PyTorchFileWriter as PyTorchFileWriter
from .futures import Future as Future


def _assert(condition: Any, message: str) -> None:
    """assert condition, message: AssertionError where it does not hold."""
    if not condition:
        raise AssertionError(message)


def _assert_async(condition: Any, message: str = "") -> None:
    """RuntimeError where the one element of a tensor is zero; at once, as there is no other device."""
    if not condition:
        raise RuntimeError(message or "Expected Tensor with single nonzero value, but got zero")


def _complex(name: str) -> Any:
    return refuse(f"torch.{name}", "There are no complex tensors.")


complex, polar, view_as_complex, view_as_real = map(_complex, ("complex", "polar", "view_as_complex", "view_as_real"))


class SymInt:
    """A class to ask for: sizes are numbers."""


class SymFloat:
    """A class to ask for: numbers are floats."""


class SymBool:
    """A class to ask for: truths are bools."""


class TorchVersion(str):
    """A version that compares by its numbers: TorchVersion("2.13.0") > "2.4"."""

    def _numbers(self) -> tuple[int, ...]:
        numbers = [int(part) for part in re.findall(r"\d+", str(self).split("+")[0])[:3]]
        return (*numbers, 0, 0, 0)[:3]

    def _other(self, other: Any) -> tuple[int, ...]:
        return TorchVersion(".".join(map(str, other)) if isinstance(other, tuple) else other)._numbers()

    def __lt__(self, other: Any) -> bool:
        return self._numbers() < self._other(other)

    def __le__(self, other: Any) -> bool:
        return self._numbers() <= self._other(other)

    def __gt__(self, other: Any) -> bool:
        return self._numbers() > self._other(other)

    def __ge__(self, other: Any) -> bool:
        return self._numbers() >= self._other(other)


__version__ = TorchVersion(VERSION)


# What the functions for lists call otherwise than the methods do, and options that may hold one number for each tensor.
_KEYWORDS = {"ord": "p", "scalars": "value", "weights": "weight"}
_EACH = ("value", "weight")


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple)) or (isinstance(value, chainrule.Tensor) and value.ndim == 1)


def _method(operation: str) -> Any:
    """The Tensor method of that name; where only the plain form is one, a function that writes its result."""
    found = getattr(chainrule.Tensor, operation, None)
    plain = getattr(chainrule.Tensor, operation.removesuffix("_"), None)
    if found is not None or plain is None:
        return found
    return lambda tensor, *others, **options: tensor.copy_(plain(tensor, *others, **options))


def __getattr__(name: str) -> Any:
    """_foreach_add_(tensors, others) and its sisters: a Tensor method on each tensor of a list. Classes of jit."""
    if name in ("ScriptFunction", "ScriptModule"):
        return getattr(chainrule.jit, name)
    operation = name.removeprefix("_foreach_")
    method = _method(operation)
    if operation == name or method is None:
        raise AttributeError(name)

    def each(tensors: Any, *others: Any, **options: Any) -> Any:
        if operation.rstrip("_") in ("addcdiv", "addcmul") and len(others) == 3:
            options["value"] = others[2]
            others = others[:2]
        given = {_KEYWORDS.get(key, key): value for key, value in options.items()}
        columns = [other if isinstance(other, (list, tuple)) else [other] * len(tensors) for other in others]
        results = []
        for i, tensor in enumerate(tensors):
            named = {key: value[i] if key in _EACH and _is_list(value) else value for key, value in given.items()}
            results.append(method(tensor, *(column[i] for column in columns), **named))
        return None if name.endswith("_") else results

    each.__name__ = name
    return each


# Dtypes that no tensor has, which programs put into tables: the largest number, the least normal one, and epsilon.
_FLOAT8 = {
    "float8_e4m3fn": (448.0, 2.0**-6, 2.0**-3),
    "float8_e4m3fnuz": (240.0, 2.0**-7, 2.0**-3),
    "float8_e5m2": (57344.0, 2.0**-14, 2.0**-2),
    "float8_e5m2fnuz": (57344.0, 2.0**-15, 2.0**-2),
}
for _name in _FLOAT8:
    globals()[_name] = AbsentDtype(_name, 1)
del _name


class finfo(chainrule.finfo):
    """chainrule.finfo, which knows the limits of float8 as well."""

    def __init__(self, type: Any = None) -> None:
        name = getattr(type, "name", str(type).rsplit(".", 1)[-1])
        if name not in _FLOAT8:
            super().__init__(type)
            return
        self.dtype, self.bits = name, 8
        self.max, self.tiny, self.eps = _FLOAT8[name]
        self.min, self.smallest_normal, self.resolution = -self.max, self.tiny, 1.0
