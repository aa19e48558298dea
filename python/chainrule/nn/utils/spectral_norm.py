"""spectral_norm as a hook: the weight divided by an estimate of its largest singular value."""

from __future__ import annotations

from typing import Any

from ... import _core
from ...autograd.grad_mode import no_grad
from .. import functional as F
from ..modules.conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from ..modules.module import Module
from ..parameter import Parameter
from .parametrize import tensor_of

__all__ = ["as_matrix", "check_times", "default_dim", "power_method", "remove_spectral_norm", "spectral_norm"]


def default_dim(module: Module) -> int:
    """The axis of a weight that counts outputs."""
    return 1 if isinstance(module, (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)) else 0


def as_matrix(weight: Any, dim: int) -> Any:
    """One row for each entry along `dim`."""
    if dim != 0:
        weight = weight.permute(dim, *[axis for axis in range(weight.dim()) if axis != dim])
    return weight.reshape(weight.shape[0], -1)


def power_method(matrix: Any, u: Any, v: Any, times: int, eps: float, from_v: bool = False) -> None:
    """Move u and v, in place, towards the first singular vectors: v from u first, or the other way round."""
    with no_grad():
        for _ in range(times):
            if from_v:
                u.copy_(F.normalize(matrix.mv(v), dim=0, eps=eps))
            v.copy_(F.normalize(matrix.mT.mv(u), dim=0, eps=eps))
            if not from_v:
                u.copy_(F.normalize(matrix.mv(v), dim=0, eps=eps))


def check_times(n_power_iterations: int) -> None:
    """Refuse an estimate of no step."""
    if n_power_iterations <= 0:
        raise ValueError(f"spectral_norm: n_power_iterations must be positive, got {n_power_iterations}.")


class SpectralNorm:
    """The hook that spectral_norm registers: it computes the weight before each forward."""

    def __init__(self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        check_times(n_power_iterations)
        self.name = name
        self.n_power_iterations = n_power_iterations
        self.dim = dim
        self.eps = eps

    def compute_weight(self, module: Any, do_power_iteration: bool) -> Any:
        weight = getattr(module, self.name + "_orig")
        u, v = getattr(module, self.name + "_u"), getattr(module, self.name + "_v")
        matrix = as_matrix(weight, self.dim)
        if do_power_iteration:
            power_method(matrix.detach(), u, v, self.n_power_iterations, self.eps)
            # The next forward writes into the buffers; what this one records must not change.
            u, v = u.clone(), v.clone()
        return weight / u.dot(matrix.mv(v))

    def __call__(self, module: Any, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, do_power_iteration=module.training))


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """Divide a weight by its largest singular value, estimated by power iteration at each forward in training.

    w = w_orig / sigma,  sigma = u^T w_orig v

    Args:
        module: its parameter `name` is replaced by name_orig; buffers name_u and name_v hold the estimate.
        n_power_iterations: steps of the estimate for each forward.
        eps: the least norm to divide by.
        dim: the axis that counts outputs; 0, for transposed convolutions 1, where left out.

    Example:
        >>> import chainrule as cr
        >>> layer = cr.nn.utils.spectral_norm(cr.nn.Linear(20, 40))
        >>> layer.weight_u.shape
        chainrule.Size([40])

    Source: Miyato et al., "Spectral normalization for generative adversarial networks", 2018; PyTorch,
    torch.nn.utils.spectral_norm.
    """
    for hook in module._forward_pre_hooks.values():
        if isinstance(hook, SpectralNorm) and hook.name == name:
            raise RuntimeError(f"spectral_norm: {name!r} of {type(module).__name__} has a spectral_norm already.")
    hook = SpectralNorm(name, n_power_iterations, default_dim(module) if dim is None else dim, eps)
    weight = tensor_of("spectral_norm", module, name)
    matrix = as_matrix(weight.detach(), hook.dim)
    u = F.normalize(_core.empty(matrix.shape[0], dtype=matrix.dtype).normal_(0, 1), dim=0, eps=eps)
    v = F.normalize(_core.empty(matrix.shape[1], dtype=matrix.dtype).normal_(0, 1), dim=0, eps=eps)
    delattr(module, name)
    module.register_parameter(name + "_orig", weight)
    setattr(module, name, weight.detach().clone())
    module.register_buffer(name + "_u", u)
    module.register_buffer(name + "_v", v)
    module.register_forward_pre_hook(hook)
    return module


def remove_spectral_norm(module: Module, name: str = "weight") -> Module:
    """Make the weight an ordinary parameter again, with its values of now.

    Source: PyTorch, torch.nn.utils.remove_spectral_norm.
    """
    for key, hook in list(module._forward_pre_hooks.items()):
        if isinstance(hook, SpectralNorm) and hook.name == name:
            weight = hook.compute_weight(module, do_power_iteration=False).detach()
            module.__dict__.pop(name, None)
            for suffix in ("_u", "_v", "_orig"):
                delattr(module, name + suffix)
            module.register_parameter(name, Parameter(weight))
            del module._hook_table("_forward_pre_hooks")[key]
            return module
    raise ValueError(f"remove_spectral_norm: {name!r} of {type(module).__name__} has no spectral_norm.")
