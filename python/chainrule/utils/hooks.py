"""Handles that remove hooks, and the gates that let a module's backward hooks see its gradients."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from .. import _core
from ..autograd.function import Function

_ids = itertools.count()


class RemovableHandle:
    """What register_..._hook returns: remove() takes the hook away; also a context manager."""

    def __init__(self, hooks: dict[int, Any], *extra: dict[int, Any]) -> None:
        self.id = next(_ids)
        self._tables = tuple(weakref.ref(table) for table in (hooks, *extra))

    def remove(self) -> None:
        for ref in self._tables:
            table = ref()
            if table is not None:
                table.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


class _Gate(Function):
    """Identity whose backward hands the gradients to a callback, which may replace them."""

    @staticmethod
    def forward(ctx: Any, callback: Callable[[tuple[Any, ...]], Any], *tensors: Any) -> Any:
        ctx.callback = callback
        ctx.set_materialize_grads(False)
        return tuple(t.view_as(t) for t in tensors)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return (None, *ctx.callback(grads))


class BackwardGates:
    """Gates around one call of a module. Backward meets the outputs' gate first, then the inputs' gate.

    The hooks run at the inputs' gate, where both gradients are known; where no input requires a gradient, at the
    outputs' gate, with None for the inputs.
    """

    def __init__(
        self, module: Any, hooks: Sequence[Callable[..., Any]], pre_hooks: Sequence[Callable[..., Any]]
    ) -> None:
        self.module = module
        self.hooks = hooks
        self.pre_hooks = pre_hooks
        self.grad_output: tuple[Any, ...] = ()
        self.inputs = 0
        self.gated = False

    def around_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        self.inputs = len(args)
        where = [i for i, a in enumerate(args) if issubclass(type(a), _core.Tensor)]  # sparse ones have no gate
        if not (_core.is_grad_enabled() and any(args[i].requires_grad for i in where)):
            return args
        self.gated = True

        def at_inputs(grads: tuple[Any, ...]) -> tuple[Any, ...]:
            full: list[Any] = [None] * self.inputs
            for i, grad in zip(where, grads, strict=True):
                full[i] = grad
            result = self._run_hooks(tuple(full))
            return tuple(result[i] for i in where)

        return _through_gate(args, where, at_inputs)

    def around_outputs(self, result: Any) -> Any:
        outputs = (result,) if issubclass(type(result), _core.Tensor) else result
        if not isinstance(outputs, (tuple, list)):
            return result
        where = [i for i, a in enumerate(outputs) if issubclass(type(a), _core.Tensor)]
        if not any(outputs[i].requires_grad for i in where):
            return result

        def at_outputs(grads: tuple[Any, ...]) -> tuple[Any, ...]:
            full: list[Any] = [None] * len(outputs)
            for i, grad in zip(where, grads, strict=True):
                full[i] = grad
            self.grad_output = tuple(full)
            for hook in self.pre_hooks:
                replaced = hook(self.module, self.grad_output)
                if replaced is not None:
                    self.grad_output = replaced if isinstance(replaced, tuple) else (replaced,)
            if not self.gated:
                self._run_hooks((None,) * self.inputs)
            return tuple(self.grad_output[i] for i in where)

        gated = _through_gate(tuple(outputs), where, at_outputs)
        return gated[0] if outputs is not result else type(result)(gated)

    def _run_hooks(self, grad_input: tuple[Any, ...]) -> tuple[Any, ...]:
        for hook in self.hooks:
            replaced = hook(self.module, grad_input, self.grad_output)
            if replaced is None:
                continue
            if not self.gated:
                raise RuntimeError(
                    "full backward hook: no input requires a gradient, so grad_input cannot be replaced."
                )
            grad_input = replaced if isinstance(replaced, tuple) else (replaced,)
        return grad_input


def _through_gate(values: tuple[Any, ...], where: list[int], callback: Callable[..., Any]) -> tuple[Any, ...]:
    """The values, with those at the positions `where` passed through a gate."""
    changed = list(values)
    for i, tensor in zip(where, _Gate.apply(callback, *(values[i] for i in where)), strict=True):
        changed[i] = tensor
    return tuple(changed)
