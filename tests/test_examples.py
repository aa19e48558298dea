"""The examples run, as a user runs them, and learn."""

import importlib.util
import re
import subprocess
import sys

import pytest

EXTRAS = [name for name in ("sklearn", "tqdm", "matplotlib") if importlib.util.find_spec(name) is None]
needs_extras = pytest.mark.skipif(bool(EXTRAS), reason=f"not installed: {EXTRAS}")


def run(module, *arguments, timeout=300):
    done = subprocess.run(
        [sys.executable, "-m", f"chainrule.examples.{module}", *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@needs_extras
def test_digits_reaches_its_accuracy(tmp_path):
    picture = tmp_path / "digits.png"
    text = run("digits", "--plot", str(picture))
    assert float(re.findall(r"test accuracy (\d+\.\d+)%", text)[-1]) >= 96
    assert re.search(r"steps (a|per) second|steps/s", text)
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


@needs_extras
def test_digits_is_reproducible():
    def figures():
        return re.findall(r"accuracy (\d+\.\d+)%", run("digits", "--epochs", "2"))

    assert figures() == figures()


def test_digits_help():
    text = run("digits", "--help")
    for option in ("--epochs", "--batch-size", "--lr", "--seed", "--plot"):
        assert option in text


@pytest.mark.parametrize("arguments", [["--epochs", "0"], ["--lr", "-1"], ["--batch-size", "x"]])
def test_digits_refuses_bad_options(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "chainrule.examples.digits", *arguments], capture_output=True, text=True
    )
    assert done.returncode == 2 and arguments[0] in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["xor", "two_layer", "feedback_alignment"])
def test_small_examples(name):
    if importlib.util.find_spec(f"chainrule.examples.{name}") is None:
        pytest.skip(f"no example {name}")
    assert run(name).strip()
