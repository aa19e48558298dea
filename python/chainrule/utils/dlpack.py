"""torch.utils.dlpack's names."""

from __future__ import annotations

from typing import Any

from .._core import from_dlpack as from_dlpack


def to_dlpack(tensor: Any) -> Any:
    """A DLPack capsule that shares the tensor's memory: tensor.__dlpack__().

    Example:
        >>> from chainrule.utils.dlpack import from_dlpack, to_dlpack
        >>> from_dlpack(to_dlpack(chainrule.ones(2)))
        tensor([1., 1.])
    """
    return tensor.__dlpack__()
