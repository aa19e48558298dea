"""The largest error of each transcendental function, in units in the last place, written to docs/accuracy.md.

    python bench/accuracy.py [--stride 509] [--only exp,log] [--output docs/accuracy.md]

float32: every stride-th of all 2^32 bit patterns (--stride 1: all of them), against the same function in float64.
float64: a sample of each function's range against mpmath with 60 digits. Derivatives are what backward() gives for a
gradient of 1; their float32 inputs are every 7th of the others. Each instruction set runs in a process of its
own (CHAINRULE_CPU). It needs NumPy, SciPy and mpmath. An ulp is the distance between two neighbouring numbers at the
exact result; a correctly rounded function has at most 0.5. A NaN or infinity in the wrong place counts as infinite.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve()
SETS = ("baseline", "avx2", "avx512")
CHUNK = 1 << 22
NORMAL = {"float32": 2.0**-126, "float64": 2.0**-1022}

# Functions and derivatives beyond 4 ulp, and why.
CANCELS = "its error stays small as a number, but the result is smaller still"
FROM_OUTPUT = "computed from the saved output y, as in PyTorch"
ROOT = f"near its root {CANCELS}."
ROOTS = f"near its roots {CANCELS}."
REASONS = {
    "digamma": f"near its zeros {CANCELS}.",
    "lgamma": f"near its zeros below 0 {CANCELS}.",
    "exp2'": f"{FROM_OUTPUT}: y ln 2, where y is infinite a little before its slope is.",
    "rsqrt'": f"{FROM_OUTPUT}: -y^3 / 2, where the error of y counts three times.",
    "tanh'": f"{FROM_OUTPUT}: 1 - y^2, which has no more digits where y is near 1.",
    "sigmoid'": f"{FROM_OUTPUT}: y (1 - y), which has no more digits where y is near 1.",
    "erfinv'": f"{FROM_OUTPUT}: sqrt(pi) / 2 exp(y^2), where the rounding of y counts 2 y^2 times.",
    "digamma'": "trigamma, a sum of many terms made of operations in the tensor's own type.",
    "lgamma'": f"digamma: near its zeros {CANCELS}.",
    "sinc'": ROOTS,
    "silu'": ROOT,
    "mish'": ROOT,
    "gelu (tanh)'": ROOT,
}


def functions():
    """name -> (chainrule's function, reference in float64, reference in mpmath, where inputs lie for float64)."""
    import mpmath as mp
    from scipy import special

    import chainrule as cr

    F = cr.nn.functional
    root2 = math.sqrt(0.5)
    selu_scale, selu_alpha = "1.0507009873554804934193349852946", "1.6732632423543772848170429916717"

    def mp_gelu_tanh(x):
        return x / (1 + mp.exp(-2 * mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3)))

    def gelu_tanh(x):
        inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
        return np.where(x > 0, x / (1 + np.exp(-2 * inner)), x * np.exp(2 * inner) / (1 + np.exp(2 * inner)))

    def mp_softplus(x):
        return mp.log1p(mp.exp(x)) if x < 60 else x + mp.exp(-x)

    def mp_elu(alpha, scale=1):
        return lambda x: mp.mpf(scale) * (x if x > 0 else mp.mpf(alpha) * mp.expm1(x))

    def elu(alpha, scale=1.0):
        return lambda x: float(scale) * np.where(x > 0, x, float(alpha) * np.expm1(np.minimum(x, 0)))

    every, small, unit, positive = ("log", -300, 300), ("lin", -40, 40), ("lin", -1, 1), ("pos", -300, 300)
    return {
        "exp": (cr.exp, np.exp, mp.exp, ("lin", -745, 709)),
        "exp2": (cr.exp2, np.exp2, lambda x: mp.power(2, x), ("lin", -1074, 1023)),
        "expm1": (cr.expm1, np.expm1, mp.expm1, ("lin", -40, 709)),
        "log": (cr.log, np.log, mp.log, positive),
        "log2": (cr.log2, np.log2, lambda x: mp.log(x, 2), positive),
        "log10": (cr.log10, np.log10, mp.log10, positive),
        "log1p": (cr.log1p, np.log1p, mp.log1p, positive),
        "sqrt": (cr.sqrt, np.sqrt, mp.sqrt, positive),
        "rsqrt": (cr.rsqrt, lambda x: 1 / np.sqrt(x), lambda x: 1 / mp.sqrt(x), positive),
        "sin": (cr.sin, np.sin, mp.sin, every),
        "cos": (cr.cos, np.cos, mp.cos, every),
        "tan": (cr.tan, np.tan, mp.tan, every),
        "asin": (cr.asin, np.arcsin, mp.asin, unit),
        "acos": (cr.acos, np.arccos, mp.acos, unit),
        "atan": (cr.atan, np.arctan, mp.atan, every),
        "sinh": (cr.sinh, np.sinh, mp.sinh, ("lin", -710, 710)),
        "cosh": (cr.cosh, np.cosh, mp.cosh, ("lin", -710, 710)),
        "tanh": (cr.tanh, np.tanh, mp.tanh, small),
        "asinh": (cr.asinh, np.arcsinh, mp.asinh, every),
        "acosh": (cr.acosh, np.arccosh, mp.acosh, ("lin", 1, 100)),
        "atanh": (cr.atanh, np.arctanh, mp.atanh, unit),
        "sinc": (cr.sinc, _sinc, mp.sincpi, ("lin", -30, 30)),
        "erf": (cr.erf, special.erf, mp.erf, ("lin", -7, 7)),
        "erfc": (cr.erfc, special.erfc, mp.erfc, ("lin", -7, 26)),
        "erfinv": (cr.erfinv, special.erfinv, mp.erfinv, unit),
        "lgamma": (cr.lgamma, special.gammaln, lambda x: mp.re(mp.loggamma(x)), ("lin", -20, 200)),
        "digamma": (cr.digamma, special.digamma, mp.digamma, ("lin", -20, 200)),
        "sigmoid": (cr.sigmoid, special.expit, lambda x: 1 / (1 + mp.exp(-x)), ("lin", -700, 40)),
        "logit": (cr.logit, special.logit, lambda x: mp.log(x / (1 - x)), ("lin", 0, 1)),
        "logsigmoid": (F.logsigmoid, special.log_expit, lambda x: -mp_softplus(-x), ("lin", -100, 700)),
        "softplus": (F.softplus, _softplus, mp_softplus, ("lin", -700, 19)),
        "silu": (F.silu, lambda x: x * special.expit(x), lambda x: x / (1 + mp.exp(-x)), ("lin", -700, 40)),
        "mish": (F.mish, lambda x: x * np.tanh(_softplus(x)), lambda x: x * mp.tanh(mp_softplus(x)), small),
        "gelu": (F.gelu, lambda x: x / 2 * special.erfc(-x * root2),
                 lambda x: x / 2 * mp.erfc(-x / mp.sqrt(2)), ("lin", -37, 10)),
        "gelu (tanh)": (lambda x: F.gelu(x, approximate="tanh"), gelu_tanh, mp_gelu_tanh, ("lin", -20, 10)),
        "elu": (F.elu, elu(1), mp_elu(1), small),
        "selu": (F.selu, elu(selu_alpha, selu_scale), mp_elu(selu_alpha, selu_scale), small),
    }  # fmt: skip


