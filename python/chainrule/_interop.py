"""What NumPy asks of a tensor. Values leave for NumPy only where no gradient is lost by it.

There is no __array_ufunc__: `array * tensor` is then the tensor's own operator, with its gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from . import _core

# These look at shapes and dtypes alone: nothing is lost.
_SHAPE_ONLY = {
    np.can_cast, np.empty_like, np.full_like, np.iscomplexobj, np.isrealobj, np.may_share_memory, np.ndim, np.ones_like,
    np.result_type, np.shape, np.shares_memory, np.size, np.zeros_like,
}  # fmt: skip


class NoArrayInterface(RuntimeError, AttributeError):
    """The tensor requires a gradient. An AttributeError too, so that hasattr() may ask."""


def array_interface(self: Any) -> dict[str, Any]:
    """The memory as NumPy's array interface describes it.

    Raises:
        NoArrayInterface: (a RuntimeError) the tensor requires a gradient.
    """
    try:
        return self.numpy().__array_interface__
    except RuntimeError as error:
        raise NoArrayInterface(str(error)) from None


def array_function(
    self: Any, func: Callable[..., Any], types: Iterable[type], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """NumPy's functions take tensors as the arrays that share their memory, and give NumPy's values.

    Raises:
        RuntimeError: a tensor requires a gradient, which would be lost.
    """
    force = func in _SHAPE_ONLY
    return func(*_arrays(args, force), **{name: _arrays(value, force) for name, value in kwargs.items()})


def _arrays(value: Any, force: bool) -> Any:
    if isinstance(value, _core.Tensor):
        return value.numpy(force=force)
    if type(value) in (list, tuple):
        return type(value)(_arrays(part, force) for part in value)
    return value
