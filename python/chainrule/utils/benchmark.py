"""Timing of statements: torch.utils.benchmark's names for Python's timeit.

Source: PyTorch, torch.utils.benchmark.
"""

from __future__ import annotations

import dataclasses
import enum
import math
import statistics
import time
import timeit as _timeit
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from .. import _core

__all__ = ["Compare", "Language", "Measurement", "TaskSpec", "Timer", "select_unit", "timer"]

timer = time.perf_counter


class Language(enum.Enum):
    """What a statement may be written in: Python."""

    PYTHON = 0
    CPP = 1


def select_unit(t: float) -> tuple[str, float]:
    """The unit in which t seconds is a number from 1 to 1000, and that unit in seconds.

    Example:
        >>> from chainrule.utils.benchmark import select_unit
        >>> select_unit(0.002)
        ('ms', 0.001)
    """
    for unit, seconds in (("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3)):
        if t < 1000 * seconds:
            return unit, seconds
    return "s", 1.0


@dataclasses.dataclass(frozen=True)
class TaskSpec:
    """What was timed: the statement, and how it is called in a table."""

    stmt: str
    setup: str = "pass"
    label: str | None = None
    sub_label: str | None = None
    description: str | None = None
    env: str | None = None
    num_threads: int = 1

    @property
    def title(self) -> str:
        """The label, or else the statement."""
        name = self.label if self.label is not None else self.stmt
        return f"{name}: {self.sub_label}" if self.sub_label else name


@dataclasses.dataclass
class Measurement:
    """Times of one statement.

    Args:
        number_per_run: how many times a run executed it.
        raw_times: the seconds of each run.
        task_spec: what was timed.
    """

    number_per_run: int
    raw_times: list[float]
    task_spec: TaskSpec

    @property
    def times(self) -> list[float]:
        """Seconds of one execution, run by run."""
        return [t / self.number_per_run for t in self.raw_times]

    @property
    def median(self) -> float:
        """The median of the times."""
        return statistics.median(self.times)

    @property
    def mean(self) -> float:
        """The mean of the times."""
        return statistics.fmean(self.times)

    @property
    def iqr(self) -> float:
        """The distance between the quarters of the times."""
        if len(self.times) < 2:
            return 0.0
        low, _, high = statistics.quantiles(self.times, n=4, method="inclusive")
        return high - low

    @property
    def title(self) -> str:
        """What was timed."""
        return self.task_spec.title

    @property
    def num_threads(self) -> int:
        """How many threads computed."""
        return self.task_spec.num_threads

    @staticmethod
    def merge(measurements: Iterable[Measurement]) -> list[Measurement]:
        """Those of one task put together."""
        groups: dict[tuple[TaskSpec, int], list[float]] = {}
        for m in measurements:
            groups.setdefault((m.task_spec, m.number_per_run), []).extend(m.raw_times)
        return [Measurement(number, times, task) for (task, number), times in groups.items()]

    def __repr__(self) -> str:
        unit, seconds = select_unit(self.median)
        lines = [f"{type(self).__name__} of {self.title}"]
        if self.task_spec.description:
            lines.append(f"  {self.task_spec.description}")
        if len(self.times) > 1:
            lines += [f"  Median: {self.median / seconds:.2f} {unit}", f"  IQR:    {self.iqr / seconds:.2f} {unit}"]
        else:
            lines.append(f"  {self.median / seconds:.2f} {unit}")
        each = " each" if len(self.times) > 1 else ""
        lines.append(f"  {_count(len(self.times), 'measurement')}, {_count(self.number_per_run, 'run')}{each}, ")
        lines[-1] += _count(self.num_threads, "thread")
        return "\n".join(lines)


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'s' * (n != 1)}"


class Timer:
    """Times a statement, after a first execution that does not count.

    Args:
        stmt, setup, timer, globals: as for timeit.Timer.
        global_setup: run once before setup; for statements in C++, of which there are none.
        label, sub_label, description, env: how the result is called in a table of Compare.
        num_threads: set_num_threads() while it is timed.

    Raises:
        ValueError: num_threads is not positive, or a statement of another language.

    Example:
        >>> from chainrule.utils import benchmark
        >>> taken = benchmark.Timer("x + 1", globals={"x": chainrule.zeros(3)}).timeit(100)
        >>> taken.number_per_run, taken.mean > 0
        (100, True)
    """

    def __init__(
        self,
        stmt: str = "pass",
        setup: str = "pass",
        global_setup: str = "",
        timer: Callable[[], float] = timer,
        globals: dict[str, Any] | None = None,
        label: str | None = None,
        sub_label: str | None = None,
        description: str | None = None,
        env: str | None = None,
        num_threads: int = 1,
        language: Language | str = Language.PYTHON,
    ) -> None:
        if num_threads < 1:
            raise ValueError(f"Timer: num_threads must be 1 or more, got {num_threads}.")
        if language not in (Language.PYTHON, "py", "python"):
            raise ValueError(f"Timer: statements are Python's, got {language!r}.")
        self._task_spec = TaskSpec(stmt, setup, label, sub_label, description, env, num_threads)
        self._timer = _timeit.Timer(stmt, setup, timer, dict(globals or {}))

    @contextmanager
    def _threads(self) -> Iterator[None]:
        before = _core.get_num_threads()
        _core.set_num_threads(self._task_spec.num_threads)
        try:
            yield
        finally:
            _core.set_num_threads(before)

    def timeit(self, number: int = 1_000_000) -> Measurement:
        """One run of number executions."""
        with self._threads():
            self._timer.timeit(max(number // 100, 2))
            return Measurement(number, [self._timer.timeit(number)], self._task_spec)

    def repeat(self, repeat: int = -1, number: int = -1) -> None:
        """Not there, as in PyTorch: see timeit() and blocked_autorange()."""
        raise NotImplementedError("Timer.repeat: use timeit() or blocked_autorange().")

    autorange = repeat

    def blocked_autorange(
        self, callback: Callable[[int, float], Any] | None = None, min_run_time: float = 0.2
    ) -> Measurement:
        """Runs of a size that makes the clock's own cost small, for min_run_time seconds altogether.

        Args:
            callback: called with the size and the seconds of each run.
            min_run_time: seconds.
        """
        with self._threads():
            number = self._block_size(min_run_time)
            times: list[float] = []
            while not times or math.fsum(times) < min_run_time:
                times.append(self._timer.timeit(number))
                if callback is not None:
                    callback(number, times[-1])
            return Measurement(number, times, self._task_spec)

    def adaptive_autorange(
        self,
        threshold: float = 0.1,
        *,
        min_run_time: float = 0.01,
        max_run_time: float = 10.0,
        callback: Callable[[int, float], Any] | None = None,
    ) -> Measurement:
        """Runs until the quarters of the times lie within threshold of their median, or max_run_time is over."""
        with self._threads():
            number = self._block_size(0.05)
            times: list[float] = []
            while True:
                times.append(self._timer.timeit(number))
                if callback is not None:
                    callback(number, times[-1])
                taken, so_far = math.fsum(times), Measurement(number, times, self._task_spec)
                steady = len(times) > 3 and so_far.iqr < threshold * so_far.median
                if taken >= max_run_time or (steady and taken >= min_run_time):
                    return so_far

    def _block_size(self, min_run_time: float) -> int:
        """How many executions take a thousandth of min_run_time, and a thousand times what starting the clock does."""
        overhead = statistics.median(self._timer.timeit(0) for _ in range(5))
        number = 1
        self._timer.timeit(1)
        while True:
            taken = self._timer.timeit(number)
            if (overhead <= 1e-4 * taken and taken >= min_run_time / 1000) or taken > min_run_time:
                return number
            number *= 10


class Compare:
    """A table of measurements: a line for each sub_label, or statement, and number of threads; a column for each
    description.

    Args:
        results: the measurements.

    Example:
        >>> from chainrule.utils.benchmark import Compare, Measurement, TaskSpec
        >>> Compare([Measurement(1, [0.002], TaskSpec("f(x)", description="small"))]).print()
        f(x), times in ms
              | small
        f(x)  |  2.00
    """

    def __init__(self, results: Iterable[Measurement]) -> None:
        self._results = list(results)

    def extend_results(self, results: Iterable[Measurement]) -> None:
        """More measurements."""
        self._results.extend(results)

    def trim_significant_figures(self) -> None:
        """Nothing: the table has three figures."""

    def colorize(self, rowwise: bool = False) -> None:
        """Nothing: the table has no colours."""

    def highlight_warnings(self) -> None:
        """Nothing: the table has no colours."""

    def print(self) -> None:
        """Print the tables."""
        print(str(self))

    def __str__(self) -> str:
        tables: dict[str, list[Measurement]] = {}
        for m in Measurement.merge(self._results):
            tables.setdefault(m.task_spec.label or m.task_spec.stmt, []).append(m)
        return "\n\n".join(_table(label, results) for label, results in tables.items())


def _table(label: str, results: list[Measurement]) -> str:
    unit, seconds = select_unit(min(m.median for m in results))
    columns = list(dict.fromkeys(m.task_spec.description or "" for m in results))
    rows: dict[str, dict[str, str]] = {}
    several = len({m.num_threads for m in results}) > 1
    for m in results:
        task = m.task_spec
        name = " ".join(filter(None, [task.env, task.sub_label or task.stmt]))
        row = f"{name}, {m.num_threads} threads" if several else name
        rows.setdefault(row, {})[task.description or ""] = f"{m.median / seconds:.3g}".rjust(4)
        if 1 <= m.median / seconds < 10:
            rows[row][task.description or ""] = f"{m.median / seconds:.2f}"
    wide = [max(len(c), *(len(row.get(c, "")) for row in rows.values())) for c in columns]
    first = max(map(len, rows))
    lines = [f"{label}, times in {unit}", _line("", columns, first, wide)]
    return "\n".join(lines + [_line(n, [row.get(c, "") for c in columns], first, wide) for n, row in rows.items()])


def _line(name: str, cells: list[str], first: int, wide: list[int]) -> str:
    return f"{name:{first}}  | " + "  | ".join(f"{cell:>{w}}" for cell, w in zip(cells, wide))
