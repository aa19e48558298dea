"""nn.utils and lazy layers, against PyTorch: weight and spectral norm, parametrizations, fusion, first shapes."""

import copy
import pickle

import numpy as np
import pytest
from helpers import array, close, expect_error, same

import chainrule as cr
from chainrule import nn
from chainrule.nn.modules.utils import consume_prefix_in_state_dict_if_present
from chainrule.nn.utils import parametrize


def random(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def carry_over(ours, theirs):
    """PyTorch's state into our module."""
    ours.load_state_dict({key: cr.tensor(value.detach().numpy()) for key, value in theirs.state_dict().items()})


def compare(ours, theirs, x, torch, steps=1):
    """Outputs and parameter gradients over some training forwards."""
    for step in range(steps):
        inputs = [cr.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)]
        outputs = [module(inp) for module, inp in zip((ours, theirs), inputs)]
        close(outputs[0], outputs[1], tol=10, what=f"output {step}")
        for module, out in zip((ours, theirs), outputs):
            module.zero_grad()
            (out * out).sum().backward()
        close(inputs[0].grad, inputs[1].grad, tol=100)
        grads = dict(theirs.named_parameters())
        assert list(dict(ours.named_parameters())) == list(grads)
        for key, param in ours.named_parameters():
            close(param.grad, grads[key].grad, tol=100, what=key)
    for key, value in theirs.state_dict().items():
        close(ours.state_dict()[key], value, tol=10, what=key)


LAYERS = {
    "Linear": (lambda lib: lib.nn.Linear(4, 3), (2, 4)),
    "Conv1d": (lambda lib: lib.nn.Conv1d(3, 4, 2), (2, 3, 5)),
    "ConvTranspose2d": (lambda lib: lib.nn.ConvTranspose2d(3, 2, 2), (1, 3, 3, 3)),
}
layers = pytest.mark.parametrize("layer", LAYERS)
NORMS = ("weight_norm", "spectral_norm", "parametrizations.weight_norm", "parametrizations.spectral_norm")
norms = pytest.mark.parametrize("norm", NORMS)


def apply(lib, norm, module, **options):
    place = lib.nn.utils
    for word in norm.split("."):
        place = getattr(place, word)
    return place(module, **options)


@layers
@norms
def test_norms_follow_pytorch(torch, layer, norm):
    make, shape = LAYERS[layer]
    modules = []
    for lib in (cr, torch):
        lib.manual_seed(4)
        modules.append(apply(lib, norm, make(lib).double()))
    ours, theirs = modules
    for key, value in theirs.state_dict().items():  # the same random numbers
        close(ours.state_dict()[key], value, what=key)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    compare(ours, theirs, random(*shape), torch, steps=3)
    ours.eval(), theirs.eval()
    compare(ours, theirs, random(*shape, seed=1), torch)


@norms
def test_norms_are_taken_off_and_copied(norm):
    layer = apply(cr, norm, nn.Linear(4, 3).double())
    x = cr.tensor(random(2, 4))
    layer.eval()
    expected = layer(x)
    close(copy.deepcopy(layer)(x), expected)
    if norm.startswith("parametrizations"):
        parametrize.remove_parametrizations(layer, "weight")
    else:
        getattr(nn.utils, "remove_" + norm)(layer)
    close(layer(x), expected)
    assert type(layer) is nn.Linear and set(layer.state_dict()) == {"weight", "bias"}
    expect_error(
        ValueError,
        "has no |is not parametrized",
        *(
            (parametrize.remove_parametrizations, layer, "weight")
            if norm.startswith("parametrizations")
            else (getattr(nn.utils, "remove_" + norm), layer)
        ),
    )


def test_one_length_for_all(torch):
    ours, theirs = (apply(lib, "weight_norm", lib.nn.Linear(4, 3).double(), dim=None) for lib in (cr, torch))
    carry_over(ours, theirs)
    compare(ours, theirs, random(2, 4), torch)


class Double(nn.Module):
    def forward(self, x):
        return 2 * x

    def right_inverse(self, x):
        return x / 2


class Shift(nn.Module):
    def forward(self, x):
        return x + 1


