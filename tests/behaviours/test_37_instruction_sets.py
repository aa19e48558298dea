"""Behaviour 37: each instruction set passes the suite; a processor below the floor gets a readable ImportError.

Here a core part runs under each set that this machine has; .ci/nightly runs the whole suite under each. That baseline
objects hold no AVX or BMI2 instructions is checked on the build by .ci/check_objects.
"""

import functools
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from helpers import PATIENCE, run_python

import chainrule as cr

LEVELS = ["baseline", "avx2", "avx512"]
HERE = pathlib.Path(__file__).resolve().parent.parent
CORE = [
    "test_worked_examples.py",
    "test_conventions.py",
    "behaviours/test_11_kinks.py",
    "behaviours/test_14_broadcast.py",
    "behaviours/test_17_large_logits.py",
    "behaviours/test_20_sums.py::test_20_variance_is_never_negative",
]


@functools.cache
def has(level):
    """Whether processor and build have it (a build may hold kernels for some sets only, or for no x86 set)."""
    detected = cr.build_info()["cpu_detected"]
    if detected not in LEVELS or LEVELS.index(level) > LEVELS.index(detected):
        return False
    return "holds no kernels" not in importing(CHAINRULE_CPU=level).stderr


def importing(**environment):
    return subprocess.run(
        [sys.executable, "-c", "import chainrule"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


@pytest.mark.slow
@pytest.mark.parametrize("level", [level for level in LEVELS if level != cr.build_info()["cpu_used"]])
def test_37_core_of_the_suite(level):
    if not has(level):
        pytest.skip(f"this processor has no {level}")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        str(HERE.parent / "pyproject.toml"),
    ]
    command += ["--rootdir", str(HERE.parent), "-m", "not slow", *(str(HERE / name) for name in CORE)]
    done = subprocess.run(
        command, env={**os.environ, "CHAINRULE_CPU": level}, capture_output=True, text=True, cwd=HERE.parent
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_37_levels_agree():
    """The sets differ by rounding alone: a few units in the last place of each value, forward and backward."""
    code = """
import hashlib, sys
import numpy as np
import chainrule as cr
x = cr.linspace(-3, 3, 1003, requires_grad=True)
parts = []
functions = [cr.exp, cr.tanh, cr.sigmoid, cr.sin, cr.erf, lambda t: t.softmax(0), lambda t: t.cumsum(0)]
for f in functions + [lambda t: (t * t + 1).log()]:
    y = f(x)
    (g,) = cr.autograd.grad(y.sum(), x)
    parts += [y.detach().numpy(), g.numpy()]
sys.stdout.write(np.concatenate(parts).astype(np.float32).tobytes().hex())
"""
    results = {}
    for level in LEVELS:
        if has(level):
            hexes = run_python(code, CHAINRULE_CPU=level)
            results[level] = np.frombuffer(bytes.fromhex(hexes), np.float32)
            np.testing.assert_allclose(results[level], next(iter(results.values())), rtol=2e-6, atol=2e-6)
    assert cr.build_info()["cpu_used"] in results


def refusal(**environment):
    done = importing(**environment)
    assert done.returncode == 1, "the import must fail as an exception, not by a signal"
    return done.stderr.strip().splitlines()[-1]


@pytest.mark.skipif(cr.build_info()["cpu_detected"] not in LEVELS[1:], reason="nothing below to look like")
def test_37_processor_below_the_floor():
    """CHAINRULE_CPU_HAS makes the processor look like a lesser one."""
    assert refusal(CHAINRULE_CPU_HAS="none").startswith("ImportError: chainrule: an x86-64-v2 processor")
    error = refusal(CHAINRULE_CPU_HAS="baseline", CHAINRULE_CPU="avx2")
    assert error.startswith(
        "ImportError: CHAINRULE_CPU: an instruction set that this processor has is required, got 'avx2'"
    )
    code = "import chainrule as c; print(c.build_info()['cpu_used'], c.ones(3).exp().sum().item() > 8)"
    if has("baseline"):
        assert run_python(code, CHAINRULE_CPU_HAS="baseline", CHAINRULE_CPU="").split() == ["baseline", "True"]
    assert run_python(code, CHAINRULE_CPU_HAS="more", CHAINRULE_CPU="").split()[0] == cr.build_info()["cpu_detected"]


def test_37_unknown_name():
    error = refusal(CHAINRULE_CPU="sse9")
    assert error.startswith("ImportError: CHAINRULE_CPU: baseline, avx2 or avx512 is required, got 'sse9'")
