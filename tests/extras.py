"""Optional packages: a test that needs one skips without it, and fails where they are promised."""

import importlib
import os

import pytest


def need(name):
    """Import a package; skip the test where it is missing, or fail it if CHAINRULE_REQUIRE_EXTRAS=1."""
    if os.environ.get("CHAINRULE_REQUIRE_EXTRAS") == "1":
        return importlib.import_module(name)
    return pytest.importorskip(name)