def test_parametrizations():
    layer = nn.Linear(2, 2)
    before = layer.weight.detach().clone()
    parametrize.register_parametrization(layer, "weight", Double())
    assert parametrize.is_parametrized(layer) and parametrize.is_parametrized(layer, "weight")
    assert type(layer).__name__ == "ParametrizedLinear" and isinstance(layer, nn.Linear)
    assert parametrize.type_before_parametrizations(layer) is nn.Linear
    same(layer.weight, before)
    same(layer.parametrizations.weight.original, before / 2)
    layer.weight = cr.ones(2, 2)
    same(layer.parametrizations.weight.original, cr.full((2, 2), 0.5))
    parametrize.register_parametrization(layer, "weight", Shift())
    same(layer.weight, cr.full((2, 2), 2.0))
    layer(cr.ones(1, 2)).sum().backward()
    same(layer.parametrizations.weight.original.grad, cr.full((2, 2), 2.0))
    with parametrize.cached():
        assert layer.weight is layer.weight
    assert layer.weight is not layer.weight
    expect_error(RuntimeError, "right_inverse", setattr, layer, "weight", cr.ones(2, 2))
    other = parametrize.transfer_parametrizations_and_params(layer, nn.Linear(2, 2))
    assert other.parametrizations.weight.original is layer.parametrizations.weight.original
    original = layer.parametrizations.weight.original
    parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    assert layer.weight is original and type(layer) is nn.Linear


def test_parametrized_tensors_stay_the_same_objects(torch):
    """What an optimizer holds is what is trained, with a right_inverse and without; a buffer stays a buffer."""
    for lib in (cr, torch):
        register = lib.nn.utils.parametrize.register_parametrization

        class Halved(lib.nn.Module):
            def forward(self, x):
                return 2 * x

            def right_inverse(self, x):
                return x / 2

        class Shifted(lib.nn.Module):
            def forward(self, x):
                return x + 1

        layer = lib.nn.Linear(2, 2)
        weight, bias = layer.weight, layer.bias
        optimizer = lib.optim.SGD(layer.parameters(), 0.5)
        before = weight.detach().clone()
        register(layer, "weight", Halved())
        register(layer, "bias", Shifted())
        assert layer.parametrizations.weight.original is weight and layer.parametrizations.bias.original is bias
        close(layer.weight, before.numpy(), "float32")
        layer(lib.ones(1, 2)).sum().backward()
        optimizer.step()
        close(layer.weight, before.numpy() - 2, "float32")
        lib.nn.utils.parametrize.remove_parametrizations(layer, "weight")
        assert layer.weight is weight
        norm = lib.nn.BatchNorm1d(2)
        mean = norm.running_mean
        register(norm, "running_mean", Halved())
        assert norm.parametrizations.running_mean.original is mean and not list(norm.parametrizations.parameters())


def test_copies_of_parametrized_modules_are_apart():
    layer = nn.Linear(2, 2)
    parametrize.register_parametrization(layer, "weight", Double())
    parametrize.register_parametrization(layer, "bias", Double())
    twin = copy.deepcopy(layer)
    assert type(twin).__name__ == type(layer).__name__ and type(twin) is not type(layer)
    same(twin.weight, layer.weight)
    parametrize.remove_parametrizations(layer, "weight")
    parametrize.remove_parametrizations(layer, "bias")
    assert type(layer) is nn.Linear and parametrize.is_parametrized(twin, "weight")
    twin.weight = cr.ones(2, 2)
    same(twin.parametrizations.weight.original, cr.full((2, 2), 0.5))
    again = copy.deepcopy(nn.Sequential(twin, twin))
    assert again[0] is again[1] and parametrize.is_parametrized(again[0], "bias")


