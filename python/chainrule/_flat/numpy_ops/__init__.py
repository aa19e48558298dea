"""Operations in plain NumPy. What a flat program needs of these is printed into it, so each stands on its own.

A function takes arrays, then the operation's attributes. Helpers that it calls are found by their names.
"""

import inspect
from collections.abc import Callable
from typing import Any

from . import arrays, elements, images, layers, matrices

FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: function
    for module in (elements, arrays, images, layers, matrices)
    for name, function in vars(module).items()
    if inspect.isfunction(function) and function.__module__ == module.__name__
}
