"""save and load: plain data as safetensors files, anything else as a pickle that only an explicit wish reads.

Note [The structure of a saved object]
The tensors of a saved object are the tensors of a safetensors file, which every program for that format reads. What is
around them stands in the metadata under "chainrule", as JSON: null, true, numbers, text and lists are themselves; all
else is an object with its kind under "is":
    {"is": "tensor", "name": in the file, "id": equal ids are one object, "parameter", "requires_grad": true, if so}
    {"is": "dict" | "OrderedDict" | "Counter", "items": [[key, value], ...]}
    {"is": "tuple" | "Size", "items": [...]}     {"is": "float", "value": "nan" | "inf" | "-inf"}
    {"is": "dtype", "name": "float32"}
    {"is": "sparse", "indices": tensor, "values": tensor, "size": [...], "coalesced", "layout", "requires_grad"}
A file without that entry is a dict of its tensors. Reading it builds these types and no others.
"""

from __future__ import annotations

import io
import json
import math
import os
from collections import Counter, OrderedDict
from typing import Any

import numpy as np

from . import _core, _safetensors
from ._safe_globals import add_safe_globals, clear_safe_globals, get_safe_globals, safe_globals

__all__ = ["add_safe_globals", "clear_safe_globals", "get_safe_globals", "load", "safe_globals", "save"]

ENTRY = "chainrule"
MARKER = b"chainrule pickle 1\n"  # as the length of a safetensors header, its first 8 bytes would be far too much
MAX_DEPTH = 100
MAPPINGS: dict[str, type[Any]] = {"dict": dict, "OrderedDict": OrderedDict, "Counter": Counter}
SEQUENCES: dict[str, type[Any]] = {"tuple": tuple, "Size": _core.Size}
DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64")


class _NotPlain(Exception):
    """The object holds something that is no plain data."""


# Saving


def save(obj: Any, f: Any, pickle_module: Any = None, pickle_protocol: int = 2, **options: Any) -> None:
    """Write an object to a file.

    Plain data is written as a safetensors file: tensors, numbers, text, None, dicts, OrderedDicts, lists and tuples,
    one within the other. So state dicts are, and checkpoints made of them. Tensors over the same memory with the same
    shape are written once. Anything else, such as a whole module, is pickled, and is read only by
    load(..., weights_only=False).

    Args:
        obj: the object.
        f: a path, or a file object open for writing bytes.
        pickle_module, pickle_protocol: used where obj is no plain data.
        options: PyTorch's further options are accepted, without effect.

    Raises:
        ValueError: obj is nested more than 100 deep, or contains itself.

    Example:
        >>> import chainrule as cr, io
        >>> file = io.BytesIO()
        >>> cr.save({"step": 3, "weights": [cr.ones(2)]}, file)
        >>> _ = file.seek(0)
        >>> cr.load(file)
        {'step': 3, 'weights': [tensor([1., 1.])]}

    Source: PyTorch, torch.save.
    """
    try:
        writer = _Writer()
        structure = writer.encode(obj, (), 0)
        text = json.dumps({"version": 1, "root": structure}, separators=(",", ":"))
        parts = _safetensors.pieces(writer.tensors, {ENTRY: text})
    except _NotPlain:
        parts = [MARKER, _pickled(obj, pickle_module, pickle_protocol)]
    if not isinstance(f, (str, os.PathLike)):
        _write(f, parts)
        return
    with open(f, "wb") as file:
        _write(file, parts)


def _write(file: Any, parts: list[Any]) -> None:
    for part in parts:
        file.write(part)


def _pickled(obj: Any, module: Any, protocol: int) -> bytes:
    if module is None:
        import pickle as module
    return module.dumps(obj, protocol=protocol)


