"""PyTorch's own operator test database (OpInfo): its sample inputs, through PyTorch and through this library.

For each of its operations that exists here: values, dtypes, shapes and gradients of the first samples, in float32,
float64 and int64. A sample that differs must be described in KNOWN, with the reason. The database is private to PyTorch
(torch.testing._internal), so this file skips where it cannot be imported; the package expecttest that it asks for is
replaced by a stub.
"""

import itertools
import sys
import types
import unittest
import warnings

import numpy as np
import pytest
from opinfo_known import COARSE, KNOWN, OTHER, SIGN_FREE, TIES, TRIANGULAR

import chainrule as cr

SEED = 42  # the one that the database's wrappers of random functions set
SAMPLES = 24  # per operation and dtype
TOLERANCE = {"float32": (2e-4, 2e-5), "float64": (1e-9, 1e-10)}


class Unsupported(Exception):
    """The sample needs a dtype or a kind of argument that this library does not have."""


@pytest.fixture(scope="module")
def database(torch):
    stub = types.ModuleType("expecttest")
    stub.TestCase = unittest.TestCase
    stub.assert_expected_inline = None
    added = sys.modules.setdefault("expecttest", stub) is stub
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from torch.testing._internal.common_methods_invocations import op_db
    except ImportError as error:
        pytest.skip(f"this PyTorch has no operator database: {error}")
    finally:
        if added:
            del sys.modules["expecttest"]
    return op_db


def full_name(op):
    return f"{op.name}.{op.variant_test_name}" if op.variant_test_name else op.name


# The database's own wrappers, in our words.
WRAPPED = {
    "where": lambda x, condition, other: cr.where(condition, x, other),
    "nn.functional.embedding": lambda weight, index, **options: cr.nn.functional.embedding(index, weight, **options),
    "einsum": lambda operands, equation: cr.einsum(equation, operands),
    "linalg.lstsq.grad_oriented": lambda a, b, **options: cr.linalg.lstsq(a, b, **options)[:2],
    "linalg.pinv.singular": lambda a, b: cr.linalg.pinv(a @ b.mT),
    "normal.number_mean": lambda std, mean, *args, **options: cr.normal(mean, std, *args, **options),
    "polygamma": lambda x, n: cr.polygamma(n, x),
    "special.polygamma": lambda x, n: cr.special.polygamma(n, x),
    "zero_": lambda x: x.clone().zero_(),
    "normal.in_place": lambda x, *args: x.normal_(*args),
}


def ours(op):
    """This library's form of an operation: a function of its arguments, or None."""
    for own in (full_name(op), op.name):
        if own in WRAPPED:
            return WRAPPED[own]
    name, place = op.name, cr
    for word in name.split("."):
        place = getattr(place, word, None)
    if callable(place) and not isinstance(place, type):
        return place
    member = getattr(cr.Tensor, name, None)
    if callable(member):
        return lambda x, *args, **kwargs: getattr(x, name)(*args, **kwargs)
    return None if member is None else lambda x: getattr(x, name)


def convert(value, torch, leaves):
    """An argument of PyTorch's as one of ours; tensors that require a gradient are added to leaves."""
    if isinstance(value, torch.Tensor):
        if (
            not isinstance(getattr(cr, str(value.dtype).split(".")[-1], None), cr.dtype)
            or value.layout != torch.strided
        ):
            raise Unsupported(f"a tensor of {value.dtype}, {value.layout}")
        tensor = cr.from_numpy(np.array(value.detach().numpy(), order="K"))
        if value.requires_grad:
            leaves.append(tensor.requires_grad_())
        return tensor
    if isinstance(value, torch.dtype):
        name = str(value).split(".")[-1]
        if not isinstance(getattr(cr, name, None), cr.dtype):
            raise Unsupported(f"dtype {name}")
        return getattr(cr, name)
    if isinstance(value, (complex, torch.layout, torch.memory_format, torch.Generator)):
        raise Unsupported(f"a {type(value).__name__}")
    if isinstance(value, torch.device):
        return "cpu"
    if callable(value):
        raise Unsupported("a function of PyTorch's tensors")
    if isinstance(value, slice):
        return slice(*(convert(part, torch, leaves) for part in (value.start, value.stop, value.step)))
    if isinstance(value, (tuple, list)):
        return (list if isinstance(value, list) else tuple)(convert(part, torch, leaves) for part in value)
    if isinstance(value, dict):
        return {key: convert(part, torch, leaves) for key, part in value.items()}
    return value


def flat(result):
    if isinstance(result, (tuple, list)) and type(result).__name__ != "Size":
        return [part for item in result for part in flat(item)]
    return [result]


def check_equal(got, want, what, rtol=None):
    if not hasattr(want, "detach"):
        assert got == want or (got != got and want != want), f"{what}: {got!r}, expected {want!r}"
        return
    want_type, got_type = (str(x.dtype).split(".")[-1] for x in (want, got))
    assert got_type == want_type, f"{what}: {got_type}, expected {want_type}"
    if got.dtype == cr.bfloat16:  # NumPy has none
        got, want = got.float(), want.float()
    a, b = got.detach().numpy(), want.detach().numpy(force=True)
    assert a.shape == b.shape, f"{what}: shape {a.shape}, expected {b.shape}"
    default, atol = TOLERANCE.get(want_type, (0, 0))
    rtol = max(rtol or 0, default)
    if not np.allclose(a, b, rtol=rtol, atol=atol, equal_nan=True):
        with np.errstate(all="ignore"):
            wrong = ~np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=True)
        raise AssertionError(f"{what}: {int(wrong.sum())} of {a.size} differ, {a[wrong][:3]}, expected {b[wrong][:3]}")


