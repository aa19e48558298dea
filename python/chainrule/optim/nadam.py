"""NAdam."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import _core
from ._per_parameter import PerParameter, check_betas
from .optimizer import check_options


class NAdam(PerParameter):
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

    def _start(self, param: Any, group: dict[str, Any]) -> dict[str, Any]:
        zeros = _core.zeros_like(param).detach()
        return {"mu_product": _core.tensor(1.0, dtype=_core.float32), "exp_avg": zeros, "exp_avg_sq": zeros.clone()}

    def _update(self, param: Any, grad: Any, state: Any, t: float, group: dict[str, Any]) -> None:
        lr, decay = float(group["lr"]), group["momentum_decay"]
        beta1, beta2 = group["betas"]
        if group["weight_decay"] != 0:
            if group["decoupled_weight_decay"]:
                param.mul_(1 - lr * group["weight_decay"])
            else:
                grad = grad.add(param, alpha=group["weight_decay"])
        average, squares = state["exp_avg"], state["exp_avg_sq"]
        average.lerp_(grad, 1 - beta1)
        squares.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        scale = squares.div(1 - beta2**t).sqrt_().add_(group["eps"])
        mu, mu_next = (beta1 * (1.0 - 0.5 * 0.96 ** (n * decay)) for n in (t, t + 1))
        if state["mu_product"].dtype != _core.float32:  # a loaded state has it in the parameter's dtype
            state["mu_product"] = state["mu_product"].to(_core.float32)
        product = float(state["mu_product"].mul_(mu))
        param.addcdiv_(grad, scale, value=-lr * (1.0 - mu) / (1.0 - product))
        param.addcdiv_(average, scale, value=-lr * mu_next / (1.0 - product * mu_next))
