"""Adadelta."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ._rule import RuleOptimizer
from .optimizer import check_options


class Adadelta(RuleOptimizer):
    """Steps scaled by the sizes of past steps and of past gradients.

    g = dL/dp + weight_decay p
    v = rho v + (1 - rho) g^2
    d = sqrt(u + eps) / sqrt(v + eps) g
    u = rho u + (1 - rho) d^2
    p = p - lr d

    Args:
        params: parameters, or dicts of groups.
        lr: factor on the step.
        rho, eps, weight_decay: as in the formula.
        maximize: go up instead of down.
        foreach, capturable, differentiable: accepted, without effect.

    Example:
        >>> import chainrule as cr
        >>> w = cr.tensor([1.0], requires_grad=True)
        >>> optimizer = cr.optim.Adadelta([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.9997], requires_grad=True)

    Source: PyTorch, torch.optim.Adadelta; Zeiler, "ADADELTA: an adaptive learning rate method", 2012.
    """

    _rule = "Adadelta"

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_options("Adadelta", lr=lr, rho=rho, eps=eps, weight_decay=weight_decay)
        if rho > 1.0:
            raise ValueError(f"Adadelta: Invalid rho value: {rho}. Use [0, 1].")
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "capturable": capturable,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _states(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        return "square_avg", "acc_delta"

    def _numbers(self, group: dict[str, Any]) -> tuple[float, ...]:
        return group["rho"], group["eps"]
