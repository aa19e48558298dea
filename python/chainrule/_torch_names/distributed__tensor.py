"""torch.distributed.tensor: tensors whose parts lie in several processes, of which there is one."""

from __future__ import annotations

from typing import Any

from chainrule._absent import refuse

_refused = refuse("torch.distributed.tensor", "There is one process: use a Tensor.")
distribute_tensor = distribute_module = _refused


class DTensor:
    """A class to ask for; making one raises RuntimeError."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        _refused()
