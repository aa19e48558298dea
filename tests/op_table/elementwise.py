"""Rows: arithmetic, functions of one number, comparison, selection."""

import numpy as np

from .spec import PAIRS, SCALARS, UNARY, B, F, I, Op, S, V, bad, kink

BROADCAST = bad(ValueError, r"shapes? .*got \(2, 3\)|got \(2, 3\) and \(4,\)", F(2, 3), F(4))
IPAIRS = (S(I(2, 3), I(3, low=1)), S(I(4), I(4, low=1)), S(I(), I(2, low=1)), S(I(2, 3), 3))
BPAIRS = (S(B(2, 3), B(3)), S(B(4), B(4)), S(B(), B(2)))


def unary(name, **row):
    """A function of one number; the in-place form exists unless said otherwise."""
    row.setdefault("inplace", f"{name}_")
    row.setdefault("nan", True)
    return Op(name, row.pop("samples", UNARY), **row)


def binary(name, **row):
    row.setdefault("inplace", f"{name}_")
    row.setdefault("bad", (BROADCAST,))
    row.setdefault("nan", True)
    return Op(name, PAIRS + row.pop("more", SCALARS), binary=True, **row)


def compare(name, operator, **row):
    return Op(
        name,
        PAIRS + SCALARS + IPAIRS,
        operator=operator,
        np=row.pop("np"),
        dtypes="all",
        grad=False,
        binary=True,
        bad=(BROADCAST,),
        **row,
    )


def activation(name, **row):
    """A function that only nn.functional has."""
    row.setdefault("nan", True)
    return Op(name, row.pop("samples", UNARY), fn=f"nn.functional.{name}", method=None, **row)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


ARITHMETIC = (
    binary("add", operator="+", np=np.add, dtypes="all", more=(*SCALARS, S(F(2, 3), F(3), alpha=2))),
    binary("sub", operator="-", np=np.subtract, dtypes="number", more=(*SCALARS, S(F(2, 3), F(3), alpha=0.5))),
    binary("mul", operator="*", np=np.multiply, dtypes="all"),
    binary("div", operator="/", np=np.divide, dtypes="all", domain=(0.5, 2.0)),
    binary(
        "pow",
        operator="**",
        np=np.power,
        domain=(0.3, 2.0),
        more=(*tuple(S(F(5), e) for e in (2, 3, 0.5, -1, 0, 1, -0.5, 4.0)), S(2.0, F(4))),
        method=None,
        nan=False,
        kinks=(
            kink(V([0.0, 2.0]), 0, grads=([0.0, 0.0],)),
            kink(V([0.0, 0.0]), 2, grads=([0.0, 0.0],)),
            kink(V([0.0, 0.0, 0.0]), V([2.0, 1.0, 0.0]), grads=([0.0, 1.0, 0.0], [0.0, 0.0, 0.0])),
        ),
    ),
    binary(
        "floor_divide",
        operator="//",
        np=np.floor_divide,
        dtypes="number",
        domain=(0.5, 3.0),
        nan=False,
    ),
    binary("remainder", operator="%", np=np.remainder, domain=(0.5, 3.0), tol=4, more=(S(F(2, 3), 0.7),)),
    binary("fmod", np=np.fmod, domain=(0.5, 3.0), tol=4, more=(S(F(2, 3), 0.7),)),
    binary("atan2", np=np.arctan2, domain=(0.3, 2.0), more=()),
    binary("hypot", np=np.hypot, domain=(0.3, 2.0), more=()),
    binary("copysign", np=np.copysign, avoid=(0.0,), more=(), nan=False),
    binary("xlogy", domain=(0.3, 2.0), more=()),
    binary("logaddexp", np=np.logaddexp, more=(), inplace=None),
    binary(
        "maximum",
        np=np.maximum,
        dtypes="all",
        inplace=None,
        more=(),
        kinks=(kink(V([1.0, 2.0, 0.0]), V([1.0, 1.0, 3.0]), grads=([0.5, 1.0, 0.0], [0.5, 0.0, 1.0])),),
    ),
    binary(
        "minimum",
        np=np.minimum,
        dtypes="all",
        inplace=None,
        more=(),
        kinks=(kink(V([1.0, 2.0, 0.0]), V([1.0, 1.0, 3.0]), grads=([0.5, 0.0, 1.0], [0.5, 1.0, 0.0])),),
    ),
    binary("fmax", np=np.fmax, inplace=None, more=(), nan=False),
    binary("heaviside", np=np.heaviside, avoid=(0.0,), more=(), nan=False),
    binary("nextafter", np=np.nextafter, more=(), numerical=False),
    binary("fmin", np=np.fmin, inplace=None, more=(), nan=False),
)

