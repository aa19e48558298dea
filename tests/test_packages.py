"""What packages that are built on PyTorch rely on: small things that stable-baselines3, captum, skorch, gpytorch,
lightning, safetensors, fastai, zuko, sbi and nflows ask for."""

import collections
import dataclasses
import inspect
import pickle
import sys

import numpy as np
import pytest
from extras import need

import chainrule as cr
from chainrule._torch_names import top
from chainrule._torch_names._C___nn import _parse_to
from chainrule._torch_names.futures import Future, collect_all, wait_all
from chainrule._torch_names.overrides import handle_torch_function, has_torch_function, is_tensor_like
from chainrule._torch_names.utils___pytree import SUPPORTED_NODES, LeafSpec, TreeSpec, _get_node_type, tree_unflatten
from chainrule._torch_names.utils__data__dataloader import (
    _DatasetKind,
    _MultiProcessingDataLoaderIter,
    _SingleProcessDataLoaderIter,
)
from chainrule.utils import benchmark


def test_the_signature_of_a_module_is_that_of_any_call():
    class Own(cr.nn.Module):
        def __call__(self, x, y=1):
            return x

    layer = cr.nn.Linear(2, 3)
    assert str(inspect.signature(layer)) == "(*args, **kwargs)"
    assert list(inspect.signature(cr.nn.Linear).parameters)[:2] == ["in_features", "out_features"]
    assert list(inspect.signature(layer.forward).parameters) == ["input"]
    assert str(inspect.signature(Own())) == "(x, y=1)"


def test_float_is_float64_as_a_dtype():
    assert cr.zeros(1, dtype=float).dtype == cr.tensor(1, dtype=float).dtype == cr.float64
    assert cr.ones(1).to(float).dtype == cr.float64
    assert cr.zeros(1, dtype=int).dtype == cr.int64 and cr.zeros(1, dtype=bool).dtype == cr.bool


def test_dtypes_without_kernels_are_names():
    assert repr(top.uint16) == "torch.uint16" and pickle.loads(pickle.dumps(top.complex64)) is top.complex64
    assert top.complex64.is_complex and not top.complex64.is_floating_point and top.uint16.itemsize == 2
    assert not top.uint16.is_signed and top.complex64.is_signed
    with pytest.raises(TypeError, match=r"unknown dtype torch\.uint16"):
        cr.tensor([1], dtype=top.uint16)


def test_classes_to_ask_for():
    layer = cr.nn.Linear(1, 1)
    assert not isinstance(layer, cr.nn.parallel.DistributedDataParallel)
    assert not isinstance(layer, cr.jit.ScriptModule)
    with pytest.raises(RuntimeError, match="Run one process"):
        cr.nn.parallel.DistributedDataParallel(layer)


def test_futures():
    first, second = Future(), Future()
    doubled = first.then(lambda future: 2 * future.value())
    both = collect_all([first, second])
    first.set_result(3)
    assert doubled.wait() == 6 and first.done() and not both.done()
    with pytest.raises(RuntimeError, match="not there yet"):
        second.value()
    with pytest.raises(RuntimeError, match="has a result already"):
        first.set_result(4)
    second.set_exception(KeyError("no"))
    assert both.wait() == [first, second] and collect_all([]).wait() == []
    with pytest.raises(KeyError):
        second.wait()
    with pytest.raises(KeyError):
        second.then(lambda future: future.value()).wait()
    assert wait_all([first, doubled]) == [3, 6]


def test_overrides():
    class Base:
        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            return NotImplemented if function is cr.sin else (cls, types)

    class Derived(Base):
        pass

    assert has_torch_function([cr.ones(1), Base()]) and not has_torch_function([cr.ones(1), 2.0])
    assert is_tensor_like(Base()) and is_tensor_like(cr.ones(1)) and not is_tensor_like([1.0])
    assert handle_torch_function(cr.add, [Base(), Derived()], Base(), Derived()) == (Derived, (Derived, Base))
    with pytest.raises(TypeError, match="sin: no __torch_function__ of Base answers"):
        handle_torch_function(cr.sin, [Base()], Base())


def test_trees_taken_apart_by_hand():
    Pair = collections.namedtuple("Pair", "x y")
    for tree in ([1, 2], (1, 2), {"a": 1, "b": 2}, collections.OrderedDict(b=1, a=2), Pair(1, 2)):
        kind = _get_node_type(tree)
        children, context = SUPPORTED_NODES[kind].flatten_fn(tree)
        assert children == [1, 2] and SUPPORTED_NODES[kind].unflatten_fn(children, context) == tree
        again = tree_unflatten(children, TreeSpec(kind, context, [LeafSpec(), LeafSpec()]))
        assert again == tree and type(again) is type(tree)
    assert _get_node_type(1.0) not in SUPPORTED_NODES


