"""Convolution, pooling and resampling."""

# pyright: reportIndexIssue=false, reportGeneralTypeIssues=false
import math

import numpy as np


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


def grid_inside(x, slope, n, outside, align):
    """Positions brought into an axis of n elements, with the slopes. outside 0: zeros, 1: border, 2: reflection."""
    if outside == 0:
        return x, slope
    if outside == 2:
        low, high = (0, n - 1) if align else (-0.5, n - 0.5)
        if high == low:
            x, slope = x * 0, slope * 0
        else:
            slope = np.where(x < low, -slope, slope)
            turns, rest = np.divmod(np.abs(x - low), high - low)
            x = np.where(turns % 2 == 0, rest + low, high - rest)
            slope = np.where(turns % 2 == 0, slope, -slope)
    return np.clip(x, 0, n - 1), np.where((x <= 0) | (x >= n - 1), 0, slope)


def keys_near(x, order, a=-0.75):
    """Keys' kernel up to 1, or its derivative of this order."""
    if order < 2:
        return (3 * (a + 2) * x - 2 * (a + 3)) * x if order else ((a + 2) * x - (a + 3)) * x * x + 1
    return 6 * (a + 2) * x - 2 * (a + 3) if order == 2 else np.full_like(x, 6 * (a + 2) * (order == 3))


def keys_far(x, order, a=-0.75):
    """The same from 1 to 2."""
    if order < 2:
        return ((3 * x - 10) * x + 8) * a if order else (((x - 5) * x + 8) * x - 4) * a
    return (6 * x - 10) * a if order == 2 else np.full_like(x, 6 * a * (order == 3))


def grid_axis(g, n, mode, outside, align, order):
    """Along an axis of n elements: those around each coordinate (-1: none), and their weights or their derivative."""
    half = (n - 1) / 2 if align else n / 2
    x, slope = (g + 1) * half if align else ((g + 1) * n - 1) / 2, np.full_like(g, half)
    if mode != 2:
        x, slope = grid_inside(x, slope, n, outside, align)
    if mode == 1:
        at, weights = [np.round(x)], [np.ones_like(x)]
    else:
        low = np.floor(x)
        t = x - low
        if mode == 0:
            at = [low, low + 1]
            weights = [1 - t, t] if order == 0 else [np.full_like(t, s * (order == 1)) for s in (-1, 1)]
        else:
            at = [grid_inside(low + k, 1, n, outside, align)[0] for k in range(-1, 3)]
            near, far, sign = keys_near, keys_far, (-1) ** order
            weights = [far(t + 1, order), near(t, order), sign * near(1 - t, order), sign * far(2 - t, order)]
    inside = [(a >= 0) & (a <= n - 1) for a in at]
    at = [np.where(i, a, -1).astype(np.int64) for i, a in zip(inside, at)]
    return np.stack(at, -1), np.stack([w * slope**order for w in weights], -1)


def grid_taps(grid, size, mode, outside, align, order):
    """The matrix of grid_sample: weights, their rows and columns. mode 0: bilinear, 1: nearest, 2: bicubic."""
    places = grid.reshape(grid.size // len(size), len(size))
    at, weights = np.zeros((len(places), 1), np.int64), np.ones((len(places), 1), grid.dtype)
    for d, n in enumerate(size):
        k = len(size) - 1 - d
        here, w = grid_axis(places[:, k], n, mode, outside, align, order[k])
        joined = np.where((at[:, :, None] < 0) | (here[:, None] < 0), -1, at[:, :, None] * n + here[:, None])
        both = len(places), at.shape[1] * w.shape[1]
        at, weights = joined.reshape(both), (weights[:, :, None] * w[:, None]).reshape(both)
    elements, rows = int(np.prod(size)), np.arange(len(places))[:, None]
    first = rows // (len(places) // max(len(grid), 1) or 1) * (elements + 1)
    columns = first + np.where(at < 0, elements, at)
    return weights.reshape(-1).astype(grid.dtype), np.stack([(rows + 0 * at).reshape(-1), columns.reshape(-1)])


def grid_sample(x, grid, mode, outside, align):
    """Elements of images at the places of a grid."""
    axes = x.ndim - 2
    weights, (_, columns) = grid_taps(grid, x.shape[2:], mode, outside, align, (0,) * axes)
    rows = np.moveaxis(x.reshape(*x.shape[:2], -1), 1, 2)
    rows = np.concatenate([rows, np.zeros_like(rows[:, :1])], 1).reshape(-1, x.shape[1])
    taken = (weights[:, None] * rows[columns]).reshape(len(x), grid[0].size // axes, -1, x.shape[1]).sum(2)
    return np.moveaxis(taken, 2, 1).reshape(*x.shape[:2], *grid.shape[1:-1])
