"""Rows: views, joining, repeating, conversion."""

import numpy as np

from .spec import UNARY, B, F, I, Op, S, V, bad

VIEWS = (
    Op(
        "reshape",
        (
            S(F(2, 3), (3, 2)),
            S(F(2, 3), (-1,)),
            S(F(2, 3, 4), (6, -1)),
            S(F(), (1, 1)),
            S(F(1), ()),
            S(F(0, 3), (3, 0)),
            S(F(4), (2, 1, 2)),
        ),
        np=np.reshape,
        bad=(
            bad(ValueError, r"^reshape: .*got \(2, 3\).*\(4, 2\)|^reshape: .*\(4, 2\).*\(2, 3\)", F(2, 3), (4, 2)),
            bad(ValueError, r"^reshape: .*-1.*got", F(2, 3), (-1, -1)),
            bad(ValueError, r"^reshape: .*got", F(2, 3), (4, -1)),
            bad(ValueError, r"^reshape: .*got", F(2, 3), (-2, 3)),
            bad(ValueError, r"^reshape: ", F(2, 3), (2**62, 2**62)),
        ),
    ),
    Op(
        "view",
        (S(F(2, 3), (3, 2)), S(F(2, 3), -1), S(F(2, 3, 4), 6, 4), S(F(), 1)),
        fn=None,
        bad=(bad(ValueError, r"^view: .*got", F(2, 3), (4, 2)),),
    ),
    Op(
        "transpose",
        (S(F(2, 3), 0, 1), S(F(2, 3, 4), -1, 0), S(F(3), 0, 0), S(F(0, 2), 0, 1)),
        np=np.swapaxes,
        bad=(bad(IndexError, r"^transpose: .*dim.*got 2", F(2, 3), 0, 2),),
    ),
    Op(
        "permute",
        (S(F(2, 3, 4), (2, 0, 1)), S(F(2, 3), (-1, 0)), S(F(), ()), S(F(0, 2), (1, 0))),
        np=np.transpose,
        bad=(
            bad(ValueError, r"^permute: .*got", F(2, 3), (0,)),
            bad(ValueError, r"^permute: .*got \(0, 0\)", F(2, 3), (0, 0)),
            bad(IndexError, r"^permute: .*dim.*got", F(2, 3), (0, 2)),
        ),
    ),
    Op(
        "squeeze",
        (S(F(1, 3, 1)), S(F(1, 3, 1), 0), S(F(2, 3), 0), S(F(1, 1, 2), (0, 1)), S(F(1)), S(F())),
        bad=(bad(IndexError, r"^squeeze: .*dim.*got 3", F(1, 3), 3),),
    ),
    Op(
        "unsqueeze",
        (S(F(2, 3), 0), S(F(2, 3), -1), S(F(), 0), S(F(0), 1)),
        bad=(bad(IndexError, r"^unsqueeze: .*dim.*got 4", F(2, 3), 4),),
    ),
    Op(
        "expand",
        (S(F(1, 3), (2, 3)), S(F(3), (2, 3)), S(F(2, 1), -1, 4), S(F(), (2, 2)), S(F(1), (0,))),
        fn=None,
        bad=(
            bad(ValueError, r"^expand: ", F(2, 3), (4, 3)),
            bad(ValueError, r"^expand: ", F(2, 3), (3,)),
            bad(ValueError, r"^expand: ", F(1), (2**62, 2**62)),
        ),
    ),
    Op("contiguous", UNARY, fn=None),
    Op("clone", UNARY, method="clone", np=np.copy),
    Op("detach", UNARY, fn=None, grad=False),
    Op("adjoint", (S(F(2, 3)), S(F(2, 2, 3)))),
    Op("t", (S(F(2, 3)), S(F(3)), S(F())), bad=(bad(ValueError, r"^t: .*got", F(2, 3, 4)),)),
    Op("swapaxes", (S(F(2, 3, 4), 0, 2),), np=np.swapaxes),
    Op("movedim", (S(F(2, 3, 4), 0, 2), S(F(2, 3, 4), (0, 1), (2, 0))), np=np.moveaxis),
    Op(
        "flatten",
        (S(F(2, 3, 4)), S(F(2, 3, 4), 1), S(F(2, 3, 4), 0, 1), S(F()), S(F(2, 3), start_dim=1, end_dim=-1)),
    ),
    Op("unflatten", (S(F(2, 6), 1, (2, 3)), S(F(6), 0, (-1, 2)))),
    Op("ravel", (S(F(2, 3)), S(F())), np=np.ravel),
    Op("broadcast_to", (S(F(1, 3), (2, 3)), S(F(), (2,))), np=np.broadcast_to),
    Op("view_as", (S(F(2, 3), F(3, 2, grad=False)),), fn=None),
    Op("reshape_as", (S(F(2, 3), F(3, 2, grad=False)),), fn=None),
    Op("expand_as", (S(F(1, 3), F(2, 3, grad=False)),), fn=None),
    Op(
        "narrow",
        (S(F(4, 3), 0, 1, 2), S(F(5), 0, -3, 2)),
        bad=(bad(IndexError, r"^narrow: ", F(4), 0, 3, 5),),
    ),
    Op("select", (S(F(4, 3), 0, 1), S(F(4, 3), 1, -1))),
    Op("diagonal", (S(F(3, 4)), S(F(3, 4), 1), S(F(3, 4), -2), S(F(2, 3, 4), 0, 1, 2))),
    Op("unfold", (S(F(6), 0, 2, 1), S(F(2, 7), 1, 3, 2)), fn=None),
)

