"""Every module of nn against PyTorch's: outputs, gradients of inputs and parameters, state, repr, over options.

A row is (arguments, inputs): an input is a shape, filled with normal numbers, or an array. Each row runs in train and
in eval mode, on inputs that lie transposed in memory, and, unless NO_EMPTY names it, with a batch of nothing. A module
without a row, and that ELSEWHERE does not name, fails.
"""

import inspect
import pathlib
import re

import numpy as np
import pytest
from helpers import array

import chainrule as cr
from chainrule import nn

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.standard_normal(shape)


def positive(*shape):
    return RNG.uniform(0.1, 0.9, shape)


def labels(high, *shape):
    return RNG.integers(0, high, shape)


SIGNS = np.array([1.0, -1.0, 1.0, -1.0, -1.0])
VECTORS = (5, 6)


def images(axes):
    return (2, 4, *(7, 6, 5)[:axes])


def kw(**options):
    return (), options


ROWS = {}
# Activations: the same on any shape.
for name, options in {
    "CELU": [kw(), kw(alpha=0.5)],
    "ELU": [kw(), kw(alpha=0.5), kw(inplace=True)],
    "GELU": [kw(), kw(approximate="tanh")],
    "GLU": [kw(), kw(dim=1)],
    "Hardshrink": [kw(), kw(lambd=0.2)],
    "Hardsigmoid": [kw()],
    "Hardswish": [kw()],
    "Hardtanh": [kw(), kw(min_val=-0.3, max_val=0.5)],
    "Identity": [kw()],
    "LeakyReLU": [kw(), kw(negative_slope=0.3), kw(inplace=True)],
    "LogSigmoid": [kw()],
    "LogSoftmax": [kw(dim=-1), kw(dim=0)],
    "Mish": [kw()],
    "PReLU": [kw(), kw(num_parameters=6, init=0.4)],
    "RReLU": [kw(), kw(lower=0.1, upper=0.2)],
    "ReLU": [kw(), kw(inplace=True)],
    "ReLU6": [kw()],
    "SELU": [kw()],
    "SiLU": [kw()],
    "Sigmoid": [kw()],
    "Softmax": [kw(dim=-1), kw(dim=0)],
    "Softmin": [kw(dim=-1)],
    "Softplus": [kw(), kw(beta=3, threshold=1)],
    "Softshrink": [kw(), kw(lambd=0.2)],
    "Softsign": [kw()],
    "Tanh": [kw()],
    "Tanhshrink": [kw()],
    "Threshold": [((0.1, 0.7), {})],
    "Dropout": [kw(p=0.3), kw(p=1.0), kw(p=0.0)],
    "AlphaDropout": [kw(p=0.3)],
    "Flatten": [kw(), kw(start_dim=0)],
    "Unflatten": [((1, (2, 3)), {})],
    "LayerNorm": [((6,), {}), ((6,), {"elementwise_affine": False}), ((6,), {"bias": False, "eps": 1e-3})],
    "RMSNorm": [((6,), {}), ((6,), {"elementwise_affine": False, "eps": 1e-3})],
    "Linear": [((6, 3), {}), ((6, 3), {"bias": False})],
    "BatchNorm1d": [((6,), {}), ((6,), {"affine": False}), ((6,), {"momentum": None, "track_running_stats": True})],
    "GroupNorm": [((3, 6), {}), ((2, 6), {"affine": False})],
}.items():
    ROWS[name] = [(option, [VECTORS]) for option in options]

