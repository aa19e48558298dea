"""functional_call: a module's forward with other parameters and buffers; those of several modules, stacked for vmap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import _core


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


def stack_module_state(models: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters and the buffers of modules that are alike, stacked by name: an ensemble for vmap.

    Args:
        models: modules of one class and one mode (train or eval).

    Returns:
        (parameters, buffers): dicts from names to tensors with a new first axis, one position for each model. The
        parameters are new leaves; those that require a gradient in all models do so here.

    Raises:
        RuntimeError: there are no models, or they differ in class, mode or what requires a gradient.

    Example:
        >>> import chainrule as cr
        >>> models = [cr.nn.Linear(3, 2) for _ in range(5)]
        >>> params, buffers = cr.func.stack_module_state(models)
        >>> def one(params, buffers, x):
        ...     return cr.func.functional_call(models[0], (params, buffers), x)
        >>> cr.func.vmap(one, (0, 0, None))(params, buffers, cr.ones(4, 3)).shape
        chainrule.Size([5, 4, 2])

    Source: PyTorch, torch.func.stack_module_state.
    """
    if not models:
        raise RuntimeError("stack_module_state: at least one model is required, got none.")
    kinds = {type(model) for model in models}
    if len(kinds) > 1:
        raise RuntimeError(
            f"stack_module_state: the models must be of one class, got {sorted(k.__name__ for k in kinds)}."
        )
    if len({model.training for model in models}) > 1:
        raise RuntimeError("stack_module_state: the models must be in one mode, got train() and eval().")
    parameters = _stacked([dict(model.named_parameters()) for model in models])
    return parameters, _stacked([dict(model.named_buffers()) for model in models])


def _stacked(dicts: list[dict[str, Any]]) -> dict[str, Any]:
    stacks = {}
    for name in dicts[0]:
        parts = [tensors[name] for tensors in dicts]
        wanted = {part.requires_grad for part in parts}
        if len(wanted) > 1:
            raise RuntimeError(f"stack_module_state: {name} requires a gradient in some of the models only.")
        stacks[name] = _core.stack([part.detach() for part in parts]).requires_grad_(wanted.pop())
    return stacks


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
