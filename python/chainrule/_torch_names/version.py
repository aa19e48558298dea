"""torch.version."""

from . import VERSION as __version__  # noqa: F401

cuda = None
hip = None
xpu = None
git_version = "none"
debug = False
