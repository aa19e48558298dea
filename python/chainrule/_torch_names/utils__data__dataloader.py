"""What torch.utils.data.dataloader has beside chainrule.utils.data: the iterators that packages build by hand (fastai's
DataLoader is one of its own), and helpers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import chainrule
from chainrule.utils.data import default_collate as default_collate
from chainrule.utils.data import get_worker_info as get_worker_info
from chainrule.utils.data.dataloader import _here
from chainrule.utils.data.fetch import Recipe


class _DatasetKind:
    """Whether a dataset is asked by index or gives a stream."""

    Map = 0
    Iterable = 1


class _BaseDataLoaderIter:
    """The batches of one pass over an object with a DataLoader's attributes, private ones among them.

    An iterator of chainrule's own DataLoader is none of these.
    """

    def __init__(self, loader: Any) -> None:
        seed = int(chainrule.empty((), dtype=chainrule.int64).random_(generator=loader.generator).item())
        streams = loader._dataset_kind == _DatasetKind.Iterable
        recipe = Recipe(loader.dataset, loader.collate_fn, loader._auto_collation, loader.drop_last, streams)
        self._batches = self._begin(loader, recipe, iter(loader._index_sampler), seed)

    def _begin(self, loader: Any, recipe: Recipe, indices: Iterator[Any], seed: int) -> Iterator[Any]:
        raise NotImplementedError

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self._batches)


class _SingleProcessDataLoaderIter(_BaseDataLoaderIter):
    """Batches that this process makes."""

    def _begin(self, loader: Any, recipe: Recipe, indices: Iterator[Any], seed: int) -> Iterator[Any]:
        return _here(recipe, indices)


class _MultiProcessingDataLoaderIter(_BaseDataLoaderIter):
    """Batches that worker processes make."""

    def _begin(self, loader: Any, recipe: Recipe, indices: Iterator[Any], seed: int) -> Iterator[Any]:
        from chainrule.utils.data import workers

        context = loader.multiprocessing_context
        pool = workers.Pool(recipe, loader.num_workers, seed, loader.worker_init_fn, context)
        ahead = 2 if loader.prefetch_factor is None else loader.prefetch_factor
        return workers.WorkerIterator(pool, indices, ahead, loader.timeout, loader.in_order, False)
