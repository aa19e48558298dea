"""Operations in plain NumPy. What a flat program needs of these is printed into it, so each stands on its own.

A function takes arrays, then the operation's attributes. Helpers that it calls are found by their names.
"""

# pyright: reportIndexIssue=false, reportGeneralTypeIssues=false
import math

import numpy as np

# Functions of one number


def each(f, x):
    return np.array([f(v) for v in np.ravel(x)], dtype=x.dtype).reshape(np.shape(x))


def erf(x):
    return each(math.erf, x)


def erfc(x):
    return each(math.erfc, x)


def erfinv(x):
    def one(y):
        if abs(y) >= 1:
            return math.copysign(math.inf, y) if abs(y) == 1 else math.nan
        a = 0.147  # Winitzki's approximation, then Newton's steps
        t = 2 / (math.pi * a) + math.log1p(-y * y) / 2
        z = math.copysign(math.sqrt(math.sqrt(t * t - math.log1p(-y * y) / a) - t), y)
        for _ in range(4):
            z -= (math.erf(z) - y) * math.sqrt(math.pi) / 2 * math.exp(z * z)
        return z

    return each(one, x)


def lgamma(x):
    return each(math.lgamma, x)


def digamma(x):
    def one(z):
        if z <= 0 and z == math.floor(z):
            return math.nan if z else math.copysign(math.inf, -z)
        if z < 0:
            return one(1 - z) - math.pi / math.tan(math.pi * z)
        low = 0.0
        while z < 10:
            low += 1 / z
            z += 1
        r = 1 / (z * z)
        tail = r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (1 / 132 - r * 691 / 32760)))))
        return math.log(z) - 0.5 / z - tail - low

    return each(one, x)


def gamma_density(a, x):
    """x^(a - 1) e^-x / Gamma(a); for large a by Stirling's series, as the logarithms would cancel."""

    def one(a, x):
        if x == 0:
            if a >= 1 or a == math.inf or a % 1 == 0:
                return float(a == 1)
            return -math.inf if a // 1 % 2 else math.inf if a == a else math.nan
        if not (a >= 0 and x >= 0) or (math.isinf(a) and math.isinf(x)):
            return math.nan
        if a == 0 or math.isinf(a) or math.isinf(x):
            return 0.0
        if a < 20 or x < a / 1000:
            return math.exp((a - 1) * math.log(x) - x - math.lgamma(a))
        mu, r = (x - a) / a, 1 / (a * a)
        rest = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r / 1188)))) / a
        log_power = math.log1p(mu) - mu if abs(mu) < 0.5 else math.log(x / a) - mu
        return math.exp(a * log_power - rest) / math.sqrt(2 * math.pi * a) * (a / x)

    dtype, (a, x) = np.result_type(a, x), np.broadcast_arrays(a, x)
    return np.array([one(*pair) for pair in zip(a.ravel().tolist(), x.ravel().tolist())], dtype).reshape(a.shape)


def sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e))


def softplus(x, beta=1.0, threshold=20.0):
    z = beta * x
    return np.where(z > threshold, x, (np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))) / beta)


def elu(x, alpha=1.0, scale=1.0, input_scale=1.0):
    return scale * np.where(x > 0, x, alpha * np.expm1(input_scale * np.minimum(x, 0)))


def logit(x, low, high):
    z = np.clip(x, low, high)
    return np.where(np.abs(z - 0.5) < 0.25, np.log1p((2 * z - 1) / (1 - z)), np.log(z / (1 - z)))


def huber(x, delta, scale):
    inner = np.clip(x, -delta, delta)
    return scale * (inner * (x - 0.5 * inner))


def nan_to_num(x, nan, posinf, neginf):
    return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


def round_decimals(x, decimals):
    power = 10.0 ** abs(decimals)
    return np.round(x * power) / power if decimals >= 0 else np.round(x / power) * power


def xlogy(x, y):
    return np.where(x == 0, np.where(np.isnan(y), y, 0), x * np.log(np.where(x == 0, 1, y)))


def special(name, *arguments):
    """A function of scipy.special: NumPy has none of these."""
    from scipy import special as functions

    return getattr(functions, name)(*arguments).astype(np.result_type(*arguments))  # polygamma's is float64 always


