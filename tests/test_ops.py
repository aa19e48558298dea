"""Generic checks of every operation in the table: values, gradients, forms, in-place, kinks, errors."""

import warnings

import numpy as np
import pytest
from helpers import (
    array,
    close,
    differentiable,
    dtype_name,
    each,
    elsewhere,
    expect_error,
    gradients,
    present_ops,
    registry,
    same,
)
from op_table import ALIASES, OPS, Call, arrays, creation, exists, flatten

import chainrule as cr

FLOATS = pytest.mark.parametrize("dtype", ["float32", "float64"])


def small(op, limit=30):
    """The samples with few enough numbers for a numerical Jacobian, and some."""

    def fits(sample):
        sizes = [leaf.numel() for leaf in Call(op, sample, cr).leaves]
        return sizes and min(sizes) > 0 and sum(sizes) <= limit

    return [s for s in op.samples if fits(s)]


# The table itself


def test_every_registered_operation_has_a_row():
    rows = {op.name for op in OPS} | {name for op in OPS for name in op.covers} | elsewhere()
    missing = sorted(registry() - rows)
    assert not missing, f"operations without a row in tests/op_table: {missing}"


def test_every_row_exists():
    missing = [op.name for op in OPS if not exists(op, cr)]
    assert not missing, f"rows of the table without a function or method in the library: {missing}"


def test_names_are_unique():
    names = [op.name for op in OPS]
    assert len(names) == len(set(names))


def test_registered_operations_are_documented():
    bare = [row["name"] for row in cr._core.registry() if not row["doc"].strip()]
    assert not bare, f"operations without a doc: {bare}"


def test_registry_agrees_on_differentiability():
    says = {row["name"]: row["differentiable"] for row in cr._core.registry()}
    functions = [op for op in OPS if op.name in says and op not in creation.ROWS]
    wrong = [op.name for op in functions if says[op.name] != op.grad]
    assert not wrong, f"table and registry disagree on whether these have a gradient: {wrong}"


# Values and gradients


@present_ops(lambda op: op.ref)
@FLOATS
def test_equals_pytorch(op, dtype, torch):
    def check(sample):
        ours, theirs = Call(op, sample, cr, dtype), Call(op, sample, torch, dtype)
        got, want = ours.outputs(), theirs.outputs()
        assert len(got) == len(want)
        for a, b in zip(got, want, strict=True):
            assert dtype_name(a) == dtype_name(b), f"dtype {dtype_name(a)}, expected {dtype_name(b)}"
            assert a.requires_grad == b.requires_grad
            close(a, b, dtype, op.tol)
        try:
            want_grads = gradients(want, theirs.leaves, torch)
        except RuntimeError as error:
            assert "not implemented" in str(error)  # PyTorch has no gradient there
            return
        for a, b in zip(gradients(got, ours.leaves, cr), want_grads, strict=True):
            close(a, b, dtype, 4 * op.tol * op.grad_tol.get(dtype, 1.0), "gradient")

    each(op, op.samples, check)


@present_ops(lambda op: op.np is not None)
def test_equals_numpy(op):
    def check(sample):
        args, kwargs = arrays(op, sample)
        outputs = Call(op, sample, cr, grad=False).outputs()
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = op.np(*args, **kwargs)
        for got, want in zip(outputs, wanted if isinstance(wanted, tuple) else (wanted,), strict=True):
            close(got, want, tol=op.tol)

    each(op, [s for s in op.samples if "alpha" not in s.kwargs and "decimals" not in s.kwargs], check)


@present_ops(lambda op: op.fn and op.method)
def test_method_equals_function(op):
    def check(sample):
        call = Call(op, sample, cr)
        if not hasattr(call.fill()[0][0], "dtype"):
            return  # a number on the left: no method
        for a, b in zip(call.outputs(form="fn"), call.outputs(form="method"), strict=True):
            same(a, b)

    each(op, op.samples, check)


@pytest.mark.parametrize("alias", [name for name in ALIASES if hasattr(cr, name)])
def test_alias_equals_function(alias):
    op = next(op for op in OPS if op.name == ALIASES[alias])

    def check(sample):
        call = Call(op, sample, cr)
        args, kwargs = call.fill()
        for a, b in zip(flatten(getattr(cr, alias)(*args, **kwargs), cr), call.outputs(), strict=True):
            same(a, b)
        if op.method and hasattr(args[0], "dtype"):
            for a, b in zip(flatten(getattr(args[0], alias)(*args[1:], **kwargs), cr), call.outputs(), strict=True):
                same(a, b)

    each(op, op.samples[:4], check)


