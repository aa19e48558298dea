"""Behaviour 21: a NumPy array of any layout gives the right values or a clean TypeError, never garbage."""

import numpy as np
import pytest
from helpers import array, expect_error, same

import chainrule as cr

DTYPES = ["bool", "uint8", "int32", "int64", "float32", "float64", "float16", "int8", "int16"]


def base(dtype, *shape):
    return (np.arange(np.prod(shape, dtype=int)) % 7).reshape(shape).astype(dtype)


def unaligned(a):
    """The same values, one byte off."""
    memory = np.zeros(a.nbytes + 1, np.uint8)
    out = memory[1:].view(a.dtype).reshape(a.shape) if a.size else a
    out[...] = a
    return out


def packed_field(a):
    """A field of a packed record: its strides are no multiple of the item size."""
    records = np.zeros(a.shape, np.dtype([("pad", "u1"), ("x", a.dtype)], align=False))
    records["x"] = a
    return records["x"]


def read_only(a):
    a = a.copy()
    a.flags.writeable = False
    return a


LAYOUTS = {
    "C": lambda d: base(d, 3, 4),
    "Fortran": lambda d: np.asfortranarray(base(d, 3, 4)),
    "negative strides": lambda d: base(d, 3, 4)[::-1, ::-1],
    "negative stride in one axis": lambda d: base(d, 3, 4)[:, ::-2],
    "steps": lambda d: base(d, 6, 8)[::2, 1::3],
    "transposed": lambda d: base(d, 2, 3, 4).transpose(2, 0, 1),
    "expanded": lambda d: np.broadcast_to(base(d, 3, 1), (3, 4)),
    "big-endian": lambda d: base(d, 3, 4).astype(np.dtype(d).newbyteorder(">")),
    "big-endian, reversed": lambda d: base(d, 3, 4).astype(np.dtype(d).newbyteorder(">"))[::-1],
    "record field": lambda d: packed_field(base(d, 3, 4)),
    "unaligned": lambda d: unaligned(base(d, 3, 4)),
    "read-only": lambda d: read_only(base(d, 3, 4)),
    "0-d": lambda d: np.array(3, d),
    "NumPy scalar": lambda d: np.dtype(d).type(3),
    "size 0": lambda d: base(d, 0),
    "size 0, 3-d": lambda d: base(d, 2, 0, 3),
    "size 0, reversed": lambda d: base(d, 0, 3)[::-1],
    "size 1": lambda d: base(d, 1, 1),
    "subclass": lambda d: base(d, 3, 4).view(np.matrix),
    "masked nowhere": lambda d: np.ma.array(base(d, 3, 4)),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_21_tensor_and_as_tensor(layout, dtype):
    a = LAYOUTS[layout](dtype)
    expected = np.array(np.asarray(a), dtype=dtype)  # native byte order
    for make in (cr.tensor, cr.as_tensor):
        t = make(a)
        same(t, expected)
        same(t * 1 if dtype != "bool" else t, expected)
        same(t.reshape(-1).flip(0).flip(0), expected.reshape(-1))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "NumPy scalar"])
def test_21_from_numpy(layout, dtype):
    """Shares the memory where it can; where it cannot, it copies or says so by TypeError or ValueError."""
    a = LAYOUTS[layout](dtype)
    try:
        t = cr.from_numpy(a)
    except (TypeError, ValueError) as error:
        assert str(error).startswith("from_numpy: ") or "from_numpy" in str(error)
        return
    same(t, np.array(np.asarray(a), dtype=dtype))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_21_as_operand(layout):
    """tensor + array, and functions of arrays made into tensors, agree with NumPy."""
    a = LAYOUTS[layout]("float64")
    plain = np.array(np.asarray(a), dtype="float64")
    same(cr.tensor(2.0, dtype=cr.float64) * cr.tensor(a), 2.0 * plain)
    if plain.ndim == 2:
        np.testing.assert_allclose(array(cr.tensor(a) @ cr.tensor(a).T), plain @ plain.T)
    np.testing.assert_allclose(array(cr.tensor(a).sum()), plain.sum())


def test_21_sharing():
    a = np.arange(6.0)
    t = cr.from_numpy(a)
    a[0] = 9
    t[1] = 8
    assert t[0].item() == 9 and a[1] == 8
    t = cr.tensor(a)
    a[0] = 0
    assert t[0].item() == 9


def test_21_read_only_memory_is_not_written():
    a = read_only(np.arange(4.0))
    t = cr.from_numpy(a)
    expect_error((RuntimeError, ValueError), "read.only", t.add_, 1)
    assert a.tolist() == [0, 1, 2, 3]
    copied = cr.tensor(a)
    copied.add_(1)
    assert a.tolist() == [0, 1, 2, 3] and copied.tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "value",
    [
        np.zeros(3, np.complex128),
        np.zeros(3, np.uint64),
        np.array(["a", "b"]),
        np.array([object(), None]),
        np.array([1, 2], "datetime64[s]"),
        np.zeros(3, np.dtype([("a", "f4")])),
        np.zeros(3, np.longdouble),
    ],
    ids=lambda a: str(a.dtype),
)
def test_21_other_dtypes(value):
    """What has no dtype here is a TypeError that names it."""
    for make in (cr.tensor, cr.from_numpy, cr.as_tensor):
        expect_error(TypeError, "dtype|type", make, value)


def test_21_gradient_through_a_reversed_array():
    t = cr.tensor(np.arange(6.0).reshape(2, 3)[::-1], requires_grad=True)
    (t * cr.tensor(np.arange(6.0).reshape(2, 3))).sum().backward()
    assert t.grad.tolist() == [[0, 1, 2], [3, 4, 5]]
