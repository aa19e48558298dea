"""Layers and losses written in operations: bags of embeddings, fractional pooling, CTC, adaptive softmax, distances."""

import numpy as np
import pytest
from helpers import array, close, expect_error, same

import chainrule as cr
from chainrule import nn
from chainrule.nn import functional as F


def random(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def both(torch, call, *arrays):
    """call(lib, *tensors) in both libraries: results and gradients of the floating arguments."""
    found = []
    for lib in (cr, torch):
        lib.manual_seed(2)
        inputs = [lib.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
        result = call(lib, *inputs)
        parts = list(result) if isinstance(result, tuple) else [result]
        floating = [part for part in parts if part.is_floating_point()]
        sum((part * part).sum() for part in floating).backward()
        found.append((parts, [x.grad for x in inputs if x.requires_grad]))
    for ours, theirs in zip(found[0][0], found[1][0]):
        close(ours, theirs, what="output")
    for ours, theirs in zip(found[0][1], found[1][1]):
        close(ours, theirs, tol=10, what="gradient")
    return found[0][0]


# Bags of embeddings

INDICES = np.array([1, 2, 4, 5, 4, 3, 2, 9, 4])
BAGS = {
    "by offsets": (INDICES, np.array([0, 4, 4, 7, 9]), {}),
    "with an end": (INDICES, np.array([0, 4, 9]), {"include_last_offset": True}),
    "by rows": (INDICES.reshape(3, 3), None, {}),
    "without padding": (INDICES, np.array([0, 4]), {"padding_idx": 4}),
    "padding alone": (np.array([4, 4, 1]), np.array([0, 2]), {"padding_idx": -6}),
    "no bags": (np.zeros(0, int), np.zeros(0, int), {}),
}


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("case", BAGS)
def test_embedding_bag(torch, mode, case):
    indices, offsets, options = BAGS[case]

    def call(lib, table):
        where = None if offsets is None else lib.tensor(offsets)
        return lib.nn.functional.embedding_bag(lib.tensor(indices), table, where, mode=mode, **options)

    both(torch, call, random(10, 3))


def test_embedding_bag_ends_before_the_input():
    """What comes after the last offset does not count: the result is that of the input without it."""
    table = cr.tensor(random(10, 3), requires_grad=True)
    indices, offsets = cr.tensor(INDICES), cr.tensor([0, 2, 2, 6])
    factors = cr.tensor(random(9), requires_grad=True)
    for mode in ("sum", "mean", "max"):
        for weights in (None, factors) if mode == "sum" else (None,):
            options = {"mode": mode, "include_last_offset": True, "padding_idx": 4}
            first = None if weights is None else weights[:6]
            got = F.embedding_bag(indices, table, offsets, per_sample_weights=weights, **options)
            want = F.embedding_bag(indices[:6], table, offsets, per_sample_weights=first, **options)
            close(got, want.detach().numpy())
            grads = [cr.autograd.grad((y * y).sum(), table)[0] for y in (got, want)]
            close(grads[0], grads[1].numpy())
    module = nn.EmbeddingBag(10, 3, mode="sum", include_last_offset=True)
    close(module(indices, offsets)[2], module.weight.detach().numpy()[INDICES[2:6]].sum(0))
    assert module(indices, cr.tensor([0])).shape == (0, 3)
    expect_error(ValueError, "hold the end of the last bag", module, indices, cr.tensor([], dtype=cr.int64))


def test_embedding_bag_with_factors_and_frequencies(torch):
    def weighted(lib, table, factors):
        offsets = lib.tensor([0, 3])
        return lib.nn.functional.embedding_bag(
            lib.tensor(INDICES), table, offsets, mode="sum", per_sample_weights=factors, padding_idx=2
        )

    both(torch, weighted, random(10, 3), random(9, seed=1))

    table = cr.tensor(random(10, 3), requires_grad=True)
    rows = cr.tensor(INDICES.reshape(3, 3))
    plain, scaled = (
        cr.autograd.grad(F.embedding_bag(rows, table, mode="sum", scale_grad_by_freq=flag).sum(), table)[0]
        for flag in (False, True)
    )
    close(plain, np.bincount(INDICES, minlength=10)[:, None] * np.ones(3))
    close(scaled, (np.bincount(INDICES, minlength=10) > 0)[:, None] * np.ones(3))
    assert cr.autograd.gradgradcheck(lambda t: F.embedding_bag(cr.tensor(INDICES.reshape(3, 3)), t), (table,))


def test_embedding_bag_module(torch):
    for options in ({}, {"mode": "max", "padding_idx": 2}, {"max_norm": 1.0, "scale_grad_by_freq": True}):
        made, outputs = [], []
        for lib in (cr, torch):
            lib.manual_seed(1)
            made.append(lib.nn.EmbeddingBag(6, 3, **options))
            outputs.append(made[-1](lib.tensor([[1, 2], [5, 0]])))
        assert repr(made[0]) == repr(made[1])
        close(outputs[0], outputs[1], "float32")
    bags = nn.EmbeddingBag.from_pretrained(cr.ones(4, 2))
    assert not bags.weight.requires_grad


def test_embedding_bag_errors():
    table = cr.zeros(4, 2)
    expect_error(ValueError, "mode", F.embedding_bag, cr.tensor([[1]]), table, mode="min")
    expect_error(ValueError, "offsets", F.embedding_bag, cr.tensor([1]), table)
    expect_error(ValueError, "offsets", F.embedding_bag, cr.tensor([[1]]), table, cr.tensor([0]))
    expect_error(ValueError, "begin with 0", F.embedding_bag, cr.tensor([1, 2]), table, cr.tensor([1]))
    expect_error(IndexError, "4", F.embedding_bag, cr.tensor([[4]]), table)
    expect_error(
        ValueError,
        "per_sample_weights",
        F.embedding_bag,
        cr.tensor([[1]]),
        table,
        None,
        mode="sum",
        per_sample_weights=cr.ones(2),
    )
    expect_error(NotImplementedError, "sum", F.embedding_bag, cr.tensor([[1]]), table, per_sample_weights=cr.ones(1, 1))


# Fractional max pooling

FRACTIONS = [
    (2, (2, 3, 9, 8), 2, {"output_ratio": (0.5, 0.6)}),
    (2, (3, 7, 7), (2, 3), {"output_size": (4, 3)}),
    (2, (1, 2, 5, 5), 3, {"output_size": (1, 2)}),
    (3, (2, 2, 6, 7, 5), 2, {"output_ratio": (0.5, 0.6, 0.7)}),
    (3, (2, 5, 5, 5), 2, {"output_size": 2}),
]


@pytest.mark.parametrize(("axes", "shape", "kernel", "options"), FRACTIONS)
def test_fractional_max_pool(torch, axes, shape, kernel, options):
    """PyTorch's random numbers: the same windows."""

    def call(lib, x):
        return getattr(lib.nn.functional, f"fractional_max_pool{axes}d")(x, kernel, return_indices=True, **options)

    both(torch, call, random(*shape))
    modules = []
    for lib in (cr, torch):
        lib.manual_seed(5)
        module = getattr(lib.nn, f"FractionalMaxPool{axes}d")(kernel, **options)
        modules.append(module(lib.tensor(random(*shape).astype("float32"))))
    close(modules[0], modules[1], "float32")


def test_fractional_max_pool_errors():
    x = cr.zeros(1, 1, 4, 4)
    expect_error(ValueError, "output_size", F.fractional_max_pool2d, x, 2)
    expect_error(ValueError, "above the input", F.fractional_max_pool2d, x, 3, 3)
    expect_error(ValueError, "axes", F.fractional_max_pool2d, cr.zeros(4, 4), 2, 2)
    expect_error(ValueError, "exactly one", nn.FractionalMaxPool2d, 2)
    expect_error(ValueError, "between 0 and 1", nn.FractionalMaxPool2d, 2, output_ratio=1.5)


# CTC


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("flat", [False, True])
def test_ctc_loss(torch, reduction, flat):
    lengths, sizes = [6, 4, 5], [3, 2, 0]
    labels = np.array([[1, 2, 2], [3, 1, 0], [0, 0, 0]])

    def call(lib, x):
        targets = lib.tensor(np.concatenate([row[:n] for row, n in zip(labels, sizes)]) if flat else labels)
        log_probs = lib.nn.functional.log_softmax(x, 2)
        return lib.nn.functional.ctc_loss(
            log_probs, targets, lib.tensor(lengths), lib.tensor(sizes), reduction=reduction
        )

    both(torch, call, random(6, 3, 4))


def test_ctc_loss_that_is_impossible(torch):
    """Two equal labels need three steps."""

    def call(lib, x):
        loss = lib.nn.CTCLoss(blank=2, reduction="sum", zero_infinity=True)
        return loss(x.log_softmax(2), lib.tensor([[1, 1], [0, 1]]), [2, 2], [2, 2])

    both(torch, call, random(2, 2, 3))
    x = cr.tensor(random(2, 3)).log_softmax(1)
    assert F.ctc_loss(x, cr.tensor([1, 1]), [2], [2], reduction="none").tolist() == float("inf")
    long = cr.tensor(random(30, 2, 3), requires_grad=True)
    loss = F.ctc_loss(long.log_softmax(2), cr.tensor([[1, 2], [2, 1]]), [30, 25], [2, 2])
    loss.backward()
    assert np.isfinite(long.grad.numpy()).all() and (long.grad[25:, 1] == 0).all()


def test_ctc_loss_twice_differentiable():
    x = cr.tensor(random(4, 1, 3), requires_grad=True)

    def call(x):
        return F.ctc_loss(x.log_softmax(2), cr.tensor([[1, 2]]), [4], [2])

    assert cr.autograd.gradcheck(call, (x,)) and cr.autograd.gradgradcheck(call, (x,))


def test_ctc_loss_errors():
    x = cr.zeros(3, 1, 4)
    expect_error(ValueError, "blank", F.ctc_loss, x, cr.tensor([[1]]), [3], [1], blank=4)
    expect_error(ValueError, "lengths", F.ctc_loss, x, cr.tensor([[1]]), [4], [1])
    expect_error(ValueError, "each of 1", F.ctc_loss, x, cr.tensor([[1]]), [3, 3], [1])
    expect_error(IndexError, "labels", F.ctc_loss, x, cr.tensor([[4]]), [3], [1])
    expect_error(ValueError, "targets", F.ctc_loss, x, cr.tensor([1]), [3], [2])


# The others


def test_adaptive_log_softmax(torch):
    made = []
    for lib in (cr, torch):
        lib.manual_seed(7)
        made.append(lib.nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10], div_value=2.0, head_bias=True))
    assert list(made[0].state_dict()) == list(made[1].state_dict())
    x, y = random(5, 8).astype("float32"), [1, 5, 19, 3, 10]
    outputs = [model(lib.tensor(x), lib.tensor(y)) for lib, model in zip((cr, torch), made)]
    close(outputs[0].output, outputs[1].output, "float32", tol=10)
    close(outputs[0].loss, outputs[1].loss, "float32", tol=10)
    close(made[0].log_prob(cr.tensor(x)), made[1].log_prob(torch.tensor(x)), "float32", tol=10)
    same(made[0].predict(cr.tensor(x)), made[1].predict(torch.tensor(x)))
    for out in outputs:
        out.loss.backward()
    for (key, ours), theirs in zip(made[0].named_parameters(), made[1].parameters()):
        close(ours.grad, theirs.grad, "float32", tol=10, what=key)
    single = made[0](cr.tensor(x[0]), cr.tensor(1))
    assert single.output.shape == ()
    expect_error(RuntimeError, "targets must lie", made[0], cr.tensor(x), cr.tensor([1, 5, 20, 3, 10]))
    expect_error(ValueError, "cutoffs", nn.AdaptiveLogSoftmaxWithLoss, 8, 20, [10, 4])


