"""The table of docs/accuracy.md holds on this processor, on a sample, for each instruction set that it has."""

import subprocess
import sys
from pathlib import Path

import pytest
from extras import need

ROOT = Path(__file__).resolve().parent.parent


def cells(text):
    """{(function, column): ulp} of the tables in a document, and the names listed as beyond 4 ulp."""
    found, header = {}, []
    for line in text.splitlines():
        parts = [part.strip() for part in line.strip("|").split("|")]
        if line.startswith("| function"):
            header = parts
        elif line.startswith("| ") and header:
            pairs = zip(header[1:], parts[1:], strict=True)
            found |= {(parts[0], column): float(cell) for column, cell in pairs if column.startswith("float")}
    beyond = {line.split("`")[1] for line in text.splitlines() if line.startswith("- `")}
    return found, beyond


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    need("scipy")
    need("mpmath")
    output = tmp_path_factory.mktemp("accuracy") / "accuracy.md"
    command = [sys.executable, str(ROOT / "bench" / "accuracy.py"), "--stride", "500009", "--count", "25"]
    done = subprocess.run([*command, "--output", str(output)], capture_output=True, text=True)
    assert output.exists(), done.stderr
    return output.read_text()


def test_no_error_is_larger_than_the_table_says(measured):
    promised, beyond = cells((ROOT / "docs" / "accuracy.md").read_text())
    here, _ = cells(measured)
    assert len(here) > 100
    missing = here.keys() - promised.keys()
    assert not missing, f"not in docs/accuracy.md: {sorted(missing)}. Run bench/accuracy.py."
    worse = {key: (error, promised[key]) for key, error in here.items() if error > bound(key, promised, beyond)}
    assert not worse, f"(measured, promised): {worse}"


def bound(key, promised, beyond):
    """Another sample than the table's may hold a somewhat larger error, or come nearer to a root, where errors grow."""
    return 4 * promised[key] if key[0] in beyond else min(4, 1.2 * promised[key] + 0.3)


def test_every_cell_is_bounded():
    """Also those beyond 4 ulp; only where the table itself says inf, anything goes."""
    promised, beyond = cells((ROOT / "docs" / "accuracy.md").read_text())
    unbounded = {key[0] for key in promised if bound(key, promised, beyond) == float("inf")}
    assert unbounded == {"exp2'"}


def test_every_function_beyond_4_ulp_has_a_reason():
    text = (ROOT / "docs" / "accuracy.md").read_text()
    promised, beyond = cells(text)
    assert {name for (name, _), error in promised.items() if error > 4} == beyond
    assert "no reason known" not in text
