"""Tensors whose memory other processes see: Tensor.share_memory_, Module.share_memory."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from . import _core

# Address -> the block of shared memory, as long as a tensor lies in it.
_blocks: dict[int, Any] = {}


def _tensor_in(block: Any, dtype: str, shape: tuple[int, ...]) -> Any:
    array = np.frombuffer(block, dtype).reshape(shape)
    tensor = _core.from_numpy(array)
    _blocks[tensor.data_ptr()] = block
    weakref.finalize(array, _blocks.pop, tensor.data_ptr(), None)
    return tensor


def is_shared(self: Any) -> bool:
    """Whether share_memory_() has moved the tensor to memory that other processes see."""
    return self.data_ptr() in _blocks


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

        values = self.detach().numpy()
        shared = _tensor_in(RawArray("b", values.nbytes), values.dtype.name, values.shape)
        shared.copy_(self.detach())
        self.data = shared
    return self


def reduce_shared(self: Any) -> Any:
    """How pickle writes a shared tensor for a process that is being started; None for any other."""
    if not _blocks or not is_shared(self) or not self.is_contiguous():
        return None
    from multiprocessing.context import get_spawning_popen

    if get_spawning_popen() is None:
        return None
    leaf = self.is_leaf and self.requires_grad
    arguments = (_blocks[self.data_ptr()], self.dtype.name, tuple(self.shape), leaf, self.grad if leaf else None)
    return _rebuild, arguments


def _rebuild(block: Any, dtype: str, shape: tuple[int, ...], requires_grad: bool, grad: Any) -> Any:
    tensor = _tensor_in(block, dtype, shape)
    if requires_grad:
        tensor.requires_grad = True
        tensor.grad = grad
    return tensor
