"""Handles that remove hooks, and the gates that let a module's backward hooks see its gradients."""

from __future__ import annotations

import itertools
import warnings
import weakref
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from .. import _core
from ..autograd.function import Function

_ids = itertools.count()


class RemovableHandle:
    """What register_..._hook returns: remove() takes the hook away; also a context manager.

    Args:
        hooks_dict: the table that holds the hook.
        extra_dict: a table, or several, that hold something else under the same number.
    """

    def __init__(self, hooks_dict: Any, *, extra_dict: Any = ()) -> None:
        self.id = next(_ids)
        self.hooks_dict_ref: Any = weakref.ref(hooks_dict)
        tables = extra_dict if isinstance(extra_dict, list) else [extra_dict] if extra_dict else []
        self.extra_dict_ref: Any = tuple(weakref.ref(table) for table in tables)

    def remove(self) -> None:
        for ref in (self.hooks_dict_ref, *self.extra_dict_ref):
            table = ref()
            if table is not None:
                table.pop(self.id, None)

    def __getstate__(self) -> tuple[Any, ...]:
        return self.hooks_dict_ref(), self.id, tuple(ref() for ref in self.extra_dict_ref)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        hooks, self.id, extra = state  # a copy of a table holds the hook under the same number
        self.hooks_dict_ref = weakref.ref(OrderedDict() if hooks is None else hooks)
        self.extra_dict_ref = tuple(weakref.ref(table) for table in extra if table is not None)

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
        self,
        module: Any,
        hooks: Sequence[Callable[..., Any]],
        pre_hooks: Sequence[Callable[..., Any]],
        dicts: bool = False,
    ) -> None:
        self.module = module
        self.hooks = hooks
        self.pre_hooks = pre_hooks
        self.dicts = dicts
        self.grad_output: tuple[Any, ...] | None = None
        self.inputs = 0
        self.gated = False

    def around_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        self.inputs = len(args)
        where = _recorded(args)
        if not where:
            return args
        self.gated = True

        def at_inputs(grads: tuple[Any, ...]) -> tuple[Any, ...]:
            if self.grad_output is None:  # a gradient that does not come through the outputs
                return grads
            result = self._run_hooks(_spread(grads, where, self.inputs))
            self.grad_output = None
            return tuple(result[i] for i in where)

        return _through_gate(args, where, at_inputs)

    def around_outputs(self, result: Any) -> Any:
        if self.dicts and isinstance(result, dict):
            return type(result)(zip(result, self._around(tuple(result.values())), strict=True))
        if issubclass(type(result), _core.Tensor):
            return self._around((result,))[0]
        if not isinstance(result, (tuple, list)):
            warnings.warn(
                f"{type(self.module).__name__}: backward hooks are called for outputs that are a tensor or a tuple of "
                f"tensors, got {type(result).__name__}: they are not called.",
                stacklevel=5,
            )
            return result
        gated = self._around(tuple(result))
        return type(result)(*gated) if hasattr(result, "_fields") else type(result)(gated)

    def _around(self, outputs: tuple[Any, ...]) -> tuple[Any, ...]:
        where = _recorded(outputs)
        if not where:
            return outputs

        def at_outputs(grads: tuple[Any, ...]) -> tuple[Any, ...]:
            full = _spread(grads, where, len(outputs))
            for hook in self.pre_hooks:
                replaced = hook(self.module, full)
                if replaced is not None:
                    full = self._checked(replaced, len(outputs), "grad_output")
            self.grad_output = full
            if not self.gated:
                self._run_hooks((None,) * self.inputs)
            return tuple(full[i] for i in where)

        return _through_gate(outputs, where, at_outputs)

    def _run_hooks(self, grad_input: tuple[Any, ...]) -> tuple[Any, ...]:
        for hook in self.hooks:
            replaced = hook(self.module, grad_input, self.grad_output)
            if replaced is None:
                continue
            replaced = self._checked(replaced, self.inputs, "grad_input")
            if not self.gated and any(grad is not None for grad in replaced):
                raise RuntimeError(
                    f"{type(self.module).__name__}: full backward hook: no input requires a gradient, so grad_input "
                    "cannot be replaced. Return None."
                )
            grad_input = replaced
        return grad_input

    def _checked(self, replaced: Any, count: int, what: str) -> tuple[Any, ...]:
        """What a hook returned, as a tuple of the right length."""
        values = replaced if isinstance(replaced, tuple) else (replaced,)
        if len(values) != count:
            raise RuntimeError(
                f"{type(self.module).__name__}: a backward hook must return as many values of {what} as it got, "
                f"{count}, got {len(values)}."
            )
        return values


def _recorded(values: tuple[Any, ...]) -> list[int]:
    """Where tensors stand whose gradients will be computed. Sparse tensors have no gate."""
    if not _core.is_grad_enabled():
        return []
    return [i for i, value in enumerate(values) if issubclass(type(value), _core.Tensor) and value.requires_grad]


def _spread(grads: tuple[Any, ...], where: list[int], count: int) -> tuple[Any, ...]:
    """The gradients at the positions `where`, None elsewhere."""
    full: list[Any] = [None] * count
    for i, grad in zip(where, grads, strict=True):
        full[i] = grad
    return tuple(full)


def _through_gate(values: tuple[Any, ...], where: list[int], callback: Callable[..., Any]) -> tuple[Any, ...]:
    """The values, with those at the positions `where` passed through a gate."""
    changed = list(values)
    for i, tensor in zip(where, _Gate.apply(callback, *(values[i] for i in where)), strict=True):
        changed[i] = tensor
    return tuple(changed)
