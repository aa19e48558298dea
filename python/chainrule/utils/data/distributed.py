"""torch.utils.data.distributed: the part of a data set that one of several processes reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import chainrule

from .sampler import Sampler


class DistributedSampler(Sampler):
    """Every num_replicas-th index, from rank on, of the data set's indices, shuffled by seed + epoch.

    Args:
        dataset: anything with a length.
        num_replicas: how many processes there are; default 1.
        rank: which one this is; default 0.
        shuffle, seed: shuffle, alike in all processes.
        drop_last: leave out what would make the parts unequal, rather than give some indices twice.

    Source: PyTorch, torch.utils.data.distributed.DistributedSampler.
    """

    def __init__(
        self,
        dataset: Any,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        self.dataset, self.shuffle, self.seed, self.drop_last, self.epoch = dataset, shuffle, seed, drop_last, 0
        self.num_replicas, self.rank = num_replicas or 1, rank or 0
        if not 0 <= self.rank < self.num_replicas:
            raise ValueError(f"DistributedSampler: rank must be from 0 to {self.num_replicas - 1}, got {rank}.")
        size, parts = len(dataset), self.num_replicas
        self.num_samples = size // parts if drop_last else -(-size // parts)
        self.total_size = self.num_samples * parts

    def __iter__(self) -> Iterator[int]:
        size = len(self.dataset)
        indices = list(range(size))
        if self.shuffle:
            generator = chainrule.Generator()
            generator.manual_seed(self.seed + self.epoch)
            indices = chainrule.randperm(size, generator=generator).tolist()
        while 0 < len(indices) < self.total_size:
            indices += indices[: self.total_size - len(indices)]
        return iter(indices[self.rank : self.total_size : self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Shuffle otherwise in the next epoch."""
        self.epoch = epoch
