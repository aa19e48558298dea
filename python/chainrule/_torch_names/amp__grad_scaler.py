"""torch.amp.grad_scaler."""

from .amp import GradScaler as GradScaler