FUNCTIONS = (
    unary("neg", operator="-", np=np.negative, dtypes="number"),
    unary(
        "abs", np=np.abs, avoid=(0.0,), dtypes="number", kinks=(kink(V([0.0, -1.0, 2.0]), grads=([0.0, -1.0, 1.0],)),)
    ),
    unary("exp", np=np.exp, dtypes="all"),
    unary("log", np=np.log, domain=(0.2, 3.0), dtypes="all"),
    unary("sqrt", np=np.sqrt, domain=(0.2, 3.0), dtypes="all", kinks=(kink(V([0.0, 4.0]), grads=([np.inf, 0.25],)),)),
    unary("sigmoid", np=sigmoid, dtypes="all"),
    unary("tanh", np=np.tanh, dtypes="all"),
    unary(
        "relu",
        np=lambda x: np.maximum(x, 0),
        avoid=(0.0,),
        dtypes="number",
        kinks=(kink(V([0.0, -1.0, 2.0]), grads=([0.0, 0.0, 1.0],)),),
    ),
    unary("square", np=np.square),
    unary("reciprocal", np=np.reciprocal, domain=(0.3, 2.0), dtypes="all"),
    unary("rsqrt", np=lambda x: 1 / np.sqrt(x), domain=(0.3, 2.0), dtypes="all"),
    unary("exp2", np=np.exp2),
    unary("expm1", np=np.expm1),
    unary("log1p", np=np.log1p, domain=(-0.5, 2.0)),
    unary("log2", np=np.log2, domain=(0.2, 3.0)),
    unary("log10", np=np.log10, domain=(0.2, 3.0)),
    unary("sin", np=np.sin),
    unary("cos", np=np.cos),
    unary("tan", np=np.tan, domain=(-1.0, 1.0)),
    unary("asin", np=np.arcsin, domain=(-0.8, 0.8)),
    unary("acos", np=np.arccos, domain=(-0.8, 0.8)),
    unary("atan", np=np.arctan),
    unary("sinh", np=np.sinh),
    unary("cosh", np=np.cosh),
    unary("asinh", np=np.arcsinh),
    unary("acosh", np=np.arccosh, domain=(1.3, 3.0)),
    unary("atanh", np=np.arctanh, domain=(-0.8, 0.8)),
    unary("erf", tol=4),
    unary("erfc", tol=4),
    unary("erfinv", domain=(-0.8, 0.8), tol=16),
    unary("digamma", domain=(0.5, 3.0), tol=64, second=False),
    unary("logit", domain=(0.1, 0.9), tol=4, samples=(*UNARY, S(F(5), 0.2))),
    unary("sinc", np=np.sinc, avoid=(0.0,), tol=4),
    unary("lgamma", domain=(0.3, 3.0), tol=16, second=False),
    unary("floor", np=np.floor, avoid=(-1, 0, 1)),
    unary("ceil", np=np.ceil, avoid=(-1, 0, 1)),
    unary("trunc", np=np.trunc, avoid=(-1, 0, 1)),
    unary("round", np=np.round, avoid=(-1.5, -0.5, 0.5, 1.5), samples=(*UNARY, S(F(5), decimals=1))),
    unary("sign", np=np.sign, avoid=(0.0,), kinks=(kink(V([0.0, 3.0]), grads=([0.0, 0.0],)),), nan=False),
    unary("positive", inplace=None),
    unary("deg2rad", np=np.deg2rad),
    unary("rad2deg", np=np.rad2deg),
    unary("signbit", np=np.signbit, avoid=(0.0,), grad=False, inplace=None, nan=False),
    unary("isposinf", np=np.isposinf, grad=False, inplace=None, nan=False),
    unary("isneginf", np=np.isneginf, grad=False, inplace=None, nan=False),
    unary("real", inplace=None, method=None),
    unary(
        "nan_to_num",
        nan=False,
        samples=(
            *UNARY,
            S(V([np.nan, np.inf, -np.inf, 1.0], grad=False)),
            S(V([np.nan, np.inf, 2.0], grad=False), 0.5, 9),
        ),
    ),
    unary("frac", avoid=(-1, 0, 1)),
    unary("isnan", np=np.isnan, grad=False, inplace=None, nan=False),
    unary("isinf", np=np.isinf, grad=False, inplace=None, nan=False),
    unary("isfinite", np=np.isfinite, grad=False, inplace=None, nan=False),
    unary("logical_not", np=np.logical_not, grad=False, dtypes="all", nan=False),
    unary(
        "bitwise_not",
        samples=(S(B(2, 3)), S(I(4))),
        operator="~",
        grad=False,
        nan=False,
        np=np.bitwise_not,
    ),
)

