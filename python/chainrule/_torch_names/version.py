"""The version of PyTorch that programs are told."""

from . import VERSION as __version__
