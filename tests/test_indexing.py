"""Reading and writing parts of tensors, against NumPy."""

import warnings

import numpy as np
import pytest
from helpers import array, expect_error, same
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr

torch = pytest.importorskip("torch")
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


@pytest.mark.parametrize(("shape", "wrap"), [((3, 4), False), ((5, 2), False), ((7, 2), True), ((2, 2, 2), False)])
def test_fill_diagonal(shape, wrap, torch):
    x, theirs = cr.zeros(*shape, requires_grad=True), torch.zeros(*shape)
    y = (x * 1).fill_diagonal_(2.5, wrap)
    assert y.tolist() == theirs.fill_diagonal_(2.5, wrap).tolist()
    y.sum().backward()
    assert x.grad.tolist() == (theirs == 0).float().tolist()
    with pytest.raises(ValueError, match=r"fill_diagonal_: at least 2 axes are required, got shape \(3,\)"):
        cr.zeros(3).fill_diagonal_(1.0)


@pytest.mark.parametrize(
    ("size", "stride", "place"), [((3, 2), (4, 1), 0), ((2, 2), (1, 4), 1), ((5, 2), (1, 1), 0), ((2, 3), (0, 1), None)]
)
def test_as_strided(size, stride, place, torch):
    values = np.arange(12.0)
    ours, theirs = cr.tensor(values, requires_grad=True), torch.tensor(values, requires_grad=True)
    y, z = ours.as_strided(size, stride, place), theirs.as_strided(size, stride, place)
    assert y.tolist() == z.tolist()
    (y * y).sum().backward()
    (z * z).sum().backward()
    assert ours.grad.tolist() == theirs.grad.tolist()


def test_views_of_a_leaf_without_recording_share_its_memory():
    x = cr.ones(4, requires_grad=True)
    with cr.no_grad():
        windows, bits = x.as_strided((3, 2), (1, 1)), x.view(cr.int32)
        assert windows.data_ptr() == bits.data_ptr() == x.data_ptr()
        assert not windows.requires_grad and bits.tolist() == [0x3F800000] * 4
    with pytest.raises(RuntimeError, match=r"^view: there is no gradient through the bits"):
        x.view(cr.int32)


def test_as_strided_shows_the_memory():
    x = cr.arange(12.0).view(3, 4)
    y = x[:, 1:].as_strided((2, 2), (4, 1))
    assert y.tolist() == [[1.0, 2.0], [5.0, 6.0]]
    x[1, 1] = 50.0
    assert y[1, 0] == 50.0
    assert x[1].as_strided((4,), (1,), 0).tolist() == [0.0, 1.0, 2.0, 3.0]
    with pytest.raises(ValueError, match=r"as_strided: .*reach outside of a storage of 12 elements"):
        x.as_strided((3, 5), (4, 1))
    with pytest.raises(ValueError, match=r"as_strided: a gradient needs a contiguous tensor"):
        cr.zeros(3, 4, requires_grad=True)[:, 1:].as_strided((2, 2), (4, 1))


def test_storage_and_bits():
    x = cr.tensor([[1.0, 2.0], [3.0, 4.0]])
    row = x[1]
    assert row.storage().tolist() == [1.0, 2.0, 3.0, 4.0] and row.storage_offset() == 2
    assert row.storage().data_ptr() == x.data_ptr() and len(row.untyped_storage()) == 16 == x.storage().nbytes()
    row.storage()[0] = 9.0
    assert x[0, 0] == 9.0 and x.storage()[:2] == [9.0, 2.0]
    assert cr.tensor([1.0]).view(cr.int32).tolist() == [0x3F800000]
    assert x.view(cr.uint8).shape == (2, 8) and x.view(cr.float64).shape == (2, 1)
    assert x.view(cr.uint8).view(cr.float32).tolist() == x.tolist()
    with pytest.raises(RuntimeError, match=r"view: there is no gradient through the bits"):
        cr.ones(2, requires_grad=True).view(cr.int32)
    with pytest.raises(ValueError, match=r"view: elements of 8 bytes must fill the last axis"):
        cr.ones(3).view(cr.int64)


@pytest.mark.parametrize(
    "key",
    [
        [slice(None), [0, 1]],
        [slice(0, 1), slice(1, 3)],
        [[0, 1], [1, 0]],
        [[0], [1, 2]],
        [[1, 0]],
        [None, 0],
        [..., 0],
        ((0, 1), (1, 2)),
        ((1, 0),),
        (slice(None), (0, 2)),
        [[]],
        [0, 1, 1],
        range(2),
    ],
    ids=str,
)
def test_lists_that_mean_tuples(key):
    x, t = cr.arange(6).reshape(2, 3), torch.arange(6).reshape(2, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert x[key].tolist() == t[key].tolist()
        x[key], t[key] = 9, 9
    assert x.tolist() == t.tolist()


def test_a_list_that_means_a_tuple_warns():
    with pytest.warns(UserWarning, match="read as a tuple"):
        assert cr.arange(6).reshape(2, 3)[[[0, 1], [1, 0]]].tolist() == [1, 3]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cr.arange(3)[[2, 0]].tolist() == [2, 0]
