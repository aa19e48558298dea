"""Adam."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .. import _core
from .optimizer import Optimizer, check_betas, check_options, run_closure

_step = _core.adam_step_


class Adam(Optimizer):
    """Adam: steps scaled by running averages of the gradient and of its square.

    g = dL/dp + weight_decay p                  (with decoupled_weight_decay: p = p (1 - lr weight_decay) instead)
    m = beta1 m + (1 - beta1) g
    v = beta2 v + (1 - beta2) g^2
    p = p - lr / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + eps)      (amsgrad: the largest v so far)

    Args:
        params: parameters, or dicts of groups.
        lr: learning rate.
        betas: (beta1, beta2).
        eps, weight_decay, amsgrad, decoupled_weight_decay: as in the formula.
        maximize: go up instead of down.
        foreach, capturable, differentiable, fused: accepted; every step is one call into C++.

    Example:
        >>> import chainrule as cr
        >>> w = cr.tensor([1.0], requires_grad=True)
        >>> optimizer = cr.optim.Adam([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.9000], requires_grad=True)

    Source: PyTorch, torch.optim.Adam; Kingma and Ba, "Adam: a method for stochastic optimization", 2014.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        check_options(type(self).__name__, lr=lr, eps=eps, weight_decay=weight_decay)
        check_betas(type(self).__name__, betas)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters. closure, if given, computes the loss anew, calls backward and returns it."""
        loss = None if closure is None else run_closure(closure)
        for group, (_, (params, averages, squares, largest, steps)) in self._gathered():
            beta1, beta2 = group["betas"]
            _step(
                params,
                averages,
                squares,
                largest,
                steps,
                float(group["lr"]),
                beta1,
                beta2,
                group["eps"],
                group["weight_decay"],
                group["decoupled_weight_decay"],
                group["amsgrad"],
                group["maximize"],
            )
        return loss

    def _lists(self, group: dict[str, Any]) -> tuple[Any, bool]:
        """Tensors of the parameters that have state; state begins with a parameter's first gradient."""
        amsgrad, ready = group["amsgrad"], True
        lists: tuple[list[Any], ...] = ([], [], [], [], [])
        for param in group["params"]:
            state = self.state.get(param, {})
            if "exp_avg" not in state:
                if param.grad is None:
                    ready = False
                    continue
                state = self.state[param]
                state["step"] = _core.tensor(0.0, dtype=_core.float32)
                state["exp_avg"] = _core.zeros_like(param).detach()
                state["exp_avg_sq"] = _core.zeros_like(param).detach()
            elif isinstance(state["step"], (int, float)):  # a state of PyTorch before 1.12
                state["step"] = _core.tensor(float(state["step"]), dtype=_core.float32)
            if amsgrad and "max_exp_avg_sq" not in state:
                state["max_exp_avg_sq"] = _core.zeros_like(param).detach()
            names = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq", "step")
            for values, value in zip(lists, (param, *(state.get(name) for name in names)), strict=True):
                values.append(value)
        if not amsgrad:
            lists[3].clear()
        return lists, ready
