"""torch.__config__: how the library was built."""

import chainrule


def show() -> str:
    """The build of chainrule, one fact a line."""
    return "\n".join(f"{name}: {value}" for name, value in chainrule.build_info().items())


def parallel_info() -> str:
    """The number of threads."""
    return f"threads: {chainrule.get_num_threads()}"