COMPARISON = (
    compare("eq", "==", np=np.equal),
    compare("ne", "!=", np=np.not_equal),
    compare("lt", "<", np=np.less),
    compare("le", "<=", np=np.less_equal),
    compare("gt", ">", np=np.greater),
    compare("ge", ">=", np=np.greater_equal),
    Op("logical_and", PAIRS + BPAIRS, np=np.logical_and, grad=False, inplace="logical_and_", dtypes="all"),
    Op("logical_or", PAIRS + BPAIRS, np=np.logical_or, grad=False, inplace="logical_or_", dtypes="all"),
    Op("logical_xor", PAIRS + BPAIRS, np=np.logical_xor, grad=False, inplace="logical_xor_", dtypes="all"),
    Op("bitwise_and", BPAIRS + IPAIRS, operator="&", np=np.bitwise_and, grad=False, inplace="bitwise_and_"),
    Op("bitwise_or", BPAIRS + IPAIRS, operator="|", np=np.bitwise_or, grad=False, inplace="bitwise_or_"),
    Op("bitwise_xor", BPAIRS + IPAIRS, operator="^", np=np.bitwise_xor, grad=False, inplace="bitwise_xor_"),
    Op("bitwise_left_shift", IPAIRS, np=np.left_shift, grad=False, inplace="bitwise_left_shift_"),
    Op("bitwise_right_shift", IPAIRS, np=np.right_shift, grad=False, inplace="bitwise_right_shift_"),
    Op(
        "isclose",
        (
            S(V([1.0, 2.0, np.nan]), V([1.0, 2.1, np.nan])),
            S(V([1.0, np.nan]), V([1.05, np.nan]), atol=0.1, equal_nan=True),
        ),
        grad=False,
    ),
)

SELECTION = (
    Op(
        "where",
        (
            S(B(2, 3), F(2, 3), F(2, 3)),
            S(B(3), F(2, 3), F()),
            S(B(2, 1), F(3), F(1, 3)),
            S(B(), F(2), F(2)),
            S(B(2, 3), F(2, 3), 0.5),
            S(B(2, 3), 1.0, F(3)),
            S(B(0), F(0), F(1)),
        ),
        method=None,
        np=np.where,
        bad=(
            bad(ValueError, r"^where: .*got", B(2), F(3), F(3)),
            bad(TypeError, r"^where: .*got", F(3), F(3), F(3)),
        ),
    ),
    Op(
        "clamp",
        (
            S(F(2, 3), -0.5, 0.7),
            S(F(), -0.5, 0.7),
            S(F(17), min=-0.5),
            S(F(17), max=0.5),
            S(F(0), 0.0, 1.0),
            S(F(2, 3), F(2, 3, low=-1, high=-0.4), F(3, low=0.3, high=1)),
            S(F(2, 3), max=F(3)),
            S(F(2, 3), min=F(2, 1)),
        ),
        inplace="clamp_",
        avoid=(-0.5, 0.0, 0.5, 0.7),
        nan=True,
        # At a bound the gradient is 0, as PyTorch has it since 2.14 (1 before).
        kinks=(kink(V([-1.0, 0.0, 1.0, 2.0]), -1.0, 1.0, grads=([0.0, 1.0, 0.0, 0.0],)),),
        bad=(
            bad(ValueError, r"^clamp: .*min.*max.*got", F(3)),
            bad(ValueError, r"^clamp: .*got", F(2, 3), F(4), F(4)),
        ),
    ),
    Op(
        "clamp_min",
        (S(F(2, 3), 0.3), S(F(2, 3), F(3, low=-0.5, high=0.5))),
        inplace="clamp_min_",
        avoid=(0.3,),
    ),
    Op(
        "clamp_max",
        (S(F(2, 3), 0.3), S(F(2, 3), F(3, low=-0.5, high=0.5))),
        inplace="clamp_max_",
        avoid=(0.3,),
    ),
    Op("float_power", (S(F(2, 3), 2), S(F(2, 3, low=0.3), F(3))), inplace="float_power_"),
    Op("rsub", (S(F(2, 3), F(3)), S(F(2, 3), 1.5), S(F(3), F(3), alpha=2)), method=None),
    Op("clip", (S(F(2, 3), -0.5, 0.7), S(F(4), max=0.6)), inplace="clip_", avoid=(-0.5, 0.6, 0.7)),
    Op("lerp", (S(F(2, 3), F(3), 0.3), S(F(2, 3), F(2, 3), F(2, 1)), S(F(), F(2), 0.7)), inplace="lerp_"),
    Op("addcmul", (S(F(2, 3), F(3), F(2, 1)), S(F(2, 3), F(2, 3), F(2, 3), value=0.5)), inplace="addcmul_"),
    Op(
        "addcdiv",
        (S(F(2, 3), F(3), F(2, 1, low=0.5)), S(F(4), F(4), F(4, low=0.5), value=-0.5)),
        inplace="addcdiv_",
    ),
)

