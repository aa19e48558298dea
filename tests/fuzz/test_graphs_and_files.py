"""The short forms of the graph and file fuzzers, and what the graph fuzzer's checks can see."""

import random
import re
import subprocess
import sys

import pytest
from fuzz import graphs, safetensors_reader

import chainrule as cr


def test_random_graphs():
    reports, verdicts, _ = graphs.hunt(seed=0, graphs=150)
    assert not reports, "\n\n".join(reports)
    assert verdicts["checked"] > 120


@pytest.mark.parametrize("wrong", [2.1, -2.0])
def test_a_wrong_gradient_is_found_and_shrunk(wrong, monkeypatch):
    class Double(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * wrong

    monkeypatch.setattr(cr, "doubled", Double.apply, raising=False)
    lines = [
        "x0 = lib.tensor([0.3, -0.4], dtype=DT, requires_grad=True)",
        "v1 = lib.sin(x0)",
        "v2 = lib.doubled(v1)",
        "v3 = lib.exp(v2)",
        "loss = " + graphs.weighted("v3") + " + " + graphs.weighted("v1"),
    ]
    verdict, what = graphs.check(lines, ["x0"])
    assert verdict == "failed" and what.startswith("slope")
    fewer = graphs.shrink(lines, ["x0"], None)
    assert len("".join(fewer)) < len("".join(lines)) and any("doubled" in line for line in fewer)


def test_a_kink_is_no_failure():
    lines = [
        "x0 = lib.tensor([0.5, 0.5, 0.1], dtype=DT, requires_grad=True)",
        "v1 = lib.max(x0, 0)[0]",
        "loss = " + graphs.weighted("v1"),
    ]
    assert graphs.check(lines, ["x0"])[1] is None


def test_a_bound_that_is_crossed_in_one_direction_alone_is_no_failure():
    """The last element lies so close above the bound that bfloat16 has it below; the first change of it leads away."""
    lines = [
        "x0 = lib.tensor([0.2, 0.1, 0.83003], dtype=DT, requires_grad=True)",
        "v1 = x0.clamp(-0.77, 0.83)",
        "loss = " + graphs.weighted("v1"),
    ]
    assert graphs.check(lines, ["x0"])[1] is None


def test_a_step_in_place_on_what_is_a_copy_in_pytorch_is_no_failure():
    """householder_product lays its result out by columns there, so reshape copies it."""
    torch = pytest.importorskip("torch")
    lines = [
        "x0 = lib.tensor([[0.3, 0.2], [-0.4, 0.5], [0.1, 0.7]], dtype=DT, requires_grad=True)",
        "v1 = lib.linalg.householder_product(x0, lib.tensor([0.5, 0.25], dtype=DT))",
        "v2 = v1.reshape(-1)",
        "v2[..., :1].mul_(2.0)",
        "loss = " + graphs.weighted("v1"),
    ]
    assert graphs.check(lines, ["x0"], torch) == ("layout", None)
    assert graphs.check([*lines[:-2], lines[-1]], ["x0"], torch) == ("checked", None)


def test_a_view_that_one_library_fails_to_make_is_a_failure(monkeypatch):
    """No layout excuses that: unsqueeze gives a view of anything."""
    torch = pytest.importorskip("torch")
    lines = [
        "x0 = lib.tensor([0.3, 0.2, -0.4], dtype=DT, requires_grad=True)",
        "v1 = lib.sin(x0)",
        "v2 = v1.unsqueeze(0)",
        "v2.mul_(2.0)",
        "loss = " + graphs.weighted("v1"),
    ]
    assert graphs.check(lines, ["x0"], torch) == ("checked", None)
    copies = [line.replace("unsqueeze(0)", "unsqueeze(0).clone()") for line in lines]
    evaluate, sharing = graphs.evaluate, graphs.sharing
    monkeypatch.setattr(
        graphs,
        "evaluate",
        lambda n, leaves, lib=graphs.cr, *a, **k: evaluate(copies if lib is torch else n, leaves, lib, *a, **k),
    )
    monkeypatch.setattr(graphs, "sharing", lambda n, lib: sharing(copies if lib is torch else n, lib))
    verdict, wrong = graphs.check(lines, ["x0"], torch)
    assert verdict == "failed" and "v2 = v1.unsqueeze(0)" in wrong


def test_an_element_left_out_that_equals_the_least_is_no_failure():
    torch = pytest.importorskip("torch")
    lines = [
        "x0 = lib.tensor([0.3, 0.2], dtype=DT, requires_grad=True)",
        "v1 = lib.index_reduce(x0, 0, lib.tensor([1], dtype=lib.int64), x0[1:].clone(), 'amin', include_self=False)",
        "loss = " + graphs.weighted("v1"),
    ]
    assert graphs.check(lines, ["x0"], torch) == ("checked", None)


def test_zeros_written_through_an_expanded_tensor_are_no_failure():
    """PyTorch writes them and then cannot go back through them; the gradient is zero."""
    torch = pytest.importorskip("torch")
    lines = [
        "x0 = lib.tensor([[0.3, 0.2, -0.4]], dtype=DT, requires_grad=True)",
        "v1 = lib.sin(x0).expand((2, 3))",
        "v2 = v1.unsqueeze(0)",
        "v2.zero_()",
        "loss = " + graphs.weighted("v1") + " + " + graphs.weighted("x0"),
    ]
    assert graphs.check(lines, ["x0"], torch) == ("checked", None)


def test_digits_that_pytorch_loses_too_are_no_failure():
    """The gradient is zero, the condition of the matrix 277, and float32 loses what a change of the leaf does not."""
    torch = pytest.importorskip("torch")
    lines = [
        "x0 = lib.tensor(1.1728, dtype=DT, requires_grad=True)",
        "v1 = lib.linalg.pinv(x0.expand((2, 3)) + lib.linspace(0, 0.37, 6, dtype=DT).reshape((2, 3)))",
        "loss = " + graphs.weighted("v1"),
    ]
    assert graphs.check(lines, ["x0"], torch) == ("checked", None)


@pytest.mark.parametrize("name", ["normalize", "cosine_similarity", "cosine_embedding_loss"])
def test_a_vector_of_zeros_is_a_kink_of_what_divides_by_its_norm(name):
    """The gradient there is 1 / eps: a hundred million times the rounding of what made the zeros."""
    op, sample = next(row for rows in graphs.ROWS for row in rows if row[0].name == name)
    spec = graphs.tensors_of(sample)[0]
    writer = graphs.Writer(random.Random(0))
    writer.run(f"v = lib.zeros({spec.shape}, dtype=DT, requires_grad=True)")
    writer.names = ["v"]
    with pytest.raises(ValueError, match="beside a kink"):
        writer.argument(op, spec)


def test_every_row_is_used():
    """Rows that no graph uses are those left out by name, without a gradient, or without a small sample."""
    from op_table import OPS

    used = {op.name for row in graphs.ROWS for op, _ in row}
    assert len(used) > 0.9 * len([op for op in OPS if op.grad and op.ref])
    rng, seen = random.Random(0), ""
    for number in range(60):
        written = graphs.write(rng.randrange(10**6), number)
        seen += "\n".join(written[0]) if written else ""
    assert seen.count("lib.") > 500 and ".clone()" in seen


def test_broken_files():
    fed, refused, corpus, failures = safetensors_reader.by_words(cr, cases=10_000, seed=0)
    assert failures == 0 and refused > 0.5 * fed and len(corpus) > 50


@pytest.mark.skipif(
    bool(cr.build_info()["sanitize"]), reason="a sanitizer's runtime takes the calls that count coverage"
)
def test_the_guided_fuzzer_sees_the_reader():
    """What chainrule imports at its first use must be imported while atheris looks on, or nothing guides it."""
    pytest.importorskip("atheris")
    command = [sys.executable, safetensors_reader.__file__, "--cases", "100", "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True)
    places = re.findall(r"DONE +cov: (\d+)", done.stderr)
    assert done.returncode == 0 and places and int(places[0]) > 100, done.stdout + done.stderr
