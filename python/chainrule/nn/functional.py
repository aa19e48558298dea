"""The functions behind the layers: torch.nn.functional's names and arguments.

Most are the compiled operation itself. The others adapt arguments (inplace, the old size_average and reduce) or are
written in operations. Formulas stand with the module of the same name in chainrule.nn.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from .. import _core
from ._reduction import legacy_reduction

Tensor = _core.Tensor

# The compiled operations themselves.
linear = _core.linear
sigmoid = _core.sigmoid
tanh = _core.tanh


# Activations


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0)."""
    return input.relu_() if inplace else _core.relu(input)


def relu_(input: Tensor) -> Tensor:
    """relu in place."""
    return input.relu_()


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x, 0), 6)."""
    return hardtanh(input, 0.0, 6.0, inplace)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """x cut to [min_val, max_val]."""
    if min_val > max_val:
        raise ValueError(f"hardtanh: min_val must not exceed max_val, got {min_val} and {max_val}.")
    return input.clamp_(min_val, max_val) if inplace else input.clamp(min_val, max_val)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x where x > threshold, else value."""
    if inplace:
        return input.masked_fill_(input <= threshold, value)
    return _core.where(input > threshold, input, value)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x where x > 0, else negative_slope x."""
    return (_core.leaky_relu_ if inplace else _core.leaky_relu)(input, negative_slope)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where x > 0, else alpha (e^x - 1)."""
    return (_core.elu_ if inplace else _core.elu)(input, alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """1.0507 times elu with alpha 1.6733."""
    return (_core.selu_ if inplace else _core.selu)(input)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """max(x, 0) + min(alpha (e^(x / alpha) - 1), 0)."""
    return (_core.celu_ if inplace else _core.celu)(input, alpha)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x Phi(x); approximate="tanh" for the older formula with tanh."""
    return _core.gelu(input, approximate=approximate)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x sigmoid(x)."""
    return (_core.silu_ if inplace else _core.silu)(input)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x tanh(softplus(x))."""
    return (_core.mish_ if inplace else _core.mish)(input)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + e^(beta x)) / beta, and x itself where beta x > threshold."""
    return _core.softplus(input, beta, threshold)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x + 3, 0), 6) / 6."""
    return (_core.hardsigmoid_ if inplace else _core.hardsigmoid)(input)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x hardsigmoid(x)."""
    return (_core.hardswish_ if inplace else _core.hardswish)(input)


def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(x)), without overflow."""
    return _core.logsigmoid(input)


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|)."""
    return input / (input.abs() + 1)


def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh(x)."""
    return input - input.tanh()


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x - lambd where x > lambd, x + lambd where x < -lambd, else 0."""
    return _core.softshrink(input, lambd)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x where |x| > lambd, else 0."""
    return _core.hardshrink(input, lambd)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """leaky_relu whose slope is learned: one, or one per channel (axis 1)."""
    return _core.prelu(input, weight)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """First half times sigmoid of the second half of an axis."""
    size = input.shape[dim]
    if size % 2:
        raise ValueError(f"glu: the size of axis {dim} must be even, got {size} in shape {tuple(input.shape)}.")
    return input.narrow(dim, 0, size // 2) * input.narrow(dim, size // 2, size // 2).sigmoid()


def _default_dim(name: str, ndim: int, dim: int | None) -> int:
    """The axis that PyTorch takes when none is given, with its warning."""
    if dim is not None:
        return dim
    warnings.warn(f"{name}: choosing the axis implicitly is deprecated. Pass dim.", stacklevel=3)
    return 0 if ndim in (0, 1, 3) else 1


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """e^x / sum of e^x along an axis."""
    return _core.softmax(input, _default_dim("softmax", input.dim(), dim), dtype)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """softmax(-x)."""
    return _core.softmax(-input, _default_dim("softmin", input.dim(), dim), dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """log(softmax(x)), computed without overflow."""
    return _core.log_softmax(input, _default_dim("log_softmax", input.dim(), dim), dtype)


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


# Losses


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Softmax cross-entropy of scores [N, C, ...] and labels [N, ...] (int64) or probabilities [N, C, ...]."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    return _core.cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Negative log-likelihood: -input[n, target[n]], from log-probabilities."""
    return _core.nll_loss(input, target, weight, ignore_index, legacy_reduction(size_average, reduce, reduction))


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """(x - y)^2."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    if weight is not None:
        return _weighted(_core.mse_loss(input, target, "none"), weight, reduction)
    return _core.mse_loss(input, target, reduction)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """|x - y|."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    if weight is not None:
        return _weighted(_core.l1_loss(input, target, "none"), weight, reduction)
    return _core.l1_loss(input, target, reduction)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """(x - y)^2 / (2 beta) where |x - y| < beta, else |x - y| - beta / 2."""
    return _core.smooth_l1_loss(input, target, legacy_reduction(size_average, reduce, reduction), beta)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """(x - y)^2 / 2 where |x - y| < delta, else delta (|x - y| - delta / 2)."""
    if weight is not None:
        return _weighted(_core.huber_loss(input, target, "none", delta), weight, reduction)
    return _core.huber_loss(input, target, reduction, delta)


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """-(y log p + (1 - y) log(1 - p)), from probabilities."""
    return _core.binary_cross_entropy(input, target, weight, legacy_reduction(size_average, reduce, reduction))


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """binary_cross_entropy of sigmoid(x), without overflow."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    return _core.binary_cross_entropy_with_logits(input, target, weight, reduction, pos_weight)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """y (log y - x), x being log-probabilities."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    if reduction == "batchmean":
        loss = _core.kl_div(input, target, "sum", log_target)
        return loss / input.shape[0] if input.dim() else loss
    return _core.kl_div(input, target, reduction, log_target)


