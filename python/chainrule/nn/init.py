"""Initial values for weights. Each function fills a tensor in place, unrecorded, and returns it.

Source: PyTorch, torch.nn.init; the papers are named with each function.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from .. import _core

Tensor = _core.Tensor
F = TypeVar("F", bound=Callable[..., Any])

_SLOPE_ONE = (
    "linear",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "sigmoid",
)


def _unrecorded(func: F) -> F:
    """Run without recording: a parameter that requires a gradient may be filled in place."""

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        recording = _core.is_grad_enabled()
        _core.set_grad_enabled(False)
        try:
            return func(*args, **kwargs)
        finally:
            _core.set_grad_enabled(recording)

    return wrapper  # type: ignore[return-value]  # of func's own signature


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor that keeps the variance of activations through a nonlinearity.

    1 for linear, conv and sigmoid; 5/3 for tanh; sqrt 2 for relu; 3/4 for selu; sqrt(2 / (1 + slope^2)) for
    leaky_relu, with slope `param`, 0.01 by default.

    Example:
        >>> import chainrule as cr
        >>> round(cr.nn.init.calculate_gain("leaky_relu", 0.2), 4)
        1.3868
    """
    if nonlinearity in _SLOPE_ONE:
        return 1.0
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ValueError(f"calculate_gain: param must be a number, got {param!r}.")
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity == "selu":
        return 3.0 / 4
    raise ValueError(
        f"calculate_gain: nonlinearity must be linear, a convolution, sigmoid, tanh, relu, leaky_relu or selu, "
        f"got {nonlinearity!r}."
    )


@_unrecorded
def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Tensor:
    """Fill from the uniform distribution on [a, b)."""
    return tensor.uniform_(a, b, generator=generator)


@_unrecorded
def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Tensor:
    """Fill from the normal distribution."""
    return tensor.normal_(mean, std, generator=generator)


@_unrecorded
def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, generator: Any = None
) -> Tensor:
    """Fill from the normal distribution cut to [a, b].

    Drawn by rejection, until every value is accepted: from the normal distribution itself where [a, b] holds enough of
    it, else from the uniform one, accepted with the ratio of the density to its largest value in [a, b]. Each round
    draws for all elements, as PyTorch does, so that the stream is the same.
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "trunc_normal_: mean is more than 2 std from [a, b]. The distribution of values may be incorrect.",
            stacklevel=3,
        )

    def cdf(x: float) -> float:
        return (1.0 + math.erf((x - mean) / std / math.sqrt(2.0))) / 2.0

    if cdf(b) - cdf(a) > 0.3:
        return _reject_normal(tensor, mean, std, a, b, generator)
    return _reject_uniform(tensor, mean, std, a, b, generator)


def _reject_normal(tensor: Tensor, mean: float, std: float, a: float, b: float, generator: Any) -> Tensor:
    result = tensor.detach().normal_(mean, std, generator=generator)
    outside = _core.logical_or(result < a, result > b)
    while bool(outside.any()):
        again = _core.empty_like(result).normal_(mean, std, generator=generator)
        result = _core.where(outside, again, result)
        outside = _core.logical_or(result < a, result > b)
    return tensor.copy_(result)


def _reject_uniform(tensor: Tensor, mean: float, std: float, a: float, b: float, generator: Any) -> Tensor:
    peak = ((max(a, min(mean, b)) - mean) / std) ** 2 / -2
    result = _core.empty_like(tensor).detach()
    pending = None
    while pending is None or bool(pending.any()):
        drawn = _core.empty_like(result).uniform_(a, b, generator=generator)
        result = drawn if pending is None else _core.where(pending, drawn, result)
        log_ratio = ((drawn - mean) / std) ** 2 * -0.5 - peak
        refused = _core.empty_like(result).uniform_(generator=generator).log() > log_ratio
        pending = refused if pending is None else _core.logical_and(pending, refused)
    return tensor.copy_(result)


@_unrecorded
def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one value."""
    return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with 1."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with 0."""
    return constant_(tensor, 0.0)


@_unrecorded
def eye_(tensor: Tensor) -> Tensor:
    """Make a 2-dimensional tensor the identity matrix."""
    if tensor.dim() != 2:
        raise ValueError(f"eye_: a tensor of 2 dimensions is required, got shape {tuple(tensor.shape)}.")
    return tensor.copy_(_core.eye(*tensor.shape, dtype=tensor.dtype))