# Shapes


def as_strided(x, shape, strides, offset, layout):
    """A view by its strides; layout: the strides in which x lies."""
    view = np.lib.stride_tricks.as_strided
    memory = np.zeros(1 + sum((n - 1) * s for n, s in zip(x.shape, layout)), x.dtype)
    view(memory, x.shape, [s * x.itemsize for s in layout])[...] = x
    return view(memory[offset:], shape, [s * x.itemsize for s in strides]).copy()


def as_strided_embed(g, shape, strides, offset, base_shape, base_strides):
    """Zeros with g added where as_strided would read."""
    view = np.lib.stride_tricks.as_strided
    memory = np.zeros(1 + sum((n - 1) * s for n, s in zip(base_shape, base_strides)), g.dtype)
    where = offset + sum(np.indices(shape)[d] * s for d, s in enumerate(strides)) if shape else offset
    np.add.at(memory, where, g)
    return view(memory, base_shape, [s * g.itemsize for s in base_strides]).copy()


def as_strided_scatter(x, part, shape, strides, offset, layout):
    """x, with part written where as_strided would read."""
    view = np.lib.stride_tricks.as_strided
    memory = np.zeros(1 + sum((n - 1) * s for n, s in zip(x.shape, layout)), x.dtype)
    view(memory, x.shape, [s * x.itemsize for s in layout])[...] = x
    view(memory[offset:], shape, [s * x.itemsize for s in strides])[...] = part
    return view(memory, x.shape, [s * x.itemsize for s in layout]).copy()


def sum_to(x, shape):
    lead = x.ndim - len(shape)
    axes = tuple(range(lead)) + tuple(lead + d for d, n in enumerate(shape) if n == 1 and x.shape[lead + d] != 1)
    return x.sum(axis=axes).reshape(shape)


def windows(x, axis, size, step):
    if x.ndim == 0:
        return np.full((size,), x)
    every = [slice(None)] * x.ndim
    every[axis] = slice(None, None, step)
    return np.lib.stride_tricks.sliding_window_view(x, size, axis)[tuple(every)]


def windows_adjoint(g, axis, size, step, shape):
    out = np.zeros(shape, g.dtype)
    if not shape:
        return out + g.sum()
    for k in range(size):
        part = [slice(None)] * len(shape)
        part[axis] = slice(k, k + (g.shape[axis] - 1) * step + 1, step)
        out[tuple(part)] += g[..., k]
    return out


def diag_embed(x, offset, a, b):
    n = x.shape[-1] + abs(offset)
    out = np.zeros((*x.shape[:-1], n, n), x.dtype)
    i = np.arange(x.shape[-1])
    out[..., i + max(-offset, 0), i + max(offset, 0)] = x
    return np.moveaxis(out, (-2, -1), (a, b))


def pad(x, before, after, value):
    crop = tuple(slice(max(-b, 0), n - max(-a, 0)) for n, b, a in zip(x.shape, before, after))
    widths = [(max(b, 0), max(a, 0)) for b, a in zip(before, after)]
    return np.pad(x[crop], widths, constant_values=value) if x.ndim else x


# Reductions


def along(x, axis, values, index, keepdim):
    if x.ndim and not keepdim:
        return values.squeeze(axis), index.squeeze(axis)
    return values, index


def extreme(x, axis, keepdim, largest):
    """The largest (smallest) element along an axis, and where it first stands."""
    if x.ndim == 0:
        return x, np.zeros((), np.int64)
    index = np.expand_dims((np.argmax if largest else np.argmin)(x, axis), axis)
    return along(x, axis, np.take_along_axis(x, index, axis), index, keepdim)


def running_extreme(x, axis, largest):
    """The largest (smallest) element so far, and where it last stood."""
    if x.ndim == 0:
        return x, np.zeros((), np.int64)
    rows = np.moveaxis(x, axis, -1)
    values, index = rows.copy(), np.zeros(rows.shape, np.int64)
    for i in range(1, rows.shape[-1]):
        best, new = values[..., i - 1], rows[..., i]
        better = np.isnan(new) | (~np.isnan(best) & ((new >= best) if largest else (new <= best)))
        values[..., i] = np.where(better, new, best)
        index[..., i] = np.where(better, i, index[..., i - 1])
    return np.moveaxis(values, -1, axis), np.moveaxis(index, -1, axis)


