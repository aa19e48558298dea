"""Distributions against PyTorch's: values, gradients, shapes, errors, and the same samples at the same seed.

Each row of CASES makes a distribution from a library's module of distributions and its tensors, so the same row serves
both.
"""

import dataclasses
import math
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
    tol: float = 1e-9
    # Of gradients of samples. PyTorch's for gamma numbers are approximations, good to some 5e-4; those of Dirichlet
    # numbers belong to another way of sampling (None): ours are tested by their mean.
    sample_tol: float | None = 1e-7


def uniform(*shape, low=0.2, high=0.9, seed=3):
    return np.random.default_rng(seed).uniform(low, high, shape)


def spread(*shape):
    return uniform(*shape, low=0.8, high=3.0, seed=4)


def tril(*shape):
    return np.tril(uniform(*shape)) + np.eye(shape[-1])


SAMPLE_TOL = {
    "Gamma": 2e-3,
    "Chi2": 2e-3,
    "StudentT": 2e-3,
    "FisherSnedecor": 1e-2,
    "InverseGamma": 2e-3,
    "Beta": None,
    "Dirichlet": None,
}


def plain(name, **parameters):
    return Case(name, lambda d, **p: getattr(d, name)(**p), parameters, sample_tol=SAMPLE_TOL.get(name, 1e-7))


