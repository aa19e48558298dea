"""The recorded graph: its nodes, and who keeps what they save."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from .. import _core
from ..utils.hooks import RemovableHandle

__all__ = [
    "GradientEdge",
    "Node",
    "allow_mutation_on_saved_tensors",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
]

Tensor = _core.Tensor
Node = _core.Node

_state = threading.local()  # .refusal: the message of the innermost disable_saved_tensors_hooks


class saved_tensors_hooks:
    """Say how the values that nodes save for their gradient rules are kept, for a block.

    pack_hook(tensor) is called for each value that a node inside the block saves, and may return anything; the node
    keeps that. When a gradient rule needs the value, unpack_hook(what pack_hook returned) gives it back: a tensor of
    the same shape and dtype. Blocks may be nested: the innermost one's hooks are used. A pack hook must not change its
    tensor, which is the value itself.

    Args:
        pack_hook: from a tensor to anything.
        unpack_hook: from that to a tensor.

    Raises:
        ValueError: in backward, if the unpack hook gives another shape or dtype.
        RuntimeError: inside disable_saved_tensors_hooks.

    Example:
        >>> import chainrule as cr
        >>> saved = []
        >>> def pack(tensor):
        ...     saved.append(tensor.shape)
        ...     return tensor.numpy().copy()
        >>> x = cr.tensor([1.0, 2.0], requires_grad=True)
        >>> with cr.autograd.graph.saved_tensors_hooks(pack, cr.from_numpy):
        ...     y = (x.exp() * x).sum()
        >>> y.backward()
        >>> x.grad
        tensor([ 5.4366, 22.1672])
        >>> saved
        [chainrule.Size([2]), chainrule.Size([2]), chainrule.Size([2])]

    Source: PyTorch, torch.autograd.graph.saved_tensors_hooks.
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        refusal = getattr(_state, "refusal", None)
        if refusal is not None:
            raise RuntimeError(refusal)
        _core._push_packer(self.pack_hook, self.unpack_hook)

    def __exit__(self, *exc: object) -> None:
        _core._pop_packer()


class save_on_cpu(saved_tensors_hooks):
    """Keep copies of the saved values, instead of the values themselves.

    In PyTorch this moves them to the CPU's memory. Here they are there already: what remains is the copy, which a later
    change in place of the value does not reach.

    Source: PyTorch, torch.autograd.graph.save_on_cpu.
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__(lambda tensor: tensor.clone(), lambda tensor: tensor)


class _SavedCopies:
    """What allow_mutation_on_saved_tensors gives."""


@contextlib.contextmanager
def allow_mutation_on_saved_tensors() -> Iterator[_SavedCopies]:
    """Let tensors that were saved for backward be changed in place, in a block: backward uses them as they were.

    PyTorch copies a saved tensor when it is changed. Here each value is copied when it is saved: the block needs memory
    for all values that its nodes save, and one pass over each.

    Raises:
        RuntimeError: inside another such block, or inside disable_saved_tensors_hooks.

    Example:
        >>> import chainrule as cr
        >>> a = cr.ones(2, requires_grad=True)
        >>> with cr.autograd.graph.allow_mutation_on_saved_tensors():
        ...     b = a.clone()
        ...     y = (b**2).sum()
        ...     _ = b.sin_()
        ...     y.backward()
        >>> a.grad
        tensor([2., 2.])

    Source: PyTorch, torch.autograd.graph.allow_mutation_on_saved_tensors.
    """
    if getattr(_state, "mutation", False):
        raise RuntimeError("allow_mutation_on_saved_tensors: blocks cannot be nested.")
    with saved_tensors_hooks(lambda tensor: tensor.clone(), lambda tensor: tensor):
        _state.mutation = True
        try:
            yield _SavedCopies()
        finally:
            _state.mutation = False


@contextlib.contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Refuse saved_tensors_hooks in a block, with this message.

    Source: PyTorch, torch.autograd.graph.disable_saved_tensors_hooks.
    """
    before = getattr(_state, "refusal", None)
    _state.refusal = error_message
    try:
        yield
    finally:
        _state.refusal = before


def increment_version(tensor: Tensor | list[Tensor] | tuple[Tensor, ...]) -> None:
    """Say that a tensor's memory was changed from outside: a gradient rule that saved it will refuse to use it.

    Source: PyTorch, torch.autograd.graph.increment_version.
    """
    for one in [tensor] if isinstance(tensor, Tensor) else tensor:
        _core._bump_version(one)


