"""RMSprop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import _core
from ._per_parameter import PerParameter
from .optimizer import check_options


class RMSprop(PerParameter):
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

    def _start(self, param: Any, group: dict[str, Any]) -> dict[str, Any]:
        names = ["square_avg"]
        if group["momentum"] > 0:
            names.append("momentum_buffer")
        if group["centered"]:
            names.append("grad_avg")
        return {name: _core.zeros_like(param).detach() for name in names}

    def _update(self, param: Any, grad: Any, state: Any, t: float, group: dict[str, Any]) -> None:
        if group["weight_decay"] != 0:
            grad = grad.add(param, alpha=group["weight_decay"])
        lr, alpha, average = float(group["lr"]), group["alpha"], state["square_avg"]
        average.mul_(alpha).addcmul_(grad, grad, value=1 - alpha)
        if group["centered"]:
            mean = state["grad_avg"].lerp_(grad, 1 - alpha)
            average = average.addcmul(mean, mean, value=-1)
        scale = average.sqrt().add_(group["eps"])
        if group["momentum"] > 0:
            param.add_(state["momentum_buffer"].mul_(group["momentum"]).addcdiv_(grad, scale), alpha=-lr)
        else:
            param.addcdiv_(grad, scale, value=-lr)
