"""Tensors whose memory other processes see: Tensor.share_memory_, Module.share_memory."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from ._storage import tensor_over

# Address of its beginning -> the block of shared memory, as long as a tensor lies in it.
_blocks: dict[int, Any] = {}


def _tensor_in(block: Any, dtype: str) -> Any:
    """The whole block, flat."""
    array = np.frombuffer(block, "int16" if dtype == "bfloat16" else dtype)
    tensor = tensor_over(array, dtype)
    _blocks[tensor.data_ptr()] = block
    weakref.finalize(array, _blocks.pop, tensor.data_ptr(), None)
    return tensor


def _beginning(tensor: Any) -> int:
    """Where the memory of which the tensor is a part begins."""
    return int(tensor.data_ptr() - tensor.storage_offset() * tensor.element_size())


def is_shared(self: Any) -> bool:
    """Whether share_memory_() has moved the tensor, or what it is a view of, to memory that other processes see."""
    return _beginning(self) in _blocks


def share_memory_(self: Any) -> Any:
    """Move the tensor to memory that processes share which are started afterwards and are given it.

    A change in place is then seen by all of them. Views that were made before stay where they were.

    Returns:
        The tensor itself.

    Example:
        >>> x = chainrule.ones(2).share_memory_()
        >>> x.is_shared()
        True

    Source: PyTorch, Tensor.share_memory_.
    """
    if not is_shared(self) and self.numel():
        from multiprocessing.sharedctypes import RawArray

        shared = _tensor_in(RawArray("b", self.nbytes), self.dtype.name).view(self.shape)
        shared.copy_(self.detach())
        self.data = shared
    return self


def reduce_shared(self: Any) -> Any:
    """How pickle writes a shared tensor for a process that is being started; None for any other."""
    if not _blocks or not is_shared(self):
        return None
    from multiprocessing.context import get_spawning_popen

    if get_spawning_popen() is None:
        return None
    leaf = self.is_leaf and self.requires_grad
    place = (tuple(self.shape), self.stride(), self.storage_offset())
    return _rebuild, (_blocks[_beginning(self)], self.dtype.name, place, leaf, self.grad if leaf else None)


def _rebuild(block: Any, dtype: str, place: tuple[Any, Any, int], requires_grad: bool, grad: Any) -> Any:
    tensor = _tensor_in(block, dtype).as_strided(*place)
    if requires_grad:
        tensor.requires_grad = True
        tensor.grad = grad
    return tensor