CASES = [
    plain("Normal", loc=uniform(3), scale=uniform(2, 1)),
    Case("Categorical probs", lambda d, **p: d.Categorical(**p), {"probs": uniform(2, 4)}),
    Case("Categorical logits", lambda d, **p: d.Categorical(**p), {"logits": uniform(2, 4, low=-2)}),
    Case("Bernoulli probs", lambda d, **p: d.Bernoulli(**p), {"probs": uniform(3)}),
    Case("Bernoulli logits", lambda d, **p: d.Bernoulli(**p), {"logits": uniform(3, low=-2)}),
    plain("ContinuousBernoulli", probs=np.array([0.1, 0.4999, 0.5, 0.7])),
    Case(
        "RelaxedBernoulli", lambda d, **p: d.RelaxedBernoulli(**p), {"temperature": spread(1)[0], "probs": uniform(3)}
    ),
    plain("RelaxedOneHotCategorical", temperature=spread(1)[0], logits=uniform(2, 4)),
    plain("OneHotCategorical", probs=uniform(2, 4)),
    plain("OneHotCategoricalStraightThrough", probs=uniform(2, 4)),
    Case("Binomial", lambda d, **p: d.Binomial(6, **p), {"probs": uniform(3)}),
    Case("Binomial logits", lambda d, **p: d.Binomial(30, **p), {"logits": uniform(3, low=-1)}),
    plain("NegativeBinomial", total_count=spread(3), probs=uniform(3)),
    plain("Geometric", probs=uniform(3)),
    plain("Poisson", rate=np.array([0.5, 3.0, 20.0])),
    # PyTorch computes log n! of the entropy in float32.
    Case("Multinomial", lambda d, **p: d.Multinomial(5, **p), {"probs": uniform(2, 3)}, tol=1e-7),
    plain("Uniform", low=uniform(2, 1), high=spread(3) + 1),
    plain("Exponential", rate=uniform(3)),
    plain("Laplace", loc=uniform(3), scale=uniform(2, 1)),
    plain("Cauchy", loc=uniform(3), scale=uniform(2, 1)),
    plain("HalfNormal", scale=uniform(3)),
    plain("HalfCauchy", scale=uniform(3)),
    plain("LogNormal", loc=uniform(3), scale=uniform(2, 1, high=0.4)),
    plain("Gumbel", loc=uniform(3), scale=uniform(2, 1)),
    plain("Pareto", scale=uniform(3), alpha=spread(3) + 3),
    plain("Weibull", scale=uniform(3), concentration=spread(3)),
    plain("Kumaraswamy", concentration1=spread(3), concentration0=spread(3) + 0.2),
    plain("Gamma", concentration=spread(3) - 0.5, rate=uniform(2, 1)),
    plain("Chi2", df=spread(3)),
    plain("Beta", concentration1=spread(3) - 0.3, concentration0=spread(2, 1)),
    plain("Dirichlet", concentration=spread(2, 3)),
    plain("StudentT", df=spread(3) + 3, loc=uniform(3), scale=uniform(3)),
    plain("FisherSnedecor", df1=spread(3) + 1, df2=spread(3) + 9),
    plain("InverseGamma", concentration=spread(3) + 3, rate=uniform(3)),
    plain("MultivariateNormal", loc=uniform(2, 3), scale_tril=tril(3, 3)),
    Case(
        "MultivariateNormal covariance",
        lambda d, loc, tril: d.MultivariateNormal(loc, tril @ tril.transpose(-1, -2)),
        {"loc": uniform(3), "tril": tril(2, 3, 3)},
    ),
    Case(
        "MultivariateNormal precision",
        lambda d, loc, tril: d.MultivariateNormal(loc, precision_matrix=tril @ tril.transpose(-1, -2)),
        {"loc": uniform(3), "tril": tril(2, 3, 3)},
    ),
    Case(
        "LowRankMultivariateNormal",
        lambda d, **p: d.LowRankMultivariateNormal(**p),
        {"loc": uniform(2, 3), "cov_factor": uniform(3, 2), "cov_diag": spread(3)},
    ),
    Case(
        "Wishart",
        lambda d, df, tril: d.Wishart(df + 4, scale_tril=tril.tril()),
        {"df": spread(2), "tril": tril(2, 3, 3)},
        sample_tol=None,  # PyTorch's samples have no gradient: one of its steps is in place
    ),
    Case(
        "Wishart covariance",
        lambda d, tril: d.Wishart(5.0, tril @ tril.transpose(-1, -2)),
        {"tril": tril(2, 2)},
        sample_tol=None,
    ),
    # PyTorch's Bessel functions are polynomials good to 1e-8.
    Case("VonMises", lambda d, **p: d.VonMises(**p), {"loc": uniform(3), "concentration": spread(2, 1)}, tol=1e-6),
    Case("LKJCholesky", lambda d, **p: d.LKJCholesky(4, **p), {"concentration": spread(3)}),
    Case("LKJCholesky of one", lambda d, **p: d.LKJCholesky(2, **p), {"concentration": spread(1)[0]}),
    plain("LogisticNormal", loc=uniform(2, 3), scale=uniform(3)),
    Case("Independent", lambda d, **p: d.Independent(d.Normal(**p), 1), {"loc": uniform(2, 3), "scale": uniform(3)}),
    Case(
        "MixtureSameFamily",
        lambda d, probs, **p: d.MixtureSameFamily(d.Categorical(probs), d.Normal(**p)),
        {"probs": uniform(2, 3), "loc": uniform(2, 3), "scale": uniform(3)},
    ),
    Case(
        "MixtureSameFamily of vectors",
        lambda d, probs, **p: d.MixtureSameFamily(d.Categorical(probs), d.Independent(d.Normal(**p), 1)),
        {"probs": uniform(3), "loc": uniform(3, 2), "scale": uniform(3, 2)},
    ),
    Case(
        "TransformedDistribution",
        lambda d, loc, scale: d.TransformedDistribution(
            d.Normal(loc, 1.0), [d.AffineTransform(loc, scale), d.TanhTransform(), d.SigmoidTransform()]
        ),
        {"loc": uniform(3), "scale": uniform(3)},
    ),
    Case(
        "TransformedDistribution of vectors",
        lambda d, loc, scale: d.TransformedDistribution(d.Normal(loc, scale), d.StickBreakingTransform()),
        {"loc": uniform(2, 3), "scale": uniform(3)},
    ),
]
WHAT = ("mean", "variance", "stddev", "mode", "entropy", "perplexity")
NO_GAMMA_CDF = ("Gamma", "Chi2", "InverseGamma")  # PyTorch has no gradient of the incomplete gamma function
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
        if expected is NotImplementedError or (case.name, name) == ("Kumaraswamy", "mode"):  # NaN in PyTorch
            continue
        assert value is not NotImplementedError, name
        np.testing.assert_allclose(array(value), array(expected), rtol=case.tol, atol=1e-12, err_msg=name)
        assert value.requires_grad == expected.requires_grad or bool(expected.isnan().all()), name
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
        if expected.requires_grad and not (name == "cdf" and case.name in NO_GAMMA_CDF):
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
    """Shapes, dtypes, numbers at the same seed, and the place in the stream afterwards."""
    (ours, _), (theirs, _) = build(cr, case, dtype), build(torch, case, dtype)
    for shape in ((), (2,), (3, 8)):
        for method in ("sample", "rsample") if ours.has_rsample else ("sample",):
            cr.manual_seed(11)
            torch.manual_seed(11)
            value, expected = getattr(ours, method)(shape), getattr(theirs, method)(shape)
            assert tuple(value.shape) == tuple(expected.shape)
            assert array(value).dtype == array(expected).dtype
            tol = 2e-5 if dtype == "float32" else 1e-9
            np.testing.assert_allclose(array(value), array(expected), rtol=tol, atol=tol * 0.1)
            assert cr.rand(1).item() == torch.rand(1).item(), "another place in the stream"


