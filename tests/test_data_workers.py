"""DataLoader with worker processes."""

import gc
import multiprocessing
import os
import pathlib
import random
import signal
import struct
import sys
import time

import numpy as np
import pytest
from helpers import PATIENCE, expect_error, run_python

import chainrule as cr
from chainrule.utils import data as D
from chainrule.utils.data import DataLoader, get_worker_info, workers

pytestmark = pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="needs fork")


class Squares(D.Dataset):
    """i -> (i, i^2), with a way to misbehave at one index."""

    def __init__(self, n=20, at=None, what=None):
        self.n, self.at, self.what = n, at, what

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        if i == self.at:
            return self.what(i)
        return i, cr.tensor(float(i * i))


class Drawn(D.Dataset):
    """What the three generators give in the process that fetches."""

    def __init__(self, lib):
        self.lib = lib

    def __len__(self):
        return 12

    def __getitem__(self, i):
        return i, random.random(), self.lib.rand(1).item(), np.random.rand()  # noqa: NPY002  (what programs use)


class Stream(D.IterableDataset):
    """0, 1, ..., n - 1, shared out among the workers."""

    def __init__(self, n, uneven=False):
        self.n, self.uneven = n, uneven

    def __iter__(self):
        info = get_worker_info()
        if info is None:
            return iter(range(self.n))
        if self.uneven:  # the first worker has almost nothing
            return iter(range(1) if info.id == 0 else range(info.id, self.n, info.num_workers))
        return iter(range(info.id, self.n, info.num_workers))


def children():
    """Worker processes, without those of iterators that only an old traceback holds, and without joblib's."""
    gc.collect()
    return [child for child in multiprocessing.active_children() if type(child).__name__ != "LokyProcess"]


def assert_all_end():
    """Where workers are waited for only shortly: told to end, they take a while on a busy machine."""
    for child in children():
        child.join(PATIENCE / 2)
    assert children() == []


def numbers(loader):
    return [batch.tolist() if hasattr(batch, "tolist") else batch[0].tolist() for batch in loader]


@pytest.mark.parametrize("method", ["fork", pytest.param("spawn", marks=pytest.mark.slow)])
def test_same_batches_as_without(method):
    options = {"batch_size": 3, "shuffle": True}
    cr.manual_seed(1)
    expected = [(i.tolist(), x.tolist()) for i, x in DataLoader(Squares(), **options)]
    place = cr.rand(1).item()
    cr.manual_seed(1)
    loader = DataLoader(Squares(), num_workers=2, multiprocessing_context=method, **options)
    assert [(i.tolist(), x.tolist()) for i, x in loader] == expected
    assert cr.rand(1).item() == place
    assert children() == []


def test_random_numbers_are_pytorchs(torch):
    """Shuffled order, place in the stream, and what Python, NumPy and the library draw in each worker."""

    def run(lib):
        lib.manual_seed(5)
        loader = lib.utils.data.DataLoader(Drawn(lib), batch_size=2, shuffle=True, num_workers=2)
        return [[column.tolist() for column in batch] for batch in loader], lib.rand(1).item()

    assert run(cr) == run(torch)


def test_after_parallel_work():
    """Workers compute, though the parent's threads are not theirs."""
    a = cr.randn(300, 300)
    expected = (a @ a).sum().item()
    loader = DataLoader(Squares(4, 2, lambda i: (i, (a @ a).sum())), batch_size=None, num_workers=2)
    assert [value.item() for _, value in loader][2] == expected


def test_no_hang_over_many_passes():
    a = cr.randn(200, 200)
    loader = DataLoader(Squares(4), batch_size=2, num_workers=2)
    for _ in range(10):
        a @ a
        assert len(list(loader)) == 2


def test_worker_info_and_init():
    """Each worker knows its number and its seed: base_seed + number."""
    cr.manual_seed(3)
    base = cr.empty((), dtype=cr.int64).random_().item()
    cr.manual_seed(3)

    def tell(i):
        info = get_worker_info()
        return info.id, info.num_workers, info.seed - base, info.dataset.mark, cr.initial_seed() - base

    def init(number):
        get_worker_info().dataset.mark = number + 100

    loader = DataLoader(Told(tell), batch_size=None, num_workers=2, worker_init_fn=init)
    assert list(loader) == [[0, 2, 0, 100, 0], [1, 2, 1, 101, 1]] * 2
    assert get_worker_info() is None


class Told(D.Dataset):
    def __init__(self, tell):
        self.tell, self.mark = tell, None

    def __len__(self):
        return 4

    def __getitem__(self, i):
        return tuple(self.tell(i))


