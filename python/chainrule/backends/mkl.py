"""torch.backends.mkl."""

from .._absent import is_available as is_available

is_built = is_available