# Layers on images of one, two or three axes.
for axes in (1, 2, 3):
    x = [images(axes)]
    conv = [
        ((4, 6, 3), {}),
        ((4, 6, 2), {"stride": 2, "padding": 1, "bias": False}),
        ((4, 6, 3), {"padding": "same", "dilation": 2}),
        ((4, 8, 3), {"groups": 4, "padding": 1, "padding_mode": "circular"}),
        ((4, 6, 3), {"padding": 1, "padding_mode": "reflect"}),
    ]
    full = [
        ((4, 6, 3), {}),
        ((4, 6, 2), {"stride": 2, "padding": 1, "output_padding": 1, "bias": False}),
        ((4, 8, 3), {"groups": 2, "dilation": 2}),
    ]
    each = {
        "Conv": conv,
        "ConvTranspose": full,
        "MaxPool": [((2,), {}), ((3,), {"stride": 2, "padding": 1}), ((2,), {"dilation": 2, "ceil_mode": True})],
        "AvgPool": [((2,), {}), ((3,), {"stride": 2, "padding": 1, "count_include_pad": False, "ceil_mode": True})],
        "LPPool": [((2, 2), {}), ((3, 3), {"stride": 2})],
        "AdaptiveAvgPool": [((3,), {}), ((1,), {})],
        "AdaptiveMaxPool": [((3,), {}), ((1,), {})],
        "BatchNorm": [((4,), {})],
        "InstanceNorm": [((4,), {}), ((4,), {"affine": True, "track_running_stats": True})],
        "ConstantPad": [((2, 0.7), {}), ((-1, 0.7), {})],
        "ZeroPad": [((2,), {})],
        "ReflectionPad": [((2,), {})],
        "ReplicationPad": [((2,), {})],
        "CircularPad": [((2,), {})],
        "Dropout": [((0.4,), {})],
    }
    for name, options in each.items():
        ROWS.setdefault(f"{name}{axes}d", []).extend([(option, x) for option in options])
