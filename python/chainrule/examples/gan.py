"""Generative adversarial net: a forger and a judge, on eight clouds of points in the plane.

    judge:   minimise  -log D(x) - log(1 - D(G(z)))          D = sigmoid of the judge's score
    forger:  minimise  -log D(G(z))                          z ~ Normal(0, 1)

The forger G turns noise into points, the judge D tells true points from forged ones. The forger never sees a true
point: all it learns from is the judge's gradient. After Goodfellow et al., "Generative adversarial nets", NeurIPS 2014
(with its second, non-saturating loss for the forger). Clouds on a ring are a classic trap: a forger likes to make one
cloud only. After 3,000 steps all eight are covered, and about 85% of the points lie within three standard deviations.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import chainrule as cr
from chainrule import Tensor, nn
from chainrule.examples import _plot
from chainrule.examples._run import options, progress

SPREAD = 0.08  # standard deviation of each cloud; their centres lie on the unit circle


def centres() -> Tensor:
    angle = 2 * math.pi * cr.arange(8) / 8
    return cr.stack([angle.cos(), angle.sin()], 1)


def true_points(count: int) -> Tensor:
    return centres()[cr.randint(8, (count,))] + SPREAD * cr.randn(count, 2)


def build_net(inputs: int, outputs: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, width),
        nn.LeakyReLU(0.2),
        nn.Linear(width, width),
        nn.LeakyReLU(0.2),
        nn.Linear(width, outputs),
    )


def judgement(score: Tensor, truth: float) -> Tensor:
    """-log D where truth is 1, -log(1 - D) where it is 0, from the score before the sigmoid."""
    return nn.functional.binary_cross_entropy_with_logits(score, cr.full_like(score, truth))


def quality(points: Tensor) -> tuple[float, int]:
    """Share of the points within three standard deviations of a centre; how many clouds have 2% of them or more."""
    distance, nearest = cr.cdist(points, centres()).min(1)
    good = distance < 3 * SPREAD
    counts = cr.bincount(nearest[good], minlength=8)
    return good.float().mean().item(), int((counts >= 0.02 * len(points)).sum())


def train(forger: nn.Module, judge: nn.Module, args: Any) -> tuple[list[tuple[float, float]], dict[int, Tensor]]:
    """The two losses at each step, and 1,000 forged points at some steps."""
    forger_optimizer: Any = cr.optim.Adam(forger.parameters(), lr=args.lr, betas=(0.5, 0.99))
    judge_optimizer: Any = cr.optim.Adam(judge.parameters(), lr=args.lr, betas=(0.5, 0.99))
    shown = {round(args.steps * share) for share in (0.03, 0.1, 0.3, 1)}
    noise, losses, pictures = cr.randn(1000, args.noise), [], {}
    bar = progress(range(1, args.steps + 1))
    for step in bar:
        forged = forger(cr.randn(args.batch_size, args.noise))
        judge_loss = judgement(judge(true_points(args.batch_size)), 1) + judgement(judge(forged.detach()), 0)
        judge_optimizer.zero_grad()
        judge_loss.backward()
        judge_optimizer.step()

        forger_loss = judgement(judge(forged), 1)
        forger_optimizer.zero_grad()
        forger_loss.backward()  # also fills the judge's gradients; its zero_grad clears them
        forger_optimizer.step()
        losses.append((judge_loss.item(), forger_loss.item()))
        if step in shown:
            with cr.no_grad():
                pictures[step] = forger(noise)
            bar.set_postfix_str("{:.0%} good, {} of 8 clouds".format(*quality(pictures[step])))
    return losses, pictures


def draw(judge: nn.Module, losses: list[tuple[float, float]], pictures: dict[int, Tensor], path: str) -> None:
    share, clouds = quality(list(pictures.values())[-1])
    figure = _plot.new_figure(15, 7, f"GAN on eight clouds: {share:.0%} of the points good, {clouds} clouds covered")
    top, bottom = figure.subfigures(2, 1, height_ratios=[1.2, 1])
    truth = true_points(1000).numpy()
    for axes, (step, points) in zip(top.subplots(1, len(pictures)), pictures.items()):
        axes.scatter(truth[:, 0], truth[:, 1], s=3, color="0.8", label="true")
        axes.scatter(points[:, 0].numpy(), points[:, 1].numpy(), s=3, color=_plot.ORANGE, label="forged")
        axes.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal", xticks=[], yticks=[], title=f"step {step}")
        axes.legend(loc="upper right", markerscale=3, fontsize=8)
    curve, map_ = bottom.subplots(1, 2, width_ratios=[2, 1])
    curve.plot([judge for judge, _ in losses], color=_plot.BLUE, lw=0.5, label="judge")
    curve.plot([forger for _, forger in losses], color=_plot.ORANGE, lw=0.5, label="forger")
    curve.axhline(2 * math.log(2), color=_plot.BLUE, ls=":", label="judge that cannot tell: 2 log 2")
    curve.axhline(math.log(2), color=_plot.ORANGE, ls=":", label="its forger: log 2")
    curve.set(xlabel="training step", ylabel="loss")
    curve.legend(ncols=2, fontsize=9)
    _plot.draw_regions(map_, judge, cr.zeros(0, 2), cr.zeros(0), limit=1.6)
    map_.set_title("the judge at the end (orange: true, blue: forged)", fontsize=10)
    _plot.save(figure, path)


def main(argv: Sequence[str] | None = None) -> None:
    args = options(
        "gan",
        __doc__,
        argv,
        steps=(3000, "training steps of each of the two nets"),
        batch_size=(128, "points in a step"),
        lr=(1e-3, "Adam's learning rate"),
        width=(64, "units in each hidden layer"),
        noise=(8, "random numbers that the forger makes a point of"),
    )
    forger, judge = build_net(args.noise, 2, args.width), build_net(2, 1, args.width)
    losses, pictures = train(forger, judge, args)
    share, clouds = quality(pictures[args.steps])
    print(f"{clouds} of 8 clouds covered, {share:.1%} of the forged points within 3 standard deviations of one")
    if args.plot:
        draw(judge, losses, pictures, args.plot)


if __name__ == "__main__":
    main()