def derivatives():
    """name -> the derivative in float64, to set beside that of functions()."""
    from scipy import special

    expit, root2 = special.expit, math.sqrt(0.5)
    selu_scale, selu_alpha = 1.0507009873554805, 1.6732632423543773

    def pdf(x):
        return np.exp(-x * x / 2) / math.sqrt(2 * math.pi)

    def sinc(x):
        near, inner = x - 2 * np.round(x / 2), np.where(np.abs(x) < 0.1, x, 0) * math.pi
        z = inner * inner
        series = -math.pi * inner * (1 / 3 - z * (1 / 30 - z * (1 / 840 - z * (1 / 45360 - z / 3991680))))
        return np.where(np.abs(x) < 0.1, series, (np.cos(np.pi * near) - _sinc(x)) / np.where(x == 0, 1, x))

    def trigamma(x):
        mirrored = (math.pi / np.sin(math.pi * (x - np.round(x)))) ** 2 - special.polygamma(
            1, np.where(x < 0.5, 1 - x, 1)
        )
        return np.where(x < 0.5, mirrored, special.polygamma(1, np.where(x < 0.5, 1, x)))

    def logistic(argument, slope):
        """Of x sigmoid(u(x))."""
        return lambda x: expit(argument(x)) * (1 + x * slope(x) * expit(-argument(x)))

    def mish(x):
        y = np.tanh(_softplus(x))
        return y + x * expit(x) * (1 - y) * (1 + y)

    c = math.sqrt(8 / math.pi)
    return {
        "exp": np.exp,
        "exp2": lambda x: np.exp2(x) * math.log(2),
        "expm1": np.exp,
        "log": lambda x: 1 / x,
        "log2": lambda x: 1 / (x * math.log(2)),
        "log10": lambda x: 1 / (x * math.log(10)),
        "log1p": lambda x: 1 / (1 + x),
        "sqrt": lambda x: 0.5 / np.sqrt(x),
        "rsqrt": lambda x: -0.5 / (x * np.sqrt(x)),
        "sin": np.cos,
        "cos": lambda x: -np.sin(x),
        "tan": lambda x: 1 / np.cos(x) ** 2,
        "asin": lambda x: 1 / np.sqrt((1 - x) * (1 + x)),
        "acos": lambda x: -1 / np.sqrt((1 - x) * (1 + x)),
        "atan": lambda x: 1 / (1 + x * x),
        "sinh": np.cosh,
        "cosh": np.sinh,
        "tanh": lambda x: 4 * expit(2 * x) * expit(-2 * x),
        "asinh": lambda x: 1 / np.sqrt(1 + x * x),
        "acosh": lambda x: 1 / np.sqrt((x - 1) * (x + 1)),
        "atanh": lambda x: 1 / ((1 - x) * (1 + x)),
        "sinc": sinc,
        "erf": lambda x: 2 / math.sqrt(math.pi) * np.exp(-x * x),
        "erfc": lambda x: -2 / math.sqrt(math.pi) * np.exp(-x * x),
        "erfinv": lambda x: math.sqrt(math.pi) / 2 * np.exp(special.erfinv(x) ** 2),
        "lgamma": special.digamma,
        "digamma": trigamma,
        "sigmoid": lambda x: expit(x) * expit(-x),
        "logit": lambda x: 1 / (x * (1 - x)),
        "logsigmoid": lambda x: expit(-x),
        "softplus": lambda x: np.where(x > 20, 1, expit(x)),
        "silu": logistic(lambda x: x, lambda x: 1),
        "mish": mish,
        "gelu": lambda x: special.erfc(-x * root2) / 2 + x * pdf(x),
        "gelu (tanh)": logistic(lambda x: c * (x + 0.044715 * x**3), lambda x: c * (1 + 3 * 0.044715 * x * x)),
        "elu": lambda x: np.where(x > 0, 1, np.exp(np.minimum(x, 0))),
        "selu": lambda x: selu_scale * np.where(x > 0, 1, selu_alpha * np.exp(np.minimum(x, 0))),
    }


