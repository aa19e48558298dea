"""Rows: reading and writing parts of a tensor."""

from .spec import B, F, I, Op, S, V, bad, kink

REDUCES = ("sum", "prod", "mean", "amax", "amin")

ALL = slice(None)

READS = (
    S(F(3, 4), 1),
    S(F(3, 4), -1),
    S(F(4), slice(1, 3)),
    S(F(4), slice(-3, None)),
    S(F(7), slice(None, None, 2)),
    S(F(7), slice(5, 1)),
    S(F(3, 4), (ALL, 2)),
    S(F(3, 4), (1, 2)),
    S(F(2, 3, 4), (..., 0)),
    S(F(2, 3, 4), (0, ..., slice(1, None))),
    S(F(3), None),
    S(F(3, 4), (ALL, None, 1)),
    S(F(), ()),
    S(F(), ...),
    S(F(3, 4), True),
    S(F(3, 4), [0, 2, 2]),
    S(F(3, 4), V([2, 0, 2], "int")),
    S(F(3, 4), V([[0, 1], [2, -1]], "int")),
    S(F(3, 4), (V([2, 0], "int"), V([1, 1], "int"))),
    S(F(3, 4), (ALL, V([1, 1, 3], "int"))),
    S(F(2, 3, 4), (V([1, 0], "int"), ALL, V([0, 3], "int"))),
    S(F(2, 3, 4), (ALL, V([1, 0], "int"), V([0, 3], "int"))),
    S(F(2, 3, 4), (0, ALL, V([0, 3], "int"))),
    S(F(2, 3, 4), (V([[1], [0]], "int"), V([0, 2], "int"))),
    S(F(2, 3, 4), (None, V([1, 1], "int"), slice(0, 2))),
    S(F(3, 4), V([[True, False, True, False]] * 3, "bool")),
    S(F(3, 4), V([True, False, True], "bool")),
    S(F(3, 4), (ALL, V([True, False, True, True], "bool"))),
    S(F(3, 4), (V([True, False, True], "bool"), 1)),
    S(F(3, 4), (V([True, False, True], "bool"), V([1, 2], "int"))),
    S(F(3, 4), V([], "int")),
    S(F(0, 4), (ALL, 1)),
)