ROWS |= {
    "FeatureAlphaDropout": [(((0.4,), {}), [images(2)])],
    "LocalResponseNorm": [(((3,), {}), [images(2)]), (((2,), {"alpha": 0.1, "beta": 0.5, "k": 2.0}), [images(1)])],
    "PixelShuffle": [(((2,), {}), [(2, 8, 3, 2)])],
    "PixelUnshuffle": [(((2,), {}), [(2, 3, 4, 6)])],
    "ChannelShuffle": [(((2,), {}), [images(2)])],
    "Unfold": [(((2,), {}), [images(2)]), (((3,), {"stride": 2, "padding": 1, "dilation": 2}), [images(2)])],
    "Fold": [((((4, 5), 2), {"stride": 1}), [(2, 8, 12)])],
    "Upsample": [
        (kw(scale_factor=2), [images(1)]),
        (kw(size=(9, 4)), [images(2)]),
        (kw(scale_factor=1.5, mode="bilinear", align_corners=False), [images(2)]),
        (kw(scale_factor=2, mode="bicubic"), [images(2)]),
        (kw(scale_factor=2, mode="trilinear", align_corners=True), [images(3)]),
        (kw(scale_factor=2, mode="linear"), [images(1)]),
    ],
    "UpsamplingNearest2d": [(kw(scale_factor=2), [images(2)])],
    "UpsamplingBilinear2d": [(kw(scale_factor=2), [images(2)])],
    "MaxUnpool1d": [(((2,), {}), [(2, 3, 2), np.array([[[0, 3]] * 3] * 2)])],
    "MaxUnpool2d": [(((2,), {}), [(2, 3, 1, 2), np.array([[[[0, 7]]] * 3] * 2)])],
    "MaxUnpool3d": [(((2,), {}), [(2, 3, 1, 1, 2), np.array([[[[[0, 15]]]] * 3] * 2)])],
    "Embedding": [(((7, 3), {}), [labels(7, 4, 5)]), (((7, 3), {"padding_idx": 2, "max_norm": 1.0}), [labels(7, 4)])],
    "EmbeddingBag": [(((7, 3), {"mode": mode}), [labels(7, 4, 5)]) for mode in ("sum", "mean", "max")],
    "Bilinear": [(((3, 4, 2), {}), [(5, 3), (5, 4)]), (((3, 4, 2), {"bias": False}), [(2, 5, 3), (2, 5, 4)])],
    "CosineSimilarity": [(kw(), [VECTORS, VECTORS]), (kw(dim=0, eps=0.1), [VECTORS, VECTORS])],
    "PairwiseDistance": [(kw(), [VECTORS, VECTORS]), (kw(p=1.0, keepdim=True), [VECTORS, VECTORS])],
    "FractionalMaxPool2d": [(((2,), {"output_ratio": 0.6}), [images(2)]), (((3,), {"output_size": 3}), [images(2)])],
    "Softmax2d": [(kw(), [images(2)])],
    "FractionalMaxPool3d": [(((2,), {"output_size": 2}), [images(3)])],
}
# Losses, with each reduction.
LOSSES = {
    "L1Loss": [({}, [VECTORS, normal(5, 6)])],
    "MSELoss": [({}, [VECTORS, normal(5, 6)])],
    "SmoothL1Loss": [({}, [VECTORS, normal(5, 6)]), ({"beta": 0.3}, [VECTORS, normal(5, 6)])],
    "HuberLoss": [({}, [VECTORS, normal(5, 6)]), ({"delta": 0.3}, [VECTORS, normal(5, 6)])],
    "BCELoss": [({}, [positive(5, 6), positive(5, 6)]), ({"weight": positive(6)}, [positive(5, 6), positive(5, 6)])],
    "BCEWithLogitsLoss": [
        ({}, [VECTORS, positive(5, 6)]),
        ({"weight": positive(6), "pos_weight": positive(6)}, [VECTORS, positive(5, 6)]),
    ],
    "CrossEntropyLoss": [
        ({}, [VECTORS, labels(6, 5)]),
        ({"weight": positive(6), "label_smoothing": 0.1}, [VECTORS, labels(6, 5)]),
        ({"ignore_index": 2}, [(2, 6, 3), labels(6, 2, 3)]),
        ({}, [VECTORS, positive(5, 6)]),
    ],
    "NLLLoss": [
        ({}, [VECTORS, labels(6, 5)]),
        ({"weight": positive(6), "ignore_index": 1}, [(2, 6, 3), labels(6, 2, 3)]),
    ],
    "KLDivLoss": [({}, [VECTORS, positive(5, 6)]), ({"log_target": True}, [VECTORS, normal(5, 6)])],
    "PoissonNLLLoss": [({}, [VECTORS, positive(5, 6)]), ({"log_input": False, "full": True}, [positive(5, 6)] * 2)],
    "GaussianNLLLoss": [({"full": True}, [VECTORS, normal(5, 6), positive(5, 6)])],
    "HingeEmbeddingLoss": [({"margin": 0.5}, [(5,), SIGNS])],
    "SoftMarginLoss": [({}, [(5,), SIGNS])],
    "MarginRankingLoss": [({"margin": 0.3}, [(5,), (5,), SIGNS])],
    "CosineEmbeddingLoss": [({"margin": 0.1}, [VECTORS, VECTORS, SIGNS])],
    "TripletMarginLoss": [({}, [VECTORS] * 3), ({"p": 1, "swap": True, "margin": 0.5}, [VECTORS] * 3)],
    "TripletMarginWithDistanceLoss": [({}, [VECTORS] * 3)],
    "MultiMarginLoss": [({"p": 2}, [VECTORS, labels(6, 5)]), ({"weight": positive(6)}, [VECTORS, labels(6, 5)])],
    "MultiLabelMarginLoss": [({}, [(4, 6), np.array([[3, 0, -1, 1, 2, 2]] * 4)])],
    "MultiLabelSoftMarginLoss": [({"weight": positive(6)}, [VECTORS, labels(2, 5, 6).astype(float)])],
}
for name, rows in LOSSES.items():
    ROWS[name] = [(kw(reduction=r, **o), inputs) for o, inputs in rows for r in ("mean", "sum", "none")]

