"""Layers, losses and functions of chainrule.nn against PyTorch's."""

import importlib
import warnings

import numpy as np
import pytest
from helpers import array, close, expect_error, same

import chainrule as cr
from chainrule import nn


@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4), (0, 4)])
def test_linear(shape, torch):
    ours, theirs = nn.Linear(4, 2), torch.nn.Linear(4, 2)
    theirs.load_state_dict({k: torch.tensor(array(v)) for k, v in ours.state_dict().items()})
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    a, b = cr.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    for out in (ours(a), theirs(b)):
        (out * out).sum().backward()
    close(a.grad, b.grad, "float32")
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        close(p.grad, q.grad, "float32")


def test_activations_and_flatten(torch):
    x = np.random.default_rng(0).standard_normal((2, 3, 4)).astype(np.float32)
    for name in ("ReLU", "Sigmoid", "Tanh", "Flatten"):
        close(getattr(nn, name)()(cr.tensor(x)), getattr(torch.nn, name)()(torch.tensor(x)), "float32")
    assert nn.Flatten(0)(cr.tensor(x)).shape == (24,) and nn.Flatten(1, 1)(cr.tensor(x)).shape == (2, 3, 4)
    t = cr.tensor(x)
    assert nn.ReLU(inplace=True)(t) is t and t.amin((0, 1, 2)).item() == 0.0


def test_losses(torch):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((5, 3)).astype(np.float32), rng.integers(0, 3, 5)
    for reduction in ("mean", "sum", "none"):
        ours = nn.CrossEntropyLoss(weight=cr.tensor([1.0, 2.0, 3.0]), reduction=reduction, label_smoothing=0.1)
        theirs = torch.nn.CrossEntropyLoss(
            weight=torch.tensor([1.0, 2.0, 3.0]), reduction=reduction, label_smoothing=0.1
        )
        close(ours(cr.tensor(x), cr.tensor(y)), theirs(torch.tensor(x), torch.tensor(y)), "float32")
        close(
            nn.MSELoss(reduction=reduction)(cr.tensor(x), cr.tensor(x * 2)),
            torch.nn.MSELoss(reduction=reduction)(torch.tensor(x), torch.tensor(x * 2)),
            "float32",
        )


def test_wrong_names_and_values_of_a_module_s_parts():
    layer = nn.Linear(2, 2)
    expect_error(TypeError, "Linear: the name of a buffer must be a str, got int", layer.register_buffer, 3, None)
    expect_error(KeyError, "Linear: the name of a module must hold no dot.*'a.b'", layer.add_module, "a.b", None)
    expect_error(KeyError, "Linear: the name of a parameter must not be empty", layer.register_parameter, "", None)
    expect_error(KeyError, "Linear has an attribute 'bias' already", layer.register_buffer, "bias", None)
    expect_error(TypeError, "parameter 'a' must be a Parameter or None", layer.register_parameter, "a", cr.ones(2))
    expect_error(TypeError, "buffer 'a' must be a tensor or None, got int", layer.register_buffer, "a", 3)
    expect_error(TypeError, "module 'a' must be a Module or None, got int", layer.add_module, "a", 3)
    expect_error(TypeError, "parameter 'bias' must be a Parameter or None, got int", setattr, layer, "bias", 3)
    expect_error(ValueError, "Linear.train: mode must be True or False, got 1", layer.train, 1)
    expect_error(ValueError, r"Softmax2d: input must be .* got shape \(2,\)", nn.Softmax2d(), cr.ones(2))
    expect_error(
        ValueError,
        "TripletMarginWithDistanceLoss: .* above 0, got 0",
        lambda: nn.TripletMarginWithDistanceLoss(margin=0),
    )

    class Early(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(2, 2)

    expect_error(AttributeError, r"Early: call super\(\).__init__\(\) before you assign a module", Early)


def test_wrong_input_names_the_layer_shapes():
    error = expect_error(ValueError, r"linear: .*got \(2, 3\)", nn.Linear(4, 5), cr.ones(2, 3))
    assert "(5, 4)" in str(error)


@pytest.mark.parametrize("bad", [(-1, 2), (2, -1)])
def test_bad_layer_sizes(bad):
    expect_error((ValueError, RuntimeError), "-1", nn.Linear, *bad)


def test_empty_batch_trains():
    net = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))
    loss = nn.CrossEntropyLoss()(net(cr.zeros(0, 4)), cr.zeros(0, dtype=cr.int64))
    assert loss.item() != loss.item()
    net(cr.zeros(0, 4)).sum().backward()
    assert all((array(p.grad) == 0).all() for p in net.parameters())


def test_xor_is_learned():
    cr.manual_seed(1)
    x, y = cr.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]]), cr.tensor([[0.0], [1], [1], [0]])
    net = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
    opt = cr.optim.Adam(net.parameters(), lr=0.05)
    for _ in range(300):
        opt.zero_grad()
        loss = nn.MSELoss()(net(x), y)
        loss.backward()
        opt.step()
    assert loss.item() < 1e-2


