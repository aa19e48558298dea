"""Behaviour 26: pickle, deepcopy and joblib keep a module's and an optimizer's values, ties, gradients and hooks."""

import copy
import io
import pickle
import warnings

import numpy as np
import pytest
from helpers import same

import chainrule as cr
from chainrule import nn, optim


def by_pickle(x):
    return pickle.loads(pickle.dumps(x))


def by_old_pickle(x):
    return pickle.loads(pickle.dumps(x, protocol=2))


def by_joblib(x):
    joblib = pytest.importorskip("joblib")
    file = io.BytesIO()
    joblib.dump(x, file)
    file.seek(0)
    return joblib.load(file)


WAYS = pytest.mark.parametrize("way", [copy.deepcopy, by_pickle, by_old_pickle, by_joblib], ids=lambda f: f.__name__)


class Tied(nn.Module):
    """An encoder whose decoder has the same weight, and a buffer."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 3)
        self.last = nn.Linear(4, 3)
        self.last.weight = self.first.weight
        self.norm = nn.BatchNorm1d(3)
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return self.norm(self.first(x)) + self.last(x)


def count(module, inputs, output):
    module.seen = getattr(module, "seen", 0) + 1


@WAYS
def test_26_parameter(way):
    p = nn.Parameter(cr.tensor([1.0, 2.0]))
    (p * p).sum().backward()
    q = way(p)
    assert type(q) is nn.Parameter and q.requires_grad and q.is_leaf and q is not p
    same(q, p)
    same(q.grad, p.grad)
    q.data.fill_(0)
    assert p.tolist() == [1.0, 2.0]
    frozen = way(nn.Parameter(cr.ones(2), requires_grad=False))
    assert type(frozen) is nn.Parameter and not frozen.requires_grad


@WAYS
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "float32", "float64"])
def test_26_tensor(way, dtype):
    for values in (np.arange(6).reshape(2, 3), np.array(3), np.zeros((0, 2)), np.arange(12).reshape(3, 4)[::2, ::-1]):
        t = cr.tensor(values.astype(dtype))
        same(way(t), t)
        same(way(t.T) if t.dim() == 2 else way(t), t.T if t.dim() == 2 else t)


@WAYS
def test_26_module_after_training(way):
    net = Tied()
    x = cr.randn(5, 4)
    net(x).sum().backward()
    twin = way(net)
    assert twin.calls == 1 and twin.last.weight is twin.first.weight and twin.first.weight is not net.first.weight
    assert [n for n, _ in twin.named_parameters()] == [n for n, _ in net.named_parameters()]
    for (name, a), b in zip(twin.state_dict().items(), net.state_dict().values(), strict=True):
        same(a, b, name)
    for a, b in zip(twin.parameters(), net.parameters(), strict=True):
        same(a.grad, b.grad)
    same(twin.eval()(x), net.eval()(x))
    with cr.no_grad():
        twin.first.weight.fill_(0)
    assert net.first.weight.any()


@WAYS
def test_26_hooks_come_along(way):
    net = nn.Linear(2, 2)
    net.register_forward_hook(count)
    net(cr.ones(1, 2))
    twin = way(net)
    twin(cr.ones(1, 2))
    assert net.seen == 1 and twin.seen == 2


@WAYS
@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
def test_26_module_with_its_optimizer(way, name):
    """Copied together they belong together, and go on bit by bit as the originals do."""

    def step(pair):
        net, opt = pair
        opt.zero_grad()
        (net(cr.ones(3, 4)) ** 2).sum().backward()
        opt.step()

    net = nn.Linear(4, 2)
    options = {"momentum": 0.9} if name == "SGD" else {}
    pair = net, getattr(optim, name)(net.parameters(), lr=0.01, **options)
    step(pair)
    twin = way(pair)
    assert twin[1].param_groups[0]["params"][0] is twin[0].weight
    for _ in range(3):
        step(pair)
        step(twin)
    same(twin[0].weight, net.weight)
    same(twin[0].bias, net.bias)


def test_26_module_that_holds_a_non_leaf():
    net = nn.Linear(2, 2)
    net.last = net(cr.ones(1, 2))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        twin = copy.deepcopy(net)
    assert any("detach" in str(w.message) for w in caught)
    same(twin.last, net.last)
    assert twin.last.is_leaf and net.last.grad_fn is not None


def test_26_shared_tensor_stays_shared():
    t = cr.ones(3)
    for way in (copy.deepcopy, by_pickle):
        a, b = way([t, t])
        assert a is b
        x, holder = way([t, {"t": t}])
        assert holder["t"] is x


def test_26_size_dtype_and_functions():
    for value in (cr.zeros(2, 3).shape, cr.float32, cr.int64, cr.relu, cr.nn.functional.softmax):
        again = by_pickle(value)
        assert again == value and type(again) is type(value)
        assert copy.deepcopy(value) == value


def test_26_in_worker_processes():
    """joblib sends a module to other processes and gets it back."""
    joblib = pytest.importorskip("joblib")
    net = nn.Linear(3, 2)
    x = cr.randn(4, 3)
    results = joblib.Parallel(n_jobs=2, backend="loky")(joblib.delayed(net)(x * k) for k in (1.0, 2.0))
    for k, result in zip((1.0, 2.0), results, strict=True):
        same(result, net(x * k))
