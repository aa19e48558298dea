"""Reading and writing safetensors files, with NumPy alone.

A file is: the length N of the header (8 bytes, little-endian), N bytes of JSON, the bytes of the tensors. The JSON is
{"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, ..., "__metadata__": {"key": "text", ...}};
offsets count from the end of the header, and the tensors fill the rest of the file without gap or overlap.

Note [Nothing in a file is believed]
Lengths, offsets and shapes are compared with the size of the file before anything is read or allocated by them. What
does not fit is a ValueError. Never allocate by a number from the header that has not passed _check_entry and
_check_gaps.

Source: the format's description at https://github.com/huggingface/safetensors.
"""

from __future__ import annotations

import io
import json
import math
import os
import struct
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from . import _core
from ._storage import memory_array, tensor_over

__all__ = ["load_file", "pieces", "read", "save_file"]

MAX_HEADER = 100_000_000  # bytes; the official reader's limit
MAX_DIMS = 10  # of a tensor here
METADATA = "__metadata__"
# name -> (how NumPy stores it, what becomes of it here); the dtypes that are missing here are widened
DTYPES = {
    "BOOL": ("u1", "bool"),
    "U8": ("u1", "u1"),
    "I8": ("i1", "i1"),
    "I16": ("<i2", "i2"),
    "U16": ("<u2", "i4"),
    "I32": ("<i4", "i4"),
    "U32": ("<u4", "i8"),
    "I64": ("<i8", "i8"),
    "F16": ("<f2", "f2"),
    "BF16": ("<i2", "i2"),
    "F32": ("<f4", "f4"),
    "F64": ("<f8", "f8"),
}
NAMES = {
    "bool": "BOOL",
    "uint8": "U8",
    "int8": "I8",
    "int16": "I16",
    "int32": "I32",
    "int64": "I64",
    "float16": "F16",
    "bfloat16": "BF16",
    "float32": "F32",
    "float64": "F64",
}


