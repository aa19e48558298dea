"""Maxout: a unit that learns its own activation, the largest of several linear functions.

    y = max over k of (w_k . x + b_k)                 the gradient goes to the largest one only: max routes

The largest of some lines is a convex broken line, so with enough pieces one unit comes as near as wished to |x|, x^2 or
any other convex function, and ReLU is the unit whose pieces are w . x + b and 0. A piece that is nowhere the largest
gets no gradient and stays where it is: some of the dashed lines in the plot. After Goodfellow et al., "Maxout
networks", ICML 2013, which trains it with dropout as here. Reaches about 98% on 297 test digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import chainrule as cr
from chainrule import Tensor, nn
from chainrule.examples import _plot
from chainrule.examples._data import digits
from chainrule.examples._run import History, fit_classifier, options

CONVEX = {"|x|": lambda x: x.abs(), "x squared": lambda x: x**2, "exp(x) - 1": lambda x: x.exp() - 1}


class Maxout(nn.Module):
    """[N, inputs] -> [N, outputs], each output the largest of `pieces` linear functions."""

    def __init__(self, inputs: int, outputs: int, pieces: int) -> None:
        super().__init__()
        self.pieces = pieces
        self.linear = nn.Linear(inputs, outputs * pieces)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x).unflatten(1, (-1, self.pieces)).amax(2)


def fit_unit(function: Any, pieces: int, steps: int = 500) -> Maxout:
    """One maxout unit fitted to a function on [-2, 2]."""
    unit = Maxout(1, 1, pieces)
    optimizer: Any = cr.optim.Adam(unit.parameters(), lr=0.05)
    x = cr.linspace(-2, 2, 101).unsqueeze(1)
    for _ in range(steps):
        loss = nn.functional.mse_loss(unit(x), function(x))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return unit


def draw(units: dict[str, Maxout], history: History, path: str) -> None:
    """One unit at three convex functions with its pieces; the net's training curve."""
    figure = _plot.new_figure(14, 6, "Maxout: the largest of several linear functions")
    left, right = figure.subfigures(1, 2, width_ratios=[1.3, 1])
    left.suptitle("one unit of four pieces (dashed) fitted to convex functions", fontsize=11)
    x = cr.linspace(-2, 2, 101).unsqueeze(1)
    for axes, (name, unit) in zip(left.subplots(1, len(units)), units.items()):
        with cr.no_grad():
            lines, y = unit.linear(x), unit(x)
        axes.plot(x.numpy(), lines.numpy(), color="0.6", ls="--", lw=1)
        axes.plot(x.numpy(), CONVEX[name](x).numpy(), color=_plot.BLUE, lw=4, alpha=0.4, label=name)
        axes.plot(x.numpy(), y.numpy(), color=_plot.ORANGE, label="maxout")
        axes.set(xlabel="x", ylim=(-2, 5))
        axes.legend(loc="upper center")
    _plot.draw_training(right.subplots(), history, "cross-entropy (training)", "test accuracy")
    _plot.save(figure, path)


def main(argv: Sequence[str] | None = None) -> None:
    args = options(
        "maxout",
        __doc__,
        argv,
        epochs=(40, "passes over the 1,500 training images"),
        batch_size=(50, "images in a training step"),
        lr=(3e-3, "Adam's learning rate"),
        hidden=(64, "maxout units in each of the two hidden layers"),
        pieces=(4, "linear functions in each unit"),
    )
    train, test = digits()
    model = nn.Sequential(
        Maxout(64, args.hidden, args.pieces),
        nn.Dropout(0.3),
        Maxout(args.hidden, args.hidden, args.pieces),
        nn.Dropout(0.3),
        nn.Linear(args.hidden, 10),
    )
    optimizer: Any = cr.optim.Adam(model.parameters(), lr=args.lr)
    history = fit_classifier(
        model,
        train,
        test,
        optimizer,
        epochs=args.epochs,
        batch_size=args.batch_size,
    )
    units = {name: fit_unit(function, 4) for name, function in CONVEX.items()}
    x = cr.linspace(-2, 2, 101).unsqueeze(1)
    for name, unit in units.items():
        with cr.no_grad():
            print(f"one unit of four pieces is within {(unit(x) - CONVEX[name](x)).abs().max().item():.3f} of {name}")
    print(f"test accuracy {history.scores[-1]:.2%}")
    if args.plot:
        draw(units, history, args.plot)


if __name__ == "__main__":
    main()
