"""Sparse gradients of tables: what Embedding(sparse=True) leaves in .grad, beside PyTorch, and who takes it."""

import copy
import gc
import pickle

import numpy as np
import pytest
from helpers import close

import chainrule as cr

BATCHES = np.array([[[1, 2], [2, 5]], [[0, 2], [4, 4]], [[3, 3], [3, 3]], [[5, 1], [0, 0]]])
TABLE = np.random.default_rng(0).standard_normal((6, 3))


def table_of(lib, **options):
    return lib.nn.Embedding(6, 3, sparse=True, _weight=lib.tensor(TABLE.copy()), **options)


def backward(lib, table, batch=0):
    (table(lib.tensor(BATCHES[batch])) ** 3).sum().backward()
    return table.weight.grad


def parts(grad):
    assert grad.is_sparse
    return grad._indices().numpy(), grad._values().detach().numpy()


def both_dense(torch, call, **tolerance):
    """call(lib) gives gradients, sparse ones or others: the same layouts and elements in both libraries."""
    for ours, theirs in zip(call(cr), call(torch), strict=True):
        assert ours.is_sparse == theirs.is_sparse
        close(ours.to_dense() if ours.is_sparse else ours, theirs.to_dense().detach(), **tolerance)


@pytest.mark.parametrize("options", [{}, {"padding_idx": 2}, {"max_norm": 0.5}, {"padding_idx": -1}], ids=str)
def test_entries_are_those_of_pytorch(torch, options):
    ours, theirs = (parts(backward(lib, table_of(lib, **options))) for lib in (cr, torch))
    assert ours[0].tolist() == theirs[0].tolist()
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-12)


@pytest.mark.parametrize("mode", ["sum", "mean", "weights"])
def test_bags(torch, mode):
    def call(lib):
        weight = lib.tensor(TABLE.copy(), requires_grad=True)
        factors = lib.tensor(np.arange(4.0).reshape(2, 2)) if mode == "weights" else None
        kind = "sum" if mode == "weights" else mode
        bags = lib.nn.functional.embedding_bag(
            lib.tensor(BATCHES[0]), weight, mode=kind, sparse=True, per_sample_weights=factors
        )
        (bags**2).sum().backward()
        return [weight.grad]

    both_dense(torch, call)


def test_sums_with_other_gradients(torch):
    """Over passes, within a pass, with dense ones before, behind and beside."""

    def call(lib):
        twice, tied, dense_first, dense_last, cleared = (table_of(lib) for _ in range(5))
        backward(lib, twice)
        backward(lib, twice, 1)
        rows = tied(lib.tensor(BATCHES[0]))
        (rows @ tied.weight.t() + tied(lib.tensor(BATCHES[1])).sum()).square().sum().backward()
        (dense_first.weight**2).sum().backward()
        kept = dense_first.weight.grad
        assert backward(lib, dense_first) is kept
        backward(lib, dense_last)
        (dense_last.weight**2).sum().backward()
        backward(lib, cleared)
        cleared.zero_grad(set_to_none=False)
        assert cleared.weight.grad._nnz() == 0
        return [table.weight.grad for table in (twice, tied, dense_first, dense_last, cleared)]

    both_dense(torch, call)


def test_two_tables_in_one_pass_and_the_same_table_twice(torch):
    def call(lib):
        a, b = table_of(lib), table_of(lib)
        i, j = lib.tensor(BATCHES[0]), lib.tensor(BATCHES[1])
        (a(i) * b(j) + a(j)).square().sum().backward()
        return [a.weight.grad, b.weight.grad]

    both_dense(torch, call)


def test_grad_and_gradients_of_gradients(torch):
    def call(lib):
        table = table_of(lib)
        cubes = (table(lib.tensor(BATCHES[0])) ** 3).sum()
        (first,) = lib.autograd.grad(cubes, table.weight, create_graph=True)
        (second,) = lib.autograd.grad((first.coalesce().values() ** 2).sum(), table.weight)
        assert table.weight.grad is None and first.requires_grad
        return [first, second]

    both_dense(torch, call)


def test_hooks(torch):
    def call(lib):
        table, seen = table_of(lib), []
        table.weight.register_hook(lambda g: seen.append(g.is_sparse) or g * 2)
        table.weight.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.is_sparse))
        backward(lib, table)
        assert seen == [True, True]
        return [table.weight.grad]

    both_dense(torch, call)
    table = table_of(cr)
    out = table(cr.tensor(BATCHES[0]))
    out.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] * 3, None))
    out.sum().backward()
    assert table.weight.grad._values().unique().tolist() == [3.0]
    x = cr.ones(2, requires_grad=True)  # one that no sparse gradient goes to gets the elements
    x.register_hook(lambda g: g.to_sparse())
    (x * 2).register_hook(lambda g: g.to_sparse())
    x.sum().backward()
    assert not x.grad.is_sparse and x.grad.tolist() == [1.0, 1.0]


