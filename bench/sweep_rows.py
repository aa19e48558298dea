"""What sweep.py times. A row gives its inputs for a size as NumPy arrays (anything else is passed as it is) and a
function of the library, whose names are the same in both."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

SIZES = ("small", "medium", "large")


@dataclass(frozen=True)
class Row:
    """One line of the sweep. inputs(rng, size) -> arrays; function(library) -> callable on the tensors."""

    name: str
    group: str
    inputs: Callable[..., tuple[Any, ...]]
    function: Callable[[Any], Callable[..., Any]]
    grad: bool = True
    sizes: tuple[str, ...] = SIZES


LENGTH = {"small": 64, "medium": 4096, "large": 1 << 20}
BATCH = {"small": 4, "medium": 64, "large": 2048}
MATRIX = {"small": (8, 16), "medium": (64, 128), "large": (1024, 1024)}


def uniform(rng, shape, low=-2.0, high=2.0):
    """float32 numbers."""
    return rng.uniform(low, high, shape).astype(np.float32)


def vectors(count, low, high):
    """So many vectors of LENGTH."""
    return lambda rng, size: tuple(uniform(rng, LENGTH[size], low, high) for _ in range(count))


def integers(rng, size):
    """One vector of integers below 100."""
    return (rng.integers(0, 100, LENGTH[size]),)


def matrices(count=1, low=-2.0, high=2.0, shapes=MATRIX):
    """So many matrices of MATRIX."""
    return lambda rng, size: tuple(uniform(rng, shapes[size], low, high) for _ in range(count))


def attribute(path):
    """A function by its dotted name."""

    def get(library):
        for part in path.split("."):
            library = getattr(library, part)
        return library

    return get


def elementwise():
    """Functions of one and two arguments on contiguous vectors, with the range of their inputs."""
    plain = (-2.0, 2.0)
    one = {
        plain: "neg abs sign square exp exp2 expm1 sin cos tan atan sinh cosh tanh asinh erf erfc sinc sigmoid relu "
        "deg2rad",
        (0.1, 9.0): "sqrt rsqrt reciprocal log log2 log10 log1p lgamma digamma",
        (-0.99, 0.99): "asin acos atanh erfinv",
        (0.01, 0.99): "logit",
        (1.01, 9.0): "acosh",
        (-9.0, 9.0): "floor ceil round trunc frac",
    }
    for (low, high), names in one.items():
        for name in names.split():
            yield Row(name, "elementwise", vectors(1, low, high), attribute(name))
    activations = (
        "leaky_relu softshrink hardshrink tanhshrink elu selu celu silu mish gelu softplus softsign logsigmoid "
    )
    activations += "hardsigmoid hardswish relu6 hardtanh"
    for name in activations.split():
        yield Row(name, "activations", vectors(1, -4, 4), attribute("nn.functional." + name))
    yield Row("gelu tanh", "activations", vectors(1, -4, 4),
              lambda m: lambda x: m.nn.functional.gelu(x, approximate="tanh"))  # fmt: skip
    two = {
        plain: "add sub mul maximum minimum fmax fmin atan2 hypot copysign logaddexp",
        (0.1, 3.0): "div pow xlogy remainder fmod floor_divide",
    }
    for (low, high), names in two.items():
        for name in names.split():
            yield Row(name, "elementwise", vectors(2, low, high), attribute(name), grad=name != "floor_divide")
    functions = {
        "x ** 2": lambda m: lambda x: x**2,
        "x ** 3": lambda m: lambda x: x**3,
        "x ** 2.5": lambda m: lambda x: x**2.5,
        "x * 2": lambda m: lambda x: x * 2.0,
        "x + 1": lambda m: lambda x: x + 1.0,
        "x / 3": lambda m: lambda x: x / 3.0,
        "1 - x": lambda m: lambda x: 1.0 - x,
        "clamp": lambda m: lambda x: m.clamp(x, 0.5, 2.5),
        "nan_to_num": lambda m: m.nan_to_num,
        "dropout": lambda m: lambda x: m.nn.functional.dropout(x, 0.5, True),
    }
    for name, function in functions.items():
        yield Row(name, "elementwise", vectors(1, 0.1, 3), function)
    yield Row("lerp", "elementwise", vectors(3, 0, 1), attribute("lerp"))
    yield Row("addcmul", "elementwise", vectors(3, 0, 1), attribute("addcmul"))
    yield Row("addcdiv", "elementwise", vectors(3, 0.1, 1), attribute("addcdiv"))
    for name in ["eq", "lt", "logical_and"]:
        yield Row(name, "elementwise", vectors(2, -1, 1), attribute(name), grad=False)
    for name in ["isnan", "isfinite", "signbit", "logical_not"]:
        yield Row(name, "elementwise", vectors(1, -1, 1), attribute(name), grad=False)

    def masked(count):
        return lambda rng, size: (
            rng.uniform(size=LENGTH[size]) < 0.5,
            *(uniform(rng, LENGTH[size]) for _ in range(count)),
        )

    yield Row("where", "elementwise", masked(2), attribute("where"))
    yield Row("where(mask, x, 0)", "elementwise", masked(1), lambda m: lambda mask, x: m.where(mask, x, 0.0))
    yield Row("masked_fill", "elementwise", masked(1), lambda m: lambda mask, x: x.masked_fill(mask, 0.0))
    yield Row("masked_select", "elementwise", masked(1), lambda m: lambda mask, x: m.masked_select(x, mask))
    for dtype in ["float64", "int64", "bool"]:
        yield Row(f"to {dtype}", "elementwise", vectors(1, -2, 2), lambda m, t=dtype: lambda x: x.to(getattr(m, t)),
                  grad=dtype == "float64")  # fmt: skip
    yield Row("int64 to float32", "elementwise", lambda rng, size: (rng.integers(-9, 9, LENGTH[size]),),
              lambda m: lambda x: x.to(m.float32), grad=False)  # fmt: skip


def broadcasting():
    """Elementwise functions on operands that are no equal vectors."""

    def operands(*cut):
        def make(rng, size):
            rows, columns = MATRIX[size]
            shapes = {"full": (rows, columns), "row": (columns,), "column": (rows, 1), "number": ()}
            return tuple(uniform(rng, shapes[c], 0.5, 2) for c in cut)

        return make

    for name, sign in (("add", lambda a, b: a + b), ("mul", lambda a, b: a * b), ("div", lambda a, b: a / b)):
        for cut in ("row", "column", "number"):
            yield Row(f"{name} matrix and {cut}", "broadcast", operands("full", cut), lambda m, f=sign: f)
    yield Row("add row and column", "broadcast", operands("row", "column"), lambda m: lambda a, b: a + b)
    yield Row("add transposed", "broadcast", matrices(2), lambda m: lambda a, b: a.t() + b.t())
    square = {"small": (16, 16), "medium": (96, 96), "large": (1024, 1024)}
    yield Row("add to transposed", "broadcast", matrices(2, shapes=square), lambda m: lambda a, b: a + b.t())
    yield Row("exp of transposed", "broadcast", matrices(), lambda m: lambda x: m.exp(x.t()))
    yield Row("exp of every second", "broadcast", matrices(), lambda m: lambda x: m.exp(x[:, ::2]))


def reductions():
    """Reductions of a matrix along its axes."""
    for name in ["sum", "mean", "prod", "amax", "amin", "var", "std", "logsumexp", "norm"]:
        low, high = (0.9, 1.1) if name == "prod" else (-2, 2)
        for axis in (0, 1):
            yield Row(f"{name} axis {axis}", "reductions", matrices(1, low, high),
                      lambda m, f=name, d=axis: lambda x: getattr(m, f)(x, dim=d))  # fmt: skip
        if name != "logsumexp":
            yield Row(f"{name} all", "reductions", matrices(1, low, high), attribute(name))
    for axis in (0, 1):
        for name in ("max", "min", "median"):
            yield Row(f"{name} axis {axis}", "reductions", matrices(),
                      lambda m, f=name, d=axis: lambda x: getattr(m, f)(x, dim=d)[0])  # fmt: skip
        for name in ["argmax", "argmin", "any", "all", "count_nonzero"]:
            yield Row(f"{name} axis {axis}", "reductions", matrices(),
                      lambda m, f=name, d=axis: lambda x: getattr(m, f)(x, dim=d), grad=False)  # fmt: skip
    for name in ["max", "argmax", "count_nonzero"]:
        yield Row(f"{name} all", "reductions", matrices(), attribute(name), grad=name == "max")
    wide = {"small": (1, 64), "medium": (1, 1024), "large": (1, 1 << 20)}
    tall = {"small": (64, 1), "medium": (4096, 2), "large": (1 << 19, 2)}
    yield Row("sum axis 0 of one row", "reductions", matrices(shapes=wide), lambda m: lambda x: m.sum(x, dim=0))
    yield Row("sum axis 0 of two columns", "reductions", matrices(shapes=tall), lambda m: lambda x: m.sum(x, dim=0))
    yield Row("sum axis 1 of two columns", "reductions", matrices(shapes=tall), lambda m: lambda x: m.sum(x, dim=1))
    cube = {"small": (4, 8, 4), "medium": (16, 32, 16), "large": (64, 256, 64)}
    yield Row("sum axis 1 of 3", "reductions", matrices(shapes=cube), lambda m: lambda x: m.sum(x, dim=1))
    yield Row("sum axes 0, 2 of 3", "reductions", matrices(shapes=cube), lambda m: lambda x: m.sum(x, dim=(0, 2)))
    yield Row("amax axis 1 of 3", "reductions", matrices(shapes=cube), lambda m: lambda x: m.amax(x, dim=1))
    yield Row("var axes 0, 2 of 3", "reductions", matrices(shapes=cube), lambda m: lambda x: m.var(x, dim=(0, 2)))
    yield Row("sum of transposed", "reductions", matrices(), lambda m: lambda x: m.sum(x.t(), dim=0))
    yield Row("sum of int64", "reductions", lambda rng, size: (rng.integers(-9, 9, MATRIX[size]),),
              lambda m: lambda x: m.sum(x), grad=False)  # fmt: skip


def scans_and_sorts():
    """Cumulative sums, sorts and selections along both axes."""
    for axis in (0, 1):
        for name in ["cumsum", "cumprod", "logcumsumexp"]:
            low, high = (0.9, 1.1) if name == "cumprod" else (-2, 2)
            yield Row(f"{name} axis {axis}", "scans", matrices(1, low, high),
                      lambda m, f=name, d=axis: lambda x: getattr(m, f)(x, dim=d))  # fmt: skip
        yield Row(f"cummax axis {axis}", "scans", matrices(), lambda m, d=axis: lambda x: m.cummax(x, dim=d)[0])
        yield Row(f"sort axis {axis}", "scans", matrices(), lambda m, d=axis: lambda x: m.sort(x, dim=d)[0])
        yield Row(
            f"argsort axis {axis}", "scans", matrices(), lambda m, d=axis: lambda x: m.argsort(x, dim=d), grad=False
        )
        yield Row(f"topk 5 axis {axis}", "scans", matrices(), lambda m, d=axis: lambda x: m.topk(x, 5, dim=d)[0])
    yield Row("sort of a vector", "scans", vectors(1, -2, 2), lambda m: lambda x: m.sort(x)[0])
    yield Row("unique", "scans", integers, lambda m: lambda x: m.unique(x), grad=False)
    yield Row("bincount", "scans", integers, lambda m: m.bincount, grad=False)
    yield Row("searchsorted", "scans", lambda rng, size: (np.sort(uniform(rng, 1000)), uniform(rng, LENGTH[size])),
              lambda m: m.searchsorted, grad=False)  # fmt: skip


def rowwise():
    """Softmax, losses and normalisations."""
    functional = attribute("nn.functional")
    for name in ("softmax", "log_softmax"):
        for axis in (0, 1):
            yield Row(f"{name} axis {axis}", "rows", matrices(),
                      lambda m, f=name, d=axis: lambda x: getattr(functional(m), f)(x, dim=d))  # fmt: skip
        cube = {"small": (4, 8, 4), "medium": (16, 32, 16), "large": (64, 256, 64)}
        yield Row(f"{name} axis 1 of 3", "rows", matrices(shapes=cube),
                  lambda m, f=name: lambda x: getattr(functional(m), f)(x, dim=1))  # fmt: skip
    for classes in (10, 33, 48, 64, 200, 1000):
        for name in ("softmax", "log_softmax"):
            yield Row(f"{name} of {classes}", "rows",
                      lambda rng, size, c=classes: (uniform(rng, (BATCH[size], c)),),
                      lambda m, f=name: lambda x: getattr(functional(m), f)(x, dim=1))  # fmt: skip
        yield Row(f"cross_entropy of {classes}", "rows",
                  lambda rng, size, c=classes: (
                      uniform(rng, (BATCH[size], c)),
                      rng.integers(0, c, BATCH[size])),
                  lambda m: functional(m).cross_entropy)  # fmt: skip
    images = {"small": (2, 5, 4, 4), "medium": (4, 16, 8, 8), "large": (16, 21, 64, 64)}
    yield Row("cross_entropy of images", "rows",
              lambda rng, size: (uniform(rng, images[size]),
                                 rng.integers(0, images[size][1], (images[size][0], *images[size][2:]))),
              lambda m: functional(m).cross_entropy)  # fmt: skip
    for name in ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"]:
        yield Row(name, "rows", matrices(2), lambda m, f=name: getattr(functional(m), f))
    yield Row("binary_cross_entropy_with_logits", "rows", matrices(2, 0.01, 0.99),
              lambda m: functional(m).binary_cross_entropy_with_logits)  # fmt: skip
    yield Row("binary_cross_entropy", "rows", matrices(2, 0.01, 0.99), lambda m: functional(m).binary_cross_entropy)
    yield Row(
        "kl_div", "rows", matrices(2, 0.01, 0.99), lambda m: lambda a, b: functional(m).kl_div(a, b, reduction="sum")
    )

    def layer(rng, size):
        rows, columns = MATRIX[size]
        return uniform(rng, (rows, columns)), uniform(rng, columns), uniform(rng, columns)

    yield Row("layer_norm", "rows", layer, lambda m: lambda x, w, b: functional(m).layer_norm(x, (x.shape[-1],), w, b))
    yield Row("rms_norm", "rows", lambda rng, size: layer(rng, size)[:2],
              lambda m: lambda x, w: functional(m).rms_norm(x, (x.shape[-1],), w))  # fmt: skip
    channels = {"small": (4, 3, 4, 4), "medium": (8, 16, 8, 8), "large": (16, 32, 32, 32)}

    def images_and_affine(rng, size):
        shape = channels[size]
        return uniform(rng, shape), uniform(rng, shape[1]), uniform(rng, shape[1])

    yield Row("batch_norm", "rows", images_and_affine,
              lambda m: lambda x, w, b: functional(m).batch_norm(x, None, None, w, b, True))  # fmt: skip
    yield Row("batch_norm of rows", "rows", layer,
              lambda m: lambda x, w, b: functional(m).batch_norm(x, None, None, w, b, True))  # fmt: skip
    yield Row("group_norm", "rows", images_and_affine,
              lambda m: lambda x, w, b: functional(m).group_norm(x, 1, w, b))  # fmt: skip
    yield Row("normalize", "rows", matrices(), lambda m: functional(m).normalize)
    yield Row("cosine_similarity", "rows", matrices(2), lambda m: functional(m).cosine_similarity)


def layouts():
    """Copies, joins and rearrangements."""
    functions = {
        "contiguous of transposed": lambda m: lambda x: x.t().contiguous(),
        "clone": lambda m: lambda x: x.clone(),
        "flip axis 0": lambda m: lambda x: m.flip(x, (0,)),
        "flip axis 1": lambda m: lambda x: m.flip(x, (1,)),
        "flip of transposed": lambda m: lambda x: m.flip(x.t(), (0,)),
        "roll axis 0": lambda m: lambda x: m.roll(x, 3, 0),
        "roll axis 1": lambda m: lambda x: m.roll(x, 3, 1),
        "repeat": lambda m: lambda x: x.repeat(2, 2),
        "repeat_interleave": lambda m: lambda x: m.repeat_interleave(x, 2, 0),
        "cat axis 0": lambda m: lambda x: m.cat([x, x], 0),
        "cat axis 1": lambda m: lambda x: m.cat([x, x], 1),
        "cat of transposed": lambda m: lambda x: m.cat([x.t(), x.t()], 0),
        "stack axis 0": lambda m: lambda x: m.stack([x, x], 0),
        "stack axis 2": lambda m: lambda x: m.stack([x, x], 2),
        "chunk and cat": lambda m: lambda x: m.cat(m.chunk(x, 4, 1)[::-1], 1),
        "tril": lambda m: lambda x: m.tril(x),
        "pad": lambda m: lambda x: m.nn.functional.pad(x, (1, 1, 1, 1)),
        "x[:, 1:]": lambda m: lambda x: x[:, 1:].contiguous(),
        "x[::2]": lambda m: lambda x: x[::2].contiguous(),
        "x[:, ::2]": lambda m: lambda x: x[:, ::2].contiguous(),
        "x[2]": lambda m: lambda x: x[2] * 1.0,
    }
    for name, function in functions.items():
        yield Row(name, "layouts", matrices(), function)
    heads = {"small": (2, 4, 2, 4), "medium": (4, 16, 4, 16), "large": (8, 256, 8, 64)}
    yield Row(
        "permute of heads", "layouts", matrices(shapes=heads), lambda m: lambda x: x.permute(0, 2, 1, 3).contiguous()
    )
    yield Row("permute, last axis moves", "layouts", matrices(shapes=heads),
              lambda m: lambda x: x.permute(0, 2, 3, 1).contiguous())  # fmt: skip
    yield Row("channels to last", "layouts", matrices(shapes={"small": (2, 3, 4, 4), "medium": (4, 8, 8, 8),
              "large": (16, 32, 32, 32)}), lambda m: lambda x: x.permute(0, 2, 3, 1).contiguous())  # fmt: skip


def indexing():
    """Gathers and scatters."""

    def picks(axis, along=True):
        def make(rng, size):
            rows, columns = MATRIX[size]
            limit = (rows, columns)[axis]
            shape = (rows, columns) if along else limit
            return uniform(rng, (rows, columns)), rng.integers(0, limit, shape)

        return make

    for axis in (0, 1):
        yield Row(f"gather axis {axis}", "indexing", picks(axis), lambda m, d=axis: lambda x, i: m.gather(x, d, i))
        yield Row(f"index_select axis {axis}", "indexing", picks(axis, False),
                  lambda m, d=axis: lambda x, i: m.index_select(x, d, i))  # fmt: skip
        yield Row(f"scatter_add axis {axis}", "indexing", picks(axis),
                  lambda m, d=axis: lambda x, i: m.scatter_add(x, d, i, x))  # fmt: skip
        yield Row(f"scatter axis {axis}", "indexing", picks(axis),
                  lambda m, d=axis: lambda x, i: m.scatter(x, d, i, 1.0))  # fmt: skip
        yield Row(f"index_add axis {axis}", "indexing", picks(axis, False),
                  lambda m, d=axis: lambda x, i: m.index_add(x, d, i, x))  # fmt: skip
    yield Row("x[i]", "indexing", picks(0, False), lambda m: lambda x, i: x[i])
    yield Row("x[:, i]", "indexing", picks(1, False), lambda m: lambda x, i: x[:, i])
    yield Row("x[mask]", "indexing",
              lambda rng, size: (uniform(rng, MATRIX[size]), rng.uniform(size=MATRIX[size]) < 0.5),
              lambda m: lambda x, mask: x[mask])  # fmt: skip
    yield Row("x[i, j]", "indexing",
              lambda rng, size: (uniform(rng, MATRIX[size]), rng.integers(0, MATRIX[size][0], LENGTH[size]),
                                 rng.integers(0, MATRIX[size][1], LENGTH[size])),
              lambda m: lambda x, i, j: x[i, j])  # fmt: skip
    tables = {"small": (27, 16, 32), "medium": (1000, 64, 256), "large": (50000, 128, 4096)}
    yield Row("embedding", "indexing",
              lambda rng, size: (uniform(rng, tables[size][:2]), rng.integers(0, tables[size][0], tables[size][2])),
              lambda m: lambda w, i: m.nn.functional.embedding(i, w))  # fmt: skip
    yield Row("take", "indexing",
              lambda rng, size: (uniform(rng, LENGTH[size]), rng.integers(0, LENGTH[size], LENGTH[size])),
              lambda m: m.take)  # fmt: skip
    yield Row("one_hot", "indexing", lambda rng, size: (rng.integers(0, 10, LENGTH[size] // 16),),
              lambda m: lambda i: m.nn.functional.one_hot(i, 10), grad=False)  # fmt: skip
    yield Row("nonzero", "indexing", lambda rng, size: (rng.uniform(size=LENGTH[size]) < 0.5,),
              lambda m: m.nonzero, grad=False)  # fmt: skip


def images():
    """Pooling, interpolation and depthwise convolutions."""
    functional = attribute("nn.functional")
    shapes = {"small": (2, 4, 8, 8), "medium": (8, 32, 28, 28), "large": (16, 64, 56, 56)}
    functions = {
        "max_pool2d": lambda m: lambda x: functional(m).max_pool2d(x, 2),
        "max_pool2d of 3": lambda m: lambda x: functional(m).max_pool2d(x, 3, 2, 1),
        "avg_pool2d": lambda m: lambda x: functional(m).avg_pool2d(x, 2),
        "adaptive_avg_pool2d to 1": lambda m: lambda x: functional(m).adaptive_avg_pool2d(x, 1),
        "adaptive_avg_pool2d to 7": lambda m: lambda x: functional(m).adaptive_avg_pool2d(x, 7),
        "interpolate nearest": lambda m: lambda x: functional(m).interpolate(x, scale_factor=2),
        "interpolate bilinear": lambda m: lambda x: functional(m).interpolate(x, scale_factor=2, mode="bilinear"),
        "interpolate bicubic": lambda m: lambda x: functional(m).interpolate(x, scale_factor=2, mode="bicubic"),
        "pad reflect": lambda m: lambda x: functional(m).pad(x, (1, 1, 1, 1), mode="reflect"),
        "unfold": lambda m: lambda x: functional(m).unfold(x, 3, padding=1),
        "instance_norm": lambda m: functional(m).instance_norm,
    }
    for name, function in functions.items():
        yield Row(name, "images", lambda rng, size: (uniform(rng, shapes[size]),), function)

    def depthwise(stride):
        def call(m):
            return lambda x, w: functional(m).conv2d(x, w, None, stride, 1, groups=x.shape[1])

        return call

    for stride in (1, 2):
        yield Row(f"depthwise 3x3, stride {stride}", "images",
                  lambda rng, size: (uniform(rng, shapes[size]), uniform(rng, (shapes[size][1], 1, 3, 3))),
                  depthwise(stride))  # fmt: skip
    points = {"small": (20, 3), "medium": (1400, 3), "large": (350000, 3)}
    yield Row("add points and a vector", "images",
              lambda rng, size: (uniform(rng, points[size]), uniform(rng, 3)),
              lambda m: lambda x, v: x + v)  # fmt: skip


ROWS = [
    row
    for group in (elementwise, broadcasting, reductions, scans_and_sorts, rowwise, layouts, indexing, images)
    for row in group()
]
