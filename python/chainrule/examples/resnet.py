"""Residual net: twenty layers that learn, because each block has only to say what to change.

    block(x) = relu(x + F(x)),   F = batch norm, convolution, ReLU, batch norm, convolution;     dx = dy + dF

The gradient dy reaches every layer through the sum unchanged, whatever the weights: addition distributes. The same net
without the "+ x" is the control. After He et al., "Deep residual learning for image recognition", CVPR 2016. On 8x8
digits the residual net reaches about 98% on test images after 6 epochs, the plain one 95%, and less the deeper it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import chainrule as cr
from chainrule import Tensor, nn
from chainrule.examples import _plot
from chainrule.examples._data import digits
from chainrule.examples._run import History, fit_classifier, options, step_count


class Block(nn.Module):
    """Two 3x3 convolutions and a way around them; with stride 2 the way around is a strided 1x1 convolution."""

    def __init__(self, inputs: int, outputs: int, stride: int, skip: bool) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        same_shape = stride == 1 and inputs == outputs
        self.around = nn.Identity() if same_shape else nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)
        self.skip = skip

    def forward(self, x: Tensor) -> Tensor:
        change = self.change(x)
        return cr.relu(change + self.around(x) if self.skip else change)


def build_net(blocks: int, skip: bool = True) -> nn.Sequential:
    """A first convolution, three stages of `blocks` blocks (8, 16, 32 channels), a linear classifier."""
    layers: list[nn.Module] = [nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU()]
    channels = 8
    for width, stride in ((8, 1), (16, 2), (32, 2)):
        for i in range(blocks):
            layers.append(Block(channels, width, stride if i == 0 else 1, skip))
            channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))


def gradient_sizes(model: nn.Sequential, batch: Sequence[Tensor]) -> list[float]:
    """Norm of the gradient of each block's first convolution, from input to output."""
    nn.functional.cross_entropy(model(batch[0]), batch[1]).backward()
    sizes = [block.change[0].weight.grad.norm().item() for block in model if isinstance(block, Block)]
    model.zero_grad()
    return sizes


def draw(histories: dict[str, History], sizes: dict[str, list[float]], layers: int, path: str) -> None:
    figure = _plot.new_figure(13, 5, f"{layers} layers with and without skip connections, on handwritten digits")
    losses, scores, gradients = figure.subplots(1, 3)
    for (name, history), colour in zip(histories.items(), (_plot.BLUE, _plot.ORANGE)):
        steps = len(history.losses) // len(history.scores)
        epochs = range(1, len(history.scores) + 1)
        means = [sum(history.losses[steps * (i - 1) : steps * i]) / steps for i in epochs]
        losses.semilogy(epochs, means, color=colour, marker="o", ms=3, label=name)
        scores.plot(epochs, [100 * score for score in history.scores], color=colour, marker="o", ms=3, label=name)
        gradients.semilogy(range(1, len(sizes[name]) + 1), sizes[name], color=colour, marker="o", ms=3, label=name)
    losses.set(xlabel="epoch", ylabel="cross-entropy", title="training loss")
    scores.set(xlabel="epoch", ylabel="%", title="test accuracy")
    gradients.set(xlabel="block, from input to output", ylabel="norm", title="gradient of each block before training")
    losses.legend()
    _plot.save(figure, path)


def main(argv: Sequence[str] | None = None) -> None:
    args = options(
        "resnet",
        __doc__,
        argv,
        epochs=(6, "passes over the 1,500 training images"),
        batch_size=(50, "images in a training step"),
        lr=(3e-3, "Adam's greatest learning rate; it rises and falls once"),
        blocks=(3, "residual blocks in each of the three stages: 6 * blocks + 2 layers"),
    )
    train, test = digits(image=True)
    histories, sizes = {}, {}
    for name, skip in (("residual", True), ("plain", False)):
        cr.manual_seed(args.seed)
        model = build_net(args.blocks, skip)
        sizes[name] = gradient_sizes(model, [part[:200] for part in train])
        optimizer: Any = cr.optim.AdamW(model.parameters(), lr=args.lr)
        histories[name] = fit_classifier(
            model,
            train,
            test,
            optimizer,
            epochs=args.epochs,
            batch_size=args.batch_size,
            schedule=cr.optim.lr_scheduler.OneCycleLR(optimizer, args.lr, total_steps=step_count(train, args) + 1),
        )
        print(f"{name:8s} net of {6 * args.blocks + 2} layers: test accuracy {histories[name].scores[-1]:.2%}")
    if args.plot:
        draw(histories, sizes, 6 * args.blocks + 2, args.plot)


if __name__ == "__main__":
    main()
