"""What this build of chainrule is, and what it uses on this machine."""

from __future__ import annotations

import platform

import numpy

from chainrule._load_core import core


def build_info() -> dict[str, object]:
    """Return versions, instruction sets, threads and build options as a dictionary.

    Returns:
        A new dictionary; ``show_config`` prints the same facts for people.

    Example:
        >>> import chainrule
        >>> chainrule.build_info()["threads"] == chainrule.get_num_threads()
        True
    """
    return dict(core.build_info())


def config_text() -> str:
    """Return the text that ``show_config`` prints."""
    info = core.build_info()
    options = [name for name in ("openmp", "atomic_refcount") if info[name]]
    if info["sanitize"]:
        options.append(f"sanitize={info['sanitize']}")
    rows = [
        ("chainrule", info["version"]),
        ("Python", f"{platform.python_version()}, NumPy {numpy.__version__}"),
        ("platform", platform.platform()),
        ("compiler", f"{info['compiler']}, pybind11 {info['pybind11']}"),
        ("instruction set", f"{info['cpu_used']} (best here: {info['cpu_detected']})"),
        ("threads", f"{info['threads']} ({info['threads_source']})"),
        ("matrix products", f"{info['blas']}, kernels for {info['blas_kernel']}, called from chainrule's threads"),
        ("build options", ", ".join(options) or "none"),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def show_config() -> None:
    """Print version, compiler, instruction sets, threads and libraries; please paste it into bug reports.

    ``python -m chainrule`` prints the same.

    Example:
        >>> import chainrule
        >>> chainrule.show_config()  # doctest: +ELLIPSIS
        chainrule        0...
    """
    print(config_text())


def get_num_threads() -> int:
    """Return the largest number of threads that one operation may use.

    By default as many as the process has CPUs, cut to the CPU quota of its cgroup. The environment variables
    OMP_NUM_THREADS and CHAINRULE_NUM_THREADS (stronger) and ``set_num_threads`` (strongest) say otherwise.
    A limit that threadpoolctl sets for OpenMP holds here too. Results are bitwise the same for any number.

    Returns:
        A number of at least 1.

    Example:
        >>> import chainrule
        >>> chainrule.get_num_threads() >= 1
        True

    Source:
        The name is PyTorch's: https://docs.pytorch.org/docs/stable/generated/torch.get_num_threads.html
    """
    return int(core.get_num_threads())


def set_num_threads(num: int) -> None:
    """Set the largest number of threads that one operation may use, in every thread of this process.

    Args:
        num: From 1 to 1024.

    Raises:
        ValueError: If ``num`` is out of that range.
        TypeError: If ``num`` is no whole number.

    Example:
        >>> import chainrule
        >>> before = chainrule.get_num_threads()
        >>> chainrule.set_num_threads(1)
        >>> chainrule.get_num_threads()
        1
        >>> chainrule.set_num_threads(before)

    Source:
        The name is PyTorch's: https://docs.pytorch.org/docs/stable/generated/torch.set_num_threads.html
    """
    if isinstance(num, bool) or not hasattr(num, "__index__"):
        raise TypeError(f"set_num_threads: an int is required, got {type(num).__name__}.")
    core.set_num_threads(num.__index__())
