"""Rprop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import _core
from ._rule import RuleOptimizer
from .optimizer import check_options


class Rprop(RuleOptimizer):
    """Steps from the sign of the gradient alone; each grows while the sign stays, and shrinks when it changes.

    s = s etaplus where g g_prev > 0, s etaminus where g g_prev < 0 (and g = 0 there), kept within step_sizes
    p = p - sign(g) s

    Args:
        params: parameters, or dicts of groups.
        lr: the first s.
        etas: (etaminus, etaplus).
        step_sizes: the smallest and the largest s.
        maximize: go up instead of down.
        capturable, foreach, differentiable: accepted, without effect.

    Example:
        >>> import chainrule as cr
        >>> w = cr.tensor([1.0], requires_grad=True)
        >>> optimizer = cr.optim.Rprop([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.9000], requires_grad=True)

    Source: PyTorch, torch.optim.Rprop; Riedmiller and Braun, "A direct adaptive method for faster
    backpropagation learning: the RPROP algorithm", 1993.
    """

    _rule = "Rprop"

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_options("Rprop", lr=lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Rprop: Invalid eta values: {etas[0]}, {etas[1]}. Use 0 < etaminus < 1 < etaplus.")
        defaults = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _start(self, name: str, param: Any, group: dict[str, Any]) -> Any:
        zeros = _core.zeros_like(param).detach()
        return zeros.fill_(float(group["lr"])) if name == "step_size" else zeros

    def _states(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        return "prev", "step_size"

    def _numbers(self, group: dict[str, Any]) -> tuple[float, ...]:
        return *group["etas"], *group["step_sizes"]
