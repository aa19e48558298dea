"""XOR: no line separates it, a net with one hidden ReLU layer does.

    model: W2 relu(W1 x + b1) + b2,   loss: mean of (model(x) - (x_1 xor x_2))^2

A linear model can do no better than to answer 0.5 everywhere (Minsky and Papert, "Perceptrons", 1969); eight hidden
units answer 0, 1, 1, 0 to three digits after 500 steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import chainrule as cr
from chainrule import Tensor, nn
from chainrule.examples import _plot
from chainrule.examples._run import options, progress

INPUTS = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
TARGETS = [[0.0], [1.0], [1.0], [0.0]]


def train(model: nn.Module, steps: int = 500, lr: float = 0.02) -> Tensor:
    """Fit the model to XOR; returns its four answers, a tensor of shape [4, 1]."""
    x, y = cr.tensor(INPUTS), cr.tensor(TARGETS)
    optimizer: Any = cr.optim.Adam(model.parameters(), lr=lr)
    for _ in progress(range(steps)):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model(x).detach()


def main(argv: Sequence[str] | None = None) -> None:
    args = options(
        "xor",
        __doc__,
        argv,
        steps=(500, "training steps"),
        lr=(0.02, "Adam's learning rate"),
        hidden=(8, "hidden units"),
    )
    models = {
        "one linear layer": nn.Linear(2, 1),
        f"{args.hidden} hidden ReLU units": nn.Sequential(
            nn.Linear(2, args.hidden), nn.ReLU(), nn.Linear(args.hidden, 1)
        ),
    }
    for name, model in models.items():
        answers = train(model, args.steps, args.lr).tolist()
        print(name)
        for inputs, target, answer in zip(INPUTS, TARGETS, answers, strict=True):
            shown = round(answer[0], 3) + 0.0  # -0.0 becomes 0.0
            print(f"  {inputs[0]:.0f} xor {inputs[1]:.0f} = {target[0]:.0f}   net: {shown:6.3f}")
    if args.plot:
        figure = _plot.new_figure(9, 4.8, "XOR: orange where the answer is nearer to 1, blue where nearer to 0")
        for axes, (name, model) in zip(figure.subplots(1, 2), models.items()):
            points, labels = cr.tensor(INPUTS), cr.tensor(TARGETS)[:, 0]
            _plot.draw_regions(axes, lambda x, model=model: 3 * (model(x) - 0.5), points, labels, 2.0, dot=80)
            axes.set(title=name, xlim=(-0.5, 1.5), ylim=(-0.5, 1.5))
        _plot.save(figure, args.plot)


if __name__ == "__main__":
    main()
