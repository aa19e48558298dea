"""float16, bfloat16, int8 and int16 in programs: creation, random numbers, files, gradients, layers, optimizers."""

import copy
import io
import pickle

import numpy as np
import pytest
from helpers import dtype_name, expect_error

import chainrule as cr

FLOATS = ("float16", "bfloat16")
NARROW = (*FLOATS, "int8", "int16")
EPS = {"float16": 2.0**-10, "bfloat16": 2.0**-7}


def numbers(t):
    return t.detach().double().numpy()


def both(dtype, torch):
    return (cr, getattr(cr, dtype)), (torch, getattr(torch, dtype))


def texts(dtype, torch, call):
    """What the call gives in both libraries, as text."""
    return [repr(call(lib, t)).replace("chainrule", "torch") for lib, t in both(dtype, torch)]


# ---- what a call gives, to the letter ----

CALLS = {
    "tensor": lambda lib, t: lib.tensor([1, 2.5, -3], dtype=t),
    "number": lambda lib, t: (
        lib.tensor(3, dtype=t).item(),
        lib.tensor([[3]], dtype=t).tolist(),
        bool(lib.tensor(1, dtype=t)),
    ),
    "print": lambda lib, t: lib.tensor([-100, 5, 0.3], dtype=t) / 3,
    "long": lambda lib, t: lib.arange(2000).to(t) / 3,
    "empty": lambda lib, t: lib.zeros((0, 3), dtype=t),
    "format": lambda lib, t: (f"{lib.tensor(1.5).to(t)}", f"{lib.tensor(1.5).to(t):.3f}"),
    "create": lambda lib, t: (
        lib.zeros(2, dtype=t),
        lib.ones(2, dtype=t),
        lib.full((2,), 7, dtype=t),
        lib.eye(2, dtype=t),
    ),
    "arange": lambda lib, t: (lib.arange(5, dtype=t), lib.arange(0, 20, 3, dtype=t)),
    "like": lambda lib, t: (
        lib.ones(2, dtype=t).new_zeros(2),
        lib.ones(2, dtype=t).new_tensor([1]),
        lib.zeros_like(lib.ones(2), dtype=t),
    ),
    "convert": lambda lib, t: (
        lib.ones(2).to(t).type(),
        lib.ones(2).type(t).dtype,
        lib.ones(1).half(),
        lib.ones(1).bfloat16(),
        lib.ones(1).short(),
        lib.ones(1).char(),
    ),
    "dtype": lambda lib, t: (
        t.itemsize,
        t.is_signed,
        t.is_floating_point,
        lib.ones(2, dtype=t).element_size(),
        lib.ones(2, dtype=t).nbytes,
    ),
    "limits": lambda lib, t: lib.finfo(t) if t.is_floating_point else lib.iinfo(t),
    "sums": lambda lib, t: [getattr(lib.ones(4, dtype=t), n)() for n in ("sum", "prod", "max", "argmax", "abs", "neg")],
    "sum dtype": lambda lib, t: [
        lib.ones(4, dtype=t).sum(dtype=d) for d in (lib.float32, lib.int32, lib.float16, lib.int8)
    ],
    "named dtype": lambda lib, t: (
        lib.softmax(lib.ones(4), 0, dtype=lib.float16),
        lib.ones(3).cumsum(0, dtype=t),
        lib.ones(3).prod(dtype=t),
    ),
    "index": lambda lib, t: (
        lib.arange(6).to(t)[lib.tensor([1, 3])],
        lib.arange(6).to(t)[1:4:2],
        lib.arange(6).to(t)[lib.arange(6).to(t) > 2],
    ),
    "bits": lambda lib, t: lib.ones(2, dtype=t).view(lib.uint8),
    "product": lambda lib, t: lib.full((3, 3), 9, dtype=t) @ lib.full((3, 3), 9, dtype=t),
    "joined": lambda lib, t: (lib.cat([lib.ones(2, dtype=t), lib.ones(2)]), lib.stack([lib.ones(2, dtype=t)] * 2)),
    "where": lambda lib, t: lib.where(lib.tensor([True, False]), lib.ones(2, dtype=t), 0),
    "places": lambda lib, t: (
        lib.bucketize(lib.ones(2, dtype=t), lib.arange(3).to(t), out_int32=True),
        tuple(lib.ones(3, dtype=t).sort()),
    ),
    "wrap": lambda lib, t: (
        abs(lib.tensor([-128], dtype=t)),
        lib.tensor([100], dtype=t) * 3,
        lib.tensor([-100], dtype=t) // 7,
        lib.tensor([11], dtype=t) ** 3,
    ),
    "out": lambda lib, t: (
        lib.add(lib.ones(2, dtype=t), 1, out=lib.empty(2, dtype=t)),
        lib.add(lib.ones(2, dtype=t), 1, out=lib.empty(2)),
    ),
    "leaf": lambda lib, t: (
        t.is_floating_point
        and (lib.zeros(2, dtype=t, requires_grad=True), lib.tensor([1.0], dtype=t, requires_grad=True))
    ),
    "nan": lambda lib, t: (
        t.is_floating_point and lib.nan_to_num(lib.tensor([float("inf"), -float("inf"), float("nan")], dtype=t))
    ),
    "equal": lambda lib, t: (
        lib.equal(lib.ones(2, dtype=t), lib.ones(2, dtype=t)),
        lib.allclose(lib.ones(2, dtype=t), lib.ones(2, dtype=t)),
        1 in lib.ones(2, dtype=t),
    ),
    "shift": lambda lib, t: (
        t.is_floating_point
        or (
            lib.tensor([1, -128, 100], dtype=t) << 3,
            lib.tensor([1, -128, 100], dtype=t) >> 9,
            ~lib.tensor([1, -128], dtype=t),
        )
    ),
    "copies": lambda lib, t: (copy.deepcopy(lib.ones(2, dtype=t)), pickle.loads(pickle.dumps(lib.ones(2, dtype=t)))),
    "trace": lambda lib, t: (
        lib.ones(2, dtype=t).unsqueeze(0).expand(3, 2).sum(0),
        lib.ones(2, 3, dtype=t).t().contiguous().stride(),
    ),
}


