"""From a list of samples to one batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ... import _core


def default_collate(batch: Sequence[Any]) -> Any:
    """Stack samples along a new first axis, inside tuples, lists, dicts and named tuples.

    Tensors and arrays are stacked, floats become float64 and ints int64 tensors, strings stay a list; a tuple
    becomes a list.

    Example:
        >>> import chainrule as cr
        >>> cr.utils.data.default_collate([(cr.tensor(1.0), 3), (cr.tensor(2.0), 4)])
        [tensor([1., 2.]), tensor([3, 4])]

    Source: PyTorch, torch.utils.data.default_collate.
    """
    first = batch[0]
    if isinstance(first, _core.Tensor):
        return _core.stack(list(batch), 0)
    if isinstance(first, np.ndarray):
        if first.dtype.kind not in "biuf":
            raise TypeError(f"default_collate: arrays must hold numbers, got dtype {first.dtype}.")
        return _core.stack([_core.as_tensor(array) for array in batch], 0)
    if isinstance(first, np.generic):
        return _core.as_tensor(np.asarray(batch))
    if isinstance(first, float):
        return _core.tensor(batch, dtype=_core.float64)
    if isinstance(first, int):  # and bool, which stays bool
        return _core.tensor(batch)
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return _collate_mapping(batch)
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(default_collate(column) for column in zip(*batch, strict=True)))
    if isinstance(first, Sequence):
        return _collate_sequence(batch)
    raise TypeError(
        f"default_collate: a batch must contain tensors, numpy arrays, numbers, dicts or lists; found {type(first)}. "
        "Pass collate_fn to the DataLoader."
    )


def _collate_mapping(batch: Sequence[Any]) -> Any:
    first = batch[0]
    values = {key: default_collate([sample[key] for sample in batch]) for key in first}
    try:
        return type(first)(values)
    except TypeError:  # a mapping that is not made from another
        return values


def _collate_sequence(batch: Sequence[Any]) -> Any:
    first = batch[0]
    if any(len(sample) != len(first) for sample in batch):
        raise RuntimeError("default_collate: each element in list of batch should be of equal size")
    columns = [default_collate(column) for column in zip(*batch, strict=True)]
    if isinstance(first, tuple):
        return columns
    try:
        return type(first)(columns)
    except TypeError:
        return columns
