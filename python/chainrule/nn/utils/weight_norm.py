"""weight_norm as a hook: the weight as length times direction."""

from __future__ import annotations

from typing import Any

from ..modules.module import Module
from ..parameter import Parameter
from .parametrize import tensor_of

__all__ = ["remove_weight_norm", "weight_norm"]


def norm_except_dim(v: Any, dim: int | None) -> Any:
    """The 2-norm over all axes but one, with that axis kept; over all axes where dim is None or -1."""
    if dim is None or dim == -1:
        return v.norm()
    axes = [axis for axis in range(v.dim()) if axis != dim % v.dim()]
    return (v * v).sum(axes, keepdim=True).sqrt()


def compose(v: Any, g: Any, dim: int | None) -> Any:
    """v g / |v|."""
    return v * (g / norm_except_dim(v, dim))


class WeightNorm:
    """The hook that weight_norm registers: it computes the weight before each forward."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name = name
        self.dim = -1 if dim is None else dim

    def compute_weight(self, module: Any) -> Any:
        g, v = getattr(module, self.name + "_g"), getattr(module, self.name + "_v")
        return compose(v, g, self.dim)

    def __call__(self, module: Any, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Learn a weight's length and direction apart: w = g v / |v|.

    Args:
        module: its parameter `name` is replaced by name_g and name_v.
        dim: the axis whose slices each have a length of their own; None for one length.

    Example:
        >>> import chainrule as cr
        >>> layer = cr.nn.utils.weight_norm(cr.nn.Linear(20, 40))
        >>> layer.weight_g.shape, layer.weight_v.shape
        (chainrule.Size([40, 1]), chainrule.Size([40, 20]))

    Source: Salimans and Kingma, "Weight normalization", 2016; PyTorch, torch.nn.utils.weight_norm.
    """
    for hook in module._forward_pre_hooks.values():
        if isinstance(hook, WeightNorm) and hook.name == name:
            raise RuntimeError(f"weight_norm: {name!r} of {type(module).__name__} has a weight_norm already.")
    weight = tensor_of("weight_norm", module, name)
    delattr(module, name)
    hook = WeightNorm(name, dim)
    length = norm_except_dim(weight.detach(), hook.dim)
    module.register_parameter(name + "_g", Parameter(length))
    module.register_parameter(name + "_v", Parameter(weight.detach()))
    setattr(module, name, hook.compute_weight(module))
    module.register_forward_pre_hook(hook)
    return module


def remove_weight_norm(module: Module, name: str = "weight") -> Module:
    """Make the weight an ordinary parameter again, with its values of now.

    Source: PyTorch, torch.nn.utils.remove_weight_norm.
    """
    for key, hook in list(module._forward_pre_hooks.items()):
        if isinstance(hook, WeightNorm) and hook.name == name:
            weight = hook.compute_weight(module).detach()
            module.__dict__.pop(name, None)
            del module._parameters[name + "_g"], module._parameters[name + "_v"]
            module.register_parameter(name, Parameter(weight))
            del module._hook_table("_forward_pre_hooks")[key]
            return module
    raise ValueError(f"remove_weight_norm: {name!r} of {type(module).__name__} has no weight_norm.")
