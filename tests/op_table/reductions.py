"""Rows: sums, extremes, softmax, sorting, statistics."""

import numpy as np

from .spec import DIMS, B, F, I, Op, S, V, bad, kink

AXIS = bad(IndexError, r"dim.*got (5|-4)", F(2, 3), dim=5)
NEGATIVE_AXIS = bad(IndexError, r"dim.*got (5|-4)", F(2, 3), dim=-4)
TWICE = bad(ValueError, r"(dim|axis).*got", F(2, 3), dim=(0, -2))
MULTI = (
    S(F(2, 3, 4), dim=(0, 2)),
    S(F(2, 3, 4), dim=(-1, 0), keepdim=True),
    S(F(2, 3), dim=[1]),
    S(F(0, 3)),
    S(F(0, 3), dim=0),
    S(F(2, 0), dim=1, keepdim=True),
    S(F(2, 3), axis=1, keepdims=True),
)
DISTINCT = (0.0, 100.0)  # also as integers: which of two equal elements comes first is free
MODES = ("lower", "higher", "midpoint", "nearest")
AXIS_Q = bad(IndexError, r"dim.*got 5", F(2, 3), 0.5, dim=5)
EMPTY = r"empty|no elements|at least one"


def ndim(f):
    """NumPy's f with dim, keepdim spelt as here."""

    def call(x, dim=None, keepdim=False, axis=None, keepdims=False):
        dim = axis if dim is None else dim
        return f(x, axis=tuple(dim) if isinstance(dim, (list, tuple)) else dim, keepdims=keepdim or keepdims)

    return call


def extreme(name, f, tie):
    """max and min: over everything a value, along a dim a (values, indices) pair, with a tensor the elementwise one."""
    return Op(
        name,
        (
            S(F(2, 3)),
            S(F()),
            S(F(17)),
            S(F(2, 3), 0),
            S(F(2, 3, 4), dim=1, keepdim=True),
            S(F(3), -1),
            S(F(2, 3), F(3)),
        ),
        nan=True,
        dtypes="all",
        kinks=(
            kink(V([2.0, tie, tie, 2.0]), grads=([0.0, 0.5, 0.5, 0.0],)),
            kink(V([[tie, 2.0, tie]]), 1, grads=([[1.0, 0.0, 0.0]],)),
        ),
        bad=(
            bad(IndexError, r"dim.*got 2", F(2, 3), 2),
            bad(ValueError, EMPTY, F(0)),
            bad(ValueError, EMPTY, F(2, 0), 1),
        ),
    )


