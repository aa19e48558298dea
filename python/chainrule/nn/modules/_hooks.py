"""Hooks of modules: functions called before and after forward and backward, of one module or of all modules."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from ... import _core
from ..._watched import WatchedDict
from ...utils.hooks import BackwardGates, RemovableHandle
from ._state import EMPTY


class _GlobalTable(WatchedDict):
    """Hooks of all modules. Calls of modules without hooks of their own look at these only while there are any."""

    __slots__ = ("__weakref__",)

    def _stored(self, key: Any, value: Any) -> None:
        _core.set_modules_hooked(True)

    def _removed(self, key: Any) -> None:
        _core.set_modules_hooked(any(_called_tables))


_global_forward_pre_hooks = _GlobalTable()
_global_forward_hooks = _GlobalTable()
_global_backward_hooks = _GlobalTable()
_global_backward_pre_hooks = _GlobalTable()
_called_tables = (
    _global_forward_pre_hooks,
    _global_forward_hooks,
    _global_backward_hooks,
    _global_backward_pre_hooks,
)
_global_forward_hooks_with_kwargs: dict[int, bool] = OrderedDict()
_global_forward_hooks_always_called: dict[int, bool] = OrderedDict()
_global_parameter_registration_hooks: dict[int, Any] = OrderedDict()
_global_buffer_registration_hooks: dict[int, Any] = OrderedDict()
_global_module_registration_hooks: dict[int, Any] = OrderedDict()


class _Hooked:
    """The value of `_hooked`. Its copy, such as a pickled module brings, is made by the same call as itself."""

    def __reduce__(self) -> Any:
        return _hooked, ()


def _hooked() -> _Hooked:
    """Modules are asked for hooks of their own only once there may be any."""
    _core.expect_hooked_modules()
    return _HOOKED


_HOOKED = _Hooked()


def _add(hook: Any, table: dict[int, Any], *flag_tables: dict[int, bool]) -> RemovableHandle:
    """Put a hook into a table, and its flags into theirs."""
    handle = RemovableHandle(table, extra_dict=list(flag_tables))
    table[handle.id] = hook
    for flags in flag_tables:
        flags[handle.id] = True
    return handle


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call hook(module, args) before the forward of every module, ahead of the module's own hooks."""
    return _add(hook, _global_forward_pre_hooks)


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call hook(module, args, output) after the forward of every module, ahead of the module's own hooks.

    with_kwargs: call hook(module, args, kwargs, output). always_call: also when forward has raised.
    """
    flags = [_global_forward_hooks_with_kwargs] if with_kwargs else []
    return _add(hook, _global_forward_hooks, *flags, *([_global_forward_hooks_always_called] if always_call else []))


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call hook(module, grad_input, grad_output) in the backward of every module, ahead of its own hooks."""
    return _add(hook, _global_backward_hooks)


register_module_backward_hook = register_module_full_backward_hook


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call hook(module, grad_output) before the backward of every module, ahead of its own hooks."""
    return _add(hook, _global_backward_pre_hooks)


def register_module_parameter_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call hook(module, name, parameter) when a module gets a parameter; what it returns, if anything, is taken."""
    return _add(hook, _global_parameter_registration_hooks)


def register_module_buffer_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call hook(module, name, buffer) when a module gets a buffer; what it returns, if anything, is registered."""
    return _add(hook, _global_buffer_registration_hooks)


def register_module_module_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call hook(module, name, child) when a module gets a child; what it returns, if anything, is registered."""
    return _add(hook, _global_module_registration_hooks)


def registered(hooks: Mapping[int, Any], module: Any, name: str, value: Any) -> Any:
    """The value that hooks of registration make of one that a module gets."""
    for hook in list(hooks.values()):
        replaced = hook(module, name, value)
        if replaced is not None:
            value = replaced
    return value


