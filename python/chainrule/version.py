"""The package's version, and those of what PyTorch has on other machines: None."""

from . import __version__ as __version__

cuda = None
hip = None
xpu = None
git_version = "none"
debug = False
