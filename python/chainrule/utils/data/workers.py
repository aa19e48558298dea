"""Worker processes of a DataLoader.

Each worker has two pipes of its own, one for tasks and one for results, and no lock is shared: a worker that is killed
leaves nothing locked, and the end of its pipe tells of its death. Threads write into the pipes and read from those of
the results: a full pipe, or a message of which a part has come, keeps nobody waiting who has a timeout.
"""

from __future__ import annotations

import collections
import contextlib
import multiprocessing
import multiprocessing.connection
import pickle
import queue
import random
import signal
import sys
import threading
import time
import traceback
import warnings
import weakref
from collections.abc import Callable, Iterator
from multiprocessing.context import BaseContext
from multiprocessing.reduction import ForkingPickler
from typing import Any

import numpy as np

from ... import _core
from . import fetch as fetch_module
from .fetch import END, Recipe, WorkerInfo

_JOIN_SECONDS = 5.0


class Failure:
    """An exception of a worker, on its way to the main process."""

    def __init__(self, where: str) -> None:
        kind = sys.exc_info()[0]
        self.kind: Any = RuntimeError if kind is StopIteration else kind  # StopIteration would end the pass unseen
        self.text = f"In {where}:\n{traceback.format_exc()}"

    def again(self) -> BaseException:
        """The exception for the main process: of the same type where that type takes a message alone."""
        try:
            error = self.kind(self.text)
        except Exception:
            return RuntimeError(self.text)
        return _KeyError(self.text) if self.kind is KeyError else error


class _KeyError(KeyError):
    """A KeyError that prints its message as it is, not quoted on one line."""

    def __str__(self) -> str:
        return str(self.args[0])


# --- in a worker --------------------------------------------------------------------------------------------------


def _work(tasks: Any, results: Any, recipe: Recipe, info: WorkerInfo, init: Callable[[int], None] | None) -> None:
    """A worker's life: take a task, fetch, send the result. None ends it, and so does the end of the main process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process handles it and ends its workers
    _core.set_num_threads(1)
    fetch_module._info = info
    _seed(info)
    where = f"DataLoader worker {info.id} of {info.num_workers}"
    outbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    _thread(_send_all, results, outbox)
    failed = None
    if init is not None:
        try:
            init(info.id)
        except Exception:
            failed = Failure(f"worker_init_fn of {where}")
    parent = multiprocessing.parent_process()
    watched = [tasks] if parent is None else [tasks, parent.sentinel]
    fetch: Callable[[Any], Any] | None = None
    current = None
    while tasks in multiprocessing.connection.wait(watched):
        try:
            task = tasks.recv()
        except EOFError:
            return
        if task is None:
            return
        epoch, number, indices = task
        if epoch != current:
            current, fetch = epoch, None
        result: Any
        try:
            if failed is not None:
                result = failed
            else:
                if fetch is None:
                    fetch = recipe.fetcher()
                result = fetch(indices)
        except Exception:
            result = Failure(where)
        outbox.put(_packed(epoch, number, result, where))


def _packed(epoch: int, number: int, result: Any, where: str) -> Any:
    ended = result is END
    try:
        return ForkingPickler.dumps((epoch, number, ended, None if ended else result))
    except Exception:
        failure = result if isinstance(result, Failure) else Failure(f"{where}: the batch cannot be pickled")
        failure.kind = RuntimeError  # its own type may be what cannot be pickled
        return ForkingPickler.dumps((epoch, number, False, failure))


def _send_all(conn: Any, outbox: queue.SimpleQueue[Any]) -> None:
    """A thread's work: what is put into outbox goes into the pipe. None ends it and closes the pipe."""
    with contextlib.suppress(BrokenPipeError, OSError):  # nobody listens any more
        while (message := outbox.get()) is not None:
            conn.send_bytes(message)
    conn.close()


