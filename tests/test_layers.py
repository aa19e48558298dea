"""The C++ sources keep to their layers: each folder of csrc includes only what stands below it."""

import re
from pathlib import Path

import pytest

CSRC = Path(__file__).parents[1] / "csrc"
BELOW = {
    "core": set(),
    "kernels": {"core"},
    "autograd": {"core", "kernels"},
    "ops": {"core", "kernels", "autograd"},
    "program": {"core", "kernels", "autograd", "ops"},
    "bind": {"core", "kernels", "autograd", "ops", "program"},
}
# What one folder, or some files of it, may include alone.
CONFINED = {"pybind11/": "bind/", "Python.h": "bind/", "omp.h": "core/parallel.cpp"}


def sources():
    return [path for path in sorted(CSRC.rglob("*")) if path.suffix in (".cpp", ".h")]


def test_every_folder_has_its_layer():
    assert {path.name for path in CSRC.iterdir() if path.is_dir()} == set(BELOW)


@pytest.mark.parametrize("folder", BELOW)
def test_includes_point_down(folder):
    allowed = BELOW[folder] | {folder}
    for path in sources():
        if path.relative_to(CSRC).parts[0] == folder:
            for included in re.findall(r'#include "([^"]+)"', path.read_text()):
                assert included.split("/")[0] in allowed, f"{path.relative_to(CSRC)} includes {included}"


@pytest.mark.parametrize("header", CONFINED)
def test_confined_headers(header):
    for path in sources():
        name = path.relative_to(CSRC).as_posix()
        if re.search(rf"#include <{re.escape(header)}", path.read_text()):
            assert name.startswith(CONFINED[header]), f"{name} includes {header}"
