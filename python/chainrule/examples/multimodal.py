"""Two senses: a noisy picture of a digit and the noisy tone of its telephone key.

    image [N, 1, 8, 8]  -> convolutions ----> features \\
                                                        joined -> linear -> scores of the digit
    sound [N, 1, 256]   -> 1-d convolutions -> features /

A graph with two inputs: backward splits the gradient at the join and sends each branch its part. The picture is one of
scikit-learn's digits under heavy noise; the sound is the pair of tones that a telephone sends for that key (ITU-T
Q.23), 32 ms of it, under heavier noise. Reaches about 80% by eye, 90% by ear and 97% with both, on test pairs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import chainrule as cr
from chainrule import Tensor, nn
from chainrule.examples import _plot
from chainrule.examples._data import digits
from chainrule.examples._run import accuracy, fit, options

LOW, HIGH = (697, 770, 852, 941), (1209, 1336, 1477)  # hertz of the rows and columns of keys
KEYS = ["123", "456", "789", " 0 "]
PLACES = [next((r, row.index(str(digit))) for r, row in enumerate(KEYS) if str(digit) in row) for digit in range(10)]


def tones(labels: Tensor, noise: float) -> Tensor:
    """The sound [N, 1, 256] of each digit's key, sampled 8,000 times a second, with random phases."""
    hertz = cr.tensor([[float(LOW[row]), float(HIGH[column])] for row, column in PLACES])[labels].unsqueeze(2)
    phase = 2 * math.pi * cr.rand(len(labels), 2, 1)
    clean = cr.sin(2 * math.pi * hertz * cr.arange(256) / 8000 + phase).sum(1, keepdim=True)
    return clean + noise * cr.randn_like(clean)


class TwoSenses(nn.Module):
    def __init__(self, eye: bool = True, ear: bool = True) -> None:
        super().__init__()
        self.eye = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),  # -> [N, 16, 4, 4]
            nn.Conv2d(16, 32, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),  # -> [N, 32, 2, 2]
            nn.Flatten(),
            nn.Linear(128, 32),
        )
        self.ear = nn.Sequential(
            nn.Conv1d(1, 24, 48, stride=4),  # filters of 6 ms: they become tuned to the tones; -> [N, 24, 53]
            nn.ReLU(),
            nn.AvgPool1d(53),  # how loud each is, whenever: -> [N, 24, 1]
            nn.Flatten(),
            nn.Linear(24, 32),
        )
        self.senses = [sense for sense, used in (("eye", eye), ("ear", ear)) if used]
        self.join = nn.Sequential(nn.Dropout(0.2), nn.ReLU(), nn.Linear(32 * len(self.senses), 10))

    def forward(self, image: Tensor, sound: Tensor) -> Tensor:
        given = {"eye": image, "ear": sound}
        return self.join(cr.cat([getattr(self, sense)(given[sense]) for sense in self.senses], dim=1))


def draw(scores: dict[str, float], test: Sequence[Tensor], model: TwoSenses, path: str) -> None:
    """What the net sees and hears; what the ear's filters are tuned to; the three accuracies."""
    images, sounds, labels = test
    figure = _plot.new_figure(14, 6.2, "Two senses joined in one graph")
    left, right = figure.subfigures(1, 2, width_ratios=[1.1, 1])
    left.suptitle("seven test pairs: the digit, its noisy picture, its noisy sound", fontsize=11)
    for i, (name, eye, ear) in enumerate(left.subplots(7, 3, width_ratios=[0.3, 1, 6])):
        name.text(0.5, 0.5, str(int(labels[i])), fontsize=14, ha="center", va="center")
        eye.imshow(images[i, 0].numpy(), cmap="gray_r")
        ear.plot(sounds[i, 0].numpy(), color=_plot.BLUE, lw=0.7)
        for axes in (name, eye, ear):
            axes.set_axis_off()
    bars, tuning = right.subplots(2, 1)
    drawn = bars.barh(list(scores), [100 * score for score in scores.values()], color=["0.6", "0.6", _plot.ORANGE])
    bars.bar_label(drawn, fmt="%.1f%%", padding=3)
    bars.set(xlim=(0, 112), xlabel="test accuracy, %")
    bars.invert_yaxis()
    angle = 2 * math.pi * cr.outer(cr.arange(80) * 25.0, cr.arange(48) / 8000)
    filters = model.ear[0].weight[:, 0].detach()
    strength = ((filters @ angle.cos().T) ** 2 + (filters @ angle.sin().T) ** 2).sqrt()
    order = strength.argmax(1).argsort()
    tuning.imshow(strength[order].numpy(), aspect="auto", cmap="Blues", extent=(0, 2000, len(filters), 0))
    for hertz in LOW + HIGH:
        tuning.axvline(hertz, color=_plot.ORANGE, lw=0.8, ls=":")
    tuning.set(xlabel="hertz (dotted: the telephone's seven tones)", ylabel="filter", yticks=[])
    tuning.set_title("what each filter of the ear has tuned itself to", fontsize=11)
    _plot.save(figure, path)


def main(argv: Sequence[str] | None = None) -> None:
    args = options(
        "multimodal",
        __doc__,
        argv,
        epochs=(25, "passes over the 1,500 training pairs"),
        batch_size=(50, "pairs in a training step"),
        lr=(3e-3, "Adam's learning rate"),
        image_noise=(0.4, "standard deviation of the noise on a pixel, whose values lie in [0, 1]"),
        sound_noise=(2.5, "standard deviation of the noise on the sound, whose two tones have height 1"),
    )

    def noisy(image: Tensor, label: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return image + args.image_noise * cr.randn_like(image), tones(label, args.sound_noise), label

    train, test = digits(image=True)
    test_pairs = noisy(*test)
    scores = {}
    for name, eye, ear in (("eye alone", True, False), ("ear alone", False, True), ("both", True, True)):
        model = TwoSenses(eye, ear)
        optimizer: Any = cr.optim.Adam(model.parameters(), lr=args.lr)

        def loss(image: Tensor, label: Tensor, model: TwoSenses = model) -> Tensor:
            *pair, label = noisy(image, label)  # fresh noise at each step
            return nn.functional.cross_entropy(model(*pair), label)

        history = fit(
            loss,
            train,
            optimizer,
            epochs=args.epochs,
            batch_size=args.batch_size,
            score=partial(accuracy, model, test_pairs),
        )
        scores[name] = history.scores[-1]
        print(f"{name:9s} test accuracy {scores[name]:.2%}")
    if args.plot:
        draw(scores, test_pairs, model, args.plot)


if __name__ == "__main__":
    main()
