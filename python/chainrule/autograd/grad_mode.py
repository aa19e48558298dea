"""Switches for recording: no_grad, enable_grad, set_grad_enabled, inference_mode.

Each is a context manager and a decorator. The mode belongs to the current thread.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Generator
from typing import Any, TypeVar

from .. import _core

F = TypeVar("F", bound=Callable[..., Any])

_get = _core.is_grad_enabled
_set = _core.set_grad_enabled


class _GradMode:
    """Run a block or a function with recording switched to `mode`; the former mode comes back afterwards."""

    mode = True

    def __enter__(self) -> None:
        self.prev = _get()
        _set(self.mode)

    def __exit__(self, *exc: object) -> None:
        _set(self.prev)

    def __call__(self, func: F) -> F:
        return _decorate(func, self.mode)


def _decorate(func: F, mode: bool) -> F:
    """Wrap a function, or a generator function, so that its body runs in `mode`."""
    if inspect.isgeneratorfunction(func):
        return _decorate_generator(func, mode)  # type: ignore[return-value]  # of func's own signature

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        prev = _get()
        _set(mode)
        try:
            return func(*args, **kwargs)
        finally:
            _set(prev)

    return wrapper  # type: ignore[return-value]  # of func's own signature


def _decorate_generator(func: Callable[..., Generator[Any, Any, Any]], mode: bool) -> Callable[..., Any]:
    """The mode must hold while the generator's own code runs, and not between two of its values."""

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        gen = func(*args, **kwargs)
        resume: Callable[[], Any] = functools.partial(next, gen)
        while True:
            prev = _get()
            _set(mode)
            try:
                value = resume()
            except StopIteration as stop:
                return stop.value
            finally:
                _set(prev)
            try:
                sent = yield value
            except GeneratorExit:
                prev = _get()
                _set(mode)
                try:
                    gen.close()
                finally:
                    _set(prev)
                raise
            except BaseException as error:
                resume = functools.partial(gen.throw, error)
            else:
                resume = functools.partial(gen.send, sent)

    return wrapper


class _PlainGradMode(_core.GradModeBlock):
    """A mode without arguments; also works as a bare decorator, `@no_grad`. Entering and leaving are written in C++."""

    __slots__ = ()

    def __call__(self, func: F) -> F:
        return _decorate(func, self.mode)

    @classmethod
    def _decorated(cls, func: F) -> F:
        return _decorate(func, cls.mode)


class no_grad(_PlainGradMode):
    """Do not record: results inside have requires_grad=False.

    Example:
        >>> import chainrule as cr
        >>> x = cr.ones(2, requires_grad=True)
        >>> with cr.no_grad():
        ...     y = x * 2
        >>> y.requires_grad
        False
        >>> @cr.no_grad()
        ... def double(x):
        ...     return x * 2
        >>> double(x).requires_grad
        False

    Source: PyTorch, torch.no_grad.
    """

    __slots__ = ()
    mode = False


class enable_grad(_PlainGradMode):
    """Record again, inside a no_grad block.

    Example:
        >>> import chainrule as cr
        >>> x = cr.ones(2, requires_grad=True)
        >>> with cr.no_grad(), cr.enable_grad():
        ...     (x * 2).requires_grad
        True

    Source: PyTorch, torch.enable_grad.
    """

    __slots__ = ()
    mode = True


class set_grad_enabled(_GradMode):
    """Switch recording on or off: at once as a call, or for a block.

    Args:
        mode: True to record, False not to.

    Example:
        >>> import chainrule as cr
        >>> x = cr.ones(2, requires_grad=True)
        >>> with cr.set_grad_enabled(False):
        ...     (x * 2).requires_grad
        False

    Source: PyTorch, torch.set_grad_enabled.
    """

    def __init__(self, mode: bool) -> None:
        self.prev = _get()
        self.mode = mode = bool(mode)
        _set(mode)

    def __enter__(self) -> None:
        _set(self.mode)

    def __call__(self, func: F) -> F:
        _set(self.prev)  # as a decorator it must not change the mode outside
        return _decorate(func, self.mode)


class inference_mode(_GradMode):
    """Like no_grad. (PyTorch's also skips version counters; here they cost nothing, so results stay ordinary tensors.)

    Args:
        mode: False makes the block an ordinary recording one.

    Example:
        >>> import chainrule as cr
        >>> x = cr.ones(2, requires_grad=True)
        >>> with cr.inference_mode():
        ...     (x * 2).requires_grad
        False

    Source: PyTorch, torch.inference_mode.
    """

    def __new__(cls, mode: Any = True) -> Any:
        # A function where the mode should be: a bare decorator, @inference_mode.
        return _decorate(mode, False) if callable(mode) else object.__new__(cls)

    def __init__(self, mode: bool = True) -> None:
        self.mode = not mode

    def __enter__(self) -> None:
        self.prev = _get()
        _set(self.mode and self.prev)
