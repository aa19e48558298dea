"""Module, the base of all layers and networks."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from ... import _core
from ..._watched import WatchedDict
from ..parameter import Buffer, Parameter, is_lazy
from . import _hooks
from ._hooks import (
    HookMixin,
    registered,
)
from ._hooks import (
    register_module_backward_hook as register_module_backward_hook,
)
from ._hooks import (
    register_module_buffer_registration_hook as register_module_buffer_registration_hook,
)
from ._hooks import (
    register_module_forward_hook as register_module_forward_hook,
)
from ._hooks import (
    register_module_forward_pre_hook as register_module_forward_pre_hook,
)
from ._hooks import (
    register_module_full_backward_hook as register_module_full_backward_hook,
)
from ._hooks import (
    register_module_full_backward_pre_hook as register_module_full_backward_pre_hook,
)
from ._hooks import (
    register_module_module_registration_hook as register_module_module_registration_hook,
)
from ._hooks import (
    register_module_parameter_registration_hook as register_module_parameter_registration_hook,
)
from ._state import StateMixin

Tensor = _core.Tensor
Self = TypeVar("Self", bound="Module")

_REGISTRIES = ("_parameters", "_buffers", "_modules")


class _Registry(WatchedDict):
    """Names to parameters, buffers or child modules of one module.

    Note [Attributes of a module]
    A parameter, buffer or child is kept twice: in its registry, which gives names and order, and in the instance's
    __dict__, so that `self.weight` is an ordinary attribute and no __getattr__ runs. __setattr__ and __delattr__ write
    the registry; the registry writes the __dict__, also when someone writes module._parameters[...] directly. A name
    that the class defines is not written there: as in PyTorch, the class attribute is what is read. Nor is any where
    the class writes its own __getattr__: it is asked for each of them, as in PyTorch.
    The owner is held weakly, so a module dies with its last reference and needs no garbage collection.
    """

    __slots__ = ("_owner",)

    def __init__(self, owner: Module, values: Any = ()) -> None:
        super().__init__()
        self._owner = weakref.ref(owner)
        self.update(values)

    def _stored(self, key: Any, value: Any) -> None:
        owner = self._owner()
        if owner is None or hasattr(type(owner), key):
            return
        if type(owner).__getattr__ is Module.__getattr__:
            owner.__dict__[key] = value

    def _removed(self, key: Any) -> None:
        owner = self._owner()
        if owner is not None:
            owner.__dict__.pop(key, None)


def calls(function: Callable[..., Any], *names: str) -> Callable[..., Any]:
    """A forward that is function(input, *attributes): the module's attributes of these names.

    Calling such a module goes from C++ straight to the function, with no Python frame between (see
    csrc/bind/module_object.cpp); a subclass that writes its own forward is called as any other.

    Example:
        >>> import chainrule as cr
        >>> from chainrule.nn.modules.module import calls
        >>> class Power(cr.nn.Module):
        ...     def __init__(self, exponent):
        ...         super().__init__()
        ...         self.exponent = exponent
        ...     forward = calls(cr.pow, "exponent")
        >>> Power(3)(cr.tensor([1.0, 2.0]))
        tensor([1., 8.])
    """
    if len(names) > _core.MOST_ATTRIBUTES:
        raise ValueError(f"calls: at most {_core.MOST_ATTRIBUTES} attributes are supported, got {len(names)}")

    def forward(self: Any, input: Any) -> Any:
        return function(input, *[getattr(self, name) for name in names])

    _core.make_layer(forward, function, names)
    return forward


class _CallSignature:
    """inspect.signature(module) is (*args, **kwargs): the call is compiled and has none of its own."""

    any_arguments = inspect.Signature(
        [
            inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL),
            inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD),
        ]
    )

    def __get__(self, instance: Any, owner: type) -> inspect.Signature:
        if instance is None or owner.__call__ is not _core.ModuleBase.__call__:  # a class has that of its __init__
            raise AttributeError("__signature__")
        return self.any_arguments


class Module(HookMixin, StateMixin, _core.ModuleBase):
    """A layer or a network: it owns parameters, buffers and other modules, and computes something in forward.

    Subclass it, call super().__init__(), assign Parameters and Modules to attributes, write forward.

    Example:
        >>> import chainrule as cr
        >>> class Net(cr.nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.hidden = cr.nn.Linear(2, 3)
        ...         self.out = cr.nn.Linear(3, 1)
        ...     def forward(self, x):
        ...         return self.out(cr.relu(self.hidden(x)))
        >>> net = Net()
        >>> net(cr.zeros(5, 2)).shape
        chainrule.Size([5, 1])
        >>> [name for name, _ in net.named_parameters()]
        ['hidden.weight', 'hidden.bias', 'out.weight', 'out.bias']

    Source: PyTorch, torch.nn.Module.
    """

    __signature__ = _CallSignature()
    training: bool
    call_super_init = False  # whether __init__ calls that of the classes behind Module, with the arguments it was given

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if (args or kwargs) and not self.call_super_init:
            raise TypeError(f"{type(self).__name__}.__init__: Module takes no arguments, got {args or kwargs}.")
        attributes = self.__dict__
        attributes["training"] = True
        for name in _REGISTRIES:
            attributes[name] = _Registry(self)
        attributes["_non_persistent_buffers_set"] = set()
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes. Every subclass writes its own."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    # Attributes

    def __setattr__(self, name: str, value: Any) -> None:
        attributes = self.__dict__
        if isinstance(value, Parameter):
            self._assign("_parameters", name, value, self.register_parameter)
        elif isinstance(value, Module):
            self._assign("_modules", name, value, self.register_module)
        elif isinstance(value, Buffer):
            self._assign("_buffers", name, value, lambda n, v: self.register_buffer(n, v, v.persistent))
        elif name in attributes or any(name in attributes.get(registry, ()) for registry in _REGISTRIES):
            self._replace(name, value)
        else:
            object.__setattr__(self, name, value)

    def _assign(self, registry: str, name: str, value: Any, register: Callable[[str, Any], None]) -> None:
        """Put a parameter, child or buffer under a name, taking it out of wherever it stood before."""
        attributes = self.__dict__
        if registry not in attributes:
            kind = {"_parameters": "parameter", "_modules": "module", "_buffers": "buffer"}[registry]
            raise AttributeError(f"{type(self).__name__}: call super().__init__() before you assign a {kind}.")
        if name in attributes[registry]:
            attributes[registry][name] = value
            return
        for other in _REGISTRIES:
            attributes[other].pop(name, None)
        attributes["_non_persistent_buffers_set"].discard(name)
        attributes.pop(name, None)
        register(name, value)

    def _replace(self, name: str, value: Any) -> None:
        """Assign an ordinary value, or a tensor, to a name that exists."""
        attributes = self.__dict__
        if name in _REGISTRIES:
            for old in list(attributes[name]):
                attributes.pop(old, None)
            attributes[name] = _Registry(self, value)
            return
        for registry, kind in (("_parameters", "Parameter"), ("_modules", "Module"), ("_buffers", "Tensor")):
            if name in attributes.get(registry, ()):
                if value is not None and not (registry == "_buffers" and isinstance(value, Tensor)):
                    raise TypeError(
                        f"{type(self).__name__}: {registry[1:-1]} {name!r} must be a {kind} or None, got "
                        f"{type(value).__name__}."
                    )
                attributes[registry][name] = value
                return
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        # Reached only where ordinary look-up fails; see Note [Attributes of a module].
        attributes = self.__dict__
        for registry in _REGISTRIES:
            values = attributes.get(registry)
            if values is not None and name in values:
                return values[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __delattr__(self, name: str) -> None:
        attributes = self.__dict__
        for registry in _REGISTRIES:
            if name in attributes.get(registry, ()):
                del attributes[registry][name]
                attributes.pop(name, None)
                attributes["_non_persistent_buffers_set"].discard(name)
                return
        object.__delattr__(self, name)

    def __getstate__(self) -> dict[str, Any]:
        """Attributes without the second copies; registries as plain dicts."""
        state = self.__dict__.copy()
        for registry in _REGISTRIES:
            values = dict(state.get(registry, ()))
            for name in values:
                state.pop(name, None)
            state[registry] = values
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        attributes = self.__dict__
        attributes.update(state)
        attributes.setdefault("_non_persistent_buffers_set", set())
        for registry in _REGISTRIES:
            attributes[registry] = _Registry(self, attributes.get(registry, ()))

    # Registration

    def _check_name(self, name: Any, registry: str, kind: str) -> None:
        values, own = self.__dict__.get(registry), type(self).__name__
        if values is None:
            raise AttributeError(f"{own}: call super().__init__() before you assign a {kind}.")
        if not isinstance(name, str):
            raise TypeError(f"{own}: the name of a {kind} must be a str, got {type(name).__name__}.")
        if "." in name:
            raise KeyError(f"{own}: the name of a {kind} must hold no dot, which joins names; got {name!r}.")
        if name == "":
            raise KeyError(f"{own}: the name of a {kind} must not be empty.")
        if hasattr(self, name) and name not in values:
            raise KeyError(f"{own} has an attribute {name!r} already. Delete it, or give the {kind} another name.")

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter under a name; None reserves the name and leaves it out of parameters()."""
        self._check_name(name, "_parameters", "parameter")
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"{type(self).__name__}: parameter {name!r} must be a Parameter or None, got {type(param).__name__}."
            )
        if param is not None and param.grad_fn is not None:
            raise ValueError(
                f"{type(self).__name__}: parameter {name!r} must be a leaf of the graph, got what was computed; "
                "to compute a weight from other tensors, compute it in forward()."
            )
        if param is not None:
            param = registered(_hooks._global_parameter_registration_hooks, self, name, param)
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Any, persistent: bool = True) -> None:
        """Add a tensor that is part of the state and is not trained, such as a running mean.

        Args:
            name: the attribute's name.
            tensor: a tensor, or None, which reserves the name.
            persistent: whether state_dict contains it.
        """
        self._check_name(name, "_buffers", "buffer")
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"{type(self).__name__}: buffer {name!r} must be a tensor or None, got {type(tensor).__name__}."
            )
        if tensor is not None:
            tensor = registered(_hooks._global_buffer_registration_hooks, self, name, tensor)
        self._buffers[name] = tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a child under a name."""
        if module is not None and not isinstance(module, Module):
            raise TypeError(
                f"{type(self).__name__}: module {name!r} must be a Module or None, got {type(module).__name__}."
            )
        self._check_name(name, "_modules", "module")
        if module is not None:
            module = registered(_hooks._global_module_registration_hooks, self, name, module)
        self._modules[name] = module

    register_module = add_module

    def get_submodule(self, target: str) -> Any:
        """The module at a dotted path, such as "encoder.0"; the module itself for ""."""
        module: Any = self
        for name in target.split(".") if target else ():
            if not hasattr(module, name):
                raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
            module = getattr(module, name)
            if not isinstance(module, Module):
                raise AttributeError(f"`{name}` is not an nn.Module")
        return module

    def get_parameter(self, target: str) -> Any:
        """The parameter at a dotted path."""
        return self._get_member(target, "_parameters", "Parameter")

    def get_buffer(self, target: str) -> Any:
        """The buffer at a dotted path."""
        return self._get_member(target, "_buffers", "buffer")

    def _get_member(self, target: str, registry: str, kind: str) -> Any:
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if name not in getattr(module, registry):
            raise AttributeError(f"{type(module).__name__} has no {kind} `{name}`")
        return getattr(module, registry)[name]

    # Walks. Each visits a module or tensor once, however often it is used.

    def modules(self, remove_duplicate: bool = True) -> Iterator[Any]:
        """This module and all below it."""
        for _, module in self.named_modules(remove_duplicate=remove_duplicate):
            yield module

    def named_modules(
        self, memo: set[Any] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        """This module ("") and all below it, with dotted names, parents first."""
        seen = set() if memo is None else memo
        if self in seen:
            return
        if remove_duplicate:
            seen.add(self)
        yield prefix, self
        for name, child in self._modules.items():
            if child is not None:
                inner = f"{prefix}.{name}" if prefix else name
                yield from child.named_modules(seen, inner, remove_duplicate)

    def children(self) -> Iterator[Any]:
        """The modules directly below."""
        for _, child in self.named_children():
            yield child

    def named_children(self) -> Iterator[tuple[str, Any]]:
        """The modules directly below, with their names."""
        seen: set[Any] = set()
        for name, child in self._modules.items():
            if child is not None and child not in seen:
                seen.add(child)
                yield name, child

    def _named_members(
        self,
        get_members_fn: Callable[[Any], Iterable[tuple[str, Any]]],
        prefix: str = "",
        recurse: bool = True,
        remove_duplicate: bool = True,
    ) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for path, module in modules:
            for name, tensor in get_members_fn(module):
                if tensor is None or id(tensor) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(tensor))
                yield (f"{path}.{name}" if path else name), tensor

    def parameters(self, recurse: bool = True) -> Iterator[Any]:
        """All parameters of this module and those below it, in the order of their registration."""
        if type(self).named_parameters is not Module.named_parameters:
            yield from (param for _, param in self.named_parameters(recurse=recurse))
            return
        seen: set[int] = set()
        for module in self._preorder() if recurse else [self]:
            for param in module._parameters.values():
                if param is not None and id(param) not in seen:
                    seen.add(id(param))
                    yield param

    def _preorder(self) -> list[Module]:
        """This module and all below it, in the order of named_modules, without making names."""
        found: dict[Module, None] = {}
        stack: list[Module] = [self]
        while stack:
            module = stack.pop()
            if module not in found:
                found[module] = None
                stack.extend(child for child in reversed(module._modules.values()) if child is not None)
        return list(found)

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        """All parameters with their dotted names."""
        yield from self._named_members(lambda m: m._parameters.items(), prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Any]:
        """All buffers."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        """All buffers with their dotted names."""
        yield from self._named_members(lambda m: m._buffers.items(), prefix, recurse, remove_duplicate)

    # Modes and conversions

    def train(self: Self, mode: bool = True) -> Self:
        """Set training mode here and below: dropout and batch normalisation behave differently in it."""
        if not isinstance(mode, bool):
            raise ValueError(f"{type(self).__name__}.train: mode must be True or False, got {mode!r}.")
        self.__dict__["training"] = mode
        for child in self.children():
            child.train(mode)
        return self

    def eval(self: Self) -> Self:
        """Leave training mode: train(False)."""
        return self.train(False)

    def requires_grad_(self: Self, requires_grad: bool = True) -> Self:
        """Freeze or unfreeze all parameters."""
        for param in self.parameters():
            param.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients of all parameters, or set them to zero."""
        _core.zero_grad_(list(self.parameters()), set_to_none)

    def apply(self: Self, fn: Callable[[Any], Any]) -> Self:
        """Call fn on every module, children first; to initialise weights, say."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def _apply(self: Self, fn: Callable[[Any], Any], recurse: bool = True) -> Self:
        """Replace the data of each parameter, gradient and buffer by fn of it. Parameters stay the same objects."""
        for child in self.children() if recurse else ():
            child._apply(fn)
        for param in self._parameters.values():
            if param is None:
                continue
            grad = param.grad
            param.data = fn(param.detach())
            if grad is not None:
                param.grad = fn(grad.detach()).requires_grad_(grad.requires_grad)
        for name, buffer in self._buffers.items():
            if is_lazy(buffer):  # stays one, of another dtype
                buffer.data = fn(buffer.detach())
            elif buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def to(self: Self, *args: Any, **kwargs: Any) -> Self:
        """Convert floating-point parameters and buffers to a dtype. The device must be "cpu".

        Forms: to(dtype), to(device), to(device, dtype), to(tensor); non_blocking and memory_format are accepted.
        """
        dtype = _parse_to(args, kwargs)
        if dtype is None:
            return self
        if not dtype.is_floating_point:
            raise TypeError(f"Module.to: dtype must be a floating-point type, got {dtype}.")
        return self._apply(lambda t: t.to(dtype) if t.is_floating_point() else t)

    def to_empty(self: Self, *, device: Any = None, recurse: bool = True) -> Self:
        """Give parameters and buffers new memory, whose values are whatever they are. The device must be "cpu"."""
        _parse_to((device,), {})
        return self._apply(_core.empty_like, recurse)

    def type(self: Self, dst_type: Any) -> Self:
        """Convert all parameters and buffers to a dtype."""
        return self._apply(lambda t: t.type(dst_type))

    def float(self: Self) -> Self:
        """Convert floating-point parameters and buffers to float32."""
        return self.to(_core.float32)

    def double(self: Self) -> Self:
        """Convert floating-point parameters and buffers to float64."""
        return self.to(_core.float64)

    def cpu(self: Self) -> Self:
        """Do nothing: everything is on the CPU."""
        return self

    def cuda(self: Self, device: Any = None) -> Self:
        """An error: there is no CUDA here."""
        raise RuntimeError("Module.cuda: chainrule runs on CPU cores and has no CUDA. Leave the call out.")

    def half(self: Self) -> Self:
        """Convert floating-point parameters and buffers to float16."""
        return self.to(_core.float16)

    def bfloat16(self: Self) -> Self:
        """Convert floating-point parameters and buffers to bfloat16."""
        return self.to(_core.bfloat16)

    def share_memory(self: Self) -> Self:
        """Move parameters and buffers to memory that processes share which are started afterwards."""
        for tensor in (*self.parameters(), *self.buffers()):
            tensor.share_memory_()
        return self

    # Printing

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """What the module's line says beside its name. Override it."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        children = [f"({name}): {_indented(text)}" for name, text in self._child_lines()]
        if not children and len(lines) <= 1:
            return f"{self._get_name()}({extra})"
        return f"{self._get_name()}(\n  " + "\n  ".join(lines + children) + "\n)"

    def _child_lines(self) -> Iterator[tuple[str, str]]:
        """Name and text of each child, as repr() shows them."""
        for name, child in self._modules.items():
            yield name, repr(child)


def _indented(text: str) -> str:
    """All lines but the first by two spaces; empty ones stay empty."""
    first, *rest = text.split("\n")
    return "\n".join([first, *("  " + line if line.strip() else "" for line in rest)])


def _parse_to(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The dtype that the arguments of Module.to ask for, or None."""
    dtype, device = kwargs.get("dtype"), kwargs.get("device")
    if kwargs.get("copy"):
        raise RuntimeError("Module.to: a module is changed in place and cannot be copied by it. Use copy.deepcopy.")
    like = args[0] if args else kwargs.get("tensor")
    if isinstance(like, Tensor):
        return like.dtype
    for arg in args[:2]:
        if isinstance(arg, _core.dtype):
            dtype = arg
        elif isinstance(arg, (bool, list, tuple, dict)):
            raise TypeError(f"Module.to: a dtype, a device or a tensor is required, got {arg!r}.")
        elif arg is not None:
            device = arg
    if device is not None and str(device).partition(":")[0] != "cpu":
        raise RuntimeError(
            f'Module.to: the device must be "cpu", got {str(device)!r}. chainrule runs on CPU cores only.'
        )
    return dtype
