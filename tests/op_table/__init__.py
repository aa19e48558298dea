"""One row for each operation: what it takes, what it must give, what it must refuse.

`OPS` is read by the generic tests (test_ops.py and others). An operation is finished when its row is here.
"""

from . import conv, creation, elementwise, further, indexing, linalg, losses, recurrent, reductions, shape
from .spec import Bad, Call, Kink, Op, S, T, arrays, exists, flatten, lookup

OPS = (
    elementwise.ROWS
    + reductions.ROWS
    + shape.ROWS
    + indexing.ROWS
    + linalg.ROWS
    + losses.ROWS
    + creation.ROWS
    + conv.ROWS
    + recurrent.ROWS
    + further.ROWS
)

# Second names: name -> row. Tested to be the same function.
ALIASES = {
    "absolute": "abs",
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctan2": "atan2",
    "arctanh": "atanh",
    "concat": "cat",
    "concatenate": "cat",
    "divide": "div",
    "fix": "trunc",
    "ger": "outer",
    "greater": "gt",
    "greater_equal": "ge",
    "less": "lt",
    "less_equal": "le",
    "moveaxis": "movedim",
    "multiply": "mul",
    "negative": "neg",
    "not_equal": "ne",
    "row_stack": "vstack",
    "sgn": "sign",
    "subtract": "sub",
    "swapdims": "swapaxes",
    "true_divide": "div",
    "vdot": "dot",
}

# Registered names without a row: writes, creation without values, random numbers; by the file that tests them.
ELSEWHERE = {
    "test_indexing.py": "setitem fill_diagonal as_strided",
    "test_tensor.py": "allclose equal copy fill zero set resize to empty empty_like new_empty",
    "test_optim.py": "sgd_step adam_step adamw_step",
    "test_random.py": "_standard_gamma bernoulli binomial "
    "cauchy exponential geometric log_normal multinomial normal poisson rand rand_like "
    "randint randint_like randn randn_like random randperm uniform dropout alpha_dropout dropout1d dropout2d dropout3d "
    "feature_alpha_dropout",
}

__all__ = [
    "ALIASES",
    "ELSEWHERE",
    "OPS",
    "Bad",
    "Call",
    "Kink",
    "Op",
    "S",
    "T",
    "arrays",
    "exists",
    "flatten",
    "lookup",
]
