"""A name of PyTorch's compiler that programs put around vmap."""

import contextlib


class TransformGetItemToIndex(contextlib.nullcontext[None]):
    """A with-statement without effect: a tensor as an index is one here anyway."""
