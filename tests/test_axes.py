"""Random axes and shapes, against NumPy: reductions, and what moves, adds and removes axes; gradients by sums."""

import numpy as np
import pytest
from helpers import array
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr

SHAPES = st.lists(st.integers(0, 4), max_size=4).map(tuple)
FULL_SHAPES = st.lists(st.integers(1, 4), max_size=4).map(tuple)


def values(shape, seed):
    return np.random.default_rng(seed).uniform(-2, 2, shape)


@st.composite
def axes_of(draw, ndim):
    """One axis, several, all or none named, each counted from the front or from the back."""
    if draw(st.booleans()) or ndim == 0:
        return None
    chosen = draw(st.lists(st.integers(0, ndim - 1), min_size=1, max_size=ndim, unique=True))
    signed = [d - ndim if draw(st.booleans()) else d for d in chosen]
    return signed[0] if len(signed) == 1 and draw(st.booleans()) else tuple(signed)


@pytest.mark.parametrize("name", ["sum", "mean", "amax", "amin", "var", "logsumexp", "any", "all", "nansum"])
@given(data=st.data())
def test_reductions(name, data):
    shape = data.draw(SHAPES if name in ("sum", "any", "all", "nansum") else FULL_SHAPES)
    dim, keepdim = data.draw(axes_of(len(shape))), data.draw(st.booleans())
    if name == "logsumexp" and dim is None:
        dim = tuple(range(len(shape)))
    x = values(shape, data.draw(st.integers(0, 9)))
    forms = {
        "amax": np.max, "amin": np.min, "var": lambda x, **o: np.var(x, ddof=0, **o),
        "logsumexp": lambda x, **o: np.log(np.sum(np.exp(x), **o)),
    }  # fmt: skip
    reference = forms.get(name) or getattr(np, name)
    want = reference(x > 0 if name in ("any", "all") else x, axis=dim, keepdims=keepdim)
    t = cr.tensor(x > 0 if name in ("any", "all") else x)
    options = {"correction": 0} if name == "var" else {}
    if dim is not None:
        options |= {"dim": dim, "keepdim": keepdim}
    elif keepdim:
        options |= {"dim": tuple(range(len(shape))), "keepdim": True}
    got = getattr(cr, name)(t, **options)
    assert tuple(got.shape) == np.shape(want)
    np.testing.assert_allclose(array(got), want, rtol=1e-12, atol=1e-12)


@given(data=st.data())
def test_sum_hands_its_gradient_to_every_element(data):
    shape = data.draw(SHAPES)
    dim = data.draw(axes_of(len(shape)))
    leaf = cr.tensor(values(shape, 0), requires_grad=True)
    out = leaf.sum() if dim is None else leaf.sum(dim=dim, keepdim=True)
    upstream = cr.tensor(values(tuple(out.shape), 1))
    (grad,) = cr.autograd.grad(out, leaf, upstream)
    np.testing.assert_array_equal(array(grad), np.broadcast_to(array(upstream), shape))


@given(data=st.data())
def test_an_axis_out_of_range_or_named_twice(data):
    shape = data.draw(FULL_SHAPES)
    ndim = len(shape)
    x = cr.ones(*shape) if shape else cr.tensor(1.0)
    beyond = data.draw(st.sampled_from([max(ndim, 1), -max(ndim, 1) - 1]))
    with pytest.raises(IndexError, match="must be in"):
        x.sum(dim=beyond)
    if ndim:
        axis = data.draw(st.integers(0, ndim - 1))
        with pytest.raises((ValueError, RuntimeError)):
            x.sum(dim=(axis, axis - ndim))


@given(data=st.data())
def test_axes_moved(data):
    shape = data.draw(SHAPES)
    ndim = len(shape)
    x = values(shape, 0)
    order = data.draw(st.permutations(range(ndim)))
    signed = [d - ndim if data.draw(st.booleans()) else d for d in order]
    pairs = [(cr.tensor(x).permute(signed), x.transpose(order))]
    if ndim:
        a, b = data.draw(st.integers(-ndim, ndim - 1)), data.draw(st.integers(-ndim, ndim - 1))
        pairs += [
            (cr.tensor(x).transpose(a, b), np.swapaxes(x, a, b)),
            (cr.tensor(x).movedim(a, b), np.moveaxis(x, a, b)),
            (cr.tensor(x).flip(a), np.flip(x, a)),
            (cr.tensor(x).roll(3, a), np.roll(x, 3, a)),
        ]
    new = data.draw(st.integers(-ndim - 1, ndim))
    pairs.append((cr.tensor(x).unsqueeze(new), np.expand_dims(x, new)))
    for got, want in pairs:
        assert tuple(got.shape) == want.shape
        np.testing.assert_array_equal(array(got), want)


@given(data=st.data())
def test_parts_put_together_again(data):
    shape = data.draw(FULL_SHAPES.filter(len))
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    size = data.draw(st.integers(1, 5))
    x = cr.tensor(values(shape, 0), requires_grad=True)
    parts = x.split(size, dim)
    assert [tuple(p.shape) for p in parts] == [
        np.take(array(x), range(i, min(i + size, shape[dim])), axis=dim).shape for i in range(0, shape[dim], size)
    ]
    again = cr.cat(parts, dim)
    np.testing.assert_array_equal(array(again), array(x))
    stacked = cr.stack(x.unbind(dim), dim)
    np.testing.assert_array_equal(array(stacked), array(x))
    (grad,) = cr.autograd.grad((again * 2 + stacked).sum(), x)
    np.testing.assert_array_equal(array(grad), np.full(shape, 3.0))
