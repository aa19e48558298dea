"""Pillow, if it is there."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import sys
from typing import Any


def pillow(what: str) -> Any:
    """The module PIL.Image, or an error that says how to get it."""
    try:
        return importlib.import_module("PIL.Image")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"{what}: Pillow is required: pip install 'chainrule[vision]'", name="PIL") from error


@functools.cache  # looking for a package takes longer than making a picture
def have_pillow() -> bool:
    """Whether Pillow is installed."""
    return importlib.util.find_spec("PIL") is not None


def is_picture(obj: Any) -> bool:
    """Whether obj is a picture of Pillow's."""
    image = sys.modules.get("PIL.Image")
    return image is not None and isinstance(obj, image.Image)
