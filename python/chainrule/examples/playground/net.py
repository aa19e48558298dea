"""The net that the playground trains, and what it looks like from outside."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import Any

import chainrule as cr
from chainrule import Tensor, nn
from chainrule.examples._data import POINTS, points

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "sigmoid": nn.Sigmoid,
    "silu": nn.SiLU,
}
BATCH = 10  # points in a training step
LIMIT = 1.5  # the plane shown is [-1.5, 1.5]^2


@dataclass(frozen=True)
class Settings:
    """What the sliders set. `hidden` neurons in each of `depth` layers; depth 0 is a linear classifier."""

    data: str = "spirals"
    noise: float = 0.1
    hidden: int = 6
    depth: int = 1
    activation: str = "tanh"
    regularization: float = 0.001
    lr: float = 0.01
    seed: int = 0

    def __post_init__(self) -> None:
        for name, choices in (("data", POINTS), ("activation", tuple(ACTIVATIONS))):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}, got {getattr(self, name)!r}")
        ranges = {"noise": (0, 1), "hidden": (1, 20), "depth": (0, 4), "regularization": (0, 1), "lr": (1e-5, 1)}
        for name, (least, most) in ranges.items():
            kind = int if name in ("hidden", "depth") else (int, float)
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, kind) or not least <= value <= most:
                raise ValueError(f"{name} must be a number from {least} to {most}, got {value!r}")
        if not isinstance(self.seed, int):
            raise ValueError(f"seed must be an integer, got {self.seed!r}")

    def changed(self, changes: dict[str, Any]) -> Settings:
        unknown = set(changes) - {field.name for field in fields(self)}
        if unknown:
            raise ValueError(f"there is no setting {', '.join(sorted(unknown))}")
        return Settings(**{**asdict(self), **changes})


class Playground:
    """A net in training: `advance` it by some steps, look at its `regions`, `neurons` and `weights`."""

    def __init__(self, settings: Settings = Settings()) -> None:
        self.settings = settings
        cr.manual_seed(settings.seed)
        self.train_set = points(settings.data, 200, settings.noise)
        self.test_set = points(settings.data, 200, settings.noise)
        widths = [2] + [settings.hidden] * settings.depth
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(widths):
            layers += [nn.Linear(inputs, outputs), ACTIVATIONS[settings.activation]()]
        self.model = nn.Sequential(*layers, nn.Linear(widths[-1], 1))
        self.linear = [layer for layer in self.model if isinstance(layer, nn.Linear)]
        self.optimizer: Any = cr.optim.Adam(self.model.parameters(), lr=settings.lr)
        self.step = 0
        self.history = [self.measure()]

    def change(self, changes: dict[str, Any]) -> None:
        """New settings. Rate and penalty change on the way; anything else begins anew."""
        settings = self.settings.changed(changes)
        if set(changes) <= {"lr", "regularization"}:
            self.settings = settings
            for group in self.optimizer.param_groups:
                group["lr"] = settings.lr
        else:
            self.__init__(settings)  # type: ignore[misc]  # begins anew

    def data_loss(self, inputs: Tensor, labels: Tensor) -> Tensor:
        return nn.functional.binary_cross_entropy_with_logits(self.model(inputs)[:, 0], labels.float())

    def advance(self, steps: int) -> None:
        """Train by minibatches of 10 points."""
        inputs, labels = self.train_set
        for _ in range(steps):
            rows = cr.randint(len(labels), (BATCH,))
            loss = self.data_loss(inputs[rows], labels[rows])
            if self.settings.regularization > 0:
                squares = [(layer.weight**2).sum() for layer in self.linear]
                loss = loss + self.settings.regularization / (2 * BATCH) * cr.stack(squares).sum()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
        self.step += steps
        self.history.append(self.measure())

    def measure(self) -> dict[str, float]:
        """Loss without the penalty and share of right answers, on both sets."""
        found: dict[str, float] = {"step": self.step}
        with cr.no_grad():
            for name, (inputs, labels) in (("train", self.train_set), ("test", self.test_set)):
                score = self.model(inputs)[:, 0]
                found[f"{name}_loss"] = nn.functional.binary_cross_entropy_with_logits(score, labels.float()).item()
                found[f"{name}_accuracy"] = ((score > 0) == (labels == 1)).float().mean().item()
        return found

    def regions(self, size: int = 60) -> Tensor:
        """tanh(score / 2), from -1 (surely class 0) to 1 (surely class 1), at a grid [size, size]; rows go upwards."""
        with cr.no_grad():
            return cr.tanh(self.model(grid(size)) / 2).reshape(size, size)

    def neurons(self, size: int = 24) -> list[Tensor]:
        """For each hidden layer what each neuron answers over the plane, in [-1, 1]: [neurons, size, size]."""
        pictures, x = [], grid(size)
        with cr.no_grad():
            for layer in list(self.model)[:-1]:
                x = layer(x)
                if not isinstance(layer, nn.Linear):
                    scale = x.abs().amax(0).clamp_min(1e-6)
                    pictures.append((x / scale).T.reshape(-1, size, size))
        return pictures

    def weights(self) -> list[list[list[float]]]:
        return [layer.weight.tolist() for layer in self.linear]


def grid(size: int) -> Tensor:
    """The centres of size x size cells of the plane [size * size, 2], row by row from below."""
    ticks = ((cr.arange(size) + 0.5) / size * 2 - 1) * LIMIT
    return cr.stack(cr.meshgrid(ticks, ticks, indexing="xy"), -1).reshape(-1, 2)