def test_parametrization_errors():
    layer = nn.Linear(2, 3)
    expect_error(
        ValueError, "has no parameter or buffer 'x'", parametrize.register_parametrization, layer, "x", Shift()
    )

    class Wrong(nn.Module):
        def forward(self, x):
            return x[:1]

    expect_error(ValueError, "must keep shape", parametrize.register_parametrization, layer, "weight", Wrong())
    assert type(layer) is nn.Linear and layer.weight.shape == (3, 2)

    class WrongAfterAnInverse(Double):
        def forward(self, x):
            return x[:1]

    weight, before = layer.weight, layer.weight.detach().clone()
    wrong = WrongAfterAnInverse()
    expect_error(ValueError, "must keep shape", parametrize.register_parametrization, layer, "weight", wrong)
    assert layer.weight is weight
    same(weight, before)  # refused before anything changes

    class InPlace(nn.Module):
        kept = 3

        def forward(self, x):
            return x[: self.kept] * 2

        def right_inverse(self, x):
            return x.mul_(0.5)

    half = InPlace()
    half.kept = 1
    expect_error(ValueError, "must keep shape", parametrize.register_parametrization, layer, "weight", half)
    same(weight, before)

    class Nothing(Shift):
        def right_inverse(self, x):
            return None

    register = parametrize.register_parametrization
    expect_error(
        TypeError, "must give a tensor or a tuple of tensors, got NoneType", register, layer, "weight", Nothing()
    )
    no_bias = nn.Linear(2, 2, bias=False)
    expect_error(ValueError, "no parameter or buffer 'bias' that is a tensor", register, no_bias, "bias", Shift())
    for norms in (nn.utils, nn.utils.parametrizations):
        for norm in (norms.spectral_norm, norms.weight_norm):
            expect_error(ValueError, "no parameter or buffer 'bias' that is a tensor", norm, no_bias, "bias")
            assert no_bias.bias is None and "bias" in no_bias._parameters

    good = parametrize.register_parametrization(nn.Linear(2, 3), "weight", InPlace())
    value = cr.ones(3, 2)
    good.weight = value
    same(value, cr.ones(3, 2))
    same(good.parametrizations.weight.original, cr.full((3, 2), 0.5))
    parametrize.register_parametrization(layer, "weight", Wrong(), unsafe=True)
    assert layer.weight.shape == (1, 2)


def test_parts_are_set_all_or_none():
    class Parts(nn.Module):
        dtype = cr.float32

        def forward(self, a, b):
            return a + b

        def right_inverse(self, x):
            return x / 4, (x * 3 / 4).to(self.dtype)

    step = Parts()
    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", step)
    chain, before = layer.parametrizations.weight, layer.weight.detach()
    step.dtype = cr.float64
    with pytest.raises(ValueError, match="must keep the dtype"):
        layer.weight = cr.ones(2, 2)
    same(layer.weight, before)
    parametrize.register_parametrization(layer, "weight", Double())  # changes no original
    same(layer.weight, Double()(before))
    assert len(chain) == 2


def test_fusion(torch):
    x = cr.tensor(random(3, 4, 5, 5))
    for conv, transpose in ((nn.Conv2d(4, 6, 3), False), (nn.ConvTranspose2d(4, 6, 3, bias=False), True)):
        net = nn.Sequential(conv, nn.BatchNorm2d(6)).double()
        net(x)
        net.eval()
        close(nn.utils.fuse_conv_bn_eval(net[0], net[1], transpose)(x), net(x))
    net = nn.Sequential(nn.Linear(5, 6), nn.BatchNorm1d(6)).double()
    net(x[:, 0, 0])
    net.eval()
    close(nn.utils.fuse_linear_bn_eval(net[0], net[1])(x[:, 0, 0]), net(x[:, 0, 0]))
    expect_error(RuntimeError, "eval", nn.utils.fuse_linear_bn_eval, nn.Linear(5, 6), net[1])


def test_small_helpers(torch):
    cr.manual_seed(3)
    layer = nn.utils.skip_init(nn.Linear, 5, 3)
    cr.manual_seed(3)
    first = cr.rand(2)
    cr.manual_seed(3)
    nn.utils.skip_init(nn.Linear, 5, 3)
    same(cr.rand(2), first)
    assert layer.weight.shape == (3, 5)
    new = {"weight": cr.ones(3, 5), "bias": cr.zeros(3)}
    same(nn.utils.stateless.functional_call(layer, new, cr.ones(1, 5)), cr.full((1, 3), 5.0))
    for norm_type in (1, 2, 3, float("inf")):
        tensors = [random(3), random(2, 2, seed=1)]
        ours, theirs = (lib.nn.utils.get_total_norm([lib.tensor(t) for t in tensors], norm_type) for lib in (cr, torch))
        close(ours, theirs)
    p = nn.Parameter(cr.zeros(2))
    p.grad = cr.tensor([float("inf"), 0.0])
    with pytest.raises(RuntimeError, match=r"^get_total_norm: the total norm of order 2 is not finite \(inf\)"):
        nn.utils.get_total_norm([p.grad], 2, True)
    with pytest.raises(RuntimeError, match=r"^clip_grad_norm_: the total norm"):
        nn.utils.clip_grad_norm_([p], 1.0, error_if_nonfinite=True)
    p.grad = cr.tensor([3.0, 4.0])
    nn.utils.clip_grads_with_norm_([p], 1.0, cr.tensor(5.0))
    close(p.grad, [0.6, 0.8], "float32")


