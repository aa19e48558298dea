"""torch.amp.autocast_mode."""

from .amp import autocast as autocast
