"""Nets with few parameters.

Source: Iandola, Han, Moskewicz, Ashraf, Dally, Keutzer, "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters
and <0.5MB model size", 2016; 1.1 is the authors' cheaper release.
"""

from __future__ import annotations

from typing import Any

import chainrule
from chainrule import Tensor, nn

from ._weights import refuse_weights


class Fire(nn.Module):
    """A narrow convolution of single points, then one of points and one of 3x3 windows side by side."""

    def __init__(self, inputs: int, squeeze: int, width: int) -> None:
        super().__init__()
        self.squeeze, self.squeeze_activation = nn.Conv2d(inputs, squeeze, 1), nn.ReLU(True)
        self.expand1x1, self.expand1x1_activation = nn.Conv2d(squeeze, width, 1), nn.ReLU(True)
        self.expand3x3, self.expand3x3_activation = nn.Conv2d(squeeze, width, 3, padding=1), nn.ReLU(True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.squeeze_activation(self.squeeze(x))
        points, windows = self.expand1x1(x), self.expand3x3(x)
        return chainrule.cat([self.expand1x1_activation(points), self.expand3x3_activation(windows)], 1)


# The first convolution, then Fire's (inputs, squeeze, width) between pools.
_VERSIONS: dict[str, tuple[tuple[int, int], list[list[tuple[int, int, int]]]]] = {
    "1_0": (
        (96, 7),
        [
            [(96, 16, 64), (128, 16, 64), (128, 32, 128)],
            [(256, 32, 128), (256, 48, 192), (384, 48, 192), (384, 64, 256)],
            [(512, 64, 256)],
        ],
    ),
    "1_1": (
        (64, 3),
        [
            [(64, 16, 64), (128, 16, 64)],
            [(128, 32, 128), (256, 32, 128)],
            [(256, 48, 192), (384, 48, 192), (384, 64, 256), (512, 64, 256)],
        ],
    ),
}


class SqueezeNet(nn.Module):
    """For pictures (N, 3, H, W): (N, num_classes) scores.

    Args:
        version: "1_0" or "1_1".
        num_classes: how many scores.
        dropout: the rate before the last convolution.
    """

    def __init__(self, version: str = "1_0", num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        if version not in _VERSIONS:
            raise ValueError(f"SqueezeNet: version must be one of {', '.join(_VERSIONS)}, got {version!r}.")
        (width, size), stages = _VERSIONS[version]
        layers: list[nn.Module] = [nn.Conv2d(3, width, size, 2), nn.ReLU(True)]
        for stage in stages:
            layers += [nn.MaxPool2d(3, 2, ceil_mode=True), *(Fire(*fire) for fire in stage)]
        self.features = nn.Sequential(*layers)
        last = nn.Conv2d(512, num_classes, 1)
        self.classifier = nn.Sequential(nn.Dropout(dropout), last, nn.ReLU(True), nn.AdaptiveAvgPool2d((1, 1)))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                if module is last:
                    nn.init.normal_(module.weight, 0.0, 0.01)
                else:
                    nn.init.kaiming_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x)).flatten(1)


def squeezenet1_0(
    *, weights: Any = None, progress: bool = True, pretrained: bool = False, **options: Any
) -> SqueezeNet:
    """Version 1.0; options: num_classes, dropout."""
    refuse_weights("squeezenet1_0", weights, pretrained)
    return SqueezeNet("1_0", **options)


def squeezenet1_1(
    *, weights: Any = None, progress: bool = True, pretrained: bool = False, **options: Any
) -> SqueezeNet:
    """Version 1.1; options: num_classes, dropout."""
    refuse_weights("squeezenet1_1", weights, pretrained)
    return SqueezeNet("1_1", **options)
