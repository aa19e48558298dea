"""Tensors: creation, conversion, views, Python's protocols."""

import copy

import numpy as np
import pytest
from helpers import DTYPES, array, dtype_name, expect_error, same

import chainrule as cr

# Creation


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,), (2, 0, 3), (1, 2, 1, 2, 1, 2, 1)])
def test_numpy_round_trip(dtype, shape):
    values = np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)
    for t in (cr.tensor(values), cr.from_numpy(values), cr.as_tensor(values)):
        assert tuple(t.shape) == shape and dtype_name(t) == dtype and t.dim() == t.ndim == len(shape)
        assert t.numel() == values.size and t.is_contiguous()
        same(t, values)
        assert t.tolist() == values.tolist()


def test_tensor_copies_and_from_numpy_shares():
    values = np.zeros(3, np.float32)
    copied, shared = cr.tensor(values), cr.from_numpy(values)
    values[0] = 5
    assert copied.tolist() == [0.0, 0.0, 0.0] and shared.tolist() == [5.0, 0.0, 0.0]
    shared[1] = 7.0
    assert values.tolist() == [5.0, 7.0, 0.0]
    back = shared.numpy()
    back[2] = 9
    assert shared.tolist() == [5.0, 7.0, 9.0]


def test_numpy_outlives_the_tensor():
    view = cr.full((4,), 2.0).numpy()
    cr.zeros(4)
    assert view.tolist() == [2.0] * 4


@pytest.mark.parametrize(
    "make",
    [
        lambda a: a[::-1],
        lambda a: a[:, ::-1],
        lambda a: a.T,
        lambda a: np.asfortranarray(a),
        lambda a: a[1:, ::2],
        lambda a: np.broadcast_to(a[:1], (5, 4)),
        lambda a: a.astype(">f8"),
        lambda a: a[:0],
    ],
)
def test_numpy_arrays_of_any_layout(make):
    values = make(np.arange(12.0).reshape(3, 4))
    same(cr.tensor(values), values.astype("=f8"))


def test_read_only_arrays_are_not_written_to():
    values = np.zeros(3)
    values.flags.writeable = False
    t = cr.tensor(values)
    t[0] = 1
    assert values[0] == 0


@pytest.mark.parametrize("dtype", [object, "U3", "M8[s]"])
def test_arrays_that_have_no_dtype_here(dtype):
    with pytest.raises(TypeError):
        cr.tensor(np.zeros(2, dtype))


def test_nested_lists():
    assert cr.tensor([[1, 2], [3, 4]]).dtype == cr.int64
    assert cr.tensor([[1, 2.5], [3, 4]]).dtype == cr.float32
    assert cr.tensor([True, False]).dtype == cr.bool
    assert cr.tensor([]).dtype == cr.float32 and tuple(cr.tensor([]).shape) == (0,)
    assert tuple(cr.tensor([[], []]).shape) == (2, 0)
    assert tuple(cr.tensor(3).shape) == ()
    assert cr.tensor((1, 2)).tolist() == [1, 2]
    assert cr.tensor([np.float64(1.5), 2]).tolist() == [1.5, 2.0]
    assert cr.tensor([np.ones(2), np.zeros(2)]).tolist() == [[1.0, 1.0], [0.0, 0.0]]
    assert cr.tensor(2**40).item() == 2**40
    assert cr.tensor([1, 2], dtype=cr.float64).dtype == cr.float64


def test_ragged_lists_are_refused():
    expect_error(ValueError, r"\[?1|got|length|ragged", cr.tensor, [[1, 2], [3]])
    expect_error((ValueError, TypeError), "", cr.tensor, [1, [2]])
    expect_error(TypeError, "", cr.tensor, ["a"])
    expect_error(TypeError, "", cr.tensor, [None])


def test_creation_options():
    x = cr.zeros(2, 3, dtype=cr.float64, requires_grad=True, device="cpu")
    assert x.requires_grad and x.dtype == cr.float64 and x.is_leaf and x.grad_fn is None
    assert cr.ones_like(x).dtype == cr.float64 and not cr.ones_like(x).requires_grad
    assert cr.zeros_like(x, dtype=cr.int64).dtype == cr.int64
    assert cr.full((2,), 3).dtype == cr.int64 and cr.full((2,), 3.0).dtype == cr.float32
    assert cr.zeros([2, 3]).shape == cr.zeros((2, 3)).shape == (2, 3)
    assert cr.randn(2, 3).shape == cr.rand((2, 3)).shape == (2, 3)
    assert cr.randint(5, (2, 3)).dtype == cr.int64 and set(cr.randint(2, 4, (50,)).tolist()) == {2, 3}
    assert tuple(cr.rand_like(x).shape) == (2, 3) and cr.randn_like(x).dtype == cr.float64


