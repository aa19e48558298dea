"""Automatic differentiation with PyTorch's names and a small, fast C++ core.

Example:
    >>> import chainrule as cr
    >>> x = cr.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    tensor([2., 4., 6.])
"""

import builtins as _builtins
import math as _math
import typing as _typing

# The order matters: _load_core loads the compiled core the one right way, and what the package defines itself comes
# after what the core exports. "x as x" tells type checkers that x is public.
# isort: off
from . import _load_core
from ._core import *  # noqa: F403  (the core's public names)
from . import _tensor  # noqa: F401  (completes the class Tensor)
from . import autograd as autograd
from . import _module_names
from ._formats import channels_last as channels_last, channels_last_3d as channels_last_3d
from ._formats import contiguous_format as contiguous_format, layout as layout, memory_format as memory_format
from ._formats import preserve_format as preserve_format, sparse_coo as sparse_coo, sparse_csr as sparse_csr
from ._formats import strided as strided
from ._storage import BoolStorage as BoolStorage, ByteStorage as ByteStorage, DoubleStorage as DoubleStorage
from ._storage import FloatStorage as FloatStorage, Storage as Storage, IntStorage as IntStorage
from ._storage import LongStorage as LongStorage, TypedStorage as TypedStorage, UntypedStorage as UntypedStorage
from ._storage import from_file as from_file
from ._functions import angle as angle, asarray as asarray, broadcast_shapes as broadcast_shapes, conj as conj
from ._functions import frombuffer as frombuffer, is_same_size as is_same_size, is_signed as is_signed
from ._functions import isreal as isreal, split_with_sizes as split_with_sizes
from ._functions import can_cast as can_cast, numel as numel, promote_types as promote_types
from ._functions import histogram as histogram, histogramdd as histogramdd, result_type as result_type
from ._functions import empty_strided as empty_strided, narrow_copy as narrow_copy
from ._functions import triangular_solve as triangular_solve
from ._functions import unsafe_chunk as unsafe_chunk, unsafe_split as unsafe_split
from ._functions import unsafe_split_with_sizes as unsafe_split_with_sizes
from ._functions import einsum as einsum, gradient as gradient, tensordot as tensordot  # type: ignore[no-redef]  # around the core's
from ._config import build_info as build_info, get_num_threads as get_num_threads
from ._config import set_num_threads as set_num_threads, show_config as show_config  # type: ignore[assignment]  # around the core's
from ._legacy import BFloat16Tensor as BFloat16Tensor, BoolTensor as BoolTensor, ByteTensor as ByteTensor
from ._legacy import CharTensor as CharTensor, DoubleTensor as DoubleTensor, HalfTensor as HalfTensor
from ._legacy import ShortTensor as ShortTensor
from ._legacy import FloatTensor as FloatTensor, IntTensor as IntTensor, LongTensor as LongTensor, finfo as finfo
from ._legacy import iinfo as iinfo, is_complex as is_complex, is_floating_point as is_floating_point
from ._legacy import is_nonzero as is_nonzero, set_default_tensor_type as set_default_tensor_type
from ._tensor_str import set_printoptions as set_printoptions
from .autograd import enable_grad as enable_grad, inference_mode as inference_mode, no_grad as no_grad
from .autograd import is_grad_enabled as is_grad_enabled
from .autograd import set_grad_enabled as set_grad_enabled  # type: ignore[assignment]  # around the core's
from ._later import later as _later

# isort: on
_module_names.install()

