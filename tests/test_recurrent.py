"""Recurrent layers, their cells and packed sequences, against PyTorch with the same weights."""

import numpy as np
import pytest
from helpers import close, expect_error, same

import chainrule as cr
from chainrule import nn
from chainrule.nn.utils.rnn import (
    PackedSequence,
    pack_padded_sequence,
    pack_sequence,
    pad_packed_sequence,
    pad_sequence,
    unpack_sequence,
    unpad_sequence,
)

OPTIONS = [
    {},
    {"num_layers": 2, "bidirectional": True},
    {"batch_first": True, "bias": False},
    {"num_layers": 3, "dropout": 0.3},
    {"num_layers": 2, "dropout": 0.3, "batch_first": True, "bidirectional": True},
]
KINDS = [("RNN", o) for o in [*OPTIONS, {"nonlinearity": "relu", "num_layers": 2}]]
KINDS += [("LSTM", o) for o in [*OPTIONS, {"proj_size": 2}, {"proj_size": 3, "num_layers": 2, "bidirectional": True}]]
KINDS += [("GRU", o) for o in OPTIONS]
CELLS = [("RNNCell", {}), ("RNNCell", {"nonlinearity": "relu"}), ("LSTMCell", {}), ("GRUCell", {"bias": False})]
CELLS += [("GRUCell", {}), ("LSTMCell", {"bias": False})]
kinds = pytest.mark.parametrize(("name", "options"), KINDS, ids=lambda v: v if isinstance(v, str) else str(v))
cells = pytest.mark.parametrize(("name", "options"), CELLS, ids=lambda v: v if isinstance(v, str) else str(v))


def test_bases():
    """RNNBase and RNNCellBase hold what their heirs share; the rest of this file tests it in them."""
    assert all(issubclass(kind, nn.RNNBase) for kind in (nn.RNN, nn.LSTM, nn.GRU))
    assert all(issubclass(kind, nn.RNNCellBase) for kind in (nn.RNNCell, nn.LSTMCell, nn.GRUCell))
    assert isinstance(nn.LSTM(2, 3), nn.RNNBase) and not isinstance(nn.LSTM(2, 3), nn.RNNCellBase)


