"""Automatic differentiation with PyTorch's names and a small, fast C++ core.

Example:
    >>> import chainrule as cr
    >>> x = cr.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    tensor([2., 4., 6.])
"""

import math as _math

# The order matters: _load_core loads the compiled core the one right way, and what the package defines itself comes
# after what the core exports.
# isort: off
from . import _load_core
from ._core import *  # noqa: F403
from . import _tensor  # noqa: F401
from . import autograd, nn, optim, utils  # noqa: F401
from ._config import build_info, get_num_threads, set_num_threads, show_config  # noqa: F401
from ._tensor_str import set_printoptions  # noqa: F401
from .autograd import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled  # noqa: F401
# isort: on

__version__ = str(_load_core.core.build_info()["version"])

# What the parts above call, and nobody else should.
for _name in ("adam_step_", "apply_function", "backward", "clip_grad_norm_", "grad", "sgd_step_", "zero_grad_"):
    globals().pop(_name, None)
del _name

inf, nan, pi, e = _math.inf, _math.nan, _math.pi, _math.e
newaxis = None


def is_tensor(obj: object) -> bool:
    """Whether obj is a tensor."""
    return isinstance(obj, _load_core.core.Tensor)
