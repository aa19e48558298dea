"""Denoising autoencoder: clean digits from noisy ones, by transposed convolutions.

    x~ = x + noise,   loss = mean of (decoder(encoder(x~)) - x)^2

The encoder shrinks the image by strided convolutions, the decoder grows it by transposed ones: where a convolution
gathers a patch into one number, its transpose spreads one number over a patch, and each one's backward pass is the
other's forward pass. Noise is drawn afresh at each step, so the net learns what digits look like, not the noise. After
Vincent et al., "Extracting and composing robust features with denoising autoencoders", ICML 2008. With noise of
standard deviation 0.5, the signal-to-noise ratio rises from 6 to 15 dB on test images.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import chainrule as cr
from chainrule import Tensor, nn
from chainrule.examples import _plot
from chainrule.examples._data import digits
from chainrule.examples._run import History, fit, options


def build_net() -> nn.Sequential:
    encoder = nn.Sequential(
        nn.Conv2d(1, 32, kernel_size=3, padding=1),  # [N, 1, 8, 8] -> [N, 32, 8, 8]
        nn.ReLU(),
        nn.Conv2d(32, 32, kernel_size=4, stride=2, padding=1),  # -> [N, 32, 4, 4]
        nn.ReLU(),
        nn.Conv2d(32, 64, kernel_size=4, stride=2, padding=1),  # -> [N, 64, 2, 2]
        nn.ReLU(),
    )
    decoder = nn.Sequential(
        nn.ConvTranspose2d(64, 32, kernel_size=4, stride=2, padding=1),  # -> [N, 32, 4, 4]
        nn.ReLU(),
        nn.ConvTranspose2d(32, 32, kernel_size=4, stride=2, padding=1),  # -> [N, 32, 8, 8]
        nn.ReLU(),
        nn.Conv2d(32, 1, kernel_size=3, padding=1),  # -> [N, 1, 8, 8]
        nn.Sigmoid(),
    )
    return nn.Sequential(encoder, decoder)


def decibels(image: Tensor, truth: Tensor) -> float:
    """Peak signal-to-noise ratio, 10 log10(1 / mean squared error), for pixels in [0, 1]."""
    return -10 * math.log10(((image - truth) ** 2).mean().item())


def draw(noisy: Tensor, again: Tensor, clean: Tensor, history: History, path: str) -> None:
    figure = _plot.new_figure(
        12, 5.5, f"Denoising: {decibels(noisy, clean):.1f} dB with noise, {decibels(again, clean):.1f} dB after the net"
    )
    left, right = figure.subfigures(1, 2, width_ratios=[1, 1.3])
    _plot.draw_training(left.subplots(), history, "squared error (training)", "test ratio", twin="dB")
    right.suptitle("top to bottom, twice: what the net sees, what it makes of it, the truth", fontsize=10)
    rows = [part[start : start + 12] for start in (0, 12) for part in (noisy, again, clean)]
    _plot.draw_sheet(right, cr.cat(rows)[:, 0], 12)
    _plot.save(figure, path)


def main(argv: Sequence[str] | None = None) -> None:
    args = options(
        "denoising",
        __doc__,
        argv,
        epochs=(30, "passes over the 1,500 training images"),
        batch_size=(50, "images in a training step"),
        lr=(2e-3, "Adam's learning rate"),
        noise=(0.5, "standard deviation of the noise on each pixel"),
    )
    (train, _), (clean, _) = digits(image=True)
    noisy = clean + args.noise * cr.randn_like(clean)
    model = build_net()
    optimizer: Any = cr.optim.Adam(model.parameters(), lr=args.lr)

    def denoise(images: Tensor) -> Tensor:
        with cr.no_grad():
            return model(images)

    history = fit(
        lambda x: nn.functional.mse_loss(model(x + args.noise * cr.randn_like(x)), x),
        [train],
        optimizer,
        epochs=args.epochs,
        batch_size=args.batch_size,
        score=lambda: decibels(denoise(noisy), clean),
    )
    before, after = decibels(noisy, clean), history.scores[-1]
    print(f"signal-to-noise ratio {before:.2f} dB before, {after:.2f} dB after: a gain of {after - before:.2f} dB")
    if args.plot:
        draw(noisy, denoise(noisy), clean, history, args.plot)


if __name__ == "__main__":
    main()