def cumulate(f, x, axis, reverse):
    if x.ndim == 0:
        return x
    return np.flip(f(np.flip(x, axis), axis=axis), axis) if reverse else f(x, axis=axis)


def logcumsumexp(x, axis, flag):
    return cumulate(np.logaddexp.accumulate, x, axis, flag)


def ordered(x, axis, descending, keepdim, order, k, skip_nan):
    """Sorted, or the k best (1), the k-th (2), the median (3) or the mode (4): values, and where they stood."""
    rows = np.moveaxis(np.atleast_1d(x), axis, -1)
    places = np.argsort(-rows if descending else rows, axis=-1, kind="stable")
    if order == 1:
        places = places[..., :k]
    elif order > 1:
        at = np.zeros(rows.shape[:-1], np.int64)
        for i in np.ndindex(at.shape):
            row, by = rows[i], places[i]
            bad = np.isnan(row) if row.dtype.kind == "f" else np.zeros(row.shape, bool)
            if order == 4:
                _, last, counts = np.unique(row[by][::-1], return_index=True, return_counts=True)
                at[i] = by[len(by) - 1 - last[np.argmax(counts)] + counts.max() - 1]
            elif order == 3 and bad.any() and not (skip_nan and not bad.all()):
                at[i] = np.argmax(bad)
            else:
                at[i] = by[k if order == 2 else (len(row) - bad.sum() - 1) // 2]
        places = at[..., None]
    values = np.moveaxis(np.take_along_axis(rows, places, -1), -1, axis)
    places = np.moveaxis(places, -1, axis)
    if order > 1 and not keepdim:
        return values.squeeze(axis), places.squeeze(axis)
    return (values, places) if x.ndim or (order == 1 and k == 0) else (values.reshape(()), places.reshape(()))


def norm(x, axis, keepdim, p):
    a = np.abs(x)
    if axis == ():
        return (x != 0).astype(x.dtype) if p == 0 else a
    if np.isinf(p):
        return (a.max if p > 0 else a.min)(axis=axis, keepdims=keepdim)
    if p == 0:
        return (x != 0).sum(axis=axis, keepdims=keepdim).astype(x.dtype)
    if p == 2:
        return np.sqrt((a * a).sum(axis=axis, keepdims=keepdim))
    return (a**p).sum(axis=axis, keepdims=keepdim) ** (1 / p)


def logsumexp(x, axis, keepdim):
    m = x.max(axis=axis, keepdims=True) if axis else x
    m = np.where(np.isfinite(m), m, 0)
    out = np.log(np.exp(x - m).sum(axis=axis, keepdims=True)) + m
    return out if keepdim else out.squeeze(axis)


def softmax(x, axis):
    if x.ndim == 0:
        return np.ones_like(x)
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def log_softmax(x, axis):
    if x.ndim == 0:
        return np.zeros_like(x)
    z = x - x.max(axis=axis, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))


# Indexing


def to_front(x, axes):
    """x with the indexed axes first, as one."""
    kept = [d for d in range(x.ndim) if d not in axes]
    n = math.prod(x.shape[d] for d in axes)
    return x.transpose(*axes, *kept).reshape(n, *(x.shape[d] for d in kept))


def index(x, at, axes, place, skip=-1):
    """x at positions of its indexed axes, which are counted as one. Those of the result stand at `place`."""
    out = to_front(x, axes)[at]
    out[at == skip] = 0
    return np.moveaxis(out, tuple(range(at.ndim)), tuple(range(place, place + at.ndim)))


def index_write(x, value, at, axes, place, skip=-1, add=False):
    """x with value written at the positions, or added to what stands there."""
    kept = [d for d in range(x.ndim) if d not in axes]
    flat = to_front(x, axes).copy()
    value = np.moveaxis(value, tuple(range(place, place + at.ndim)), tuple(range(at.ndim)))
    at, value = at.reshape(-1), value.reshape(-1, *flat.shape[1:])
    at, value = at[at != skip], value[at != skip]
    if add:
        np.add.at(flat, at, value)
    else:
        for i, v in zip(at, value):  # of equal positions the last one stays
            flat[i] = v
    order = np.argsort([*axes, *kept])
    return flat.reshape(*(x.shape[d] for d in axes), *(x.shape[d] for d in kept)).transpose(order)


