"""chainrule.onnx.export with free sizes: one file is right for batches and lengths of every size."""

import importlib

import numpy as np
import pytest
from helpers import expect_error
from test_onnx import MODELS, WORDS, F, Function, session_of

import chainrule as cr
from chainrule import nn


def compare_sizes(model, examples, axes):
    """Written for one example, right for the others."""
    file = cr.onnx.export(model, examples[0], dynamic_axes=axes)
    session = session_of(file)
    for args in examples:
        given = {value.name: x.numpy() for value, x in zip(session.get_inputs(), args)}
        expected = cr.onnx._tensors(model(*args))
        for output, value in zip(session.run(None, given), expected, strict=True):
            np.testing.assert_allclose(output, value.detach().numpy(), rtol=2e-4, atol=2e-6)
    return file


class Stateful(nn.Module):
    """A function of a recurrent module and the input."""

    def __init__(self, module, function):
        super().__init__()
        self.module, self.function = module, function

    def forward(self, x):
        return self.function(self.module, x)


def _twice(module, x):
    """A state that goes on from one sequence to the next."""
    _, state = module(x)
    return module(x * 2, state)


def _steps(module, x):
    state = None
    for row in x:
        state = module(row, state)
    return state


STATES = {
    "state": (lambda: nn.LSTM(4, 5, 2, bidirectional=True), lambda module, x: module(x)[1]),
    "cells": (lambda: nn.LSTM(4, 5), lambda module, x: module(x)[1][1]),
    "LSTM twice": (lambda: nn.LSTM(4, 5, bidirectional=True), _twice),
    "GRU twice": (lambda: nn.GRU(4, 5), _twice),
    "LSTMCell": (lambda: nn.LSTMCell(4, 5), _steps),
    "GRUCell": (lambda: nn.GRUCell(4, 5), _steps),
    "RNNCell": (lambda: nn.RNNCell(4, 5), _steps),
}


@pytest.mark.parametrize("name", STATES)
def test_states_of_recurrent_layers(name):
    """Last states, of layers and of cells, as results and handed on; the batch stays free."""
    make, function = STATES[name]
    examples = [(cr.randn(7, n, 4),) for n in (3, 1, 6)]
    compare_sizes(Stateful(make(), function), examples, {"input": {1: "batch"}})


