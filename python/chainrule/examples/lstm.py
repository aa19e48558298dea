"""Long short-term memory: hears the beginning of a wave and carries on.

    i, f, o = sigmoid of (W x + U h + b), three times;   g = tanh(W x + U h + b)
    c' = f * c + i * g          the memory: what the gates forget, keep and add
    h' = o * tanh(c')           what is shown of it

The gradient of c' with respect to c is the gate f, a number near 1 when the cell remembers, where a plain recurrent net
multiplies by a matrix at each step. After Hochreiter and Schmidhuber, Neural Computation, 1997, with the forget gates
of Gers et al., 2000.
The cell is written out below; nn.LSTM is the same function in fused C++.

Trained to foresee the next value of a wave, then fed with its own answers: the error of the next step falls to some
0.03 where "the same as now" errs by 0.19; after 20 steps of free run it is 0.08, after 50 it is 0.22, of waves of 0.47.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import chainrule as cr
from chainrule import Tensor, nn
from chainrule.examples import _plot
from chainrule.examples._run import options, progress

State = tuple[Tensor, Tensor]


class LSTMCell(nn.Module):
    """The formulas above; the four products W x and U h are one product each, then cut in four."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.x_to_gates = nn.Linear(inputs, 4 * hidden)
        self.h_to_gates = nn.Linear(hidden, 4 * hidden, bias=False)
        with cr.no_grad():
            self.x_to_gates.bias[hidden : 2 * hidden] = 1  # begin by remembering: f near 1

    def forward(self, x: Tensor, state: State) -> State:
        h, c = state
        i, f, o, g = (self.x_to_gates(x) + self.h_to_gates(h)).chunk(4, dim=1)
        c = cr.sigmoid(f) * c + cr.sigmoid(i) * cr.tanh(g)
        return cr.sigmoid(o) * cr.tanh(c), c


class Forecaster(nn.Module):
    """The next value of a wave from all before it."""

    def __init__(self, hidden: int = 64) -> None:
        super().__init__()
        self.hidden = hidden
        self.cell = LSTMCell(1, hidden)
        self.read = nn.Linear(hidden, 1)

    def forward(self, wave: Tensor, free_steps: int = 0) -> Tensor:
        """Foreseen values [N, T + free_steps] for waves [N, T]; after the wave's end it feeds on its own answers."""
        h = c = cr.zeros(len(wave), self.hidden)
        answers: list[Tensor] = []
        for t in range(wave.shape[1] + free_steps):
            x = wave[:, t : t + 1] if t < wave.shape[1] else answers[-1]
            h, c = self.cell(x, (h, c))
            answers.append(x + self.read(h))  # the net says by how much the wave changes
        return cr.cat(answers, dim=1)


def waves(count: int, length: int) -> Tensor:
    """Waves [count, length] with periods from 15 to 40 steps: a sine and its overtone, random phases and heights."""
    turn = 2 * math.pi * cr.arange(length) / (15 + 25 * cr.rand(count, 1))
    phase, height = 2 * math.pi * cr.rand(2, count, 1), 0.2 + 0.5 * cr.rand(2, count, 1)
    return height[0] * cr.sin(turn + phase[0]) + height[1] * cr.sin(2 * turn + phase[1])


def train(model: Forecaster, steps: int, batch_size: int, lr: float) -> list[float]:
    optimizer: Any = cr.optim.Adam(model.parameters(), lr=lr)
    schedule = cr.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    losses = []
    bar = progress(range(steps))
    for _ in bar:
        wave = waves(batch_size, 101)
        # Half of each wave is given; over the other half the net hears itself, as it will when it runs freely.
        loss = nn.functional.mse_loss(model(wave[:, :60], free_steps=40), wave[:, 1:])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        bar.set_postfix_str(f"loss {losses[-1]:.4f}", refresh=False)
    return losses


def draw(wave: Tensor, free: Tensor, heard: int, losses: list[float], path: str) -> None:
    figure = _plot.new_figure(13, 6.5, f"LSTM: hears {heard} steps of a wave, then runs freely")
    curve, *panels = figure.subplot_mosaic("AB;AC;AD;AE", width_ratios=[1, 1.8]).values()
    curve.semilogy(losses, color=_plot.BLUE, lw=0.8)
    curve.set(xlabel="training step", ylabel="squared error", title="training")
    for i, axes in enumerate(panels):
        axes.plot(wave[i].numpy(), color="0.6", lw=3, label="truth")
        axes.plot(range(1, heard + 1), free[i, :heard].numpy(), color=_plot.BLUE, label="next step foreseen")
        axes.plot(range(heard, len(free[i]) + 1), free[i, heard - 1 :].numpy(), color=_plot.ORANGE, label="free run")
        axes.axvline(heard, color="0.3", lw=0.8, ls=":")
        axes.set(ylim=(-1.5, 1.5), yticks=[-1, 0, 1])
    panels[0].legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize=9)
    panels[-1].set_xlabel("time step")
    _plot.save(figure, path)


def main(argv: Sequence[str] | None = None) -> None:
    args = options(
        "lstm",
        __doc__,
        argv,
        steps=(1500, "training steps, each on fresh waves"),
        batch_size=(32, "waves in a step"),
        lr=(5e-3, "Adam's first learning rate; it falls along a cosine"),
        hidden=(64, "numbers in the memory"),
    )
    model = Forecaster(args.hidden)
    losses = train(model, args.steps, args.batch_size, args.lr)
    heard, wave = 80, waves(200, 160)
    with cr.no_grad():
        free = model(wave[:, :heard], free_steps=79)
    errors = (free - wave[:, 1:]) ** 2
    still = ((wave[:, 1:] - wave[:, :-1]) ** 2).mean().sqrt().item()
    one = errors[:, 20:heard].mean().sqrt().item()
    print(f"root mean squared error of the next step {one:.4f} ('the same as now': {still:.4f})")
    print(f"after 20 and 50 steps of free run {errors[:, heard + 19].mean().sqrt().item():.4f} and ", end="")
    print(f"{errors[:, heard + 49].mean().sqrt().item():.4f} (silence: {(wave**2).mean().sqrt().item():.4f})")
    if args.plot:
        draw(wave, free, heard, losses, args.plot)


if __name__ == "__main__":
    main()