@pytest.mark.parametrize("dtype", NARROW)
@pytest.mark.parametrize("name", CALLS)
def test_gives_what_pytorch_gives(name, dtype, torch):
    ours, theirs = texts(dtype, torch, CALLS[name])
    assert ours == theirs


def writes(lib, t):
    x = lib.arange(8).to(t)
    x += 1
    x *= 2
    x[1:3] = 7
    x[x > 9] = 2.0
    x[0] = lib.tensor(9)
    x[lib.tensor([4, 5])] = lib.tensor([1, 3], dtype=t)
    x[::2].sub_(1)
    x.clamp_(max=6).add_(lib.ones(8, dtype=t))
    x.view(2, 4).t()[1].mul_(3)
    return x, x.index_add_(0, lib.tensor([0, 0]), lib.ones(2, dtype=t)), x.masked_fill(x == 4, 1), x.fill_(3), x.zero_()


@pytest.mark.parametrize("dtype", NARROW)
def test_writes_in_place(dtype, torch):
    ours, theirs = texts(dtype, torch, writes)
    assert ours == theirs


@pytest.mark.parametrize("dtype", NARROW)
def test_refused_writes_change_nothing(dtype):
    t = getattr(cr, dtype)
    x = cr.ones(2, dtype=t)
    expect_error(ValueError, "shape", x.add_, cr.ones(3, 2))
    expect_error(RuntimeError, "more than once", x[:1].expand(3).add_, 1)
    if not t.is_floating_point:
        expect_error(TypeError, "cannot be stored in place", x.add_, 0.5)
    assert x.tolist() == [1, 1] and x._version == 0
    if t.is_floating_point:
        leaf = cr.ones(2, dtype=t, requires_grad=True)
        expect_error(RuntimeError, "a leaf tensor that requires a gradient", leaf.add_, 1)
        expect_error(RuntimeError, "a leaf tensor that requires a gradient", leaf.normal_)


