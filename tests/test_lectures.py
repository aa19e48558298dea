"""The lectures' pages are right, line by line, and draw the pictures that they show."""

import importlib.util
from itertools import pairwise
from pathlib import Path

import pytest
from extras import need

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "lectures"

spec = importlib.util.spec_from_file_location("lectures", FOLDER / "run.py")
lectures = importlib.util.module_from_spec(spec)
spec.loader.exec_module(lectures)


@pytest.mark.parametrize("page", lectures.pages(), ids=lambda page: page.stem)
def test_page(page, tmp_path, monkeypatch):
    for package in ("grandalf", "matplotlib", "sklearn", "tqdm"):
        need(package)
    monkeypatch.chdir(tmp_path)
    assert lectures.run(page) == ""
    drawn = {path.name for path in (tmp_path / "images").iterdir()}
    assert drawn == set(lectures.images(page)) and len(drawn) > 0
    assert all((FOLDER / "images" / name).is_file() for name in drawn)


def test_the_five_pages_link_to_each_other():
    pages = lectures.pages()
    assert len(pages) == 5
    for page, following in pairwise(pages):
        assert f"]({following.name})" in page.read_text(encoding="utf-8")
    assert all(f"({page.name})" in (FOLDER / "README.md").read_text(encoding="utf-8") for page in pages)
