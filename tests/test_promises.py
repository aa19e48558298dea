"""docs/promises.md and the table of behaviours name tests that exist, and every behaviour has one."""

import pathlib
import re

import pytest

TESTS = pathlib.Path(__file__).resolve().parent
PAGES = [TESTS.parent / "docs" / "promises.md", TESTS / "behaviours" / "README.md"]


def named(page):
    """[(file, function or None)] of the tests that a page names."""
    return re.findall(r"`((?:[a-z]+/)?test_\w+\.py)(?:::(\w+))?`", page.read_text())


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_named_tests_exist(page):
    found = named(page)
    assert len(found) > 30
    missing = []
    for file, function in found:
        path = next((p for p in (TESTS / file, TESTS / "behaviours" / file) if p.exists()), None)
        if path is None or (function and not re.search(rf"^def {function}\b", path.read_text(), re.M)):
            missing.append(f"{file}::{function}")
    assert not missing, f"{page.name} names tests that do not exist: {missing}"


def test_every_behaviour_has_a_row():
    text = PAGES[1].read_text()
    numbers = [int(n) for n in re.findall(r"^\| (\d+) \|", text, re.M)]
    assert numbers == list(range(1, 41))


def test_the_start_page_names_the_environment_s_variables():
    """Those that the loading of the core, its choice of kernels and its threads read."""
    sources = ("python/chainrule/_load_core.py", "csrc/core/cpu.cpp", "csrc/core/parallel.cpp")
    read = "".join((TESTS.parent / source).read_text() for source in sources)
    names = set(re.findall(r'"((?:CHAINRULE|G?OMP)_[A-Z_]+)"', read)) - {"CHAINRULE_CPU_HAS"}  # for tests alone
    assert len(names) >= 5
    text = (TESTS.parent / "docs" / "start.md").read_text()
    assert not [name for name in names if f"`{name}`" not in text]


MEASURED = {39}  # by the bench alone: it speaks of time


def test_every_behaviour_has_its_file():
    """test_NN_*.py for each number, and its row names it."""
    files = {path.name: int(path.name[5:7]) for path in (TESTS / "behaviours").glob("test_[0-9]*.py")}
    assert sorted(set(files.values()) | MEASURED) == list(range(1, 41))
    assert not MEASURED & set(files.values()), "has a test now: take it out of MEASURED"
    text = PAGES[1].read_text()
    unnamed = [name for name, n in files.items() if not re.search(rf"^\| {n} \|[^|]*\|[^|]*`{name}`", text, re.M)]
    assert not unnamed, f"the rows do not name {unnamed}"
