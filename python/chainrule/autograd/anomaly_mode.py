"""detect_anomaly and set_detect_anomaly: where in forward a backward went wrong."""

from __future__ import annotations

from .. import _core


class set_detect_anomaly:
    """Switch the search for anomalies on or off: at once as a call, or for a block.

    While it is on, each recorded operation remembers its line of Python, backward raises at the first gradient that is
    nan (check_nan), and an error in backward names the line of the operation. It slows training down.

    Args:
        mode: True to switch it on.
        check_nan: whether gradients are searched for what is not finite.

    Source: PyTorch, torch.autograd.set_detect_anomaly.
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.prev = _core.is_anomaly_enabled(), _core.is_anomaly_check_nan_enabled()
        _core.set_anomaly_enabled(bool(mode), bool(check_nan))

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        _core.set_anomaly_enabled(*self.prev)


class detect_anomaly(set_detect_anomaly):
    """Search for anomalies in a block; see set_detect_anomaly.

    Example:
        >>> import chainrule as cr
        >>> x = cr.zeros(1, requires_grad=True)
        >>> with cr.autograd.detect_anomaly():
        ...     (x.sqrt() * 0).sum().backward()  # 0 * inf
        Traceback (most recent call last):
        ...
        RuntimeError: ...

    Source: PyTorch, torch.autograd.detect_anomaly.
    """

    def __init__(self, check_nan: bool = True) -> None:
        super().__init__(True, check_nan)
