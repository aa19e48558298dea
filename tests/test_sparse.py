"""Sparse tensors: against PyTorch, against dense tensors, and what they refuse."""

import copy
import io
import pickle

import numpy as np
import pytest

import chainrule as cr
from chainrule.autograd import gradcheck, gradgradcheck

pytestmark = pytest.mark.filterwarnings("ignore:.*[Ss]parse")  # PyTorch's, of beta states and old names

# Places out of order and twice; a matrix without entries; one whose values have an axis of their own.
CASES = {
    "plain": ([[0, 0, 1, 2], [0, 2, 1, 3]], [3.0, 4.0, 5.0, -6.0], (3, 4)),
    "twice": ([[2, 0, 2, 0, 2], [3, 1, 3, 0, 1]], [1.0, 2.0, 3.0, -4.0, 5.0], (3, 4)),
    "empty": (np.zeros((2, 0), np.int64), np.zeros(0), (3, 4)),
    "hybrid": ([[1, 0, 1], [0, 2, 0]], [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], (3, 4, 2)),
    "no rows": (np.zeros((2, 0), np.int64), np.zeros(0), (0, 4)),
}
MATRICES = [name for name in CASES if name != "hybrid"]


def make(lib, name, dtype="float64", **options):
    indices, values, size = CASES[name]
    indices, values = lib.tensor(np.asarray(indices)), lib.tensor(np.asarray(values), dtype=getattr(lib, dtype))
    return lib.sparse_coo_tensor(indices, values, size, **options)


def numbers(x):
    x = x.to_dense() if x.layout is not cr.strided and "sparse" in str(x.layout) else x
    return x.detach().numpy()


def same(ours, theirs, exact=False):
    assert ("sparse" in str(ours.layout)) == ("sparse" in str(theirs.layout))
    assert str(ours.dtype).split(".")[-1] == str(theirs.dtype).split(".")[-1]
    assert tuple(ours.shape) == tuple(theirs.shape)
    tolerance = 0 if exact else 1e-6 if ours.dtype == cr.float32 else 1e-12  # PyTorch's products round by the processor
    np.testing.assert_allclose(numbers(ours), numbers(theirs), rtol=tolerance, atol=tolerance)


def dense(lib, *shape, seed=0):
    return lib.tensor(np.random.default_rng(seed).standard_normal(shape))


# name -> function of (library, sparse matrix); all are compared with PyTorch, value and gradient
FUNCTIONS = {
    "to_dense": lambda lib, a: a.to_dense(),
    "coalesce": lambda lib, a: a.coalesce(),
    "mm": lambda lib, a: lib.sparse.mm(a, dense(lib, 4, 5)),
    "spmm": lambda lib, a: lib.spmm(a, dense(lib, 4, 1)),
    "@": lambda lib, a: a @ dense(lib, 4, 33),
    "@ vector": lambda lib, a: a @ dense(lib, 4),
    "mv": lambda lib, a: lib.mv(a, dense(lib, 4)),
    "transposed": lambda lib, a: a.t() @ dense(lib, a.shape[0], 2),
    "T": lambda lib, a: a.T.to_dense(),
    "addmm": lambda lib, a: lib.addmm(dense(lib, a.shape[0], 2), a, dense(lib, 4, 2, seed=1), beta=0.5, alpha=2),
    "sparse.addmm": lambda lib, a: lib.sparse.addmm(dense(lib, a.shape[0], 2), a, dense(lib, 4, 2, seed=1)),
    "linear": lambda lib, a: lib.nn.functional.linear(a, dense(lib, 2, 4), dense(lib, 2, seed=1)),
    "sum": lambda lib, a: lib.sparse.sum(a),
    "sum 0": lambda lib, a: lib.sparse.sum(a, 0),
    "sum -1": lambda lib, a: lib.sparse.sum(a, -1),
    "sum both": lambda lib, a: lib.sparse.sum(a, [0, 1]),
    "softmax": lambda lib, a: lib.sparse.softmax(a, 1),
    "softmax 0": lambda lib, a: lib.sparse.softmax(a, 0),
    "log_softmax": lambda lib, a: lib.sparse.log_softmax(a, 1),
    "a + a": lambda lib, a: a + a,
    "a - 2b": lambda lib, a: lib.sub(a, a.coalesce(), alpha=2),
    "dense + a": lambda lib, a: dense(lib, *a.shape) + a,
    "dense - a": lambda lib, a: dense(lib, *a.shape) - a,
    "a * number": lambda lib, a: a * 2.5,
    "number * a": lambda lib, a: 2.5 * a,
    "a / number": lambda lib, a: a / 3,
    "a * dense": lambda lib, a: a * dense(lib, *a.shape),
    "-a": lambda lib, a: -a,
    "cat": lambda lib, a: lib.cat([a, a * 2]),
    "index_select": lambda lib, a: a.index_select(1, lib.tensor([2, 0, 0])),
    "double": lambda lib, a: a.float().double(),
}


