"""Behaviour 35: Ctrl-C ends a long backward, a training loop, or a matrix product (at its end), and all works on.

The signal comes, and the answer is timed, by the processor time of the process, so that others' work does not count.
"""

import pytest
from helpers import run_python

# The signal is SIGPROF with Ctrl-C's own handler: it comes after so much processor time, a small part of what any work
# below takes, so that a processor of many times the speed does not end it first.
AFTER = 0.02
FRAME = f"""
import signal, time
import chainrule as cr
from chainrule import nn, optim
cr.set_num_threads(1)
signal.signal(signal.SIGPROF, signal.default_int_handler)
{{prepare}}
start = time.process_time()
signal.setitimer(signal.ITIMER_PROF, {AFTER})
try:
    {{work}}
    print("not interrupted")
except KeyboardInterrupt:
    print("interrupted", time.process_time() - start - {AFTER})
signal.setitimer(signal.ITIMER_PROF, 0)
x = cr.tensor([1.0, 2.0], requires_grad=True)
(x * x).sum().backward()
assert x.grad.tolist() == [2.0, 4.0]
{{after}}
"""
CHAIN = """
w = cr.full((1 << 16,), 1.0, requires_grad=True)
y = w
for _ in range(3000):
    y = y.sin()
loss = y.sum()
"""


def answer(prepare, work, after=""):
    """Seconds of processor time between the signal and KeyboardInterrupt."""
    code = FRAME.format(prepare=prepare, work=work.replace("\n", "\n    "), after=after)
    word, _, seconds = run_python(code).strip().rpartition(" ")
    assert word == "interrupted", f"{word} {seconds}"
    return float(seconds)


def test_35_backward():
    """Nothing has been added to the leaf; the graph of the same loss can be built and walked again."""
    after = """
assert w.grad is None
z = (w * 2).sum()
z.backward()
assert w.grad[0].item() == 2.0
"""
    assert answer(CHAIN, "loss.backward()", after) < 0.2


def test_35_retained_backward_can_be_repeated():
    after = """
loss.backward(retain_graph=True)
first = w.grad.clone()
w.grad = None
loss.backward()
assert cr.equal(first, w.grad) and first.isfinite().all()
"""
    assert answer(CHAIN, "loss.backward(retain_graph=True)", after) < 0.2


def test_35_many_small_nodes():
    prepare = """
x0 = cr.tensor(1.0, requires_grad=True)
y = x0
for _ in range(2_000_000):
    y = y + 1.0
"""
    assert answer(prepare, "while True: y.backward(retain_graph=True)", "del y") < 0.2


def test_35_training_loop():
    prepare = """
net = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
opt = optim.Adam(net.parameters())
data = cr.randn(64, 64), cr.randint(0, 10, (64,))
def step():
    opt.zero_grad()
    loss = nn.functional.cross_entropy(net(data[0]), data[1])
    loss.backward()
    opt.step()
    return loss
"""
    after = """
for _ in range(3):
    assert step().isfinite()
"""
    assert answer(prepare, "while True: step()", after) < 0.2


@pytest.mark.slow
def test_35_matrix_product_at_its_end():
    """One call cannot be cut short; the answer comes when it is done, not later."""
    prepare = "a = cr.ones(2500, 2500)\nb = time.process_time(); a @ a; whole = time.process_time() - b"
    work = "a @ a\nfor _ in range(1000): pass"
    after = "assert (a @ a)[0, 0].item() == 2500.0\nprint(whole)"
    code = FRAME.format(prepare=prepare, work=work.replace("\n", "\n    "), after=after)
    said, whole = run_python(code).strip().splitlines()
    assert said.startswith("interrupted")
    assert float(said.split()[1]) < 2 * float(whole) + 0.2


def test_35_exception_of_the_users_own_handler():
    """A handler that raises something else is answered too."""
    prepare = (
        CHAIN
        + """
class Alarm(Exception): pass
def ring(*args): raise Alarm
signal.signal(signal.SIGPROF, ring)
"""
    )
    code = FRAME.format(prepare=prepare, work="loss.backward()", after="").replace("KeyboardInterrupt", "Alarm")
    assert run_python(code).startswith("interrupted")
