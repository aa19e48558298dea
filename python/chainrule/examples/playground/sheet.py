"""The playground on paper: a sheet of decision regions, and a film of nets while they learn."""

from __future__ import annotations

from typing import Any

from chainrule.examples import _plot
from chainrule.examples._data import POINTS
from chainrule.examples._extras import need
from chainrule.examples._run import progress
from chainrule.examples.playground.net import LIMIT, Playground, Settings

NEURONS = (3, 6, 20)
STRENGTHS = (0.001, 0.01, 0.1)


def draw_net(axes: Any, net: Playground) -> None:
    """Regions, points (test points hollow) and accuracy."""
    _plot.draw_regions(axes, lambda x: net.model(x) / 2, *net.train_set, limit=LIMIT)
    measured = net.measure()
    axes.set_xlabel(f"training {measured['train_accuracy']:.0%}, test {measured['test_accuracy']:.0%}", fontsize=9)


def draw_sheet(path: str, steps: int, seed: int) -> None:
    """A row for each kind of data, a column for each number of neurons, then for each strength of the penalty."""
    figure = _plot.new_figure(
        13, 11.5, "One hidden layer of tanh: more neurons bend the border more, a stronger penalty smooths it"
    )
    columns = [(count, STRENGTHS[0]) for count in NEURONS] + [(NEURONS[-1], value) for value in STRENGTHS[1:]]
    rows = figure.subplots(len(POINTS), len(columns))
    for row, column in progress(
        [(row, column) for row in range(len(POINTS)) for column in range(len(columns))], unit="net"
    ):
        count, strength = columns[column]
        net = Playground(Settings(data=POINTS[row], noise=0.2, hidden=count, regularization=strength, seed=seed))
        net.advance(steps)
        axes = rows[row, column]
        draw_net(axes, net)
        if row == 0:
            axes.set_title(f"{count} neurons, penalty {strength}", fontsize=11)
        if column == 0:
            axes.set_ylabel(POINTS[row], fontsize=11)
    _plot.save(figure, path)


def draw_film(path: str, data: str, steps: int, seed: int, frames: int = 40) -> None:
    """Nets of 3, 6 and 20 neurons side by side while they learn; more frames at first, when most happens."""
    agg, image = need("matplotlib.backends.backend_agg", "PIL.Image")
    nets = [Playground(Settings(data=data, hidden=count, seed=seed)) for count in NEURONS]
    figure = _plot.new_figure(10, 4)
    canvas = agg.FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(nets))
    ends = sorted({round(steps * (frame / frames) ** 2) for frame in range(frames + 1)})
    pictures = []
    for end in progress(ends, unit="frame"):
        for axes, net in zip(panels, nets):
            net.advance(end - net.step)
            axes.clear()
            draw_net(axes, net)
            axes.set_title(f"{net.settings.hidden} neurons", fontsize=11)
        figure.suptitle(f"step {end}")
        canvas.draw()
        pictures.append(image.frombuffer("RGBA", canvas.get_width_height(), canvas.buffer_rgba()).convert("RGB"))
    palette = [picture.quantize(96) for picture in pictures]
    durations = [120] * (len(palette) - 1) + [2500]
    palette[0].save(path, save_all=True, append_images=palette[1:], duration=durations, loop=0)
    print(f"drew {path}: {len(palette)} frames")
