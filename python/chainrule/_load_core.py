"""Loads the compiled extension: ``from chainrule._load_core import core``. Do not import ``chainrule._core`` elsewhere.

The libraries of both notes read these variables while they load and never again: we set them for that moment and put
back what was there, so that NumPy's own OpenBLAS and child processes see the user's choice.

Note [OpenBLAS starts no threads]
OpenBLAS starts a pool of threads as soon as it is loaded. Chainrule has its own threads and calls OpenBLAS from them on
blocks, so that pool would only sit there, and an import should start nothing.

Note [Threads wait for a short while]
Threads of OpenMP that wait for each other spin for milliseconds before they sleep. On a processor that others use too,
they spin away the time that the awaited thread needs, and a step takes ten times as long. Far fewer rounds bridge the
gaps within a step (bench/NOTES.md). A user's own choice stands, and that of a package that has loaded libgomp before.
"""

from __future__ import annotations

import importlib
import os
from types import ModuleType


def _while_loading() -> dict[str, str]:
    """The environment that the libraries shall see."""
    values = {"OPENBLAS_NUM_THREADS": "1"}
    if "GOMP_SPINCOUNT" not in os.environ and "OMP_WAIT_POLICY" not in os.environ:
        values["GOMP_SPINCOUNT"] = "10000"
    return values


def _load() -> ModuleType:
    values = _while_loading()
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        return importlib.import_module("chainrule._core")
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


core = _load()
