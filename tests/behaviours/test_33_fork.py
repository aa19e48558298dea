"""Behaviour 33: processes made by fork, forkserver and spawn after a large parallel operation work."""

import multiprocessing

import pytest
from helpers import PATIENCE, run_python

import chainrule as cr

# Operations that run on several threads, forward and backward; the result as bits.
WORK = """
import hashlib, os
import numpy as np
import chainrule as cr
def work():
    cr.manual_seed(1)
    x = cr.randn(1 << 18, requires_grad=True)
    m = cr.randn(200, 200, requires_grad=True)
    loss = (x.exp() * x).sum() + (m @ m).tanh().sum() + x.view(512, 512).softmax(1).amax(0).sum()
    loss.backward()
    parts = (loss, x.grad, m.grad)
    return hashlib.sha256(b"".join(p.detach().numpy().tobytes() for p in parts)).hexdigest()
"""


def test_33_fork_a_hundred_times():
    code = f"""{WORK}
expected = work()
for attempt in range(100):
    pid = os.fork()
    if pid == 0:
        os._exit(0 if work() == expected else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, attempt
assert work() == expected  # the parent's threads are as they were
print("done")
"""
    assert run_python(code, CHAINRULE_NUM_THREADS="3", OMP_NUM_THREADS="3").strip() == "done"


def test_33_fork_in_a_python_thread_and_of_a_child():
    code = f"""{WORK}
import threading
expected = work()
def forked(depth):
    pid = os.fork()
    if pid == 0:
        ok = work() == expected
        if depth:
            ok = forked(depth - 1) and ok
        os._exit(0 if ok else 1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
results = []
t = threading.Thread(target=lambda: results.append(forked(2))); t.start(); t.join()
print(results)
"""
    assert run_python(code, CHAINRULE_NUM_THREADS="2", OMP_NUM_THREADS="2").strip() == "[True]"


def digest(_):
    space = {}
    exec(WORK, space)
    return space["work"]()


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_33_multiprocessing(method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this platform has no {method}")
    expected = digest(0)  # large operations in the parent first
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map_async(digest, range(3)).get(timeout=PATIENCE) == [expected] * 3
    assert digest(0) == expected


def work_of_a_loader(index):
    return cr.ones(1 << 18).exp().sum().item() + index


def test_33_results_come_back_as_tensors():
    cr.ones(1 << 20).exp()
    with multiprocessing.get_context("fork").Pool(2) as pool:
        got = pool.map_async(cr.arange, [3, 5]).get(timeout=PATIENCE)
    assert [t.tolist() for t in got] == [[0, 1, 2], [0, 1, 2, 3, 4]]