def pairs():
    """Functions of two arguments, on random pairs: name -> (function, float64, mpmath, ranges of both)."""
    import mpmath as mp

    import chainrule as cr

    def mp_logaddexp(x, y):
        return max(x, y) + mp.log1p(mp.exp(-abs(x - y)))

    wide = ("log", -20, 20)
    return {
        "pow": (cr.pow, np.power, mp.power, (("pos", -10, 10), ("lin", -8, 8))),
        "atan2": (cr.atan2, np.arctan2, mp.atan2, (wide, wide)),
        "hypot": (cr.hypot, np.hypot, mp.hypot, (wide, wide)),
        "logaddexp": (cr.logaddexp, np.logaddexp, mp_logaddexp, (("lin", 0, 50), ("lin", 0, 50))),
    }


def _softplus(x):
    """softplus as PyTorch defines it: x itself beyond the threshold 20, where the difference is far below an ulp."""
    return np.where(x > 20, x, np.log1p(np.exp(np.minimum(x, 20))))


def _sinc(x):
    """sin(pi x) / (pi x) with the argument reduced first, so that it is right for large x too."""
    whole = np.round(x)
    sign = np.where(np.round(whole / 2) * 2 != whole, -1, 1)
    return np.where(x == 0, 1.0, sign * np.sin(np.pi * (x - whole)) / (np.pi * np.where(x == 0, 1, x)))


def sample(where, count, rng):
    """Inputs: half of them spread evenly over the range, half of them over the exponents within it."""
    kind, low, high = where
    if kind == "lin":
        even = rng.uniform(low, high, count)
        spread = 10.0 ** rng.uniform(-12, 0, count)
        ends = [end + sign * abs(end or 1) * spread for end in (low, high) for sign in (-1, 1)]
        around = np.concatenate([*ends, max(abs(low), abs(high)) * spread, -max(abs(low), abs(high)) * spread])
        return np.concatenate([even, around[(around > low) & (around < high)][::3]])
    size = 10.0 ** np.concatenate([rng.uniform(low, high, count), rng.uniform(-2, 2, count)])
    near_one = 1 + rng.uniform(-1, 1, count) * 10.0 ** rng.uniform(-15, 0, count)
    values = np.concatenate([size, near_one])
    return values if kind == "pos" else values * rng.choice([-1, 1], values.size)


