"""Averages of a model's weights over training: torch.optim.swa_utils' names."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterable
from typing import Any

from .. import _core
from ..autograd.grad_mode import no_grad
from ..nn.modules.batchnorm import _BatchNorm
from ..nn.modules.module import Module
from .lr_scheduler import LRScheduler
from .optimizer import Optimizer

__all__ = [
    "SWALR",
    "AveragedModel",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]


def _check_decay(decay: float) -> None:
    if not 0.0 <= decay <= 1.0:
        raise ValueError(f"decay must be within [0, 1], got {decay}.")


def get_ema_avg_fn(decay: float = 0.999) -> Callable[[Any, Any, Any], Any]:
    """avg_fn of the exponential moving average: decay average + (1 - decay) new.

    Source: PyTorch, torch.optim.swa_utils.get_ema_avg_fn.
    """
    _check_decay(decay)

    def average(averaged: Any, new: Any, count: Any) -> Any:
        return decay * averaged + (1 - decay) * new

    return average


def get_swa_avg_fn() -> Callable[[Any, Any, Any], Any]:
    """avg_fn of the plain mean: average + (new - average) / (count + 1).

    Source: PyTorch, torch.optim.swa_utils.get_swa_avg_fn.
    """

    def average(averaged: Any, new: Any, count: Any) -> Any:
        return averaged + (new - averaged) / (int(count) + 1)

    return average


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable[[Any, Any, Any], None]:
    """get_ema_avg_fn over lists of tensors, in place.

    Source: PyTorch, torch.optim.swa_utils.get_ema_multi_avg_fn.
    """
    _check_decay(decay)

    def average(averaged: Any, new: Any, count: Any) -> None:
        for old, value in zip(averaged, new):
            if old.is_floating_point():
                old.lerp_(value, 1 - decay)
            else:
                old.copy_(old * decay + value * (1 - decay))

    return average


def get_swa_multi_avg_fn() -> Callable[[Any, Any, Any], None]:
    """get_swa_avg_fn over lists of tensors, in place.

    Source: PyTorch, torch.optim.swa_utils.get_swa_multi_avg_fn.
    """

    def average(averaged: Any, new: Any, count: Any) -> None:
        for old, value in zip(averaged, new):
            if old.is_floating_point():
                old.lerp_(value, 1 / (int(count) + 1))
            else:
                old.add_((value - old) // (int(count) + 1))

    return average


class AveragedModel(Module):
    """A copy of a model that holds the average of its weights.

    Call update_parameters(model) now and then in training; use it as the model itself afterwards.

    Args:
        model: what is averaged; it is copied.
        device: accepted; everything is on the CPU.
        avg_fn: new average from (average, new value, number of values so far), a tensor at a time; or
        multi_avg_fn: the same over lists, in place. The plain mean where neither is given.
        use_buffers: average the buffers too, rather than copy them.

    Example:
        >>> import chainrule as cr
        >>> model = cr.nn.Linear(2, 1)
        >>> ema = cr.optim.swa_utils.AveragedModel(model, multi_avg_fn=cr.optim.swa_utils.get_ema_multi_avg_fn(0.9))
        >>> ema.update_parameters(model)
        >>> int(ema.n_averaged)
        1

    Source: Izmailov et al., "Averaging weights leads to wider optima and better generalization", 2018; PyTorch,
    torch.optim.swa_utils.AveragedModel.
    """

    n_averaged: Any

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Callable[[Any, Any, Any], Any] | None = None,
        multi_avg_fn: Callable[[Any, Any, Any], None] | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("AveragedModel: pass avg_fn or multi_avg_fn, not both.")
        self.module = copy.deepcopy(model)
        self.register_buffer("n_averaged", _core.tensor(0, dtype=_core.int64))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the model's present weights into the average; the first ones are copied."""
        own, new = (
            [t.detach() for t in itertools.chain(m.parameters(), m.buffers() if self.use_buffers else ())]
            for m in (self.module, model)
        )
        with no_grad():
            if int(self.n_averaged) == 0:
                for old, value in zip(own, new):
                    old.copy_(value)
            elif self.avg_fn is None:
                (self.multi_avg_fn or get_swa_multi_avg_fn())(own, new, self.n_averaged)
            else:
                for old, value in zip(own, new):
                    old.copy_(self.avg_fn(old, value, self.n_averaged))
            if not self.use_buffers:
                for old, value in zip(self.module.buffers(), model.buffers()):
                    old.detach().copy_(value.detach())
            self.n_averaged.add_(1)


def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the running statistics of a model's batch norms anew, by one pass over the data.

    Args:
        loader: gives batches, or tuples whose first part is the batch.
        model: its batch norms are changed, and its mode is kept.

    Source: PyTorch, torch.optim.swa_utils.update_bn.
    """
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    if not norms:
        return
    momenta = {module: module.momentum for module in norms}
    was_training = model.training
    try:
        for module in norms:
            module.reset_running_stats()
            module.momentum = None  # the plain average over batches
        model.train()
        with no_grad():
            for batch in loader:
                model(batch[0] if isinstance(batch, (list, tuple)) else batch)
    finally:
        for module, momentum in momenta.items():
            module.momentum = momentum
        model.train(was_training)


class SWALR(LRScheduler):
    """Moves the rates from where they are to swa_lr in anneal_epochs steps, and keeps them there.

    a_t = swa_lr w + a_0 (1 - w),  w = t / n, or (1 - cos(pi t / n)) / 2

    Args:
        optimizer: the optimizer.
        swa_lr: the last rate, or one for each group.
        anneal_epochs: n.
        anneal_strategy: "cos" or "linear".
        last_epoch: as in every schedule.

    Source: PyTorch, torch.optim.swa_utils.SWALR.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: Any,
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        groups = optimizer.param_groups
        rates = list(swa_lr) if isinstance(swa_lr, (list, tuple)) else [swa_lr] * len(groups)
        if len(rates) != len(groups):
            raise ValueError(f"SWALR: swa_lr must be one rate, or one for each of {len(groups)} groups, got {swa_lr}.")
        for rate, group in zip(rates, groups):
            group["swa_lr"] = rate
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"SWALR: anneal_strategy must be 'cos' or 'linear', got {anneal_strategy!r}.")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"SWALR: anneal_epochs must be a whole number from 0 up, got {anneal_epochs}.")
        self._anneal_strategy = anneal_strategy
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _weight(self, t: float) -> float:
        t = max(0.0, min(1.0, t))
        return (1 - math.cos(math.pi * t)) / 2 if self._anneal_strategy == "cos" else t

    def get_lr(self) -> list[float]:
        step = self.last_epoch if self.anneal_epochs else max(1, self.last_epoch)
        length = max(1, self.anneal_epochs)
        before, now = self._weight((step - 1) / length), self._weight(step / length)
        rates = []
        for group in self.optimizer.param_groups:
            # The rate of a_0 that the last step mixed in, found again: others may have changed it in between.
            target = group["swa_lr"]
            start = target if before == 1 else (group["lr"] - before * target) / (1 - before)
            rates.append(target * now + start * (1 - now))
        return rates
