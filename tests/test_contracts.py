"""What functions of tensors refuse, warn about, share and accept: PyTorch's documented contracts."""

import copy
import subprocess
import sys

import numpy as np
import pytest

import chainrule as cr
from chainrule._torch_names._utils import _flatten_dense_tensors, _unflatten_dense_tensors

NAN = float("nan")
X = cr.arange(6.0).reshape(2, 3)
I, B = cr.tensor([0, 1]), cr.tensor([True, False])


def empty(dtype=cr.float32, size=0):
    return cr.empty(size, dtype=dtype)


@pytest.mark.parametrize(
    "call",
    [
        lambda: X.flip(),
        lambda: X.view(),
        lambda: cr.zeros(),
        lambda: cr.Size([1.5]),
        lambda: cr.Size(cr.ones(2)),
        lambda: cr.sub(I, B),
        lambda: 1 - B,
        lambda: cr.add(I, I, alpha=True),
        lambda: cr.nonzero(X, out=empty()),
        lambda: cr.argmax(X, 0, out=empty(cr.int32)),
        lambda: cr.amax(X, 0, out=empty(cr.float64)),
        lambda: cr.max(X, 0, out=(empty(), empty())),
        lambda: cr.sort(X, 0, out=(empty(), empty(cr.int32))),
        lambda: cr.all(X, 0, out=empty()),
        lambda: cr.any(X, 0, out=empty(cr.int64)),
        lambda: cr.gather(X, 1, I[:, None], out=empty(cr.float64)),
        lambda: cr.cumsum(X, 0, dtype=cr.float64, out=empty()),
        lambda: cr.zeros(2, dtype=cr.float64, out=empty(size=2)),
        lambda: cr.meshgrid(I, X[0]),
        lambda: cr.hsplit(X, 2),
        lambda: cr.vsplit(cr.ones(4), 2),
        lambda: cr.dsplit(X, 1),
        lambda: cr.ones(2, requires_grad=True).apply_(abs),
        lambda: cr.ones(2, requires_grad=True).map_(cr.ones(2), max),
        lambda: cr.empty_strided((2, 3), (1,)),
        lambda: cr.ones(2).set_(cr.LongStorage([1])),
        lambda: cr.ones(2).set_(cr.FloatStorage([1, 2]), 1, (2,)),
        lambda: cr.ones(4, requires_grad=True).as_strided_((2,), (1,)),
        lambda: (cr.ones(4, requires_grad=True) * 1).as_strided_((3, 2), (1, 1)),
        lambda: cr.histogram(X, cr.tensor([0.0, 1.0], dtype=cr.float64)),
        lambda: cr.histogramdd(X, [1, 2]),
        lambda: cr.median(cr.empty(0, dtype=cr.int64)),
        lambda: cr.scatter(X, 1, I[None], 2.0, reduce="mean"),
        lambda: cr.set_num_interop_threads(0),
        lambda: cr.autocast("toaster"),
        lambda: cr.autocast(3),
        lambda: cr.testing.make_tensor(2, dtype=cr.int64, low=2, high=2),
        lambda: cr.sparse_coo_tensor([[0.5]], [1.0]),
        lambda: cr.eye(2, dtype=cr.int64).to_sparse().add_(cr.eye(2).to_sparse()),
    ],
)
def test_refused(call):
    with pytest.raises((TypeError, ValueError, RuntimeError)):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: cr.std(cr.ones(1)),
        lambda: cr.var(cr.ones(2, 2), 0, correction=2),
        lambda: X[cr.tensor([1, 0], dtype=cr.uint8)],
        lambda: X.clone().__setitem__(cr.tensor([1, 0], dtype=cr.uint8), 0),
        lambda: cr.range(0, 3),
        lambda: cr.add(X, 2, X),
        lambda: X.clone().addcmul_(2, X, X),
    ],
)
def test_warned_about(call):
    with pytest.warns(UserWarning):
        call()


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: X.flip(()), X),
        (lambda: cr.sort(X, stable=None, descending=True).values, X.flip(1)),
        (lambda: cr.add(x1=X, x2=X), X * 2),
        (lambda: cr.sum(a=X, axis=0), X.sum(0)),
        (lambda: cr.add(B, B, alpha=0), B),
        (lambda: cr.add(B, ~B, alpha=2), cr.tensor([True, True])),
        (lambda: cr.all(X, dim=()), X != 0),
        (lambda: cr.any(X, 0, out=empty(cr.uint8)), cr.ones(3, dtype=cr.uint8)),
        (lambda: cr.median(cr.empty(0)), cr.tensor(NAN)),
        (lambda: cr.nanmedian(cr.tensor([NAN, 2.0, 1.0])), cr.tensor(1.0)),
        (lambda: X[:, 0].ravel().stride(), (1,)),
        (lambda: X.expand(1, 1, 2, 3).stride(), (6, 6, 3, 1)),
        (lambda: X.expand(2, 2, 3).stride(), (0, 3, 1)),
        (lambda: X.stride(dim=0), 3),
        (lambda: X.clone().swapaxes_(0, 1), X.T),
        (lambda: X.clone().swapdims_(0, 1), X.T),
        (lambda: X.clone().as_strided_((2, 2), (1, 2), 1), cr.tensor([[1.0, 3], [2, 4]])),
        (lambda: X.index_put((None, I), cr.tensor(9.0)), cr.tensor([[9.0, 9, 2], [9, 9, 5]])),
        (lambda: cr.scatter(X, 1, cr.tensor([[1, 1]]), 2.0, reduce="multiply")[0], cr.tensor([0.0, 4, 2])),
        (lambda: cr.zeros(0).set_(X.storage(), 1, (2, 2), (3, 1)), cr.tensor([[1.0, 2], [4, 5]])),
        (lambda: cr.ones(3).set_().shape, (0,)),
        (lambda: X.clone().map2_(X, X, lambda a, b, c: a + b * c), X + X * X),
        (lambda: cr.empty_strided((2, 3), (1, 2)).stride(), (1, 2)),
        (lambda: X.new_empty_strided((2,), (5,)).stride(), (5,)),
        (lambda: cr.unsafe_chunk(X, 2)[1], X[1:]),
        (lambda: cr.unsafe_split(X, 1)[1], X[1:]),
        (lambda: X.split_with_sizes([1, 2], 1)[1], X[:, 1:]),
        (lambda: X.narrow_copy(1, 0, 2), X[:, :2]),
        (lambda: X.T.dim_order(), (1, 0)),
        (lambda: X.new(size=(3, 4)).shape, (3, 4)),
        (lambda: X.double().type(cr.Tensor).dtype, cr.float32),
        (lambda: cr.result_type(1.0, 1), cr.float32),
        (lambda: cr.isclose(cr.tensor([2**62]), cr.tensor([2**62 + 1]), rtol=0, atol=0), cr.tensor([False])),
        (lambda: cr.block_diag().shape, (1, 0)),
        (lambda: cr.var(X, None, False, True), cr.tensor([[35 / 12]])),
        (lambda: cr.std_mean(cr.ones(2, 2), None, True, True)[0].shape, (1, 1)),
        (lambda: cr.histogramdd(cr.ones(0, 2), [1, 1], range=(0, 1, 0, 1)).hist, cr.tensor([[0.0]])),
        (lambda: cr.testing.make_tensor(2, dtype=cr.bool, low=-9, high=9).dtype, cr.bool),
        (lambda: cr.tensor([np.float64(1), 2]).dtype, cr.float64),
        (lambda: cr.tensor([[np.int32(1)], [cr.tensor(2, dtype=cr.uint8)]]).dtype, cr.int32),
        (lambda: cr.tensor([[True], [2]]).dtype, cr.int64),
        (lambda: cr.asarray(memoryview(bytearray([1, 2])), dtype=cr.uint8), cr.tensor([1, 2], dtype=cr.uint8)),
        (lambda: cr.asarray(X.__dlpack__()).data_ptr(), X.data_ptr()),
        (lambda: X.T.reshape(6)._is_view(), False),
        (lambda: cr.gradient(cr.tensor([0.0, float("inf"), 2.0]))[0][1], cr.tensor(1.0)),
        (
            lambda: [t.shape for t in _unflatten_dense_tensors(_flatten_dense_tensors([X, I + 0.5]), [X, I])],
            [(2, 3), (2,)],
        ),
        (lambda: cr.cumulative_trapezoid(cr.ones(0, 2), dim=0).shape, (0, 2)),
        (lambda: cr.histogramdd(X, [1, 1, 1]).hist, cr.tensor([[[2.0]]])),
        (lambda: cr.FloatStorage([1, 2]).double().tolist(), [1.0, 2.0]),
        (lambda: cr.ByteStorage.from_buffer(bytearray([1, 2])).tolist(), [1, 2]),
        (lambda: cr.UntypedStorage(3).nbytes(), 3),
        (lambda: isinstance(X.storage(), cr.FloatStorage), True),
        (lambda: cr.sparse_coo_tensor(cr.zeros(1, 1), [2.0], (2,)).to_dense(), cr.tensor([2.0, 0])),
        (lambda: cr.eye(2).to_sparse().add_(cr.eye(2).to_sparse()).to_dense(), cr.eye(2) * 2),
        (lambda: cr.eye(2).to_sparse().mul_(cr.ones(2) * 3).to_dense(), cr.eye(2) * 3),
        (lambda: bool(cr.eye(2).to_sparse().any()), True),
        (lambda: X.module_load(X + 1, assign=True), X + 1),
    ],
)
def test_gives(call, expected):
    got = call()
    assert type(got) is type(expected) or not isinstance(expected, cr.Tensor)
    if isinstance(expected, cr.Tensor):
        assert got.dtype == expected.dtype
        np.testing.assert_array_equal(got.numpy(), expected.numpy())
    else:
        assert got == expected


