"""Plain deep convolutional nets.

Source: Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", 2014.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chainrule import Tensor, nn

from ._weights import refuse_weights

# Widths of the convolutions, stage by stage; each stage ends with a pool.
_STAGES = {
    "vgg11": [[64], [128], [256] * 2, [512] * 2, [512] * 2],
    "vgg13": [[64] * 2, [128] * 2, [256] * 2, [512] * 2, [512] * 2],
    "vgg16": [[64] * 2, [128] * 2, [256] * 3, [512] * 3, [512] * 3],
    "vgg19": [[64] * 2, [128] * 2, [256] * 4, [512] * 4, [512] * 4],
}


def _features(stages: list[list[int]], batch_norm: bool) -> Iterator[nn.Module]:
    inputs = 3
    for stage in stages:
        for width in stage:
            yield nn.Conv2d(inputs, width, 3, padding=1)
            if batch_norm:
                yield nn.BatchNorm2d(width)
            yield nn.ReLU(inplace=True)
            inputs = width
        yield nn.MaxPool2d(2, 2)


class VGG(nn.Module):
    """For pictures (N, 3, H, W): (N, num_classes) scores.

    Args:
        features: the convolutions, that give 512 channels.
        num_classes: how many scores.
        dropout: the rate in the classifier.
    """

    def __init__(self, features: nn.Module, num_classes: int = 1000, init_weights: bool = True, dropout: float = 0.5):
        super().__init__()
        self.features, self.avgpool = features, nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            *(nn.Linear(512 * 7 * 7, 4096), nn.ReLU(True), nn.Dropout(dropout)),
            *(nn.Linear(4096, 4096), nn.ReLU(True), nn.Dropout(dropout)),
            nn.Linear(4096, num_classes),
        )
        for module in self.modules() if init_weights else ():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, 0, 0.01)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


def _vgg(name: str, batch_norm: bool, weights: Any, pretrained: bool, options: Any) -> VGG:
    refuse_weights(name, weights, pretrained)
    return VGG(nn.Sequential(*_features(_STAGES[name], batch_norm)), **options)


def vgg11(*, weights: Any = None, progress: bool = True, pretrained: bool = False, **options: Any) -> VGG:
    """11 layers; options: num_classes, init_weights, dropout."""
    return _vgg("vgg11", False, weights, pretrained, options)


def vgg11_bn(*, weights: Any = None, progress: bool = True, pretrained: bool = False, **options: Any) -> VGG:
    """11 layers, with batch norm; options: num_classes, init_weights, dropout."""
    return _vgg("vgg11", True, weights, pretrained, options)


def vgg13(*, weights: Any = None, progress: bool = True, pretrained: bool = False, **options: Any) -> VGG:
    """13 layers; options: num_classes, init_weights, dropout."""
    return _vgg("vgg13", False, weights, pretrained, options)


def vgg16(*, weights: Any = None, progress: bool = True, pretrained: bool = False, **options: Any) -> VGG:
    """16 layers; options: num_classes, init_weights, dropout."""
    return _vgg("vgg16", False, weights, pretrained, options)


def vgg16_bn(*, weights: Any = None, progress: bool = True, pretrained: bool = False, **options: Any) -> VGG:
    """16 layers, with batch norm; options: num_classes, init_weights, dropout."""
    return _vgg("vgg16", True, weights, pretrained, options)


def vgg19(*, weights: Any = None, progress: bool = True, pretrained: bool = False, **options: Any) -> VGG:
    """19 layers; options: num_classes, init_weights, dropout."""
    return _vgg("vgg19", False, weights, pretrained, options)


def vgg13_bn(*, weights: Any = None, progress: bool = True, pretrained: bool = False, **options: Any) -> VGG:
    """13 layers, with batch norm; options: num_classes, init_weights, dropout."""
    return _vgg("vgg13", True, weights, pretrained, options)


def vgg19_bn(*, weights: Any = None, progress: bool = True, pretrained: bool = False, **options: Any) -> VGG:
    """19 layers, with batch norm; options: num_classes, init_weights, dropout."""
    return _vgg("vgg19", True, weights, pretrained, options)
