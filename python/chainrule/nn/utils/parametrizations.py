"""weight_norm, spectral_norm and orthogonal as parametrizations: torch.nn.utils.parametrizations' names."""

from __future__ import annotations

from typing import Any

from ... import _core
from .. import functional as F
from ..modules.module import Module
from . import parametrize
from ._orthogonal import orthogonal
from .spectral_norm import as_matrix, check_times, default_dim, power_method
from .weight_norm import compose, norm_except_dim

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Any, weight_v: Any) -> Any:
        return compose(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Any) -> Any:
        return norm_except_dim(weight, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Learn a weight's length and direction apart: w = g v / |v|.

    Args:
        module: whose tensor `name` it is; g and v are parametrizations.NAME.original0 and original1.
        dim: the axis whose slices each have a length of their own; None for one length.

    Example:
        >>> import chainrule as cr
        >>> layer = cr.nn.utils.parametrizations.weight_norm(cr.nn.Linear(20, 40))
        >>> layer.parametrizations.weight.original0.shape
        chainrule.Size([40, 1])

    Source: Salimans and Kingma, "Weight normalization", 2016; PyTorch, torch.nn.utils.parametrizations.weight_norm.
    """
    parametrize.register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def old_names(state_dict: Any, prefix: str, *_: Any) -> None:  # a state of nn.utils.weight_norm
        for i, suffix in enumerate(("_g", "_v")):
            if f"{prefix}{name}{suffix}" in state_dict:
                state_dict[f"{prefix}parametrizations.{name}.original{i}"] = state_dict.pop(f"{prefix}{name}{suffix}")

    module._register_load_state_dict_pre_hook(old_names)
    return module


class _SpectralNorm(Module):
    def __init__(self, weight: Any, n_power_iterations: int, dim: int, eps: float) -> None:
        super().__init__()
        if not -weight.dim() <= dim < weight.dim():
            raise IndexError(f"spectral_norm: dim must be within {weight.dim()} axes, got {dim}.")
        check_times(n_power_iterations)
        self.dim = dim % weight.dim()
        self.n_power_iterations = n_power_iterations
        self.eps = eps
        if weight.dim() > 1:
            matrix = as_matrix(weight.detach(), self.dim)
            for buffer, size in zip(("_u", "_v"), matrix.shape):
                random = _core.empty(size, dtype=matrix.dtype).normal_(0, 1)
                self.register_buffer(buffer, F.normalize(random, dim=0, eps=eps))
            power_method(matrix, self._u, self._v, 15, eps, from_v=True)

    def forward(self, weight: Any) -> Any:
        if weight.dim() == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            power_method(matrix.detach(), self._u, self._v, self.n_power_iterations, self.eps, from_v=True)
        u, v = self._u.clone(), self._v.clone()  # the buffers change at the next use
        return weight / u.dot(matrix.mv(v))

    def right_inverse(self, value: Any) -> Any:
        return value


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """Divide a weight by its largest singular value, estimated by power iteration at each use in training.

    w = original / sigma,  sigma = u^T original v

    Args:
        module: whose tensor `name` it is.
        n_power_iterations: steps of the estimate for each use; 15 are made at the start.
        eps: the least norm to divide by.
        dim: the axis that counts outputs; 0, for transposed convolutions 1, where left out.

    Example:
        >>> import chainrule as cr
        >>> layer = cr.nn.utils.parametrizations.spectral_norm(cr.nn.Linear(20, 40), n_power_iterations=50)
        >>> round(float(cr.linalg.svd(layer.weight)[1][0]), 2)
        1.0

    Source: Miyato et al., "Spectral normalization for generative adversarial networks", 2018; PyTorch,
    torch.nn.utils.parametrizations.spectral_norm.
    """
    parametrized = parametrize.is_parametrized(module, name)
    weight = getattr(module, name) if parametrized else parametrize.tensor_of("spectral_norm", module, name)
    axis = default_dim(module) if dim is None else dim
    step = _SpectralNorm(weight, n_power_iterations, axis, eps)
    return parametrize.register_parametrization(module, name, step)
