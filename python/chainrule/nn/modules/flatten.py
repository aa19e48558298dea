"""Changes of shape as modules."""

from __future__ import annotations

from typing import Any

from .module import Module


class Flatten(Module):
    """Join the axes start_dim to end_dim into one; by default all but the first.

    Example:
        >>> import chainrule as cr
        >>> cr.nn.Flatten()(cr.zeros(2, 3, 4)).shape
        chainrule.Size([2, 12])
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Any) -> Any:
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Split the axis dim into several.

    Example:
        >>> import chainrule as cr
        >>> cr.nn.Unflatten(1, (3, 4))(cr.zeros(2, 12)).shape
        chainrule.Size([2, 3, 4])
    """

    def __init__(self, dim: int, unflattened_size: Any) -> None:
        super().__init__()
        if not isinstance(unflattened_size, (tuple, list)) or not all(
            hasattr(n, "__index__") for n in unflattened_size
        ):
            raise TypeError(f"Unflatten: unflattened_size must be a tuple of ints, got {unflattened_size!r}.")
        self.dim = dim
        self.unflattened_size = tuple(unflattened_size)

    def forward(self, input: Any) -> Any:
        dim = self.dim % input.dim()
        return input.reshape((*input.shape[:dim], *self.unflattened_size, *input.shape[dim + 1 :]))

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