def test_streams_are_shared_out():
    loader = DataLoader(Stream(10), batch_size=2, num_workers=2)
    assert numbers(loader) == [[0, 2], [1, 3], [4, 6], [5, 7], [8], [9]]
    assert numbers(DataLoader(Stream(10), batch_size=2, num_workers=2, drop_last=True)) == [
        [0, 2],
        [1, 3],
        [4, 6],
        [5, 7],
    ]
    assert numbers(DataLoader(Stream(9, uneven=True), batch_size=2, num_workers=2)) == [[0], [1, 3], [5, 7]]
    assert list(DataLoader(Stream(5), batch_size=None, num_workers=2)) == [0, 1, 2, 3, 4]
    assert numbers(DataLoader(Stream(0), batch_size=2, num_workers=3)) == []


def test_persistent_workers():
    """The same processes serve every pass; a pass that is given up does not disturb the next."""
    loader = DataLoader(Told(lambda i: (i, os.getpid())), batch_size=None, num_workers=2, persistent_workers=True)
    first = list(loader)
    assert next(iter(loader)) == first[0]
    assert list(loader) == first
    assert len({pid for _, pid in first} - {os.getpid()}) == 2
    del loader
    assert children() == []


def test_prefetch_and_order():
    """A worker that waits holds its batch up, not the order; in_order=False gives what comes first."""
    options = {"batch_size": None, "num_workers": 2, "prefetch_factor": 3}
    go_on = multiprocessing.get_context("fork").Event()

    def waits_for_the_others(i):
        if i == 3:
            go_on.set()
        return i, i > 0 or go_on.wait(PATIENCE)

    assert [i for i, _ in DataLoader(Told(waits_for_the_others), **options)] == [0, 1, 2, 3]
    go_on.clear()
    loader = DataLoader(Told(lambda i: (i, i > 0 or go_on.wait(PATIENCE))), in_order=False, **options)
    taken = []
    for i, _ in loader:
        taken.append(i)
        if i == 3:
            go_on.set()
    assert taken[:2] == [1, 3] and sorted(taken) == [0, 1, 2, 3]


def test_large_batches():
    """More than a pipe holds, both ways."""
    loader = DataLoader(Squares(40_000), batch_size=20_000, num_workers=1, collate_fn=lambda batch: cr.zeros(10**6))
    assert [batch.numel() for batch in loader] == [10**6] * 2
    next(iter(loader))  # and given up while a worker waits for room


def test_early_end_leaves_no_process():
    iterator = iter(DataLoader(Squares(1000), num_workers=2))
    next(iterator)
    assert len(children()) == 2
    del iterator
    assert children() == []


def test_a_worker_that_ignores_the_signal_is_killed(monkeypatch):
    def tell(i):
        if i > 0:
            time.sleep(PATIENCE)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        return [os.getpid()]

    monkeypatch.setattr(workers, "_JOIN_SECONDS", 0.3)
    iterator = iter(DataLoader(Told(tell), batch_size=None, num_workers=1))
    assert next(iterator) != [os.getpid()]
    (worker,) = children()
    del iterator
    worker.join(PATIENCE)
    assert worker.exitcode == -signal.SIGKILL


class NeedsTwo(Exception):
    def __init__(self, a, b):
        super().__init__(a, b)


def raising(error):
    def what(i):
        raise error

    return what


@pytest.mark.parametrize(
    "error, kind",
    [
        (ValueError("bad sample"), ValueError),
        (KeyError("name"), KeyError),
        (StopIteration(), RuntimeError),
        (NeedsTwo(1, 2), RuntimeError),
        (type("Local", (ValueError,), {})("here only"), RuntimeError),
    ],
    ids=["ValueError", "KeyError", "StopIteration", "two arguments", "local class"],
)
def test_exceptions_carry_their_traceback(error, kind):
    iterator = iter(DataLoader(Squares(6, 1, raising(error)), batch_size=None, num_workers=2))
    assert next(iterator)[0] == 0
    text = str(expect_error(kind, "DataLoader worker 1 of 2", next, iterator))
    assert "raise error" in text and type(error).__name__ in text and "\n" in text
    assert next(iterator)[0] == 2  # the others go on


def test_exceptions_in_worker_init_fn():
    loader = DataLoader(Squares(4), num_workers=1, worker_init_fn=raising(ValueError("no")))
    expect_error(ValueError, "worker_init_fn of DataLoader worker 0 of 1", list, loader)


def test_batches_that_cannot_be_pickled():
    loader = DataLoader(Squares(4, 0, lambda i: (i, lambda: 0)), batch_size=None, num_workers=1)
    expect_error(RuntimeError, "the batch cannot be pickled", list, loader)


def test_death_of_a_worker():
    """Killed or gone, it is told at once, and the others end."""
    killed = DataLoader(Squares(8, 3, lambda i: os.kill(os.getpid(), signal.SIGKILL)), batch_size=None, num_workers=2)
    expect_error(RuntimeError, r"worker 1 \(process \d+\) ended unexpectedly, killed by SIGKILL", list, killed)
    left = DataLoader(Squares(8, 2, lambda i: os._exit(7)), batch_size=None, num_workers=2)
    expect_error(RuntimeError, "worker 0 .* exit code 7", list, left)
    assert children() == []


