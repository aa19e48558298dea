"""Activations as modules. Each forward is one call."""

from __future__ import annotations

from typing import Any

from ... import _core
from .. import functional as F
from ..parameter import Parameter
from .module import Module, calls


class ReLU(Module):
    """max(x, 0).

    Args:
        inplace: overwrite the input.

    Example:
        >>> import chainrule as cr
        >>> cr.nn.ReLU()(cr.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    forward = calls(F.relu, "inplace")

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Sigmoid(Module):
    """1 / (1 + e^-x)."""

    forward = calls(F.sigmoid)


class Tanh(Module):
    """(e^x - e^-x) / (e^x + e^-x)."""

    forward = calls(F.tanh)


class Softmax(Module):
    """e^x / sum of e^x along the axis dim."""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    forward = calls(F.softmax, "dim")

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax2d(Module):
    """Softmax over the channels at each place: (N, C, H, W) or (C, H, W)."""

    def forward(self, input: Any) -> Any:
        if input.dim() not in (3, 4):
            raise ValueError(f"Softmax2d: input must be (N, C, H, W) or (C, H, W), got shape {tuple(input.shape)}.")
        return F.softmax(input, -3)


class LogSoftmax(Module):
    """log(softmax(x)) along the axis dim."""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    forward = calls(F.log_softmax, "dim")

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmin(Module):
    """softmax(-x) along the axis dim."""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    forward = calls(F.softmin, "dim")

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class LeakyReLU(Module):
    """x where x > 0, else negative_slope x."""

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    forward = calls(F.leaky_relu, "negative_slope", "inplace")

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}" + (", inplace=True" if self.inplace else "")


class RReLU(Module):
    """x where x > 0, else s x: in training s is random on [lower, upper), in evaluation it is their mean.

    Source: Xu et al., "Empirical evaluation of rectified activations in convolutional network", 2015.
    """

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False) -> None:
        super().__init__()
        self.lower = lower
        self.upper = upper
        self.inplace = inplace

    forward = calls(F.rrelu, "lower", "upper", "training", "inplace")

    def extra_repr(self) -> str:
        return f"lower={self.lower}, upper={self.upper}" + (", inplace=True" if self.inplace else "")


class ELU(Module):
    """x where x > 0, else alpha (e^x - 1)."""

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    forward = calls(F.elu, "alpha", "inplace")

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}" + (", inplace=True" if self.inplace else "")


class CELU(ELU):
    """max(x, 0) + min(alpha (e^(x / alpha) - 1), 0)."""

    forward = calls(F.celu, "alpha", "inplace")


class _Inplace(Module):
    """Activations whose only argument is inplace."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class SELU(_Inplace):
    """1.0507 times elu with alpha 1.6733."""

    forward = calls(F.selu, "inplace")


class SiLU(_Inplace):
    """x sigmoid(x), also called swish."""

    forward = calls(F.silu, "inplace")


class Mish(_Inplace):
    """x tanh(softplus(x))."""

    forward = calls(F.mish, "inplace")


class Hardsigmoid(_Inplace):
    """min(max(x + 3, 0), 6) / 6."""

    forward = calls(F.hardsigmoid, "inplace")


class Hardswish(_Inplace):
    """x hardsigmoid(x)."""

    forward = calls(F.hardswish, "inplace")


class Hardtanh(Module):
    """x cut to [min_val, max_val]; min_value and max_value are their old names."""

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:
        super().__init__()
        min_val = min_val if min_value is None else min_value
        max_val = max_val if max_value is None else max_value
        if max_val <= min_val:
            raise ValueError(f"Hardtanh: max_val must exceed min_val, got {max_val} and {min_val}.")
        self.min_val = min_val
        self.max_val = max_val
        self.inplace = inplace

    forward = calls(F.hardtanh, "min_val", "max_val", "inplace")

    def extra_repr(self) -> str:
        return f"min_val={self.min_val}, max_val={self.max_val}" + (", inplace=True" if self.inplace else "")


class ReLU6(Hardtanh):
    """min(max(x, 0), 6)."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class GELU(Module):
    """x Phi(x), Phi being the normal distribution function; approximate="tanh" for the formula with tanh.

    Source: Hendrycks and Gimpel, "Gaussian error linear units", 2016.
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Any) -> Any:
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class Softplus(Module):
    """log(1 + e^(beta x)) / beta, and x itself where beta x > threshold."""

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    forward = calls(F.softplus, "beta", "threshold")

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class LogSigmoid(Module):
    """log(sigmoid(x))."""

    forward = calls(F.logsigmoid)


class Softsign(Module):
    """x / (1 + |x|)."""

    forward = calls(F.softsign)


class Tanhshrink(Module):
    """x - tanh(x)."""

    forward = calls(F.tanhshrink)


class _Shrink(Module):
    """The two shrinkages: one argument, lambd."""

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def extra_repr(self) -> str:
        return str(self.lambd)


class Softshrink(_Shrink):
    """x - lambd where x > lambd, x + lambd where x < -lambd, else 0."""

    forward = calls(F.softshrink, "lambd")


class Hardshrink(_Shrink):
    """x where |x| > lambd, else 0."""

    forward = calls(F.hardshrink, "lambd")


class Threshold(Module):
    """x where x > threshold, else value."""

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    forward = calls(F.threshold, "threshold", "value", "inplace")

    def extra_repr(self) -> str:
        return f"threshold={self.threshold}, value={self.value}" + (", inplace=True" if self.inplace else "")


class GLU(Module):
    """First half times sigmoid of the second half of the axis dim."""

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    forward = calls(F.glu, "dim")

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class PReLU(Module):
    """x where x > 0, else a x, with a learned: one, or one per channel.

    Source: He et al., "Delving deep into rectifiers", 2015.
    """

    weight: Any

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(_core.full((num_parameters,), float(init), device=device, dtype=dtype))

    forward = calls(F.prelu, "weight")

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"
