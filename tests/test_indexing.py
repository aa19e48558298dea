"""Reading and writing parts of tensors, against NumPy."""

import numpy as np
import pytest
from helpers import array, expect_error, same
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr

ALL = slice(None)

# Written with NumPy arrays; `ours` turns them into tensors.
INDICES = [
    0,
    -1,
    slice(1, 3),
    slice(None, None, 2),
    slice(-2, None),
    slice(3, 1),
    slice(0, 100),
    None,
    ...,
    (),
    (1, 2),
    (ALL, 1),
    (..., -1),
    (0, ..., 2),
    (None, 1, None),
    (ALL, None, 0),
    (slice(0, 2), slice(1, 4, 2)),
    np.array([0, 2, 2]),
    np.array([-1, 0]),
    np.array([[0, 1], [2, 0]]),
    (np.array([0, 2]), np.array([1, 3])),
    (np.array([[0], [2]]), np.array([1, 3])),
    (ALL, np.array([3, 3, 0])),
    (np.array([2, 0]), 1),
    (1, np.array([2, 0])),
    (np.array([2, 0]), slice(1, 3)),
    (None, np.array([2, 0])),
    (..., np.array([1, 0])),
    np.array([], dtype=np.int64),
    np.array([True, False, True]),
    (ALL, np.array([True, False, True, True])),
    (np.array([True, False, True]), np.array([0, 3])),
    (np.array([True, False, True]), 2),
    np.array([False, False, False]),
    [0, 2],
    ([0, 1], [1, 2]),
    (ALL, [0, 0]),
    np.int64(1),
]
SHAPES = [(3, 4), (3, 4, 4)]


def ours(index):
    if isinstance(index, tuple):
        return tuple(ours(i) for i in index)
    return cr.tensor(index) if isinstance(index, np.ndarray) else index


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("index", INDICES, ids=repr)
def test_read(index, shape):
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    want = values[index]
    same(cr.tensor(values)[ours(index)], np.asarray(want))
    same(cr.tensor(values)[index], np.asarray(want))  # NumPy arrays serve as indices too


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("index", INDICES, ids=repr)
def test_write(index, shape):
    values = np.zeros(shape, np.float32)
    for put in (5.0, np.arange(values[index].size, dtype=np.float32).reshape(values[index].shape)):
        want, got = values.copy(), cr.tensor(values)
        if isinstance(put, np.ndarray) and repr(index).count("2, 2") + repr(index).count("3, 3") + repr(index).count(
            "0, 0]"
        ):
            continue  # the same element twice: either value may stay
        want[index] = put
        got[ours(index)] = cr.tensor(put) if isinstance(put, np.ndarray) else put
        same(got, want)
        assert got._version == 1


@pytest.mark.parametrize("index", INDICES, ids=repr)
def test_gradient_of_a_read(index):
    """Each element gets as much as it was read, also when it was read twice."""
    x = cr.zeros(3, 4, dtype=cr.float64, requires_grad=True)
    part = x[ours(index)]
    up = np.random.default_rng(0).standard_normal(tuple(part.shape))
    part.backward(cr.tensor(up))
    want = np.zeros((3, 4))
    np.add.at(want, index, up)
    np.testing.assert_allclose(array(x.grad), want)


@pytest.mark.parametrize("index", [i for i in INDICES if repr(i).count("2, 2") + repr(i).count("3, 3") == 0], ids=repr)
def test_gradient_of_a_write(index):
    x = cr.ones(3, 4, dtype=cr.float64, requires_grad=True)
    part = np.zeros((3, 4))[index]
    w = cr.tensor(np.full(np.shape(part), 2.0), requires_grad=True)
    y = x * 1
    y[ours(index)] = w
    up = np.random.default_rng(0).standard_normal((3, 4))
    y.backward(cr.tensor(up))
    kept = np.ones((3, 4))
    kept[index] = 0
    np.testing.assert_allclose(0 if x.grad is None else array(x.grad), up * kept)  # None: all overwritten
    if repr(index).count("0, 0]") == 0:
        np.testing.assert_allclose(array(w.grad), np.asarray(up[index]).reshape(np.shape(part)))


