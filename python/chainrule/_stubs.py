"""Writes the types of the compiled core: ``python -m chainrule._stubs > python/chainrule/_core.pyi``.

The operations come from the core's registry, signatures and documentation both. What is no operation (attributes,
operators, dtypes, generators) stands in the template below. A test compares the file with what this prints.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import Any, NamedTuple

from ._load_core import core

WIDTH = 120
DIM = {"dim": "axis", "keepdim": "keepdims"}  # NumPy's names, taken as keywords

TYPES = {
    "Tensor": "Tensor",
    "Number": "Number",
    "int": "_int",
    "float": "_float",
    "bool": "_bool",
    "ints": "Ints",
    "sizes": "Sizes",
    "list": "Sequence[_int]",
    "size": "Ints",
    "Dtype": "DtypeLike",
    "str": "str",
    "Tensors": "Tensor | Sequence[Tensor]",
    "VarTensors": "Sequence[Tensor]",
    "Indices": "Sequence[Tensor | None]",
    "Generator": "Generator",
    "any": "Any",
}
# Arguments of type Tensor for which a number is natural, in functions with one signature.
LOOSE = {"other", "exponent", "value", "values", "min", "max", "end", "weight", "p", "q"}
SPREAD = {"size": "_int", "VarTensors": "Tensor"}  # a sequence, or its parts one by one
LOOSE_NOT_IN = {"linear", "bilinear", "prelu", "embedding", "cross_entropy", "nll_loss"}
LOOSE_TOO = {("where", "input"), ("where", "other")}

# What is returned, where that is not one tensor. A list has one entry for each signature.
TENSORS = "tuple[Tensor, ...]"
PAIR = "ValuesIndices"
RETURNS: dict[str, str | list[str]] = {
    **dict.fromkeys(["split", "tensor_split", "hsplit", "vsplit", "dsplit", "chunk", "unbind"], TENSORS),
    **dict.fromkeys(["broadcast_tensors", "meshgrid"], TENSORS),
    **{f"atleast_{n}d": ["Tensor", TENSORS] for n in (1, 2, 3)},
    **{name: ["Tensor", PAIR, "Tensor"] for name in ("max", "min")},
    **{name: ["Tensor", PAIR] for name in ("median", "nanmedian")},
    **dict.fromkeys(["sort", "topk", "kthvalue", "mode", "cummax", "cummin"], PAIR),
    **dict.fromkeys(["var_mean", "std_mean", "aminmax"], "tuple[Tensor, Tensor]"),
    **dict.fromkeys(["linalg_svd", "svd", "linalg_lstsq", "linalg_qr", "qr", "linalg_eigh"], "Any"),  # named tuples
    **dict.fromkeys(["linalg_slogdet", "slogdet"], "Any"),
    **dict.fromkeys(["rnn_tanh", "rnn_relu", "gru", "lstm_cell"], "tuple[Tensor, Tensor]"),
    "lstm": "tuple[Tensor, Tensor, Tensor]",
    **dict.fromkeys(["linalg_lu", "linalg_lu_factor", "lu", "lu_unpack", "frexp"], "Any"),
    **dict.fromkeys(["unravel_index", "gradient"], TENSORS),
    "unique": "Any",
    "unique_consecutive": "Any",
    "nonzero": "Any",  # a tuple with as_tuple=True
    "allclose": "_bool",
    "equal": "_bool",
}

TEMPLATE = '''\
"""The compiled core. Written by ``python -m chainrule._stubs``: change that, not this."""

# ruff: noqa
from builtins import bool as _bool
from builtins import float as _float
from builtins import int as _int
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar, overload

import numpy as np

from ._size import Size as Size

_Self = TypeVar("_Self", bound="Tensor")
Ints: TypeAlias = "_int | Sequence[_int]"
Sizes: TypeAlias = "_int | Sequence[_int | None]"
Number: TypeAlias = "_int | _float | Tensor"
TensorLike: TypeAlias = "Tensor | _int | _float | np.ndarray[Any, Any]"
DtypeLike: TypeAlias = "dtype | type | np.dtype[Any]"
DeviceLike: TypeAlias = "device | str | None"
_Gradients: TypeAlias = "tuple[Tensor | None, ...]"

class ValuesIndices(NamedTuple):
    values: Tensor
    indices: Tensor

class dtype:
    """The type of a tensor's elements."""

    @property
    def name(self) -> str: ...
    @property
    def is_floating_point(self) -> _bool: ...
    @property
    def is_complex(self) -> _bool: ...
    @property
    def is_signed(self) -> _bool: ...
    @property
    def itemsize(self) -> _int: ...

