"""Muon."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from .. import _core
from .optimizer import Optimizer, check_options, run_closure

_step = _core.muon_step_


class Muon(Optimizer):
    """Momentum whose matrix is made nearly orthogonal before each step; for the weight matrices of hidden layers.

    m = m + (1 - momentum) (g - m)
    u = g + momentum (m - g)       (without nesterov: u = m)
    X = u / max(|u|, eps);  ns_steps times: X = a X + (b X X' + c (X X')^2) X
    p = p (1 - lr weight_decay) - lr ratio X

    ratio is sqrt(max(1, rows / columns)), or 0.2 sqrt(max(rows, columns)) with "match_rms_adamw", which suits AdamW's
    learning rates.

    PyTorch computes X in bfloat16, with some two digits; here it has the parameter's dtype.

    Args:
        params: matrices, or dicts of groups of them. Train biases, embeddings and the like with AdamW.
        lr, weight_decay, momentum, nesterov, eps, ns_steps: as in the formula; ns_steps below 100.
        ns_coefficients: (a, b, c).
        adjust_lr_fn: "original" (None is the same) or "match_rms_adamw".

    Example:
        >>> import chainrule as cr
        >>> w = cr.ones(2, 2, requires_grad=True)
        >>> optimizer = cr.optim.Muon([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([[0.9552, 0.9552],
                [0.9552, 0.9552]], requires_grad=True)

    Source: PyTorch, torch.optim.Muon; Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024;
    Liu et al., "Muon is scalable for LLM training", 2025.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        check_options("Muon", lr=lr, momentum=momentum, **{"weight decay": weight_decay})
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ValueError(
                f"Muon: Invalid adjust_lr_fn value: {adjust_lr_fn!r}. Use 'original' or 'match_rms_adamw'."
            )
        if len(ns_coefficients) != 3:
            raise ValueError(f"Muon: Invalid ns_coefficients: {ns_coefficients}. Three numbers are needed.")
        if ns_steps >= 100:
            raise ValueError(f"Muon: Invalid ns_steps value: {ns_steps}. Use fewer than 100.")
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of matrices; options that it lacks are the defaults.

        Raises:
            ValueError: a parameter is no matrix, no leaf of the graph, or appears twice.
        """
        super().add_param_group(param_group)
        for param in self.param_groups[-1]["params"]:
            if param.dim() != 2:
                del self.param_groups[-1]
                raise ValueError(
                    f"Muon: parameters must be matrices, got shape {tuple(param.shape)}. Train the others with AdamW."
                )

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters. closure, if given, computes the loss anew, calls backward and returns it."""
        loss = None if closure is None else run_closure(closure)
        for group, (_, (params, buffers)) in self._gathered():
            _step(
                params,
                buffers,
                [_ratio(group["adjust_lr_fn"], *param.shape) for param in params],
                float(group["lr"]),
                group["weight_decay"],
                group["momentum"],
                group["nesterov"],
                group["ns_coefficients"],
                group["eps"],
                group["ns_steps"],
            )
        return loss

    def _lists(self, group: dict[str, Any]) -> tuple[Any, bool]:
        """Parameters that have a buffer, which begins with a parameter's first gradient."""
        ready = True
        params: list[Any] = []
        buffers: list[Any] = []
        for param in group["params"]:
            state = self.state.get(param, {})
            if "momentum_buffer" not in state:
                if param.grad is None:
                    ready = False
                    continue
                state = self.state[param]
                state["momentum_buffer"] = _core.zeros_like(param).detach()
            params.append(param)
            buffers.append(state["momentum_buffer"])
        return (params, buffers), ready


def _ratio(kind: str | None, rows: int, columns: int) -> float:
    """What the learning rate is multiplied by for the update."""
    if kind == "match_rms_adamw":
        return 0.2 * math.sqrt(max(rows, columns))
    return math.sqrt(max(1, rows / max(columns, 1)))
