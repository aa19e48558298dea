"""torch.amp: mixed precision, which does nothing on a CPU that computes in float32."""

from __future__ import annotations

import contextlib
from typing import Any

_DEVICE_TYPES = ["cpu", "cuda", "hpu", "ipu", "maia", "mps", "mtia", "npu", "privateuseone", "xla", "xpu"]


class autocast(contextlib.ContextDecorator):
    """A with-statement and decorator without effect: operations keep the dtypes of their arguments.

    PyTorch's would run products in bfloat16. Here that saves no time: narrow dtypes are computed as float32.
    """

    def __init__(self, device_type: Any = "cpu", dtype: Any = None, enabled: bool = True, cache_enabled: Any = None):
        if not isinstance(device_type, str):
            raise ValueError(f"autocast: device_type must be a string, got {type(device_type).__name__}.")
        if device_type not in _DEVICE_TYPES:
            raise RuntimeError(f"autocast: device_type must be one of {_DEVICE_TYPES}, got {device_type!r}.")
        self.device, self.fast_dtype = device_type, dtype

    def __enter__(self) -> autocast:
        return self

    def __exit__(self, *raised: Any) -> None:
        pass


class GradScaler:
    """Scales by one: float32 gradients don't vanish, so the loss and the optimizer pass through."""

    def __init__(self, device: Any = "cpu", *arguments: Any, **options: Any) -> None:
        self.found = False

    def scale(self, outputs: Any) -> Any:
        return outputs

    def unscale_(self, optimizer: Any) -> None:
        pass

    def step(self, optimizer: Any, *arguments: Any, **options: Any) -> Any:
        return optimizer.step(*arguments, **options)

    def update(self, new_scale: Any = None) -> None:
        pass

    def get_scale(self) -> float:
        return 1.0

    def is_enabled(self) -> bool:
        return False

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        pass


def custom_fwd(fwd: Any = None, **options: Any) -> Any:
    """The argument itself."""
    return fwd if fwd is not None else lambda function: function


def custom_bwd(bwd: Any = None, **options: Any) -> Any:
    """The argument itself."""
    return bwd if bwd is not None else lambda function: function


def is_autocast_available(device_type: str) -> bool:
    """False: autocast does nothing."""
    return False
