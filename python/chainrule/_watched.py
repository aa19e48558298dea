"""A dict that tells when it is written to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_MISSING = object()


class WatchedDict(dict):
    """A dict whose subclasses hear of every write: _stored(key, value) after it, _removed(key) after a removal.

    Copies and pickles as a plain dict: the owner wraps it again.
    """

    __slots__ = ()

    def _stored(self, key: Any, value: Any) -> None: ...

    def _removed(self, key: Any) -> None: ...

    def __setitem__(self, key: Any, value: Any) -> None:
        dict.__setitem__(self, key, value)
        self._stored(key, value)

    def __delitem__(self, key: Any) -> None:
        dict.__delitem__(self, key)
        self._removed(key)

    def pop(self, key: Any, default: Any = _MISSING) -> Any:
        if key not in self:
            if default is _MISSING:
                raise KeyError(key)
            return default
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[Any, Any]:
        key, value = dict.popitem(self)
        self._removed(key)
        return key, value

    def clear(self) -> None:
        for key in list(self):
            del self[key]

    def setdefault(self, key: Any, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, other: Any = (), /, **kwargs: Any) -> None:
        pairs: Iterable[tuple[Any, Any]] = dict(other, **kwargs).items()
        for key, value in pairs:
            self[key] = value

    def __ior__(self, other: Any) -> WatchedDict:  # type: ignore[misc]  # dict's takes less
        self.update(other)
        return self

    def copy(self) -> dict[Any, Any]:
        return dict(self)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return dict, (dict(self),)
