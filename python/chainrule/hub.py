"""torch.hub: nothing is downloaded."""

from __future__ import annotations

import os
import re

from ._absent import refuse

_HINT = "It downloads nothing: fetch the file yourself."
load = refuse("torch.hub.load", _HINT)
download_url_to_file = refuse("torch.hub.download_url_to_file", _HINT)
load_state_dict_from_url = refuse("torch.hub.load_state_dict_from_url", _HINT)
HASH_REGEX = re.compile(r"-([a-f0-9]*)\.")
_directory: str | None = None


def get_dir() -> str:
    """Where programs look for files: set_dir()'s argument, or $TORCH_HOME/hub, by default ~/.cache/torch/hub."""
    if _directory is not None:
        return _directory
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    return os.path.join(os.path.expanduser(os.environ.get("TORCH_HOME", os.path.join(cache, "torch"))), "hub")


def set_dir(d: str | os.PathLike[str]) -> None:
    """Let programs look for files in this folder."""
    global _directory
    _directory = os.path.expanduser(d)
