"""The examples run, as a user runs them, and learn."""

import importlib
import pathlib
import re
import subprocess
import sys

import pytest
from extras import need

from chainrule.examples.__main__ import listing

# name, options that make it short, what it prints last about how well it learned, and the least or the most of it
LEARNS = [
    ("perceptron", "--passes 30", r"line: .* then (\d+)% wrong", "<", 1),
    ("digits", "--epochs 5", r"test accuracy ([\d.]+)%", ">", 94),
    ("xor", "", r"1 xor 0 = 1   net: +([\d.]+)", ">", 0.99),
    ("two_layer", "--steps 300", r"squared error +([\d.]+)", "<", 1200),
    ("feedback_alignment", "--steps 300", r"loss +([\d.]+)", "<", 0.01),
    ("feedback_alignment", "--steps 300", r"([\d.]+) degrees", "<", 60),
    ("convnet", "--epochs 4", r"test accuracy ([\d.]+)%", ">", 91),
    ("autoencoder", "--epochs 12", r"squared error ([\d.]+)", "<", 0.045),  # PCA leaves 0.053
    ("denoising", "--epochs 2", r"gain of ([\d.]+) dB", ">", 4.5),
    ("vae", "--epochs 10", r"-([\d.]+) nats", "<", 27),
    ("resnet", "--epochs 2 --blocks 1", r"residual .* ([\d.]+)%", ">", 85),
    ("lstm", "--steps 60 --hidden 32", r"next step ([\d.]+)", "<", 0.185),  # "the same as now" errs by 0.192
    ("gru", "--epochs 2", r"([\d.]+) bits", "<", 3.8),  # letters at their mean frequency cost 4.1
    ("transformer", "--steps 60 --width 32 --layers 1 --context 32", r"([\d.]+) bits", "<", 5.2),
    ("gan", "--steps 1000", r"([\d.]+)% of the forged", ">", 45),
    ("maxout", "--epochs 8", r"test accuracy ([\d.]+)%", ">", 93),
    ("hinge", "--epochs 10", r"hinge.* ([\d.]+)%", ">", 92),
    ("hinge", "--epochs 10", r"softmax.* ([\d.]+)%", ">", 92),
    ("random_wiring", "--epochs 3 --nets 1 --nodes 6", r"test accuracy ([\d.]+)%", ">", 85),
    ("neural_turing_machine", "--steps 700 --length 2 --bits 3", r"sequences of 2: ([\d.]+)%", "<", 5),
    ("hopfield", "--units 50", r"projection rule: (\d+)%", ">", 90),
    ("boltzmann", "--epochs 10", r"-([\d.]+) after", "<", 26),
    ("multimodal", "--epochs 6", r"both +test accuracy ([\d.]+)%", ">", 85),
    ("gcn", "", r"(\d+) of 32 other", ">", 29),
    ("physics", "", r"scipy's: ([\d.e-]+)", "<", 1e-6),
]
# For what does not ask whether it has learned.
BRIEFLY = {
    "perceptron": "--passes 5",
    "digits": "--epochs 1",
    "xor": "--steps 50",
    "two_layer": "--steps 50",
    "feedback_alignment": "--steps 50",
    "convnet": "--epochs 1",
    "autoencoder": "--epochs 1",
    "denoising": "--epochs 1",
    "vae": "--epochs 1",
    "resnet": "--epochs 1 --blocks 1",
    "lstm": "--steps 5 --hidden 16",
    "gru": "--epochs 1",
    "transformer": "--steps 10 --width 32 --layers 1 --context 32",
    "gan": "--steps 100",
    "maxout": "--epochs 1",
    "hinge": "--epochs 1",
    "random_wiring": "--epochs 1 --nets 1 --nodes 6",
    "neural_turing_machine": "--steps 10 --length 2 --bits 3",
    "hopfield": "--units 50",
    "boltzmann": "--epochs 1",
    "multimodal": "--epochs 1",
    "gcn": "--steps 30",
    "physics": "",
}


