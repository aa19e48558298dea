"""Rows: convolutions, pooling, windows, interpolation."""

from .spec import B, F, I, Op, S, V, bad, kink

NN = "nn.functional."


def row(name, samples, **options):
    """A function of nn.functional with no method."""
    return Op(name, samples, fn=NN + name.removeprefix("nn."), method=None, **options)


def conv(axes, extra=(), **options):
    """Convolution over so many axes."""
    name = f"conv{axes}d"
    size, kernel = (5, 4, 3)[-axes:], (2, 2, 1)[-axes:] if axes > 1 else (3,)
    x, w = (2, 2, *size), (4, 2, *kernel)
    small, point = (1, 1, *(3, 2, 2)[:axes]), (1, 1, *(2, 1, 1)[:axes])
    return row(
        name,
        (
            S(F(*small), F(*point), F(1)),
            S(F(*small), F(*point), None, 2, 1),
            S(F(*x), F(*w), F(4)),
            S(F(*x), F(*w)),
            S(F(*x[1:]), F(*w), F(4)),
            S(F(*x), F(*w), F(4), stride=2, padding=1),
            S(F(*x), F(*w), F(4), padding="same"),
            S(F(*x), F(*w), F(4), padding="valid"),
            S(F(*x), F(*w), None, padding=2, dilation=2),
            S(F(*x), F(4, 1, *kernel), F(4), groups=2),
            S(F(*x), F(2, 1, *kernel), F(2), padding=1, groups=2),
            S(F(*x), F(4, 2, *(1,) * axes), F(4)),
            S(F(0, *x[1:]), F(*w), F(4)),
            *extra,
        ),
        tol=4,
        dtypes="number",
        bad=(
            bad(ValueError, rf"^{name}: the input must have 2 channels, got input", F(2, 3, *size), F(*w)),
            bad(ValueError, rf"^{name}: the input must have .* axes", F(3), F(*w)),
            bad(ValueError, rf"^{name}: the bias must have shape \(4,\), got \(3,\)", F(*x), F(*w), F(3)),
            bad(ValueError, rf"^{name}: groups must divide", F(*x), F(*w), None, 1, 0, 1, 3),
            bad(ValueError, rf"^{name}: the kernel must fit", F(*x), F(4, 2, *(9,) * axes)),
            bad(ValueError, rf"^{name}: stride must be at least 1", F(*x), F(*w), None, 0),
            bad(ValueError, rf"^{name}: padding .same. needs stride 1", F(*x), F(*w), None, 2, "same"),
            bad(ValueError, rf"^{name}: padding must be", F(*x), F(*w), None, 1, "most"),
            bad(TypeError, r"^conv: .*one number dtype", I(*x), F(*w)),
        ),
        **options,
    )


def transposed(axes):
    """Transposed convolution over so many axes."""
    name = f"conv_transpose{axes}d"
    size, kernel = (3, 3, 2)[-axes:], (2, 2, 1)[-axes:] if axes > 1 else (3,)
    x, w = (2, 4, *size), (4, 2, *kernel)
    small, point = (1, 1, *(2, 2, 1)[:axes]), (1, 1, *(2, 1, 1)[:axes])
    return row(
        name,
        (
            S(F(*small), F(*point), F(1)),
            S(F(*small), F(*point), None, 2),
            S(F(*x), F(*w), F(2)),
            S(F(*x), F(*w)),
            S(F(*x[1:]), F(*w), F(2)),
            S(F(*x), F(*w), F(2), stride=2, padding=1, output_padding=1),
            S(F(*x), F(*w), F(4), groups=2),
            S(F(*x), F(*w), None, dilation=2),
            S(F(0, *x[1:]), F(*w), F(2)),
        ),
        tol=4,
        dtypes="number",
        bad=(
            bad(ValueError, rf"^{name}: the input must have 4 channels, got input", F(2, 3, *size), F(*w)),
            bad(ValueError, rf"^{name}: output_padding must be smaller", F(*x), F(*w), None, 1, 0, 1),
            bad(ValueError, rf"^{name}: the output would have size", F(*x), F(*w), None, 1, 3),
            bad(TypeError, r"^conv_transpose: .*one number dtype", I(*x), F(*w)),
        ),
    )


