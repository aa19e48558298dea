"""torch.futures: results that other threads or callbacks wait for."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Future(Generic[T]):
    """A value that is set once. Callbacks get the future and run in the thread that sets it.

    Source: PyTorch, torch.futures.Future; the waiting is Python's concurrent.futures.
    """

    def __init__(self, *, devices: Any = None) -> None:
        self._inner: concurrent.futures.Future[Any] = concurrent.futures.Future()

    def done(self) -> bool:
        """Whether the value, or an exception, is there."""
        return self._inner.done()

    def wait(self) -> T:
        """The value, as soon as it is there; the exception is raised."""
        return self._inner.result()

    def value(self) -> T:
        """The value, which must be there."""
        if not self.done():
            raise RuntimeError("Future.value: it is not there yet. wait() waits for it.")
        return self.wait()

    def set_result(self, result: T) -> None:
        """Set the value, once."""
        self._set(self._inner.set_result, result)

    def set_exception(self, result: BaseException) -> None:
        """Set an exception that wait() and value() raise, in place of a value."""
        self._set(self._inner.set_exception, result)

    def _set(self, how: Callable[[Any], None], what: Any) -> None:
        if self.done():
            raise RuntimeError("Future: it has a result already.")
        how(what)

    def add_done_callback(self, callback: Callable[[Any], Any]) -> None:
        """Call callback(self) when the value is there, at once if it is."""
        self._inner.add_done_callback(lambda _: callback(self))

    def then(self, callback: Callable[[Any], Any]) -> Future[Any]:
        """The future of callback(self)."""
        following: Future[Any] = Future()

        def run(_: Any) -> None:
            try:
                following.set_result(callback(self))
            except Exception as error:
                following.set_exception(error)

        self._inner.add_done_callback(run)
        return following


def collect_all(futures: list[Future[Any]]) -> Future[list[Future[Any]]]:
    """The future of the list of these futures, when all are done."""
    together: Future[list[Future[Any]]] = Future()
    left = len(futures)
    if not futures:
        together.set_result([])

    def count(_: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            together.set_result(futures)

    for future in futures:
        future.add_done_callback(count)
    return together


def wait_all(futures: list[Future[Any]]) -> list[Any]:
    """The values of all of them."""
    return [future.wait() for future in futures]