@pytest.mark.parametrize("case", MATRICES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_equals_pytorch(torch, name, case):
    if case == "no rows" and name in ("softmax 0", "index_select"):
        pytest.skip("PyTorch itself fails here")
    results = []
    for lib in (cr, torch):
        a = make(lib, case, requires_grad=name not in ("cat", "index_select"))  # PyTorch has no gradient of these
        result = FUNCTIONS[name](lib, a)
        whole = result.to_dense() if "sparse" in str(result.layout) else result
        if whole.requires_grad:
            (whole * dense(lib, *whole.shape, seed=3)).sum().backward()
        results.append((result, a.grad))
    same(results[0][0], results[1][0])
    ours, theirs = (grad for _, grad in results)
    if ours is not None and ours._nnz():
        assert theirs is not None
        theirs = theirs.to_dense() if "sparse" in str(theirs.layout) else theirs
        # A product gives PyTorch's sparse leaf a dense gradient here and there: ours is at the entries alone.
        np.testing.assert_allclose(
            numbers(ours), theirs.numpy() * (numbers(make(cr, case)) != 0), rtol=1e-12, atol=1e-12
        )


UNARY = {"abs": {}, "sqrt": {}, "sin": {}, "tanh": {}, "relu": {}, "log1p": {}, "floor": {}, "square": {}, "expm1": {}}


@pytest.mark.parametrize("name", UNARY)
def test_functions_that_keep_zero(torch, name):
    for case in ("twice", "hybrid"):
        theirs = make(torch, case).abs()
        ours = make(cr, case).abs()
        same(getattr(cr, name)(ours), getattr(torch, name)(theirs))
        same(getattr(ours, name)(), getattr(torch, name)(theirs))


@pytest.mark.parametrize("case", CASES)
def test_coalesce_and_dense(torch, case):
    ours, theirs = make(cr, case), make(torch, case)
    assert ours.is_coalesced() == theirs.is_coalesced() and ours._nnz() == theirs._nnz()
    same(ours, theirs)
    a, b = ours.coalesce(), theirs.coalesce()
    assert (
        a.is_coalesced() and a.indices().tolist() == b.indices().tolist() and a.values().tolist() == b.values().tolist()
    )
    assert (a.sparse_dim(), a.dense_dim(), a.numel()) == (b.sparse_dim(), b.dense_dim(), b.numel())
    assert a.coalesce() is a
    back = ours.to_dense().to_sparse(2)
    assert back.is_coalesced() and cr.equal(back.to_dense(), ours.to_dense())


def test_products_of_two_sparse_matrices(torch):
    for first, second in (("plain", "twice"), ("twice", "empty"), ("twice", "twice")):
        results = []
        for lib in (cr, torch):
            a, b = make(lib, first, requires_grad=True), make(lib, second, requires_grad=True)
            product = lib.sparse.mm(a, b.t())
            product.to_dense().pow(2).sum().backward()
            results.append((product, a, b))
        (ours, a, b), (theirs, _, _) = results
        same(ours, theirs)
        full = [x.detach().to_dense().requires_grad_() for x in (a, b)]
        (full[0] @ full[1].t()).pow(2).sum().backward()
        for sparse, whole in zip((a, b), full, strict=True):
            np.testing.assert_allclose(numbers(sparse.grad), (whole.grad * (sparse.detach().to_dense() != 0)).numpy())


def test_gradients_of_the_values():
    indices = cr.tensor(CASES["twice"][0])
    values, x = dense(cr, 5).requires_grad_(), dense(cr, 4, 3, seed=1).requires_grad_()

    def product(values, x):
        return cr.sparse_coo_tensor(indices, values, (3, 4)) @ x

    assert gradcheck(product, (values, x)) and gradgradcheck(product, (values, x))
    for f in (
        lambda v: cr.sparse.softmax(cr.sparse_coo_tensor(indices, v, (3, 4)), 1).to_dense(),
        lambda v: cr.sparse.log_softmax(cr.sparse_coo_tensor(indices, v, (3, 4)), 0).values(),
        lambda v: (cr.sparse_coo_tensor(indices, v, (3, 4)) * cr.sparse_coo_tensor(indices, v, (3, 4))).to_dense(),
        lambda v: cr.sparse.sum(cr.sparse_coo_tensor(indices, v * v, (3, 4)), 0).to_dense(),
        lambda v: cr.sparse.mm(cr.sparse_coo_tensor(indices, v, (3, 4)), make(cr, "plain").t()).to_dense(),
    ):
        assert gradcheck(f, (values,)) and gradgradcheck(f, (values,))


def test_sampled_addmm(torch):
    results = []
    for lib in (cr, torch):
        a, b = dense(lib, 3, 6).requires_grad_(), dense(lib, 6, 4, seed=1).requires_grad_()
        mask = make(lib, "plain").to_sparse_csr()
        result = lib.sparse.sampled_addmm(mask, a, b, beta=0.5, alpha=2)
        result.values().pow(2).sum().backward()
        results.append((result.to_dense(), a.grad, b.grad))
    for ours, theirs in zip(*results, strict=True):
        same(ours, theirs)


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "float32"])
def test_dtypes(torch, dtype):
    for case in ("twice", "empty"):
        results = []
        for lib in (cr, torch):
            a, x = make(lib, "plain").abs().to(getattr(lib, dtype)), lib.ones(4, 19, dtype=getattr(lib, dtype))
            results.append(
                [make(lib, case).abs().to(getattr(lib, dtype)).to_dense(), (a @ x if dtype != "uint8" else a)]
            )
            results[-1].append(lib.sparse.sum(a, 0))
        for ours, theirs in zip(*results, strict=True):
            same(ours, theirs, exact=True)
    a = make(cr, "twice").bool()
    assert a.to_dense().tolist() == a.coalesce().to_dense().tolist() and a.to_dense().sum() == 4


