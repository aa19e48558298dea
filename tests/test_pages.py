"""Pages of docs/: their code runs, as it stands, from top to bottom, and the files and folders that they name exist."""

import pathlib
import re

import pytest
from extras import need

ROOT = pathlib.Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "tests" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def run(name):
    page = ROOT / "docs" / name
    code = "\n".join(re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL))
    exec(compile(code, str(page), "exec"), {})


def test_ecosystem(tmp_path, monkeypatch, capsys):
    for package in ("sklearn", "onnx", "onnxruntime", "tensorboardX", "threadpoolctl"):
        need(package)
    monkeypatch.chdir(tmp_path)
    run("ecosystem.md")
    assert "would lose it in NumPy" in capsys.readouterr().out
    assert (tmp_path / "net.onnx").stat().st_size > 5_000
    (events,) = (tmp_path / "runs" / "digits").iterdir()
    assert events.stat().st_size > 10_000


def test_guides(capsys):
    run("guides.md")
    used, moved, attention, kept, narrow = capsys.readouterr().out.splitlines()
    assert used == "True tensor([[  7, 900]])" and moved == "[3, 7, 900]"
    assert attention == "chainrule.Size([2, 4, 10, 8]) chainrule.Size([4])"
    assert int(kept) == 4 * 2 * 256 * 256 and narrow == "chainrule.bfloat16 38420"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_named_files_exist(page):
    named = re.findall(r"`((?:csrc|python|tests|bench|docs|\.ci)/[\w./-]*)[`:]", page.read_text())
    missing = [path for path in named if not (ROOT / path).exists()]
    assert not missing, f"{page.name} names {missing}"
