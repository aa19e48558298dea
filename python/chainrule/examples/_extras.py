"""Packages that examples use beyond chainrule's own needs."""

from __future__ import annotations

import importlib
from types import ModuleType


def need(*names: str) -> list[ModuleType]:
    """Import packages, or end with a message that says how to get them."""
    modules, missing = [], []
    for name in names:
        try:
            modules.append(importlib.import_module(name))
        except ModuleNotFoundError as error:
            if error.name is None or name.partition(".")[0] != error.name.partition(".")[0]:
                raise
            missing.append(error.name)
    if missing:
        raise SystemExit(f"This example needs {' and '.join(missing)}: pip install 'chainrule[examples]'")
    return modules