def max_pool(axes):
    """Maximum over windows."""
    name = f"max_pool{axes}d"
    size = (5, 4, 3)[-axes:] if axes > 1 else (7,)
    nan = float("nan")
    ties = {1: [[[1.0, 1.0, 0.0]]], 2: [[[[1.0, 1.0, 0.0]]]], 3: [[[[[1.0, 1.0, 0.0]]]]]}[axes]
    first = {1: [[[1.0, 0.0, 0.0]]], 2: [[[[1.0, 0.0, 0.0]]]], 3: [[[[[1.0, 0.0, 0.0]]]]]}[axes]
    wide = (1,) * (axes - 1)
    hole = {1: [[[1.0, nan, 3.0, 4.0]]], 2: [[[[1.0, nan, 3.0, 4.0]]]], 3: [[[[[1.0, nan, 3.0, 4.0]]]]]}[axes]
    return row(
        name,
        (
            S(F(1, 1, *(4, 2, 2)[:axes]), 2),
            S(F(2, 2, *size), 2),
            S(F(2, *size), 2, 1),
            S(F(2, 2, *size), 3, 2, 1),
            S(F(2, 2, *size), 2, 2, 1, 1, True),
            S(F(2, 2, *size), 2, 1, 1, 2, return_indices=True),
            S(V(hole, grad=False), (*wide, 2)),
            S(F(0, 2, *size), 2),
        ),
        dtypes="number",
        kinks=(kink(V(ties), (*wide, 3), grads=(first,)),),
        bad=(
            bad(ValueError, rf"^{name}: the kernel must fit", F(2, 2, *size), 9),
            bad(ValueError, rf"^{name}: padding must be at most half", F(2, 2, *size), 2, 1, 2),
            bad(ValueError, rf"^{name}: kernel_size must be at least 1", F(2, 2, *size), 0),
            bad(ValueError, rf"^{name}: the input must have", F(3), 2),
        ),
    )


def avg_pool(axes):
    """Mean over windows."""
    name = f"avg_pool{axes}d"
    size = (5, 4, 3)[-axes:] if axes > 1 else (7,)
    divisor = (S(F(2, 2, *size), 2, divisor_override=3),) if axes > 1 else ()
    return row(
        name,
        (
            S(F(1, 1, *(4, 2, 2)[:axes]), 2),
            S(F(2, 2, *size), 2),
            S(F(2, *size), 2, 1),
            S(F(2, 2, *size), 3, 2, 1),
            S(F(2, 2, *size), 3, 2, 1, True),
            S(F(2, 2, *size), 3, 2, 1, True, False),
            S(F(0, 2, *size), 2),
            *divisor,
        ),
        dtypes="number",
        bad=(
            bad(ValueError, rf"^{name}: the kernel must fit", F(2, 2, *size), 9),
            bad(ValueError, rf"^{name}: padding must be at most half", F(2, 2, *size), 2, 1, 2),
            bad(TypeError, r"^avg_pool: the input must hold numbers", B(2, 2, *size), 2),
        ),
    )


def adaptive(axes):
    """Windows by the number of outputs."""
    size = (5, 4, 3)[-axes:] if axes > 1 else (7,)
    few = (S(F(1, 1, *(4, 2, 2)[:axes]), 2), S(F(2, 2, *size), 3), S(F(2, *size), 1), S(F(2, 2, *size), 5))
    if axes > 1:
        few = (*few, S(F(2, 2, *size), (None, *(2, 3)[: axes - 1])))
    mean, most = f"adaptive_avg_pool{axes}d", f"adaptive_max_pool{axes}d"
    return (
        row(
            mean,
            few,
            bad=(
                bad(ValueError, rf"^{mean}: the input must have", F(3), 2),
                bad(ValueError, rf"^{mean}: output_size must be at least 0, or None .*got -1", F(2, 2, *size), -1),
            ),
        ),
        row(
            most,
            (*few, S(F(2, 2, *size), 2, return_indices=True)),
            bad=(bad(ValueError, rf"^{most}: the input must have", F(3), 2),),
        ),
    )


