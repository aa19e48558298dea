"""Loads the compiled extension. All other modules say ``from chainrule._load_core import core``.

Note [OpenBLAS starts no threads]
OpenBLAS starts a pool of threads as soon as it is loaded. Chainrule has its own threads and calls OpenBLAS from them on
blocks, so that pool would only sit there, and an import should start nothing. OpenBLAS reads OPENBLAS_NUM_THREADS while
it loads and never again: we set it to 1 for that moment and put back what was there, so that NumPy's own OpenBLAS and
child processes see the user's choice. Do not import ``chainrule._core`` anywhere else.
"""

from __future__ import annotations

import importlib
import os
from types import ModuleType


def _load() -> ModuleType:
    name = "OPENBLAS_NUM_THREADS"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        return importlib.import_module("chainrule._core")
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


core = _load()
