"""The two-layer net of the lectures: 64 samples, 1000 inputs, 100 sigmoid units, 10 outputs, squared error.

The lectures write it in 20 lines of NumPy with the gradients worked out by hand. Here backward() finds them.
"""

from __future__ import annotations

import chainrule as cr


def train(steps: int = 2000, rate: float = 1e-4) -> list[float]:
    """The loss at each step."""
    x, y = cr.randn(64, 1000), cr.randn(64, 10)
    w1 = cr.randn(1000, 100, requires_grad=True)
    w2 = cr.randn(100, 10, requires_grad=True)
    optimizer = cr.optim.SGD([w1, w2], lr=rate)
    losses = []
    for _ in range(steps):
        loss = (cr.sigmoid(x @ w1) @ w2 - y).pow(2).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def main() -> None:
    cr.manual_seed(0)
    losses = train()
    for step in (0, 9, 99, 999, len(losses) - 1):
        print(f"step {step + 1:5d}   squared error {losses[step]:12.4f}")


if __name__ == "__main__":
    main()