def unpool(axes):
    """The way back from max pooling."""
    name = f"max_unpool{axes}d"
    shape = (1, 1, *(2, 1, 1)[:axes])
    places = {1: [[[1, 2]]], 2: [[[[3], [4]]]], 3: [[[[[3]], [[12]]]]]}[axes]
    far = {1: [[[1, 99]]], 2: [[[[3], [99]]]], 3: [[[[[3]], [[99]]]]]}[axes]
    return row(
        name,
        (S(F(*shape), V(places, "int"), 2), S(F(*shape), V(places, "int"), 2, None, 0, (5, 3, 3)[:axes])),
        bad=(
            bad(IndexError, rf"^{name}: indices must be positions", F(*shape), V(far, "int"), 2),
            bad(ValueError, rf"^{name}: indices must have the input's shape", F(*shape), I(1), 2),
        ),
    )


def lp_pool(axes):
    """Power means; positive numbers, where the power is smooth."""
    size = (4, 4, 4)[:axes]
    return row(
        f"lp_pool{axes}d",
        (S(F(1, 1, *(4, 2, 2)[:axes]), 2.0, 2), S(F(2, 2, *size), 3.0, 3, 1), S(F(2, 2, *size), 2.0, 3, 2, True)),
        domain=(0.5, 2.0),
        tol=8,
    )


