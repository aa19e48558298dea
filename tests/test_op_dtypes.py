"""Result dtypes and values on every dtype and pair of dtypes, as PyTorch has them."""

import contextlib
import itertools

import numpy as np
import pytest
from helpers import DTYPES, close, dtype_name, each, expect_error, present_ops
from op_table import Call, lookup

import chainrule as cr

ALLOWED = {"float": DTYPES[4:], "number": DTYPES[1:], "all": DTYPES}
PYTHON_ERRORS = (TypeError, ValueError, RuntimeError, IndexError, NotImplementedError, ZeroDivisionError)


def agree(ours, theirs, must, dtype="float32", tol=1.0):
    """Where the reference gives a result we give it too (if must) or raise; where it raises we may differ."""
    try:
        want = theirs()
    except PYTHON_ERRORS:
        with contextlib.suppress(PYTHON_ERRORS):
            ours()
        return
    try:
        got = ours()
    except PYTHON_ERRORS as error:
        assert not must, f"the reference gives {[dtype_name(w) for w in want]}, here {type(error).__name__}: {error}"
        return
    for a, b in zip(got, want, strict=True):
        assert dtype_name(a) == dtype_name(b), f"dtype {dtype_name(a)}, expected {dtype_name(b)}"
        close(a, b, dtype_name(b) if "float" in dtype_name(b) else None, tol)


@present_ops(lambda op: op.ref)
def test_every_dtype(op, torch):
    def check(pair):
        dtype, sample = pair
        agree(
            lambda: Call(op, sample, cr, dtype).outputs(),
            lambda: Call(op, sample, torch, dtype).outputs(),
            dtype in ALLOWED[op.dtypes],
            tol=op.tol,
        )

    each(op, list(itertools.product(DTYPES, op.samples[:6])), check)


FORMS = [((3,), (3,)), ((2, 3), ()), ((), (2,)), ((), ())]


@present_ops(lambda op: op.binary and op.ref)
def test_pairs_of_dtypes(op, torch):
    rng = np.random.default_rng(1)
    failures = []
    for da, db in itertools.product(DTYPES, DTYPES):
        must = da in ALLOWED[op.dtypes] and db in ALLOWED[op.dtypes]
        for sa, sb in FORMS:
            a, b = rng.integers(1, 4, sa).astype(da), rng.integers(1, 4, sb).astype(db)
            try:
                agree(
                    lambda a=a, b=b: [lookup(cr, op.fn)(cr.tensor(a), cr.tensor(b))],
                    lambda a=a, b=b: [lookup(torch, op.fn)(torch.tensor(a), torch.tensor(b))],
                    must,
                    tol=op.tol,
                )
            except AssertionError as error:
                failures.append(f"{op.name}({da}{list(sa)}, {db}{list(sb)}): {str(error).strip()}")
    assert not failures, "\n".join(failures)


@present_ops(lambda op: op.operator and op.binary and op.ref)
def test_python_numbers_are_weak(op, torch):
    failures = []
    for dtype, number, shape in itertools.product(DTYPES, (True, 2, 2.5), ((3,), ())):
        a = np.ones(shape, dtype)
        try:
            agree(
                lambda a=a, n=number: [lookup(cr, op.fn)(cr.tensor(a), n)],
                lambda a=a, n=number: [lookup(torch, op.fn)(torch.tensor(a), n)],
                dtype in ALLOWED[op.dtypes] and not isinstance(number, bool),
                tol=op.tol,
            )
        except AssertionError as error:
            failures.append(f"{op.name}({dtype}{list(shape)}, {number}): {str(error).strip()}")
    assert not failures, "\n".join(failures)


def test_promotion_table(torch):
    for a, b in itertools.product(DTYPES, DTYPES):
        got = cr.promote_types(getattr(cr, a), getattr(cr, b))
        want = torch.promote_types(getattr(torch, a), getattr(torch, b))
        assert str(got).split(".")[-1] == str(want).split(".")[-1], (a, b)


