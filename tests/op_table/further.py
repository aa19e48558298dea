"""Rows: special functions, powers of two, parts replaced, blocks, covariances, LU and its like, sparse products."""

import numpy as np

from .linalg import DISTINCT, SPD, SQUARE, linear
from .spec import PAIRS, UNARY, B, F, I, Op, S, V, bad

POSITIVE = (0.2, 3.0)
FEW = UNARY[:4] + UNARY[5:6]


def special(name, samples=FEW, **row):
    """A function of chainrule.special alone."""
    return Op(f"special_{name}", samples, fn=f"special.{name}", method=None, **row)


SPECIAL = (
    Op("i0", UNARY, inplace="i0_", tol=8, nan=True),
    special("i1", tol=8),
    special("i0e", tol=8, avoid=(0.0,)),
    special("i1e", tol=8, avoid=(0.0,)),
    special("erfcx", tol=8),
    special("ndtr", tol=4),
    special("log_ndtr", (*FEW, S(V([-40.0, 5.0]))), tol=8),
    special("ndtri", domain=(0.05, 0.95), tol=20),
    special("entr", domain=POSITIVE, tol=4),
    special("xlog1py", PAIRS, domain=POSITIVE, tol=4),
    special("zeta", (S(F(3, grad=False), F(3)), S(F(2, 1, grad=False), F(3))), domain=(1.5, 6.0), tol=40),
    Op(
        "igamma",
        (S(F(3, grad=False), F(3)), S(F(2, 1, grad=False), F(3)), S(V([60.0], grad=False), V([55.0]))),
        domain=POSITIVE,
        inplace="igamma_",
        tol=200,  # PyTorch's has ten digits
    ),
    Op(
        "igammac",
        (S(F(3, grad=False), F(3)), S(F(2, 1, grad=False), F(3)), S(V([60.0], grad=False), V([55.0]))),
        domain=POSITIVE,
        inplace="igammac_",
        tol=200,
    ),
    Op(
        "polygamma",
        (S(1, F(2, 3)), S(0, F(3)), S(2, F(4)), S(3, F(3))),
        domain=POSITIVE,
        method=None,
        tol=200,  # PyTorch's trigamma has ten digits
        bad=(bad(ValueError, r"^polygamma: the order n must not be negative, got -1", -1, F(2)),),
    ),
    Op(
        "mvlgamma",
        (S(F(2, 3), 2), S(F(3), 1), S(F(3), 4)),
        domain=(2.0, 4.0),
        tol=8,
        bad=(
            bad(ValueError, r"^mvlgamma: p must be at least 1, got 0", F(2), 0),
            bad(MemoryError, r"\(4611686018427387904,\)", F(2), 2**62),  # not a loop of that length
        ),
    ),
)

NUMBERS = (
    Op(
        "gcd",
        (S(I(3, 4, low=-9, high=9), I(4, low=-9, high=9)), S(V([0, 0], "int"), V([0, -5], "int"))),
        grad=False,
        inplace="gcd_",
        np=np.gcd,
        bad=(bad(TypeError, r"^gcd: both inputs must be integers, got .*float", F(2), F(2)),),
    ),
    Op(
        "lcm",
        (S(I(3, 4, low=-9, high=9), I(4, low=-9, high=9)), S(V([0, 0], "int"), V([0, -5], "int"))),
        grad=False,
        inplace="lcm_",
        np=np.lcm,
    ),
    Op("frexp", (S(F(2, 3)), S(F()), S(F(0)), S(V([0.0, -8.0, 1e-3]))), second=False, numerical=False),
    Op("ldexp", (S(F(2, 3), I(3)), S(F(3), F(3))), inplace="ldexp_", tol=4),
    Op("logaddexp2", PAIRS, tol=8),
    Op(
        "isin",
        (S(I(2, 3), I(2)), S(F(3), F(0)), S(I(3), I(3), invert=True), S(V([np.nan, 1.0]), V([np.nan, 1.0]))),
        method=None,
        grad=False,
    ),
    Op(
        "unravel_index",
        (S(I(2, 3, high=12), (3, 4)), S(I(high=24), (2, 3, 4))),
        method=None,
        grad=False,
        bad=(bad(IndexError, r"^unravel_index: .*12", V([12], "int"), (3, 4)),),
    ),
)

