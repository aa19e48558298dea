"""What is measured: one definition of every row, shared by all peers.

A row says sizes, batch, activation and optimizer. Data and initial weights come from `uniform()` and `labels()`, a
small hash that bench/cpp/floor.cpp repeats, so that every peer starts from the same numbers and `compare.py --check`
can compare what they compute.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np


@dataclass(frozen=True)
class Workload:
    """One row. `goal` is the aim as a fraction of PyTorch's eager time in the same run, or None."""

    name: str
    group: str  # "steps", "operations", "networks", "inference" or "optimizers"
    kind: str  # selects the function of a peer that builds the row
    sizes: tuple = ()
    batch: int = 0
    activation: str = ""
    optimizer: str = ""
    goal: float | None = None
    # Small, so that weights hardly move over the many steps of a run: the last block does the same work as the first,
    # and no value decays into denormal numbers.
    lr: float = 1e-6
    about: str = ""


def _mlp(name, sizes, batch, activation, optimizer, goal):
    text = f"{'-'.join(map(str, sizes))}, batch {batch}, {activation}, {optimizer}"
    if len(set(sizes[:-1])) == 1 and len(sizes) > 10:
        text = f"{len(sizes) - 2} layers of {sizes[0]}, then {sizes[-1]}, batch {batch}, {activation}, {optimizer}"
    return Workload(name, "steps", "mlp", tuple(sizes), batch, activation, optimizer, goal, about=text)


def _elementwise(activation, n, label, goal):
    return Workload(f"{activation} {label}", "operations", "elementwise", (n,), 0, activation, "", goal)


def _matmul(m, k, n, goal):
    return Workload(f"matmul {m}x{k}x{n}", "operations", "matmul", (m, k, n), goal=goal)


def _cross_entropy(rows, classes, goal):
    return Workload(f"cross-entropy {rows}x{classes}", "operations", "cross_entropy", (rows, classes), goal=goal)


def _network(name, kind, sizes, batch, optimizer, goal, about):
    return Workload(name, "networks", kind, sizes, batch, "", optimizer, goal, about=about)


STEPS = [
    _mlp("tiny", (2, 16, 16, 2), 32, "relu", "sgd", 14 / 242),
    _mlp("small", (4, 64, 2), 32, "relu", "sgd", 1 / 2),
    _mlp("policy", (4, 64, 64, 2), 64, "tanh", "adam", 40 / 477),
    _mlp("digits", (64, 128, 10), 64, "relu", "adam", 46 / 426),
    _mlp("mnist-small", (784, 128, 10), 32, "relu", "adam", 208 / 624),
    _mlp("mnist-large", (784, 512, 256, 10), 128, "relu", "adam", 3500 / 5982),
    _mlp("cifar", (3072, 256, 128, 10), 128, "relu", "sgd", 5000 / 5610),
    _mlp("wide", (1024, 1024, 1024, 10), 256, "relu", "adam", 30500 / 42224),
    _mlp("deep", (64,) * 65 + (10,), 64, "relu", "sgd", 1250 / 3759),
    Workload("lecture", "steps", "lecture", (1000, 100, 10), 64, "sigmoid", "by hand", 300 / 453,
             about="1000-100-10, batch 64, squared error, plain tensors"),
]  # fmt: skip

OPERATIONS = [
    Workload("a * b + c", "operations", "expression", (8,), goal=1 / 2,
             about="((a * b) + c).sum() of 8 elements, forward and backward"),
    Workload("chain of 1000", "operations", "chain", (1000,), goal=500 / 5946,
             about="1000 scalar operations on 0-d tensors, forward and backward"),
    _elementwise("relu", 2**12, "4096", 3 / 20),
    _elementwise("sigmoid", 2**12, "4096", 4 / 21),
    _elementwise("tanh", 2**12, "4096", 4 / 31),
    _elementwise("gelu", 2**12, "4096", 8 / 60),
    _elementwise("relu", 2**20, "2^20", 250 / 494),
    _elementwise("sigmoid", 2**20, "2^20", 480 / 768),
    _elementwise("tanh", 2**20, "2^20", 520 / 3334),
    _elementwise("gelu", 2**20, "2^20", 900 / 2228),
    _elementwise("relu", 2**24, "2^24", 20000 / 73686),
    _elementwise("sigmoid", 2**24, "2^24", 22000 / 85682),
    _elementwise("tanh", 2**24, "2^24", 22000 / 118648),
    _elementwise("gelu", 2**24, "2^24", 28000 / 86992),
    _matmul(32, 64, 64, 8 / 36),
    _matmul(64, 1000, 100, 420 / 486),
    _matmul(512, 512, 512, 7700 / 8475),
    _matmul(64, 4096, 4096, 82000 / 111916),
    _cross_entropy(64, 10, 6 / 43),
    _cross_entropy(256, 1000, 200 / 322),
    _cross_entropy(512, 50257, 50000 / 163515),
]  # fmt: skip

