"""Nets for pictures, with random weights: nothing is downloaded. Load weights of your own by load_state_dict().

The names of the parameters are torchvision's, so its weights fit, where they lie in a safetensors file.
"""

from ._weights import Weights
from .alexnet import AlexNet as AlexNet
from .alexnet import alexnet as alexnet
from .densenet import DenseNet as DenseNet
from .densenet import densenet121 as densenet121
from .densenet import densenet161 as densenet161
from .densenet import densenet169 as densenet169
from .densenet import densenet201 as densenet201
from .resnet import ResNet as ResNet
from .resnet import resnet18 as resnet18
from .resnet import resnet34 as resnet34
from .resnet import resnet50 as resnet50
from .resnet import resnet101 as resnet101
from .resnet import resnet152 as resnet152
from .squeezenet import SqueezeNet as SqueezeNet
from .squeezenet import squeezenet1_0 as squeezenet1_0
from .squeezenet import squeezenet1_1 as squeezenet1_1
from .vgg import VGG as VGG
from .vgg import vgg11 as vgg11
from .vgg import vgg11_bn as vgg11_bn
from .vgg import vgg13 as vgg13
from .vgg import vgg13_bn as vgg13_bn
from .vgg import vgg16 as vgg16
from .vgg import vgg16_bn as vgg16_bn
from .vgg import vgg19 as vgg19
from .vgg import vgg19_bn as vgg19_bn


def __getattr__(name: str) -> Weights:
    """ResNet18_Weights and its like: names to pass around; a net that gets one says that there are none."""
    if name.endswith("_Weights") and name.removesuffix("_Weights").lower() in globals():
        return Weights(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