def defaults(lib, t):
    lib.set_default_dtype(t)
    try:
        n = lib.ones(2, dtype=lib.int64)
        made = [
            lib.tensor([1.5]),
            lib.zeros(2),
            lib.rand(2),
            n / 2,
            n * 1.5,
            n.sqrt(),
            lib.nn.Linear(2, 2).weight,
            lib.arange(0, 1, 0.5),
        ]
        made += [
            lib.linspace(0, 1, 3),
            lib.eye(2),
            lib.full((1,), 1.0),
            lib.ones(2, dtype=lib.float32) * 2,
            n.float().mean(),
            lib.tensor(2.0),
        ]
        return [x.dtype for x in made]
    finally:
        lib.set_default_dtype(lib.float32)


@pytest.mark.parametrize("dtype", FLOATS)
def test_default_dtype(dtype, torch):
    ours, theirs = texts(dtype, torch, defaults)
    assert ours == theirs
    assert cr.tensor([1.0]).dtype == cr.float32


# ---- random numbers ----

DRAWS = {
    "rand": lambda lib, t: lib.rand(5000, dtype=t),
    "uniform_": lambda lib, t: lib.empty(5000, dtype=t).uniform_(-2, 3),
    "randn": lambda lib, t: lib.randn(100, dtype=t),
    "randn of 7": lambda lib, t: lib.randn(7, dtype=t),
    "randn of 32": lambda lib, t: lib.randn(32, dtype=t),
    "normal_": lambda lib, t: lib.empty(9, 5, dtype=t).normal_(1, 2),
    "normal_ of columns": lambda lib, t: lib.empty(9, 5, dtype=t).t().normal_(),
    "exponential_": lambda lib, t: lib.empty(100, dtype=t).exponential_(2.0),
    "cauchy_": lambda lib, t: lib.empty(100, dtype=t).cauchy_(),
    "log_normal_": lambda lib, t: lib.empty(100, dtype=t).log_normal_(),
    "geometric_": lambda lib, t: lib.empty(100, dtype=t).geometric_(0.3),
    "bernoulli_": lambda lib, t: lib.empty(100, dtype=t).bernoulli_(0.3),
    "bernoulli": lambda lib, t: lib.bernoulli(lib.full((100,), 0.3, dtype=t)),
    "dropout": lambda lib, t: lib.nn.functional.dropout(lib.ones(100, dtype=t), 0.3),
    "multinomial": lambda lib, t: lib.multinomial(lib.full((20,), 0.3, dtype=t), 5),
    "random_": lambda lib, t: lib.empty(100, dtype=t).random_(),
    "random_ to": lambda lib, t: lib.empty(100, dtype=t).random_(5, 90),
    "randint": lambda lib, t: lib.randint(-5, 100, (100,), dtype=t),
    "randperm": lambda lib, t: lib.randperm(50, dtype=t),
}


@pytest.mark.parametrize("dtype", NARROW)
@pytest.mark.parametrize("name", DRAWS)
def test_draws_are_pytorchs(name, dtype, torch):
    drawn = []
    for lib, t in both(dtype, torch):
        lib.manual_seed(3)
        try:
            drawn.append((numbers(DRAWS[name](lib, t)), lib.rand(1).item()))
        except (TypeError, RuntimeError, NotImplementedError):
            drawn.append(None)
    if drawn[1] is None:
        assert drawn[0] is None or dtype not in FLOATS
        return
    np.testing.assert_array_equal(drawn[0][0], drawn[1][0])
    assert drawn[0][1] == drawn[1][1]  # the stream stands where PyTorch's does


def test_bounds_of_integers():
    expect_error(ValueError, "don't fit int8", cr.randint, 0, 1000, (3,), dtype=cr.int8)
    expect_error(ValueError, "can't hold", cr.randperm, 200, dtype=cr.int8)


# ---- other libraries and files ----


@pytest.mark.parametrize("dtype", NARROW)
def test_arrays_and_dlpack(dtype, torch):
    t, theirs = getattr(cr, dtype), torch.arange(-3, 4).to(getattr(torch, dtype))
    taken = cr.from_dlpack(theirs)
    assert taken.dtype == t and taken.tolist() == theirs.tolist()
    given = torch.from_dlpack(taken)
    assert given.dtype == theirs.dtype and given.data_ptr() == theirs.data_ptr()
    if dtype == "bfloat16":
        expect_error(TypeError, "NumPy has no bfloat16", taken.numpy)
        expect_error(TypeError, "NumPy has no bfloat16", np.asarray, taken)
        return
    x = np.arange(-3, 4).astype(dtype)
    shared = cr.from_numpy(x)
    x[0] = 5
    assert shared[0].item() == 5 and shared.dtype == t and cr.asarray(x).dtype == t and cr.tensor(x[1]).dtype == t
    assert np.asarray(shared).dtype == dtype and np.shares_memory(shared.numpy(), x)


