"""L-BFGS."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from .. import _core
from .optimizer import Optimizer, check_options, run_closure


class LBFGS(Optimizer):
    """Quasi-Newton: the step direction comes from the last history_size changes of parameters and gradient.

    d = -H g, H by the two-loop recursion over s_i = p_{i+1} - p_i and y_i = g_{i+1} - g_i
    p = p + t d, t = lr (min(1, 1 / |g|_1) lr at the very first step), or by the line search

    One step() makes up to max_iter such iterations, and so needs a closure.

    Args:
        params: parameters, in one group.
        lr: t, or where the line search begins.
        max_iter: iterations in one step.
        max_eval: evaluations in one step; None is 1.25 max_iter.
        tolerance_grad: stop where no gradient is larger.
        tolerance_change: stop where parameters or loss change less.
        history_size: how many changes are kept.
        line_search_fn: None or "strong_wolfe".

    Example:
        >>> import chainrule as cr
        >>> w = cr.tensor([3.0, -2.0], requires_grad=True)
        >>> optimizer = cr.optim.LBFGS([w], line_search_fn="strong_wolfe")
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = ((w - cr.tensor([1.0, 2.0])) ** 2).sum()
        ...     loss.backward()
        ...     return loss
        >>> optimizer.step(closure).item()
        20.0
        >>> [round(x, 3) for x in w.tolist()]
        [1.0, 2.0]

    Source: PyTorch, torch.optim.LBFGS; Nocedal and Wright, "Numerical optimization", algorithms 7.4, 3.5 and 3.6.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_options("LBFGS", lr=lr)
        if line_search_fn not in (None, "strong_wolfe"):
            raise ValueError(f'LBFGS: line_search_fn must be None or "strong_wolfe", got {line_search_fn!r}.')
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise ValueError(f"LBFGS: one parameter group is required, got {len(self.param_groups)}.")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Up to max_iter iterations. closure computes the loss anew, calls backward and returns it."""
        if closure is None:
            raise TypeError("LBFGS.step: a closure that computes the loss, calls backward and returns it is required.")
        recording = _core.is_grad_enabled()
        _core.set_grad_enabled(False)
        try:
            return self._iterate(closure)
        finally:
            _core.set_grad_enabled(recording)

    # The state is that of the first parameter, and has PyTorch's names: n_iter, func_evals, d, t, old_dirs (y_i),
    # old_stps (s_i), ro (1 / y_i s_i), H_diag, prev_flat_grad, prev_loss.

    def _iterate(self, closure: Callable[[], Any]) -> Any:
        group = self.param_groups[0]
        state = self.state[group["params"][0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first_loss = run_closure(closure)
        loss, grad, evaluations = float(first_loss), self._flat_grad(), 1
        state["func_evals"] += 1
        if _largest(grad) <= group["tolerance_grad"]:
            return first_loss
        for iteration in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            beginning = state["n_iter"] == 1
            direction = self._direction(state, grad, group["history_size"])
            state["d"], state["prev_flat_grad"], state["prev_loss"] = direction, grad.clone(), loss
            t = float(group["lr"])
            if beginning:
                t *= 1.0 / max(1.0, float(grad.abs().sum()))
            slope = float(grad.dot(direction))
            state["t"] = t
            if slope > -group["tolerance_change"]:
                break
            last = iteration == group["max_iter"]
            if group["line_search_fn"] is not None:
                origin = _Point(0.0, loss, grad, slope)
                budget = group["max_eval"] - evaluations
                point, count = self._search(closure, origin, t, direction, budget)
                t, loss, grad = point.t, point.loss, point.grad
                self._move(t, direction)
            else:
                self._move(t, direction)
                count = 0
                if not last:  # the next step() evaluates there anyway
                    loss, grad, count = float(run_closure(closure)), self._flat_grad(), 1
            state["t"] = t
            evaluations += count
            state["func_evals"] += count
            if (
                last
                or evaluations >= group["max_eval"]
                or _largest(grad) <= group["tolerance_grad"]
                or _largest(direction) * abs(t) <= group["tolerance_change"]
                or abs(loss - state["prev_loss"]) < group["tolerance_change"]
            ):
                break
        return first_loss

    def _direction(self, state: Any, grad: Any, history_size: int) -> Any:
        """Remember the last change, and give -H g."""
        if state["n_iter"] == 1:
            state["old_dirs"], state["old_stps"], state["ro"], state["H_diag"] = [], [], [], 1.0
            return -grad
        ys, steps, inverses = state["old_dirs"], state["old_stps"], state["ro"]
        y, s = grad - state["prev_flat_grad"], state["d"] * float(state["t"])
        product = y.dot(s)
        if float(product) > 1e-10:  # keeps H positive definite
            if len(ys) == history_size:
                for values in (ys, steps, inverses):
                    values.pop(0)
            ys.append(y)
            steps.append(s)
            inverses.append(1.0 / product)
            state["H_diag"] = product / y.dot(y)
        result = -grad
        weights = []
        for y, s, inverse in zip(reversed(ys), reversed(steps), reversed(inverses), strict=True):
            weights.append(float(s.dot(result) * inverse))
            result.add_(y, alpha=-weights[-1])
        result *= state["H_diag"]
        for y, s, inverse, weight in zip(ys, steps, inverses, reversed(weights), strict=True):
            result.add_(s, alpha=weight - float(y.dot(result) * inverse))
        return result

    def _search(
        self, closure: Callable[[], Any], origin: _Point, t: float, direction: Any, budget: int
    ) -> tuple[_Point, int]:
        """Strong Wolfe line search along direction; the parameters stay where they are."""
        params = self.param_groups[0]["params"]
        start = [param.clone() for param in params]

        def evaluate(t: float) -> _Point:
            self._move(t, direction)
            loss, grad = float(run_closure(closure)), self._flat_grad()
            for param, value in zip(params, start, strict=True):
                param.copy_(value)
            return _Point(t, loss, grad, float(grad.dot(direction)))

        return _strong_wolfe(evaluate, origin, t, _largest(direction), budget)

    def _flat_grad(self) -> Any:
        """All gradients in one new vector; zeros where there is none."""
        params = self.param_groups[0]["params"]
        parts = [_core.zeros_like(param) if param.grad is None else param.grad for param in params]
        parts = [part.to_dense() if part.is_sparse else part for part in parts]
        return _core.cat([part.detach().reshape(-1) for part in parts]).clone()

    def _move(self, t: float, direction: Any) -> None:
        offset = 0
        for param in self.param_groups[0]["params"]:
            part = direction[offset : offset + param.numel()]
            param.add_(part.reshape(param.shape), alpha=t)
            offset += param.numel()


def _largest(vector: Any) -> float:
    return float(vector.abs().max()) if vector.numel() else 0.0


class _Point(NamedTuple):
    """A point on the line: p + t d."""

    t: float
    loss: float
    grad: Any
    slope: float


def _strong_wolfe(
    evaluate: Callable[[float], _Point],
    origin: _Point,
    t: float,
    size: float,
    budget: int,
    c1: float = 1e-4,
    c2: float = 0.9,
    tolerance: float = 1e-9,
) -> tuple[_Point, int]:
    """A point that is low enough (c1) and flat enough (c2), or the best within the budget; and the evaluations."""

    def too_high(point: _Point) -> bool:
        return point.loss > origin.loss + c1 * point.t * origin.slope

    def flat(point: _Point) -> bool:
        return abs(point.slope) <= -c2 * origin.slope

    # Go on until an interval must contain such a point.
    previous, point = origin, evaluate(t)
    done = 0
    while done < budget:
        if too_high(point) or (done > 1 and point.loss >= previous.loss):
            break
        if flat(point):
            return point, done + 1
        if point.slope >= 0:
            break
        t = _cubic_minimum(previous, point, point.t + 0.01 * (point.t - previous.t), point.t * 10)
        previous, point = point, evaluate(t)
        done += 1
    if done >= budget:
        previous = origin
    # Make it smaller: low is the better end.
    low, high = (previous, point) if previous.loss <= point.loss else (point, previous)
    stuck = False
    while done < budget and abs(high.t - low.t) * size >= tolerance:
        left, right = min(low.t, high.t), max(low.t, high.t)
        t, stuck = _off_the_ends(_cubic_minimum(low, high, left, right), left, right, stuck)
        point = evaluate(t)
        done += 1
        if too_high(point) or point.loss >= low.loss:
            low, high = (low, point) if low.loss <= point.loss else (point, low)
        elif flat(point):
            low = point
            break
        else:
            if point.slope * (high.t - low.t) >= 0:
                high = low
            low = point
    return low, done + 1


def _cubic_minimum(a: _Point, b: _Point, low: float, high: float) -> float:
    """Where the cubic through two points, with their slopes, is lowest; kept within low and high."""
    left, right = (a, b) if a.t <= b.t else (b, a)
    width = right.t - left.t
    if width > 0:
        tilt = left.slope + right.slope - 3 * (right.loss - left.loss) / width
        square = tilt * tilt - left.slope * right.slope
        if square >= 0:
            root = math.sqrt(square)
            bend = right.slope - left.slope + 2 * root
            if bend != 0:
                return min(max(right.t - width * ((right.slope + root - tilt) / bend), low), high)
    return (low + high) / 2


def _off_the_ends(t: float, left: float, right: float, stuck: bool) -> tuple[float, bool]:
    """A trial too near to an end, twice in a row or on the end itself, moves a tenth of the interval inwards."""
    margin = 0.1 * (right - left)
    if min(right - t, t - left) >= margin:
        return t, False
    if not stuck and left < t < right:
        return t, True
    return (right - margin if abs(t - right) < abs(t - left) else left + margin), False