ROWS = (
    *(conv(axes) for axes in (1, 2, 3)),
    *(transposed(axes) for axes in (1, 2, 3)),
    *(max_pool(axes) for axes in (1, 2, 3)),
    *(avg_pool(axes) for axes in (1, 2, 3)),
    *(one for axes in (1, 2, 3) for one in adaptive(axes)),
    *(unpool(axes) for axes in (1, 2, 3)),
    *(lp_pool(axes) for axes in (1, 2, 3)),
    row(
        "nn.unfold",  # Tensor.unfold is another
        (
            S(F(1, 1, 3, 3), 2),
            S(F(2, 2, 4, 5), (2, 3)),
            S(F(2, 4, 5), 2),
            S(F(2, 2, 4, 5), 2, 2, 1, (1, 2)),
            S(F(0, 2, 4, 5), 2),
        ),
        bad=(
            bad(ValueError, r"^unfold: the kernel must fit", F(1, 1, 3, 3), 5),
            bad(ValueError, r"^unfold: the input must have", F(3), 2),
        ),
    ),
    row(
        "fold",
        (
            S(F(1, 4, 4), (3, 3), 2),
            S(F(2, 8, 12), (4, 5), 2),
            S(F(8, 12), (4, 5), 2),
            S(F(2, 8, 6), (4, 5), 2, 1, 0, (1, 2)),
        ),
        bad=(bad(ValueError, r"^fold: the input must have a multiple of 4 rows and 4 columns", F(1, 4, 5), (3, 3), 2),),
    ),
    row(
        "resample_axis",
        (
            S(F(2, 3), 1, 5),
            S(F(2, 3), 1, 5, "linear", True),
            S(F(4, 2), 0, 3, "cubic"),
            S(F(4, 2), 0, 3, "nearest"),
            S(F(4, 2), 0, 7, "nearest-exact", False, 0.6),
            S(F(7, 2), 0, 3, "cubic", antialias=True),
        ),
        ref=False,
        bad=(
            bad(ValueError, r"^resample_axis: sizes must be positive", F(2, 3), 1, 0),
            bad(ValueError, r"^resample_axis: mode must be", F(2, 3), 1, 2, "best"),
            bad(ValueError, r"^resample_axis: antialias is for", F(2, 3), 1, 2, "nearest", antialias=True),
        ),
    ),
    row(
        "pixel_shuffle",
        (S(F(4, 2, 1), 2), S(F(2, 8, 2, 3), 2)),
        dtypes="all",
        bad=(bad(ValueError, r"^pixel_shuffle: channels must be a multiple", F(3, 2, 1), 2),),
    ),
    row(
        "pixel_unshuffle",
        (S(F(1, 2, 4), 2), S(F(2, 2, 4, 6), 2)),
        dtypes="all",
        bad=(bad(ValueError, r"^pixel_unshuffle: height and width must be multiples", F(1, 3, 4), 2),),
    ),
    row(
        "channel_shuffle",
        (S(F(1, 4, 2), 2), S(F(2, 6, 2, 2), 3)),
        dtypes="float",
        bad=(bad(ValueError, r"^channel_shuffle: groups must divide", F(1, 4, 2), 3),),
    ),
    row(
        "interpolate",
        (
            S(F(1, 1, 3), scale_factor=2),
            S(F(2, 2, 4), size=7, mode="linear"),
            S(F(2, 1, 3, 2), scale_factor=1.7, mode="bilinear"),
            S(F(1, 2, 3, 4), size=(5, 3), mode="bilinear", align_corners=True),
            S(F(1, 1, 4, 5), size=(6, 7), mode="bicubic"),
            S(F(1, 2, 2, 3, 2), scale_factor=2.0, mode="trilinear"),
            S(F(1, 2, 4, 4), size=(2, 3), mode="area"),
            S(F(1, 2, 4, 4), size=3, mode="nearest-exact"),
            S(F(1, 2, 7, 5), size=(3, 4), mode="bilinear", antialias=True),
            S(F(1, 1, 8, 5), size=(3, 7), mode="bicubic", antialias=True),
            S(F(1, 1, 5, 6), scale_factor=0.4, mode="bicubic", antialias=True, align_corners=True),
        ),
        tol=4,
        bad=(
            bad(ValueError, r"^interpolate: either size or scale_factor", F(1, 1, 3)),
            bad(ValueError, r"^interpolate: mode must suit", F(1, 1, 3), 4, None, "bilinear"),
        ),
    ),
    row(
        "grid_sample",
        (
            S(F(1, 1, 3, 2), F(1, 1, 2, 2, low=-0.9, high=0.9), align_corners=False),
            S(F(2, 2, 3, 4), F(2, 2, 3, 2), align_corners=True),
            S(F(2, 17, 3, 4), F(2, 2, 3, 2), align_corners=True),
            S(F(2, 2, 3, 4), F(2, 2, 3, 2), padding_mode="border", align_corners=False),
            S(F(2, 2, 3, 4), F(2, 2, 3, 2), padding_mode="reflection", align_corners=False),
            S(F(2, 2, 3, 4), F(2, 2, 3, 2), mode="nearest", align_corners=False),
            S(F(1, 2, 3, 4, 2), F(1, 2, 3, 1, 3), align_corners=False),
            S(F(1, 2, 3, 4), F(1, 2, 3, 2), mode="bicubic", align_corners=False),
            S(F(1, 2, 3, 4), F(1, 2, 3, 2), mode="bicubic", padding_mode="reflection", align_corners=True),
        ),
        domain=(-1.3, 1.3),
        tol=20,
        bad=(
            bad(
                ValueError,
                r"^grid_sample: input .*required, got \(1, 1, 3, 2\) and \(1, 2, 3\)",
                F(1, 1, 3, 2),
                F(1, 2, 3),
            ),
        ),
    ),
    row(
        "affine_grid",
        (S(F(1, 2, 3), (1, 1, 2, 2), align_corners=False), S(F(2, 3, 4), (2, 1, 2, 3, 2), align_corners=True)),
        tol=4,
        bad=(bad(ValueError, r"^affine_grid: theta", F(1, 3, 3), (1, 1, 2, 2)),),
    ),
    row(
        "local_response_norm",
        (S(F(1, 3, 2), 2), S(F(2, 4, 3), 3, 0.5, 0.75, 2.0), S(F(1, 5, 2, 2), 4, alpha=0.5)),
        tol=4,
        bad=(bad(ValueError, r"^local_response_norm: an input of 3 axes", F(3, 2), 2),),
    ),
)