class _Writer:
    """Turns an object into JSON, and collects its tensors by the names that they get in the file."""

    def __init__(self) -> None:
        self.tensors: dict[str, Any] = {}
        self._names: dict[Any, str] = {}  # by place in memory
        self._ids: dict[int, int] = {}
        self._alive: list[Any] = []  # an id is one object's as long as it lives

    def encode(self, obj: Any, path: tuple[str, ...], depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise ValueError(f"save: at most {MAX_DEPTH} levels are required, got more: does {path[0]} contain itself?")
        if obj is None or type(obj) in (bool, int, str):
            return obj
        if isinstance(obj, (np.bool_, np.integer)):
            return obj.item()
        if type(obj) is float or isinstance(obj, np.floating):
            value = float(obj)
            return value if math.isfinite(value) else {"is": "float", "value": str(value)}
        if isinstance(obj, _core.Tensor):
            return self._tensor(obj, path) if issubclass(type(obj), _core.Tensor) else self._sparse(obj, path)
        if isinstance(obj, _core.dtype):
            return {"is": "dtype", "name": str(obj).split(".")[-1]}
        if type(obj) is list:
            return self._items(obj, path, depth)
        for kind, cls in MAPPINGS.items():
            if type(obj) is cls:
                pairs = [self._pair(key, value, path, depth) for key, value in obj.items()]
                return {"is": kind, "items": pairs}
        for kind, cls in SEQUENCES.items():
            if type(obj) is cls:
                return {"is": kind, "items": self._items(obj, path, depth)}
        raise _NotPlain

    def _items(self, obj: Any, path: tuple[str, ...], depth: int) -> list[Any]:
        return [self.encode(value, (*path, str(i)), depth + 1) for i, value in enumerate(obj)]

    def _pair(self, key: Any, value: Any, path: tuple[str, ...], depth: int) -> list[Any]:
        if isinstance(key, _core.Tensor):
            raise _NotPlain
        return [self.encode(key, path, depth + 1), self.encode(value, (*path, str(key)), depth + 1)]

    def _tensor(self, tensor: Any, path: tuple[str, ...]) -> dict[str, Any]:
        from .nn.parameter import Parameter

        if type(tensor) not in (_core.Tensor, Parameter):
            raise _NotPlain
        place: Any = (tensor.data_ptr(), tuple(tensor.shape), tuple(tensor.stride()), str(tensor.dtype))
        if tensor.numel() == 0:
            place = id(tensor)
        if place not in self._names:
            self._names[place] = name = self._free_name(".".join(path) or "tensor")
            self.tensors[name] = tensor
        self._alive.append(tensor)
        number = self._ids.setdefault(id(tensor), len(self._ids))
        node = {"is": "tensor", "name": self._names[place], "id": number}
        if type(tensor) is Parameter:
            node["parameter"] = True
        if tensor.requires_grad:
            node["requires_grad"] = True
        return node

    def _sparse(self, tensor: Any, path: tuple[str, ...]) -> dict[str, Any]:
        leaf = tensor.requires_grad and tensor.is_leaf
        tensor = tensor.detach()
        return {
            "is": "sparse",
            "indices": self._tensor(tensor._indices(), (*path, "indices")),
            "values": self._tensor(tensor._values(), (*path, "values")),
            "size": list(tensor.shape),
            "coalesced": tensor.is_coalesced(),
            "layout": tensor.layout.name,
            "requires_grad": leaf,
        }

    def _free_name(self, name: str) -> str:
        result, number = name, 1
        while result in self.tensors or result == _safetensors.METADATA:
            number += 1
            result = f"{name}#{number}"
        return result


# Loading


def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = True,
    mmap: bool | None = None,
    **options: Any,
) -> Any:
    """The object that save wrote, or the dict of tensors of any safetensors file.

    Args:
        f: a path, or a file object open for reading bytes.
        map_location: accepted where it leads to the CPU: None, "cpu", a device, a function or a dict.
        pickle_module: what reads a pickled object.
        weights_only: False also reads a pickled object. Such a file can run any code: read only files that you trust.
            Inside safe_globals([...]) one is read that names the classes given there and no others.
        mmap, options: PyTorch's further options are accepted, without effect.

    Returns:
        What was saved. From a safetensors file that save did not write, F16 and BF16 come as float32, I8 and I16 as
        int32; utils.load_file gives them as they are.

    Raises:
        ValueError: the file is malformed, or it is PyTorch's own format.
        RuntimeError: the file is a pickled object, and weights_only is not False.

    Example:
        >>> import chainrule as cr, io
        >>> file = io.BytesIO()
        >>> cr.save(cr.nn.Linear(2, 1).state_dict(), file)
        >>> _ = file.seek(0)
        >>> list(cr.load(file))
        ['weight', 'bias']

    Source: PyTorch, torch.load.
    """
    _check_location(map_location)
    if not isinstance(f, (str, os.PathLike)):
        return _load(f, pickle_module, weights_only is False)
    with open(f, "rb") as file:
        return _load(file, pickle_module, weights_only is False)


def _check_location(location: Any) -> None:
    if isinstance(location, (str, _core.device)) and not str(location).startswith("cpu"):
        raise RuntimeError(
            f"load: map_location must be cpu, got {location}. chainrule computes on the CPU only; pass "
            'map_location="cpu".'
        )


def _load(file: Any, pickle_module: Any, trusted: bool) -> Any:
    try:
        here = file.tell()
        start = file.read(len(MARKER))
        file.seek(here)
    except (OSError, AttributeError):  # not seekable
        file = io.BytesIO(file.read())
        start = file.getvalue()[: len(MARKER)]
    if start == MARKER:
        if not trusted and get_safe_globals():
            from ._safe_unpickler import SafeUnpickler

            file.read(len(MARKER))
            return SafeUnpickler(file).load()
        if not trusted:
            raise RuntimeError(
                "load: the file holds a pickled object, which can run any code when it is read. If you trust who made "
                "it, pass weights_only=False; better, save a state_dict()."
            )
        if pickle_module is None:
            import pickle as pickle_module
        file.read(len(MARKER))
        return pickle_module.load(file)
    if start.startswith((b"PK\x03\x04", b"\x80")) and start[4:8] != bytes(4):  # no length that a header may have
        raise ValueError(
            "load: the file is in PyTorch's own format, or a bare pickle. Write it anew where PyTorch is installed, "
            "with safetensors.torch.save_file(state_dict, path)."
        )
    tensors, metadata = _safetensors.read(file)
    if ENTRY not in metadata:
        return {name: _widened(tensor) for name, tensor in tensors.items()}
    return _Reader(tensors).root(metadata[ENTRY])


