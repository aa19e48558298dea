"""Sizes at which the library takes a faster way than for a few elements: values and gradients as PyTorch's."""

import math

import numpy as np
import pytest

import chainrule as cr

RNG = np.random.default_rng(0)


def numbers(*shape, dtype=np.float64, low=-2.0, high=2.0):
    return RNG.uniform(low, high, shape).astype(dtype)


def compare(torch, function, *arrays, tolerance=1e-12, twice=False):
    """Values, gradients of all floating inputs and (twice) gradients of the gradients' cubes by the first two."""
    results = []
    for lib in (cr, torch):
        tensors = [lib.from_numpy(a.copy()) for a in arrays]
        leaves = [t.requires_grad_() for t in tensors if t.is_floating_point()]
        y = function(lib, *tensors)
        found = [y]
        if leaves and y.requires_grad:
            weights = lib.from_numpy(np.cos(np.arange(y.numel())).reshape(tuple(y.shape)).astype(arrays[0].dtype))
            grads = lib.autograd.grad(y, leaves, weights, create_graph=twice)
            found += grads
            if twice:
                found += lib.autograd.grad(sum((g * g * g).sum() for g in grads), leaves[:2])
        results.append([f.detach().numpy() for f in found])
    for ours, theirs in zip(*results, strict=True):
        assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
        scale = np.abs(theirs[np.isfinite(theirs)]).max(initial=1.0) if theirs.size else 1.0
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * scale)


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_padding_copies_runs(torch, mode):
    def padded(lib, x):
        return lib.nn.functional.pad(x, (3, 2, 1, 4), mode=mode)

    compare(torch, padded, numbers(2, 3, 9, 40))
    compare(torch, padded, numbers(2, 3, 9, 40, dtype=np.float32), tolerance=1e-6)
    compare(torch, padded, numbers(4, 5, 9, 40))  # planes enough to share one index
    compare(torch, padded, numbers(16, 9, 8))


@pytest.mark.parametrize(
    "index", [np.r_[0:16, 4:30, 4:30], np.r_[7, 1:39, 0], np.arange(40)[::-1].copy(), np.arange(17, 37)]
)
def test_neighbours_along_the_last_axis(torch, index):
    i = index.astype(np.int64)
    x, values = numbers(5, 40), numbers(5, len(i))
    compare(torch, lambda lib, t: lib.index_select(t, 1, lib.from_numpy(i)), x)
    compare(torch, lambda lib, t: t[:, lib.from_numpy(i)], x)
    compare(torch, lambda lib, t, v: lib.index_add(t, 1, lib.from_numpy(i), v), x, values)


