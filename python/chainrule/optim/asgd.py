"""ASGD."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ._rule import RuleOptimizer
from .optimizer import check_options


class ASGD(RuleOptimizer):
    """Stochastic gradient descent whose parameters are averaged on the way.

    g = dL/dp + weight_decay p
    p = p (1 - lambd eta) - eta g
    ax = ax + mu (p - ax)
    eta = lr / (1 + lambd lr t)^alpha,  mu = 1 / max(1, t - t0)   (for the next step)

    The averages are in state[p]["ax"].

    Args:
        params: parameters, or dicts of groups.
        lr: learning rate, the first eta.
        lambd: decay.
        alpha: power of the rate's decline.
        t0: the step from which on ax is the average; before, it is p.
        weight_decay: as in the formula.
        maximize: go up instead of down.
        foreach, capturable, differentiable: accepted, without effect.

    Example:
        >>> import chainrule as cr
        >>> w = cr.tensor([1.0], requires_grad=True)
        >>> optimizer = cr.optim.ASGD([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.8000], requires_grad=True)

    Source: PyTorch, torch.optim.ASGD; Polyak and Juditsky, "Acceleration of stochastic approximation by averaging",
    1992.
    """

    _rule = "ASGD"
    _kept = ("eta", "mu")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_options("ASGD", lr=lr, weight_decay=weight_decay)
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _start_number(self, name: str, group: dict[str, Any]) -> float:
        return float(group["lr"]) if name == "eta" else 1.0

    def _states(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        return ("ax",)

    def _numbers(self, group: dict[str, Any]) -> tuple[float, ...]:
        return group["lambd"], group["alpha"], group["t0"]
