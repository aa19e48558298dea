"""Rows: losses, normalisation, similarity."""

from .spec import F, I, Op, S, V, bad

P = {"low": 0.1, "high": 0.9}
LABELS = V([0, 2, 1, 2], "int")
PROBS = V([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0], [0.1, 0.1, 0.8], [0.3, 0.3, 0.4]], grad=False)
WEIGHT = V([1.0, 0.5, 2.0], grad=False)
SEVERAL = V([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]], grad=False)
SIGNS = V([1.0, -1.0, 1.0, -1.0], grad=False)


def loss(name, samples, **row):
    return Op(name, samples, fn=f"nn.functional.{name}", method=None, **row)


def reduced(*args, **kwargs):
    """The three reductions of one sample."""
    return tuple(S(*args, reduction=r, **kwargs) for r in ("mean", "sum", "none"))


def shapes_must_agree(name):
    """(N, 1) against (N,): both sides would expand. An error here; PyTorch only warns."""
    return bad(ValueError, rf"^{name}: .*got \(4, 1\) and \(4,\)", F(4, 1), F(4))


ROWS = (
    loss(
        "cross_entropy",
        reduced(F(4, 3), LABELS)
        + reduced(F(4, 3), LABELS, weight=WEIGHT)
        + reduced(F(4, 3), LABELS, label_smoothing=0.1, weight=WEIGHT)
        + reduced(F(4, 3), V([0, -100, 1, 2], "int"))
        + reduced(F(4, 3), V([0, 1, 1, 2], "int"), ignore_index=1, label_smoothing=0.2)
        + reduced(F(4, 3), PROBS)
        + reduced(F(4, 3), PROBS, weight=WEIGHT, label_smoothing=0.1)
        + reduced(F(2, 3, 4), I(2, 4, high=3))
        + (S(F(3), V(1, "int")), S(F(0, 3), V([], "int"), reduction="sum")),
        tol=2,
        bad=(
            bad(IndexError, r"^cross_entropy: .*got 3\b.*", F(4, 3), V([0, 3, 1, 1], "int")),
            bad(IndexError, r"^cross_entropy: .*got -1\b", F(4, 3), V([0, 0, -1, 1], "int")),
            bad(ValueError, r"^cross_entropy: .*got", F(4, 3), V([0, 1, 1], "int")),
            bad(TypeError, r"^cross_entropy: .*float.*got int64", I(4, 3), V([0, 0, 1, 1], "int")),
            bad(RuntimeError, r"^cross_entropy: ignore_index is for class indices", F(4, 3), F(4, 3), ignore_index=1),
            bad(ValueError, r"^cross_entropy: .*reduction.*got 'total'", F(4, 3), LABELS, reduction="total"),
            bad(ValueError, r"^cross_entropy: .*weight.*got", F(4, 3), LABELS, weight=V([1.0, 2.0], grad=False)),
            bad(ValueError, r"^cross_entropy: .*label_smoothing.*got 1.5", F(4, 3), LABELS, label_smoothing=1.5),
        ),
    ),
    loss(
        "mse_loss",
        (*reduced(F(2, 3), F(2, 3)), S(F(), F()), S(F(0, 2), F(0, 2), reduction="sum")),
        bad=(
            shapes_must_agree("mse_loss"),
            bad(ValueError, r"^mse_loss: .*got \(2, 3\) and \(4,\)", F(2, 3), F(4)),
            bad(ValueError, r"^mse_loss: .*reduction.*got 'total'", F(3), F(3), reduction="total"),
        ),
    ),
    loss("l1_loss", reduced(F(2, 3), F(2, 3)), bad=(shapes_must_agree("l1_loss"),)),
    loss(
        "smooth_l1_loss",
        (*reduced(F(2, 3), F(2, 3)), S(F(5), F(5), beta=0.3), S(F(5), F(5), beta=1e-40), S(F(5), F(5), beta=0.0)),
        bad=(shapes_must_agree("smooth_l1_loss"),),
    ),
    loss(
        "huber_loss",
        (*reduced(F(2, 3), F(2, 3)), S(F(5), F(5), delta=0.3)),
        bad=(shapes_must_agree("huber_loss"),),
    ),
    loss(
        "nll_loss",
        reduced(F(4, 3), LABELS)
        + reduced(F(4, 3), LABELS, weight=WEIGHT)
        + reduced(F(4, 3), V([0, -100, 1, 2], "int"))
        + (S(F(2, 3, 4), I(2, 4, high=3)),),
        bad=(bad(IndexError, r"^nll_loss: .*got 3", F(4, 3), V([0, 3, 1, 1], "int")),),
    ),
    loss(
        "binary_cross_entropy",
        reduced(F(2, 3, **P), F(2, 3, **P, grad=False)),
        tol=2,
        bad=(bad(ValueError, r"^binary_cross_entropy: ", F(2, 3, **P), F(3, 2, **P)),),
    ),
    loss(
        "binary_cross_entropy_with_logits",
        (
            *reduced(F(2, 3), F(2, 3, **P, grad=False)),
            S(F(2, 3), F(2, 3, **P, grad=False), pos_weight=WEIGHT),
            S(F(2, 3), F(2, 3, **P, grad=False), weight=WEIGHT),
        ),
        tol=2,
    ),
    loss(
        "kl_div",
        (*reduced(F(2, 3), F(2, 3, **P, grad=False)), S(F(2, 3), F(2, 3, **P, grad=False), reduction="batchmean")),
        tol=2,
    ),
    loss("multi_margin_loss", (*reduced(F(4, 3), LABELS), S(F(4, 3), LABELS, margin=0.5)), second=False),
    loss("soft_margin_loss", reduced(F(4), V([1.0, -1.0, 1.0, 1.0], grad=False))),
    loss("hinge_embedding_loss", reduced(F(4), V([1.0, -1.0, 1.0, -1.0], grad=False))),
    loss(
        "cosine_embedding_loss",
        (*reduced(F(4, 3), F(4, 3), SIGNS), S(F(4, 3), F(4, 3), SIGNS, margin=0.2), S(F(3), F(3), V(1.0, grad=False))),
        avoid=(0.0,),
        tol=4,
    ),
    loss(
        "triplet_margin_loss",
        (
            *reduced(F(4, 3), F(4, 3), F(4, 3)),
            S(F(4, 3), F(4, 3), F(4, 3), margin=0.5, swap=True),
            S(F(4, 3), F(4, 3), F(4, 3), p=1.0),
        ),
        tol=4,
        bad=(bad(ValueError, r"^triplet_margin_loss: margin .*greater than 0", F(2, 3), F(2, 3), F(2, 3), margin=0.0),),
    ),
    loss(
        "multilabel_margin_loss",
        (*reduced(F(2, 4), V([[3, 0, -1, 1], [1, -1, 0, 0]], "int")), S(F(3), V([2, -1, 0], "int"))),
        second=False,
    ),
    loss(
        "multilabel_soft_margin_loss",
        (*reduced(F(2, 3), SEVERAL), S(F(2, 3), SEVERAL, weight=WEIGHT)),
        tol=2,
    ),
    loss("margin_ranking_loss", reduced(F(4), F(4), V([1.0, -1.0, 1.0, 1.0], grad=False))),
    loss("gaussian_nll_loss", reduced(F(4), F(4, grad=False), F(4, low=0.3))),
    loss("poisson_nll_loss", reduced(F(4), F(4, low=0.5, grad=False))),
    loss(
        "layer_norm",
        (
            S(F(2, 4), (4,)),
            S(F(2, 4), (4,), F(4), F(4)),
            S(F(2, 3, 4), (3, 4)),
            S(F(2, 4), (4,), eps=0.1),
            S(F(2, 40), (40,), F(40), F(40)),
            S(F(0, 4), (4,), F(4), F(4)),
        ),
        tol=10,
        bad=(
            bad(ValueError, r"^layer_norm: .*\(3,\), got shape \(2, 4\)", F(2, 4), (3,)),
            bad(ValueError, r"^layer_norm: the weight.*\(4,\), got \(3,\)", F(2, 4), (4,), F(3)),
            bad(TypeError, r"^layer_norm: .*floating, got int64", I(2, 4), (4,)),
        ),
    ),
    loss("rms_norm", (S(F(2, 4), (4,)), S(F(2, 4), (4,), F(4)), S(F(2, 3, 2), (3, 2), eps=0.1)), tol=10),
    loss(
        "batch_norm",
        (
            S(F(4, 2), None, None, training=True),
            S(F(4, 2), None, None, F(2), F(2), training=True),
            S(F(3, 2, 2), None, None, F(2), F(2), training=True, eps=0.1),
            S(F(4, 2), V([0.1, -0.2], grad=False), V([0.5, 1.5], grad=False), F(2), F(2)),
            S(F(2, 2, 1, 2), V([0.1, -0.2], grad=False), V([0.5, 1.5], grad=False)),
            S(F(0, 2), V([0.1, -0.2], grad=False), V([0.5, 1.5], grad=False), F(2), F(2)),
        ),
        tol=20,
        bad=(
            bad(ValueError, r"^batch_norm: Expected more than 1 value.*\(1, 2\)", F(1, 2), None, None, training=True),
            bad(ValueError, r"^batch_norm: eps must be positive, got 0", F(3, 2), None, None, training=True, eps=0.0),
            bad(ValueError, r"^batch_norm: running_mean", F(3, 2), None, None),
            bad(ValueError, r"^batch_norm: weight.*\(2,\), .*got \(3,\)", F(3, 2), None, None, F(3), training=True),
            bad(ValueError, r"^batch_norm: .*channel axis.*got shape \(3,\)", F(3), None, None, training=True),
        ),
    ),
    loss(
        "group_norm",
        (S(F(2, 4), 2), S(F(2, 4), 2, F(4), F(4)), S(F(2, 4, 2), 4, F(4), F(4)), S(F(0, 4, 2), 2, F(4), F(4))),
        tol=20,
        bad=(bad(ValueError, r"^group_norm: .*got 3 groups and 4 channels", F(2, 4), 3),),
    ),
    loss(
        "instance_norm",
        (
            S(F(2, 2, 3)),
            S(F(2, 2, 3), None, None, F(2), F(2)),
            S(F(2, 2, 2), V([0.1, -0.2], grad=False), V([0.5, 1.5], grad=False), use_input_stats=False),
        ),
        tol=20,
    ),
    loss("normalize", (S(F(2, 3)), S(F(2, 3), dim=0), S(F(2, 3), p=1.0, dim=1)), avoid=(0.0,), tol=2),
    loss("cosine_similarity", (S(F(2, 3), F(2, 3)), S(F(2, 3), F(2, 3), dim=0)), avoid=(0.0,), tol=4),
    loss("pairwise_distance", (S(F(2, 3), F(2, 3)),), tol=4),
)
