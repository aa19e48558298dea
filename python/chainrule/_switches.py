"""Names of torch itself that have nothing to do on a CPU that computes in float32, or that it answers in one way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import chainrule

from ._formats import NamedConstant
from ._storage import UntypedStorage
from .amp import GradScaler as GradScaler
from .amp import autocast as autocast


class AbsentDtype(NamedConstant):
    """A dtype that programs name, for autocast or in tables of dtypes; a tensor of this dtype is a TypeError."""

    def __init__(self, name: str, itemsize: int = 2) -> None:
        super().__init__(name)
        self.is_complex, self.is_floating_point = name.startswith("complex"), "float" in name
        self.is_signed, self.itemsize = not name.startswith("uint"), itemsize

    def __reduce__(self) -> Any:
        return _constant, (self.name,)


uint16, uint32, uint64 = AbsentDtype("uint16"), AbsentDtype("uint32", 4), AbsentDtype("uint64", 8)
complex32 = chalf = AbsentDtype("complex32", 4)
complex64 = cfloat = AbsentDtype("complex64", 8)
complex128 = cdouble = AbsentDtype("complex128", 16)


def _constant(name: str) -> Any:
    return globals()[name]


def compile(model: Callable[..., Any] | None = None, **options: Any) -> Any:
    """The argument itself: a program runs as it is written."""
    return model if model is not None else lambda function: function


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Nothing: every operation gives the same result each time, with any number of threads or none."""


def are_deterministic_algorithms_enabled() -> bool:
    """True: there are no others."""
    return True


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """False: there is nothing to warn of."""
    return False


def set_float32_matmul_precision(precision: str) -> None:
    """Nothing: float32 products are computed in float32."""


def get_float32_matmul_precision() -> str:
    """Always "highest"."""
    return "highest"


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """False: autocast does nothing."""
    return False


def get_autocast_dtype(device_type: str) -> Any:
    """The dtype in which autocast would compute on that kind of device in PyTorch."""
    return chainrule.bfloat16 if device_type == "cpu" else chainrule.float16


def is_inference_mode_enabled() -> bool:
    """Whether nothing is recorded at present: inference_mode is no_grad here."""
    return not chainrule.is_grad_enabled()


def set_default_device(device: Any) -> None:
    """Accept the CPU, refuse others."""
    if device is not None:
        chainrule.zeros(1, device=device)


def get_default_device() -> Any:
    """The CPU."""
    return chainrule.device("cpu")


def set_num_interop_threads(threads: int) -> None:
    """Nothing: operations run one after the other. RuntimeError unless it is a positive number."""
    if threads < 1:
        raise RuntimeError(f"set_num_interop_threads: a positive number is required, got {threads}.")


def get_num_interop_threads() -> int:
    """One: operations run one after the other."""
    return 1


def set_flush_denormal(mode: bool) -> bool:
    """False: denormal numbers are kept."""
    return False


def set_warn_always(mode: bool) -> None:
    """Nothing."""


def is_storage(obj: Any) -> bool:
    """Whether obj is a tensor's memory, as Tensor.storage() and untyped_storage() give it."""
    return isinstance(obj, UntypedStorage)


def typename(obj: Any) -> str:
    """The name of a tensor's type, as tensor.type(), or of any other object's class."""
    if isinstance(obj, chainrule.Tensor):
        return obj.type()
    return f"{type(obj).__module__}.{type(obj).__qualname__}"
