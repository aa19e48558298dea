"""Forward-mode differentiation with PyTorch's names: dual tensors carry a tangent, functions of them have one.

There is no second set of gradient rules: a tangent comes from the recorded graph between the dual tensors and the value
that is unpacked, by two walks back, as in func.jvp. u^T J is linear in u, and its derivative with respect to u, applied
to the tangents, is J v. It is exact. What it costs: the graph of the block is recorded and kept, and each unpack_dual
is two walks over what lies between. Unpack the results, and not each step.
"""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

from .. import _core
from . import _products
from .grad_mode import enable_grad
from .graph import get_gradient_edge

__all__ = ["UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual", "unpack_dual"]

Tensor = _core.Tensor


class UnpackedDualTensor(NamedTuple):
    """What unpack_dual gives: the value, and its tangent or None."""

    primal: Any
    tangent: Any


class _Level:
    """The open dual level of a thread: its dual tensors and their tangents."""

    def __init__(self) -> None:
        self.primals: list[Any] = []
        self.duals: list[Any] = []
        self.edges: list[Any] = []  # the duals' places in the graph, whatever changes them in place later
        self.tangents: list[Any] = []
        self.was_enabled = _core.is_grad_enabled()
        self.guard = _state.guard
        self.guard.start()
        _core.set_grad_enabled(True)

    def close(self) -> None:
        self.guard.stop()
        _core.set_grad_enabled(self.was_enabled)


class _State(threading.local):
    """Of one thread. It keeps its guard: a tape started inside a level may come back to it later."""

    def __init__(self) -> None:
        self.level: _Level | None = None
        self.guard = _core.DualGuard()


_state = _State()


def enter_dual_level() -> int:
    """Open a dual level, the only one of this thread, and give its number, 0. dual_level() does it for a block.

    Operations are recorded from here on, also inside a no_grad block that was open before.

    Raises:
        RuntimeError: a level is open.

    Source: PyTorch, torch.autograd.forward_ad.enter_dual_level.
    """
    if _state.level is not None:
        raise RuntimeError("forward_ad: dual levels cannot be nested, and one is open.")
    _state.level = _Level()
    return 0


def exit_dual_level(*, level: int | None = None) -> None:
    """Close the dual level: tangents are forgotten.

    Raises:
        RuntimeError: no level is open, or not the one of this number.

    Source: PyTorch, torch.autograd.forward_ad.exit_dual_level.
    """
    if level not in (None, 0) or _state.level is None:
        raise RuntimeError(f"forward_ad: dual level {0 if level is None else level} is not open.")
    _state.level.close()
    _state.level = None


class dual_level:
    """A block in which dual tensors can be made, and their functions' tangents asked for.

    What was computed from dual tensors requires a gradient here; in PyTorch it does not. A function of a dual tensor
    under no_grad() inside the block would lose the tangent and raises.

    Raises:
        RuntimeError: a level is open already.

    Example:
        >>> import chainrule as cr
        >>> import chainrule.autograd.forward_ad as fwAD
        >>> with fwAD.dual_level():
        ...     x = fwAD.make_dual(cr.tensor([1.0, 2.0]), cr.tensor([1.0, 10.0]))
        ...     fwAD.unpack_dual(x * x)
        UnpackedDualTensor(primal=tensor([1., 4.]), tangent=tensor([ 2., 40.]))

    Source: PyTorch, torch.autograd.forward_ad.dual_level.
    """

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *exc: object) -> None:
        exit_dual_level()


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """The tensor as a dual one, which moves along `tangent`. It shares the tensor's memory.

    Change a clone() of it, if anything in place: a dual tensor of one that requires no gradient is a leaf.

    Args:
        tensor: floating.
        tangent: floating, of its shape.
        level: 0 or None.

    Raises:
        RuntimeError: no dual level is open, the shapes differ, or the tensor has a tangent.
        TypeError: an argument is no floating tensor.

    Source: PyTorch, torch.autograd.forward_ad.make_dual.
    """
    open_level = _state.level
    if open_level is None or level not in (None, 0):
        raise RuntimeError("make_dual: no dual level is open. Write `with dual_level():` around it.")
    for name, value in (("tensor", tensor), ("tangent", tangent)):
        if not isinstance(value, Tensor) or not value.is_floating_point():
            got = str(value.dtype) if isinstance(value, Tensor) else type(value).__name__
            raise _core.InvalidTypeError(f"make_dual: {name} must be a floating-point tensor, got {got}.")
    if tensor.shape != tangent.shape:
        raise RuntimeError(
            f"make_dual: the tangent must have the tensor's shape {tuple(tensor.shape)}, got {tuple(tangent.shape)}."
        )
    if open_level.guard.depends_on_dual(tensor):
        raise RuntimeError("make_dual: the tensor has a tangent already. Make its detach() dual.")
    dual = tensor.view_as(tensor) if tensor.requires_grad else tensor.detach().requires_grad_()
    open_level.guard.add(dual)
    open_level.primals.append(tensor)
    open_level.duals.append(dual)
    open_level.edges.append(get_gradient_edge(dual))
    open_level.tangents.append(tangent)
    return dual


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """The value and the tangent of a dual tensor, or of what was computed from some; of another tensor, None for it.

    Both can be differentiated where a primal or a tangent of the level required a gradient; else they are cut from the
    graph.

    Args:
        tensor: any tensor.
        level: 0 or None.

    Source: PyTorch, torch.autograd.forward_ad.unpack_dual.
    """
    if not isinstance(tensor, Tensor):
        raise _core.InvalidTypeError(f"unpack_dual: a tensor is required, got {type(tensor).__name__}.")
    open_level = _state.level
    if open_level is None or level not in (None, 0) or not open_level.guard.depends_on_dual(tensor):
        return UnpackedDualTensor(tensor, None)
    with enable_grad():
        return _unpack(open_level, tensor)


def _unpack(level: _Level, tensor: Any) -> UnpackedDualTensor:
    place = get_gradient_edge(tensor)
    for primal, edge, tangent in zip(level.primals, level.edges, level.tangents):
        if edge == place:  # no walk is needed
            return UnpackedDualTensor(primal.view_as(primal), tangent)
    outside = any(x.requires_grad for x in (*level.primals, *level.tangents))
    outside = outside or _reaches_other_leaves(tensor, level.duals)
    push = _products.Pushed([tensor], level.edges, "unpack_dual")
    (tangent,) = push([t.to(x.dtype) for x, t in zip(level.primals, level.tangents)], outside)
    return UnpackedDualTensor(tensor if outside else tensor.detach(), tangent if outside else tangent.detach())


def _reaches_other_leaves(tensor: Any, duals: list[Any]) -> bool:
    """Whether the graph of the tensor has leaves that are no dual tensors: parameters, mostly."""
    ours = {id(dual) for dual in duals}
    stack = [] if tensor.grad_fn is None else [tensor.grad_fn]
    seen = set(stack)
    while stack:
        node = stack.pop()
        if node.is_leaf and node.variable is not None and id(node.variable) not in ours:
            return True
        for earlier, _ in node.next_functions:
            if earlier is not None and earlier not in seen:
                seen.add(earlier)
                stack.append(earlier)
    return False
