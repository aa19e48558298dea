"""DataLoader: batches of a dataset, in the order that PyTorch gives for the same seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from ... import _core
from .collate import default_collate
from .dataset import IterableDataset, TensorDataset
from .fetch import END, Recipe
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler

T_co = TypeVar("T_co", covariant=True)


class _Stream(Sampler[None]):
    """Stands for the indices of an IterableDataset."""

    def __iter__(self) -> Iterator[None]:
        while True:
            yield None


# What samplers and batches were made from.
_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class DataLoader(Generic[T_co]):
    """Iterate over a dataset in batches.

    Args:
        dataset: with len() and [index], or an IterableDataset.
        batch_size: samples in a batch; None gives single samples.
        shuffle: a new random order in each pass.
        sampler: the order of samples; instead of shuffle.
        batch_sampler: lists of indices; instead of batch_size, shuffle, sampler and drop_last.
        num_workers: processes that make the batches; 0 makes them in this process. Where nothing is to be made (a
            TensorDataset with the stock sampler and collate_fn, no worker_init_fn) this process takes them anyway.
        collate_fn: makes a batch from a list of samples; default_collate if None.
        drop_last: leave out a last batch that is smaller.
        timeout: seconds to wait for a batch from the workers; 0 waits for ever.
        worker_init_fn: called in each worker with its number, after its random numbers were seeded: Python's and ours
            with base_seed + number, where base_seed is drawn at the start of the pass.
        multiprocessing_context: a start method ("fork", "spawn", "forkserver") or a context. Default: fork on Linux.
        generator: where the random numbers come from; the default generator if None.
        prefetch_factor: tasks that a worker holds at most (2).
        persistent_workers: keep the workers from one pass to the next.
        in_order: False gives batches as they come from the workers, not in the order of their indices.
        pin_memory, pin_memory_device: accepted; there is no other memory.

    Raises:
        ValueError: options that exclude each other.
        RuntimeError: while iterating: a worker died, or the timeout passed. An exception in a worker is raised again
            with the worker's traceback as its message.

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
        if num_workers == 0 and (prefetch_factor is not None or persistent_workers or multiprocessing_context):
            raise ValueError(
                "DataLoader: prefetch_factor, persistent_workers and multiprocessing_context need num_workers > 0."
            )
        if prefetch_factor is not None and prefetch_factor < 1:
            raise ValueError(f"DataLoader: prefetch_factor must be positive, got {prefetch_factor}.")
        if multiprocessing_context is not None:
            _workers().start_context(multiprocessing_context)
        self._pool: Any = None
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
        self._fixed = True

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _FIXED and "_fixed" in self.__dict__:
            raise ValueError(f"DataLoader: {name} cannot be changed, as batches are made by several. Make a new one.")
        super().__setattr__(name, value)

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
        indices = iter(self.batch_sampler if self.batch_sampler is not None else self.sampler)
        base_seed = self._base_seed()
        if self.num_workers:
            return self._from_workers(indices, base_seed)
        return _here(self._recipe(), indices)

    def _base_seed(self) -> int:
        return int(_core.empty((), dtype=_core.int64).random_(generator=self.generator).item())

    def _recipe(self) -> Recipe:
        return Recipe(self.dataset, self.collate_fn, self.batch_sampler is not None, self.drop_last, self._streams)

    def _from_workers(self, indices: Iterator[Any], base_seed: int) -> Iterator[Any]:
        workers, pool = _workers(), self._pool
        if pool is None or pool.closed:
            pool = workers.Pool(
                self._recipe(), self.num_workers, base_seed, self.worker_init_fn, self.multiprocessing_context
            )
            self._pool = pool if self.persistent_workers else None
        ahead = 2 if self.prefetch_factor is None else self.prefetch_factor
        return workers.WorkerIterator(pool, indices, ahead, self.timeout, self.in_order, self.persistent_workers)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_pool": None}  # processes are not copied

    # Note [Whole batches]
    # For tensors in memory, taking a batch by one index_select per tensor gives what stacking samples gives, at a small
    # part of the cost. It applies only where every piece is the stock one, and draws the same random numbers.

    def _is_plain(self) -> bool:
        return (
            type(self.dataset) is TensorDataset
            and self.worker_init_fn is None
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


def _here(recipe: Recipe, indices: Iterator[Any]) -> Iterator[Any]:
    """Batches that this process makes."""
    fetch = recipe.fetcher()
    for places in indices:
        batch = fetch(places)
        if batch is END:
            return
        yield batch


def _workers() -> Any:
    """The module of worker processes: imported when there are any, for the sake of the time that `import` takes."""
    from . import workers

    return workers


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
