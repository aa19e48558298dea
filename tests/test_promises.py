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


def test_every_numbered_file_has_its_row():
    numbers = {path.name[5:7] for path in (TESTS / "behaviours").glob("test_[0-9]*.py")}
    assert len(numbers) >= 38
    text = PAGES[1].read_text()
    assert not [
        n for n in numbers if not re.search(rf"^\| {int(n)} \|.*(test_{n}_|no test in this folder)", text, re.M)
    ]