def places(i, axis):
    """The index of each axis, for an index along one."""
    grid = list(np.indices(i.shape))
    grid[axis] = i
    return tuple(grid)


def gather(x, i, axis):
    return x[places(i, axis)] if x.ndim else np.broadcast_to(x, i.shape)


def scatter(x, source, i, axis, how="put"):
    out = np.atleast_1d(x).copy()
    at, source = places(np.atleast_1d(i), axis), np.atleast_1d(source)[tuple(slice(n) for n in np.atleast_1d(i).shape)]
    if how == "put":
        for k in np.ndindex(source.shape):
            out[tuple(a[k] for a in at)] = source[k]
    else:
        {"add": np.add, "prod": np.multiply, "max": np.maximum, "min": np.minimum}[how].at(out, at, source)
    return out.reshape(x.shape)


def put_along(values, i, axis, size):
    if values.ndim == 0:
        return values
    shape = list(values.shape)
    shape[axis] = size
    out = np.zeros(shape, values.dtype)
    np.put_along_axis(out, i, values, axis)
    return out


def take_along(x, i, axis):
    return np.take_along_axis(x, i, axis) if x.ndim else x


def sparse_mm(values, indices, dense, rows):
    """The product of the matrix with these values at (indices[0], indices[1]), entry by entry."""
    out = np.zeros((rows, dense.shape[1]), dense.dtype)
    np.add.at(out, indices[0], values[:, None] * dense[indices[1]])
    return out


# Windows: convolution and pooling


def window_parts(shape, kernel, stride, dilation, pad, out):
    """For each element of the kernel: its index, and where it reads in an image padded by `front` and `back`."""
    front = [max(p, 0) for p in pad]
    ends = [(o - 1) * s + (k - 1) * d + 1 - p for o, s, k, d, p in zip(out, stride, kernel, dilation, pad)]
    back = [max(e - n, 0) for e, n in zip(ends, shape)]
    parts = []
    for k in np.ndindex(*kernel):
        starts = [i * d - p + f for i, d, p, f in zip(k, dilation, pad, front)]
        parts.append((k, tuple(slice(a, a + (o - 1) * s + 1, s) for a, o, s in zip(starts, out, stride))))
    return front, back, parts


