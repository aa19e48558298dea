"""float16, bfloat16, int8 and int16: stored narrow, computed wide, rounded once."""

import itertools

import numpy as np
import pytest
from helpers import DTYPES, dtype_name, each, present_ops
from op_table import Call, lookup
from op_table.spec import map_tree

import chainrule as cr

FLOATS = ("float16", "bfloat16")
INTEGERS = ("int8", "int16")
NARROW = FLOATS + INTEGERS
ALL = DTYPES + NARROW
EPS = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-18, "float64": 2.0**-50}
WIDE = dict.fromkeys(FLOATS, "float32") | dict.fromkeys(INTEGERS, "int32")
PYTHON_ERRORS = (TypeError, ValueError, RuntimeError, IndexError, NotImplementedError, ZeroDivisionError)


def numbers(t):
    """As a float64 array, of either library's tensor."""
    return t.detach().double().numpy()


# ---- conversion ----


def every_pattern(dtype, torch):
    """Tensors of both libraries with all bit patterns of a dtype."""
    raw = np.arange(2**16, dtype=np.uint16).view(np.int16) if dtype != "int8" else np.arange(256).astype(np.int8)
    ours = cr.from_numpy(raw).view(getattr(cr, dtype))
    return ours, torch.from_numpy(raw).view(getattr(torch, dtype))


@pytest.mark.parametrize("dtype", NARROW)
def test_casts_of_every_pattern(dtype, torch):
    ours, theirs = every_pattern(dtype, torch)
    finite = torch.isfinite(theirs.float())
    for to in ALL:
        a, b = numbers(ours.to(getattr(cr, to))), numbers(theirs.to(getattr(torch, to)))
        if "int" in to:  # what an integer cannot hold is undefined in C++
            fits = (finite & (theirs.double().abs() < 2**31)).numpy()
            a, b = a[fits], b[fits]
        np.testing.assert_array_equal(a, b, err_msg=to)
        sign = np.isfinite(a)
        np.testing.assert_array_equal(np.signbit(a[sign]), np.signbit(b[sign]), err_msg=to)


@pytest.mark.parametrize("dtype", FLOATS)
def test_rounding_to_nearest_even(dtype, torch):
    """All numbers, the midpoints between neighbours, and what lies beside those."""
    _, theirs = every_pattern(dtype, torch)
    x = np.unique(numbers(theirs.float())[np.isfinite(numbers(theirs.float()))]).astype(np.float32)
    middle = ((x[1:].astype(np.float64) + x[:-1]) / 2).astype(np.float32)
    values = np.concatenate([x, middle, np.nextafter(middle, np.float32(9)), np.nextafter(middle, np.float32(-9))])
    values = np.concatenate([values, np.float32([65519, 65520, 65536, 1e30, 3.4e38, np.inf, np.nan, 1e-45, -1e-45])])
    for wide in ("float32", "float64"):
        a = numbers(cr.tensor(values.astype(wide)).to(getattr(cr, dtype)))
        b = numbers(torch.tensor(values.astype(wide)).to(getattr(torch, dtype)))
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("dtype", NARROW)
def test_layouts_of_casts(dtype, torch):
    x = np.arange(24.0).reshape(2, 3, 4) - 7
    for form in (lambda t: t, lambda t: t.permute(2, 0, 1), lambda t: t[:, ::2], lambda t: t[:1].expand(5, 3, 4)):
        ours, theirs = form(cr.tensor(x)), form(torch.tensor(x))
        a, b = ours.to(getattr(cr, dtype)), theirs.to(getattr(torch, dtype))
        np.testing.assert_array_equal(numbers(a), numbers(b))
        np.testing.assert_array_equal(numbers(a.clone()), numbers(b))
        np.testing.assert_array_equal(numbers(a.float()), numbers(b))


# ---- promotion ----


def test_promotion_table(torch):
    for a, b in itertools.product(ALL, ALL):
        got = cr.promote_types(getattr(cr, a), getattr(cr, b))
        assert dtype_of(got) == dtype_of(torch.promote_types(getattr(torch, a), getattr(torch, b))), (a, b)


def dtype_of(dtype):
    return str(dtype).split(".")[-1]


FORMS = [((3,), (3,)), ((2, 3), ()), ((), (2,)), ((), ())]