def test_same_sums_for_any_number_of_threads():
    rng = np.random.default_rng(0)
    places = rng.integers(0, 500, (2, 40_000))
    a = cr.sparse_coo_tensor(cr.tensor(places), cr.tensor(rng.standard_normal(40_000), dtype=cr.float32), (500, 500))
    x = cr.tensor(rng.standard_normal((500, 17)), dtype=cr.float32)
    before, results = cr.get_num_threads(), []
    try:
        for threads in (1, 3):
            cr.set_num_threads(threads)
            b, y = a.detach().requires_grad_(), x.detach().requires_grad_()
            z = b @ y
            z.square().sum().backward()
            results.append((z, b._values().grad, y.grad))
    finally:
        cr.set_num_threads(before)
    assert all(cr.equal(p, q) for p, q in zip(*results, strict=True))


def test_it_is_a_tensor():
    a = make(cr, "plain", "float32")
    assert isinstance(a, cr.Tensor) and cr.is_tensor(a) and not isinstance(a, cr.FloatTensor)
    assert isinstance(a, cr.sparse.FloatTensor) and a.type() == "torch.sparse.FloatTensor"
    assert a.is_sparse and not a.is_sparse_csr and a.layout is cr.sparse_coo and cr.ones(1).layout is cr.strided
    assert a.shape == (3, 4) and a.size(1) == 4 and a.dim() == a.ndim == 2 and len(a) == 3 and a.numel() == 12
    assert a.device == cr.device("cpu") and a.dtype is cr.float32 and not a.requires_grad and a.is_leaf
    assert (
        a.to("cpu") is a
        and a.cpu() is a
        and a.double().dtype is cr.float64
        and a.to(cr.int64)._values().tolist()[0] == 3
    )
    with pytest.raises(RuntimeError, match="cuda"):
        a.cuda()
    assert {a: 1}[a] == 1 and a[0, 2] == 4 and a[2].to_dense().tolist() == [0, 0, 0, -6] and a[1][1].item() == 5
    with pytest.raises(IndexError, match="index 3 is out of bounds for axis 0 with size 3"):
        a[3]


