"""Modules that hold modules or parameters: Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, islice
from typing import Any, TypeVar

from ... import _core
from ..parameter import Parameter
from .module import Module, calls

S = TypeVar("S", bound="_Listed")


class _Listed(Module):
    """Children named "0", "1", ...; what Sequential and ModuleList share."""

    def _key(self, index: Any) -> str:
        """The name of the child at an index, which may be negative."""
        index, size = operator.index(index), len(self)
        if not -size <= index < size:
            raise IndexError(f"index {index} is out of range")
        return next(islice(self._modules.keys(), index % size, None))

    def _renumber(self, modules: Iterable[Any]) -> None:
        modules = list(modules)
        self._modules.clear()
        for index, module in enumerate(modules):
            self._modules[str(index)] = module

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, self._key(index), module)

    def __delitem__(self, index: int | slice) -> None:
        keys = list(self._modules)[index] if isinstance(index, slice) else [self._key(index)]
        for key in keys:
            delattr(self, key)
        self._renumber(self._modules.values())

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.isdigit()]

    def append(self: S, module: Module) -> S:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self: S, modules: Iterable[Module]) -> S:
        """Add modules at the end."""
        if not isinstance(modules, Iterable):
            raise TypeError(f"extend: modules must be iterable, got {type(modules).__name__}.")
        for module in list(modules):
            self.append(module)
        return self

    def insert(self: S, index: int, module: Module) -> Any:
        """Insert a module before an index."""
        if not isinstance(module, Module):
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        modules = list(self._modules.values())
        modules.insert(index, module)
        self._renumber(modules)
        return self

    def pop(self, key: int | slice = -1) -> Any:
        """Remove a module and return it."""
        module = self[key]  # type: ignore[index]  # S is bound to what has it
        del self[key]
        return module


class Sequential(_Listed):
    """Modules applied one after the other.

    Args:
        *args: the modules, or one OrderedDict of names to modules.

    Example:
        >>> import chainrule as cr
        >>> net = cr.nn.Sequential(cr.nn.Linear(2, 3), cr.nn.ReLU(), cr.nn.Linear(3, 1))
        >>> net
        Sequential(
          (0): Linear(in_features=2, out_features=3, bias=True)
          (1): ReLU()
          (2): Linear(in_features=3, out_features=1, bias=True)
        )
        >>> net(cr.ones(5, 2)).shape
        chainrule.Size([5, 1])

    Source: PyTorch, torch.nn.Sequential.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            for name, module in args[0].items():
                self.add_module(name, module)
        else:
            for index, module in enumerate(args):
                self.add_module(str(index), module)

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(OrderedDict(list(self._modules.items())[index]))
        return self._modules[self._key(index)]

    def __add__(self, other: Any) -> Sequential:
        if not isinstance(other, Sequential):
            raise ValueError(f"Sequential: only a Sequential can be added, got {type(other).__name__}.")
        return Sequential(*self, *other)

    def __iadd__(self, other: Any) -> Sequential:
        if not isinstance(other, Sequential):
            raise ValueError(f"Sequential: only a Sequential can be added, got {type(other).__name__}.")
        return self.extend(other)

    def __mul__(self, times: int) -> Sequential:
        if not isinstance(times, int):
            raise TypeError(f"unsupported operand type(s) for *: Sequential and {type(times).__name__}")
        if times <= 0:
            raise ValueError(f"Non-positive multiplication factor {times} for Sequential")
        return Sequential(*list(self) * times)

    __rmul__ = __mul__

    def insert(self, index: int, module: Module) -> Any:
        """Insert a module before an index."""
        if not -len(self) <= index <= len(self):
            raise IndexError(f"Sequential.insert: index must be in [{-len(self)}, {len(self)}], got {index}.")
        return super().insert(index, module)

    forward = calls(_core.call_in_turn, "_modules")


