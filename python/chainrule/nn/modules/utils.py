"""torch.nn.modules.utils: numbers or sequences as tuples of a given length."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


def _ntuple(n: int) -> Callable[[Any], tuple[Any, ...]]:
    """A function that repeats a number n times and makes a tuple of a sequence."""

    def as_tuple(x: Any) -> tuple[Any, ...]:
        return tuple(x) if isinstance(x, Iterable) else (x,) * n

    return as_tuple


def consume_prefix_in_state_dict_if_present(state_dict: dict[str, Any], prefix: str) -> None:
    """Take a prefix, such as DistributedDataParallel's "module.", off all names that begin with it, in place.

    Example:
        >>> from chainrule.nn.modules.utils import consume_prefix_in_state_dict_if_present
        >>> state = {"module.weight": 1}
        >>> consume_prefix_in_state_dict_if_present(state, "module.")
        >>> state
        {'weight': 1}

    Source: PyTorch, torch.nn.modules.utils.consume_prefix_in_state_dict_if_present.
    """
    for key in [key for key in state_dict if key.startswith(prefix)]:
        state_dict[key[len(prefix) :]] = state_dict.pop(key)
    metadata: dict[str, Any] = getattr(state_dict, "_metadata", {})
    for key in list(metadata):  # "module" is the wrapped module itself, "module.0" its child
        if key == prefix.rstrip(".") or key.startswith(prefix):
            metadata[key[len(prefix) :]] = metadata.pop(key)


_single, _pair, _triple, _quadruple = (_ntuple(n) for n in (1, 2, 3, 4))