@pytest.mark.parametrize("shape", [(130, 33), (3, 9, 70), (65, 1, 7)])
def test_running_extremes_of_many_lines(torch, shape):
    x = np.round(numbers(*shape, high=9))
    x.flat[:: x.size // 3] = np.nan
    for axis in range(len(shape)):
        for name in ("cummax", "cummin"):
            ours, theirs = (getattr(lib, name)(lib.from_numpy(x), axis) for lib in (cr, torch))
            np.testing.assert_array_equal(ours.values.numpy(), theirs.values.numpy())
            np.testing.assert_array_equal(ours.indices.numpy(), theirs.indices.numpy())
        compare(torch, lambda lib, t, d=axis: lib.logcumsumexp(t, d), np.nan_to_num(x))


def test_rows_moved_by_a_few_bytes():
    for dtype in (np.float32, np.uint8):
        x = (np.arange(3 * 5000) % 251).astype(dtype).reshape(3, 5000)
        t = cr.from_numpy(x.copy()).clone()
        for shift in [*range(1, 18), 700, 4096]:
            np.testing.assert_array_equal(cr.roll(t, shift, 1).numpy(), np.roll(x, shift, 1))
            joined = cr.cat([t[:, :shift], t, t], 1).numpy()
            np.testing.assert_array_equal(joined, np.concatenate([x[:, :shift], x, x], 1))


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_divisions_of_integers(torch, dtype):
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    a, b = RNG.integers(-1000, 1000, 203).astype(dtype), RNG.integers(1, 50, 203).astype(dtype)
    far = a.copy(), b.copy()
    far[0][[3, 50, 51]] = low, high, low + 1
    far[1][[7, 50, 90]] = high, low + 2, -1
    big = RNG.integers(low // 2, high // 2, 203).astype(dtype), RNG.integers(1, high, 203).astype(dtype)
    names = ("floor_divide", "remainder", "fmod")
    for x, y in ((a, b), (a, -b), (a * b, b), (a * b - 1, -b), far, big):
        for name in names:
            ours, theirs = (getattr(lib, name)(lib.from_numpy(x), lib.from_numpy(y)) for lib in (cr, torch))
            np.testing.assert_array_equal(ours.numpy(), theirs.numpy(), name)
    for name in names:
        ours, theirs = (getattr(lib, name)(lib.from_numpy(a[::3].copy()), 7) for lib in (cr, torch))
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy(), name)


def test_searches_in_sequences_of_any_length(torch):
    for n in [0, 1, 2, 3, 7, 8, 9, 100]:
        sequence, values = np.sort(RNG.integers(0, 30, n)).astype(np.float64), np.arange(-1.0, 32)
        values[[3, 9]] = np.nan, np.inf
        for right in (False, True):
            ours, theirs = (
                lib.searchsorted(lib.from_numpy(sequence), lib.from_numpy(values), right=right) for lib in (cr, torch)
            )
            np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


@pytest.mark.parametrize("n", [4, 16, 33, 64])
def test_scans_of_many_short_rows(torch, n):
    x = numbers(150, n)
    for name in ("cumsum", "cumprod"):
        compare(torch, lambda lib, t, f=name: getattr(lib, f)(t, 1), x, tolerance=1e-11)
        alone = [getattr(cr, name)(cr.from_numpy(row.copy()), 0).numpy() for row in x]
        np.testing.assert_array_equal(getattr(cr, name)(cr.from_numpy(x), 1).numpy(), alone)  # the same bits
    whole = RNG.integers(-9, 9, (150, n))
    np.testing.assert_array_equal(cr.cumsum(cr.from_numpy(whole), 1).numpy(), whole.cumsum(1))


def test_flip_keeps_the_order_of_axes_in_memory(torch):
    def turned(axes):
        return lambda lib, x: lib.flip(x.permute(2, 0, 1), axes)

    x = numbers(20, 30, 40)
    for axes in [(0,), (1,), (0, 2)]:
        compare(torch, turned(axes), x)
        assert turned(axes)(cr, cr.from_numpy(x)).stride() == turned(axes)(torch, torch.from_numpy(x)).stride()


EDGES = [0.0, 5e-324, 1e-310, 0.3, 0.5, 1.0, 1 + 2**-52, 3.0, 1e5, 1e5 + 1, 1e16, 1e22, 1e300, 1.7e308, np.inf, np.nan]


def test_float64_functions_at_the_edges():
    """NumPy's (the C library's) results for zeros, subnormals, huge numbers, inf and NaN, signs included."""
    x = np.array([*EDGES, *(-e for e in EDGES)])
    a, b = (grid.ravel() for grid in np.meshgrid(x, x))
    one = {"sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan}
    two = {"pow": np.power, "atan2": np.arctan2, "hypot": np.hypot, "fmod": np.fmod}
    with np.errstate(all="ignore"):
        cases = [(name, f(x), (x,)) for name, f in one.items()] + [(name, f(a, b), (a, b)) for name, f in two.items()]
    for name, expected, inputs in cases:
        got = getattr(cr, name)(*map(cr.from_numpy, inputs)).numpy()
        with np.errstate(all="ignore"):
            np.testing.assert_array_almost_equal_nulp(np.nan_to_num(got, nan=7), np.nan_to_num(expected, nan=7), 2)
        numbers_only = ~np.isnan(expected)
        np.testing.assert_array_equal(np.signbit(got)[numbers_only], np.signbit(expected)[numbers_only], name)


def test_float64_functions_where_they_are_exact():
    base, exponent = (grid.ravel() for grid in np.meshgrid(np.arange(-9.0, 10), np.arange(0.0, 13)))
    np.testing.assert_array_equal(cr.pow(cr.from_numpy(base), cr.from_numpy(exponent)).numpy(), base**exponent)
    divisor = RNG.uniform(0.1, 3, 5000)
    number = np.nextafter(np.round(RNG.uniform(1, 1e6, 5000)) * divisor, RNG.choice([-1e9, 1e9], 5000))
    got = cr.fmod(cr.from_numpy(number), cr.from_numpy(divisor)).numpy()  # quotients next to integers
    np.testing.assert_array_equal(got, np.fmod(number, divisor))


@pytest.mark.parametrize("shape", [(3, 40, 21), (2, 7, 16), (2, 100, 130), (33, 40), (33, 65), (5, 100)])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax(torch, name, shape):
    for dtype, tolerance in ((np.float64, 1e-13), (np.float32, 2e-6)):
        x = numbers(*shape, dtype=dtype, low=-9, high=9)
        x.flat[3] = -np.inf
        compare(torch, lambda lib, t: getattr(lib, name)(t, 1), x, tolerance=tolerance)


@pytest.mark.parametrize("shape", [(20, 150), (3, 30, 17), (40, 4), (6, 5, 2)])
def test_scans_of_neighbouring_lines(torch, shape):
    axis = len(shape) - 2
    for name in ("cumsum", "cumprod"):
        compare(torch, lambda lib, t, f=name: getattr(lib, f)(t, axis), numbers(*shape), tolerance=1e-11)
    x = RNG.integers(0, 9, shape)
    compare(torch, lambda lib, t: lib.cumsum(t, axis), x)
    x = x.astype(np.float32)
    x.flat[[5, 31]] = np.nan
    for name in ("argmax", "argmin"):
        for values in (x, x[..., ::-1].astype(np.int64, copy=True) if np.isfinite(x).all() else x * 2):
            compare(torch, lambda lib, t, f=name: getattr(lib, f)(t, axis), values)
    for name in ("max", "min"):
        compare(torch, lambda lib, t, f=name: getattr(lib, f)(t, axis).values, numbers(*shape))


@pytest.mark.parametrize("shape", [(3, 16), (4, 23), (2, 5000), (300, 64), (40, 300)])
@pytest.mark.parametrize("axis", [0, 1])
def test_reductions(torch, shape, axis):
    for name in ("sum", "mean", "amax", "amin", "norm", "prod"):
        low, high = (0.99, 1.01) if name == "prod" else (-2, 2)
        compare(torch, lambda lib, t, f=name: getattr(lib, f)(t, dim=axis), numbers(*shape, low=low, high=high),
                tolerance=1e-11)  # fmt: skip
    whole = RNG.integers(-(2**40), 2**40, shape)
    for name in ("sum", "amax", "amin", "prod"):  # sums and products wrap around
        compare(torch, lambda lib, t, f=name: getattr(lib, f)(t, dim=axis), whole)
    for special in (np.nan, np.inf):
        x = numbers(*shape, dtype=np.float32)
        x[-1, -1], x[0, 0], x[1, 1] = special, -special, np.inf
        for name in ("amax", "amin"):
            expected = getattr(np, name)(x, axis=axis)
            np.testing.assert_array_equal(getattr(cr, name)(cr.from_numpy(x), dim=axis).numpy(), expected)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
def test_losses_in_blocks(torch, name, reduction):
    options = {"smooth_l1_loss": {"beta": 0.3}, "huber_loss": {"delta": 0.7}}.get(name, {})

    def loss(lib, x, t):
        return getattr(lib.nn.functional, name)(x, t, reduction=reduction, **options)

    compare(torch, loss, numbers(3, 1100), numbers(3, 1100), tolerance=1e-11, twice=name != "l1_loss")
    compare(torch, lambda lib, x, t: loss(lib, x.t(), t.t()), numbers(3, 1100), numbers(3, 1100), tolerance=1e-11)


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(18, 22), (5, 30), (20, 4), (4, 5)])
def test_interpolation(torch, mode, size):
    compare(torch, lambda lib, x: lib.nn.functional.interpolate(x, size=size, mode=mode), numbers(2, 3, 9, 11))
    if mode.startswith("bi"):
        options = {"antialias": True, "align_corners": True}
        compare(torch, lambda lib, x: lib.nn.functional.interpolate(x, size=size, mode=mode, **options),
                numbers(2, 3, 9, 11))  # fmt: skip


