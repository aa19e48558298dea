"""Batch normalisation folded into the layer before it, for inference: torch.nn.utils.fusion's names."""

from __future__ import annotations

import copy
from typing import Any

from ... import _core
from ..parameter import Parameter

__all__ = ["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"]


def _fused(weight: Any, bias: Any, mean: Any, var: Any, eps: float, scale: Any, shift: Any, axis: int) -> Any:
    trained = weight.requires_grad, bias is not None and bias.requires_grad
    weight, mean, var = weight.detach(), mean.detach(), var.detach()
    scale = _core.ones_like(mean) if scale is None else scale.detach()
    shift = _core.zeros_like(mean) if shift is None else shift.detach()
    bias = _core.zeros_like(mean) if bias is None else bias.detach()
    factor = scale * (var + eps).rsqrt()
    shape = [1] * weight.dim()
    shape[axis] = -1
    return Parameter(weight * factor.reshape(shape), trained[0]), Parameter((bias - mean) * factor + shift, trained[1])


def fuse_conv_bn_weights(
    conv_w: Any, conv_b: Any, bn_rm: Any, bn_rv: Any, bn_eps: float, bn_w: Any, bn_b: Any, transpose: bool = False
) -> tuple[Any, Any]:
    """Weight and bias of a convolution that does what a convolution and a batch normalisation (eval) do.

    Source: PyTorch, torch.nn.utils.fusion.fuse_conv_bn_weights.
    """
    return _fused(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, 1 if transpose else 0)


def fuse_linear_bn_weights(
    linear_w: Any, linear_b: Any, bn_rm: Any, bn_rv: Any, bn_eps: float, bn_w: Any, bn_b: Any
) -> tuple[Any, Any]:
    """Weight and bias of a Linear that does what a Linear and a batch normalisation (eval) do.

    Source: PyTorch, torch.nn.utils.fusion.fuse_linear_bn_weights.
    """
    return _fused(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, 0)


def _fuse(layer: Any, bn: Any, transpose: bool = False) -> Any:
    if layer.training or bn.training:
        raise RuntimeError("Fusion is for evaluation: call eval() on both modules first.")
    fused = copy.deepcopy(layer)
    fused.weight, fused.bias = _fused(
        layer.weight, layer.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias, 1 if transpose else 0
    )
    return fused


def fuse_conv_bn_eval(conv: Any, bn: Any, transpose: bool = False) -> Any:
    """A convolution that does what both do in evaluation.

    Example:
        >>> import chainrule as cr
        >>> conv, bn = cr.nn.Conv2d(3, 4, 3).eval(), cr.nn.BatchNorm2d(4).eval()
        >>> x = cr.ones(1, 3, 5, 5)
        >>> cr.allclose(cr.nn.utils.fuse_conv_bn_eval(conv, bn)(x), bn(conv(x)), atol=1e-6)
        True

    Source: PyTorch, torch.nn.utils.fusion.fuse_conv_bn_eval.
    """
    return _fuse(conv, bn, transpose)


def fuse_linear_bn_eval(linear: Any, bn: Any) -> Any:
    """A Linear that does what both do in evaluation.

    Source: PyTorch, torch.nn.utils.fusion.fuse_linear_bn_eval.
    """
    if bn.num_features not in (1, linear.out_features):
        raise ValueError(
            f"fuse_linear_bn_eval: BatchNorm of {bn.num_features} features does not fit {linear.out_features} outputs."
        )
    return _fuse(linear, bn)
