"""The functions behind the layers: torch.nn.functional's names and arguments.

Most are the compiled operation itself; its docstring holds the formula. The others are written in operations.
"""

from __future__ import annotations

from typing import Any

from .. import _core
from ._attention import (
    multi_head_attention_forward as multi_head_attention_forward,
)
from ._attention import (
    scaled_dot_product_attention as scaled_dot_product_attention,
)
from ._bags import embedding_bag as embedding_bag
from ._fractional import fractional_max_pool2d as fractional_max_pool2d
from ._fractional import fractional_max_pool2d_with_indices as fractional_max_pool2d_with_indices
from ._fractional import fractional_max_pool3d as fractional_max_pool3d
from ._fractional import fractional_max_pool3d_with_indices as fractional_max_pool3d_with_indices
from ._fractional import with_indices
from ._sampling import (
    affine_grid as affine_grid,
)
from ._sampling import (
    grid_sample as grid_sample,
)
from ._sampling import (
    interpolate as interpolate,
)
from ._sampling import (
    local_response_norm as local_response_norm,
)
from ._sampling import (
    upsample as upsample,
)
from ._sampling import (
    upsample_bilinear as upsample_bilinear,
)
from ._sampling import (
    upsample_nearest as upsample_nearest,
)
from ._sequence_loss import ctc_loss as ctc_loss

Tensor = _core.Tensor
_nn = _core._nn

# The compiled operations themselves; tests/test_nn_functions.py checks that none is left out.

adaptive_avg_pool1d = _nn.adaptive_avg_pool1d
adaptive_avg_pool2d = _nn.adaptive_avg_pool2d
adaptive_avg_pool3d = _nn.adaptive_avg_pool3d
adaptive_max_pool1d = _nn.adaptive_max_pool1d
adaptive_max_pool2d = _nn.adaptive_max_pool2d
adaptive_max_pool3d = _nn.adaptive_max_pool3d
alpha_dropout = _nn.alpha_dropout
avg_pool1d = _nn.avg_pool1d
avg_pool2d = _nn.avg_pool2d
avg_pool3d = _nn.avg_pool3d
batch_norm = _nn.batch_norm
bilinear = _nn.bilinear
binary_cross_entropy = _nn.binary_cross_entropy
binary_cross_entropy_with_logits = _nn.binary_cross_entropy_with_logits
celu = _nn.celu
celu_ = _nn.celu_
channel_shuffle = _nn.channel_shuffle
conv1d = _nn.conv1d
conv2d = _nn.conv2d
conv3d = _nn.conv3d
conv_transpose1d = _nn.conv_transpose1d
conv_transpose2d = _nn.conv_transpose2d
conv_transpose3d = _nn.conv_transpose3d
cosine_embedding_loss = _nn.cosine_embedding_loss
cosine_similarity = _nn.cosine_similarity
cross_entropy = _nn.cross_entropy
dropout = _nn.dropout
dropout1d = _nn.dropout1d
dropout2d = _nn.dropout2d
dropout3d = _nn.dropout3d
elu = _nn.elu
elu_ = _nn.elu_
embedding = _nn.embedding
feature_alpha_dropout = _nn.feature_alpha_dropout
fold = _nn.fold
gaussian_nll_loss = _nn.gaussian_nll_loss
gelu = _nn.gelu
glu = _nn.glu
group_norm = _nn.group_norm
hardshrink = _nn.hardshrink
hardsigmoid = _nn.hardsigmoid
hardsigmoid_ = _nn.hardsigmoid_
hardswish = _nn.hardswish
hardswish_ = _nn.hardswish_
hardtanh = _nn.hardtanh
hardtanh_ = _nn.hardtanh_
hinge_embedding_loss = _nn.hinge_embedding_loss
huber_loss = _nn.huber_loss
instance_norm = _nn.instance_norm
kl_div = _nn.kl_div
l1_loss = _nn.l1_loss
layer_norm = _nn.layer_norm
leaky_relu = _nn.leaky_relu
leaky_relu_ = _nn.leaky_relu_
linear = _nn.linear
log_softmax = _nn.log_softmax
logsigmoid = _nn.logsigmoid
lp_pool1d = _nn.lp_pool1d
lp_pool2d = _nn.lp_pool2d
lp_pool3d = _nn.lp_pool3d
margin_ranking_loss = _nn.margin_ranking_loss
max_pool1d = _nn.max_pool1d
max_pool2d = _nn.max_pool2d
max_pool3d = _nn.max_pool3d
max_unpool1d = _nn.max_unpool1d
max_unpool2d = _nn.max_unpool2d
max_unpool3d = _nn.max_unpool3d
maxout = _nn.maxout
mish = _nn.mish
mish_ = _nn.mish_
mse_loss = _nn.mse_loss
multi_margin_loss = _nn.multi_margin_loss
multilabel_margin_loss = _nn.multilabel_margin_loss
multilabel_soft_margin_loss = _nn.multilabel_soft_margin_loss
nll_loss = _nn.nll_loss
normalize = _nn.normalize
one_hot = _nn.one_hot
pad = _nn.pad
pairwise_distance = _nn.pairwise_distance
pdist = _nn.pdist
pixel_shuffle = _nn.pixel_shuffle
pixel_unshuffle = _nn.pixel_unshuffle
poisson_nll_loss = _nn.poisson_nll_loss
prelu = _nn.prelu
relu = _nn.relu
relu6 = _nn.relu6
relu6_ = _nn.relu6_
relu_ = _nn.relu_
resample_axis = _nn.resample_axis
rms_norm = _nn.rms_norm
rrelu = _nn.rrelu
rrelu_ = _nn.rrelu_
selu = _nn.selu
selu_ = _nn.selu_
sigmoid = _nn.sigmoid
sigmoid_ = _nn.sigmoid_
silu = _nn.silu
silu_ = _nn.silu_
smooth_l1_loss = _nn.smooth_l1_loss
soft_margin_loss = _nn.soft_margin_loss
softmax = _nn.softmax
softmin = _nn.softmin
softplus = _nn.softplus
softshrink = _nn.softshrink
softsign = _nn.softsign
step = _nn.step
tanh = _nn.tanh
tanh_ = _nn.tanh_
tanhshrink = _nn.tanhshrink
threshold = _nn.threshold
threshold_ = _nn.threshold_
triplet_margin_loss = _nn.triplet_margin_loss
unfold = _nn.unfold


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """softmax((logits + Gumbel noise) / tau); hard gives one-hot values with the soft gradient.

    Source: Jang et al., "Categorical reparameterization with Gumbel-softmax", 2016.
    """
    noise = -_core.empty_like(logits).exponential_().log()
    soft = ((logits + noise) / tau).softmax(dim)
    if not hard:
        return soft
    index = soft.max(dim, keepdim=True)[1]
    one_hot = _core.zeros_like(logits).scatter_(dim, index, 1.0)
    return one_hot - soft.detach() + soft


