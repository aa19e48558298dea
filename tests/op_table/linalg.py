"""Rows: products and decompositions."""

import numpy as np

from .spec import F, I, Op, S, V, bad, kink

SQUARE = V([[2.0, 0.5, 0.1], [0.3, 1.5, -0.2], [0.1, 0.4, 3.0]])
SPD = V([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]])
INNER = r"inner dimensions must match, got \(2, 3\) @ \(4, 5\) \(3 != 4\)"

NIL = [[1.0, 1.0], [1.0, 1.0]]
DISTINCT = V([[2.0, 0.5], [0.3, 1.5], [0.1, 0.4]])
INVERTIBLE = (S(SQUARE), S(V([[[2.0, 0.5], [0.1, 1.0]], [[1.0, -0.5], [0.7, 1.5]]])))
SQUARE_ONLY = bad(ValueError, r"^linalg.inv: square.*got shape \(2, 3\)", F(2, 3))
FLOATS_ONLY = bad(TypeError, r"^linalg.inv: .*floating, got int64", I(2, 2))


def linear(name, samples, **row):
    """A function of chainrule.linalg."""
    return Op(f"linalg_{name}", samples, fn=f"linalg.{name}", method=None, **row)


ROWS = (
    Op(
        "matmul",
        (
            S(F(3), F(3)),
            S(F(2, 3), F(3, 4)),
            S(F(2, 3), F(3)),
            S(F(3), F(3, 2)),
            S(F(2, 2, 3), F(2, 3, 2)),
            S(F(2, 2, 3), F(3, 2)),
            S(F(2, 3), F(4, 3, 2)),
            S(F(2, 1, 2, 3), F(3, 3, 2)),
            S(F(3), F(2, 3, 2)),
            S(F(2, 2, 3), F(3)),
            S(F(0, 3), F(3, 2)),
            S(F(2, 0), F(0, 3)),
            S(F(2, 3), F(3, 0)),
            S(F(0, 2, 3), F(3, 2)),
            S(F(1, 1), F(1, 1)),
        ),
        operator="@",
        np=np.matmul,
        tol=2,
        bad=(
            bad(ValueError, "^matmul: " + INNER, F(2, 3), F(4, 5)),
            bad(ValueError, r"^matmul: .*got \(3,\).*\(4,\)", F(3), F(4)),
            bad(ValueError, r"^matmul: .*got \(\)", F(), F(2, 2)),
            bad(ValueError, r"^matmul: .*got \(2, 2, 3\).*\(3, 3, 2\)", F(2, 2, 3), F(3, 3, 2)),
            bad(TypeError, r"^matmul: .*float.*int64", F(2, 3), I(3, 2)),
        ),
    ),
    Op(
        "mm",
        (S(F(2, 3), F(3, 4)), S(F(0, 3), F(3, 2)), S(F(2, 0), F(0, 3))),
        np=np.matmul,
        tol=2,
        bad=(bad(ValueError, "^mm: " + INNER, F(2, 3), F(4, 5)), bad(ValueError, r"^mm: .*got", F(3), F(3, 2))),
    ),
    Op(
        "linear",
        (
            S(F(2, 3), F(4, 3), F(4)),
            S(F(2, 3), F(4, 3)),
            S(F(3), F(4, 3), F(4)),
            S(F(2, 2, 3), F(4, 3), F(4)),
            S(F(0, 3), F(4, 3), F(4)),
        ),
        fn="nn.functional.linear",
        method=None,
        tol=2,
        dtypes="number",
        bad=(
            bad(ValueError, r"^linear: .*got \(2, 5\).*\(4, 3\)", F(2, 5), F(4, 3)),
            bad(ValueError, r"^linear: .*bias.*got", F(2, 3), F(4, 3), F(5)),
        ),
    ),
    Op(
        "bmm",
        (S(F(2, 2, 3), F(2, 3, 2)), S(F(0, 2, 3), F(0, 3, 2))),
        np=np.matmul,
        tol=2,
        bad=(bad(ValueError, r"^bmm: ", F(2, 2, 3), F(3, 3, 2)),),
    ),
    Op("mv", (S(F(2, 3), F(3)),), np=np.matmul, tol=2, bad=(bad(ValueError, r"^mv: ", F(2, 3), F(2)),)),
    Op(
        "dot",
        (S(F(5), F(5)), S(F(0), F(0))),
        np=np.dot,
        tol=2,
        bad=(bad(ValueError, r"^dot: ", F(3), F(4)),),
    ),
    Op("outer", (S(F(2), F(3)),), np=np.outer),
    Op(
        "addmm",
        (S(F(2, 4), F(2, 3), F(3, 4)), S(F(4), F(2, 3), F(3, 4), beta=0.5, alpha=2.0)),
        inplace="addmm_",
        tol=2,
    ),
    Op("addbmm", (S(F(2, 4), F(2, 2, 3), F(2, 3, 4)),), inplace="addbmm_", tol=2),
    Op(
        "addmv",
        (S(F(2), F(2, 3), F(3)), S(F(2), F(2, 3), F(3), beta=0.5, alpha=2.0)),
        inplace="addmv_",
        tol=2,
    ),
    Op("addr", (S(F(2, 3), F(2), F(3)), S(F(2, 3), F(2), F(3), beta=0.5, alpha=2.0)), inplace="addr_"),
    Op(
        "bilinear",
        (S(F(2, 3), F(2, 4), F(5, 3, 4), F(5)), S(F(2, 3), F(2, 4), F(1, 3, 4))),
        fn="nn.functional.bilinear",
        method=None,
        tol=2,
    ),
    Op("baddbmm", (S(F(2, 2, 4), F(2, 2, 3), F(2, 3, 4)),), tol=2),
    Op(
        "einsum",
        (
            S("ij,jk->ik", F(2, 3), F(3, 2)),
            S("bij,bkj->bik", F(2, 2, 3), F(2, 4, 3)),
            S("ii->i", F(3, 3)),
            S("ij->", F(2, 3)),
            S("ba", F(2, 3)),
            S("i,j", F(2), F(3)),
            S("ij,ij->i", F(2, 3), F(2, 3)),
            S("iij,jk->ik", F(2, 2, 3), F(3, 2)),
            S("...ij,jk->...ik", F(2, 2, 3), F(3, 2)),
            S("bn,anm,bm->ba", F(2, 3), F(4, 3, 2), F(2, 2)),
        ),
        method=None,
        tol=2,
        bad=(
            bad(ValueError, r"^einsum: subscript 'j'.*got 3 and 4", "ij,jk->ik", F(2, 3), F(4, 2)),
            bad(ValueError, r"^einsum: .*2 operands, got 1", "ij,jk->ik", F(2, 3)),
            bad(ValueError, r"^einsum: .*do not fit operand 0 of shape \(2,\)", "ij->i", F(2)),
            bad(ValueError, r"^einsum: .*output.*got 'k'", "ij->k", F(2, 3)),
        ),
    ),
    Op(
        "tensordot",
        (
            S(F(2, 3), F(3, 2), dims=1),
            S(F(2, 3, 2), F(2, 3), dims=([1, 2], [1, 0])),
            S(F(2), F(2), dims=0),
            S(F(2, 1), F(3, 2), dims=1),
        ),
        method=None,
        tol=2,
        bad=(bad(ValueError, r"^tensordot: .*\(3 != 2\)", F(2, 3), F(2, 3), dims=1),),
    ),
    Op("kron", (S(F(2, 2), F(1, 3)), S(F(2), F(2)), S(F(2), F(2, 2))), np=np.kron),
    Op(
        "trace",
        (S(F(3, 3)), S(F(2, 4)), S(F(0, 2))),
        np=np.trace,
        bad=(bad(ValueError, r"^trace: .*got shape \(3,\)", F(3)),),
    ),
    Op(
        "cross",
        (S(F(2, 3), F(2, 3), dim=1), S(F(3, 2), F(3, 2), dim=0)),
        bad=(
            bad(ValueError, r"^cross: .*size 3.*got", F(2, 2), F(2, 2)),
            bad(ValueError, r"^cross: .*size 3.*got", F(2, 3), F(2, 1), dim=1),
        ),
    ),
    linear("cross", (S(F(2, 3), F(2, 3)), S(F(1, 3), F(2, 3)), S(F(3, 2), F(3, 2), dim=0))),
    linear("vecdot", (S(F(2, 3), F(2, 3)), S(F(3), F(2, 3)), S(F(2, 3), F(2, 3), dim=0))),
    Op(
        "cdist",
        (
            S(F(3, 2), F(2, 2)),
            S(F(2, 2, 2), F(2, 3, 2)),
            S(F(2, 1, 2, 3), F(3, 4, 3)),
            S(F(5, 6), F(7, 6)),
            S(F(2, 2), F(2, 2), p=1.0),
            S(F(0, 2), F(3, 2)),
            S(F(2, 0), F(3, 0)),
        ),
        method=None,
        tol=4,
        bad=(bad(ValueError, r"^cdist: .*\(2 != 3\)", F(3, 2), F(3, 3)),),
        kinks=(kink(V([[1.0, 2.0]]), V([[1.0, 2.0]]), grads=([[0.0, 0.0]], [[0.0, 0.0]])),),
    ),
    linear(
        "norm",
        (
            *(S(F(2, 3), order) for order in ("fro", "nuc", 2, 1, float("inf"))),
            *(S(F(2, 3)), S(F(4), 1), S(F(2, 3), dim=1), S(F(2, 2, 3), -2, dim=(0, 2), keepdim=True)),
        ),
        avoid=(0.0,),
        tol=20,
        bad=(bad(ValueError, r"^linalg.norm: .*order.*got 3", F(2, 3), 3), bad(ValueError, "got 'x'", F(2, 3), "x")),
    ),
    linear("vector_norm", (S(F(2, 3)), S(F(2, 3), 3, dim=1), S(F(2, 3), 1.5, dim=(0, 1))), avoid=(0.0,), tol=4),
    linear(
        "matrix_norm",
        (S(F(2, 3)), S(F(2, 2, 3), "nuc"), S(F(2, 3), 2), S(F(2, 3), "fro", dim=(0, 1), keepdim=True)),
        avoid=(0.0,),
        tol=20,
    ),
    linear("inv", INVERTIBLE, tol=20, bad=(SQUARE_ONLY, FLOATS_ONLY, bad(RuntimeError, "singular", V(NIL)))),
    Op("inverse", INVERTIBLE, tol=20),
    linear("det", (*INVERTIBLE, S(F(1, 1))), tol=40, bad=(bad(ValueError, r"linalg.det: .*square", F(2, 3)),)),
    Op("det", INVERTIBLE, tol=40),
    linear("slogdet", INVERTIBLE, tol=40),
    Op("slogdet", INVERTIBLE, tol=40),
    Op("logdet", (S(SPD),), tol=40),
    linear(
        "solve",
        (S(SQUARE, F(3, 2)), S(SQUARE, F(3)), S(SQUARE, F(2, 3), left=False), S(SQUARE, F(2, 3, 1))),
        tol=20,
        bad=(
            bad(ValueError, r"^linalg.solve: .*\(3 != 2\)", SQUARE, F(2)),
            bad(RuntimeError, "singular", V(NIL), F(2)),
            bad(TypeError, r"^linalg.solve: .*floating, got int64", I(2, 2), I(2, 2)),
            bad(TypeError, r"^linalg.solve: .*got float\d\d and int64", SQUARE, I(3, 2)),
        ),
    ),
    linear(
        "solve_triangular",
        (
            *(S(SQUARE, F(3, 2), upper=True), S(SQUARE, F(3, 1), upper=False)),
            *(S(SQUARE, F(2, 3), upper=True, left=False), S(SQUARE, F(3, 1), upper=False, unitriangular=True)),
        ),
        tol=20,
        bad=(bad(TypeError, r"^linalg.solve_triangular: .*floating, got int64", I(2, 2), I(2, 2), upper=True),),
    ),
    linear(
        "cholesky",
        (S(SPD), S(SPD, upper=True)),
        tol=20,
        numerical=False,
        bad=(bad(RuntimeError, "not positive definite", V(NIL)),),
    ),
    Op("cholesky", (S(SPD), S(SPD, upper=True)), tol=20, numerical=False),
    linear("qr", (S(F(4, 2)), S(F(2, 3)), S(SQUARE)), tol=200),
    Op("qr", (S(F(4, 2)), S(F(2, 3))), tol=200),
    linear(
        "lu_factor",
        (S(SQUARE), S(F(4, 2)), S(F(2, 3)), S(F(2, 3, 3))),
        tol=200,
        bad=(bad(RuntimeError, "zero on the diagonal of U", V(NIL)),),
    ),
    linear("lu", (S(SQUARE), S(F(4, 2)), S(F(2, 3)), S(F(2, 3, 3))), tol=200),
    Op("lu", (S(SQUARE),), tol=200, bad=(bad(RuntimeError, "zero on the diagonal of U", V(NIL)),)),
    Op(
        "lu_unpack",
        (*(S(F(3, 3), V([2, 3, 3], "int")), S(F(4, 2), V([3, 2], "int"))), S(F(2, 3), V([2, 2], "int"))),
        method=None,
        tol=200,
        ref=False,  # PyTorch takes int32 only
        bad=(
            bad(ValueError, r"^lu_unpack: pivots must be integers of shape \(2,\)", F(2, 3), I(3)),
            bad(ValueError, r"^lu_unpack: pivots must lie in 1 to 2, got 3", F(2, 3), V([1, 3], "int")),
            bad(ValueError, r"^lu_unpack: pivots .* got 4294967297", F(2, 3), V([1, 2**32 + 1], "int")),
        ),
    ),
    linear("svd", (S(DISTINCT, full_matrices=False),), tol=200, ref=False),
    Op("svd", (S(DISTINCT),), tol=200, ref=False),
    linear("svdvals", (S(DISTINCT), S(F(2, 2, 3))), tol=200),
    linear("eigh", (S(SPD),), tol=200, numerical=False, ref=False),
    linear("eigvalsh", (S(SPD), S(SPD, UPLO="U")), tol=40, numerical=False),
    linear(
        "lstsq",
        (S(DISTINCT, F(3, 2)), S(DISTINCT, F(3, 2), driver="gels"), S(DISTINCT, F(3), driver="gelsd")),
        tol=200,
        ref=False,
    ),
    linear("pinv", (S(DISTINCT), S(F(2, 3)), S(V([[2.0, 0.5], [0.5, 1.0]], grad=False), hermitian=True)), tol=200),
    Op("pinverse", (S(DISTINCT),), tol=200),
    linear("matrix_rank", (S(DISTINCT), S(V(NIL))), grad=False),
    linear("matrix_power", (S(SQUARE, 3), S(SQUARE, -2), S(SQUARE, 1)), tol=40),
    Op("matrix_power", (S(SQUARE, 3), S(SQUARE, -2)), tol=40),
    linear("multi_dot", (S((F(2), F(2, 3), F(3, 1))), S((F(2, 3), F(3, 2), F(2, 1)))), tol=2),
    Op("chain_matmul", (S(F(2, 3), F(3, 2), F(2, 1)),), method=None, tol=2),
)
