"""Samplers: in which order a DataLoader takes the samples."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar

from ... import _core

T_co = TypeVar("T_co", covariant=True)


class Sampler(Generic[T_co]):
    """Base class: write __iter__, which gives indices, and __len__."""

    def __init__(self, data_source: Any = None) -> None:
        pass

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"{type(self).__name__}: a sampler must write __iter__.")


class SequentialSampler(Sampler[int]):
    """0, 1, 2, ..."""

    data_source: Sized

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """A random order.

    Args:
        data_source: the dataset.
        replacement: draw each sample from all, so that some come twice.
        num_samples: how many; all by default.
        generator: where the random numbers come from. By default each pass seeds its own from the default generator.

    Source: PyTorch, torch.utils.data.RandomSampler: the same order for the same seed.
    """

    data_source: Sized

    def __init__(
        self, data_source: Sized, replacement: bool = False, num_samples: int | None = None, generator: Any = None
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(replacement, bool):
            raise TypeError(f"RandomSampler: replacement must be True or False, got {replacement!r}.")
        if not isinstance(self.num_samples, int) or self.num_samples < 0 or (num_samples == 0):
            raise ValueError(
                f"RandomSampler: num_samples must be an int of 1 or more, got {self.num_samples!r}. Leave it out to "
                "draw as many as there are."
            )

    @property
    def num_samples(self) -> int:
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def _pass_generator(self) -> Any:
        """The generator for one pass over the data."""
        if self.generator is not None:
            return self.generator
        seed = int(_core.empty((), dtype=_core.int64).random_().item())
        generator = _core.Generator()
        generator.manual_seed(seed)
        return generator

    def __iter__(self) -> Iterator[int]:
        size = len(self.data_source)
        generator = self._pass_generator()
        if self.replacement:  # in blocks of 32, as PyTorch draws them
            for _ in range(self.num_samples // 32):
                yield from _draw(size, 32, generator)
            yield from _draw(size, self.num_samples % 32, generator)
        elif size:
            for _ in range(self.num_samples // size):
                yield from _core.randperm(size, generator=generator).tolist()
            yield from _core.randperm(size, generator=generator).tolist()[: self.num_samples % size]

    def __len__(self) -> int:
        return self.num_samples


def _draw(high: int, count: int, generator: Any) -> list[int]:
    return _core.randint(0, high, (count,), dtype=_core.int64, generator=generator).tolist()


class SubsetRandomSampler(Sampler[int]):
    """Some indices in a random order."""

    def __init__(self, indices: Sequence[int], generator: Any = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        for i in _core.randperm(len(self.indices), generator=self.generator).tolist():
            yield self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices drawn with given weights."""

    def __init__(
        self, weights: Sequence[float], num_samples: int, replacement: bool = True, generator: Any = None
    ) -> None:
        if not isinstance(num_samples, int) or isinstance(num_samples, bool) or num_samples <= 0:
            raise ValueError(f"WeightedRandomSampler: num_samples must be an int of 1 or more, got {num_samples!r}.")
        if not isinstance(replacement, bool):
            raise ValueError(f"WeightedRandomSampler: replacement must be True or False, got {replacement!r}.")
        self.weights = _core.as_tensor(weights, dtype=_core.float64)
        if self.weights.dim() != 1:
            raise ValueError(
                f"WeightedRandomSampler: weights must have one axis, got shape {tuple(self.weights.shape)}. Flatten it."
            )
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        drawn = _core.multinomial(self.weights, self.num_samples, self.replacement, generator=self.generator)
        yield from drawn.tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Lists of batch_size indices; the last may be shorter, or is left out with drop_last.

    Example:
        >>> from chainrule.utils.data import BatchSampler, SequentialSampler
        >>> list(BatchSampler(SequentialSampler(range(5)), 2, False))
        [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ValueError(f"BatchSampler: batch_size must be an int of 1 or more, got {batch_size!r}.")
        if not isinstance(drop_last, bool):
            raise ValueError(f"BatchSampler: drop_last must be True or False, got {drop_last!r}.")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        batch = list(itertools.islice(indices, self.batch_size))
        while len(batch) == self.batch_size or (batch and not self.drop_last):
            yield batch
            batch = list(itertools.islice(indices, self.batch_size))

    def __len__(self) -> int:
        size = len(self.sampler)  # type: ignore[arg-type]  # TypeError where it has none, as in PyTorch
        return size // self.batch_size if self.drop_last else -(-size // self.batch_size)