def test_operators_with_numbers_of_numpy():
    a = make(cr, "plain", "float32")
    for b in (a * np.float32(2), np.float64(2) * a, a * 2, cr.nn.ReLU()(a * 2) - cr.relu(a * -2)):
        assert cr.equal(b.to_dense(), a.to_dense() * 2) and b.dtype is cr.float32
    for call in (lambda: a @ 2, lambda: np.ones((2, 3)) @ a, lambda: a + "x", lambda: 2**a):
        with pytest.raises(TypeError):
            call()


def test_the_code_of_its_gradients():
    a, x = make(cr, "twice", requires_grad=True), dense(cr, 4, 2).requires_grad_()
    loss = (a @ x).square().sum()
    space = {}
    exec(cr.source(loss), space)  # it checks itself against the library
    loss.backward()
    assert "sparse_mm(" in cr.source((a @ x).sum()) and a.grad is not None and x.grad is not None


def test_gradient_of_a_leaf():
    a = make(cr, "twice", requires_grad=True)
    assert a.requires_grad and a.is_leaf and a.grad is None
    loss = (a @ cr.ones(4, 1, dtype=cr.float64)).sum()
    (found,) = cr.autograd.grad(loss, [a], retain_graph=True)
    loss.backward()
    # Both entries of one place have the gradient of the place.
    assert a.grad.is_sparse and a.grad.values().tolist() == found.values().tolist() == [1.0] * 4
    a.grad = None
    assert a.grad is None and a._values().grad is None
    assert not a.detach().requires_grad and a.clone().grad_fn is not None
    b = make(cr, "plain")
    b.requires_grad_()
    with cr.no_grad():
        assert not (b * 2).requires_grad
    assert (b * 2).requires_grad and not b.detach().requires_grad


def test_prints_as_pytorch(torch):
    for case in CASES:
        for options in ({}, {"requires_grad": True}):
            ours, theirs = make(cr, case, "float32", **options), make(torch, case, "float32", **options)
            assert repr(ours) == repr(theirs)
    for n in (2, 9, 12, 1001):
        assert repr(cr.ones(1, n).to_sparse_csr()) == repr(torch.ones(1, n).to_sparse_csr())
        assert repr(cr.ones(n).to_sparse()) == repr(torch.ones(n).to_sparse())


def test_copies_and_files(tmp_path):
    a = make(cr, "twice", requires_grad=True)
    for b in (copy.deepcopy(a), pickle.loads(pickle.dumps(a)), copy.copy(a)):
        assert cr.equal(b.to_dense(), a.to_dense()) and b.requires_grad and b.is_leaf and not b.is_coalesced()
    state = {"adj": make(cr, "hybrid"), "csr": make(cr, "plain").to_sparse_csr(), "leaf": a}
    cr.save(state, tmp_path / "state")
    loaded = cr.load(tmp_path / "state")
    for name, b in state.items():
        c = loaded[name]
        assert cr.equal(b.to_dense(), c.to_dense()) and b.layout is c.layout and b.requires_grad == c.requires_grad