def dims(value):
    return [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("example", [1, 2])
def test_free_batch(name, example):
    """Each model at batch sizes that it was not written at."""
    make, shape = MODELS[name]
    model = make().eval()

    def batch(n):
        if name in WORDS:
            return (cr.randint(0, shape[0], (n, *shape[2:])),)
        return (cr.randn(n, *shape[1:]),)

    file = compare_sizes(model, [batch(n) for n in (example, 1, 2, 5, 16)], {"input": {0: "batch"}})
    assert dims(file.graph.input[0])[0] == dims(file.graph.output[0])[0] == "batch"


FREE = {
    "size as a number": lambda x: x.sum(0) / len(x) + len(x),
    "last of it": lambda x: x[-1] * x[len(x) // 2 * 0],
    "flat": lambda x: x.flatten() * 2,
    "with the channels": lambda x: x.reshape(len(x) * 3, 2).sum(1),
    "two at once": lambda x: x.reshape(1, len(x), 3, 2, 1).transpose(1, 2),
    "zeros of its size": lambda x: cr.cat([cr.zeros(len(x), 2), x, cr.full((len(x), 1), 3.0)], 1),
    "twice": lambda x: cr.cat([x, x * 2]),
    "expanded": lambda x: x.unsqueeze(1).expand(len(x), 4, 6) + cr.arange(6.0).expand(len(x), 1, 6),
    "pairs": lambda x: x @ x.t(),
    "turned": lambda x: (x.roll(-1, 0), x.flip(0), x.std(0, unbiased=False), F.pad(x, (0, 0, 1, 1))),
}


@pytest.mark.parametrize("name", FREE)
def test_free_sizes(name):
    compare_sizes(Function(FREE[name]), [(cr.randn(n, 6),) for n in (3, 1, 2, 7)], {"input": [0]})


LENGTHS = {
    "convolution": lambda: nn.Conv1d(1, 2, 3, stride=2, padding=1),
    "wide strides": lambda: nn.Conv1d(1, 1, 8, stride=8, padding=1),
    "same size": lambda: nn.Conv1d(1, 2, 4, padding="same", dilation=3),
    "turned round": lambda: nn.ConvTranspose1d(1, 2, 3, stride=2, padding=1, output_padding=1),
    "maxima": lambda: nn.MaxPool1d(8, 8, 1),
    "means": lambda: nn.Sequential(nn.AvgPool1d(3, 2, 1), nn.AvgPool1d(3, 2, 1, count_include_pad=False)),
    "mean of all": lambda: nn.Sequential(nn.Conv1d(1, 3, 5), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(3, 2)),
}


@pytest.mark.parametrize("name", LENGTHS)
def test_free_lengths(name):
    """Windows over an axis whose size is free."""
    examples = [(cr.randn(2, 1, n),) for n in (15, 22, 8, 41)]
    compare_sizes(LENGTHS[name](), examples, {"input": {2: "length"}})


PARTS = {
    "last": lambda x: x[:, -8:],
    "all but the last": lambda x: x[:, :-3],
    "last but some": lambda x: x[:, -8:-6],
    "every third": lambda x: x[:, 1::3],
}


@pytest.mark.parametrize("name", PARTS)
def test_free_parts(name):
    """Parts that reach over the front of a shorter axis."""
    compare_sizes(PARTS[name], [(cr.randn(2, n),) for n in (16, 2, 5, 6, 7, 9, 30)], {"input": [1]})


def test_part_longer_than_the_axis():
    """x[:, :8] of a shorter axis is shorter: the file claims no 8."""
    file = compare_sizes(lambda x: x[:, :8], [(cr.randn(2, n),) for n in (16, 5, 40)], {"input": [1]})
    assert dims(file.graph.output[0]) == [2, "output_dim_1"]


def test_free_sizes_of_several_axes():
    """Two free axes, inputs that share one, results named and not."""
    two = Function(lambda a, b: (a.reshape(-1, 4) + a[0].sum(), a @ b.transpose(1, 2), b.mean((0, 1))))
    axes = {"input": {0: "batch", 1: "time"}, "input_1": {0: "batch"}, "output_1": {1: "steps"}}
    examples = [(cr.randn(n, t, 4), cr.randn(n, 5, 4)) for n, t in ((2, 3), (1, 1), (4, 7))]
    file = compare_sizes(two, examples, axes)
    assert [dims(value) for value in file.graph.input] == [["batch", "time", 4], ["batch", 5, 4]]
    assert [dims(value) for value in file.graph.output] == [["output_dim_0", 4], ["batch", "steps", 5], [4]]


REFUSED = {
    "loop": (lambda x: sum(row.exp() for row in x), "the operations depend on the size .* cannot stay free"),
    "power": (lambda x: x * len(x) ** 2, "built into a constant of Mul, numbers that are no straight line"),
    "inverse": (lambda x: x * (1 / len(x)), "built into a constant of Mul"),
    "positions": (lambda x: x + cr.arange(float(len(x)))[:, None], "an array whose values depend on the size"),
    "axes": (lambda x: x.mean() * cr.ones([1] * len(x)), "number of axes depends"),
    "eighth": (lambda x: x[: len(x) // 8], "a constant of Slice, numbers that are no straight line .*; batch = 15; "),
    "branch": (lambda x: x * 2 if len(x) > 20 else x, r"\(batch = 2 and batch = 129 part at"),
    "filled up": (lambda x: F.pad(x, (0, 0, 0, max(0, 8 - len(x)))), "a constant of Pad, .*; batch = 15; "),
    "ceil_mode, hidden": (lambda x: F.max_pool1d(x[:, :1].t(), 2, 5, ceil_mode=True), "part at MaxPool.* ceil_mode"),
    "ceil_mode": (lambda x: F.max_pool1d(x.t(), 2, 8, ceil_mode=True), "part at MaxPool.* ceil_mode"),
}


class First(nn.Module):
    """The first result of a module."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x):
        return self.module(x)[0]


def example(name):
    return importlib.import_module(f"chainrule.examples.{name}")


# Models of the examples; the shapes of their inputs after the batch, or of whole numbers the bound in front.
EXAMPLES = {
    "autoencoder": (lambda: example("autoencoder").Autoencoder(), [(64,)]),
    "convnet": (lambda: example("convnet").build_net(), [(1, 8, 8)]),
    "denoising": (lambda: example("denoising").build_net(), [(1, 8, 8)]),
    "feedback_alignment": (lambda: example("feedback_alignment").Net(False), [(30,)]),
    "gan": (lambda: example("gan").build_net(2, 1, 16), [(2,)]),
    "gru": (lambda: First(example("gru").Speller(8)), [(20, "whole", 5)]),
    "lstm": (lambda: example("lstm").Forecaster(8), [(4,)]),
    "maxout": (lambda: example("maxout").Maxout(6, 3, 2), [(6,)]),
    "multimodal": (lambda: example("multimodal").TwoSenses(), [(1, 8, 8), (1, 256)]),
    "neural_turing_machine": (lambda: First(example("neural_turing_machine").TuringMachine(4, 3, 5, 4, 8)), [(6, 4)]),
    "random_wiring": (
        lambda: example("random_wiring").RandomNet(example("random_wiring").watts_strogatz(6, 2, 0.5), 4),
        [(1, 8, 8)],
    ),
    "resnet": (lambda: example("resnet").build_net(1), [(1, 8, 8)]),
    "transformer": (lambda: example("transformer").Transformer(9, 6, 8, 2, 2), [(9, "whole", 6)]),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_with_a_free_batch(name):
    make, shapes = EXAMPLES[name]
    model = make().eval()

    place = int(name == "neural_turing_machine")  # where its batch is

    def batch(n):
        if place:
            return (cr.randn(shapes[0][0], n, *shapes[0][1:]),)
        return tuple(cr.randint(0, s[0], (n, *s[2:])) if "whole" in s else cr.randn(n, *s) for s in shapes)

    axes = {"input" + f"_{i}" * (i > 0): {place: "batch"} for i in range(len(shapes))}
    compare_sizes(model, [batch(n) for n in (2, 1, 5)], axes)


def test_free_sizes_refused():
    x, free = cr.randn(2, 3), {"dynamic_axes": {"input": {0: "batch"}}}
    for model, match in REFUSED.values():
        expect_error(NotImplementedError, match, cr.onnx.export, model, x, **free)
    expect_error(
        RuntimeError, r"output at length = 1 \(inputs \(2, 1\)\) is of shape \(2, 1\) in place of \(2, 8\)",
        cr.onnx.export, lambda x: F.pad(x, (0, max(0, 8 - x.shape[1]))), cr.randn(2, 12),
        dynamic_axes={"input": {1: "length"}},
    )  # fmt: skip
    fixed = nn.Parameter(cr.randn(2, 3))
    expect_error(RuntimeError, r"must run on inputs of shape \(3, 3\)", cr.onnx.export, lambda x: x + fixed, x, **free)
    expect_error(
        ValueError, "'n' of dynamic_axes stands for 2 and for 3", cr.onnx.export, lambda x: x, x,
        dynamic_axes={"input": {0: "n", 1: "n"}},
    )  # fmt: skip
    for axes, match in (
        ({"x": [0]}, r"names \['x'\]"),
        ({"input": [2]}, "axis 2 of input"),
        ({"output": [0]}, "axis 0 of output is of size 2"),
        ({"input": {0: "a", -2: "b"}}, "axis 0 of input twice"),
    ):
        expect_error(ValueError, match, cr.onnx.export, lambda x: x * 2, x, dynamic_axes=axes)
    expect_error(TypeError, "must be a dict", cr.onnx.export, lambda x: x, x, dynamic_axes=[0])
    expect_error(TypeError, "a list of axes, .* got 0", cr.onnx.export, lambda x: x, x, dynamic_axes={"input": 0})
    expect_error(
        ValueError, "axis 0 of output 'n', which stands for another size: 2 where this axis is of size 4",
        cr.onnx.export, lambda x: cr.cat([x, x]), x, dynamic_axes={"input": {0: "n"}, "output": {0: "n"}},
    )  # fmt: skip


def test_models_that_end_at_a_size():
    """A model that refuses large sizes, or small ones, is compared at the others."""
    places = cr.randn(3)

    def function(x):
        assert 2 <= len(x) <= 6
        return x * 2 + places

    compare_sizes(function, [(cr.randn(n, 3),) for n in (3, 2, 6)], {"input": [0]})
