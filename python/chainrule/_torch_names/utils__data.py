"""What torch.utils.data has beside chainrule.utils.data: pipes as classes to derive from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from chainrule.utils.data import Dataset, IterableDataset

Kind = TypeVar("Kind", bound=type)


class _Pipe:
    functions: ClassVar[dict[str, Any]] = {}

    def __getattr__(self, name: str) -> Any:
        if name in type(self).functions:
            kind = type(self).functions[name]
            return lambda *args, **kwargs: kind(self, *args, **kwargs)
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")


class IterDataPipe(_Pipe, IterableDataset):
    """An iterable data set that names its successors: pipe.batch(4) where "batch" is registered."""

    functions: ClassVar[dict[str, Any]] = {}


class MapDataPipe(_Pipe, Dataset):
    """A data set with indices that names its successors."""

    functions: ClassVar[dict[str, Any]] = {}


class functional_datapipe:
    """Decorator: objects of the class are made by the method `name` of a pipe."""

    def __init__(self, name: str, enable_df_api_tracing: bool = False) -> None:
        self.name = name

    def __call__(self, kind: Kind) -> Kind:
        base: Any = IterDataPipe if issubclass(kind, IterDataPipe) else MapDataPipe
        base.functions[self.name] = kind
        return kind


def guaranteed_datapipes_determinism(value: Any = None) -> Any:
    """Nothing to use in a with-statement."""
    import contextlib

    return contextlib.nullcontext()


def argument_validation(function: Callable[..., Any]) -> Callable[..., Any]:
    """The argument itself."""
    return function


runtime_validation = argument_validation