def test_pooling_to_one_element(torch):
    for dims in (1, 2, 3):
        shape = (2, 3, 4, 5, 6)[: 2 + dims]
        compare(torch, lambda lib, x, d=dims: getattr(lib.nn.functional, f"adaptive_avg_pool{d}d")(x, 1),
                numbers(*shape), twice=False)  # fmt: skip


@pytest.mark.parametrize("options", [{}, {"padding": 1}, {"padding": 2, "dilation": 2}, {"padding": 3}])
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_depthwise_convolutions(torch, dims, options):
    x, w, b = numbers(2, 4, *(9, 8, 11)[:dims]), numbers(4, 1, *(3, 2, 3)[:dims]), numbers(4)
    for stride in (1, 2, 3):
        compare(torch, lambda lib, x, w, b, s=stride: getattr(lib.nn.functional, f"conv{dims}d")(
            x, w, b, stride=s, groups=4, **options), x, w, b, twice=True, tolerance=1e-10)  # fmt: skip


@pytest.mark.parametrize("shape", [(3, 5, 9, 61), (2, 5, 7, 7), (2, 5, 2, 3)])
@pytest.mark.parametrize("kernel", [(3, 3), (5, 2), (1, 6)])
def test_depthwise_planes(torch, shape, kernel):
    def convolve(lib, x, w, b):
        return lib.nn.functional.conv2d(x, w, b, padding=(2, 3), groups=5)

    arrays = numbers(*shape), numbers(5, 1, *kernel), numbers(5)
    compare(torch, convolve, *arrays)
    compare(torch, convolve, *[a.astype(np.float32) for a in arrays], tolerance=1e-5)