@pytest.mark.parametrize("swap", [False, True])
def test_triplets_with_a_distance(torch, swap):
    def call(lib, a, p, n):

        def far(x, y):
            return (x - y).abs().max(1)[0]

        first = lib.nn.TripletMarginWithDistanceLoss(distance_function=far, margin=0.5, swap=swap)(a, p, n)
        return first + lib.nn.functional.triplet_margin_with_distance_loss(a, p, n, swap=swap, reduction="sum")

    both(torch, call, *(random(4, 3, seed=k) for k in range(3)))


@pytest.mark.parametrize("p", [0.0, 1.0, 2.0, 3.5, float("inf")])
def test_pdist(torch, p):
    both(torch, lambda lib, x: lib.nn.functional.pdist(x, p), random(5, 3))


def test_pools_with_indices(torch):
    x = random(1, 2, 6, 6)
    both(torch, lambda lib, x: lib.nn.functional.max_pool2d_with_indices(x, 2), x)
    both(torch, lambda lib, x: lib.nn.functional.adaptive_max_pool2d_with_indices(x, 3), x)
    both(torch, lambda lib, x: lib.nn.Softmax2d()(x), x)
    assert issubclass(nn.NLLLoss2d, nn.NLLLoss)


@pytest.mark.parametrize("shape", [(), (4,), (4, 3)])
def test_linear_cross_entropy(shape, torch):
    results = []
    for lib in (cr, torch):
        lib.manual_seed(0)
        loss = lib.nn.LinearCrossEntropyLoss(5, 10, out_features=shape, bias=True, label_smoothing=0.1)
        assert repr(loss).startswith("LinearCrossEntropyLoss(\n  in_features=5, num_classes=10, out_features=")
        x = lib.randn(2, 5, requires_grad=True)
        value = loss(x, lib.randint(0, 10, (2, *shape))) + loss(x, lib.randn(2, 10, *shape).softmax(1))
        value.backward()
        results.append([array(value), array(x.grad), array(loss.linear.weight.grad), array(loss.linear.bias.grad)])
    for ours, theirs in zip(*results):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    options = cr.nn.LinearCrossEntropyOptions(batch_chunk_size=2)  # accepted, without effect
    assert cr.nn.LinearCrossEntropyLoss(5, 3, options=options).options.batch_chunk_size == 2
    expect_error(ValueError, "weight must have shape", cr.nn.LinearCrossEntropyLoss, 5, 3, weight=cr.ones(2))


