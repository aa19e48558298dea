"""Optional packages: a test that needs one skips without it, and fails where they are promised."""

import importlib
import os
import shutil

import pytest


def need(name):
    """Import a package; skip the test where it is missing, or fail it if CHAINRULE_REQUIRE_EXTRAS=1."""
    if os.environ.get("CHAINRULE_REQUIRE_EXTRAS") == "1":
        return importlib.import_module(name)
    return pytest.importorskip(name)


def need_program(*names):
    """Where the first of these programs that is there lies; without any as need()."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None and os.environ.get("CHAINRULE_REQUIRE_EXTRAS") == "1":
        pytest.fail(f"CHAINRULE_REQUIRE_EXTRAS=1, but there is no {names[0]}", pytrace=False)
    if found is None:
        pytest.skip(f"there is no {names[0]}")
    return found