def test_depthwise_weight_beside_infinity():
    # The last column is never met by the kernel's first one: its gradient is finite.
    x = np.ones((2, 3, 6, 7), np.float32)
    x[1, 2, 3, 6] = np.inf
    w = cr.ones(3, 1, 2, 2, requires_grad=True)
    cr.nn.functional.conv2d(cr.tensor(x), w, groups=3).sum().backward()
    assert w.grad[:2].isfinite().all() and w.grad[2, 0, :, 0].isfinite().all()
    assert (w.grad[2, 0, :, 1] == np.inf).all()


@pytest.mark.parametrize(
    "options", [{"padding": 1}, {"padding": (0, 2, 1), "dilation": (1, 2, 1)}, {"padding": (3, 0, 1)}]
)
def test_convolution_of_volumes(torch, options):
    # Blocks of windows that end within a plane.
    x, w, b = numbers(2, 3, 5, 12, 30), numbers(4, 3, 3, 3, 3), numbers(4)
    compare(torch, lambda lib, *t: lib.nn.functional.conv3d(*t, **options), x, w, b)


@pytest.mark.parametrize("stride", [2, (2, 1, 2), (1, 2, 3)])
def test_strided_convolution_of_volumes(torch, stride):
    x, w, b = numbers(3, 4, 6, 9, 10), numbers(6, 2, 3, 2, 3), numbers(6)
    options = {"stride": stride, "padding": (1, 0, 2), "groups": 2}
    compare(torch, lambda lib, *t: lib.nn.functional.conv3d(*t, **options), x, w, b)
    small = [a.astype(np.float32) for a in (x, w, b)]
    compare(torch, lambda lib, *t: lib.nn.functional.conv3d(*t, **options), *small, tolerance=1e-4)