@pytest.mark.parametrize("args", [(5,), (2, 7), (0, 1, 0.1), (5, 0, -1), (0.0, 3.0), (1, 4, 0.5)])
def test_arange(args, torch):
    same(cr.arange(*args), torch.arange(*args))


@pytest.mark.parametrize("args", [(0, 1, 5), (-3, 3, 7), (0, 1, 11), (5, 5, 3), (0, 10, 1)])
def test_linspace(args, torch):
    np.testing.assert_allclose(cr.linspace(*args).numpy(), torch.linspace(*args).numpy(), rtol=1e-6, atol=1e-7)


# Attributes and conversion


def test_attributes():
    x = cr.arange(24, dtype=cr.float32).reshape(2, 3, 4)
    assert x.size() == x.shape == (2, 3, 4) and x.size(1) == 3 and x.size(-1) == 4
    assert x.stride() == (12, 4, 1) and x.stride(0) == 12
    assert x[1].storage_offset() == 12 and x.element_size() == 4 and x.nelement() == 24
    assert x[0].T.shape == (4, 3) and x.mT.shape == (2, 4, 3) and x[0].t().shape == (4, 3)
    assert str(x.device) == "cpu" and x.is_floating_point() and not x.is_cuda
    assert x.itemsize == 4 and x.nbytes == 96
    assert isinstance(x.shape, tuple) and x.shape.numel() == 24


def test_item():
    assert cr.tensor([[2.5]]).item() == 2.5 and isinstance(cr.tensor(2).item(), int)
    assert cr.tensor(True).item() is True
    expect_error((ValueError, RuntimeError), r"one element|got.*\(2,\)", cr.ones(2).item)


def test_python_numbers():
    x = cr.tensor(2.75)
    assert float(x) == 2.75 and int(x) == 2 and bool(x) and not bool(cr.tensor(0.0))
    assert [10, 20, 30][cr.tensor(1)] == 20 and list(range(cr.tensor(3))) == [0, 1, 2] and chr(cr.tensor(65)) == "A"
    expect_error((RuntimeError, ValueError), "ambiguous", bool, cr.ones(2))
    expect_error((TypeError, ValueError, RuntimeError), "", float, cr.ones(2))
    expect_error(TypeError, "", [1, 2].__getitem__, cr.tensor(1.5))


def test_format():
    x = cr.tensor(3.14159)
    assert f"{x:.2f}" == "3.14" and f"{cr.tensor(1234567):,}" == "1,234,567" and f"{x:.3f}" == "3.142"
    assert f"{cr.tensor(2.0)}" == "2.0" and f"{cr.tensor([1, 2])}" == "tensor([1, 2])"
    assert f"{x.requires_grad_():.1f}" == "3.1"


def test_len_iteration_and_unpacking():
    x = cr.arange(6).reshape(3, 2)
    assert len(x) == 3 and [row.tolist() for row in x] == [[0, 1], [2, 3], [4, 5]]
    _a, b, _c = x
    assert b.tolist() == [2, 3]
    expect_error(TypeError, "0-d", len, cr.tensor(1))
    expect_error(TypeError, "0-d", iter, cr.tensor(1))
    assert 3 in x and 9 not in x
    assert max(cr.tensor([1.0, 3.0, 2.0])).item() == 3.0


def test_iteration_is_differentiable():
    w, b = x = cr.tensor([2.0, 3.0], requires_grad=True)
    (w * b).backward()
    assert x.grad.tolist() == [3.0, 2.0]


def test_hash_is_by_identity():
    a, b = cr.ones(1), cr.ones(1)
    table = {a: 1, b: 2}
    assert table[a] == 1 and table[b] == 2 and len({a, b, a}) == 2


def test_numpy_protocol():
    x = cr.tensor([1.0, 2.0])
    assert np.asarray(x).tolist() == [1.0, 2.0] and np.array(x, dtype=np.float64).dtype == np.float64
    assert np.exp(x.numpy()).shape == (2,)
    expect_error(RuntimeError, r"detach", cr.ones(2, requires_grad=True).numpy)
    assert cr.ones(2, requires_grad=True).detach().numpy().sum() == 2


