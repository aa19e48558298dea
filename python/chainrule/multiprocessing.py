"""torch.multiprocessing: Python's multiprocessing, with spawn()."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing import *  # noqa: F403  # pyright: ignore[reportWildcardImportFromLibrary]  (all of it is handed on)
from typing import Any


def spawn(
    fn: Callable[..., Any],
    args: Any = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> Any:
    """Run fn(i, *args) in nprocs processes and wait for them, or return them where join is False.

    Raises:
        RuntimeError: a process ended with an error.
    """
    context: Any = multiprocessing.get_context(start_method)
    processes = [context.Process(target=fn, args=(i, *args), daemon=daemon) for i in range(nprocs)]
    for process in processes:
        process.start()
    if not join:
        return processes
    for process in processes:
        process.join()
    failed = [i for i, process in enumerate(processes) if process.exitcode]
    if failed:
        raise RuntimeError(f"spawn: processes {failed} ended with an error; their messages stand above.")
    return None


def set_sharing_strategy(strategy: str) -> None:
    """Nothing: tensors travel between processes as copies."""


def get_sharing_strategy() -> str:
    """Always "file_system"."""
    return "file_system"
