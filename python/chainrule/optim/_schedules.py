"""Schedules that go up and down, and schedules of schedules; lr_scheduler exports them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .lr_scheduler import LRScheduler, ReduceLROnPlateau, SeveralSchedules, _per_group
from .optimizer import Optimizer

__all__ = ["ChainedScheduler", "CyclicLR", "InverseSquareRootLR", "OneCycleLR"]


class _MomentumCycle:
    """Sets the momentum (beta1 in Adam and its kin) of each group to what a schedule says."""

    optimizer: Optimizer
    cycle_momentum: bool
    use_beta1: bool

    def _begin_momentum(self, base: Any, largest: Any, fresh: bool) -> tuple[list[float], list[float]]:
        optimizer, name = self.optimizer, type(self).__name__
        if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
            raise ValueError(
                f"{name}: with cycle_momentum the optimizer must have momentum or betas, got "
                f"{type(optimizer).__name__}. Pass cycle_momentum=False."
            )
        self.use_beta1 = "betas" in optimizer.defaults
        lows, highs = _per_group(optimizer, base), _per_group(optimizer, largest)
        if fresh:
            for group, low, high in zip(optimizer.param_groups, lows, highs, strict=True):
                group["base_momentum"], group["max_momentum"] = low, high
            self._set_momentum(highs)
        return lows, highs

    def _set_momentum(self, values: Iterable[float]) -> None:
        for group, value in zip(self.optimizer.param_groups, values, strict=True):
            if self.use_beta1:
                group["betas"] = (value, *group["betas"][1:])
            else:
                group["momentum"] = value


class OneCycleLR(LRScheduler, _MomentumCycle):
    """Up from max_lr / div_factor to max_lr, then down to a final_div_factor-th of the start; momentum the other way.

    With three_phase, down to the start as fast as it went up, and then on to the end. Between two rates a and b,
    with r the part of the phase that is done: b + (a - b) (1 + cos(pi r)) / 2, or a + (b - a) r.

    Args:
        optimizer, last_epoch: as in LRScheduler.
        max_lr: the highest rate, or one per group.
        total_steps: length of the whole; or give epochs and steps_per_epoch, whose product it is.
        pct_start: part of the steps that go up.
        anneal_strategy: "cos" or "linear".
        cycle_momentum, base_momentum, max_momentum: whether momentum moves, and between what.
        div_factor, final_div_factor, three_phase: as above.

    Source: PyTorch, torch.optim.lr_scheduler.OneCycleLR; Smith and Topin, "Super-convergence", 2017.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: Any,
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: Any = 0.85,
        max_momentum: Any = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
        self.optimizer = optimizer
        self.total_steps = _total_steps(total_steps, epochs, steps_per_epoch)
        if not 0 <= pct_start <= 1:
            raise ValueError(f"OneCycleLR: pct_start must be between 0 and 1, got {pct_start}.")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f'OneCycleLR: anneal_strategy must be "cos" or "linear", got {anneal_strategy!r}.')
        self.anneal_strategy = anneal_strategy
        self.cycle_momentum = cycle_momentum
        self._phases = _phases(self.total_steps, float(pct_start), three_phase)
        rates = _per_group(optimizer, max_lr)
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["initial_lr"], group["max_lr"] = rate / div_factor, rate
                group["min_lr"] = group["initial_lr"] / final_div_factor
        if cycle_momentum:
            self._begin_momentum(base_momentum, max_momentum, last_epoch == -1)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The rates of this step; momentum is set with them."""
        t = self.last_epoch
        if t > self.total_steps:
            raise ValueError(f"OneCycleLR: step {t} is beyond the total of {self.total_steps} steps.")
        index = 0
        while index < len(self._phases) - 1 and t > self._phases[index][0]:
            index += 1
        begin = self._phases[index - 1][0] if index else 0.0
        end, rates, momenta = self._phases[index]
        part = (t - begin) / (end - begin)
        groups = self.optimizer.param_groups
        if self.cycle_momentum:
            self._set_momentum([self._between(group, momenta, part) for group in groups])
        return [self._between(group, rates, part) for group in groups]

    def _between(self, group: dict[str, Any], names: tuple[str, str], part: float) -> float:
        a, b = group[names[0]], group[names[1]]
        if self.anneal_strategy == "linear":
            return a + (b - a) * part
        return b + (a - b) * (1 + math.cos(math.pi * part)) / 2


def _total_steps(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    given = {"total_steps": total_steps}
    if total_steps is None:
        given = {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
    product = 1
    for name, value in given.items():
        if not isinstance(value, int) or value <= 0:
            raise ValueError(
                f"OneCycleLR: {name} must be a positive integer, got {value}. "
                "Give total_steps, or both epochs and steps_per_epoch."
            )
        product *= value
    return product


def _phases(total: int, up: float, three: bool) -> list[tuple[float, tuple[str, str], tuple[str, str]]]:
    """(last step, names of the rates at both ends, names of the momenta at both ends) of each phase."""
    rise = (up * total - 1, ("initial_lr", "max_lr"), ("max_momentum", "base_momentum"))
    if not three:
        return [rise, (total - 1, ("max_lr", "min_lr"), ("base_momentum", "max_momentum"))]
    return [
        rise,
        (2 * up * total - 2, ("max_lr", "initial_lr"), ("base_momentum", "max_momentum")),
        (total - 1, ("initial_lr", "min_lr"), ("max_momentum", "max_momentum")),
    ]


class CyclicLR(LRScheduler, _MomentumCycle):
    """From base_lr to max_lr and back in straight lines, again and again; momentum the other way.

    a_t = base_lr + (max_lr - base_lr) h s, h the height of the triangle at t, between 0 and 1
    s = 1 ("triangular"), 2^(1 - cycle) ("triangular2"), gamma^t ("exp_range"), or scale_fn

    Args:
        optimizer, last_epoch: as in LRScheduler.
        base_lr, max_lr: the two ends, or one of each per group.
        step_size_up, step_size_down: steps on the way up and down; down is as up if None.
        mode, gamma: as in the formula.
        scale_fn: takes the place of mode.
        scale_mode: whether scale_fn gets the number of the cycle, from 1 ("cycle"), or t ("iterations").
        cycle_momentum, base_momentum, max_momentum: whether momentum moves, and between what.

    Source: PyTorch, torch.optim.lr_scheduler.CyclicLR; Smith, "Cyclical learning rates for training neural networks",
    2015.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: Any,
        max_lr: Any,
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: Any = 0.8,
        max_momentum: Any = 0.9,
        last_epoch: int = -1,
    ) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
        if scale_fn is None and mode not in ("triangular", "triangular2", "exp_range"):
            raise ValueError(
                f'CyclicLR: mode must be "triangular", "triangular2" or "exp_range", got {mode!r}. Or pass scale_fn.'
            )
        self.optimizer = optimizer
        self.max_lrs = _per_group(optimizer, max_lr)
        down = step_size_up if step_size_down is None else step_size_down
        self.total_size = float(step_size_up + down)
        self.step_ratio = step_size_up / self.total_size
        self.mode, self.gamma = mode, gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode
        self.cycle_momentum = cycle_momentum
        lows = _per_group(optimizer, base_lr)
        if last_epoch == -1:
            for group, low in zip(optimizer.param_groups, lows, strict=True):
                group["lr"] = low
        if cycle_momentum:
            momenta = self._begin_momentum(base_momentum, max_momentum, last_epoch == -1)
            self.base_momentums, self.max_momentums = momenta
        super().__init__(optimizer, last_epoch)
        self.base_lrs = lows

    def get_lr(self) -> list[float]:
        """The rates of this step; momentum is set with them."""
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        done = 1.0 + self.last_epoch / self.total_size - cycle
        if done <= self.step_ratio:
            height = done / self.step_ratio
        else:
            height = (1 - done) / (1 - self.step_ratio)
        height *= self._scale(cycle)
        if self.cycle_momentum:
            ends = zip(self.base_momentums, self.max_momentums, strict=True)
            self._set_momentum([high - (high - low) * height for low, high in ends])
        return [low + (high - low) * height for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]

    def _scale(self, cycle: int) -> float:
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.mode == "triangular2":
            return 2.0 ** (1 - cycle)
        return self.gamma**self.last_epoch if self.mode == "exp_range" else 1.0

    def state_dict(self) -> dict[str, Any]:
        """All attributes but the optimizer and the function."""
        state = super().state_dict()
        state["_scale_fn_custom"] = None
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take what state_dict gave; the function stays."""
        super().load_state_dict({name: value for name, value in state_dict.items() if name != "_scale_fn_custom"})


class InverseSquareRootLR(LRScheduler):
    """Up in a straight line for warmup_steps, then down with the root of time.

    a_t = a_0 min((t + 1) / w, sqrt(w / (t + 1))),  w = warmup_steps; so a_0 is the highest rate

    Args:
        optimizer, last_epoch: as in LRScheduler.
        warmup_steps: w, at least 1.

    Example:
        >>> import chainrule as cr
        >>> optimizer = cr.optim.SGD([cr.ones(1, requires_grad=True)], lr=0.1)
        >>> schedule = cr.optim.lr_scheduler.InverseSquareRootLR(optimizer, warmup_steps=4)
        >>> rates = []
        >>> for _ in range(16):
        ...     rates.append(round(schedule.get_last_lr()[0], 3))
        ...     optimizer.zero_grad()
        ...     optimizer.param_groups[0]["params"][0].sum().backward()
        ...     optimizer.step()
        ...     schedule.step()
        >>> rates[:5], rates[15]
        ([0.025, 0.05, 0.075, 0.1, 0.089], 0.05)

    Source: Vaswani et al., "Attention is all you need", 2017, section 5.3, scaled to its highest rate.
    """

    def __init__(self, optimizer: Optimizer, warmup_steps: int = 4000, last_epoch: int = -1) -> None:
        if warmup_steps < 1:
            raise ValueError(f"InverseSquareRootLR: warmup_steps must be at least 1, got {warmup_steps}.")
        self.warmup_steps = warmup_steps
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        done = (self.last_epoch + 1) / self.warmup_steps
        factor = min(done, 1 / math.sqrt(done))
        return [base * factor for base in self.base_lrs]

    _get_closed_form_lr = get_lr


class ChainedScheduler(SeveralSchedules):
    """Several schedules at once: each step is a step of each, one after the other.

    Args:
        schedulers: schedules of one optimizer, of the kind that is computed from the present rate.
        optimizer: that optimizer; None takes it from the first.

    Source: PyTorch, torch.optim.lr_scheduler.ChainedScheduler.
    """

    def __init__(self, schedulers: Sequence[Any], optimizer: Optimizer | None = None) -> None:
        if len(schedulers) < 1:
            raise ValueError("ChainedScheduler: at least one scheduler is required, got none.")
        self.optimizer = optimizer or schedulers[0].optimizer
        for index, scheduler in enumerate(schedulers):
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(
                    f"ChainedScheduler: ReduceLROnPlateau, at index {index}, needs a figure each time. Step it apart."
                )
            if scheduler.optimizer is not self.optimizer:
                raise ValueError(f"ChainedScheduler: scheduler {index} belongs to another optimizer.")
        self._schedulers = list(schedulers)
        self._last_lr = self._rates()

    def step(self) -> None:  # type: ignore[override]  # no epoch: each has its own
        """One step of each."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = self._rates()
