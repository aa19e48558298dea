"""torch.types: names for annotations."""

from __future__ import annotations

from typing import Any, Union

import chainrule
from chainrule import Size as Size
from chainrule import Tensor as Tensor
from chainrule import dtype as _dtype  # noqa: F401  (PyTorch's name)

Number = Union[int, float, bool]  # noqa: UP007  (a value, as in PyTorch)
Device = Union[chainrule.device, str, int, None]  # noqa: UP007  (a value, as in PyTorch)
_device = chainrule.device
_int, _float, _bool = int, float, bool
_size = Union[chainrule.Size, list[int], tuple[int, ...]]  # noqa: UP007  (a value, as in PyTorch)
_TensorOrTensors = Any
