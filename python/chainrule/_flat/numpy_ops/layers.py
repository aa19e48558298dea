"""Normalisation, recurrent layers and losses."""

# pyright: reportIndexIssue=false, reportGeneralTypeIssues=false
import math

import numpy as np

from .elements import sigmoid

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
