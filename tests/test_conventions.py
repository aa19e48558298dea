"""What docs/conventions.md promises beyond behaviour 11, and that the tests which it names exist."""

import math
import pathlib
import re

import numpy as np
import pytest

import chainrule as cr

HERE = pathlib.Path(__file__).parent
DOCUMENT = HERE.parent / "docs" / "conventions.md"


def t64(*values):
    return cr.tensor(values, dtype=cr.float64, requires_grad=True)


def test_clamp_with_tensor_bounds_gives_ties_to_the_input():
    x, low, high = t64(1.0, 2.0, 3.0), t64(1.0, 0.0, 0.0), t64(5.0, 2.0, 9.0)
    cr.clamp(x, low, high).sum().backward()
    assert x.grad.tolist() == [1.0, 1.0, 1.0]
    assert low.grad.tolist() == [0.0] * 3 and high.grad.tolist() == [0.0] * 3
    x, low, high = t64(1.0, 9.0, 2.5), t64(2.0, 0.0, 3.0), t64(5.0, 2.0, 2.0)  # of the last, the bounds cross
    cr.clamp(x, low, high).sum().backward()
    assert x.grad.tolist() == [0.0] * 3
    assert low.grad.tolist() == [1.0, 0.0, 0.0] and high.grad.tolist() == [0.0, 1.0, 1.0]


def test_std_of_equal_elements():
    x = t64(3.0, 3.0, 3.0)
    x.std().backward()
    assert x.grad.tolist() == [0.0] * 3


@pytest.mark.parametrize("dtype", [cr.float32, cr.float64])
def test_equal_elements_have_the_variance_zero(dtype):
    """Their mean is rounded, so that each deviates from it: what the deviations have in common does not count."""
    for n in (3, 7, 10, 100, 1000):
        values = cr.randn(40, 1, dtype=dtype)
        x = values.expand(40, n).clone().requires_grad_()
        for y in (x.var(1), x.std(1, unbiased=False), x.T.std(0)):
            assert y.tolist() == [0.0] * 40
        assert x[0].var().item() == 0.0 == x[1].std().item()
        x.std(1).sum().backward()
        assert not x.grad.any()


def test_variance_far_from_zero():
    x = np.random.default_rng(0).normal(1e4, 1, (200, 2)).astype(np.float32)
    np.testing.assert_allclose(cr.tensor(x).var(1), x.astype(np.float64).var(1, ddof=1), rtol=1e-6)


def test_norm_of_zero():
    x = t64(0.0, 0.0)
    x.norm().backward()
    assert x.grad.tolist() == [0.0, 0.0]
    y = t64(0.0, 0.0)
    y.pow(2).sum().sqrt().backward()
    assert all(math.isnan(g) for g in y.grad.tolist())


def test_xlogy_at_zero():
    x, y = t64(0.0, 0.0), t64(2.0, 0.5)
    cr.xlogy(x, y).sum().backward()
    assert x.grad.tolist() == [math.log(2), math.log(0.5)] and y.grad.tolist() == [0.0, 0.0]


def test_index_fill_counts_a_position_once():
    x, value = cr.zeros(2, 5, dtype=cr.float64, requires_grad=True), cr.tensor(1.5, dtype=cr.float64)
    index = cr.tensor([2, 1, 4, 2, 2])
    value.requires_grad_()
    assert cr.autograd.gradcheck(lambda x, v: x.index_fill(-1, index, v), (x, value))
    x.index_fill(1, index, value).sum().backward()
    assert value.grad.item() == 6.0 and x.grad.tolist() == [[1, 0, 0, 1, 0]] * 2


def test_multilabel_margin_loss_counts_a_class_as_often_as_it_is_listed():
    x = t64(1.0, 0.5, 0.0)
    once = cr.nn.functional.multilabel_margin_loss(x, cr.tensor([0, -1, -1]))
    twice = cr.nn.functional.multilabel_margin_loss(x, cr.tensor([0, 0, -1]))
    assert once.item() == pytest.approx(0.5 / 3) and twice.item() == pytest.approx(1 / 3)


def test_max_of_two_tensors_is_no_axis():
    a, b = cr.tensor(-8), cr.tensor(6)
    assert cr.max(a, b).item() == 6 and cr.min(a, b).item() == -8
    assert cr.max(cr.tensor([[1, 2]]), cr.tensor(0)).tolist() == [[1, 2]]
    assert cr.max(cr.tensor([[1, 2]]), 0).indices.tolist() == [0, 0]


@pytest.mark.skipif(not DOCUMENT.exists(), reason="the documents are not beside the tests")
def test_document_names_tests_that_exist():
    sources = {path.name: path.read_text() for path in HERE.rglob("test_*.py")}
    text = DOCUMENT.read_text()
    files = set(re.findall(r"(test_\w+\.py)", text))
    assert files <= set(sources), files - set(sources)
    names = set(re.findall(r"(?:::|`)(test_\w+)`", text))
    everything = "\n".join(sources.values())
    assert names and all(f"def {name}(" in everything for name in names)