def random(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def pair(torch, make):
    """The same module in both libraries, in float64, with the same weights."""
    theirs = make(torch.nn).double()
    ours = make(nn).double()
    ours.load_state_dict({name: cr.tensor(value.numpy()) for name, value in theirs.state_dict().items()})
    return ours, theirs


def flat(result):
    """The tensors of nested tuples and packed sequences."""
    if result is None:
        return []
    if isinstance(result, (tuple, list)):
        return [tensor for part in result for tensor in flat(part)]
    return [result]


def compare(ours, theirs, run, inputs, torch, seed=5):
    """run(lib, module, *inputs) in both: outputs, and the gradients of inputs and parameters."""
    collected = []
    for lib, module in ((cr, ours), (torch, theirs)):
        lib.manual_seed(seed)
        leaves = [lib.tensor(value, requires_grad=True) for value in inputs]
        outputs = [out for out in flat(run(lib, module, *leaves)) if out.is_floating_point()]
        sum((out * out.sin()).sum() for out in outputs).backward()
        grads = {name: param.grad for name, param in module.named_parameters()}
        collected.append((outputs, [leaf.grad for leaf in leaves], grads))
    (outputs, input_grads, grads), (ref_outputs, ref_input_grads, ref_grads) = collected
    assert len(outputs) == len(ref_outputs) and list(grads) == list(ref_grads)
    for k, (out, ref) in enumerate(zip(outputs, ref_outputs)):
        close(out, ref, what=f"output {k}")
    for k, (grad, ref) in enumerate(zip(input_grads, ref_input_grads)):
        close(grad, ref, tol=10, what=f"gradient of input {k}")
    for name, grad in grads.items():
        close(grad, ref_grads[name], tol=10, what=f"gradient of {name}")


def states(name, options, batch, hidden=4, layers=None):
    rows = layers or options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    shape = () if batch is None else (batch,)
    sizes = [options.get("proj_size", 0) or hidden] + ([hidden] if name == "LSTM" else [])
    return [random(rows, *shape, size, seed=k + 1) for k, size in enumerate(sizes)]


def call(module, x, state, name):
    if not state:
        return module(x)
    return module(x, tuple(state) if name.startswith("LSTM") else state[0])


# Layers


@kinds
def test_initial_weights_names_and_repr(torch, name, options):
    cr.manual_seed(3)
    ours = getattr(nn, name)(3, 4, **options)
    torch.manual_seed(3)
    theirs = getattr(torch.nn, name)(3, 4, **options)
    ref = theirs.state_dict()
    assert list(ours.state_dict()) == list(ref)
    for key, value in ours.state_dict().items():
        same(value, ref[key], key)
    theirs.load_state_dict({key: torch.tensor(value.numpy()) for key, value in ours.state_dict().items()})
    assert repr(ours) == repr(theirs)
    assert [len(group) for group in ours.all_weights] == [len(group) for group in theirs.all_weights]
    ours.flatten_parameters()


@kinds
@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("training", [False, True])
def test_layers(torch, name, options, given, training):
    ours, theirs = pair(torch, lambda lib: getattr(lib, name)(3, 4, **options))
    ours.train(training), theirs.train(training)
    initial = states(name, options, 2) if given else []
    x = random(2, 5, 3) if options.get("batch_first") else random(5, 2, 3)
    compare(ours, theirs, lambda lib, module, x, *state: call(module, x, state, name), [x, *initial], torch)


@kinds
@pytest.mark.parametrize("given", [False, True])
def test_layers_without_a_batch(torch, name, options, given):
    ours, theirs = pair(torch, lambda lib: getattr(lib, name)(3, 4, **options))
    ours.eval(), theirs.eval()
    initial = states(name, options, None) if given else []

    def run(lib, module, x, *state):
        return call(module, x, state, name)

    compare(ours, theirs, run, [random(5, 3), *initial], torch)


@kinds
@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("lengths", [[5, 3, 3, 1], [2, 5, 1, 4]])
def test_layers_on_packed_sequences(torch, name, options, given, lengths):
    ours, theirs = pair(torch, lambda lib: getattr(lib, name)(3, 4, **options))
    initial = states(name, options, 4) if given else []

    def run(lib, module, x, *state):
        rnn = lib.nn.utils.rnn
        packed = rnn.pack_padded_sequence(x, lengths, enforce_sorted=lengths[0] == 5)
        output, last = call(module, packed, state, name)
        return rnn.pad_packed_sequence(output)[0], last

    compare(ours, theirs, run, [random(5, 4, 3), *initial], torch)


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize(("batch", "hidden"), [(5, 64), (17, 64), (9, 176)])
def test_wide_layers(torch, name, batch, hidden):
    """Sizes at which a step's product is done by tiles, with rows that do not fill one; the last is beyond a cache."""
    ours, theirs = pair(torch, lambda lib: getattr(lib, name)(7, hidden, bidirectional=True))
    initial = states(name, {}, batch, hidden=hidden, layers=2)

    def run(lib, module, x, *state):
        return call(module, x, state, name)

    compare(ours, theirs, run, [random(5, batch, 7), *initial], torch)
    compare(ours, theirs, run, [random(5, batch, 7)], torch)


def test_layers_of_strided_input_and_an_empty_batch(torch):
    ours, theirs = pair(torch, lambda lib: lib.GRU(3, 4, batch_first=True))

    def run(lib, module, x):
        return module(x.transpose(0, 2))

    compare(ours, theirs, run, [random(3, 5, 2)], torch)
    output, state = nn.LSTM(3, 4)(cr.zeros(5, 0, 3))
    assert output.shape == (5, 0, 4) and state[1].shape == (1, 0, 4)


def test_float32_follows_pytorch(torch):
    cr.manual_seed(0), torch.manual_seed(0)
    x = random(20, 3, 6).astype(np.float32)
    outputs = []
    for lib in (cr, torch):
        lib.manual_seed(1)
        outputs.append(lib.nn.LSTM(6, 8, 2)(lib.tensor(x))[0])
    close(outputs[0], outputs[1], "float32")


def every_argument(name, options, packed):
    """A layer as a function of input, initial state and parameters, and values for them."""
    module = getattr(nn, name)(2, 3, **options).double()
    names = [key for key, _ in module.named_parameters()]
    initial = [cr.tensor(part, requires_grad=True) for part in states(name, options, 3, hidden=3)]
    x = cr.tensor(random(6, 2) if packed else random(3, 3, 2), requires_grad=True)
    weights = [param.detach().clone().requires_grad_() for param in module.parameters()]

    def run(x, *rest):
        given, params = rest[: len(initial)], dict(zip(names, rest[len(initial) :]))
        inputs = PackedSequence(x, cr.tensor([3, 2, 1])) if packed else x
        output, last = cr.func.functional_call(module, params, (inputs, tuple(given) if name == "LSTM" else given[0]))
        return (output.data if packed else output), *flat(last)

    return run, (x, *initial, *weights)


DEEP = [
    ("RNN", {}, False),
    ("RNN", {"nonlinearity": "relu", "bidirectional": True}, True),
    ("LSTM", {}, False),
    ("LSTM", {"bidirectional": True}, True),
    ("LSTM", {"proj_size": 2, "bias": False}, True),
    ("GRU", {"bidirectional": True}, False),
    ("GRU", {"num_layers": 2}, True),
]


@pytest.mark.parametrize(("name", "options", "packed"), DEEP)
def test_gradients_of_every_argument(name, options, packed):
    """Also of the last state alone, and second ones."""
    run, inputs = every_argument(name, options, packed)
    assert cr.autograd.gradcheck(run, inputs)
    assert cr.autograd.gradcheck(lambda *args: run(*args)[-1], inputs)
    assert cr.autograd.gradgradcheck(run, inputs)


def test_third_gradients():
    cell, x = nn.LSTMCell(1, 2).double(), cr.tensor(random(2, 1), requires_grad=True)
    h = [cr.tensor(random(2, 2, seed=k), requires_grad=True) for k in (1, 2)]

    def first(x, h, c):
        return cr.autograd.grad((cell(x, (h, c))[1] ** 2).sum(), (x, h, c), create_graph=True)

    assert cr.autograd.gradgradcheck(first, (x, *h))


@pytest.mark.parametrize(("name", "options"), CELLS)
def test_a_loop_over_a_cell_is_the_layer(name, options):
    cell = getattr(nn, name)(3, 4, **options).double()
    layer = getattr(nn, name.removesuffix("Cell"))(3, 4, **options).double()
    layer.load_state_dict({key + "_l0": value for key, value in cell.state_dict().items()})
    x, state, outputs = cr.tensor(random(5, 2, 3)), None, []
    for step in x:
        state = cell(step, state)
        outputs.append(state[0] if name == "LSTMCell" else state)
    expected, _ = layer(x)
    close(cr.stack(outputs), expected)
    for out in (cr.stack(outputs), expected):
        (out * out).sum().backward()
    for key, param in cell.named_parameters():
        close(param.grad, getattr(layer, key + "_l0").grad, tol=10, what=key)


def test_weights_changed_before_backward_are_reported():
    layer = nn.LSTM(2, 3)
    loss = layer(cr.zeros(2, 1, 2))[0].sum()
    with cr.no_grad():
        layer.weight_hh_l0.add_(1)
    expect_error(RuntimeError, "modified in place", loss.backward)


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU", "LSTMCell", "GRUCell"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_training_follows_pytorch(torch, name, dtype):
    """A whole run: the same initial weights, the same batches, the same losses."""
    x, y = random(8, 16, 3).astype(dtype), random(16, 1, seed=1).astype(dtype)
    losses = []
    for lib in (cr, torch):
        lib.manual_seed(0)
        net = torch_net(lib, name).to(getattr(lib, dtype))
        optimizer = lib.optim.Adam(net.parameters(), lr=0.01)
        curve = []
        for _ in range(50):
            optimizer.zero_grad()
            loss = lib.nn.functional.mse_loss(net(lib.tensor(x)), lib.tensor(y))
            loss.backward()
            optimizer.step()
            curve.append(loss.item())
        losses.append(curve)
    assert losses[0][-1] < losses[0][0]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-9 if dtype == "float64" else 1e-4)


