"""Adagrad."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import _core
from ._rule import RuleOptimizer
from .optimizer import check_options


class Adagrad(RuleOptimizer):
    """Steps scaled by the sum of all squared gradients so far.

    g = dL/dp + weight_decay p
    s = s + g^2                                 (initial_accumulator_value at first)
    p = p - lr / (1 + (t - 1) lr_decay) g / (sqrt(s) + eps)

    Args:
        params: parameters, or dicts of groups.
        lr: learning rate.
        lr_decay, weight_decay, initial_accumulator_value, eps: as in the formula.
        maximize: go up instead of down.
        foreach, differentiable, fused: accepted, without effect.

    Example:
        >>> import chainrule as cr
        >>> w = cr.tensor([1.0], requires_grad=True)
        >>> optimizer = cr.optim.Adagrad([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.9000], requires_grad=True)

    Source: PyTorch, torch.optim.Adagrad; Duchi et al., "Adaptive subgradient methods for online learning and
    stochastic optimization", 2011.
    """

    _rule = "Adagrad"

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_options("Adagrad", lr=lr, lr_decay=lr_decay, weight_decay=weight_decay, eps=eps)
        check_options("Adagrad", initial_accumulator_value=initial_accumulator_value)
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "eps": eps,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def _start(self, name: str, param: Any, group: dict[str, Any]) -> Any:
        return _core.zeros_like(param).detach().fill_(group["initial_accumulator_value"])

    def _states(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        return ("sum",)

    def _numbers(self, group: dict[str, Any]) -> tuple[float, ...]:
        return group["lr_decay"], group["eps"]
