"""Transforms, constraints and their bijections against PyTorch's."""

import numpy as np
import pytest
from helpers import array, expect_error
from test_distributions import uniform

import chainrule as cr
from chainrule import distributions as D

TRANSFORMS = {
    "Exp": (lambda t, m: t.ExpTransform(), (2, 3)),
    "Sigmoid": (lambda t, m: t.SigmoidTransform(), (2, 3)),
    "Tanh": (lambda t, m: t.TanhTransform(), (2, 3)),
    "Softplus": (lambda t, m: t.SoftplusTransform(), (2, 3)),
    "Power": (lambda t, m: t.PowerTransform(m.tensor(1.7, dtype=m.float64)), (2, 3)),
    "Affine": (lambda t, m: t.AffineTransform(0.5, m.tensor([-2.0, 1.0, 3.0], dtype=m.float64)), (2, 3)),
    "Affine of vectors": (lambda t, m: t.AffineTransform(0.5, -2.0, event_dim=1), (2, 3)),
    "StickBreaking": (lambda t, m: t.StickBreakingTransform(), (2, 3)),
    "Softmax": (lambda t, m: t.SoftmaxTransform(), (2, 3)),
    "LowerCholesky": (lambda t, m: t.LowerCholeskyTransform(), (2, 3, 3)),
    "Reshape": (lambda t, m: t.ReshapeTransform((3, 2), (6,)), (4, 3, 2)),
    "Independent": (lambda t, m: t.IndependentTransform(t.ExpTransform(), 1), (2, 3)),
    "Compose": (lambda t, m: t.ComposeTransform([t.AffineTransform(0.1, 2.0), t.StickBreakingTransform()]), (2, 3)),
    "CorrCholesky": (lambda t, m: t.CorrCholeskyTransform(), (2, 6)),
    "PositiveDefinite": (lambda t, m: t.PositiveDefiniteTransform(), (2, 3, 3)),
    "Cat": (lambda t, m: t.CatTransform([t.ExpTransform(), t.TanhTransform()], 1, [1, 2]), (2, 3)),
    "Cat of vectors": (
        lambda t, m: t.CatTransform([t.AffineTransform(0.1, 2.0, event_dim=1), t.ExpTransform()], -1, [1, 2]),
        (2, 3),
    ),
    "Stack": (lambda t, m: t.StackTransform([t.ExpTransform(), t.TanhTransform()], 0), (2, 3)),
    "Inverse": (lambda t, m: t.ComposeTransform([t.SigmoidTransform(), t.ExpTransform().inv]), (2, 3)),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_transforms(name, torch):
    make, shape = TRANSFORMS[name]
    x = uniform(*shape)
    ours, theirs = make(D.transforms, cr), make(torch.distributions.transforms, torch)
    assert ours.bijective == theirs.bijective
    assert ours.domain.event_dim == theirs.domain.event_dim
    assert ours.codomain.event_dim == theirs.codomain.event_dim
    assert tuple(ours.forward_shape(shape)) == tuple(theirs.forward_shape(shape))
    a, b = cr.tensor(x), torch.tensor(x)
    y, expected = ours(a), theirs(b)
    np.testing.assert_allclose(array(y), array(expected), rtol=1e-9)
    np.testing.assert_allclose(array(ours.inv(y)), array(theirs.inv(expected)), rtol=1e-7)
    assert tuple(ours.inv.forward_shape(y.shape)) == shape
    if ours.bijective:
        change, reference = ours.log_abs_det_jacobian(a, y), theirs.log_abs_det_jacobian(b, expected)
        np.testing.assert_allclose(array(change), array(reference), rtol=1e-8)
        np.testing.assert_allclose(array(ours.inv.log_abs_det_jacobian(y, a)), -array(reference), rtol=1e-8)


def test_cached_transform():
    """With a cache the inverse is the very tensor that was mapped, even where tanh is 1."""
    transform = D.TanhTransform(cache_size=1)
    x = cr.tensor([30.0])
    y = transform(x)
    assert transform.inv(y) is x
    assert transform.with_cache(0).inv(y).item() == float("inf")


CONSTRAINTS = [
    ("positive", [1.0, 0.0, -1.0]),
    ("nonnegative", [1.0, 0.0, -1.0]),
    ("unit_interval", [1.0, 0.5, -1.0]),
    ("boolean", [1.0, 0.0, 0.5]),
    ("nonnegative_integer", [1.0, 0.0, 0.5]),
    ("positive_integer", [1.0, 0.0, 0.5]),
    ("real", [1.0, float("nan"), float("inf")]),
    ("real_vector", [[1.0, float("nan")], [1.0, 2.0]]),
    ("simplex", [[0.5, 0.5], [0.5, 0.6], [1.5, -0.5]]),
    ("one_hot", [[0.0, 1.0], [1.0, 1.0], [0.5, 0.5]]),
    ("lower_triangular", [[[1.0, 0.0], [2.0, -1.0]], [[1.0, 1.0], [0.0, 1.0]]]),
    ("lower_cholesky", [[[1.0, 0.0], [2.0, -1.0]], [[1.0, 0.0], [3.0, 1.0]]]),
    ("symmetric", [[[1.0, 0.5], [0.5, -1.0]], [[1.0, 1.0], [0.0, 1.0]]]),
    ("positive_definite", [[[1.0, 0.5], [0.5, 1.0]], [[1.0, 2.0], [2.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]]]),
    ("positive_semidefinite", [[[1.0, 0.5], [0.5, 1.0]], [[1.0, 2.0], [2.0, 1.0]]]),
]


@pytest.mark.parametrize("name, values", CONSTRAINTS, ids=[name for name, _ in CONSTRAINTS])
def test_constraints(name, values, torch):
    ours, theirs = getattr(D.constraints, name), getattr(torch.distributions.constraints, name)
    assert (ours.event_dim, ours.is_discrete) == (theirs.event_dim, theirs.is_discrete)
    assert ours.check(cr.tensor(values)).tolist() == theirs.check(torch.tensor(values)).tolist()


def joined_constraints(lib):
    c = lib.distributions.constraints
    return [c.stack([c.positive, c.less_than(0.3), c.real], 0), c.cat([c.positive, c.interval(-1.0, 3.0)], 0, [2, 1])]


def test_joined_constraints(torch):
    x = uniform(3, 2, low=-1)
    for ours, theirs in zip(joined_constraints(cr), joined_constraints(torch)):
        assert ours.check(cr.tensor(x)).tolist() == theirs.check(torch.tensor(x)).tolist()
        assert (ours.event_dim, ours.is_discrete) == (theirs.event_dim, theirs.is_discrete)
        assert bool(ours.check(D.biject_to(ours)(cr.tensor(x))).all())


def test_registered_bijection():
    """A constraint of one's own, derived from one that is there, needs a map of its own."""

    class Softplus(type(D.constraints.positive)):
        def __init__(self):
            super().__init__(lower_bound=0.0)

    expect_error(NotImplementedError, "no map onto Softplus", D.biject_to, Softplus())
    D.biject_to.register(Softplus, lambda constraint: D.SoftplusTransform())
    assert isinstance(D.biject_to(Softplus()), D.SoftplusTransform)
    expect_error(TypeError, "register: a Constraint", D.biject_to.register, 3, lambda constraint: None)


@pytest.mark.parametrize("diag", [-1, 0, 1])
def test_triangles_as_vectors(diag, torch):
    x = uniform(2, 4, 4)
    ours = D.utils.tril_matrix_to_vec(cr.tensor(x), diag)
    theirs = torch.distributions.utils.tril_matrix_to_vec(torch.tensor(x), diag)
    np.testing.assert_array_equal(array(ours), array(theirs))
    np.testing.assert_array_equal(array(D.utils.vec_to_tril_matrix(ours, diag)), np.tril(x, diag))
    expect_error(ValueError, "fill no lower triangle", D.utils.vec_to_tril_matrix, ours[:, 1:], diag)


@pytest.mark.parametrize("name", ["real", "positive", "unit_interval", "simplex", "real_vector", "lower_cholesky"])
def test_transform_to(name):
    """What is mapped lies in the set."""
    constraint = getattr(D.constraints, name)
    x = cr.randn(4, 3, 3)
    assert bool(constraint.check(D.transform_to(constraint)(x)).all())
    interval = D.constraints.interval(cr.tensor(-2.0), cr.tensor(5.0))
    assert bool(interval.check(D.biject_to(interval)(x)).all())
    assert bool(D.constraints.simplex.check(D.biject_to(D.constraints.simplex)(x)).all())
    expect_error(NotImplementedError, "no map onto", D.transform_to, D.constraints.boolean)


def test_bijections_of_joined_constraints(torch):
    """Joined axes keep the bijection of what is joined."""
    for lib in (cr, torch):
        d = lib.distributions
        t = d.biject_to(d.constraints.independent(d.constraints.simplex, 1))
        x = lib.tensor([[0.3, -0.2], [1.0, 0.5]])
        y = t(x)
        assert t.bijective and tuple(y.shape) == (2, 3) and t.codomain.event_dim == 2
        np.testing.assert_allclose(t.inv(y).numpy(), x.numpy(), rtol=1e-5)
        assert t.log_abs_det_jacobian(x, y).dim() == 0


def test_equal_transforms():
    affine, power = D.transforms.AffineTransform, D.transforms.PowerTransform
    assert affine(0, 1) == affine(0.0, cr.ones(3)) and affine(cr.zeros(2), 1) == affine(cr.zeros(2), 1)
    assert affine(0, 1) != affine(0, 2) and affine(0, 1) != affine(0, 1, event_dim=1)
    assert affine(cr.zeros(2), 1) != affine(cr.zeros(3), 1)  # shapes that do not fit are not equal, and no error
    assert power(cr.zeros(2)) != power(cr.zeros(3)) and power(2) == power(cr.tensor([2.0, 2.0]))
    exp = D.transforms.ExpTransform
    chains = [D.transforms.ComposeTransform([exp(), exp().inv]) for _ in range(2)]
    assert chains[0] == chains[1] and len(set(chains)) == 1  # equal ones have one hash
    expect_error(TypeError, "unhashable", hash, affine(0, 1))


def test_copula(torch):
    """Numbers of one law carried to another by the two cumulative distributions."""
    results = []
    for lib in (cr, torch):
        d = lib.distributions
        t = d.ComposeTransform(
            [
                d.CumulativeDistributionTransform(d.Normal(0.0, 1.0)),
                d.CumulativeDistributionTransform(d.Cauchy(0.0, 1.0)).inv,
            ]
        )
        x = lib.tensor(uniform(3))
        results.append((array(t(x)), array(t.log_abs_det_jacobian(x, t(x)))))
    for ours, theirs in zip(*results):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_repr_of_transformed_distributions():
    shifted = D.TransformedDistribution(D.Normal(0.0, 1.0), D.AffineTransform(1.0, 2.0))
    assert repr(shifted) == f"TransformedDistribution(Normal(loc: 0.0, scale: 1.0), [{shifted.transforms[0]!r}])"
    assert repr(D.RelaxedBernoulli(cr.tensor(0.5), probs=cr.tensor(0.25))).startswith("RelaxedBernoulli(")
