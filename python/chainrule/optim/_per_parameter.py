"""PerParameter, the base of the optimizers that are written with tensor operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .. import _core
from .optimizer import Optimizer, run_closure

__all__ = ["PerParameter", "check_betas"]


class PerParameter(Optimizer):
    """An optimizer whose step treats each parameter that has a gradient by itself.

    A subclass writes _start(param, group), the state at a parameter's first gradient, and
    _update(param, grad, state, t, group), the t-th step; no graph is recorded in either. state["step"] counts.
    """

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters. closure, if given, computes the loss anew, calls backward and returns it."""
        loss = None if closure is None else run_closure(closure)
        recording = _core.is_grad_enabled()
        _core.set_grad_enabled(False)
        try:
            for group, param, state in self._with_gradient():
                grad = -param.grad if group["maximize"] else param.grad
                self._update(param, grad, state, float(state["step"].add_(1)), group)
        finally:
            _core.set_grad_enabled(recording)
        return loss

    def _with_gradient(self) -> Iterator[tuple[dict[str, Any], Any, Any]]:
        """Group, parameter and state of each parameter that has a gradient."""
        if not self._checked:
            self._check_for_gradients()
        for group in self.param_groups:
            for param in group["params"]:
                if param.grad is None:
                    continue
                state = self.state[param]
                if not state:
                    state["step"] = _core.tensor(0.0, dtype=_core.float32)
                    state.update(self._start(param, group))
                yield group, param, state

    def _start(self, param: Any, group: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError

    def _update(self, param: Any, grad: Any, state: Any, t: float, group: dict[str, Any]) -> None:
        raise NotImplementedError


def check_betas(name: str, betas: tuple[float, float]) -> None:
    """Decay rates must lie in [0, 1)."""
    for i, beta in enumerate(betas):
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"{name}: Invalid beta parameter at index {i}: {beta}. Use [0, 1).")
