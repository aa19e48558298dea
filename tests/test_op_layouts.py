"""Every operation on every memory layout: transposed, strided, expanded and offset inputs and upstream gradients."""

import itertools

import numpy as np
from helpers import array, close, each, present_ops, same, weights
from op_table import Call

import chainrule as cr


def transposed(lib, t):
    order = tuple(range(t.dim()))[::-1]
    return t.permute(order).contiguous().permute(order)


def strided(lib, t):
    """Every second element of a buffer twice as long."""
    return lib.stack([t, lib.zeros_like(t)], -1)[..., 0] if t.dim() else t


def offset(lib, t):
    """The end of a longer buffer: t = buffer[-n:], starting off any alignment."""
    if t.dim() == 0:
        return lib.stack([lib.zeros_like(t), t])[-1]
    return lib.cat([lib.zeros_like(t[:1]), t])[-t.shape[0] :] if t.shape[0] else t


def expanded(lib, t):
    """Stride 0 along the first axis."""
    return t[:1].expand(t.shape) if t.dim() and t.shape[0] else t


def stepped(lib, t):
    """Rows taken in steps, columns from an offset."""
    if t.dim() < 2:
        return strided(lib, t)
    wide = lib.cat([lib.zeros_like(t[:, :1]), t], 1)
    return lib.stack([wide, lib.zeros_like(wide)], 1).flatten(0, 1)[::2, 1:]


LAYOUTS = [transposed, strided, offset, expanded, stepped]


def run(call, upstream=None):
    """Values and gradients with given (or made) upstream gradients."""
    outputs = call.outputs()
    pairs = [(o, w) for o, w in zip(outputs, upstream or weights(outputs, cr), strict=True) if o.requires_grad]
    if not pairs or not call.leaves:
        return outputs, []
    outs, ups = zip(*pairs, strict=True)
    return outputs, cr.autograd.grad(outs, call.leaves, ups, allow_unused=True)


def outcome(op, sample, layout):
    """The result, or the error that the values of an expanded input may cause (a singular matrix, say)."""
    try:
        return run(Call(op, sample, cr, layout=layout))
    except (ValueError, RuntimeError, IndexError) as error:
        return type(error)


# A view needs fitting strides.
VIEWS = ("view", "view_as")


@present_ops(lambda op: op.name not in VIEWS)
def test_inputs(op):
    def check(pair):
        layout, sample = pair
        if layout is expanded and op.name.startswith("linalg."):
            return  # equal rows: a singular matrix
        expected = outcome(op, sample, lambda lib, t: layout(lib, t).clone().contiguous())
        got = outcome(op, sample, layout)
        if isinstance(expected, type):
            assert got is expected
            return
        for a, b in zip(got[0], expected[0], strict=True):
            close(a, b, what="value")
        for a, b in zip(got[1], expected[1], strict=True):
            assert (a is None) == (b is None)
            if a is not None:
                close(a, b, what="gradient")

    each(op, list(itertools.product(LAYOUTS, op.samples)), check)


@present_ops(lambda op: op.grad)
def test_upstream_gradients(op):
    def check(pair):
        layout, sample = pair
        one = Call(op, sample, cr)
        plain = [layout(cr, w).clone().contiguous() for w in weights(one.outputs(), cr)]
        odd = [layout(cr, w) for w in weights(one.outputs(), cr)]
        before = [array(w).copy() for w in odd]
        for a, b in zip(run(Call(op, sample, cr), odd)[1], run(one, plain)[1], strict=True):
            assert (a is None) == (b is None)
            if a is not None:
                close(a, b, what="gradient")
        for w, old in zip(odd, before, strict=True):
            same(w, old, "upstream gradient after backward")

    each(op, list(itertools.product(LAYOUTS, op.samples)), check)


@present_ops(lambda op: op.grad and op.second and op.name not in VIEWS)
def test_gradients_of_gradients_on_odd_layouts(op):
    """create_graph=True on transposed inputs gives the same gradient as on contiguous ones."""

    def check(sample):
        def twice(layout):
            call = Call(op, sample, cr, layout=layout)
            outs = [o for o in call.outputs() if o.requires_grad]
            if not outs or not call.leaves:
                return []
            first = cr.autograd.grad(
                [o.square().sum() if hasattr(o, "square") else (o * o).sum() for o in outs],
                call.leaves,
                create_graph=True,
                allow_unused=True,
            )
            return [g for g in first if g is not None]

        for a, b in zip(twice(transposed), twice(None), strict=True):
            close(a, b, what="gradient")

    each(op, op.samples[:4], check)


def test_expanded_operand_accumulates():
    """The gradient of an expanded leaf is the sum over its copies."""
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    (x.expand(3, 2) * cr.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])).sum().backward()
    same(x.grad, np.float32([9.0, 12.0]))
