"""Names of a package that are imported when first used (PEP 562): what a program does not name costs it nothing."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any


def later(
    package: str, modules: Iterable[str], members: Mapping[str, Iterable[str]] | None = None
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a package.

    Args:
        package: its `__name__`.
        modules: its submodules that come late.
        members: by submodule, the names that the package has from there. None may be called like a submodule:
            importing that one would put the module in the name's place.

    Type checkers find the same names in a block `if TYPE_CHECKING` of the package.
    """
    namespace = sys.modules[package].__dict__
    home = {name: module for module, names in (members or {}).items() for name in names}
    home |= dict.fromkeys(modules, "")

    def __getattr__(name: str) -> Any:
        if name not in home:
            raise AttributeError(f"module '{package}' has no attribute '{name}'", name=name, obj=sys.modules[package])
        module = importlib.import_module(f".{home[name] or name}", package)
        found = namespace[name] = getattr(module, name) if home[name] else module
        return found

    def __dir__() -> list[str]:
        return sorted({*namespace, *home})

    return __getattr__, __dir__