@each_case
def test_law_of_samples(case):
    """Mean and variance of many samples lie where the distribution says."""
    distribution, _ = build(cr, case)
    if case.name == "VonMises":  # mean and variance on the circle
        angles = array(distribution.sample((20_000,)))
        np.testing.assert_allclose(
            1 - np.cos(angles - array(distribution.loc)).mean(0), array(distribution.variance), rtol=0.05
        )
        return
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
    if case.sample_tol is not None:
        compare_gradients(value, parameters, expected, reference, case.sample_tol, "rsample")


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


def test_generalized_pareto(torch):
    """Against SciPy, since PyTorch's takes float32 alone; and PyTorch's samples."""
    stats = pytest.importorskip("scipy.stats")
    loc, scale, c = uniform(3), spread(3), np.array([-0.4, 0.0, 0.3])
    ours = D.GeneralizedPareto(*map(cr.tensor, (loc, scale, c)))
    reference = stats.genpareto(c, loc, scale)
    x = reference.ppf([[0.1], [0.7]])
    for name, theirs in (("log_prob", "logpdf"), ("cdf", "cdf"), ("log_survival_function", "logsf")):
        np.testing.assert_allclose(array(getattr(ours, name)(cr.tensor(x))), getattr(reference, theirs)(x), rtol=1e-9)
    np.testing.assert_allclose(array(ours.icdf(cr.full((3,), 0.3, dtype=cr.float64))), reference.ppf(0.3))
    for name, theirs in (("mean", "mean"), ("variance", "var"), ("entropy", "entropy")):
        value = getattr(ours, name)
        np.testing.assert_allclose(array(value() if callable(value) else value), getattr(reference, theirs)())
    expect_error(ValueError, "value must be", ours.log_prob, cr.tensor(loc + 100))
    samples = []
    for lib in (cr, torch):
        lib.manual_seed(3)
        parameters = [lib.tensor(v.astype("float32"), requires_grad=True) for v in (loc, scale, c)]
        sample = lib.distributions.GeneralizedPareto(*parameters).rsample((4,))
        samples.append([array(v) for v in (sample, *gradients([sample], parameters, lib))])
    for value, expected in zip(*samples):
        np.testing.assert_allclose(value, expected, rtol=1e-5)


def test_wishart_gradients():
    """The mean is df V: its gradients from samples are those of the trace, p-fold V's trace and df."""
    df = cr.tensor(6.0, requires_grad=True)
    factor = cr.tensor([[1.0, 0.0], [0.5, 2.0]], requires_grad=True)
    cr.manual_seed(0)
    sample = D.Wishart(df, scale_tril=factor).rsample((20_000,))
    sample.diagonal(0, -2, -1).sum(-1).mean().backward()
    assert df.grad.item() == pytest.approx(factor.square().sum().item(), rel=0.05)
    np.testing.assert_allclose(array(factor.grad.tril()), 2 * 6 * array(factor), rtol=0.05, atol=0.2)