@pytest.mark.filterwarnings("ignore:.*deprecated")
def test_old_order_of_arguments():
    np.testing.assert_array_equal(X.clone().add_(2, X), 3 * X)
    np.testing.assert_array_equal(cr.sub(X, 2, X), -X)
    np.testing.assert_array_equal(X.addcmul(2, X, X), X + 2 * X * X)
    np.testing.assert_array_equal((X + 1).addcdiv_(2, X, X + 1), X + 1 + 2 * X / (X + 1))


@pytest.mark.parametrize(
    ("values", "expected"),
    [([2.0, 1.0, 2.0, 3.0, 2.0], [1 / 3, 0, 1 / 3, 0, 1 / 3]), ([NAN, 1.0, NAN], [0.5, 0, 0.5]), ([1.0], [1.0])],
)
def test_median_shares_its_gradient(values, expected):
    x = cr.tensor(values, requires_grad=True)
    x.median().backward()
    np.testing.assert_allclose(x.grad, expected, rtol=1e-6)


def test_nanmedian_shares_its_gradient_twice():
    x = cr.tensor([2.0, NAN, 2.0, 5.0], dtype=cr.float64, requires_grad=True)
    (g,) = cr.autograd.grad(x.nanmedian() ** 2, x, create_graph=True)
    np.testing.assert_allclose(g.detach(), [2, 0, 2, 0])
    (h,) = cr.autograd.grad(g[0], x)
    np.testing.assert_allclose(h, [0.5, 0, 0.5, 0])


