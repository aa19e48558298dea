"""XOR: no line separates it, a net with one hidden ReLU layer does."""

from __future__ import annotations

from typing import Any

import chainrule as cr
from chainrule import nn

INPUTS = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
TARGETS = [[0.0], [1.0], [1.0], [0.0]]


def train(model: nn.Module, steps: int = 500) -> Any:
    """Fit the model to XOR; returns its four answers, a tensor of shape [4, 1]."""
    x, y = cr.tensor(INPUTS), cr.tensor(TARGETS)
    optimizer = cr.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(steps):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model(x).detach()


def main() -> None:
    cr.manual_seed(0)
    models = {
        "one linear layer": nn.Linear(2, 1),
        "8 hidden ReLU units": nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1)),
    }
    for name, model in models.items():
        print(name)
        for inputs, target, answer in zip(INPUTS, TARGETS, train(model).tolist(), strict=True):
            print(f"  {inputs[0]:.0f} xor {inputs[1]:.0f} = {target[0]:.0f}   net: {answer[0]:6.3f}")


if __name__ == "__main__":
    main()
