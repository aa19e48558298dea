"""torch.backends.cuda."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from .._absent import ignore, is_available

is_built = flash_sdp_enabled = mem_efficient_sdp_enabled = is_available
enable_flash_sdp = enable_mem_efficient_sdp = enable_math_sdp = enable_cudnn_sdp = ignore
matmul = SimpleNamespace(
    allow_tf32=False,
    allow_fp16_reduced_precision_reduction=False,
    allow_bf16_reduced_precision_reduction=False,
    fp32_precision="ieee",
)


def math_sdp_enabled() -> bool:
    """True: attention is computed as written."""
    return True


@contextlib.contextmanager
def sdp_kernel(*arguments: Any, **options: Any) -> Iterator[None]:
    """A with-statement, or a decorator, without effect."""
    yield