def ulps(got, exact, dtype):
    """The error of each element in ulp of the exact result (given in a wider type, or as a value and a rest)."""
    exact, rest = exact if isinstance(exact, tuple) else (exact, 0.0)
    limits = np.finfo(dtype)
    with np.errstate(all="ignore"):
        size = np.clip(np.abs(exact), NORMAL[dtype], float(limits.max))
        unit = np.exp2(np.floor(np.log2(size))) * 2.0**-limits.nmant
        unit = np.where(unit * 2.0**limits.nmant > size, unit / 2, unit)  # log2 may round up
        error = np.abs((got.astype(np.float64) - exact) - rest) / unit
        error[(np.isnan(got) & np.isnan(exact)) | (np.isinf(got) & (got == exact))] = 0
        over = np.isinf(got) & (np.abs(exact) >= float(limits.max)) & (np.sign(got) == np.sign(exact))
        error[over] = 0
        error[np.isnan(error)] = np.inf
    return error


def worst(error, *inputs):
    place = int(np.argmax(error)) if error.size else 0
    return (float(error[place]), [float(x[place]) for x in inputs]) if error.size else (0.0, [])


def derivative_of(function):
    """What backward() gives for a gradient of 1, as a function of a tensor."""

    def call(x):
        function(x.requires_grad_()).sum().backward()
        return x.grad

    return call


def measure_float32(function, reference, stride, domain=None):
    """The largest error over the bit patterns; where `domain` is nan nothing is asked."""
    import chainrule as cr

    best = (0.0, [])
    for start in range(0, 2**32, CHUNK * stride):
        patterns = np.arange(start, min(start + CHUNK * stride, 2**32), stride, dtype=np.uint64)
        x = patterns.astype(np.uint32).view(np.float32)
        x = np.concatenate([x, x[:1]])[:-1]  # own memory
        with np.errstate(all="ignore"):
            if domain:
                x = x[~np.isnan(domain(x.astype(np.float64)))]
            exact = reference(x.astype(np.float64))
        best = max(best, worst(ulps(function(cr.from_numpy(x)).numpy(), exact, "float32"), x))
    return best


def measure_pairs_float32(function, reference, ranges):
    import chainrule as cr

    rng = np.random.default_rng(1)
    x, y = (sample(where, 500_000, rng).astype(np.float32) for where in ranges)
    n = min(x.size, y.size)
    x, y = rng.permutation(x)[:n], rng.permutation(y)[:n]
    with np.errstate(all="ignore"):
        exact = reference(x.astype(np.float64), y.astype(np.float64))
    return worst(ulps(function(cr.from_numpy(x), cr.from_numpy(y)).numpy(), exact, "float32"), x, y)


def exact_float64(reference, *inputs):
    """mpmath's result as a float64 and the rest."""
    import mpmath as mp

    mp.mp.dps = 60
    values, rests = [], []
    for numbers in zip(*inputs, strict=True):
        try:
            exact = reference(*map(mp.mpf, map(float, numbers)))
            near = float(exact)
            values.append(near)
            rests.append(float(exact - near) if math.isfinite(near) else 0.0)
        except (ValueError, ZeroDivisionError, OverflowError, TypeError):
            values.append(math.nan)
            rests.append(math.nan)
    return np.array(values), np.array(rests)


def write_references(path, names, count):
    """Inputs and exact results in float64, computed once for all instruction sets."""
    import mpmath as mp

    rng, stored = np.random.default_rng(0), {}
    # Differences serve where x is of ordinary size; functions that are asked farther out have their formulas.
    exact = {
        "sin": mp.cos,
        "cos": lambda x: -mp.sin(x),
        "tan": lambda x: 1 / mp.cos(x) ** 2,
        "log": lambda x: 1 / x,
        "log2": lambda x: 1 / (x * mp.log(2)),
        "log10": lambda x: 1 / (x * mp.log(10)),
        "log1p": lambda x: 1 / (1 + x),
        "sqrt": lambda x: 1 / (2 * mp.sqrt(x)),
        "rsqrt": lambda x: -1 / (2 * x * mp.sqrt(x)),
        "atan": lambda x: 1 / (1 + x * x),
        "asinh": lambda x: 1 / mp.sqrt(1 + x * x),
    }

    def slope_of(name, function):
        return exact.get(name, lambda x: mp.diff(function, x))

    slopes = {name + "'": (None, None, slope_of(name, row[2]), row[3]) for name, row in functions().items()}
    for name, (_, _, reference, where) in {**functions(), **pairs(), **slopes}.items():
        if name.removesuffix("'") not in names:
            continue
        two = isinstance(where[0], tuple)
        inputs = [rng.permutation(sample(w, count, rng))[:count] for w in (where if two else (where,))]
        value, rest = exact_float64(reference, *inputs)
        keep = ~np.isnan(rest)
        for part, data in (("value", value), ("rest", rest), *((f"x{i}", x) for i, x in enumerate(inputs))):
            stored[f"{name}/{part}"] = data[keep]
    np.savez(path, **stored)


