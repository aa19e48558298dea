"""Hooks of optimizers' steps, beside schedules that also stand before a step."""

import copy
import gc
import sys
import warnings
import weakref

import pytest

import chainrule as cr
from chainrule import nn, optim


def test_hooks_of_all_optimizers(torch):
    """Those made before and after the hook came; ahead of the optimizer's own, then behind them; with schedules too."""
    logs = []
    for lib in (cr, torch):
        log = []
        module = sys.modules[f"{lib.__name__}.optim.optimizer"]

        def note(text, log=log):
            return lambda which, args, kwargs: log.append((text, type(which).__name__))

        def made(kind, lib=lib):
            p = lib.nn.Parameter(lib.ones(1))
            p.grad = lib.ones(1)
            return getattr(lib.optim, kind)([p], lr=0.1)

        first, scheduled = made("SGD"), made("RMSprop")
        schedule = lib.optim.lr_scheduler.StepLR(scheduled, 1)
        handles = [
            module.register_optimizer_step_post_hook(note("post")),
            module.register_optimizer_step_pre_hook(note("pre")),
        ]
        second = made("Adam")
        for optimizer in (first, second):
            optimizer.register_step_pre_hook(note("own pre"))
            optimizer.register_step_post_hook(note("own post"))
        for optimizer in (first, second, scheduled, copy.deepcopy(second)):
            optimizer.step()
            optimizer.step()
        schedule.step()
        for handle in handles:
            handle.remove()
        second.step()
        made("SGD").step()
        scheduled.step()
        logs.append(log)
    assert logs[0] == logs[1]


def test_hooks_beside_a_schedule():
    """A hook that came after the schedule stays when the first step is over."""
    optimizer, seen = optim.SGD([nn.Parameter(cr.ones(1))], lr=0.1), []
    optimizer.param_groups[0]["params"][0].grad = cr.ones(1)
    schedule = optim.lr_scheduler.LambdaLR(optimizer, lambda t: 0.5**t)
    optimizer.register_step_post_hook(lambda *parts: seen.append(1))
    late = optim.lr_scheduler.StepLR(optimizer, 5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            optimizer.step()
            schedule.step()
            late.step()
    assert len(seen) == 3


@pytest.mark.parametrize("steps", [0, 2])
@pytest.mark.parametrize("hooked", [False, True])
def test_nothing_is_a_cycle(steps, hooked):
    """Optimizer, schedule and parameters go with their last reference; with hooks the collector takes them, as the step
    between hooks holds its optimizer."""
    optimizer = optim.SGD([nn.Parameter(cr.ones(1))], lr=0.1, momentum=0.9)
    schedule = optim.lr_scheduler.LambdaLR(optimizer, lambda t: 0.5**t)
    if hooked:
        optimizer.register_step_pre_hook(lambda *parts: None)
    for _ in range(steps):
        optimizer.param_groups[0]["params"][0].grad = cr.ones(1)
        optimizer.step()
        schedule.step()
    watched = [weakref.ref(x) for x in (optimizer, schedule, optimizer.param_groups[0]["params"][0])]
    gc.disable()
    try:
        del optimizer, schedule
        if hooked:
            gc.collect()
        assert [ref() for ref in watched] == [None] * 3
    finally:
        gc.enable()
