"""Methods that old or half-precision programs call on tensors and modules. They are there under as_torch only."""

from __future__ import annotations

from typing import Any

import chainrule

from ._absent import ignore


def _no_half(self: Any) -> Any:
    raise RuntimeError("half: chainrule has no float16 and no bfloat16. Use float32, float() makes it.")


def install() -> None:
    """Add what is missing."""
    for owner, name, value in (
        (chainrule.Tensor, "record_stream", ignore),
        *((chainrule.Tensor, f"is_{device}", False) for device in ("cuda", "mps", "xpu", "mkldnn", "meta")),
        (chainrule.Tensor, "half", _no_half),
        (chainrule.Tensor, "bfloat16", _no_half),
        (chainrule.nn.Module, "half", _no_half),
        (chainrule.nn.Module, "bfloat16", _no_half),
    ):
        if not hasattr(owner, name):
            setattr(owner, name, value)
