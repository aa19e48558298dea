"""torch._subclasses.fake_tensor: tensors without memory, by which a compiler traces. There are none."""

from typing import Any


class FakeTensor:
    """A class to ask for: no tensor is one."""


def is_fake(x: Any) -> bool:
    """False."""
    return False
