"""threadpoolctl sees the package's OpenBLAS and OpenMP, and its limits hold here."""

import pytest
from extras import need
from helpers import run_python

import chainrule as cr

need("threadpoolctl")

CODE = """
import os, chainrule as cr, threadpoolctl
own = [i for i in threadpoolctl.threadpool_info() if i["internal_api"] == "openblas" and "numpy" not in i["filepath"]]
shared = "libscipy_openblas.so" in open("/proc/self/maps").read()  # else it is linked in, and not seen
assert bool(own) == shared and all(i["num_threads"] == 1 for i in own), own  # products are split by our own threads
assert any(i["user_api"] == "openmp" for i in threadpoolctl.threadpool_info())

a = cr.randn(700, 700)
def threads():
    return len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 0
before = threads()
with threadpoolctl.threadpool_limits(1):
    assert cr.get_num_threads() == 1
    alone = a @ a
    assert threads() == before, "threads were started under a limit of 1"
    with threadpoolctl.threadpool_limits(2):
        assert cr.get_num_threads() == 2
assert cr.get_num_threads() == 3
assert (a @ a == alone).all()
cr.set_num_threads(4)
with threadpoolctl.threadpool_limits(2, user_api="openmp"):
    assert cr.get_num_threads() == 2
with threadpoolctl.threadpool_limits(1, user_api="blas"):
    assert cr.get_num_threads() == 4
print("held")
"""


def test_limits_hold():
    if not cr.build_info()["openmp"]:
        pytest.skip("built without OpenMP")
    assert run_python(CODE, OMP_NUM_THREADS="3").strip() == "held"
