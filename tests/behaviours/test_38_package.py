"""Behaviour 38: NumPy is all that is needed and imported. (Import time and size: bench/compare.py, startup.)"""

import importlib.metadata
import pathlib
import sys
import zlib

import pytest
from helpers import SANITIZED, run_python

import chainrule as cr

PACKAGE = pathlib.Path(cr.__file__).parent


def test_38_requires_numpy_alone():
    try:
        lines = importlib.metadata.requires("chainrule")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the package is on the path without being installed")
    assert [line for line in lines if "extra ==" not in line] == ["numpy>=1.26"]


def test_38_nothing_else_is_imported():
    """Beyond the standard library and NumPy, whatever is installed; also by a training step, save and load."""
    code = """
import sys
import numpy
before = set(sys.modules)
import io
import chainrule as cr, chainrule.utils.data
net = cr.nn.Sequential(cr.nn.Linear(3, 4), cr.nn.ReLU(), cr.nn.Linear(4, 2))
opt = cr.optim.AdamW(net.parameters())
cr.nn.functional.cross_entropy(net(cr.randn(5, 3)), cr.tensor([0, 1, 0, 1, 1])).backward()
opt.step()
file = io.BytesIO(); cr.save(net.state_dict(), file); file.seek(0); cr.load(file)
repr(net), repr(cr.randn(3)), cr.autograd.gradcheck(cr.tanh, cr.randn(2, dtype=cr.float64, requires_grad=True))
new = {name.partition(".")[0] for name in set(sys.modules) - before}
print(sorted(new - set(sys.stdlib_module_names) - {"chainrule", "numpy"}))
"""
    assert run_python(code).strip() == "[]"


def test_38_what_few_programs_need_waits():
    """What takes milliseconds to import, ours or the standard library's, is imported when first used."""
    code = "import sys, numpy; before = set(sys.modules); import chainrule; print(*(set(sys.modules) - before))"
    new = set(run_python(code).split())
    heavy = {
        "chainrule._flat",
        "chainrule._reports",
        "chainrule.distributions",
        "chainrule.examples",
        "chainrule.sklearn",
        "chainrule.vision",
        "chainrule.viz",
        "multiprocessing",
        "subprocess",
        "concurrent.futures",
        "unittest",
        "asyncio",
        "http",
        "urllib.request",
        "sqlite3",
        "tkinter",
    }
    assert not heavy & new


@pytest.mark.skipif(SANITIZED, reason="code that is watched is many times as long")
def test_38_size():
    """At most 5 MB as a wheel packs it and 30 MB installed, a static OpenBLAS within; a shared one lies beside it."""
    ours = [p for p in PACKAGE.rglob("*") if p.is_file() and "openblas" not in p.name]
    packed = [p for p in ours if "__pycache__" not in p.parts]
    assert sum(len(zlib.compress(p.read_bytes(), 6)) for p in packed) < 5_000_000, sys.platform
    assert sum(p.stat().st_size for p in ours) < 30_000_000, sys.platform
