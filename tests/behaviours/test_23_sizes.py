"""Behaviour 23: impossible sizes are errors at once, with shape and bytes; the process lives on."""

import pytest
from helpers import SANITIZED, expect_error, run_python

import chainrule as cr

HUGE = 2**40
TOO_MUCH = (ValueError, MemoryError)


@pytest.mark.parametrize("name", ["zeros", "ones", "rand", "randn", "empty"])
def test_23_overflowing_product(name):
    make = getattr(cr, name)
    expect_error(TOO_MUCH, str(HUGE), make, HUGE, HUGE)
    expect_error(TOO_MUCH, str(2**62), make, 2**62, 2)
    expect_error(TOO_MUCH, str(2**61), make, 2**61)


def test_23_overflow_hidden_by_a_zero():
    """(0, 2^40, 2^40) has no elements: allowed, or refused, but no crash."""
    try:
        x = cr.zeros(0, HUGE, HUGE)
    except TOO_MUCH:
        return
    assert x.numel() == 0


@pytest.mark.parametrize("name", ["zeros", "ones", "rand", "randn"])
def test_23_negative(name):
    expect_error((ValueError, RuntimeError), "-", getattr(cr, name), -1)
    expect_error((ValueError, RuntimeError), "-", getattr(cr, name), 2, -3)


def test_23_terabytes():
    error = expect_error(MemoryError, "bytes|GB|TB", cr.zeros, 2**22, 2**21)
    assert str(2**22) in str(error) and "float32" in str(error)


def test_23_shape_functions():
    x = cr.ones(2, 3)
    expect_error(ValueError, "reshape", x.reshape, 2**62, 2**62)
    expect_error(ValueError, "reshape", x.reshape, -2, 3)
    expect_error(ValueError, "expand", x.expand, -2, 3)
    expect_error(TOO_MUCH, "", cr.ones(1).expand, 2**62, 2**62)


def test_23_expanded_results_are_refused():
    """A huge view costs nothing; a result of its size is refused by figure."""
    x = cr.ones(1).expand(2**45)
    expect_error(MemoryError, "bytes|GB|TB", lambda: x + 1)
    expect_error(TOO_MUCH, "", lambda: cr.ones(2**33, 1).expand if False else (cr.ones(1).expand(2**40) * 1.0))


# Each of these views has few elements and shows many: lengths that are added or multiplied leave int64.
WIDE, ROW, COLUMN = cr.ones(1).expand(2**62), cr.ones(1, 1).expand(1, 2**62), cr.ones(1, 1).expand(2**62, 1)
JOINED = {
    "cat": lambda: cr.cat([WIDE] * 4),
    "hstack": lambda: cr.hstack([WIDE] * 4),
    "vstack": lambda: cr.vstack([COLUMN] * 4),
    "column_stack": lambda: cr.column_stack([ROW] * 4),
    "stack": lambda: cr.stack([WIDE] * 4),
    "block_diag": lambda: cr.block_diag(*[ROW] * 4),
    "repeat_interleave": lambda: cr.ones(4).repeat_interleave(2**62),
    "repeat_interleave, each": lambda: cr.ones(4).repeat_interleave(cr.tensor([2**62] * 4)),
    "repeat_interleave, positions": lambda: cr.repeat_interleave(cr.tensor([2**62] * 4)),
    "repeat": lambda: cr.ones(4).repeat(2**62),
    "kron": lambda: cr.kron(cr.zeros(2**32, 0), cr.zeros(1, 1).expand(2**32, 1)),
    "meshgrid": lambda: cr.meshgrid(WIDE, WIDE, indexing="ij"),
    "cartesian_prod": lambda: cr.cartesian_prod(WIDE, WIDE),
    "broadcast": lambda: WIDE[:, None] * WIDE,
    "broadcast_tensors": lambda: cr.broadcast_tensors(WIDE[:, None], WIDE),
    "unfold": lambda: WIDE.unfold(0, 2**61, 1),
    "as_strided": lambda: cr.as_strided(cr.ones(1), (2**62, 4), (0, 0)),
}


@pytest.mark.parametrize("call", JOINED.values(), ids=JOINED)
def test_23_lengths_that_leave_int64(call):
    expect_error(TOO_MUCH, "int64|bytes", call)


@pytest.mark.parametrize("call", [lambda: cr.arange(2**60), lambda: cr.eye(2**31), lambda: cr.linspace(0, 1, 2**60)])
def test_23_ranges(call):
    expect_error(TOO_MUCH, "", call)


def test_23_matmul_result():
    a = cr.ones(1, 1).expand(2**24, 1)
    expect_error(MemoryError, "bytes|GB|TB", cr.matmul, a, a.T)


def test_23_bad_kinds_of_size():
    for size in (1.5, "3", None):
        with pytest.raises(TypeError):
            cr.zeros(size)
    with pytest.raises((TypeError, ValueError, OverflowError)):
        cr.zeros(2**70)


@pytest.mark.skipif(SANITIZED, reason="a sanitizer maps terabytes")
def test_23_under_a_memory_limit():
    """RLIMIT_AS: an allocation that the system refuses is a MemoryError, also in backward, and the process goes on."""
    code = """
import resource
import chainrule as cr
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
limit = used + (400 << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for attempt in range(3):
    try:
        cr.zeros(1 << 30)
        print("no error")
    except MemoryError as error:
        assert "float32" in str(error), error
x = cr.ones(1, requires_grad=True)
y = x.expand(1 << 24) * 2.0
held = []
try:
    while True:
        held.append(y.exp())
except MemoryError:
    pass
del held
print("alive", (x * 3).item())
"""
    assert run_python(code, OMP_NUM_THREADS="1", CHAINRULE_NUM_THREADS="1").split() == ["alive", "3.0"]


