"""How each operation is written in NumPy, an expression of its inputs: numbers, shapes, sums, products, indexing."""

from __future__ import annotations

from .calls import TEMPLATES, Call, Written, bits, call, geometry, infix, literal, one, template, wrapped

NUMPY_NAMES = """exp log sqrt tanh sin cos tan sinh cosh abs floor ceil trunc sign square sinc exp2 expm1 log1p log2
log10 reciprocal isnan isinf isfinite logical_not signbit"""
NUMPY_PAIRS = """maximum minimum fmax fmin hypot logaddexp copysign nextafter fmod remainder floor_divide heaviside
logical_and logical_or logical_xor bitwise_and bitwise_or bitwise_xor"""


def _fill() -> None:
    numpy = {name: name for name in NUMPY_NAMES.split()}
    numpy |= {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh"}
    numpy |= {"atanh": "arctanh", "sgn": "sign", "bitwise_not": "invert"}
    numpy |= {name: name for name in ("linalg.cholesky", "linalg.det", "linalg.inv", "linalg.slogdet")}
    for op, name in numpy.items():
        TEMPLATES[op] = call(f"np.{name}({{0}})")
    for name in NUMPY_PAIRS.split():
        TEMPLATES[name] = call(f"np.{name}({{0}}, {{1}})")
    TEMPLATES["atan2"] = call("np.arctan2({0}, {1})")
    for op, sign in {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}.items():
        TEMPLATES[op] = infix(f"{{0}} {sign} {{1}}")
    for name in ("erf", "erfc", "erfinv", "lgamma", "digamma", "sigmoid"):
        TEMPLATES[name] = call(f"{name}({{0}})")
    for name in ("i0", "i0e", "i1", "i1e", "erfcx", "log_ndtr", "ndtri", "entr"):
        TEMPLATES[name] = call(f"special('{name}', {{0}})")
    for name in ("xlog1py", "zeta", "gammainc", "gammaincc"):
        TEMPLATES[name] = call(f"special('{name}', {{0}}, {{1}})")
    TEMPLATES.update(
        polygamma=call("special('polygamma', {n}, {0})"),
        bessel_i=call("special('iv', {n}, {0})"),
        bessel_ie=call("special('ive', {n}, {0})"),
        gamma_density=call("gamma_density({0}, {1})"),
        frexp=call("np.frexp({0})"),
        neg=infix("-{0}"),
        rsqrt=infix("1 / np.sqrt({0})"),
        relu=call("np.maximum({0}, 0)"),
        frac=infix("{0} - np.trunc({0})"),
        positive=infix("+{0}"),
        clone=call("np.array({0})"),
        detach=call("{0}"),
        step=lambda c: Written(f"{c.dtypes[0]}({c.x[0]} > 0)", True),
        deg2rad=infix("{0} * {value!r}"),
        rad2deg=infix("{0} * {value!r}"),
        leaky_relu=call("np.where({0} > 0, {0}, {value} * {0})"),
        hardshrink=call("np.where(np.abs({0}) <= {value}, 0, {0})"),
        softshrink=call("np.where(np.abs({0}) <= {value}, 0, {0} - {value} * np.sign({0}))"),
        threshold=call("np.where({0} <= {threshold}, {value}, {0})"),
        hardtanh=call("np.clip({0}, {low}, {high})"),
        hardsigmoid=call("np.clip({0} / 6 + 0.5, 0, 1)"),
        hardswish=infix("{0} * np.clip({0} + 3, 0, 6) / 6"),
        silu=infix("{0} * sigmoid({0})"),
        mish=infix("{0} * np.tanh(softplus({0}))"),
        softsign=infix("{0} / (1 + np.abs({0}))"),
        logsigmoid=call("-softplus(-({0}), 1.0, np.inf)"),
        softplus=call("softplus({0}, {beta}, {threshold})"),
        prelu=call("np.where({0} > 0, {0}, {1} * {0})"),
        logit=call("logit({0}, {low}, {high})"),
        nan_to_num=call("nan_to_num({0}, {nan}, {posinf}, {neginf})"),
        xlogy=call("xlogy({0}, {1})"),
        lerp=infix("{0} + {2} * ({1} - {0})"),
        addcmul=infix("{0} + {value!r} * {1} * {2}"),
        addcdiv=infix("{0} + {value!r} * {1} / {2}"),
        where=call("np.where({0}, {1}, {2})"),
        masked_fill=call("np.where({1}, {2}, {0})"),
        masked_mul=call("np.where({0}, {1}, 0)"),
        dropout=infix("{0} * {1} * {value!r}"),
        bitwise_left_shift=infix("{0} << {1}"),
        bitwise_right_shift=infix("{0} >> {1}"),
        dot=call("np.dot({0}, {1})"),
        linalg_solve=call("solve({0}, {1})"),
    )
    TEMPLATES["clamp"] = call("np.clip({0}, {low}, {high})")
    for name in ("elu", "selu", "celu"):
        TEMPLATES[name] = call("elu({0}, {alpha}, {scale}, {input_scale})")
    TEMPLATES.update({"linalg.solve": call("solve({0}, {1})"), "masked_fill_": TEMPLATES["masked_fill"]})


_fill()


@template("add", "sub")
def _sum(c: Call) -> Written:
    sign = "+" if c.op == "add" else "-"
    if "first" in c.attributes:
        return Written(f"{literal(c.first)} - {wrapped(c.x[0])}")
    if "value" not in c.attributes:
        return Written(f"{wrapped(c.x[0])} {sign} {wrapped(c.x[1])}")
    value = c.value
    if len(c.x) == 2:
        return Written(f"{wrapped(c.x[0])} + {literal(value)} * {wrapped(c.x[1])}")
    return Written(f"{wrapped(c.x[0])} {'-' if value < 0 else '+'} {literal(abs(value))}")


@template("rsub")
def _rsub(c: Call) -> Written:
    return Written(f"{literal(c.first)} - {wrapped(c.x[0])}")


@template("mul", "div", "pow")
def _binary(c: Call) -> Written:
    sign = {"mul": "*", "div": "/", "pow": "**"}[c.op]
    if "rounding" in c.attributes:  # 1: towards zero, 2: down
        return Written(f"np.{'trunc' if c.rounding == 1 else 'floor'}({wrapped(c.x[0])} / {wrapped(c.x[1])})", True)
    if "first" in c.attributes:
        return Written(f"{literal(c.first)} {sign} {wrapped(c.x[0])}")
    right = wrapped(literal(c.value)) if "value" in c.attributes else wrapped(c.x[1])
    return Written(f"{wrapped(c.x[0])} {sign} {right}")


@template("gelu")
def _gelu(c: Call) -> Written:
    x, form = wrapped(c.x[0]), c.attributes.get("approximate", 0)
    if form == 0:
        return Written(f"0.5 * {x} * (1 + erf({x} / 2**0.5))")
    if form == 1:
        return Written(f"0.5 * {x} * (1 + np.tanh((2 / np.pi) ** 0.5 * ({x} + 0.044715 * {x} ** 3)))")
    return Written(f"{x} * sigmoid(1.702 * {x})")


@template("round")
def _round(c: Call) -> Written:
    if "decimals" in c.attributes:
        return Written(f"round_decimals({c.x[0]}, {c.decimals})", True)
    return Written(f"np.round({c.x[0]})", True)


# Shapes


@template("view")
def _view(c: Call) -> Written:
    if c.shapes[0] == c.value:
        return Written(f"{c.x[0]}", True)
    return Written(f"np.reshape({c.x[0]}, {c.value})", True)


@template("squeeze")
def _squeeze(c: Call) -> Written:
    shape = c.shapes[0] or ()
    axes = tuple(d for d in bits(c.value) if d < len(shape) and shape[d] == 1)
    return Written(f"np.squeeze({c.x[0]}, {one(axes)})", True)


@template("unsqueeze")
def _unsqueeze(c: Call) -> Written:
    return Written(f"np.expand_dims({c.x[0]}, {c.value})", True)


@template("permute", "transpose", "t")
def _permute(c: Call) -> Written:
    if c.value == (1, 0):
        return Written(f"{wrapped(c.x[0])}.T", True)
    return Written(f"np.transpose({c.x[0]}, {c.value})", True)


@template("expand")
def _expand(c: Call) -> Written:
    return Written(f"np.broadcast_to({c.x[0]}, {c.value})", True)


@template("sum_to_size")
def _sum_to(c: Call) -> Written:
    shape, to = c.shapes[0], c.value
    if shape is not None and to == ():
        return Written(f"np.sum({c.x[0]})", True)
    if shape is not None and shape[len(shape) - len(to) :] == to:
        return Written(f"np.sum({c.x[0]}, axis={one(tuple(range(len(shape) - len(to))))})", True)
    return Written(f"sum_to({c.x[0]}, {to})", True)


@template("select")
def _select(c: Call) -> Written:
    return Written(f"{wrapped(c.x[0])}[{':, ' * c.axis}{c.index}]", True)


@template("slice")
def _slice(c: Call) -> Written:
    stop = c.start + (c.length - 1) * c.step + 1 if c.length else c.start
    step = f":{c.step}" if c.step != 1 else ""
    return Written(f"{wrapped(c.x[0])}[{':, ' * c.axis}{c.start}:{stop}{step}]", True)


@template("diagonal")
def _diagonal(c: Call) -> Written:
    return Written(f"np.diagonal({c.x[0]}, {c.offset}, {c.a}, {c.b})", True)


@template("diag_embed")
def _diag_embed(c: Call) -> Written:
    return Written(f"diag_embed({c.x[0]}, {c.offset}, {c.a}, {c.b})", True)


@template("unfold")
def _unfold(c: Call) -> Written:
    if "kernel" in c.attributes:
        return Written(f"unfold({c.x[0]}, {geometry(c)})", True)
    return Written(f"windows({c.x[0]}, {c.axis}, {c.size}, {c.step})", True)


@template("unfold_backward")
def _unfold_backward(c: Call) -> Written:
    return Written(f"windows_adjoint({c.x[0]}, {c.axis}, {c.size}, {c.step}, {c.attributes['shape']})", True)


@template("as_strided")
def _as_strided(c: Call) -> Written:
    geometry = f"{c.attributes['shape']}, {c.attributes['strides']}, {c.offset}"
    return Written(f"as_strided({c.x[0]}, {geometry}, {c.strides[0]})", True)


@template("as_strided_scatter")
def _as_strided_scatter(c: Call) -> Written:
    geometry = f"{c.attributes['shape']}, {c.attributes['strides']}, {c.offset}"
    return Written(f"as_strided_scatter({c.x[0]}, {c.x[1]}, {geometry}, {c.strides[0]})", True)


@template("as_strided_embed")
def _as_strided_embed(c: Call) -> Written:
    geometry = f"{c.attributes['shape']}, {c.attributes['strides']}, {c.offset}"
    return Written(f"as_strided_embed({c.x[0]}, {geometry}, {c.base_shape}, {c.base_strides})", True)


@template("flip")
def _flip(c: Call) -> Written:
    return Written(f"np.flip({c.x[0]}, {bits(c.value)})", True)


@template("roll")
def _roll(c: Call) -> Written:
    return Written(f"np.roll({c.x[0]}, {c.shift}, {c.axis})", True)


@template("tril", "triu")
def _triangle(c: Call) -> Written:
    return Written(f"np.{c.op}({c.x[0]}, {c.diagonal})", True)


@template("pad")
def _pad(c: Call) -> Written:
    return Written(f"pad({c.x[0]}, {c.before}, {c.after}, {literal(c.value)})", True)


@template("cat", "stack")
def _join(c: Call) -> Written:
    name = "concatenate" if c.op == "cat" else "stack"
    return Written(f"np.{name}([{', '.join(map(str, c.x))}], axis={c.value})", True)


@template("to")
def _to(c: Call) -> Written:
    name = str(c.attributes["dtype"]).rpartition(".")[2]
    return Written(f"np.{name}{'_' if name == 'bool' else ''}({c.x[0]})", True)


@template("copy_")
def _copy(c: Call) -> Written:
    return Written(f"{c.dtypes[0]}(np.broadcast_to({c.x[1]}, {c.shapes[0]}))", True)


# Reductions


def _axes(c: Call) -> str:
    shape = c.shapes[0]
    axes = bits(c.axes)
    if shape is not None and len(axes) == len(shape) and not c.keepdim:
        return ""
    return f"axis={one(axes)}" + (", keepdims=True" if c.keepdim else "")


@template("sum", "mean", "prod", "any", "all", "amax", "amin", "max", "min")
def _reduce(c: Call) -> Written:
    if "largest" in c.attributes:
        return Written(f"extreme({c.x[0]}, {c.axis}, {c.keepdim}, {c.largest})", True)
    axes = _axes(c)
    return Written(f"np.{c.op}({c.x[0]}{', ' if axes else ''}{axes})", True)


@template("var", "std")
def _variance(c: Call) -> Written:
    axes = _axes(c)
    return Written(f"np.{c.op}({c.x[0]}, {axes + ', ' if axes else ''}ddof={c.correction:g})", True)


@template("norm")
def _norm(c: Call) -> Written:
    return Written(f"norm({c.x[0]}, {bits(c.axes)}, {c.keepdim}, {literal(c.p)})", True)


@template("clamp_min", "clamp_max")
def _clamp_one_side(c: Call) -> Written:
    if len(c.x) == 2:  # by a tensor
        return Written(f"np.{'maximum' if c.op == 'clamp_min' else 'minimum'}({c.x[0]}, {c.x[1]})", True)
    return TEMPLATES["clamp"](c)


@template("cdist")
def _distances(c: Call) -> Written:
    apart = f"{wrapped(c.x[0])}[:, :, None] - {wrapped(c.x[1])}[:, None]"
    return Written(f"norm({apart}, 3, False, 2.0)", True)


@template("logsumexp")
def _logsumexp(c: Call) -> Written:
    return Written(f"logsumexp({c.x[0]}, {bits(c.axes)}, {c.keepdim})", True)


@template("softmax", "log_softmax")
def _softmax(c: Call) -> Written:
    return Written(f"{c.op}({c.x[0]}, {c.axis})", True)


@template("cummax", "cummin")
def _running(c: Call) -> Written:
    return Written(f"running_extreme({c.x[0]}, {c.axis}, {c.flag})", True)


@template("cumsum", "cumprod")
def _cumulate(c: Call) -> Written:
    return Written(f"cumulate(np.{c.op}, {c.x[0]}, {c.axis}, {c.reverse})", True)


@template("logcumsumexp")
def _logcumsumexp(c: Call) -> Written:
    return Written(f"logcumsumexp({c.x[0]}, {c.axis}, {c.flag})", True)


@template("sort", "topk", "kthvalue", "median", "nanmedian", "mode")
def _ordered(c: Call) -> Written:
    if "value" in c.attributes:  # the median of all elements, and whether NaN is skipped
        return Written(f"ordered({wrapped(c.x[0])}.reshape(-1), 0, False, False, 3, 0, {c.value})[0]", True)
    rest = f"{c.descending}, {c.keepdim}, {c.order}, {c.k}, {c.skip_nan}"
    return Written(f"ordered({c.x[0]}, {c.axis}, {rest})", True)


# Products


@template("mm", "bmm")
def _product(c: Call) -> Written:
    turn = ".T" if c.op == "mm" else ".swapaxes(-1, -2)"
    a, b = (wrapped(x) + (turn if t else "") for x, t in zip(c.x, (c.transpose_a, c.transpose_b), strict=True))
    return Written(f"{a} @ {b}")


@template("mv")
def _mv(c: Call) -> Written:
    return Written(f"{wrapped(c.x[0])}{'.T' if c.transpose else ''} @ {wrapped(c.x[1])}")


@template("linear")
def _linear(c: Call) -> Written:
    bias = f" + {wrapped(c.x[2])}" if len(c.x) > 2 and c.x[2] is not None else ""
    return Written(f"{wrapped(c.x[0])} @ {wrapped(c.x[1])}.T{bias}")


# Indexing


def _position(c: Call) -> str:
    skip = f", skip={c.skip}" if c.skip != -1 else ""
    return f"{bits(c.axes)}, {c.place}{skip}"


@template("index", "embedding", "index_select")
def _index(c: Call) -> Written:
    return Written(f"index({c.x[0]}, {c.x[1]}, {_position(c)})", True)


@template("index_embed")
def _index_embed(c: Call) -> Written:
    zeros = f"np.zeros({c.attributes['shape']}, {c.dtypes[0]})"
    return Written(f"index_write({zeros}, {c.x[0]}, {c.x[1]}, {_position(c)}, add=True)", True)


@template("index_put")
def _index_put(c: Call) -> Written:
    add = ", add=True" if c.accumulate else ""
    return Written(f"index_write({c.x[0]}, {c.x[1]}, {c.x[2]}, {_position(c)}{add})", True)


@template("gather")
def _gather(c: Call) -> Written:
    return Written(f"gather({c.x[0]}, {c.x[1]}, {c.axis})", True)


@template("scatter", "scatter_add", "scatter_reduce")
def _scatter(c: Call) -> Written:
    how = {"scatter": "put", "scatter_add": "add"}.get(c.op) or ("prod", "max", "min")[c.how]
    return Written(f"scatter({c.x[0]}, {c.x[1]}, {c.x[2]}, {c.axis}, {how!r})", True)


def _places(c: Call, indices: str | None) -> str:
    """Rows and columns of a sparse matrix, in this order."""
    return f"{wrapped(indices)}[::-1]" if c.transposed else str(indices)


@template("sparse_mm")
def _sparse_mm(c: Call) -> Written:
    return Written(f"sparse_mm({c.x[0]}, {_places(c, c.x[1])}, {c.x[2]}, {c.rows})", True)


@template("sampled_mm")
def _sampled_mm(c: Call) -> Written:
    rows, columns = ("1", "0") if c.transposed else ("0", "1")
    at = wrapped(c.x[2])
    a, b = f"{wrapped(c.x[0])}[{at}[{rows}]]", f"{wrapped(c.x[1])}[{at}[{columns}]]"
    return Written(f"np.sum({a} * {b}, axis=1)", True)


@template("put_along")
def _put_along(c: Call) -> Written:
    return Written(f"put_along({c.x[0]}, {c.x[1]}, {c.axis}, {c.size})", True)


@template("take_along")
def _take_along(c: Call) -> Written:
    return Written(f"take_along({c.x[0]}, {c.x[1]}, {c.axis})", True)
