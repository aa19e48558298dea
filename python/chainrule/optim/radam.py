"""RAdam."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ._rule import RuleOptimizer
from .optimizer import check_betas, check_options


class RAdam(RuleOptimizer):
    """Adam that rectifies the variance of its first steps.

    g = dL/dp + weight_decay p          (with decoupled_weight_decay: p = p (1 - lr weight_decay) instead)
    m = beta1 m + (1 - beta1) g
    v = beta2 v + (1 - beta2) g^2
    R = 2 / (1 - beta2) - 1,  r = R - 2 t beta2^t / (1 - beta2^t)
    l = sqrt(1 - beta2^t) / (sqrt(v) + eps) sqrt((r - 4) (r - 2) R / ((R - 4) (R - 2) r)) where r > 5, else 1
    p = p - lr l m / (1 - beta1^t)

    Args:
        params: parameters, or dicts of groups.
        lr: learning rate.
        betas: (beta1, beta2).
        eps, weight_decay, decoupled_weight_decay: as in the formula.
        maximize: go up instead of down.
        foreach, capturable, differentiable: accepted, without effect.

    Example:
        >>> import chainrule as cr
        >>> w = cr.tensor([1.0], requires_grad=True)
        >>> optimizer = cr.optim.RAdam([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.8000], requires_grad=True)

    Source: PyTorch, torch.optim.RAdam; Liu et al., "On the variance of the adaptive learning rate and
    beyond", 2019.
    """

    _rule = "RAdam"

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_options("RAdam", lr=lr, eps=eps, weight_decay=weight_decay)
        check_betas("RAdam", betas)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _states(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        return "exp_avg", "exp_avg_sq"

    def _numbers(self, group: dict[str, Any]) -> tuple[float, ...]:
        return *group["betas"], group["eps"]
