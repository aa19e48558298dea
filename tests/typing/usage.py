"""What a user writes, for type checkers to read: `mypy --strict` and pyright find nothing here. It also runs."""

from __future__ import annotations

import chainrule as cr
import chainrule.nn.functional as F
from chainrule import Tensor, nn, optim


class Net(nn.Module):
    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.first = nn.Linear(2, hidden)
        self.second = nn.Linear(hidden, 1)

    def forward(self, x: Tensor) -> Tensor:
        h: Tensor = cr.tanh(self.first(x))
        out: Tensor = self.second(h)
        return out


def train(steps: int) -> float:
    model = Net(8)
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    x: Tensor = cr.randn(16, 2)
    y: Tensor = x[:, :1] * x[:, 1:]
    loss: Tensor = F.mse_loss(model(x), y)
    for _ in range(steps):
        loss = F.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return float(loss)


def look(w: Tensor) -> str:
    loss = (w * w).sum()
    picture = cr.viz.draw(loss)
    program: str = cr.source(loss)
    with cr.profile() as p:
        loss.backward()
    with cr.no_grad():
        w -= 0.1 * w
    return picture.svg + program + repr(p) + repr(cr.summary(nn.Linear(2, 3), (4, 2)))


if __name__ == "__main__":
    print(train(3), len(look(cr.ones(3, requires_grad=True))))
