"""Whole PyTorch programs (folder programs) under as_torch: they print what they print with PyTorch, loss by loss."""

import json
import pathlib
import re
import subprocess
import sys

import pytest
from helpers import PATIENCE

PROGRAMS = sorted((pathlib.Path(__file__).parent / "programs").glob("*.py"))
# Runs all of them in one process, so that PyTorch is imported once, and prints the output of each as JSON.
RUNNER = """
import contextlib, io, json, multiprocessing, runpy, sys, traceback, warnings
library, *programs = sys.argv[1:]
warnings.simplefilter("ignore")
if library == "chainrule":
    import chainrule.as_torch
    chainrule.as_torch.install()
import torch
torch.set_num_threads(1)
outputs = {}
for program in programs:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            runpy.run_path(program, run_name="__main__")
        except Exception:
            out.write(traceback.format_exc())
    outputs[program] = out.getvalue()
print(json.dumps(outputs))
"""
NUMBER = re.compile(r"-?\b\d+\.\d*(?:e[-+]?\d+)?|-?\b\d+e[-+]?\d+")


def run_all(library, folder):
    command = [sys.executable, "-c", RUNNER, library, *map(str, PROGRAMS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return run_all("chainrule", tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def theirs(torch, tmp_path_factory):
    return run_all("torch", tmp_path_factory.mktemp("theirs"))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_program(program, ours, theirs):
    found, expected = ours[str(program)], theirs[str(program)]
    assert "Traceback" not in expected, expected
    assert "Traceback" not in found, found
    assert NUMBER.sub("#", found).split() == NUMBER.sub("#", expected).split()
    # The sums of float32 products differ in order, and a printed number by its last digit.
    values = [[float(number) for number in NUMBER.findall(text)] for text in (found, expected)]
    assert values[0] == pytest.approx(values[1], rel=2e-4, abs=2e-4)