ROWS = (
    Op(
        "getitem",
        READS,
        fn=None,
        method="__getitem__",
        dtypes="all",
        bad=(
            bad(IndexError, r"index:? 3 .*axis 0.* 3", F(3, 4), 3),
            bad(IndexError, r"-4", F(3, 4), -4),
            bad(IndexError, r"too many|at most", F(3, 4), (0, 0, 0)),
            bad(IndexError, r"5", F(3, 4), V([0, 5], "int")),
            bad(IndexError, r"mask", F(3, 4), V([True, False], "bool")),
            bad(IndexError, r"broadcast|shape", F(3, 4), (V([0, 1], "int"), V([0, 1, 2], "int"))),
            bad(ValueError, r"step", F(3), slice(None, None, -1)),
            bad(TypeError, r"", F(3), 1.5),
        ),
    ),
    Op(
        "gather",
        (
            S(F(3, 4), 1, I(3, 2, high=4)),
            S(F(3, 4), 0, I(2, 4, high=3)),
            S(F(4), 0, I(6, high=4)),
            S(F(3, 4), dim=1, index=V([[0, 0], [1, 1], [3, 3]], "int")),
        ),
        bad=(bad(IndexError, r"^gather: .*4", F(3, 4), 1, V([[4]], "int")),),
    ),
    Op(
        "index_select",
        (S(F(3, 4), 0, I(5, high=3)), S(F(3, 4), 1, I(2, high=4))),
        bad=(bad(IndexError, r"^index_select: .*3", F(3, 4), 0, V([3], "int")),),
    ),
    Op("take", (S(F(3, 4), I(5, high=12)), S(F(3, 4), I(2, 2, high=12)))),
    Op("take_along_dim", (S(F(3, 4), I(3, 1, high=4), 1), S(F(3, 4), I(6, high=12)))),
    Op(
        "masked_fill",
        (
            S(F(2, 3), B(2, 3), 0.5),
            S(F(2, 3), B(3), -1.0),
            S(F(2, 3, grad=False), B(2, 1), float("inf")),
            S(F(2), B(2), F()),
        ),
        fn=None,
        inplace="masked_fill_",
        bad=(
            bad(ValueError, r"^masked_fill: ", F(2, 3), B(4), 0.0),
            bad(TypeError, r"^masked_fill: ", F(3), I(3), 0.0),
        ),
    ),
    Op("masked_select", (S(F(2, 3), V([[True, False, True], [False, True, True]], "bool")),)),
    Op(
        "scatter",
        (S(F(3, 4), 1, V([[0, 1], [2, 3], [1, 0]], "int"), F(3, 2)), S(F(4), 0, V([0, 2], "int"), 1.5)),
        inplace="scatter_",
    ),
    Op(
        "scatter_add",
        (S(F(3, 4), 1, I(3, 6, high=4), F(3, 6)), S(F(4), 0, I(7, high=4), F(7))),
        inplace="scatter_add_",
    ),
    Op(
        "scatter_reduce",
        (
            *(S(F(3, 4), 1, I(3, 6, high=4), F(3, 6), r) for r in REDUCES),
            *(S(F(3, 4), 0, I(5, 3, high=3), F(5, 3), r, include_self=False) for r in REDUCES),
            S(F(4), 0, I(0), F(0), "amax"),
            S(V([0.0, 2.0, 3.0]), 0, V([0, 0, 1, 1, 2, 2], "int"), V([2.0, 3.0, 0.0, 5.0, 4.0, 6.0]), "prod"),
        ),
        inplace="scatter_reduce_",
        avoid=(0.0,),
        dtypes="number",
        tol=2,
        kinks=(
            kink(
                V([3.0, 0.0]),
                0,
                V([0, 0, 1], "int"),
                V([3.0, 1.0, 2.0]),
                "amax",
                grads=([0.5, 0.0], [0.5, 0.0, 1.0]),
            ),
        ),
        bad=(
            bad(ValueError, r"^scatter_reduce: reduce must be.*got max", F(3), 0, I(3, high=3), F(3), "max"),
            bad(IndexError, r"dim.*got 2", F(3), 2, I(3, high=3), F(3), "sum"),
        ),
    ),
    Op(
        "index_add",
        (
            S(F(3, 4), 0, I(5, high=3), F(5, 4)),
            S(F(3, 4), 1, I(2, high=4), F(3, 2), alpha=2),
            S(F(), 0, V([0], "int"), F()),
        ),
        inplace="index_add_",
    ),
    Op(
        "index_fill",
        (S(F(3, 4), 0, V([0, 2], "int"), 1.5), S(F(), 0, V([0], "int"), 1.5)),
        fn=None,
        inplace="index_fill_",
    ),
    Op("index_copy", (S(F(3, 4), 0, V([2, 0], "int"), F(2, 4)),), inplace="index_copy_"),
    Op(
        "index_put",
        (
            S(F(3, 4), (V([0, 2], "int"), V([1, 3], "int")), F(2)),
            S(F(4), (V([1, 1, 2], "int"),), F(3), accumulate=True),
        ),
        inplace="index_put_",
    ),
    Op(
        "masked_scatter",
        (S(F(2, 3), V([[True, False, True], [False, True, False]], "bool"), F(4)),),
        inplace="masked_scatter_",
    ),
    Op("argwhere", (S(V([[1.0, 0.0], [0.0, 2.0]])), S(B(3, 4))), method="argwhere", grad=False),
    Op(
        "bucketize",
        (S(V([-1.0, 0.0, 0.5]), V([0.0, 0.2, 1.0])), S(V([0.2]), V([0.0, 0.2]), right=True)),
        method=None,
        grad=False,
    ),
    Op("nonzero", (S(V([[1.0, 0.0], [0.0, 2.0]])), S(B(3, 4)), S(V([0.0]))), grad=False),
    Op("one_hot", (S(I(4)), S(I(2, 3), 7)), fn="nn.functional.one_hot", method=None, grad=False),
    Op(
        "embedding",
        (S(I(2, 3, high=5), F(5, 4)), S(I(6, low=2, high=5), F(5, 2), padding_idx=1)),
        fn="nn.functional.embedding",
        method=None,
        bad=(bad(IndexError, r"5", V([0, 5], "int"), F(5, 2)),),
    ),
    Op(
        "searchsorted",
        (S(V([0.0, 1.0, 2.0]), V([-1.0, 0.0, 0.5, 3.0])), S(V([0.0, 1.0]), V([1.0]), right=True)),
        method=None,
        grad=False,
    ),
)
