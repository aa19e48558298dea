"""What layers, losses and loaders refuse, as PyTorch does, and the edges of what they take."""

import copy
from collections import OrderedDict

import pytest

import chainrule as cr
from chainrule import nn
from chainrule.nn import functional as F
from chainrule.utils import data

NAN, INF = float("nan"), float("inf")
one, lazy = cr.ones, nn.LazyLinear(3)
loader = data.DataLoader([1, 2, 3], batch_size=2)
labels = cr.ones(1, 2, dtype=cr.int64)
plane, places = cr.ones(1, 1, 3, 3), cr.zeros(1, 1, 3, 3, dtype=cr.int64)
REFUSED = {
    "negative variance": (ValueError, lambda: F.gaussian_nll_loss(one(3), one(3), cr.tensor([1.0, -1.0, 1.0]))),
    "cosine loss, target column": (ValueError, lambda: F.cosine_embedding_loss(one(5, 2), one(5, 2), one(5, 1))),
    "cosine loss, vectors and targets": (ValueError, lambda: F.cosine_embedding_loss(one(5), one(5), one(5))),
    "cosine loss, rows and one target": (ValueError, lambda: F.cosine_embedding_loss(one(2, 5), one(2, 5), one(()))),
    "one value per group": (ValueError, lambda: nn.GroupNorm(10, 10)(one(1, 10, 1))),
    "sizes that are no integers": (TypeError, lambda: F.interpolate(one(1, 1, 4, 4), size=(3.0, 3.0))),
    "size that is no integer": (TypeError, lambda: F.interpolate(one(1, 1, 4, 4), size=3.0)),
    "size, a tensor of floats": (TypeError, lambda: F.interpolate(one(1, 1, 4), size=cr.tensor(3.0))),
    "lengths that are no integers": (TypeError, lambda: F.ctc_loss(one(5, 1, 3), labels, cr.tensor([5.0]), [2])),
    "unflatten, floats": (TypeError, lambda: nn.Unflatten(1, (2, 5.0))),
    "unflatten, pairs": (TypeError, lambda: nn.Unflatten(1, (("C", 2), ("W", 5)))),
    "insert behind the end": (IndexError, lambda: nn.Sequential(nn.ReLU()).insert(2, nn.Tanh())),
    "insert before the start": (IndexError, lambda: nn.Sequential(nn.ReLU()).insert(-2, nn.Tanh())),
    "a parameter for a list": (TypeError, lambda: nn.ParameterList().extend(nn.Parameter(one(2)))),
    "a number for a dict": (TypeError, lambda: nn.ParameterDict().update(1)),
    "numbers for a dict": (TypeError, lambda: nn.ParameterDict().update([1])),
    "a lazy layer's state for another": (RuntimeError, lambda: nn.Linear(4, 3).load_state_dict(lazy.state_dict())),
    "weight_norm of a lazy layer": (ValueError, lambda: nn.utils.weight_norm(nn.LazyLinear(3))),
    "shared memory of a lazy layer": (RuntimeError, lambda: nn.LazyLinear(3).share_memory()),
    "to, no dtype": (TypeError, lambda: nn.Linear(1, 1).to("cpu", True)),
    "to, a list": (TypeError, lambda: nn.Linear(1, 1).to([])),
    "to, a copy": (RuntimeError, lambda: nn.Linear(1, 1).to("cpu", copy=True)),
    "unpool, too small": (ValueError, lambda: F.max_unpool2d(plane, places, 2, output_size=(3, 5))),
    "unpool, too large": (ValueError, lambda: F.max_unpool2d(plane, places, 2, output_size=(8, 6))),
    "chain of lists": (TypeError, lambda: list(data.ChainDataset([[1, 2]]))),
    "loader's batch size": (ValueError, lambda: setattr(loader, "batch_size", 1)),
    "loader's data": (ValueError, lambda: setattr(loader, "dataset", [1])),
}


@pytest.mark.parametrize(("error", "call"), REFUSED.values(), ids=REFUSED)
def test_refused(error, call):
    with pytest.raises(error):
        call()


def encoder_of_no_samples():
    return tuple(nn.TransformerEncoderLayer(8, 2, 16)(one(3, 0, 8)).shape)


def grid(*places):
    return F.grid_sample(one(1, 1, 2, 2), cr.tensor([[[list(p) for p in places]]]), "nearest", align_corners=False)