def test_results_of_pairs(torch):
    for a, b, (sa, sb) in itertools.product(ALL, ALL, FORMS):
        for name in ("add", "mul", "true_divide", "maximum", "eq"):
            got = lookup(cr, name)(cr.ones(sa, dtype=getattr(cr, a)), cr.ones(sb, dtype=getattr(cr, b)))
            want = lookup(torch, name)(torch.ones(sa, dtype=getattr(torch, a)), torch.ones(sb, dtype=getattr(torch, b)))
            assert dtype_name(got) == dtype_name(want), (name, a, sa, b, sb)


def test_python_numbers_are_weak(torch):
    for dtype, number, shape in itertools.product(NARROW, (True, 2, 2.5), ((3,), ())):
        ours, theirs = cr.ones(shape, dtype=getattr(cr, dtype)), torch.ones(shape, dtype=getattr(torch, dtype))
        for f in (lambda x, n: x + n, lambda x, n: n * x, lambda x, n: x / n, lambda x, n: x**n, lambda x, n: x < n):
            assert dtype_name(f(ours, number)) == dtype_name(f(theirs, number)), (dtype, number)


# ---- every operation ----

# name -> why its narrow result is not the wide one rounded once
APART = {
    **dict.fromkeys(["interpolate", "local_response_norm"], "several functions, each of which rounds"),
    **dict.fromkeys(["float", "int"], "a conversion"),
}
# name -> why it differs from PyTorch by more than a rounding
APART_FROM_PYTORCH = {
    **dict.fromkeys(["logit", "tanhshrink", "matrix_exp", "linalg_matrix_exp"], "PyTorch rounds between its steps"),
    "histc": "PyTorch places numbers into bins in bfloat16",
    "grid_sample": "PyTorch finds places in the narrow dtype",
}


def rounded(t, dtype):
    return t.to(getattr(cr, dtype))


def shares(outputs, inputs):
    places = {x.untyped_storage().data_ptr() for x in inputs if x.numel()}
    return [bool(y.numel()) and y.untyped_storage().data_ptr() in places for y in outputs]


def widened_call(op, sample, dtype):
    """The call whose wide arguments hold narrow numbers."""
    wide = Call(op, sample, cr, dtype)
    made = {}

    def convert(x):
        if dtype_name(x) != dtype:
            return x
        return made.setdefault(id(x), x.detach().to(getattr(cr, WIDE[dtype])).requires_grad_(x.requires_grad))

    wide.args, wide.kwargs = map_tree(convert, wide.args, cr.Tensor), map_tree(convert, wide.kwargs, cr.Tensor)
    wide.leaves, wide.inputs = list(map(convert, wide.leaves)), list(map(convert, wide.inputs))
    return wide


