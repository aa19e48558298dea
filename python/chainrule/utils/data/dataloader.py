"""DataLoader: batches of a dataset, in the order that PyTorch gives for the same seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from ... import _core
from .collate import default_collate
from .dataset import IterableDataset, TensorDataset
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler

T_co = TypeVar("T_co", covariant=True)


class _Stream(Sampler[None]):
    """Stands for the indices of an IterableDataset."""

    def __iter__(self) -> Iterator[None]:
        while True:
            yield None


class DataLoader(Generic[T_co]):
    """Iterate over a dataset in batches.

    Args:
        dataset: with len() and [index], or an IterableDataset.
        batch_size: samples in a batch; None gives single samples.
        shuffle: a new random order in each pass.
        sampler: the order of samples; instead of shuffle.
        batch_sampler: lists of indices; instead of batch_size, shuffle, sampler and drop_last.
        num_workers, pin_memory, timeout, worker_init_fn, multiprocessing_context, prefetch_factor, persistent_workers,
            pin_memory_device, in_order: accepted; batches are made in this process.
        collate_fn: makes a batch from a list of samples; default_collate if None.
        drop_last: leave out a last batch that is smaller.
        generator: where the random numbers come from; the default generator if None.

    Example:
        >>> import chainrule as cr
        >>> data = cr.utils.data.TensorDataset(cr.arange(5))
        >>> [batch[0].tolist() for batch in cr.utils.data.DataLoader(data, batch_size=2)]
        [[0, 1], [2, 3], [4]]

    Source: PyTorch, torch.utils.data.DataLoader.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Any = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        if num_workers < 0:
            raise ValueError(f"DataLoader: num_workers must not be negative, got {num_workers}.")
        if timeout < 0:
            raise ValueError(f"DataLoader: timeout must not be negative, got {timeout}.")
        self.dataset = dataset
        self.num_workers = num_workers
        self.pin_memory = pin_memory
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.generator = generator
        self.prefetch_factor = prefetch_factor
        self.persistent_workers = persistent_workers
        self.pin_memory_device = pin_memory_device
        self.in_order = in_order
        self._streams = isinstance(dataset, IterableDataset)
        shuffle = bool(shuffle)
        if self._streams and (shuffle or sampler is not None or batch_sampler is not None):
            raise ValueError("DataLoader: an IterableDataset gives its own order; shuffle and samplers do not apply.")
        if sampler is not None and shuffle:
            raise ValueError("DataLoader: sampler and shuffle are mutually exclusive.")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError("DataLoader: batch_sampler excludes batch_size, shuffle, sampler, and drop_last.")
            batch_size = None
        elif batch_size is None and drop_last:
            raise ValueError("DataLoader: batch_size=None gives single samples and excludes drop_last.")
        self.sampler: Any = self._default_sampler(shuffle) if sampler is None else sampler
        if batch_size is not None:
            batch_sampler = BatchSampler(self.sampler, batch_size, drop_last)
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.batch_sampler: Any = batch_sampler
        if collate_fn is None:
            collate_fn = default_collate if batch_sampler is not None else _as_tensors
        self.collate_fn = collate_fn

    def _default_sampler(self, shuffle: bool) -> Any:
        if self._streams:
            return _Stream()
        if shuffle:
            return RandomSampler(self.dataset, generator=self.generator)
        return SequentialSampler(self.dataset)

    def __iter__(self) -> Iterator[Any]:
        # PyTorch draws a seed for its workers at the start of each pass, whether there are workers or not. To be at the
        # same place of the random stream, so does this.
        if self._is_plain():
            self._base_seed()
            return self._whole_batches()
        batched = self.batch_sampler is not None
        indices = iter(self.batch_sampler if batched else self.sampler)
        self._base_seed()
        if self._streams:
            return self._stream(indices, batched)
        return self._batches(indices) if batched else self._samples(indices)

    def _base_seed(self) -> None:
        _core.empty((), dtype=_core.int64).random_(generator=self.generator)

    def _batches(self, indices: Iterator[list[Any]]) -> Iterator[Any]:
        fetch: Callable[[Any], Any] | None = getattr(self.dataset, "__getitems__", None)
        for batch in indices:
            samples = fetch(batch) if fetch is not None else [self.dataset[i] for i in batch]
            yield self.collate_fn(samples)

    def _samples(self, indices: Iterator[Any]) -> Iterator[Any]:
        for index in indices:
            yield self.collate_fn(self.dataset[index])

    def _stream(self, indices: Iterator[Any], batched: bool) -> Iterator[Any]:
        """Batches of an IterableDataset; `indices` only says how many samples go together."""
        samples = iter(self.dataset)
        for places in indices:
            if not batched:
                try:
                    yield self.collate_fn(next(samples))
                except StopIteration:
                    return
                continue
            batch = [sample for _, sample in zip(places, samples, strict=False)]
            if not batch or (self.drop_last and len(batch) < len(places)):
                return
            yield self.collate_fn(batch)

    # Note [Whole batches]
    # For tensors in memory, taking a batch by one index_select per tensor gives what stacking samples gives, at a small
    # part of the cost. It applies only where every piece is the stock one, and draws the same random numbers.

    def _is_plain(self) -> bool:
        return (
            type(self.dataset) is TensorDataset
            and type(self.dataset).__getitem__ is TensorDataset.__getitem__
            and self.collate_fn is default_collate
            and type(self.batch_sampler) is BatchSampler
            and type(self.sampler) in (SequentialSampler, RandomSampler)
            and self.batch_sampler.sampler is self.sampler
            and getattr(self.sampler, "data_source", None) is self.dataset
            and not getattr(self.sampler, "replacement", False)
            and getattr(self.sampler, "_num_samples", None) is None
        )

    def _whole_batches(self) -> Iterator[Any]:
        tensors, size = self.dataset.tensors, len(self.dataset)
        step: int = self.batch_sampler.batch_size
        stop = size - size % step if self.batch_sampler.drop_last else size
        shuffled = isinstance(self.sampler, RandomSampler)
        generator = self.sampler._pass_generator() if shuffled else None
        order = _core.randperm(size, generator=generator) if shuffled and size else _core.arange(size)
        for start in range(0, stop, step):
            picked = order[start : min(start + step, size)]
            yield [tensor.index_select(0, picked) for tensor in tensors]
        if shuffled and size and self._generator_was_given():
            _core.randperm(size, generator=generator)  # RandomSampler draws an order of which it uses nothing

    def _generator_was_given(self) -> bool:
        """Whether the caller can see the sampler's random stream."""
        return getattr(self.sampler, "generator", None) is not None

    def __len__(self) -> int:
        if self._streams:
            size = len(self.dataset)
            if self.batch_size is None:
                return size
            return size // self.batch_size if self.drop_last else -(-size // self.batch_size)
        return len(self.batch_sampler if self.batch_sampler is not None else self.sampler)


def _as_tensors(sample: Any) -> Any:
    """What a single sample becomes when nothing is batched: arrays become tensors."""
    import numpy as np

    if isinstance(sample, np.ndarray) and sample.dtype.kind in "biuf":
        return _core.as_tensor(sample)
    if isinstance(sample, dict):
        return {key: _as_tensors(value) for key, value in sample.items()}
    if isinstance(sample, (list, tuple)) and not hasattr(sample, "_fields"):
        return [_as_tensors(value) for value in sample]  # a tuple becomes a list, as in a batch
    return sample


default_convert = _as_tensors


def get_worker_info() -> None:
    """None: samples are made in this process."""
    return None
