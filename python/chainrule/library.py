"""torch.library: functions of one's own as operations with a name and a gradient rule.

Example:
    >>> import chainrule as cr
    >>> @cr.library.custom_op("mine::square", mutates_args=())
    ... def square(x: cr.Tensor) -> cr.Tensor:
    ...     return x * x
    >>> square.register_autograd(lambda ctx, grad: 2 * ctx.saved_tensors[0] * grad,
    ...                          setup_context=lambda ctx, inputs, output: ctx.save_for_backward(inputs[0]))
    >>> x = cr.tensor(3.0, requires_grad=True)
    >>> square(x).backward()
    >>> x.grad
    tensor(6.)

Source: PyTorch, torch.library.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from . import _core
from .autograd import Function, no_grad

__all__ = ["CustomOpDef", "custom_op", "operations", "register_autograd", "register_fake", "register_kernel"]

# By their names, "namespace::name".
operations: dict[str, CustomOpDef] = {}


class CustomOpDef:
    """A function with a name: custom_op() makes it. Calling it computes; its gradient is what register_autograd() says.

    Without a rule, a call that would need one gives a result whose backward() raises RuntimeError.
    """

    def __init__(self, name: str, fn: Callable[..., Any]) -> None:
        self._qualname, self._fn = name, fn
        self.__name__ = name.rpartition("::")[2]
        self.__doc__ = fn.__doc__
        self._signature = inspect.signature(fn)
        self._backward: Callable[..., Any] | None = None
        self._setup: Callable[..., Any] | None = None
        self._function = self._as_function()

    def _as_function(self) -> type[Function]:
        operation = self

        class Operation(Function):
            @staticmethod
            def forward(ctx: Any, *args: Any) -> Any:
                output = operation._fn(*args)
                if operation._setup is not None:
                    operation._setup(ctx, args, output)
                return output

            @staticmethod
            def backward(ctx: Any, *grads: Any) -> Any:
                if operation._backward is None:
                    raise RuntimeError(
                        f"{operation._qualname}: this operation has no gradient rule. Call register_autograd()."
                    )
                return operation._backward(ctx, *grads)

        Operation.__name__ = self.__name__
        return Operation

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        values = bound.args
        if bound.kwargs:  # keyword-only ones: Function takes none
            if _core.is_grad_enabled() and any(getattr(v, "requires_grad", False) for v in values):
                raise RuntimeError(f"{self._qualname}: keyword-only arguments and a gradient do not go together.")
            with no_grad():
                return self._fn(*values, **bound.kwargs)
        return self._function.apply(*values)

    def register_autograd(
        self, backward: Callable[..., Any], /, *, setup_context: Callable[..., Any] | None = None
    ) -> None:
        """The gradient rule.

        Args:
            backward: backward(ctx, *grads) gives a gradient, or None, for each argument.
            setup_context: setup_context(ctx, inputs, output) keeps in ctx what backward needs.
        """
        self._backward, self._setup = backward, setup_context

    def register_fake(self, fn: Callable[..., Any], /) -> Callable[..., Any]:
        """Nothing: no program is traced without its values."""
        return fn

    register_vmap = register_torch_dispatch = register_fake

    def register_kernel(self, device_types: Any, fn: Callable[..., Any] | None = None, /) -> Any:
        """Another function for these kinds of device; where the CPU is among them, it is the one that is called."""
        if fn is None:
            return lambda function: self.register_kernel(device_types, function)
        kinds = [device_types] if isinstance(device_types, str) or device_types is None else list(device_types)
        if None in kinds or "cpu" in kinds:
            self._fn = fn
        return fn

    def __repr__(self) -> str:
        return f"<CustomOpDef({self._qualname})>"


def custom_op(
    name: str,
    fn: Callable[..., Any] | None = None,
    /,
    *,
    mutates_args: str | Iterable[str] = (),
    device_types: Any = None,
    schema: str | None = None,
    tags: Any = None,
) -> Any:
    """The function as an operation; without fn a decorator.

    Args:
        name: "namespace::name".
        fn: of tensors and other values.
        mutates_args: names of the arguments that it changes: the changes are the function's own.
        device_types, schema, tags: accepted, without effect.

    Raises:
        ValueError: a name without a namespace.
    """
    if fn is None:
        return lambda function: custom_op(name, function, mutates_args=mutates_args)
    if name.count("::") != 1:
        raise ValueError(f'custom_op: a name "namespace::name" is required, got {name!r}.')
    operations[name] = CustomOpDef(name, fn)
    return operations[name]


triton_op = custom_op


def _find(op: Any, what: str) -> CustomOpDef:
    found = op if isinstance(op, CustomOpDef) else operations.get(str(op))
    if found is None:
        raise RuntimeError(f"{what}: no operation {op!r} is known. Make it by custom_op() first.")
    return found


def register_autograd(
    op: Any, backward: Callable[..., Any], /, *, setup_context: Callable[..., Any] | None = None, lib: Any = None
) -> None:
    """The gradient rule of an operation, by name or itself: CustomOpDef.register_autograd."""
    _find(op, "register_autograd").register_autograd(backward, setup_context=setup_context)


def register_fake(op: Any, func: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """The function itself: no program is traced without its values. A decorator without func."""
    return func if func is not None else lambda function: function


def register_kernel(op: Any, device_types: Any, func: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Another function for an operation, by name or itself: CustomOpDef.register_kernel."""
    return _find(op, "register_kernel").register_kernel(device_types, func)


impl_abstract = register_vmap = register_fake
