"""The installed package: what it prints, what it imports, what it documents."""

import ast
import doctest
import importlib
import inspect
import os
import pathlib
import pkgutil
import subprocess
import sys

import numpy as np
import pytest
from extras import need
from helpers import PATIENCE, run_python

import chainrule as cr

PACKAGE = pathlib.Path(cr.__file__).parent
WITH_EXTRA = {"chainrule.onnx": "onnx"}  # modules whose examples need a package that is no requirement


def modules():
    """Every module of the package."""
    names = ["chainrule"]
    for info in pkgutil.walk_packages([str(PACKAGE)], "chainrule."):
        bundled = info.name.startswith("chainrule.lib")  # OpenBLAS, a shared library and no module
        if not info.name.endswith("__main__") and not bundled:
            names.append(info.name)
    return names


def test_the_installed_package_is_tested():
    here = pathlib.Path(__file__).resolve().parent.parent
    assert (PACKAGE / "py.typed").exists()
    assert any(PACKAGE.glob("_core*.so")) or any(PACKAGE.glob("_core*.pyd"))
    assert here / "python" / "chainrule" != PACKAGE, "this is the source tree, not what pip installed"


def test_main_prints_the_facts():
    done = subprocess.run(
        [sys.executable, "-m", "chainrule"], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    text = done.stdout.lower()
    assert cr.__version__ in text
    for word in ("compiler", "threads", "openblas", "instruction set"):
        assert word in text, done.stdout
    assert any(level in text for level in ("x86-64-v", "avx", "neon", "baseline", "v2", "v3", "v4"))


def test_show_config_prints_the_same(capsys):
    cr.show_config()
    printed = capsys.readouterr().out
    done = run_python("import chainrule; chainrule.show_config()")
    assert printed.splitlines()[0] == done.splitlines()[0]


@pytest.mark.parametrize(
    ("environment", "threads", "source"),
    [
        ({"OMP_NUM_THREADS": "1"}, "1", "omp_num_threads"),
        ({"OMP_NUM_THREADS": "1", "CHAINRULE_NUM_THREADS": "2"}, "2", "chainrule_num_threads"),
    ],
)
@pytest.mark.skipif(not cr.build_info()["openmp"], reason="built without OpenMP: there is one thread")
def test_where_the_number_of_threads_comes_from(environment, threads, source):
    out = run_python("import chainrule as c; print(c.get_num_threads()); c.show_config()", **environment)
    assert out.splitlines()[0] == threads and source in out.lower()


def test_import_starts_no_thread():
    code = "import os; import chainrule; print(len(os.listdir('/proc/self/task')))"
    assert run_python(code, OPENBLAS_NUM_THREADS="1").strip() == "1"


def test_small_operations_start_no_thread():
    code = """
import os
import chainrule as cr
x = cr.ones(8, 8, requires_grad=True)
(x @ x).relu().sum().backward()
print(len(os.listdir('/proc/self/task')))
"""
    assert run_python(code, OPENBLAS_NUM_THREADS="1").strip() == "1"


def test_import_pulls_in_nothing_else():
    others = {"torch", "sklearn", "matplotlib", "tqdm", "scipy", "safetensors", "pandas", "pytest"}
    code = "import sys, chainrule, chainrule.nn, chainrule.optim, chainrule.utils.data; print(*sys.modules)"
    loaded = set(run_python(code).split())
    assert "numpy" in loaded and not loaded & others


def test_what_a_program_does_not_name_is_not_imported():
    code = "import sys, chainrule; chainrule.tensor([1.0]).sum(); print(*sys.modules)"
    loaded = set(run_python(code).split())
    for name in ("nn", "optim", "func", "linalg", "serialization", "utils", "autograd.functional"):
        assert f"chainrule.{name}" not in loaded


@pytest.mark.parametrize(
    "code",
    [
        "import chainrule.nn as nn; nn.Linear(1, 1)",
        "from chainrule import nn; nn.Linear(1, 1)",
        "import chainrule; chainrule.nn.Linear(1, 1); chainrule.optim.SGD; chainrule.utils.data.DataLoader",
        "from chainrule import *; nn.Linear(1, 1); optim.SGD; utils.load_file; vmap; load; linalg.inv; hann_window",
        "from chainrule.utils.data import DataLoader; from chainrule.autograd.functional import jacobian",
        "import pickle, chainrule; pickle.loads(pickle.dumps(chainrule.nn.Linear)); chainrule.save",
    ],
)
def test_names_that_come_late(code):
    run_python(code)


def test_a_package_lists_names_that_come_late():
    code = "import chainrule as cr; print(*dir(cr), *dir(cr.utils), *dir(cr.autograd))"
    assert {"nn", "optim", "vmap", "save", "checkpoint", "load_file", "functional"} <= set(run_python(code).split())
    with pytest.raises(AttributeError, match=r"module 'chainrule\.utils' has no attribute 'dat'"):
        cr.utils.dat  # noqa: B018  (raises)


@pytest.mark.parametrize("missing", ["sklearn", "tqdm"])
def test_missing_extras_are_named(missing):
    code = f"""
import sys
sys.modules[{missing!r}] = None
import runpy
sys.argv = ["digits", "--epochs", "1"]
runpy.run_module("chainrule.examples.digits", run_name="__main__")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode != 0
    assert "chainrule[examples]" in done.stderr + done.stdout


def test_exit_is_clean():
    """Leaving with graphs, hooks and threads alive crashes nothing."""
    code = """
import threading
import chainrule as cr
x = cr.ones(300, 300, requires_grad=True)
y = (x @ x).tanh()
y.register_hook(lambda g: g)
kept = [y, y.grad_fn, threading.local()]
threading.Thread(target=lambda: (x @ x).sum().backward(), daemon=True).start()
"""
    for _ in range(5):
        run_python(code)


def test_fork_after_parallel_work():
    code = """
import os
import chainrule as cr
x = cr.ones(1 << 21)
assert x.exp().sum().item() > 0
for _ in range(10):
    pid = os.fork()
    if pid == 0:
        product = cr.ones(200, 200) @ cr.ones(200, 200)
        ok = abs((x * 2).sum().item() - 2 * (1 << 21)) < 1 and product[0, 0].item() == 200
        os._exit(0 if ok else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
print("done")
"""
    assert run_python(code, CHAINRULE_NUM_THREADS="2", OMP_NUM_THREADS="2").strip() == "done"


@pytest.mark.parametrize("name", modules())
def test_doctests(name):
    if name in WITH_EXTRA:
        need(WITH_EXTRA[name])
    module = importlib.import_module(name)
    parser = doctest.DocTestFinder(exclude_empty=True)
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    failed = []
    for test in parser.find(
        module,
        name,
        module=module if name != "chainrule" else None,
        globs={"cr": cr, "chainrule": cr, "F": cr.nn.functional},
    ):
        cr.manual_seed(0)
        output = []
        runner.run(test, out=output.append, clear_globs=False)
        failed += output
    assert not failed, "".join(failed)


def test_the_stub_is_fresh():
    """_core.pyi is made from the core: after a change of an operation, run python -m chainrule._stubs again."""
    written = (PACKAGE / "_core.pyi").read_text()
    assert run_python("from chainrule._stubs import stub; print(stub(), end='')") == written


def test_the_stub_names_what_the_core_has():
    tree = ast.parse((PACKAGE / "_core.pyi").read_text())
    core = importlib.import_module("chainrule._core")
    for place, body in [(core, tree.body)] + [
        (getattr(core, node.name), node.body)
        for node in tree.body
        if isinstance(node, ast.ClassDef) and hasattr(core, node.name)
    ]:
        functions = {node.name for node in body if isinstance(node, ast.FunctionDef)}
        assert not [name for name in functions if not hasattr(place, name)]
        public = {name for name in vars(place) if not name.startswith("_") and callable(getattr(place, name))}
        variables = {node.target.id for node in body if isinstance(node, ast.AnnAssign)}
        classes = {node.name for node in body if isinstance(node, ast.ClassDef)}
        assert not public - functions - variables - classes - {"Size"}


def public(module):
    return list(getattr(module, "__all__", [n for n in dir(module) if not n.startswith("_")]))


@pytest.mark.parametrize(
    "name",
    [
        "chainrule",
        "chainrule.nn",
        "chainrule.nn.functional",
        "chainrule.optim",
        "chainrule.autograd",
        "chainrule.utils.data",
    ],
)
def test_public_functions_are_documented(name):
    module = importlib.import_module(name)
    bare = []
    for word in public(module):
        value = getattr(module, word)
        if (inspect.isroutine(value) or inspect.isclass(value)) and not (value.__doc__ or "").strip():
            bare.append(word)
    assert not bare, f"{name}: without a docstring: {bare}"


def test_names_in_all_exist():
    for name in modules():
        module = importlib.import_module(name)
        missing = [n for n in getattr(module, "__all__", ()) if not hasattr(module, n)]
        assert not missing, (name, missing)


def test_constants():
    assert cr.inf == np.inf and np.isnan(cr.nan) and cr.pi == np.pi and cr.e == np.e


@pytest.mark.parametrize("level", ["baseline", "avx2", "avx512", "x86-64-v2", "x86-64-v3"])
def test_instruction_sets(level):
    """CHAINRULE_CPU picks a kernel build; one that this machine or build has not is refused in words."""
    code = "import chainrule as cr; x = cr.linspace(-3, 3, 67); print(round((x.exp() * x.sigmoid()).sum().item(), 2))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, "CHAINRULE_CPU": level},
    )
    if done.returncode == 0:
        x = np.linspace(-3, 3, 67)
        assert abs(float(done.stdout) - (np.exp(x) / (1 + np.exp(-x))).sum()) < 0.02
    else:
        assert "CHAINRULE_CPU" in done.stderr and "Error" in done.stderr