NETWORKS = [
    _network("LeNet-5", "lenet", (1, 28, 28), 64, "adam", 5000 / 7700, "28x28, batch 64"),
    _network("CNN", "cnn", (3, 32, 32), 32, "adam", 45000 / 57000,
             "batch norm, 3-32-32-pool-64-pool-10 on 32x32, batch 32"),
    _network("LSTM", "lstm", (32, 128, 50), 32, "adam", 9000 / 10300, "32 to 128, 50 steps, batch 32"),
    _network("LSTM by cells", "lstm_cell", (32, 128, 50), 32, "adam", 10500 / 18500,
             "the same as a loop over LSTMCell"),
    _network("GRU", "gru", (32, 128, 50), 32, "adam", None, "32 to 128, 50 steps, batch 32"),
    _network("GRU by cells", "gru_cell", (32, 128, 50), 32, "adam", None, "the same as a loop over GRUCell"),
    _network("RNN", "rnn", (32, 128, 50), 32, "adam", None, "32 to 128, 50 steps, batch 32, tanh"),
    _network("RNN by cells", "rnn_cell", (32, 128, 50), 32, "adam", None, "the same as a loop over RNNCell"),
    _network("transformer small", "transformer", (4, 64, 4, 16, 27), 32, "adamw", 8500 / 14150,
             "4 layers, width 64, 4 heads, context 16, 27 tokens, batch 32"),
    _network("transformer", "transformer", (4, 128, 4, 64, 65), 12, "adamw", 42000 / 61000,
             "4 layers, width 128, 4 heads, context 64, 65 tokens, batch 12"),
    _network("VAE", "vae", (784, 400, 20), 128, "adam", 5000 / 8550, "784-400-20, batch 128"),
]  # fmt: skip

INFERENCE = [
    Workload("inference", "inference", "inference", (784, 128, 10), 1, "relu", goal=5 / 26,
             about="784-128-10, batch 1, no_grad"),
]  # fmt: skip

_OPTIMIZERS = ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "NAdam", "RAdam", "Rprop")
OPTIMIZERS = [
    Workload(f"{name} step", "optimizers", "optimizer", (784, 512, 256, 10), 128, "relu", name.lower(),
             about="the step alone, on the parameters of 784-512-256-10")
    for name in _OPTIMIZERS
]  # fmt: skip

WORKLOADS = STEPS + OPERATIONS + NETWORKS + INFERENCE + OPTIMIZERS


def by_name(name):
    """The row of that name."""
    return next(row for row in WORKLOADS if row.name == name)


# Data. Seeds of the arrays: inputs 1, labels 2, incoming gradients 3, second matrix 4, then two for each layer.
INPUT, LABEL, GRADIENT, SECOND = 1, 2, 3, 4


def _hash(count, seed):
    """`count` 32-bit hashes of (index, seed): the finaliser of MurmurHash3 (Austin Appleby, public domain)."""
    x = np.arange(1, count + 1, dtype=np.uint32) * np.uint32(2654435761)
    x += np.uint32(seed * 0x9E3779B9 & 0xFFFFFFFF)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x85EBCA6B)
    x ^= x >> np.uint32(13)
    x *= np.uint32(0xC2B2AE35)
    return x ^ (x >> np.uint32(16))


def uniform(shape, seed, scale=1.0):
    """float32 array of `shape`, uniform in [-scale, scale), the same for every peer."""
    bits = _hash(int(np.prod(shape)), seed) >> np.uint32(8)
    values = (bits.astype(np.float32) * np.float32(2**-23) - np.float32(1)) * np.float32(scale)
    return values.reshape(shape)


def labels(count, classes):
    """int64 class labels, the same for every peer."""
    return (_hash(count, LABEL) % np.uint32(classes)).astype(np.int64)


def layers(sizes):
    """[(weight of shape (out, in), bias)] of an MLP, bounded by 1 / sqrt(in) as in PyTorch's Linear."""
    made = []
    for i, (fan_in, fan_out) in enumerate(pairwise(sizes)):
        bound = 1 / fan_in**0.5
        made.append((uniform((fan_out, fan_in), 10 + 2 * i, bound), uniform((fan_out,), 11 + 2 * i, bound)))
    return made


def mlp_data(row):
    """(inputs, labels) of an MLP row."""
    return uniform((row.batch, row.sizes[0]), INPUT, 1.7), labels(row.batch, row.sizes[-1])


def lecture_data(row):
    """(x, y, w1, w2) of the lecture's two-layer network, weights of shape (in, out)."""
    n_in, hidden, n_out = row.sizes
    x = uniform((row.batch, n_in), INPUT, 1.7)
    y = uniform((row.batch, n_out), GRADIENT, 1.7)
    w1 = uniform((n_in, hidden), 10, 1 / n_in**0.5)
    w2 = uniform((hidden, n_out), 12, 1 / hidden**0.5)
    return x, y, w1, w2
