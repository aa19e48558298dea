"""Variational autoencoder: a plane in which every point is a digit.

    encoder:  q(z|x) = Normal(mu(x), sigma(x)^2)          loss = -E_q[log p(x|z)] + KL(q(z|x) || Normal(0, 1))
    sample:   z = mu + sigma * e,  e ~ Normal(0, 1)       KL = 1/2 sum of (mu^2 + sigma^2 - log sigma^2 - 1)
    decoder:  p(x|z) = Bernoulli(decoder(z)), each pixel

The loss is minus a lower bound of log p(x), in nats. Written as mu + sigma * e, the sample is a function of mu and
sigma, so the gradient flows through it: the reparametrization. After Kingma and Welling, "Auto-encoding variational
Bayes", ICLR 2014. Reaches about 24 nats on test images with a plane as its latent space.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import chainrule as cr
from chainrule import Tensor, nn
from chainrule.examples import _plot
from chainrule.examples._data import digits
from chainrule.examples._run import History, fit, options


class VAE(nn.Module):
    def __init__(self, latent: int = 2, hidden: int = 256) -> None:
        super().__init__()
        self.latent = latent
        self.encoder = nn.Sequential(
            nn.Linear(64, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 2 * latent)
        )
        self.decoder = nn.Sequential(
            nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 64)
        )

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and logarithm of the variance of q(z|x), each [N, latent]."""
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        return mean, log_variance

    def decode(self, z: Tensor) -> Tensor:
        """The images [N, 64] of the latent points: each pixel's probability of ink."""
        return cr.sigmoid(self.decoder(z))

    def loss(self, x: Tensor) -> Tensor:
        """Minus the lower bound of log p(x), in nats, mean over the batch; one sample of z for each image."""
        mean, log_variance = self.encode(x)
        z = mean + (0.5 * log_variance).exp() * cr.randn_like(mean)
        reconstruction = nn.functional.binary_cross_entropy_with_logits(self.decoder(z), x, reduction="sum")
        divergence = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1).sum()
        return (reconstruction + divergence) / len(x)


def draw(model: VAE, images: Tensor, labels: Tensor, history: History, path: str) -> None:
    """Where test images lie; the plane, decoded; samples beside test images."""
    figure = _plot.new_figure(16, 6, f"Variational autoencoder: {history.scores[-1]:.1f} nats on test images")
    left, middle, right = figure.subfigures(1, 3, width_ratios=[1.2, 1.15, 0.8])
    with cr.no_grad():
        mean, _ = model.encode(images)
        normal = cr.erfinv(2 * cr.linspace(0.02, 0.98, 14) - 1) * 2**0.5  # equal steps of probability
        across, up = cr.meshgrid(normal, normal.flip(0), indexing="xy")
        plane = cr.zeros(14 * 14, model.latent)
        plane[:, 0], plane[:, 1] = across.reshape(-1), up.reshape(-1)
        decoded = model.decode(plane)
        samples = model.decode(cr.randn(40, model.latent))
    axes = left.subplots()
    dots = axes.scatter(*mean[:, :2].T.numpy(), c=labels.numpy(), cmap="tab10", s=14, vmin=-0.5, vmax=9.5)
    left.colorbar(dots, ax=axes, ticks=range(10), label="digit (the net never saw it)")
    axes.set(xlabel="z 1", ylabel="z 2", title="test images: the mean of q(z|x)")
    axes = middle.subplots()
    tiles = nn.functional.pad(decoded.reshape(14, 14, 8, 8), (1, 1, 1, 1))
    axes.imshow(tiles.permute(0, 2, 1, 3).reshape(140, 140).numpy(), cmap="gray_r")
    axes.set(xticks=[], yticks=[], title="the latent plane, decoded at equal steps of probability")
    right.suptitle("top: drawn from Normal(0, 1) and decoded\nbottom: test images", fontsize=11)
    _plot.draw_sheet(right, cr.cat([samples, images[:40]]).reshape(-1, 8, 8), 8)
    _plot.save(figure, path)


def main(argv: Sequence[str] | None = None) -> None:
    args = options(
        "vae",
        __doc__,
        argv,
        epochs=(150, "passes over the 1,500 training images"),
        batch_size=(50, "images in a training step"),
        lr=(1e-3, "Adam's learning rate"),
        latent=(2, "dimensions of z, 2 or more"),
    )
    (train, _), (images, labels) = digits()
    model = VAE(max(args.latent, 2))
    optimizer: Any = cr.optim.Adam(model.parameters(), lr=args.lr)

    def test_loss() -> float:
        with cr.no_grad():
            return model.loss(images).item()

    history = fit(model.loss, [train], optimizer, epochs=args.epochs, batch_size=args.batch_size, score=test_loss)
    print(
        f"lower bound of log p(x): {-history.scores[-1]:.2f} nats on test images, {history.seconds:.1f} s of training"
    )
    if args.plot:
        draw(model, images, labels, history, args.plot)


if __name__ == "__main__":
    main()
