"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .. import _core
from .optimizer import Optimizer, check_options, run_closure

_step = _core.sgd_step_
_NO_STATE: tuple[list[Any], list[int]] = ([], [])


class SGD(Optimizer):
    """Gradient descent, with momentum and Nesterov's form of it.

    g = dL/dp + weight_decay p
    b = momentum b + (1 - dampening) g          (b = g at the first step)
    p = p - lr d,  d = g + momentum b if nesterov, b if momentum, else g

    Args:
        params: parameters, or dicts of groups.
        lr: learning rate.
        momentum, dampening, weight_decay, nesterov: as in the formula.
        maximize: go up instead of down.
        foreach, differentiable, fused: accepted; every step is one call into C++.

    Example:
        >>> import chainrule as cr
        >>> w = cr.tensor([1.0], requires_grad=True)
        >>> optimizer = cr.optim.SGD([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.8000], requires_grad=True)

    Source: PyTorch, torch.optim.SGD; Sutskever et al., "On the importance of initialization and momentum in deep
    learning", 2013.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_options("SGD", lr=lr, momentum=momentum, weight_decay=weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("SGD: Nesterov momentum requires a momentum and zero dampening.")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters. closure, if given, computes the loss anew, calls backward and returns it."""
        loss = None if closure is None else run_closure(closure)
        for group, (params, (buffers, missing)) in self._stateless() or self._gathered():
            momentum = group["momentum"]
            _step(
                params,
                buffers,
                float(group["lr"]),
                momentum,
                group["dampening"],
                group["weight_decay"],
                group["nesterov"],
                group["maximize"],
            )
            if missing and momentum:
                for i in missing:  # the call has put a new buffer wherever there was a gradient
                    if buffers[i] is not None:
                        self.state[params[i]]["momentum_buffer"] = buffers[i]
        return loss

    def _stateless(self) -> list[Any]:
        """What _gathered would give, where no group has momentum: then nothing is kept that must be gathered."""
        if not self._checked:
            return []
        pairs = []
        for group in self.param_groups:
            if group["momentum"]:
                return []
            pairs.append((group, (group["params"], _NO_STATE)))
        return pairs

    def _lists(self, group: dict[str, Any]) -> tuple[Any, bool]:
        buffers = [self.state.get(p, {}).get("momentum_buffer") for p in group["params"]]
        missing = [i for i, buffer in enumerate(buffers) if buffer is None]
        return (buffers, missing), not missing or not group["momentum"]
