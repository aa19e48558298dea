"""Optimizer, the base of all optimizers: parameter groups, state, and how they are saved."""

from __future__ import annotations

import functools
import warnings
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable
from copy import deepcopy
from operator import is_
from typing import Any

from .. import _core
from .._watched import WatchedDict
from ..utils.hooks import RemovableHandle

Tensor = _core.Tensor
_zero_grad = _core.zero_grad_

__all__ = [
    "Optimizer",
    "ParamState",
    "register_optimizer_step_post_hook",
    "register_optimizer_step_pre_hook",
    "required",
]

# Hooks of all optimizers. A step looks for hooks only in optimizers that have some: those alive when the first of these
# hooks came, and all that are made after it.
_global_optimizer_pre_hooks: dict[int, Callable[..., Any]] = OrderedDict()
_global_optimizer_post_hooks: dict[int, Callable[..., Any]] = OrderedDict()
_alive: weakref.WeakSet[Any] = weakref.WeakSet()


class _Required:
    """Stands for a default that has none."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()


class ParamState(WatchedDict):
    """A dict that empties the optimizer's cache of gathered lists when it is written to."""

    __slots__ = ("_cache",)

    def __init__(self, cache: dict[str, Any], values: Any = ()) -> None:
        super().__init__()
        self._cache = cache
        self.update(values)

    def _stored(self, key: Any, value: Any) -> None:
        self._cache.clear()

    def _removed(self, key: Any) -> None:
        self._cache.clear()


class _State(ParamState):
    """State by parameter; a parameter without any gets an empty one when it is asked for."""

    __slots__ = ("_token",)

    def __init__(self, cache: dict[str, Any], values: Any = ()) -> None:
        self._token = object()  # stands for the state in the cache, which would close a cycle with it
        super().__init__(cache, values)

    def __missing__(self, key: Any) -> ParamState:
        value = self[key] = ParamState(self._cache)
        return value


