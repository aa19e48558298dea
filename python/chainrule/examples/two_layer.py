"""The two-layer net of the lectures: 1000-100-10 sigmoid units, squared error.

    loss = sum of (sigmoid(X W1) W2 - Y)^2;   W -= rate * dW

CS231n writes it in 20 lines of NumPy with the gradients worked out by hand. Here backward() finds them. Inputs and
targets are random numbers, so the net learns its 64 samples by heart: the error falls from some 26,000 to about 5.
"""

from __future__ import annotations

from collections.abc import Sequence

import chainrule as cr
from chainrule.examples import _plot
from chainrule.examples._run import options, progress


def train(steps: int = 2000, rate: float = 1e-4) -> list[float]:
    """The loss at each step."""
    x, y = cr.randn(64, 1000), cr.randn(64, 10)
    w1 = cr.randn(1000, 100, requires_grad=True)
    w2 = cr.randn(100, 10, requires_grad=True)
    optimizer = cr.optim.SGD([w1, w2], lr=rate)
    losses = []
    for _ in progress(range(steps)):
        loss = (cr.sigmoid(x @ w1) @ w2 - y).pow(2).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def main(argv: Sequence[str] | None = None) -> None:
    args = options("two_layer", __doc__, argv, steps=(2000, "training steps"), lr=(1e-4, "rate of gradient descent"))
    losses = train(args.steps, args.lr)
    for step in sorted({1, 10, 100, 1000, args.steps}):
        if step <= args.steps:
            print(f"step {step:5d}   squared error {losses[step - 1]:12.4f}")
    if args.plot:
        figure = _plot.new_figure(8, 5)
        axes = figure.subplots()
        axes.loglog(range(1, args.steps + 1), losses, color=_plot.BLUE)
        axes.set(xlabel="training step", ylabel="squared error, sum", title="1000-100-10 sigmoid net, gradient descent")
        axes.grid(alpha=0.3)
        _plot.save(figure, args.plot)


if __name__ == "__main__":
    main()
