"""torch.nn.grad: gradients of convolutions by their input or their weight, given that of the output.

Example:
    >>> import chainrule as cr
    >>> cr.nn.grad.conv1d_input((1, 1, 3), cr.tensor([[[1.0, 2.0]]]), cr.ones(1, 1, 2))
    tensor([[[1., 3., 2.]]])
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import _core, autograd
from . import functional as F

__all__ = ["conv1d_input", "conv1d_weight", "conv2d_input", "conv2d_weight", "conv3d_input", "conv3d_weight"]


def _gradient(size: Sequence[int], grad_output: Any, convolved: Callable[[Any], Any]) -> Any:
    """The gradient by the factor of that size: a convolution is linear in both, so the factor's values don't matter."""
    record = _core.is_grad_enabled()
    with autograd.enable_grad():
        factor = _core.zeros(tuple(size), dtype=grad_output.dtype, requires_grad=True)
        (gradient,) = autograd.grad(convolved(factor), factor, grad_output, create_graph=record)
    return gradient if gradient.grad_fn is not None else gradient.detach()


def _pair(conv: Callable[..., Any], axes: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
    name = f"conv{axes}d"

    def by_input(
        input_size: Sequence[int],
        weight: Any,
        grad_output: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Any:
        return _gradient(input_size, grad_output, lambda x: conv(x, weight, None, stride, padding, dilation, groups))

    def by_weight(
        input: Any,
        weight_size: Sequence[int],
        grad_output: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Any:
        return _gradient(weight_size, grad_output, lambda w: conv(input, w, None, stride, padding, dilation, groups))

    for function, what in ((by_input, "input"), (by_weight, "weight")):
        function.__name__ = function.__qualname__ = f"{name}_{what}"
        function.__doc__ = (
            f"The gradient of {name} by its {what}, of the size given, where that of its output is grad_output.\n\n"
            f"    Source: PyTorch, torch.nn.grad.{name}_{what}.\n    "
        )
    return by_input, by_weight


conv1d_input, conv1d_weight = _pair(F.conv1d, 1)
conv2d_input, conv2d_weight = _pair(F.conv2d, 2)
conv3d_input, conv3d_weight = _pair(F.conv3d, 3)