def up_to_ties(place, sample, got, want, torch):
    """The reference's results, with our indices where they point to equal elements. place: of dim among the args."""
    values, index = want
    ours = torch.from_numpy(np.array(got[1].numpy()))
    if sample.input.dim() == 0 or ours.shape != index.shape:
        return want
    dim = sample.kwargs.get("dim", sample.args[place] if len(sample.args) > place else -1)
    keep = index.dim() == sample.input.dim()
    here, there = (i if keep else i.unsqueeze(dim) for i in (ours, index))
    equal = sample.input.gather(dim, here) == sample.input.gather(dim, there)
    return [values, torch.where(equal if keep else equal.squeeze(dim), ours, index)]


def gradients(lib, outputs, leaves):
    outputs = [y for y in outputs if isinstance(y, lib.Tensor) and y.requires_grad]
    if not outputs or not leaves:
        return [lib.zeros_like(x) for x in leaves]
    rng = np.random.default_rng(0)
    vectors = []
    for y in outputs:
        vector = rng.uniform(-1, 1, tuple(y.shape)).astype(str(y.dtype).split(".")[-1])
        vectors.append(lib.tensor(vector))
    found = lib.autograd.grad(outputs, leaves, vectors, allow_unused=True)
    return [lib.zeros_like(x) if g is None else g for g, x in zip(found, leaves, strict=True)]


def run_reference(call, sample, torch, leaves):
    """PyTorch's outputs and gradients; gradients None where it has none."""
    torch.manual_seed(SEED)
    outputs = flat(call(sample.input, *sample.args, **sample.kwargs))
    try:
        return outputs, gradients(torch, outputs, leaves)
    except (RuntimeError, NotImplementedError):
        return outputs, None


def reference_leaves(value, torch):
    found = []
    if isinstance(value, torch.Tensor):
        return [value] if value.requires_grad else []
    if isinstance(value, (tuple, list)):
        for part in value:
            found += reference_leaves(part, torch)
    elif isinstance(value, dict):
        for part in value.values():
            found += reference_leaves(part, torch)
    return found


def prepared(op, function, sample):
    """The function as the database's gradient checks call it: of symmetric or triangular matrices, signs left out."""
    wrapper, name = op.gradcheck_wrapper, full_name(op)
    wrapped = getattr(wrapper, "__name__", "") == "gradcheck_wrapper_hermitian_input" or name in TRIANGULAR

    def call(*args, **kwargs):
        result = wrapper(function, *args, **kwargs) if wrapped else function(*args, **kwargs)
        return sample.output_process_fn_grad(result) if name in SIGN_FREE else result

    return call


def check_sample(op, function, sample, torch):
    name = full_name(op)
    everything = (sample.input, *sample.args), dict(sample.kwargs)
    leaves = []
    args = convert(everything[0], torch, leaves)
    kwargs = convert(everything[1], torch, leaves)
    try:
        want, want_grads = run_reference(
            prepared(op, op.op, sample), sample, torch, reference_leaves(everything, torch)
        )
    except Exception as error:
        raise Unsupported(f"the reference fails: {error}") from None
    if any(isinstance(y, torch.Tensor) and y.is_complex() for y in want):
        raise Unsupported("a complex result")
    cr.manual_seed(SEED)
    got = flat(prepared(op, function, sample)(*args, **kwargs))
    assert len(got) == len(want), f"{len(got)} results, expected {len(want)}"
    if name in TIES:
        want = up_to_ties(TIES[name], sample, got, want, torch)
    rtol = COARSE.get(name, (0, ""))[0]
    for i, (a, b) in enumerate(zip(got, want, strict=True)):
        check_equal(a, b, f"result {i}", rtol)
    if want_grads is not None:
        for i, (a, b) in enumerate(zip(gradients(cr, got, leaves), want_grads, strict=True)):
            check_equal(a, b, f"gradient {i}", rtol)


def samples_of(op, dtype):
    """The first samples, or none where the database itself fails."""
    try:
        return list(itertools.islice(op.sample_inputs("cpu", dtype, requires_grad=differentiable(op, dtype)), SAMPLES))
    except Exception:
        return []


def differentiable(op, dtype):
    return dtype.is_floating_point and op.supports_autograd


@pytest.mark.slow
@pytest.mark.parametrize("name", ["float32", "float64", "int64"])
def test_samples_agree(name, database, torch, capsys):
    dtype = getattr(torch, name)
    tried, agreed, unsupported, operations = 0, 0, 0, 0
    unknown, known = [], {}
    for op in database:
        function = ours(op)
        if function is None or full_name(op) in OTHER or not op.supports_dtype(dtype, "cpu"):
            continue
        operations += 1
        for i, sample in enumerate(samples_of(op, dtype)):
            tried += 1
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    check_sample(op, function, sample, torch)
                agreed += 1
            except Unsupported:
                tried -= 1
                unsupported += 1
            except Exception as error:
                is_known, _ = KNOWN.get(full_name(op), (lambda sample: False, ""))
                if is_known(sample):
                    known[full_name(op)] = known.get(full_name(op), 0) + 1
                else:
                    unknown.append(f"{full_name(op)} sample {i}: {type(error).__name__}: {str(error)[:300]}")
    with capsys.disabled():
        print(
            f"\nOpInfo {name}: {operations} operations, {tried} samples, {agreed} agree, {tried - agreed} differ"
            f"{f' as KNOWN says: {known}' if known else ''}, {unsupported} left out (what they need is not here)"
        )
    assert not unknown, f"{len(unknown)} samples differ without a known reason:\n" + "\n".join(unknown)