def test_cholesky_ex():
    good = cr.tensor([[4.0, 2.0], [2.0, 3.0]], dtype=cr.float64, requires_grad=True)
    L, info = cr.linalg.cholesky_ex(good)
    assert info.item() == 0 and info.dtype == cr.int32 and cr.allclose(L @ L.T, good)
    bad = cr.tensor([[1.0, 2.0], [2.0, 1.0]], dtype=cr.float64)
    L, info = cr.linalg.cholesky_ex(cr.stack([good, bad, -good]))
    assert info.tolist() == [0, 2, 1]
    assert L[1].isnan().all() and cr.equal(L[0], cr.linalg.cholesky(good))
    L[0].sum().backward()
    (expected,) = cr.autograd.grad(cr.linalg.cholesky(good).sum(), good)
    assert cr.equal(good.grad, expected)
    with pytest.raises(RuntimeError, match="not positive definite"):
        cr.linalg.cholesky_ex(bad, check_errors=True)
    out = cr.empty(0, dtype=cr.float64), cr.empty(0, dtype=cr.int32)
    cr.linalg.cholesky_ex(good.detach(), upper=True, out=out)
    assert cr.allclose(out[0].T @ out[0], good) and out[1].item() == 0


def test_storage_of_a_file(tmp_path):
    path = tmp_path / "numbers"
    np.arange(4, dtype=np.float32).tofile(path)
    private = cr.UntypedStorage.from_file(str(path))
    numbers = cr.asarray(private[4:12], dtype=cr.uint8).view(dtype=cr.float32)
    assert numbers.tolist() == [1, 2] and len(private[4:12]) == 8
    numbers.zero_()
    assert private[4:8].tolist() == [0] * 4  # the memory is shared with the slice
    assert np.fromfile(path, np.float32).tolist() == [0, 1, 2, 3]  # and not with the file
    shared = cr.UntypedStorage.from_file(str(path), shared=True, nbytes=20)
    cr.asarray(shared, dtype=cr.uint8).view(dtype=cr.float32).fill_(7)
    del shared
    assert np.fromfile(path, np.float32).tolist() == [7] * 5


def test_the_size_of_a_storage_counts_its_memory():
    assert sys.getsizeof(cr.zeros(1000).untyped_storage()) > 4000 < sys.getsizeof(cr.zeros(1000).storage())


def test_bytes_as_truths():
    truths = cr.tensor([0, 1, 1], dtype=cr.uint8).view(cr.bool)
    assert truths.tolist() == [False, True, True] and cr.empty(0, dtype=cr.uint8).view(cr.bool).shape == (0,)
    with pytest.raises(ValueError, match="bytes other than 0 and 1"):
        cr.tensor([0, 2], dtype=cr.uint8).view(cr.bool)
    with pytest.raises(TypeError, match="bytes of int32 cannot be read as bool"):
        cr.zeros(1, dtype=cr.int32).view(cr.bool)


def test_weights_are_names():
    need("PIL")
    from chainrule.vision import models

    assert models.VGG16_Weights.DEFAULT == "VGG16_Weights.DEFAULT"
    with pytest.raises(RuntimeError, match="downloads no weights"):
        models.vgg16(weights=models.VGG16_Weights.IMAGENET1K_V1)
    with pytest.raises(AttributeError):
        _ = models.Unknown_Weights


def test_marks_on_functions():
    """fastai writes the initialisation that suits an activation on nn.functional.relu itself."""
    assert not vars(cr.atan2)
    cr.atan2.mark = 1
    assert cr.atan2.mark == 1 and vars(cr.atan2) == {"mark": 1} and pickle.loads(pickle.dumps(cr.atan2)).mark == 1
    del cr.atan2.mark
    with pytest.raises(AttributeError):
        cr.atan2.__name__ = "other"


def test_arguments_of_to():
    cpu = cr.device("cpu")
    assert _parse_to(device=None) == (None, None, False, None)
    assert _parse_to("cpu", cr.float64) == (cpu, cr.float64, False, None)
    assert _parse_to(cr.int64) == (None, cr.int64, False, None)
    assert _parse_to(cpu, cr.float16, True) == (cpu, cr.float16, True, None)
    assert _parse_to(cr.ones(2, dtype=cr.float64)) == (cpu, cr.float64, False, None)
    with pytest.raises(RuntimeError, match='must be "cpu"'):
        _parse_to("cuda")
    with pytest.raises(TypeError, match="floating-point"):
        cr.nn.Linear(1, 1).to(cr.int64)


class _Loader:
    """As much of a DataLoader as fastai's has."""

    dataset, drop_last, generator, num_workers, timeout, in_order = range(7), False, None, 2, 0, True
    collate_fn = worker_init_fn = prefetch_factor = multiprocessing_context = None
    _index_sampler, _auto_collation, _dataset_kind = ((0, 1), (5,)), True, _DatasetKind.Map

    def __init__(self, **changes):
        self.__dict__.update({"collate_fn": sum, **changes})