REDUCTIONS = (
    Op("sum", DIMS + MULTI, np=ndim(np.sum), dtypes="all", nan=True, bad=(AXIS, NEGATIVE_AXIS, TWICE)),
    Op(
        "mean",
        DIMS + MULTI,
        np=ndim(np.mean),
        nan=True,
        bad=(AXIS, NEGATIVE_AXIS, TWICE, bad(TypeError, r"^mean: .*float.*got int64", I(3))),
    ),
    extreme("max", np.max, 3.0),
    extreme("min", np.min, 1.0),
    Op(
        "amax",
        DIMS + MULTI[:3],
        np=ndim(np.max),
        nan=True,
        bad=(AXIS, bad(ValueError, EMPTY, F(2, 0), dim=1)),
        kinks=(kink(V([[3.0, 3.0, 3.0, 0.0]]), dim=1, grads=([[1 / 3, 1 / 3, 1 / 3, 0.0]],)),),
    ),
    Op(
        "amin",
        DIMS + MULTI[:3],
        np=ndim(np.min),
        nan=True,
        bad=(AXIS, bad(ValueError, EMPTY, F(2, 0), dim=1)),
        kinks=(kink(V([[3.0, 0.0, 0.0, 4.0]]), dim=1, grads=([[0.0, 0.5, 0.5, 0.0]],)),),
    ),
    Op(
        "argmax",
        (*DIMS, S(I(5)), S(V([1.0, 3.0, 3.0]), 0)),
        grad=False,
        dtypes="number",
        bad=(AXIS, bad(ValueError, EMPTY, F(0))),
    ),
    Op(
        "argmin",
        (*DIMS, S(I(5)), S(V([1.0, 0.0, 0.0]), 0)),
        grad=False,
        dtypes="number",
        bad=(AXIS, bad(ValueError, EMPTY, F(0))),
    ),
    Op(
        "softmax",
        (S(F(2, 3), dim=1), S(F(2, 3), 0), S(F(7), -1), S(F(2, 3, 4), 1), S(F(), 0), S(F(0, 3), 1), S(F(2, 40, 33), 1)),
        nan=True,
        bad=(AXIS, bad(TypeError, r"^softmax: .*float.*got int64", I(3), dim=0)),
        tol=2,
    ),
    Op(
        "log_softmax",
        (S(F(2, 3), dim=1), S(F(2, 3), 0), S(F(7), -1), S(F(2, 3, 4), 1), S(F(), 0), S(F(0, 3), 1), S(F(2, 40, 33), 1)),
        nan=True,
        bad=(AXIS, bad(TypeError, r"^log_softmax: .*float.*got int64", I(3), dim=0)),
        tol=2,
    ),
    Op("prod", (*DIMS, S(V([0.0, 2.0, 3.0])), S(V([0.0, 0.0, 3.0])), S(F(0))), dtypes="all"),
    Op("logsumexp", (S(F(2, 3), dim=1), S(F(2, 3, 4), dim=(0, 2)), S(F(5), 0, keepdim=True)), tol=2),
    Op(
        "var",
        DIMS[:1] + DIMS[2:6] + (S(F(2, 3), dim=1, unbiased=False), S(F(6), correction=0), S(F(2, 3, 4), (0, 2))),
        tol=2,
    ),
    Op("std", DIMS[:1] + DIMS[2:6] + (S(F(2, 3), dim=1, unbiased=False), S(F(2, 3, 4), (0, 2))), tol=4),
    Op("var_mean", (S(F(2, 3)), S(F(2, 3), dim=1, unbiased=False)), method=None, tol=2),
    Op("std_mean", (S(F(2, 3)), S(F(2, 3), dim=1, unbiased=False)), method=None, tol=4),
    Op(
        "norm",
        (
            S(F(2, 3)),
            S(F(2, 3), dim=1),
            S(F(2, 3), 1),
            S(F(4), 3),
            S(F(2, 3), 2, dim=0, keepdim=True),
            S(F(5), float("inf")),
        ),
        avoid=(0.0,),
        tol=2,
        kinks=(kink(V([0.0, 0.0]), grads=([0.0, 0.0],)),),
    ),
    Op("norm nuc", (S(F(2, 3), "nuc"),), fn="norm", method="norm", avoid=(0.0,), tol=4),
    Op("nansum", (S(F(2, 3)), S(F(2, 3), dim=1), S(V([1.0, np.nan, 2.0])))),
    Op(
        "cumsum",
        (S(F(2, 3), 1), S(F(5), dim=0), S(F(2, 3, 2), -2), S(F(0), 0), S(F(), 0)),
        dtypes="all",
        inplace="cumsum_",
    ),
    Op("cumprod", (S(F(2, 3), 1), S(F(5), dim=0), S(V([2.0, 0.0, 3.0]), 0)), inplace="cumprod_"),
    Op(
        "logcumsumexp",
        (
            S(F(2, 3), 1),
            S(F(5), dim=0),
            S(F(2, 3, 2), -2),
            S(F(0), 0),
            S(F(), 0),
            S(V([800.0, -np.inf, -800.0], grad=False), 0),
            S(V([-np.inf, -np.inf, 1.0], grad=False), 0),
        ),
        nan=False,
        tol=2,
        bad=(AXIS, bad(TypeError, r"^logcumsumexp: .*float.*got int64", I(3), dim=0)),
    ),
    Op(
        "cummax",
        (
            S(F(2, 3), 1),
            S(F(5), dim=0),
            S(F(2, 3, 2), -2),
            S(F(0), 0),
            S(F(), 0),
            S(V([1.0, np.nan, 3.0], grad=False), 0),
        ),
        dtypes="all",
        kinks=(kink(V([1.0, 1.0, 0.0]), 0, grads=([1.0, 2.0, 0.0],)),),
        bad=(AXIS,),
    ),
    Op(
        "cummin",
        (
            S(F(2, 3), 1),
            S(F(5), dim=0),
            S(F(2, 3, 2), -2),
            S(F(0), 0),
            S(F(), 0),
            S(V([1.0, np.nan, 0.0], grad=False), 0),
        ),
        dtypes="all",
        kinks=(kink(V([1.0, 1.0, 2.0]), 0, grads=([1.0, 2.0, 0.0],)),),
        bad=(AXIS,),
    ),
    Op(
        "aminmax",
        (S(F(2, 3)), S(F()), S(F(2, 3, 4), dim=1), S(F(2, 3), dim=-1, keepdim=True)),
        dtypes="all",
        bad=(AXIS, bad(ValueError, EMPTY, F(0))),
    ),
    Op(
        "quantile",
        (
            S(F(7), 0.3),
            S(F(2, 3), V([0.0, 0.4, 1.0], grad=False)),
            S(F(2, 6), 0.5, 1),
            S(F(2, 6, 3), V([0.9, 0.25]), dim=1, keepdim=True),
            S(F(2, 3), 0.7, keepdim=True),
            *(S(F(2, 6), V([0.1, 0.5, 0.65], grad=False), 1, interpolation=i) for i in MODES),
            S(V([[1.0, np.nan, 3.0], [3.0, 4.0, 5.0]], grad=False), 0.5, 1),
            S(F(), 0.5),
        ),
        tol=2,
        bad=(
            AXIS_Q,
            bad(ValueError, r"^quantile: q .*got 1.5", F(3), 1.5),
            bad(ValueError, EMPTY, F(0), 0.5),
            bad(ValueError, r"^quantile: interpolation.*got cubic", F(3), 0.5, interpolation="cubic"),
        ),
    ),
    Op(
        "nanquantile",
        (
            S(F(7), 0.3),
            S(V([[1.0, np.nan, 3.0, 2.5], [np.nan, np.nan, np.nan, np.nan]], grad=False), 0.4, 1),
            S(V([[1.0, np.nan, 3.0, 2.5], [1.0, 2.0, 4.0, 5.0]]), V([0.1, 0.8]), dim=1, keepdim=True),
            S(V([np.nan, 2.0, 1.0]), 0.5, interpolation="nearest"),
        ),
        tol=2,
    ),
    Op(
        "diff",
        (
            S(F(5)),
            S(F(2, 4), n=2),
            S(F(3, 2), dim=0),
            S(F(2, 3), 1, 1, F(2, 1), F(2, 2)),
            S(F(3), n=0),
            S(F(2), n=4),
            S(F(0)),
        ),
        dtypes="all",
        bad=(AXIS, bad(ValueError, r"^diff: .*n.*got -1", F(3), n=-1), bad(ValueError, r"^diff: .*axis", F())),
    ),
    Op(
        "trapezoid",
        (
            S(F(5)),
            S(F(2, 4), dim=0),
            S(F(2, 4), dx=0.5),
            S(F(2, 4), F(4)),
            S(F(3, 2), F(3), dim=0),
            S(F(2, 4), F(2, 4)),
            S(F(0)),
            S(F(2, 0)),
            S(F(1)),
        ),
        method=None,
        dtypes="number",
        tol=2,
    ),
    Op(
        "renorm",
        (S(F(2, 3), 2, 0, 1.0), S(F(3, 2, 2), 1, 1, 2.5), S(F(2, 3), 3.0, -1, 0.5), S(F(2, 3), 2, 0, 100.0)),
        inplace="renorm_",
        avoid=(0.0,),
        tol=2,
        bad=(bad(ValueError, r"^renorm: .*axes", F(3), 2, 0, 1.0), bad(ValueError, r"^renorm: p", F(2, 2), -1, 0, 1.0)),
    ),
    Op("nanmean", (S(F(2, 3)), S(F(2, 3), dim=1), S(V([1.0, np.nan, 2.0])))),
    Op("median", (S(F(5)), S(F(2, 4), 1), S(F(3, 2), 0, keepdim=True))),
    Op(
        "nanmedian",
        (S(F(5)), S(F(2, 4), 1), S(F(3, 2), 0, keepdim=True), S(V([3.0, np.nan, 1.0, 2.0])), S(V([[np.nan, 1.0]]), 1)),
    ),
    Op(
        "dist",
        (S(F(2, 3), F(2, 3)), S(F(2, 3), F(3), 1), S(F(4), F(4), p=3.0), S(F(4), F(4), float("inf"))),
        tol=2,
    ),
    Op("any", (S(B(2, 3)), S(B(2, 3), 1), S(B(0)), S(F(3)), S(I(2, 2), dim=0, keepdim=True)), grad=False),
    Op("all", (S(B(2, 3)), S(B(2, 3), 1), S(B(0)), S(F(3)), S(I(2, 2), dim=0, keepdim=True)), grad=False),
    Op("count_nonzero", (S(B(2, 3)), S(I(3, 4), 1), S(F(2))), grad=False),
)

