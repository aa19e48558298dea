"""How each operation is written in NumPy: windows, layers, losses and linear algebra."""

from __future__ import annotations

from collections.abc import Callable

from .calls import Call, Written, geometry, literal, template, wrapped

# Windows


@template("conv")
def _conv(c: Call) -> Written:
    return Written(f"conv({c.x[0]}, {c.x[1]}, {c.x[2]}, {c.groups}, {geometry(c)})", True)


@template("conv_transpose")
def _conv_transpose(c: Call) -> Written:
    image = c.attributes["in"]
    return Written(f"conv_transpose({c.x[0]}, {c.x[1]}, {c.x[2]}, {c.groups}, {image}, {geometry(c)})", True)


@template("conv_weight")
def _conv_weight(c: Call) -> Written:
    return Written(f"conv_weight({c.x[0]}, {c.x[1]}, {c.groups}, {geometry(c)})", True)


@template("fold")
def _fold(c: Call) -> Written:
    return Written(f"fold({c.x[0]}, {c.attributes['in']}, {geometry(c)})", True)


@template("max_pool")
def _max_pool(c: Call) -> Written:
    return Written(f"max_pool({c.x[0]}, {geometry(c)}, adaptive={c.adaptive})", True)


def _average(c: Call) -> str:
    return f"{geometry(c)}, adaptive={c.adaptive}, count_pad={c.count_pad}, divisor={c.divisor}"


@template("avg_pool")
def _avg_pool(c: Call) -> Written:
    return Written(f"avg_pool({c.x[0]}, {_average(c)})", True)


@template("avg_pool_spread")
def _avg_pool_spread(c: Call) -> Written:
    return Written(f"avg_pool_spread({c.x[0]}, {c.attributes['in']}, {_average(c)})", True)


@template("pool_put", "max_unpool")
def _pool_put(c: Call) -> Written:
    add = "" if c.op == "pool_put" else ", add=False"
    return Written(f"pool_put({c.x[0]}, {c.x[1]}, {c.attributes['in']}{add})", True)


@template("pool_take")
def _pool_take(c: Call) -> Written:
    return Written(f"pool_take({c.x[0]}, {c.x[1]}, {len(c.attributes['in'])})", True)


@template("resample_axis", "resample_axis_adjoint")
def _resample(c: Call) -> Written:
    weights = f"{c.mode}, {c.attributes['in']}, {c.out}, {c.align}, {literal(c.scale)}, {c.antialias}, {c.dtypes[0]}"
    turn = ".T" if c.op.endswith("adjoint") else ""
    return Written(f"resample({c.x[0]}, {c.axis}, resample_matrix({weights}){turn})", True)


@template("grid_taps")
def _grid_taps(c: Call) -> Written:
    kind = f"{c.mode}, {c.outside}, {c.align}"
    return Written(f"grid_taps({c.x[0]}, {tuple(c.attributes['size'])}, {kind}, {tuple(c.attributes['order'])})", True)


@template("grid_sample")
def _grid_sample(c: Call) -> Written:
    kind = f"{c.mode}, {c.outside}, {c.align}"
    return Written(f"grid_sample({c.x[0]}, {c.x[1]}, {kind})", True)


# Recurrent layers

RECURRENT = tuple(f"{kind}{step}" for kind in ("rnn_tanh", "rnn_relu", "lstm", "gru") for step in ("", "_cell"))


@template(*RECURRENT)
def _recurrent(c: Call) -> Written:
    return Written(f"recurrent({', '.join(map(str, c.x))}, {c.kind}, {c.reverse}, {c.cell})", True)


# Normalisation and losses


@template("batch_norm", "group_norm", "instance_norm")
def _channel_norm(c: Call) -> Written:
    inputs = ", ".join(map(str, c.x))
    return Written(f"channel_norm({inputs}, {literal(c.eps)}, {c.groups}, {c.fixed})", True)


@template("layer_norm", "rms_norm")
def _row_norm(c: Call) -> Written:
    return Written(f"row_norm({', '.join(map(str, c.x))}, {literal(c.eps)}, {c.axes}, {c.centred})", True)


@template("cross_entropy")
def _cross_entropy(c: Call) -> Written:
    rest = f"{c.ignore_index}, {literal(c.label_smoothing)}, {c.reduction}"
    return Written(f"cross_entropy({', '.join(map(str, c.x))}, {rest})", True)


@template("nll_loss")
def _nll(c: Call) -> Written:
    return Written(f"nll_rows({', '.join(map(str, c.x))}, {c.ignore_index})", True)


@template("binary_cross_entropy")
def _bce(c: Call) -> Written:
    return Written(f"bce({c.x[0]}, {c.x[1]})", True)


@template("binary_cross_entropy_with_logits")
def _bce_logits(c: Call) -> Written:
    return Written(f"bce_with_logits({', '.join(str(x) for x in c.x if x is not None)})", True)


@template("mse_loss", "l1_loss", "huber_loss")
def _pair_loss(c: Call) -> Written:
    difference = f"{wrapped(c.x[0])} - {wrapped(c.x[1])}"
    if c.op == "mse_loss":
        each = f"({difference}) ** 2"
    elif c.op == "l1_loss":
        each = f"np.abs({difference})"
    else:
        each = f"huber({difference}, {literal(c.delta)}, {literal(c.scale)})"
    return Written(each, True) if c.reduction == 0 else Written(f"np.{('mean', 'sum')[c.reduction - 1]}({each})", True)


# Linear algebra


@template("linalg.solve_triangular")
def _solve_triangular(c: Call) -> Written:
    return Written(f"solve_triangular({c.x[0]}, {c.x[1]}, {c.upper}, {c.unit})", True)


@template("linalg.pinv")
def _pinv(c: Call) -> Written:
    return Written(f"pinv({c.x[0]}, {literal(c.rtol)}, {literal(c.atol)})", True)


@template("linalg.lstsq")
def _lstsq(c: Call) -> Written:
    return Written(f"least_squares({c.x[0]}, {c.x[1]}, {literal(c.rcond)})", True)


@template("linalg.lu_factor")
def _lu_factor(c: Call) -> Written:
    return Written(f"lu_factor({c.x[0]})", True)


@template("lu_unpack")
def _lu_unpack(c: Call) -> Written:
    return Written(f"permutation({c.x[0]}, {c.x[1]})", True)


@template("linalg.svd")
def _svd(c: Call) -> Written:
    return Written(f"svd_packed({c.x[0]}, {c.full})", True)


@template("linalg.svdvals")
def _svdvals(c: Call) -> Written:
    return Written(f"np.linalg.svd({c.x[0]}, compute_uv=False)", True)


@template("linalg.qr")
def _qr(c: Call) -> Written:
    return Written(f"qr({c.x[0]}, {c.complete})", True)


@template("linalg.eigh")
def _eigh(c: Call) -> Written:
    return Written(f"eigh({c.x[0]}, {c.upper})", True)


# Gradient rules that are clearer as one function than in their parts: of input 0, from the gradient, call and outputs.

GRADIENTS: dict[str, Callable[[str, Call, list[str]], str]] = {
    "cross_entropy": lambda g, c, out: (
        f"cross_entropy_grad({g}, {c.x[0]}, {out[1]}, {c.x[1]}, {c.x[2]}, {c.ignore_index}, "
        f"{literal(c.label_smoothing)}, {c.reduction})"
    ),
    "nll_loss": lambda g, c, out: f"nll_rows_grad({g}, {c.x[0]}, {c.x[1]}, {c.x[2]}, {c.ignore_index})",
}