class Entry(NamedTuple):
    """One tensor of a file."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


# Reading


def read(file: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """All tensors and the metadata of an open binary file, from where it stands to its end.

    Raises:
        ValueError: the file is malformed; it says in what.
    """
    file, size = _sized(file)
    if size < 8:
        raise _malformed(f"a file of at least 8 bytes is required, got {size}")
    (length,) = struct.unpack("<Q", _take(file, 8))
    if length > MAX_HEADER:
        raise _malformed(f"a header of at most {MAX_HEADER} bytes is required, got {length}")
    if 8 + length > size:
        raise _malformed(f"the header of {length} bytes ends beyond the file of {size} bytes")
    entries, metadata = _parse(_take(file, length), size - 8 - length)
    tensors = {}
    for entry in sorted(entries, key=lambda entry: (entry.begin, entry.end)):
        tensors[entry.name] = _tensor(entry, _take(file, entry.end - entry.begin))
    return {entry.name: tensors[entry.name] for entry in entries}, metadata


def _malformed(what: str) -> ValueError:
    return ValueError(f"safetensors: {what}.")


def _sized(file: Any) -> tuple[Any, int]:
    """The file, and how many bytes follow; one that cannot seek is read to its end."""
    try:
        here = file.tell()
        end = file.seek(0, os.SEEK_END)
        file.seek(here)
    except (OSError, AttributeError):
        data = file.read()
        return io.BytesIO(data), len(data)
    return file, (file.tell() if end is None else end) - here


def _take(file: Any, size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise _malformed(f"{size} more bytes are required, got {len(data)}: the file ends too early")
    return data


def _parse(header: bytes, data_size: int) -> tuple[list[Entry], dict[str, str]]:
    """The tensors that a header names, in its order, and its metadata."""
    if not header.startswith(b"{"):
        raise _malformed(f"the header must begin with '{{', got {header[:1]!r}")
    try:
        text = header.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed(f"the header must be UTF-8, got {error}") from None
    try:
        table = json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except RecursionError:
        raise _malformed("the header is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise _malformed(f"the header must be JSON, got {error}") from None
    metadata = table.pop(METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise _malformed(f"{METADATA} must map text to text")
    entries = [_check_entry(name, table[name]) for name in table]
    _check_gaps(entries, data_size)
    return entries, metadata


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        name = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise _malformed(f"each key must appear once, got {name!r} twice")
    return result


def _no_constant(text: str) -> None:
    raise _malformed(f"the header must be JSON, got {text}")


def _check_entry(name: str, info: Any) -> Entry:
    if not isinstance(info, dict) or set(info) != {"dtype", "shape", "data_offsets"}:
        raise _malformed(f"tensor {name!r} must have dtype, shape and data_offsets, and nothing else")
    if any("\ud800" <= character <= "\udfff" for character in name):
        raise _malformed(f"names must be Unicode text, got {name!r}")
    dtype, shape, offsets = info["dtype"], info["shape"], info["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise _malformed(f"tensor {name!r}: dtype must be one of {', '.join(DTYPES)}, got {dtype!r}")
    if not _all_sizes(shape) or len(shape) > MAX_DIMS:
        raise _malformed(f"tensor {name!r}: shape must be a list of at most {MAX_DIMS} sizes")
    if not _all_sizes(offsets) or len(offsets) != 2:
        raise _malformed(f"tensor {name!r}: data_offsets must be two positions")
    begin, end = offsets
    itemsize = np.dtype(DTYPES[dtype][0]).itemsize
    if math.prod(n or 1 for n in shape) * itemsize >= 2**63:  # zeros apart: a product of strides overflows as well
        raise _malformed(f"tensor {name!r}: shape {tuple(shape)} is too large")
    if begin > end or end - begin != math.prod(shape) * itemsize:
        raise _malformed(f"tensor {name!r}: {dtype} of shape {tuple(shape)} does not fill bytes {begin} to {end}")
    return Entry(name, dtype, tuple(shape), begin, end)


def _all_sizes(values: Any) -> bool:
    return isinstance(values, list) and all(type(n) is int and 0 <= n < 2**63 for n in values)


def _check_gaps(entries: list[Entry], data_size: int) -> None:
    """The tensors must fill the data part: each begins where the one before it ends."""
    position = 0
    for entry in sorted(entries, key=lambda entry: (entry.begin, entry.end)):
        if entry.begin != position:
            what = "overlap" if entry.begin < position else "a gap"
            raise _malformed(f"tensor {entry.name!r} must begin at byte {position}, got {entry.begin}: {what}")
        position = entry.end
    if position != data_size:
        raise _malformed(f"the tensors must end with the file, at byte {data_size}, got {position}")


def _tensor(entry: Entry, data: bytes) -> Any:
    stored, wanted = DTYPES[entry.dtype]
    values = np.frombuffer(data, stored)
    if entry.dtype == "BOOL" and values.size and values.max() > 1:
        raise _malformed(f"tensor {entry.name!r}: BOOL must be 0 or 1, got {values.max()}")
    return tensor_over(values.astype(wanted).reshape(entry.shape), "bfloat16" if entry.dtype == "BF16" else "")


# Writing


def pieces(tensors: Mapping[str, Any], metadata: Mapping[str, str] | None = None) -> list[Any]:
    """The bytes of a file, piece by piece. Large items come first, so that each tensor is aligned."""
    arrays = {name: _array(name, tensor) for name, tensor in tensors.items()}
    order = sorted(arrays, key=lambda name: -arrays[name].itemsize)
    header = _header([(name, tensors[name].dtype.name, arrays[name]) for name in order], metadata)
    data = [arrays[name].reshape(-1).view(np.uint8).data for name in order if arrays[name].size]
    return [struct.pack("<Q", len(header)), header, *data]


def _array(name: Any, tensor: Any) -> np.ndarray:
    if not isinstance(name, str) or name == METADATA:
        raise ValueError(f"save_file: names must be text other than {METADATA!r}, got {name!r}.")
    if not isinstance(tensor, _core.Tensor):
        raise TypeError(f"save_file: values must be tensors, got {type(tensor).__name__} as {name!r}.")
    array = memory_array(tensor)
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(array.shape)


def _header(arrays: Iterable[tuple[str, str, np.ndarray]], metadata: Mapping[str, str] | None) -> bytes:
    table: dict[str, Any] = {}
    if metadata:
        if not all(isinstance(text, str) for pair in metadata.items() for text in pair):
            raise ValueError("save_file: metadata must map text to text.")
        table[METADATA] = dict(metadata)
    position = 0
    for name, dtype, array in arrays:
        end = position + array.nbytes
        offsets = [position, end]
        table[name] = {"dtype": NAMES[dtype], "shape": list(array.shape), "data_offsets": offsets}
        position = end
    header = json.dumps(table, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    header += b" " * (-len(header) % 8)
    if len(header) > MAX_HEADER:
        raise ValueError(f"save_file: a header of at most {MAX_HEADER} bytes is required, got {len(header)}.")
    return header


# Whole files


def save_file(tensors: Mapping[str, Any], filename: str | os.PathLike[str], metadata: Any = None) -> None:
    """Write a dict of tensors as a safetensors file.

    Args:
        tensors: name -> tensor. Those that share memory are written one by one.
        filename: where to.
        metadata: None, or a dict from text to text.

    Raises:
        ValueError, TypeError: a name or metadata is no text, a value no tensor.

    Example:
        >>> import chainrule as cr, os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "weights.safetensors")
        >>> cr.utils.save_file({"w": cr.ones(2)}, path)
        >>> cr.utils.load_file(path)
        {'w': tensor([1., 1.])}

    Source: safetensors.torch.save_file.
    """
    parts = pieces(tensors, metadata)  # before the file is opened: bad arguments leave an old file as it is
    with open(filename, "wb") as file:
        for part in parts:
            file.write(part)


def load_file(filename: str | os.PathLike[str], device: Any = "cpu") -> dict[str, Any]:
    """The tensors of a safetensors file.

    U16 becomes int32, U32 int64.

    Args:
        filename: where from.
        device: "cpu".

    Returns:
        Name -> tensor, in the file's order.

    Raises:
        ValueError: the file is malformed.

    Example:
        >>> import chainrule as cr, os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "weights.safetensors")
        >>> cr.utils.save_file({"w": cr.arange(3)}, path, {"made by": "hand"})
        >>> cr.utils.load_file(path)["w"]
        tensor([0, 1, 2])

    Source: safetensors.torch.load_file.
    """
    if str(device) != "cpu":
        raise RuntimeError(f"load_file: device must be cpu, got {device}. chainrule computes on the CPU only.")
    with open(filename, "rb") as file:
        return read(file)[0]