@pytest.mark.parametrize("norm", [5.0, 0.1, 0.0, float("nan"), float("inf")])
@pytest.mark.parametrize("limit", [1.0, float("inf"), float("nan")])
def test_clipping_by_odd_norms(torch, norm, limit):
    """A norm that is NaN shows in the gradients: it is not taken for a small one."""
    grads = []
    for lib in (cr, torch):
        p = lib.nn.Parameter(lib.zeros(2))
        p.grad = lib.tensor([3.0, 4.0])
        lib.nn.utils.clip_grads_with_norm_([p], limit, lib.tensor(norm))
        grads.append(p.grad.numpy())
    np.testing.assert_array_equal(*grads)


# Lazy layers

LAZY = {
    "Linear": ((3,), {}, (2, 5)),
    "Conv1d": ((4, 2), {"padding": 1}, (2, 3, 6)),
    "Conv2d": ((4, (2, 3), 2), {"groups": 2, "bias": False}, (1, 4, 5, 5)),
    "Conv3d": ((2, 2), {}, (1, 3, 3, 3, 3)),
    "ConvTranspose1d": ((4, 2), {}, (2, 3, 6)),
    "ConvTranspose2d": ((4, 2, 2, 1, 1), {"groups": 2}, (1, 4, 5, 5)),
    "ConvTranspose3d": ((2, 2), {}, (1, 3, 3, 3, 3)),
    "BatchNorm1d": ((), {}, (4, 3)),
    "BatchNorm2d": ((1e-3, 0.2), {"affine": False}, (2, 3, 2, 2)),
    "BatchNorm3d": ((), {"track_running_stats": False}, (2, 3, 2, 2, 2)),
    "InstanceNorm1d": ((), {}, (2, 3, 4)),
    "InstanceNorm2d": ((), {"affine": True, "track_running_stats": True}, (2, 3, 2, 2)),
    "InstanceNorm3d": ((), {"affine": True}, (2, 3, 2, 2, 2)),
}


@pytest.mark.parametrize("make", [nn.UninitializedParameter, nn.UninitializedBuffer])
def test_copies_without_a_shape(make):
    """Copied and pickled with what they carry."""
    lazy = make(requires_grad=False, dtype=cr.float64)
    lazy.persistent, lazy.note = False, [1]
    for again in (copy.deepcopy(lazy), pickle.loads(pickle.dumps(lazy))):
        assert type(again) is make and again.dtype == cr.float64 and not again.requires_grad
        assert again.persistent is False and again.note == [1] and again.note is not lazy.note
        expect_error(RuntimeError, "no shape before", lambda again=again: again.shape)
    lazy.materialize((2, 3))
    assert lazy.shape == (2, 3) and type(lazy) in (nn.Parameter, nn.Buffer)


@pytest.mark.parametrize("name", LAZY)
def test_lazy_layers(torch, name):
    args, options, shape = LAZY[name]
    x, modules, outputs = random(*shape).astype("float32"), [], []
    for lib in (cr, torch):
        lib.manual_seed(6)
        module = getattr(lib.nn, "Lazy" + name)(*args, **options)
        has_parameters = bool(list(module.parameters()))
        assert module.has_uninitialized_params() or not has_parameters
        outputs.append(module(lib.tensor(x)))
        modules.append(module)
    ours, theirs = modules
    assert type(ours) is getattr(nn, name) and repr(ours) == repr(theirs)
    for key, value in theirs.state_dict().items():
        close(ours.state_dict()[key], value, "float32", what=key)
    close(outputs[0], outputs[1], "float32", tol=10)
    if has_parameters:
        outputs[0].sum().backward()
        assert all(param.grad is not None for param in ours.parameters())


def test_lazy_layers_take_their_shape_from_a_file():
    full = nn.Linear(5, 3)
    lazy = nn.LazyLinear(3)
    lazy.load_state_dict(full.state_dict())
    x = cr.tensor(random(2, 5).astype("float32"))
    close(lazy(x), full(x), "float32")
    assert repr(lazy) == "Linear(in_features=5, out_features=3, bias=True)"


