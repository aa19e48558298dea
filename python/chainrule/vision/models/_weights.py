"""Pretrained weights: there are none."""

from __future__ import annotations

from typing import Any


def refuse_weights(name: str, weights: Any, pretrained: bool) -> None:
    """Raise RuntimeError if a program wants trained weights."""
    if weights is not None or pretrained:
        raise RuntimeError(
            f"{name}: chainrule downloads no weights. Pass weights=None, and load a file of your own: "
            "model.load_state_dict(chainrule.load(path))."
        )
