"""Behaviour 25: DLPack both ways, and NumPy's own protocols. Memory is shared, errors are clean, nothing leaks."""

import ctypes
import gc
import sys
import threading

import numpy as np
import pytest
from helpers import expect_error, run_python, same

import chainrule as cr

DTYPES = ["bool", "uint8", "int32", "int64", "float32", "float64", "float16", "int8", "int16"]


def values(dtype, *shape):
    return (np.arange(np.prod(shape, dtype=int)) % 7).reshape(shape).astype(dtype)


LAYOUTS = {
    "row-major": lambda t: t,
    "transposed": lambda t: t.T,
    "steps": lambda t: t[::2, 1::2],
    "expanded": lambda t: t[:, :1].expand(4, 6) if hasattr(t, "expand") else np.broadcast_to(t[:, :1], (4, 6)),
    "0-d": lambda t: t[1, 2],
    "empty": lambda t: t[:0],
    "of size 1": lambda t: t[1:2, 2:3],
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_25_to_numpy(layout, dtype):
    t = LAYOUTS[layout](cr.tensor(values(dtype, 4, 6)))
    a = np.from_dlpack(t)
    assert a.dtype == dtype
    same(t, np.asarray(a))
    if t.numel():
        assert a.__array_interface__["data"][0] == t.data_ptr()
        assert a.shape == tuple(t.shape)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_25_from_numpy(layout, dtype):
    a = np.asarray(LAYOUTS[layout](values(dtype, 4, 6)))
    t = cr.from_dlpack(a)
    same(t, a)
    if a.size:
        assert t.data_ptr() == a.__array_interface__["data"][0]


@pytest.mark.parametrize("dtype", DTYPES)
def test_25_torch(dtype, torch):
    """Both ways with PyTorch, by protocol and by capsule; gradients on either side are refused."""
    t = cr.tensor(values(dtype, 4, 6))
    theirs = torch.from_dlpack(t)
    assert theirs.data_ptr() == t.data_ptr()
    same(t, theirs.numpy())
    back = cr.from_dlpack(theirs.T)
    assert back.data_ptr() == t.data_ptr()
    same(back, values(dtype, 4, 6).T)
    capsule = torch.utils.dlpack.to_dlpack(theirs)
    assert cr.utils.dlpack.from_dlpack(capsule).data_ptr() == t.data_ptr()
    assert torch.utils.dlpack.from_dlpack(cr.utils.dlpack.to_dlpack(t)).data_ptr() == t.data_ptr()
    if dtype.startswith("float"):
        expect_error((RuntimeError, BufferError), "grad", cr.from_dlpack, theirs.requires_grad_())
        expect_error(BufferError, "requires a gradient", torch.from_dlpack, t.requires_grad_())


def test_25_writes_are_seen_on_both_sides():
    t = cr.zeros(3)
    a = np.from_dlpack(t)
    t[0] = 1
    if a.flags.writeable:
        a[1] = 2
        assert t.tolist() == [1, 2, 0]
    b = np.zeros(3)
    u = cr.from_dlpack(b)
    u.add_(1)
    b[2] = 5
    assert b.tolist() == [1, 1, 5] == u.tolist()


def test_25_memory_lives_as_long_as_either_side():
    a = np.from_dlpack(cr.arange(1000.0))
    t = cr.from_dlpack(np.arange(1000.0))
    gc.collect()
    cr.empty_cache()
    cr.zeros(1000), np.zeros(1000)
    assert a.tolist() == list(range(1000)) == t.tolist()


def test_25_gradients_are_not_lost():
    p = cr.nn.Parameter(cr.ones(2))
    for t in (p, p * 2):
        expect_error(BufferError, r"requires a gradient would lose it. Use .detach\(\)", t.__dlpack__)
        expect_error(BufferError, "requires a gradient", np.from_dlpack, t)
        expect_error(BufferError, "requires a gradient", cr.from_dlpack, t)
        assert np.from_dlpack(t.detach()).shape == (2,)


def test_25_read_only():
    """What can't be written here can't be written there, and the other way round."""
    a = np.arange(3.0)
    a.flags.writeable = False
    t = cr.from_numpy(a)
    expect_error(BufferError, "read-only", t.__dlpack__)
    assert not np.from_dlpack(t).flags.writeable
    copied = cr.from_dlpack(t.__dlpack__(copy=True))
    copied.add_(1)
    assert a.tolist() == [0, 1, 2]
    try:
        u = cr.from_dlpack(a)
    except BufferError:  # a NumPy without DLPack 1 refuses
        return
    expect_error((RuntimeError, ValueError), "read.only", u.add_, 1)


def test_25_copies():
    a = np.arange(6.0)
    t = cr.from_dlpack(a, copy=True)
    t.add_(1)
    assert a[0] == 0
    reversed_ = a.reshape(2, 3)[::-1, ::-1]
    same(cr.from_dlpack(reversed_), reversed_)
    same(cr.from_dlpack(a[::-2]), a[::-2])
    expect_error(BufferError, "has to be copied", cr.from_dlpack, reversed_, copy=False)
    shared = cr.from_dlpack(a, copy=False)
    a[0] = 7
    assert shared[0].item() == 7
    u = cr.ones(2)
    assert np.from_dlpack(u, copy=True).__array_interface__["data"][0] != u.data_ptr()


class Old:
    """A producer from before version 1: no arguments."""

    def __init__(self, tensor):
        self.tensor = tensor

    def __dlpack__(self, stream=None):
        return self.tensor.__dlpack__()

    def __dlpack_device__(self):
        return 1, 0


def test_25_old_producers_and_capsules():
    t = cr.arange(3)
    assert cr.from_dlpack(Old(t)).data_ptr() == t.data_ptr()
    copied = cr.from_dlpack(Old(t), copy=True)
    assert copied.data_ptr() != t.data_ptr()
    for capsule in (t.__dlpack__(), t.__dlpack__(max_version=(1, 0))):
        assert cr.from_dlpack(capsule).tolist() == [0, 1, 2]
        expect_error(ValueError, "nobody has used", cr.from_dlpack, capsule)
    assert "dltensor_versioned" in repr(t.__dlpack__(max_version=(1, 3)))
    assert '"dltensor"' in repr(t.__dlpack__(max_version=(0, 8)))


class OnDevice(Old):
    def __dlpack_device__(self):
        return 2, 0


@pytest.mark.parametrize(
    "source, error, match",
    [
        (lambda: 3, TypeError, "with __dlpack__ or a capsule"),
        (lambda: OnDevice(cr.ones(1)), BufferError, "device type 2"),
        (lambda: np.zeros(2, np.complex64), TypeError, "from_dlpack: elements of"),
        (lambda: np.zeros(2, np.uint16), TypeError, "kind 1 with 16 bits"),
        (lambda: np.zeros([1] * 11), ValueError, "at most 10 dimensions"),
    ],
    ids=["number", "device", "complex", "unsigned", "axes"],
)
def test_25_refused(source, error, match):
    gc.collect()  # what other tests have left in cycles
    before = cr.live_tensors()
    expect_error(error, match, cr.from_dlpack, source())
    gc.collect()
    assert cr.live_tensors() == before


def test_25_options():
    t = cr.ones(2)
    assert t.__dlpack_device__() == (1, 0)
    expect_error(ValueError, "stream must be None", t.__dlpack__, stream=1)
    expect_error(BufferError, "stays there", t.__dlpack__, dl_device=(2, 0))
    assert cr.from_dlpack(t.__dlpack__(dl_device=(1, 0))).tolist() == [1, 1]
    expect_error(RuntimeError, "CPU only", cr.from_dlpack, t, device="cuda")


def test_25_the_deleter_is_called_once():
    """By the consumer, or by a capsule that nobody took; from any thread."""
    a = np.arange(5.0)
    base = sys.getrefcount(a)
    for versioned in ({}, {"max_version": (1, 0)}):
        capsule = cr.from_numpy(a).__dlpack__(**versioned)
        assert sys.getrefcount(a) == base + 1
        del capsule
        assert sys.getrefcount(a) == base
        t = cr.from_dlpack(cr.from_numpy(a).__dlpack__(**versioned))
        u = t[1:]
        del t
        assert sys.getrefcount(a) == base + 1
        del u
        assert sys.getrefcount(a) == base
    t = cr.from_dlpack(a)
    assert sys.getrefcount(a) == base + 1
    del t
    assert sys.getrefcount(a) == base

    class Managed(ctypes.Structure):
        _fields_ = [("pad", ctypes.c_char * 56), ("deleter", ctypes.CFUNCTYPE(None, ctypes.c_void_p))]

    capsule = cr.from_numpy(a).__dlpack__()
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    pointer = get(capsule, b"dltensor")
    ctypes.pythonapi.PyCapsule_SetName(ctypes.py_object(capsule), b"used_dltensor")
    del capsule
    assert sys.getrefcount(a) == base + 1
    # ctypes leaves the GIL: the deleter must take it itself.
    worker = threading.Thread(target=Managed.from_address(pointer).deleter, args=(pointer,))
    worker.start()
    worker.join()
    assert sys.getrefcount(a) == base


def test_25_at_exit():
    """Shared memory that is still held when the interpreter ends does not crash it."""
    run_python(
        "import numpy as np, chainrule as cr\n"
        "a = np.from_dlpack(cr.ones(9)); t = cr.from_dlpack(np.ones(9)); c = t.__dlpack__()"
    )


# --- NumPy's protocols --------------------------------------------------------------------------------------------


def test_25_array():
    t = cr.arange(3.0)
    assert np.asarray(t).__array_interface__["data"][0] == t.data_ptr()
    assert np.array(t).__array_interface__["data"][0] != t.data_ptr()
    assert np.asarray(t, dtype="int32").dtype == np.int32
    assert t.__array__(copy=True).base is None
    expect_error(ValueError, "needs a copy", t.__array__, "int32", copy=False)
    assert t.__array__(copy=False).__array_interface__["data"][0] == t.data_ptr()
    p = cr.ones(2, requires_grad=True)
    for call in (np.asarray, np.array, np.sum, np.sin, lambda x: np.add(x, 1.0), lambda x: np.stack([x, x])):
        expect_error(RuntimeError, "requires a gradient would lose it in NumPy", call, p)


def test_25_array_interface():
    """For those that read it instead: address, shape, strides, and whether it may be written."""
    t = cr.arange(6.0).reshape(2, 3).T
    interface = t.__array_interface__
    assert interface["data"] == (t.data_ptr(), False) and interface["shape"] == (3, 2)
    assert interface["strides"] == (4, 12) and interface["typestr"] == np.dtype("f4").str

    class Holder:
        __array_interface__ = interface
        keep = t

    same(t, np.asarray(Holder()))
    parameter = cr.ones(2, requires_grad=True)
    expect_error(RuntimeError, "requires a gradient", lambda: parameter.__array_interface__)
    assert not hasattr(parameter, "__array_interface__")  # whoever asks first is not surprised
    expect_error(RuntimeError, "requires a gradient", lambda: np.asarray(parameter))


def test_25_numpy_functions():
    """They take tensors for arrays and give arrays; the shape may be asked of a tensor with a gradient, too."""
    t = cr.arange(6.0).reshape(2, 3)
    assert np.sum(t) == 15 and isinstance(np.sum(t), np.float32)
    assert np.mean(t, axis=0).tolist() == [1.5, 2.5, 3.5]
    assert np.concatenate([t, np.zeros((1, 3))]).shape == (3, 3)
    assert isinstance(np.stack((t, t)), np.ndarray)
    p = cr.ones(2, 3, requires_grad=True)
    assert np.shape(p) == (2, 3) and np.ndim(p) == 2 and np.zeros_like(p).shape == (2, 3)
    np.testing.assert_allclose(t, np.arange(6.0).reshape(2, 3))


def test_25_operators_with_arrays_stay_tensors():
    """array * tensor is a tensor with a gradient, not an array."""
    p = cr.ones(3, requires_grad=True, dtype=cr.float64)
    for result in (np.arange(3.0) * p, np.float64(2) * p, p - np.arange(3.0), np.eye(3) @ p):
        assert isinstance(result, cr.Tensor) and result.requires_grad
    (np.arange(3.0) * p).sum().backward()
    assert p.grad.tolist() == [0, 1, 2]