def test_gamma_gradients():
    """dz/da and the gradient of the cdf against differences of SciPy's incomplete gamma function."""
    special = pytest.importorskip("scipy.special")
    a, q = np.meshgrid([1e-2, 0.3, 1.0, 4.0, 30.0, 1e3, 1e5], [1e-4, 0.02, 0.3, 0.5, 0.7, 0.99, 0.9999])
    z = special.gammaincinv(a, q)
    a, z = (x[z > 1e-250] for x in (a, z))
    h = 1e-4 * np.minimum(a, np.sqrt(a))
    below = special.gammainc(a + h, z) - special.gammainc(a - h, z)
    above = special.gammaincc(a - h, z) - special.gammaincc(a + h, z)
    by_a = np.where(z < a, below, above) / (2 * h)
    density = np.exp(special.xlogy(a - 1, z) - z - special.gammaln(a))
    from chainrule.distributions.gamma import gamma_sample_gradient

    ours = array(gamma_sample_gradient(cr.tensor(a), cr.tensor(z)))
    np.testing.assert_allclose(ours, -by_a / density, rtol=3e-6)
    concentration, value = cr.tensor(a, requires_grad=True), cr.tensor(z, requires_grad=True)
    cdf = D.Gamma(concentration, 1.0).cdf(value)
    np.testing.assert_allclose(array(cdf), special.gammainc(a, z), rtol=1e-9)
    for actual, expected in zip(cr.autograd.grad(cdf.sum(), (concentration, value)), (by_a, density)):
        np.testing.assert_allclose(array(actual), expected, rtol=3e-6)


@pytest.mark.parametrize("dtype", [cr.float32, cr.float64])
def test_gamma_cdf_gradients_of_large_shapes(dtype):
    """At z = a; expected numbers by mpmath with 40 digits."""
    for shape, density, by_a in (
        (50.0, 0.056325006325190825, -0.056513127523360551),
        (1e6, 3.9894224715624403e-4, -3.9894224715619764e-4),
    ):
        a, z = (cr.tensor(shape, dtype=dtype, requires_grad=True) for _ in range(2))
        D.Gamma(a, 1.0).cdf(z).backward()
        assert z.grad.item() == pytest.approx(density, rel=1e-6 if dtype == cr.float32 else 1e-13)
        assert a.grad.item() == pytest.approx(by_a, rel=1e-6)
    df, x = cr.tensor(100.0, dtype=dtype), cr.tensor(100.0, dtype=dtype, requires_grad=True)
    D.Chi2(df).cdf(x).backward()
    assert x.grad.item() == pytest.approx(0.05632500632519083 / 2, rel=1e-6)


def test_dirichlet_gradients():
    """The mean of the gradients of samples is the gradient of the mean: here of E[x_0^2]."""
    a = cr.tensor([0.7, 1.5, 3.0], dtype=cr.float64, requires_grad=True)
    sample = D.Dirichlet(a).rsample((20_000,))
    (found,) = cr.autograd.grad(sample[:, 0].square().mean(), a)
    total = a.sum()
    (expected,) = cr.autograd.grad(a[0] * (a[0] + 1) / (total * (total + 1)), a)
    np.testing.assert_allclose(array(found), array(expected), atol=5e-3)


def test_beta_gradients():
    """As of Dirichlet: of E[x^2], and of E[x] by both parameters."""
    a = cr.tensor([0.7, 3.0, 1.5], dtype=cr.float64, requires_grad=True)
    b = cr.tensor([1.2, 0.8, 5.0], dtype=cr.float64, requires_grad=True)
    sample = D.Beta(a, b).rsample((40_000,))
    total = a + b
    for power, moment in ((1, a / total), (2, a * (a + 1) / (total * (total + 1)))):
        found = cr.autograd.grad((sample**power).mean(0).sum(), (a, b), retain_graph=True)
        for ours, expected in zip(found, cr.autograd.grad(moment.sum(), (a, b), retain_graph=True)):
            np.testing.assert_allclose(array(ours), array(expected), atol=5e-3)


