"""The few names of torch._C that programs catch."""

import numpy as np

_LinAlgError = getattr(__import__("chainrule").linalg, "LinAlgError", np.linalg.LinAlgError)


def _get_tracing_state() -> None:
    """None: nothing is traced."""


def _log_api_usage_once(event: str) -> None:
    """Nothing."""
