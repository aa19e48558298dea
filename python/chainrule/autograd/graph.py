"""The recorded graph: its nodes, and who keeps what they save."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from .. import _core

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