def _receive_all(worker: int, conn: Any, inbox: queue.SimpleQueue[Any]) -> None:
    """A thread's work: what comes through the pipe goes into inbox, at the pipe's end None."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            inbox.put((worker, conn.recv_bytes()))
    inbox.put((worker, None))
    conn.close()


def _thread(function: Callable[..., None], *args: Any) -> None:
    threading.Thread(target=function, args=args, daemon=True).start()


def _seed(info: WorkerInfo) -> None:
    """Python's and our random numbers start from the worker's seed, NumPy's from what SeedSequence makes of it."""
    random.seed(info.seed)
    _core.manual_seed(info.seed)
    base = info.seed - info.id
    words = [info.id, base & 0xFFFFFFFF, base >> 32, 0]
    np.random.seed(np.random.SeedSequence(words).generate_state(4))  # noqa: NPY002  (what programs use)


# --- in the main process -------------------------------------------------------------------------------------------


class Pool:
    """The worker processes of one DataLoader.

    Args:
        recipe: what they do.
        count: how many.
        base_seed: worker i has the seed base_seed + i.
        init: called in each worker with its number, before anything else.
        context: a start method's name, a multiprocessing context, or None.
    """

    def __init__(self, recipe: Recipe, count: int, base_seed: int, init: Any, context: Any) -> None:
        self.epoch = 0
        context = start_context(context)
        self.outboxes: list[queue.SimpleQueue[Any]] = [queue.SimpleQueue() for _ in range(count)]
        self.inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.processes: list[Any] = []
        self._end = weakref.finalize(self, _stop, self.outboxes, self.processes)
        pipes = []
        try:
            for i in range(count):
                inbox, to_worker = context.Pipe(duplex=False)
                from_worker, outbox = context.Pipe(duplex=False)
                info = WorkerInfo(i, count, base_seed + i, recipe.dataset)
                process = context.Process(target=_work, args=(inbox, outbox, recipe, info, init), daemon=True)
                with warnings.catch_warnings():
                    # Python warns of threads at a fork. The core's own are idle, and a forked child works without them.
                    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
                    process.start()
                # Only the worker holds its ends now: they close when it dies.
                inbox.close()
                outbox.close()
                pipes.append((to_worker, from_worker))
                self.processes.append(process)
        finally:  # after the last fork, or after one that failed
            for i, (to_worker, from_worker) in enumerate(pipes):
                _thread(_send_all, to_worker, self.outboxes[i])
                _thread(_receive_all, i, from_worker, self.inbox)
            if len(pipes) < count:
                self.close()

    def send(self, worker: int, task: Any) -> None:
        """Give a task to a worker. That it has died is told by receive()."""
        self.outboxes[worker].put(ForkingPickler.dumps(task))

    def receive(self, timeout: float) -> list[tuple[int, Any]]:
        """Results that have arrived, each with its worker's number; waits for the first one.

        Raises:
            RuntimeError: a worker died and all that came before has been taken, or nothing came within the timeout
                (0: no limit).
        """
        try:
            messages = [self.inbox.get(timeout=timeout or None)]
        except queue.Empty:
            self.close()
            raise RuntimeError(
                f"DataLoader: no batch came from the workers within {timeout} seconds (timeout)."
            ) from None
        while messages[-1][1] is not None and not self.inbox.empty():
            messages.append(self.inbox.get())
        worker, last = messages[-1]
        if last is None:
            if len(messages) == 1:
                raise self.death(worker)
            self.inbox.put(messages.pop())
        return [(worker, pickle.loads(message)) for worker, message in messages]

    def death(self, worker: int) -> RuntimeError:
        """The error for a worker that has gone; all others are ended."""
        process = self.processes[worker]
        process.join(_JOIN_SECONDS)
        code = process.exitcode
        how = f"exit code {code}"
        if code is not None and code < 0:
            how = f"killed by {signal.Signals(-code).name}"
        message = f"DataLoader: worker {worker} (process {process.pid}) ended unexpectedly, {how}."
        if code == -signal.SIGKILL:
            message += " The system may have run out of memory."
        self.close()
        return RuntimeError(message)

    def close(self) -> None:
        """End all workers and wait for them."""
        self._end()

    @property
    def closed(self) -> bool:
        """Whether the workers have been ended."""
        return not self._end.alive


def _stop(outboxes: list[queue.SimpleQueue[Any]], processes: list[Any]) -> None:
    for outbox in outboxes:
        outbox.put(ForkingPickler.dumps(None))  # ends the worker
        outbox.put(None)  # and the thread that sends
    alive = _still_alive(processes)
    for process in alive:
        process.terminate()
    alive = _still_alive(alive)
    for process in alive:  # which ignore that signal, or are stopped
        process.kill()
    _still_alive(alive)