@pytest.mark.parametrize(
    "shape, kernel, options",
    [
        ((3, 8, 9, 11), (8, 5, 4, 4), {"stride": 2, "padding": 1}),
        ((3, 8, 9, 11), (8, 5, 3, 3), {"stride": 2, "padding": 1, "output_padding": 1}),
        ((2, 8, 9, 11), (8, 3, 3, 5), {"stride": (3, 2), "padding": (0, 4), "groups": 2}),
        ((3, 8, 9, 11), (8, 9, 2, 3), {"stride": (2, 1), "padding": (1, 0)}),
        ((2, 4, 5, 6, 7), (4, 3, 3, 2, 4), {"stride": (2, 2, 1), "padding": (1, 0, 2)}),
        ((2, 6, 120), (6, 9, 8), {"stride": 4, "padding": 3, "output_padding": 2}),
    ],
)
def test_transposed_convolutions_by_remainders(torch, shape, kernel, options):
    x, w, b = numbers(*shape), numbers(*kernel), numbers(kernel[1] * options.get("groups", 1))
    name = f"conv_transpose{len(shape) - 2}d"
    compare(torch, lambda lib, *t: getattr(lib.nn.functional, name)(*t, **options), x, w, b, twice=len(shape) == 4)


def test_distances_of_many_points(torch):
    for sets, d in (((40, 70), 3), ((65, 64), 9), ((1, 130), 1)):
        a, b = numbers(sets[0], d), numbers(sets[1], d)
        compare(torch, lambda lib, *t: lib.cdist(*t), a, b, twice=True, tolerance=1e-9)
        compare(torch, lambda lib, *t: lib.cdist(*t), np.stack([a, a + 1]), b[None], tolerance=1e-10)
        wide = numbers(2 * d, sets[1])
        compare(torch, lambda lib, x, y: lib.cdist(x, y.t()[:, ::2]), a, wide, tolerance=1e-10)


def test_near_points_keep_their_distance():
    x = (1000 + RNG.uniform(-1, 1, (50, 4)) * 2.0**-10).astype(
        np.float32
    )  # a product of matrices would lose all digits
    y = np.roll(x, 1, 0)
    leaf = cr.from_numpy(x.copy()).requires_grad_()
    distances = cr.cdist(leaf, cr.from_numpy(y.copy()))
    exact = np.linalg.norm(x[:, None].astype(np.float64) - y, axis=-1)
    np.testing.assert_allclose(distances.detach().numpy(), exact, rtol=1e-6)
    assert distances[0, 1] == 0
    distances.sum().backward()
    safe = np.where(exact == 0, np.inf, exact)
    slopes = ((x[:, None].astype(np.float64) - y) / safe[..., None]).sum(1)
    np.testing.assert_allclose(leaf.grad.numpy(), slopes, atol=1e-4)


def test_next_numbers(torch):
    special = np.array(
        [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 5e-324, -5e-324, 1e-45, 3.4e38, -3.4e38, 1.7e308]
    )
    for dtype in (np.float32, np.float64):
        x, y = (v.ravel().astype(dtype) for v in np.meshgrid(special, special))
        ours = cr.nextafter(cr.from_numpy(x.copy()), cr.from_numpy(y.copy())).numpy()
        theirs = torch.nextafter(torch.from_numpy(x.copy()), torch.from_numpy(y.copy())).numpy()
        np.testing.assert_array_equal(ours, theirs)
        np.testing.assert_array_equal(np.signbit(ours), np.signbit(theirs))


def test_divisors_of_wide_integers(torch):
    wide = np.array([0, 1, -1, 6, 2**31, 2**32, 3 * 2**40, -(2**62), 2**63 - 1, -(2**63), 2**32 - 1, 10**18])
    x, y = (v.ravel() for v in np.meshgrid(wide, wide))
    for name in ("gcd", "lcm"):
        ours = getattr(cr, name)(cr.from_numpy(x.copy()), cr.from_numpy(y.copy())).numpy()
        if name == "gcd":
            want = np.array([math.gcd(int(a), int(b)) for a, b in zip(x, y)], dtype=object)
            np.testing.assert_array_equal(ours.view(np.uint64).astype(object), want)
        else:
            fits = np.array([abs(math.lcm(int(a), int(b))) < 2**63 for a, b in zip(x, y)])
            want = np.array([math.lcm(int(a), int(b)) for a, b in zip(x, y)], dtype=object)
            np.testing.assert_array_equal(ours[fits].astype(object), want[fits])