PARTS = (
    Op(
        "diagonal_scatter",
        (S(F(3, 3), F(3)), S(F(2, 4), F(2), 1), S(F(2, 3, 2), F(3, 2), 0, 0, 2)),
        bad=(bad(ValueError, r"^diagonal_scatter: .*shape \(3,\), got \(2,\)", F(3, 3), F(2)),),
    ),
    Op("select_scatter", (S(F(3, 2), F(2), 0, 1), S(F(2, 3), F(2), -1, -1))),
    Op("slice_scatter", (S(F(5, 2), F(2, 2), 0, 1, 5, 2), S(F(3), F(3)), S(F(2, 4), F(2, 2), 1, 2))),
    Op(
        "sum_to_size",
        (S(F(2, 3), (2, 1)), S(F(2, 3), (3,)), S(F(2, 3), (1, 1)), S(F(2), (2,))),
        fn=None,
        bad=(bad(ValueError, r"^sum_to_size: size \(2,\) must broadcast .*\(2, 3\)", F(2, 3), (2,)),),
    ),
    Op(
        "put",
        (
            S(F(2, 3), V([0, 4], "int"), F(2)),
            S(F(4), V([1, 1], "int"), F(2), accumulate=True),
            S(F(), I(1, high=1), F(1)),
        ),
        inplace="put_",
        bad=(bad(IndexError, r"^put: .*6", F(2, 3), V([6], "int"), F(1)),),
    ),
    Op(
        "index_reduce",
        (
            S(F(3, 4), 0, I(5, high=3), F(5, 4), "prod"),
            *(S(F(3, 4), 1, I(2, high=4), F(3, 2), how, include_self=False) for how in ("mean", "amax", "amin")),
        ),
        avoid=(0.0,),
        second=False,
        inplace="index_reduce_",
        tol=4,
        bad=(
            bad(ValueError, r"^index_reduce: reduce must be .*Use index_add", F(3), 0, I(2), F(2), "sum"),
            bad(ValueError, r"^index_reduce: the source must .*index \(3,\)", F(), 0, V([0, 0, 0], "int"), F(), "prod"),
            bad(ValueError, r"^index_reduce: the source must .*source \(2,\)", F(3, 2), 1, I(2), F(2), "prod"),
        ),
    ),
)

BLOCKS = (
    Op("block_diag", (S(F(2, 3), F(1, 2), F()), S(F(2))), method=None),
    Op(
        "combinations",
        (S(F(4)), S(F(4), 3), S(F(3), 2, True), S(F(2), 3), S(F(3), 1)),
        method=None,
        bad=(bad(ValueError, r"^combinations: a vector.*got shape \(2, 2\)", F(2, 2)),),
    ),
    # PyTorch's gradient of vander, and of cond by matrix norms, fails: it writes into what it has saved.
    Op("vander", (S(F(3)), S(F(3), 2), S(F(3), 4, True)), method=None, avoid=(0.0,), ref=False),
    linear("vander", (S(F(3)), S(F(2, 3), N=2)), avoid=(0.0,), tol=4),
    Op("diagflat", (S(F(2, 2)), S(F(3), -1))),
    Op(
        "inner",
        (S(F(3), F(3)), S(F(2, 3), F(4, 3)), S(F(), F(2)), S(F(2, 2, 3), F(3)), S(F(2, 0), F(3, 0))),
        tol=2,
        bad=(bad(ValueError, r"^inner: .*\(3 != 2\)", F(3), F(2)),),
    ),
    Op("pdist", (S(F(4, 2)), S(F(3, 2), 1.0), S(F(1, 2))), method=None, tol=4),
    Op(
        "cov",
        (
            *(S(F(3, 5)), S(F(4)), S(F(2, 5), correction=0)),
            S(F(2, 4), fweights=V([1, 2, 0, 3], "int"), aweights=V([0.5, 1.0, 2.0, 0.1], grad=False)),
        ),
        tol=8,
        bad=(bad(ValueError, r"^cov: at most 2 axes.*got shape \(1, 2, 3\)", F(1, 2, 3)),),
    ),
    Op("corrcoef", (S(F(3, 6)), S(F(2, 4)), S(F(4))), tol=20),
    *(
        Op(name, (S(F(4)), S(F(2, 4), dx=0.5), S(F(2, 4), F(4)), S(F(3, 2), dim=0)), method=None, tol=2)
        for name in ("trapz", "cumulative_trapezoid")
    ),
    Op(
        "gradient",
        (
            *(S(F(5)), S(F(3, 4), spacing=0.5), S(F(4, 3), dim=0, edge_order=2)),
            S(F(3, 4), spacing=(V([0.0, 1.0, 3.0], grad=False), V([0.0, 1.0, 2.0, 5.0], grad=False))),
        ),
        method=None,
        tol=4,
        bad=(
            bad(ValueError, r"^gradient: more than 1 points .*\(1,\)", F(1)),
            bad(ValueError, r"^gradient: .*each of 2 axes, got 1", F(3, 3), spacing=[F(3)], dim=(1, 0)),
            bad(ValueError, r"^gradient: ", F(3, 3), dim=(1, 1)),
        ),
    ),
)