def test_a_net_of_lazy_layers():
    net = nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2))
    twin = copy.deepcopy(net)
    optimizer = cr.optim.SGD(net.parameters(), lr=0.1)
    expect_error(RuntimeError, "has no shape", lambda: net[0].weight.shape)
    assert isinstance(net[0].weight, nn.UninitializedParameter)
    assert net(cr.ones(2, 3, 5, 5)).shape == (2, 2) and twin(cr.ones(2, 1, 6, 6)).shape == (2, 2)
    net(cr.ones(2, 3, 5, 5)).sum().backward()
    before = array(net[4].bias).copy()
    optimizer.step()
    assert (array(net[4].bias) != before).all()
    expect_error(ValueError, "groups", nn.LazyConv2d, 3, 2, groups=2)
    expect_error(ValueError, "divisible", nn.LazyConv2d(4, 2, groups=2), cr.ones(1, 3, 4, 4))
    expect_error(RuntimeError, "Expected", nn.LazyConv2d(4, 2), cr.ones(3, 4))


def test_uninitialized_buffer(torch):
    """It has a type and no shape until materialize gives it one: then it is a Buffer."""
    for lib in (cr, torch):
        module = lib.nn.BatchNorm1d(2)
        lazy = lib.nn.LazyBatchNorm1d()
        assert isinstance(lazy.running_mean, lib.nn.UninitializedBuffer)
        module.scratch = lib.nn.UninitializedBuffer(dtype=lib.float64)
        assert "scratch" in dict(module.named_buffers())
        with pytest.raises(RuntimeError, match=r"uninitialized|no shape"):
            module.scratch.shape  # noqa: B018  (raises)
        if lib is cr:  # PyTorch's can't be copied
            assert isinstance(copy.deepcopy(module).scratch, lib.nn.UninitializedBuffer)
        module.scratch.materialize((2, 3))
        assert not isinstance(module.scratch, lib.nn.UninitializedBuffer) and module.scratch.dtype == lib.float64
        assert tuple(module.scratch.shape) == (2, 3) and not module.scratch.requires_grad


@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5)])
@pytest.mark.parametrize("name", [None, "matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("trivial", [True, False])
def test_orthogonal(torch, shape, name, trivial):
    start, layers = random(*shape), []
    for library in (cr, torch):
        layer = library.nn.Linear(shape[1], shape[0], dtype=library.float64)
        layer.weight.data.copy_(library.tensor(start))
        library.nn.utils.parametrizations.orthogonal(layer, "weight", name, use_trivialization=trivial)
        layers.append(layer)
    ours, theirs = layers
    close(ours.weight, theirs.weight)
    ours.load_state_dict({key: cr.tensor(value.detach().numpy()) for key, value in theirs.state_dict().items()})
    for library, layer in ((cr, ours), (torch, theirs)):
        layer(library.tensor(np.ones((2, shape[1])))).pow(3).sum().backward()
    close(ours.weight, theirs.weight)
    close(ours.parametrizations.weight.original.grad, theirs.parametrizations.weight.original.grad)
    square = (ours.weight.T @ ours.weight) if shape[0] >= shape[1] else ours.weight @ ours.weight.T
    close(square, cr.eye(min(shape), dtype=cr.float64))
    if trivial or name == "householder" or (name is None and shape[0] != shape[1]):
        ours.weight, theirs.weight = cr.tensor(-start), torch.tensor(-start)
        close(ours.weight, theirs.weight)
    else:
        with pytest.raises(NotImplementedError):
            ours.weight = cr.tensor(start)


def test_orthogonal_refuses():
    make = nn.utils.parametrizations.orthogonal
    layer = nn.Linear(3, 4)
    expect_error(ValueError, "must be one of", make, layer, "weight", "polar")
    expect_error(ValueError, "a matrix", make, layer, "bias")
    make(layer)
    with pytest.raises(ValueError, match="shape"):
        layer.weight = cr.ones(5, 5)


def test_prefixes_are_taken_off_and_modules_emptied():
    state = nn.Sequential(nn.Linear(1, 1)).state_dict(prefix="module.")
    consume_prefix_in_state_dict_if_present(state, "module.")
    assert [*state] == ["0.weight", "0.bias"] and [*state._metadata] == ["", "0"]
    layer = nn.BatchNorm1d(2)
    weight = layer.weight
    assert layer.to_empty(device="cpu") is layer
    assert layer.weight is weight and layer.running_mean.shape == (2,)
    expect_error(RuntimeError, "cpu", layer.to_empty, device="meta")
