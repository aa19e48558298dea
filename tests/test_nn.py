"""Modules: registration, state_dict, initial weights, layers and losses, as in PyTorch."""

import numpy as np
import pytest
from helpers import array, close, expect_error, same

import chainrule as cr
from chainrule import nn


class Net(nn.Module):
    def __init__(self, lib=nn):
        super().__init__()
        self.first = lib.Linear(4, 5)
        self.body = lib.Sequential(lib.ReLU(), lib.Linear(5, 3, bias=False), lib.Tanh())
        self.heads = lib.ModuleList([lib.Linear(3, 2), lib.Linear(3, 1)])
        self.scale = lib.Parameter(cr.ones(1))
        self.register_buffer("count", cr.zeros(1))

    def forward(self, x):
        h = self.body(self.first(x)) * self.scale
        return [head(h) for head in self.heads]


NAMES = [
    "scale",
    "first.weight",
    "first.bias",
    "body.1.weight",
    "heads.0.weight",
    "heads.0.bias",
    "heads.1.weight",
    "heads.1.bias",
]


# Registration


def test_parameters_and_names():
    net = Net()
    assert [name for name, _ in net.named_parameters()] == NAMES
    assert next(iter(net.parameters())) is net.scale
    assert [name for name, _ in net.named_buffers()] == ["count"]
    assert [name for name, _ in net.named_children()] == ["first", "body", "heads"]
    assert [name for name, _ in net.named_modules()] == [
        "",
        "first",
        "body",
        "body.0",
        "body.1",
        "body.2",
        "heads",
        "heads.0",
        "heads.1",
    ]
    assert len(list(net.modules())) == 9 and len(list(net.children())) == 3


def test_shared_parameters_are_listed_once():
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    net[1].weight = net[0].weight
    assert len(list(net.parameters())) == 3
    net(cr.ones(2, 3)).sum().backward()
    assert net[0].weight.grad is net[1].weight.grad


def test_attributes():
    net = Net()
    net.scale = nn.Parameter(cr.full((1,), 2.0))
    assert net.scale.item() == 2.0 and len(list(net.parameters())) == len(NAMES)
    with pytest.raises(TypeError):
        net.scale = cr.ones(1)
    with pytest.raises(AttributeError, match="missing"):
        _ = net.missing
    net.count = cr.ones(1)
    assert dict(net.named_buffers())["count"].item() == 1.0
    net.first = nn.Linear(4, 6)
    assert net.first.out_features == 6
    del net.first
    assert "first.weight" not in dict(net.named_parameters())
    net.register_parameter("none", None)
    assert net.none is None


