"""The functions behind the layers: torch.nn.functional's names and arguments.

Most are the compiled operation itself; its docstring holds the formula. The others are written in operations.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from .. import _core

Tensor = _core.Tensor
_nn = _core._nn

# The compiled operations themselves; tests/test_nn.py checks that none is left out.

alpha_dropout = _nn.alpha_dropout
bilinear = _nn.bilinear
binary_cross_entropy = _nn.binary_cross_entropy
binary_cross_entropy_with_logits = _nn.binary_cross_entropy_with_logits
celu = _nn.celu
celu_ = _nn.celu_
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
gaussian_nll_loss = _nn.gaussian_nll_loss
gelu = _nn.gelu
glu = _nn.glu
hardshrink = _nn.hardshrink
hardsigmoid = _nn.hardsigmoid
hardsigmoid_ = _nn.hardsigmoid_
hardswish = _nn.hardswish
hardswish_ = _nn.hardswish_
hardtanh = _nn.hardtanh
hardtanh_ = _nn.hardtanh_
hinge_embedding_loss = _nn.hinge_embedding_loss
huber_loss = _nn.huber_loss
kl_div = _nn.kl_div
l1_loss = _nn.l1_loss
leaky_relu = _nn.leaky_relu
leaky_relu_ = _nn.leaky_relu_
linear = _nn.linear
log_softmax = _nn.log_softmax
logsigmoid = _nn.logsigmoid
margin_ranking_loss = _nn.margin_ranking_loss
maxout = _nn.maxout
mish = _nn.mish
mish_ = _nn.mish_
mse_loss = _nn.mse_loss
multi_margin_loss = _nn.multi_margin_loss
multilabel_margin_loss = _nn.multilabel_margin_loss
multilabel_soft_margin_loss = _nn.multilabel_soft_margin_loss
nll_loss = _nn.nll_loss
one_hot = _nn.one_hot
pad = _nn.pad
pairwise_distance = _nn.pairwise_distance
poisson_nll_loss = _nn.poisson_nll_loss
prelu = _nn.prelu
relu = _nn.relu
relu6 = _nn.relu6
relu6_ = _nn.relu6_
relu_ = _nn.relu_
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


# Normalisation


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(var + eps) over the last axes, times weight plus bias."""
    axes = _last_axes("layer_norm", input, normalized_shape)
    centred = input - input.mean(axes, keepdim=True)
    variance = (centred * centred).mean(axes, keepdim=True)
    return _scaled(centred * (variance + eps).rsqrt(), weight, bias)


def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """x / sqrt(mean(x^2) + eps) over the last axes, times weight; eps None is the dtype's rounding unit."""
    axes = _last_axes("rms_norm", input, normalized_shape)
    if eps is None:
        eps = 2.0**-23 if input.dtype == _core.float32 else 2.0**-52
    return _scaled(input * ((input * input).mean(axes, keepdim=True) + eps).rsqrt(), weight, None)


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(var + eps) for each channel (axis 1), times weight plus bias."""
    if input.dim() < 2:
        raise ValueError(f"batch_norm: an input with a channel axis is required, got shape {tuple(input.shape)}.")
    axes = (0, *range(2, input.dim()))
    column = (-1,) + (1,) * (input.dim() - 2)  # broadcasts along axis 1
    if not training:
        if running_mean is None or running_var is None:
            raise ValueError("batch_norm: running_mean and running_var are required when training is False.")
        centred, variance = input - running_mean.reshape(column), running_var.reshape(column)
    else:
        count = input.numel() // max(input.shape[1], 1)
        if count <= 1:
            raise ValueError(
                f"Expected more than 1 value per channel when training, got input size {tuple(input.shape)}."
            )
        mean = input.mean(axes, keepdim=True)
        centred = input - mean
        variance = (centred * centred).mean(axes, keepdim=True)
        _update(running_mean, mean, momentum)
        _update(running_var, variance * (count / (count - 1)), momentum)
    parts = (None if part is None else part.reshape(column) for part in (weight, bias))
    return _scaled(centred * (variance + eps).rsqrt(), *parts)


def _update(running: Tensor | None, batch: Tensor, momentum: float) -> None:
    """running = (1 - momentum) running + momentum batch, in place."""
    if running is not None:
        new = batch.detach().reshape(-1).to(running.dtype)
        running.detach().mul_(1 - momentum).add_(new, alpha=momentum)


def _last_axes(name: str, input: Tensor, shape: Sequence[int]) -> tuple[int, ...]:
    shape = tuple(shape)
    if not shape or tuple(input.shape[-len(shape) :]) != shape:
        raise ValueError(f"{name}: the input's last axes must be {shape}, got shape {tuple(input.shape)}.")
    return tuple(range(-len(shape), 0))


def _scaled(x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


# Distances


def _norm(x: Tensor, p: float, dim: int, keepdim: bool, least: float) -> Tensor:
    """max(||x||_p, least) along an axis. The bound stands before the root, whose gradient at 0 is infinite."""
    if p == math.inf:
        return x.abs().amax(dim, keepdim).clamp_min(least)
    powers = x * x if p == 2 else x.abs() if p == 1 else x.abs() ** p
    total = powers.sum(dim, keepdim).clamp_min(max(least**p, 1e-38))
    return total.sqrt() if p == 2 else total if p == 1 else total ** (1 / p)


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """x / max(||x||_p, eps) along an axis."""
    return input / _norm(input, p, dim, True, eps)
