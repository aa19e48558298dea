"""RMSprop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ._rule import RuleOptimizer
from .optimizer import check_options


class RMSprop(RuleOptimizer):
    """Steps scaled by a running average of the squared gradient.

    g = dL/dp + weight_decay p
    v = alpha v + (1 - alpha) g^2
    s = sqrt(v) + eps                   (centered: sqrt(v - m^2) + eps, m = alpha m + (1 - alpha) g)
    p = p - lr g / s                    (momentum: b = momentum b + g / s, p = p - lr b)

    Args:
        params: parameters, or dicts of groups.
        lr: learning rate.
        alpha, eps, weight_decay, momentum, centered: as in the formula.
        maximize: go up instead of down.
        capturable, foreach, differentiable: accepted, without effect.

    Example:
        >>> import chainrule as cr
        >>> w = cr.tensor([1.0], requires_grad=True)
        >>> optimizer = cr.optim.RMSprop([w], lr=0.01)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.9000], requires_grad=True)

    Source: PyTorch, torch.optim.RMSprop; Tieleman and Hinton, lecture 6.5 of
    "Neural networks for machine learning", 2012; Graves, "Generating sequences with recurrent neural networks", 2013.
    """

    _rule = "RMSprop"

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_options("RMSprop", lr=lr, eps=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        defaults = {
            "lr": lr,
            "alpha": alpha,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "centered": centered,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _states(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        mean = "grad_avg" if group["centered"] else None
        return "square_avg", mean, "momentum_buffer" if group["momentum"] > 0 else None

    def _numbers(self, group: dict[str, Any]) -> tuple[float, ...]:
        return group["alpha"], group["eps"], group["momentum"]