GENERAL = V([[0.3, 2.0, 0.1], [1.5, 0.4, -0.2], [0.1, 0.7, 3.0]])
PIVOTS = V([2, 3, 3], "int")

FACTORIZATIONS = (
    linear("lu_solve", (S(SQUARE, PIVOTS, F(3, 2)), S(SQUARE, PIVOTS, F(2, 3), left=False)), ref=False, tol=20),
    Op(
        "lu_solve",
        (S(F(3, 1), SQUARE, PIVOTS),),
        ref=False,
        tol=20,
        bad=(bad(ValueError, r"^lu_solve: pivots must lie in 1 to 3, got 4", F(3, 1), SQUARE, V([1, 4, 3], "int")),),
    ),
    linear(
        "cond",
        (
            S(DISTINCT),
            S(SQUARE, 1),
            S(SQUARE, "fro"),
            S(SQUARE, -2),
            S(SQUARE, float("inf")),
            S(V([[1.0, 1.0]] * 2, grad=False), 1),
            S(V([[float("nan"), 1.0], [1.0, 1.0]], grad=False), 1),
            S(F(0, 0), 1),
        ),
        tol=200,
        second=False,
        ref=False,
        bad=(bad(ValueError, r"^linalg.cond: p must be .*got 3", SQUARE, 3),),
    ),
    linear("matrix_exp", (S(SQUARE), S(F(2, 2, 2)), S(V([[9.0, 1.0], [-2.0, 7.0]]))), tol=200),
    Op("matrix_exp", (S(SQUARE),), tol=200),
    linear(
        "householder_product",
        (S(F(4, 2), F(2)), S(F(3, 3), F(2)), S(F(2, 3, 2), F(2, 1))),
        tol=20,
        bad=(bad(ValueError, r"^linalg.householder_product: .*got \(2, 3\)", F(2, 3), F(2)),),
    ),
    linear("tensorinv", (S(V(np.eye(4).reshape(2, 2, 4) * 2 + 0.1)),), tol=40),
    linear(
        "tensorsolve",
        (S(V(np.eye(4).reshape(2, 2, 4) * 2 + 0.1), F(2, 2)),),
        tol=40,
        bad=(bad(TypeError, r"^linalg.tensorsolve: .*one floating dtype, got int64", I(2, 2, 4), I(2, 2)),),
    ),
    # PyTorch's gradients have both triangles, though one alone is read.
    Op(
        "cholesky_solve",
        (S(F(3, 2), SQUARE), S(F(3, 2), SQUARE, True), S(F(2, 3, 1), SQUARE)),
        tol=100,
        ref=False,
    ),
    Op("cholesky_inverse", (S(SPD), S(SPD, True)), tol=100, ref=False),
)


# Sparse products: chainrule.sparse's own functions are tested in test_sparse.py.
PLACES = V([[2, 0, 2, 0], [1, 0, 1, 3]], "int")  # neither in order nor once each
NOWHERE = V(np.zeros((2, 0)), "int")


def whole(values, indices, size):
    out = np.zeros(size, values.dtype)
    np.add.at(out, tuple(indices), values)
    return out


MODES, OUTSIDE = ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection")


def taps_by_numpy(grid, size, mode, outside, align):
    from chainrule._flat.numpy_ops.images import grid_taps

    return grid_taps(grid, size, MODES.index(mode), OUTSIDE.index(outside), align, (0,) * len(size))


def sampled_by_numpy(x, grid, mode, outside, align):
    from chainrule._flat.numpy_ops.images import grid_sample

    return grid_sample(x, grid, MODES.index(mode), OUTSIDE.index(outside), align)


