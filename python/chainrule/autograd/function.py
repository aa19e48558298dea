"""A user's own differentiable operation: Function, its context, and once_differentiable."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from .. import _core

Tensor = _core.Tensor


def _positional(function: Any) -> int:
    """How many arguments a plain function takes by position; -1 for any other callable."""
    code = getattr(function, "__code__", None)
    return code.co_argcount if code is not None else -1


class FunctionCtx:
    """What forward leaves for backward. Any attribute may be set on it.

    Tensors belong in save_for_backward: a tensor stored as a plain attribute keeps its graph alive, and a change in
    place goes unnoticed.
    """

    needs_input_grad: tuple[bool, ...] = ()  # set before forward, one flag per argument
    # Note [What the core reads and writes]
    # The core creates the context with Function._new_ctx, runs Function._call_forward without recording, then reads
    # _to_save, _dirty, _non_differentiable and _materialize_grads, puts the packed tensors into _saved and empties
    # _to_save. In backward it calls Function._call_backward.
    _to_save: tuple[Tensor | None, ...] = ()
    _saved: Any = None
    _sparse: tuple[Any, ...] = ()
    _dirty: tuple[Tensor, ...] = ()
    _non_differentiable: tuple[Tensor, ...] = ()
    _materialize_grads: bool = True

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep these tensors for backward. Call it once, in forward or setup_context."""
        for tensor in tensors:
            if tensor is not None and not isinstance(tensor, Tensor):
                raise TypeError(
                    f"save_for_backward: only tensors or None can be saved, got {type(tensor).__name__}. "
                    "Set other values as attributes of ctx."
                )
        # Of a sparse tensor the indices and the values are kept, side by side.
        self._sparse = tuple(t if t is not None and not issubclass(type(t), Tensor) else None for t in tensors)
        if any(t is not None for t in self._sparse):
            parts = [(t,) if s is None else (s._at, s._held) for t, s in zip(tensors, self._sparse, strict=True)]
            tensors = tuple(part for pair in parts for part in pair)
            self._sparse = tuple(s if s is None else s.detach() for s in self._sparse)
        else:
            self._sparse = ()
        self._to_save = tensors

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """The tensors given to save_for_backward; an error if one was changed in place or freed since."""
        saved = self._to_save if self._saved is None else self._saved.unpack()
        if not self._sparse:
            return saved
        parts = iter(saved)
        return tuple(next(parts) if s is None else s._of(next(parts), next(parts)) for s in self._sparse)

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs forward has changed in place. Each must also be returned."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which outputs have no gradient. backward still gets an argument for each (zeros)."""
        self._non_differentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """False: backward gets None instead of zeros for an output that did not take part in the loss."""
        self._materialize_grads = bool(value)

    def __getstate__(self) -> None:
        raise TypeError("FunctionCtx: the context of an operation cannot be pickled or copied.")


