"""chainrule.onnx.export: onnxruntime computes from the file what the model computes."""

import math

import numpy as np
import pytest
from extras import need
from helpers import expect_error

import chainrule as cr
from chainrule import nn

onnx = need("onnx")
runtime = need("onnxruntime")
F = nn.functional


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1, bias=False)
        self.norms = nn.ModuleList([nn.BatchNorm2d(4), nn.BatchNorm2d(4)])
        self.convs = nn.ModuleList([nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 1)])
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        x = self.stem(x)
        for norm, conv in zip(self.norms, self.convs):
            x = x + conv(F.relu(norm(x)))
        return self.head(x.mean((2, 3)))


class Recurrent(nn.Module):
    def __init__(self, kind, **options):
        super().__init__()
        self.table = nn.Embedding(9, 3)
        self.body = getattr(nn, kind)(3, 5, 2, batch_first=True, bidirectional=True, **options)
        self.head = nn.Linear(10, 2)

    def forward(self, x):
        return self.head(self.body(self.table(x))[0][:, -1])


class Language(nn.Module):
    """A small transformer with a causal mask."""

    def __init__(self, norm_first):
        super().__init__()
        self.table, self.place = nn.Embedding(11, 8), nn.Parameter(cr.randn(6, 8))
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, activation="gelu", norm_first=norm_first)
        self.body = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(8, 11)

    def forward(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        return self.head(self.body(self.table(x) + self.place, mask=mask))


class Attention(nn.Module):
    """Attention written by hand."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(8, 24)
        self.register_buffer("mask", cr.ones(5, 5).tril().reshape(1, 1, 5, 5))

    def forward(self, x):
        n, t, c = x.shape
        q, k, v = (part.view(n, t, 2, 4).transpose(1, 2) for part in self.qkv(x).split(c, 2))
        scores = (q @ k.transpose(-2, -1)) / math.sqrt(4)
        scores = scores.masked_fill(self.mask[:, :, :t, :t] == 0, float("-inf"))
        return (scores.softmax(-1) @ v).transpose(1, 2).contiguous().view(n, t, c)


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *args):
        return self.function(*args)


IMAGE, ROWS = (2, 1, 8, 8), (4, 6)
MODELS = {
    "MLP": (lambda: nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 3), nn.Softmax(1)), ROWS),
    "CNN": (
        lambda: nn.Sequential(
            nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True),
            nn.Conv2d(4, 6, 3, padding=1, groups=2), nn.GELU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 3),
        ),
        IMAGE,
    ),
    "residual": (Residual, IMAGE),
    "deconvolution": (
        lambda: nn.Sequential(
            nn.Conv2d(1, 2, 3, stride=2), nn.PReLU(2), nn.AvgPool2d(2, 1), nn.GroupNorm(2, 2),
            nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1, output_padding=1), nn.Tanh(),
        ),
        IMAGE,
    ),
    "LSTM": (lambda: Recurrent("LSTM"), (9, 2, 4)),
    "GRU": (lambda: Recurrent("GRU"), (9, 2, 4)),
    "RNN": (lambda: Recurrent("RNN"), (9, 2, 4)),
    "transformer": (lambda: Language(False), (11, 2, 6)),
    "transformer, norm first": (lambda: Language(True), (11, 2, 6)),
    "attention": (Attention, (2, 5, 8)),
}  # fmt: skip
WORDS = ("LSTM", "GRU", "RNN", "transformer", "transformer, norm first")
FUNCTIONS = {
    "arithmetic": lambda x: (1 - x) * 2 + x / 3 - x**2 + 1 / (x * x + 1) + x.sub(x, alpha=3),
    "gelu by tanh": lambda x: F.gelu(x, approximate="tanh"),
    "activations": lambda x: F.silu(x) + F.leaky_relu(x, 0.2) + F.elu(x) + F.selu(x) + F.softplus(x) + F.mish(x),
    "bounds": lambda x: (
        x.clamp(min=0.0)
        + x.clamp(-0.5, 0.5)
        + x.clamp_min(0.2)
        + x.clamp_max(0.1)
        + x.clamp(min=x.detach().flip(0))
        + F.relu6(x)
        + F.hardswish(x)
        + x.abs().sqrt()
    ),
    "parts": lambda x: cr.cat(
        [x[:, 1:3], x[::2].sum(0, keepdim=True).expand(4, 6), cr.stack([x[:, 0], x[:, 5]], 1)], 1
    ),
    "shapes": lambda x: x[None].transpose(0, 2).squeeze(-1).reshape(2, 12).unsqueeze(1).flatten(),
    "truth": lambda x: (
        cr.stack(
            [
                (x > 0).any(1),
                (x > -1).all(1),
                x.floor().ne(0).any(1),
                x.round().all(1),
                (x.round() != x.floor())[:, 0],
                x.round().logical_xor(x > 0)[:, 1],
                x.logical_and(x.round())[:, 2],
                x.round().logical_not()[:, 3],
            ],
            1,
        ).float()
        + x.any(1, keepdim=True) * x.all()
    ),
    "reductions": lambda x: x.mean() + x.sum(1) + x.max(1)[0] - x.amin(1) + x.max() * x.min(),
    "broadcasting": lambda x: x - x.mean(0) + x[:1] * cr.arange(6.0),
    "comparisons": lambda x: cr.where(x > 0.1, x, -x).masked_fill(x < -1, 9.0),
    "norms": lambda x: F.layer_norm(x, (6,)) + F.log_softmax(x, 1),
    "further reductions": lambda x: (
        x.norm(dim=1) + x.norm(1, dim=1) + x.logsumexp(1) + x.var(1) + x.std(1, unbiased=False) + x.argmax(1),
        x.argmin(0, keepdim=True),
        x.std(),
        F.normalize(x),
        F.cosine_similarity(x, x.exp(), 0),
    ),
    "moved": lambda x: (x.roll(-1, 1) - x.roll((1, 2), (0, 1)), x.flip(0, 1), x.flip(1).cumsum(1), x.roll(7)),
    "padded": lambda x: (F.pad(x, (1, 2, 0, 1), value=1.5), F.pad(x[None], (2, 1), "reflect"), F.pad(x, (-1, 2))),
    "further activations": lambda x: F.logsigmoid(x) + F.hardsigmoid(x) + F.rms_norm(x, (6,), x[0]),
    "logic": lambda x: (((x > 0) & ~(x > 1)) | (x < -1), x.index_select(0, cr.tensor([2, 0]))),
    "arithmetic of truth values": lambda x: (
        ((x > 0) * (x < 1), (x > 0) + (x < -1), (x > 0) * True),
        (cr.maximum(x > 0, x < -1), cr.minimum(x > 0, x < 1)),
    ),
    "sums of whole numbers": lambda x: ((x > 0).sum(1), (x > 0).to(cr.uint8).sum(), x.int().sum(0, keepdim=True)),
    "pooling of one image": lambda x: (
        (F.max_pool1d(x, 2), F.avg_pool1d(x, 3, 2, 1), F.adaptive_avg_pool2d(x[None], 1)),
        (F.max_pool2d(x[None], 3, 2, ceil_mode=True), F.avg_pool2d(x[None], 3, 2, ceil_mode=True)),
    ),
    "empty part": lambda x: x[:, 0:0:2],
    "several": lambda x: (x.exp(), [x.sin(), x]),
    "constant": lambda x: (cr.ones(2, 2) * 3, x),
}


def session_of(file):
    return runtime.InferenceSession(file.SerializeToString(), providers=["CPUExecutionProvider"])


def compare(model, *args):
    file = cr.onnx.export(model, args)
    session = session_of(file)
    given = {value.name: x.detach().numpy() for value, x in zip(session.get_inputs(), args)}
    expected = cr.onnx._tensors(model.eval()(*args))
    for output, value in zip(session.run(None, given), expected, strict=True):
        assert output.dtype == value.detach().numpy().dtype
        np.testing.assert_allclose(output, value.detach().numpy(), rtol=2e-4, atol=2e-6)
    return file


@pytest.mark.parametrize("name", MODELS)
def test_models(name):
    make, shape = MODELS[name]
    model = make()
    x = cr.randint(0, shape[0], shape[1:]) if name in WORDS else cr.randn(shape)
    model(x)  # moves running statistics
    assert model.training
    compare(model, x)
    for module in model.modules():
        module.training = True


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name):
    compare(Function(FUNCTIONS[name]), cr.randn(4, 6))


class Twins(nn.Module):
    """Two parameters, a buffer and an input that may all be equal."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Parameter(cr.ones(6)), nn.Parameter(cr.ones(6))
        self.register_buffer("c", cr.ones(6))

    def forward(self, x):
        return x * self.a + x.exp() * self.b + self.c * 2


def test_equal_values():
    """What a node takes is told by identity: equal parameters stay two, an input equal to a parameter an input."""
    model = Twins()
    file = compare(model, cr.ones(6))
    assert {x.name for x in file.graph.initializer} >= {"a", "b"}
    session = session_of(file)
    x = cr.randn(6)
    np.testing.assert_allclose(session.run(None, {"input": x.numpy()})[0], model(x).detach().numpy(), rtol=1e-5)
    shared = Function(lambda x, y: x * 2 - y)
    assert {name for node in compare(shared, cr.ones(3), cr.ones(3)).graph.node for name in node.input} >= {
        "input",
        "input_1",
    }
    # A parameter given as the example, and given twice.
    compare(model, model.a)
    compare(shared, model.a, model.a)


INDICES = {
    "turned": lambda i: F.embedding(i.t(), cr.arange(27.0).reshape(9, 3)),
    "expanded": lambda i: F.embedding(i[:1].expand(4, 3), cr.arange(27.0).reshape(9, 3)),
    "int32": lambda i: F.embedding(i.int().t(), cr.arange(27.0).reshape(9, 3)),
}


@pytest.mark.parametrize("name", INDICES)
def test_indices(name):
    """Indices that an operation copies into another order still come from the input."""
    compare(Function(INDICES[name]), cr.randint(0, 9, (4, 3)))


def _written(write):
    def run(x):
        y = x * 2
        write(y)
        return y

    return run


INPLACE = {
    "whole": lambda y: y.relu_().add_(1.0).mul_(y),
    "transposed": lambda y: y.t().add_(1.0),
    "row": lambda y: y[0].mul_(3.0),
    "set": lambda y: y.__setitem__(0, 3.0),
    "copied": lambda y: y.copy_(y.exp()),
}


@pytest.mark.parametrize("name", INPLACE)
def test_in_place(name):
    """A tensor that is written in place gives the right numbers, or is refused: never the wrong ones."""
    try:
        compare(Function(_written(INPLACE[name])), cr.randn(4, 6))
    except NotImplementedError as error:
        assert name in ("transposed", "row", "set"), error


def test_input_is_written():
    """The model runs on copies: the example stays, and a model that writes into its input is exported."""
    x = cr.randn(4, 6)
    kept = x.clone()
    for model in (nn.ReLU(inplace=True), lambda x: x.mul_(2).add_(1.0) * x):
        file = cr.onnx.export(model, x, dynamic_axes={"input": [0]})
        assert cr.equal(x, kept)
        output = session_of(file).run(None, {"input": x.numpy()})[0]
        np.testing.assert_allclose(output, model(x.clone()).numpy(), rtol=1e-5)


def test_constants_are_found():
    """A number read from the example is found by a second input, whatever the example's symmetry."""
    x = cr.ones(2, 3)
    for read in (lambda x: float(x.sum()), lambda x: float(x.max()), lambda x: float(np.linalg.norm(x.numpy()))):
        expect_error(RuntimeError, "taken for a constant", cr.onnx.export, lambda x, read=read: x * read(x), x)
    indices = cr.zeros(3, dtype=cr.int64) + 2
    baked = Function(lambda i: F.embedding(i, cr.arange(9.0).reshape(3, 3)) + float(i.sum()))
    expect_error(RuntimeError, "taken for a constant", cr.onnx.export, baked, indices)


def test_names_that_clash():
    """Parameters, inputs and results named like nodes."""

    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.mul, self.input = nn.Parameter(cr.randn(3)), nn.Parameter(cr.randn(3))

        def forward(self, x):
            return x * self.mul * self.input + 1

    x = cr.randn(2, 3)
    compare(Named(), x)
    cr.onnx.export(Named(), x, input_names=["constant"], output_names=["add"])


def test_names_refused():
    x, two = cr.randn(2, 3), Function(lambda a, b: (a + b, a - b))
    for names, error, match in (
        ({"input_names": ["a"]}, ValueError, r"input_names must name 2 tensors, got 1: \['a'\]"),
        ({"output_names": ["a", "b", "c"]}, ValueError, "output_names must name 2 tensors, got 3"),
        ({"input_names": ["a", "a"]}, ValueError, "input_names names 'a', which is named before"),
        ({"input_names": ["a", "b"], "output_names": ["c", "b"]}, ValueError, "output_names names 'b'"),
        ({"input_names": "ab"}, TypeError, "a list of names, got 'ab'"),
    ):
        expect_error(error, match, cr.onnx.export, two, (x, x), **names)


def test_names_and_files(tmp_path):
    """Parameters keep their names; the model's mode stays; the file loads."""
    model = nn.Sequential(nn.Linear(6, 2), nn.Dropout())
    model[1].train()
    path = tmp_path / "model.onnx"
    file = cr.onnx.export(model, cr.ones(1, 6), path, input_names=["x"], output_names=["y"])
    assert model.training and model[1].training
    assert sorted(x.name for x in file.graph.initializer) == ["0.bias", "0.weight"]
    assert [file.graph.input[0].name, file.graph.output[0].name] == ["x", "y"]
    assert onnx.load(path) == file
    two = Function(lambda a, b: a @ b.t())
    assert [x.name for x in compare(two, cr.randn(2, 3), cr.randn(4, 3)).graph.input] == ["input", "input_1"]


def test_unchecked():
    """onnx's reference evaluator has no ReLU in its RNN; onnxruntime has."""
    model, x = Recurrent("RNN", nonlinearity="relu"), cr.randint(0, 9, (2, 4))
    expect_error(RuntimeError, "cannot run the graph .* verify=False leaves it unchecked", cr.onnx.export, model, x)
    file = cr.onnx.export(model, x, verify=False)
    session = session_of(file)
    np.testing.assert_allclose(session.run(None, {"input": x.numpy()})[0], model(x).detach().numpy(), rtol=1e-5)


def test_refused():
    x = cr.randn(2, 3)
    expect_error(
        NotImplementedError, "the operation digamma has no ONNX form", cr.onnx.export, lambda x: x.digamma(), x
    )
    for model, y, kind in (
        (lambda x: (x > 0) < (x < 1), x, "Less"),
        (lambda x: x.relu(), x.to(cr.uint8), "Relu"),
        (lambda x: (x > 0).max(), x, "ReduceMax"),
    ):
        expect_error(NotImplementedError, f"written as {kind} has no ONNX form", cr.onnx.export, model, y)
    other = Function(lambda x: x + float(cr.randn(())))
    expect_error(
        RuntimeError, r"output on the example \(inputs \(2, 3\)\) differs in 6 of 6 numbers, by up to .* is another",
        cr.onnx.export, other, x,
    )  # fmt: skip
    unused = Function(lambda x: (x.digamma(), x * 2)[1])
    compare(unused, x)  # what the result does not need may be anything
    hidden = Function(lambda x: x * float(x.sum()))
    expect_error(RuntimeError, "was taken for a constant", cr.onnx.export, hidden, x)
    expect_error(TypeError, "the example must be tensors, got int", cr.onnx.export, hidden, 3)
    expect_error(TypeError, "must return tensors, got int", cr.onnx.export, lambda x: 3, x)


def test_options_without_effect(tmp_path):
    """PyTorch's options that say how are accepted by name, others are not."""
    model, x = nn.Linear(3, 2), cr.ones(1, 3)
    cr.onnx.export(
        model, x, f=tmp_path / "model.onnx", opset_version=17, export_params=True, dynamo=False, verbose=True
    )
    assert (tmp_path / "model.onnx").exists()
    with pytest.raises(TypeError, match="unexpected keyword argument 'dynamic'"):
        cr.onnx.export(model, x, dynamic=True)
