"""torch.cuda.amp: its autocast takes no device."""

from __future__ import annotations

from typing import Any

from ... import amp
from ...amp import GradScaler as GradScaler
from ...amp import custom_bwd as custom_bwd
from ...amp import custom_fwd as custom_fwd
from . import grad_scaler as grad_scaler


class autocast(amp.autocast):
    """torch.amp.autocast with the device "cuda"."""

    def __init__(self, enabled: bool = True, dtype: Any = None, cache_enabled: bool = True) -> None:
        super().__init__("cuda", dtype, enabled, cache_enabled)
