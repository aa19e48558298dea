"""What torch.optim.optimizer has beside chainrule.optim: names that optimizers written after PyTorch's import."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, Union

import chainrule

ParamsT: TypeAlias = Union[Iterable[chainrule.Tensor], Iterable[dict[str, Any]]]
_params_t = params_t = ParamsT
StateDict: TypeAlias = dict[str, Any]

_foreach_doc = _fused_doc = _maximize_doc = _capturable_doc = _differentiable_doc = _params_doc = ""


def _use_grad_for_differentiable(func: Callable[..., Any]) -> Callable[..., Any]:
    """step() without recording, unless the optimizer is differentiable."""

    @functools.wraps(func)
    def step(self: Any, *args: Any, **kwargs: Any) -> Any:
        recording = chainrule.enable_grad() if self.defaults.get("differentiable") else chainrule.no_grad()
        with recording:
            return func(self, *args, **kwargs)

    return step


def _get_value(x: Any) -> Any:
    return x.item() if isinstance(x, chainrule.Tensor) else x


def _stack_if_compiling(x: Any) -> Any:
    return x


def _dispatch_sqrt(x: Any) -> Any:
    return x.sqrt() if isinstance(x, chainrule.Tensor) else math.sqrt(x)


def _default_to_fused_or_foreach(params: Any, differentiable: bool, use_fused: bool = False) -> tuple[bool, bool]:
    """Neither: one tensor after the other."""
    return False, False


def _get_capturable_supported_devices(supports_xla: bool = True) -> list[str]:
    return []


def _get_scalar_dtype(is_fused: Any = None) -> Any:
    return chainrule.float32


def _disable_dynamo_if_unsupported(single_tensor_fn: Any = None) -> Callable[[Any], Any]:
    return lambda function: function


def _view_as_real(params: Any, *state_and_grads: Any) -> None:
    """Nothing: there are no complex parameters."""


def _to_scalar(x: Any) -> Any:
    return x.squeeze() if isinstance(x, chainrule.Tensor) and x.dim() else x
