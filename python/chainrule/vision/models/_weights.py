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


class Weights:
    """Stands for torchvision's ResNet18_Weights and its like. Its attributes, such as DEFAULT, can be passed around."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __getattr__(self, name: str) -> str:
        if name.startswith("_"):
            raise AttributeError(name)
        return f"{self.name}.{name}"