def test_dense_where_no_leaf_takes_it():
    w = cr.tensor(TABLE, requires_grad=True)
    F = cr.nn.functional
    F.embedding(cr.tensor(BATCHES[0]), w * 2, sparse=True).sum().backward()
    assert not w.grad.is_sparse and w.grad[2].tolist() == [4.0] * 3
    table = table_of(cr)
    with cr.profile():
        watched = backward(cr, table)
    assert not watched.is_sparse

    def squares(w):
        return (F.embedding(cr.tensor(BATCHES[0]), w, sparse=True) ** 2).sum()

    assert cr.func.grad(squares)(cr.tensor(TABLE))[2].tolist() == pytest.approx(list(4 * TABLE[2]))
    assert cr.func.hessian(squares)(cr.tensor(TABLE))[2, 0, 2, 0] == 4.0
    assert cr.autograd.gradcheck(squares, cr.tensor(TABLE, requires_grad=True))
    assert cr.autograd.gradgradcheck(squares, cr.tensor(TABLE, requires_grad=True))
    with cr.autograd.detect_anomaly():
        assert backward(cr, table_of(cr)).is_sparse
        with pytest.raises(RuntimeError, match="not finite"):
            table_of(cr)(cr.tensor([1])).sum().mul(float("inf")).backward()


def train(lib, name, sparse=True, **options):
    table = table_of(lib)
    table.sparse = sparse
    optimizer = getattr(lib.optim, name)(table.parameters(), lr=0.1, **options)
    for batch in (0, 1, 2, 0, 3):
        optimizer.zero_grad()
        backward(lib, table, batch)
        if batch == 1:
            backward(lib, table, 3)
        optimizer.step()
    return table.weight.detach()


@pytest.mark.parametrize(
    "name, options",
    [
        ("SGD", {}),
        ("SGD", {"maximize": True}),
        ("SGD", {"momentum": 0.9}),
        ("SGD", {"momentum": 0.9, "nesterov": True}),
        ("SGD", {"momentum": 0.5, "dampening": 0.5}),
        ("Adagrad", {}),
        ("Adagrad", {"lr_decay": 0.1, "initial_accumulator_value": 0.2}),
        ("Adagrad", {"maximize": True}),
        ("SparseAdam", {}),
        ("SparseAdam", {"betas": (0.5, 0.8), "maximize": True}),
    ],
    ids=str,
)
def test_optimizers(torch, name, options):
    ours = train(cr, name, **options)
    close(ours, train(torch, name, **options))
    if name != "SparseAdam":
        close(ours, train(cr, name, sparse=False, **options))


def test_lbfgs_asks_for_all_elements(torch):
    def call(lib):
        table = table_of(lib)
        optimizer = lib.optim.LBFGS(table.parameters(), max_iter=3)

        def closure():
            optimizer.zero_grad()
            loss = (table(lib.tensor(BATCHES[0])) ** 2).sum()
            loss.backward()
            return loss

        optimizer.step(closure)
        return [table.weight.detach()]

    both_dense(torch, call)


def test_who_does_not_take_them():
    table = table_of(cr)
    before = backward(cr, table)
    for name in [
        "Adam",
        "AdamW",
        "Adamax",
        "RMSprop",
        "NAdam",
        "RAdam",
        "Rprop",
        "ASGD",
        "Adadelta",
        "Adafactor",
        "Muon",
    ]:
        with pytest.raises(RuntimeError, match="does not support sparse gradients"):
            getattr(cr.optim, name)(table.parameters()).step()
    for name in ("SGD", "Adagrad"):
        with pytest.raises(RuntimeError, match="weight_decay is not for sparse gradients"):
            getattr(cr.optim, name)(table.parameters(), weight_decay=0.1).step()
    for clip in (cr.nn.utils.clip_grad_norm_, cr.nn.utils.clip_grad_value_):
        with pytest.raises(RuntimeError, match="dense gradients are required"):
            clip(table.parameters(), 1.0)
    assert table.weight.grad is before and table.weight.tolist() == TABLE.tolist()
    with pytest.raises(RuntimeError, match="scale_grad_by_freq is not for sparse gradients"):
        backward(cr, table_of(cr, scale_grad_by_freq=True))
    with pytest.raises(ValueError, match="got mode='max'"):
        cr.nn.EmbeddingBag(6, 3, mode="max", sparse=True)(cr.tensor(BATCHES[0]))


