"""PyTorch's old names: FloatTensor and its sisters, Tensor.new, set_default_tensor_type; finfo and iinfo."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _core

Tensor = _core.Tensor


class _TypeMeta(type):
    """isinstance asks for the dtype, as there is one class of tensors."""

    dtype: Any = None

    def __instancecheck__(cls, instance: Any) -> bool:
        return issubclass(type(instance), Tensor) and instance.dtype == cls.dtype  # a sparse tensor has its own

    def __str__(cls) -> str:
        return f"torch.{cls.__name__}"


class _LegacyTensor(metaclass=_TypeMeta):
    """FloatTensor(2, 3): of that size, uninitialised; FloatTensor([1, 2]): of that data. Today: empty and tensor."""

    dtype: Any = None

    def __new__(cls, *args: Any, device: Any = None) -> Any:
        return _make(args, cls.dtype, cls.__name__)


def _make(args: tuple[Any, ...], dtype: Any, name: str) -> Any:
    if not args:
        return _core.empty(0, dtype=dtype)
    first = args[0]
    if len(args) > 1 or (isinstance(first, (int, np.integer)) and not isinstance(first, bool)):
        for size in args:
            if isinstance(size, bool) or not isinstance(size, (int, np.integer)):
                raise TypeError(f"{name}: sizes must be integers, got {type(size).__name__}.")
        return _core.empty(*map(int, args), dtype=dtype)
    if isinstance(first, _core.Size):
        return _core.empty(first, dtype=dtype)
    if isinstance(first, Tensor):
        if first.dtype != dtype:
            raise TypeError(f"{name}: a tensor of {dtype} is required, got {first.dtype}. Use tensor.to(dtype).")
        return first.detach()
    return _core.tensor(first, dtype=dtype)


class FloatTensor(_LegacyTensor):
    """The old name of float32 tensors.

    Example:
        >>> import chainrule as cr
        >>> cr.FloatTensor([1, 2]), cr.FloatTensor(2, 3).shape, isinstance(cr.ones(2), cr.FloatTensor)
        (tensor([1., 2.]), chainrule.Size([2, 3]), True)
    """

    dtype = _core.float32


class DoubleTensor(_LegacyTensor):
    """The old name of float64 tensors."""

    dtype = _core.float64


class LongTensor(_LegacyTensor):
    """The old name of int64 tensors."""

    dtype = _core.int64


class IntTensor(_LegacyTensor):
    """The old name of int32 tensors."""

    dtype = _core.int32


class ByteTensor(_LegacyTensor):
    """The old name of uint8 tensors."""

    dtype = _core.uint8


class BoolTensor(_LegacyTensor):
    """The old name of bool tensors."""

    dtype = _core.bool


class HalfTensor(_LegacyTensor):
    """The old name of float16 tensors."""

    dtype = _core.float16


class BFloat16Tensor(_LegacyTensor):
    """The old name of bfloat16 tensors."""

    dtype = _core.bfloat16


class ShortTensor(_LegacyTensor):
    """The old name of int16 tensors."""

    dtype = _core.int16


class CharTensor(_LegacyTensor):
    """The old name of int8 tensors."""

    dtype = _core.int8


def set_default_tensor_type(t: Any) -> None:
    """Set the default dtype by an old name: FloatTensor, DoubleTensor, HalfTensor or BFloat16Tensor, or their names.

    Use set_default_dtype.
    """
    classes = (FloatTensor, DoubleTensor, HalfTensor, BFloat16Tensor)
    names = {cls.__name__: cls.dtype for cls in classes}
    dtype: Any = names.get(t.rsplit(".", 1)[-1]) if isinstance(t, str) else getattr(t, "dtype", None)
    if dtype not in names.values():
        raise TypeError(f"set_default_tensor_type: a floating tensor type is required, such as FloatTensor, got {t}.")
    _core.set_default_dtype(dtype)


def _new(self: Any, *args: Any, size: Any = None, device: Any = None) -> Any:
    """A tensor of this tensor's dtype: new(2, 3) of that size, uninitialised; new([1, 2]) of that data."""
    return _make(args if size is None else (_core.Size(size),), self.dtype, "new")


