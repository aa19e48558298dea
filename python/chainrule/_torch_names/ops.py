"""torch.ops: operations by namespace: in `aten` chainrule's functions, in others what was registered."""

from __future__ import annotations

from typing import Any

import chainrule
from chainrule import library


class _Overload:
    """A function by PyTorch's inner name, aten.NAME.OVERLOAD; what chainrule has not fails when it is called."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        plain = self.__name__.split(".")[0]
        found = getattr(chainrule, plain, None) or getattr(chainrule.Tensor, plain, None)
        if found is None:
            raise AttributeError(f"chainrule has no torch.ops.aten.{self.__name__}")
        return found(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<aten.{self.__name__}>"


class _Packet(_Overload):
    def __getattr__(self, name: str) -> _Overload:
        if name.startswith("__"):
            raise AttributeError(name)
        found = self.__dict__[name] = _Overload(f"{self.__name__}.{name}")
        return found


class Namespace:
    """The operations registered under one name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        found = library.operations.get(f"{self._name}::{name}")
        if found is None:
            raise AttributeError(f"chainrule has no torch.ops.{self._name}.{name}")
        return found


class _Aten(Namespace):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = self.__dict__[name] = _Packet(name)
        return found


aten = _Aten("aten")
prims = Namespace("prims")


def load_library(path: Any) -> None:
    """Raises OSError: libraries for PyTorch cannot be loaded here."""
    raise OSError(f"torch.ops.load_library: {path} is a library for PyTorch, which chainrule cannot load.")


_namespaces: dict[str, Namespace] = {}


def __getattr__(name: str) -> Namespace:
    if name.startswith("__"):
        raise AttributeError(name)
    return _namespaces.setdefault(name, Namespace(name))
