"""What torch.serialization has beside chainrule.serialization."""

from typing import Any

MAP_LOCATION = Any