def test_kumaraswamy_mode():
    """Where the density is largest."""
    d = D.Kumaraswamy(cr.tensor(2.5, dtype=cr.float64), cr.tensor(3.0, dtype=cr.float64))
    x = cr.linspace(0.001, 0.999, 999, dtype=cr.float64)
    assert abs(x[d.log_prob(x).argmax()].item() - d.mode.item()) < 1e-3


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
    (lambda: D.Uniform(1.0, 1.0), "Uniform: low must be below high, got 1.0 and 1.0"),
    (lambda: D.Uniform(0.0, 1.0).log_prob(cr.tensor(1.5)), "Uniform: value must be >= 0 and <= 1, got 1.5"),
    (lambda: D.Bernoulli(1.5), "Bernoulli: probs must be >= 0.0 and <= 1.0, got 1.5"),
    (lambda: D.Bernoulli(0.5).log_prob(cr.tensor(0.5)), "Bernoulli: value must be 0 or 1, got 0.5"),
    (lambda: D.Bernoulli(0.5, 0.5), "exactly one of probs and logits"),
    (lambda: D.Geometric(0.0), "Geometric: probs must be > 0"),
    (lambda: D.Binomial(3, 0.5).log_prob(cr.tensor(4.0)), "Binomial: value must be an integer >= 0 and <= 3, got 4"),
    (lambda: D.Multinomial(3, cr.ones(2)).log_prob(cr.tensor([1.0, 1.0])), "must be counts of sum 3"),
    (lambda: D.Dirichlet(cr.tensor(1.0)), "Dirichlet: concentration must have at least one axis"),
    (lambda: D.Dirichlet(cr.ones(2)).log_prob(cr.tensor([0.5, 0.7])), "non-negative numbers of sum 1"),
    (lambda: D.Gamma(1.0, cr.tensor([1.0, -1.0])), r"Gamma: rate must be > 0.0, got \[1.0, -1.0\]"),
    (lambda: D.MultivariateNormal(cr.zeros(2)), "exactly one of covariance_matrix, .* got none"),
    (lambda: D.MultivariateNormal(cr.zeros(2), cr.eye(3)), r"got shapes \(2,\) and \(3, 3\)"),
    (lambda: D.MultivariateNormal(cr.zeros(2), -cr.eye(2)), "covariance_matrix must be a positive definite matrix"),
    (
        lambda: D.MultivariateNormal(cr.zeros(2), cr.eye(2)).log_prob(cr.zeros(3)),
        r"event shape \(2,\), got shape \(3,\)",
    ),
    (lambda: D.Independent(D.Normal(0.0, 1.0), 1), "reinterpreted_batch_ndims must be between 0 and 0"),
    (lambda: D.MixtureSameFamily(D.Normal(0.0, 1.0), D.Normal(0.0, 1.0)), "the mixture must be a Categorical"),
    (lambda: D.MixtureSameFamily(D.Categorical(cr.ones(3)), D.Normal(cr.zeros(2), 1.0)), "must end in 3"),
    (lambda: D.TransformedDistribution(D.Normal(0.0, 1.0), D.StickBreakingTransform()), "values of 1 axes or more"),
    (lambda: D.TanhTransform(cache_size=2), "cache_size must be 0 or 1"),
]


@pytest.mark.parametrize("call, match", ERRORS, ids=[match[:40] for _, match in ERRORS])
def test_errors(call, match):
    expect_error(ValueError, match, call)


def test_lkj_cholesky_is_checked():
    expect_error(ValueError, "LKJCholesky: dim must be at least 2, got 1", D.LKJCholesky, 1)
    m = D.LKJCholesky(3, 0.5)
    factor = m.sample((100,))
    np.testing.assert_allclose(array(factor @ factor.mT)[:, range(3), range(3)], 1, rtol=1e-6)
    expect_error(ValueError, "rows of length 1", m.log_prob, 2 * cr.eye(3))
    expect_error(ValueError, "rows of length 1", m.log_prob, factor[0].mT)


def test_tails_of_cauchy():
    """Where 1/2 + atan(z) / pi and tan(pi (p - 1/2)) lose their digits."""
    m = D.Cauchy(1.0, 2.0)
    z = cr.tensor([-1e9, -1e6, 3e3, 1e-3, np.inf, -np.inf], requires_grad=True)
    cdf = m.cdf(z * 2.0 + 1.0)
    expected = [3.1830988618379067e-10, 3.183098861836846e-07, 0.999893896706, 0.5003183097800805, 1.0, 0.0]
    np.testing.assert_allclose(array(cdf), expected, rtol=3e-7)
    assert all(math.isfinite(g) for g in cr.autograd.grad(cdf[:4].sum(), z)[0].tolist())
    p = cr.tensor([1e-30, 1e-7, 0.3, 0.5, 0.9375, 0.0, 1.0], requires_grad=True)
    quantile = m.icdf(p)
    expected = [-3.183098861837907e29, -3183098.8618378, -0.7265425280053609, 0.0, 5.027339492125846, -np.inf, np.inf]
    np.testing.assert_allclose(array(quantile), 2 * np.array(expected) + 1, rtol=4e-7)
    slope = cr.autograd.grad(quantile[1:5].sum(), p)[0][1:5]
    np.testing.assert_allclose(array(slope), 2 * np.pi / np.sin(np.pi * array(p)[1:5].astype(float)) ** 2, rtol=1e-5)