# Modules with tests of their own, or that hold others.
ELSEWHERE = {
    "test_nn.py": "Module Parameter Buffer Sequential ModuleList ModuleDict ParameterList ParameterDict",
    "test_recurrent.py": "RNN LSTM GRU RNNBase RNNCell LSTMCell GRUCell RNNCellBase",
    "test_import_swap.py": "DataParallel",
    "test_nn_more.py": "CTCLoss AdaptiveLogSoftmaxWithLoss NLLLoss2d LinearCrossEntropyLoss "
    "LinearCrossEntropyOptions SyncBatchNorm",
    "test_nn_utils.py": "UninitializedParameter UninitializedBuffer LazyLinear "
    + " ".join(
        f"Lazy{kind}{axes}d" for kind in ("Conv", "ConvTranspose", "BatchNorm", "InstanceNorm") for axes in (1, 2, 3)
    ),
    "test_attention.py": "MultiheadAttention Transformer TransformerEncoder TransformerDecoder "
    "TransformerEncoderLayer TransformerDecoderLayer",
}
# Rows where a batch of nothing means nothing, or where PyTorch refuses it.
NO_EMPTY = {
    "RReLU", "Softmax", "LogSoftmax", "GLU", "Fold", "Unfold", "MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d", "Flatten",
    "Bilinear", "MultiLabelMarginLoss", "MultiMarginLoss", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d",
    "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "CircularPad1d", "CircularPad2d", "CircularPad3d",
    "PixelShuffle", "PixelUnshuffle",
}  # fmt: skip
LOOSE = {"Hardsigmoid": 1e-7}  # PyTorch takes 1/6 in float32
CONSTANT = {"SoftMarginLoss"}  # no gradient by the target
CASES = [(name, *row) for name in ROWS for row in ROWS[name]]
each_case = pytest.mark.parametrize("name, option, inputs", CASES, ids=[f"{c[0]}-{c[1]}"[:70] for c in CASES])


def test_every_module_has_a_row():
    modules = {name for name, kind in vars(nn).items() if inspect.isclass(kind) and name[0].isupper()}
    assert modules == set(ROWS) | set(" ".join(ELSEWHERE.values()).split())


def test_what_is_elsewhere_is_there():
    for file, names in ELSEWHERE.items():
        text = (pathlib.Path(__file__).parent / file).read_text()
        words = [name.removeprefix("Lazy") for name in names.split()]  # a table there has the lazy ones without it
        missing = [word for word in words if not re.search(rf"\b{word}\b", text)]
        assert not missing, f"{file} does not test {missing}"


def values(inputs, seed=1):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(x) if isinstance(x, tuple) else x for x in inputs]


def as_tensor(lib, x):
    return lib.tensor(x) if isinstance(x, np.ndarray) else x


def make(lib, name, option):
    args, options = option
    lib.manual_seed(7)
    module = getattr(lib.nn, name)(*args, **{key: as_tensor(lib, value) for key, value in options.items()})
    return module.to(lib.float64)


def run(lib, module, data, turned=False, constants=0):
    """Output, and gradients of a weighted sum of it with respect to floating inputs and parameters."""
    leaves, inputs = [], []
    for i, x in enumerate(data):
        leaf = lib.tensor(np.ascontiguousarray(x.T) if turned else x)
        if x.dtype.kind == "f" and i < len(data) - constants:
            leaves.append(leaf.requires_grad_())
        # An operation in between: a module that works in place must not meet a leaf.
        inputs.append(
            (leaf * 1 if x.dtype.kind == "f" else leaf).permute(tuple(reversed(range(x.ndim)))) if turned else leaf * 1
        )
    lib.manual_seed(3)
    out = module(*inputs)
    leaves += list(module.parameters())
    weights = lib.tensor(np.random.default_rng(5).uniform(-1, 1, tuple(out.shape)))
    grads = lib.autograd.grad((out * weights).sum(), leaves, allow_unused=True) if out.requires_grad else []
    return [array(out), *[None if g is None else array(g) for g in grads]]


def compare(ours, theirs, rtol=1e-8):
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        if a is None or b is None:
            assert not np.any(a) and not np.any(b)  # None or zeros
            continue
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-10)


