"""Residual nets.

Source: He, Zhang, Ren, Sun, "Deep residual learning for image recognition", CVPR 2016; weights start as in He et al.,
"Delving deep into rectifiers", ICCV 2015.
"""

from __future__ import annotations

from typing import Any

from chainrule import Tensor, nn

from ._weights import refuse_weights


def _conv(inputs: int, outputs: int, size: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)


class BasicBlock(nn.Module):
    """Two convolutions and a shortcut."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int, downsample: nn.Module | None) -> None:
        super().__init__()
        self.conv1, self.bn1 = _conv(inputs, width, 3, stride), nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2, self.bn2 = _conv(width, width, 3), nn.BatchNorm2d(width)
        self.downsample, self.stride = downsample, stride

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    """Narrowed, convolved, widened again, and a shortcut."""

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int, downsample: nn.Module | None) -> None:
        super().__init__()
        self.conv1, self.bn1 = _conv(inputs, width, 1), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = _conv(width, width, 3, stride), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = _conv(width, 4 * width, 1), nn.BatchNorm2d(4 * width)
        self.relu = nn.ReLU(inplace=True)
        self.downsample, self.stride = downsample, stride

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """A residual net for pictures (N, 3, H, W): (N, num_classes) scores.

    Args:
        block: BasicBlock or Bottleneck.
        layers: how many blocks each of the four stages has.
        num_classes: how many scores.
        zero_init_residual: each block begins as its shortcut alone: the scale of its last batch norm is 0.
    """

    def __init__(
        self, block: Any, layers: list[int], num_classes: int = 1000, zero_init_residual: bool = False
    ) -> None:
        super().__init__()
        self.inplanes = 64
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        self.relu, self.maxpool = nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)
        self.layer1 = self._stage(block, 64, layers[0], 1)
        self.layer2 = self._stage(block, 128, layers[1], 2)
        self.layer3 = self._stage(block, 256, layers[2], 2)
        self.layer4 = self._stage(block, 512, layers[3], 2)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512 * block.expansion, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif zero_init_residual and isinstance(module, (BasicBlock, Bottleneck)):
                nn.init.zeros_((module.bn3 if isinstance(module, Bottleneck) else module.bn2).weight)

    def _stage(self, block: Any, width: int, count: int, stride: int) -> nn.Sequential:
        outputs = width * block.expansion
        downsample = None
        if stride != 1 or self.inplanes != outputs:
            downsample = nn.Sequential(_conv(self.inplanes, outputs, 1, stride), nn.BatchNorm2d(outputs))
        blocks = [block(self.inplanes, width, stride, downsample)]
        self.inplanes = outputs
        blocks += [block(outputs, width, 1, None) for _ in range(count - 1)]
        return nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.avgpool(x).flatten(1))


def _resnet(name: str, block: Any, layers: list[int], weights: Any, pretrained: bool, options: Any) -> ResNet:
    refuse_weights(name, weights, pretrained)
    unknown = sorted(set(options) - {"num_classes", "zero_init_residual"})
    if unknown:
        raise TypeError(f"{name}: the options are num_classes and zero_init_residual, got {', '.join(unknown)}.")
    return ResNet(block, layers, **options)


def resnet18(*, weights: Any = None, progress: bool = True, pretrained: bool = False, **options: Any) -> ResNet:
    """18 layers; options: num_classes, zero_init_residual.

    Example:
        >>> from chainrule.vision import models
        >>> sum(p.numel() for p in models.resnet18(num_classes=10).parameters())
        11181642
    """
    return _resnet("resnet18", BasicBlock, [2, 2, 2, 2], weights, pretrained, options)


def resnet34(*, weights: Any = None, progress: bool = True, pretrained: bool = False, **options: Any) -> ResNet:
    """34 layers; options: num_classes, zero_init_residual."""
    return _resnet("resnet34", BasicBlock, [3, 4, 6, 3], weights, pretrained, options)


def resnet50(*, weights: Any = None, progress: bool = True, pretrained: bool = False, **options: Any) -> ResNet:
    """50 layers; options: num_classes, zero_init_residual."""
    return _resnet("resnet50", Bottleneck, [3, 4, 6, 3], weights, pretrained, options)


def resnet101(*, weights: Any = None, progress: bool = True, pretrained: bool = False, **options: Any) -> ResNet:
    """101 layers; options: num_classes, zero_init_residual."""
    return _resnet("resnet101", Bottleneck, [3, 4, 23, 3], weights, pretrained, options)


def resnet152(*, weights: Any = None, progress: bool = True, pretrained: bool = False, **options: Any) -> ResNet:
    """152 layers; options: num_classes, zero_init_residual."""
    return _resnet("resnet152", Bottleneck, [3, 8, 36, 3], weights, pretrained, options)
