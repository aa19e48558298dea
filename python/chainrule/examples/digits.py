"""Handwritten digits: a 64-128-10 ReLU net, and the whole training loop in sight.

    loss = mean of -log softmax(W2 relu(W1 x + b1) + b2)[label];    each step: forward, backward, Adam

This is the usual way to train a net, on scikit-learn's 1,797 scans: Dataset, DataLoader, model, loss, optimizer, loop.
The other examples on digits leave the loop to `fit` in _run.py. Reaches about 97% on 297 test images.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import Any

import chainrule as cr
from chainrule import nn
from chainrule.examples import _data, _plot
from chainrule.examples._run import History, accuracy, options, progress
from chainrule.utils.data import DataLoader, TensorDataset


def train(model: nn.Module, train_set: TensorDataset, test_set: TensorDataset, args: argparse.Namespace) -> History:
    loader: DataLoader[Any] = DataLoader(train_set, batch_size=args.batch_size, shuffle=True)
    loss_function = nn.CrossEntropyLoss()
    optimizer: Any = cr.optim.Adam(model.parameters(), lr=args.lr)
    history = History()
    bar = progress(range(1, args.epochs + 1), unit="epoch")
    for epoch in bar:
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
        history.scores.append(accuracy(model, test_set.tensors))
        mean = sum(losses) / len(losses)
        bar.write(f"epoch {epoch:3d}   loss {mean:.4f}   test accuracy {history.scores[-1]:.2%}")
    return history


def draw(model: nn.Module, test_set: TensorDataset, history: History, path: str) -> None:
    """Loss and accuracy on the left, test digits on the right; mistakes come first, in red."""
    images, labels = test_set.tensors
    with cr.no_grad():
        predictions = model(images).argmax(1)
    wrong = (predictions != labels).tolist()
    first = sorted(range(len(wrong)), key=lambda i: not wrong[i])[:48]
    figure = _plot.new_figure(
        13, 6, f"Handwritten digits: test accuracy {history.scores[-1]:.2%}, {sum(wrong)} of {len(wrong)} wrong"
    )
    left, right = figure.subfigures(1, 2, width_ratios=[1, 1.15])
    _plot.draw_training(left.subplots(), history, "cross-entropy (training)", "test accuracy")
    right.suptitle("prediction / truth, mistakes first, in red", fontsize=10)
    titles = [f"{int(predictions[i])} / {int(labels[i])}" for i in first]
    colours = [_plot.RED if wrong[i] else "0.4" for i in first]
    _plot.draw_sheet(right, images[first].reshape(-1, 8, 8), 8, titles, colours)
    _plot.save(figure, path)


def main(argv: Sequence[str] | None = None) -> None:
    args = options(
        "digits",
        __doc__,
        argv,
        epochs=(30, "passes over the 1,500 training images"),
        batch_size=(32, "images in a training step"),
        lr=(3e-3, "Adam's learning rate"),
        hidden=(128, "units in the hidden layer"),
    )
    train_set, test_set = (TensorDataset(*part) for part in _data.digits())
    model = nn.Sequential(nn.Linear(64, args.hidden), nn.ReLU(), nn.Linear(args.hidden, 10))
    history = train(model, train_set, test_set, args)
    steps = len(history.losses)
    print(f"test accuracy {history.scores[-1]:.2%} on {len(test_set)} images the net has not seen")
    print(f"{steps} steps in {history.seconds:.2f} s of training: {steps / history.seconds:,.0f} steps a second")
    if args.plot:
        draw(model, test_set, history, args.plot)


if __name__ == "__main__":
    main()