def _still_alive(processes: list[Any]) -> list[Any]:
    """Those that do not end within _JOIN_SECONDS, in which all are waited for."""
    alive, deadline = [], time.monotonic() + _JOIN_SECONDS
    for process in processes:
        with contextlib.suppress(AssertionError, ValueError):  # in a forked child: the processes are not its own
            process.join(max(0.0, deadline - time.monotonic()))
            if process.exitcode is None:
                alive.append(process)
    return alive


def start_context(context: Any) -> Any:
    """The multiprocessing context: where none is asked for, fork on Linux (safe after parallel work of the core).

    Raises:
        ValueError: a start method that does not exist here.
    """
    if context is None:
        chosen = multiprocessing.get_start_method(allow_none=True)
        if chosen is None and sys.platform.startswith("linux"):
            chosen = "fork"
        return multiprocessing.get_context(chosen)
    if isinstance(context, str):
        if context not in multiprocessing.get_all_start_methods():
            raise ValueError(
                f"DataLoader: multiprocessing_context must be one of {multiprocessing.get_all_start_methods()} "
                f"or a context, got {context!r}."
            )
        return multiprocessing.get_context(context)
    if not isinstance(context, BaseContext):
        raise TypeError(f"DataLoader: multiprocessing_context must be a context, got {type(context).__name__}.")
    return context


class WorkerIterator:
    """One pass over the data with the batches that workers make, in the order of their indices.

    Args:
        pool: the workers.
        indices: what each task holds.
        ahead: how many tasks a worker has at most.
        timeout: seconds to wait for a batch; 0 for ever.
        in_order: False gives batches as they come.
        keep: leave the workers alive at the end.
    """

    def __init__(
        self, pool: Pool, indices: Iterator[Any], ahead: int, timeout: float, in_order: bool, keep: bool
    ) -> None:
        self._pool, self._indices, self._timeout, self._in_order, self._keep = pool, indices, timeout, in_order, keep
        pool.epoch += 1
        self._epoch = pool.epoch
        self._sent = 0
        self._waiting: dict[int, int] = {}  # number of a task -> its worker
        self._ready: dict[int, Any] = {}
        self._turn = collections.deque(range(len(pool.processes)))  # workers that have something left
        for _ in range(ahead * len(pool.processes)):
            self._send_next()

    def _send_next(self) -> None:
        """Send the next task to the worker whose turn it is."""
        if not self._turn:
            return
        try:
            indices = next(self._indices)
        except StopIteration:
            return
        worker = self._turn[0]
        self._turn.rotate(-1)
        self._pool.send(worker, (self._epoch, self._sent, indices))
        self._waiting[self._sent] = worker
        self._sent += 1

    def __iter__(self) -> WorkerIterator:
        return self

    def __next__(self) -> Any:
        while True:
            number = self._next_number()
            if number is None:
                self._finish()
                raise StopIteration
            ended, result = self._ready.pop(number)
            if ended:
                continue
            self._send_next()
            if isinstance(result, Failure):
                raise result.again()
            return result

    def _next_number(self) -> int | None:
        """The number of the batch to give now, once it is here; None at the end of the data."""
        if self._pool.closed and (self._waiting or self._ready):
            raise RuntimeError("DataLoader: the workers have been ended.")
        while self._waiting or self._ready:
            if self._ready:
                first = min(self._ready)
                if not self._in_order or not self._waiting or first < min(self._waiting):
                    return first
            self._collect()
        return None

    def _collect(self) -> None:
        if self._pool.epoch != self._epoch:
            raise RuntimeError("DataLoader: a later pass has begun with the same persistent workers.")
        for worker, (epoch, number, ended, result) in self._pool.receive(self._timeout):
            if epoch != self._epoch:
                continue  # of a pass that was given up
            del self._waiting[number]
            self._ready[number] = (ended, result)
            if ended and worker in self._turn:
                self._turn.remove(worker)
                self._send_next()

    def _finish(self) -> None:
        if not self._keep:
            self._pool.close()