if _typing.TYPE_CHECKING:
    from . import accelerator as accelerator
    from . import amp as amp
    from . import backends as backends
    from . import compiler as compiler
    from . import cuda as cuda
    from . import distributed as distributed
    from . import distributions as distributions
    from . import fft as fft
    from . import func as func
    from . import hub as hub
    from . import jit as jit
    from . import library as library
    from . import linalg as linalg
    from . import mps as mps
    from . import multiprocessing as multiprocessing
    from . import nn as nn
    from . import onnx as onnx
    from . import optim as optim
    from . import profiler as profiler
    from . import quasirandom as quasirandom
    from . import random as random
    from . import serialization as serialization
    from . import sklearn as sklearn
    from . import sparse as sparse
    from . import special as special
    from . import testing as testing
    from . import types as types
    from . import utils as utils
    from . import version as version
    from . import viz as viz
    from . import xpu as xpu
    from ._flat import source as source
    from ._low_level import constant_pad_nd as constant_pad_nd
    from ._low_level import conv_tbc as conv_tbc
    from ._low_level import embedding as embedding
    from ._low_level import embedding_bag as embedding_bag
    from ._low_level import native_dropout as native_dropout
    from ._reports import profile as profile
    from ._reports import summary as summary
    from ._switches import GradScaler as GradScaler
    from ._switches import are_deterministic_algorithms_enabled as are_deterministic_algorithms_enabled
    from ._switches import autocast as autocast
    from ._switches import compile as compile
    from ._switches import get_autocast_dtype as get_autocast_dtype
    from ._switches import get_default_device as get_default_device
    from ._switches import get_float32_matmul_precision as get_float32_matmul_precision
    from ._switches import get_num_interop_threads as get_num_interop_threads
    from ._switches import is_autocast_enabled as is_autocast_enabled
    from ._switches import (
        is_deterministic_algorithms_warn_only_enabled as is_deterministic_algorithms_warn_only_enabled,
    )
    from ._switches import is_inference_mode_enabled as is_inference_mode_enabled
    from ._switches import is_storage as is_storage
    from ._switches import set_default_device as set_default_device
    from ._switches import set_float32_matmul_precision as set_float32_matmul_precision
    from ._switches import set_flush_denormal as set_flush_denormal
    from ._switches import set_num_interop_threads as set_num_interop_threads
    from ._switches import set_warn_always as set_warn_always
    from ._switches import typename as typename
    from ._switches import use_deterministic_algorithms as use_deterministic_algorithms
    from ._windows import bartlett_window as bartlett_window
    from ._windows import blackman_window as blackman_window
    from ._windows import hamming_window as hamming_window
    from ._windows import hann_window as hann_window
    from ._windows import kaiser_window as kaiser_window
    from .func import vmap as vmap
    from .serialization import load as load
    from .serialization import save as save
    from .sparse import smm as smm
    from .sparse import sparse_coo_tensor as sparse_coo_tensor
    from .sparse import sparse_csr_tensor as sparse_csr_tensor
    from .sparse import spmm as spmm

__version__ = str(_load_core.core.build_info()["version"])

# What the parts above call, and nobody else should.
for _name in ("adam_step_", "apply_function", "backward", "clip_grad_norm_", "grad", "sgd_step_", "zero_grad_"):
    globals().pop(_name, None)
for _name in [name for name in globals() if name.startswith(("linalg_", "special_"))]:
    globals().pop(_name)  # they stand in chainrule.linalg and chainrule.special
del _name

inf, nan, pi, e = _math.inf, _math.nan, _math.pi, _math.e
newaxis = None


# What not every program needs is imported when it is first named.
# fmt: off
_MODULES = [
    "accelerator", "amp", "backends", "compiler", "cuda", "distributed", "distributions", "fft", "func", "hub", "jit",
    "library", "linalg", "mps", "multiprocessing", "nn", "onnx", "optim", "profiler", "quasirandom", "random",
    "serialization", "sklearn", "sparse", "special", "testing", "types", "utils", "version", "viz", "xpu",
]
_MEMBERS = {
    "_flat": ["source"],
    "_low_level": ["constant_pad_nd", "conv_tbc", "embedding", "embedding_bag", "native_dropout"],
    "_reports": ["profile", "summary"],
    "_switches": [
        "GradScaler", "are_deterministic_algorithms_enabled", "autocast", "compile",
        "get_autocast_dtype", "is_deterministic_algorithms_warn_only_enabled", "get_default_device",
        "get_float32_matmul_precision", "get_num_interop_threads", "is_autocast_enabled",
        "is_inference_mode_enabled", "is_storage", "set_default_device",
        "set_float32_matmul_precision", "set_flush_denormal", "set_num_interop_threads", "set_warn_always",
        "typename", "use_deterministic_algorithms",
    ],
    "_windows": ["bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window"],
    "func": ["vmap"],
    "serialization": ["load", "save"],
    "sparse": ["smm", "sparse_coo_tensor", "sparse_csr_tensor", "spmm"],
}
# fmt: on
__getattr__, __dir__ = _later(__name__, _MODULES, _MEMBERS)


def is_tensor(obj: object) -> _builtins.bool:
    """Whether obj is a tensor."""
    return isinstance(obj, _load_core.core.Tensor)


if not _typing.TYPE_CHECKING:
    # What `from chainrule import *` gives: all that is here, and of what comes late the parts that most programs use.
    __all__ = [name for name in globals() if not name.startswith("_")]
    __all__ += ["func", "linalg", "nn", "optim", "special", "utils", "load", "save", "vmap", *_MEMBERS["_windows"]]