def work(names, stride, references):
    """One instruction set: prints {name: [[error32, inputs], [error64, inputs]]} as JSON."""
    import chainrule as cr

    stored = np.load(references)
    single, double, slopes = functions(), pairs(), derivatives()
    result = {}

    def both(name, function, count, narrow):
        inputs = [stored[f"{name}/x{i}"] for i in range(count)]
        exact = stored[f"{name}/value"], stored[f"{name}/rest"]
        got = function(*map(cr.from_numpy, inputs)).numpy()
        result[name] = narrow, worst(ulps(got, exact, "float64"), *inputs)

    for name in names:
        if name in double:
            function, reference, _, where = double[name]
            both(name, function, 2, measure_pairs_float32(function, reference, where))
            continue
        function, reference, _, _ = single[name]
        both(name, function, 1, measure_float32(function, reference, stride))
        if name in slopes:
            slope = derivative_of(function)
            both(name + "'", slope, 1, measure_float32(slope, slopes[name], 7 * stride, reference))
    print(json.dumps(result))


def lines_of(results, names):
    """The rows of a table."""
    sets = list(results)
    header = [*(f"float32 {s}" for s in sets), "worst at", *(f"float64 {s}" for s in sets), "worst at"]
    lines = ["| function | " + " | ".join(header) + " |", "|" + "---|" * (len(header) + 1)]
    for name in names:
        cells = []
        for dtype in (0, 1):
            rows = [results[s][name][dtype] for s in sets]
            cells += [f"{error:.2f}" if error < 1000 else f"{error:.1e}" for error, _ in rows]
            cells.append(", ".join(f"{x:.9g}" for x in max(rows)[1]))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def table(results, stride, count):
    """The document, and the names beyond 4 ulp for which no reason is known."""
    everything = list(next(iter(results.values())))
    values = [name for name in everything if not name.endswith("'")]
    slopes = [name for name in everything if name.endswith("'")]
    lines = [
        "# Accuracy of the elementary functions",
        "",
        "The largest error found, in units in the last place (ulp) of the exact result; 0.5 is the best possible.",
        "Made by `bench/accuracy.py`, which says how. float32: "
        + ("all 2^32 numbers" if stride == 1 else f"one in {stride} of all 2^32 bit patterns")
        + f" against float64. float64: {count} inputs",
        "against 60 digits. `atan2`, `hypot`, `logaddexp` and `pow`: random pairs. Each instruction set (see",
        "`CHAINRULE_CPU`) has its own column.",
        "",
        *lines_of(results, values),
        "",
        "## Derivatives",
        "",
        "What `backward()` gives for a gradient of 1.",
        "",
        *lines_of(results, slopes),
    ]
    beyond = [name for name in everything if max(r[name][d][0] for r in results.values() for d in (0, 1)) > 4]
    lines += ["", "## Beyond 4 ulp", ""]
    lines += [f"- `{name}`: {REASONS.get(name, 'no reason known: a fault')}" for name in beyond] or ["None."]
    return "\n".join(lines) + "\n", [name for name in beyond if name not in REASONS]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stride", type=int, default=509, help="take one in so many float32 bit patterns")
    parser.add_argument("--count", type=int, default=4000, help="inputs in float64")
    parser.add_argument("--only", help="names, separated by commas")
    parser.add_argument("--sets", default=",".join(SETS), help="instruction sets, separated by commas")
    parser.add_argument("--output", default=str(HERE.parent.parent / "docs" / "accuracy.md"))
    parser.add_argument("--work", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    names = arguments.only.split(",") if arguments.only else [*functions(), *pairs()]
    if arguments.work:
        work(names, arguments.stride, arguments.work)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        references = os.path.join(folder, "references.npz")
        write_references(references, names, arguments.count)
        results = {}
        for chosen in arguments.sets.split(","):
            command = [sys.executable, str(HERE), "--work", references, "--only", ",".join(names)]
            command += ["--stride", str(arguments.stride)]
            done = subprocess.run(
                command, env={**os.environ, "CHAINRULE_CPU": chosen}, stdout=subprocess.PIPE, text=True
            )
            if done.returncode:
                print(f"{chosen}: not measured (exit code {done.returncode})", file=sys.stderr)
                continue
            results[chosen] = json.loads(done.stdout)
    text, faults = table(results, arguments.stride, arguments.count)
    Path(arguments.output).write_text(text)
    print(text)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