def check_row(op, sample, dtype):
    narrow, wide = Call(op, sample, cr, dtype), widened_call(op, sample, dtype)
    if dtype not in map(dtype_name, narrow.leaves + narrow.inputs):
        return  # a creation: its dtype is named
    cr.manual_seed(0)
    try:
        want = wide.outputs()
    except PYTHON_ERRORS:
        want = None
    cr.manual_seed(0)
    if want is None:
        with pytest.raises(PYTHON_ERRORS):
            narrow.outputs()
        return
    got = narrow.outputs()
    assert len(got) == len(want)
    for a, b in zip(got, want, strict=True):
        expected = dtype if dtype_name(b) == WIDE[dtype] else dtype_name(b)
        assert dtype_name(a) == expected, f"dtype {dtype_name(a)}, expected {expected}"
        assert a.shape == b.shape
        np.testing.assert_array_equal(numbers(a), numbers(rounded(b, expected)))
        assert a.requires_grad == b.requires_grad
    assert shares(got, narrow.leaves + narrow.inputs) == shares(want, wide.leaves + wide.inputs), "memory"
    outputs = [(a, b) for a, b in zip(got, want) if b.requires_grad]
    if not outputs or not narrow.leaves:
        return
    upstream = [(cr.ones(a.shape).to(a.dtype), cr.ones(b.shape, dtype=b.dtype)) for a, b in outputs]
    ours = cr.autograd.grad([a for a, _ in outputs], narrow.leaves, [u for u, _ in upstream], allow_unused=True)
    theirs = cr.autograd.grad([b for _, b in outputs], wide.leaves, [u for _, u in upstream], allow_unused=True)
    for a, b in zip(ours, theirs, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            assert dtype_name(a) == dtype
            np.testing.assert_allclose(numbers(a), numbers(rounded(b, dtype)), rtol=3 * EPS[dtype], atol=1e-3)


@present_ops(lambda op: op.ref and op.name not in APART_FROM_PYTORCH)
@pytest.mark.parametrize("dtype", NARROW)
def test_rows_against_pytorch(op, dtype, torch):
    def check(sample):
        try:
            torch.manual_seed(0)
            want = Call(op, sample, torch, dtype).outputs()
        except PYTHON_ERRORS:
            return
        cr.manual_seed(0)
        try:
            got = Call(op, sample, cr, dtype).outputs()
        except PYTHON_ERRORS:
            if dtype in FLOATS or ALLOWED[op.dtypes]:
                raise
            return
        for a, b in zip(got, want, strict=True):
            assert dtype_name(a) == dtype_name(b), f"dtype {dtype_name(a)}, expected {dtype_name(b)}"
            eps = EPS.get(dtype_name(b), 0)
            x, y = numbers(a), numbers(b)
            np.testing.assert_allclose(x, y, rtol=2 * eps, atol=eps * np.nanmax(np.abs(y[np.isfinite(y)]), initial=0))

    each(op, list(op.samples[:3]), check)


ALLOWED = {"float": False, "number": True, "all": True}


def mixed_call(op, sample, first, others):
    """What a call gives whose first floating tensor has one dtype and whose others have another; None if it has one."""
    call = Call(op, sample, cr, "float32", grad=False)
    met = []

    def convert(x):
        if x.dtype == cr.float32:
            met.append(x)
            return x.to(getattr(cr, first if len(met) == 1 else others))
        return x

    call.leaves = list(map(convert, call.leaves))
    call.args, call.kwargs = map_tree(convert, call.args, cr.Tensor), map_tree(convert, call.kwargs, cr.Tensor)
    if len(met) < 2:
        return None
    try:
        call.outputs()
    except (TypeError, ValueError) as error:
        return str(error)
    return "a result"


@present_ops(lambda op: op.fn and op.name != "einsum")
def test_mixed_dtypes_are_refused_where_float32_and_float64_are(op):
    def check(sample):
        usual = mixed_call(op, sample, "float32", "float64")
        for first, others in (("float16", "float32"), ("float32", "bfloat16"), ("bfloat16", "float16")):
            message = mixed_call(op, sample, first, others)
            assert (message == "a result") == (usual == "a result"), f"{first}, {others}: {message}; but {usual}"
            if usual not in (None, "a result") and "float64" in usual:
                assert first in message and others in message, message

    each(op, list(op.samples[:3]), check)


@present_ops(lambda op: op.name not in APART)
def test_rows_in_narrow_floats(op):
    each(op, list(op.samples[:3]), lambda sample: [check_row(op, sample, dtype) for dtype in FLOATS])


@present_ops(lambda op: op.name not in APART)
def test_rows_in_narrow_integers(op):
    each(op, list(op.samples[:3]), lambda sample: [check_row(op, sample, dtype) for dtype in INTEGERS])


@present_ops(lambda op: op.inplace and op.name not in APART)
def test_rows_in_place(op):
    def check(sample, dtype):
        def call(to, form):
            made = Call(op, sample, cr, to, grad=False)
            args, kwargs = made.fill()
            try:
                return args[0], getattr(args[0], op.inplace)(*args[1:], **kwargs) if form else made.run(form="method")
            except PYTHON_ERRORS as error:
                return args[0], error

        self, result = call(dtype, True)
        if dtype_name(self) != dtype:
            return
        before = numbers(call(dtype, True)[0]) if isinstance(result, Exception) else None
        if before is None:
            assert result is self and dtype_name(self) == dtype
            if op.method:
                np.testing.assert_array_equal(numbers(self), numbers(call(dtype, False)[1].to(self.dtype)))
        else:
            fresh = Call(op, sample, cr, dtype, grad=False).fill()[0][0]
            np.testing.assert_array_equal(before, numbers(fresh))  # refused: left as it was

    each(op, list(op.samples[:3]), lambda sample: [check(sample, dtype) for dtype in NARROW])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_gradients_where_elements_share_memory(dtype):
    """They add up in a gradient that lies in the base's memory: each element keeps all of its parts."""
    x = cr.tensor([2.0], dtype=getattr(cr, dtype), requires_grad=True)
    y = cr.tensor([3.0], dtype=getattr(cr, dtype), requires_grad=True)
    both = (x * 1).reshape(()).broadcast_to((2,))
    both[:1].copy_(y * 1)
    assert [g.tolist() for g in cr.autograd.grad(both.sum(), [x, y])] == [[0.0], [2.0]]
    z = cr.arange(4, dtype=getattr(cr, dtype)).requires_grad_()
    for recorded in (False, True):
        parts = (z * 1).as_strided((3, 2), (1, 1)).sum()
        assert cr.autograd.grad(parts, z, create_graph=recorded)[0].tolist() == [1.0, 2.0, 2.0, 1.0]


# ---- elementwise operations, which convert piece by piece ----

PIECEWISE = {
    "add": lambda x, y: x + y,
    "mul": lambda x, y: x * y,
    "sub with alpha": lambda x, y: cr.sub(x, y, alpha=2),
    "div": lambda x, y: x / y,
    "maximum": cr.maximum,
    "mul by a number": lambda x, y: x * 0.1,
    "neg": lambda x, y: -x,
    "exp": lambda x, y: x.exp(),
    "relu": lambda x, y: x.relu(),
    "gelu": lambda x, y: cr.nn.functional.gelu(x),
    "leaky_relu": lambda x, y: cr.nn.functional.leaky_relu(x, 0.3),
}
LAYOUTS = {
    "flat": ((3000,), (3000,), lambda t: t),
    "a row": ((3, 1500), (1500,), lambda t: t),
    "a column": ((1500, 3), (1500, 1), lambda t: t),
    "a 0-d tensor": ((2500,), (), lambda t: t),
    "transposed": ((40, 70), (40, 70), lambda t: t.t()),
    "every second": ((2600,), (2600,), lambda t: t[::2]),
}


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", PIECEWISE)
def test_pieces_round_once(name, dtype):
    """More elements than a piece has, in every layout: the wide result and gradients, rounded once."""
    rng = np.random.default_rng(0)
    for one, other, form in LAYOUTS.values():
        leaves = [cr.tensor(rng.uniform(0.5, 2, s)).to(getattr(cr, dtype)).requires_grad_() for s in (one, other)]
        wide = [t.detach().float().requires_grad_() for t in leaves]
        got, want = (PIECEWISE[name](*(form(t) if t.ndim else t for t in ts)) for ts in (leaves, wide))
        assert dtype_name(got) == dtype
        np.testing.assert_array_equal(numbers(got), numbers(rounded(want, dtype)))
        with cr.no_grad():
            np.testing.assert_array_equal(numbers(PIECEWISE[name](*map(form_of(form), leaves))), numbers(got))
        g = cr.tensor(rng.uniform(0.5, 2, got.shape)).to(got.dtype)
        a = cr.autograd.grad(got, leaves, g, allow_unused=True)
        b = cr.autograd.grad(want, wide, g.float(), allow_unused=True)
        for x, y in zip(a, b, strict=True):
            if y is not None:
                assert dtype_name(x) == dtype
                np.testing.assert_allclose(numbers(x), numbers(y), rtol=EPS[dtype])


def form_of(form):
    return lambda t: form(t) if t.ndim else t


@pytest.mark.parametrize("dtype", FLOATS)
def test_second_gradients_run_wide(dtype):
    x = cr.linspace(0.2, 1.7, 2100).to(getattr(cr, dtype)).requires_grad_()
    wide = x.detach().float().requires_grad_()
    for f in (cr.nn.functional.gelu, cr.log, lambda t: t * t * 0.3, lambda t: t / (t + 1)):
        second = []
        for t in (x, wide):
            (first,) = cr.autograd.grad(f(t).sum(), t, create_graph=True)
            second.append(cr.autograd.grad(first.sum(), t)[0])
        assert dtype_name(second[0]) == dtype
        np.testing.assert_allclose(numbers(second[0]), numbers(second[1]), rtol=9 * EPS[dtype], atol=9 * EPS[dtype])


def test_narrow_saved_values_are_checked():
    x = cr.tensor([1.0, 2.0]).bfloat16().requires_grad_()
    y = x * 1.0
    z = y * y
    y.add_(1)
    with pytest.raises(RuntimeError, match="MulBackward0"):
        z.sum().backward()
    x = cr.tensor([1.0, 2.0]).half()
    x.add_(x).mul_(0.5).relu_()
    assert x.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_signs_of_narrow_numbers_change_alone(torch, dtype):
    bits = np.arange(65536, dtype=np.uint16).view(np.int16).reshape(256, 256)
    ours, theirs = (lib.from_numpy(bits.copy()).view(getattr(lib, dtype)) for lib in (cr, torch))
    for change in (lambda x: -x, abs, lambda x: -x.t(), lambda x: -x[1:, 3:], lambda x: abs(x[:, ::3])):
        got, want = (change(x).contiguous() for x in (ours, theirs))
        assert dtype_name(got) == dtype
        number = ~want.isnan().numpy()
        np.testing.assert_array_equal(got.isnan().numpy(), ~number)
        np.testing.assert_array_equal(got.view(cr.int16).numpy()[number], want.view(torch.int16).numpy()[number])


# ---- reductions, which read narrow elements piece by piece ----


VIEWS = {
    "run": (lambda x: x, ()),
    "one element": (lambda x: x[5], ()),
    "none": (lambda x: x[:0], ()),
    "steps": (lambda x: x[::2], ()),
    "rows": (lambda x: x.reshape(7, 10000), (1,)),
    "many short rows": (lambda x: x.reshape(10000, 7), (1,)),
    "every second row": (lambda x: x.reshape(1000, 70)[::2], (1,)),
    "columns": (lambda x: x.reshape(100, 700), (0,)),
    "few columns": (lambda x: x.reshape(35000, 2), (0,)),
    "long columns": (lambda x: x.reshape(14000, 5)[:, :3], (0,)),
    "outer and inner": (lambda x: x.reshape(50, 20, 70), (0, 2)),
    "transposed": (lambda x: x.reshape(10, 100, 70).transpose(0, 2), (1,)),
}


@pytest.mark.parametrize("dtype", NARROW)
@pytest.mark.parametrize(("view", "axes"), VIEWS.values(), ids=VIEWS)
def test_reductions_give_the_wide_result_rounded_once(dtype, view, axes):
    x = view((cr.randn(70000, generator=cr.Generator().manual_seed(0)) * 50).to(getattr(cr, dtype)))
    double = x.double()
    names = ["sum", "amax", "amin"] + ["mean", "nansum", "norm"] * (dtype in FLOATS)
    for name in names:
        if x.numel() == 0 and name in ("amax", "amin"):
            continue
        ours, exact = ((getattr(t, name)(dim=axes) if axes else getattr(t, name)()) for t in (x, double))
        assert ours.dtype == (cr.int64 if (dtype, name) in {("int8", "sum"), ("int16", "sum")} else x.dtype)
        unit = EPS.get(dtype, 0) * 0.5001
        np.testing.assert_allclose(
            numbers(ours), numbers(exact), rtol=unit, atol=unit * double.abs().sum().item() / 2**9
        )


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ["sum", "mean", "norm", "amax"])
def test_gradients_of_reductions_are_narrow(dtype, name):
    x = cr.arange(1, 7, dtype=getattr(cr, dtype)).reshape(2, 3).requires_grad_()
    wide = x.detach().float().requires_grad_()
    first, second = [], []
    for t in (x, wide):
        first += cr.autograd.grad(getattr(t, name)(), t, create_graph=True)
        assert first[-1].dtype == t.dtype
        if name == "norm":
            second += cr.autograd.grad(first[-1][0, 1], t)
    np.testing.assert_allclose(numbers(first[0]), numbers(first[1]), rtol=EPS[dtype])
    if name == "norm":
        np.testing.assert_allclose(numbers(second[0]), numbers(second[1]), rtol=4 * EPS[dtype], atol=EPS[dtype])


def test_narrow_sums_on_any_number_of_threads():
    x = cr.randn(300000).bfloat16()
    before = cr.get_num_threads()
    results = []
    try:
        for threads in (1, 2, 3):
            cr.set_num_threads(threads)
            results.append([numbers(t) for t in (x.sum(), x.reshape(300, 1000).sum(0), x.reshape(1000, 300).sum(1))])
    finally:
        cr.set_num_threads(before)
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)