@pytest.mark.skipif(SANITIZED, reason="a sanitizer maps terabytes")
def test_23_reductions_where_no_memory_is_left():
    """The partial results of a long reduction find no room: a MemoryError, and the process goes on."""
    code = """
import resource
import chainrule as cr
n = 1 << 20
rows = cr.ones(n, 4)[:, :3]
columns, narrow = cr.ones(1 << 19, 40), cr.ones(2, 1 << 24, dtype=cr.bfloat16)
line, pieces = cr.ones(1 << 26), cr.ones(2, n, 4)[:, :, :3]
cases = [
    (lambda: rows.sum(), 3.0 * n), (lambda: pieces.sum((1, 2)).sum(), 6.0 * n), (lambda: narrow.sum(1).sum(), 32.0 * n),
    (lambda: line.sum(), 64.0 * n), (lambda: columns.sum(0).sum(), 20.0 * n), (lambda: line[::2] @ line[::2], 32.0 * n),
]
for reduce, value in cases:
    assert reduce().item() == value
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used, used))
held = []
for size in (1 << 20, 1 << 16, 1 << 12):
    try:
        while True:
            held.append(bytes(size))
    except MemoryError:
        pass
for reduce, value in cases:
    try:
        assert reduce().item() == value
    except MemoryError:
        pass
print("alive")
"""
    assert run_python(code, OMP_NUM_THREADS="1", CHAINRULE_NUM_THREADS="1").split() == ["alive"]


@pytest.mark.skipif(SANITIZED, reason="a sanitizer maps terabytes")
def test_23_memory_full_of_small_objects():
    """Whatever kind of object of ours finds no room at last: a MemoryError, and the process goes on."""
    code = """
import gc, resource
import chainrule as cr
x = cr.ones(3, requires_grad=True)
kinds = {
    "tensor": lambda: x * 2.0, "node": lambda: (x * 2.0).grad_fn, "hook": lambda: (x * 1.0).register_hook(print),
    "generator": cr.Generator, "device": lambda: cr.device("cpu"), "shape": lambda: x.shape, "list": x.tolist,
    "named tuple": lambda: x.max(0), "slice": lambda: x[1:], "decomposition": lambda: cr.linalg.svd(x.expand(3, 3) + 1),
}
def fill(make):
    held = []
    try:
        while True:
            held.append(make())
    except MemoryError:
        return len(held)
for make in kinds.values():
    make()
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (12 << 20), used + (12 << 20)))
for make in kinds.values():
    fill(make)
    gc.collect()
    cr.empty_cache()
print("alive", (x * 3).sum().item())
"""
    assert run_python(code, OMP_NUM_THREADS="1", CHAINRULE_NUM_THREADS="1").split() == ["alive", "9.0"]


def test_23_where_the_interpreter_has_no_memory():
    """Whichever of its allocations fails in a call of ours: MemoryError, and the next call works."""
    pytest.importorskip("_testcapi")
    code = """
import _testcapi, gc
import chainrule as cr
x = (cr.arange(6.0) + 1000.5).reshape(2, 3)
many, number, layer = cr.arange(5) + 10**12, cr.tensor(3.5), cr.nn.Linear(3, 2)
long, leaf = cr.zeros(1000, 2000), cr.ones(2, requires_grad=True)
loss = (leaf * 2).sum()
class Own(cr.Generator):
    pass
class Twice(cr.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * 2
    @staticmethod
    def backward(ctx, grad):
        return grad * 2 + 0 * ctx.saved_tensors[0]
calls = {
    "tolist": lambda: (x.tolist(), many.tolist()), "shape": lambda: long.shape, "size": lambda: long.size(1),
    "tuple": lambda: x.split(1, 1), "named tuple": lambda: x.max(1), "number": lambda: (float(number), many[0].item()),
    "list of tensors": lambda: cr.tensor([number, number]), "module": lambda: layer(x), "operator": lambda: x * 1.5,
    "index": lambda: x[1, 1:], "backward": lambda: (layer(x) ** 2).sum().backward(),
    "generator": cr.Generator, "own generator": Own, "device": lambda: cr.device("cpu"), "node": lambda: loss.grad_fn,
    "edges": lambda: loss.grad_fn.next_functions, "hook": lambda: leaf.register_hook(lambda grad: None).remove(),
    "function": lambda: Twice.apply(leaf).sum().backward(), "elements": lambda: list(x),
    "gradient": lambda: cr.autograd.grad((leaf * leaf).sum(), [leaf], create_graph=True),
}
gc.collect()
gc.freeze()
for name, call in calls.items():
    refused = 0
    for n in range(40):
        gc.collect()  # the interpreter keeps freed numbers and lists for the next ones
        error = None
        try:
            _testcapi.set_nomemory(n, n + 1)
            call()
        except Exception as caught:
            error = caught
        _testcapi.remove_mem_hooks()
        assert error is None or type(error) is MemoryError, (name, n, error)
        refused += error is not None
    assert refused or name == "size", name
    call()
print("alive")
"""
    assert run_python(code).split() == ["alive"]