TAKEN = {
    "variance of 0": (lambda: round(F.gaussian_nll_loss(one(2), one(2), cr.zeros(2)).item(), 4), -6.9078),
    "cosine loss of broadcast rows": (lambda: F.cosine_embedding_loss(one(1, 5), one(4, 5), one(4)).item(), 0),
    "one value per group, two samples": (lambda: tuple(nn.GroupNorm(4, 4)(one(2, 4, 1)).shape), (2, 4, 1)),
    "groups of no samples": (lambda: tuple(nn.GroupNorm(2, 4)(one(0, 4, 2)).shape), (0, 4, 2)),
    "size, a Size": (lambda: tuple(F.interpolate(one(1, 1, 4, 4), size=cr.Size([3, 2])).shape), (1, 1, 3, 2)),
    "size, a tensor": (lambda: tuple(F.interpolate(one(1, 1, 4), size=cr.tensor(3)).shape), (1, 1, 3)),
    "attention of no samples": (encoder_of_no_samples, (3, 0, 8)),
    "places that are nowhere": (lambda: grid((NAN, 0), (INF, 0), (0.5, 0.5)).flatten().tolist(), [0, 0, 1]),
    "unpool": (lambda: tuple(F.max_unpool2d(plane, places, 2, output_size=(5, 7)).shape), (1, 1, 5, 7)),
    "to, three arguments": (lambda: nn.Linear(1, 1).to("cpu", cr.float64, True).weight.dtype, cr.float64),
    "insert at the end": (lambda: len(nn.Sequential(nn.ReLU()).insert(1, nn.Tanh())), 2),
    "insert by a negative index": (lambda: type(nn.Sequential(nn.ReLU()).insert(-1, nn.Tanh())[0]), nn.Tanh),
}


@pytest.mark.parametrize(("call", "expected"), TAKEN.values(), ids=TAKEN)
def test_taken(call, expected):
    assert call() == expected


def test_cosine_similarity_of_a_zero_vector():
    x = cr.zeros(3, dtype=cr.float64, requires_grad=True)
    y = F.cosine_similarity(x, cr.ones(3, dtype=cr.float64), dim=0)
    y.backward()
    assert y.item() == 0
    assert x.grad.tolist() == pytest.approx([1e8 / 3**0.5] * 3)


def test_a_grid_of_nearest_places_has_a_gradient_of_zeros():
    places = cr.full((1, 1, 1, 2), NAN, requires_grad=True)
    F.grid_sample(one(1, 1, 2, 2), places, "nearest", align_corners=False).sum().backward()
    assert places.grad.flatten().tolist() == [0, 0]


def test_parameter_dict_is_a_dict():
    names = nn.ParameterDict({"b": one(1), "a": one(1)})
    assert list(names) == ["a", "b"]  # a plain dict's keys in order, as in PyTorch
    names.update(OrderedDict(z=one(2), c=3))
    assert [*names] == ["a", "b", "z", "c"] and [*reversed(names)] == ["c", "z", "b", "a"]
    assert names.popitem() == ("c", 3)
    twin = names.copy()
    assert twin["a"] is names["a"] and [*twin] == ["a", "b", "z"]
    more = nn.ParameterDict({"q": one(1)})
    assert [*(names | more)] == ["a", "b", "z", "q"] and [*({"q": one(1)} | names)] == ["q", "a", "b", "z"]
    names |= more
    assert [*names] == ["a", "b", "z", "q"]
    assert names.fromkeys(["x", "y"]).items() == [("x", None), ("y", None)]


def test_a_lazy_layer_s_state_stays_lazy():
    layer = nn.LazyLinear(3)
    assert nn.parameter.is_lazy(layer.state_dict()["weight"])
    twin = nn.LazyLinear(3)
    twin.load_state_dict(layer.state_dict())
    assert twin(one(2, 4)).shape == (2, 3)
    layer.load_state_dict(twin.state_dict())
    assert layer.weight.tolist() == twin.weight.tolist()


class Doubled(nn.Module):
    def forward(self, x):
        return x * 2

    def right_inverse(self, x):
        return x / 2


def test_a_second_parametrization_follows_the_first():
    layer = nn.Linear(1, 1, bias=False)
    layer.weight.data.fill_(1.0)
    for expected in (1.0, 2.0):  # PyTorch asks right_inverse for the original at the first one alone
        nn.utils.parametrize.register_parametrization(layer, "weight", Doubled())
        assert layer.weight.item() == expected
    layer.weight = one(1, 1)
    assert (layer.weight.item(), layer.parametrizations.weight.original.item()) == (1.0, 0.25)


