"""Sequences of different lengths: padded to one tensor, or packed without padding. Names are torch.nn.utils.rnn's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from ... import _core

Tensor = _core.Tensor

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]


class _Packed(NamedTuple):
    data: Any
    batch_sizes: Any
    sorted_indices: Any
    unsorted_indices: Any


class PackedSequence(_Packed):
    """Sequences, longest first, their elements ordered by time: all first elements, then all second ones, ...

    Made by pack_padded_sequence and pack_sequence; RNN, LSTM and GRU take and return it.

    Args:
        data: [sum of lengths, ...].
        batch_sizes: int64 [T], how many sequences have an element at each time.
        sorted_indices: where each sequence came from, None where they came sorted.
        unsorted_indices: where each sequence of the caller's order is here.

    Source: PyTorch, torch.nn.utils.rnn.PackedSequence.
    """

    __slots__ = ()

    def __new__(
        cls, data: Any, batch_sizes: Any = None, sorted_indices: Any = None, unsorted_indices: Any = None
    ) -> PackedSequence:
        if batch_sizes is None:
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The same with data.to(...)."""
        data = self.data.to(*args, **kwargs)
        return self if data is self.data else self._replace(data=data)

    def cpu(self) -> PackedSequence:
        """Itself: everything is on the CPU."""
        return self

    def float(self) -> PackedSequence:
        """The same in float32."""
        return self.to(_core.float32)

    def double(self) -> PackedSequence:
        """The same in float64."""
        return self.to(_core.float64)

    def long(self) -> PackedSequence:
        """The same in int64."""
        return self.to(_core.int64)

    def int(self) -> PackedSequence:
        """The same in int32."""
        return self.to(_core.int32)

    @property
    def is_cuda(self) -> bool:
        """False."""
        return False


def invert_permutation(permutation: Any) -> Any:
    """The permutation that undoes this one; None for None."""
    return None if permutation is None else _indices(np.argsort(permutation.numpy()))


def _indices(values: Any) -> Any:
    return _core.tensor(np.ascontiguousarray(values, dtype=np.int64))


def _lengths(name: str, lengths: Any) -> np.ndarray:
    """Lengths given as a tensor or a list, checked."""
    array = np.asarray(lengths.numpy() if isinstance(lengths, Tensor) else [int(length) for length in lengths])
    if array.ndim != 1 or array.size == 0 or array.dtype.kind not in "iu":
        raise ValueError(f"{name}: lengths must be integers on one axis, at least one of them, got {lengths}.")
    if array.min() <= 0:
        raise ValueError(f"{name}: lengths must be positive, got {array.tolist()}.")
    return array.astype(np.int64)


