"""Behaviour 14: random broadcast pairs; each gradient has its input's shape and equals finite differences."""

import numpy as np
from helpers import array, present_ops
from hypothesis import given, settings
from hypothesis import strategies as st
from op_table import lookup
from op_table.spec import spread

import chainrule as cr


@st.composite
def broadcast_pair(draw):
    """Two shapes that broadcast, with missing leading axes, size-1 and size-0 axes."""
    full = draw(st.lists(st.integers(0, 3), max_size=4))

    def part():
        kept = full[draw(st.integers(0, len(full))) :]
        return tuple(1 if draw(st.booleans()) else n for n in kept)

    return part(), part()


def check(function, op, shapes, seed):
    rng = np.random.default_rng(seed)
    leaves = []
    for shape in shapes:
        values = spread(rng, int(np.prod(shape, dtype=int)), *op.domain, op.avoid).reshape(shape)
        leaves.append(cr.tensor(values, requires_grad=True))
    out = function(*leaves)
    assert tuple(out.shape) == np.broadcast_shapes(*shapes)
    upstream = cr.tensor(rng.uniform(-1, 1, tuple(out.shape)))
    grads = cr.autograd.grad(out, leaves, upstream)
    assert [tuple(g.shape) for g in grads] == list(shapes)
    for place, grad in enumerate(grads):
        direction = rng.uniform(-1, 1, shapes[place])

        def loss(step, place=place, direction=direction):
            moved = [array(leaf).copy() for leaf in leaves]
            moved[place] = np.asarray(moved[place] + step * direction)
            return float((function(*map(cr.tensor, moved)) * upstream).sum())

        numerical = (loss(1e-6) - loss(-1e-6)) / 2e-6
        assert abs(numerical - float((array(grad) * direction).sum())) < 1e-4 * max(1.0, abs(numerical))


@present_ops(lambda op: op.binary and op.grad)
@settings(max_examples=30)
@given(shapes=broadcast_pair(), seed=st.integers(0, 99))
def test_14_binary(op, shapes, seed):
    check(lookup(cr, op.fn), op, shapes, seed)


@present_ops(lambda op: op.name in ("add", "mul"))
@given(shapes=broadcast_pair(), seed=st.integers(0, 99))
def test_14_where_and_clamp(op, shapes, seed):
    check(lambda a, b: cr.where(a > b, a * 2, b), op, shapes, seed)
    check(lambda a, b: (a + b * 0).clamp(min=b), op, shapes, seed)


@given(shapes=broadcast_pair())
def test_14_shapes_that_do_not_fit(shapes):
    """A pair is accepted exactly when NumPy accepts it."""
    first, second = shapes
    second = tuple(n + 2 if n > 1 else n for n in second)
    try:
        want = np.broadcast_shapes(first, second)
    except ValueError:
        want = None
    try:
        got = tuple((cr.zeros(first) + cr.zeros(second)).shape)
    except (ValueError, RuntimeError):
        got = None
    assert got == want
