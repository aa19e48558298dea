"""Schedules of rates, and averages of weights: as PyTorch's, step by step."""

import copy

import numpy as np
import pytest
from helpers import array, expect_error

import chainrule as cr
from chainrule import nn, optim

SCHEDULES = {
    "OneCycle": lambda s, o: s.OneCycleLR(o, max_lr=[0.5, 0.2], total_steps=60),
    "OneCycle, epochs": lambda s, o: s.OneCycleLR(o, 0.5, epochs=6, steps_per_epoch=10, anneal_strategy="linear"),
    "OneCycle, three": lambda s, o: s.OneCycleLR(
        o, 0.5, 60, three_phase=True, pct_start=0.4, div_factor=10, base_momentum=0.7
    ),
    "OneCycle, no momentum": lambda s, o: s.OneCycleLR(o, 0.5, 60, cycle_momentum=False, final_div_factor=5),
    "Cyclic": lambda s, o: s.CyclicLR(o, 0.01, [0.1, 0.3], step_size_up=7),
    "Cyclic 2": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 4, 9, mode="triangular2", base_momentum=0.5),
    "Cyclic exp": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 5, mode="exp_range", gamma=0.95, cycle_momentum=False),
    "Cyclic own": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 5, scale_fn=lambda x: 1 / (1 + x), scale_mode="iterations"),
    "Cyclic own cycle": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 5, scale_fn=lambda x: 1 / (1 + x)),
    "Chained": lambda s, o: s.ChainedScheduler([s.ConstantLR(o, 0.1, 20), s.ExponentialLR(o, 0.9)], o),
    "Chained warmup": lambda s, o: s.ChainedScheduler([s.LinearLR(o, 0.2, total_iters=8), s.StepLR(o, 10)]),
    "Sequential": lambda s, o: s.SequentialLR(
        o, [s.LinearLR(o, 0.1, total_iters=10), s.CosineAnnealingLR(o, 30), s.ExponentialLR(o, 0.9)], [10, 40]
    ),
    "Restarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 7, 2, eta_min=0.001),
    "Polynomial": lambda s, o: s.PolynomialLR(o, 40, power=2.0),
    "Constant": lambda s, o: s.ConstantLR(o, 0.3, 11),
    "Multiplicative": lambda s, o: s.MultiplicativeLR(o, lambda t: 0.95 + 0.001 * t),
    "Inverse root": lambda s, o: getattr(s, "InverseSquareRootLR", InverseRoot(s))(o, 9),
}


def InverseRoot(schedules):
    """What PyTorch has no class for."""
    return lambda o, w: schedules.LambdaLR(o, lambda t: min((t + 1) / w, (w / (t + 1)) ** 0.5))


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_schedules_equal_pytorchs(torch, name, kind):
    def run(lib, reload=False):
        params = [lib.nn.Parameter(lib.ones(2)) for _ in range(2)]
        options = {"momentum": 0.9} if kind == "SGD" else {}
        opt = getattr(lib.optim, kind)([{"params": params[:1]}, {"params": params[1:], "lr": 0.02}], lr=0.1, **options)
        schedule = SCHEDULES[name](lib.optim.lr_scheduler, opt)
        rows = []
        for t in range(60):
            rows.append(
                schedule.get_last_lr() + [g["momentum"] if kind == "SGD" else g["betas"][0] for g in opt.param_groups]
            )
            assert [g["lr"] for g in opt.param_groups] == list(schedule.get_last_lr())
            opt.step()
            schedule.step()
            if reload and t == 20:
                state = copy.deepcopy((opt.state_dict(), schedule.state_dict()))
                schedule = SCHEDULES[name](lib.optim.lr_scheduler, opt)
                opt.load_state_dict(state[0])
                schedule.load_state_dict(state[1])
        return rows

    expected = run(torch)
    with pytest.warns(UserWarning, match="no parameter has a gradient"):
        np.testing.assert_allclose(run(cr), expected, rtol=1e-9)
    with pytest.warns(UserWarning, match="no parameter has a gradient"):
        np.testing.assert_allclose(run(cr, reload=True), expected, rtol=1e-9)