class GradientEdge(NamedTuple):
    """A place in the graph where a gradient arrives: output number `output_nr` of `node`.

    autograd.grad and backward take it in place of a tensor. One that get_gradient_edge made knows the shape there; one
    made by hand, of `next_functions`, serves as an input, but not as something to walk back from.

    Source: PyTorch, torch.autograd.graph.GradientEdge.
    """

    node: Node
    output_nr: int
    ownership_token: Any = None


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The place where the tensor's gradient arrives. It keeps the graph alive, and not the tensor or its memory.

    Raises:
        RuntimeError: the tensor requires no gradient.

    Example:
        >>> import chainrule as cr
        >>> from chainrule.autograd.graph import get_gradient_edge
        >>> x = cr.tensor([1.0, 2.0], requires_grad=True)
        >>> y = x.exp()
        >>> edge = get_gradient_edge(y)
        >>> edge.node.name(), edge.output_nr
        ('ExpBackward0', 0)
        >>> cr.autograd.grad((y * 3).sum(), edge)
        (tensor([3., 3.]),)
        >>> cr.autograd.grad(edge, x, cr.ones(2))
        (tensor([2.7183, 7.3891]),)

    Source: PyTorch, torch.autograd.graph.get_gradient_edge.
    """
    target = _core._edge_target(tensor)
    return GradientEdge(target.node, target.output_nr, target)


class _MultiHandle(RemovableHandle):
    """Takes several hooks off."""

    def __init__(self, handles: tuple[Any, ...]) -> None:
        self.handles = handles

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()

    def __getstate__(self) -> tuple[Any, ...]:
        return self.handles

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.handles = state


class _Arrived:
    """The gradients of one walk that a hook of several tensors waits for."""

    def __init__(self, tensors: tuple[Any, ...], fn: Callable[[list[Any]], Any]) -> None:
        self.fn = fn
        self.grads: list[Any] = [None] * len(tensors)
        self.missing = sum(_core._walk_will_meet(tensors))

    def take(self, i: int, grad: Any) -> None:
        self.grads[i] = grad
        self.missing -= 1
        if self.missing == 0:
            self.fn(self.grads)

    def end(self) -> None:
        """The walk is over. What it could have met had no gradient: nothing that passes one on led there."""
        if self.missing > 0:
            self.fn(self.grads)


def register_multi_grad_hook(
    tensors: Sequence[Tensor], fn: Callable[[Any], Any], *, mode: str = "all"
) -> RemovableHandle:
    """Call a function in backward when the gradients of several tensors are there.

    Args:
        tensors: they must require gradients.
        fn: with mode "all" fn(gradients), once in a walk, when every tensor that the walk meets has its gradient: a
            list with None for those that it does not. With mode "any" fn(gradient), with the first that is there. It
            must not change what it is given.
        mode: "all" or "any".

    Returns:
        A handle: remove() takes the hook off.

    Raises:
        ValueError: another mode.
        RuntimeError: a tensor requires no gradient.

    Example:
        >>> import chainrule as cr
        >>> a, b = cr.ones(2, requires_grad=True), cr.ones(2, requires_grad=True)
        >>> c, d = a * b, a * 2
        >>> def tell(gradients):
        ...     print([g is not None for g in gradients])
        >>> handle = cr.autograd.graph.register_multi_grad_hook((a, b, c, d), tell)
        >>> c.sum().backward()
        [True, True, True, False]

    Source: PyTorch, torch.autograd.graph.register_multi_grad_hook.
    """
    if mode not in ("all", "any"):
        raise ValueError(f'register_multi_grad_hook: mode must be "all" or "any", got {mode!r}.')
    watched = tuple(tensors)
    for i, tensor in enumerate(watched):
        if not tensor.requires_grad:
            raise RuntimeError(f"register_multi_grad_hook: tensor {i} does not require a gradient.")
    key = object()  # of this hook in the dict of a walk

    def when_all(i: int) -> Callable[[Any], None]:
        def hook(grad: Any) -> None:
            walk: Any = _core._walk_dict()
            if key not in walk:
                walk[key] = _Arrived(watched, fn)
                walk.setdefault("callbacks", []).append(walk[key].end)
            walk[key].take(i, grad)

        return hook

    def when_any(grad: Any) -> None:
        walk: Any = _core._walk_dict()
        if key not in walk:
            walk[key] = True
            fn(grad)

    return _MultiHandle(
        tuple(t.register_hook(when_all(i) if mode == "all" else when_any) for i, t in enumerate(watched))
    )
