"""Autoencoder: handwritten digits squeezed through two numbers, and drawn again from them.

    code = encoder(x),   x' = decoder(code),   loss = mean of (x' - x)^2

The net must keep in its code of two numbers what tells one image from another, so images of one digit come to lie
together, though no label is ever shown. With linear layers the best such net is principal component analysis; the
curved one below leaves about 0.030 a pixel on test images, PCA 0.053. After Hinton and Salakhutdinov, "Reducing
the dimensionality of data with neural networks", Science, 2006.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import chainrule as cr
from chainrule import Tensor, nn
from chainrule.examples import _plot
from chainrule.examples._data import digits
from chainrule.examples._run import History, fit, options


class Autoencoder(nn.Module):
    """64-128-64-2 and back."""

    def __init__(self, code: int = 2) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, code))
        self.decoder = nn.Sequential(
            nn.Linear(code, 64), nn.ReLU(), nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.encoder(x))


def principal_components(train: Tensor, x: Tensor, count: int) -> Tensor:
    """`x` projected on the first principal components of `train`."""
    mean = train.mean(0)
    _, _, directions = cr.linalg.svd(train - mean, full_matrices=False)
    basis = directions[:count]
    return (x - mean) @ basis.T @ basis + mean


def draw(model: Autoencoder, train: Tensor, images: Tensor, labels: Tensor, history: History, path: str) -> None:
    """The plane of codes; test images, the net's drawing of them and PCA's."""
    with cr.no_grad():
        code, again = model.encoder(images), model(images)
    linear = principal_components(train, images, code.shape[1])
    figure = _plot.new_figure(13, 6.5, f"Autoencoder: 64 pixels -> {code.shape[1]} numbers -> 64 pixels")
    left, right = figure.subfigures(1, 2)
    axes = left.subplots()
    dots = axes.scatter(*code[:, :2].T.numpy(), c=labels.numpy(), cmap="tab10", s=14, vmin=-0.5, vmax=9.5)
    left.colorbar(dots, ax=axes, ticks=range(10), label="digit (the net never saw it)")
    axes.set(xlabel="code 1", ylabel="code 2", title="test images in the plane of codes")
    chosen = [int((labels == digit).int().argmax()) for digit in range(10)]
    sheet = cr.cat([images[chosen], again[chosen], linear[chosen]]).reshape(-1, 8, 8)
    errors = [((drawn - images) ** 2).mean().item() for drawn in (again, linear)]
    right.suptitle(
        f"top: test images; middle: from two numbers, error {errors[0]:.4f}; bottom: PCA, {errors[1]:.4f}", fontsize=10
    )
    rows, curve = right.subfigures(2, 1)
    _plot.draw_sheet(rows, sheet, 10)
    _plot.draw_training(curve.subplots(), history, "squared error", "test images", twin="")
    _plot.save(figure, path)


def main(argv: Sequence[str] | None = None) -> None:
    args = options(
        "autoencoder",
        __doc__,
        argv,
        epochs=(100, "passes over the 1,500 training images"),
        batch_size=(50, "images in a training step"),
        lr=(2e-3, "Adam's learning rate"),
        code=(2, "numbers in the code"),
    )
    (train, _), (images, labels) = digits()
    model = Autoencoder(args.code)
    optimizer: Any = cr.optim.Adam(model.parameters(), lr=args.lr)

    def test_error() -> float:
        with cr.no_grad():
            return nn.functional.mse_loss(model(images), images).item()

    history = fit(
        lambda x: nn.functional.mse_loss(model(x), x),
        [train],
        optimizer,
        epochs=args.epochs,
        batch_size=args.batch_size,
        score=test_error,
    )
    linear = nn.functional.mse_loss(principal_components(train, images, args.code), images).item()
    print(f"squared error {history.scores[-1]:.4f} a pixel on test images; PCA with as many numbers: {linear:.4f}")
    if args.plot:
        draw(model, train, images, labels, history, args.plot)


if __name__ == "__main__":
    main()
