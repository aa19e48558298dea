"""Distributions against PyTorch's: values, gradients, shapes, errors, and the same samples at the same seed.

Each row of CASES makes a distribution from a library's module of distributions and its tensors, so the same row serves
both. `stream` says how far samples agree: "same" numbers, or only the same "law" (then moments are tested).
"""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from helpers import array, expect_error, gradients

import chainrule as cr
from chainrule import distributions as D


@dataclasses.dataclass
class Case:
    name: str
    make: Callable  # (distributions, *parameters)
    parameters: dict
    stream: str = "same"
    tol: float = 1e-9


def uniform(*shape, low=0.2, high=0.9, seed=3):
    return np.random.default_rng(seed).uniform(low, high, shape)


PROBS = uniform(2, 4) / uniform(2, 4).sum(-1, keepdims=True)

CASES = [
    Case("Normal", lambda d, **p: d.Normal(**p), {"loc": uniform(3), "scale": uniform(2, 1)}),
    Case("Categorical probs", lambda d, **p: d.Categorical(**p), {"probs": uniform(2, 4)}),
    Case("Categorical logits", lambda d, **p: d.Categorical(**p), {"logits": uniform(2, 4, low=-2)}),
]
WHAT = ("mean", "variance", "stddev", "mode", "entropy", "perplexity")
each_case = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


def build(lib, case, dtype="float64", grad=False):
    parameters = {name: lib.tensor(value.astype(dtype)) for name, value in case.parameters.items()}
    if grad:
        for parameter in parameters.values():
            parameter.requires_grad_()
    return case.make(lib.distributions, **parameters), parameters


def attribute(distribution, name):
    """The value, or the kind of error where there is none."""
    try:
        value = getattr(distribution, name)
        return value() if callable(value) else value
    except NotImplementedError:
        return NotImplementedError


@each_case
def test_moments(case, torch):
    (ours, parameters), (theirs, reference) = build(cr, case, grad=True), build(torch, case, grad=True)
    assert tuple(ours.batch_shape) == tuple(theirs.batch_shape)
    assert tuple(ours.event_shape) == tuple(theirs.event_shape)
    assert ours.has_rsample == theirs.has_rsample
    for name in WHAT:
        expected, value = attribute(theirs, name), attribute(ours, name)
        if expected is NotImplementedError:
            continue
        assert value is not NotImplementedError, name
        np.testing.assert_allclose(array(value), array(expected), rtol=case.tol, atol=1e-12, err_msg=name)
        assert value.requires_grad == expected.requires_grad, name
        if value.requires_grad:
            compare_gradients(value, parameters, expected, reference, case.tol, name)


def compare_gradients(value, parameters, expected, reference, tol, what):
    import torch

    ours = gradients([value], list(parameters.values()), cr, retain_graph=True)
    theirs = gradients([expected], list(reference.values()), torch, retain_graph=True)
    for name, a, b in zip(parameters, ours, theirs):
        np.testing.assert_allclose(array(a), array(b), rtol=tol, atol=1e-10, err_msg=f"{what}: gradient of {name}")


@each_case
def test_log_prob_and_cdf(case, torch):
    (ours, parameters), (theirs, reference) = build(cr, case, grad=True), build(torch, case, grad=True)
    torch.manual_seed(5)
    sample = theirs.sample((3,))
    for name in ("log_prob", "cdf"):
        try:
            expected = getattr(theirs, name)(sample)
        except NotImplementedError:
            continue
        value = getattr(ours, name)(cr.tensor(sample.numpy()))
        np.testing.assert_allclose(array(value), array(expected), rtol=case.tol, atol=1e-12, err_msg=name)
        if expected.requires_grad:
            compare_gradients(value, parameters, expected, reference, case.tol, name)
    try:
        expected = theirs.icdf(torch.full(theirs.batch_shape, 0.3, dtype=torch.float64))
    except NotImplementedError:
        return
    value = ours.icdf(cr.full(ours.batch_shape, 0.3, dtype=cr.float64))
    np.testing.assert_allclose(array(value), array(expected), rtol=case.tol)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@each_case
def test_samples(case, dtype, torch):
    """Shapes and dtypes; where the stream is PyTorch's also the numbers, and the place in the stream afterwards."""
    (ours, _), (theirs, _) = build(cr, case, dtype), build(torch, case, dtype)
    for shape in ((), (2,), (3, 8)):
        for method in ("sample", "rsample") if ours.has_rsample else ("sample",):
            cr.manual_seed(11)
            torch.manual_seed(11)
            value, expected = getattr(ours, method)(shape), getattr(theirs, method)(shape)
            assert tuple(value.shape) == tuple(expected.shape)
            assert array(value).dtype == array(expected).dtype
            if case.stream == "same":
                tol = 2e-5 if dtype == "float32" else 1e-9
                np.testing.assert_allclose(array(value), array(expected), rtol=tol, atol=tol * 0.1)
                assert cr.rand(1).item() == torch.rand(1).item(), "another place in the stream"