OPERATORS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
    "@": lambda a, b: a @ b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
}


@present_ops(lambda op: op.operator in OPERATORS and op.name != "neg")
def test_operator_equals_function(op):
    def check(sample):
        call = Call(op, sample, cr)
        args, _ = call.fill()
        same(OPERATORS[op.operator](*args), call.run())

    each(op, [s for s in op.samples if not s.kwargs], check)


@pytest.mark.parametrize("sign", ["+", "-", "*", "/", "**"])
def test_number_on_the_left(sign):
    x = cr.tensor([0.5, 1.0, 2.0], dtype=cr.float64, requires_grad=True)
    out = OPERATORS[sign](3.0, x)
    close(out, OPERATORS[sign](3.0, array(x)))
    assert cr.autograd.gradcheck(lambda t: OPERATORS[sign](3.0, t), (x,))


@present_ops()
def test_leaves_its_inputs_alone(op):
    def check(sample):
        call = Call(op, sample, cr)
        before = [array(t).copy() for t in call.inputs]
        grads = gradients(call.outputs(), call.leaves, cr)
        assert len(grads) == len(call.leaves)
        for tensor, old in zip(call.inputs, before, strict=True):
            same(tensor, old, "input")
            assert tensor._version == 0

    each(op, op.samples, check)


@present_ops(lambda op: op.grad and op.numerical)
def test_gradcheck(op):
    def check(sample):
        call = Call(op, sample, cr)
        if call.leaves and differentiable(call.outputs()):
            assert cr.autograd.gradcheck(
                lambda *leaves: tuple(differentiable(call.outputs(*leaves))), tuple(call.leaves)
            )

    each(op, small(op), check)


@present_ops(lambda op: op.grad and op.second and op.numerical)
def test_gradgradcheck(op):
    def check(sample):
        call = Call(op, sample, cr)
        if call.leaves and differentiable(call.outputs()):
            assert cr.autograd.gradgradcheck(
                lambda *leaves: tuple(differentiable(call.outputs(*leaves))), tuple(call.leaves)
            )

    each(op, small(op, 12), check)


@present_ops(lambda op: op.grad and op.second)
@FLOATS
def test_fused_rule_equals_composed_rule(op, dtype):
    """create_graph=True takes the rule written in operations, without it the fused kernel may serve."""

    def check(sample):
        fused, composed = Call(op, sample, cr, dtype), Call(op, sample, cr, dtype)
        first = gradients(fused.outputs(), fused.leaves, cr)
        second = gradients(composed.outputs(), composed.leaves, cr, create_graph=True)
        for a, b in zip(first, second, strict=True):
            close(a, b, dtype, 2 * op.tol, "gradient")

    each(op, op.samples, check)


@present_ops(lambda op: op.grad)
def test_only_the_wanted_gradients(op):
    """With one input asked for at a time the gradients are those of all at once."""

    def check(sample):
        call = Call(op, sample, cr)
        if len(call.leaves) < 2:
            return
        together = gradients(call.outputs(), call.leaves, cr)
        for i, leaf in enumerate(call.leaves):
            alone = Call(op, sample, cr)
            for j, other in enumerate(alone.leaves):
                other.requires_grad_(i == j)
            (grad,) = gradients(alone.outputs(), [alone.leaves[i]], cr)
            assert tuple(grad.shape) == tuple(leaf.shape)
            close(grad, together[i], what="gradient")

    each(op, op.samples, check)


@present_ops()
def test_no_grad_records_nothing(op):
    def check(sample):
        call = Call(op, sample, cr)
        with cr.no_grad():
            outputs = call.outputs()
        assert all(not out.requires_grad or any(out is leaf for leaf in call.leaves) for out in outputs)

    each(op, op.samples[:2], check)


@present_ops(lambda op: not op.grad)
def test_not_differentiable_is_said(op):
    """No gradient rule: the result never requires a gradient."""
    for sample in op.samples:
        call = Call(op, sample, cr)
        for leaf in call.leaves:
            leaf.requires_grad_(True)
        assert not differentiable(call.outputs())


@present_ops(lambda op: op.kinks)
@FLOATS
def test_kinks(op, dtype):
    def check(entry):
        call = Call(op, entry.sample, cr, dtype)
        out = call.outputs()[0]
        grads = cr.autograd.grad(out.sum(), call.leaves)
        for got, want in zip(grads, entry.grads, strict=True):
            close(got, np.asarray(want, dtype), dtype, what="gradient at the kink")

    each(op, op.kinks, check)