def test_unchecked():
    """validate_args=False lets anything through; the default can be changed."""
    assert D.Normal(0.0, -1.0, validate_args=False).scale.item() == -1
    D.Distribution.set_default_validate_args(False)
    try:
        assert D.Normal(0.0, -1.0).scale.item() == -1
    finally:
        D.Distribution.set_default_validate_args(True)


KL = ["Normal", "Categorical", "Bernoulli", "Geometric", "Poisson", "Exponential", "Laplace", "Gamma", "Beta",
      "Dirichlet", "Gumbel", "HalfNormal", "LogNormal", "Pareto", "Cauchy", "OneHotCategorical", "Uniform"]  # fmt: skip
KL_CASES = {
    "Binomial": lambda d, a, b: d.Binomial(5, a),
    "MultivariateNormal": lambda d, a, b: d.MultivariateNormal(
        a, scale_tril=(b.unsqueeze(-1) + a.unsqueeze(-2)).tril()
    ),
    "LowRankMultivariateNormal": lambda d, a, b: d.LowRankMultivariateNormal(a, a.unsqueeze(-1) * 2, b),
    "Independent": lambda d, a, b: d.Independent(d.Normal(a, b), 1),
    "Chi2": lambda d, a, b: d.Chi2(a),
    "Transformed": lambda d, a, b: d.TransformedDistribution(d.Normal(a, b), [d.ExpTransform(), d.TanhTransform()]),
    "Independent bits": lambda d, a, b: d.Independent(d.Bernoulli(logits=a), 2),
}


@pytest.mark.parametrize("name", [*KL, *KL_CASES])
def test_kl_divergence(name, torch):
    def make(lib, seed):
        a, b = uniform(2, 3, seed=seed), uniform(2, 3, seed=seed + 9)
        if name == "Uniform":
            b = b + 1
        a, b = lib.tensor(a, requires_grad=True), lib.tensor(b, requires_grad=True)
        if name in KL_CASES:
            return KL_CASES[name](lib.distributions, a, b), (a, b)
        one = ("Categorical", "OneHotCategorical", "Bernoulli", "Geometric", "Poisson", "Exponential", "Dirichlet")
        parameters = (a,) if name in (*one, "HalfNormal") else (a, b)
        return getattr(lib.distributions, name)(*parameters), (a, b)

    results = []
    for lib in (cr, torch):
        (p, leaves), (q, more) = make(lib, 1), make(lib, 2)
        kl = lib.distributions.kl_divergence(p, q)
        grads = gradients([kl], [*leaves, *more], lib)
        results.append([array(x) for x in (kl, *grads)])
    for ours, theirs in zip(*results):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-10)


def test_kl_divergence_of_others(torch):
    """No rule is an error; a support that does not cover the other's gives infinity."""
    expect_error(NotImplementedError, "no rule for", D.kl_divergence, D.Normal(0.0, 1.0), D.Categorical(cr.ones(2)))
    assert D.kl_divergence(D.Uniform(0.0, 2.0), D.Uniform(0.5, 2.0)).item() == float("inf")
    p, q = D.Categorical(cr.tensor([0.5, 0.5])), D.Categorical(cr.tensor([1.0, 0.0]))
    assert D.kl_divergence(p, q).item() == float("inf")
    assert D.kl_divergence(q, p).item() == pytest.approx(np.log(2), rel=1e-6)
    expected = torch.distributions.kl_divergence(
        torch.distributions.Uniform(0.0, 2.0), torch.distributions.Normal(0.0, 1.0)
    )
    assert D.kl_divergence(D.Uniform(0.0, 2.0), D.Normal(0.0, 1.0)).item() == pytest.approx(expected.item(), rel=1e-6)


