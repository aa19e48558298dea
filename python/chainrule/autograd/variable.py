"""Variable, the name that tensors had before PyTorch 0.4."""

from __future__ import annotations

from typing import Any

from .. import _core


class _VariableMeta(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, _core.Tensor)


class Variable(metaclass=_VariableMeta):
    """Variable(data, requires_grad=False): a tensor that shares data's memory and is outside its graph.

    `volatile` is accepted and ignored, as in PyTorch.

    Example:
        >>> import chainrule as cr
        >>> x = cr.autograd.Variable(cr.ones(2), requires_grad=True)
        >>> x.requires_grad, isinstance(x, cr.Tensor)
        (True, True)
    """

    def __new__(cls, data: Any = None, requires_grad: bool = False, volatile: bool = False) -> Any:
        if data is None:
            data = _core.empty(0)
        variable = data.detach()
        return variable.requires_grad_() if requires_grad else variable
