"""Behaviour 30: the same program with 1, 2, 3 and 8 threads gives bitwise the same losses, gradients and numbers."""

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


@pytest.fixture(scope="module")
def one_thread():
    return run_python(PROGRAM, CHAINRULE_NUM_THREADS="1", OMP_NUM_THREADS="1")


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
