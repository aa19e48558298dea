"""A steady training loop wastes nothing, by counters: no call to the system's allocator, no new page, no new object."""

import gc
import resource
import sys

import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.nn import functional as F

STEPS = 200
ALLOWED = {
    "blocks of Python": 20,
    "objects that the collector sees": 12,
    "page faults": 20,
}  # of the counters themselves
sanitized = pytest.mark.skipif(
    bool(cr.build_info()["sanitize"]), reason="the allocator keeps nothing under a sanitizer"
)


def mlp():
    net = nn.Sequential(
        nn.Linear(64, 128), nn.ReLU(), nn.Dropout(0.1), nn.Linear(128, 128), nn.Tanh(), nn.Linear(128, 10)
    )
    return net, cr.randn(64, 64), cr.randint(0, 10, (64,)), F.cross_entropy


def cnn():
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(8 * 36, 10),
    )
    return net, cr.randn(8, 3, 12, 12), cr.randint(0, 10, (8,)), F.cross_entropy


def transformer():
    net = nn.Sequential(
        nn.Embedding(20, 32), nn.TransformerEncoderLayer(32, 4, 64, batch_first=True), nn.Linear(32, 20)
    )
    return net, cr.randint(0, 20, (4, 10)), cr.randn(4, 10, 20), F.mse_loss


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.out = nn.LSTM(8, 16, batch_first=True), nn.Linear(16, 4)

    def forward(self, x):
        return self.out(self.lstm(x)[0][:, -1])


def lstm():
    return Recurrent(), cr.randn(8, 12, 8), cr.randn(8, 4), F.mse_loss


OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, lr=1e-3, momentum=0.9),
    "AdamW": lambda p: optim.AdamW(p, lr=1e-4),
}


def loop(net, x, y, loss_of, opt, steps):
    for _ in range(steps):
        opt.zero_grad()
        loss = loss_of(net(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()


def counters():
    objects = len(gc.get_objects())
    garbage = gc.collect()  # empties the interpreter's free lists too, so that the blocks can be compared
    stats = cr._core.memory_stats()
    return {
        "calls to the system's allocator": stats["system_allocations"],
        "bytes in use": stats["bytes_in_use"],
        "tensors": cr._core.live_tensors(),
        "nodes": cr._core.live_nodes(),
        "blocks of Python": sys.getallocatedblocks(),
        "objects that the collector sees": objects,
        "objects in cycles": garbage,
    }


def page_faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


@sanitized
@pytest.mark.parametrize(
    ("make", "optimizer"), [(mlp, "SGD"), (mlp, "AdamW"), (cnn, "SGD"), (transformer, "AdamW"), (lstm, "SGD")]
)
def test_steady_training_loop(make, optimizer):
    net, x, y, loss_of = make()
    opt = OPTIMIZERS[optimizer](net.parameters())
    loop(net, x, y, loss_of, opt, 30)
    gc.collect()
    gc.disable()  # what only the collector would free counts as waste
    try:
        loop(net, x, y, loss_of, opt, 3)
        counters()
        loop(net, x, y, loss_of, opt, 100)  # fills the free lists that were emptied
        # The interpreter and the kernel move pages of their own now and then; waste of ours is there each time. The
        # faults are read right beside the loop: the other counters walk through all objects that the process has.
        for _ in range(5):
            first = counters()
            first_faults = page_faults()
            loop(net, x, y, loss_of, opt, STEPS)
            faults = page_faults() - first_faults
            grown = {name: value - first[name] for name, value in counters().items()} | {"page faults": faults}
            wasted = {name: value for name, value in grown.items() if value > ALLOWED.get(name, 0)}
            if not wasted:
                break
    finally:
        gc.enable()
    assert not wasted, f"in {STEPS} steps: {wasted}"


@sanitized
def test_inference_loop():
    net, x, _, _ = mlp()
    net.eval()
    with cr.no_grad():
        for _ in range(20):
            net(x)
        first = cr._core.memory_stats()["system_allocations"], cr._core.live_tensors(), cr._core.live_nodes()
        for _ in range(STEPS):
            net(x)
        assert (cr._core.memory_stats()["system_allocations"], cr._core.live_tensors(), cr._core.live_nodes()) == first


def test_the_counters_count():
    first = counters()
    kept = [cr.ones(5000) for _ in range(50)]
    grown = {name: value - first[name] for name, value in counters().items()}
    assert grown["tensors"] == 50 and grown["bytes in use"] >= 50 * 20000
    del kept
    assert cr._core.live_tensors() == first["tensors"]
