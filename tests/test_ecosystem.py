"""docs/ecosystem.md: the code on the page runs, as it stands, from top to bottom."""

import pathlib
import re

from extras import need

PAGE = pathlib.Path(__file__).parent.parent / "docs" / "ecosystem.md"


def test_the_page_runs(tmp_path, monkeypatch, capsys):
    for package in ("sklearn", "onnx", "onnxruntime", "tensorboardX", "threadpoolctl"):
        need(package)
    monkeypatch.chdir(tmp_path)
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL))
    exec(compile(code, str(PAGE), "exec"), {})
    assert "would lose it in NumPy" in capsys.readouterr().out
    assert (tmp_path / "net.onnx").stat().st_size > 5_000
    (events,) = (tmp_path / "runs" / "digits").iterdir()
    assert events.stat().st_size > 10_000