def _widened(tensor: Any) -> Any:
    """float16 and bfloat16 as float32, int8 and int16 as int32."""
    if tensor.element_size() > 2 or tensor.dtype in (_core.bool, _core.uint8):
        return tensor
    return tensor.to(_core.float32 if tensor.is_floating_point() else _core.int32)


class _Reader:
    """Builds an object from its JSON and the tensors of the file."""

    def __init__(self, tensors: dict[str, Any]) -> None:
        self._tensors = tensors
        self._used: set[str] = set()
        self._objects: dict[int, tuple[dict[str, Any], Any]] = {}

    def root(self, text: str) -> Any:
        try:
            table = json.loads(text, parse_constant=_no_constant)
        except (json.JSONDecodeError, RecursionError) as error:
            raise _malformed(f"it must be JSON, got {error}") from None
        if not isinstance(table, dict) or table.get("version") != 1 or "root" not in table:
            raise _malformed("version 1 with a root is required. A newer chainrule may have written the file")
        return self.decode(table["root"], 0)

    def decode(self, node: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise _malformed(f"at most {MAX_DEPTH} levels are required, got more")
        if isinstance(node, list):
            return [self.decode(value, depth + 1) for value in node]
        if not isinstance(node, dict):
            return node
        kind = node.get("is")
        if kind == "tensor":
            return self._tensor(node)
        if kind == "float" and node.get("value") in ("nan", "inf", "-inf"):
            return float(node["value"])
        if kind == "dtype" and node.get("name") in DTYPES:
            return getattr(_core, node["name"])
        if kind == "sparse":
            return self._sparse(node)
        items = node.get("items")
        if isinstance(items, list) and isinstance(kind, str):
            if kind in SEQUENCES:
                return self._sequence(SEQUENCES[kind], [self.decode(value, depth + 1) for value in items])
            if kind in MAPPINGS:
                return self._mapping(MAPPINGS[kind], items, depth)
        raise _malformed(f"an unknown kind of value: {str(node)[:80]}")

    def _sequence(self, cls: Any, items: list[Any]) -> Any:
        if cls is _core.Size and not all(type(n) is int for n in items):
            raise _malformed(f"a Size must hold integers, got {str(items)[:80]}")
        return cls(items)

    def _mapping(self, cls: Any, items: list[Any], depth: int) -> Any:
        result = cls()
        for pair in items:
            if not isinstance(pair, list) or len(pair) != 2:
                raise _malformed(f"an item of a dict must be a pair, got {str(pair)[:80]}")
            key, value = (self.decode(part, depth + 1) for part in pair)
            try:
                repeated = key in result
            except TypeError:
                raise _malformed(f"a key must be hashable, got {type(key).__name__}") from None
            if repeated:
                raise _malformed(f"each key must appear once, got {key!r} twice")
            result[key] = value
        return result

    def _tensor(self, node: dict[str, Any]) -> Any:
        from .nn.parameter import Parameter

        name, number = node.get("name"), node.get("id")
        if not isinstance(name, str) or name not in self._tensors or type(number) is not int:
            raise _malformed(f"a tensor of the file is required, got {str(node)[:80]}")
        if number in self._objects:
            first, tensor = self._objects[number]
            if first != node:
                raise _malformed(f"two tensors have the id {number}")
            return tensor
        tensor = self._tensors[name].detach() if name in self._used else self._tensors[name]
        self._used.add(name)
        requires_grad = node.get("requires_grad") is True
        if requires_grad and not tensor.is_floating_point():
            raise _malformed(f"{name!r} requires a gradient, but holds {tensor.dtype}")
        if node.get("parameter") is True:
            tensor = Parameter(tensor, requires_grad)
        elif requires_grad:
            tensor.requires_grad_()
        self._objects[number] = node, tensor
        return tensor

    def _sparse(self, node: dict[str, Any]) -> Any:
        from .sparse._tensor import restored

        parts = [part for part in (node.get("indices"), node.get("values")) if isinstance(part, dict)]
        if len(parts) != 2:
            raise _malformed(f"a sparse tensor must have indices and values, got {str(node)[:80]}")
        options = [node.get(key) for key in ("size", "coalesced", "layout", "requires_grad")]
        indices, values = (self._tensor(part) for part in parts)
        if options[3] is True and not values.is_floating_point():
            raise _malformed(f"a sparse tensor requires a gradient, but holds {values.dtype}")
        return restored("load", indices, values, *options)


def _malformed(what: str) -> ValueError:
    return ValueError(f"load: the file's structure is malformed: {what}.")


def _no_constant(text: str) -> None:
    raise _malformed(f"it must be JSON, got {text}")
