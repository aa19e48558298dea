"""What several test files use."""

import functools
import os
import re
import subprocess
import sys
import threading

import numpy as np
import pytest
from op_table import ALIASES, ELSEWHERE, OPS

import chainrule as cr

DTYPES = ("bool", "uint8", "int32", "int64", "float32", "float64")
# A sanitizer keeps freed memory for a while, takes address space without bound, and makes all slow.
SANITIZED = bool(cr.build_info()["sanitize"])
# Seconds after which what has not ended hangs. A slow or busy machine may take many times what ours takes.
PATIENCE = 900
TOLERANCE = {"float32": (1e-5, 1e-6), "float64": (1e-11, 1e-12)}


def registry():
    """Names of the operations that the library registers."""
    return {row["name"] for row in cr._core.registry()}


def present_ops(keep=lambda op: True):
    """pytest parameter: the rows of the table."""
    rows = [op for op in OPS if keep(op)]
    return pytest.mark.parametrize("op", rows, ids=[op.name for op in rows])


def elsewhere():
    """Registered names that have no row of their own."""
    return set(" ".join(ELSEWHERE.values()).split()) | set(ALIASES)


def array(tensor):
    return tensor.detach().numpy()


def dtype_name(tensor):
    return str(tensor.dtype).split(".")[-1]


def close(actual, expected, dtype="float64", tol=1.0, what="value"):
    """Compare two tensors or arrays: same shape, close values, NaN and inf in the same places."""
    actual = array(actual) if hasattr(actual, "detach") else np.asarray(actual)
    expected = array(expected) if hasattr(expected, "detach") else np.asarray(expected)
    assert actual.shape == expected.shape, f"{what}: shape {actual.shape}, expected {expected.shape}"
    rtol, atol = TOLERANCE.get(dtype, (0, 0))
    if actual.dtype.kind == expected.dtype.kind == "f" and within(actual, expected, rtol * tol, atol * tol):
        return
    np.testing.assert_allclose(actual, expected, rtol=rtol * tol, atol=atol * tol, err_msg=what)


def within(actual, expected, rtol, atol):
    """The condition of assert_allclose, in a tenth of its time; False too where something isn't finite."""
    with np.errstate(all="ignore"):
        distance = np.abs(actual - expected)
        return bool((distance <= atol + rtol * np.abs(expected)).all() and np.isfinite(distance).all())


def same(actual, expected, what="value"):
    """Compare exactly."""
    actual = array(actual) if hasattr(actual, "detach") else np.asarray(actual)
    expected = array(expected) if hasattr(expected, "detach") else np.asarray(expected)
    assert actual.dtype == expected.dtype, f"{what}: dtype {actual.dtype}, expected {expected.dtype}"
    if actual.shape == expected.shape and (actual == expected).all():
        return
    np.testing.assert_array_equal(actual, expected, err_msg=what)


def expect_error(exc, match, call, *args, **kwargs):
    """The call must raise exc with a message that contains the regular expression; returns the exception."""
    with pytest.raises(exc) as info:
        call(*args, **kwargs)
    message = str(info.value)
    assert re.search(match, message, re.DOTALL), f"message {message!r} does not match {match!r}"
    return info.value


def each(op, samples, check):
    """Run check on every sample; report all that fail, by sample."""
    failures = []
    for sample in samples:
        try:
            check(sample)
        except Exception as error:  # a report of all samples is worth more than the first traceback
            failures.append(f"{op.name}{getattr(sample, 'sample', sample)!r}\n    {type(error).__name__}: {error}")
    if failures:
        pytest.fail(f"{len(failures)} of {len(samples)} samples:\n" + "\n".join(failures), pytrace=False)


def differentiable(outputs):
    return [out for out in outputs if out.requires_grad]


def weights(outputs, lib, seed=0):
    """One random upstream gradient for each output."""
    numbers = random_numbers(tuple(tuple(out.shape) for out in outputs), seed)
    return [lib.tensor(x.astype(dtype_name(out))) for x, out in zip(numbers, outputs, strict=True)]


@functools.lru_cache(4096)
def random_numbers(shapes, seed):
    """Arrays of numbers in (-1, 1)."""
    rng = np.random.default_rng(seed)
    return [rng.uniform(-1, 1, shape) for shape in shapes]


def gradients(outputs, leaves, lib, **options):
    """Gradients as a list, zeros where an input was not used."""
    pairs = [(out, w) for out, w in zip(outputs, weights(outputs, lib), strict=True) if out.requires_grad]
    if not pairs or not leaves:
        return [lib.zeros_like(leaf) for leaf in leaves]
    outputs, upstream = zip(*pairs, strict=True)
    grads = lib.autograd.grad(outputs, leaves, upstream, allow_unused=True, **options)
    return [lib.zeros_like(leaf) if g is None else g for g, leaf in zip(grads, leaves, strict=True)]


def run_python(code, **environment):
    """Run code in a new interpreter; returns what it printed, fails with its stderr."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def in_small_thread(work, kilobytes=256):
    """Run work() in a thread with a small stack; its exception, if any, is raised here."""
    result = []

    def body():
        try:
            result.append((work(), None))
        except BaseException as error:
            result.append((None, error))

    before = threading.stack_size(kilobytes * 1024)
    try:
        thread = threading.Thread(target=body)
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    value, error = result[0]
    if error is not None:
        raise error
    return value


def trained_by(optimizer, params):
    """Those of the parameters that an optimizer of this name takes: Muon takes matrices alone."""
    return [p for p in params if optimizer != "Muon" or p.dim() == 2]
