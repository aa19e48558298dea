"""torch.random: the functions of the default generator, and fork_rng."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from chainrule import default_generator as default_generator
from chainrule import get_rng_state as get_rng_state
from chainrule import initial_seed as initial_seed
from chainrule import manual_seed as manual_seed
from chainrule import seed as seed
from chainrule import set_rng_state as set_rng_state


@contextlib.contextmanager
def fork_rng(devices: Any = None, enabled: bool = True, **options: Any) -> Iterator[None]:
    """Inside the with-statement the default generator may be used and seeded; after it, it is as before."""
    state = get_rng_state() if enabled else None
    try:
        yield
    finally:
        if state is not None:
            set_rng_state(state)