def test_sync_batch_norm(torch):
    """On one process it is batch normalisation; PyTorch's trains on accelerators only."""
    results = []
    for lib in (cr, torch):
        lib.manual_seed(0)
        net = lib.nn.Sequential(lib.nn.Conv1d(2, 3, 1), lib.nn.BatchNorm1d(3), lib.nn.Flatten(), lib.nn.Linear(12, 2))
        if lib is cr:
            plain, net = net, lib.nn.SyncBatchNorm.convert_sync_batchnorm(net)
            assert net is plain and type(net[1]).__name__ == "SyncBatchNorm"
        x = lib.randn(4, 2, 4)
        net(x).sum().backward()
        results.append([array(v) for v in (net(x), net[1].weight.grad, net[1].running_mean, net.eval()(x))])
    for ours, theirs in zip(*results):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
    expect_error(ValueError, "at least 2D", cr.nn.SyncBatchNorm(3), cr.ones(3))


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_gradients_of_convolutions_by_name(torch, axes):
    shape, kernel = (2, 4, *[7] * axes), (6, 2, *[3] * axes)
    x, w = np.random.default_rng(0).normal(size=shape), np.random.default_rng(1).normal(size=kernel)
    options = (2, 1, 2, 2)
    given = np.random.default_rng(2).normal(size=(2, 6, *[3] * axes))
    got, expected = [], []
    for library, results in ((cr, got), (torch, expected)):
        image, weight, grad_output = library.tensor(x), library.tensor(w), library.tensor(given)
        module = library.nn.grad
        results.append(getattr(module, f"conv{axes}d_input")(shape, weight, grad_output, *options))
        results.append(getattr(module, f"conv{axes}d_weight")(image, kernel, grad_output, *options))
    for ours, theirs in zip(got, expected):
        close(ours, theirs)
        assert not ours.requires_grad


def test_gradients_of_convolutions_have_gradients():
    weight = cr.randn(1, 1, 2, dtype=cr.float64, requires_grad=True)
    grad_output = cr.randn(1, 1, 3, dtype=cr.float64, requires_grad=True)
    assert cr.autograd.gradcheck(lambda w, g: nn.grad.conv1d_input((1, 1, 4), w, g), (weight, grad_output))