def test_as_strided_in_place_has_a_gradient():
    x = cr.arange(4.0, requires_grad=True)
    y = (x * 2).as_strided_((2,), (2,))
    (y * cr.tensor([1.0, 10.0])).sum().backward()
    np.testing.assert_array_equal(x.grad, [2, 0, 20, 0])


def test_resize_of_a_view():
    base = cr.arange(6.0)
    view = base[1:4]
    view.resize_(2, 2).fill_(9)
    np.testing.assert_array_equal(base, [0, 9, 9, 9, 9, 5])
    turned = X.clone().T
    assert turned.resize_as_(turned).stride() == (1, 3)


def test_copies_share_what_was_shared():
    base = cr.arange(6.0)
    first, (second, third) = copy.deepcopy((base, [base[2:4], base.view(2, 3).T]))
    assert first.data_ptr() != base.data_ptr()
    second.fill_(9)
    np.testing.assert_array_equal(first, [0, 1, 9, 9, 4, 5])
    assert third.stride() == (1, 3) and third[0, 1] == 9 and not second._is_view()
    part = copy.deepcopy(base[1:3])
    np.testing.assert_array_equal(part, [1, 2])
    x = cr.ones(2, requires_grad=True)
    x.note = "kept"
    y = copy.copy(x)
    assert y.data_ptr() == x.data_ptr() and y.is_leaf and y.requires_grad and y.note == "kept"
    assert type(copy.copy(cr.nn.Parameter(x.detach()))) is cr.nn.Parameter