@pytest.mark.parametrize("iterator", [_SingleProcessDataLoaderIter, _MultiProcessingDataLoaderIter])
def test_loaders_of_packages(iterator):
    assert list(iterator(_Loader())) == [1, 5]
    stream = _Loader(_dataset_kind=_DatasetKind.Iterable, _auto_collation=False, collate_fn=abs, num_workers=1)
    stream._index_sampler = range(3)
    assert list(iterator(stream)) == [0, 1, 2]
    cr.manual_seed(0)
    iterator(_Loader())
    after = cr.rand(1)
    cr.manual_seed(0)
    iter(cr.utils.data.DataLoader([1]))  # takes one number of the stream, too
    assert cr.equal(after, cr.rand(1))


class _Diagonal(cr.distributions.Independent):
    """With an __init__ and an expand() of its own, as zuko's DiagNormal."""

    def __init__(self, loc, scale):
        super().__init__(cr.distributions.Normal(loc, scale), 1)

    def expand(self, batch_shape, _instance=None):
        return super().expand(batch_shape, self._get_checked_instance(_Diagonal, _instance))


def test_distributions_that_expand_themselves():
    base = _Diagonal(cr.zeros(3), cr.ones(3))
    grown = base.expand((2,))
    assert type(grown) is _Diagonal and grown.batch_shape == (2,) and grown.event_shape == (3,)
    assert cr.equal(grown.log_prob(cr.ones(3)), base.log_prob(cr.ones(3)).expand(2))


def test_inverse_transforms_have_a_class():
    transforms = cr.distributions.transforms
    assert isinstance(transforms.ExpTransform().inv, transforms._InverseTransform)
    assert cr.equal(transforms._clipped_sigmoid(cr.tensor([0.0, 99.0])), cr.tensor([0.5, 1 - cr.finfo(cr.float32).eps]))


@pytest.mark.parametrize("upper", [True, False])
@pytest.mark.parametrize("transpose", [True, False])
def test_triangular_solve(upper, transpose):
    cr.manual_seed(0)
    A = (cr.randn(2, 3, 3, dtype=cr.float64) + 3 * cr.eye(3)).requires_grad_()
    b = cr.randn(2, 3, 2, dtype=cr.float64, requires_grad=True)
    solved = cr.triangular_solve(b, A, upper, transpose)
    part = A.triu() if upper else A.tril()
    np.testing.assert_allclose(((part.mT if transpose else part) @ solved.solution).tolist(), b.tolist(), rtol=1e-12)
    assert cr.equal(solved.cloned_coefficient, A) and solved.cloned_coefficient is not A
    assert cr.autograd.gradcheck(lambda b, A: b.triangular_solve(A, upper, transpose).solution, (b, A))


class _Own(cr.Tensor):
    pass


def test_as_subclass_passes_gradients():
    x = cr.randn(2, 3, requires_grad=True)
    for y in (x.as_subclass(_Own), (x.t() * 1).as_subclass(_Own)):
        x.grad = None
        assert type(y) is _Own and y.requires_grad and not y.is_leaf and y.numel() == 6
        (2 * y).sum().backward()
        assert cr.equal(x.grad, cr.full((2, 3), 2.0))
    data = cr.zeros(2)
    data.as_subclass(_Own)[0] = 1
    assert data.tolist() == [1, 0] and data._version == 1
    with pytest.raises(TypeError, match="as_subclass: a subclass of Tensor is required"):
        x.as_subclass(int)


def test_benchmark_counts_and_prints(capsys):
    calls, seen = [], []
    timer = benchmark.Timer("f()", globals={"f": lambda: calls.append(cr.get_num_threads())}, label="f", num_threads=1)
    before = cr.get_num_threads()
    taken = timer.timeit(10)
    assert len(calls) == 12 and set(calls) == {1} and cr.get_num_threads() == before
    assert taken.number_per_run == 10 and taken.median == taken.mean == taken.times[0] > 0 == taken.iqr
    blocks = timer.blocked_autorange(lambda *run: seen.append(run), min_run_time=1e-3)
    assert sum(blocks.raw_times) >= 1e-3 and [t for _, t in seen] == blocks.raw_times
    assert len(timer.adaptive_autorange(max_run_time=1e-3).times) >= 1
    task = benchmark.TaskSpec("f(x)", label="f", sub_label="small", description="ours")
    other = dataclasses.replace(task, description="theirs", num_threads=2)
    made = [benchmark.Measurement(2, [2e-3, 6e-3], task), benchmark.Measurement(1, [0.5], other)]
    text = (
        "Measurement of f: small\n  ours\n  Median: 2.00 ms\n  IQR:    1.00 ms\n  2 measurements, 2 runs each, 1 thread"
    )
    assert repr(made[0]) == text
    benchmark.Compare(made).print()
    assert capsys.readouterr().out == (
        "f, times in ms\n"
        "                  | ours  | theirs\n"
        "small, 1 threads  | 2.00  |       \n"
        "small, 2 threads  |       |    500\n"
    )
    with pytest.raises(ValueError, match="num_threads must be 1 or more, got 0"):
        benchmark.Timer(num_threads=0)
    with pytest.raises(ValueError, match="statements are Python's"):
        benchmark.Timer(language=benchmark.Language.CPP)
