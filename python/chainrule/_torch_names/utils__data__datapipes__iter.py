"""torch.utils.data.datapipes.iter: the few pipes of use without the rest."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .utils__data import IterDataPipe, functional_datapipe


class IterableWrapper(IterDataPipe):
    """The elements of an iterable, copied first."""

    def __init__(self, iterable: Iterable[Any], deepcopy: bool = True) -> None:
        self.iterable, self.deepcopy = iterable, deepcopy

    def __iter__(self) -> Iterator[Any]:
        import copy

        yield from copy.deepcopy(self.iterable) if self.deepcopy else self.iterable

    def __len__(self) -> int:
        return len(self.iterable)  # type: ignore[arg-type]


@functional_datapipe("map")
class Mapper(IterDataPipe):
    """fn of each element."""

    def __init__(self, datapipe: Any, fn: Callable[[Any], Any], input_col: Any = None, output_col: Any = None) -> None:
        if input_col is not None or output_col is not None:
            raise NotImplementedError("Mapper: input_col and output_col are not there. Let fn pick the columns.")
        self.datapipe, self.fn = datapipe, fn

    def __iter__(self) -> Iterator[Any]:
        return map(self.fn, self.datapipe)

    def __len__(self) -> int:
        return len(self.datapipe)


@functional_datapipe("filter")
class Filter(IterDataPipe):
    """The elements for which filter_fn holds."""

    def __init__(self, datapipe: Any, filter_fn: Callable[[Any], Any], input_col: Any = None) -> None:
        if input_col is not None:
            raise NotImplementedError("Filter: input_col is not there. Let filter_fn pick the column.")
        self.datapipe, self.filter_fn = datapipe, filter_fn

    def __iter__(self) -> Iterator[Any]:
        return filter(self.filter_fn, self.datapipe)


@functional_datapipe("batch")
class Batcher(IterDataPipe):
    """Lists of batch_size elements."""

    def __init__(
        self, datapipe: Any, batch_size: int, drop_last: bool = False, wrapper_class: Callable[..., Any] = list
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"Batcher: batch_size must be 1 or more, got {batch_size}.")
        self.datapipe, self.batch_size, self.drop_last = datapipe, batch_size, drop_last
        self.wrapper_class = wrapper_class

    def __iter__(self) -> Iterator[Any]:
        batch: list[Any] = []
        for element in self.datapipe:
            batch.append(element)
            if len(batch) == self.batch_size:
                yield self.wrapper_class(batch)
                batch = []
        if batch and not self.drop_last:
            yield self.wrapper_class(batch)


@functional_datapipe("shuffle")
class Shuffler(IterDataPipe):
    """The elements in random order, as far as a buffer reaches."""

    def __init__(self, datapipe: Any, *, buffer_size: int = 10000, unbatch_level: int = 0) -> None:
        if unbatch_level:
            raise NotImplementedError("Shuffler: unbatch_level is not there. Shuffle before batch().")
        self.datapipe, self.buffer_size = datapipe, buffer_size

    def __iter__(self) -> Iterator[Any]:
        buffer: list[Any] = []
        for element in self.datapipe:
            if len(buffer) == self.buffer_size:
                at = random.randrange(len(buffer))
                yield buffer[at]
                buffer[at] = element
            else:
                buffer.append(element)
        random.shuffle(buffer)
        yield from buffer

    def __len__(self) -> int:
        return len(self.datapipe)
