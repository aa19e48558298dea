"""torch.amp.grad_scaler."""

from . import GradScaler as GradScaler
