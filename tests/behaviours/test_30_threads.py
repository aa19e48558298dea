"""Behaviour 30: the same program with 1, 2, 3 and 8 threads, or in another process, gives bitwise the same losses,
gradients and random numbers."""

import pytest
from helpers import run_python

PROGRAM = """
import hashlib
import numpy as np
import chainrule as cr
from chainrule import nn, optim
from chainrule.nn import functional as F

digest = hashlib.sha256()
def take(t):
    digest.update(np.ascontiguousarray(t.detach().numpy()).tobytes())

cr.manual_seed(3)
x = cr.randn(200, 301)
y = cr.randint(0, 10, (200,))
net = nn.Sequential(nn.Linear(301, 257), nn.ReLU(), nn.Linear(257, 129), nn.Tanh(), nn.Linear(129, 10))
opt = optim.Adam(net.parameters(), lr=1e-3)
for step in range(4):
    opt.zero_grad()
    loss = F.cross_entropy(net(x), y)
    loss.backward()
    take(loss)
    for p in net.parameters():
        take(p.grad)
    opt.step()
for p in net.parameters():
    take(p)
big = cr.randn(1 << 20, requires_grad=True)
out = (big.sigmoid() * big).sum() + big.exp().mean() + big.view(1024, 1024).softmax(1).amax(0).sum()
out.backward()
take(out); take(big.grad)
m = cr.randn(300, 517) @ cr.randn(517, 211)
take(m); take(m.sum(0)); take(m.sum(1)); take(m.mean()); take(cr.randperm(1000)); take(cr.rand(5))
take(cr.randn(65, 33, 17) @ cr.randn(65, 17, 9))
for dtype in (cr.float32, cr.float64):
    for m, n, k in ((383, 385, 387), (128, 768, 300), (700, 70, 130), (1000, 999, 33)):
        a, b = cr.randn(m, k, dtype=dtype), cr.randn(n, k, dtype=dtype)
        take(a @ b.T); take(a.T.contiguous().T @ b.T); take(a @ b.T.contiguous())
print(digest.hexdigest())
"""

# A short training run of each model family: losses, gradients and weights, one digest a family.
FAMILIES = """
import hashlib, sys
import numpy as np
import chainrule as cr
from chainrule import nn, optim
from chainrule.nn import functional as F

class Sequence(nn.Module):
    def __init__(self, recurrent):
        super().__init__()
        self.embed, self.body, self.out = nn.Embedding(30, 48), recurrent, nn.Linear(64, 30)
    def forward(self, x):
        return self.out(self.body(self.embed(x))[0]).flatten(0, 1)

class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.out = nn.Embedding(30, 64), nn.Linear(64, 30)
        self.body = nn.TransformerEncoder(nn.TransformerEncoderLayer(64, 4, 128, 0.1, batch_first=True), 2)
    def forward(self, x):
        return self.out(self.body(self.embed(x))).flatten(0, 1)

class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encode, self.decode = nn.Linear(400, 40), nn.Linear(20, 400)
    def forward(self, x):
        mean, log_var = self.encode(x).chunk(2, 1)
        z = mean + (0.5 * log_var).exp() * cr.randn_like(mean)
        kl = -0.5 * (1 + log_var - mean**2 - log_var.exp()).sum()
        return self.decode(z), kl

def conv_net():
    first = [nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2)]
    last = [nn.Conv2d(16, 32, 3, stride=2), nn.GroupNorm(4, 32), nn.SiLU(), nn.Flatten(), nn.Linear(32 * 49, 30)]
    return nn.Sequential(*first, *last)

def perceptron():
    return nn.Sequential(nn.Linear(301, 257), nn.ReLU(), nn.Dropout(0.2), nn.LayerNorm(257), nn.Linear(257, 30))

def classify(net, x, y):
    return F.cross_entropy(net(x), y.flatten())

def rebuild(net, x, y):
    out, kl = net(x)
    return F.binary_cross_entropy_with_logits(out, y, reduction="sum") + kl

def tokens():
    return cr.randint(0, 30, (16, 40))

def labels(*shape):
    return lambda: cr.randint(0, 30, shape)

CASES = {
    "MLP": (perceptron, classify, lambda: cr.randn(200, 301), labels(200), optim.Adam),
    "CNN": (conv_net, classify, lambda: cr.randn(32, 3, 32, 32), labels(32), optim.SGD),
    "LSTM": (lambda: Sequence(nn.LSTM(48, 64, batch_first=True)), classify, tokens, tokens, optim.RMSprop),
    "GRU": (lambda: Sequence(nn.GRU(48, 64, batch_first=True)), classify, tokens, tokens, optim.Adagrad),
    "transformer": (Transformer, classify, tokens, tokens, optim.AdamW),
    "VAE": (VAE, rebuild, lambda: cr.randn(200, 400), lambda: cr.rand(200, 400), optim.Adam),
}
for name, (make, loss_of, inputs, targets, optimizer) in CASES.items():
    cr.manual_seed(5)
    net, x, y = make(), inputs(), targets()
    opt = optimizer(net.parameters(), lr=1e-3)
    digest = hashlib.sha256()
    for step in range(3):
        opt.zero_grad()
        loss = loss_of(net, x, y)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        for t in [loss, *(p.grad for p in net.parameters()), *net.parameters()]:
            digest.update(np.ascontiguousarray(t.detach().numpy()).tobytes())
    print(name, loss.item(), digest.hexdigest())
"""


@pytest.fixture(scope="module")
def one_thread():
    return run_python(PROGRAM, CHAINRULE_NUM_THREADS="1", OMP_NUM_THREADS="1")


@pytest.fixture(scope="module")
def families():
    return run_python(FAMILIES, CHAINRULE_NUM_THREADS="1", OMP_NUM_THREADS="1")


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_30_each_model_family(threads, families):
    """Three training steps of MLP, CNN, LSTM, GRU, transformer and VAE, each in a process of its own."""
    got = run_python(FAMILIES, CHAINRULE_NUM_THREADS=str(threads), PYTHONHASHSEED=str(threads))
    assert got.splitlines() == families.splitlines()
    assert len(families.splitlines()) == 6 and "nan" not in families


def test_30_again_in_another_process(families):
    """Same seed, program and version: the same bits, whatever lies where in memory."""
    shifted = "import chainrule\nkept = [chainrule.ones(n) for n in range(1, 999, 7)]\n" + FAMILIES
    assert run_python(shifted, CHAINRULE_NUM_THREADS="1", PYTHONHASHSEED="99", MALLOC_PERTURB_="7") == families


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_30_bitwise_equal(threads, one_thread):
    assert run_python(PROGRAM, CHAINRULE_NUM_THREADS=str(threads), OMP_NUM_THREADS=str(threads)) == one_thread


def test_30_set_num_threads(one_thread):
    assert run_python("import chainrule; chainrule.set_num_threads(3)\n" + PROGRAM) == one_thread


def test_30_inside_a_python_thread(one_thread):
    code = f"""
import threading
def work():
    exec({PROGRAM!r}, {{}})
t = threading.Thread(target=work); t.start(); t.join()
"""
    assert run_python(code, CHAINRULE_NUM_THREADS="2") == one_thread
