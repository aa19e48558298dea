"""A typed program of a user: it runs, and type checkers find nothing in it."""

import os
import pathlib
import subprocess
import sys

import pytest
from extras import need

USAGE = pathlib.Path(__file__).parent / "typing" / "usage.py"


def test_usage_runs():
    subprocess.run([sys.executable, USAGE], check=True, capture_output=True)


@pytest.mark.slow
def test_usage_is_typed(tmp_path):
    need("mypy")
    import chainrule

    options = ["--strict", "--config-file=", "--follow-imports=silent", f"--cache-dir={tmp_path}"]
    folder = pathlib.Path(chainrule.__file__).parent.parent
    installed = folder.name == "site-packages"  # there mypy finds it by itself, and refuses to be told
    env = os.environ | ({} if installed else {"MYPYPATH": str(folder)})
    run = subprocess.run([sys.executable, "-m", "mypy", *options, USAGE], capture_output=True, text=True, env=env)
    assert run.returncode == 0, run.stdout + run.stderr
