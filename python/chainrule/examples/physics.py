"""A physicist's fit in float64: a pendulum's constants, through its equation's solver.

    theta'' = -k sin(theta) - c theta'          solved by 200 steps of Runge and Kutta's fourth order
    chi^2(k, c, theta_0, omega_0) = sum of ((theta(t_i) - reading_i) / sigma)^2

Nothing here is a neural net: the graph is the numerical solution of a differential equation, some 10,000 nodes deep,
and backward() goes through all of it to give the gradient of chi^2. L-BFGS minimises chi^2; half its Hessian, inverted,
gives the covariance of the constants, as in any physics laboratory. scipy.optimize.least_squares does the same fit by
finite differences. The two agree to 8 digits in every constant; the error bars differ by 1%, for scipy's leave out the
second derivatives of theta.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import Tensor
from chainrule.examples import _plot
from chainrule.examples._extras import need
from chainrule.examples._run import options

NAMES = ("k = g / length, 1/s^2", "c, damping, 1/s", "theta(0), rad", "theta'(0), rad/s")
TRUTH = (9.81, 0.25, 2.0, 0.5)
GUESS = (8.0, 0.1, 1.5, 0.0)
STEPS, STEP = 200, 0.03


def acceleration(theta: Any, omega: Any, k: Any, c: Any, sin: Any) -> Any:
    return -k * sin(theta) - c * omega


def solve(constants: Any, sin: Any) -> list[Any]:
    """theta at each time step; `constants` may be a tensor (sin = chainrule.sin) or an array (sin = numpy.sin)."""
    k, c, theta, omega = constants
    course = [theta]
    for _ in range(STEPS):
        slopes = [(omega, acceleration(theta, omega, k, c, sin))]
        for part in (STEP / 2, STEP / 2, STEP):
            v, a = slopes[-1]
            there = theta + part * v, omega + part * a
            slopes.append((there[1], acceleration(*there, k, c, sin)))
        (v1, a1), (v2, a2), (v3, a3), (v4, a4) = slopes
        theta = theta + STEP / 6 * (v1 + 2 * (v2 + v3) + v4)
        omega = omega + STEP / 6 * (a1 + 2 * (a2 + a3) + a4)
        course.append(theta)
    return course


def chi_squared(constants: Tensor, readings: Tensor, sigma: float) -> Tensor:
    return (((cr.stack(solve(constants, cr.sin)) - readings) / sigma) ** 2).sum()


def fit(readings: Tensor, sigma: float, max_iter: int) -> tuple[Tensor, Tensor, list[float]]:
    """The constants, their standard errors, and chi^2 at each evaluation."""
    constants = cr.tensor(GUESS, dtype=cr.float64, requires_grad=True)
    optimizer: Any = cr.optim.LBFGS(
        [constants], max_iter=max_iter, line_search_fn="strong_wolfe", tolerance_grad=1e-9, tolerance_change=1e-15
    )
    course: list[float] = []

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = chi_squared(constants, readings, sigma)
        loss.backward()
        course.append(loss.item())
        return loss

    optimizer.step(closure)
    hessian = cr.autograd.functional.hessian(lambda x: chi_squared(x, readings, sigma), constants.detach())
    return constants.detach(), cr.linalg.inv(hessian / 2).diagonal().sqrt(), course


def draw(readings: Tensor, fitted: Tensor, sigma: float, course: list[float], path: str) -> None:
    figure = _plot.new_figure(13, 6.5, "A damped pendulum fitted through its differential equation, in float64")
    panels = figure.subplot_mosaic("AC;BC", width_ratios=[1.8, 1], height_ratios=[2.2, 1])
    time = [STEP * i for i in range(STEPS + 1)]
    theta, first = (np.array(solve(np.array(values), np.sin)) for values in (fitted.tolist(), GUESS))
    panels["A"].plot(time, readings.numpy(), ".", color="0.6", ms=4, label="readings")
    panels["A"].plot(time, first, color=_plot.BLUE, ls="--", lw=1, label="first guess")
    panels["A"].plot(time, theta, color=_plot.ORANGE, label="fit")
    panels["A"].set(ylabel="theta, rad")
    panels["A"].legend()
    panels["B"].plot(time, (readings.numpy() - theta) / sigma, ".", color="0.4", ms=4)
    panels["B"].axhline(0, color=_plot.ORANGE)
    panels["B"].set(xlabel="time, s", ylabel="residual / sigma", ylim=(-4, 4))
    panels["C"].semilogy(range(1, len(course) + 1), course, color=_plot.BLUE, marker="o", ms=3)
    panels["C"].axhline(STEPS + 1 - 4, color="0.4", ls=":", label="expected: readings - constants")
    panels["C"].set(xlabel="evaluation by L-BFGS", ylabel="chi squared")
    panels["C"].legend()
    _plot.save(figure, path)


def main(argv: Sequence[str] | None = None) -> None:
    args = options(
        "physics",
        __doc__,
        argv,
        sigma=(0.05, "standard deviation of a reading, rad"),
        iterations=(100, "of L-BFGS at most"),
    )
    (optimize,) = need("scipy.optimize")
    truth = cr.tensor(solve(np.array(TRUTH), np.sin), dtype=cr.float64)
    readings = truth + args.sigma * cr.randn(STEPS + 1, dtype=cr.float64)
    constants, errors, course = fit(readings, args.sigma, args.iterations)
    limits = {"xtol": 1e-14, "ftol": 1e-14, "gtol": 1e-14}
    scipy_fit = optimize.least_squares(
        lambda x: (np.array(solve(x, np.sin)) - readings.numpy()) / args.sigma, GUESS, **limits
    )
    scipy_errors = np.sqrt(np.diag(np.linalg.inv(scipy_fit.jac.T @ scipy_fit.jac)))
    print(f"{'':24s}{'truth':>8s}{'fit':>14s}{'error bar':>12s}{'scipy':>14s}{'error bar':>12s}")
    for row in zip(NAMES, TRUTH, constants.tolist(), errors.tolist(), scipy_fit.x, scipy_errors):
        print("{:24s}{:8.3f}{:14.9f}{:12.6f}{:14.9f}{:12.6f}".format(*row))
    difference = float(np.max(np.abs(constants.numpy() / scipy_fit.x - 1)))
    print(f"chi squared {course[-1]:.3f} for {STEPS + 1} readings and 4 constants, {len(course)} evaluations")
    print(f"greatest relative difference of a constant from scipy's: {difference:.1e}")
    if args.plot:
        draw(readings, constants, args.sigma, course, args.plot)


if __name__ == "__main__":
    main()