class HookMixin:
    """The hooks of one module. Tables are shared empty dicts until the first registration gives it its own."""

    _forward_pre_hooks: Mapping[int, Any] = EMPTY
    _forward_hooks: Mapping[int, Any] = EMPTY
    _backward_hooks: Mapping[int, Any] = EMPTY
    _backward_pre_hooks: Mapping[int, Any] = EMPTY
    _forward_pre_hooks_with_kwargs: Mapping[int, bool] = EMPTY
    _forward_hooks_with_kwargs: Mapping[int, bool] = EMPTY
    _forward_hooks_always_called: Mapping[int, bool] = EMPTY
    _is_full_backward_hook: bool | None = None

    forward: Callable[..., Any]

    def _hook_table(self, name: str) -> OrderedDict[int, Any]:
        """The instance's own table of this name."""
        table = self.__dict__.get(name)
        if table is None:
            table = self.__dict__[name] = OrderedDict()  # an OrderedDict can be referenced weakly, a dict cannot
        return table

    def _add_hook(self, name: str, hook: Any, prepend: bool, *flags: str) -> RemovableHandle:
        table = self._hook_table(name)
        handle = _add(hook, table, *[self._hook_table(flag) for flag in flags])
        if prepend:
            table.move_to_end(handle.id, last=False)
        self.__dict__["_hooked"] = _hooked()
        return handle

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call hook(module, args) before forward; what it returns, if anything, replaces the arguments.

        with_kwargs: call hook(module, args, kwargs), which returns (args, kwargs).
        """
        flags = ["_forward_pre_hooks_with_kwargs"] if with_kwargs else []
        return self._add_hook("_forward_pre_hooks", hook, prepend, *flags)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Call hook(module, args, output) after forward; what it returns, if anything, replaces the output.

        with_kwargs: call hook(module, args, kwargs, output). always_call: also when forward has raised.
        """
        flags = (["_forward_hooks_with_kwargs"] if with_kwargs else []) + (
            ["_forward_hooks_always_called"] if always_call else []
        )
        return self._add_hook("_forward_hooks", hook, prepend, *flags)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call hook(module, grad_input, grad_output) when the gradients of the module's inputs are known.

        What it returns, if anything, replaces grad_input.
        """
        return self._add_backward_hook(hook, prepend, full=True)

    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """As register_full_backward_hook, also for an output that is a dict. A module takes one kind of the two."""
        return self._add_backward_hook(hook, False, full=False)

    def _add_backward_hook(self, hook: Callable[..., Any], prepend: bool, full: bool) -> RemovableHandle:
        if self._is_full_backward_hook not in (None, full):
            raise RuntimeError(
                f"{type(self).__name__}: register_full_backward_hook and register_backward_hook cannot be used on one "
                "module. Use register_full_backward_hook for both."
            )
        self._is_full_backward_hook = full
        return self._add_hook("_backward_hooks", hook, prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call hook(module, grad_output) when the gradients of the module's outputs are known, before its backward.

        What it returns, if anything, replaces grad_output.
        """
        return self._add_hook("_backward_pre_hooks", hook, prepend)

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        called: set[int] = set()
        try:
            return self._run_forward_hooks(args, kwargs, called)
        except Exception:
            self._run_always_called(args, kwargs, called)
            raise

    def _all_forward_hooks(self) -> list[tuple[int, Callable[..., Any], bool, bool]]:
        """(id, hook, with kwargs, always called) in the order of their calls."""
        general, general_kwargs = _global_forward_hooks_always_called, _global_forward_hooks_with_kwargs
        own, own_kwargs = self._forward_hooks_always_called, self._forward_hooks_with_kwargs
        return [(i, hook, i in general_kwargs, i in general) for i, hook in _global_forward_hooks.items()] + [
            (i, hook, i in own_kwargs, i in own) for i, hook in self._forward_hooks.items()
        ]

    def _run_always_called(self, args: tuple[Any, ...], kwargs: dict[str, Any], called: set[int]) -> None:
        """After an error: the hooks that asked to be called all the same. Their own errors become warnings."""
        for key, hook, with_kwargs, always in self._all_forward_hooks():
            if always and key not in called:
                try:
                    hook(self, args, *((kwargs,) if with_kwargs else ()), None)
                except Exception as error:
                    warnings.warn(
                        f"{type(self).__name__}: a forward hook with always_call=True raised after another error, "
                        f"and is passed over: {error}",
                        stacklevel=4,
                    )

    def _run_forward_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any], called: set[int]) -> Any:
        for key, hook in [*_global_forward_pre_hooks.items(), *self._forward_pre_hooks.items()]:
            if key in self._forward_pre_hooks_with_kwargs:
                replaced = hook(self, args, kwargs)
                if replaced is not None:
                    if not (isinstance(replaced, tuple) and len(replaced) == 2):
                        raise RuntimeError(
                            f"{type(self).__name__}: a forward pre-hook with kwargs must return None or "
                            f"(args, kwargs), got {replaced!r}."
                        )
                    args, kwargs = replaced
            else:
                replaced = hook(self, args)
                if replaced is not None:
                    args = replaced if isinstance(replaced, tuple) else (replaced,)
        gates = None
        hooks = [*_global_backward_hooks.values(), *self._backward_hooks.values()]
        pre_hooks = [*_global_backward_pre_hooks.values(), *self._backward_pre_hooks.values()]
        if hooks or pre_hooks:
            gates = BackwardGates(self, hooks, pre_hooks, dicts=self._is_full_backward_hook is False)
            args = gates.around_inputs(args)
        result = self.forward(*args, **kwargs)
        for key, hook, with_kwargs, _ in self._all_forward_hooks():
            called.add(key)
            replaced = hook(self, args, *((kwargs,) if with_kwargs else ()), result)
            if replaced is not None:
                result = replaced
        return result if gates is None else gates.around_outputs(result)
