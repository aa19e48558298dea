"""Feedback alignment: learn without transporting weights backward.

Backpropagation sends errors back through the transpose of the forward weights, W^T. Here they go back through a fixed
random matrix B instead. The forward weights come to agree with B, and the net learns: the angle between the two hidden
errors, W^T e and B^T e, falls below 90 degrees.

    backpropagation:  dh = W^T e          feedback alignment:  dh = B^T e

Both bring the error of a linear map below 0.00001 in 1,000 steps; the angle falls from 92 to 42 degrees.

Source: Lillicrap et al., "Random synaptic feedback weights support error backpropagation for deep learning", Nature
Communications 2016.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import chainrule as cr
from chainrule import Tensor, nn
from chainrule.examples import _plot
from chainrule.examples._run import options, progress


class FeedbackLinear(cr.autograd.Function):
    """y = x W^T, with dx = dy B instead of dy W."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, feedback: Tensor) -> Tensor:
        ctx.save_for_backward(x, feedback)
        return x @ weight.t()

    @staticmethod
    def backward(ctx: Any, grad_y: Any) -> Any:
        x, feedback = ctx.saved_tensors
        grad_x = grad_y @ feedback if ctx.needs_input_grad[0] else None
        grad_weight = grad_y.t() @ x if ctx.needs_input_grad[1] else None
        return grad_x, grad_weight, None


class Net(nn.Module):
    """Two linear layers, 30-20-10; the error goes back through W (backpropagation) or through B."""

    def __init__(self, align: bool) -> None:
        super().__init__()
        self.align = align
        self.first = nn.Linear(30, 20, bias=False)
        self.second = nn.Linear(20, 10, bias=False)
        self.register_buffer("feedback", cr.rand(10, 20) - 0.5)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.first(x)
        back = self.feedback if self.align else self.second.weight.detach()
        return FeedbackLinear.apply(hidden, self.second.weight, back)


def angle(a: Tensor, b: Tensor) -> float:
    """Mean angle between the rows of two matrices, in degrees."""
    cosine = (a * b).sum(1) / ((a * a).sum(1) * (b * b).sum(1)).sqrt()
    return sum(math.degrees(math.acos(max(-1.0, min(1.0, c)))) for c in cosine.tolist()) / len(a)


def train(net: Net, target: Tensor, steps: int = 1000, lr: float = 0.01) -> list[tuple[float, float]]:
    """Loss and angle at each step, learning the linear map `target`."""
    optimizer = cr.optim.SGD(net.parameters(), lr=lr)
    history = []
    for _ in progress(range(steps)):
        x = cr.randn(32, 30)
        output = net(x)
        error = output - x @ target.t()
        loss = error.pow(2).sum() / 32
        optimizer.zero_grad()
        loss.backward()
        with cr.no_grad():
            history.append((loss.item(), angle(error @ net.second.weight, error @ net.feedback)))
        optimizer.step()
    return history


def draw(histories: dict[str, list[tuple[float, float]]], path: str) -> None:
    figure = _plot.new_figure(11, 5, "Feedback alignment learns through fixed random weights")
    losses, angles = figure.subplots(1, 2)
    for (name, history), colour in zip(histories.items(), (_plot.BLUE, _plot.ORANGE)):
        losses.loglog([loss for loss, _ in history], color=colour, label=name)
        angles.semilogx([degrees for _, degrees in history], color=colour, label=name)
    losses.set(xlabel="training step", ylabel="squared error")
    angles.axhline(90, color="0.5", ls=":")
    angles.set(xlabel="training step", ylabel="degrees", title="angle between the errors W^T e and B^T e")
    losses.legend()
    _plot.save(figure, path)


def main(argv: Sequence[str] | None = None) -> None:
    args = options(
        "feedback_alignment",
        __doc__,
        argv,
        steps=(1000, "training steps"),
        lr=(0.01, "rate of gradient descent"),
    )
    histories = {}
    for name, align in (("backpropagation, through W", False), ("feedback alignment, through B", True)):
        cr.manual_seed(args.seed)
        target = cr.rand(10, 30) * 2 - 1
        histories[name] = train(Net(align), target, args.steps, args.lr)
        print(name)
        for step in sorted({1, 100, 300, args.steps}):
            if step <= args.steps:
                loss, degrees = histories[name][step - 1]
                print(f"  step {step:4d}   loss {loss:9.5f}   angle between W^T e and B^T e {degrees:5.1f} degrees")
    if args.plot:
        draw(histories, args.plot)


if __name__ == "__main__":
    main()
