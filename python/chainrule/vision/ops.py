"""Operations on boxes and blocks of image models: torchvision.ops' names."""

from __future__ import annotations

from typing import Any

import chainrule
from chainrule import nn
from chainrule.nn import functional as F

Tensor = Any


class FrozenBatchNorm2d(nn.Module):
    """Batch normalisation of [N, C, H, W] with statistics, weight and bias that stay as they are: all are buffers.

    Args:
        num_features: the number of channels.
        eps: keeps the root away from 0.
    """

    weight: Any
    bias: Any
    running_mean: Any
    running_var: Any

    def __init__(self, num_features: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        for name, value in (("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0), ("running_var", 1.0)):
            self.register_buffer(name, chainrule.full((num_features,), value))

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *rest: Any) -> None:
        state_dict.pop(prefix + "num_batches_tracked", None)
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def forward(self, x: Tensor) -> Tensor:
        scale = self.weight * (self.running_var + self.eps).rsqrt()
        shift = self.bias - self.running_mean * scale
        return x * scale.reshape(1, -1, 1, 1) + shift.reshape(1, -1, 1, 1)

    def extra_repr(self) -> str:
        return f"{self.weight.shape[0]}, eps={self.eps}"


def stochastic_depth(input: Tensor, p: float, mode: str, training: bool = True) -> Tensor:
    """Zeros in place of the whole batch ("batch"), or of samples ("row"), with probability p; the rest over 1 - p.

    Source: Huang et al., "Deep networks with stochastic depth", 2016.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"stochastic_depth: p must be between 0 and 1, got {p}.")
    if mode not in ("batch", "row"):
        raise ValueError(f'stochastic_depth: mode must be "batch" or "row", got {mode!r}.')
    if not training or p == 0:
        return input
    rows = input.shape[0] if mode == "row" else 1
    noise = chainrule.empty(rows, *[1] * (input.dim() - 1), dtype=input.dtype).bernoulli_(1 - p)
    return input * (noise / (1 - p) if p < 1 else noise)


class StochasticDepth(nn.Module):
    """stochastic_depth() as a module."""

    def __init__(self, p: float, mode: str) -> None:
        super().__init__()
        self.p, self.mode = p, mode

    def forward(self, input: Tensor) -> Tensor:
        return stochastic_depth(input, self.p, self.mode, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}, mode={self.mode}"


def sigmoid_focal_loss(
    inputs: Tensor, targets: Tensor, alpha: float = 0.25, gamma: float = 2, reduction: str = "none"
) -> Tensor:
    """Binary cross-entropy of scores, each times alpha_t (1 - p_t)^gamma, p_t the probability of what is the case.

    Args:
        inputs: scores; targets: 0 or 1, of the same shape.
        alpha: weight of the ones, 1 - alpha that of the zeros; negative for no weights.

    Source: Lin et al., "Focal loss for dense object detection", 2017.
    """
    p = chainrule.sigmoid(inputs)
    p_t = p * targets + (1 - p) * (1 - targets)
    loss = F.binary_cross_entropy_with_logits(inputs, targets, reduction="none") * (1 - p_t) ** gamma
    if alpha >= 0:
        loss = loss * (alpha * targets + (1 - alpha) * (1 - targets))
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f'sigmoid_focal_loss: reduction must be "none", "mean" or "sum", got {reduction!r}.')
    return loss if reduction == "none" else getattr(loss, reduction)()


def box_area(boxes: Tensor) -> Tensor:
    """Areas of boxes [N, 4], each x1, y1, x2, y2."""
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def box_iou(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """The area that two boxes share over the area of both together: [N, M] for [N, 4] and [M, 4].

    Example:
        >>> from chainrule.vision.ops import box_iou
        >>> box_iou(chainrule.tensor([[0.0, 0.0, 2.0, 1.0]]), chainrule.tensor([[1.0, 0.0, 3.0, 1.0]]))
        tensor([[0.3333]])
    """
    low = chainrule.maximum(boxes1[:, None, :2], boxes2[:, :2])
    high = chainrule.minimum(boxes1[:, None, 2:], boxes2[:, 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    return shared / (box_area(boxes1)[:, None] + box_area(boxes2) - shared)


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Indices, best score first, of the boxes that no better box kept overlaps by more than iou_threshold.

    Example:
        >>> from chainrule.vision.ops import nms
        >>> boxes = chainrule.tensor([[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 2.0, 1.9], [5.0, 5.0, 6.0, 6.0]])
        >>> nms(boxes, chainrule.tensor([0.5, 0.9, 0.1]), 0.5)
        tensor([1, 2])
    """
    order = scores.detach().argsort(descending=True, stable=True)
    close = (box_iou(boxes.detach()[order], boxes.detach()[order]) > iou_threshold).numpy()
    kept: list[int] = []
    for i in range(len(order)):
        if not close[kept, i].any():
            kept.append(i)
    return order[chainrule.tensor(kept, dtype=chainrule.int64)]
