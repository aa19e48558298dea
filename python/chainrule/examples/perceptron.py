"""Perceptron: the first machine that learned, and its rule found again as a gradient.

    answer:  step(w . x)                        x has a constant 1 as its last number, y = -1 or 1
    rule:    w += y x  where the answer is wrong: y (w . x) <= 0
    loss:    max(0, -y (w . x))                 its gradient is -y x where the answer is wrong, else 0

The step has no slope, so no gradient comes through it; Rosenblatt's rule does without. Descent on the loss above, one
sample at a time with rate 1, takes exactly the same steps. If a line parts the classes, the rule ends after at most
(R / margin)^2 mistakes, R the length of the longest x (Novikoff, 1962); if none does, as for XOR, it never ends. After
Rosenblatt, "The perceptron", Psychological Review, 1958. Makes 25 mistakes on the default points, where the
bound is 1,537; on XOR it makes one at more than half of the points, pass after pass.
"""

from __future__ import annotations

from collections.abc import Sequence

import chainrule as cr
from chainrule import Tensor
from chainrule.examples import _plot
from chainrule.examples._data import points
from chainrule.examples._run import options, progress


def separable(count: int, margin: float) -> tuple[Tensor, Tensor, Tensor]:
    """Points [count, 2] at least `margin` away from a line, which side each is on (-1 or 1), and the line [3]."""
    line = cr.tensor([0.8, 0.6, -0.2])  # its normal has length 1
    found = 2.4 * cr.rand(8 * count, 2) - 1.2
    distance = found @ line[:2] + line[2]
    keep = (distance.abs() >= margin).nonzero()[:count, 0]
    return found[keep], distance[keep].sign(), line


def rosenblatt(w: Tensor, x: Tensor, y: Tensor, passes: int) -> tuple[list[Tensor], list[int]]:
    """The weights at first and after each mistake; the number of mistakes in each pass, until a pass has none."""
    course, mistakes = [w], []
    for _ in progress(range(passes), unit="pass"):
        before = len(course)
        for sample, label in zip(x, y):
            if label * (w @ sample) <= 0:
                w = w + label * sample
                course.append(w)
        mistakes.append(len(course) - before)
        if mistakes[-1] == 0:
            break
    return course, mistakes


def descent(w: Tensor, x: Tensor, y: Tensor, passes: int) -> Tensor:
    """The weights that gradient descent finds, one sample at a time."""
    w = w.clone().requires_grad_()
    optimizer = cr.optim.SGD([w], lr=1.0)
    for _ in range(passes):
        for sample, label in zip(x, y):
            loss = cr.relu(-label * (w @ sample))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return w.detach()


def with_constant(places: Tensor) -> Tensor:
    return cr.cat([places, cr.ones(len(places), 1)], 1)


def draw(
    sets: dict[str, tuple[Tensor, Tensor]], courses: dict[str, list[Tensor]], mistakes: dict[str, list[int]], path: str
) -> None:
    figure = _plot.new_figure(14, 5, "The perceptron")
    curve, *planes = figure.subplots(1, 3)
    for (name, (places, y)), axes, colour in zip(sets.items(), planes, (_plot.GREEN, _plot.RED)):
        curve.plot(range(1, len(mistakes[name]) + 1), mistakes[name], color=colour, marker="o", ms=3, label=name)
        last = courses[name][-1]
        _plot.draw_regions(axes, lambda at, w=last: with_constant(at) @ w, places, (y + 1) / 2, dot=16)
        for i, w in enumerate(courses[name][-12:-1]):
            a, b, c = w.tolist()
            if abs(b) > 1e-6:
                axes.plot([-2, 2], [(2 * a - c) / b, (-2 * a - c) / b], color="0.3", alpha=0.1 + 0.04 * i, lw=1)
        axes.set_title(f"{name}: the last lines")
    curve.set(xlabel="pass over the points", ylabel="mistakes", xscale="log", title="mistakes in each pass")
    curve.legend()
    _plot.save(figure, path)


def main(argv: Sequence[str] | None = None) -> None:
    args = options(
        "perceptron",
        __doc__,
        argv,
        passes=(100, "passes over the points at most"),
        points=(200, "points in each set"),
        margin=(0.03, "how near a point may lie to the line that parts the classes"),
    )
    places, y, line = separable(args.points, args.margin)
    xor_places, labels = points("xor", args.points)
    sets = {"parted by a line": (places, y), "XOR": (xor_places, 2.0 * labels - 1)}
    courses, mistakes = {}, {}
    first = 0.01 * cr.randn(3)  # from 0 descent would not start: there the loss has a kink, and slope 0 by convention
    for name, (at, sides) in sets.items():
        courses[name], mistakes[name] = rosenblatt(first, with_constant(at), sides, args.passes)
    x, found = with_constant(places), courses["parted by a line"][-1]
    bound = ((x**2).sum(1).max() * (line**2).sum() / (x @ line).abs().min() ** 2).item()
    wrong = (y * (x @ found) <= 0).float().mean().item()
    print(
        f"parted by a line: {sum(mistakes['parted by a line'])} mistakes (bound: {bound:,.0f}), then {wrong:.0%} wrong"
    )
    print(f"XOR: a mistake at {mistakes['XOR'][-1] / args.points:.0%} of the points in pass {len(mistakes['XOR'])}")
    same = cr.equal(found, descent(first, x, y, len(mistakes["parted by a line"])))
    print(f"descent on max(0, -y (w . x)) finds {'the same weights' if same else 'other weights'}")
    if args.plot:
        draw(sets, courses, mistakes, args.plot)


if __name__ == "__main__":
    main()
