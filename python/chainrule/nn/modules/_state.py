"""state_dict and load_state_dict: the part of Module that writes its tensors out and takes them in."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from ... import _core
from ...utils.hooks import RemovableHandle
from ..parameter import Parameter, is_lazy

Tensor = _core.Tensor
Self = TypeVar("Self", bound="StateMixin")

EXTRA_STATE = "_extra_state"
EMPTY: Mapping[int, Any] = MappingProxyType({})


class _Keys(NamedTuple):
    missing_keys: list[str]
    unexpected_keys: list[str]


class IncompatibleKeys(_Keys):
    """What load_state_dict(strict=False) left out, and what it did not know."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


class StateMixin:
    """state_dict, load_state_dict and their hooks. Names and order are PyTorch's, so weights move both ways."""

    _parameters: dict[str, Any]
    _buffers: dict[str, Any]
    _modules: dict[str, Any]
    _non_persistent_buffers_set: set[str]
    _version = 1
    # Tables of hooks are shared empty dicts until the first hook is registered; see Module._hook_table.
    _state_dict_hooks: Mapping[int, Any] = EMPTY
    _state_dict_hooks_in_place: Mapping[int, bool] = EMPTY
    _state_dict_pre_hooks: Mapping[int, Any] = EMPTY
    _load_state_dict_pre_hooks: Mapping[int, Any] = EMPTY
    _load_state_dict_post_hooks: Mapping[int, Any] = EMPTY

    def _hook_table(self, name: str) -> dict[int, Any]:
        raise NotImplementedError

    # Saving

    def state_dict(self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """All parameters and persistent buffers, by their dotted names.

        Args:
            destination: a dict to add to; a new one by default.
            prefix: put in front of each name.
            keep_vars: give the tensors themselves rather than detached ones (which share memory with them).

        Example:
            >>> import chainrule as cr
            >>> list(cr.nn.Sequential(cr.nn.Linear(2, 3), cr.nn.ReLU()).state_dict())
            ['0.weight', '0.bias']

        Source: PyTorch, torch.nn.Module.state_dict.
        """
        if args:  # the old positional form: destination, prefix, keep_vars
            given = dict(zip(("destination", "prefix", "keep_vars"), args, strict=False))
            destination = given.get("destination", destination)
            prefix = given.get("prefix", prefix)
            keep_vars = given.get("keep_vars", keep_vars)
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        local_metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local_metadata
        for hook in list(self._state_dict_pre_hooks.values()):
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for key, hook in list(self._state_dict_hooks.items()):
            result = hook(self, destination, prefix, local_metadata)
            if result is not None:
                if key in self._state_dict_hooks_in_place:
                    raise RuntimeError(f"state_dict: a post-hook must return None, got {type(result).__name__}.")
                destination = result
        return destination

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        """Add this module's own tensors. Override it to store more."""
        for name, param in self._parameters.items():
            if param is not None:
                destination[prefix + name] = param if keep_vars or is_lazy(param) else param.detach()
        for name, buffer in self._buffers.items():
            if buffer is not None and name not in self._non_persistent_buffers_set:
                destination[prefix + name] = buffer if keep_vars or is_lazy(buffer) else buffer.detach()
        if type(self).get_extra_state is not StateMixin.get_extra_state:
            destination[prefix + EXTRA_STATE] = self.get_extra_state()

    def get_extra_state(self) -> Any:
        """Override together with set_extra_state to store more than tensors."""
        raise RuntimeError(f"{type(self).__name__}: get_extra_state is not defined, yet extra state is asked for.")

    def set_extra_state(self, state: Any) -> None:
        """Take what get_extra_state gave."""
        raise RuntimeError(f"{type(self).__name__}: set_extra_state is not defined, yet there is extra state to load.")

    # Loading

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """Copy the tensors of a state_dict into this module's.

        Args:
            state_dict: names to tensors, as state_dict() gives them.
            strict: names must match exactly.
            assign: take the given tensors themselves rather than copy their values.

        Returns:
            missing_keys and unexpected_keys.

        Raises:
            RuntimeError: names every missing key, every unexpected key and every wrong shape, all at once.

        Source: PyTorch, torch.nn.Module.load_state_dict.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"load_state_dict: state_dict must be a dict, got {type(state_dict).__name__}.")
        missing: list[str] = []
        unexpected: list[str] = []
        errors: list[str] = []
        metadata = getattr(state_dict, "_metadata", None)
        state: Any = OrderedDict(state_dict)
        if metadata is not None:
            state._metadata = metadata
        keys = IncompatibleKeys(missing, unexpected)
        _load(self, state, "", metadata, assign, keys, errors)
        if strict:
            if unexpected:
                names = ", ".join(f'"{key}"' for key in unexpected)
                errors.insert(0, f"Unexpected key(s) in state_dict: {names}. ")
            if missing:
                names = ", ".join(f'"{key}"' for key in missing)
                errors.insert(0, f"Missing key(s) in state_dict: {names}. ")
        if errors:
            problems = "\n\t".join(errors)
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t{problems}")
        return keys

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: Any,
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Take this module's own tensors. Override it to load older formats."""
        for hook in list(self._load_state_dict_pre_hooks.values()):
            hook(state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        own = {n: t for n, t in self._parameters.items() if t is not None}
        own.update(
            (n, t) for n, t in self._buffers.items() if t is not None and n not in self._non_persistent_buffers_set
        )
        assign = bool(local_metadata.get("assign_to_params_buffers", False))
        for name, tensor in own.items():
            key = prefix + name
            if key not in state_dict:
                if strict:
                    missing_keys.append(key)
                continue
            error = _load_tensor(self, name, tensor, state_dict[key], key, assign)
            if error:
                error_msgs.append(error)
        self._load_extra_state(state_dict, prefix, strict, missing_keys, unexpected_keys)
        if strict:
            self._find_unexpected(state_dict, prefix, own, unexpected_keys)

    def _load_extra_state(
        self, state_dict: Any, prefix: str, strict: bool, missing_keys: list[str], unexpected_keys: list[str]
    ) -> None:
        key = prefix + EXTRA_STATE
        if type(self).set_extra_state is not StateMixin.set_extra_state:
            if key in state_dict:
                self.set_extra_state(state_dict[key])
            elif strict:
                missing_keys.append(key)
        elif strict and key in state_dict:
            unexpected_keys.append(key)

    def _find_unexpected(self, state_dict: Any, prefix: str, own: Any, unexpected_keys: list[str]) -> None:
        """Keys under this prefix that name neither a tensor of this module nor one of its children."""
        for key in state_dict:
            if key.startswith(prefix) and key != prefix + EXTRA_STATE:
                first, _, rest = key[len(prefix) :].partition(".")
                if first in self._modules:  # a tensor cannot have the name of a child
                    known = bool(rest) and self._modules[first] is not None
                else:
                    known = not rest and first in own
                if not known:
                    unexpected_keys.append(key)

    # Hooks

    def register_state_dict_post_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """Call hook(module, state_dict, prefix, local_metadata) after state_dict; it may edit the dict in place."""
        handle = self._register_state_dict_hook(hook)
        self._hook_table("_state_dict_hooks_in_place")[handle.id] = True
        return handle

    def _register_state_dict_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        return _add(self._hook_table("_state_dict_hooks"), hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """Call hook(module, prefix, keep_vars) before state_dict."""
        return _add(self._hook_table("_state_dict_pre_hooks"), hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """Call hook(module, state_dict, prefix, local_metadata, strict, missing, unexpected, errors) before loading."""
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(
        self, hook: Callable[..., None], with_module: bool = False
    ) -> RemovableHandle:
        return _add(self._hook_table("_load_state_dict_pre_hooks"), _LoadHook(hook, self) if with_module else hook)

    def register_load_state_dict_post_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """Call hook(module, incompatible_keys) after loading; it may edit the keys in place."""
        return _add(self._hook_table("_load_state_dict_post_hooks"), hook)


class _LoadHook:
    """A hook that is called with its module first. It holds the module weakly: the module's table holds the hook."""

    def __init__(self, hook: Callable[..., None], module: Any) -> None:
        self.hook = hook
        self.module = weakref.ref(module)

    def __call__(self, *args: Any) -> None:
        self.hook(self.module(), *args)

    def __getstate__(self) -> tuple[Any, Any]:
        return self.hook, self.module()

    def __setstate__(self, state: tuple[Any, Any]) -> None:
        self.hook, module = state
        self.module = weakref.ref(module)


def _add(table: dict[int, Any], hook: Any) -> RemovableHandle:
    handle = RemovableHandle(table)
    table[handle.id] = hook
    return handle


def _load(
    module: Any,
    state: Any,
    prefix: str,
    metadata: Any,
    assign: bool,
    keys: IncompatibleKeys,
    errors: list[str],
) -> None:
    """Load one module, then its children with their part of the names."""
    local_metadata = {} if metadata is None else metadata.get(prefix[:-1], {})
    if assign:
        local_metadata = {**local_metadata, "assign_to_params_buffers": True}
    # Always strict here: load_state_dict decides at the end what to do with the keys that were found.
    module._load_from_state_dict(state, prefix, local_metadata, True, keys.missing_keys, keys.unexpected_keys, errors)
    for name, child in module._modules.items():
        if child is not None:
            inner = f"{prefix}{name}."
            part = OrderedDict((k, v) for k, v in state.items() if k.startswith(inner))
            _load(child, part, inner, metadata, assign, keys, errors)
    for hook in list(module._load_state_dict_post_hooks.values()):
        hook(module, keys)


def _load_tensor(module: Any, name: str, own: Any, given: Any, key: str, assign: bool) -> str | None:
    """Copy `given` into the module's tensor. Returns what is wrong, or None."""
    if not isinstance(given, Tensor):
        return (
            f'While copying the parameter named "{key}", expected a tensor from the checkpoint but received '
            f"{type(given).__name__}."
        )
    if is_lazy(given):
        return None if is_lazy(own) else f"{key}: the checkpoint holds a tensor that has no shape yet."
    if own.dim() == 0 and tuple(given.shape) == (1,):  # PyTorch before 0.4 had no 0-dimensional tensors
        given = given[0]
    if tuple(given.shape) != tuple(own.shape):
        return (
            f"size mismatch for {key}: copying a param with shape {tuple(given.shape)} from checkpoint, "
            f"the shape in current model is {tuple(own.shape)}."
        )
    if assign:
        if isinstance(own, Parameter) and not isinstance(given, Parameter):
            given = Parameter(given, requires_grad=own.requires_grad)
        setattr(module, name, given)
        return None
    recording = _core.is_grad_enabled()
    _core.set_grad_enabled(False)
    try:
        own.copy_(given)
    except Exception as error:
        return f'While copying the parameter named "{key}", an exception occurred: {error}'
    finally:
        _core.set_grad_enabled(recording)
    return None