class ModuleList(_Listed):
    """A list of modules, known to the module that holds it.

    Args:
        modules: an iterable of modules.

    Example:
        >>> import chainrule as cr
        >>> layers = cr.nn.ModuleList([cr.nn.Linear(2, 2) for _ in range(3)])
        >>> len(layers), len(list(layers.parameters()))
        (3, 6)

    Source: PyTorch, torch.nn.ModuleList.
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(list(self._modules.values())[index])
        return self._modules[self._key(index)]

    def __iadd__(self, modules: Iterable[Module]) -> ModuleList:
        return self.extend(modules)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def insert(self, index: int, module: Module) -> None:
        """Insert a module before an index."""
        super().insert(index, module)

    def _child_lines(self) -> Iterator[tuple[str, str]]:
        """Neighbours with the same text share a line: "(0-1): 2 x Linear(...)"."""
        for text, group in groupby(super()._child_lines(), key=lambda line: line[1]):
            names = [name for name, _ in group]
            yield (names[0], text) if len(names) == 1 else (f"{names[0]}-{names[-1]}", f"{len(names)} x {text}")


class ModuleDict(Module):
    """A dict of modules, known to the module that holds it.

    Args:
        modules: a mapping of names to modules, or pairs.

    Example:
        >>> import chainrule as cr
        >>> heads = cr.nn.ModuleDict({"a": cr.nn.Linear(2, 1), "b": cr.nn.Linear(2, 3)})
        >>> heads["b"](cr.ones(1, 2)).shape
        chainrule.Size([1, 3])

    Source: PyTorch, torch.nn.ModuleDict.
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Remove all."""
        self._modules.clear()

    def pop(self, key: str) -> Any:
        """Remove a module and return it."""
        return self._modules.pop(key)

    def keys(self) -> Any:
        return self._modules.keys()

    def items(self) -> Any:
        return self._modules.items()

    def values(self) -> Any:
        return self._modules.values()

    def update(self, modules: Any) -> None:
        """Add, or replace, from a mapping or pairs."""
        for key, module in modules.items() if hasattr(modules, "items") else modules:
            self[key] = module


class ParameterList(Module):
    """A list of parameters, known to the module that holds it. Tensors become parameters.

    Args:
        values: an iterable of parameters or tensors.

    Example:
        >>> import chainrule as cr
        >>> weights = cr.nn.ParameterList([cr.ones(2), cr.zeros(3)])
        >>> [tuple(w.shape) for w in weights]
        [(2,), (3,)]

    Source: PyTorch, torch.nn.ParameterList.
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def _key(self, index: Any) -> str:
        index = operator.index(index)
        if not -self._size <= index < self._size:
            raise IndexError(f"index {index} is out of range")
        return str(index % self._size)

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)([self[i] for i in range(*index.indices(self._size))])
        return getattr(self, self._key(index))

    def __setitem__(self, index: int, value: Any) -> None:
        setattr(self, self._key(index), _as_parameter(value))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(self._size))

    def __iadd__(self, values: Iterable[Any]) -> ParameterList:
        return self.extend(values)

    def append(self, value: Any) -> ParameterList:
        """Add a parameter at the end."""
        self._size += 1
        self[self._size - 1] = value
        return self

    def extend(self, values: Iterable[Any]) -> ParameterList:
        """Add parameters at the end."""
        if isinstance(values, _core.Tensor) or not isinstance(values, Iterable):
            raise TypeError(f"ParameterList: an iterable of parameters is required, got {type(values).__name__}.")
        for value in list(values):
            self.append(value)
        return self

    def extra_repr(self) -> str:
        return "\n".join(f"  ({i}): {_describe(value)}" for i, value in enumerate(self))


class ParameterDict(Module):
    """A dict of parameters, known to the module that holds it. Tensors become parameters.

    Args:
        parameters: a mapping of names to parameters or tensors, or pairs.

    Example:
        >>> import chainrule as cr
        >>> weights = cr.nn.ParameterDict({"a": cr.ones(2)})
        >>> [name for name, _ in weights.named_parameters()]
        ['a']

    Source: PyTorch, torch.nn.ParameterDict.
    """

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    def __getitem__(self, key: str) -> Any:
        if key not in self._keys:
            raise KeyError(key)
        return getattr(self, key)

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise TypeError(f"ParameterDict: keys must be strings, got {type(key).__name__}.")
        self._keys[key] = None
        setattr(self, key, _as_parameter(value))

    def __delitem__(self, key: str) -> None:
        del self._keys[key]
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def keys(self) -> Any:
        return self._keys.keys()

    def items(self) -> Any:
        return [(key, self[key]) for key in self._keys]

    def values(self) -> Any:
        return [self[key] for key in self._keys]

    def get(self, key: str, default: Any = None) -> Any:
        return self[key] if key in self._keys else default

    def setdefault(self, key: str, default: Any = None) -> Any:
        if key not in self._keys:
            self[key] = default
        return self[key]

    def pop(self, key: str) -> Any:
        """Remove a parameter and return it."""
        value = self[key]
        del self[key]
        return value

    def clear(self) -> None:
        """Remove all."""
        for key in list(self._keys):
            del self[key]

    def update(self, parameters: Any) -> None:
        """Add, or replace, from a mapping or pairs. A plain dict is taken in the order of its keys, as in PyTorch."""
        if not isinstance(parameters, (Iterable, ParameterDict)):
            raise TypeError(
                f"ParameterDict: a mapping or pairs of names and parameters are required, got "
                f"{type(parameters).__name__}."
            )
        pairs: Any
        if isinstance(parameters, Mapping):
            pairs = parameters.items() if isinstance(parameters, OrderedDict) else sorted(parameters.items())
        else:
            pairs = getattr(parameters, "items", lambda: parameters)()
        for pair in pairs:
            if not isinstance(pair, Iterable):
                raise TypeError(
                    f"ParameterDict: pairs of names and parameters are required, got {type(pair).__name__}."
                )
            key, value = pair
            self[key] = value

    def popitem(self) -> tuple[str, Any]:
        """Remove the parameter that was added last, and return it with its name."""
        key = next(reversed(self._keys))
        return key, self.pop(key)

    def copy(self) -> ParameterDict:
        """A new dict of the same parameters."""
        return ParameterDict(OrderedDict(self.items()))

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """A new dict of these names, each with the same value."""
        return ParameterDict([(key, default) for key in keys])

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._keys)

    def __or__(self, other: Any) -> ParameterDict:
        both = self.copy()
        both.update(other)
        return both

    def __ror__(self, other: Any) -> ParameterDict:
        both = ParameterDict(other)
        both.update(self)
        return both

    def __ior__(self, other: Any) -> ParameterDict:
        self.update(other)
        return self

    def extra_repr(self) -> str:
        return "\n".join(f"  ({key}): {_describe(self[key])}" for key in self._keys)


def _as_parameter(value: Any) -> Any:
    return Parameter(value) if isinstance(value, _core.Tensor) and not isinstance(value, Parameter) else value


def _describe(value: Any) -> str:
    if not isinstance(value, _core.Tensor):
        return f"Object of type: {type(value).__name__}"
    kind = "Parameter" if isinstance(value, Parameter) else "Tensor"
    return f"{kind} containing: [{value.dtype} of size {'x'.join(map(str, value.shape))}]"