def test_batches_before_a_death_are_given():
    taken, loader = [], DataLoader(Squares(8, 3, lambda i: os._exit(7)), batch_size=None, num_workers=1)

    def take():
        for i, _ in loader:
            taken.append(i)
            time.sleep(0.2)  # the last batch and the end of the pipe come together

    expect_error(RuntimeError, "worker 0 .* exit code 7", take)
    assert taken == [0, 1, 2]


def test_timeout(monkeypatch):
    monkeypatch.setattr(workers, "_JOIN_SECONDS", 0.2)
    loader = DataLoader(Squares(4, 0, lambda i: time.sleep(PATIENCE)), batch_size=None, num_workers=1, timeout=0.3)
    before = time.monotonic()
    expect_error(RuntimeError, "within 0.3 seconds", list, loader)
    assert time.monotonic() - before < PATIENCE / 2
    assert_all_end()


def test_timeout_while_a_pipe_is_stuck(monkeypatch):
    """A message that comes in part, and tasks that a busy worker does not take: neither outlasts the timeout."""
    monkeypatch.setattr(workers, "_JOIN_SECONDS", 0.2)

    def half(conn, outbox):
        outbox.get()
        os.write(conn.fileno(), struct.pack("!i", 1000) + b"not all of it")
        time.sleep(PATIENCE)

    before = time.monotonic()
    busy = D.DataLoader(
        Squares(10, 0, lambda i: time.sleep(PATIENCE)), batch_sampler=[[0] * 10**6] * 4, num_workers=1, timeout=0.3
    )
    expect_error(RuntimeError, "within 0.3 seconds", list, busy)
    send_all = workers._send_all
    main = os.getpid()
    monkeypatch.setattr(workers, "_send_all", lambda *args: (send_all if os.getpid() == main else half)(*args))
    expect_error(RuntimeError, "within 0.3 seconds", list, DataLoader(Squares(4), num_workers=2, timeout=0.3))
    assert time.monotonic() - before < PATIENCE / 2
    assert_all_end()


def test_a_worker_that_does_not_start():
    """Those before it are ended."""
    started = []

    class Second(type(multiprocessing.get_context("fork"))):
        def Process(self, **options):
            process = super().Process(**options)
            started.append(process)
            if len(started) == 2:
                process.start = raising(OSError("no more processes")).__get__(process)
            return process

    loader = DataLoader(Squares(4), num_workers=2, multiprocessing_context=Second())
    with pytest.raises(OSError, match="no more processes"):
        iter(loader)
    assert children() == []


def running(pid):
    try:
        return bool(pathlib.Path(f"/proc/{pid}/cmdline").read_text())  # empty for a zombie
    except OSError:
        return False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_workers_end_with_the_main_process():
    """Also when it is killed."""
    code = """
import os, signal
from chainrule.utils.data import DataLoader
class Data:
    def __len__(self): return 100
    def __getitem__(self, i): return os.getpid()
it = iter(DataLoader(Data(), batch_size=None, num_workers=2))
print(next(it), next(it), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    with pytest.raises(AssertionError, match="exit code -9") as info:
        run_python(code)
    pids = [int(pid) for pid in str(info.value).split("\n")[1].split()]
    deadline = time.monotonic() + PATIENCE
    while any(running(pid) for pid in pids):
        assert time.monotonic() < deadline, "workers outlive the main process"
        time.sleep(0.05)


@pytest.mark.parametrize(
    "options, match",
    [
        ({"prefetch_factor": 2}, "need num_workers > 0"),
        ({"persistent_workers": True}, "need num_workers > 0"),
        ({"multiprocessing_context": "fork"}, "need num_workers > 0"),
        ({"num_workers": 1, "prefetch_factor": 0}, "prefetch_factor must be positive"),
        ({"num_workers": 1, "multiprocessing_context": "thread"}, "must be one of"),
        ({"num_workers": -1}, "num_workers must not be negative"),
    ],
    ids=str,
)
def test_bad_options(options, match):
    expect_error(ValueError, match, DataLoader, Squares(), **options)


def test_stack_dataset(torch):
    for lib in (cr, torch):
        data = lib.utils.data.StackDataset(Squares(4), range(4, 8))
        assert data[2][1] == 6 and len(data) == 4
        named = lib.utils.data.StackDataset(a=range(3), b=range(3, 6))
        assert named[1] == {"a": 1, "b": 4}
        assert [b["b"].tolist() for b in lib.utils.data.DataLoader(named, batch_size=2)] == [[3, 4], [5]]
    expect_error(ValueError, r"one length, got \[3, 4\]", D.StackDataset, range(3), range(4))
    expect_error(ValueError, "by place or all by name", D.StackDataset)