def test_conversions():
    x = cr.tensor([1.7, -2.2])
    assert x.long().tolist() == [1, -2] and x.int().dtype == cr.int32 and x.double().dtype == cr.float64
    assert x.to(cr.int64).dtype == cr.int64 and x.to("cpu") is x and x.to(cr.float32) is x and x.cpu() is x
    assert x.to("cpu", cr.float64).dtype == cr.float64 and x.to(dtype=cr.float64, device="cpu").dtype == cr.float64
    assert x.to(cr.ones(1, dtype=cr.float64)).dtype == cr.float64 and x.type(cr.int32).dtype == cr.int32
    assert x.to(cr.device("cpu")) is x and x.to(x.dtype, copy=True) is not x
    assert cr.tensor([0.0, 0.5, float("nan")]).bool().tolist() == [False, True, True]
    assert cr.float is cr.float32 and cr.double is cr.float64 and cr.long is cr.int64 and cr.int is cr.int32
    assert x.float() is x and x.contiguous() is x


def test_other_devices_are_refused():
    expect_error((ValueError, RuntimeError, AssertionError), "cuda|CUDA", cr.zeros, 2, device="cuda")


def test_copies():
    x = cr.ones(2, requires_grad=True)
    x.grad = cr.full((2,), 3.0)
    y = copy.deepcopy(x)
    assert y.requires_grad and y.grad.tolist() == [3.0, 3.0] and y is not x
    with cr.no_grad():
        y += 1
    assert x.tolist() == [1.0, 1.0]
    assert x.clone().requires_grad and not x.detach().requires_grad


# Views and versions


def test_views_share_memory():
    x = cr.arange(6, dtype=cr.float32)
    views = [
        x[1:],
        x.view(2, 3),
        x.reshape(3, 2),
        x.view(2, 3).t(),
        x[None],
        x.unsqueeze(0).squeeze(0),
        x.detach(),
        x.view(2, 3).permute(1, 0),
        x.view(2, 3)[:, 1],
        x[::2],
    ]
    x.fill_(7)
    for view in views:
        assert (array(view) == 7).all()
    assert x.view(2, 3).t().data_ptr() == x.data_ptr() and x[1:].data_ptr() == x.data_ptr() + 4
    assert not x.view(2, 3).t().is_contiguous() and x.view(2, 3).t().contiguous().is_contiguous()


def test_view_needs_fitting_strides():
    x = cr.ones(2, 3).t()
    expect_error((ValueError, RuntimeError), r"view: .*reshape", x.view, 6)
    assert x.reshape(6).shape == (6,)
    assert x.view(3, 2, 1).shape == (3, 2, 1)


def test_versions():
    x = cr.zeros(3)
    for count, write in enumerate(
        [
            lambda: x.add_(1),
            lambda: x[0].fill_(2),
            lambda: x.view(3, 1).zero_(),
            lambda: x.__setitem__(0, 1.0),
            lambda: x.copy_(cr.ones(3)),
        ],
        1,
    ):
        write()
        assert x._version == count
    x + 1
    assert x._version == count


def test_data():
    x = cr.ones(2, requires_grad=True)
    x.data[0] = 5.0
    assert x.tolist() == [5.0, 1.0] and not x.data.requires_grad
    x.data = cr.zeros(3)
    assert x.tolist() == [0.0, 0.0, 0.0] and x.requires_grad
    x.data -= 0.5
    assert x.tolist() == [-0.5] * 3


def test_copy_fill_zero():
    x = cr.zeros(2, 3)
    assert x.copy_(cr.tensor([1, 2, 3])) is x and x.tolist() == [[1.0, 2.0, 3.0]] * 2
    assert x.fill_(4).sum().item() == 24 and x.zero_().sum().item() == 0
    expect_error(ValueError, r"copy_.*got|\(4,\)", x.copy_, cr.ones(4))
    a, b = cr.ones(2, requires_grad=True), cr.zeros(2)
    b.copy_(a * 2)
    b.sum().backward()
    assert a.grad.tolist() == [2.0, 2.0]


def test_inplace_operators_keep_identity():
    x = y = cr.ones(2)
    x += 1
    x *= 3
    x -= 1
    x /= 2
    assert x is y and y.tolist() == [2.5, 2.5]


def test_comparison_with_other_objects():
    x = cr.ones(2)
    assert x != None and (x != None)  # noqa: E711  (a tensor's own !=)
    with pytest.raises(TypeError):
        _ = x + "a"
    with pytest.raises(TypeError):
        _ = x @ 2


def test_numpy_arrays_as_operands():
    x = cr.tensor([1.0, 2.0], dtype=cr.float64)
    left = x + cr.tensor(np.array([1.0, 1.0]))
    assert left.tolist() == [2.0, 3.0]


def test_requires_grad_switch():
    x = cr.ones(2)
    assert x.requires_grad_() is x and x.requires_grad
    x.requires_grad = False
    assert not x.requires_grad
    y = cr.ones(2, requires_grad=True) * 2
    expect_error(RuntimeError, "leaf|leaves", y.requires_grad_, False)
    assert y.detach_().grad_fn is None and not y.requires_grad