def test_named_tuples_print_a_line_for_each_field():
    assert repr(cr.tensor([1, 3]).max(0)) == "chainrule.return_types.max(\nvalues=tensor(3),\nindices=tensor(1))"


@pytest.mark.parametrize(
    ("actual", "expected", "options", "error"),
    [
        (X, X, {}, None),
        (cr.tensor([2**62]), cr.tensor([2**62 + 1]), {}, AssertionError),
        ((X, {"a": 1}), (X, {"a": 2}), {}, AssertionError),
        (None, None, {}, None),
        (None, X, {}, AssertionError),
        (1, 1.0, {}, AssertionError),
        (1, 1.0, {"check_dtype": False}, None),
        (1.0, cr.tensor(1.0), {}, TypeError),
        (X, X.numpy(), {}, TypeError),
        (X, X.T.contiguous().T, {}, None),
        (X, X.T.contiguous().T, {"check_stride": True}, AssertionError),
        (X.to_sparse(), X.to_sparse(), {}, None),
        (X.to_sparse(), X, {}, AssertionError),
        (X.to_sparse(), X, {"check_layout": False}, None),
        (cr.tensor(NAN), cr.tensor(NAN), {"equal_nan": True}, None),
        (cr.tensor(NAN), cr.tensor(NAN), {}, AssertionError),
        (cr.nn.Parameter(X.clone()), X, {}, None),
        (cr.nn.Parameter(X.clone()), X, {"allow_subclasses": False}, TypeError),
    ],
)
def test_assert_close(actual, expected, options, error):
    if error is None:
        cr.testing.assert_close(actual, expected, **options)
        return
    with pytest.raises(error):
        cr.testing.assert_close(actual, expected, **options)


@pytest.mark.parametrize("dtype", [cr.float32, cr.float64, cr.int64, cr.uint8, cr.bool])
def test_make_tensor(dtype):
    x = cr.testing.make_tensor(40, 5, dtype=dtype, exclude_zero=True, noncontiguous=True)
    assert x.dtype == dtype and x.shape == (40, 5) and not x.is_contiguous() and bool((x != 0).all())
    assert dtype == cr.bool or -9 <= x.double().min() <= x.double().max() <= 9


def test_names_of_torch(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import torch.autograd.gradcheck\n"
        "from torch import *\n"
        "assert callable(torch.autograd.gradcheck) and callable(zeros)\n"
        "print(torch.ones(1).max(0), torch.Storage([1]).tolist(), torch.GradScaler)\n"
    )
    run = subprocess.run(
        [sys.executable, "-m", "chainrule.as_torch", str(program)], capture_output=True, text=True, check=True
    )
    assert run.stdout.startswith("torch.return_types.max(\nvalues=tensor(1.),\nindices=tensor(0)) [1.0]")
