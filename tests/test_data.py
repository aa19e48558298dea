"""DataLoader and TensorDataset: the same batches in the same order as PyTorch for the same seed."""

import numpy as np
import pytest
from helpers import expect_error

import chainrule as cr
from chainrule.utils import data as data_tools
from chainrule.utils.data import DataLoader, TensorDataset


def batches(lib, n=50, epochs=2, seed=3, **options):
    lib.manual_seed(seed)
    data = lib.utils.data.TensorDataset(lib.arange(n), lib.arange(n) * 10)
    loader = lib.utils.data.DataLoader(data, **options)
    seen = [[part.tolist() for part in batch] for _ in range(epochs) for batch in loader]
    return seen, lib.rand(2).tolist(), len(loader)


@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 8},
        {"batch_size": 8, "shuffle": True},
        {"batch_size": 7, "shuffle": True, "drop_last": True},
        {},
        {"batch_size": 50},
        {"batch_size": 64, "shuffle": True},
        {"batch_size": 64, "drop_last": True},
        {"batch_size": 8, "shuffle": True, "num_workers": 0, "pin_memory": False},
    ],
    ids=str,
)
@pytest.mark.parametrize("seed", [0, 42])
def test_order_and_position_in_the_stream(options, seed, torch):
    assert batches(cr, seed=seed, **options) == batches(torch, seed=seed, **options)


def test_generator(torch):
    def run(lib):
        g = lib.Generator()
        g.manual_seed(11)
        return batches(lib, batch_size=6, shuffle=True, generator=g)

    assert run(cr) == run(torch)


def test_two_epochs_differ_and_cover_everything():
    data = TensorDataset(cr.arange(20))
    loader = DataLoader(data, batch_size=6, shuffle=True)
    first, second = ([x for (b,) in loader for x in b.tolist()] for _ in range(2))
    assert first != second and sorted(first) == sorted(second) == list(range(20))


def test_lengths():
    data = TensorDataset(cr.zeros(10, 3), cr.zeros(10))
    assert len(data) == 10 and len(DataLoader(data, batch_size=3)) == 4
    assert len(DataLoader(data, batch_size=3, drop_last=True)) == 3 and len(DataLoader(data, batch_size=20)) == 1
    x, y = data[4]
    assert tuple(x.shape) == (3,) and tuple(y.shape) == ()
    assert DataLoader(data, batch_size=3).batch_size == 3 and DataLoader(data).dataset is data


def test_shapes_and_dtypes():
    data = TensorDataset(cr.zeros(5, 2, 3), cr.zeros(5, dtype=cr.int64))
    x, y = next(iter(DataLoader(data, batch_size=4)))
    assert tuple(x.shape) == (4, 2, 3) and y.dtype == cr.int64
    *_, (x, y) = DataLoader(data, batch_size=4)
    assert tuple(x.shape) == (1, 2, 3)


def test_batches_are_copies():
    values = cr.zeros(4)
    for (batch,) in DataLoader(TensorDataset(values), batch_size=2, shuffle=True):
        batch.add_(1)
    assert values.tolist() == [0.0] * 4


def test_any_sequence_of_samples():
    samples = [(np.float32(k), k) for k in range(4)]
    out = [(x.tolist(), y.tolist()) for x, y in DataLoader(samples, batch_size=2)]
    assert out == [([0.0, 1.0], [0, 1]), ([2.0, 3.0], [2, 3])]


def test_lengths_must_agree():
    with pytest.raises((ValueError, AssertionError), match=r"10.*9|[Ss]ize"):
        TensorDataset(cr.zeros(10), cr.zeros(9))


def test_bad_options():
    data = TensorDataset(cr.zeros(3))
    expect_error(ValueError, "batch_size", DataLoader, data, batch_size=0)
    expect_error(ValueError, "batch_size", DataLoader, data, batch_size=-1)
    expect_error(ValueError, "BatchSampler: batch_size must be .*, got 0", data_tools.BatchSampler, data, 0, False)
    expect_error(ValueError, "BatchSampler: drop_last must be .*, got 2", data_tools.BatchSampler, data, 1, 2)
    expect_error(TypeError, "RandomSampler: replacement must be .*, got 1", data_tools.RandomSampler, data, 1)
    expect_error(ValueError, "RandomSampler: num_samples must be .*, got 0", data_tools.RandomSampler, data, False, 0)
    weighted = data_tools.WeightedRandomSampler
    expect_error(ValueError, "WeightedRandomSampler: num_samples .*, got 0", weighted, [1.0], 0)
    expect_error(ValueError, "WeightedRandomSampler: replacement .*, got 1", weighted, [1.0], 1, 1)
    expect_error(ValueError, r"WeightedRandomSampler: weights .*\(1, 1\)", weighted, [[1.0]], 1)


def test_empty_data():
    assert list(DataLoader(TensorDataset(cr.zeros(0, 3)), batch_size=4)) == []


def test_random_split(torch):
    def run(lib):
        parts = lib.utils.data.random_split(lib.arange(20), [15, 5], generator=lib.Generator().manual_seed(1))
        return [list(p.indices) for p in parts]

    assert run(cr) == run(torch)
