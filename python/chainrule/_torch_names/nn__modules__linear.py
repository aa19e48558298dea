"""The one name of torch.nn.modules.linear that chainrule has no class of its own for."""

from chainrule.nn import Linear

NonDynamicallyQuantizableLinear = Linear