@pytest.mark.parametrize("dtype", NARROW)
def test_files(dtype, torch, tmp_path):
    official = pytest.importorskip("safetensors.torch")
    t, theirs = getattr(cr, dtype), torch.arange(-3, 4).to(getattr(torch, dtype))
    ours = cr.arange(-3, 4).to(t)
    cr.utils.save_file({"x": ours}, tmp_path / "ours")
    read = official.load_file(tmp_path / "ours")["x"]
    assert read.dtype == theirs.dtype and torch.equal(read, theirs)
    official.save_file({"x": theirs}, tmp_path / "theirs")
    read = cr.utils.load_file(tmp_path / "theirs")["x"]  # as safetensors.torch.load_file
    assert read.dtype == t and cr.equal(read, ours)
    wide = cr.load(tmp_path / "theirs")["x"]
    assert wide.dtype == (cr.float32 if t.is_floating_point else cr.int32) and wide.tolist() == ours.tolist()
    file = io.BytesIO()
    cr.save({"x": ours, "dtype": t, "layer": cr.nn.Linear(2, 3, dtype=cr.float16).state_dict()}, file)
    file.seek(0)
    read = cr.load(file)
    assert read["x"].dtype == t and cr.equal(read["x"], ours) and read["dtype"] == t
    assert read["layer"]["weight"].dtype == cr.float16
    again = pickle.loads(pickle.dumps(ours))
    assert again.dtype == t and cr.equal(again, ours)
    assert cr.equal(copy.deepcopy(ours).share_memory_(), ours) and ours.clone().share_memory_().is_shared()
    cr.testing.assert_close(again, ours)


# ---- gradients ----

LAYERS = {
    "conv": (lambda nn: nn.Conv2d(3, 4, 3), (2, 3, 8, 8)),
    "conv_transpose": (lambda nn: nn.ConvTranspose2d(3, 2, 3), (1, 3, 4, 4)),
    "batch_norm": (lambda nn: nn.BatchNorm1d(5), (7, 5)),
    "group_norm": (lambda nn: nn.GroupNorm(2, 4), (2, 4, 3)),
    "lstm": (lambda nn: nn.LSTM(3, 4, batch_first=True), (2, 5, 3)),
    "gru": (lambda nn: nn.GRU(3, 4), (2, 5, 3)),
    "transformer": (lambda nn: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, dropout=0.0), (2, 5, 8)),
    "pool": (lambda nn: nn.MaxPool2d(2), (2, 3, 4, 4)),
    "embedding": (lambda nn: nn.Embedding(5, 3), None),
}


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", LAYERS)
def test_layers(name, dtype, torch):
    make, shape = LAYERS[name]
    results = []
    for lib, t in both(dtype, torch):
        lib.manual_seed(0)
        layer = make(lib.nn).to(t)
        x = lib.randn(*shape).to(t).requires_grad_() if shape else lib.tensor([0, 1, 1, 4])
        y = layer(x)
        y = y[0] if isinstance(y, tuple) else y
        weights = lib.randn(*y.shape).to(t)
        (y * weights).sum().backward()
        leaves = [p.grad for p in layer.parameters()] + ([x.grad] if shape else [])
        assert all(g.dtype == t for g in [y, *leaves])
        results.append([numbers(v) for v in [y, *leaves, *layer.buffers()]])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=6 * EPS[dtype] * max(1, np.abs(theirs).max()))


