"""functional_call: a module's forward with other parameters and buffers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def functional_call(
    module: Any,
    parameter_and_buffer_dicts: Any,
    args: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call a module with other parameters and buffers than its own, which stay as they are.

    Args:
        module: an nn.Module.
        parameter_and_buffer_dicts: a dict from names (as in named_parameters) to tensors, or a sequence of such dicts.
        args: the module's arguments: a tuple, or one that is no tuple.
        kwargs: its keyword arguments.
        tie_weights: a tensor that the module has under several names is replaced under all of them.
        strict: the dict must name every parameter and buffer.

    Example:
        >>> import chainrule as cr
        >>> layer = cr.nn.Linear(2, 1)
        >>> new = {"weight": cr.ones(1, 2), "bias": cr.zeros(1)}
        >>> def loss(params):
        ...     return cr.func.functional_call(layer, params, cr.tensor([[3.0, 4.0]])).sum()
        >>> cr.func.grad(loss)(new)
        {'weight': tensor([[3., 4.]]), 'bias': tensor([1.])}

    Source: PyTorch, torch.func.functional_call.
    """
    new = _merged(parameter_and_buffer_dicts)
    slots = _slots(module)
    _check_names(set(new), set(slots), strict)
    if tie_weights:
        new = _with_ties(new, slots)
    before = {name: slots[name][0][slots[name][1]] for name in new}
    positional = () if args is None else args if isinstance(args, tuple) else (args,)
    try:
        for name, value in new.items():
            slots[name][0][slots[name][1]] = value
        return module(*positional, **dict(kwargs or {}))
    finally:
        for name, value in before.items():
            slots[name][0][slots[name][1]] = value


def _merged(dicts: Any) -> dict[str, Any]:
    if isinstance(dicts, Mapping):
        return dict(dicts)
    merged: dict[str, Any] = {}
    for part in dicts:
        for name, value in part.items():
            if name in merged:
                raise ValueError(f"functional_call: names must be distinct, got {name!r} in two of the dicts.")
            merged[name] = value
    return merged


def _slots(module: Any) -> dict[str, tuple[Any, str]]:
    """Where each parameter and buffer of a module stands, by its full name: (registry, key)."""
    slots = {}
    for prefix, part in module.named_modules(remove_duplicate=False):
        for registry in (part._parameters, part._buffers):
            for key, value in registry.items():
                if value is not None:
                    slots[f"{prefix}.{key}" if prefix else key] = (registry, key)
    return slots


def _check_names(given: set[str], own: set[str], strict: bool) -> None:
    unexpected, missing = sorted(given - own), sorted(own - given) if strict else []
    if unexpected or missing:
        raise ValueError(
            f"functional_call: the names must be those of the module's parameters and buffers, "
            f"got unexpected {unexpected}, missing {missing}."
        )


def _with_ties(new: dict[str, Any], slots: dict[str, tuple[Any, str]]) -> dict[str, Any]:
    values = {name: registry[key] for name, (registry, key) in slots.items()}
    replaced = {id(values[name]): value for name, value in new.items()}
    return {name: new.get(name, replaced.get(id(value))) for name, value in values.items() if id(value) in replaced}