class device:
    """Where a tensor lives: always "cpu"."""

    def __init__(self, type: str | device = ..., index: _int | None = None) -> None: ...
    @property
    def type(self) -> str: ...
    @property
    def index(self) -> _int | None: ...
    def __enter__(self) -> device: ...
    def __exit__(self, *exc: object) -> None: ...

_dtype: TypeAlias = dtype
_device: TypeAlias = device

float32: _dtype
float64: _dtype
int32: _dtype
int64: _dtype
uint8: _dtype
bool: _dtype
float: _dtype
double: _dtype
int: _dtype
long: _dtype

class Generator:
    """A stream of random numbers: the same seed gives the same numbers as PyTorch's on the CPU."""

    def __init__(self, device: DeviceLike = "cpu") -> None: ...
    def manual_seed(self, seed: _int) -> Generator: ...
    def initial_seed(self) -> _int: ...
    def seed(self) -> _int: ...
    def get_state(self) -> Tensor: ...
    def set_state(self, state: Tensor) -> None: ...
    @property
    def device(self) -> _device: ...

default_generator: Generator

def manual_seed(seed: _int) -> Generator: ...
def initial_seed() -> _int: ...
def seed() -> _int: ...
def get_rng_state() -> Tensor: ...
def set_rng_state(new_state: Tensor) -> None: ...

class InvalidValueError(ValueError, RuntimeError): ...
class InvalidTypeError(TypeError, RuntimeError): ...
class InvalidIndexError(IndexError, RuntimeError): ...
class OutOfMemoryError(MemoryError, RuntimeError): ...
class _LinAlgError(RuntimeError): ...

class Node:
    """A recorded operation."""

    def name(self) -> str: ...
    @property
    def op_name(self) -> str: ...
    @property
    def next_functions(self) -> tuple[tuple[Node | None, _int], ...]: ...
    @property
    def variable(self) -> Tensor | None: ...
    @property
    def attributes(self) -> dict[str, Any]: ...
    @property
    def edges(self) -> list[tuple[Node | None, _int]]: ...
    @property
    def is_leaf(self) -> _bool: ...
    @property
    def freed(self) -> _bool: ...
    @property
    def is_recorded(self) -> _bool: ...
    @property
    def scope(self) -> str: ...
    @property
    def n_outputs(self) -> _int: ...
    @property
    def inputs(self) -> list[Tensor | None]: ...
    def register_hook(self, fn: Callable[[_Gradients, _Gradients], Any]) -> RemovableHandle: ...
    def register_prehook(self, fn: Callable[[_Gradients], Any]) -> RemovableHandle: ...
    @property
    def outputs(self) -> list[Tensor | None]: ...
    @property
    def input_kinds(self) -> list[tuple[Size, dtype, Size] | None]: ...
    @property
    def given_memory(self) -> list[tuple[_int, _int] | None]: ...
    @property
    def kept(self) -> list[Tensor | None]: ...
    @property
    def saved_storages(self) -> list[tuple[_int, _int]]: ...
    @property
    def grad_outputs(self) -> list[Tensor | None]: ...
    @property
    def grad_inputs(self) -> list[Tensor | None]: ...
    @property
    def _sequence_nr(self) -> _int: ...
    def replay(self, inputs: list[Tensor | None]) -> list[Tensor]: ...

class TapeEntry:
    """One event on a tape."""

    kind: str  # "operation", "begin", "gradient", "end"
    op: str
    grad_name: str
    attributes: dict[str, Any]
    inputs: list[Tensor]
    outputs: list[Tensor | None]
    node: Node | None
    sequence_nr: _int
    input: _int
    start: _int
    end: _int
    scope: str