@_unrecorded
def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Make a convolution's weight [out, in, ...] pass its input channels through, in each of `groups` groups."""
    if tensor.dim() not in (3, 4, 5):
        raise ValueError(f"dirac_: a tensor of 3, 4 or 5 dimensions is required, got shape {tuple(tensor.shape)}.")
    out_channels = tensor.shape[0]
    if out_channels % groups:
        raise ValueError(f"dirac_: the first size must be divisible by groups, got {out_channels} and {groups}.")
    per_group = out_channels // groups
    middle = tuple(size // 2 for size in tensor.shape[2:])
    tensor.zero_()
    for group in range(groups):
        for channel in range(min(per_group, tensor.shape[1])):
            place = (group * per_group + channel, channel, *middle)
            tensor[place] = 1
    return tensor


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """Inputs and outputs of one unit of a weight [out, in, kernel...]."""
    if tensor.dim() < 2:
        raise ValueError(
            f"fan in and fan out: a tensor of 2 or more dimensions is required, got shape {tuple(tensor.shape)}."
        )
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def _calculate_correct_fan(tensor: Tensor, mode: str) -> int:
    mode = mode.lower()
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"kaiming: mode must be fan_in or fan_out, got {mode!r}.")
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return fan_in if mode == "fan_in" else fan_out


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Fill from U(-a, a) with a = gain sqrt(6 / (fan_in + fan_out)).

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
    """
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    std = gain * math.sqrt(2.0 / float(fan_in + fan_out))
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Fill from N(0, std^2) with std = gain sqrt(2 / (fan_in + fan_out)).

    Source: Glorot and Bengio, 2010.
    """
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / float(fan_in + fan_out)), generator)


def kaiming_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Tensor:
    """Fill from U(-bound, bound) with bound = gain sqrt(3 / fan).

    Args:
        tensor: the weight.
        a: the slope for leaky_relu.
        mode: fan_in keeps the variance of activations, fan_out that of gradients.
        nonlinearity: what follows; see calculate_gain.

    Source: He et al., "Delving deep into rectifiers", 2015.
    """
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=2)
        return tensor
    fan = _calculate_correct_fan(tensor, mode)
    std = calculate_gain(nonlinearity, a) / math.sqrt(fan)
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Tensor:
    """Fill from N(0, std^2) with std = gain / sqrt(fan); arguments as in kaiming_uniform_.

    Source: He et al., 2015.
    """
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=2)
        return tensor
    fan = _calculate_correct_fan(tensor, mode)
    return normal_(tensor, 0.0, calculate_gain(nonlinearity, a) / math.sqrt(fan), generator)


@_unrecorded
def orthogonal_(tensor: Tensor, gain: float = 1, generator: Any = None) -> Tensor:
    """Fill with a (semi-)orthogonal matrix times gain: Q of a normal matrix, signs made those of R's diagonal.

    Source: Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks", 2013.
    """
    import numpy as np

    if tensor.dim() < 2:
        raise ValueError(f"orthogonal_: a tensor of 2 or more dimensions is required, got shape {tuple(tensor.shape)}.")
    if tensor.numel() == 0:
        return tensor
    rows = tensor.shape[0]
    columns = tensor.numel() // rows
    flat = _core.empty(rows, columns, dtype=tensor.dtype).normal_(0, 1, generator=generator).numpy()
    q, r = np.linalg.qr(flat.T if rows < columns else flat)
    q = q * np.sign(np.diag(r))
    if rows < columns:
        q = q.T
    value = _core.from_numpy(np.ascontiguousarray(q)).reshape(tuple(tensor.shape))
    return tensor.copy_(value).mul_(gain)


@_unrecorded
def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Any = None) -> Tensor:
    """Fill from N(0, std^2), then set a fraction `sparsity` of each column of a matrix to 0.

    Source: Martens, "Deep learning via Hessian-free optimization", 2010.
    """
    if tensor.dim() != 2:
        raise ValueError(f"sparse_: a tensor of 2 dimensions is required, got shape {tuple(tensor.shape)}.")
    rows, columns = tensor.shape
    zeros = math.ceil(sparsity * rows)
    tensor.normal_(0, std, generator=generator)
    for column in range(columns):
        for row in _core.randperm(rows).tolist()[:zeros]:
            tensor[row, column] = 0
    return tensor


def _deprecated(func: Callable[..., Any]) -> Callable[..., Any]:
    """The name without an underscore, from before PyTorch 0.4."""
    old, new = func.__name__[:-1], func.__name__

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        warnings.warn(f"`nn.init.{old}` is now deprecated in favor of `nn.init.{new}`.", FutureWarning, stacklevel=2)
        return func(*args, **kwargs)

    wrapper.__name__ = old
    wrapper.__doc__ = f"The old name of {new}."
    return wrapper


uniform = _deprecated(uniform_)
normal = _deprecated(normal_)
constant = _deprecated(constant_)
eye = _deprecated(eye_)
dirac = _deprecated(dirac_)
xavier_uniform = _deprecated(xavier_uniform_)
xavier_normal = _deprecated(xavier_normal_)
kaiming_uniform = _deprecated(kaiming_uniform_)
kaiming_normal = _deprecated(kaiming_normal_)
orthogonal = _deprecated(orthogonal_)
sparse = _deprecated(sparse_)