class Optimizer:
    """Base class: holds param_groups (lists of parameters with their options) and state (per parameter).

    A subclass writes step(). To be fused, it writes _lists(group), which gathers the group's tensors, and calls
    self._gathered() in step().

    Args:
        params: tensors, (name, tensor) pairs, or dicts with "params" and options of their own.
        defaults: options of groups that don't set them.

    Source: PyTorch, torch.optim.Optimizer.
    """

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        if isinstance(params, Tensor):
            raise TypeError(
                f"{type(self).__name__}: params must be a list (or such) of tensors or dicts, got one tensor of "
                f"shape {tuple(params.shape)}. Put it in a list."
            )
        self._cache: dict[str, Any] = {}
        self.state: Any = _State(self._cache)
        self.param_groups: list[dict[str, Any]] = []
        self._checked = False
        groups = list(params)
        if not groups:
            raise ValueError(
                f"{type(self).__name__}: params must hold at least one tensor, got none. "
                "An iterator such as model.parameters() gives its values once: make a list to use it twice."
            )
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)
        self._is_alive()

    # Groups

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of parameters; options that it lacks are the defaults.

        Raises:
            ValueError: a parameter is no leaf of the graph, stands in another group already, or an option is missing.
            TypeError: something is not a tensor.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        group = dict(param_group)
        given = group["params"]
        if isinstance(given, set):
            raise TypeError("optimizer parameters need to be in a fixed order, but a set has none. Use a list.")
        group["params"] = params = [given] if isinstance(given, Tensor) else list(given)
        if params and isinstance(params[0], tuple):
            group["param_names"] = [name for name, _ in params]
            group["params"] = params = [param for _, param in params]
        for param in params:
            _check_parameter(param)
        for name, default in self.defaults.items():
            if default is required and name not in group:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
            group.setdefault(name, default)
        if len({id(param) for param in params}) != len(params):
            warnings.warn(
                f"{type(self).__name__}: a parameter appears in a group more than once: a step changes it as often.",
                stacklevel=4,
            )
        known = {id(param) for other in self.param_groups for param in other["params"]}
        if any(id(param) in known for param in params):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append(group)
        self._cache.clear()

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop all gradients, or set them to zero."""
        for group in self.param_groups:
            _zero_grad(group["params"], set_to_none)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters. Every subclass writes its own."""
        raise NotImplementedError(f"{type(self).__name__}: step is not written.")

    # Lists for the fused calls

    # Note [Gathered lists]
    # A step hands whole lists to C++. Gathering them anew costs more than the step itself in a small network, so they
    # are kept in self._cache. It is emptied by every write to state, and checked against param_groups at each step:
    # a list that was replaced or edited by hand is seen. Options such as lr are read from the group at each step.

    def _lists(self, group: dict[str, Any]) -> tuple[Any, bool]:
        """The tensors that this group's step works on, and whether every parameter has its state by now."""
        raise NotImplementedError

    def _unchanged(self, cached: list[Any]) -> bool:
        if len(cached) != len(self.param_groups):
            return False
        for (known, _), group in zip(cached, self.param_groups):
            params = group["params"]
            if len(known) != len(params) or not all(map(is_, known, params)):
                return False
        return True

    def _gathered(self) -> Iterable[tuple[dict[str, Any], tuple[Any, Any]]]:
        """For each group: the group, and the pair of its parameters and what _lists gives for it."""
        cached = self._cache.get("lists")
        state = self.state
        if cached is not None and cached[0] is getattr(state, "_token", None) and self._unchanged(cached[1]):
            return zip(self.param_groups, cached[1])
        if not self._checked:
            self._check_for_gradients()
        pairs, complete = [], isinstance(state, _State)
        for group in self.param_groups:
            lists, ready = self._lists(group)
            complete = complete and ready
            pairs.append((list(group["params"]), lists))
        if complete:
            self._cache["lists"] = (state._token, pairs)
        return zip(self.param_groups, pairs)

    def _check_for_gradients(self) -> None:
        """At the first step: a warning where there is nothing to do."""
        self._checked = True
        if all(param.grad is None for group in self.param_groups for param in group["params"]):
            warnings.warn(
                f"{type(self).__name__}.step: no parameter has a gradient, nothing is updated. Was backward() called, "
                "on a loss that depends on these very parameters?",
                stacklevel=4,
            )

    # Saving

    def state_dict(self) -> dict[str, Any]:
        """{"state": {number: {...}}, "param_groups": [{..., "params": [numbers]}]}; numbers count the parameters."""
        for hook in self._hooks("_state_dict_pre_hooks"):
            hook(self)
        numbers: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            packed = {name: value for name, value in group.items() if name != "params"}
            for param in group["params"]:
                numbers.setdefault(id(param), len(numbers))
            packed["params"] = [numbers[id(param)] for param in group["params"]]
            groups.append(packed)
        state = {
            (numbers[id(key)] if isinstance(key, Tensor) else key): dict(value) if isinstance(value, dict) else value
            for key, value in self.state.items()
        }
        result: dict[str, Any] = {"state": state, "param_groups": groups}
        for hook in self._hooks("_state_dict_post_hooks"):
            replaced = hook(self, result)
            result = result if replaced is None else replaced
        return result

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take what state_dict gave, here or in PyTorch. Tensors are copied and cast to their parameter's dtype,
        counters excepted.

        Raises:
            ValueError: the groups differ in number or size; nothing has changed then.
        """
        state_dict = dict(state_dict)
        for hook in self._hooks("_load_state_dict_pre_hooks"):
            replaced = hook(self, state_dict)
            state_dict = state_dict if replaced is None else replaced
        saved = state_dict["param_groups"]
        sizes, saved_sizes = [len(g["params"]) for g in self.param_groups], [len(g["params"]) for g in saved]
        if len(sizes) != len(saved_sizes):
            raise ValueError(
                f"loaded state dict has a different number of parameter groups: {len(saved_sizes)}, not {len(sizes)}"
            )
        if sizes != saved_sizes:
            raise ValueError(
                f"loaded state dict contains a parameter group that doesn't match the size of optimizer's group: "
                f"sizes {saved_sizes}, not {sizes}"
            )
        numbers = [number for group in saved for number in group["params"]]
        params = [param for group in self.param_groups for param in group["params"]]
        by_number = dict(zip(numbers, params, strict=True))
        cache = self.__dict__.setdefault("_cache", {})  # a wrapper of an optimizer may not have called __init__
        state = _State(cache)
        for key, value in state_dict["state"].items():
            if key in by_number:
                state[by_number[key]] = ParamState(cache, _cast(by_number[key], value))
            else:
                state[key] = deepcopy(value)
        groups = []
        for old, new in zip(self.param_groups, saved, strict=True):
            loaded = {name: deepcopy(value) for name, value in new.items() if name != "params"}
            groups.append({"params": old["params"], **loaded})
        self.__setstate__({"state": state, "param_groups": groups})
        for hook in self._hooks("_load_state_dict_post_hooks"):
            hook(self)

    def __getstate__(self) -> dict[str, Any]:
        state = {key: dict(value) if isinstance(value, dict) else value for key, value in self.state.items()}
        return {"defaults": self.defaults, "state": state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__dict__.setdefault("_checked", False)
        self._is_alive()
        cache = self.__dict__.setdefault("_cache", {})
        cache.clear()
        if not isinstance(self.state, _State):
            self.state = _State(cache, {key: ParamState(cache, value) for key, value in self.state.items()})
        for group in self.param_groups:
            for name, default in self.defaults.items():
                group.setdefault(name, default)  # options that did not exist when this was saved

    # Hooks and printing

    def _hooks(self, name: str) -> list[Callable[..., Any]]:
        return list(self.__dict__.get(name, {}).values())

    def _add_hook(self, name: str, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        table = self.__dict__.setdefault(name, OrderedDict())
        handle = RemovableHandle(table)
        table[handle.id] = hook
        if prepend:
            table.move_to_end(handle.id, last=False)
        return handle

    def _add_step_hook(self, name: str, hook: Callable[..., Any]) -> RemovableHandle:
        self._run_hooks()
        return self._add_hook(name, hook)

    def _run_hooks(self) -> None:
        """From here on step() looks for hooks."""
        if "step" not in self.__dict__ or not hasattr(self.step, "_runs_hooks"):
            self.step = _with_hooks(self)  # type: ignore[method-assign]  # the instance's, in front of the class's

    def _is_alive(self) -> None:
        _alive.add(self)
        if _global_optimizer_pre_hooks or _global_optimizer_post_hooks:
            self._run_hooks()

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call hook(optimizer, args, kwargs) before each step."""
        return self._add_step_hook("_step_pre_hooks", hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call hook(optimizer, args, kwargs) after each step."""
        return self._add_step_hook("_step_post_hooks", hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call hook(optimizer) before state_dict."""
        return self._add_hook("_state_dict_pre_hooks", hook, prepend)

    def register_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call hook(optimizer, state_dict) after state_dict; what it returns, if anything, replaces the result."""
        return self._add_hook("_state_dict_post_hooks", hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call hook(optimizer, state_dict) before loading; what it returns, if anything, is loaded instead."""
        return self._add_hook("_load_state_dict_pre_hooks", hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call hook(optimizer) after loading."""
        return self._add_hook("_load_state_dict_post_hooks", hook, prepend)

    def __repr__(self) -> str:
        groups = []
        for index, group in enumerate(self.param_groups):
            lines = [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
            groups.append("\n".join([f"Parameter Group {index}", *lines]))
        return f"{type(self).__name__} (\n" + "\n\n".join(groups) + "\n)"


def _check_parameter(param: Any) -> None:
    if not issubclass(type(param), Tensor):  # a sparse tensor is none: its values are
        raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type(param).__name__}")
    if not (param.is_leaf or getattr(param, "retains_grad", False)):
        raise ValueError(
            f"can't optimize a non-leaf Tensor: shape {tuple(param.shape)}, computed by {param.grad_fn}. "
            "Optimize the tensors that it was computed from."
        )


def _cast(param: Any, state: dict[str, Any]) -> dict[str, Any]:
    """Copies of the saved values; tensors in the parameter's dtype, but for the step counter."""
    result = {}
    for name, value in state.items():
        if not isinstance(value, Tensor) and hasattr(value, "detach") and hasattr(value, "numpy"):
            value = _core.tensor(value.detach().numpy())  # a tensor of PyTorch's
        if isinstance(value, Tensor):
            cast = name != "step" and param.is_floating_point()
            value = value.detach().clone().to(param.dtype) if cast else value.detach().clone()
        else:
            value = deepcopy(value)
        result[name] = value
    return result


def register_optimizer_step_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call hook(optimizer, args, kwargs) before each step of every optimizer, ahead of the optimizer's own hooks.

    What it returns, if anything, are other args and kwargs of the step.

    Example:
        >>> import chainrule as cr
        >>> from chainrule.optim.optimizer import register_optimizer_step_pre_hook
        >>> seen = []
        >>> def note(optimizer, args, kwargs):
        ...     seen.append(type(optimizer).__name__)
        >>> with register_optimizer_step_pre_hook(note):
        ...     w = cr.ones(1, requires_grad=True)
        ...     w.sum().backward()
        ...     cr.optim.Adam([w]).step()
        >>> seen
        ['Adam']

    Source: PyTorch, torch.optim.optimizer.register_optimizer_step_pre_hook.
    """
    return _register_for_all(_global_optimizer_pre_hooks, hook)


def register_optimizer_step_post_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call hook(optimizer, args, kwargs) after each step of every optimizer, behind the optimizer's own hooks."""
    return _register_for_all(_global_optimizer_post_hooks, hook)


def _register_for_all(table: dict[int, Callable[..., Any]], hook: Callable[..., Any]) -> RemovableHandle:
    handle = RemovableHandle(table)
    table[handle.id] = hook
    for optimizer in list(_alive):
        optimizer._run_hooks()
    return handle


def _with_hooks(optimizer: Optimizer) -> Callable[..., Any]:
    """The optimizer's step between its hooks."""
    present = optimizer.__dict__.get("step")

    # It holds the optimizer: in `SGD(parameters).step()` nothing else does.
    @functools.wraps(type(optimizer).step)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        for hook in [*_global_optimizer_pre_hooks.values(), *optimizer._hooks("_step_pre_hooks")]:
            replaced = hook(optimizer, args, kwargs)
            if replaced is not None:
                if not (isinstance(replaced, tuple) and len(replaced) == 2):
                    raise RuntimeError(
                        f"{hook!r} must return None or a tuple of new args and kwargs, got {replaced!r}."
                    )
                args, kwargs = replaced
        result = type(optimizer).step(optimizer, *args, **kwargs) if present is None else present(*args, **kwargs)
        for hook in [*optimizer._hooks("_step_post_hooks"), *_global_optimizer_post_hooks.values()]:
            hook(optimizer, args, kwargs)
        return result

    wrapper._runs_hooks = True  # type: ignore[attr-defined]  # a mark on a function
    return wrapper


def run_closure(closure: Callable[[], Any]) -> Any:
    """Compute the loss again, recording whatever the mode outside."""
    recording = _core.is_grad_enabled()
    _core.set_grad_enabled(True)
    try:
        return closure()
    finally:
        _core.set_grad_enabled(recording)


def check_options(name: str, **options: float) -> None:
    """Options that must not be negative."""
    for option, value in options.items():
        if not float(value) >= 0.0:
            label = {"lr": "learning rate", "eps": "epsilon value"}.get(option, f"{option} value")
            raise ValueError(f"{name}: Invalid {label}: {value}. It must not be negative.")


def check_betas(name: str, betas: tuple[float, float]) -> None:
    """Decay rates must lie in [0, 1)."""
    for i, beta in enumerate(betas):
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"{name}: Invalid beta parameter at index {i}: {beta}. Use [0, 1).")