SPARSE = (
    Op(
        "_grid_sample",
        (
            S(F(1, 1, 3, 2), F(1, 2, 2, 2), "bilinear", "zeros", False),
            S(F(2, 2, 3, 4), F(2, 3, 1, 2), "bilinear", "reflection", True),
            S(F(2, 2, 2, 3, 4), F(2, 3, 1, 1, 3), "bilinear", "border", False),
            S(F(1, 2, 3, 4), F(1, 3, 2, 2), "nearest", "border", False),
            S(F(1, 2, 3, 4), F(1, 3, 2, 2), "bicubic", "reflection", False),
        ),
        fn="_core._grid_sample",
        method=None,
        ref=False,
        np=sampled_by_numpy,
        domain=(-1.3, 1.3),
        tol=20,
        bad=(
            bad(
                ValueError,
                r"^grid_sample: one coordinate for each .* grid of shape \(1, 3, 2\)",
                *(F(1, 1, 3, 4), F(1, 3, 2), "bilinear", "zeros", False),
            ),
            bad(
                TypeError,
                r"^grid_sample: images and a grid of one floating dtype",
                *(F(1, 1, 3, 4), I(1, 3, 2, 2), "bilinear", "zeros", False),
            ),
        ),
    ),
    Op(
        "_grid_taps",
        (
            S(F(1, 2, 2), (3, 2), "bilinear", "zeros", False),
            S(F(2, 3, 2, 2), (3, 4), "bilinear", "reflection", True),
            S(F(2, 3, 3), (2, 3, 4), "bilinear", "border", False),
            S(F(1, 3, 2), (3, 4), "nearest", "border", False),
            S(F(1, 3, 2), (3, 4), "bicubic", "reflection", False),
            S(F(0, 3, 2), (3, 4), "bicubic", "zeros", False),
        ),
        fn="_core._grid_taps",
        method=None,
        ref=False,
        np=taps_by_numpy,
        domain=(-1.3, 1.3),
        tol=8,
        bad=(
            bad(
                ValueError,
                r"^grid_sample: one coordinate for each .* grid of shape \(1, 3, 2\) and images of size \(2, 3, 4\)",
                *(F(1, 3, 2), (2, 3, 4), "bilinear", "zeros", False),
            ),
            bad(TypeError, r"^grid_sample: the grid must be floating", I(1, 3, 2), (3, 4), "nearest", "zeros", False),
        ),
    ),
    Op(
        "_sparse_mm",
        (
            S(F(4), PLACES, F(4, 3), (3, 4)),
            S(F(4), PLACES, F(4, 1), (3, 4)),
            S(F(4), V([[0, 0, 1, 4], [0, 1, 1, 3]], "int"), F(4, 37), (5, 4)),
            S(F(4), PLACES, F(4, 150), (3, 4)),
            S(F(0), NOWHERE, F(4, 3), (3, 4)),
            S(F(0), NOWHERE, F(0, 3), (0, 0)),
            S(F(4), PLACES, F(4, 0), (3, 4)),
        ),
        fn="_core._sparse_mm",
        method=None,
        dtypes="number",
        ref=False,
        np=lambda values, indices, dense, size: whole(values, indices, size) @ dense,
        bad=(
            bad(ValueError, r"^sparse.mm: inner .*\(3, 5\) @ \(4, 2\) \(5 != 4\)", F(4), PLACES, F(4, 2), (3, 5)),
            bad(IndexError, r"^sparse.mm: index 2 at .* axis 0 with size 2", F(4), PLACES, F(4, 2), (2, 4)),
            bad(IndexError, r"^sparse.mm: index -1 at", F(1), V([[0], [-1]], "int"), F(4, 2), (2, 4)),
            bad(ValueError, r"^sparse.mm: one value for each index", F(3), PLACES, F(4, 2), (3, 4)),
            bad(ValueError, r"^sparse.mm: indices must have shape \(2, nnz\), got \(2,\)", F(2), I(2), F(4, 2), (3, 4)),
            bad(ValueError, r"^sparse.mm: two matrices", F(4), PLACES, F(4), (3, 4)),
            bad(TypeError, r"^sparse.mm: .*bool", B(4), PLACES, B(4, 2), (3, 4)),
            bad(TypeError, r"^sparse.mm: .*dtype", F(4), PLACES, I(4, 2), (3, 4)),
            bad(TypeError, r"^sparse.mm: an index must be of an integer dtype", F(2), F(2, 2), F(4, 2), (3, 4)),
        ),
    ),
    Op(
        "_sampled_mm",
        (
            S(F(3, 5), F(4, 5), PLACES),
            S(F(3, 37), F(4, 37), PLACES),
            S(F(3, 0), F(4, 0), PLACES),
            S(F(3, 5), F(4, 5), NOWHERE),
        ),
        fn="_core._sampled_mm",
        method=None,
        ref=False,
        np=lambda a, b, indices: (a[indices[0]] * b[indices[1]]).sum(1),
        bad=(
            bad(ValueError, r"^sparse.sampled_addmm: matrices with as many columns", F(3, 5), F(4, 4), PLACES),
            bad(IndexError, r"^sparse.sampled_addmm: index 3 at .* axis 1 with size 3", F(3, 5), F(3, 5), PLACES),
            bad(TypeError, r"^sparse.sampled_addmm: floating tensors", I(3, 5), I(4, 5), PLACES),
        ),
    ),
)

ROWS = SPECIAL + NUMBERS + PARTS + BLOCKS + FACTORIZATIONS + SPARSE
