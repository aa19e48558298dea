"""Whole training runs: from the same weights and batches the loss follows PyTorch's for 50 steps.

Relative difference at most 1e-4 in float32 and 1e-9 in float64, at every step.
"""

import numpy as np
import pytest
from helpers import array

import chainrule as cr

STEPS = 50


def mlp(nn):
    return nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 4))


def cnn(nn):
    return nn.Sequential(
        nn.Conv2d(1, 6, 3, padding=1),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3, stride=2, bias=False),
        nn.BatchNorm2d(8),
        nn.GELU(),
        nn.Flatten(),
        nn.Linear(8, 4),
    )


def lstm(nn):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(9, 6)
            self.lstm = nn.LSTM(6, 10, num_layers=2, batch_first=True, bidirectional=True)
            self.head = nn.Linear(20, 4)

        def forward(self, x):
            return self.head(self.lstm(self.table(x))[0][:, -1])

    return Net()


def transformer(nn):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(9, 16)
            layer = nn.TransformerEncoderLayer(16, 4, 32, dropout=0.0, batch_first=True, norm_first=True)
            self.body = nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(16), enable_nested_tensor=False)
            self.head = nn.Linear(16, 4)

        def forward(self, x):
            mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1], dtype=self.head.weight.dtype)
            return self.head(self.body(self.table(x), mask=mask).mean(1))

    return Net()


RNG = np.random.default_rng(0)
Y = RNG.integers(0, 4, (4, 16))
IMAGES = RNG.standard_normal((4, 16, 1, 8, 8))
NUMBERS = RNG.standard_normal((4, 16, 8))
WORDS = RNG.integers(0, 9, (4, 16, 7))
WORDS[..., 3] = Y  # something to find

RUNS = {
    "mlp": (mlp, NUMBERS, lambda lib, p: lib.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=1e-4)),
    "cnn": (cnn, IMAGES, lambda lib, p: lib.optim.SGD(p, lr=0.02, momentum=0.9, nesterov=True)),
    "lstm": (lstm, WORDS, lambda lib, p: lib.optim.Adam(p, lr=2e-2)),
    "transformer": (transformer, WORDS, lambda lib, p: lib.optim.AdamW(p, lr=5e-3)),
}


def curve(lib, name, dtype, weights=None):
    make, data, optimizer = RUNS[name]
    lib.manual_seed(0)
    net = make(lib.nn).to(getattr(lib, dtype))
    if weights is not None:
        net.load_state_dict({key: lib.tensor(value) for key, value in weights.items()})
    start = {key: array(value).copy() for key, value in net.state_dict().items()}
    opt, loss_fn = optimizer(lib, net.parameters()), lib.nn.CrossEntropyLoss()
    losses = []
    for step in range(STEPS):
        x = data[step % len(data)]
        loss = loss_fn(net(lib.tensor(x if x.dtype.kind == "i" else x.astype(dtype))), lib.tensor(Y[step % len(Y)]))
        opt.zero_grad()
        loss.backward()
        lib.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        losses.append(loss.item())
    return np.array(losses), start


@pytest.mark.parametrize("dtype, tol", [("float32", 1e-4), ("float64", 1e-9)])
@pytest.mark.parametrize("name", RUNS)
def test_curve(name, dtype, tol, torch):
    expected, weights = curve(torch, name, dtype)
    losses, _ = curve(cr, name, dtype, weights)
    assert expected[-1] < 0.8 * expected[0]  # something was learned
    difference = np.abs(losses - expected) / np.abs(expected)
    assert difference.max() <= tol, f"step {difference.argmax()}: {difference.max():.2e}"