def test_gamma_at_the_ends():
    """F is 0 at 0 and 1 at infinity, whatever the shape; the density there is its slope."""
    for dtype in (cr.float32, cr.float64):
        a = cr.tensor([0.5, 1.0, 2.0], dtype=dtype, requires_grad=True)
        for value, expected, slope in ((0.0, 0.0, [np.inf, 1.0, 0.0]), (np.inf, 1.0, [0.0] * 3)):
            z = cr.full((3,), value, dtype=dtype, requires_grad=True)
            cdf = D.Gamma(a, 1.0, validate_args=False).cdf(z)
            assert cdf.tolist() == [expected] * 3
            by_a, by_z = cr.autograd.grad(cdf.sum(), (a, z))
            assert by_a.tolist() == [0.0] * 3 and by_z.tolist() == slope
    assert D.Chi2(0.5).cdf(cr.tensor(0.0)).item() == 0.0


def test_modes_of_dirichlet_and_beta(torch):
    """Inside, on an edge, at PyTorch's corner where the density is infinite at all of them, nowhere if it is flat."""
    for a in ([2.0, 3.0, 4.0], [0.5, 2.0, 3.0], [0.3, 0.3, 0.9], [1.0, 1.0, 1.0], [[0.5, 0.2], [3.0, 2.0]]):
        ours, theirs = (lib.distributions.Dirichlet(lib.tensor(a)).mode for lib in (cr, torch))
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6)
    for a, b in ((2.0, 3.0), (0.5, 2.0), (2.0, 0.5), (0.3, 0.5), (0.5, 0.3), (1.0, 1.0)):
        ours, theirs = (lib.distributions.Beta(lib.tensor(a), lib.tensor(b)).mode for lib in (cr, torch))
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6)
    a = cr.tensor([0.5, 0.2], requires_grad=True)
    D.Dirichlet(a).mode.sum().backward()
    assert a.grad.tolist() == [0.0, 0.0]


def test_density_of_far_odds():
    """log(1 + exp(d)) of a large d is d, not infinity."""
    logits = cr.tensor([0.0, 200.0, -200.0], dtype=cr.float64, requires_grad=True)
    value = cr.tensor([-3000.0, 0.0, 0.5], dtype=cr.float64)
    log_prob = D.bernoulli.LogitRelaxedBernoulli(cr.tensor(0.5, dtype=cr.float64), logits=logits).log_prob(value)
    d = logits.detach().numpy() - value.numpy() * 0.5
    np.testing.assert_allclose(log_prob.detach().numpy(), np.log(0.5) + d - 2 * np.logaddexp(0, d), rtol=1e-14)
    (grad,) = cr.autograd.grad(log_prob.sum(), logits)
    np.testing.assert_allclose(grad.numpy(), [-1, -1, 1], rtol=1e-12)


def test_small_tails():
    """Probabilities far from 1/2 keep their digits: nothing is added to them and taken away again."""
    x = cr.tensor([-9.0, -3.0, 2.0])
    expected = [1.1285884e-19, 1.3498980e-3, 0.97724987]
    np.testing.assert_allclose(D.Normal(0.0, 1.0).cdf(x).numpy(), expected, rtol=1e-5)
    np.testing.assert_allclose(D.LogNormal(0.0, 1.0).cdf(x.exp()).numpy(), expected, rtol=1e-5)
    flipped = D.TransformedDistribution(D.Normal(0.0, 1.0), D.AffineTransform(0.0, cr.tensor([1.0, -1.0, 2.0])))
    np.testing.assert_allclose(flipped.cdf(x).numpy(), [1.1285884e-19, 1.349898e-3, 0.8413447], rtol=1e-4)
    np.testing.assert_allclose(D.Normal(1.0, 2.0).icdf(D.Normal(1.0, 2.0).cdf(x)).numpy(), x.numpy(), rtol=1e-5)
    assert D.LogNormal(0.0, 1.0).icdf(cr.tensor(1e-9)).item() == pytest.approx(math.exp(-5.9978070150076869), rel=1e-5)
    for half, slope in ((D.HalfNormal(2.0), math.sqrt(2 / math.pi) / 2), (D.HalfCauchy(2.0), 1 / math.pi)):
        small = cr.tensor([1e-30, 1e-9])
        np.testing.assert_allclose(half.cdf(small).numpy(), slope * small.numpy(), rtol=1e-5)
        np.testing.assert_allclose(half.icdf(half.cdf(small)).numpy(), small.numpy(), rtol=1e-5)
