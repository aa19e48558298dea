"""Linear layers."""

from __future__ import annotations

import math
from typing import Any

from ... import _core
from .. import functional, init
from ..parameter import Parameter
from .module import Module, calls


class Identity(Module):
    """Return the input. Any arguments are accepted, so that it can stand in for another layer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        return input


class Linear(Module):
    """y = x W^T + b.

    Initial values: weight and bias from U(-k, k) with k = 1 / sqrt(in_features).

    Args:
        in_features, out_features: sizes of the last axis of input and output.
        bias: False leaves b out.
        device: "cpu".
        dtype: float32 or float64.

    Shapes: input [*, in_features], output [*, out_features], weight [out_features, in_features], bias [out_features].

    Example:
        >>> import chainrule as cr
        >>> layer = cr.nn.Linear(3, 2)
        >>> layer
        Linear(in_features=3, out_features=2, bias=True)
        >>> layer(cr.ones(4, 3)).shape
        chainrule.Size([4, 2])

    Source: PyTorch, torch.nn.Linear.
    """

    weight: Any
    bias: Any

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(_core.empty((out_features, in_features), device=device, dtype=dtype))
        vector = Parameter(_core.empty(out_features, device=device, dtype=dtype)) if bias else None
        self.register_parameter("bias", vector)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values again."""
        # kaiming_uniform_ with slope sqrt 5 is U(-k, k) with the k above; written so, it rounds as PyTorch's does.
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    forward = calls(functional.linear, "weight", "bias")

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Bilinear(Module):
    """y[k] = x1^T W[k] x2 + b[k].

    Args:
        in1_features, in2_features, out_features: sizes of the last axis of both inputs and of the output.
        bias: False leaves b out.

    Shapes: inputs [*, in1_features] and [*, in2_features], output [*, out_features], weight [out, in1, in2].

    Example:
        >>> import chainrule as cr
        >>> cr.nn.Bilinear(3, 4, 2)(cr.ones(5, 3), cr.ones(5, 4)).shape
        chainrule.Size([5, 2])

    Source: PyTorch, torch.nn.Bilinear.
    """

    weight: Any
    bias: Any

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if in1_features <= 0:
            raise ValueError(f"Bilinear: in1_features must be positive, got {in1_features}.")
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        self.weight = Parameter(_core.empty((out_features, in1_features, in2_features), device=device, dtype=dtype))
        vector = Parameter(_core.empty(out_features, device=device, dtype=dtype)) if bias else None
        self.register_parameter("bias", vector)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values again."""
        bound = 1 / math.sqrt(self.weight.shape[1])
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Any, input2: Any) -> Any:
        return functional.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


NonDynamicallyQuantizableLinear = Linear  # under this name PyTorch hides attention's layers from quantization