def _apply(self: Any, function: Any) -> Any:
    """Replace each element by function(element), in place: slow, a Python call each."""
    return replace_each("apply_", self, [], function)


def replace_each(name: str, self: Any, others: list[Any], function: Any) -> Any:
    """Write function(element, elements of the others) into each element."""
    for tensor in (self, *others):
        if tensor.requires_grad:
            raise RuntimeError(f"{name}: the gradient does not see Python calls. Use detach(), or operations.")
    columns = [tensor.expand(self.shape).reshape(-1).tolist() for tensor in (self, *others)]
    values = [function(*elements) for elements in zip(*columns)]
    return self.copy_(_core.tensor(values, dtype=self.dtype).reshape(self.shape))


for _name, _member in {
    "new": _new,
    "apply_": _apply,
}.items():
    setattr(Tensor, _name, _member)


class _Limits:
    dtype: str
    _fields: tuple[str, ...] = ()

    def __repr__(self) -> str:
        values = [f"{name}={getattr(self, name):g}" for name in self._fields]
        return f"{type(self).__name__}({', '.join(values)}, dtype={self.dtype})"


class finfo(_Limits):
    """The limits of a floating-point dtype (default: the default dtype).

    Attributes: bits, eps (1 + eps is the number after 1), max, min, tiny and smallest_normal, resolution, dtype.

    Example:
        >>> import chainrule as cr
        >>> cr.finfo(cr.float32).eps == 2.0**-23
        True

    Source: PyTorch, torch.finfo.
    """

    _fields = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")

    def __init__(self, type: Any = None) -> None:
        dtype = _core.get_default_dtype() if type is None else type
        if not isinstance(dtype, _core.dtype) or not dtype.is_floating_point:
            raise TypeError(f"finfo: a floating-point dtype is required, got {dtype}. Use iinfo for integers.")
        self.dtype = dtype.name
        if dtype == _core.bfloat16:  # NumPy does not have it: float32's exponents, 7 bits behind the point
            self.bits, self.eps, self.resolution = 16, 2.0**-7, 0.01
            self.max, self.tiny = (2 - self.eps) * 2.0**127, 2.0**-126
            self.min, self.smallest_normal = -self.max, self.tiny
            return
        info = np.finfo(dtype.name)
        self.bits = int(info.bits)
        self.eps, self.max, self.min = float(info.eps), float(info.max), float(info.min)
        self.tiny = self.smallest_normal = float(info.tiny)
        self.resolution = 10.0**-info.precision


class iinfo(_Limits):
    """The limits of an integer dtype. Attributes: bits, min, max, dtype.

    Example:
        >>> import chainrule as cr
        >>> cr.iinfo(cr.uint8)
        iinfo(min=0, max=255, dtype=uint8)

    Source: PyTorch, torch.iinfo.
    """

    _fields = ("min", "max")

    def __init__(self, type: Any) -> None:
        if not isinstance(type, _core.dtype) or type.is_floating_point or type == _core.bool:
            raise TypeError(f"iinfo: an integer dtype is required, got {type}. Use finfo for floating point.")
        info = np.iinfo(type.name)
        self.dtype = type.name
        self.bits, self.min, self.max = int(info.bits), int(info.min), int(info.max)


def is_floating_point(input: Any) -> bool:
    """Whether the tensor's dtype is a floating-point type."""
    return input.is_floating_point()


def is_complex(input: Any) -> bool:
    """False: there are no complex numbers."""
    return input.is_complex()


def is_nonzero(input: Any) -> bool:
    """Whether the only element of the tensor is not zero."""
    if input.numel() != 1:
        raise RuntimeError(f"is_nonzero: a tensor of one element is required, got shape {tuple(input.shape)}.")
    return bool(input != 0)
