"""Datasets: things with len() and [index], and things to iterate over."""

from __future__ import annotations

import bisect
import itertools
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from ... import _core

T_co = TypeVar("T_co", covariant=True)


class Dataset(Generic[T_co]):
    """Base class: write __getitem__(index), and __len__ for all samplers but your own.

    Source: PyTorch, torch.utils.data.Dataset.
    """

    def __getitem__(self, index: Any) -> T_co:
        raise NotImplementedError(f"{type(self).__name__}: a dataset must write __getitem__.")

    def __add__(self, other: Dataset[T_co]) -> ConcatDataset:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co], Iterable[T_co]):
    """Base class of datasets that are a stream: write __iter__."""

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"{type(self).__name__}: an iterable dataset must write __iter__.")

    def __add__(self, other: Dataset[T_co]) -> Any:
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Any, ...]]):
    """Sample i is the i-th entry of each tensor.

    Args:
        *tensors: of the same size along the first axis.

    Example:
        >>> import chainrule as cr
        >>> data = cr.utils.data.TensorDataset(cr.arange(6).reshape(3, 2), cr.tensor([7, 8, 9]))
        >>> data[1]
        (tensor([2, 3]), tensor(8))

    Source: PyTorch, torch.utils.data.TensorDataset.
    """

    tensors: tuple[Any, ...]

    def __init__(self, *tensors: Any) -> None:
        sizes = [tensor.shape[0] for tensor in tensors]
        if any(size != sizes[0] for size in sizes):
            raise ValueError(f"TensorDataset: all tensors must have the same first size, got {sizes}.")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return self.tensors[0].shape[0]


class StackDataset(Dataset[Any]):
    """Several datasets of one length side by side: sample i is a tuple, or a dict, of their samples i.

    Args:
        *args: datasets, for tuples; or
        **kwargs: datasets by name, for dicts.

    Example:
        >>> data = chainrule.utils.data.StackDataset(image=[1, 2], text=["a", "b"])
        >>> data[1]
        {'image': 2, 'text': 'b'}

    Source: PyTorch, torch.utils.data.StackDataset.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if bool(args) == bool(kwargs):
            raise ValueError(
                f"StackDataset: datasets are required either all by place or all by name, got {len(args)} by place and "
                f"{len(kwargs)} by name."
            )
        parts = args or tuple(kwargs.values())
        if any(len(part) != len(parts[0]) for part in parts):
            raise ValueError(f"StackDataset: all datasets must have one length, got {[len(part) for part in parts]}.")
        self.datasets: Any = args or kwargs

    def _join(self, pick: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {name: pick(part) for name, part in self.datasets.items()}
        return tuple(pick(part) for part in self.datasets)

    def __getitem__(self, index: Any) -> Any:
        return self._join(lambda part: part[index])

    def __getitems__(self, indices: list[int]) -> list[Any]:
        def pick(part: Any) -> list[Any]:
            many = getattr(part, "__getitems__", None)
            if many is None:
                return [part[i] for i in indices]
            picked = many(indices)
            if len(picked) != len(indices):
                raise ValueError(f"StackDataset: a dataset gave {len(picked)} samples for {len(indices)} indices.")
            return picked

        columns = self._join(pick)
        if isinstance(columns, dict):
            return [dict(zip(columns, row)) for row in zip(*columns.values())]
        return list(zip(*columns))

    def __len__(self) -> int:
        parts = tuple(self.datasets.values()) if isinstance(self.datasets, dict) else self.datasets
        return len(parts[0])


class ConcatDataset(Dataset[T_co]):
    """Datasets one after the other."""

    datasets: list[Any]
    cumulative_sizes: list[int]

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset: at least one dataset is required, got none.")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise TypeError("ConcatDataset does not support IterableDataset. Use ChainDataset.")
        self.cumulative_sizes = list(itertools.accumulate(len(dataset) for dataset in self.datasets))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> Any:
        if index < 0:
            if -index > len(self):
                raise ValueError("absolute value of index should not exceed dataset length")
            index += len(self)
        which = bisect.bisect_right(self.cumulative_sizes, index)
        before = self.cumulative_sizes[which - 1] if which else 0
        return self.datasets[which][index - before]


class ChainDataset(IterableDataset[T_co]):
    """Streams one after the other."""

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = datasets

    def __iter__(self) -> Iterator[Any]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise TypeError(f"ChainDataset: streams (IterableDataset) are required, got {type(dataset).__name__}.")
            yield from dataset

    def __len__(self) -> int:
        return sum(len(dataset) for dataset in self.datasets)


class Subset(Dataset[T_co]):
    """The entries of a dataset at some indices."""

    dataset: Any
    indices: Sequence[int]

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices: list[int]) -> list[Any]:
        picked = [self.indices[i] for i in indices]
        if callable(getattr(self.dataset, "__getitems__", None)):
            return self.dataset.__getitems__(picked)
        return [self.dataset[i] for i in picked]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(dataset: Any, lengths: Sequence[float], generator: Any = None) -> list[Subset[Any]]:
    """Split a dataset at random into parts of given lengths, or of given fractions that add up to 1.

    Args:
        dataset: a dataset with len().
        lengths: sizes, or fractions; what rounding leaves goes to the first parts, one each.
        generator: where the random numbers come from; the default generator if None.

    Example:
        >>> import chainrule as cr
        >>> generator = cr.Generator().manual_seed(0)
        >>> [len(part) for part in cr.utils.data.random_split(range(10), [0.7, 0.3], generator=generator)]
        [7, 3]

    Source: PyTorch, torch.utils.data.random_split.
    """
    total = len(dataset)
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        if any(not 0 <= fraction <= 1 for fraction in lengths):
            raise ValueError(f"random_split: fractions must be between 0 and 1, got {list(lengths)}.")
        sizes = [math.floor(total * fraction) for fraction in lengths]
        for i in range(total - sum(sizes)):
            sizes[i % len(sizes)] += 1
        for i, size in enumerate(sizes):
            if size == 0:
                warnings.warn(
                    f"Length of split at index {i} is 0. This might result in an empty dataset.", stacklevel=2
                )
    else:
        sizes = [int(size) for size in lengths]
    if sum(sizes) != total:
        raise ValueError(f"random_split: the lengths must add up to {total}, got {list(lengths)}.")
    order = _core.randperm(total, generator=generator).tolist()
    ends = itertools.accumulate(sizes)
    return [Subset(dataset, order[end - size : end]) for end, size in zip(ends, sizes, strict=True)]