@each_case
def test_law_of_samples(case):
    """Mean and variance of many samples lie where the distribution says."""
    distribution, _ = build(cr, case)
    mean, variance = attribute(distribution, "mean"), attribute(distribution, "variance")
    if mean is NotImplementedError or bool(mean.isnan().any()) or not bool(variance.isfinite().all()):
        return
    n = 20_000
    samples = array(distribution.sample((n,)))
    allowed = 5 * np.sqrt(array(variance) / n) + 1e-6
    assert (np.abs(samples.mean(0) - array(mean)) <= allowed).all()
    np.testing.assert_allclose(samples.var(0), array(variance), rtol=0.15, atol=1e-6)


@each_case
def test_rsample_gradients(case, torch):
    (ours, parameters), (theirs, reference) = build(cr, case, grad=True), build(torch, case, grad=True)
    if not ours.has_rsample:
        expect_error(NotImplementedError, "has no rsample", ours.rsample)
        assert not ours.sample().requires_grad
        return
    cr.manual_seed(4)
    torch.manual_seed(4)
    value, expected = ours.rsample((2,)), theirs.rsample((2,))
    assert value.requires_grad
    assert not ours.sample().requires_grad
    if case.stream == "same":
        compare_gradients(value, parameters, expected, reference, max(case.tol, 1e-7), "rsample")


@each_case
def test_expand(case, torch):
    (ours, _), (theirs, _) = build(cr, case), build(torch, case)
    shape = (5, *ours.batch_shape)
    ours, theirs = ours.expand(shape), theirs.expand(shape)
    assert tuple(ours.batch_shape) == shape == tuple(theirs.batch_shape)
    assert type(ours).__name__ == type(theirs).__name__
    torch.manual_seed(5)
    sample = theirs.sample((2,))
    assert tuple(ours.sample((2,)).shape) == tuple(sample.shape)
    value, expected = ours.log_prob(cr.tensor(sample.numpy())), theirs.log_prob(sample)
    np.testing.assert_allclose(array(value), array(expected), rtol=case.tol, atol=1e-12)


def test_lazy_logits_keep_their_gradient():
    """sample() runs without gradients; log_prob() afterwards still has them."""
    logits = cr.zeros(3, requires_grad=True)
    policy = D.Categorical(logits=logits)
    action = policy.sample()
    policy.log_prob(action).backward()
    assert logits.grad.sum().abs().item() < 1e-6
    assert logits.grad[action].item() > 0


ERRORS = [
    (lambda: D.Normal(0.0, -1.0), r"Normal: scale must be > 0"),
    (lambda: D.Normal(cr.tensor(float("nan")), 1.0), "Normal: loc must be not NaN"),
    (lambda: D.Categorical(), "exactly one of probs and logits"),
    (lambda: D.Categorical(cr.ones(2), cr.ones(2)), "exactly one of probs and logits"),
    (lambda: D.Categorical(cr.tensor(1.0)), "at least one axis"),
    (lambda: D.Categorical(cr.tensor([-1.0, -1.0])), "probs must be non-negative with a positive sum"),
    (lambda: D.Categorical(cr.ones(3)).log_prob(cr.tensor(3)), "Categorical: value must be an integer >= 0 and <= 2"),
    (lambda: D.Normal(cr.zeros(3), 1.0).log_prob(cr.zeros(2)), r"must broadcast .* \(3,\), got shape \(2,\)"),
    (lambda: D.Normal(0.0, 1.0).log_prob(0.5), "value must be a tensor, got float"),
]


@pytest.mark.parametrize("call, match", ERRORS, ids=[match[:40] for _, match in ERRORS])
def test_errors(call, match):
    expect_error(ValueError, match, call)


def test_unchecked():
    """validate_args=False lets anything through; the default can be changed."""
    assert D.Normal(0.0, -1.0, validate_args=False).scale.item() == -1
    D.Distribution.set_default_validate_args(False)
    try:
        assert D.Normal(0.0, -1.0).scale.item() == -1
    finally:
        D.Distribution.set_default_validate_args(True)


def test_kl_divergence(torch):
    d, t = D, torch.distributions
    pairs = []
    for first, second in ((0.3, 0.8), (0.9, 0.4)):
        for lib, m in ((d, cr), (t, torch)):
            p, q = m.tensor([[first, 1.0, 0.7]]), m.tensor([[second, 0.5, 0.9]])
            pairs += [(lib.Normal(p, q), lib.Normal(q, p)), (lib.Categorical(p), lib.Categorical(q))]
    count = len(pairs) // 4
    for i in range(0, len(pairs), 2 * count):
        for ours, theirs in zip(pairs[i : i + count], pairs[i + count : i + 2 * count]):
            value, expected = d.kl_divergence(*ours), t.kl_divergence(*theirs)
            np.testing.assert_allclose(array(value), array(expected), rtol=1e-5, atol=1e-6)
    expect_error(NotImplementedError, "no rule for", d.kl_divergence, d.Normal(0.0, 1.0), d.Categorical(cr.ones(2)))