def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Tensor, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """(log var + (x - y)^2 / var) / 2, var at least eps."""
    if (var < 0).any():
        raise ValueError("gaussian_nll_loss: var must not be negative.")
    var = var + (var.detach().clamp(min=eps) - var.detach())  # raised to eps with gradient 1
    loss = 0.5 * (var.log() + (input - target) ** 2 / var)
    return _reduced(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """max(0, -y (x1 - x2) + margin)."""
    loss = (-target * (input1 - input2) + margin).clamp(min=0)
    return _reduced(loss, legacy_reduction(size_average, reduce, reduction))


def _reduced(loss: Tensor, reduction: str) -> Tensor:
    if reduction == "mean":
        return loss.mean()
    if reduction == "sum":
        return loss.sum()
    if reduction == "none":
        return loss
    raise ValueError(f'reduction must be "none", "mean" or "sum", got {reduction!r}.')


def _weighted(loss: Tensor, weight: Tensor, reduction: str) -> Tensor:
    """The weighted mean divides by the sum of the weights."""
    loss = loss * weight
    return loss.sum() / weight.sum() if reduction == "mean" else _reduced(loss, reduction)


# Dropout, embedding, normalisation


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set each element to 0 with probability p and divide the others by 1 - p; the identity outside training.

    Source: Srivastava et al., "Dropout", 2014.
    """
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout: p must be between 0 and 1, got {p}.")
    if not training or p == 0 or input.numel() == 0:
        return input
    return _apply_mask(input, _core.empty_like(input), p, inplace)


def _dropout_channels(input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    """dropout of whole channels: one draw for each index of the first two axes."""
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout: p must be between 0 and 1, got {p}.")
    if not training or p == 0 or input.numel() == 0:
        return input
    shape = tuple(input.shape[:2]) + (1,) * (input.dim() - 2)
    return _apply_mask(input, _core.empty(shape, dtype=input.dtype), p, inplace)


def _apply_mask(input: Tensor, mask: Tensor, p: float, inplace: bool) -> Tensor:
    mask = mask.detach()
    if p == 1:
        mask.zero_()
    else:
        mask.bernoulli_(1 - p).div_(1 - p)
    return input.mul_(mask) if inplace else input * mask


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """dropout of whole channels of [N, C, L] or [C, L]."""
    if input.dim() == 2:
        return _dropout_channels(input.unsqueeze(0), p, training, inplace).squeeze(0)
    return _dropout_channels(input, p, training, inplace)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """dropout of whole channels of [N, C, H, W]."""
    return _dropout_channels(input, p, training, inplace)


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """weight[input]: one row per index. The row padding_idx gets no gradient; sparse is accepted and dense."""
    if max_norm is not None:
        raise NotImplementedError("embedding: max_norm is not available.")
    if padding_idx is not None:
        rows = weight.shape[0]
        if not -rows <= padding_idx < rows:
            raise ValueError(f"embedding: padding_idx must be within the {rows} rows of weight, got {padding_idx}.")
        padding_idx %= rows
    return _core.embedding(input, weight, padding_idx, scale_grad_by_freq=scale_grad_by_freq)


def one_hot(input: Tensor, num_classes: int = -1) -> Tensor:
    """int64 [*, num_classes]: 1 at the label, else 0."""
    if num_classes == -1:
        num_classes = int(input.max()) + 1
    if input.numel() and (int(input.min()) < 0 or int(input.max()) >= num_classes):
        raise IndexError(
            f"one_hot: labels must be within [0, {num_classes}), got {int(input.min())} to {int(input.max())}."
        )
    return (input.unsqueeze(-1) == _core.arange(num_classes)).to(_core.int64)


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(var + eps) over the last axes, times weight plus bias."""
    return _core.layer_norm(input, tuple(normalized_shape), weight, bias, eps)


def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """x / sqrt(mean(x^2) + eps) over the last axes, times weight."""
    return _core.rms_norm(input, tuple(normalized_shape), weight, eps)


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
    return _core.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


# Distances


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    """x / max(||x||_p, eps) along an axis."""
    norm = input.norm(p, dim, keepdim=True).clamp_min(eps).expand_as(input)
    if out is None:
        return input / norm
    return _core.div(input, norm, out=out)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """x1 . x2 / (max(||x1||, eps) max(||x2||, eps)) along an axis."""
    n1 = x1.norm(2, dim, keepdim=True).clamp_min(eps)
    n2 = x2.norm(2, dim, keepdim=True).clamp_min(eps)
    return ((x1 / n1) * (x2 / n2)).sum(dim)


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """||x1 - x2 + eps||_p along the last axis."""
    return (x1 - x2 + eps).norm(p, -1, keepdim=keepdim)


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x1^T W[k] x2 + b[k] over the last axes."""
    # [*, 1, 1, in1] @ [out, in1, in2] gives [*, out, 1, in2]; its product with x2 over the last axis is the result.
    left = _core.matmul(input1.unsqueeze(-2).unsqueeze(-2), weight).squeeze(-2)
    result = (left * input2.unsqueeze(-2)).sum(-1)
    return result if bias is None else result + bias