def test_grad_attribute():
    x = cr.ones(2, requires_grad=True)
    assert x.grad is None
    (x * 2).sum().backward()
    assert x.grad is x.grad and not x.grad.requires_grad
    x.grad.zero_()
    assert x.grad.tolist() == [0.0, 0.0]
    expect_error((RuntimeError, ValueError), r"\(3,\)|shape|size", setattr, x, "grad", cr.ones(3))
    expect_error(TypeError, "", setattr, x, "grad", 3)
    x.grad = None
    assert x.grad is None


def test_is_tensor_and_size():
    assert cr.is_tensor(cr.ones(1)) and not cr.is_tensor(1)
    assert isinstance(cr.ones(1), cr.Tensor) and cr.Size([2, 3]) == (2, 3)


def test_empty_has_shape_and_dtype_and_is_writable():
    for x in (cr.empty(2, 3), cr.empty((2, 3)), cr.empty_like(cr.ones(2, 3)), cr.ones(1).new_empty((2, 3))):
        assert x.shape == (2, 3) and x.dtype == cr.float32 and x.fill_(2).sum().item() == 12
    assert cr.empty(0, dtype=cr.int64).tolist() == [] and cr.empty(2, requires_grad=True).requires_grad


def test_new_tensors_take_the_dtype():
    x = cr.ones(2, dtype=cr.float64)
    assert x.new_zeros(3).dtype == x.new_ones((2, 2)).dtype == x.new_full((1,), 3).dtype == cr.float64
    assert x.new_tensor([1, 2]).tolist() == [1.0, 2.0] and x.new_tensor([1, 2]).dtype == cr.float64


def test_allclose_and_equal():
    x = cr.tensor([1.0, 2.0])
    assert cr.equal(x, x.clone()) is True and x.equal(cr.tensor([1.0, 2.5])) is False
    assert cr.equal(x, cr.ones(3)) is False
    assert cr.allclose(x, x + 1e-9) is True and not x.allclose(x + 1e-2) and x.allclose(x + 1e-2, atol=0.1)
    nan = cr.tensor([float("nan")])
    assert not cr.allclose(nan, nan) and cr.allclose(nan, nan, equal_nan=True) and not cr.equal(nan, nan)


def test_resize_and_set():
    x = cr.arange(6.0)
    assert x.resize_(2, 2) is x and x.tolist() == [[0.0, 1.0], [2.0, 3.0]]
    y = cr.zeros(1)
    y.set_(x)
    y[0, 0] = 9.0
    assert x[0, 0].item() == 9.0


def test_bool_is_no_integer():
    x = cr.ones(2, 2)
    for call in (
        lambda: x.cumsum(True),
        lambda: x.sum(dim=(True,)),
        lambda: x.view(True, 4),
        lambda: cr.zeros(True),
        lambda: cr.zeros((True, 2)),
    ):
        expect_error(TypeError, "bool|tuple", call)


def test_an_integer_may_be_a_tensor():
    x, one = cr.arange(6.0).reshape(2, 3), cr.tensor(1)
    assert x.cumsum(one).tolist() == x.cumsum(1).tolist()
    assert x.argmax(one).tolist() == [2, 2] and x.softmax(dim=one).shape == (2, 3)
    assert x.max(one).tolist() == x.clamp(min=1).tolist()  # two tensors: the elementwise maximum
    expect_error(TypeError, "Tensor", x.cumsum, cr.tensor(1.0))
    assert x.real is x


def test_gather_of_whole_rows(torch):
    x = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    index = np.array([[[2], [0]], [[3], [3]]])
    got = cr.tensor(x).gather(1, cr.tensor(index).expand(2, 2, 4))
    same(got, torch.tensor(x).gather(1, torch.tensor(index).expand(2, 2, 4)))


def test_parts_of_shared_memory_are_shared():
    x = cr.arange(6).view(2, 3).share_memory_()
    assert x.is_shared() and x[1:].is_shared() and x.T.is_shared() and not x.clone().is_shared()


def test_storage_of_bools_is_bytes():
    assert cr.tensor([True, False]).untyped_storage().tolist() == [1, 0]


def test_asarray_of_nothing_shares():
    assert cr.asarray(np.zeros(0, np.float32), copy=False).shape == (0,)


def test_numpy_where_nothing_is_recorded():
    """Under no_grad() there is no gradient to lose, so a leaf's memory is given, as in PyTorch."""
    x = cr.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="would lose it"):
        x.numpy()
    with cr.no_grad():
        x.numpy()[0] = 5.0
    assert x.tolist() == [5.0, 1.0]