def test_convolution_without_channels():
    for size, kernel in ((5, 3), (20, 3), (20, 1)):
        y = cr.nn.functional.conv2d(cr.ones(2, 0, size, size), cr.ones(3, 0, kernel, kernel), cr.arange(3.0))
        assert (y == cr.arange(3.0).reshape(3, 1, 1)).all()


def test_unique(torch):
    whole = RNG.integers(-50, 50, 3000)
    types = [whole.astype(t) for t in (np.int32, np.uint8, np.bool_, np.float64)]
    for x in (whole, whole * 10**15, *types, whole.reshape(30, 100), whole[:0], np.array([-(2**63), 2**63 - 1])):
        ours = cr.unique(cr.from_numpy(x.copy()), return_inverse=True, return_counts=True)
        theirs = torch.unique(torch.from_numpy(x.copy()), return_inverse=True, return_counts=True)
        for a, b in zip(ours, theirs, strict=True):
            assert a.numpy().dtype == b.numpy().dtype
            np.testing.assert_array_equal(a.numpy(), b.numpy())
        ours = cr.unique_consecutive(cr.from_numpy(x.copy()), return_inverse=True, return_counts=True)
        theirs = torch.unique_consecutive(torch.from_numpy(x.copy()), return_inverse=True, return_counts=True)
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(a.numpy(), b.numpy())
    column = whole[:, None]
    np.testing.assert_array_equal(cr.unique(cr.from_numpy(column.copy()), dim=0).numpy(), np.unique(column)[:, None])
    assert len(cr.unique(cr.tensor([1.0, np.nan, np.nan, 1.0]))) == 3


def test_bincount():
    for high in (3, 5000, 10**6):
        x = RNG.integers(0, high, 20011)
        np.testing.assert_array_equal(cr.bincount(cr.from_numpy(x)).numpy(), np.bincount(x))
    x[77] = -1
    with pytest.raises(ValueError, match=r"bincount: the input must not be negative, got -1 at 77"):
        cr.bincount(cr.from_numpy(x))


@pytest.mark.parametrize("axis", [0, 1])
def test_gather_and_scatter(torch, axis):
    x, at = numbers(30, 40), RNG.integers(0, 30, (30, 40))
    for layout in (lambda t: t, lambda t: t.t().contiguous().t()):
        compare(torch, lambda lib, x, i, f=layout: lib.gather(f(x), axis, f(i)), x, at)
        compare(torch, lambda lib, x, i, f=layout: lib.scatter_add(x, axis, f(i), f(x)), x, at)


