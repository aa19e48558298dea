"""The old way to name a loss's reduction: size_average and reduce."""

from __future__ import annotations

import warnings


def legacy_reduction(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """The reduction that the arguments ask for; `reduction` itself where the old ones are left out."""
    if size_average is None and reduce is None:
        return reduction
    size_average = True if size_average is None else size_average
    reduce = True if reduce is None else reduce
    name = "none" if not reduce else "mean" if size_average else "sum"
    warnings.warn(f'size_average and reduce are deprecated: use reduction="{name}" instead.', stacklevel=3)
    return name