def test_schedule_errors():
    schedules = optim.lr_scheduler
    opt = optim.Adagrad([nn.Parameter(cr.ones(1))])
    expect_error(ValueError, "cycle_momentum", schedules.OneCycleLR, opt, 0.1, 10)
    expect_error(ValueError, "cycle_momentum", schedules.CyclicLR, opt, 0.1, 0.2)
    expect_error(ValueError, "total_steps", schedules.OneCycleLR, opt, 0.1, cycle_momentum=False)
    expect_error(ValueError, "positive", schedules.OneCycleLR, opt, 0.1, 0, cycle_momentum=False)
    expect_error(ValueError, "pct_start", schedules.OneCycleLR, opt, 0.1, 5, pct_start=2.0, cycle_momentum=False)
    expect_error(ValueError, "mode", schedules.CyclicLR, opt, 0.1, 0.2, mode="square")
    expect_error(ValueError, "warmup_steps", schedules.InverseSquareRootLR, opt, 0)
    expect_error(ValueError, "at least one", schedules.ChainedScheduler, [])
    plateau = schedules.ReduceLROnPlateau(opt)
    expect_error(ValueError, "Plateau", schedules.ChainedScheduler, [plateau])


@pytest.mark.parametrize("kind", ["mean", "mean of each", "ema", "ema of each", "with buffers"])
def test_averaged_models(torch, kind):
    found = []
    for lib in (cr, torch):
        utils = lib.optim.swa_utils
        options = {
            "mean": {},
            "mean of each": {"avg_fn": utils.get_swa_avg_fn()},
            "ema": {"multi_avg_fn": utils.get_ema_multi_avg_fn(0.7)},
            "ema of each": {"avg_fn": utils.get_ema_avg_fn(0.7)},
            "with buffers": {"use_buffers": True, "multi_avg_fn": utils.get_ema_multi_avg_fn(0.6)},
        }[kind]
        lib.manual_seed(0)
        model = lib.nn.Sequential(lib.nn.Linear(3, 4), lib.nn.BatchNorm1d(4)).double()
        averaged = utils.AveragedModel(model, **options)
        opt = lib.optim.SGD(model.parameters(), lr=0.1)
        data = [lib.tensor(np.random.default_rng(k).standard_normal((6, 3))) for k in range(5)]
        for x in data:
            opt.zero_grad()
            ((model(x) - x[:, :1]) ** 2).mean().backward()
            opt.step()
            averaged.update_parameters(model)
        middle = {key: array(value).copy() for key, value in averaged.state_dict().items()}
        utils.update_bn(data, averaged)
        found.append((middle, {key: array(value) for key, value in averaged.state_dict().items()}))
    for ours, theirs in zip(*found):
        assert list(ours) == list(theirs)
        for key, value in theirs.items():
            np.testing.assert_allclose(ours[key], value, rtol=1e-9, atol=1e-12, err_msg=key)


@pytest.mark.parametrize("strategy", ["cos", "linear"])
@pytest.mark.parametrize("epochs", [0, 4])
def test_swalr(torch, strategy, epochs):
    rates = []
    for lib in (cr, torch):
        params = [lib.nn.Parameter(lib.ones(1)) for _ in range(2)]
        opt = lib.optim.SGD([{"params": params[:1]}, {"params": params[1:], "lr": 0.3}], lr=0.1)
        schedule = lib.optim.swa_utils.SWALR(opt, [0.05, 0.01], epochs, strategy)
        rates.append([schedule.get_last_lr()])
        for _ in range(6):
            opt.step()
            schedule.step()
            rates[-1].append(schedule.get_last_lr())
    np.testing.assert_allclose(rates[0], rates[1], rtol=1e-12)
    expect_error(ValueError, "anneal_strategy", optim.swa_utils.SWALR, opt_of(), 0.1, anneal_strategy="steps")


def test_warnings_of_schedules(torch):
    """At the old step(epoch), and a step ahead of the optimizer's first, as in PyTorch."""
    for lib in (cr, torch):
        schedules = lib.optim.lr_scheduler
        rates = []
        for kind, options in (("StepLR", {"step_size": 2}), ("LambdaLR", {"lr_lambda": lambda t: 1 / (1 + t)})):
            p = lib.nn.Parameter(lib.ones(1))
            p.grad = lib.ones(1)
            optimizer = lib.optim.SGD([p], lr=0.1)
            schedule = getattr(schedules, kind)(optimizer, **options)
            optimizer.step()
            with pytest.warns(UserWarning, match="epoch parameter"):
                schedule.step(5)
            rates.append(schedule.get_last_lr()[0])
        assert rates == pytest.approx([0.001, 0.1 / 6])
        with pytest.warns(UserWarning, match="epoch parameter"):
            schedules.ReduceLROnPlateau(optimizer).step(1.0, epoch=3)
        early = schedules.StepLR(lib.optim.SGD([lib.nn.Parameter(lib.ones(1))], lr=0.1), 1)
        with pytest.warns(UserWarning, match="before `optimizer.step"):
            early.step()


def opt_of():
    return optim.SGD([nn.Parameter(cr.ones(1))], lr=0.1)
