"""Behaviour 32: small operations wake no threads, and the import starts none."""

import os
import subprocess
import sys

import pytest
from helpers import PATIENCE, run_python

import chainrule as cr

LOOP = """
import os, time
import chainrule as cr
from chainrule import nn, optim
def tasks(): return len(os.listdir("/proc/self/task"))
before = tasks()
x = cr.randn(4, 96, 96)
net = nn.Sequential(nn.Linear(96, 64), nn.ReLU(), nn.LayerNorm(64), nn.Linear(64, 8), nn.Softmax(-1))
opt = optim.Adam(net.parameters())
quiet = False
while not quiet:  # the threads of NumPy's own OpenBLAS spin for some 20 ms after their start
    used = time.process_time()
    time.sleep(0.05)
    quiet = time.process_time() - used < 0.005
wall, cpu = time.perf_counter(), time.process_time()
while time.perf_counter() < wall + 1:  # some systems count processor time in steps of 10 ms
    y = x.clone() + x * 2
    y = y.transpose(1, 2).contiguous().flip(0)
    y[0] = x[1]
    cr.cat([x[:2], y[:2]]).sum(), y.mean((1, 2)), y.softmax(-1), y.max(), y.sort(-1), (x[0] @ x[1]), (x > 0).any()
    opt.zero_grad()
    net(x[0, :8]).pow(2).sum().backward()
    opt.step()
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
print(tasks() - before, cpu / wall)
for task in os.listdir("/proc/self/task"):
    print(task, open(f"/proc/self/task/{task}/stat").read().split()[13:15])
"""


def test_32_small_operations_stay_in_one_thread():
    """On a machine of 8 threads: no task is started, so at most one processor is used."""
    printed = run_python(LOOP, CHAINRULE_NUM_THREADS="8", OMP_NUM_THREADS="8")
    threads, share = printed.split()[:2]
    assert threads == "0", printed
    assert float(share) <= 1.1, printed  # the ticks of each task tell which one ran


def test_32_large_operations_do_start_threads():
    """The loop above can tell."""
    code = LOOP.replace("cr.randn(4, 96, 96)", "cr.randn(64, 96, 96)")
    import chainrule as cr

    threads = int(run_python(code, CHAINRULE_NUM_THREADS="3", OMP_NUM_THREADS="3").split()[0])
    assert threads == (2 if cr.build_info()["openmp"] else 0)


def test_32_import_starts_no_thread():
    """Beyond those that NumPy's own OpenBLAS starts."""
    code = """
import os
def tasks(): return len(os.listdir("/proc/self/task"))
import numpy
before = tasks()
import chainrule, chainrule.nn, chainrule.optim, chainrule.utils.data
print(tasks() - before)
"""
    assert run_python(code).strip() == "0"
    assert run_python(code, OPENBLAS_NUM_THREADS="4").strip() == "0"


@pytest.mark.skipif(not cr.build_info()["openmp"], reason="built without OpenMP")
@pytest.mark.parametrize(
    ("chosen", "spins"),
    [({}, "10000"), ({"GOMP_SPINCOUNT": "77"}, "77"), ({"OMP_WAIT_POLICY": "PASSIVE"}, "0")],
    ids=["default", "GOMP_SPINCOUNT", "OMP_WAIT_POLICY"],
)
def test_32_threads_wait_for_a_short_while(chosen, spins):
    """Note [Threads wait for a short while]: libgomp prints what it has read; the environment is as it was."""
    code = "import os; before = dict(os.environ); import chainrule; print(dict(os.environ) == before)"
    environment = {k: v for k, v in os.environ.items() if k not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    environment |= {"OMP_DISPLAY_ENV": "VERBOSE", **chosen}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=PATIENCE
    )
    assert done.stdout.strip() == "True", done.stderr
    if "GOMP_SPINCOUNT" in done.stderr:  # another OpenMP runtime prints no such line
        assert f"GOMP_SPINCOUNT = '{spins}'" in done.stderr
