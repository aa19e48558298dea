"""Linear algebra at the edges: what the rows of the table, compared with PyTorch, do not show."""

import numpy as np
from helpers import array, expect_error

import chainrule as cr


def test_condition_of_a_matrix_whose_determinant_underflows():
    a = cr.eye(120) * 1e-3
    assert cr.linalg.det(a).item() == 0
    assert abs(cr.linalg.cond(a, 1).item() - 1) < 1e-5
    assert abs(cr.linalg.cond(a, "fro").item() - 120) < 1e-3
    assert cr.linalg.cond(cr.ones(2, 2), 1).item() == float("inf")


def test_inverses_that_say_where_there_is_none(torch):
    matrices = [[[1.0, 2.0], [2.0, 4.0]], [[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]]]
    A, B = cr.tensor(matrices, requires_grad=True), torch.tensor(matrices)
    inverse, info = cr.linalg.inv_ex(A)
    expected = torch.linalg.inv_ex(B)
    assert info.tolist() == expected.info.tolist() == [2, 0, 1]
    np.testing.assert_allclose(array(inverse[1]), array(expected.inverse[1]), rtol=1e-6)
    assert inverse[0].isnan().all()
    inverse[1].sum().backward()
    assert A.grad[[0, 2]].eq(0).all() and A.grad.isfinite().all()
    for right in ((3, 2), (3, 2, 2)):
        x, info = cr.linalg.solve_ex(A, cr.ones(right))
        assert info.tolist() == [2, 0, 1]
        np.testing.assert_allclose(array(x[1]), array(torch.linalg.solve_ex(B, torch.ones(right)).result[1]), atol=1e-6)
        assert x[0].isnan().all()
    expect_error(RuntimeError, "", cr.linalg.inv_ex, A, check_errors=True)
    expect_error(RuntimeError, "", cr.linalg.solve_ex, A, cr.ones(3, 2), check_errors=True)


def test_rank_with_a_bound_for_each_matrix(torch):
    for options in ({"atol": [0.5, 0.05]}, {"rtol": [0.5, 0.05]}, {"atol": [0.0, 2.0]}, {"tol": [0.5, 0.05]}):
        results = []
        for lib in (cr, torch):
            A = lib.stack([lib.diag(lib.tensor([1.0, 0.1])), lib.diag(lib.tensor([1.0, 0.1]))])
            bounds = {name: lib.tensor(value) for name, value in options.items()}
            results.append([lib.linalg.matrix_rank(A, hermitian=h, **bounds).tolist() for h in (False, True)])
        assert results[0] == results[1]


def test_old_svd_without_vectors(torch):
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 2))
    ours, theirs = cr.svd(cr.tensor(x), compute_uv=False), torch.svd(torch.tensor(x), compute_uv=False)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-12)
    leaf = cr.tensor(x, requires_grad=True)
    leaf.svd(compute_uv=False).S.sum().backward()
    (expected,) = cr.autograd.grad(cr.linalg.svdvals(leaf).sum(), leaf)
    np.testing.assert_allclose(leaf.grad.numpy(), expected.numpy(), rtol=1e-12)