def pack_padded_sequence(
    input: Any, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack padded sequences, leaving the padding out.

    Args:
        input: [T, N, ...], [N, T, ...] where batch_first.
        lengths: N integers, a list or a tensor.
        enforce_sorted: they must fall; False sorts them, and pad_packed_sequence restores the order.

    Example:
        >>> import chainrule as cr
        >>> padded = cr.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 0.0]])
        >>> cr.nn.utils.rnn.pack_padded_sequence(padded, [3, 2], batch_first=True).data
        tensor([1., 4., 2., 5., 3.])

    Source: PyTorch, torch.nn.utils.rnn.pack_padded_sequence.
    """
    sizes = _lengths("pack_padded_sequence", lengths)
    if input.dim() < 2:
        raise ValueError(f"pack_padded_sequence: input must have 2 axes or more, got shape {tuple(input.shape)}.")
    batch, steps = input.shape[:2] if batch_first else (input.shape[1], input.shape[0])
    if len(sizes) != batch or sizes.max() > steps:
        raise ValueError(
            f"pack_padded_sequence: lengths must be one for each of {batch} sequences and at most {steps}, got "
            f"{sizes.tolist()} for shape {tuple(input.shape)}, batch_first={batch_first}."
        )
    order = None
    if not enforce_sorted:
        order = np.argsort(-sizes, kind="stable")
    elif np.any(np.diff(sizes) > 0):
        raise ValueError(
            f"pack_padded_sequence: lengths must not rise, got {sizes.tolist()}. Sort the sequences, or pass "
            f"enforce_sorted=False."
        )
    columns = np.arange(batch) if order is None else order
    time, place = np.nonzero(np.arange(sizes.max())[:, None] < sizes[columns][None, :])
    rows = columns[place] * steps + time if batch_first else time * batch + columns[place]
    data = input.flatten(0, 1).index_select(0, _indices(rows))
    return PackedSequence(data, _indices(np.bincount(time)), None if order is None else _indices(order))


def _gather_or_pad(data: Any, rows: np.ndarray, padding_value: float) -> Any:
    """data[rows], with padding_value where rows == len(data): [*rows.shape, ...]."""
    pad = _core.full((1, *data.shape[1:]), padding_value, dtype=data.dtype)
    return _core.cat([data, pad]).index_select(0, _indices(rows.reshape(-1))).unflatten(0, rows.shape)


def _packed_lengths(batch_sizes: Any) -> np.ndarray:
    """How long each sequence of a pack is, longest first."""
    sizes = batch_sizes.numpy()
    return (np.arange(sizes[0])[None, :] < sizes[:, None]).sum(0)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Any, Any]:
    """Undo pack_padded_sequence: (padded, lengths), in the caller's order.

    Args:
        sequence: what was packed.
        batch_first: return [N, T, ...] for [T, N, ...].
        padding_value: what fills the rest.
        total_length: T; the longest length where left out.

    Example:
        >>> import chainrule as cr
        >>> packed = cr.nn.utils.rnn.pack_sequence([cr.tensor([1.0]), cr.tensor([2.0, 3.0])], enforce_sorted=False)
        >>> cr.nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)
        (tensor([[1., 0.],
                [2., 3.]]), tensor([1, 2]))

    Source: PyTorch, torch.nn.utils.rnn.pad_packed_sequence.
    """
    data, batch_sizes, _, unsorted = sequence
    sizes = batch_sizes.numpy()
    steps = len(sizes)
    if total_length is not None:
        if total_length < steps:
            raise ValueError(
                f"pad_packed_sequence: total_length must be at least the longest sequence, {steps}, got {total_length}."
            )
        steps = total_length
    rows = np.full((steps, sizes[0]), data.shape[0])
    rows[: len(sizes)][np.arange(sizes[0])[None, :] < sizes[:, None]] = np.arange(data.shape[0])
    lengths = _packed_lengths(batch_sizes)
    if unsorted is not None:
        rows, lengths = rows[:, unsorted.numpy()], lengths[unsorted.numpy()]
    return _gather_or_pad(data, rows.T if batch_first else rows, padding_value), _indices(lengths)


def pad_sequence(
    sequences: Any, batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Any:
    """Sequences [T_k, ...] as one tensor [T, N, ...], or [N, T, ...], T the greatest T_k.

    Example:
        >>> import chainrule as cr
        >>> cr.nn.utils.rnn.pad_sequence([cr.tensor([1, 2, 3]), cr.tensor([4])], batch_first=True)
        tensor([[1, 2, 3],
                [4, 0, 0]])

    Source: PyTorch, torch.nn.utils.rnn.pad_sequence.
    """
    if not isinstance(sequences, Iterable):
        raise TypeError(f"pad_sequence: sequences must be iterable, got {type(sequences).__name__}.")
    if padding_side not in ("left", "right"):
        raise ValueError(f"pad_sequence: padding_side must be 'left' or 'right', got {padding_side!r}.")
    parts = list(sequences)
    if not parts:
        raise ValueError("pad_sequence: at least one sequence is needed, got none.")
    if len({tuple(part.shape[1:]) for part in parts}) > 1 or any(part.dim() == 0 for part in parts):
        shapes = [tuple(part.shape) for part in parts]
        raise ValueError(f"pad_sequence: the sequences may differ in their first axis only, got shapes {shapes}.")
    sizes = np.array([part.shape[0] for part in parts])
    steps = np.arange(sizes.max())[None, :]
    inside = steps < sizes[:, None] if padding_side == "right" else steps >= sizes.max() - sizes[:, None]
    rows = np.full(inside.shape, sizes.sum())
    rows[inside] = np.arange(sizes.sum())
    return _gather_or_pad(_core.cat(parts), rows if batch_first else rows.T, padding_value)


def unpad_sequence(padded_sequences: Any, lengths: Any, batch_first: bool = False) -> list[Any]:
    """Undo pad_sequence: the list of sequences.

    Source: PyTorch, torch.nn.utils.rnn.unpad_sequence.
    """
    columns = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [column[: int(length)] for column, length in zip(columns.unbind(0), lengths)]


def pack_sequence(sequences: Any, enforce_sorted: bool = True) -> PackedSequence:
    """Pack a list of sequences [T_k, ...]; pad_sequence and pack_padded_sequence in one.

    Source: PyTorch, torch.nn.utils.rnn.pack_sequence.
    """
    parts = list(sequences)
    lengths = [part.shape[0] for part in parts]
    return pack_padded_sequence(pad_sequence(parts), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Any]:
    """Undo pack_sequence: the list of sequences, in the caller's order.

    Source: PyTorch, torch.nn.utils.rnn.unpack_sequence.
    """
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
