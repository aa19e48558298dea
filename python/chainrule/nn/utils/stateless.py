"""functional_call under its older path."""

from __future__ import annotations

from typing import Any

__all__ = ["functional_call"]


def functional_call(
    module: Any, parameters_and_buffers: Any, args: Any = (), kwargs: Any = None, **options: Any
) -> Any:
    """func.functional_call: call a module with these tensors in place of its own.

    Source: PyTorch, torch.nn.utils.stateless.functional_call.
    """
    from ...func import functional_call as call

    return call(module, parameters_and_buffers, args, kwargs, **options)