@st.composite
def case(draw):
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))
    index, arrays = [], 0
    for n in shape[: draw(st.integers(0, len(shape)))]:
        kind = draw(st.sampled_from(["int", "slice", "all", "array", "mask"]))
        if kind == "int":
            index.append(draw(st.integers(-n, n - 1)))
        elif kind == "slice":
            index.append(slice(draw(st.integers(-n, n)), draw(st.integers(-n, n + 1)), draw(st.integers(1, 3))))
        elif kind == "array" and arrays == 0:
            index.append(np.array(draw(st.lists(st.integers(-n, n - 1), max_size=4)), dtype=np.int64))
            arrays += 1
        elif kind == "mask" and arrays == 0:
            index.append(np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)), dtype=bool))
            arrays += 1
        else:
            index.append(ALL)
        if draw(st.integers(0, 5)) == 0:
            index.append(None)
    return shape, tuple(index)


@given(case())
def test_random_expressions(given_case):
    shape, index = given_case
    values = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)
    want = values[index]
    got = cr.tensor(values)[ours(index)]
    # With an integer beside an array NumPy counts the integer as an index array, PyTorch takes it first.
    if any(isinstance(i, int) for i in index) and any(isinstance(i, np.ndarray) for i in index):
        assert sorted(array(got).ravel().tolist()) == sorted(want.ravel().tolist())
        return
    same(got, want)


def test_mixtures_like_pytorch(torch):
    values = np.arange(48.0).reshape(2, 3, 4, 2)
    t, r = np.array([1, 0]), np.array([0, 2])
    for index in [
        (0, ALL, t),
        (ALL, 1, t),
        (t, ALL, 1),
        (t, 0, t),
        (0, t, ALL, 1),
        (t, None, r),
        (None, t, None),
        (t, ..., 0),
        (ALL, t, None, t),
        (..., t, 0),
        (0, None, t),
    ]:
        theirs = tuple(torch.tensor(i) if isinstance(i, np.ndarray) else i for i in index)
        same(cr.tensor(values)[ours(index)], torch.tensor(values)[theirs].numpy(), repr(index))


def test_basic_indexing_is_a_view_and_advanced_a_copy():
    x = cr.zeros(3, 4)
    x[0][1] = 5.0
    x[:, 2].fill_(7)
    assert x[0].tolist() == [0.0, 5.0, 7.0, 0.0]
    x[cr.tensor([0])].fill_(9)
    x[x > 6].fill_(9)
    assert x.max().item() == 7.0


def test_write_converts_the_dtype():
    x = cr.zeros(3, dtype=cr.int64)
    x[0] = 2.7
    x[1] = cr.tensor(3.9)
    assert x.tolist() == [2, 3, 0]


def test_write_through_operators():
    x = cr.arange(6.0).reshape(2, 3)
    x[0] += 10
    x[:, 1] *= 2
    x[x > 20] = 0
    assert x.tolist() == [[10.0, 0.0, 12.0], [3.0, 8.0, 5.0]]


def test_errors():
    x = cr.zeros(3, 4)
    for index in (3, -4, (0, 4), (0, 0, 0), cr.tensor([3]), cr.tensor([-4]), cr.tensor([True, False])):
        expect_error(IndexError, "", x.__getitem__, index)
        expect_error(IndexError, "", x.__setitem__, index, 1.0)
    expect_error(IndexError, "", cr.tensor(1.0).__getitem__, 0)
    expect_error((TypeError, IndexError), "", x.__getitem__, "a")
    expect_error((TypeError, IndexError), "", x.__getitem__, cr.tensor([0.5]))
    expect_error(ValueError, r"\(5,\)", x.__setitem__, 0, cr.ones(5))
    expect_error((TypeError, ValueError), "", x.__setitem__, 0, "a")
    assert x._version == 0 and x.abs().sum().item() == 0


def test_message_tells_index_and_size():
    error = expect_error(IndexError, "", cr.zeros(3, 4).__getitem__, (0, 7))
    assert "7" in str(error) and "4" in str(error) and "1" in str(error)