def conv(x, w, b, groups, kernel, stride, dilation, pad, out):
    front, back, parts = window_parts(x.shape[2:], kernel, stride, dilation, pad, out)
    x = np.pad(x, [(0, 0), (0, 0), *zip(front, back)])
    x = x.reshape(x.shape[0], groups, x.shape[1] // groups, *x.shape[2:])
    w = w.reshape(groups, -1, *w.shape[1:])
    y = np.zeros((), x.dtype)
    for k, part in parts:
        y = y + np.einsum("ngi...,goi->ngo...", x[(...,) + part], w[(...,) + k])
    y = y.reshape(y.shape[0], y.shape[1] * y.shape[2], *y.shape[3:])
    return y if b is None else y + b.reshape(-1, *[1] * len(kernel))


def conv_transpose(y, w, b, groups, shape, kernel, stride, dilation, pad, out):
    """The adjoint of conv in x; shape: of the image."""
    front, back, parts = window_parts(shape, kernel, stride, dilation, pad, out)
    y = y.reshape(y.shape[0], groups, y.shape[1] // groups, *y.shape[2:])
    w = w.reshape(groups, -1, *w.shape[1:])
    padded = [f + n + e for f, n, e in zip(front, shape, back)]
    x = np.zeros((y.shape[0], groups, w.shape[2], *padded), y.dtype)
    for k, part in parts:
        x[(...,) + part] += np.einsum("ngo...,goi->ngi...", y, w[(...,) + k])
    x = x.reshape(x.shape[0], x.shape[1] * x.shape[2], *padded)[
        (...,) + tuple(slice(f, f + n) for f, n in zip(front, shape))
    ]
    return x if b is None else x + b.reshape(-1, *[1] * len(kernel))


def conv_weight(x, y, groups, kernel, stride, dilation, pad, out):
    """The adjoint of conv in w."""
    front, back, parts = window_parts(x.shape[2:], kernel, stride, dilation, pad, out)
    x = np.pad(x, [(0, 0), (0, 0), *zip(front, back)])
    x = x.reshape(x.shape[0], groups, x.shape[1] // groups, *x.shape[2:])
    y = y.reshape(y.shape[0], groups, y.shape[1] // groups, *y.shape[2:])
    w = np.zeros((groups, y.shape[2], x.shape[2], *kernel), x.dtype)
    for k, part in parts:
        axes = list(range(3, x.ndim))
        w[(...,) + k] = np.einsum(y, [0, 1, 50, *axes], x[(...,) + part], [0, 1, 51, *axes], [1, 50, 51])
    return w.reshape(-1, *w.shape[2:])


def unfold(x, kernel, stride, dilation, pad, out):
    """Windows as columns: (N, C taps, windows)."""
    front, back, parts = window_parts(x.shape[2:], kernel, stride, dilation, pad, out)
    x = np.pad(x, [(0, 0), (0, 0), *zip(front, back)])
    columns = np.stack([x[(...,) + part] for _, part in parts], axis=2)
    return columns.reshape(x.shape[0], x.shape[1] * len(parts), math.prod(out))


def fold(columns, shape, kernel, stride, dilation, pad, out):
    """The adjoint of unfold."""
    front, back, parts = window_parts(shape, kernel, stride, dilation, pad, out)
    columns = columns.reshape(columns.shape[0], columns.shape[1] // len(parts), len(parts), *out)
    padded = [f + n + e for f, n, e in zip(front, shape, back)]
    x = np.zeros((*columns.shape[:2], *padded), columns.dtype)
    for i, (_, part) in enumerate(parts):
        x[(...,) + part] += columns[:, :, i]
    return x[(...,) + tuple(slice(f, f + n) for f, n in zip(front, shape))]


def pool_windows(shape, kernel, stride, dilation, pad, out, adaptive):
    """For each output position: the elements of its window along each axis, and how many they would be with padding."""
    for o in np.ndindex(*out):
        window, full = [], 1
        for d, i in enumerate(o):
            if adaptive:
                low, high = i * shape[d] // out[d], -(-(i + 1) * shape[d] // out[d])
                window.append(np.arange(low, high))
                full *= high - low
                continue
            start = i * stride[d] - pad[d]
            reach = dilation[d] * (kernel[d] - 1) + 1
            at = start + dilation[d] * np.arange(kernel[d])
            window.append(at[(at >= 0) & (at < shape[d])])
            full *= min(start + reach, shape[d] + pad[d]) - start
        yield o, np.ix_(*window), full


def max_pool(x, kernel, stride, dilation, pad, out, adaptive):
    """The largest element of each window, and its place in the plane."""
    shape = x.shape[-len(out) :]
    y = np.zeros((*x.shape[: -len(out)], *out), x.dtype)
    index = np.zeros(y.shape, np.int64)
    places = np.arange(math.prod(shape)).reshape(shape)
    for o, window, _ in pool_windows(shape, kernel, stride, dilation, pad, out, adaptive):
        elements = x[(...,) + window].reshape(*y.shape[: -len(out)], math.prod(i.size for i in window))
        best = elements.argmax(-1)
        y[(...,) + o] = np.take_along_axis(elements, best[..., None], -1)[..., 0]
        index[(...,) + o] = places[window].reshape(-1)[best]
    return y, index


def avg_pool(x, kernel, stride, dilation, pad, out, adaptive, count_pad, divisor):
    shape = x.shape[-len(out) :]
    y = np.zeros((*x.shape[: -len(out)], *out), x.dtype)
    for o, window, full in pool_windows(shape, kernel, stride, dilation, pad, out, adaptive):
        elements = x[(...,) + window].reshape(*y.shape[: -len(out)], math.prod(i.size for i in window))
        y[(...,) + o] = elements.sum(-1) / (divisor or (full if count_pad else elements.shape[-1]))
    return y


def avg_pool_spread(g, shape, kernel, stride, dilation, pad, out, adaptive, count_pad, divisor):
    """The adjoint of avg_pool."""
    x = np.zeros((*g.shape[: -len(out)], *shape), g.dtype)
    for o, window, full in pool_windows(shape, kernel, stride, dilation, pad, out, adaptive):
        n = divisor or (full if count_pad else math.prod(i.size for i in window))
        x[(...,) + window] += (g[(...,) + o] / n).reshape(*g.shape[: -len(out)], *[1] * len(out))
    return x


def pool_put(values, i, shape, add=True):
    """Planes of zeros with values at the places that max_pool found."""
    lead = values.shape[: values.ndim - len(shape)]
    flat = np.zeros((math.prod(lead), math.prod(shape)), values.dtype)
    n = math.prod(values.shape[len(lead) :])
    v, at = values.reshape(len(flat), n), i.reshape(len(flat), n)
    for row, vs, places in zip(flat, v, at):
        if add:
            np.add.at(row, places, vs)
        else:
            row[places] = vs
    return flat.reshape(*lead, *shape)


def pool_take(x, i, dims):
    flat = x.reshape(*x.shape[: x.ndim - dims], -1)
    return np.take_along_axis(flat, i.reshape(*i.shape[: i.ndim - dims], -1), -1).reshape(i.shape)


def cubic(x, a):
    """Keys' cubic convolution kernel."""
    x = abs(x)
    return ((a + 2) * x - (a + 3)) * x * x + 1 if x <= 1 else (((x - 5) * x + 8) * x - 4) * a if x < 2 else 0.0


def resample_matrix(mode, n_in, n_out, align, scale, antialias, dtype):
    """(out, in): the weights by which an axis is resampled. mode 0: nearest, 1: nearest-exact, 2: linear, 3: cubic."""
    m = np.zeros((n_out, n_in), dtype)
    number = np.dtype(dtype).type
    for o in range(n_out):
        if antialias:  # the kernel widened by the scale
            wide = max(scale, 1.0)
            reach, center = (1 if mode == 2 else 2) * wide, (o + 0.5) * scale
            at = np.arange(max(int(center - reach + 0.5), 0), min(int(center + reach + 0.5), n_in))
            x = (at - center + 0.5) / wide
            weights = np.array([cubic(v, -0.5) if mode == 3 else max(1 - abs(v), 0.0) for v in x])
            m[o, at] = weights / weights.sum()
            continue
        if mode < 2:
            at = np.floor((np.float32(o) + np.float32(0.5 * mode)) * np.float32(scale))
            m[o, min(max(int(at), 0), n_in - 1)] += 1
            continue
        s = number(scale)
        at = number(o) * s if align else (number(o) + number(0.5)) * s - number(0.5)
        if mode == 2:
            at = max(at, number(0))
            i = min(int(at), n_in - 1)
            part = float(at - number(i))
            m[o, i] += number(1 - part)
            m[o, min(i + 1, n_in - 1)] += number(part)
            continue
        base = np.floor(at)
        for k in range(4):
            m[o, min(max(int(base) + k - 1, 0), n_in - 1)] += number(cubic(float(at - base) + 1 - k, -0.75))
    return m


def resample(x, axis, matrix):
    return np.moveaxis(np.tensordot(x, matrix, axes=(axis, 1)), -1, axis)


# Normalisation


def channel_norm(x, w, b, mean, var, eps, groups, fixed):
    """Output, statistics (means, then 1 / deviations) and variances. groups: of one sample; 0: batch norm."""
    n, c = x.shape[:2]
    per_sample = groups or c
    z = x.reshape(n, per_sample, c // per_sample, math.prod(x.shape[2:]))
    axes = (2, 3) if groups else (0, 2, 3)
    if not fixed:
        mean, var = z.mean(axis=axes), z.var(axis=axes)
    mean, var = np.asarray(mean).reshape(-1), np.asarray(var).reshape(-1)
    rstd = 1 / np.sqrt(var + eps)
    shape = (n, per_sample, 1, 1) if groups else (1, c, 1, 1)
    y = ((z - mean.reshape(shape)) * rstd.reshape(shape)).reshape(x.shape)
    channel = (1, c, *[1] * (x.ndim - 2))
    y = y if w is None else y * w.reshape(channel)
    y = y if b is None else y + b.reshape(channel)
    return y, np.stack([mean, rstd]), var


def row_norm(x, w, b, eps, axes, centred):
    """Output and statistics of the last axes: 1 / deviation, then the mean if it is taken off."""
    last = tuple(range(x.ndim - axes, x.ndim))
    mean = x.mean(axis=last, keepdims=True) if centred else np.zeros((), x.dtype)
    rstd = 1 / np.sqrt(((x - mean) ** 2).mean(axis=last, keepdims=True) + eps)
    y = (x - mean) * rstd
    y = y if w is None else y * w
    y = y if b is None else y + b
    stats = [rstd.reshape(-1), mean.reshape(-1)] if centred else [rstd.reshape(-1)]
    return y, np.stack(stats)


# Recurrent layers


def recurrent(x, w_ih, w_hh, h0, c0, w_hr, sizes, b_ih, b_hh, kind, reverse, cell):
    """One layer in one direction. kind 0: tanh, 1: ReLU, 2: LSTM, 3: GRU. Returns h of each step, and the gates."""
    counts = [x.shape[-2]] * (1 if cell else x.shape[0]) if sizes is None else sizes.tolist()
    starts = np.cumsum([0, *counts])
    rows = x.reshape(starts[-1], x.shape[-1])
    size = w_hh.shape[0] // (1, 1, 4, 3)[kind]
    h = np.zeros((counts[0], w_hh.shape[1]), x.dtype) if h0 is None else h0.copy()
    c = np.zeros((counts[0], size), x.dtype) if c0 is None else c0.copy()
    out = np.zeros((len(rows), w_hh.shape[1]), x.dtype)
    kept = np.zeros((len(rows), size * (0 if kind < 2 else 4 if cell or kind == 3 else 5)), x.dtype)
    for t in reversed(range(len(counts))) if reverse else range(len(counts)):
        n, part = counts[t], slice(starts[t], starts[t + 1])
        a = rows[part] @ w_ih.T + (0 if b_ih is None else b_ih)
        b = h[:n] @ w_hh.T + (0 if b_hh is None else b_hh)
        if kind == 0:
            y = np.tanh(a + b)
        elif kind == 1:
            y = np.maximum(a + b, 0)
        elif kind == 2:
            i, f, g, o = np.split(a + b, 4, axis=1)
            i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
            c[:n] = f * c[:n] + i * g
            y = o * np.tanh(c[:n])
            y = y if w_hr is None else y @ w_hr.T
            kept[part] = np.concatenate([i, f, g, o] if cell else [i, f, g, o, c[:n]], axis=1)
        else:
            r, z = np.split(sigmoid(a[:, : 2 * size] + b[:, : 2 * size]), 2, axis=1)
            inner = b[:, 2 * size :]
            new = np.tanh(a[:, 2 * size :] + r * inner)
            y = (1 - z) * new + z * h[:n]
            kept[part] = np.concatenate([r, z, new, inner], axis=1)
        h[:n] = out[part] = y
    out = out.reshape(*x.shape[:-1], w_hh.shape[1])
    return out if kind < 2 else (out, kept, c) if cell and kind == 2 else (out, kept)


# Losses


def class_weights(x, labels, weight, ignore_index):
    w = np.ones(x.shape[1], x.dtype) if weight is None else weight
    return w, labels != ignore_index, np.where(labels == ignore_index, 0, labels)


def cross_entropy(x, labels, weight, ignore_index, label_smoothing, reduction):
    """The loss, and log(sum(exp(row))) of each row."""
    w, counts, at = class_weights(x, labels, weight, ignore_index)
    m = x.max(axis=1)
    lse = m + np.log(np.exp(x - m[:, None]).sum(axis=1))
    nll = lse[:, None] - x
    rows = np.arange(len(x))
    loss = (1 - label_smoothing) * w[at] * nll[rows, at]
    if label_smoothing:
        loss = loss + label_smoothing / x.shape[1] * (nll * w).sum(axis=1)
    loss = np.where(counts, loss, 0)
    if reduction == 1:
        loss = loss.sum() / w[at][counts].sum()
    elif reduction == 2:
        loss = loss.sum()
    return loss, lse


def cross_entropy_grad(grad, x, lse, labels, weight, ignore_index, label_smoothing, reduction):
    """softmax minus target, row by row."""
    w, counts, at = class_weights(x, labels, weight, ignore_index)
    target = np.zeros_like(x) + label_smoothing / x.shape[1] * w
    target[np.arange(len(x)), at] += (1 - label_smoothing) * w[at]
    target *= counts[:, None]
    total = w[at][counts].sum() if reduction == 1 else 1
    row = grad[:, None] if np.ndim(grad) else grad
    p = np.exp(x - lse[:, None])
    return (p * target.sum(axis=1, keepdims=True) - target) * (row / total if total else 0 * row)


def nll_rows(x, labels, weight, ignore_index):
    w, counts, at = class_weights(x, labels, weight, ignore_index)
    return np.where(counts, -w[at] * x[np.arange(len(x)), at], 0)


def nll_rows_grad(grad, x, labels, weight, ignore_index):
    w, counts, at = class_weights(x, labels, weight, ignore_index)
    out = np.zeros_like(x)
    out[np.arange(len(x)), at] = np.where(counts, -w[at] * grad, 0)
    return out


def bce(p, t):
    def log(x):
        with np.errstate(divide="ignore"):
            return np.maximum(np.log(x), -100)

    return -(t * log(p) + (1 - t) * log(1 - p))


def bce_with_logits(x, t, pos_weight=1.0):
    return (1 - t) * x + (1 + (pos_weight - 1) * t) * (np.log1p(np.exp(-np.abs(x))) + np.maximum(-x, 0))


# Linear algebra


def solve_triangular(a, b, upper, unit):
    a = np.triu(a) if upper else np.tril(a)
    if unit:
        i = np.arange(a.shape[-1])
        a[..., i, i] = 1
    return np.linalg.solve(a, b)


def solve(a, b):
    return np.linalg.solve(a, b)


def pinv(a, rtol, atol):
    u, s, vt = np.linalg.svd(a, full_matrices=False)
    kept = s > np.maximum(s.max(axis=-1, keepdims=True) * rtol, atol)
    inverse = np.where(kept, 1 / np.where(kept, s, 1), 0)
    return (vt.swapaxes(-1, -2) * inverse[..., None, :]) @ u.swapaxes(-1, -2)


def least_squares(a, b, rcond):
    ranks = np.linalg.matrix_rank(a)
    return pinv(a, rcond, 0.0) @ b, np.asarray(ranks)


def lu_factor(a):
    """L below the diagonal, U on and above it, rows exchanged for the largest pivot; and the exchanges, from 1."""
    lu = np.array(a)
    m, n = lu.shape[-2:]
    pivots = np.zeros((*lu.shape[:-2], min(m, n)), np.int32)
    for i in np.ndindex(lu.shape[:-2]):
        x = lu[i]
        for k in range(min(m, n)):
            p = k + int(np.argmax(np.abs(x[k:, k])))
            x[[k, p]] = x[[p, k]]
            pivots[i][k] = p + 1
            x[k + 1 :, k] /= x[k, k]
            x[k + 1 :, k + 1 :] -= np.outer(x[k + 1 :, k], x[k, k + 1 :])
    return lu, pivots


def permutation(lu, pivots):
    """P with A = P L U."""
    m = lu.shape[-2]
    p = np.zeros((*lu.shape[:-1], m), lu.dtype)
    for i in np.ndindex(lu.shape[:-2]):
        order = np.arange(m)
        for j, swap in enumerate(pivots[i]):
            order[[j, swap - 1]] = order[[swap - 1, j]]
        p[i][order, np.arange(m)] = 1
    return p


def svd_packed(a, full):
    """U, and the singular values as a first column before V^T."""
    u, s, vt = np.linalg.svd(a, full_matrices=full)
    column = np.zeros(vt.shape[:-1], s.dtype)
    column[..., : s.shape[-1]] = s
    return u, np.concatenate([column[..., None], vt], axis=-1)


def qr(a, complete):
    return np.linalg.qr(a, "complete" if complete else "reduced")


def eigh(a, upper):
    return np.linalg.eigh(a, "U" if upper else "L")