def test_the_gradient_is_one_object_that_may_be_written():
    table = table_of(cr)
    grad = backward(cr, table)
    values = grad._values().clone()
    assert table.weight.grad is grad and isinstance(grad, cr.Tensor)
    grad.mul_(2)
    grad /= 4
    assert table.weight.grad is grad
    grad.add_(grad)  # puts other parts into it
    cr.optim.SGD(table.parameters(), lr=1.0).step()
    expected = cr.tensor(TABLE).index_add(0, cr.tensor(BATCHES[0].reshape(-1)), values, alpha=-1)
    close(table.weight, expected)
    backward(cr, table)
    assert table.weight.grad is grad
    grad.zero_()
    assert table.weight.grad._nnz() == 0
    index = cr.tensor([1])
    table(index).sum().backward()
    index.fill_(4)  # the gradient keeps its own
    assert grad._indices().tolist() == [[1]]
    grad._indices().fill_(7)
    with pytest.raises(IndexError, match="7"):
        cr.optim.SGD(table.parameters(), lr=1.0).step()
    grad._held = cr.ones(2, 2)
    with pytest.raises(RuntimeError, match="parts that are none"):
        cr.optim.SGD(table.parameters(), lr=1.0).step()


@pytest.mark.parametrize("at", [-1, 3, 2**62])
def test_indices_changed_beyond_the_axis(at):
    p = cr.nn.Parameter(cr.zeros(3, 3))
    p.grad = cr.eye(3).to_sparse()
    p.grad.indices().fill_(at)
    with pytest.raises(IndexError, match=f"grad: index {at} .*out of bounds"):
        cr.optim.Adagrad([p], lr=1.0).step()
    assert not p.any()


def test_setting_a_gradient_without_a_sparse_axis():
    p = cr.nn.Parameter(cr.zeros(2, 3))
    with pytest.raises(RuntimeError, match=r"grad: .*needs a sparse axis, got shape \(2, 3\)"):
        p.grad = cr.sparse_coo_tensor(cr.zeros(0, 1, dtype=cr.int64), cr.ones(1, 2, 3), (2, 3))


def test_setting_the_gradient():
    p = cr.nn.Parameter(cr.zeros(2, 3))
    p.grad = cr.tensor([[0.0, 2.0, 0.0], [1.0, 0.0, 3.0]]).to_sparse()
    assert p.grad.sparse_dim() == 2
    cr.optim.SGD([p], lr=1.0).step()
    assert p.tolist() == [[0, -2, 0], [-1, 0, -3]]
    cr.optim.Adagrad([p], lr=1.0).step()
    close(p.detach(), [[0, -3, 0], [-2, 0, -4]], tol=1e4)
    for wrong, error in (
        (cr.eye(3).to_sparse(), ValueError),
        (cr.zeros(2, 3, dtype=cr.float64).to_sparse(), TypeError),
        ("SparseTensor", TypeError),
    ):
        with pytest.raises(error, match="grad"):
            p.grad = wrong
    (p * p).sum().backward()
    assert not p.grad.is_sparse


def test_copies_and_files():
    table = table_of(cr)
    grad = backward(cr, table)
    for twin in (copy.deepcopy(table), pickle.loads(pickle.dumps(table))):
        assert twin.weight.grad is not grad
        close(twin.weight.grad.to_dense(), grad.to_dense())
    assert table.float().weight.grad.dtype == cr.float32 and table.weight.grad.is_sparse


def test_memory():
    """Entries go with the gradient, and do not outnumber the rows over many passes."""
    table = table_of(cr)
    gc.collect()
    before = cr._core.live_tensors()
    for batch in range(4):
        backward(cr, table, batch)
    assert table.weight.grad._nnz() <= 6
    kept = table.weight.grad
    close(kept.to_dense().sum(0), 3 * (cr.tensor(TABLE)[cr.tensor(BATCHES.reshape(-1))] ** 2).sum(0))
    table.weight.grad = None
    del kept
    gc.collect()
    assert cr._core.live_tensors() == before
    large = cr.nn.Embedding(300_000, 64, sparse=True)  # 77 MB, and no second time for the gradient
    held = cr._core.memory_stats()["bytes_in_use"]
    large(cr.tensor([3, 299_999])).sum().backward()
    cr.optim.SGD(large.parameters(), lr=0.1).step()
    assert cr._core.memory_stats()["bytes_in_use"] - held < 1e6