@pytest.mark.parametrize("trained", [True, False])
def test_fused_layers_are_trained_as_before(trained):
    layer, norm = nn.Linear(2, 2).eval(), nn.BatchNorm1d(2).eval()
    layer.weight.requires_grad_(trained)
    fused = nn.utils.fusion.fuse_linear_bn_eval(layer, norm)
    assert (fused.weight.requires_grad, fused.bias.requires_grad) == (trained, True)


def test_hooks_of_optimizer_states():
    optimizer = cr.optim.SGD([cr.ones(1, requires_grad=True)], lr=1.0)
    seen = []
    with optimizer.register_state_dict_pre_hook(lambda o: seen.append(o is optimizer)):
        state = optimizer.state_dict()
    with optimizer.register_state_dict_post_hook(lambda o, s: {**s, "mine": 1}):
        assert optimizer.state_dict()["mine"] == 1
    faster = {**state, "param_groups": [{**state["param_groups"][0], "lr": 5.0}]}
    optimizer.register_load_state_dict_pre_hook(lambda o, s: seen.append("second"))
    optimizer.register_load_state_dict_pre_hook(lambda o, s: seen.append("first") or faster, prepend=True)
    optimizer.register_load_state_dict_post_hook(lambda o: seen.append(o.param_groups[0]["lr"]))
    optimizer.load_state_dict(state)
    assert seen == [True, "first", "second", 5.0]
    optimizer.param_groups[0]["params"][0].grad = cr.ones(1)
    optimizer.register_step_pre_hook(lambda o, args, kwargs: ((lambda: cr.tensor(7.0),), kwargs))
    assert optimizer.step().item() == 7  # a hook may replace the arguments
    optimizer.register_step_pre_hook(lambda o, args, kwargs: 1)
    with pytest.raises(RuntimeError, match="must return None"):
        optimizer.step()


class Factor:
    def __init__(self, base):
        self.base = base

    def __call__(self, epoch):
        return self.base**epoch


def test_lambda_lr_keeps_what_its_objects_hold():
    def scheduler(base):
        optimizer = cr.optim.SGD([cr.ones(1, requires_grad=True)], lr=1.0)
        return cr.optim.lr_scheduler.LambdaLR(optimizer, Factor(base))

    state = copy.deepcopy(scheduler(0.5).state_dict())
    assert state["lr_lambdas"] == [{"base": 0.5}]
    other = scheduler(0.1)
    other.load_state_dict(state)
    assert other.lr_lambdas[0].base == 0.5


def test_stacked_datasets_give_as_many_samples():
    class Short(data.Dataset):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            return index

        def __getitems__(self, indices):
            return indices[1:]

    with pytest.raises(ValueError, match="3 samples for 4"):
        data.StackDataset(Short(), [1, 2, 3, 4]).__getitems__([0, 1, 2, 3])


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("pads", [(0, 0, 0, 0), (0, 0, -1, -1)])
def test_what_is_padded_is_no_view(mode, pads):
    x = one(1, 1, 4, 4)
    F.pad(x, pads, mode=mode).fill_(4.0)
    assert (x == 1).all()


def test_classes_behind_module_are_initialised_if_asked():
    class Named:
        def __init__(self, name="none"):
            self.name = name

    class Behind(nn.Module, Named):
        call_super_init = True

    class Left(nn.Module, Named):
        pass

    assert Behind("mine").name == "mine" and not hasattr(Left(), "name")
    with pytest.raises(TypeError):
        Left("mine")


def test_a_packed_sequence_that_needs_no_change_is_itself():
    packed = nn.utils.rnn.pack_sequence([one(2)])
    assert packed.to("cpu") is packed
    assert packed.double().data.dtype == cr.float64


def test_blocks_without_effect_are_decorators_too():
    blocks = cr.backends.cudnn.flags(enabled=True), cr.backends.cuda.sdp_kernel(enable_flash=False)
    for block in (*blocks, cr.nn.attention.sdpa_kernel(cr.nn.attention.SDPBackend.MATH)):
        decorated = block(lambda: 3)
        assert decorated() == decorated() == 3


@pytest.mark.parametrize("name", ["Adam", "AdamW", "NAdam", "RMSprop", "Adadelta"])
def test_states_whose_step_is_a_number(name):
    def made():
        x = cr.ones(2, requires_grad=True)
        x.grad = cr.ones(2)
        optimizer = getattr(cr.optim, name)([x], lr=0.1)
        optimizer.step()
        return x, optimizer

    (x, optimizer), (y, other) = made(), made()
    state = other.state_dict()
    state["state"][0]["step"] = state["state"][0]["step"].item()  # as PyTorch before 1.12 wrote it
    other.load_state_dict(state)
    optimizer.step()
    other.step()
    assert x.tolist() == y.tolist()
