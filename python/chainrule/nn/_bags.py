"""embedding_bag, written in operations."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _core

_embedding = _core._nn.embedding
_MODES = ("sum", "mean", "max")


def embedding_bag(
    input: Any,
    weight: Any,
    offsets: Any = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Any:
    """Sums, means or maxima of rows of a table, bag by bag.

    Args:
        input: int64 or int32: [B, N], a bag each row; or [N] with offsets.
        weight: the table, [rows, features].
        offsets: [B], where each bag begins in input; the first is 0. An empty bag gives zeros.
        max_norm, norm_type, scale_grad_by_freq, sparse: as in embedding(); sparse is not for mode "max".
        mode: "sum", "mean" or "max".
        per_sample_weights: factors in the shape of input, for mode "sum".
        include_last_offset: offsets has one number more, the end of the last bag; what comes after it does not count.
        padding_idx: entries with this number do not count.

    Returns:
        [B, features].

    Example:
        >>> import chainrule as cr
        >>> table = cr.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        >>> cr.nn.functional.embedding_bag(cr.tensor([0, 1, 2]), table, cr.tensor([0, 2]), mode="sum")
        tensor([[4., 6.],
                [5., 6.]])

    Source: PyTorch, torch.nn.functional.embedding_bag.
    """
    name = "embedding_bag"
    if weight.dtype in (_core.int64, _core.int32) and input.is_floating_point():
        input, weight = weight, input  # PyTorch's old order of arguments
    if mode not in _MODES:
        raise ValueError(f"{name}: mode must be one of {_MODES}, got {mode!r}.")
    if weight.dim() != 2:
        raise ValueError(f"{name}: the table must have two axes, got shape {tuple(weight.shape)}.")
    if per_sample_weights is not None and tuple(per_sample_weights.shape) != tuple(input.shape):
        raise ValueError(
            f"{name}: per_sample_weights must be of the input's shape {tuple(input.shape)}, got "
            f"{tuple(per_sample_weights.shape)}."
        )
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(f"{name}: per_sample_weights are for mode='sum' alone, got mode={mode!r}.")
    if scale_grad_by_freq and mode == "max":
        raise ValueError(f"{name}: scale_grad_by_freq is for the modes 'sum' and 'mean', got mode='max'.")
    if sparse and mode == "max":
        raise ValueError(f"{name}: sparse gradients are for the modes 'sum' and 'mean', got mode='max'.")
    starts, total = _starts(name, input, offsets, include_last_offset)
    rows = weight.shape[0]
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise ValueError(f"{name}: padding_idx must be within {rows} rows, got {padding_idx}.")
        padding_idx %= rows
    # With include_last_offset the last bag may end before the input does: the rest belongs to no bag.
    numbers = input.reshape(-1)[:total].to(_core.int64)
    factors = None if per_sample_weights is None else per_sample_weights.reshape(-1)[:total]
    values = numbers.numpy()
    bags = np.searchsorted(starts, np.arange(total), side="right") - 1
    if padding_idx is not None and (values == padding_idx).any():
        kept = np.nonzero(values != padding_idx)[0]
        where = _core.tensor(kept)
        numbers, bags = numbers.index_select(0, where), bags[kept]
        factors = factors if factors is None else factors.index_select(0, where)
    looked_up = _embedding(numbers, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
    counts = np.bincount(bags, minlength=len(starts)) if len(starts) else np.zeros(0, np.int64)
    if mode == "max":
        return _maxima(looked_up, bags, counts)
    if factors is not None:
        looked_up = looked_up * factors.unsqueeze(1)
    sums = _core.zeros((len(starts), weight.shape[1]), dtype=weight.dtype)
    sums = sums.index_add(0, _core.tensor(bags), looked_up)
    if mode == "sum":
        return sums
    return sums / _core.tensor(np.maximum(counts, 1)).to(weight.dtype).unsqueeze(1)


def _starts(name: str, input: Any, offsets: Any, include_last_offset: bool) -> tuple[np.ndarray, int]:
    """Where each bag begins, and how many entries there are."""
    if input.dim() == 2:
        if offsets is not None:
            raise ValueError(
                f"{name}: the rows of an input of two axes are the bags: pass no offsets with it, got offsets of type "
                f"{type(offsets).__name__}."
            )
        batch, length = input.shape
        return np.arange(batch) * length, batch * length
    if input.dim() != 1:
        raise ValueError(f"{name}: the input must have one or two axes, got shape {tuple(input.shape)}.")
    if offsets is None:
        raise ValueError(f"{name}: an input of one axis needs offsets, a tensor of one axis, got None.")
    if offsets.dim() != 1:
        raise ValueError(f"{name}: offsets must have one axis, got shape {tuple(offsets.shape)}.")
    starts, total = offsets.numpy().astype(np.int64), input.shape[0]
    if len(starts) and (starts[0] != 0 or starts[-1] > total or np.any(np.diff(starts) < 0)):
        raise ValueError(
            f"{name}: offsets must begin with 0, must not fall and must be at most the length of input, {total}, got "
            f"{starts.tolist()}."
        )
    if include_last_offset:
        if not len(starts):
            raise ValueError(f"{name}: with include_last_offset offsets must hold the end of the last bag, got none.")
        starts, total = starts[:-1], int(starts[-1])
    return starts, total


def _maxima(values: Any, bags: np.ndarray, counts: np.ndarray) -> Any:
    """The maximum of each bag, the first one where several are equal; 0 for an empty bag."""
    features, longest = values.shape[1], int(counts.max(initial=0))
    if longest == 0:
        return _core.zeros((len(counts), features), dtype=values.dtype) + values.sum() * 0  # with its graph
    place = np.arange(len(bags)) - (np.cumsum(counts) - counts)[bags]
    table = np.full((len(counts), longest), len(bags))
    table[bags, place] = np.arange(len(bags))
    lowest = _core.full((1, features), float("-inf"), dtype=values.dtype)
    padded = _core.cat([values, lowest]).index_select(0, _core.tensor(table.reshape(-1)))
    best = padded.reshape(len(counts), longest, features).max(1)[0]
    empty = _core.tensor(counts == 0).unsqueeze(1)
    return best.masked_fill(empty, 0.0)
