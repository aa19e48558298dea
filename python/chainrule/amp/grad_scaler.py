"""torch.amp.grad_scaler, where some programs import GradScaler from."""

from __future__ import annotations

import enum

from . import GradScaler as GradScaler


class OptState(enum.Enum):
    """How far an optimizer is in a step; packages that write a GradScaler of their own name it."""

    READY = 0
    UNSCALED = 1
    STEPPED = 2
