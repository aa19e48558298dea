"""Behaviour 32: small operations wake no threads, and the import starts none."""

from helpers import run_python

LOOP = """
import os, time
import chainrule as cr
from chainrule import nn, optim
def tasks(): return len(os.listdir("/proc/self/task"))
before = tasks()
x = cr.randn(4, 96, 96)
net = nn.Sequential(nn.Linear(96, 64), nn.ReLU(), nn.LayerNorm(64), nn.Linear(64, 8), nn.Softmax(-1))
opt = optim.Adam(net.parameters())
wall, cpu = time.perf_counter(), time.process_time()
for _ in range(60):
    y = x.clone() + x * 2
    y = y.transpose(1, 2).contiguous().flip(0)
    y[0] = x[1]
    cr.cat([x[:2], y[:2]]).sum(), y.mean((1, 2)), y.softmax(-1), y.max(), y.sort(-1), (x[0] @ x[1]), (x > 0).any()
    opt.zero_grad()
    net(x[0, :8]).pow(2).sum().backward()
    opt.step()
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
print(tasks() - before, cpu / wall)
"""


def test_32_small_operations_stay_in_one_thread():
    """On a machine of 8 threads: no task is started, so at most one processor is used."""
    threads, share = run_python(LOOP, CHAINRULE_NUM_THREADS="8", OMP_NUM_THREADS="8").split()
    assert threads == "0"
    assert float(share) <= 1.1


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
