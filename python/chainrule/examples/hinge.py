"""Linear classifiers: the support vector machine's hinge loss and the softmax, side by side.

    scores  s = W x + b
    hinge   L = sum over wrong classes j of max(0, s_j - s_y + 1)        content once the right score leads by 1
    softmax L = -log(exp(s_y) / sum of exp(s_j))                          never content
    full loss = mean of L + strength * sum of W^2

The two data losses of CS231n lecture 3 on the same linear classifier of 64 pixels, with the same penalty; the full loss
is one graph. Each row of W is a template that the image is compared with. The hinge is Weston and Watkins', "Support
vector machines for multi-class pattern recognition", ESANN 1999. Both reach about 95% on 297 test images.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import chainrule as cr
from chainrule import Tensor, nn
from chainrule.examples import _plot
from chainrule.examples._data import digits
from chainrule.examples._run import History, fit_classifier, options, step_count


def hinge(scores: Tensor, labels: Tensor) -> Tensor:
    """Mean over the rows of the hinge loss above; F.multi_margin_loss is the same divided by the number of classes."""
    right = scores.gather(1, labels.unsqueeze(1))
    margins = cr.relu(scores - right + 1)
    return (margins.sum(1) - 1).mean()  # the right class itself counts max(0, 0 + 1) = 1


def draw(models: dict[str, nn.Linear], histories: dict[str, History], path: str) -> None:
    """Both training curves; the templates of both."""
    figure = _plot.new_figure(13, 7.5, "One linear classifier, two losses")
    top, bottom = figure.subfigures(2, 1, height_ratios=[1, 1])
    for axes, (name, history) in zip(top.subplots(1, 2), histories.items()):
        _plot.draw_training(axes, history, f"{name}, with penalty", "test accuracy")
    for part, (name, model) in zip(bottom.subfigures(2, 1), models.items()):
        part.suptitle(
            f"{name}: the template of each class (orange: ink speaks for it, blue: against it); "
            f"test accuracy {histories[name].scores[-1]:.2%}",
            fontsize=10,
        )
        templates = model.weight.reshape(10, 8, 8)
        _plot.draw_sheet(
            part, templates, 10, [str(digit) for digit in range(10)], cmap=_plot.blue_to_orange(), span=None
        )
    _plot.save(figure, path)


def main(argv: Sequence[str] | None = None) -> None:
    args = options(
        "hinge",
        __doc__,
        argv,
        epochs=(30, "passes over the 1,500 training images"),
        batch_size=(50, "images in a training step"),
        lr=(0.1, "rate of gradient descent, falling to 0 along a cosine"),
        strength=(1e-3, "of the penalty on the squared weights"),
    )
    train, test = digits()
    losses: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
        "hinge (SVM)": hinge,
        "softmax cross-entropy": nn.functional.cross_entropy,
    }
    models, histories = {}, {}
    for name, loss in losses.items():
        model = nn.Linear(64, 10)
        optimizer: Any = cr.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
        models[name] = model

        def full_loss(scores: Tensor, labels: Tensor, data_loss: Any = loss, weight: Tensor = model.weight) -> Tensor:
            return data_loss(scores, labels) + args.strength * (weight**2).sum()

        histories[name] = fit_classifier(
            model,
            train,
            test,
            optimizer,
            full_loss,
            epochs=args.epochs,
            batch_size=args.batch_size,
            schedule=cr.optim.lr_scheduler.CosineAnnealingLR(optimizer, step_count(train, args)),
        )
        print(f"{name:22s} test accuracy {histories[name].scores[-1]:.2%}")
    if args.plot:
        draw(models, histories, args.plot)


if __name__ == "__main__":
    main()