SORTING = (
    Op(
        "sort",
        (
            S(F(2, 5)),
            S(F(3, 2), 0),
            S(F(4), descending=True),
            S(F()),
            S(V([1.0, 0.0, 1.0, 0.0], grad=False), stable=True),
        ),
    ),
    Op("argsort", (S(F(2, 5)), S(F(3, 2), 0), S(F(4), descending=True)), grad=False),
    Op("msort", (S(F(4, 2)), S(F(5)), S(F(2, 3, 2)))),
    Op(
        "kthvalue",
        (S(F(7), 3), S(F(2, 5), 2, 1), S(F(5, 2), 1, dim=0, keepdim=True), S(F(), 1)),
        domain=DISTINCT,
        bad=(bad(ValueError, r"^kthvalue: .*k.*got 4", F(3), 4), bad(ValueError, r"^kthvalue: .*k.*got 0", F(3), 0)),
    ),
    Op(
        "topk",
        (S(F(7), 3), S(F(2, 5), 2, 1), S(F(5, 2), 3, dim=0), S(F(5), 2, largest=False), S(F(4), 0)),
        domain=DISTINCT,
        bad=(bad(ValueError, r"^topk: .*k.*got 4", F(3), 4),),
    ),
    Op(
        "mode",
        (
            S(F(5)),
            S(V([[1.0, 3.0, 1.0, 3.0], [2.0, 2.0, 0.0, 0.0]], grad=False), 1),
            S(V([[3.0], [3.0], [1.0]], grad=False), 0, True),
            S(F()),
        ),
        dtypes="number",
        kinks=(kink(V([[3.0, 3.0, 1.0]]), 1, grads=([[0.0, 1.0, 0.0]],)),),
        bad=(AXIS, bad(ValueError, EMPTY, F(2, 0), 1)),
    ),
    Op("bincount", (S(I(9)), S(I(5), minlength=8), S(V([], "int"))), grad=False),
    Op(
        "histc",
        (
            S(F(20), bins=5, min=-2, max=2),
            S(F(4, 5)),
            S(V([1.0, 1.0]), 4),
            S(F(9), 3, -1, 1),
            S(F(0), 3),
            S(V([1.0, np.nan]), 4, 0, 2),
        ),
        grad=False,
        bad=(
            bad(ValueError, r"^histc: bins.*got 0", F(3), 0),
            bad(ValueError, r"^histc: max.*got", F(3), 3, 2, 1),
            bad(TypeError, r"^histc: .*float.*got int64", I(3)),
        ),
    ),
    Op(
        "unique",
        (
            *(S(I(9)), S(I(9), return_counts=True), S(I(9), return_inverse=True), S(I(4, 2, high=2), dim=0)),
            S(I(2, 3, 4, high=2), return_inverse=True, return_counts=True, dim=1),
        ),
        grad=False,
        bad=(bad(ValueError, r"^unique: .*got shape \(2, 0\) and dim 0", F(2, 0), dim=0),),
    ),
    Op(
        "unique_consecutive",
        (S(I(9, high=2)), S(I(2, 6, high=2), return_inverse=True, return_counts=True), S(I(6, 1, high=2), dim=0)),
        grad=False,
    ),
)

ROWS = REDUCTIONS + SORTING
