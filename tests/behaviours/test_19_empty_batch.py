"""Behaviour 19: a batch of 0 passes through every layer and loss: right shapes, zero gradients, mean loss NaN."""

import inspect
import math

import pytest
from helpers import trained_by

import chainrule as cr
from chainrule import nn, optim

SPACE = {"1d": (8,), "2d": (8, 8), "3d": (4, 4, 4)}


def layers():
    """name -> (arguments, options, shape of the input behind the batch axis)."""
    table = {
        "Linear": ((4, 3), {}, (4,)),
        "Identity": ((), {}, (4,)),
        "Flatten": ((), {}, (3, 4)),
        "Unflatten": ((1, (2, 2)), {}, (4,)),
        "LayerNorm": ((4,), {}, (4,)),
        "RMSNorm": ((4,), {}, (4,)),
        "GroupNorm": ((2, 4), {}, (4, 3)),
        "LocalResponseNorm": ((2,), {}, (4, 3)),
        "GLU": ((), {}, (4,)),
        "PReLU": ((), {}, (4,)),
        "Threshold": ((0.1, 2.0), {}, (4,)),
        "ChannelShuffle": ((2,), {}, (4, 2, 2)),
        "PixelShuffle": ((2,), {}, (4, 2, 2)),
        "PixelUnshuffle": ((2,), {}, (1, 4, 4)),
        "Unfold": ((2,), {}, (2, 4, 4)),
        "Upsample": ((), {"scale_factor": 2}, (2, 4, 4)),
    }
    plain = "Tanh Sigmoid ReLU ReLU6 ELU SELU CELU GELU SiLU Mish Softplus Softsign Tanhshrink LogSigmoid LeakyReLU"
    plain += " Hardshrink Hardsigmoid Hardswish Hardtanh Softshrink Dropout AlphaDropout"
    table.update({name: ((), {}, (4,)) for name in plain.split()})
    table.update({name: ((1,), {}, (4,)) for name in ("Softmax", "LogSoftmax", "Softmin")})
    for d, space in SPACE.items():
        table[f"Dropout{d}"] = (), {}, (4, *space)
        table[f"BatchNorm{d}"] = (4,), {}, (4, *space)
        table[f"InstanceNorm{d}"] = (4,), {}, (4, *space)
        table[f"Conv{d}"] = (4, 3, 2), {}, (4, *space)
        table[f"ConvTranspose{d}"] = (4, 3, 2), {}, (4, *space)
        for kind in ("MaxPool", "AvgPool"):
            table[f"{kind}{d}"] = (2,), {}, (4, *space)
        for kind in ("AdaptiveAvgPool", "AdaptiveMaxPool"):
            table[f"{kind}{d}"] = (2,), {}, (4, *space)
        for kind in ("ConstantPad", "ZeroPad", "ReflectionPad", "ReplicationPad", "CircularPad"):
            table[f"{kind}{d}"] = ((1, 0.5) if kind == "ConstantPad" else (1,)), {}, (4, *space)
    return {name: row for name, row in table.items() if hasattr(nn, name)}


LAYERS = layers()


@pytest.mark.parametrize("name", LAYERS)
def test_19_layer(name):
    args, options, shape = LAYERS[name]
    layer = getattr(nn, name)(*args, **options)
    before = {key: value.clone() for key, value in layer.state_dict().items()}
    whole = getattr(nn, name)(*args, **options)(cr.randn(2, *shape))
    x = cr.empty(0, *shape, requires_grad=True)
    y = layer(x)
    assert tuple(y.shape) == (0, *whole.shape[1:])
    y.sum().backward()
    assert tuple(x.grad.shape) == (0, *shape)
    for parameter in layer.parameters():
        assert parameter.grad.shape == parameter.shape and not parameter.grad.any()
    for key, value in layer.state_dict().items():  # running statistics stay, and stay finite
        if "num_batches" not in key:
            assert cr.equal(value, before[key]), key
    if list(layer.parameters()):
        optim.SGD(layer.parameters(), lr=0.1, momentum=0.9).step()
    for key, value in layer.named_parameters():
        assert cr.equal(value, before[key])


def test_19_embedding():
    layer = nn.Embedding(5, 3)
    y = layer(cr.empty(0, dtype=cr.int64))
    assert tuple(y.shape) == (0, 3)
    y.sum().backward()
    assert not layer.weight.grad.any()


LOSSES = {
    "MSELoss": lambda: (cr.empty(0, 3),),
    "L1Loss": lambda: (cr.empty(0, 3),),
    "SmoothL1Loss": lambda: (cr.empty(0, 3),),
    "HuberLoss": lambda: (cr.empty(0, 3),),
    "BCELoss": lambda: (cr.empty(0, 3),),
    "BCEWithLogitsLoss": lambda: (cr.empty(0, 3),),
    "KLDivLoss": lambda: (cr.empty(0, 3),),
    "SoftMarginLoss": lambda: (cr.empty(0, 3),),
    "PoissonNLLLoss": lambda: (cr.empty(0, 3),),
    "HingeEmbeddingLoss": lambda: (cr.empty(0, 3),),
    "GaussianNLLLoss": lambda: (cr.empty(0, 3), cr.empty(0, 3)),
    "MultiLabelSoftMarginLoss": lambda: (cr.empty(0, 3),),
    "CrossEntropyLoss": lambda: (cr.empty(0, dtype=cr.int64),),
    "NLLLoss": lambda: (cr.empty(0, dtype=cr.int64),),
}


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("name", [name for name in LOSSES if hasattr(nn, name)])
def test_19_loss(name, reduction):
    """The mean of nothing is NaN, its sum 0; both have a gradient without elements."""
    x = cr.empty(0, 3, requires_grad=True)
    loss = getattr(nn, name)(reduction=reduction)(x, *LOSSES[name]())
    if reduction == "none":
        assert loss.numel() == 0
        loss.sum().backward()
    else:
        assert math.isnan(loss.item()) if reduction == "mean" else loss.item() == 0.0
        loss.backward()
    assert tuple(x.grad.shape) == (0, 3)


OPTIMIZERS = [
    name
    for name in sorted(vars(optim))
    if inspect.isclass(getattr(optim, name))
    and issubclass(getattr(optim, name), optim.Optimizer)
    and name != "Optimizer"
]


@pytest.mark.parametrize("name", [n for n in OPTIMIZERS if n != "LBFGS"])
def test_19_training_step(name):
    """A step on an empty batch leaves the network as it was (its gradient is zero), and the next one works."""
    net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
    opt = getattr(optim, name)(trained_by(name, net.parameters()), lr=0.1)
    before = [p.detach().clone() for p in net.parameters()]
    decays = any(opt.defaults.get(decay) for decay in ("weight_decay", "lambd"))
    loss = nn.CrossEntropyLoss(reduction="sum")(net(cr.empty(0, 4)), cr.empty(0, dtype=cr.int64))
    loss.backward()
    opt.step()
    assert loss.item() == 0.0
    if not decays:
        assert all(cr.equal(p, old) for p, old in zip(net.parameters(), before, strict=True))
    assert net[1].running_mean.isfinite().all() and net[1].running_var.isfinite().all()
    opt.zero_grad()
    nn.CrossEntropyLoss()(net(cr.randn(3, 4)), cr.tensor([0, 1, 1])).backward()
    opt.step()
    assert all(p.isfinite().all() for p in net.parameters())
