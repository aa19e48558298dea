"""Handwritten digits: a 64-128-10 ReLU net on scikit-learn's 1,797 scans of 8x8 pixels.

python -m chainrule.examples.digits [--plot digits.png]
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import chainrule as cr
from chainrule import nn
from chainrule.examples._extras import need
from chainrule.utils.data import DataLoader, TensorDataset

TRAIN_SIZE = 1500


@dataclass
class History:
    """What training leaves for the report and the plot."""

    losses: list[float] = field(default_factory=list)  # one for each step
    accuracies: list[float] = field(default_factory=list)  # on the test set, one for each epoch
    seconds: float = 0.0


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m chainrule.examples.digits",
        description="Train a 64-128-10 ReLU net on scikit-learn's handwritten digits with cross-entropy and Adam.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--epochs", type=int, default=30, help="passes over the 1,500 training images")
    parser.add_argument("--batch-size", type=int, default=32, help="images in a training step")
    parser.add_argument("--lr", type=float, default=3e-3, help="Adam's learning rate")
    parser.add_argument("--hidden", type=int, default=128, help="units in the hidden layer")
    parser.add_argument(
        "--seed", type=int, default=0, help="seed of the split, the initial weights and the order of images"
    )
    parser.add_argument(
        "--plot", metavar="FILE", help="draw the loss curve and a sheet of test digits into this PNG file"
    )
    args = parser.parse_args(argv)
    for name in ("epochs", "batch_size", "hidden"):
        if getattr(args, name) < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1, got {getattr(args, name)}")
    if not args.lr > 0:
        parser.error(f"--lr must be positive, got {args.lr}")
    if args.plot and not Path(args.plot).absolute().parent.is_dir():
        parser.error(f"--plot: there is no folder {Path(args.plot).absolute().parent}")
    return args


def load_digits() -> tuple[TensorDataset, TensorDataset]:
    """Training and test set, split at random: pixels in [0, 1] as float32 [N, 64], labels as int64 [N]."""
    (datasets,) = need("sklearn.datasets")
    digits = datasets.load_digits()
    images = cr.from_numpy(digits.data.astype("float32") / 16)
    labels = cr.from_numpy(digits.target.astype("int64"))
    order = cr.randperm(len(labels))
    train, test = order[:TRAIN_SIZE], order[TRAIN_SIZE:]
    return TensorDataset(images[train], labels[train]), TensorDataset(images[test], labels[test])


def accuracy(model: nn.Module, data: TensorDataset) -> float:
    images, labels = data.tensors
    with cr.no_grad():
        return (model(images).argmax(1) == labels).float().mean().item()


def train(model: nn.Module, train_set: TensorDataset, test_set: TensorDataset, args: argparse.Namespace) -> History:
    (tqdm,) = need("tqdm")
    loader: DataLoader[Any] = DataLoader(train_set, batch_size=args.batch_size, shuffle=True)
    loss_function = nn.CrossEntropyLoss()
    optimizer = cr.optim.Adam(model.parameters(), lr=args.lr)
    history = History()
    with tqdm.tqdm(total=args.epochs * len(loader), unit="step", dynamic_ncols=True) as bar:
        for epoch in range(1, args.epochs + 1):
            start = time.perf_counter()
            losses = []
            for images, labels in loader:
                loss = loss_function(model(images), labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            history.seconds += time.perf_counter() - start
            history.losses += losses
            history.accuracies.append(accuracy(model, test_set))
            bar.update(len(losses))
            mean = sum(losses) / len(losses)
            bar.write(f"epoch {epoch:3d}   loss {mean:.4f}   test accuracy {history.accuracies[-1]:.2%}")
    return history


def plot(model: nn.Module, test_set: TensorDataset, history: History, args: argparse.Namespace) -> None:
    """Loss and accuracy on the left, test digits on the right; mistakes come first, in red."""
    figure_module, gridspec = need("matplotlib.figure", "matplotlib.gridspec")
    images, labels = test_set.tensors
    with cr.no_grad():
        predictions = model(images).argmax(1)
    wrong = (predictions != labels).tolist()
    first = sorted(range(len(wrong)), key=lambda i: not wrong[i])[:48]

    figure = figure_module.Figure(figsize=(13, 6), layout="constrained")
    halves = gridspec.GridSpec(1, 2, figure=figure, width_ratios=[1, 1.15])
    curve = figure.add_subplot(halves[0])
    steps_per_epoch = len(history.losses) // args.epochs
    curve.semilogy(range(1, len(history.losses) + 1), history.losses, color="0.75", lw=0.8, label="loss of a batch")
    ends = [(epoch + 1) * steps_per_epoch for epoch in range(args.epochs)]
    means = [sum(history.losses[end - steps_per_epoch : end]) / steps_per_epoch for end in ends]
    curve.semilogy(ends, means, color="tab:blue", marker="o", ms=4, label="mean of an epoch")
    curve.set(xlabel="training step", ylabel="cross-entropy (training)", title=f"64-{args.hidden}-10 ReLU net, Adam")
    right = curve.twinx()
    right.plot(ends, [100 * value for value in history.accuracies], color="tab:orange", label="test accuracy")
    right.set(ylabel="test accuracy, %", ylim=(80, 100.5))
    lines = [*curve.get_lines(), *right.get_lines()]
    right.legend(lines, [line.get_label() for line in lines], loc="lower left")

    sheet = gridspec.GridSpecFromSubplotSpec(6, 8, subplot_spec=halves[1], hspace=0.25)
    for place, i in enumerate(first):
        cell = figure.add_subplot(sheet[place // 8, place % 8])
        cell.imshow(images[i].reshape(8, 8).numpy(), cmap="gray_r")
        cell.set(xticks=[], yticks=[])
        cell.set_title(
            f"{int(predictions[i])} / {int(labels[i])}", fontsize=9, color="tab:red" if wrong[i] else "0.4", pad=2
        )
    figure.suptitle(
        f"Handwritten digits: test accuracy {history.accuracies[-1]:.2%}, "
        f"{sum(wrong)} of {len(wrong)} wrong (sheet: prediction / truth, mistakes first)"
    )
    figure.savefig(args.plot, dpi=110)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    need("sklearn", "tqdm", *(["matplotlib"] if args.plot else []))
    cr.manual_seed(args.seed)
    train_set, test_set = load_digits()
    model = nn.Sequential(nn.Linear(64, args.hidden), nn.ReLU(), nn.Linear(args.hidden, 10))
    history = train(model, train_set, test_set, args)
    steps = len(history.losses)
    print(f"test accuracy {history.accuracies[-1]:.2%} on {len(test_set)} images the net has not seen")
    print(f"{steps} steps in {history.seconds:.2f} s of training: {steps / history.seconds:,.0f} steps a second")
    if args.plot:
        plot(model, test_set, history, args)
        print(f"drew {args.plot}")


if __name__ == "__main__":
    main()