def test_a_file_cannot_lie():
    file = io.BytesIO()
    cr.save(make(cr, "plain"), file)
    text = file.getvalue()
    for old, new, error in (
        (b"[3,4]", b"[1,4]", RuntimeError),
        (b"[3,4]", b"[0.4]", ValueError),
        (b"sparse_coo", b"sparse_abc", ValueError),
        (b"sparse_coo", b"sparse_csr", None),  # in order: it may be one
    ):
        changed = text.replace(old, new)
        assert changed != text
        if error:
            with pytest.raises(error, match=r"^load: "):
                cr.load(io.BytesIO(changed))
        else:
            assert cr.load(io.BytesIO(changed)).is_sparse_csr


def test_as_a_buffer():
    class Net(cr.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("adj", make(cr, "plain", "float32"))
            self.linear = cr.nn.Linear(2, 2)

        def forward(self, x):
            return self.adj @ self.linear(x)

    net = Net()
    assert net(cr.ones(4, 2)).shape == (3, 2)
    state = net.state_dict()
    other = Net()
    other.adj = other.adj * 0
    other.load_state_dict(state)
    assert cr.equal(other.adj.to_dense(), net.adj.to_dense())
    assert net.double().adj.dtype is cr.float64
    file = io.BytesIO()
    cr.save(state, file)
    file.seek(0)
    assert cr.load(file)["adj"].is_sparse


def test_new_makes_one_of_the_same_kind():
    x = cr.sparse_coo_tensor([[0, 2], [1, 0]], [1.0, 2.0], (3, 2), dtype=cr.float64)
    y = x.new(x._indices(), x._values().pow(2), x.size())
    assert y.is_sparse and y.dtype == cr.float64 and y.to_dense().tolist() == [[0, 1], [0, 0], [4, 0]]
    empty = x.new().resize_as_(x)
    assert empty.shape == (3, 2) and empty._nnz() == 0 and empty.to_dense().sum() == 0
    with pytest.raises(ValueError, match="resize_as_: a sparse tensor without entries"):
        x.resize_as_(y)


def test_in_a_function():
    class Product(cr.autograd.Function):
        @staticmethod
        def forward(ctx, values, x):
            a = cr.sparse_coo_tensor(CASES["twice"][0], values, (3, 4))
            ctx.save_for_backward(a, x)
            return a @ x

        @staticmethod
        def backward(ctx, grad):
            a, x = ctx.saved_tensors
            rows, columns = a._indices()
            return (grad @ x.t())[rows, columns], a.t() @ grad

    assert gradcheck(Product.apply, (dense(cr, 5).requires_grad_(), dense(cr, 4, 2).requires_grad_()))

    class Wrong(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, grad):
            return grad.to_sparse()

    with pytest.raises(TypeError, match=r"WrongBackward: backward must return dense tensors or None, got .*Sparse"):
        Wrong.apply(cr.ones(2, requires_grad=True)).sum().backward()


def test_csr(torch):
    results = []
    for lib in (cr, torch):
        a = lib.sparse_csr_tensor([0, 1, 1, 3], [2, 0, 2], lib.tensor([3.0, 4.0, 5.0]), size=(3, 4))
        results.append((a @ dense(lib, 4, 2).float(), a.to_dense(), a.crow_indices(), a.col_indices(), a.values()))
        assert not a.is_sparse and a.is_sparse_csr and a.layout is lib.sparse_csr and a._nnz() == 3
        assert lib.eye(3).to_sparse_csr().to_sparse().is_sparse
    for ours, theirs in zip(*results, strict=True):
        same(ours, theirs)
    for crow, columns in (([0, 2, 1], [0]), ([1, 1], [0]), ([0, 3], [0])):
        with pytest.raises(RuntimeError, match=r"^sparse_csr_tensor: crow_indices must not fall"):
            cr.sparse_csr_tensor(crow, columns, [1.0])
    with pytest.raises(RuntimeError, match=r"axis 1 must be in \[0, 2\), got 7"):
        cr.sparse_csr_tensor([0, 1], [7], [1.0], size=(1, 2))


def test_old_names(torch):
    for lib in (cr, torch):
        i, v = lib.tensor([[0, 1], [2, 0]]), lib.tensor([3.0, 4.0])
        a = lib.sparse.FloatTensor(i, v, lib.Size([2, 3]))
        assert a.to_dense().tolist() == [[0, 0, 3], [4, 0, 0]]
        assert lib.sparse.FloatTensor(i, v).shape == (2, 3) and lib.sparse.FloatTensor(2, 3)._nnz() == 0
        assert lib.sparse.LongTensor(i, v.long(), (2, 3)).dtype is lib.int64
        assert lib.ones(2, 3).sparse_mask(a).to_dense().tolist() == [[0, 0, 1], [1, 0, 0]]


BAD = {
    "beyond": (
        RuntimeError,
        r"indices of axis 0 must be in \[0, 2\), got 5",
        lambda s: s([[0, 5], [0, 0]], [1.0, 2.0], (2, 3)),
    ),
    "negative": (
        RuntimeError,
        r"indices of axis 1 must be in \[0, 3\), got -1",
        lambda s: s([[0], [-1]], [1.0], (2, 3)),
    ),
    "no size": (RuntimeError, "must not be negative, got -1", lambda s: s([[0], [-1]], [1.0])),
    "values": (ValueError, "one value for each index", lambda s: s([[0, 1], [0, 0]], [1.0, 2.0, 3.0], (2, 3))),
    "floats": (TypeError, "indices must be whole numbers", lambda s: s([[0.5], [0.0]], [1.0], (2, 3))),
    "short": (ValueError, r"a size with 2 sparse axes .*got \(2,\)", lambda s: s([[0], [0]], [1.0], (2,))),
    "long": (ValueError, r"a size with 2 sparse axes .*got \(2, 3, 4\)", lambda s: s([[0], [0]], [1.0], (2, 3, 4))),
    "vector": (ValueError, r"indices must be an int64 tensor of shape", lambda s: s([0, 1], [1.0, 2.0], (2,))),
    "device": (RuntimeError, "cuda", lambda s: s([[0]], [1.0], (2,), device="cuda")),
}


@pytest.mark.parametrize("name", BAD)
def test_refuses(name):
    error, message, call = BAD[name]
    with pytest.raises(error, match=message):
        call(cr.sparse_coo_tensor)


def test_dense_operations_say_so():
    a, x = make(cr, "plain", "float32"), cr.ones(4, 2)
    for name, call in {
        "exp": lambda: cr.exp(a),
        "softmax": lambda: cr.softmax(a, 1),
        "max": lambda: a.max(),
        "view": lambda: a.view(2, 6),
        "conv2d": lambda: cr.nn.functional.conv2d(x, a),
        "eq": lambda: a == a,
        "where": lambda: cr.where(a, x, x),
    }.items():
        with pytest.raises(TypeError, match=rf"^{name}: dense tensors are required, got a sparse tensor of size"):
            call()
    with pytest.raises(
        ValueError, match=r"^sparse.mm: inner dimensions must match, got \(3, 4\) @ \(3, 2\) \(4 != 3\)"
    ):
        a @ cr.ones(3, 2)
    with pytest.raises(TypeError, match="dtype"):
        a @ x.double()
    with pytest.raises(TypeError, match=r"^numpy: a dense tensor is required"):
        np.asarray(a)
    with pytest.raises(RuntimeError, match=r"^values: a sparse tensor is required, got a dense one"):
        x.values()
    with pytest.raises(RuntimeError, match=r"^indices: the tensor must be coalesced"):
        make(cr, "twice").indices()
    with pytest.raises(TypeError, match="Parameter: data must be a dense tensor"):
        cr.nn.Parameter(a)
    with pytest.raises(TypeError, match="can only optimize Tensors"):
        cr.optim.SGD([a], lr=0.1)
    with pytest.raises(TypeError, match=r"^add: a tensor of size"):
        a + 1
    with pytest.raises(ValueError, match=r"2\*\*63 places"):
        cr.sparse_coo_tensor([[0, 0], [0, 0], [0, 0]], [1.0, 2.0], (2**31, 2**31, 2**31)).coalesce()