def test_result_type(torch):
    for a, b in itertools.product(DTYPES, DTYPES):
        for sa, sb in FORMS:
            pair = [np.ones(sa, a), np.ones(sb, b)]
            got = cr.result_type(*(cr.tensor(x) for x in pair))
            want = torch.result_type(*(torch.tensor(x) for x in pair))
            assert str(got).split(".")[-1] == str(want).split(".")[-1], (a, sa, b, sb)


def test_float32_and_python_float_stay_float32():
    assert (cr.ones(2) + 1.5).dtype == cr.float32
    assert (cr.ones(2, dtype=cr.int64) + 1.5).dtype == cr.float32
    assert (cr.ones(2) + cr.ones(2, dtype=cr.float64)).dtype == cr.float64
    assert (cr.ones(2) * cr.ones((), dtype=cr.float64)).dtype == cr.float32


def test_gradient_has_the_dtype_of_its_input():
    a = cr.ones(3, requires_grad=True)
    b = cr.ones(3, dtype=cr.float64, requires_grad=True)
    (a * b).sum().backward()
    assert a.grad.dtype == cr.float32 and b.grad.dtype == cr.float64


def test_inplace_keeps_the_dtype():
    x = cr.ones(3)
    x += cr.ones(3, dtype=cr.float64)
    assert x.dtype == cr.float32
    n = cr.ones(3, dtype=cr.int64)
    expect_error((TypeError, RuntimeError), r"int64.*float32|float32.*int64", n.add_, 1.5)
    assert n.tolist() == [1, 1, 1] and n._version == 0


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "float64"])
def test_sums_in_a_dtype_that_is_asked_for(dtype, torch):
    for lib in (cr, torch):
        x, wanted = lib.tensor([[1, 2, 3], [100, 100, 200]], dtype=lib.int32), getattr(lib, dtype)
        for y in (x.sum(dtype=wanted), x.sum(1, dtype=wanted), x.prod(1, dtype=wanted), x.nansum(1, dtype=wanted)):
            assert y.dtype == wanted
    ours, theirs = (lib.tensor([[200, 100], [3, 4]], dtype=lib.int32) for lib in (cr, torch))
    for name in ("sum", "prod"):
        got, want = (getattr(x, name)(1, dtype=getattr(lib, dtype)) for lib, x in ((cr, ours), (torch, theirs)))
        np.testing.assert_array_equal(got.numpy(), want.numpy())


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64"])
def test_integers_where_they_are_computed_with_floats(dtype, torch):
    made = []
    for lib in (cr, torch):
        d = getattr(lib, dtype)
        a, b = lib.ones(3, 2, 2, dtype=d), lib.full((3, 2, 4), 2, dtype=d)
        line, powers = lib.linspace(4.3, 50.9, 40, dtype=d), lib.logspace(0, 2.2, 5, dtype=d)
        made.append([line, powers, lib.addbmm(lib.ones(2, 4, dtype=d), a, b)])
    for got, want in zip(*made, strict=True):
        assert dtype_name(got) == dtype_name(want)
        np.testing.assert_array_equal(got.numpy(), want.numpy())


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "bilinear", "bicubic"])
@pytest.mark.parametrize("antialias", [False, True])
def test_images_of_bytes(mode, antialias, torch):
    """PyTorch's weights are fixed-point numbers: some elements differ by one."""
    if antialias and mode.startswith("nearest"):
        pytest.skip("means are for the other modes")
    x = np.random.default_rng(0).integers(0, 256, (2, 3, 30, 20)).astype(np.uint8)
    for size in ((13, 33), (30, 7)):
        got, want = (
            lib.nn.functional.interpolate(lib.tensor(x), size=size, mode=mode, antialias=antialias)
            for lib in (cr, torch)
        )
        assert got.dtype == cr.uint8
        apart = np.abs(got.numpy().astype(int) - want.numpy())
        assert apart.max() <= (not mode.startswith("nearest")) and np.mean(apart) < 0.05