# In place


@present_ops(lambda op: op.inplace)
@FLOATS
def test_inplace_equals_out_of_place(op, dtype):
    def check(sample):
        plain, place = Call(op, sample, cr, dtype), Call(op, sample, cr, dtype)
        args, kwargs = place.fill()
        want = plain.run()
        if not hasattr(args[0], "dtype"):
            return
        target = args[0].clone()
        call = getattr(target, op.inplace)
        if want.shape != target.shape or want.dtype != target.dtype:
            if want.shape != target.shape:
                expect_error(ValueError, "shape|expand|broadcast", call, *args[1:], **kwargs)
                same(target, args[0], "target of a refused call")
            return
        version = target._version
        assert call(*args[1:], **kwargs) is target
        assert target._version == version + 1
        same(target, want)
        for a, b in zip(gradients([target], place.leaves, cr), gradients([want], plain.leaves, cr), strict=True):
            close(a, b, dtype, what="gradient")

    each(op, op.samples, check)


@present_ops(lambda op: op.inplace)
def test_inplace_writes_through_a_view(op):
    def check(sample):
        with cr.no_grad():
            args, kwargs = Call(op, sample, cr, grad=False).fill()
            if not hasattr(args[0], "dtype") or args[0].dim() == 0:
                return
            want = Call(op, sample, cr, grad=False).run()
            if want.shape != args[0].shape or want.dtype != args[0].dtype:
                return
            base = cr.full((*args[0].shape, 2), 0.75, dtype=args[0].dtype)
            view = base[..., 1]
            view.copy_(args[0])
            getattr(view, op.inplace)(*args[1:], **kwargs)
            close(base[..., 1], want)
            same(base[..., 0], np.full(tuple(args[0].shape), 0.75, dtype_name(args[0])), "elements beside the view")

    each(op, op.samples, check)


# Bad input


@present_ops(lambda op: op.bad)
def test_bad_input(op):
    """Refused with the right type and wording, in every spelling, and nothing is changed."""

    def check(entry):
        for form, name in (("fn", op.fn), ("method", op.method), ("inplace", op.inplace)):
            call = Call(op, entry.sample, cr)
            args, _ = call.fill()
            if not name or (form != "fn" and not hasattr(args[0], "dtype")):
                continue
            if form == "inplace":
                call = Call(op, entry.sample, cr, grad=False)
            before = [array(t).copy() for t in call.inputs]
            match = entry.match.replace(f"^{op.name}: ", f"^{op.name}_?: ")
            expect_error(entry.exc, match, call.run, form=form)
            for tensor, old in zip(call.inputs, before, strict=True):
                same(tensor, old, "input of a refused call")
                assert tensor._version == 0 and tensor.grad is None

    each(op, op.bad, check)


@present_ops(lambda op: op.name in registry() and op not in creation.ROWS)
def test_wrong_kind_of_argument(op):
    """An object that is no tensor is a TypeError, never a crash."""
    for wrong in (object(), "text", None):
        form = getattr(cr.Tensor, op.method, None) if not op.fn else None
        call = Call(op, op.samples[0], cr)
        args, kwargs = call.fill()
        if form is None and hasattr(args[0], "dtype"):
            parts = op.fn.split(".")
            function = cr
            for part in parts:
                function = getattr(function, part)
            expect_error(TypeError, "", function, wrong, *args[1:], **kwargs)


@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
@pytest.mark.parametrize("dtype", ["uint8", "int32"])
def test_running_totals_in_fewer_bits(torch, name, dtype):
    values = [3, 100, 77, 250, 60, 101]
    ours, theirs = (getattr(lib, name)(lib.tensor(values), 0, dtype=getattr(lib, dtype)) for lib in (cr, torch))
    assert str(ours.dtype).endswith(dtype) and ours.tolist() == theirs.tolist()


def test_normalize_into_a_tensor():
    x, out = cr.tensor([3.0, 4.0]), cr.zeros(2)
    assert cr.nn.functional.normalize(x, dim=0, out=out) is out and cr.equal(out, x / 5)
    expect_error(
        ValueError, r"out must have the shape \(2,\), got \(3,\)", cr.nn.functional.normalize, x, dim=0, out=cr.zeros(3)
    )