# Functional


def test_functional_is_the_core():
    core = importlib.import_module("chainrule._core")._nn
    missing = [
        name for name in vars(core) if name[0] != "_" and getattr(nn.functional, name, None) is not getattr(core, name)
    ]
    assert not missing, f"nn/functional.py must hand on {missing}"


@pytest.mark.parametrize(
    ("name", "shapes", "options"),
    [
        ("layer_norm", [(4, 6), (6,), (6,)], {"normalized_shape": (6,)}),
        ("layer_norm", [(4, 2, 3)], {"normalized_shape": (2, 3)}),
        ("rms_norm", [(4, 6), (6,)], {"normalized_shape": (6,)}),
        ("normalize", [(4, 6)], {}),
        ("normalize", [(4, 6)], {"p": 3.0, "dim": 0}),
        ("normalize", [(4, 6)], {"p": float("inf")}),
        ("cosine_similarity", [(4, 6), (4, 6)], {}),
        ("pairwise_distance", [(4, 6), (4, 6)], {}),
        ("pairwise_distance", [(4, 6), (4, 6)], {"p": 1.0, "keepdim": True}),
    ],
)
def test_functions_made_of_operations(name, shapes, options, torch):
    rng = np.random.default_rng(0)
    data = [rng.standard_normal(shape) for shape in shapes]

    def run(lib):
        inputs = [lib.tensor(values, requires_grad=True) for values in data]
        names = ["weight", "bias"] if "norm" in name and name != "normalize" else []
        extra = dict(zip(names, inputs[1:])) if names else {}
        first = inputs[:1] if names else inputs
        result = getattr(lib.nn.functional, name)(*first, **options, **extra)
        (result * result).sum().backward()
        return [result, *(x.grad for x in inputs)]

    for a, b in zip(run(cr), run(torch), strict=True):
        np.testing.assert_allclose(array(a), b.detach().numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("training", [True, False])
def test_batch_norm(training, torch):
    values = np.random.default_rng(0).standard_normal((5, 3, 4)).astype("float32")

    def run(lib):
        layer = lib.nn.BatchNorm1d(3)
        layer.train(training)
        x = lib.tensor(values, requires_grad=True)
        y = layer(x)
        (y * y * y).sum().backward()
        return [y, x.grad, layer.weight.grad, layer.bias.grad, layer.running_mean, layer.running_var]

    for a, b in zip(run(cr), run(torch), strict=True):
        np.testing.assert_allclose(array(a), b.detach().numpy(), rtol=1e-4, atol=1e-5)


NORMS = [
    ("GroupNorm", (2, 4), {}, (3, 4, 5)),
    ("GroupNorm", (4, 4), {"affine": False, "eps": 1e-3}, (3, 4)),
    ("GroupNorm", (1, 4), {"bias": False}, (3, 4, 2, 2)),
    ("InstanceNorm1d", (4,), {}, (3, 4, 5)),
    ("InstanceNorm1d", (4,), {"affine": True}, (4, 5)),
    ("InstanceNorm2d", (4,), {"affine": True, "track_running_stats": True, "momentum": 0.3}, (3, 4, 2, 3)),
    ("InstanceNorm3d", (4,), {"affine": True, "bias": False}, (2, 4, 2, 3, 2)),
]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name, args, options, shape", NORMS)
def test_group_and_instance_norm(name, args, options, shape, training, torch):
    values = np.random.default_rng(0).standard_normal(shape).astype("float32")

    def run(lib):
        layer = getattr(lib.nn, name)(*args, **options)
        for i, p in enumerate(layer.parameters()):
            p.data.copy_(lib.arange(p.numel()) / 3 - i)
        layer(lib.tensor(values) * 2 + 1)  # moves running statistics
        layer.train(training)
        x = lib.tensor(values, requires_grad=True)
        y = layer(x)
        (y * y * y).sum().backward()
        state = layer.state_dict()
        return repr(layer), list(state), [y, x.grad, *(p.grad for p in layer.parameters()), *state.values()]

    ours, theirs = run(cr), run(torch)
    assert ours[:2] == theirs[:2]
    for a, b in zip(ours[2], theirs[2], strict=True):
        np.testing.assert_allclose(array(a), b.detach().numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("inplace", [False, True])
def test_rrelu_draws_as_pytorch(inplace, torch):
    values = np.random.default_rng(0).standard_normal((4, 9))

    def run(lib, dtype, training):
        lib.manual_seed(3)
        layer = lib.nn.RReLU(0.1, 0.7, inplace=inplace).train(training)
        x = lib.tensor(values, dtype=dtype, requires_grad=True)
        y = layer(x * 1)
        y.sum().backward()
        return repr(layer), y, x.grad

    for dtype in ("float32", "float64"):
        for training in (True, False):
            ours, theirs = (run(lib, getattr(lib, dtype), training) for lib in (cr, torch))
            assert ours[0] == theirs[0]
            for a, b in zip(ours[1:], theirs[1:], strict=True):
                np.testing.assert_allclose(array(a), b.detach().numpy(), rtol=1e-6)


@pytest.mark.filterwarnings("ignore:reduction")  # PyTorch's advice on "mean"
@pytest.mark.parametrize("reduction", ["mean", "sum", "none", "batchmean"])
@pytest.mark.parametrize("log_target", [False, True])
def test_kl_div(reduction, log_target, torch):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((4, 3)), rng.random((4, 3))
    ours, theirs = (
        lib.nn.functional.kl_div(lib.tensor(x), lib.tensor(y), reduction=reduction, log_target=log_target)
        for lib in (cr, torch)
    )
    np.testing.assert_allclose(array(ours), theirs.numpy(), rtol=1e-12)


def test_softmax_without_dim(torch):
    for name in ("softmax", "log_softmax", "softmin"):
        for shape in ((3,), (2, 3), (2, 3, 4)):
            x = np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)
            with pytest.warns(UserWarning, match=f"Implicit dimension choice for {name}"):
                got = getattr(nn.functional, name)(cr.tensor(x))
            with pytest.warns(UserWarning):
                close(got, getattr(torch.nn.functional, name)(torch.tensor(x)), "float32")
    for call in (cr.ones(2).softmax, cr.ones(2).log_softmax, lambda: cr.softmax(cr.ones(2), None)):
        expect_error(TypeError, "softmax: expected .*int dim", call)


SCORES, OTHERS, THIRD = (np.sin(np.arange(24, dtype=np.float32) * k).reshape(4, 6) for k in (1.0, 1.7, 2.3))
SIDES = np.array([1, -1, 1, -1], np.float32)


@pytest.mark.parametrize(
    ("name", "inputs", "options"),
    [
        ("TripletMarginLoss", (SCORES, OTHERS, THIRD), {"swap": True}),
        ("SoftMarginLoss", (SCORES[:, 0], SIDES), {}),
        ("PoissonNLLLoss", (SCORES, abs(OTHERS)), {"full": True}),
        ("GaussianNLLLoss", (SCORES, OTHERS, abs(THIRD) + 0.1), {"full": True}),
        ("MarginRankingLoss", (SCORES[:, 0], OTHERS[:, 0], SIDES), {"margin": 0.3}),
        ("HingeEmbeddingLoss", (SCORES[:, 0], SIDES), {"margin": 0.5}),
        ("MultiMarginLoss", (SCORES, np.array([0, 3, 2, 5])), {"p": 2}),
        ("MultiLabelMarginLoss", (SCORES, np.array([[3, 0, -1, 1, 2, 2]] * 4)), {}),
        ("MultiLabelSoftMarginLoss", (SCORES, (OTHERS > 0).astype(np.float32)), {}),
        ("CosineEmbeddingLoss", (SCORES, OTHERS, SIDES), {"margin": 0.1}),
        ("KLDivLoss", (SCORES, abs(OTHERS)), {"reduction": "batchmean"}),
        ("CosineSimilarity", (SCORES, OTHERS), {}),
        ("PairwiseDistance", (SCORES, OTHERS), {"keepdim": True}),
    ],
)
def test_losses_and_distances_equal_pytorch(name, inputs, options, torch):
    got = getattr(nn, name)(**options)(*[cr.tensor(x) for x in inputs])
    want = getattr(torch.nn, name)(**options)(*[torch.tensor(x) for x in inputs])
    close(got, want, "float32", tol=4)


@pytest.mark.parametrize("name", ["Dropout3d", "AlphaDropout", "FeatureAlphaDropout"])
def test_dropout_modules_draw_as_pytorch(name, torch):
    x = np.sin(np.arange(48, dtype=np.float32)).reshape(2, 3, 2, 2, 2)
    cr.manual_seed(5)
    torch.manual_seed(5)
    close(getattr(nn, name)(0.4)(cr.tensor(x)), getattr(torch.nn, name)(0.4)(torch.tensor(x)), "float32")
    same(getattr(nn, name)(0.4).eval()(cr.tensor(x)), cr.tensor(x))


@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 4), (2, 3, 2, 2, 2)])
@pytest.mark.parametrize("name", ["dropout2d", "dropout3d"])
def test_feature_dropout_of_other_shapes(torch, name, shape):
    """PyTorch warns and drops by (sample, channel); programs of today do that."""
    values = []
    for module in (cr, torch):
        module.manual_seed(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values.append(getattr(module.nn.functional, name)(module.ones(shape), 0.5).tolist())
    assert values[0] == values[1]
    with pytest.raises(ValueError, match=f"{name}: the input has too few axes"):
        getattr(cr.nn.functional, name)(cr.ones(3).sum() if name == "dropout3d" else cr.ones(3))