def test_assignment_before_init():
    class Bad(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(1, 1)

    with pytest.raises(AttributeError, match="__init__"):
        Bad()


def test_parameter():
    p = nn.Parameter(cr.ones(2))
    assert isinstance(p, cr.Tensor) and p.requires_grad and p.is_leaf
    assert not nn.Parameter(cr.ones(2), requires_grad=False).requires_grad
    assert type(p * 2) is cr.Tensor


def test_train_and_eval():
    net = Net()
    assert net.training and not net.eval().training and not net.body[0].training
    assert net.train().body[0].training and net.train(False) is net and not net.training


def test_apply_zero_grad_requires_grad():
    net, seen = Net(), []
    net.apply(lambda m: seen.append(type(m).__name__))
    assert seen[0] == "Linear" and seen[-1] == "Net" and len(seen) == 9
    sum(out.sum() for out in net(cr.ones(2, 4))).backward()
    assert net.scale.grad is not None
    net.zero_grad()
    assert net.scale.grad is None
    sum(out.sum() for out in net(cr.ones(2, 4))).backward()
    net.zero_grad(set_to_none=False)
    assert net.scale.grad.item() == 0.0
    net.requires_grad_(False)
    assert not any(p.requires_grad for p in net.parameters())


def test_conversion():
    net = Net().double()
    assert all(p.dtype == cr.float64 for p in net.parameters()) and net.count.dtype == cr.float64
    p = net.first.weight
    assert net.float().first.weight is p and p.dtype == cr.float32
    assert net.to("cpu") is net and net.to(cr.float64).first.weight.dtype == cr.float64 and net.cpu() is net


def test_containers():
    seq = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    assert len(seq) == 2 and isinstance(seq[-1], nn.ReLU) and isinstance(seq[:1], nn.Sequential)
    assert [type(m).__name__ for m in seq] == ["Linear", "ReLU"]
    seq.append(nn.Linear(3, 1))
    assert tuple(seq(cr.ones(4, 2)).shape) == (4, 1)
    modules = nn.ModuleList([nn.ReLU()])
    modules.append(nn.Tanh())
    modules.extend([nn.Sigmoid()])
    modules[0] = nn.Flatten()
    assert [type(m).__name__ for m in modules] == ["Flatten", "Tanh", "Sigmoid"] and len(modules) == 3
    assert [name for name, _ in seq.named_parameters()] == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_module_dict(torch):
    for lib in (cr, torch):
        n = lib.nn
        modules = n.ModuleDict({"a": n.Linear(2, 3), "b": n.ReLU()})
        modules.update([("c", n.Tanh())])
        modules["b"] = n.Sigmoid()
        assert list(modules) == list(modules.keys()) == ["a", "b", "c"] and "b" in modules and "z" not in modules
        assert [type(m).__name__ for m in modules.values()] == ["Linear", "Sigmoid", "Tanh"] and len(modules) == 3
        assert [name for name, _ in modules.named_parameters()] == ["a.weight", "a.bias"]
        assert isinstance(modules.pop("b"), n.Sigmoid) and dict(modules.items())["c"] is modules["c"]
        del modules["c"]
        assert repr(modules).splitlines()[0] == "ModuleDict(" and len(modules) == 1
        with pytest.raises(KeyError):
            modules["c"]
        with pytest.raises(TypeError):
            modules["d"] = 3
        modules.clear()
        assert len(modules) == 0 and not list(modules.parameters())


def test_parameter_list_and_dict(torch):
    for lib in (cr, torch):
        n = lib.nn
        values = n.ParameterList([lib.ones(2), n.Parameter(lib.zeros(3))])
        values.append(lib.ones(1))
        values += [lib.zeros(2, 2)]
        values[-1] = lib.ones(4)
        assert [tuple(p.shape) for p in values] == [(2,), (3,), (1,), (4,)] and len(values) == 4
        assert all(isinstance(p, n.Parameter) for p in values)
        assert list(values.state_dict()) == ["0", "1", "2", "3"] and isinstance(values[1:3], n.ParameterList)
        with pytest.raises(IndexError):
            values[4]
        named = n.ParameterDict({"w": lib.ones(2)})
        named["b"] = lib.zeros(1)
        named.update({"w": lib.zeros(5)})
        assert list(named) == list(named.keys()) == ["w", "b"] and "w" in named and len(named) == 2
        assert {key: tuple(p.shape) for key, p in named.items()} == {"w": (5,), "b": (1,)}
        assert all(isinstance(p, n.Parameter) for p in named.values()) and named.get("x") is None
        assert sorted(dict(named.named_parameters())) == ["b", "w"]
        assert tuple(named.pop("b").shape) == (1,) and list(named.state_dict()) == ["w"]
        with pytest.raises((KeyError, AttributeError)):  # ours; PyTorch's
            named["b"]
        named.clear()
        assert len(named) == 0 and not list(named.parameters())


def test_buffer(torch):
    """Assigned to a module it is a buffer; persistent says whether it is saved."""
    for lib in (cr, torch):
        module = lib.nn.Module()
        module.kept = lib.nn.Buffer(lib.ones(2))
        module.scratch = lib.nn.Buffer(lib.zeros(3), persistent=False)
        assert dict(module.named_buffers()).keys() == {"kept", "scratch"} and list(module.state_dict()) == ["kept"]
        assert not list(module.parameters()) and not module.kept.requires_grad
        assert module.double().kept.dtype == lib.float64
        module.kept = lib.nn.Buffer(lib.full((2,), 7.0))
        assert module.state_dict()["kept"].tolist() == [7, 7]


def test_forward_hooks():
    layer, seen = nn.Linear(2, 2), []
    handle = layer.register_forward_hook(lambda m, args, out: seen.append((m is layer, len(args), tuple(out.shape))))
    layer(cr.ones(3, 2))
    handle.remove()
    layer(cr.ones(3, 2))
    assert seen == [(True, 1, (3, 2))]


def test_repr(torch):
    def make(lib):
        return lib.Sequential(
            lib.Linear(4, 5),
            lib.ReLU(),
            lib.Sequential(lib.Linear(5, 3, bias=False), lib.Tanh()),
            lib.ModuleList([lib.Linear(1, 1), lib.Flatten(), lib.Linear(1, 1), lib.Linear(1, 1), lib.Linear(1, 2)]),
            lib.ModuleList(
                [lib.ModuleList(), lib.Sequential(lib.Tanh(), lib.Tanh()), lib.Sequential(lib.Tanh(), lib.Tanh())]
            ),
            lib.Sigmoid(),
            lib.CrossEntropyLoss(),
        )

    assert repr(make(nn)) == repr(make(torch.nn))


def test_a_module_without_forward():
    with pytest.raises(NotImplementedError):
        nn.Module()(1)


# state_dict


def test_state_dict_round_trip():
    a, b = Net(), Net()
    state = a.state_dict()
    assert list(state) == [NAMES[0], "count", *NAMES[1:]]
    assert not any(v.requires_grad for v in state.values())
    result = b.load_state_dict(state)
    assert list(result.missing_keys) == [] and list(result.unexpected_keys) == []
    for p, q in zip(a.parameters(), b.parameters(), strict=True):
        same(p, q)
        assert p is not q
    x = cr.ones(2, 4)
    same(a(x)[0], b(x)[0])


def test_state_dict_shares_and_loading_copies():
    net = nn.Linear(2, 2)
    state = net.state_dict()
    with cr.no_grad():
        net.weight.fill_(3)
    assert state["weight"].tolist() == [[3.0, 3.0]] * 2
    other = nn.Linear(2, 2)
    weight = other.weight
    other.load_state_dict(state)
    state["weight"].fill_(9)
    assert other.weight is weight and weight.tolist() == [[3.0, 3.0]] * 2


def test_strict_loading_names_every_problem_at_once():
    net = Net()
    before = {k: array(v).copy() for k, v in net.state_dict().items()}
    state = dict(net.state_dict())
    del state["scale"], state["heads.1.bias"]
    state["extra"] = cr.ones(1)
    state["first.weight"] = cr.ones(5, 9)
    state["body.1.weight"] = cr.ones(2)
    error = expect_error(RuntimeError, "Net", net.load_state_dict, state)
    for word in ("scale", "heads.1.bias", "extra", "first.weight", "body.1.weight", "(5, 9)", "(5, 4)", "(2,)"):
        assert word in str(error), word
    for key, value in net.state_dict().items():
        same(value, before[key])


def test_lenient_loading():
    net = Net()
    result = net.load_state_dict({"scale": cr.full((1,), 4.0), "extra": cr.ones(1)}, strict=False)
    assert "first.weight" in result.missing_keys and list(result.unexpected_keys) == ["extra"]
    assert net.scale.item() == 4.0
    expect_error(RuntimeError, "scale", net.load_state_dict, {"scale": cr.ones(7)}, strict=False)


def test_weights_move_to_pytorch_and_back(torch):
    ours = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))
    theirs = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.ReLU(), torch.nn.Linear(5, 3))
    theirs.load_state_dict({k: torch.tensor(array(v)) for k, v in ours.state_dict().items()})
    x = np.random.default_rng(0).standard_normal((6, 4)).astype(np.float32)
    close(ours(cr.tensor(x)), theirs(torch.tensor(x)), "float32")
    other = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))
    other.load_state_dict({k: cr.tensor(v.numpy()) for k, v in theirs.state_dict().items()})
    same(other(cr.tensor(x)), ours(cr.tensor(x)))


