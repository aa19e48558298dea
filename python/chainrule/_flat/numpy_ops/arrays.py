"""Shapes, reductions and indexing."""

# pyright: reportIndexIssue=false, reportGeneralTypeIssues=false
import math

import numpy as np

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
