"""Nets in which every layer sees all before it in its block.

Source: Huang, Liu, van der Maaten, Weinberger, "Densely connected convolutional networks", CVPR 2017.
"""

from __future__ import annotations

import collections
from typing import Any

import chainrule
from chainrule import Tensor, nn
from chainrule.nn import functional as F

from ._weights import refuse_weights


class _DenseLayer(nn.Module):
    """What a layer adds to the channels before it: growth of them."""

    def __init__(self, inputs: int, growth: int, bottleneck: int, drop_rate: float) -> None:
        super().__init__()
        width = bottleneck * growth
        self.norm1, self.relu1 = nn.BatchNorm2d(inputs), nn.ReLU(True)
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.norm2, self.relu2 = nn.BatchNorm2d(width), nn.ReLU(True)
        self.conv2 = nn.Conv2d(width, growth, 3, padding=1, bias=False)
        self.drop_rate = drop_rate

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(self.relu1(self.norm1(x)))
        x = self.conv2(self.relu2(self.norm2(x)))
        return F.dropout(x, self.drop_rate, self.training) if self.drop_rate else x


class _DenseBlock(nn.ModuleDict):
    """Layers, each of which gets what all before it gave."""

    def forward(self, x: Tensor) -> Tensor:
        parts = [x]
        for layer in self.values():
            parts.append(layer(chainrule.cat(parts, 1)))
        return chainrule.cat(parts, 1)


def _transition(inputs: int) -> nn.Sequential:
    """Half the channels, and half the points along each side."""
    layers = collections.OrderedDict(
        norm=nn.BatchNorm2d(inputs),
        relu=nn.ReLU(True),
        conv=nn.Conv2d(inputs, inputs // 2, 1, bias=False),
        pool=nn.AvgPool2d(2, 2),
    )
    return nn.Sequential(layers)


class DenseNet(nn.Module):
    """For pictures (N, 3, H, W): (N, num_classes) scores.

    Args:
        growth_rate: the channels that a layer adds.
        block_config: how many layers each block has.
        num_init_features: the channels of the first convolution.
        bn_size: a layer's inner width, in growth_rate.
        drop_rate: the dropout after each layer.
        num_classes: how many scores.
    """

    def __init__(
        self,
        growth_rate: int = 32,
        block_config: tuple[int, ...] = (6, 12, 24, 16),
        num_init_features: int = 64,
        bn_size: int = 4,
        drop_rate: float = 0,
        num_classes: int = 1000,
    ) -> None:
        super().__init__()
        width = num_init_features
        layers: dict[str, nn.Module] = {
            "conv0": nn.Conv2d(3, width, 7, 2, 3, bias=False),
            "norm0": nn.BatchNorm2d(width),
            "relu0": nn.ReLU(True),
            "pool0": nn.MaxPool2d(3, 2, 1),
        }
        for i, count in enumerate(block_config, 1):
            inputs = range(width, width + count * growth_rate, growth_rate)
            block = {f"denselayer{k}": _DenseLayer(n, growth_rate, bn_size, drop_rate) for k, n in enumerate(inputs, 1)}
            layers[f"denseblock{i}"] = _DenseBlock(block)
            width += count * growth_rate
            if i < len(block_config):
                layers[f"transition{i}"] = _transition(width)
                width //= 2
        layers[f"norm{len(block_config) + 1}"] = nn.BatchNorm2d(width)
        self.features = nn.Sequential(collections.OrderedDict(layers))
        self.classifier = nn.Linear(width, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(F.adaptive_avg_pool2d(self.features(x).relu(), (1, 1)).flatten(1))


def _densenet(name: str, shape: tuple[Any, ...], weights: Any, pretrained: bool, options: Any) -> DenseNet:
    refuse_weights(name, weights, pretrained)
    return DenseNet(*shape, **options)


def densenet121(*, weights: Any = None, progress: bool = True, pretrained: bool = False, **options: Any) -> DenseNet:
    """121 layers; options: bn_size, drop_rate, num_classes."""
    return _densenet("densenet121", (32, (6, 12, 24, 16), 64), weights, pretrained, options)


def densenet161(*, weights: Any = None, progress: bool = True, pretrained: bool = False, **options: Any) -> DenseNet:
    """161 layers; options: bn_size, drop_rate, num_classes."""
    return _densenet("densenet161", (48, (6, 12, 36, 24), 96), weights, pretrained, options)


def densenet169(*, weights: Any = None, progress: bool = True, pretrained: bool = False, **options: Any) -> DenseNet:
    """169 layers; options: bn_size, drop_rate, num_classes."""
    return _densenet("densenet169", (32, (6, 12, 32, 32), 64), weights, pretrained, options)


def densenet201(*, weights: Any = None, progress: bool = True, pretrained: bool = False, **options: Any) -> DenseNet:
    """201 layers; options: bn_size, drop_rate, num_classes."""
    return _densenet("densenet201", (32, (6, 12, 48, 32), 64), weights, pretrained, options)