class Tape:
    """Records the thread's operations and backward walks."""

    scope: str
    def __init__(self, *, entries: _bool = True, values: _bool = True, nodes: _bool = False) -> None: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def clear(self) -> None: ...
    def __len__(self) -> _int: ...
    @property
    def entries(self) -> list[TapeEntry]: ...

def graph_nodes(roots: Sequence[Tensor], limit: _int) -> tuple[list[Node], _int]: ...
def observed_walk(
    roots: Sequence[Tensor], grads: Sequence[Tensor], create_graph: _bool = False, max_nodes: _int = ...
) -> None: ...
def tensor_identity(tensor: Tensor) -> tuple[_int, _int]: ...
def module_calls() -> tuple[list[tuple[_int, _int, _int]], _int]: ...

def set_modules_hooked(hooked: _bool) -> None: ...

class ModuleBase:
    """The base of nn.Module: calling it calls forward, and its hooks."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...

class GradModeBlock:
    """A block in which recording is switched to the class attribute `mode`."""

    mode: _bool
    def __new__(cls, func: Callable[..., Any] | None = None) -> Any: ...
    def __enter__(self) -> None: ...
    def __exit__(self, *exc: object) -> None: ...

MOST_ATTRIBUTES: _int

def call_in_turn(input: Any, modules: dict[str, Any], /) -> Any: ...

class RemovableHandle:
    """Takes a hook off again."""

    def remove(self) -> None: ...
    def __enter__(self) -> RemovableHandle: ...
    def __exit__(self, *exc: object) -> None: ...

class SavedTensors:
    """Tensors that a Function keeps for its backward."""

    def unpack(self) -> tuple[Tensor | None, ...]: ...

class Tensor:
    """A multi-dimensional array that remembers how it was computed."""

    __array_priority__: _int
    requires_grad: _bool
    grad: Tensor | None
    _grad: Tensor | None
    data: Tensor
    __hash__: Callable[[Any], _int]  # type: ignore[assignment]

    def __new__(cls: type[_Self], *args: Any, **kwargs: Any) -> _Self: ...
    @staticmethod
    def _make_subclass(type: type[_Self], data: Tensor, require_grad: _bool = False, /) -> _Self: ...
    @property
    def shape(self) -> Size: ...
    @property
    def ndim(self) -> _int: ...
    @property
    def dtype(self) -> _dtype: ...
    @property
    def device(self) -> _device: ...
    @property
    def is_leaf(self) -> _bool: ...
    @property
    def grad_fn(self) -> Node | None: ...
    @property
    def retains_grad(self) -> _bool: ...
    @property
    def output_nr(self) -> _int: ...
    @property
    def itemsize(self) -> _int: ...
    @property
    def real(self) -> Tensor: ...
    @property
    def nbytes(self) -> _int: ...
    @property
    def is_cuda(self) -> _bool: ...
    @property
    def is_mps(self) -> _bool: ...
    @property
    def is_sparse(self) -> _bool: ...
    @property
    def is_quantized(self) -> _bool: ...
    @property
    def is_nested(self) -> _bool: ...
    @property
    def T(self) -> Tensor: ...
    @property
    def mT(self) -> Tensor: ...
    @property
    def mH(self) -> Tensor: ...
    @property
    def H(self) -> Tensor: ...
    @property
    def _version(self) -> _int: ...
    @property
    def _base(self) -> Tensor | None: ...
    def item(self) -> Any: ...
    def tolist(self) -> Any: ...
    def dim(self) -> _int: ...
    def ndimension(self) -> _int: ...
    def numel(self) -> _int: ...
    def nelement(self) -> _int: ...
    def element_size(self) -> _int: ...
    def data_ptr(self) -> _int: ...
    def storage_offset(self) -> _int: ...
    @overload
    def size(self, dim: None = None) -> Size: ...
    @overload
    def size(self, dim: _int) -> _int: ...
    @overload
    def stride(self) -> tuple[_int, ...]: ...
    @overload
    def stride(self, dim: _int, /) -> _int: ...
    def is_contiguous(self, *, memory_format: Any = None) -> _bool: ...
    def is_floating_point(self) -> _bool: ...
    def is_complex(self) -> _bool: ...
    def is_signed(self) -> _bool: ...
    def requires_grad_(self: _Self, requires_grad: _bool = True) -> _Self: ...
    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: _bool | None = None,
        create_graph: _bool = False,
        inputs: Tensor | Sequence[Tensor] | None = None,
    ) -> None: ...
    def retain_grad(self) -> None: ...
    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle: ...
    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> RemovableHandle: ...
    def float(self) -> Tensor: ...
    def double(self) -> Tensor: ...
    def long(self) -> Tensor: ...
    def int(self) -> Tensor: ...
    def bool(self) -> Tensor: ...
    def byte(self) -> Tensor: ...
    def to(self, *args: Any, **kwargs: Any) -> Tensor: ...
    def type(self, dtype: DtypeLike | str | None = None, non_blocking: _bool = False, **kwargs: Any) -> Any: ...
    def type_as(self, other: Tensor) -> Tensor: ...
    def new(self, *args: Any, device: Any = None) -> Tensor: ...
    def where(self, condition: Tensor, other: TensorLike) -> Tensor: ...
    def map_(self, tensor: Tensor, function: Any) -> Tensor: ...
    def resize_as_(self: _Self, other: Tensor, *, memory_format: Any = None) -> _Self: ...
    def get_device(self) -> _int: ...
    def is_same_size(self, other: Tensor) -> _bool: ...
    def is_set_to(self, tensor: Tensor) -> _bool: ...
    def is_nonzero(self) -> _bool: ...
    def polygamma(self, n: _int) -> Tensor: ...
    def conj(self: _Self) -> _Self: ...
    def conj_physical(self: _Self) -> _Self: ...
    def resolve_conj(self: _Self) -> _Self: ...
    def resolve_neg(self: _Self) -> _Self: ...
    def record_stream(self, stream: Any) -> None: ...
    def half(self) -> Any: ...
    def bfloat16(self) -> Any: ...
    is_mkldnn: _bool
    is_xpu: _bool
    @property
    def layout(self) -> Any: ...
    @property
    def is_sparse_csr(self) -> _bool: ...
    def to_sparse(self, sparse_dim: _int | None = None, *, layout: Any = None, **options: Any) -> Any: ...
    def to_sparse_coo(self, sparse_dim: _int | None = None, *, layout: Any = None, **options: Any) -> Any: ...
    def to_sparse_csr(self, dense_dim: _int | None = None) -> Any: ...
    def to_dense(self, dtype: DtypeLike | None = None, *, masked_grad: _bool | None = None) -> Tensor: ...
    def sparse_mask(self, mask: Any) -> Any: ...
    def sparse_dim(self) -> _int: ...
    def dense_dim(self) -> _int: ...
    def coalesce(self) -> Any: ...
    def is_coalesced(self) -> _bool: ...
    def indices(self) -> Tensor: ...
    def values(self) -> Tensor: ...
    def crow_indices(self) -> Tensor: ...
    def col_indices(self) -> Tensor: ...
    def _indices(self) -> Tensor: ...
    def _values(self) -> Tensor: ...
    def _nnz(self) -> _int: ...
    @property
    def is_cpu(self) -> _bool: ...
    @property
    def is_meta(self) -> _bool: ...
    @property
    def _storage_nbytes(self) -> _int: ...
    def storage(self) -> Any: ...
    def untyped_storage(self) -> Any: ...
    def apply_(self, function: Any) -> Tensor: ...
    def new_tensor(
        self, data: Any, *, dtype: DtypeLike | None = None, device: DeviceLike = None, requires_grad: _bool = False
    ) -> Tensor: ...
    def cpu(self: _Self) -> _Self: ...
    def cuda(self, *args: Any, **kwargs: Any) -> Tensor: ...
    def pin_memory(self: _Self) -> _Self: ...
    def share_memory_(self: _Self) -> _Self: ...
    def is_shared(self) -> _bool: ...
    def numpy(self, *, force: _bool = False) -> np.ndarray[Any, Any]: ...
    def __array__(self, dtype: Any = None, copy: _bool | None = None) -> np.ndarray[Any, Any]: ...
    @property
    def __array_interface__(self) -> dict[str, Any]: ...
    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: _bool | None = None
    ) -> Any: ...
    def __dlpack_device__(self) -> tuple[_int, _int]: ...
    def __len__(self) -> _int: ...
    def __iter__(self) -> Iterator[Tensor]: ...
    def __reversed__(self) -> Tensor: ...
    def __contains__(self, element: Any) -> _bool: ...
    def __getitem__(self, key: Any) -> Tensor: ...
    def __setitem__(self, key: Any, value: Any) -> None: ...
    def __bool__(self) -> _bool: ...
    def __int__(self) -> _int: ...
    def __float__(self) -> _float: ...
    def __index__(self) -> _int: ...
    def __deepcopy__(self, memo: dict[_int, Any]) -> Any: ...
    def __reduce_ex__(self, protocol: Any) -> Any: ...
    def __abs__(self) -> Tensor: ...
    def __neg__(self) -> Tensor: ...
    def __pos__(self) -> Tensor: ...
    def __invert__(self) -> Tensor: ...
    def __eq__(self, other: Any) -> Tensor: ...  # type: ignore[override]
    def __ne__(self, other: Any) -> Tensor: ...  # type: ignore[override]
<operators>
<methods>

def tensor(
    data: Any,
    *,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
) -> Tensor:
    """A new tensor with a copy of the data: a number, a nested sequence, an array or a tensor."""

def as_tensor(data: Any, dtype: DtypeLike | None = None, device: DeviceLike = None) -> Tensor:
    """A tensor of the data, sharing its memory where that is possible."""

def from_dlpack(ext_tensor: Any, *, device: DeviceLike = None, copy: _bool | None = None) -> Tensor:
    """A tensor that shares memory with an array of another library: an object with __dlpack__, or a capsule."""

def from_numpy(ndarray: np.ndarray[Any, Any]) -> Tensor:
    """A tensor that shares the array's memory."""

