"""What torch.hub has beside chainrule.hub."""

import os
from urllib.parse import urlparse as urlparse

from chainrule.hub import get_dir


def _get_torch_home() -> str:
    """The folder above get_dir()."""
    return os.path.dirname(get_dir())
