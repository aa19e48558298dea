"""NAdam."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ._rule import RuleOptimizer
from .optimizer import check_betas, check_options


class NAdam(RuleOptimizer):
    """Adam with Nesterov's momentum.

    g = dL/dp + weight_decay p          (with decoupled_weight_decay: p = p (1 - lr weight_decay) instead)
    m = beta1 m + (1 - beta1) g
    v = beta2 v + (1 - beta2) g^2
    mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2),  M_t = mu_1 ... mu_t
    d = mu_{t+1} m / (1 - M_{t+1}) + (1 - mu_t) g / (1 - M_t)
    p = p - lr d / (sqrt(v / (1 - beta2^t)) + eps)

    Args:
        params: parameters, or dicts of groups.
        lr: learning rate.
        betas: (beta1, beta2).
        eps, weight_decay, momentum_decay, decoupled_weight_decay: as in the formula.
        maximize: go up instead of down.
        foreach, capturable, differentiable: accepted, without effect.

    Example:
        >>> import chainrule as cr
        >>> w = cr.tensor([1.0], requires_grad=True)
        >>> optimizer = cr.optim.NAdam([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.8944], requires_grad=True)

    Source: PyTorch, torch.optim.NAdam; Dozat, "Incorporating Nesterov momentum into Adam", 2016.
    """

    _rule = "NAdam"
    _kept = ("mu_product",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_options("NAdam", lr=lr, eps=eps, weight_decay=weight_decay, momentum_decay=momentum_decay)
        check_betas("NAdam", betas)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
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
        return *group["betas"], group["eps"], group["momentum_decay"]