def train(optimizer, lib, t, steps=5):
    lib.manual_seed(0)
    model = lib.nn.Sequential(lib.nn.Linear(6, 16), lib.nn.ReLU(), lib.nn.Linear(16, 4)).to(t)
    x, y = lib.randn(32, 6).to(t), lib.randn(32, 4).to(t)
    step = optimizer(lib.optim, list(model.parameters()))
    for _ in range(steps):
        step.zero_grad()
        (8 * lib.nn.functional.mse_loss(model(x), y)).backward()
        norm = lib.nn.utils.clip_grad_norm_(model.parameters(), 4.0)
        assert norm.dtype == t and all(p.grad.dtype == t for p in model.parameters())
        step.step()
    return [numbers(p) for p in model.parameters()]


OPTIMIZERS = {
    "SGD": lambda optim, p: optim.SGD(p, 0.01),
    "momentum": lambda optim, p: optim.SGD(p, 0.01, momentum=0.9, weight_decay=0.01, nesterov=True),
    "Adam": lambda optim, p: optim.Adam(p, 0.01, eps=1e-3),
    "AdamW": lambda optim, p: optim.AdamW(p, 0.01, eps=1e-3),
    "RMSprop": lambda optim, p: optim.RMSprop(p, 0.001, eps=1e-3),
    "Adafactor": lambda optim, p: optim.Adafactor(p, 0.01),
    "Adamax": lambda optim, p: optim.Adamax(p, 0.01, eps=1e-3),
}


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(name, dtype, torch):
    """A step is worked out in float32 and rounded once, PyTorch's after each operation."""
    ours, theirs = (train(OPTIMIZERS[name], *place) for place in both(dtype, torch))
    if dtype == "float16" and name in (
        "Adam",
        "AdamW",
    ):  # squares of gradients vanish: each library's steps are its own
        assert all(np.isfinite(p).all() for p in ours)
        return
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=6 * EPS[dtype])


def walk(lib, t):
    """Fan-out, views, writes, hooks, retained gradients, and a second derivative."""
    x = lib.tensor([1.0, 2.0, 3.0, 4.0]).to(t).requires_grad_()
    seen = []
    x.register_hook(seen.append)
    a = x * 1
    y = a + a * 2 + a.exp() * 0.1
    y.retain_grad()
    y[1:3] *= 3
    y[0] = 5
    v = y.view(2, 2)[1]
    v.add_(1)
    (y * y).sum().backward()
    (x[[0, 0, 2]] * 0.5).sum().backward()
    (first,) = lib.autograd.grad((x**3).sum(), x, create_graph=True)
    (second,) = lib.autograd.grad(first.sum(), x)
    p = lib.ones(2, requires_grad=True)  # float32 weights, narrow computation
    (p.to(t) * 2).sum().backward()
    assert p.grad.dtype == lib.float32
    return [y, x.grad, first, second, p.grad, *seen]


@pytest.mark.parametrize("dtype", FLOATS)
def test_graphs(dtype, torch):
    for ours, theirs in zip(*(walk(*place) for place in both(dtype, torch)), strict=True):
        assert dtype_name(ours) == dtype_name(theirs)
        np.testing.assert_allclose(numbers(ours), numbers(theirs), rtol=3 * EPS[dtype])


@pytest.mark.parametrize("dtype", FLOATS)
def test_functions_and_checks(dtype):
    t = getattr(cr, dtype)

    class Square(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, grad):
            return grad * 2 * ctx.saved_tensors[0]

    x = cr.full((3,), 1.5, dtype=t, requires_grad=True)
    y = Square.apply(x)
    y.sum().backward()
    assert y.dtype == x.grad.dtype == t and x.grad.tolist() == [3.0] * 3
    expect_error(TypeError, "Convert it with .double", cr.autograd.gradcheck, lambda x: x * x, (x,))
    with cr.autograd.detect_anomaly():
        zero = cr.zeros(1, dtype=t, requires_grad=True)
        expect_error(RuntimeError, "not finite", zero.sqrt().sum().backward)
    layer = cr.nn.Linear(2, 2, dtype=t)
    expect_error(TypeError, f"got float32 and {dtype}", layer, cr.ones(1, 2))
    state = cr.nn.Linear(2, 2).state_dict()
    layer.load_state_dict(state)
    assert layer.weight.dtype == t and cr.equal(layer.weight, state["weight"].to(t))
    assert layer.float().weight.dtype == cr.float32