def run(name, arguments, capsys):
    """The example's output. In this process, for imports would cost most of the time."""
    for package in ("sklearn", "scipy", "tqdm", "matplotlib"):
        need(package)
    importlib.import_module(f"chainrule.examples.{name}").main(arguments)
    return capsys.readouterr().out


@pytest.mark.parametrize(("name", "arguments", "pattern", "sense", "bound"), LEARNS)
def test_learns(name, arguments, pattern, sense, bound, capsys):
    text = run(name, arguments.split(), capsys)
    value = float(re.findall(pattern, text)[-1])
    assert value > bound if sense == ">" else value < bound, text


@pytest.mark.slow
@pytest.mark.parametrize(("name", "arguments"), BRIEFLY.items())
def test_draws(name, arguments, tmp_path, capsys):
    picture = tmp_path / "picture.png"
    assert f"drew {picture}" in run(name, [*arguments.split(), "--plot", str(picture)], capsys)
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n" and picture.stat().st_size > 10_000


@pytest.fixture(scope="module")
def of_pytorch(tmp_path_factory):
    """A package of the same examples that import PyTorch in the place of chainrule; nothing else in them is changed."""
    folder = tmp_path_factory.mktemp("of_pytorch")
    (folder / "torch_examples").mkdir()
    for file in pathlib.Path(importlib.import_module("chainrule.examples").__file__).parent.glob("*.py"):
        text = file.read_text().replace("chainrule.examples", "torch_examples")
        text = re.sub(r"^(import|from) chainrule\b", r"\1 torch", text, flags=re.M)
        (folder / "torch_examples" / file.name).write_text(text)
    sys.path.insert(0, str(folder))
    yield "torch_examples"
    sys.path.remove(str(folder))


def figures(text):
    """The numbers that a program prints, but times, and how often it had to look before rounding hid all progress."""
    text = re.sub(r"[\d.,]+ (s\b|steps a second|evaluations)", "", text)
    return [float(x) for x in re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", text)]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "arguments"), BRIEFLY.items())
def test_runs_under_pytorch(name, arguments, torch, of_pytorch, capsys):
    """Unchanged, with the same figures: the streams of random numbers are the same."""
    ours = figures(run(name, arguments.split(), capsys))
    importlib.import_module(f"{of_pytorch}.{name}").main(arguments.split())
    theirs = figures(capsys.readouterr().out)
    assert len(ours) == len(theirs) > 0
    for a, b in zip(ours, theirs):
        assert a == pytest.approx(b, rel=0.02, abs=1e-4), (ours, theirs)


def test_every_example_is_tested_and_says_what_it_is():
    names = listing()
    assert set(names) - {"playground", "lectures"} == {row[0] for row in LEARNS} == set(BRIEFLY)
    assert all(line.endswith(".") and 20 < len(line) < 100 for line in names.values()), names


def test_digits_reaches_its_accuracy_as_a_program(tmp_path):
    need("sklearn"), need("tqdm")
    done = subprocess.run([sys.executable, "-m", "chainrule.examples.digits"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(re.findall(r"test accuracy (\d+\.\d+)%", done.stdout)[-1]) >= 96
    assert "steps a second" in done.stdout and "epoch" in done.stderr


def test_same_seed_same_figures(capsys):
    texts = [re.sub(r"[\d.]+ s of .*", "", run("digits", ["--epochs", "2", "--seed", "3"], capsys)) for _ in range(2)]
    assert texts[0] == texts[1] and "accuracy" in texts[0]


def test_help_shows_the_docstring_and_the_options(capsys):
    with pytest.raises(SystemExit) as end:
        run("convnet", ["--help"], capsys)
    text = capsys.readouterr().out
    assert end.value.code == 0 and "LeCun" in text
    for option in ("--epochs", "--batch-size", "--lr", "--seed", "--plot"):
        assert option in text


@pytest.mark.parametrize(
    "arguments", [["--epochs", "0"], ["--lr", "-1"], ["--batch-size", "x"], ["--plot", "/no/such/folder/a.png"]]
)
def test_refuses_bad_options(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        run("digits", arguments, capsys)
    assert end.value.code == 2 and arguments[0] in capsys.readouterr().err
