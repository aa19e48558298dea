"""Feedback alignment: learn without transporting weights backward.

Backpropagation sends errors back through the transpose of the forward weights, W^T. Here they go back through a fixed
random matrix B instead. The forward weights come to agree with B, and the net learns: the angle between the two hidden
errors, W^T e and B^T e, falls below 90 degrees.

Source: Lillicrap et al., "Random synaptic feedback weights support error backpropagation for deep learning", Nature
Communications 2016.
"""

from __future__ import annotations

import math
from typing import Any

import chainrule as cr
from chainrule import nn


class FeedbackLinear(cr.autograd.Function):
    """y = x W^T, with dx = dy B instead of dy W."""

    @staticmethod
    def forward(ctx: Any, x: Any, weight: Any, feedback: Any) -> Any:
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

    def forward(self, x: Any) -> Any:
        hidden = self.first(x)
        back = self.feedback if self.align else self.second.weight.detach()
        return FeedbackLinear.apply(hidden, self.second.weight, back)


def angle(a: Any, b: Any) -> float:
    """Mean angle between the rows of two matrices, in degrees."""
    cosine = (a * b).sum(1) / ((a * a).sum(1) * (b * b).sum(1)).sqrt()
    return sum(math.degrees(math.acos(max(-1.0, min(1.0, c)))) for c in cosine.tolist()) / len(a)


def train(net: Net, target: Any, steps: int = 1000) -> list[tuple[float, float]]:
    """Loss and angle at each step, learning the linear map `target`."""
    optimizer = cr.optim.SGD(net.parameters(), lr=0.01)
    history = []
    for _ in range(steps):
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


def main() -> None:
    for align in (False, True):
        cr.manual_seed(0)
        target = cr.rand(10, 30) * 2 - 1
        history = train(Net(align), target)
        print("feedback alignment, through B" if align else "backpropagation, through W")
        for step in (0, 99, 299, 999):
            loss, degrees = history[step]
            print(f"  step {step + 1:4d}   loss {loss:9.5f}   angle between W^T e and B^T e {degrees:5.1f} degrees")


if __name__ == "__main__":
    main()
