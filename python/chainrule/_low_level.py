"""Functions under which PyTorch's layers lie, in their own order of arguments: torch.embedding_bag and its like."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _core
from .nn import functional as F

Tensor = _core.Tensor

__all__ = ["constant_pad_nd", "conv_tbc", "embedding", "embedding_bag", "native_dropout"]

conv_tbc = F.conv_tbc
_MODES = ("sum", "mean", "max")


def constant_pad_nd(input: Tensor, pad: Any, value: float = 0) -> Tensor:
    """pad() with a constant.

    Example:
        >>> import chainrule as cr
        >>> cr.constant_pad_nd(cr.ones(2), (1, 0), 5.0)
        tensor([5., 1., 1.])

    Source: PyTorch, torch.constant_pad_nd.
    """
    return F.pad(input, pad, "constant", value)


def embedding(
    weight: Tensor, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False
) -> Tensor:
    """nn.functional.embedding() with the table first; a padding_idx of -1 stands for none.

    Example:
        >>> import chainrule as cr
        >>> cr.embedding(cr.tensor([[1.0, 2.0], [3.0, 4.0]]), cr.tensor([1]))
        tensor([[3., 4.]])

    Source: PyTorch, torch.embedding.
    """
    row = None if padding_idx == -1 else padding_idx
    return F.embedding(indices, weight, row, scale_grad_by_freq=scale_grad_by_freq, sparse=sparse)


def embedding_bag(
    weight: Tensor,
    indices: Tensor,
    offsets: Tensor,
    scale_grad_by_freq: bool = False,
    mode: int = 0,
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """nn.functional.embedding_bag() with the table first, and what it was computed with.

    Args:
        weight, indices, offsets, scale_grad_by_freq, sparse, per_sample_weights, include_last_offset, padding_idx: as
            there; indices and offsets have one axis.
        mode: 0 "sum", 1 "mean", 2 "max".

    Returns:
        The output [B, features]; the bag of each entry [N]; how many entries of each bag count [B]; for "max" the row
        that each output comes from [B, features], else the sizes again.
        PyTorch may leave the last three out for "sum".

    Example:
        >>> import chainrule as cr
        >>> table = cr.tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> cr.embedding_bag(table, cr.tensor([0, 1, 1]), cr.tensor([0, 2]), mode=1)[:2]
        (tensor([[2., 3.],
                [3., 4.]]), tensor([0, 0, 1]))

    Source: PyTorch, torch.embedding_bag.
    """
    if mode not in (0, 1, 2):
        raise ValueError(f"embedding_bag: mode must be 0 (sum), 1 (mean) or 2 (max), got {mode!r}.")
    output = F.embedding_bag(
        indices,
        weight,
        offsets,
        scale_grad_by_freq=scale_grad_by_freq,
        mode=_MODES[mode],
        sparse=sparse,
        per_sample_weights=per_sample_weights,
        include_last_offset=include_last_offset,
        padding_idx=padding_idx,
    )
    bags = output.shape[0]
    numbers, starts = indices.numpy(), offsets.numpy()[:bags]
    of_entry = np.searchsorted(starts, np.arange(len(numbers)), side="right") - 1
    counts = np.ones(len(numbers), bool) if padding_idx is None else numbers != padding_idx % weight.shape[0]
    sizes = np.bincount(of_entry[counts], minlength=bags)
    last = sizes
    if mode == 2:
        rows = weight.detach().numpy()
        if include_last_offset:
            counts &= np.arange(len(numbers)) < offsets.numpy()[-1]
        last = np.zeros((bags, weight.shape[1]), np.int64)
        for bag in np.unique(of_entry[counts]):
            held = numbers[(of_entry == bag) & counts]
            last[bag] = held[rows[held].argmax(0)]
    return output, _core.tensor(of_entry), _core.tensor(sizes), _core.tensor(last)


def native_dropout(input: Tensor, p: float, train: bool | None) -> tuple[Tensor, Tensor]:
    """dropout(), and the mask of what was kept.

    y = x mask / (1 - p);  without train x itself and a mask of True

    Example:
        >>> import chainrule as cr
        >>> cr.native_dropout(cr.ones(2), 0.5, False)
        (tensor([1., 1.]), tensor([True, True]))

    Source: PyTorch, torch.native_dropout.
    """
    if train is False:
        return input.clone(), _core.ones(input.shape, dtype=_core.bool)
    if not 0 <= p <= 1:
        raise ValueError(f"native_dropout: p must be between 0 and 1, got {p}.")
    # Random numbers are drawn in any case, as in PyTorch.
    factors = F.dropout(_core.ones_like(input), p if 0 < p < 1 else 0.5, True)
    factors = factors if 0 < p < 1 else _core.full_like(factors, 1.0 - p)
    return input * factors, factors != 0
