"""RuleOptimizer, the base of the optimizers whose step is one call of the core's rule_step_."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import _core
from .optimizer import Optimizer, run_closure

__all__ = ["RuleOptimizer"]

_step = _core.rule_step_


class RuleOptimizer(Optimizer):
    """An optimizer that the core knows by its class's name in _rule.

    A subclass writes _states(group), the names of the arrays that it keeps for each parameter, in the core's order and
    None for one that this group does without; _numbers(group), the options that the core wants; where an array does
    not begin with zeros, _start(name, param, group); and in _kept the names of the numbers that are kept for each
    parameter beside its step, with _start_number(name, group).
    """

    _rule = ""
    _kept: tuple[str, ...] = ()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters. closure, if given, computes the loss anew, calls backward and returns it."""
        loss = None if closure is None else run_closure(closure)
        for group, (_, (params, steps, kept, states, _)) in self._gathered():
            _step(
                self._rule,
                params,
                states,
                steps,
                kept,
                float(group["lr"]),
                group.get("weight_decay", 0.0),
                group.get("decoupled_weight_decay", False),
                group["maximize"],
                self._numbers(group),
            )
        return loss

    def _lists(self, group: dict[str, Any]) -> tuple[Any, bool]:
        """Tensors of the parameters that have state; state begins with a parameter's first gradient."""
        names, ready = self._states(group), True
        params: list[Any] = []
        steps: list[Any] = []
        kept: list[list[Any]] = [[] for _ in self._kept]
        states: list[list[Any]] = [[] for _ in names]
        for param in group["params"]:
            state = self.state.get(param, {})
            if "step" not in state:
                if param.grad is None:
                    ready = False
                    continue
                state = self.state[param]
            self._begin(param, state, group)
            params.append(param)
            steps.append(state["step"])
            for numbers, kind in zip(kept, self._kept):
                numbers.append(state[kind])
            for values, name in zip(states, names):
                if name is not None:
                    values.append(state[name])
        return (params, steps, kept, states, names), ready

    def _unchanged(self, cached: list[Any]) -> bool:
        return super()._unchanged(cached) and all(
            lists[-1] == self._states(group) for (_, lists), group in zip(cached, self.param_groups)
        )

    def _begin(self, param: Any, state: Any, group: dict[str, Any]) -> None:
        """Put in what is missing: all of it at first, later what an option that was switched on needs."""
        for name in ("step", *self._kept):
            number = state.get(name)
            if number is None:
                first = 0.0 if name == "step" else self._start_number(name, group)
                state[name] = _core.tensor(first, dtype=_core.float32)
            elif getattr(number, "dtype", None) != _core.float32:  # a number, or loaded in the parameter's dtype
                state[name] = _core.tensor(float(number), dtype=_core.float32)
        for array in self._states(group):
            if array is not None and array not in state:
                state[array] = self._start(array, param, group)

    def _start(self, name: str, param: Any, group: dict[str, Any]) -> Any:
        return _core.zeros_like(param).detach()

    def _start_number(self, name: str, group: dict[str, Any]) -> float:
        return 1.0

    def _states(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        raise NotImplementedError

    def _numbers(self, group: dict[str, Any]) -> tuple[float, ...]:
        raise NotImplementedError