def set_default_dtype(d: DtypeLike) -> None: ...
def get_default_dtype() -> _dtype: ...
def _to_dtype(o: Any) -> _dtype | None: ...
def is_grad_enabled() -> _bool: ...
def set_grad_enabled(mode: _bool) -> None: ...
def is_anomaly_enabled() -> _bool: ...
def is_anomaly_check_nan_enabled() -> _bool: ...
def set_anomaly_enabled(mode: _bool, check_nan: _bool = True) -> None: ...
def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: _bool | None = None,
    create_graph: _bool = False,
    inputs: Any = None,
) -> None: ...
def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: _bool | None = None,
    create_graph: _bool = False,
    allow_unused: _bool | None = None,
    materialize_grads: _bool = False,
) -> tuple[Tensor, ...]: ...
def _push_packer(pack: Callable[[Tensor], Any], unpack: Callable[[Any], Tensor]) -> None: ...
def _pop_packer() -> None: ...
def _bump_version(tensor: Tensor) -> None: ...
def apply_function(cls: Any, args: tuple[Any, ...]) -> Any: ...
def sgd_step_(
    params: list[Any],
    buffers: list[Any],
    lr: _float,
    momentum: _float,
    dampening: _float,
    weight_decay: _float,
    nesterov: _bool,
    maximize: _bool,
    /,
) -> None: ...
def adam_step_(
    params: list[Any],
    exp_avgs: list[Any],
    exp_avg_sqs: list[Any],
    max_exp_avg_sqs: list[Any],
    steps: list[Any],
    lr: _float,
    beta1: _float,
    beta2: _float,
    eps: _float,
    weight_decay: _float,
    decoupled: _bool,
    amsgrad: _bool,
    maximize: _bool,
    /,
) -> None: ...
def rule_step_(
    name: str,
    params: list[Any],
    states: list[list[Any]],
    steps: list[Any],
    kept: list[list[Any]],
    lr: _float,
    weight_decay: _float,
    decoupled: _bool,
    maximize: _bool,
    numbers: Sequence[_float],
    /,
) -> None: ...
def adafactor_step_(
    params: list[Any],
    row_vars: list[Any],
    col_vars: list[Any],
    variances: list[Any],
    steps: list[Any],
    lr: _float,
    beta2_decay: _float,
    weight_decay: _float,
    eps1: _float | None,
    eps2: _float,
    d: _float,
    maximize: _bool,
    /,
) -> None: ...
def muon_step_(
    params: list[Any],
    buffers: list[Any],
    lr_ratios: list[_float],
    lr: _float,
    weight_decay: _float,
    momentum: _float,
    nesterov: _bool,
    coefficients: Sequence[_float],
    eps: _float,
    steps: _int,
    /,
) -> None: ...
def zero_grad_(params: Any, set_to_none: _bool = True) -> None: ...
def clip_grad_norm_(
    params: Any, max_norm: _float, norm_type: _float = 2.0, error_if_nonfinite: _bool = False
) -> Tensor: ...
def total_norm(tensors: Any, norm_type: _float, error_if_nonfinite: _bool, /) -> Tensor: ...
def clip_grad_value_(params: Any, clip_value: _float) -> None: ...
def build_info() -> dict[str, Any]: ...
def get_num_threads() -> _int: ...
def set_num_threads(threads: _int) -> None: ...
def memory_stats() -> dict[str, _int]: ...
def empty_cache() -> None: ...
def set_cache_limit(bytes: _int) -> None: ...
def reset_peak_memory() -> None: ...
def live_tensors() -> _int: ...
def live_nodes() -> _int: ...
def registry() -> list[dict[str, Any]]: ...

