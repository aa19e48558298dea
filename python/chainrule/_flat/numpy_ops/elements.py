"""Functions of numbers, element by element."""

# pyright: reportIndexIssue=false, reportGeneralTypeIssues=false
import math

import numpy as np


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