# Initial weights


@pytest.mark.parametrize("seed", [0, 1, 1234])
@pytest.mark.parametrize("sizes", [(4, 5), (64, 128), (1, 1), (784, 10)])
def test_initial_weights(seed, sizes, torch):
    def made(lib):
        """Weight, bias and what the stream gives next."""
        lib.manual_seed(seed)
        layer = lib.nn.Linear(*sizes)
        return layer.weight, layer.bias, lib.rand(3)

    for ours, theirs in zip(made(cr), made(torch), strict=True):
        np.testing.assert_allclose(array(ours), array(theirs), rtol=1e-6, atol=1e-8)


def test_initial_weights_of_a_net(torch):
    def make(lib):
        lib.manual_seed(7)
        n = lib.nn
        return n.Sequential(n.Linear(8, 16), n.ReLU(), n.Linear(16, 16, bias=False), n.Tanh(), n.Linear(16, 2))

    for p, q in zip(make(cr).parameters(), make(torch).parameters(), strict=True):
        np.testing.assert_allclose(array(p), array(q), rtol=1e-6, atol=1e-8)


def test_reset_parameters():
    layer = nn.Linear(3, 2)
    before = array(layer.weight).copy()
    layer.reset_parameters()
    assert (array(layer.weight) != before).any()


def test_parameters_with_more_arguments():
    class Tagged(nn.Parameter):
        def __new__(cls, data, requires_grad=True, *, tag):
            made = super().__new__(cls, data, requires_grad)
            made.tag = tag
            return made

    class Held(nn.Buffer):
        def __new__(cls, data, *, tag):
            made = super().__new__(cls, data, persistent=False)
            made.tag = tag
            return made

    layer = nn.Module()
    layer.weight, layer.state = Tagged(cr.ones(2), tag="a"), Held(cr.zeros(1), tag="b")
    assert layer.weight.tag == "a" and layer.state.tag == "b"
    assert [name for name, _ in layer.named_parameters()] == ["weight"] and not layer.state.persistent
    with pytest.raises(TypeError):
        nn.Parameter(cr.ones(2), tag="a")
