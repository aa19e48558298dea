"""Behaviour 36: Python threads train own models, or walk separate graphs of a shared one, and get what one thread gets.

Races inside the C++ core are looked for by ThreadSanitizer with 8 threads: in this file and tests/cpp/threads_test.cpp,
run by .ci/nightly.
"""

import ctypes
import sys
import threading
import time

import numpy as np
import pytest
from helpers import array, run_python, same

import chainrule as cr
from chainrule import nn, optim
from chainrule.nn import functional as F

THREADS = 8


def in_threads(work):
    """work(i) in 8 threads that begin together; their results, or the first exception."""
    results, gate = [None] * THREADS, threading.Barrier(THREADS)

    def body(i):
        try:
            gate.wait()
            results[i] = work(i)
        except BaseException as error:
            results[i] = error

    threads = [threading.Thread(target=body, args=(i,)) for i in range(THREADS)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


def batch(i):
    rng = np.random.default_rng(i)
    return cr.tensor(rng.standard_normal((64, 30)).astype(np.float32)), cr.tensor(rng.integers(0, 10, 64))


def model():
    return nn.Sequential(
        nn.Linear(30, 300), nn.ReLU(), nn.LayerNorm(300), nn.Linear(300, 300), nn.Tanh(), nn.Linear(300, 10)
    )


def train(net, i, steps=6):
    """The losses, the last gradients and the weights."""
    opt = optim.Adam(net.parameters(), lr=1e-2)
    x, y = batch(i)
    losses = []
    for _ in range(steps):
        opt.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        opt.step()
        losses.append(loss.item())
    return losses, [array(p.grad).copy() for p in net.parameters()], [array(p).copy() for p in net.parameters()]


def test_36_own_models_bit_by_bit():
    nets = [model() for _ in range(THREADS)]
    states = [{k: v.clone() for k, v in net.state_dict().items()} for net in nets]
    together = in_threads(lambda i: train(nets[i], i))
    for i, (net, state) in enumerate(zip(nets, states, strict=True)):
        net.load_state_dict(state)
        losses, grads, weights = train(net, i)
        assert together[i][0] == losses
        for a, b in zip(together[i][1] + together[i][2], grads + weights, strict=True):
            np.testing.assert_array_equal(a, b)


def test_36_shared_model_separate_graphs():
    """Gradients of shared leaves are the sum over the threads, to the rounding of its order."""
    net = model().double()
    batches = [batch(i) for i in range(THREADS)]

    def walk(i):
        x, y = batches[i]
        for _ in range(4):
            F.cross_entropy(net(x.double()), y).backward()

    for i in range(THREADS):
        walk(i)
    serial = [p.grad.clone() for p in net.parameters()]
    net.zero_grad()
    in_threads(walk)
    for p, expected in zip(net.parameters(), serial, strict=True):
        np.testing.assert_allclose(array(p.grad), array(expected), rtol=1e-11, atol=1e-13)


def test_36_large_gradients_of_a_shared_leaf():
    """So large that kernels let the interpreter's lock go: still no thread's part may be lost."""
    for _ in range(3):
        w = cr.zeros(200_000, dtype=cr.float64, requires_grad=True)

        def walk(i, w=w):
            for _ in range(10):
                (w * (i + 1)).sum().backward()

        in_threads(walk)
        assert w.grad.unique().tolist() == [10.0 * sum(range(1, THREADS + 1))]


def test_36_shared_model_forward_only():
    net = model().eval()
    with cr.no_grad():
        expected = [net(batch(i)[0]) for i in range(THREADS)]

    def work(i):
        with cr.no_grad():
            return [net(batch(i)[0]) for _ in range(5)]

    for outputs, wanted in zip(in_threads(work), expected, strict=True):
        for out in outputs:
            same(out, wanted)
    assert cr.is_grad_enabled()


def test_36_one_graph_walked_by_several():
    x = cr.ones(50, dtype=cr.float64, requires_grad=True)
    y = (x.exp() * x).sum()
    grads = in_threads(lambda i: cr.autograd.grad(y, x, retain_graph=True)[0])
    for g in grads:
        same(g, grads[0])


def test_36_one_large_graph_walked_by_several():
    """Kernels of this size let the interpreter's lock go, so that walks overlap; what each is to compute is its own."""
    x, z = (cr.rand(100_000, dtype=cr.float64, requires_grad=True) for _ in range(2))
    y = x
    for _ in range(6):
        y = y * z + x.sin()
    y = y.sum()
    expected = cr.autograd.grad(y, [x, z], retain_graph=True)
    for _ in range(5):
        results = in_threads(lambda i: cr.autograd.grad(y, [x, z][i % 3 :][:1] or [x, z], retain_graph=True))
        for i, result in enumerate(results):
            for g, e in zip(result, expected[i % 3 :][:1] or expected, strict=True):
                same(g, e)


def test_36_hooks_and_functions_in_threads():
    class Double(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2 + 0 * ctx.saved_tensors[0]

    x = cr.ones(200, dtype=cr.float64, requires_grad=True)
    seen = []
    x.register_hook(lambda g: seen.append(1))

    def work(i):
        for _ in range(20):
            Double.apply(x * i).sum().backward()

    in_threads(work)
    assert len(seen) == THREADS * 20
    assert x.grad.tolist() == [2.0 * 20 * sum(range(THREADS))] * 200


LARGE = {
    "product": lambda a: a @ a,
    "elementwise": lambda a: a.lgamma(),
    "softmax": lambda a: [a.view(1000, 4000).softmax(1) for _ in range(10)],  # one is over before another thread wakes
    "sort": lambda a: a.sort(1),
    "convolution": lambda a: F.conv2d(a.view(1, 4, 1000, 1000), cr.ones(16, 4, 5, 5)),
}


def progress_beside(call, limit=100):
    """How far another Python thread counts while each of some calls is inside C++: until three have let it come on.

    The interpreter never takes its lock away here (the switch interval is longer than the test), so the other thread
    comes on only when the call lets the lock go. It lets go itself after each count. A busy machine may not run it
    before the call is over: then more calls are made, up to a hundred. During calls that hold the lock it never runs.
    """
    count, stop = [0], threading.Event()

    def counter():
        while not stop.is_set():
            count[0] += 1
            time.sleep(0)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    other = threading.Thread(target=counter)
    other.start()
    progress = []
    try:
        while sum(step > 0 for step in progress) < 3 and len(progress) < limit:
            before = count[0]
            call()
            progress.append(count[0] - before)
    finally:
        stop.set()
        other.join()
        sys.setswitchinterval(interval)
    return progress


@pytest.mark.parametrize("name", LARGE)
def test_36_the_lock_is_released(name):
    """Another Python thread comes on during each call: it cannot, unless the call lets the interpreter's lock go."""
    a = cr.rand(2000, 2000)
    progress = progress_beside(lambda: LARGE[name](a))
    assert sum(step > 0 for step in progress) >= 3, f"nothing ran beside the calls: {progress}"  # a held lock: never


def test_36_the_lock_is_released_in_backward():
    x = cr.rand(2000, 1000, requires_grad=True)
    loss = (x @ x.T).tanh().sum()
    progress = progress_beside(lambda: loss.backward(retain_graph=True))
    assert sum(step > 0 for step in progress) >= 3, f"nothing ran beside the calls: {progress}"  # a held lock: never


def test_36_a_lock_held_is_seen():
    """The measurement itself: calls that hold the lock give no progress, those that let it go do."""
    values = list(range(1_000_000, 0, -1))
    held, released = ctypes.PyDLL(None), ctypes.CDLL(None)
    assert progress_beside(lambda: held.usleep(30_000), limit=5) == [0] * 5
    assert progress_beside(lambda: sorted(values), limit=5) == [0] * 5
    assert sum(step > 0 for step in progress_beside(lambda: released.usleep(30_000))) >= 3


NORMS_IN_THREADS = """
import threading, time
import chainrule as cr
from chainrule.nn import functional as F
cr.set_num_threads(1)  # so that the calling thread does the work, without the lock
mean, var = cr.zeros(1024)[::2], cr.ones(1024)[::2]  # shared, and not contiguous
x, labels = cr.randn(200, 512), cr.arange(200)
def row(w, b):
    return F.layer_norm(x, (512,), w, b).sum() + F.rms_norm(x, (512,), w).sum() + F.group_norm(x, 4, w, b).sum()
def column(w, b):
    return F.batch_norm(x, mean, var, w, b).sum() + F.batch_norm(x, None, None, w, b, True).sum()
def loss(w, b):
    y = x * w + b
    return F.cross_entropy(y, labels) + F.smooth_l1_loss(y, x) + y.log_softmax(0).sum() + (y * y).mean(0).std()
def work(function):
    w, b = cr.ones(512, requires_grad=True), cr.zeros(512, requires_grad=True)
    end = time.time() + 2
    while time.time() < end:
        function(w, b).backward()
        w.grad = b.grad = None
threads = [threading.Thread(target=work, args=(f,)) for f in (row, column, loss, row, column, loss)]
for t in threads: t.start()
for t in threads: t.join()
print("done")
"""


def test_36_large_norms_and_losses_in_threads():
    """Large enough to let the lock go: nothing but numbers may be touched meanwhile. (A crash ends the process.)"""
    assert run_python(NORMS_IN_THREADS).strip() == "done"


@pytest.mark.parametrize("dtype", [cr.float32, cr.float64])
def test_36_products_in_threads(dtype):
    """Each has the bits of one alone: OpenBLAS packs into buffers that the threads share, under its locks."""
    a, b, square = cr.randn(300, 8, dtype=dtype), cr.randn(8, 3000, dtype=dtype), cr.randn(300, 300, dtype=dtype)

    def products(_):
        return [a @ b, square @ square, square.T @ square[0], cr.linalg.solve(square, a)]

    alone = products(0)
    for found in in_threads(lambda i: [products(i) for _ in range(20)]):
        assert all((x == y).all() for each in found for x, y in zip(each, alone))


def gradients_of(make, *shapes):
    """make's result and its gradients for fresh leaves of these shapes, the same in every call."""
    leaves = [cr.tensor(np.random.default_rng(7).random(shape), requires_grad=True) for shape in shapes]
    out = make(*leaves)
    return [out.detach(), *cr.autograd.grad(out.sum(), leaves)]


class Wrapped:
    """A foreign object that stands for a tensor."""

    def __init__(self, value):
        self.value = value

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return function(*(a.value if isinstance(a, cls) else a for a in args), **(kwargs or {}))


PLACES = cr.tensor(np.random.default_rng(3).integers(0, 300, (2, 2000)))
LABELS = cr.rand(300, 300, dtype=cr.float64)
CALM = nn.Sequential(
    nn.Linear(300, 300), nn.ReLU(), nn.Dropout(0.0), nn.Flatten()
).double()  # no hooks, so the short way
PARTS = {
    "sparse products": lambda: gradients_of(
        lambda v, d: cr.sparse.mm(cr.sparse_coo_tensor(PLACES, v, (300, 300)), d), (2000,), (300, 300)
    ),
    "singular values": lambda: gradients_of(lambda a: cr.linalg.svd(a, full_matrices=False).S, (4, 80, 80)),
    "labels by logits": lambda: gradients_of(
        lambda x: F.binary_cross_entropy_with_logits(x, LABELS, reduction="none"), (300, 300)
    ),
    "out": lambda: [cr.mm(LABELS, LABELS, out=cr.empty(0, dtype=cr.float64)), cr.add(LABELS, 1, out=LABELS.clone())],
    "foreign objects": lambda: gradients_of(lambda x: cr.add(Wrapped(x), Wrapped(LABELS)), (300, 300)),
    "calls of modules": lambda: gradients_of(CALM, (300, 300)),
    "log of calls": lambda: [CALM(LABELS), cr.tensor([len(cr._core.module_calls()) - 2])],
}


@pytest.mark.parametrize("name", PARTS)
def test_36_parts_in_threads(name):
    """What keeps state of its own, or lets the interpreter's lock go: in eight threads as in one."""
    wanted = PARTS[name]()
    for results in in_threads(lambda i: [PARTS[name]() for _ in range(3)]):
        for result in results:
            for a, b in zip(result, wanted, strict=True):
                same(a, b)
