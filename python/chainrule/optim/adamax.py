"""Adamax."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ._rule import RuleOptimizer
from .optimizer import check_betas, check_options


class Adamax(RuleOptimizer):
    """Adam with the largest gradient, discounted, in place of the average of its square.

    g = dL/dp + weight_decay p
    m = beta1 m + (1 - beta1) g
    u = max(beta2 u, |g| + eps)
    p = p - lr / (1 - beta1^t) m / u

    Args:
        params: parameters, or dicts of groups.
        lr: learning rate.
        betas: (beta1, beta2).
        eps, weight_decay: as in the formula.
        maximize: go up instead of down.
        foreach, differentiable, capturable: accepted, without effect.

    Example:
        >>> import chainrule as cr
        >>> w = cr.tensor([1.0], requires_grad=True)
        >>> optimizer = cr.optim.Adamax([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.9000], requires_grad=True)

    Source: PyTorch, torch.optim.Adamax; Kingma and Ba, "Adam: a method for stochastic optimization",
    2014, section 7.1.
    """

    _rule = "Adamax"

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_options("Adamax", lr=lr, eps=eps, weight_decay=weight_decay)
        check_betas("Adamax", betas)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _states(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        return "exp_avg", "exp_inf"

    def _numbers(self, group: dict[str, Any]) -> tuple[float, ...]:
        return *group["betas"], group["eps"]