def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: int = 0) -> Tensor:
    """conv1d() with time first: input [T, B, C_in], weight [K, C_in, C_out], bias [C_out]; gives [T', B, C_out].

    Args:
        pad: zeros at both ends of the time axis.

    Example:
        >>> import chainrule as cr
        >>> cr.nn.functional.conv_tbc(cr.ones(3, 1, 2), cr.ones(2, 2, 1), cr.zeros(1)).flatten()
        tensor([4., 4.])

    Source: PyTorch, torch.nn.functional.conv_tbc.
    """
    if input.dim() != 3 or weight.dim() != 3 or bias.dim() != 1:
        raise ValueError(
            f"conv_tbc: an input [T, B, C_in], a weight [K, C_in, C_out] and a bias [C_out] are required, got shapes "
            f"{tuple(input.shape)}, {tuple(weight.shape)} and {tuple(bias.shape)}."
        )
    output = conv1d(input.permute(1, 2, 0), weight.permute(2, 1, 0), bias, padding=pad)
    return output.permute(2, 0, 1).contiguous()


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Any = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """max(0, d(a, p) - d(a, n) + margin) for any distance d; swap takes d(p, n) where it is smaller than d(a, n).

    Args:
        anchor, positive, negative: of one shape.
        distance_function: gives one distance a sample; pairwise_distance where left out.
        margin: above 0.
        reduction: "mean", "sum" or "none".

    Source: PyTorch, torch.nn.functional.triplet_margin_with_distance_loss.
    """
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(
            f"triplet_margin_with_distance_loss: reduction must be 'none', 'mean' or 'sum', got {reduction!r}."
        )
    if margin <= 0:
        raise ValueError(f"triplet_margin_with_distance_loss: margin must be above 0, got {margin}.")
    if not anchor.dim() == positive.dim() == negative.dim():
        raise RuntimeError(
            "triplet_margin_with_distance_loss: anchor, positive and negative must have equally many axes, got shapes "
            f"{tuple(anchor.shape)}, {tuple(positive.shape)} and {tuple(negative.shape)}."
        )
    distance = pairwise_distance if distance_function is None else distance_function
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = _core.minimum(far, distance(positive, negative))
    loss = (near - far + margin).clamp(min=0)
    return loss if reduction == "none" else loss.mean() if reduction == "mean" else loss.sum()


max_pool1d_with_indices = with_indices(max_pool1d)
max_pool2d_with_indices = with_indices(max_pool2d)
max_pool3d_with_indices = with_indices(max_pool3d)
adaptive_max_pool1d_with_indices = with_indices(adaptive_max_pool1d)
adaptive_max_pool2d_with_indices = with_indices(adaptive_max_pool2d)
adaptive_max_pool3d_with_indices = with_indices(adaptive_max_pool3d)


def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: Any = None,
) -> Tensor:
    """cross_entropy(linear(input, linear_weight, linear_bias), target).

    Args:
        input: [N, F] or [F].
        linear_weight: [C, F], or [C, d1, ..., F] for labels of more axes.
        target: labels [N, d1, ...] or [d1, ...] (int64), or probabilities [N, C, d1, ...].
        linear_bias: [C, d1, ...].
        weight, reduction, ignore_index, label_smoothing: as in cross_entropy(); an ignore_index of None is -100.
        options: accepted, without effect.

    Example:
        >>> import chainrule as cr
        >>> cr.nn.functional.linear_cross_entropy(cr.zeros(3), cr.zeros(2, 3), cr.tensor(1))
        tensor(0.6931)

    Source: PyTorch, torch.nn.functional.linear_cross_entropy.
    """
    axes = linear_weight.shape[:-1]
    bias = None if linear_bias is None else linear_bias.reshape(-1)
    scores = linear(input, linear_weight.reshape(-1, linear_weight.shape[-1]), bias)
    scores = scores.reshape(*input.shape[:-1], *axes)
    return cross_entropy(
        scores,
        target,
        weight,
        None,
        -100 if ignore_index is None else ignore_index,
        None,
        reduction,
        label_smoothing,
    )
