"""Adafactor."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .. import _core
from .optimizer import Optimizer, check_options, run_closure

_step = _core.adafactor_step_


class Adafactor(Optimizer):
    """Adam's scaling with little memory: of a matrix's squared gradients the means of rows and columns are kept.

    b = t^beta2_decay,  rho = min(lr, 1 / sqrt(t)),  rate = max(eps2, rms(p)) rho
    p = p (1 - lr weight_decay)
    r = r + b (mean of g^2 over each row - r),  c = c + b (mean over each column - c)
    v = r c / max(mean(r), eps1)            (vectors and numbers: v = v + b (g^2 - v))
    u = g / max(sqrt(v), eps1)
    p = p - rate u / max(1, rms(u) / d)

    Args:
        params: parameters, or dicts of groups.
        lr: the largest relative step rho, and the rate of the decay.
        beta2_decay: power of t, not positive.
        eps: (eps1, eps2); None for eps1 is the epsilon of the parameter's dtype.
        d: above it the step's root mean square is clipped; at least 1.
        weight_decay: as in the formula.
        maximize: go up instead of down.
        foreach: accepted, without effect.

    Example:
        >>> import chainrule as cr
        >>> w = cr.ones(2, 3, requires_grad=True)
        >>> optimizer = cr.optim.Adafactor([w])
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w[0, 0].item(), {name: tuple(value.shape) for name, value in optimizer.state[w].items()}
        (0.9900000095367432, {'step': (), 'row_var': (2, 1), 'col_var': (1, 3)})

    Source: PyTorch, torch.optim.Adafactor; Shazeer and Stern, "Adafactor: adaptive learning rates with sublinear
    memory cost", 2018.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        check_options("Adafactor", lr=lr, weight_decay=weight_decay, epsilon1=eps[0] or 0.0, epsilon2=eps[1])
        if not beta2_decay <= 0.0:
            raise ValueError(f"Adafactor: Invalid beta2_decay value: {beta2_decay}. It must not be positive.")
        if not d >= 1.0:
            raise ValueError(f"Adafactor: Invalid d value: {d}. It must be at least 1.")
        defaults = {
            "lr": lr,
            "beta2_decay": beta2_decay,
            "eps": eps,
            "d": d,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters. closure, if given, computes the loss anew, calls backward and returns it."""
        loss = None if closure is None else run_closure(closure)
        for group, (_, lists) in self._gathered():
            params, rows, columns, variances, steps = lists
            eps1, eps2 = group["eps"]
            _step(
                params,
                rows,
                columns,
                variances,
                steps,
                float(group["lr"]),
                group["beta2_decay"],
                group["weight_decay"],
                eps1,
                eps2,
                group["d"],
                group["maximize"],
            )
        return loss

    def _lists(self, group: dict[str, Any]) -> tuple[Any, bool]:
        """Tensors of the parameters that have state; state begins with a parameter's first gradient."""
        ready = True
        lists: tuple[list[Any], ...] = ([], [], [], [], [])
        for param in group["params"]:
            state = self.state.get(param, {})
            if "step" not in state:
                if param.grad is None:
                    ready = False
                    continue
                state = self.state[param]
                state.update(_first_state(param))
            names = ("row_var", "col_var", "variance", "step")
            for values, value in zip(lists, (param, *(state.get(name) for name in names)), strict=True):
                values.append(value)
        return lists, ready


def _first_state(param: Any) -> dict[str, Any]:
    step = _core.tensor(0.0, dtype=_core.float32)
    if param.dim() < 2:
        return {"step": step, "variance": _core.zeros_like(param).detach()}
    *batch, rows, columns = param.shape
    factors = {"row_var": (*batch, rows, 1), "col_var": (*batch, 1, columns)}
    return {"step": step, **{name: _core.zeros(shape, dtype=param.dtype) for name, shape in factors.items()}}