@pytest.mark.parametrize("sizes", [(768, 65, 130), (33, 1111, 60), (100, 16, 2100), (47, 95, 1500), (200, 140, 90)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_products_in_tiles(sizes, dtype):
    m, n, k = sizes
    a, b, c = numbers(m, k, dtype=dtype), numbers(k, n, dtype=dtype), numbers(m, n, dtype=dtype)
    wanted = a.astype(np.float64) @ b.astype(np.float64)
    tolerance = {"rtol": 0, "atol": k * 8 * np.finfo(dtype).eps}
    x, y = cr.tensor(a), cr.tensor(b)
    x_turned, y_turned = cr.tensor(a.T.copy()).t(), cr.tensor(b.T.copy()).t()
    wider = cr.tensor(np.pad(b, ((0, 0), (3, 2))))[:, 3 : 3 + n]
    for left in (x, x_turned):
        for right in (y, y_turned, wider):
            np.testing.assert_allclose((left @ right).numpy(), wanted, **tolerance)
    threads = cr.get_num_threads()
    try:
        results = []
        for number in (1, 2, 3):
            cr.set_num_threads(number)
            results.append(x_turned.matmul(y_turned).numpy())
    finally:
        cr.set_num_threads(threads)
    assert all(np.array_equal(results[0], r) for r in results[1:])
    # A weight used twice: the second product is added to the gradient of the first.
    weight = cr.tensor(b.T.copy(), requires_grad=True)
    weights = cr.tensor(c)
    (((cr.nn.functional.linear(x, weight) + cr.nn.functional.linear(2 * x, weight)) * weights).sum()).backward()
    tolerance["atol"] *= m
    np.testing.assert_allclose(weight.grad.numpy(), 3 * c.T.astype(np.float64) @ a.astype(np.float64), **tolerance)


@pytest.mark.parametrize("shape, dim", [((5000,), None), ((7, 300), 1), ((300, 7), 0), ((3, 0), 1), ((40, 50), None)])
def test_nansum_without_a_graph_gives_the_bits_of_a_mask_and_a_sum(shape, dim):
    values = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    values[np.random.default_rng(1).random(shape) < 0.2] = np.nan
    plain, recorded = cr.tensor(values), cr.tensor(values, requires_grad=True)
    for name in ("nansum", "nanmean"):
        one, other = getattr(cr, name)(plain, dim), getattr(cr, name)(recorded, dim).detach()
        np.testing.assert_array_equal(one.numpy(), other.numpy())


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_clamp_by_two_tensors_without_a_graph_takes_two_steps_at_once(dtype):
    x, low, high = (cr.tensor(np.random.default_rng(i).uniform(-9, 9, (3, 40)).astype(dtype)) for i in range(3))
    if x.is_floating_point():
        x[0, 0], low[0, 1], high[0, 2] = (float("nan"),) * 3
    steps = x.clamp_min(low).clamp_max(high)
    np.testing.assert_array_equal(x.clamp(low, high).numpy(), steps.numpy())
    np.testing.assert_array_equal(x.clone().clamp_(low, high).numpy(), steps.numpy())
    np.testing.assert_array_equal(x.clamp(low[0], 3).numpy(), x.clamp_min(low[0]).clamp_max(3).numpy())


@pytest.mark.parametrize("reduce", ["amax", "amin", "prod"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32", "uint8", "bool"])
def test_index_reduce_combines_rows_as_elements(reduce, dtype):
    generator = np.random.default_rng(0)
    x, source = (cr.tensor(generator.integers(0, 3, (5, n)).astype(dtype)) for n in (40, 40))
    if x.is_floating_point():
        source[1, 3] = float("nan")
    index = cr.tensor([0, 3, 3, 0, 1])
    rows = x.index_reduce(0, index, source, reduce)
    elements = x.t().contiguous().index_reduce(1, index, source.t().contiguous(), reduce)
    np.testing.assert_array_equal(rows.numpy(), elements.t().numpy())


@pytest.mark.parametrize(
    "shape, stride, dilation", [((9, 3, 7, 7), 1, 1), ((2, 3, 14, 15), 2, 1), ((3, 2, 60, 55), 1, 2)]
)
def test_weight_gradients_of_channels_on_their_own(torch, shape, stride, dilation):
    def convolved(lib, x, weight):
        return lib.nn.functional.conv2d(x, weight, None, stride, (1, 2), dilation, shape[1])

    compare(torch, convolved, numbers(*shape), numbers(shape[1], 1, 3, 3), twice=True)
    compare(torch, convolved, numbers(*shape), numbers(shape[1], 1, 2, 5))
    single = numbers(*shape, dtype=np.float32), numbers(shape[1], 1, 3, 3, dtype=np.float32)
    compare(torch, convolved, *single, tolerance=1e-5)


def test_an_infinite_corner_leaves_the_weight_gradients_that_do_not_see_it(torch):
    gradients = []
    for lib in (cr, torch):
        x = lib.ones(2, 2, 7, 7)
        x[0, 0, 0, 0] = math.inf
        weight = lib.ones(2, 1, 3, 3).requires_grad_()
        lib.nn.functional.conv2d(x, weight, None, 1, 1, 1, 2).sum().backward()
        gradients.append(weight.grad.numpy())
    np.testing.assert_array_equal(*gradients)