ACTIVATIONS = (
    activation(
        "step",
        np=lambda x: (x > 0) * 1.0,
        avoid=(0.0,),
        ref=False,
        nan=False,
        kinks=(kink(V([0.0, 1.0, -1.0]), grads=([0.0, 0.0, 0.0],)),),
    ),
    activation(
        "maxout",
        samples=(S(F(2, 4), 2), S(F(6), 3, 0), S(F(2, 4, 3), 2, dim=1)),
        np=lambda x, groups, dim=1: np.stack(
            [np.take(x, range(k, x.shape[dim], groups), dim) for k in range(groups)]
        ).max(0),
        ref=False,
        nan=False,
        kinks=(kink(V([[1.0, 1.0, 0.0, 2.0]]), 2, grads=([[0.5, 0.5, 0.0, 1.0]],)),),
        bad=(bad(ValueError, r"^maxout: .*got", F(2, 3), 2),),
    ),
    activation("softplus", samples=(*UNARY, S(F(5), beta=2.0), S(F(5), 1.0, 1.5)), tol=4),
    activation("elu", samples=(*UNARY, S(F(5), alpha=0.5)), avoid=(0.0,)),
    activation("selu", avoid=(0.0,)),
    activation("celu", samples=(*UNARY, S(F(5), alpha=0.5)), avoid=(0.0,)),
    activation("leaky_relu", samples=(*UNARY, S(F(5), 0.1)), avoid=(0.0,)),
    activation("rrelu", samples=(*UNARY, S(F(5), 0.1, 0.3)), avoid=(0.0,)),
    activation("silu", tol=4),
    activation("mish", tol=4),
    activation("gelu", samples=(*UNARY, S(F(5), approximate="tanh")), tol=4),
    activation(
        "relu6", domain=(-2.0, 8.0), avoid=(0.0, 6.0), kinks=(kink(V([0.0, 3.0, 6.0]), grads=([0.0, 1.0, 0.0],)),)
    ),
    activation(
        "hardtanh",
        samples=(*UNARY, S(F(5), -0.5, 0.5)),
        avoid=(-1.0, -0.5, 0.5, 1.0),
        kinks=(kink(V([-1.0, 0.0, 1.0]), grads=([0.0, 1.0, 0.0],)),),
    ),
    # PyTorch multiplies the gradient by 1/6 in float32, whatever the dtype.
    activation("hardsigmoid", domain=(-4, 4), avoid=(-3.0, 3.0), grad_tol={"float64": 1000.0}),
    activation("hardswish", domain=(-4, 4), avoid=(-3.0, 3.0)),
    activation("softsign", avoid=(0.0,)),
    activation("logsigmoid", tol=4),
    activation("tanhshrink"),
    activation("softshrink", avoid=(-0.5, 0.5)),
    activation("hardshrink", avoid=(-0.5, 0.5)),
    activation("threshold", samples=(S(F(2, 3), 0.1, 20.0),), avoid=(0.1,)),
    activation("prelu", samples=(S(F(2, 3), F(1)), S(F(2, 3), F(3)), S(F(2, 3, 4), F(3))), avoid=(0.0,), nan=False),
    activation("glu", samples=(S(F(2, 4)), S(F(4, 3), dim=0)), nan=False),
    activation("softmin", samples=(S(F(2, 3), dim=1), S(F(3), dim=0)), nan=False),
)

ROWS = ARITHMETIC + FUNCTIONS + COMPARISON + SELECTION + ACTIVATIONS