def torch_net(lib, name):
    class Net(lib.nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = getattr(lib.nn, name)(3, 6)
            self.head = lib.nn.Linear(6, 1)

        def forward(self, x):
            if not name.endswith("Cell"):
                return self.head(self.rnn(x)[0][-1])
            state = None
            for step in x:
                state = self.rnn(step, state)
            return self.head(state[0] if name == "LSTMCell" else state)

    return Net()


def test_errors():
    expect_error(ValueError, "input_size", nn.LSTM(3, 4), cr.zeros(5, 2, 4))
    expect_error(ValueError, "axes", nn.LSTM(3, 4), cr.zeros(3))
    expect_error(ValueError, "h_0", nn.GRU(3, 4), cr.zeros(5, 2, 3), cr.zeros(1, 3, 4))
    expect_error(ValueError, "c_0", nn.LSTM(3, 4), cr.zeros(5, 2, 3), (cr.zeros(1, 2, 4), cr.zeros(1, 2, 5)))
    expect_error(TypeError, "pair", nn.LSTM(3, 4), cr.zeros(5, 2, 3), cr.zeros(1, 2, 4))
    expect_error(ValueError, "nonlinearity", nn.RNN, 3, 4, nonlinearity="sine")
    expect_error(ValueError, "proj_size", nn.LSTM, 3, 4, proj_size=4)
    expect_error(ValueError, "proj_size", nn.GRU, 3, 4, proj_size=2)
    expect_error(ValueError, "dropout", nn.GRU, 3, 4, dropout=2)
    expect_error(ValueError, "hidden_size", nn.GRU, 3, 0)
    expect_error(ValueError, "one step", nn.GRU(3, 4), cr.zeros(0, 2, 3))
    with pytest.warns(UserWarning, match="dropout"):
        nn.RNN(3, 4, dropout=0.5)


# Cells


@cells
@pytest.mark.parametrize("batch", [None, 2])
@pytest.mark.parametrize("given", [False, True])
def test_cells(torch, name, options, batch, given):
    ours, theirs = pair(torch, lambda lib: getattr(lib, name)(3, 4, **options))
    shape = () if batch is None else (batch,)
    count = 2 if name == "LSTMCell" else 1
    initial = [random(*shape, 4, seed=k + 1) for k in range(count)] if given else []

    def run(lib, module, x, *state):
        return call(module, x, state, name)

    compare(ours, theirs, run, [random(*shape, 3), *initial], torch)


@cells
def test_cells_start_and_print_as_pytorch(torch, name, options):
    made = []
    for lib in (cr, torch):
        lib.manual_seed(2)
        made.append(getattr(lib.nn, name)(3, 4, **options))
    assert repr(made[0]) == repr(made[1]) and list(made[0].state_dict()) == list(made[1].state_dict())
    for key, value in made[0].state_dict().items():
        same(value, made[1].state_dict()[key], key)


def test_cell_errors():
    expect_error(ValueError, "input", nn.LSTMCell(3, 4), cr.zeros(2, 4))
    expect_error(ValueError, "state", nn.GRUCell(3, 4), cr.zeros(2, 3), cr.zeros(3, 4))
    expect_error(ValueError, "nonlinearity", nn.RNNCell, 3, 4, nonlinearity="sine")


# Sequences


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("padding_side", ["left", "right"])
def test_pad_and_unpad(torch, batch_first, padding_side):
    parts = [random(size, 2, seed=size) for size in (3, 1, 4)]
    options = {"batch_first": batch_first, "padding_value": -1.0, "padding_side": padding_side}
    got = pad_sequence([cr.tensor(part) for part in parts], **options)
    same(got, torch.nn.utils.rnn.pad_sequence([torch.tensor(part) for part in parts], **options))
    if padding_side == "right":
        for part, back in zip(parts, unpad_sequence(got, cr.tensor([3, 1, 4]), batch_first)):
            same(back, part)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("lengths", [[4, 2, 1], [1, 4, 4], [2, 2, 2]])
def test_pack_and_unpack(torch, batch_first, lengths):
    x = random(3, 4, 2) if batch_first else random(4, 3, 2)
    packs = []
    for lib in (cr, torch):
        rnn = lib.nn.utils.rnn
        packs.append(rnn.pack_padded_sequence(lib.tensor(x), lib.tensor(lengths), batch_first, enforce_sorted=False))
    same(packs[0].data, packs[1].data)
    same(packs[0].batch_sizes, packs[1].batch_sizes)
    for total in (None, 6):
        options = {"batch_first": batch_first, "padding_value": 9.0, "total_length": total}
        ours, theirs = (
            pad_packed_sequence(packs[0], **options),
            torch.nn.utils.rnn.pad_packed_sequence(packs[1], **options),
        )
        same(ours[0], theirs[0])
        same(ours[1], theirs[1])


def test_pack_sequence():
    parts = [cr.tensor([1.0, 2.0]), cr.tensor([3.0, 4.0, 5.0]), cr.tensor([6.0])]
    packed = pack_sequence(parts, enforce_sorted=False)
    assert isinstance(packed, PackedSequence) and packed.data.tolist() == [3, 1, 6, 4, 2, 5]
    assert packed.sorted_indices.tolist() == [1, 0, 2] and packed.unsorted_indices.tolist() == [1, 0, 2]
    for part, back in zip(parts, unpack_sequence(packed)):
        same(back, part)
    assert packed.double().data.dtype == cr.float64 and not packed.is_cuda
    assert PackedSequence(packed.data, packed.batch_sizes).sorted_indices is None


def test_sequence_errors():
    x = cr.zeros(4, 3, 2)
    expect_error(ValueError, "enforce_sorted", pack_padded_sequence, x, [1, 2, 3])
    expect_error(ValueError, "positive", pack_padded_sequence, x, [2, 1, 0])
    expect_error(ValueError, "at most 4", pack_padded_sequence, x, [5, 2, 1])
    expect_error(ValueError, "each of 3", pack_padded_sequence, x, [4, 2])
    expect_error(ValueError, "total_length", pad_packed_sequence, pack_padded_sequence(x, [4, 2, 1]), total_length=2)
    expect_error(ValueError, "first axis", pad_sequence, [cr.zeros(2, 3), cr.zeros(2, 4)])
    expect_error(ValueError, "at least one", pad_sequence, [])
    expect_error(ValueError, "padding_side", pad_sequence, [cr.zeros(2)], padding_side="top")
