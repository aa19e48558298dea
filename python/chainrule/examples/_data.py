"""Data that needs no download: scikit-learn's digits, points in the plane, text that Python ships."""

from __future__ import annotations

import math
import unicodedata

import chainrule as cr
from chainrule import Tensor
from chainrule.examples._extras import need


def digits(test_size: int = 297, image: bool = False) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """scikit-learn's 1,797 scans of handwritten digits, split at random into (images, labels) to train and to test.

    Pixels lie in [0, 1]; images are rows of 64, or of shape [1, 8, 8] with `image`. Labels are int64.
    """
    (datasets,) = need("sklearn.datasets")
    bunch = datasets.load_digits()
    images = cr.from_numpy(bunch.data.astype("float32") / 16)
    labels = cr.from_numpy(bunch.target.astype("int64"))
    if image:
        images = images.reshape(-1, 1, 8, 8)
    order = cr.randperm(len(labels))
    train, test = order[test_size:], order[:test_size]
    return (images[train], labels[train]), (images[test], labels[test])


POINTS = ("rings", "xor", "spirals", "moons")


def points(name: str, count: int = 300, noise: float = 0.1) -> tuple[Tensor, Tensor]:
    """Points [count, 2] of two classes in the square [-1.2, 1.2]^2, and their labels 0 or 1."""
    labels = cr.arange(count) % 2
    sign = 2.0 * labels - 1
    spread = noise * cr.randn(count, 2)
    if name == "rings":
        angle, radius = 2 * math.pi * cr.rand(count), 0.4 + 0.55 * labels
        place = cr.stack([radius * angle.cos(), radius * angle.sin()], 1)
    elif name == "xor":
        x = 2 * cr.rand(count) - 1
        y = cr.rand(count) * cr.where(x > 0, 1.0, -1.0) * sign
        place = cr.stack([x, y], 1)
        spread = spread * 0.7
    elif name == "spirals":
        turn = cr.rand(count).sqrt()
        angle = 2.3 * math.pi * turn + math.pi * labels
        place = 1.05 * cr.stack([turn * angle.cos(), turn * angle.sin()], 1)
        spread = spread * 0.3
    elif name == "moons":
        angle = math.pi * cr.rand(count)
        place = cr.stack([angle.cos() - 0.5 * sign, (0.4 - angle.sin()) * sign], 1) * 0.72
        spread = spread * 0.8
    else:
        raise ValueError(f"points: name must be one of {', '.join(POINTS)}, got {name!r}")
    return place + spread, labels


def emoji_names() -> list[str]:
    """The names of some 1,600 emoji and symbols, in lower case, from Python's table of Unicode."""
    starts_and_ends = [(0x2300, 0x2400), (0x2600, 0x27C0), (0x2B00, 0x2B60), (0x1F300, 0x1F650), (0x1F680, 0x1F6D8)]
    starts_and_ends.append((0x1F90C, 0x1FA00))  # all these are the same in every Python from 3.10 on
    names = (unicodedata.name(chr(code), "").lower() for ends in starts_and_ends for code in range(*ends))
    plain = "abcdefghijklmnopqrstuvwxyz "
    return sorted({name for name in names if 0 < len(name) <= 32 and set(name) <= set(plain)})


def python_manual(characters: int = 400_000) -> str:
    """The beginning of Python's own manual, as `help("topics")` prints it; lines, letters and signs in ASCII."""
    from pydoc_data.topics import topics

    text = "\n".join(topics[name] for name in sorted(topics))
    return text.encode("ascii", "ignore").decode()[:characters]
