"""Behaviour 31: the number of threads is min(affinity, CPU quota), then what the environment and set_num_threads say.

That a cgroup's quota is read rightly, in all its layouts, tests/cpp/parallel_test.cpp checks with files of its own.
"""

import math
import os
import subprocess
import sys

import pytest
from helpers import PATIENCE, run_python

import chainrule as cr

pytestmark = pytest.mark.skipif(not cr.build_info()["openmp"], reason="built without OpenMP: there is one thread")
VARIABLES = ("OMP_NUM_THREADS", "CHAINRULE_NUM_THREADS")


def quota():
    """The least CPU quota of this process's cgroups (version 2), or infinity; read independently of the library."""
    least = math.inf
    with open("/proc/self/cgroup") as file:
        paths = [line.strip().split(":", 2)[2] for line in file if line.startswith("0::")]
    for path in paths:
        parts = path.strip("/").split("/") if path.strip("/") else []
        for depth in range(len(parts) + 1):
            try:
                with open("/".join(["/sys/fs/cgroup", *parts[:depth], "cpu.max"])) as file:
                    allowed, period = file.read().split()
            except OSError:
                continue
            if allowed != "max":
                least = min(least, math.ceil(int(allowed) / int(period)))
    return least


def config(code="", cpus=None, **environment):
    """(threads, where they come from) of a fresh process."""
    clean = {k: v for k, v in os.environ.items() if k not in VARIABLES}
    done = subprocess.run(
        [sys.executable, "-c", f"import chainrule as c\n{code}\nprint(c.get_num_threads()); c.show_config()"],
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
        preexec_fn=(lambda: os.sched_setaffinity(0, cpus)) if cpus else None,
    )
    count, _, shown = done.stdout.partition("\n")
    return int(count), shown


def test_31_default_is_affinity_cut_to_the_quota():
    cpus = os.sched_getaffinity(0)
    threads, shown = config()
    if os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
        assert threads == min(len(cpus), quota())
    assert 1 <= threads <= len(cpus)
    assert str(threads) in shown and ("usable by this process" in shown or "quota" in shown)


def test_31_affinity():
    one = {min(os.sched_getaffinity(0))}
    threads, shown = config(cpus=one)
    assert threads == 1 and "usable by this process" in shown


def test_31_order():
    """OMP_NUM_THREADS < CHAINRULE_NUM_THREADS < set_num_threads; show_config names the source."""
    for code, environment, threads, source in (
        ("", {"OMP_NUM_THREADS": "3"}, 3, "OMP_NUM_THREADS"),
        ("", {"OMP_NUM_THREADS": "4,2"}, 4, "OMP_NUM_THREADS"),
        ("", {"OMP_NUM_THREADS": "3", "CHAINRULE_NUM_THREADS": "5"}, 5, "CHAINRULE_NUM_THREADS"),
        ("c.set_num_threads(7)", {"OMP_NUM_THREADS": "3", "CHAINRULE_NUM_THREADS": "5"}, 7, "set_num_threads"),
        ("", {"OMP_NUM_THREADS": "3", "CHAINRULE_NUM_THREADS": "lots"}, 3, "OMP_NUM_THREADS"),
    ):
        got, shown = config(code, **environment)
        assert got == threads and source in shown, (environment, got, shown)


def test_31_holds_in_python_threads():
    """A limit set in one thread counts in all, and no operation starts more threads than it says."""
    code = """
import os, threading, time
import chainrule as cr
x = cr.ones(1 << 22)
def tasks(): return len(os.listdir("/proc/self/task"))
before = tasks()
seen = []
def work():
    seen.append(cr.get_num_threads())
    x.exp()
    seen.append(tasks())
cr.set_num_threads(1)
t = threading.Thread(target=work); t.start(); t.join()
assert seen == [1, before + 1], seen
while tasks() > before: time.sleep(0.01)  # join() comes back a moment before the system counts the thread out
cr.set_num_threads(3)
seen.clear()
t = threading.Thread(target=work); t.start(); t.join()
assert seen[0] == 3 and before + 1 <= seen[1] <= before + 3, seen
print("done")
"""
    assert run_python(code, OPENBLAS_NUM_THREADS="1", CHAINRULE_NUM_THREADS="8").strip() == "done"


def test_31_out_of_range():
    before = cr.get_num_threads()
    for wrong in (0, -1, 10**6):
        with pytest.raises(ValueError, match="set_num_threads"):
            cr.set_num_threads(wrong)
    assert cr.get_num_threads() == before
