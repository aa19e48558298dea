"""Linear algebra."""

# pyright: reportIndexIssue=false, reportGeneralTypeIssues=false
import numpy as np


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
