"""Drawing for the examples: figures without a window, training curves, sheets of small images, decision regions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import chainrule as cr
from chainrule import Tensor
from chainrule.examples._extras import need
from chainrule.examples._run import History

BLUE, ORANGE, GREEN, RED, GREY = "#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#999999"


def blue_to_orange() -> Any:
    """The colours of a score: blue where it is negative, white at 0, orange where it is positive."""
    (colors,) = need("matplotlib.colors")
    return colors.LinearSegmentedColormap.from_list("blue_to_orange", [BLUE, "white", ORANGE])


def new_figure(width: float, height: float, title: str = "") -> Any:
    """An empty figure, sizes in inches."""
    (module,) = need("matplotlib.figure")
    figure = module.Figure(figsize=(width, height), layout="constrained")
    if title:
        figure.suptitle(title)
    return figure


def save(figure: Any, path: str) -> None:
    figure.savefig(path, dpi=110)
    print(f"drew {path}")


def draw_training(axes: Any, history: History, loss: str, score: str, twin: str = "%", log: bool = True) -> None:
    """Loss of each step (grey) and its mean over an epoch (blue); the held-out score of each epoch (orange).

    The score has an axis of its own in the unit `twin`; none where `twin` is empty, for a score measured as the loss.
    """
    epochs = len(history.scores)
    steps = len(history.losses) // epochs
    ends = [steps * (epoch + 1) for epoch in range(epochs)]
    means = [sum(history.losses[end - steps : end]) / steps for end in ends]
    axes.plot(range(1, len(history.losses) + 1), history.losses, color="0.8", lw=0.8, label="loss of a minibatch")
    axes.plot(ends, means, color=BLUE, marker="o", ms=3, label="mean of an epoch")
    axes.set(xlabel="training step", ylabel=loss, yscale="log" if log else "linear")
    right = axes.twinx() if twin else axes
    right.plot(ends, [(100 if twin == "%" else 1) * value for value in history.scores], color=ORANGE, label=score)
    lines = axes.get_lines()
    if twin:
        right.set_ylabel(f"{score}, {twin}")
        lines = [*lines, *right.get_lines()]
    axes.legend(
        lines, [line.get_label() for line in lines], loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize=9
    )


def draw_sheet(
    figure: Any,
    images: Tensor | Sequence[Tensor],
    columns: int,
    titles: Sequence[str] = (),
    colours: Sequence[str] = (),
    cmap: str = "gray_r",
    span: tuple[float, float] | None = (0.0, 1.0),
) -> None:
    """Small images in rows of `columns`. `span`: the values at the ends of the colour map; None: symmetric for each."""
    cells = figure.subplots(-(-len(images) // columns), columns, squeeze=False).ravel()
    for cell in cells:
        cell.set_axis_off()
    for i, (cell, image) in enumerate(zip(cells, images)):
        low, high = span or (-image.abs().max().item(), image.abs().max().item())
        cell.imshow(image.detach().numpy(), cmap=cmap, vmin=low, vmax=high)
        if titles:
            cell.set_title(titles[i], fontsize=8, pad=2, color=colours[i] if colours else "0.3")


def draw_regions(axes: Any, model: Any, inputs: Tensor, labels: Tensor, limit: float = 1.5, dot: float = 9) -> None:
    """The plane coloured by the model's score (blue below 0, orange above), its zero line, and the points."""
    ticks = cr.linspace(-limit, limit, 121)
    grid = cr.stack(cr.meshgrid(ticks, ticks, indexing="xy"), -1).reshape(-1, 2)
    with cr.no_grad():
        score = cr.tanh(model(grid)).reshape(121, 121)
    x, y = ticks.numpy(), ticks.numpy()
    axes.contourf(x, y, score.numpy(), levels=20, cmap=blue_to_orange(), vmin=-1.5, vmax=1.5)
    if score.min().item() < 0 < score.max().item():
        axes.contour(x, y, score.numpy(), levels=[0], colors="0.25", linewidths=1)
    for label, colour in ((0, BLUE), (1, ORANGE)):
        chosen = inputs[labels == label].numpy()
        axes.scatter(chosen[:, 0], chosen[:, 1], s=dot, c=colour, edgecolors="white", linewidths=0.3)
    axes.set(xlim=(-limit, limit), ylim=(-limit, limit), xticks=[], yticks=[], aspect="equal")


def box(column: int, row: int, colour: str = ORANGE) -> Any:
    """A frame around one cell of an image, to be given to `add_patch`."""
    (patches,) = need("matplotlib.patches")
    return patches.Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=colour, lw=1.5)