JOINING = (
    Op(
        "cat",
        (
            S([F(2, 3), F(1, 3)]),
            S((F(2, 3), F(2, 2)), 1),
            S([F(3)], dim=0),
            S([F(0), F(2)]),
            S([F(2, 1, 2), F(2, 3, 2), F(2, 1, 2)], -2),
        ),
        method=None,
        bad=(
            bad(ValueError, r"^cat: .*got \(2, 3\).*\(2, 4\)", [F(2, 3), F(2, 4)]),
            bad(ValueError, r"^cat: .*(empty|at least one)", []),
            bad(IndexError, r"^cat: .*dim.*got 2", [F(2, 3), F(2, 3)], 2),
            bad(ValueError, r"^cat: ", [F(), F()]),
        ),
    ),
    Op(
        "stack",
        (S([F(2, 3), F(2, 3)]), S((F(3), F(3)), 1), S([F(), F()]), S([F(2), F(2), F(2)], dim=-1)),
        method=None,
        bad=(
            bad(ValueError, r"^stack: .*got \(2,\).*\(3,\)", [F(2), F(3)]),
            bad(ValueError, r"^stack: .*(empty|at least one)", []),
            bad(IndexError, r"^stack: .*dim.*got 3", [F(2), F(2)], 3),
        ),
    ),
    Op(
        "split",
        (S(F(5, 2), 2), S(F(2, 5), (2, 3), 1), S(F(4), 4), S(F(14), [1] * 12 + [0, 2])),
        bad=(
            bad(ValueError, r"^split: .* add up to 5 .*got 4", F(5), (2, 2)),
            bad(ValueError, r"^split: .*but 9223372036854775807 at 1 is more than the 3 left", F(5), (2, 2**63 - 1)),
            bad(ValueError, r"^split: sizes must be non-negative, got -1 at 1", F(5), (4, -1, 2)),
        ),
    ),
    Op("chunk", (S(F(5, 2), 2), S(F(2, 6), 3, 1))),
    Op("dstack", (S([F(2, 3), F(2, 3)]), S([F(3), F(3)])), method=None),
    Op("column_stack", (S([F(2, 3), F(2)]), S([F(3), F(3)])), method=None),
    Op("atleast_1d", (S(F()), S(F(2, 3))), method=None),
    Op("atleast_2d", (S(F()), S(F(3))), method=None),
    Op("atleast_3d", (S(F()), S(F(2, 3))), method=None),
    Op("broadcast_tensors", (S(F(2, 1), F(3)), S(F(), F(2))), method=None),
    Op("cartesian_prod", (S(F(2), F(3)), S(F(2))), method=None),
    Op(
        "tensor_split",
        (
            S(F(7, 2), 3),
            S(F(2, 5), (1, 3), dim=1),
            S(F(5), V([1, 3], "int")),
            S(F(13), V([*range(1, 12)], "int")),
            S(F(13), (*range(1, 12), 20)),
        ),
    ),
    Op("hsplit", (S(F(2, 4), 2), S(F(6), (1, 4)), S(F(2, 12), [*range(1, 12)]))),
    Op("vsplit", (S(F(4, 2), 2),)),
    Op("dsplit", (S(F(2, 2, 4), 2),)),
    Op("unbind", (S(F(2, 3)), S(F(2, 3), 1))),
    Op("hstack", (S([F(2, 3), F(2, 1)]), S([F(3), F(2)])), method=None),
    Op("vstack", (S([F(2, 3), F(1, 3)]), S([F(3), F(3)])), method=None),
    Op("flip", (S(F(2, 3), (0,)), S(F(2, 3), (0, 1)), S(F(4), [0]), S(F(3, 2, 35), (0, 2))), np=np.flip),
    Op("fliplr", (S(F(2, 3)),), np=np.fliplr),
    Op("flipud", (S(F(2, 3)), S(F(4))), np=np.flipud),
    Op("rot90", (S(F(2, 3), 1, (0, 1)), S(F(2, 3), 2, (0, 1)), S(F(2, 3, 2), -1, (1, 2)))),
    Op("diag_embed", (S(F(3)), S(F(2, 3)), S(F(2, 3), 1))),
    Op("roll", (S(F(5), 2), S(F(2, 3), 1, 0), S(F(2, 3), (1, 2), (0, 1)), S(F(4), -1))),
    Op("tile", (S(F(2, 3), (2,)), S(F(2), (2, 3)))),
    Op(
        "repeat",
        (S(F(2, 3), 2, 1), S(F(2), (2, 3)), S(F(2), 0)),
        fn=None,
        bad=(bad(ValueError, r"^repeat: ", F(2, 3), (2,)),),
    ),
    Op("repeat_interleave", (S(F(2, 3), 2), S(F(2, 3), 2, dim=1))),
    Op("tril", (S(F(3, 4)), S(F(3, 4), 1), S(F(2, 3, 3), -1)), inplace="tril_", np=np.tril),
    Op("triu", (S(F(3, 4)), S(F(3, 4), 1), S(F(2, 3, 3), -1)), inplace="triu_", np=np.triu),
    Op("diag", (S(F(3)), S(F(3, 3)), S(F(2), 1), S(F(3, 4), -1)), np=np.diag),
    Op("meshgrid", (S(F(2), F(3), indexing="ij"), S(F(2), F(3), indexing="xy")), method=None),
    Op(
        "pad",
        (
            S(F(2, 3), (1, 2)),
            S(F(2, 3), (1, 0, 0, 2), value=0.5),
            S(F(2, 3), (-1, 1)),
            S(F(1, 2, 4), (2, 1), "reflect"),
            S(F(1, 2, 4), (2, 1), "replicate"),
            S(F(1, 2, 4), (2, 1), "circular"),
        ),
        fn="nn.functional.pad",
        method=None,
    ),
)

CONVERSION = (
    Op("float", (S(F(2, 3)), S(I(3)), S(B(2))), fn=None, numerical=False),
    Op("double", (S(F(2, 3)), S(I(3)), S(B(2))), fn=None),
    Op("long", (S(F(2, 3)), S(I(3)), S(B(2))), fn=None, grad=False),
    Op("int", (S(F(2, 3)), S(I(3)), S(B(2))), fn=None, grad=False),
    Op("bool", (S(F(2, 3)), S(I(3)), S(B(2))), fn=None, grad=False),
    Op("byte", (S(F(2, 3, low=0)), S(I(3)), S(B(2))), fn=None, grad=False),
    Op("type_as", (S(F(2, 3), F(1, grad=False)),), fn=None),
)

ROWS = VIEWS + JOINING + CONVERSION
