"""Restricted Boltzmann machine: learns how likely pictures are, by dreaming.

    energy  E(v, h) = -v^T W h - a^T v - b^T h,   p(v, h) ~ exp(-E)         v: pixels, h: hidden units, all 0 or 1
    p(h_j = 1 | v) = sigmoid(b_j + (v W)_j)       p(v_i = 1 | h) = sigmoid(a_i + (h W^T)_i)
    dW = <v h^T> of the data - <v h^T> of the dream

No backpropagation: the gradient of log p(v) is a difference of two means, and the dream is a chain of samples v -> h
-> v -> ... that goes on from step to step (persistent contrastive divergence, Tieleman, ICML 2008). After Smolensky,
1986, and Hinton, "Training products of experts by minimizing contrastive divergence", Neural Computation, 2002. On
digits in black and white the pseudo-likelihood of test images rises from -44 nats to about -15.
"""

from __future__ import annotations

from collections.abc import Sequence

import chainrule as cr
from chainrule import Tensor, nn
from chainrule.examples import _plot
from chainrule.examples._data import digits
from chainrule.examples._run import minibatches, options, progress


class Boltzmann:
    def __init__(self, visible: int, hidden: int) -> None:
        self.weight = 0.01 * cr.randn(visible, hidden)
        self.a, self.b = cr.zeros(visible), cr.zeros(hidden)

    def hidden(self, v: Tensor) -> Tensor:
        return cr.sigmoid(v @ self.weight + self.b)

    def visible(self, h: Tensor) -> Tensor:
        return cr.sigmoid(h @ self.weight.T + self.a)

    def dream(self, v: Tensor, steps: int) -> Tensor:
        for _ in range(steps):
            v = cr.bernoulli(self.visible(cr.bernoulli(self.hidden(v))))
        return v

    def free_energy(self, v: Tensor) -> Tensor:
        """-log of the sum over h of exp(-E(v, h)): the lower, the likelier v."""
        return -(v @ self.a) - nn.functional.softplus(v @ self.weight + self.b).sum(1)

    def pseudo_likelihood(self, v: Tensor) -> float:
        """Mean of sum over i of log p(v_i | all other pixels), exact: each pixel in turn is flipped."""
        total, energy = 0.0, self.free_energy(v)
        for i in range(v.shape[1]):
            flipped = v.clone()
            flipped[:, i] = 1 - v[:, i]
            total += nn.functional.logsigmoid(self.free_energy(flipped) - energy).mean().item()
        return total

    def learn(self, v: Tensor, dream: Tensor, rate: float) -> None:
        """One step up the gradient of log p(v)."""
        h, h_dream = self.hidden(v), self.hidden(dream)
        self.weight += rate * (v.T @ h / len(v) - dream.T @ h_dream / len(dream))
        self.a += rate * (v.mean(0) - dream.mean(0))
        self.b += rate * (h.mean(0) - h_dream.mean(0))


def draw(machine: Boltzmann, test: Tensor, dreams: Tensor, course: list[float], path: str) -> None:
    figure = _plot.new_figure(14, 7, "Restricted Boltzmann machine on digits in black and white")
    left, middle, right = figure.subfigures(1, 3, width_ratios=[1, 1, 1.1])
    left.suptitle("weights of 64 hidden units\n(orange: excited by ink there, blue: by none)", fontsize=10)
    _plot.draw_sheet(left, machine.weight.T[:64].reshape(-1, 8, 8), 8, cmap=_plot.blue_to_orange(), span=None)
    middle.suptitle("test images (4 rows) and dreams (4 rows):\nchance of ink after 1,000 steps", fontsize=10)
    _plot.draw_sheet(middle, cr.cat([test[:32], dreams[:32]]).reshape(-1, 8, 8), 8)
    curve, energies = right.subplots(2, 1)
    curve.plot(course, color=_plot.BLUE, marker="o", ms=3)
    curve.set(xlabel="epoch", ylabel="pseudo-likelihood, nats", title="test images")
    shuffled = cr.stack([image[cr.randperm(64)] for image in test])
    for name, images, colour in (("test images", test, _plot.BLUE), ("their pixels shuffled", shuffled, _plot.ORANGE)):
        energies.hist(machine.free_energy(images).numpy(), bins=30, alpha=0.7, color=colour, label=name)
    energies.set(xlabel="free energy (low: likely)", ylabel="images")
    energies.legend()
    _plot.save(figure, path)


def main(argv: Sequence[str] | None = None) -> None:
    args = options(
        "boltzmann",
        __doc__,
        argv,
        epochs=(100, "passes over the 1,500 training images"),
        batch_size=(50, "images in a step, and dreams kept going"),
        lr=(0.1, "first learning rate; it falls to 0 along a line"),
        hidden=(128, "hidden units"),
        dream=(2, "steps of the chain for each step of learning"),
    )
    (train, _), (test, _) = digits()
    train, test = (train > 0.5).float(), (test > 0.5).float()
    machine = Boltzmann(64, args.hidden)
    dreams = train[: args.batch_size]
    course = [machine.pseudo_likelihood(test)]
    bar = progress(range(args.epochs), unit="epoch")
    for epoch in bar:
        for (images,) in minibatches([train], args.batch_size):
            dreams = machine.dream(dreams, args.dream)
            machine.learn(images, dreams, args.lr * (1 - epoch / args.epochs))
        course.append(machine.pseudo_likelihood(test))
        bar.set_postfix_str(f"pseudo-likelihood {course[-1]:.2f}")
    print(f"pseudo-likelihood of test images {course[0]:.2f} nats before, {course[-1]:.2f} after")
    if args.plot:
        chain = machine.dream(cr.bernoulli(cr.full((32, 64), 0.5)), 1000)
        draw(machine, test, machine.visible(machine.hidden(chain)), course, args.plot)


if __name__ == "__main__":
    main()
