"""How one batch, or one sample, is taken out of a dataset: in this process or in a worker."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from typing import Any

_info: WorkerInfo | None = None
END = object()  # an iterable dataset has no more


@dataclasses.dataclass
class Recipe:
    """What a DataLoader does with indices. It travels to workers whole."""

    dataset: Any
    collate_fn: Callable[[Any], Any]
    batched: bool
    drop_last: bool
    streams: bool  # an IterableDataset: indices only say how many samples go together

    def fetcher(self) -> Callable[[Any], Any]:
        """The function from indices to a batch, for one pass over the data. It gives END after the last one."""
        if self.streams:
            samples = iter(self.dataset)
            return lambda indices: self._next(samples, indices)
        return self._batch if self.batched else lambda index: self.collate_fn(self.dataset[index])

    def _batch(self, indices: list[Any]) -> Any:
        many = getattr(self.dataset, "__getitems__", None)
        return self.collate_fn(many(indices) if many is not None else [self.dataset[i] for i in indices])

    def _next(self, samples: Iterator[Any], indices: Any) -> Any:
        if not self.batched:
            sample = next(samples, END)
            return END if sample is END else self.collate_fn(sample)
        batch = list(itertools.islice(samples, len(indices)))
        if not batch or (self.drop_last and len(batch) < len(indices)):
            return END
        return self.collate_fn(batch)


@dataclasses.dataclass(frozen=True)
class WorkerInfo:
    """What get_worker_info tells in a worker: its number, how many there are, its seed, and its copy of the dataset."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


def get_worker_info() -> WorkerInfo | None:
    """In a worker process of a DataLoader its WorkerInfo, elsewhere None.

    An IterableDataset asks it, so that each worker gives a part of the stream of its own.

    Example:
        >>> chainrule.utils.data.get_worker_info() is None
        True

    Source: PyTorch, torch.utils.data.get_worker_info.
    """
    return _info
