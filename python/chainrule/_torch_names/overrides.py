"""torch.overrides: classes that are no tensors and answer for functions, by __torch_function__.

chainrule asks them where a function's arguments fit none of its signatures; a subclass of Tensor is not asked.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import chainrule


def _own(value: Any) -> Any:
    return None if isinstance(value, chainrule.Tensor) else getattr(type(value), "__torch_function__", None)


def has_torch_function(relevant_args: Any) -> bool:
    """Whether one of the arguments answers for functions itself."""
    return any(_own(value) is not None for value in relevant_args)


def has_torch_function_unary(value: Any) -> bool:
    """The same of one argument."""
    return _own(value) is not None


def has_torch_function_variadic(*values: Any) -> bool:
    """The same of arguments given one by one."""
    return has_torch_function(values)


def is_tensor_like(inp: Any) -> bool:
    """Whether it is a tensor or answers for functions as one."""
    return isinstance(inp, chainrule.Tensor) or _own(inp) is not None


class TorchFunctionMode:
    """A base for with-statements through which PyTorch sends every function. Here a function cannot be intercepted.

    Raises:
        RuntimeError: at the with-statement, so that no program goes on without what it asked for.
    """

    def __enter__(self) -> TorchFunctionMode:
        raise RuntimeError(f"{type(self).__name__}: chainrule sends no functions through a TorchFunctionMode.")

    def __exit__(self, *raised: Any) -> None:
        pass


def get_overridable_functions() -> dict[Any, list[Any]]:
    """None: a subclass of Tensor is not asked."""
    return {}


def get_ignored_functions() -> set[Any]:
    """None."""
    return set()


def wrap_torch_function(dispatcher: Callable[..., Any]) -> Callable[[Any], Any]:
    """Decorator: the function asks the arguments that dispatcher(*args, **kwargs) gives whether they answer for it."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def asked(*args: Any, **kwargs: Any) -> Any:
            relevant = dispatcher(*args, **kwargs)
            if has_torch_function(relevant):
                return handle_torch_function(asked, relevant, *args, **kwargs)
            return function(*args, **kwargs)

        return asked

    return decorate


def handle_torch_function(public_api: Callable[..., Any], relevant_args: Any, *args: Any, **kwargs: Any) -> Any:
    """What the first of the arguments says that answers, subclasses before their bases.

    Raises:
        TypeError: none does.
    """
    kinds: list[Any] = []
    for value in relevant_args:
        if _own(value) is not None and type(value) not in kinds:
            at = next((i for i, kind in enumerate(kinds) if issubclass(type(value), kind)), len(kinds))
            kinds.insert(at, type(value))
    for kind in kinds:
        answer = kind.__torch_function__(public_api, tuple(kinds), args, kwargs)
        if answer is not NotImplemented:
            return answer
    names = ", ".join(kind.__name__ for kind in kinds)
    raise TypeError(f"{getattr(public_api, '__name__', public_api)}: no __torch_function__ of {names} answers for it.")
