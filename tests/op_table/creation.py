"""Rows: tensors made from a size or from another tensor's."""

from .spec import F, I, Op, S, bad

LIKE = (S(F(2, 3)), S(F()), S(F(0)), S(I(2, 2)))
SIZE = bad(ValueError, r"(size|dimension).*got|negative", (-1, 2))
HUGE = bad((ValueError, MemoryError), r"bytes|overflow|large|int64|elements", (2**40, 2**40))


def made(name, samples, **row):
    row.setdefault("method", None)
    return Op(name, samples, grad=False, **row)


ROWS = (
    made("zeros", (S((2, 3)), S(()), S((0, 2)), S(2, 3)), bad=(SIZE, HUGE)),
    made("ones", (S((2, 3)), S(()), S((0, 2)), S(2, 3)), bad=(SIZE, HUGE)),
    made("full", (S((2, 3), 1.5), S((), 2), S((2,), True)), bad=(bad(ValueError, r"negative|got", (-1, 2), 1.0),)),
    made(
        "arange",
        (S(5), S(1, 4), S(0, 1, 0.25), S(5, 0, -2), S(0.0, 2.0), S(0), S(-3.0, 40.0, 0.3)),
        bad=(bad(ValueError, r"^arange: .*step.*got", 0, 3, 0), bad(ValueError, r"^arange: ", 0, 3, -1)),
    ),
    made(
        "linspace",
        (S(0, 1, 5), S(1.0, -1.0, 4), S(0, 1, 1), S(0, 1, 0), S(0.1, 7.3, 101)),
        bad=(bad(ValueError, r"^linspace: ", 0, 1, -1),),
    ),
    made("eye", (S(3), S(2, 4), S(0)), bad=(bad(ValueError, r"^eye: ", -1),)),
    made("zeros_like", LIKE),
    made("ones_like", LIKE),
    made("full_like", tuple(S(*s.args, 2) for s in LIKE)),
    made("scalar_tensor", (S(2.5), S(3))),
    made("tril_indices", (S(3, 4), S(3, 3, 1))),
    made("triu_indices", (S(3, 4), S(3, 3, -1))),
    made("range", (S(1, 4), S(0, 1, 0.25))),
    made("logspace", (S(0, 2, 5),), tol=4),
    made("new_zeros", (S(F(2), (2, 3)), S(I(2), (3,))), fn=None, method="new_zeros"),
    made("new_ones", (S(F(2), (2, 3)), S(I(2), (3,))), fn=None, method="new_ones"),
    made("new_full", (S(F(2), (2, 3), 7), S(I(2), (3,), 7)), fn=None, method="new_full"),
)