<functions>

class _nn:
    """The functions of chainrule.nn.functional; a module at run time."""

<nn>
'''

BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", "lshift", "rshift")


class Param(NamedTuple):
    name: str
    type: str
    declared: str  # the type's name in the registry
    default: str | None
    keyword_only: bool

    def text(self) -> str:
        return f"{self.name}: {self.type}" + ("" if self.default is None else f" = {self.default}")


OUT = Param("out", "Any", "any", "None", True)


def parse(signature: str, name: str, loose: bool) -> list[Param]:
    """The parameters of a signature of the registry, such as "sum(Tensor input, ints dim=None, bool keepdim=False)"."""
    params, keyword_only = [], False
    for part in re.split(r",\s*(?![^()]*\))", signature[signature.index("(") + 1 : -1]):
        if part == "*":
            keyword_only = True
        elif part:
            declared, _, default = part.partition("=")
            kind, word = declared.split()
            params.append(Param(*_typed(kind, word, default or None, loose, name), keyword_only))
    return params


def _typed(kind: str, word: str, default: str | None, loose: bool, name: str) -> tuple[str, str, str, str | None]:
    annotation = TYPES[kind]
    if kind == "Tensor" and ((loose and word in LOOSE and name not in LOOSE_NOT_IN) or (name, word) in LOOSE_TOO):
        annotation = "TensorLike"
    if word == "device":
        annotation = "DeviceLike"
    elif default == "None" and annotation != "Any":
        annotation += " | None"
    if default is not None:
        default = default.replace("'", '"') if re.match(r"['\d(-]|None|True|False", default) else "..."
    return word + "_" * (word == "from"), annotation, kind, default


def variants(params: list[Param], alone: bool) -> Iterator[list[Param]]:
    """The ways to write a signature: as it is, with sizes one by one, with NumPy's names as keywords."""
    yield params
    if any(p.declared in SPREAD for p in params):
        # Beside another signature, which takes one tensor, at least two.
        star = "*" if alone else "first: Tensor, second: Tensor, /, *"
        yield [p._replace(name=star + p.name, type=SPREAD[p.declared]) if p.declared in SPREAD else p for p in params]
    first = next((i for i, p in enumerate(params) if p.name in DIM), None)
    if first is not None:
        yield [
            p._replace(
                name=DIM.get(p.name, p.name),
                default=None if i == first else p.default,
                keyword_only=p.keyword_only or i >= first,
            )
            for i, p in enumerate(params)
        ]


def _covered(new: list[Param], old: list[Param]) -> bool:
    """Whether every call of the new form is one of the old form: type checkers refuse such an overload."""
    given = {p.name for p in new}
    return all(p.default is not None or p.name in given for p in old) and all(
        any((p.name, p.type) == (q.name, q.type) and (p.keyword_only or i == j) for j, q in enumerate(old))
        for i, p in enumerate(new)
    )


def _listed(params: list[Param]) -> list[str]:
    out = []
    for i, p in enumerate(params):
        after_star = any(q.keyword_only or "*" in q.name for q in params[:i])
        if p.keyword_only and not after_star:
            out.append("*")
        out.append(p.text())
    return out


def define(name: str, params: list[str], result: str, doc: str, overloaded: bool) -> list[str]:
    head, tail = f"def {name}(", f") -> {result}:"
    lines = ["@overload"] if overloaded else []
    line = head + ", ".join(params) + tail + ("" if doc else " ...")
    if len(line) <= WIDTH - 8:
        lines.append(line)
    else:
        lines += [head, *(f"    {p}," for p in params), tail + ("" if doc else " ...")]
    return lines + (["    " + line if line else "" for line in _quoted(doc)] if doc else [])


def _quoted(doc: str) -> list[str]:
    lines = doc.strip().split("\n")
    raw = "r" if "\\" in doc else ""
    if len(lines) == 1:
        return [f'{raw}"""{lines[0]}"""']
    return [f'{raw}"""{lines[0]}', *lines[1:], '"""']


def operation(entry: dict[str, Any], name: str, method: bool, doc: str, static: bool = False) -> list[str]:
    """All overloads of one name of an operation."""
    signatures = entry["signatures"]
    written: list[tuple[list[Param], str]] = []
    for i, signature in enumerate(signatures):
        result = RETURNS.get(entry["name"], "Tensor")
        result = result if isinstance(result, str) else result[i]
        params = parse(signature, entry["name"], len(signatures) == 1)
        if not (method or static or name.endswith("_") or result == "_bool"):
            params = [*params, OUT]  # the binding takes it for all functions alike
        if method and (not params or params[0].declared != "Tensor"):
            continue  # a form without a tensor as first argument
        for variant in variants(params[1:] if method else params, len(signatures) == 1):
            if not any(_covered(variant, known) for known, _ in written):
                written.append((variant, result))
    lines: list[str] = []
    for i, (variant, result) in enumerate(written):
        listed = ["self", *_listed(variant)] if method else _listed(variant)
        part = define(name, listed, result, doc if i == 0 else "", len(written) > 1)
        lines += ["@staticmethod", *part] if static else part
    return lines


def names(entry: dict[str, Any]) -> list[str]:
    name = entry["name"]
    if entry["inplace_only"]:
        return [name if name.endswith("_") else name + "_"]
    return [name, name + "_"] if entry["inplace"] else [name]


def blocks(where: str) -> str:
    """The operations that stand in one place: "method" (of Tensor), "function" or "nn"."""
    place = {"method": core.Tensor, "function": core, "nn": core._nn}[where]
    known: set[str] = set()
    lines: list[str] = []
    for entry in sorted(core.registry(), key=lambda e: str(e["name"])):
        for name in names(entry):
            if name in known or not entry[where] or not hasattr(place, name):
                continue
            known.add(name)
            doc = entry["doc"].strip()
            elsewhere = name != entry["name"] or (where == "method" and entry["function"]) or where == "nn"
            lines += operation(entry, name, where == "method", doc.split("\n")[0] if elsewhere else doc, where == "nn")
    return "\n".join(lines)


def operators() -> str:
    lines = [f"def __{op}__(self, other: Number) -> Tensor: ..." for op in ("lt", "le", "gt", "ge")]
    for op in BINARY:
        lines.append(f"def __{op}__(self, other: TensorLike) -> Tensor: ...")
        lines.append(f"def __r{op}__(self, other: TensorLike) -> Tensor: ...")
        if op != "matmul":
            lines.append(f"def __i{op}__(self: _Self, other: TensorLike) -> _Self: ...")
    return "\n".join(lines)


def stub() -> str:
    """The text of _core.pyi."""
    text = TEMPLATE
    for mark, part, depth in (
        ("<operators>", operators(), 4),
        ("<methods>", blocks("method"), 4),
        ("<functions>", blocks("function"), 0),
        ("<nn>", blocks("nn"), 4),
    ):
        text = text.replace(mark, textwrap.indent(part, " " * depth))
    return text


if __name__ == "__main__":
    print(stub(), end="")
