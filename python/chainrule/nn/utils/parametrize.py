"""Parameters that are computed from others at each use: torch.nn.utils.parametrize's names.

Note [Parametrized modules]: the module gets a class of its own, a subclass of its class, in which the tensor's name is
a property that computes it. What it is computed from is kept in module.parametrizations.NAME as `original`, or
`original0`, `original1`, ... where right_inverse gives several tensors. A single `original` is the parameter that was
there before, the same object, with other numbers in it where there is a right_inverse: optimizers train it on.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from ... import _core
from ...autograd.grad_mode import no_grad
from ..modules.container import ModuleDict, ModuleList
from ..modules.module import Module
from ..parameter import Parameter, is_lazy

Tensor = _core.Tensor

__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "transfer_parametrizations_and_params",
    "type_before_parametrizations",
]

_cache: dict[tuple[int, str], Any] = {}
_cache_depth = 0


@contextmanager
def cached() -> Iterator[None]:
    """Within it a parametrized tensor is computed once and kept.

    Source: PyTorch, torch.nn.utils.parametrize.cached.
    """
    global _cache_depth
    _cache_depth += 1
    try:
        yield
    finally:
        _cache_depth -= 1
        if _cache_depth == 0:
            _cache.clear()


class ParametrizationList(ModuleList):
    """The chain of modules that computes one tensor, and what it is computed from.

    Source: PyTorch, torch.nn.utils.parametrize.ParametrizationList.
    """

    original: Any

    def __init__(self, modules: Sequence[Module], original: Any, unsafe: bool = False) -> None:
        if not modules:
            raise ValueError("ParametrizationList: at least one module is needed.")
        super().__init__(modules)
        self.unsafe = unsafe
        with no_grad():
            value = given = original.detach().clone()  # a right_inverse may work in place
            version = given._version
            for module in reversed(modules):
                if hasattr(module, "right_inverse"):
                    with suppress(NotImplementedError):  # it starts with the tensor as it is
                        value = module.right_inverse(value)
            self.is_tensor = isinstance(value, Tensor)
            parts = _listed(value)
            self.ntensors = len(parts)
            if self.is_tensor and parts[0].dtype != original.dtype:
                raise ValueError(f"right_inverse must keep the dtype {original.dtype}, got {parts[0].dtype}.")
            if not unsafe:
                _check_same(original, self._computed(parts))
        # Only now is anything changed. One tensor stays the object that an optimizer may hold.
        if self.is_tensor:
            if not (_same_memory(parts[0], given) and given._version == version):
                original.data = parts[0].detach()
            parts = [original]
        elif isinstance(original, Parameter):
            parts = [Parameter(part, original.requires_grad) for part in parts]
        for name, part in zip(self._names(), parts):
            if isinstance(part, Parameter):
                self.register_parameter(name, part)
            else:
                self.register_buffer(name, part)

    def _names(self) -> list[str]:
        return ["original"] if self.is_tensor else [f"original{i}" for i in range(self.ntensors)]

    def right_inverse(self, value: Any) -> None:
        """Set what the tensor is computed from, so that it becomes `value`; each module needs a right_inverse."""
        if isinstance(value, Tensor):
            value = value.detach().clone()  # a right_inverse may work in place
        with no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(
                        f"parametrization {type(module).__name__} has no right_inverse: its tensor can't be assigned."
                    )
                value = module.right_inverse(value)
            parts, originals = _listed(value), [getattr(self, name) for name in self._names()]
            if len(parts) != self.ntensors:
                raise ValueError(f"right_inverse must give {self.ntensors} tensors, got {len(parts)}.")
            for own, part in zip(originals, parts):
                if part.dtype != own.dtype:
                    raise ValueError(f"right_inverse must keep the dtype {own.dtype}, got {part.dtype}.")
            for own, part in zip(originals, parts):
                own.data = part.detach().clone()

    def forward(self) -> Any:
        return self._computed([getattr(self, name) for name in self._names()])

    def _computed(self, parts: Sequence[Any]) -> Any:
        value = self[0](*parts)
        for module in list(self)[1:]:
            value = module(value)
        return value


def _listed(value: Any) -> list[Any]:
    """The tensors that a right_inverse gave."""
    parts = [value] if isinstance(value, Tensor) else list(value) if isinstance(value, (list, tuple)) else [value]
    for part in parts:
        if not isinstance(part, Tensor):
            raise TypeError(f"right_inverse must give a tensor or a tuple of tensors, got {type(part).__name__}.")
    return parts


def _same_memory(a: Any, b: Any) -> bool:
    return a.data_ptr() == b.data_ptr() and a.shape == b.shape and a.stride() == b.stride()


def _inject_class(module: Module) -> None:
    """Give the module a class of its own, in which properties can stand."""
    cls = type(module)

    def copied(self: Any, memo: dict[int, Any]) -> Any:
        """A copy with a class of its own, so that what is taken off one stays on the other."""
        if id(self) not in memo:
            result = memo[id(self)] = cls.__new__(cls)
            result.__setstate__(copy.deepcopy(self.__getstate__(), memo))
            _inject_class(result)
            for name in result.parametrizations:
                _inject_property(result, name)
        return memo[id(self)]

    def state(self: Any) -> Any:
        raise RuntimeError(
            f"{cls.__name__}: a module with parametrizations cannot be pickled, as its class is made at run time. Save "
            "its state_dict()."
        )

    name = f"Parametrized{cls.__name__}"
    body = {"__reduce_ex__": lambda self, protocol: state(self), "__deepcopy__": copied, "__module__": cls.__module__}
    module.__class__ = type(name, (cls,), body)


def _inject_property(module: Module, name: str) -> None:
    def read(self: Any) -> Any:
        if not _cache_depth:
            return self.parametrizations[name]()
        key = (id(self), name)
        if key not in _cache:
            _cache[key] = self.parametrizations[name]()
        return _cache[key]

    def write(self: Any, value: Any) -> None:
        self.parametrizations[name].right_inverse(value)

    setattr(type(module), name, property(read, write))


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Compute module.tensor_name as parametrization(original) from now on.

    Args:
        module: whose parameter or buffer it is.
        tensor_name: its name; a name that is parametrized already gets one more step behind the others.
        parametrization: a module whose forward maps the original to the tensor. Its right_inverse(tensor), if it has
            one, gives what the original of a tensor that has no steps yet is at first; it is called when the tensor is
            assigned.
        unsafe: the step may change shape and dtype.

    Returns:
        The module.

    Example:
        >>> import chainrule as cr
        >>> class Symmetric(cr.nn.Module):
        ...     def forward(self, x):
        ...         return x.triu() + x.triu(1).mT
        >>> layer = cr.nn.Linear(3, 3)
        >>> layer = cr.nn.utils.parametrize.register_parametrization(layer, "weight", Symmetric())
        >>> bool((layer.weight == layer.weight.T).all())
        True

    Source: PyTorch, torch.nn.utils.parametrize.register_parametrization.
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        chain = module.parametrizations[tensor_name]
        if not unsafe:
            with no_grad():
                value = getattr(module, tensor_name)
                after = parametrization(value)
                _check_same(value, after)
                if hasattr(parametrization, "right_inverse"):
                    _check_same(value, parametrization.right_inverse(after.clone()))
        chain.append(parametrization)
        return module
    original = tensor_of("register_parametrization", module, tensor_name)
    chain = ParametrizationList([parametrization], original, unsafe=unsafe)
    delattr(module, tensor_name)
    if not is_parametrized(module):
        _inject_class(module)
        module.parametrizations = ModuleDict()
    _inject_property(module, tensor_name)
    module.parametrizations[tensor_name] = chain
    return module


def tensor_of(function: str, module: Module, name: str) -> Any:
    """The parameter or buffer that a function is to change."""
    for registry in (module._parameters, module._buffers):
        if is_lazy(registry.get(name)):
            raise ValueError(f"{function}: {name!r} of {type(module).__name__} has no shape before its first forward.")
        if registry.get(name) is not None:
            return registry[name]
    none = " that is a tensor: it is None" if name in module._parameters or name in module._buffers else ""
    raise ValueError(f"{function}: {type(module).__name__} has no parameter or buffer {name!r}{none}.")


def _check_same(before: Any, after: Any) -> None:
    if not isinstance(after, Tensor):
        raise ValueError(f"A parametrization must return a tensor, got {type(after).__name__}.")
    if after.dtype != before.dtype or after.shape != before.shape:
        raise ValueError(
            f"A parametrization must keep shape and dtype, {tuple(before.shape)} and {before.dtype}, got "
            f"{tuple(after.shape)} and {after.dtype}. Pass unsafe=True if the change is meant."
        )


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether the module has a parametrized tensor, or this one.

    Source: PyTorch, torch.nn.utils.parametrize.is_parametrized.
    """
    chains = module.__dict__.get("_modules", {}).get("parametrizations")
    if not isinstance(chains, ModuleDict):
        return False
    return len(chains) > 0 if tensor_name is None else tensor_name in chains


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Make module.tensor_name an ordinary parameter or buffer again.

    Args:
        leave_parametrized: it keeps the computed values; False gives back the original.

    Source: PyTorch, torch.nn.utils.parametrize.remove_parametrizations.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"remove_parametrizations: {tensor_name!r} of {type(module).__name__} is not parametrized.")
    chain = module.parametrizations[tensor_name]
    if not leave_parametrized and not chain.is_tensor:
        raise ValueError(
            f"remove_parametrizations: {tensor_name!r} is computed from {chain.ntensors} tensors, none of which can "
            "take its place. Pass leave_parametrized=True."
        )
    originals = [getattr(chain, name) for name in chain._names()]
    with no_grad():
        value = getattr(module, tensor_name).detach().clone() if leave_parametrized else originals[0]
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    if isinstance(originals[0], Parameter):
        if leave_parametrized and chain.is_tensor:  # the same object, as an optimizer may hold it
            originals[0].data = value
            value = originals[0]
        elif not isinstance(value, Parameter):
            value = Parameter(value, originals[0].requires_grad)
        module.register_parameter(tensor_name, value)
    else:
        module.register_buffer(tensor_name, value)
    if not is_parametrized(module):
        delattr(module, "parametrizations")
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module: Module) -> type:
    """The module's class without its parametrizations.

    Source: PyTorch, torch.nn.utils.parametrize.type_before_parametrizations.
    """
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(
    from_module: Module, to_module: Module, tensor_name: str | None = None
) -> Module:
    """Give to_module the parametrizations of from_module, of one tensor or of all, and the tensors they work on.

    Source: PyTorch, torch.nn.utils.parametrize.transfer_parametrizations_and_params.
    """
    if not is_parametrized(from_module):
        return to_module
    for name in [tensor_name] if tensor_name is not None else list(from_module.parametrizations):
        chain = from_module.parametrizations[name]
        for step in chain:
            register_parametrization(to_module, name, step)
        for part in chain._names():
            setattr(to_module.parametrizations[name], part, getattr(chain, part))
    return to_module
