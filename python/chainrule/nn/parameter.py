"""Parameter: a tensor that a module owns and trains. Buffer: one that it owns and does not train."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from .. import _core


class Parameter(_core.Tensor):
    """A tensor that becomes part of a module's parameters when it is assigned to an attribute of the module.

    It shares the memory of `data` and has no history.

    Args:
        data: a tensor.
        requires_grad: whether training changes it.

    Example:
        >>> import chainrule as cr
        >>> cr.nn.Parameter(cr.ones(2))
        Parameter containing:
        tensor([1., 1.], requires_grad=True)

    Source: PyTorch, torch.nn.Parameter.
    """

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Any:
        if data is None:
            data = _core.empty(0)
        if not issubclass(type(data), _core.Tensor):  # a sparse tensor is none
            raise TypeError(
                f"Parameter: data must be a dense tensor, got {type(data).__name__}. Use tensor(...) first."
            )
        return _core.Tensor._make_subclass(cls, data.detach(), requires_grad)

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) in memo:
            return memo[id(self)]
        result = type(self)(self.detach().clone(), self.requires_grad)
        memo[id(self)] = result
        _restore(result, copy.deepcopy(_grad_of(self), memo), copy.deepcopy(self.__dict__, memo))
        return result

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _rebuild, (type(self), self.detach(), self.requires_grad, _grad_of(self), dict(self.__dict__))


class Buffer(_core.Tensor):
    """A tensor that becomes a buffer of a module when it is assigned to an attribute of the module.

    Args:
        data: a tensor.
        persistent: whether state_dict contains it.

    Source: PyTorch, torch.nn.Buffer.
    """

    persistent: bool

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Any:
        if data is None:
            data = _core.empty(0)
        result = _core.Tensor._make_subclass(cls, data.detach(), data.requires_grad)
        result.persistent = persistent
        return result


def _grad_of(parameter: Any) -> Any:
    """The gradient, cut from any graph."""
    grad = parameter.grad
    return None if grad is None else grad.detach()


def _restore(parameter: Any, grad: Any, attributes: Mapping[str, Any]) -> None:
    if grad is not None:
        parameter.grad = grad
    parameter.__dict__.update(attributes)


def _rebuild(cls: Any, data: Any, requires_grad: bool, grad: Any, attributes: Mapping[str, Any]) -> Any:
    """Unpickle a parameter."""
    parameter = cls(data, requires_grad)
    _restore(parameter, grad, attributes)
    return parameter


class _Uninitialized:
    """What a parameter or buffer without a shape yet shares: it holds nothing until materialize gives it one."""

    cls_to_become: Any = None

    def materialize(self: Any, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Take a shape; the values are whatever they are."""
        self.data = _core.empty(
            (shape,) if isinstance(shape, int) else tuple(shape), dtype=self.dtype if dtype is None else dtype
        )
        self.__class__ = self.cls_to_become

    @property
    def shape(self) -> Any:
        raise RuntimeError(
            f"{type(self).__name__}: it has no shape before its module's first forward, or until a state with shapes "
            "is loaded into it. Run the module once on an input first."
        )

    def share_memory_(self) -> Any:
        raise RuntimeError(f"{type(self).__name__}: it has no memory to share before its module's first forward.")

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __deepcopy__(self: Any, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            attributes = copy.deepcopy(self.__dict__, memo)
            memo[id(self)] = _without_shape(type(self), self.requires_grad, self.dtype, attributes)
        return memo[id(self)]

    def __reduce_ex__(self: Any, protocol: Any) -> Any:
        return _without_shape, (type(self), self.requires_grad, self.dtype, dict(self.__dict__))


def _without_shape(cls: Any, requires_grad: bool, dtype: Any, attributes: Mapping[str, Any]) -> Any:
    """Copy or unpickle a parameter or buffer that has no shape yet."""
    result = cls(requires_grad, dtype=dtype)
    result.__dict__.update(attributes)
    return result


class UninitializedParameter(_Uninitialized, Parameter):
    """A parameter of a lazy layer before its first input.

    Source: PyTorch, torch.nn.UninitializedParameter.
    """

    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> Any:
        return _core.Tensor._make_subclass(cls, _core.empty(0, dtype=dtype), requires_grad)

    def __init__(self, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> None:
        pass


class UninitializedBuffer(_Uninitialized, Buffer):
    """A buffer of a lazy layer before its first input.

    Source: PyTorch, torch.nn.UninitializedBuffer.
    """

    def __new__(
        cls, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True
    ) -> Any:
        return _core.Tensor._make_subclass(cls, _core.empty(0, dtype=dtype), requires_grad)

    def __init__(
        self, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True
    ) -> None:
        self.persistent = persistent


UninitializedBuffer.cls_to_become = Buffer


def is_lazy(tensor: Any) -> bool:
    """Whether it has no shape yet."""
    return isinstance(tensor, _Uninitialized)