def both(name, option, torch):
    ours, theirs = make(cr, name, option), make(torch, name, option)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for a, b in zip(ours.state_dict().values(), theirs.state_dict().values()):
        np.testing.assert_allclose(array(a), array(b), rtol=2e-6, atol=1e-7)  # the same initial weights
    ours.load_state_dict({key: cr.tensor(value.numpy()) for key, value in theirs.state_dict().items()})
    return ours, theirs


@pytest.mark.filterwarnings("ignore")  # PyTorch's advice
@each_case
def test_module(name, option, inputs, torch):
    ours, theirs = both(name, option, torch)
    data, rtol = values(inputs), LOOSE.get(name, 1e-8)
    constants = int(name in CONSTANT)
    for training in (True, False):
        ours.train(training), theirs.train(training)
        for turned in (False, True):
            pair = [run(lib, module, data, turned, constants) for lib, module in ((cr, ours), (torch, theirs))]
            compare(*pair, rtol)
    for a, b in zip(ours.state_dict().values(), theirs.state_dict().values()):  # running statistics
        np.testing.assert_allclose(array(a), array(b), rtol=1e-9, atol=1e-12)
    if name not in NO_EMPTY:
        nothing = [x[:0] for x in data]
        compare(run(cr, ours, nothing, False, constants), run(torch, theirs, nothing, False, constants))


@pytest.mark.filterwarnings("ignore")
@each_case
def test_wrong_inputs(name, option, inputs, torch):
    """Where PyTorch raises, so do we, and nothing has changed: one axis more, an axis of another size, text."""
    ours, theirs = both(name, option, torch)
    data = values(inputs)
    before = {key: array(value).copy() for key, value in ours.state_dict().items()}
    wrong = [
        [x.reshape(1, 1, 1, *x.shape) for x in data],
        [np.concatenate([x, x], -1)[..., :-1] for x in data[:1]] + data[1:],
    ]
    if len(data) > 1:
        wrong.append([*data[:-1], data[-1][:1].repeat(3, 0)])
    for bad in wrong:
        refused = error_of(torch, theirs, bad)
        if refused is None or "multi-target not supported" in str(refused):  # more axes than PyTorch takes
            continue
        error = error_of(cr, ours, bad)
        assert error is not None, f"accepted shapes {[x.shape for x in bad]}; PyTorch: {refused}"
        assert isinstance(error, (ValueError, IndexError, TypeError, RuntimeError)), repr(error)
        assert str(error)
    if name != "Identity":
        with pytest.raises((TypeError, AttributeError)):
            ours(*["text"] * len(data))
    for key, value in ours.state_dict().items():
        np.testing.assert_array_equal(array(value), before[key], err_msg=key)


def error_of(lib, module, data):
    try:
        module(*[lib.tensor(x) for x in data])
    except Exception as error:
        return error
    return None


def test_own_getattr_is_asked(torch):
    """A class with a __getattr__ of its own sees each look-up of a parameter, buffer or child."""
    seen = {}
    for lib in (cr, torch):
        asked = seen[lib.__name__] = []

        class Watched(lib.nn.Linear):
            def __getattr__(self, name, asked=asked):
                if name in ("weight", "scale", "inner"):
                    asked.append(name)
                return super().__getattr__(name)

        layer = Watched(2, 3)
        layer.register_buffer("scale", lib.ones(3))
        layer.inner = lib.nn.ReLU()
        asked.clear()
        layer.scale = lib.zeros(3)
        assert sorted(layer.state_dict()) == ["bias", "scale", "weight"]
        asked.clear()
        assert [getattr(layer, name) for name in ("weight", "scale", "inner")]
        assert asked == ["weight", "scale", "inner"]
        assert layer(lib.ones(1, 2)).shape == (1, 3)
        assert float(layer.scale.sum()) == 0 and float(layer.state_dict()["scale"].sum()) == 0