class Function:
    """A differentiable operation of your own: subclass it, write forward and backward as static methods, call apply.

    forward(ctx, *args) computes the result from tensors and other values. backward(ctx, *grad_outputs) returns one
    gradient per argument of forward, None where there is none. Or write forward(*args) without ctx, and
    setup_context(ctx, inputs, output).

    Example:
        >>> import chainrule as cr
        >>> class Multiply(cr.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x, y):
        ...         ctx.save_for_backward(x, y)
        ...         return x * y
        ...     @staticmethod
        ...     def backward(ctx, grad_z):
        ...         x, y = ctx.saved_tensors
        ...         return y * grad_z, x * grad_z
        >>> x = cr.tensor(3.0, requires_grad=True)
        >>> y = cr.tensor(4.0, requires_grad=True)
        >>> Multiply.apply(x, y).backward()
        >>> x.grad, y.grad
        (tensor(4.), tensor(3.))

    Source: PyTorch, torch.autograd.Function.
    """

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("Function: write a static method forward(ctx, *args).")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        raise NotImplementedError("Function: setup_context goes with a forward that takes no ctx.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        raise NotImplementedError("Function: write a static method backward(ctx, *grad_outputs) to get gradients.")

    vjp = backward  # PyTorch's other name for it

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run the operation and record it. Returns what forward returns.

        Arguments by name, and defaults, are for a forward without ctx: setup_context then sees them all.
        """
        if cls.setup_context is not Function.setup_context and (kwargs or len(args) != _positional(cls.forward)):
            bound = inspect.signature(cls.forward).bind(*args, **kwargs)
            bound.apply_defaults()
            args, kwargs = bound.args, {name: kwargs[name] for name in bound.kwargs if name in kwargs}
        if kwargs:
            raise TypeError(
                f"{cls.__name__}.apply: arguments by name are for a forward without ctx, got {list(kwargs)}."
            )
        return _core.apply_function(cls, args)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        name = type(self).__name__
        raise RuntimeError(f"{name}: an instance of a Function cannot be called. Use {name}.apply(...).")

    # What the core calls; see Note [What the core reads and writes].

    @classmethod
    def _new_ctx(cls) -> FunctionCtx:
        return FunctionCtx()

    @classmethod
    def _call_forward(cls, ctx: FunctionCtx, args: tuple[Any, ...]) -> Any:
        if cls.setup_context is Function.setup_context:
            return cls.forward(ctx, *args)
        output = cls.forward(*args)
        cls.setup_context(ctx, args, output)
        return output

    @classmethod
    def _call_backward(cls, ctx: FunctionCtx, grad_outputs: tuple[Any, ...]) -> tuple[Any, ...]:
        rule = cls.backward if cls.backward is not Function.backward else cls.vjp
        grads = rule(ctx, *grad_outputs)
        if not isinstance(grads, tuple):
            grads = tuple(grads) if isinstance(grads, list) else (grads,)
        count = len(ctx.needs_input_grad)
        if len(grads) > count and all(grad is None for grad in grads[count:]):
            grads = grads[:count]
        if len(grads) != count:
            raise RuntimeError(
                f"{cls.__name__}.backward: one gradient per argument of forward is required, "
                f"expected {count}, got {len(grads)}. Return None for an argument without a gradient."
            )
        for index, grad in enumerate(grads):
            if grad is not None and not isinstance(grad, Tensor):
                raise TypeError(
                    f"{cls.__name__}.backward: gradients must be tensors or None, got {type(grad).__name__} "
                    f"for argument {index}."
                )
        return grads


class _NotTwice(Function):
    """Identity on gradients that were computed without recording; to differentiate through it is an error."""

    @staticmethod
    def forward(ctx: Any, name: str, sources: int, *tensors: Tensor) -> Any:
        ctx.name = name
        return tuple(grad.detach() for grad in tensors[sources:])

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        raise RuntimeError(
            f"{ctx.name}: trying to differentiate twice a function that was marked with @once_differentiable."
        )


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator for Function.backward: its own steps are not recorded, and a second derivative is an error.

    Source: PyTorch, torch.autograd.function.once_differentiable.
    """

    @functools.wraps(backward)
    def wrapper(ctx: Any, *grad_outputs: Any) -> Any:
        recording = _core.is_grad_enabled()
        _core.set_grad_enabled(False)
        try:
            grads = backward(ctx, *grad_outputs)
        finally:
            _core.set_grad_enabled(recording)
        if not recording:
            return grads
        used = (*grad_outputs, *ctx.saved_tensors)
        sources = [tensor for tensor in used if isinstance(tensor, Tensor) and tensor.requires_grad]
        if not sources:
            return grads
        return _guard(backward.__qualname__, sources, grads if isinstance(grads, tuple) else (grads,))

    return wrapper


def _guard(name: str, sources: list[Any], grads: tuple[Any, ...]) -> tuple[Any, ...]:
    """Tie the gradients to what they were computed from, through a node that raises."""
    present = (grad for grad in grads if grad is not None)
    guarded = iter(_NotTwice.apply(name, len(sources), *sources, *present))
    return tuple(None if grad is None else next(guarded) for grad in grads)
