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

float16: _dtype
bfloat16: _dtype
float32: _dtype
float64: _dtype
int8: _dtype
int16: _dtype
int32: _dtype
int64: _dtype
uint8: _dtype
bool: _dtype
float: _dtype
double: _dtype
int: _dtype
long: _dtype
half: _dtype
short: _dtype

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
    def metadata(self) -> dict[Any, Any]: ...
    def _keeps(self, number: _int) -> _bool: ...
    def _saved_value(self, number: _int) -> Tensor | None: ...
    def __getattr__(self, name: str) -> Any: ...
    @property
    def _sequence_nr(self) -> _int: ...
    def replay(self, inputs: list[Tensor | None]) -> list[Tensor]: ...

class EdgeTarget:
    """A place in the graph, with the shape and dtype of the tensor there."""

    @property
    def node(self) -> Node: ...
    @property
    def output_nr(self) -> _int: ...

class DualGuard:
    """Watches a dual level of forward_ad."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def add(self, dual: Tensor) -> None: ...
    def depends_on_dual(self, tensor: Tensor) -> _bool: ...

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
def expect_hooked_modules() -> None: ...
def make_layer(forward: Callable[..., Any], function: Callable[..., Any], names: tuple[str, ...]) -> None: ...

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
    def stride(self, dim: None = None) -> tuple[_int, ...]: ...
    @overload
    def stride(self, dim: _int) -> _int: ...
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
    def char(self) -> Tensor: ...
    def short(self) -> Tensor: ...
    def to(self, *args: Any, **kwargs: Any) -> Tensor: ...
    def type(self, dtype: DtypeLike | str | None = None, non_blocking: _bool = False, **kwargs: Any) -> Any: ...
    def type_as(self, other: Tensor) -> Tensor: ...
    def new(self, *args: Any, size: Any = None, device: Any = None) -> Tensor: ...
    def where(self, condition: Tensor, other: TensorLike) -> Tensor: ...
    def map_(self, tensor: Tensor, callable: Any) -> Tensor: ...
    def map2_(self, x: Tensor, y: Tensor, callable: Any) -> Tensor: ...
    def set_(
        self: _Self, source: Any = None, storage_offset: _int = 0, size: Any = None, stride: Any = None
    ) -> _Self: ...
    def module_load(self, other: Tensor, assign: _bool = False) -> Tensor: ...
    def as_subclass(self, cls: Any) -> Any: ...
    def dim_order(self, *, ambiguity_check: Any = False) -> tuple[_int, ...]: ...
    def new_empty_strided(
        self, size: Sequence[_int], stride: Sequence[_int], *, dtype: DtypeLike | None = None, **options: Any
    ) -> Tensor: ...
    def split_with_sizes(self, split_sizes: Sequence[_int], dim: _int = 0) -> tuple[Tensor, ...]: ...
    def narrow_copy(self, dim: _int, start: _int, length: _int) -> Tensor: ...
    def triangular_solve(
        self, A: Tensor, upper: _bool = True, transpose: _bool = False, unitriangular: _bool = False
    ) -> Any: ...
    def unsafe_chunk(self, chunks: _int, dim: _int = 0) -> tuple[Tensor, ...]: ...
    def unsafe_split(self, split_size: _int, dim: _int = 0) -> tuple[Tensor, ...]: ...
    def unsafe_split_with_sizes(self, split_sizes: Sequence[_int], dim: _int = 0) -> tuple[Tensor, ...]: ...
    def is_conj(self) -> _bool: ...
    def is_neg(self) -> _bool: ...
    def is_inference(self) -> _bool: ...
    def is_distributed(self) -> _bool: ...
    def is_pinned(self, device: Any = None) -> _bool: ...
    def _is_view(self) -> _bool: ...
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
    def half(self) -> Tensor: ...
    def bfloat16(self) -> Tensor: ...
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
    def __lt__(self, other: Number) -> Tensor: ...
    def __le__(self, other: Number) -> Tensor: ...
    def __gt__(self, other: Number) -> Tensor: ...
    def __ge__(self, other: Number) -> Tensor: ...
    def __add__(self, other: TensorLike) -> Tensor: ...
    def __radd__(self, other: TensorLike) -> Tensor: ...
    def __iadd__(self: _Self, other: TensorLike) -> _Self: ...
    def __sub__(self, other: TensorLike) -> Tensor: ...
    def __rsub__(self, other: TensorLike) -> Tensor: ...
    def __isub__(self: _Self, other: TensorLike) -> _Self: ...
    def __mul__(self, other: TensorLike) -> Tensor: ...
    def __rmul__(self, other: TensorLike) -> Tensor: ...
    def __imul__(self: _Self, other: TensorLike) -> _Self: ...
    def __truediv__(self, other: TensorLike) -> Tensor: ...
    def __rtruediv__(self, other: TensorLike) -> Tensor: ...
    def __itruediv__(self: _Self, other: TensorLike) -> _Self: ...
    def __floordiv__(self, other: TensorLike) -> Tensor: ...
    def __rfloordiv__(self, other: TensorLike) -> Tensor: ...
    def __ifloordiv__(self: _Self, other: TensorLike) -> _Self: ...
    def __mod__(self, other: TensorLike) -> Tensor: ...
    def __rmod__(self, other: TensorLike) -> Tensor: ...
    def __imod__(self: _Self, other: TensorLike) -> _Self: ...
    def __pow__(self, other: TensorLike) -> Tensor: ...
    def __rpow__(self, other: TensorLike) -> Tensor: ...
    def __ipow__(self: _Self, other: TensorLike) -> _Self: ...
    def __matmul__(self, other: TensorLike) -> Tensor: ...
    def __rmatmul__(self, other: TensorLike) -> Tensor: ...
    def __and__(self, other: TensorLike) -> Tensor: ...
    def __rand__(self, other: TensorLike) -> Tensor: ...
    def __iand__(self: _Self, other: TensorLike) -> _Self: ...
    def __or__(self, other: TensorLike) -> Tensor: ...
    def __ror__(self, other: TensorLike) -> Tensor: ...
    def __ior__(self: _Self, other: TensorLike) -> _Self: ...
    def __xor__(self, other: TensorLike) -> Tensor: ...
    def __rxor__(self, other: TensorLike) -> Tensor: ...
    def __ixor__(self: _Self, other: TensorLike) -> _Self: ...
    def __lshift__(self, other: TensorLike) -> Tensor: ...
    def __rlshift__(self, other: TensorLike) -> Tensor: ...
    def __ilshift__(self: _Self, other: TensorLike) -> _Self: ...
    def __rshift__(self, other: TensorLike) -> Tensor: ...
    def __rrshift__(self, other: TensorLike) -> Tensor: ...
    def __irshift__(self: _Self, other: TensorLike) -> _Self: ...
    def abs(self) -> Tensor:
        """Absolute value of each element; the gradient at 0 is 0."""
    def abs_(self) -> Tensor:
        """Absolute value of each element; the gradient at 0 is 0."""
    def absolute(self) -> Tensor:
        """Absolute value of each element, as abs(); the gradient at 0 is 0."""
    def absolute_(self) -> Tensor:
        """Absolute value of each element, as abs(); the gradient at 0 is 0."""
    def acos(self) -> Tensor:
        """Inverse cosine, in radians; nan outside [-1, 1]."""
    def acos_(self) -> Tensor:
        """Inverse cosine, in radians; nan outside [-1, 1]."""
    def acosh(self) -> Tensor:
        """Inverse hyperbolic cosine; nan below 1."""
    def acosh_(self) -> Tensor:
        """Inverse hyperbolic cosine; nan below 1."""
    def add(self, other: TensorLike, *, alpha: Number = 1) -> Tensor:
        """Sum of two tensors, of which the second may be scaled."""
    def add_(self, other: TensorLike, *, alpha: Number = 1) -> Tensor:
        """Sum of two tensors, of which the second may be scaled."""
    def addbmm(self, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """Products of two batches of matrices, summed and added to a tensor."""
    def addbmm_(self, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """Products of two batches of matrices, summed and added to a tensor."""
    def addcdiv(self, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
        """Adds a scaled quotient of two tensors."""
    def addcdiv_(self, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
        """Adds a scaled quotient of two tensors."""
    def addcmul(self, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
        """Adds a scaled product of two tensors."""
    def addcmul_(self, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
        """Adds a scaled product of two tensors."""
    def addmm(self, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """A product of matrices, added to a tensor."""
    def addmm_(self, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """A product of matrices, added to a tensor."""
    def addmv(self, mat: Tensor, vec: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """A product of matrix and vector, added to a tensor."""
    def addmv_(self, mat: Tensor, vec: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """A product of matrix and vector, added to a tensor."""
    def addr(self, vec1: Tensor, vec2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """An outer product, added to a tensor."""
    def addr_(self, vec1: Tensor, vec2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """An outer product, added to a tensor."""
    def adjoint(self) -> Tensor:
        """The last two axes exchanged (there are no complex tensors)."""
    @overload
    def all(self, dim: Ints | None = None, keepdim: _bool = False) -> Tensor:
        """True where no element is 0, over all axes or over those given."""
    @overload
    def all(self, *, axis: Ints | None, keepdims: _bool = False) -> Tensor: ...
    def allclose(
        self,
        other: TensorLike,
        rtol: _float = 1e-05,
        atol: _float = 1e-08,
        equal_nan: _bool = False,
    ) -> _bool:
        """Whether two tensors are equal everywhere within a tolerance."""
    @overload
    def amax(self, dim: Ints | None = None, keepdim: _bool = False) -> Tensor:
        """Largest element over axes; tied elements share the gradient evenly."""
    @overload
    def amax(self, *, axis: Ints | None, keepdims: _bool = False) -> Tensor: ...
    @overload
    def amin(self, dim: Ints | None = None, keepdim: _bool = False) -> Tensor:
        """Smallest element over axes; tied elements share the gradient evenly."""
    @overload
    def amin(self, *, axis: Ints | None, keepdims: _bool = False) -> Tensor: ...
    @overload
    def aminmax(self, *, dim: _int | None = None, keepdim: _bool = False) -> tuple[Tensor, Tensor]:
        """Smallest and largest element, of all or along an axis; tied elements share the gradient evenly."""
    @overload
    def aminmax(self, *, axis: _int | None, keepdims: _bool = False) -> tuple[Tensor, Tensor]: ...
    @overload
    def any(self, dim: Ints | None = None, keepdim: _bool = False) -> Tensor:
        """True where some element is not 0, over all axes or over those given."""
    @overload
    def any(self, *, axis: Ints | None, keepdims: _bool = False) -> Tensor: ...
    def arccos(self) -> Tensor:
        """Inverse cosine, in radians; nan outside [-1, 1]."""
    def arccos_(self) -> Tensor:
        """Inverse cosine, in radians; nan outside [-1, 1]."""
    def arccosh(self) -> Tensor:
        """Inverse hyperbolic cosine; nan below 1."""
    def arccosh_(self) -> Tensor:
        """Inverse hyperbolic cosine; nan below 1."""
    def arcsin(self) -> Tensor:
        """Inverse sine, in radians; nan outside [-1, 1]."""
    def arcsin_(self) -> Tensor:
        """Inverse sine, in radians; nan outside [-1, 1]."""
    def arcsinh(self) -> Tensor:
        """Inverse hyperbolic sine."""
    def arcsinh_(self) -> Tensor:
        """Inverse hyperbolic sine."""
    def arctan(self) -> Tensor:
        """Inverse tangent, in radians."""
    def arctan_(self) -> Tensor:
        """Inverse tangent, in radians."""
    def arctan2(self, other: TensorLike) -> Tensor:
        """Angle in radians, in (-pi, pi], between the x axis and the point (other, input)."""
    def arctan2_(self, other: TensorLike) -> Tensor:
        """Angle in radians, in (-pi, pi], between the x axis and the point (other, input)."""
    def arctanh(self) -> Tensor:
        """Inverse hyperbolic tangent; nan outside [-1, 1]."""
    def arctanh_(self) -> Tensor:
        """Inverse hyperbolic tangent; nan outside [-1, 1]."""
    @overload
    def argmax(self, dim: _int | None = None, keepdim: _bool = False) -> Tensor:
        """Index of the first largest element, of all or along an axis."""
    @overload
    def argmax(self, *, axis: _int | None, keepdims: _bool = False) -> Tensor: ...
    @overload
    def argmin(self, dim: _int | None = None, keepdim: _bool = False) -> Tensor:
        """Index of the first smallest element, of all or along an axis."""
    @overload
    def argmin(self, *, axis: _int | None, keepdims: _bool = False) -> Tensor: ...
    @overload
    def argsort(self, dim: _int = -1, descending: _bool = False, stable: _bool = False) -> Tensor:
        """The indices that sort along an axis."""
    @overload
    def argsort(self, *, axis: _int, descending: _bool = False, stable: _bool = False) -> Tensor: ...
    def argwhere(self) -> Tensor:
        """The positions of elements that aren't 0: (count, axes)."""
    def as_strided(self, size: Ints, stride: Ints, storage_offset: _int | None = None) -> Tensor:
        """The tensor's memory seen with other sizes and strides."""
    def as_strided_(self, size: Ints, stride: Ints, storage_offset: _int | None = None) -> Tensor:
        """as_strided() of the tensor itself."""
    def asin(self) -> Tensor:
        """Inverse sine, in radians; nan outside [-1, 1]."""
    def asin_(self) -> Tensor:
        """Inverse sine, in radians; nan outside [-1, 1]."""
    def asinh(self) -> Tensor:
        """Inverse hyperbolic sine."""
    def asinh_(self) -> Tensor:
        """Inverse hyperbolic sine."""
    def atan(self) -> Tensor:
        """Inverse tangent, in radians."""
    def atan_(self) -> Tensor:
        """Inverse tangent, in radians."""
    def atan2(self, other: TensorLike) -> Tensor:
        """Angle in radians, in (-pi, pi], between the x axis and the point (other, input)."""
    def atan2_(self, other: TensorLike) -> Tensor:
        """Angle in radians, in (-pi, pi], between the x axis and the point (other, input)."""
    def atanh(self) -> Tensor:
        """Inverse hyperbolic tangent; nan outside [-1, 1]."""
    def atanh_(self) -> Tensor:
        """Inverse hyperbolic tangent; nan outside [-1, 1]."""
    def baddbmm(self, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """Products of two batches of matrices, added to a tensor."""
    def baddbmm_(self, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """Products of two batches of matrices, added to a tensor."""
    def bernoulli(self, p: _float | None = None, *, generator: Generator | None = None) -> Tensor:
        """1 with the probability that stands in the input, otherwise 0."""
    @overload
    def bernoulli_(self, p: _float = 0.5, *, generator: Generator | None = None) -> Tensor:
        """Fills with 1 at probability p, otherwise 0."""
    @overload
    def bernoulli_(self, p: Tensor, *, generator: Generator | None = None) -> Tensor: ...
    def bincount(self, weights: Tensor | None = None, minlength: _int = 0) -> Tensor:
        """How often each non-negative integer occurs."""
    def bitwise_and(self, other: TensorLike) -> Tensor:
        """Bitwise and of integers; logical and of bool tensors."""
    def bitwise_and_(self, other: TensorLike) -> Tensor:
        """Bitwise and of integers; logical and of bool tensors."""
    def bitwise_left_shift(self, other: TensorLike) -> Tensor:
        """Shifts the bits of integers to the left; 0 beyond the width."""
    def bitwise_left_shift_(self, other: TensorLike) -> Tensor:
        """Shifts the bits of integers to the left; 0 beyond the width."""
    def bitwise_not(self) -> Tensor:
        """Bitwise not of integers; logical not of bool tensors."""
    def bitwise_not_(self) -> Tensor:
        """Bitwise not of integers; logical not of bool tensors."""
    def bitwise_or(self, other: TensorLike) -> Tensor:
        """Bitwise or of integers; logical or of bool tensors."""
    def bitwise_or_(self, other: TensorLike) -> Tensor:
        """Bitwise or of integers; logical or of bool tensors."""
    def bitwise_right_shift(self, other: TensorLike) -> Tensor:
        """Shifts the bits of integers to the right, keeping the sign."""
    def bitwise_right_shift_(self, other: TensorLike) -> Tensor:
        """Shifts the bits of integers to the right, keeping the sign."""
    def bitwise_xor(self, other: TensorLike) -> Tensor:
        """Bitwise exclusive or of integers; logical one of bool tensors."""
    def bitwise_xor_(self, other: TensorLike) -> Tensor:
        """Bitwise exclusive or of integers; logical one of bool tensors."""
    def bmm(self, mat2: Tensor) -> Tensor:
        """Products of two batches of matrices."""
    @overload
    def broadcast_to(self, size: Ints) -> Tensor:
        """Broadcasts to a shape, as arithmetic does; shares memory."""
    @overload
    def broadcast_to(self, *size: _int) -> Tensor: ...
    def cauchy_(self, median: _float = 0.0, sigma: _float = 1.0, *, generator: Generator | None = None) -> Tensor:
        """Fills with Cauchy random numbers."""
    def ceil(self) -> Tensor:
        """Smallest whole number not below each element. Its gradient is 0."""
    def ceil_(self) -> Tensor:
        """Smallest whole number not below each element. Its gradient is 0."""
    def cholesky(self, upper: _bool = False) -> Tensor:
        """Cholesky decomposition of symmetric positive definite matrices: another name for linalg.cholesky()."""
    def cholesky_inverse(self, upper: _bool = False) -> Tensor:
        """Inverse of A from its Cholesky factor."""
    def cholesky_solve(self, L: Tensor, upper: _bool = False) -> Tensor:
        """Solution X of A X = B from the Cholesky factor of A."""
    @overload
    def chunk(self, chunks: _int, dim: _int = 0) -> tuple[Tensor, ...]:
        """Cuts an axis into at most `chunks` parts of equal size; the last may be smaller."""
    @overload
    def chunk(self, chunks: _int, *, axis: _int) -> tuple[Tensor, ...]: ...
    def clamp(self, min: TensorLike | None = None, max: TensorLike | None = None) -> Tensor:
        """Limits each element to the range from min to max."""
    def clamp_(self, min: TensorLike | None = None, max: TensorLike | None = None) -> Tensor:
        """Limits each element to the range from min to max."""
    def clamp_max(self, max: TensorLike) -> Tensor:
        """Limits each element from above: clamp(input, max=max)."""
    def clamp_max_(self, max: TensorLike) -> Tensor:
        """Limits each element from above: clamp(input, max=max)."""
    def clamp_min(self, min: TensorLike) -> Tensor:
        """Limits each element from below: clamp(input, min=min)."""
    def clamp_min_(self, min: TensorLike) -> Tensor:
        """Limits each element from below: clamp(input, min=min)."""
    def clip(self, min: TensorLike | None = None, max: TensorLike | None = None) -> Tensor:
        """Limits each element to the range from min to max."""
    def clip_(self, min: TensorLike | None = None, max: TensorLike | None = None) -> Tensor:
        """Limits each element to the range from min to max."""
    def clone(self, *, memory_format: Any = None) -> Tensor:
        """A copy in memory of its own; gradients flow through it."""
    def contiguous(self, *, memory_format: Any = None) -> Tensor:
        """The tensor itself if it lies row-major in memory, otherwise such a copy.

        Example:
            >>> chainrule.zeros(2, 3).t().contiguous().stride()
            (2, 1)
        """
    def copy_(self, src: Tensor, non_blocking: _bool = False) -> Tensor:
        """Takes the elements of another tensor, which is broadcast and converted."""
    def copysign(self, other: TensorLike) -> Tensor:
        """The size of x with the sign of y, also that of -0."""
    def copysign_(self, other: TensorLike) -> Tensor:
        """The size of x with the sign of y, also that of -0."""
    def corrcoef(self) -> Tensor:
        """Correlation coefficients of variables (rows) over observations (columns)."""
    def cos(self) -> Tensor:
        """Cosine of each element, in radians."""
    def cos_(self) -> Tensor:
        """Cosine of each element, in radians."""
    def cosh(self) -> Tensor:
        """Hyperbolic cosine."""
    def cosh_(self) -> Tensor:
        """Hyperbolic cosine."""
    @overload
    def count_nonzero(self, dim: Ints | None = None) -> Tensor:
        """Number of elements that are not 0."""
    @overload
    def count_nonzero(self, *, axis: Ints | None) -> Tensor: ...
    def cov(
        self,
        *,
        correction: _int = 1,
        fweights: Tensor | None = None,
        aweights: Tensor | None = None,
    ) -> Tensor:
        """Covariances of variables (rows) over observations (columns)."""
    @overload
    def cross(self, other: TensorLike, dim: _int | None = None) -> Tensor:
        """Cross product of vectors of three elements."""
    @overload
    def cross(self, other: TensorLike, *, axis: _int | None) -> Tensor: ...
    @overload
    def cummax(self, dim: _int) -> ValuesIndices:
        """Running maximum along an axis, and where it is."""
    @overload
    def cummax(self, *, axis: _int) -> ValuesIndices: ...
    @overload
    def cummin(self, dim: _int) -> ValuesIndices:
        """Running minimum along an axis, and where it is."""
    @overload
    def cummin(self, *, axis: _int) -> ValuesIndices: ...
    @overload
    def cumprod(self, dim: _int, *, dtype: DtypeLike | None = None) -> Tensor:
        """Running product along an axis."""
    @overload
    def cumprod(self, *, axis: _int, dtype: DtypeLike | None = None) -> Tensor: ...
    @overload
    def cumprod_(self, dim: _int, *, dtype: DtypeLike | None = None) -> Tensor:
        """Running product along an axis."""
    @overload
    def cumprod_(self, *, axis: _int, dtype: DtypeLike | None = None) -> Tensor: ...
    @overload
    def cumsum(self, dim: _int, *, dtype: DtypeLike | None = None) -> Tensor:
        """Running sum along an axis."""
    @overload
    def cumsum(self, *, axis: _int, dtype: DtypeLike | None = None) -> Tensor: ...
    @overload
    def cumsum_(self, dim: _int, *, dtype: DtypeLike | None = None) -> Tensor:
        """Running sum along an axis."""
    @overload
    def cumsum_(self, *, axis: _int, dtype: DtypeLike | None = None) -> Tensor: ...
    def deg2rad(self) -> Tensor:
        """Degrees to radians."""
    def deg2rad_(self) -> Tensor:
        """Degrees to radians."""
    def det(self) -> Tensor:
        """Determinant of square matrices."""
    def detach(self) -> Tensor:
        """The same memory without history: no gradient flows back."""
    def detach_(self) -> Tensor:
        """Takes the tensor out of its graph; it becomes a leaf."""
    def diag(self, diagonal: _int = 0) -> Tensor:
        """A matrix with a vector on a diagonal, or the diagonal of a matrix as a vector."""
    def diag_embed(self, offset: _int = 0, dim1: _int = -2, dim2: _int = -1) -> Tensor:
        """Matrices with the last axis on a diagonal and 0 elsewhere."""
    def diagflat(self, offset: _int = 0) -> Tensor:
        """A matrix with all elements on a diagonal."""
    def diagonal(self, offset: _int = 0, dim1: _int = 0, dim2: _int = 1) -> Tensor:
        """A view of a diagonal, which becomes the last axis."""
    def diagonal_scatter(self, src: Tensor, offset: _int = 0, dim1: _int = 0, dim2: _int = 1) -> Tensor:
        """A copy with a diagonal replaced."""
    @overload
    def diff(
        self,
        n: _int = 1,
        dim: _int = -1,
        prepend: Tensor | None = None,
        append: Tensor | None = None,
    ) -> Tensor:
        """Differences of neighbours along an axis."""
    @overload
    def diff(
        self,
        n: _int = 1,
        *,
        axis: _int,
        prepend: Tensor | None = None,
        append: Tensor | None = None,
    ) -> Tensor: ...
    def digamma(self) -> Tensor:
        """Logarithmic derivative of the gamma function."""
    def digamma_(self) -> Tensor:
        """Logarithmic derivative of the gamma function."""
    def dist(self, other: TensorLike, p: Number = 2) -> Tensor:
        """Norm of the difference of two tensors."""
    def div(self, other: TensorLike, *, rounding_mode: str | None = None) -> Tensor:
        """Quotient of two tensors; integers are divided as floats unless a rounding mode is given."""
    def div_(self, other: TensorLike, *, rounding_mode: str | None = None) -> Tensor:
        """Quotient of two tensors; integers are divided as floats unless a rounding mode is given."""
    def divide(self, other: TensorLike, *, rounding_mode: str | None = None) -> Tensor:
        """Quotient of two tensors; integers are divided as floats unless a rounding mode is given."""
    def divide_(self, other: TensorLike, *, rounding_mode: str | None = None) -> Tensor:
        """Quotient of two tensors; integers are divided as floats unless a rounding mode is given."""
    def dot(self, tensor: Tensor) -> Tensor:
        """Inner product of two vectors."""
    @overload
    def dsplit(self, sections: _int) -> tuple[Tensor, ...]:
        """tensor_split() along axis 2, into equal sections or at indices."""
    @overload
    def dsplit(self, indices: Sequence[_int]) -> tuple[Tensor, ...]: ...
    def eq(self, other: TensorLike) -> Tensor:
        """True where two tensors are equal; nan equals nothing."""
    def eq_(self, other: TensorLike) -> Tensor:
        """True where two tensors are equal; nan equals nothing."""
    def equal(self, other: TensorLike) -> _bool:
        """Whether two tensors have the same shape and equal elements."""
    def erf(self) -> Tensor:
        """Error function."""
    def erf_(self) -> Tensor:
        """Error function."""
    def erfc(self) -> Tensor:
        """Complement of the error function, exact for large x too."""
    def erfc_(self) -> Tensor:
        """Complement of the error function, exact for large x too."""
    def erfinv(self) -> Tensor:
        """Inverse of the error function; +-inf at +-1, nan beyond."""
    def erfinv_(self) -> Tensor:
        """Inverse of the error function; +-inf at +-1, nan beyond."""
    def exp(self) -> Tensor:
        """Exponential of each element."""
    def exp_(self) -> Tensor:
        """Exponential of each element."""
    def exp2(self) -> Tensor:
        """Power of two with each element as exponent."""
    def exp2_(self) -> Tensor:
        """Power of two with each element as exponent."""
    @overload
    def expand(self, size: Ints, *, implicit: _bool = False) -> Tensor:
        """Repeats along axes of size 1, and along new leading axes, without copying.

        The gradient is summed over what was repeated. The result can't be written in place: its elements share memory.

        Args:
            size: the new sizes; -1 keeps a size.

        Example:
            >>> chainrule.tensor([[1.], [2.]]).expand(-1, 3)
            tensor([[1., 1., 1.],
                    [2., 2., 2.]])
        """
    @overload
    def expand(self, *size: _int, implicit: _bool = False) -> Tensor: ...
    def expand_as(self, other: TensorLike) -> Tensor:
        """expand() to the shape of another tensor.

        Example:
            >>> chainrule.ones(1, 2).expand_as(chainrule.zeros(3, 2)).shape
            chainrule.Size([3, 2])
        """
    def expm1(self) -> Tensor:
        """Exponential minus 1, exact for small x too."""
    def expm1_(self) -> Tensor:
        """Exponential minus 1, exact for small x too."""
    def exponential_(self, lambd: _float = 1.0, *, generator: Generator | None = None) -> Tensor:
        """Fills with exponential random numbers of rate lambd."""
    def fill_(self, value: TensorLike) -> Tensor:
        """Sets every element to one value."""
    def fill_diagonal_(self, fill_value: Number, wrap: _bool = False) -> Tensor:
        """Sets the main diagonal to one value."""
    def fix(self) -> Tensor:
        """Each element rounded towards 0, as trunc(). Its gradient is 0."""
    def fix_(self) -> Tensor:
        """Each element rounded towards 0, as trunc(). Its gradient is 0."""
    def flatten(self, start_dim: _int = 0, end_dim: _int = -1) -> Tensor:
        """Merges the axes from start_dim to end_dim into one."""
    @overload
    def flip(self, dims: Ints) -> Tensor:
        """Reverses the order along the given axes; a copy."""
    @overload
    def flip(self, *dims: _int) -> Tensor: ...
    def fliplr(self) -> Tensor:
        """flip() along axis 1."""
    def flipud(self) -> Tensor:
        """flip() along axis 0."""
    def float_power(self, exponent: TensorLike) -> Tensor:
        """Power computed and returned in float64."""
    def float_power_(self, exponent: TensorLike) -> Tensor:
        """Power computed and returned in float64."""
    def floor(self) -> Tensor:
        """Largest whole number not above each element. Its gradient is 0."""
    def floor_(self) -> Tensor:
        """Largest whole number not above each element. Its gradient is 0."""
    def floor_divide(self, other: TensorLike) -> Tensor:
        """Quotient rounded down to a whole number; its gradient is 0."""
    def floor_divide_(self, other: TensorLike) -> Tensor:
        """Quotient rounded down to a whole number; its gradient is 0."""
    def fmax(self, other: TensorLike) -> Tensor:
        """The larger of two tensors, ignoring nan where only one is nan."""
    def fmin(self, other: TensorLike) -> Tensor:
        """The smaller of two tensors, ignoring nan where only one is nan."""
    def fmod(self, other: TensorLike) -> Tensor:
        """Remainder of a division, with the dividend's sign, as C's fmod."""
    def fmod_(self, other: TensorLike) -> Tensor:
        """Remainder of a division, with the dividend's sign, as C's fmod."""
    def frac(self) -> Tensor:
        """The fraction of each element, with its sign."""
    def frac_(self) -> Tensor:
        """The fraction of each element, with its sign."""
    def frexp(self) -> Any:
        """Mantissa and exponent of numbers."""
    @overload
    def gather(self, dim: _int, index: Tensor, *, sparse_grad: _bool = False) -> Tensor:
        """Elements along an axis, chosen by an index for each place."""
    @overload
    def gather(self, *, axis: _int, index: Tensor, sparse_grad: _bool = False) -> Tensor: ...
    def gcd(self, other: TensorLike) -> Tensor:
        """Greatest common divisor of two integers, not negative; gcd(0, 0) = 0."""
    def gcd_(self, other: TensorLike) -> Tensor:
        """Greatest common divisor of two integers, not negative; gcd(0, 0) = 0."""
    def ge(self, other: TensorLike) -> Tensor:
        """True where input >= other."""
    def ge_(self, other: TensorLike) -> Tensor:
        """True where input >= other."""
    def geometric_(self, p: _float, *, generator: Generator | None = None) -> Tensor:
        """Fills with the number of trials up to the first success of probability p."""
    def ger(self, vec2: Tensor) -> Tensor:
        """Outer product of two vectors: another name for outer()."""
    def greater(self, other: TensorLike) -> Tensor:
        """True where input > other."""
    def greater_(self, other: TensorLike) -> Tensor:
        """True where input > other."""
    def greater_equal(self, other: TensorLike) -> Tensor:
        """True where input >= other."""
    def greater_equal_(self, other: TensorLike) -> Tensor:
        """True where input >= other."""
    def gt(self, other: TensorLike) -> Tensor:
        """True where input > other."""
    def gt_(self, other: TensorLike) -> Tensor:
        """True where input > other."""
    def hardshrink(self, lambd: _float = 0.5) -> Tensor:
        """Sets elements between -lambd and lambd to 0."""
    def heaviside(self, values: TensorLike) -> Tensor:
        """Heaviside's step function. Its gradient is 0 everywhere."""
    def heaviside_(self, values: TensorLike) -> Tensor:
        """Heaviside's step function. Its gradient is 0 everywhere."""
    def histc(self, bins: _int = 100, min: Number = 0, max: Number = 0) -> Tensor:
        """How many elements lie in each of some equal intervals."""
    @overload
    def hsplit(self, sections: _int) -> tuple[Tensor, ...]:
        """tensor_split() along axis 1 (axis 0 of a vector), into equal sections or at indices."""
    @overload
    def hsplit(self, indices: Sequence[_int]) -> tuple[Tensor, ...]: ...
    def hypot(self, other: TensorLike) -> Tensor:
        """Length of the hypotenuse, without overflow on the way."""
    def hypot_(self, other: TensorLike) -> Tensor:
        """Length of the hypotenuse, without overflow on the way."""
    def i0(self) -> Tensor:
        """Modified Bessel function of the first kind, of order 0."""
    def i0_(self) -> Tensor:
        """Modified Bessel function of the first kind, of order 0."""
    def igamma(self, other: TensorLike) -> Tensor:
        """Lower incomplete gamma function, regularised."""
    def igamma_(self, other: TensorLike) -> Tensor:
        """Lower incomplete gamma function, regularised."""
    def igammac(self, other: TensorLike) -> Tensor:
        """Upper incomplete gamma function, regularised: 1 - igamma(a, x) without cancellation."""
    def igammac_(self, other: TensorLike) -> Tensor:
        """Upper incomplete gamma function, regularised: 1 - igamma(a, x) without cancellation."""
    @overload
    def index_add(self, dim: _int, index: Tensor, source: Tensor, *, alpha: Number = 1) -> Tensor:
        """Adds slices of a source to the positions along an axis."""
    @overload
    def index_add(self, *, axis: _int, index: Tensor, source: Tensor, alpha: Number = 1) -> Tensor: ...
    @overload
    def index_add_(self, dim: _int, index: Tensor, source: Tensor, *, alpha: Number = 1) -> Tensor:
        """Adds slices of a source to the positions along an axis."""
    @overload
    def index_add_(self, *, axis: _int, index: Tensor, source: Tensor, alpha: Number = 1) -> Tensor: ...
    @overload
    def index_copy(self, dim: _int, index: Tensor, source: Tensor) -> Tensor:
        """Puts slices of a source at the positions along an axis."""
    @overload
    def index_copy(self, *, axis: _int, index: Tensor, source: Tensor) -> Tensor: ...
    @overload
    def index_copy_(self, dim: _int, index: Tensor, source: Tensor) -> Tensor:
        """Puts slices of a source at the positions along an axis."""
    @overload
    def index_copy_(self, *, axis: _int, index: Tensor, source: Tensor) -> Tensor: ...
    @overload
    def index_fill(self, dim: _int, index: Tensor, value: TensorLike) -> Tensor:
        """Puts one value at the positions along an axis."""
    @overload
    def index_fill(self, *, axis: _int, index: Tensor, value: TensorLike) -> Tensor: ...
    @overload
    def index_fill_(self, dim: _int, index: Tensor, value: TensorLike) -> Tensor:
        """Puts one value at the positions along an axis."""
    @overload
    def index_fill_(self, *, axis: _int, index: Tensor, value: TensorLike) -> Tensor: ...
    def index_put(
        self,
        indices: Tensor | Sequence[Tensor | None],
        values: TensorLike,
        accumulate: _bool = False,
    ) -> Tensor:
        """Puts values at positions that index tensors name."""
    def index_put_(
        self,
        indices: Tensor | Sequence[Tensor | None],
        values: TensorLike,
        accumulate: _bool = False,
    ) -> Tensor:
        """Puts values at positions that index tensors name."""
    @overload
    def index_reduce(
        self,
        dim: _int,
        index: Tensor,
        source: Tensor,
        reduce: str,
        *,
        include_self: _bool = True,
    ) -> Tensor:
        """Combines slices of a source with those at the positions along an axis."""
    @overload
    def index_reduce(
        self,
        *,
        axis: _int,
        index: Tensor,
        source: Tensor,
        reduce: str,
        include_self: _bool = True,
    ) -> Tensor: ...
    @overload
    def index_reduce_(
        self,
        dim: _int,
        index: Tensor,
        source: Tensor,
        reduce: str,
        *,
        include_self: _bool = True,
    ) -> Tensor:
        """Combines slices of a source with those at the positions along an axis."""
    @overload
    def index_reduce_(
        self,
        *,
        axis: _int,
        index: Tensor,
        source: Tensor,
        reduce: str,
        include_self: _bool = True,
    ) -> Tensor: ...
    @overload
    def index_select(self, dim: _int, index: Tensor) -> Tensor:
        """The positions along an axis that a vector names; gradients add up."""
    @overload
    def index_select(self, *, axis: _int, index: Tensor) -> Tensor: ...
    def inner(self, other: TensorLike) -> Tensor:
        """Products summed over the last axes of both tensors; of numbers the plain product."""
    def inverse(self) -> Tensor:
        """Inverse of square matrices."""
    def isclose(
        self,
        other: TensorLike,
        rtol: _float = 1e-05,
        atol: _float = 1e-08,
        equal_nan: _bool = False,
    ) -> Tensor:
        """True where two tensors are equal within a tolerance."""
    def isfinite(self) -> Tensor:
        """True where the input is neither nan nor inf nor -inf."""
    def isinf(self) -> Tensor:
        """True where the input is inf or -inf."""
    def isnan(self) -> Tensor:
        """True where the input is nan."""
    def isneginf(self) -> Tensor:
        """True where the input is -inf."""
    def isposinf(self) -> Tensor:
        """True where the input is inf."""
    def kron(self, other: TensorLike) -> Tensor:
        """Kronecker product: each element of the first tensor times the whole second one."""
    @overload
    def kthvalue(self, k: _int, dim: _int = -1, keepdim: _bool = False) -> ValuesIndices:
        """The k-th smallest element along an axis; k counts from 1."""
    @overload
    def kthvalue(self, k: _int, *, axis: _int, keepdims: _bool = False) -> ValuesIndices: ...
    def lcm(self, other: TensorLike) -> Tensor:
        """Least common multiple of two integers, not negative; 0 where one of them is 0."""
    def lcm_(self, other: TensorLike) -> Tensor:
        """Least common multiple of two integers, not negative; 0 where one of them is 0."""
    def ldexp(self, other: TensorLike) -> Tensor:
        """Product with a power of two."""
    def ldexp_(self, other: TensorLike) -> Tensor:
        """Product with a power of two."""
    def le(self, other: TensorLike) -> Tensor:
        """True where input <= other."""
    def le_(self, other: TensorLike) -> Tensor:
        """True where input <= other."""
    def lerp(self, end: TensorLike, weight: TensorLike) -> Tensor:
        """Linear interpolation between two tensors."""
    def lerp_(self, end: TensorLike, weight: TensorLike) -> Tensor:
        """Linear interpolation between two tensors."""
    def less(self, other: TensorLike) -> Tensor:
        """True where input < other."""
    def less_(self, other: TensorLike) -> Tensor:
        """True where input < other."""
    def less_equal(self, other: TensorLike) -> Tensor:
        """True where input <= other."""
    def less_equal_(self, other: TensorLike) -> Tensor:
        """True where input <= other."""
    def lgamma(self) -> Tensor:
        """Logarithm of the absolute value of the gamma function."""
    def lgamma_(self) -> Tensor:
        """Logarithm of the absolute value of the gamma function."""
    def log(self) -> Tensor:
        """Natural logarithm of each element; -inf at 0, NaN below."""
    def log_(self) -> Tensor:
        """Natural logarithm of each element; -inf at 0, NaN below."""
    def log10(self) -> Tensor:
        """Logarithm to base 10."""
    def log10_(self) -> Tensor:
        """Logarithm to base 10."""
    def log1p(self) -> Tensor:
        """Natural logarithm of 1 + x, exact for small x too."""
    def log1p_(self) -> Tensor:
        """Natural logarithm of 1 + x, exact for small x too."""
    def log2(self) -> Tensor:
        """Logarithm to base 2."""
    def log2_(self) -> Tensor:
        """Logarithm to base 2."""
    def log_normal_(self, mean: _float = 1.0, std: _float = 2.0, *, generator: Generator | None = None) -> Tensor:
        """Fills with exp of normal random numbers."""
    @overload
    def log_softmax(self, dim: _int, dtype: DtypeLike | None = None) -> Tensor:
        """Logarithm of the softmax along an axis, without its rounding."""
    @overload
    def log_softmax(self, *, axis: _int, dtype: DtypeLike | None = None) -> Tensor: ...
    def logaddexp(self, other: TensorLike) -> Tensor:
        """Logarithm of the sum of two exponentials, without overflow on the way."""
    def logaddexp2(self, other: TensorLike) -> Tensor:
        """Logarithm, to the base 2, of the sum of two powers of 2."""
    @overload
    def logcumsumexp(self, dim: _int) -> Tensor:
        """Logarithm of the running sum of exponentials along an axis."""
    @overload
    def logcumsumexp(self, *, axis: _int) -> Tensor: ...
    def logdet(self) -> Tensor:
        """Logarithm of the determinant of square matrices; NaN where that is negative, -inf where it is 0."""
    def logical_and(self, other: TensorLike) -> Tensor:
        """True where both are nonzero."""
    def logical_and_(self, other: TensorLike) -> Tensor:
        """True where both are nonzero."""
    def logical_not(self) -> Tensor:
        """True where the input is 0."""
    def logical_not_(self) -> Tensor:
        """True where the input is 0."""
    def logical_or(self, other: TensorLike) -> Tensor:
        """True where at least one is nonzero."""
    def logical_or_(self, other: TensorLike) -> Tensor:
        """True where at least one is nonzero."""
    def logical_xor(self, other: TensorLike) -> Tensor:
        """True where exactly one is nonzero."""
    def logical_xor_(self, other: TensorLike) -> Tensor:
        """True where exactly one is nonzero."""
    def logit(self, eps: _float | None = None) -> Tensor:
        """Inverse of the sigmoid."""
    def logit_(self, eps: _float | None = None) -> Tensor:
        """Inverse of the sigmoid."""
    @overload
    def logsumexp(self, dim: Ints, keepdim: _bool = False) -> Tensor:
        """Logarithm of the sum of exponentials over axes, without overflow."""
    @overload
    def logsumexp(self, *, axis: Ints, keepdims: _bool = False) -> Tensor: ...
    def lt(self, other: TensorLike) -> Tensor:
        """True where input < other."""
    def lt_(self, other: TensorLike) -> Tensor:
        """True where input < other."""
    def lu(self, pivot: _bool = True, get_infos: _bool = False) -> Any:
        """LU decomposition, packed; the older name of linalg.lu_factor()."""
    def lu_solve(self, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
        """Solution X of A X = B from the LU decomposition of A; see linalg.lu_solve()."""
    def masked_fill(self, mask: Tensor, value: TensorLike) -> Tensor:
        """Fills the elements where a mask is True with one value."""
    def masked_fill_(self, mask: Tensor, value: TensorLike) -> Tensor:
        """Fills the elements where a mask is True with one value."""
    def masked_scatter(self, mask: Tensor, source: Tensor) -> Tensor:
        """Puts a source's elements, in order, where a mask is True."""
    def masked_scatter_(self, mask: Tensor, source: Tensor) -> Tensor:
        """Puts a source's elements, in order, where a mask is True."""
    def masked_select(self, mask: Tensor) -> Tensor:
        """The elements where a mask is True, as a vector."""
    def matmul(self, other: TensorLike) -> Tensor:
        """Matrix product: vectors, matrices, and batches of matrices."""
    def matrix_exp(self) -> Tensor:
        """Exponential of square matrices."""
    def matrix_power(self, n: _int) -> Tensor:
        """Power of square matrices, by repeated squaring; a negative one takes the inverse first."""
    @overload
    def max(self) -> Tensor:
        """Largest element of all, along an axis with its index, or of two tensors."""
    @overload
    def max(self, dim: _int, keepdim: _bool = False) -> ValuesIndices: ...
    @overload
    def max(self, *, axis: _int, keepdims: _bool = False) -> ValuesIndices: ...
    @overload
    def max(self, other: Tensor) -> Tensor: ...
    def maximum(self, other: TensorLike) -> Tensor:
        """The larger of two tensors, element by element; nan if one is nan."""
    @overload
    def mean(self, dim: Ints | None = None, keepdim: _bool = False, *, dtype: DtypeLike | None = None) -> Tensor:
        """Mean of the elements, over all axes or over those given."""
    @overload
    def mean(self, *, axis: Ints | None, keepdims: _bool = False, dtype: DtypeLike | None = None) -> Tensor: ...
    @overload
    def median(self) -> Tensor:
        """Median: the lower of the two middle elements where their number is even."""
    @overload
    def median(self, dim: _int, keepdim: _bool = False) -> ValuesIndices: ...
    @overload
    def median(self, *, axis: _int, keepdims: _bool = False) -> ValuesIndices: ...
    @overload
    def min(self) -> Tensor:
        """Smallest element of all, along an axis with its index, or of two tensors."""
    @overload
    def min(self, dim: _int, keepdim: _bool = False) -> ValuesIndices: ...
    @overload
    def min(self, *, axis: _int, keepdims: _bool = False) -> ValuesIndices: ...
    @overload
    def min(self, other: Tensor) -> Tensor: ...
    def minimum(self, other: TensorLike) -> Tensor:
        """The smaller of two tensors, element by element; nan if one is nan."""
    def mm(self, mat2: Tensor) -> Tensor:
        """Product of two matrices."""
    @overload
    def mode(self, dim: _int = -1, keepdim: _bool = False) -> ValuesIndices:
        """The value that occurs most often along an axis; the smallest of several."""
    @overload
    def mode(self, *, axis: _int, keepdims: _bool = False) -> ValuesIndices: ...
    def moveaxis(self, source: Ints, destination: Ints) -> Tensor:
        """Moves axes to new places; the others keep their order."""
    def movedim(self, source: Ints, destination: Ints) -> Tensor:
        """Moves axes to new places; the others keep their order."""
    def msort(self) -> Tensor:
        """Sorts along the first axis."""
    def mul(self, other: TensorLike) -> Tensor:
        """Product of two tensors, element by element."""
    def mul_(self, other: TensorLike) -> Tensor:
        """Product of two tensors, element by element."""
    def multinomial(
        self,
        num_samples: _int,
        replacement: _bool = False,
        *,
        generator: Generator | None = None,
    ) -> Tensor:
        """Draws categories by weight."""
    def multiply(self, other: TensorLike) -> Tensor:
        """Product of two tensors, element by element."""
    def multiply_(self, other: TensorLike) -> Tensor:
        """Product of two tensors, element by element."""
    def mv(self, vec: Tensor) -> Tensor:
        """Product of a matrix and a vector."""
    def mvlgamma(self, p: _int) -> Tensor:
        """Logarithm of the multivariate gamma function."""
    def nan_to_num(
        self,
        nan: Number | None = None,
        posinf: Number | None = None,
        neginf: Number | None = None,
    ) -> Tensor:
        """Replaces nan, inf and -inf by numbers; the gradient there is 0."""
    def nan_to_num_(
        self,
        nan: Number | None = None,
        posinf: Number | None = None,
        neginf: Number | None = None,
    ) -> Tensor:
        """Replaces nan, inf and -inf by numbers; the gradient there is 0."""
    @overload
    def nanmean(self, dim: Ints | None = None, keepdim: _bool = False, *, dtype: DtypeLike | None = None) -> Tensor:
        """Mean of the elements that are not NaN; those get no gradient."""
    @overload
    def nanmean(self, *, axis: Ints | None, keepdims: _bool = False, dtype: DtypeLike | None = None) -> Tensor: ...
    @overload
    def nanmedian(self) -> Tensor:
        """Median of the elements that are not NaN."""
    @overload
    def nanmedian(self, dim: _int, keepdim: _bool = False) -> ValuesIndices: ...
    @overload
    def nanmedian(self, *, axis: _int, keepdims: _bool = False) -> ValuesIndices: ...
    @overload
    def nanquantile(
        self,
        q: TensorLike,
        dim: _int | None = None,
        keepdim: _bool = False,
        *,
        interpolation: str = "linear",
    ) -> Tensor:
        """Quantiles of the elements that are not NaN."""
    @overload
    def nanquantile(
        self,
        q: TensorLike,
        *,
        axis: _int | None,
        keepdims: _bool = False,
        interpolation: str = "linear",
    ) -> Tensor: ...
    @overload
    def nansum(self, dim: Ints | None = None, keepdim: _bool = False, *, dtype: DtypeLike | None = None) -> Tensor:
        """Sum of the elements that are not NaN; those get no gradient."""
    @overload
    def nansum(self, *, axis: Ints | None, keepdims: _bool = False, dtype: DtypeLike | None = None) -> Tensor: ...
    @overload
    def narrow(self, dim: _int, start: _int, length: _int) -> Tensor:
        """A view of `length` positions of an axis, from `start` on."""
    @overload
    def narrow(self, *, axis: _int, start: _int, length: _int) -> Tensor: ...
    def ne(self, other: TensorLike) -> Tensor:
        """True where two tensors differ; nan differs from everything."""
    def ne_(self, other: TensorLike) -> Tensor:
        """True where two tensors differ; nan differs from everything."""
    def neg(self) -> Tensor:
        """Negative of each element."""
    def neg_(self) -> Tensor:
        """Negative of each element."""
    def negative(self) -> Tensor:
        """Negative of each element, as neg()."""
    def negative_(self) -> Tensor:
        """Negative of each element, as neg()."""
    @overload
    def new_empty(
        self,
        size: Ints,
        *,
        dtype: DtypeLike | None = None,
        layout: Any = None,
        device: DeviceLike = None,
        pin_memory: Any = None,
        requires_grad: _bool = False,
    ) -> Tensor:
        """Unfilled memory of the given shape in this tensor's dtype.

        Example:
            >>> chainrule.tensor([1., 2.]).new_empty(2, 2).shape
            chainrule.Size([2, 2])
        """
    @overload
    def new_empty(
        self,
        *size: _int,
        dtype: DtypeLike | None = None,
        layout: Any = None,
        device: DeviceLike = None,
        pin_memory: Any = None,
        requires_grad: _bool = False,
    ) -> Tensor: ...
    def new_full(
        self,
        size: Ints,
        fill_value: Number,
        *,
        dtype: DtypeLike | None = None,
        layout: Any = None,
        device: DeviceLike = None,
        pin_memory: Any = None,
        requires_grad: _bool = False,
    ) -> Tensor:
        """One number everywhere, of the given shape in this tensor's dtype.

        Example:
            >>> chainrule.tensor([1., 2.]).new_full((3,), 5)
            tensor([5., 5., 5.])
        """
    @overload
    def new_ones(
        self,
        size: Ints,
        *,
        dtype: DtypeLike | None = None,
        layout: Any = None,
        device: DeviceLike = None,
        pin_memory: Any = None,
        requires_grad: _bool = False,
    ) -> Tensor:
        """Ones of the given shape in this tensor's dtype.

        Example:
            >>> chainrule.tensor([1, 2]).new_ones(3)
            tensor([1, 1, 1])
        """
    @overload
    def new_ones(
        self,
        *size: _int,
        dtype: DtypeLike | None = None,
        layout: Any = None,
        device: DeviceLike = None,
        pin_memory: Any = None,
        requires_grad: _bool = False,
    ) -> Tensor: ...
    @overload
    def new_zeros(
        self,
        size: Ints,
        *,
        dtype: DtypeLike | None = None,
        layout: Any = None,
        device: DeviceLike = None,
        pin_memory: Any = None,
        requires_grad: _bool = False,
    ) -> Tensor:
        """Zeros of the given shape in this tensor's dtype.

        Example:
            >>> chainrule.tensor([1, 2]).new_zeros(3)
            tensor([0, 0, 0])
        """
    @overload
    def new_zeros(
        self,
        *size: _int,
        dtype: DtypeLike | None = None,
        layout: Any = None,
        device: DeviceLike = None,
        pin_memory: Any = None,
        requires_grad: _bool = False,
    ) -> Tensor: ...
    def nextafter(self, other: TensorLike) -> Tensor:
        """The floating number next to x in the direction of y."""
    def nextafter_(self, other: TensorLike) -> Tensor:
        """The floating number next to x in the direction of y."""
    def nonzero(self, *, as_tuple: _bool = False) -> Any:
        """The positions of elements that aren't 0, in row-major order."""
    @overload
    def norm(
        self,
        p: Number = 2,
        dim: Ints | None = None,
        keepdim: _bool = False,
        dtype: DtypeLike | None = None,
    ) -> Tensor:
        """Norm of vectors, over all axes or over those given; its gradient at 0 is 0."""
    @overload
    def norm(
        self,
        p: Number = 2,
        *,
        axis: Ints | None,
        keepdims: _bool = False,
        dtype: DtypeLike | None = None,
    ) -> Tensor: ...
    @overload
    def norm(
        self,
        p: str,
        dim: Ints | None = None,
        keepdim: _bool = False,
        dtype: DtypeLike | None = None,
    ) -> Tensor: ...
    @overload
    def norm(
        self,
        p: str,
        *,
        axis: Ints | None,
        keepdims: _bool = False,
        dtype: DtypeLike | None = None,
    ) -> Tensor: ...
    def normal_(self, mean: _float = 0.0, std: _float = 1.0, *, generator: Generator | None = None) -> Tensor:
        """Fills with normal random numbers."""
    def not_equal(self, other: TensorLike) -> Tensor:
        """True where two tensors differ; nan differs from everything."""
    def not_equal_(self, other: TensorLike) -> Tensor:
        """True where two tensors differ; nan differs from everything."""
    def outer(self, vec2: Tensor) -> Tensor:
        """Outer product of two vectors."""
    @overload
    def permute(self, dims: Ints) -> Tensor:
        """A view with the axes in another order."""
    @overload
    def permute(self, *dims: _int) -> Tensor: ...
    def pinverse(self, atol: _float | None = None, rtol: _float | None = None) -> Tensor:
        """Pseudo-inverse (Moore and Penrose)."""
    def positive(self) -> Tensor:
        """The input itself: +x."""
    def pow(self, exponent: TensorLike) -> Tensor:
        """Power of a tensor or number with a tensor or number as exponent."""
    def pow_(self, exponent: TensorLike) -> Tensor:
        """Power of a tensor or number with a tensor or number as exponent."""
    def prelu(self, weight: Tensor) -> Tensor:
        """Leaky ReLU with learned slopes."""
    @overload
    def prod(self, dim: Ints | None = None, keepdim: _bool = False, *, dtype: DtypeLike | None = None) -> Tensor:
        """Product of the elements, over all axes or over one."""
    @overload
    def prod(self, *, axis: Ints | None, keepdims: _bool = False, dtype: DtypeLike | None = None) -> Tensor: ...
    def put(self, index: Tensor, source: Tensor, accumulate: _bool = False) -> Tensor:
        """Puts values at positions of the flattened tensor."""
    def put_(self, index: Tensor, source: Tensor, accumulate: _bool = False) -> Tensor:
        """Puts values at positions of the flattened tensor."""
    def qr(self, some: _bool = True) -> Any:
        """QR decomposition; see linalg.qr()."""
    @overload
    def quantile(
        self,
        q: TensorLike,
        dim: _int | None = None,
        keepdim: _bool = False,
        *,
        interpolation: str = "linear",
    ) -> Tensor:
        """Quantiles, of all elements or along an axis."""
    @overload
    def quantile(
        self,
        q: TensorLike,
        *,
        axis: _int | None,
        keepdims: _bool = False,
        interpolation: str = "linear",
    ) -> Tensor: ...
    def rad2deg(self) -> Tensor:
        """Radians to degrees."""
    def rad2deg_(self) -> Tensor:
        """Radians to degrees."""
    @overload
    def random_(self, *, generator: Generator | None = None) -> Tensor:
        """Fills with random integers on [from, to), or on all of the dtype's range."""
    @overload
    def random_(self, to: _int, *, generator: Generator | None = None) -> Tensor: ...
    @overload
    def random_(self, from_: _int, to: _int | None = None, *, generator: Generator | None = None) -> Tensor: ...
    def ravel(self) -> Tensor:
        """All elements in one axis, one beside the other; a view where they lie so."""
    def reciprocal(self) -> Tensor:
        """Reciprocal of each element."""
    def reciprocal_(self) -> Tensor:
        """Reciprocal of each element."""
    def relu(self, inplace: _bool = False) -> Tensor:
        """Rectified linear unit; gradient 0 at 0, nan stays nan."""
    def relu_(self, inplace: _bool = False) -> Tensor:
        """Rectified linear unit; gradient 0 at 0, nan stays nan."""
    def remainder(self, other: TensorLike) -> Tensor:
        """Remainder of a division, with the divisor's sign, as Python's %."""
    def remainder_(self, other: TensorLike) -> Tensor:
        """Remainder of a division, with the divisor's sign, as Python's %."""
    @overload
    def renorm(self, p: Number, dim: _int, maxnorm: Number) -> Tensor:
        """Scales down each part along an axis whose norm exceeds a bound."""
    @overload
    def renorm(self, p: Number, *, axis: _int, maxnorm: Number) -> Tensor: ...
    @overload
    def renorm_(self, p: Number, dim: _int, maxnorm: Number) -> Tensor:
        """Scales down each part along an axis whose norm exceeds a bound."""
    @overload
    def renorm_(self, p: Number, *, axis: _int, maxnorm: Number) -> Tensor: ...
    @overload
    def repeat(self, repeats: Ints) -> Tensor:
        """The tensor several times along each axis, copied.

        Args:
            repeats: one number for each axis; additional ones in front make new axes.

        Example:
            >>> chainrule.tensor([1, 2]).repeat(2, 2)
            tensor([[1, 2, 1, 2],
                    [1, 2, 1, 2]])
        """
    @overload
    def repeat(self, *repeats: _int) -> Tensor: ...
    @overload
    def repeat_interleave(
        self,
        repeats: Tensor,
        dim: _int | None = None,
        *,
        output_size: _int | None = None,
    ) -> Tensor:
        """Each element several times in a row."""
    @overload
    def repeat_interleave(
        self,
        repeats: Tensor,
        *,
        axis: _int | None,
        output_size: _int | None = None,
    ) -> Tensor: ...
    @overload
    def repeat_interleave(self, *, output_size: _int | None = None) -> Tensor: ...
    @overload
    def reshape(self, shape: Ints) -> Tensor:
        """The same elements, in row-major order, in another shape."""
    @overload
    def reshape(self, *shape: _int) -> Tensor: ...
    def reshape_as(self, other: TensorLike) -> Tensor:
        """reshape() to the shape of another tensor.

        Example:
            >>> chainrule.arange(4).reshape_as(chainrule.zeros(2, 2)).shape
            chainrule.Size([2, 2])
        """
    @overload
    def resize_(self, size: Ints, *, memory_format: Any = None) -> Tensor:
        """Gives the tensor another shape, row-major; new elements have arbitrary values."""
    @overload
    def resize_(self, *size: _int, memory_format: Any = None) -> Tensor: ...
    def roll(self, shifts: Ints, dims: Ints | None = None) -> Tensor:
        """Shifts along axes; elements that leave at one end come in at the other."""
    def rot90(self, k: _int = 1, dims: Ints = (0, 1)) -> Tensor:
        """Turns a plane by k times 90 degrees, from the first axis towards the second."""
    def round(self, *, decimals: _int = 0) -> Tensor:
        """Each element rounded to the nearest number of some decimals, halves to even. Its gradient is 0."""
    def round_(self, *, decimals: _int = 0) -> Tensor:
        """Each element rounded to the nearest number of some decimals, halves to even. Its gradient is 0."""
    def rsqrt(self) -> Tensor:
        """Reciprocal of the square root."""
    def rsqrt_(self) -> Tensor:
        """Reciprocal of the square root."""
    @overload
    def scatter(self, dim: _int, index: Tensor, src: Tensor, *, reduce: str | None = None) -> Tensor:
        """Puts elements at places along an axis that an index names."""
    @overload
    def scatter(self, *, axis: _int, index: Tensor, src: Tensor, reduce: str | None = None) -> Tensor: ...
    @overload
    def scatter(self, dim: _int, index: Tensor, value: Number, *, reduce: str | None = None) -> Tensor: ...
    @overload
    def scatter(self, *, axis: _int, index: Tensor, value: Number, reduce: str | None = None) -> Tensor: ...
    @overload
    def scatter_(self, dim: _int, index: Tensor, src: Tensor, *, reduce: str | None = None) -> Tensor:
        """Puts elements at places along an axis that an index names."""
    @overload
    def scatter_(self, *, axis: _int, index: Tensor, src: Tensor, reduce: str | None = None) -> Tensor: ...
    @overload
    def scatter_(self, dim: _int, index: Tensor, value: Number, *, reduce: str | None = None) -> Tensor: ...
    @overload
    def scatter_(self, *, axis: _int, index: Tensor, value: Number, reduce: str | None = None) -> Tensor: ...
    @overload
    def scatter_add(self, dim: _int, index: Tensor, src: Tensor) -> Tensor:
        """Adds elements at places along an axis that an index names."""
    @overload
    def scatter_add(self, *, axis: _int, index: Tensor, src: Tensor) -> Tensor: ...
    @overload
    def scatter_add_(self, dim: _int, index: Tensor, src: Tensor) -> Tensor:
        """Adds elements at places along an axis that an index names."""
    @overload
    def scatter_add_(self, *, axis: _int, index: Tensor, src: Tensor) -> Tensor: ...
    @overload
    def scatter_reduce(
        self,
        dim: _int,
        index: Tensor,
        src: Tensor,
        reduce: str,
        *,
        include_self: _bool = True,
    ) -> Tensor:
        """Combines elements at places along an axis that an index names."""
    @overload
    def scatter_reduce(
        self,
        *,
        axis: _int,
        index: Tensor,
        src: Tensor,
        reduce: str,
        include_self: _bool = True,
    ) -> Tensor: ...
    @overload
    def scatter_reduce_(
        self,
        dim: _int,
        index: Tensor,
        src: Tensor,
        reduce: str,
        *,
        include_self: _bool = True,
    ) -> Tensor:
        """Combines elements at places along an axis that an index names."""
    @overload
    def scatter_reduce_(
        self,
        *,
        axis: _int,
        index: Tensor,
        src: Tensor,
        reduce: str,
        include_self: _bool = True,
    ) -> Tensor: ...
    @overload
    def select(self, dim: _int, index: _int) -> Tensor:
        """A view of one position along an axis, which goes away."""
    @overload
    def select(self, *, axis: _int, index: _int) -> Tensor: ...
    @overload
    def select_scatter(self, src: Tensor, dim: _int, index: _int) -> Tensor:
        """A copy with one position along an axis replaced."""
    @overload
    def select_scatter(self, src: Tensor, *, axis: _int, index: _int) -> Tensor: ...
    def sgn(self) -> Tensor:
        """Sign of each element: -1, 0 or 1, as sign() for real numbers. Its gradient is 0 everywhere."""
    def sgn_(self) -> Tensor:
        """Sign of each element: -1, 0 or 1, as sign() for real numbers. Its gradient is 0 everywhere."""
    def sigmoid(self) -> Tensor:
        """Logistic function of each element."""
    def sigmoid_(self) -> Tensor:
        """Logistic function of each element."""
    def sign(self) -> Tensor:
        """Sign of each element: -1, 0 or 1. Its gradient is 0 everywhere."""
    def sign_(self) -> Tensor:
        """Sign of each element: -1, 0 or 1. Its gradient is 0 everywhere."""
    def signbit(self) -> Tensor:
        """True where the sign bit is set: negative numbers and -0."""
    def sin(self) -> Tensor:
        """Sine of each element, in radians."""
    def sin_(self) -> Tensor:
        """Sine of each element, in radians."""
    def sinc(self) -> Tensor:
        """Normalised sinc function; 1 at 0."""
    def sinc_(self) -> Tensor:
        """Normalised sinc function; 1 at 0."""
    def sinh(self) -> Tensor:
        """Hyperbolic sine."""
    def sinh_(self) -> Tensor:
        """Hyperbolic sine."""
    @overload
    def slice_scatter(
        self,
        src: Tensor,
        dim: _int = 0,
        start: _int | None = None,
        end: _int | None = None,
        step: _int = 1,
    ) -> Tensor:
        """A copy with a slice along an axis replaced."""
    @overload
    def slice_scatter(
        self,
        src: Tensor,
        *,
        axis: _int,
        start: _int | None = None,
        end: _int | None = None,
        step: _int = 1,
    ) -> Tensor: ...
    def slogdet(self) -> Any:
        """Sign and logarithm of the absolute value of the determinant, without overflow."""
    @overload
    def softmax(self, dim: _int, dtype: DtypeLike | None = None) -> Tensor:
        """Softmax along an axis: positive values that sum to 1."""
    @overload
    def softmax(self, *, axis: _int, dtype: DtypeLike | None = None) -> Tensor: ...
    @overload
    def sort(self, dim: _int = -1, descending: _bool = False, stable: _bool | None = None) -> ValuesIndices:
        """Sorts along an axis. Equal elements keep their order; NaN counts as the largest."""
    @overload
    def sort(self, *, axis: _int, descending: _bool = False, stable: _bool | None = None) -> ValuesIndices: ...
    @overload
    def split(self, split_size_or_sections: _int, dim: _int = 0) -> tuple[Tensor, ...]:
        """Cuts an axis into parts, which are views."""
    @overload
    def split(self, split_size_or_sections: _int, *, axis: _int) -> tuple[Tensor, ...]: ...
    @overload
    def split(self, split_size_or_sections: Sequence[_int], dim: _int = 0) -> tuple[Tensor, ...]: ...
    @overload
    def split(self, split_size_or_sections: Sequence[_int], *, axis: _int) -> tuple[Tensor, ...]: ...
    @overload
    def split(self, split_size: _int, dim: _int = 0) -> tuple[Tensor, ...]: ...
    @overload
    def split(self, split_size: _int, *, axis: _int) -> tuple[Tensor, ...]: ...
    @overload
    def split(self, split_size: Sequence[_int], dim: _int = 0) -> tuple[Tensor, ...]: ...
    @overload
    def split(self, split_size: Sequence[_int], *, axis: _int) -> tuple[Tensor, ...]: ...
    def sqrt(self) -> Tensor:
        """Square root of each element; the gradient at 0 is inf."""
    def sqrt_(self) -> Tensor:
        """Square root of each element; the gradient at 0 is inf."""
    def square(self) -> Tensor:
        """Square of each element."""
    def square_(self) -> Tensor:
        """Square of each element."""
    @overload
    def squeeze_(self, dim: _int | None = None) -> Tensor:
        """squeeze() of the tensor itself."""
    @overload
    def squeeze_(self, *, axis: _int | None) -> Tensor: ...
    @overload
    def squeeze(self, dim: Ints | None = None) -> Tensor:
        """Drops axes of size 1: all of them, or those named."""
    @overload
    def squeeze(self, *, axis: Ints | None) -> Tensor: ...
    @overload
    def std(self, unbiased: Number) -> Tensor:
        """Standard deviation, over all axes or over those given; its gradient at 0 is 0."""
    @overload
    def std(self, dim: Ints | None = None, unbiased: _bool = True, keepdim: _bool = False) -> Tensor: ...
    @overload
    def std(self, *, axis: Ints | None, unbiased: _bool = True, keepdims: _bool = False) -> Tensor: ...
    @overload
    def std(
        self,
        dim: Ints | None = None,
        *,
        correction: Number | None = None,
        keepdim: _bool = False,
    ) -> Tensor: ...
    @overload
    def std(self, *, axis: Ints | None, correction: Number | None = None, keepdims: _bool = False) -> Tensor: ...
    def sub(self, other: TensorLike, *, alpha: Number = 1) -> Tensor:
        """Difference of two tensors, of which the second may be scaled."""
    def sub_(self, other: TensorLike, *, alpha: Number = 1) -> Tensor:
        """Difference of two tensors, of which the second may be scaled."""
    def subtract(self, other: TensorLike, *, alpha: Number = 1) -> Tensor:
        """Difference of two tensors, of which the second may be scaled."""
    def subtract_(self, other: TensorLike, *, alpha: Number = 1) -> Tensor:
        """Difference of two tensors, of which the second may be scaled."""
    @overload
    def sum(self, dim: Ints | None = None, keepdim: _bool = False, *, dtype: DtypeLike | None = None) -> Tensor:
        """Sum of the elements, over all axes or over those given."""
    @overload
    def sum(self, *, axis: Ints | None, keepdims: _bool = False, dtype: DtypeLike | None = None) -> Tensor: ...
    @overload
    def sum_to_size(self, size: Ints) -> Tensor:
        """Summed to a shape that broadcasts to the tensor's: the adjoint of expand().

        Args:
            size: the shape.

        Example:
            >>> chainrule.ones(2, 3).sum_to_size(2, 1)
            tensor([[3.],
                    [3.]])
        """
    @overload
    def sum_to_size(self, *size: _int) -> Tensor: ...
    def svd(self, some: _bool = True, compute_uv: _bool = True) -> Any:
        """Singular value decomposition A = U diag(S) V^T; see linalg.svd(), which returns V^T."""
    def swapaxes(self, axis0: _int, axis1: _int) -> Tensor:
        """A view with two axes exchanged."""
    def swapaxes_(self, axis0: _int, axis1: _int) -> Tensor:
        """transpose_() by NumPy's name."""
    def swapdims(self, dim0: _int, dim1: _int) -> Tensor:
        """A view with two axes exchanged."""
    def swapdims_(self, dim0: _int, dim1: _int) -> Tensor:
        """transpose_() by another name."""
    def t(self) -> Tensor:
        """The transpose of a matrix, as a view; vectors and numbers stay as they are."""
    def t_(self) -> Tensor:
        """t() of the tensor itself."""
    def take(self, index: Tensor) -> Tensor:
        """Elements at positions of the flattened tensor, in the shape of the index."""
    @overload
    def take_along_dim(self, indices: Tensor, dim: _int | None = None) -> Tensor:
        """gather() whose index broadcasts with the tensor."""
    @overload
    def take_along_dim(self, indices: Tensor, *, axis: _int | None) -> Tensor: ...
    def tan(self) -> Tensor:
        """Tangent of each element, in radians."""
    def tan_(self) -> Tensor:
        """Tangent of each element, in radians."""
    def tanh(self) -> Tensor:
        """Hyperbolic tangent of each element."""
    def tanh_(self) -> Tensor:
        """Hyperbolic tangent of each element."""
    @overload
    def tensor_split(self, indices_or_sections: _int, dim: _int = 0) -> tuple[Tensor, ...]:
        """Cuts an axis into sections whose sizes differ by at most 1, or at indices."""
    @overload
    def tensor_split(self, indices_or_sections: _int, *, axis: _int) -> tuple[Tensor, ...]: ...
    @overload
    def tensor_split(self, indices_or_sections: Sequence[_int], dim: _int = 0) -> tuple[Tensor, ...]: ...
    @overload
    def tensor_split(self, indices_or_sections: Sequence[_int], *, axis: _int) -> tuple[Tensor, ...]: ...
    @overload
    def tensor_split(self, indices_or_sections: Tensor, dim: _int = 0) -> tuple[Tensor, ...]: ...
    @overload
    def tensor_split(self, indices_or_sections: Tensor, *, axis: _int) -> tuple[Tensor, ...]: ...
    @overload
    def tile(self, dims: Ints) -> Tensor:
        """As repeat(), but too few numbers are filled up with ones in front."""
    @overload
    def tile(self, *dims: _int) -> Tensor: ...
    @overload
    def topk(self, k: _int, dim: _int = -1, largest: _bool = True, sorted: _bool = True) -> ValuesIndices:
        """The k largest (or smallest) elements along an axis, in order."""
    @overload
    def topk(self, k: _int, *, axis: _int, largest: _bool = True, sorted: _bool = True) -> ValuesIndices: ...
    def trace(self) -> Tensor:
        """Sum of a matrix's diagonal."""
    def transpose(self, dim0: _int, dim1: _int) -> Tensor:
        """A view with two axes exchanged."""
    def transpose_(self, dim0: _int, dim1: _int) -> Tensor:
        """transpose() of the tensor itself."""
    def tril(self, diagonal: _int = 0) -> Tensor:
        """The lower triangle of matrices; the rest is 0."""
    def tril_(self, diagonal: _int = 0) -> Tensor:
        """The lower triangle of matrices; the rest is 0."""
    def triu(self, diagonal: _int = 0) -> Tensor:
        """The upper triangle of matrices; the rest is 0."""
    def triu_(self, diagonal: _int = 0) -> Tensor:
        """The upper triangle of matrices; the rest is 0."""
    def true_divide(self, other: TensorLike) -> Tensor:
        """Quotient of two tensors, always floating: div() without a rounding mode."""
    def true_divide_(self, other: TensorLike) -> Tensor:
        """Quotient of two tensors, always floating: div() without a rounding mode."""
    def trunc(self) -> Tensor:
        """Each element without its fraction, rounded towards 0. Its gradient is 0."""
    def trunc_(self) -> Tensor:
        """Each element without its fraction, rounded towards 0. Its gradient is 0."""
    @overload
    def unbind(self, dim: _int = 0) -> tuple[Tensor, ...]:
        """All positions along an axis, as a tuple of views without it."""
    @overload
    def unbind(self, *, axis: _int) -> tuple[Tensor, ...]: ...
    @overload
    def unflatten(self, dim: _int, sizes: Ints) -> Tensor:
        """Splits one axis into several."""
    @overload
    def unflatten(self, *, axis: _int, sizes: Ints) -> Tensor: ...
    def unfold(self, dimension: _int, size: _int, step: _int) -> Tensor:
        """A view of all windows along an axis; their elements stand in a new last axis.

        Args:
            dimension: the axis.
            size: the length of a window.
            step: from one window's start to the next.

        Example:
            >>> chainrule.arange(5).unfold(0, 3, 1)
            tensor([[0, 1, 2],
                    [1, 2, 3],
                    [2, 3, 4]])
        """
    def uniform_(self, from_: _float = 0.0, to: _float = 1.0, *, generator: Generator | None = None) -> Tensor:
        """Fills with uniform random numbers on [from, to)."""
    @overload
    def unique(
        self,
        sorted: _bool = True,
        return_inverse: _bool = False,
        return_counts: _bool = False,
        dim: _int | None = None,
    ) -> Any:
        """The different elements, or the different slices along an axis, in ascending order."""
    @overload
    def unique(
        self,
        sorted: _bool = True,
        return_inverse: _bool = False,
        return_counts: _bool = False,
        *,
        axis: _int | None,
    ) -> Any: ...
    @overload
    def unique_consecutive(
        self,
        return_inverse: _bool = False,
        return_counts: _bool = False,
        dim: _int | None = None,
    ) -> Any:
        """The elements, or slices along an axis, without those that equal their neighbour before."""
    @overload
    def unique_consecutive(
        self,
        return_inverse: _bool = False,
        return_counts: _bool = False,
        *,
        axis: _int | None,
    ) -> Any: ...
    @overload
    def unsqueeze_(self, dim: _int) -> Tensor:
        """unsqueeze() of the tensor itself."""
    @overload
    def unsqueeze_(self, *, axis: _int) -> Tensor: ...
    @overload
    def unsqueeze(self, dim: _int) -> Tensor:
        """Inserts an axis of size 1."""
    @overload
    def unsqueeze(self, *, axis: _int) -> Tensor: ...
    @overload
    def var(self, unbiased: Number) -> Tensor:
        """Variance, over all axes or over those given."""
    @overload
    def var(self, dim: Ints | None = None, unbiased: _bool = True, keepdim: _bool = False) -> Tensor: ...
    @overload
    def var(self, *, axis: Ints | None, unbiased: _bool = True, keepdims: _bool = False) -> Tensor: ...
    @overload
    def var(
        self,
        dim: Ints | None = None,
        *,
        correction: Number | None = None,
        keepdim: _bool = False,
    ) -> Tensor: ...
    @overload
    def var(self, *, axis: Ints | None, correction: Number | None = None, keepdims: _bool = False) -> Tensor: ...
    def vdot(self, other: TensorLike) -> Tensor:
        """Inner product of two vectors, as dot()."""
    @overload
    def view(self, size: Ints) -> Tensor:
        """The same elements in another shape, sharing memory.

        Args:
            size: the new sizes; one of them may be -1 and is then worked out.
            dtype: instead: read the same bytes as elements of this dtype.

        Raises:
            ValueError: the counts of elements differ, or the memory's layout needs a copy (use reshape).

        Example:
            >>> chainrule.arange(6).view(2, -1)
            tensor([[0, 1, 2],
                    [3, 4, 5]])
        """
    @overload
    def view(self, first: Tensor, second: Tensor, /, *size: _int) -> Tensor: ...
    @overload
    def view(self, dtype: DtypeLike) -> Tensor: ...
    def view_as(self, other: TensorLike) -> Tensor:
        """view() in the shape of another tensor.

        Example:
            >>> chainrule.arange(4).view_as(chainrule.zeros(2, 2)).shape
            chainrule.Size([2, 2])
        """
    @overload
    def vsplit(self, sections: _int) -> tuple[Tensor, ...]:
        """tensor_split() along axis 0, into equal sections or at indices."""
    @overload
    def vsplit(self, indices: Sequence[_int]) -> tuple[Tensor, ...]: ...
    def xlogy(self, other: TensorLike) -> Tensor:
        """Product of x with the logarithm of y; 0 where x = 0, unless y is nan."""
    def xlogy_(self, other: TensorLike) -> Tensor:
        """Product of x with the logarithm of y; 0 where x = 0, unless y is nan."""
    def zero_(self) -> Tensor:
        """Sets every element to 0."""

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
    sparse: _bool = False,
) -> tuple[Tensor, ...]: ...
def _push_packer(pack: Callable[[Tensor], Any], unpack: Callable[[Any], Tensor]) -> None: ...
def _pop_packer() -> None: ...
def _edge_target(tensor: Tensor) -> EdgeTarget: ...
def _walk_dict() -> dict[Any, Any] | None: ...
def _walk_has_targets() -> _bool: ...
def _walk_will_meet(tensors: Sequence[Any]) -> list[_bool]: ...
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

def _grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str,
    padding_mode: str,
    align_corners: _bool,
    *,
    out: Any = None,
) -> Tensor:
    """grid_sample of images with few channels, in one pass.

    Args:
        input: (N, C, H, W) or (N, C, D, H, W) floating tensor.
        grid: (N, ..., 2) or (N, ..., 3) coordinates of the same dtype from -1 to 1, that of the last axis first.
        mode, padding_mode, align_corners: as for grid_sample().

    Example:
        >>> import chainrule as cr
        >>> cr._core._grid_sample(cr.tensor([[[[1.0, 2.0]]]]), cr.zeros(1, 1, 1, 2), "bilinear", "zeros", True)
        tensor([[[[1.5000]]]])
    """
def _grid_taps(
    grid: Tensor,
    size: Ints,
    mode: str,
    padding_mode: str,
    align_corners: _bool,
    *,
    out: Any = None,
) -> tuple[Tensor, Tensor]:
    """The matrix by which grid_sample multiplies: a row for each place, a column for each element of the images.

    Behind the elements of each image comes a column for what lies outside.

    Args:
        grid: (N, ..., 2) or (N, ..., 3) floating tensor of coordinates from -1 to 1, that of the last axis first.
        size: of the images, two or three numbers.
        mode: "bilinear", "nearest" or "bicubic".
        padding_mode: "zeros", "border" or "reflection".
        align_corners: -1 and 1 are the centres of the outer elements, not their edges.

    Returns:
        (weights, places): the entries, those of a place one behind the other, and (2, entries) their rows and columns.

    Raises:
        ValueError: sizes that don't fit.

    Example:
        >>> import chainrule as cr
        >>> weights, places = cr._core._grid_taps(cr.zeros(1, 1, 2), (1, 2), "bilinear", "zeros", True)
        >>> weights, places[1]
        (tensor([0.5000, 0.5000, 0.0000, 0.0000]), tensor([0, 1, 2, 2]))
    """
def _sampled_mm(a: Tensor, b: Tensor, indices: Tensor, *, out: Any = None) -> Tensor:
    """Some entries of the product of a matrix and a transposed one.

        out[e] = sum_j a[row of e][j] b[column of e][j]

    Args:
        a, b: (rows, n) and (columns, n) floating tensors.
        indices: (2, nnz) integers, the rows and the columns.

    Example:
        >>> import chainrule as cr
        >>> cr._core._sampled_mm(cr.tensor([[1., 2.]]), cr.tensor([[3., 4.], [5., 6.]]), cr.tensor([[0], [1]]))
        tensor([17.])
    """
def _sparse_mm(values: TensorLike, indices: Tensor, dense: Tensor, size: Ints, *, out: Any = None) -> Tensor:
    """Product of a sparse matrix and a dense one.

        out[i][j] = sum over the entries e in row i of values[e] dense[column of e][j]
        d values[e] = sum_j grad[row of e][j] dense[column of e][j],  d dense = A^T grad

    The entries of a row are added in their order, whatever the number of threads.

    Args:
        values: (nnz,) tensor.
        indices: (2, nnz) integers, the rows and the columns.
        dense: (columns, n) tensor of the values' dtype.
        size: rows and columns of the sparse matrix.

    Example:
        >>> import chainrule as cr
        >>> places = cr.tensor([[0, 1, 1], [1, 0, 1]])
        >>> cr._core._sparse_mm(cr.tensor([2., 3., 4.]), places, cr.tensor([[1.], [10.]]), (2, 2))
        tensor([[20.],
                [43.]])
    """
def _standard_gamma(input: Tensor, generator: Generator | None = None, *, out: Any = None) -> Tensor:
    """Gamma random numbers of rate 1 whose shape parameters stand in the input.

    Example:
        >>> bool((chainrule._core._standard_gamma(chainrule.ones(3)) > 0).all())
        True
    """
def abs(input: Tensor, *, out: Any = None) -> Tensor:
    """Absolute value of each element; the gradient at 0 is 0.

        y = |x|,  dx = dy sign(x)

    Example:
        >>> chainrule.abs(chainrule.tensor([1., -2.]))
        tensor([1., 2.])
    """
def abs_(input: Tensor) -> Tensor:
    """Absolute value of each element; the gradient at 0 is 0."""
def absolute(input: Tensor, *, out: Any = None) -> Tensor:
    """Absolute value of each element, as abs(); the gradient at 0 is 0.

    Example:
        >>> chainrule.absolute(chainrule.tensor([1., -2.]))
        tensor([1., 2.])
    """
def absolute_(input: Tensor) -> Tensor:
    """Absolute value of each element, as abs(); the gradient at 0 is 0."""
def acos(input: Tensor, *, out: Any = None) -> Tensor:
    """Inverse cosine, in radians; nan outside [-1, 1].

        y = arccos x,  dx = -dy / sqrt(1 - x^2)

    Example:
        >>> chainrule.acos(chainrule.tensor([0., 1.]))
        tensor([1.5708, 0.0000])
    """
def acos_(input: Tensor) -> Tensor:
    """Inverse cosine, in radians; nan outside [-1, 1]."""
def acosh(input: Tensor, *, out: Any = None) -> Tensor:
    """Inverse hyperbolic cosine; nan below 1.

        y = arcosh x,  dx = dy / sqrt(x^2 - 1)

    Example:
        >>> chainrule.acosh(chainrule.tensor([1., 2.]))
        tensor([0.0000, 1.3170])
    """
def acosh_(input: Tensor) -> Tensor:
    """Inverse hyperbolic cosine; nan below 1."""
def add(input: Tensor, other: TensorLike, *, alpha: Number = 1, out: Any = None) -> Tensor:
    """Sum of two tensors, of which the second may be scaled.

        z = x + alpha y,  dx = dz,  dy = alpha dz

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.
        alpha: number, default 1.

    Example:
        >>> chainrule.add(chainrule.tensor([1., 2.]), chainrule.tensor([10., 20.]), alpha=0.5)
        tensor([ 6., 12.])
    """
def add_(input: Tensor, other: TensorLike, *, alpha: Number = 1) -> Tensor:
    """Sum of two tensors, of which the second may be scaled."""
def addbmm(
    input: Tensor,
    batch1: Tensor,
    batch2: Tensor,
    *,
    beta: Number = 1,
    alpha: Number = 1,
    out: Any = None,
) -> Tensor:
    """Products of two batches of matrices, summed and added to a tensor.

        y = beta input + alpha sum_i (batch1_i @ batch2_i)

    Args:
        input: tensor that broadcasts to (m, n).
        batch1: (b, m, k) tensor.
        batch2: (b, k, n) tensor.
        beta, alpha: numbers.
    """
def addbmm_(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """Products of two batches of matrices, summed and added to a tensor."""
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1, out: Any = None) -> Tensor:
    """Adds a scaled quotient of two tensors.

        y = input + value tensor1 / tensor2

    Args:
        input, tensor1, tensor2: floating tensors that broadcast.
        value: number, default 1.

    Example:
        >>> chainrule.addcdiv(chainrule.tensor([1.]), chainrule.tensor([3.]), chainrule.tensor([2.]))
        tensor([2.5000])
    """
def addcdiv_(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """Adds a scaled quotient of two tensors."""
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1, out: Any = None) -> Tensor:
    """Adds a scaled product of two tensors.

        y = input + value tensor1 tensor2

    Args:
        input, tensor1, tensor2: tensors that broadcast.
        value: number, default 1.

    Example:
        >>> chainrule.addcmul(chainrule.tensor([1.]), chainrule.tensor([2.]), chainrule.tensor([3.]), value=0.5)
        tensor([4.])
    """
def addcmul_(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """Adds a scaled product of two tensors."""
def addmm(
    input: Tensor,
    mat1: Tensor,
    mat2: Tensor,
    *,
    beta: Number = 1,
    alpha: Number = 1,
    out: Any = None,
) -> Tensor:
    """A product of matrices, added to a tensor.

        y = beta input + alpha (mat1 @ mat2)

    Args:
        input: tensor that broadcasts to (m, n).
        mat1: (m, k) tensor.
        mat2: (k, n) tensor.
        beta, alpha: numbers.

    Example:
        >>> chainrule.addmm(chainrule.ones(1), chainrule.ones(2, 3), chainrule.ones(3, 1))
        tensor([[4.],
                [4.]])
    """
def addmm_(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """A product of matrices, added to a tensor."""
def addmv(
    input: Tensor,
    mat: Tensor,
    vec: Tensor,
    *,
    beta: Number = 1,
    alpha: Number = 1,
    out: Any = None,
) -> Tensor:
    """A product of matrix and vector, added to a tensor.

        y = beta input + alpha (mat @ vec)

    Args:
        input: tensor that broadcasts to (m,).
        mat: (m, k) tensor.
        vec: (k,) tensor.
        beta, alpha: numbers.
    """
def addmv_(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """A product of matrix and vector, added to a tensor."""
def addr(
    input: Tensor,
    vec1: Tensor,
    vec2: Tensor,
    *,
    beta: Number = 1,
    alpha: Number = 1,
    out: Any = None,
) -> Tensor:
    """An outer product, added to a tensor.

        y_ij = beta input_ij + alpha vec1_i vec2_j

    Args:
        input: tensor that broadcasts to (m, n).
        vec1: (m,) tensor.
        vec2: (n,) tensor.
        beta, alpha: numbers.
    """
def addr_(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """An outer product, added to a tensor."""
def adjoint(input: Tensor, *, out: Any = None) -> Tensor:
    """The last two axes exchanged (there are no complex tensors).

    Example:
        >>> chainrule.adjoint(chainrule.zeros(5, 2, 3)).shape
        chainrule.Size([5, 3, 2])
    """
@overload
def all(input: Tensor, dim: Ints | None = None, keepdim: _bool = False, *, out: Any = None) -> Tensor:
    """True where no element is 0, over all axes or over those given.

    Args:
        input: tensor of any shape and dtype. NaN counts as true.
        dim: an axis or several; None for all, () for none.
        keepdim: keep the axes with size 1.

    Returns:
        Bool tensor (uint8 for a uint8 input).

    Example:
        >>> chainrule.all(chainrule.tensor([False, True]))
        tensor(False)
    """
@overload
def all(input: Tensor, *, axis: Ints | None, keepdims: _bool = False, out: Any = None) -> Tensor: ...
def allclose(
    input: Tensor,
    other: TensorLike,
    rtol: _float = 1e-05,
    atol: _float = 1e-08,
    equal_nan: _bool = False,
) -> _bool:
    """Whether two tensors are equal everywhere within a tolerance.

        |input - other| <= atol + rtol |other|

    Args:
        input: tensor.
        other: tensor of the same dtype; the shapes broadcast.
        rtol: relative tolerance, default 1e-5.
        atol: absolute tolerance, default 1e-8.
        equal_nan: count two nan as equal.

    Returns:
        bool.

    Example:
        >>> chainrule.allclose(chainrule.tensor([1., 2.]), chainrule.tensor([1., 2.0000001]))
        True
    """
def alpha_dropout(
    input: Tensor,
    p: _float = 0.5,
    training: _bool = False,
    inplace: _bool = False,
    *,
    out: Any = None,
) -> Tensor:
    """Dropout for SELU networks: dropped elements take SELU's lower limit.

        y = a (x m + alpha' (m - 1)) + b, which keeps mean 0 and variance 1

    Source:
        Klambauer et al., "Self-normalizing neural networks", NeurIPS 2017.

    Example:
        >>> F.alpha_dropout(chainrule.ones(3), 0.5, training=False)
        tensor([1., 1., 1.])
    """
@overload
def amax(input: Tensor, dim: Ints | None = None, keepdim: _bool = False, *, out: Any = None) -> Tensor:
    """Largest element over axes; tied elements share the gradient evenly.

        y = max_i x_i,  dx_i = dy [x_i = y] / #{j: x_j = y}

    Args:
        input: tensor, not empty along the axes. NaN wins.
        dim: an axis or several; none for all.
        keepdim: keep the axes with size 1.

    Raises:
        ValueError: if there is nothing to choose from.

    Example:
        >>> chainrule.amax(chainrule.tensor([[1., 5.], [7., 2.]]), dim=1)
        tensor([5., 7.])
    """
@overload
def amax(input: Tensor, *, axis: Ints | None, keepdims: _bool = False, out: Any = None) -> Tensor: ...
@overload
def amin(input: Tensor, dim: Ints | None = None, keepdim: _bool = False, *, out: Any = None) -> Tensor:
    """Smallest element over axes; tied elements share the gradient evenly.

        y = min_i x_i,  dx_i = dy [x_i = y] / #{j: x_j = y}

    Args:
        input: tensor, not empty along the axes. NaN wins.
        dim: an axis or several; none for all.
        keepdim: keep the axes with size 1.

    Raises:
        ValueError: if there is nothing to choose from.

    Example:
        >>> chainrule.amin(chainrule.tensor([[1., 5.], [7., 2.]]), dim=1)
        tensor([1., 2.])
    """
@overload
def amin(input: Tensor, *, axis: Ints | None, keepdims: _bool = False, out: Any = None) -> Tensor: ...
@overload
def aminmax(
    input: Tensor,
    *,
    dim: _int | None = None,
    keepdim: _bool = False,
    out: Any = None,
) -> tuple[Tensor, Tensor]:
    """Smallest and largest element, of all or along an axis; tied elements share the gradient evenly.

    Args:
        input: tensor, not empty. NaN wins.
        dim: axis; None for all elements.
        keepdim: keep the axis with size 1.

    Returns:
        Named tuple (min, max).

    Example:
        >>> chainrule.aminmax(chainrule.tensor([3., 1., 2.])).max
        tensor(3.)
    """
@overload
def aminmax(
    input: Tensor,
    *,
    axis: _int | None,
    keepdims: _bool = False,
    out: Any = None,
) -> tuple[Tensor, Tensor]: ...
@overload
def any(input: Tensor, dim: Ints | None = None, keepdim: _bool = False, *, out: Any = None) -> Tensor:
    """True where some element is not 0, over all axes or over those given.

    Args:
        input: tensor of any shape and dtype. NaN counts as true.
        dim: an axis or several; None for all, () for none.
        keepdim: keep the axes with size 1.

    Returns:
        Bool tensor (uint8 for a uint8 input).

    Example:
        >>> chainrule.any(chainrule.tensor([False, True]))
        tensor(True)
    """
@overload
def any(input: Tensor, *, axis: Ints | None, keepdims: _bool = False, out: Any = None) -> Tensor: ...
@overload
def arange(
    end: Number,
    *,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    out: Any = None,
) -> Tensor:
    """Numbers from start up to, not including, end.

        out[i] = start + i step,  i < ceil((end - start) / step)

    Args:
        start, end, step: numbers; int64 unless one of them is a float.

    Example:
        >>> chainrule.arange(4)
        tensor([0, 1, 2, 3])
        >>> chainrule.arange(1, 2, 0.25)
        tensor([1.0000, 1.2500, 1.5000, 1.7500])
    """
@overload
def arange(
    start: Number,
    end: Number,
    step: Number = 1,
    *,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    out: Any = None,
) -> Tensor: ...
def arccos(input: Tensor, *, out: Any = None) -> Tensor:
    """Inverse cosine, in radians; nan outside [-1, 1].

        y = arccos x,  dx = -dy / sqrt(1 - x^2)

    Example:
        >>> chainrule.acos(chainrule.tensor([0., 1.]))
        tensor([1.5708, 0.0000])
    """
def arccos_(input: Tensor) -> Tensor:
    """Inverse cosine, in radians; nan outside [-1, 1]."""
def arccosh(input: Tensor, *, out: Any = None) -> Tensor:
    """Inverse hyperbolic cosine; nan below 1.

        y = arcosh x,  dx = dy / sqrt(x^2 - 1)

    Example:
        >>> chainrule.acosh(chainrule.tensor([1., 2.]))
        tensor([0.0000, 1.3170])
    """
def arccosh_(input: Tensor) -> Tensor:
    """Inverse hyperbolic cosine; nan below 1."""
def arcsin(input: Tensor, *, out: Any = None) -> Tensor:
    """Inverse sine, in radians; nan outside [-1, 1].

        y = arcsin x,  dx = dy / sqrt(1 - x^2)

    Example:
        >>> chainrule.asin(chainrule.tensor([0., 1.]))
        tensor([0.0000, 1.5708])
    """
def arcsin_(input: Tensor) -> Tensor:
    """Inverse sine, in radians; nan outside [-1, 1]."""
def arcsinh(input: Tensor, *, out: Any = None) -> Tensor:
    """Inverse hyperbolic sine.

        y = arsinh x,  dx = dy / sqrt(x^2 + 1)

    Example:
        >>> chainrule.asinh(chainrule.tensor([0., 1.]))
        tensor([0.0000, 0.8814])
    """
def arcsinh_(input: Tensor) -> Tensor:
    """Inverse hyperbolic sine."""
def arctan(input: Tensor, *, out: Any = None) -> Tensor:
    """Inverse tangent, in radians.

        y = arctan x,  dx = dy / (1 + x^2)

    Example:
        >>> chainrule.atan(chainrule.tensor([0., 1.]))
        tensor([0.0000, 0.7854])
    """
def arctan_(input: Tensor) -> Tensor:
    """Inverse tangent, in radians."""
def arctan2(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Angle in radians, in (-pi, pi], between the x axis and the point (other, input).

        z = atan2(y, x),  dy = dz x / (x^2 + y^2),  dx = -dz y / (x^2 + y^2); both 0 at the origin

    Args:
        input: tensor or number, y.
        other: tensor or number, x; the shapes broadcast.

    Example:
        >>> chainrule.atan2(chainrule.tensor([1., -1.]), chainrule.tensor([1., 1.]))
        tensor([ 0.7854, -0.7854])
    """
def arctan2_(input: Tensor, other: TensorLike) -> Tensor:
    """Angle in radians, in (-pi, pi], between the x axis and the point (other, input)."""
def arctanh(input: Tensor, *, out: Any = None) -> Tensor:
    """Inverse hyperbolic tangent; nan outside [-1, 1].

        y = artanh x,  dx = dy / (1 - x^2)

    Example:
        >>> chainrule.atanh(chainrule.tensor([0., 0.5]))
        tensor([0.0000, 0.5493])
    """
def arctanh_(input: Tensor) -> Tensor:
    """Inverse hyperbolic tangent; nan outside [-1, 1]."""
@overload
def argmax(input: Tensor, dim: _int | None = None, keepdim: _bool = False, *, out: Any = None) -> Tensor:
    """Index of the first largest element, of all or along an axis.

    Args:
        input: tensor, not empty. NaN wins.
        dim: axis; None for the index into the flattened tensor.
        keepdim: keep the axis with size 1.

    Returns:
        int64 tensor.

    Example:
        >>> chainrule.argmax(chainrule.tensor([[1., 7., 2.], [3., 0., 0.]]), dim=1)
        tensor([1, 0])
    """
@overload
def argmax(input: Tensor, *, axis: _int | None, keepdims: _bool = False, out: Any = None) -> Tensor: ...
@overload
def argmin(input: Tensor, dim: _int | None = None, keepdim: _bool = False, *, out: Any = None) -> Tensor:
    """Index of the first smallest element, of all or along an axis.

    Args:
        input: tensor, not empty. NaN wins.
        dim: axis; None for the index into the flattened tensor.
        keepdim: keep the axis with size 1.

    Returns:
        int64 tensor.

    Example:
        >>> chainrule.argmin(chainrule.tensor([[1., 7., 2.], [3., 0., 0.]]), dim=1)
        tensor([0, 1])
    """
@overload
def argmin(input: Tensor, *, axis: _int | None, keepdims: _bool = False, out: Any = None) -> Tensor: ...
@overload
def argsort(
    input: Tensor,
    dim: _int = -1,
    descending: _bool = False,
    stable: _bool = False,
    *,
    out: Any = None,
) -> Tensor:
    """The indices that sort along an axis.

    Args:
        input: tensor.
        dim: axis.
        descending: largest first.
        stable: accepted; the sort is always stable.

    Returns:
        int64 tensor.

    Example:
        >>> chainrule.argsort(chainrule.tensor([3., 1., 2.]))
        tensor([1, 2, 0])
    """
@overload
def argsort(
    input: Tensor,
    *,
    axis: _int,
    descending: _bool = False,
    stable: _bool = False,
    out: Any = None,
) -> Tensor: ...
def argwhere(input: Tensor, *, out: Any = None) -> Tensor:
    """The positions of elements that aren't 0: (count, axes).

    Example:
        >>> chainrule.argwhere(chainrule.tensor([0, 5]))
        tensor([[1]])
    """
def as_strided(
    input: Tensor,
    size: Ints,
    stride: Ints,
    storage_offset: _int | None = None,
    *,
    out: Any = None,
) -> Tensor:
    """The tensor's memory seen with other sizes and strides.

    Args:
        size, stride: of the view, in elements.
        storage_offset: of its first element, from the beginning of the memory; the tensor's own unless given.

    Returns:
        A view; a copy where elements overlap and a gradient is wanted.

    Raises:
        ValueError: a view that would reach outside of the memory.

    Example:
        >>> chainrule.arange(4).as_strided((3, 2), (1, 1))
        tensor([[0, 1],
                [1, 2],
                [2, 3]])
    """
def asin(input: Tensor, *, out: Any = None) -> Tensor:
    """Inverse sine, in radians; nan outside [-1, 1].

        y = arcsin x,  dx = dy / sqrt(1 - x^2)

    Example:
        >>> chainrule.asin(chainrule.tensor([0., 1.]))
        tensor([0.0000, 1.5708])
    """
def asin_(input: Tensor) -> Tensor:
    """Inverse sine, in radians; nan outside [-1, 1]."""
def asinh(input: Tensor, *, out: Any = None) -> Tensor:
    """Inverse hyperbolic sine.

        y = arsinh x,  dx = dy / sqrt(x^2 + 1)

    Example:
        >>> chainrule.asinh(chainrule.tensor([0., 1.]))
        tensor([0.0000, 0.8814])
    """
def asinh_(input: Tensor) -> Tensor:
    """Inverse hyperbolic sine."""
def atan(input: Tensor, *, out: Any = None) -> Tensor:
    """Inverse tangent, in radians.

        y = arctan x,  dx = dy / (1 + x^2)

    Example:
        >>> chainrule.atan(chainrule.tensor([0., 1.]))
        tensor([0.0000, 0.7854])
    """
def atan_(input: Tensor) -> Tensor:
    """Inverse tangent, in radians."""
def atan2(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Angle in radians, in (-pi, pi], between the x axis and the point (other, input).

        z = atan2(y, x),  dy = dz x / (x^2 + y^2),  dx = -dz y / (x^2 + y^2); both 0 at the origin

    Args:
        input: tensor or number, y.
        other: tensor or number, x; the shapes broadcast.

    Example:
        >>> chainrule.atan2(chainrule.tensor([1., -1.]), chainrule.tensor([1., 1.]))
        tensor([ 0.7854, -0.7854])
    """
def atan2_(input: Tensor, other: TensorLike) -> Tensor:
    """Angle in radians, in (-pi, pi], between the x axis and the point (other, input)."""
def atanh(input: Tensor, *, out: Any = None) -> Tensor:
    """Inverse hyperbolic tangent; nan outside [-1, 1].

        y = artanh x,  dx = dy / (1 - x^2)

    Example:
        >>> chainrule.atanh(chainrule.tensor([0., 0.5]))
        tensor([0.0000, 0.5493])
    """
def atanh_(input: Tensor) -> Tensor:
    """Inverse hyperbolic tangent; nan outside [-1, 1]."""
@overload
def atleast_1d(input: Tensor, *, out: Any = None) -> Tensor:
    """Tensors with at least 1 axis: a number becomes a vector.

    Example:
        >>> chainrule.atleast_1d(chainrule.tensor(1.))
        tensor([1.])
    """
@overload
def atleast_1d(tensors: Sequence[Tensor], *, out: Any = None) -> tuple[Tensor, ...]: ...
@overload
def atleast_1d(first: Tensor, second: Tensor, /, *tensors: Tensor, out: Any = None) -> tuple[Tensor, ...]: ...
@overload
def atleast_2d(input: Tensor, *, out: Any = None) -> Tensor:
    """Tensors with at least 2 axes; new ones stand in front.

    Example:
        >>> chainrule.atleast_2d(chainrule.tensor([1., 2.]))
        tensor([[1., 2.]])
    """
@overload
def atleast_2d(tensors: Sequence[Tensor], *, out: Any = None) -> tuple[Tensor, ...]: ...
@overload
def atleast_2d(first: Tensor, second: Tensor, /, *tensors: Tensor, out: Any = None) -> tuple[Tensor, ...]: ...
@overload
def atleast_3d(input: Tensor, *, out: Any = None) -> Tensor:
    """Tensors with at least 3 axes.

    Example:
        >>> chainrule.atleast_3d(chainrule.ones(2, 3)).shape
        chainrule.Size([2, 3, 1])
    """
@overload
def atleast_3d(tensors: Sequence[Tensor], *, out: Any = None) -> tuple[Tensor, ...]: ...
@overload
def atleast_3d(first: Tensor, second: Tensor, /, *tensors: Tensor, out: Any = None) -> tuple[Tensor, ...]: ...
def baddbmm(
    input: Tensor,
    batch1: Tensor,
    batch2: Tensor,
    *,
    beta: Number = 1,
    alpha: Number = 1,
    out: Any = None,
) -> Tensor:
    """Products of two batches of matrices, added to a tensor.

        y_i = beta input_i + alpha (batch1_i @ batch2_i)

    Args:
        input: tensor that broadcasts to (b, m, n).
        batch1: (b, m, k) tensor.
        batch2: (b, k, n) tensor.
        beta, alpha: numbers.
    """
def baddbmm_(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """Products of two batches of matrices, added to a tensor."""
def bernoulli(
    input: Tensor,
    p: _float | None = None,
    *,
    generator: Generator | None = None,
    out: Any = None,
) -> Tensor:
    """1 with the probability that stands in the input, otherwise 0.

    Args:
        input: probabilities.
        p: one probability for all elements instead.

    Example:
        >>> chainrule.bernoulli(chainrule.tensor([0., 1.]))
        tensor([0., 1.])
    """
def bilinear(
    input1: Tensor,
    input2: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    out: Any = None,
) -> Tensor:
    """Bilinear map of two inputs' last axes.

        y_o = sum_ij x1_i W_oij x2_j + b_o

    Args:
        input1: (..., in1) tensor.
        input2: (..., in2) tensor with the same leading axes.
        weight: (out, in1, in2) tensor.
        bias: (out,) tensor or None.

    Returns:
        (..., out) tensor.
    """
def bincount(input: Tensor, weights: Tensor | None = None, minlength: _int = 0, *, out: Any = None) -> Tensor:
    """How often each non-negative integer occurs.

    Args:
        input: 1-D tensor of integers, not negative.
        weights: tensor of the same shape, added up instead of counted; or None.
        minlength: smallest length of the result.

    Returns:
        int64 tensor of length max(input) + 1 or more; with weights float64 (float32 for float32 weights).

    Example:
        >>> chainrule.bincount(chainrule.tensor([0, 2, 2]))
        tensor([1, 0, 2])
    """
def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None, *, out: Any = None) -> Tensor:
    """Numbers of successes in count trials, each of probability prob.

    Args:
        count: numbers of trials, a floating tensor.
        prob: probabilities, a tensor of the same dtype that broadcasts with count.

    Raises:
        TypeError: dtypes that differ or are no floating ones.
        ValueError: a prob outside [0, 1], or a negative count.

    Example:
        >>> chainrule.binomial(chainrule.tensor([5., 7.]), chainrule.tensor(1.))
        tensor([5., 7.])
    """
def bitwise_and(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Bitwise and of integers; logical and of bool tensors.

    Args:
        input: integer or bool tensor, or number.
        other: the same; the shapes broadcast.

    Example:
        >>> chainrule.bitwise_and(chainrule.tensor([6, 5]), 3)
        tensor([2, 1])
    """
def bitwise_and_(input: Tensor, other: TensorLike) -> Tensor:
    """Bitwise and of integers; logical and of bool tensors."""
def bitwise_left_shift(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Shifts the bits of integers to the left; 0 beyond the width.

        z = x 2^y

    Args:
        input: integer tensor or number.
        other: the number of places; the shapes broadcast.

    Example:
        >>> chainrule.bitwise_left_shift(chainrule.tensor([1, 3]), 2)
        tensor([ 4, 12])
    """
def bitwise_left_shift_(input: Tensor, other: TensorLike) -> Tensor:
    """Shifts the bits of integers to the left; 0 beyond the width."""
def bitwise_not(input: Tensor, *, out: Any = None) -> Tensor:
    """Bitwise not of integers; logical not of bool tensors.

    Args:
        input: integer or bool tensor.

    Example:
        >>> chainrule.bitwise_not(chainrule.tensor([0, 5]))
        tensor([-1, -6])
    """
def bitwise_not_(input: Tensor) -> Tensor:
    """Bitwise not of integers; logical not of bool tensors."""
def bitwise_or(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Bitwise or of integers; logical or of bool tensors.

    Args:
        input: integer or bool tensor, or number.
        other: the same; the shapes broadcast.

    Example:
        >>> chainrule.bitwise_or(chainrule.tensor([6, 5]), 3)
        tensor([7, 7])
    """
def bitwise_or_(input: Tensor, other: TensorLike) -> Tensor:
    """Bitwise or of integers; logical or of bool tensors."""
def bitwise_right_shift(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Shifts the bits of integers to the right, keeping the sign.

        z = floor(x / 2^y)

    Args:
        input: integer tensor or number.
        other: the number of places; the shapes broadcast.

    Example:
        >>> chainrule.bitwise_right_shift(chainrule.tensor([5, -5]), 1)
        tensor([ 2, -3])
    """
def bitwise_right_shift_(input: Tensor, other: TensorLike) -> Tensor:
    """Shifts the bits of integers to the right, keeping the sign."""
def bitwise_xor(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Bitwise exclusive or of integers; logical one of bool tensors.

    Args:
        input: integer or bool tensor, or number.
        other: the same; the shapes broadcast.

    Example:
        >>> chainrule.bitwise_xor(chainrule.tensor([6, 5]), 3)
        tensor([5, 6])
    """
def bitwise_xor_(input: Tensor, other: TensorLike) -> Tensor:
    """Bitwise exclusive or of integers; logical one of bool tensors."""
@overload
def block_diag(tensors: Sequence[Tensor], *, out: Any = None) -> Tensor:
    """A matrix with the given ones along its diagonal, and zeros elsewhere.

    Args:
        tensors: of at most two axes; vectors are rows.

    Example:
        >>> chainrule.block_diag(chainrule.tensor([[1, 2]]), chainrule.tensor(3))
        tensor([[1, 2, 0],
                [0, 0, 3]])
    """
@overload
def block_diag(*tensors: Tensor, out: Any = None) -> Tensor: ...
def bmm(input: Tensor, mat2: Tensor, *, out: Any = None) -> Tensor:
    """Products of two batches of matrices.

        C_i = A_i B_i

    Args:
        input: (b, m, k) tensor.
        mat2: (b, k, n) tensor of the same dtype.

    Returns:
        (b, m, n) tensor.

    Example:
        >>> chainrule.bmm(chainrule.ones(5, 2, 3), chainrule.ones(5, 3, 4)).shape
        chainrule.Size([5, 2, 4])
    """
@overload
def broadcast_tensors(tensors: Sequence[Tensor], *, out: Any = None) -> tuple[Tensor, ...]:
    """Views of the tensors, broadcast to their common shape.

    Example:
        >>> a, b = chainrule.broadcast_tensors(chainrule.zeros(2, 1), chainrule.zeros(3))
        >>> a.shape, b.shape
        (chainrule.Size([2, 3]), chainrule.Size([2, 3]))
    """
@overload
def broadcast_tensors(*tensors: Tensor, out: Any = None) -> tuple[Tensor, ...]: ...
@overload
def broadcast_to(input: Tensor, size: Ints, *, out: Any = None) -> Tensor:
    """Broadcasts to a shape, as arithmetic does; shares memory.

    Example:
        >>> chainrule.broadcast_to(chainrule.tensor([1, 2]), (2, 2))
        tensor([[1, 2],
                [1, 2]])
    """
@overload
def broadcast_to(input: Tensor, *size: _int, out: Any = None) -> Tensor: ...
def bucketize(
    input: Tensor,
    boundaries: Tensor,
    *,
    out_int32: _bool = False,
    right: _bool = False,
    out: Any = None,
) -> Tensor:
    """The number of the bucket of each value, between ascending boundaries.

    Example:
        >>> chainrule.bucketize(chainrule.tensor([0., 2., 9.]), chainrule.tensor([1., 5.]))
        tensor([0, 1, 2])
    """
@overload
def cartesian_prod(tensors: Sequence[Tensor], *, out: Any = None) -> Tensor:
    """All combinations of the elements of vectors, one a row.

    Example:
        >>> chainrule.cartesian_prod(chainrule.tensor([1, 2]), chainrule.tensor([3]))
        tensor([[1, 3],
                [2, 3]])
    """
@overload
def cartesian_prod(*tensors: Tensor, out: Any = None) -> Tensor: ...
@overload
def cat(tensors: Tensor | Sequence[Tensor], dim: _int = 0, *, out: Any = None) -> Tensor:
    """Joins tensors along an axis that they have.

    Args:
        tensors: a sequence; sizes must be equal except along dim. Dtypes are promoted.
        dim: the axis.

    Raises:
        ValueError: shapes that don't fit, or no tensors.

    Example:
        >>> chainrule.cat([chainrule.tensor([1, 2]), chainrule.tensor([3])])
        tensor([1, 2, 3])
    """
@overload
def cat(tensors: Tensor | Sequence[Tensor], *, axis: _int, out: Any = None) -> Tensor: ...
def cdist(
    x1: Tensor,
    x2: Tensor,
    p: _float = 2.0,
    compute_mode: str | None = None,
    *,
    out: Any = None,
) -> Tensor:
    """Distances between all pairs of points of two sets.

        y_ij = |a_i - b_j|_p;  the gradient at distance 0 is 0

    Args:
        x1: (..., m, d) floating tensor.
        x2: (..., n, d) tensor.
        p: order of the norm.
        compute_mode: accepted; distances are always computed from the differences.

    Returns:
        (..., m, n) tensor.

    Example:
        >>> chainrule.cdist(chainrule.zeros(1, 2), chainrule.tensor([[3., 4.]]))
        tensor([[5.]])
    """
def ceil(input: Tensor, *, out: Any = None) -> Tensor:
    """Smallest whole number not below each element. Its gradient is 0.

    Example:
        >>> chainrule.ceil(chainrule.tensor([1.2, -1.7]))
        tensor([ 2., -1.])
    """
def ceil_(input: Tensor) -> Tensor:
    """Smallest whole number not below each element. Its gradient is 0."""
def celu(input: Tensor, alpha: _float = 1.0, inplace: _bool = False, *, out: Any = None) -> Tensor:
    """Exponential linear unit with a continuous derivative.

        y = x where x > 0, else alpha (e^(x / alpha) - 1)

    Args:
        input: floating tensor of any shape.
        alpha: number, not 0, default 1.
        inplace: write into input.

    Example:
        >>> chainrule.nn.functional.celu(chainrule.tensor([-1., 2.]), 2.0)
        tensor([-0.7869,  2.0000])

    Source: Barron, Continuously Differentiable Exponential Linear Units (2017).
    """
def celu_(input: Tensor, alpha: _float = 1.0, inplace: _bool = False) -> Tensor:
    """Exponential linear unit with a continuous derivative."""
@overload
def chain_matmul(matrices: Sequence[Tensor], *, out: Any = None) -> Tensor:
    """Product of several matrices, in the cheapest order; see linalg.multi_dot().

    Args:
        matrices: matrices that fit one another.

    Example:
        >>> chainrule.chain_matmul(chainrule.ones(2, 3), chainrule.ones(3, 1))
        tensor([[3.],
                [3.]])
    """
@overload
def chain_matmul(*matrices: Tensor, out: Any = None) -> Tensor: ...
def channel_shuffle(input: Tensor, groups: _int, *, out: Any = None) -> Tensor:
    """Channels of several groups are mixed: channel i of group g goes to place i groups + g.

    Args:
        input: (N, C, ...) tensor.
        groups: divides C.

    Returns:
        Tensor of the input's shape.

    Example:
        >>> F.channel_shuffle(chainrule.arange(4.).reshape(1, 4, 1), 2).flatten()
        tensor([0., 2., 1., 3.])

    Source: Zhang et al., "ShuffleNet", 2017.
    """
def cholesky(input: Tensor, upper: _bool = False, *, out: Any = None) -> Tensor:
    """Cholesky decomposition of symmetric positive definite matrices: another name for linalg.cholesky().

    Args:
        input: (..., n, n) floating tensor.
        upper: return the upper triangle.

    Example:
        >>> chainrule.cholesky(chainrule.tensor([[4., 2.], [2., 2.]]))
        tensor([[2., 0.],
                [1., 1.]])
    """
def cholesky_inverse(L: Tensor, upper: _bool = False, *, out: Any = None) -> Tensor:
    """Inverse of A from its Cholesky factor.

        A = L L^T, or U^T U

    Args:
        L: (..., n, n) factor.
        upper: it is an upper triangle.

    Example:
        >>> chainrule.cholesky_inverse(chainrule.tensor([[2., 0.], [0., 1.]]))
        tensor([[0.2500, 0.0000],
                [0.0000, 1.0000]])
    """
def cholesky_solve(B: Tensor, L: Tensor, upper: _bool = False, *, out: Any = None) -> Tensor:
    """Solution X of A X = B from the Cholesky factor of A.

        A = L L^T, or U^T U

    Args:
        B: (..., n, k) tensor.
        L: (..., n, n) factor.
        upper: it is an upper triangle.

    Example:
        >>> L = chainrule.linalg.cholesky(chainrule.tensor([[4., 2.], [2., 2.]]))
        >>> chainrule.cholesky_solve(chainrule.tensor([[6.], [4.]]), L)
        tensor([[1.],
                [1.]])
    """
@overload
def chunk(input: Tensor, chunks: _int, dim: _int = 0, *, out: Any = None) -> tuple[Tensor, ...]:
    """Cuts an axis into at most `chunks` parts of equal size; the last may be smaller.

    Example:
        >>> chainrule.arange(5).chunk(2)
        (tensor([0, 1, 2]), tensor([3, 4]))
    """
@overload
def chunk(input: Tensor, chunks: _int, *, axis: _int, out: Any = None) -> tuple[Tensor, ...]: ...
def clamp(
    input: Tensor,
    min: TensorLike | None = None,
    max: TensorLike | None = None,
    *,
    out: Any = None,
) -> Tensor:
    """Limits each element to the range from min to max.

        y = min(max(x, min), max),  dx = dy strictly between the bounds, 0 elsewhere

    With tensors as bounds, the gradient is x's where x is equal to a bound, and the bound's beyond it. If min > max, the result
    is max.

    Args:
        input: tensor of any shape.
        min: number or tensor, optional.
        max: number or tensor, optional.

    Raises:
        ValueError: neither bound is given.

    Example:
        >>> chainrule.clamp(chainrule.tensor([-2., 0.5, 3.]), -1, 1)
        tensor([-1.0000,  0.5000,  1.0000])
    """
def clamp_(input: Tensor, min: TensorLike | None = None, max: TensorLike | None = None) -> Tensor:
    """Limits each element to the range from min to max."""
def clamp_max(input: Tensor, max: TensorLike, *, out: Any = None) -> Tensor:
    """Limits each element from above: clamp(input, max=max).

        y = min(x, max)

    Args:
        input: tensor of any shape.
        max: number or tensor.

    Example:
        >>> chainrule.clamp_max(chainrule.tensor([-2., 3.]), 0)
        tensor([-2.,  0.])
    """
def clamp_max_(input: Tensor, max: TensorLike) -> Tensor:
    """Limits each element from above: clamp(input, max=max)."""
def clamp_min(input: Tensor, min: TensorLike, *, out: Any = None) -> Tensor:
    """Limits each element from below: clamp(input, min=min).

        y = max(x, min)

    Args:
        input: tensor of any shape.
        min: number or tensor.

    Example:
        >>> chainrule.clamp_min(chainrule.tensor([-2., 3.]), 0)
        tensor([0., 3.])
    """
def clamp_min_(input: Tensor, min: TensorLike) -> Tensor:
    """Limits each element from below: clamp(input, min=min)."""
def clip(
    input: Tensor,
    min: TensorLike | None = None,
    max: TensorLike | None = None,
    *,
    out: Any = None,
) -> Tensor:
    """Limits each element to the range from min to max.

        y = min(max(x, min), max),  dx = dy strictly between the bounds, 0 elsewhere

    With tensors as bounds, the gradient is x's where x is equal to a bound, and the bound's beyond it. If min > max, the result
    is max.

    Args:
        input: tensor of any shape.
        min: number or tensor, optional.
        max: number or tensor, optional.

    Raises:
        ValueError: neither bound is given.

    Example:
        >>> chainrule.clamp(chainrule.tensor([-2., 0.5, 3.]), -1, 1)
        tensor([-1.0000,  0.5000,  1.0000])
    """
def clip_(input: Tensor, min: TensorLike | None = None, max: TensorLike | None = None) -> Tensor:
    """Limits each element to the range from min to max."""
def clone(input: Tensor, *, memory_format: Any = None, out: Any = None) -> Tensor:
    """A copy in memory of its own; gradients flow through it.

    Example:
        >>> x = chainrule.zeros(2)
        >>> y = x.clone()
        >>> _ = y.fill_(1.)
        >>> x
        tensor([0., 0.])
    """
def column_stack(tensors: Tensor | Sequence[Tensor], *, out: Any = None) -> Tensor:
    """Joins along axis 1; vectors become columns.

    Example:
        >>> chainrule.column_stack([chainrule.ones(2), chainrule.zeros(2)])
        tensor([[1., 0.],
                [1., 0.]])
    """
def combinations(input: Tensor, r: _int = 2, with_replacement: _bool = False, *, out: Any = None) -> Tensor:
    """All choices of r elements of a vector, in the order of itertools.combinations.

    Args:
        input: vector.
        r: how many; 0 or more.
        with_replacement: the same element may be chosen again.

    Returns:
        (choices, r) tensor.

    Example:
        >>> chainrule.combinations(chainrule.tensor([1, 2, 3]))
        tensor([[1, 2],
                [1, 3],
                [2, 3]])
    """
@overload
def concat(tensors: Tensor | Sequence[Tensor], dim: _int = 0, *, out: Any = None) -> Tensor:
    """Joins tensors along an axis that they have.

    Args:
        tensors: a sequence; sizes must be equal except along dim. Dtypes are promoted.
        dim: the axis.

    Raises:
        ValueError: shapes that don't fit, or no tensors.

    Example:
        >>> chainrule.cat([chainrule.tensor([1, 2]), chainrule.tensor([3])])
        tensor([1, 2, 3])
    """
@overload
def concat(tensors: Tensor | Sequence[Tensor], *, axis: _int, out: Any = None) -> Tensor: ...
@overload
def concatenate(tensors: Tensor | Sequence[Tensor], dim: _int = 0, *, out: Any = None) -> Tensor:
    """Joins tensors along an axis that they have.

    Args:
        tensors: a sequence; sizes must be equal except along dim. Dtypes are promoted.
        dim: the axis.

    Raises:
        ValueError: shapes that don't fit, or no tensors.

    Example:
        >>> chainrule.cat([chainrule.tensor([1, 2]), chainrule.tensor([3])])
        tensor([1, 2, 3])
    """
@overload
def concatenate(tensors: Tensor | Sequence[Tensor], *, axis: _int, out: Any = None) -> Tensor: ...
@overload
def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    dilation: Ints = 1,
    groups: _int = 1,
    *,
    out: Any = None,
) -> Tensor:
    """Convolution (cross-correlation) of a sequence.

        y[n, o, i] = b[o] + sum_{c, k} w[o, c, k] x[n, c, i stride - padding + k dilation]

    Elements outside the input count as 0.

    Args:
        input: (N, C, L) or (C, L) tensor.
        weight: (O, C / groups, K) tensor.
        bias: (O,) tensor or None.
        stride: step from window to window.
        padding: zeros on both sides, or "valid" (none) or "same" (as many as keep the length; stride 1).
        dilation: step from element to element of a window.
        groups: channels are cut into so many groups; each filter sees its own alone.

    Returns:
        (N, O, L') or (O, L') tensor, L' = (L + 2 padding - dilation (K - 1) - 1) // stride + 1.

    Raises:
        ValueError: shapes that don't fit.
        TypeError: dtypes that differ.

    Example:
        >>> F.conv1d(chainrule.tensor([[[1., 2., 4., 8.]]]), chainrule.tensor([[[-1., 1.]]]))
        tensor([[[1., 2., 4.]]])
    """
@overload
def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: str = "valid",
    dilation: Ints = 1,
    groups: _int = 1,
    *,
    out: Any = None,
) -> Tensor: ...
@overload
def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    dilation: Ints = 1,
    groups: _int = 1,
    *,
    out: Any = None,
) -> Tensor:
    """Convolution (cross-correlation) of images.

        y[n, o, i, j] = b[o] + sum_{c, k, l} w[o, c, k, l] x[n, c, i stride - padding + k dilation, j stride - padding + l dilation]

    Elements outside the input count as 0. Options are one number, or one for each axis.

    Args:
        input: (N, C, H, W) or (C, H, W) tensor.
        weight: (O, C / groups, KH, KW) tensor.
        bias: (O,) tensor or None.
        stride: step from window to window.
        padding: zeros on both sides, or "valid" (none) or "same" (as many as keep the size; stride 1).
        dilation: step from element to element of a window.
        groups: channels are cut into so many groups; each filter sees its own alone.

    Returns:
        (N, O, H', W') or (O, H', W') tensor.

    Raises:
        ValueError: shapes that don't fit.
        TypeError: dtypes that differ.

    Example:
        >>> F.conv2d(chainrule.ones(1, 1, 3, 3), chainrule.ones(1, 1, 2, 2))
        tensor([[[[4., 4.],
                  [4., 4.]]]])
    """
@overload
def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: str = "valid",
    dilation: Ints = 1,
    groups: _int = 1,
    *,
    out: Any = None,
) -> Tensor: ...
@overload
def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    dilation: Ints = 1,
    groups: _int = 1,
    *,
    out: Any = None,
) -> Tensor:
    """Convolution (cross-correlation) of volumes. As conv2d, with one axis more.

    Args:
        input: (N, C, D, H, W) or (C, D, H, W) tensor.
        weight: (O, C / groups, KD, KH, KW) tensor.
        bias: (O,) tensor or None.
        stride: step from window to window.
        padding: zeros on both sides, or "valid" (none) or "same" (as many as keep the size; stride 1).
        dilation: step from element to element of a window.
        groups: channels are cut into so many groups; each filter sees its own alone.

    Returns:
        (N, O, D', H', W') or (O, D', H', W') tensor.

    Example:
        >>> F.conv3d(chainrule.ones(1, 1, 2, 2, 2), chainrule.ones(1, 1, 2, 2, 2))
        tensor([[[[[8.]]]]])
    """
@overload
def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: str = "valid",
    dilation: Ints = 1,
    groups: _int = 1,
    *,
    out: Any = None,
) -> Tensor: ...
def conv_transpose1d(
    input: Tensor,
    weight: TensorLike,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: _int = 1,
    dilation: Ints = 1,
    *,
    out: Any = None,
) -> Tensor:
    """Transposed convolution of a sequence: the adjoint of conv1d, as in its gradient by the input.

        y[n, o, i stride - padding + k dilation] += w[c, o, k] x[n, c, i],  then + b[o]

    Args:
        input: (N, C, L) or (C, L) tensor.
        weight: (C, O / groups, K) tensor.
        bias: (O,) tensor or None.
        stride, padding, dilation, groups: of the convolution whose adjoint this is.
        output_padding: added to the output's size on one side.

    Returns:
        (N, O, L') or (O, L') tensor, L' = (L - 1) stride - 2 padding + dilation (K - 1) + output_padding + 1.

    Example:
        >>> F.conv_transpose1d(chainrule.tensor([[[1., 2.]]]), chainrule.tensor([[[1., 1.]]]), stride=2)
        tensor([[[1., 1., 2., 2.]]])
    """
def conv_transpose2d(
    input: Tensor,
    weight: TensorLike,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: _int = 1,
    dilation: Ints = 1,
    *,
    out: Any = None,
) -> Tensor:
    """Transposed convolution of images: the adjoint of conv2d, as in its gradient by the input.

    Args:
        input: (N, C, H, W) or (C, H, W) tensor.
        weight: (C, O / groups, KH, KW) tensor.
        bias: (O,) tensor or None.
        stride, padding, dilation, groups: of the convolution whose adjoint this is.
        output_padding: added to the output's size on one side.

    Returns:
        (N, O, H', W') or (O, H', W') tensor.

    Example:
        >>> F.conv_transpose2d(chainrule.ones(1, 1, 2, 2), chainrule.ones(1, 1, 2, 2))
        tensor([[[[1., 2., 1.],
                  [2., 4., 2.],
                  [1., 2., 1.]]]])
    """
def conv_transpose3d(
    input: Tensor,
    weight: TensorLike,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: _int = 1,
    dilation: Ints = 1,
    *,
    out: Any = None,
) -> Tensor:
    """Transposed convolution of volumes: the adjoint of conv3d, as in its gradient by the input.

    Args:
        input: (N, C, D, H, W) or (C, D, H, W) tensor.
        weight: (C, O / groups, KD, KH, KW) tensor.
        bias: (O,) tensor or None.
        stride, padding, dilation, groups: of the convolution whose adjoint this is.
        output_padding: added to the output's size on one side.

    Returns:
        (N, O, D', H', W') or (O, D', H', W') tensor.

    Example:
        >>> F.conv_transpose3d(chainrule.ones(1, 1, 1, 1, 2), chainrule.ones(1, 1, 1, 1, 2))
        tensor([[[[[1., 2., 1.]]]]])
    """
def copysign(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """The size of x with the sign of y, also that of -0.

        z = |x| sign(y),  dx = dz sign(x) sign(y) (0 at x = 0),  dy = 0

    Args:
        input: tensor or number, x.
        other: tensor or number, y; the shapes broadcast.

    Example:
        >>> chainrule.copysign(chainrule.tensor([1., -2.]), -1)
        tensor([-1., -2.])
    """
def copysign_(input: Tensor, other: TensorLike) -> Tensor:
    """The size of x with the sign of y, also that of -0."""
def corrcoef(input: Tensor, *, out: Any = None) -> Tensor:
    """Correlation coefficients of variables (rows) over observations (columns).

        R_ij = C_ij / sqrt(C_ii C_jj), between -1 and 1;  C as cov()

    Args:
        input: (variables, observations) tensor; a vector is one variable.

    Example:
        >>> chainrule.corrcoef(chainrule.tensor([[0., 2.], [4., 0.]]))
        tensor([[ 1., -1.],
                [-1.,  1.]])
    """
def cos(input: Tensor, *, out: Any = None) -> Tensor:
    """Cosine of each element, in radians.

        y = cos x,  dx = -dy sin x

    Example:
        >>> chainrule.cos(chainrule.tensor([0., 1.]))
        tensor([1.0000, 0.5403])
    """
def cos_(input: Tensor) -> Tensor:
    """Cosine of each element, in radians."""
def cosh(input: Tensor, *, out: Any = None) -> Tensor:
    """Hyperbolic cosine.

        y = (e^x + e^-x) / 2,  dx = dy sinh x

    Example:
        >>> chainrule.cosh(chainrule.tensor([0., 1.]))
        tensor([1.0000, 1.5431])
    """
def cosh_(input: Tensor) -> Tensor:
    """Hyperbolic cosine."""
def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: _float = 0.0,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: str = "mean",
    *,
    out: Any = None,
) -> Tensor:
    """1 - cosine where the target is 1, its excess over a margin where it is -1.

        loss = 1 - cos(x1, x2) where t = 1, max(0, cos(x1, x2) - margin) where t = -1

    Args:
        input1, input2: (N, D) or (D,) tensors.
        target: (N,) or () tensor, -1 or 1.
        margin: number.
        size_average, reduce: deprecated.
        reduction: 'none', 'mean' or 'sum'.
    """
@overload
def cosine_similarity(x1: Tensor, x2: Tensor, dim: _int = 1, eps: _float = 1e-8, *, out: Any = None) -> Tensor:
    """Cosine of the angle between vectors along an axis.

        y = x1 . x2 / (max(|x1|, eps) max(|x2|, eps))

    Args:
        x1, x2: tensors that broadcast.
        dim: axis of the vectors.
        eps: smallest norm.

    Example:
        >>> F.cosine_similarity(chainrule.tensor([[3., 4.]]), chainrule.tensor([[3., 4.]]))
        tensor([1.])
    """
@overload
def cosine_similarity(x1: Tensor, x2: Tensor, *, axis: _int, eps: _float = 1e-8, out: Any = None) -> Tensor: ...
@overload
def count_nonzero(input: Tensor, dim: Ints | None = None, *, out: Any = None) -> Tensor:
    """Number of elements that are not 0.

    Args:
        input: tensor of any shape and dtype.
        dim: an axis or several; None for all.

    Returns:
        int64 tensor.

    Example:
        >>> chainrule.count_nonzero(chainrule.tensor([0., 3., 4.]))
        tensor(2)
    """
@overload
def count_nonzero(input: Tensor, *, axis: Ints | None, out: Any = None) -> Tensor: ...
def cov(
    input: Tensor,
    *,
    correction: _int = 1,
    fweights: Tensor | None = None,
    aweights: Tensor | None = None,
    out: Any = None,
) -> Tensor:
    """Covariances of variables (rows) over observations (columns).

        C_ij = sum_k w_k (x_ik - mean_i) (x_jk - mean_j) / (sum w - correction)

    Args:
        input: (variables, observations) tensor; a vector is one variable.
        correction: 1 for unbiased estimates, 0 for the population's.
        fweights: how often each observation counts, integers.
        aweights: its importance; the divisor is then sum w - correction sum(w a) / sum w.

    Returns:
        (variables, variables) tensor; of one variable a tensor without axes.

    Example:
        >>> chainrule.cov(chainrule.tensor([[0., 2.], [4., 0.]]))
        tensor([[ 2., -4.],
                [-4.,  8.]])
    """
@overload
def cross(input: Tensor, other: TensorLike, dim: _int | None = None, *, out: Any = None) -> Tensor:
    """Cross product of vectors of three elements.

        c_i = a_(i+1) b_(i+2) - a_(i+2) b_(i+1)

    Args:
        input, other: tensors that broadcast, of size 3 along the axis.
        dim: axis; None for the first of size 3.

    Example:
        >>> chainrule.cross(chainrule.tensor([1., 0., 0.]), chainrule.tensor([0., 1., 0.]))
        tensor([0., 0., 1.])
    """
@overload
def cross(input: Tensor, other: TensorLike, *, axis: _int | None, out: Any = None) -> Tensor: ...
@overload
def cummax(input: Tensor, dim: _int, *, out: Any = None) -> ValuesIndices:
    """Running maximum along an axis, and where it is.

        y_k = max_{j <= k} x_j

    Args:
        input: tensor. NaN wins.
        dim: axis.

    Returns:
        Named tuple (values, indices); of equal elements the last one is named, and takes the gradient.

    Example:
        >>> chainrule.cummax(chainrule.tensor([1., 3., 2.]), dim=0).values
        tensor([1., 3., 3.])
    """
@overload
def cummax(input: Tensor, *, axis: _int, out: Any = None) -> ValuesIndices: ...
@overload
def cummin(input: Tensor, dim: _int, *, out: Any = None) -> ValuesIndices:
    """Running minimum along an axis, and where it is.

        y_k = min_{j <= k} x_j

    Args:
        input: tensor. NaN wins.
        dim: axis.

    Returns:
        Named tuple (values, indices); of equal elements the last one is named, and takes the gradient.

    Example:
        >>> chainrule.cummin(chainrule.tensor([2., 3., 1.]), dim=0).indices
        tensor([0, 0, 2])
    """
@overload
def cummin(input: Tensor, *, axis: _int, out: Any = None) -> ValuesIndices: ...
@overload
def cumprod(input: Tensor, dim: _int, *, dtype: DtypeLike | None = None, out: Any = None) -> Tensor:
    """Running product along an axis.

        y_k = prod_{j <= k} x_j,  dx_j = sum_{k >= j} dy_k prod_{i <= k, i != j} x_i  (right also where elements are 0)

    Args:
        input: tensor; bools and integers are multiplied as int64.
        dim: axis.
        dtype: converts the input first.

    Example:
        >>> chainrule.cumprod(chainrule.tensor([1., 2., 3.]), dim=0)
        tensor([1., 2., 6.])
    """
@overload
def cumprod(input: Tensor, *, axis: _int, dtype: DtypeLike | None = None, out: Any = None) -> Tensor: ...
@overload
def cumprod_(input: Tensor, dim: _int, *, dtype: DtypeLike | None = None) -> Tensor:
    """Running product along an axis."""
@overload
def cumprod_(input: Tensor, *, axis: _int, dtype: DtypeLike | None = None) -> Tensor: ...
@overload
def cumsum(input: Tensor, dim: _int, *, dtype: DtypeLike | None = None, out: Any = None) -> Tensor:
    """Running sum along an axis.

        y_k = sum_{j <= k} x_j,  dx_j = sum_{k >= j} dy_k

    Args:
        input: tensor; bools and integers are summed as int64.
        dim: axis.
        dtype: converts the input first.

    Example:
        >>> chainrule.cumsum(chainrule.tensor([1., 2., 3.]), dim=0)
        tensor([1., 3., 6.])
    """
@overload
def cumsum(input: Tensor, *, axis: _int, dtype: DtypeLike | None = None, out: Any = None) -> Tensor: ...
@overload
def cumsum_(input: Tensor, dim: _int, *, dtype: DtypeLike | None = None) -> Tensor:
    """Running sum along an axis."""
@overload
def cumsum_(input: Tensor, *, axis: _int, dtype: DtypeLike | None = None) -> Tensor: ...
@overload
def cumulative_trapezoid(y: Tensor, x: Tensor, *, dim: _int = -1, out: Any = None) -> Tensor:
    """Integrals from the first point to each later one by the trapezoidal rule; see trapezoid().

    Args:
        y: values at the points.
        x: the points: 1-D, or of a shape that broadcasts with y's.
        dx: distance of the points, if they are evenly spaced.
        dim: axis; it loses one position.

    Example:
        >>> chainrule.cumulative_trapezoid(chainrule.tensor([1., 5., 10.]))
        tensor([ 3.0000, 10.5000])
    """
@overload
def cumulative_trapezoid(y: Tensor, x: Tensor, *, axis: _int, out: Any = None) -> Tensor: ...
@overload
def cumulative_trapezoid(y: Tensor, *, dx: Number = 1, dim: _int = -1, out: Any = None) -> Tensor: ...
@overload
def cumulative_trapezoid(y: Tensor, *, dx: Number = 1, axis: _int, out: Any = None) -> Tensor: ...
def deg2rad(input: Tensor, *, out: Any = None) -> Tensor:
    """Degrees to radians.

        y = x pi / 180

    Example:
        >>> chainrule.deg2rad(chainrule.tensor([180., 90.]))
        tensor([3.1416, 1.5708])
    """
def deg2rad_(input: Tensor) -> Tensor:
    """Degrees to radians."""
def det(input: Tensor, *, out: Any = None) -> Tensor:
    """Determinant of square matrices.

        d = det A,  dA = dd d A^-T  (the matrix of cofactors where d is 0)

    Args:
        input: (..., n, n) floating tensor.

    Returns:
        (...,) tensor.

    Example:
        >>> chainrule.linalg.det(chainrule.tensor([[2., 1.], [0., 4.]]))
        tensor(8.)
    """
def detach(input: Tensor, *, out: Any = None) -> Tensor:
    """The same memory without history: no gradient flows back.

    Example:
        >>> x = chainrule.ones(1, requires_grad=True)
        >>> x.detach().requires_grad
        False
    """
def diag(input: Tensor, diagonal: _int = 0, *, out: Any = None) -> Tensor:
    """A matrix with a vector on a diagonal, or the diagonal of a matrix as a vector.

    Example:
        >>> chainrule.diag(chainrule.tensor([1., 2.]))
        tensor([[1., 0.],
                [0., 2.]])
        >>> chainrule.diag(chainrule.tensor([[1., 2.], [3., 4.]]))
        tensor([1., 4.])
    """
def diag_embed(input: Tensor, offset: _int = 0, dim1: _int = -2, dim2: _int = -1, *, out: Any = None) -> Tensor:
    """Matrices with the last axis on a diagonal and 0 elsewhere.

    Args:
        offset: 0 the main diagonal, above it positive, below it negative.
        dim1, dim2: the axes of the matrices in the result.

    Example:
        >>> chainrule.diag_embed(chainrule.tensor([1., 2.]))
        tensor([[1., 0.],
                [0., 2.]])
    """
def diagflat(input: Tensor, offset: _int = 0, *, out: Any = None) -> Tensor:
    """A matrix with all elements on a diagonal.

    Args:
        input: tensor; it is flattened.
        offset: which diagonal; above the main one positive.

    Example:
        >>> chainrule.diagflat(chainrule.tensor([[1, 2]]))
        tensor([[1, 0],
                [0, 2]])
    """
def diagonal(input: Tensor, offset: _int = 0, dim1: _int = 0, dim2: _int = 1, *, out: Any = None) -> Tensor:
    """A view of a diagonal, which becomes the last axis.

    Args:
        offset: 0 the main diagonal, above it positive, below it negative.
        dim1, dim2: the axes of the matrices.

    Example:
        >>> chainrule.arange(9).view(3, 3).diagonal(1)
        tensor([1, 5])
    """
def diagonal_scatter(
    input: Tensor,
    src: Tensor,
    offset: _int = 0,
    dim1: _int = 0,
    dim2: _int = 1,
    *,
    out: Any = None,
) -> Tensor:
    """A copy with a diagonal replaced.

    Args:
        src: the diagonal's elements, of the shape of input.diagonal(offset, dim1, dim2).
        offset, dim1, dim2: which diagonal, as for diagonal().

    Example:
        >>> chainrule.zeros(2, 2).diagonal_scatter(chainrule.tensor([1., 2.]))
        tensor([[1., 0.],
                [0., 2.]])
    """
@overload
def diff(
    input: Tensor,
    n: _int = 1,
    dim: _int = -1,
    prepend: Tensor | None = None,
    append: Tensor | None = None,
    *,
    out: Any = None,
) -> Tensor:
    """Differences of neighbours along an axis.

        y_k = x_{k+1} - x_k, n times over; for bools whether they differ

    Args:
        input: tensor with at least one axis.
        n: how many times.
        dim: axis.
        prepend, append: tensors joined to the input's ends first, or None.

    Example:
        >>> chainrule.diff(chainrule.tensor([1., 3., 2.]))
        tensor([ 2., -1.])
    """
@overload
def diff(
    input: Tensor,
    n: _int = 1,
    *,
    axis: _int,
    prepend: Tensor | None = None,
    append: Tensor | None = None,
    out: Any = None,
) -> Tensor: ...
def digamma(input: Tensor, *, out: Any = None) -> Tensor:
    """Logarithmic derivative of the gamma function.

        y = d/dx ln Gamma(x),  dx = dy polygamma(1, x)

    Example:
        >>> chainrule.digamma(chainrule.tensor([1., 2.]))
        tensor([-0.5772,  0.4228])
    """
def digamma_(input: Tensor) -> Tensor:
    """Logarithmic derivative of the gamma function."""
def dist(input: Tensor, other: TensorLike, p: Number = 2, *, out: Any = None) -> Tensor:
    """Norm of the difference of two tensors.

        y = |input - other|_p

    Args:
        input, other: tensors that broadcast.
        p: order.

    Example:
        >>> chainrule.dist(chainrule.tensor([3., 4.]), chainrule.zeros(2))
        tensor(5.)
    """
def div(input: Tensor, other: TensorLike, *, rounding_mode: str | None = None, out: Any = None) -> Tensor:
    """Quotient of two tensors; integers are divided as floats unless a rounding mode is given.

        z = x / y,  dx = dz / y,  dy = -dz x / y^2

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.
        rounding_mode: None; 'trunc' rounds towards 0 and 'floor' down: they keep integers, and their gradient is 0.

    Raises:
        ValueError: an integer divisor is 0 and a rounding mode is given.

    Example:
        >>> chainrule.div(chainrule.tensor([1, -3]), 2)
        tensor([ 0.5000, -1.5000])
        >>> chainrule.div(chainrule.tensor([1, -3]), 2, rounding_mode='floor')
        tensor([ 0, -2])
    """
def div_(input: Tensor, other: TensorLike, *, rounding_mode: str | None = None) -> Tensor:
    """Quotient of two tensors; integers are divided as floats unless a rounding mode is given."""
def divide(input: Tensor, other: TensorLike, *, rounding_mode: str | None = None, out: Any = None) -> Tensor:
    """Quotient of two tensors; integers are divided as floats unless a rounding mode is given.

        z = x / y,  dx = dz / y,  dy = -dz x / y^2

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.
        rounding_mode: None; 'trunc' rounds towards 0 and 'floor' down: they keep integers, and their gradient is 0.

    Raises:
        ValueError: an integer divisor is 0 and a rounding mode is given.

    Example:
        >>> chainrule.div(chainrule.tensor([1, -3]), 2)
        tensor([ 0.5000, -1.5000])
        >>> chainrule.div(chainrule.tensor([1, -3]), 2, rounding_mode='floor')
        tensor([ 0, -2])
    """
def divide_(input: Tensor, other: TensorLike, *, rounding_mode: str | None = None) -> Tensor:
    """Quotient of two tensors; integers are divided as floats unless a rounding mode is given."""
def dot(input: Tensor, tensor: Tensor, *, out: Any = None) -> Tensor:
    """Inner product of two vectors.

        s = sum_i x_i y_i,  dx = ds y,  dy = ds x

    Args:
        input, tensor: (n,) tensors of one dtype.

    Returns:
        0-d tensor.

    Example:
        >>> chainrule.dot(chainrule.tensor([2., 3.]), chainrule.tensor([2., 1.]))
        tensor(7.)
    """
def dropout(
    input: Tensor,
    p: _float = 0.5,
    training: _bool = True,
    inplace: _bool = False,
    *,
    out: Any = None,
) -> Tensor:
    """Sets elements to 0 at random, with probability p, and scales the others.

        y = x m / (1 - p),  m = 1 with probability 1 - p, otherwise 0

    Args:
        p: the probability of 0.
        training: False gives the input back.
        inplace: write into the input.

    Example:
        >>> F.dropout(chainrule.ones(3), 0.)
        tensor([1., 1., 1.])
    """
@overload
def dsplit(input: Tensor, sections: _int, *, out: Any = None) -> tuple[Tensor, ...]:
    """tensor_split() along axis 2, into equal sections or at indices.

    Example:
        >>> [p.shape for p in chainrule.zeros(1, 2, 4).dsplit(2)]
        [chainrule.Size([1, 2, 2]), chainrule.Size([1, 2, 2])]
    """
@overload
def dsplit(input: Tensor, indices: Sequence[_int], *, out: Any = None) -> tuple[Tensor, ...]: ...
def dstack(tensors: Tensor | Sequence[Tensor], *, out: Any = None) -> Tensor:
    """Joins along axis 2.

    Example:
        >>> chainrule.dstack([chainrule.ones(2), chainrule.zeros(2)]).shape
        chainrule.Size([1, 2, 2])
    """
@overload
def einsum(equation: str, operands: Sequence[Tensor], *, out: Any = None) -> Tensor:
    """Sum of products of elements, written with a letter for each axis.

        "ij,jk->ik":  C_ik = sum_j A_ij B_jk

    Letters that are missing in the output are summed. A letter twice in one operand takes the diagonal. An ellipsis stands for
    the other axes, which broadcast. Without "->" the output has the letters that occur once, in alphabetical order. Three and
    more operands are multiplied in pairs, the cheapest pair first.

    Args:
        equation: the subscripts of the operands, separated by commas, and those of the output.
        operands: tensors of one dtype.

    Returns:
        Tensor with an axis for each letter of the output.

    Raises:
        ValueError: if the equation doesn't fit the operands.

    Example:
        >>> chainrule.einsum("ij,j->i", chainrule.tensor([[1., 2.], [3., 4.]]), chainrule.tensor([1., 10.]))
        tensor([21., 43.])
    """
@overload
def einsum(equation: str, *operands: Tensor, out: Any = None) -> Tensor: ...
@overload
def empty(
    size: Ints,
    *,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor:
    """A tensor whose memory isn't filled: its values are arbitrary.

    Example:
        >>> chainrule.empty(2, 3).shape
        chainrule.Size([2, 3])
    """
@overload
def empty(
    *size: _int,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def empty_like(
    input: Tensor,
    *,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor:
    """Unfilled memory in the shape and dtype of a tensor.

    Example:
        >>> chainrule.empty_like(chainrule.zeros(2, 3)).shape
        chainrule.Size([2, 3])
    """
def eq(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """True where two tensors are equal; nan equals nothing.

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.

    Returns:
        bool tensor.

    Example:
        >>> chainrule.eq(chainrule.tensor([1, 2]), 2)
        tensor([False,  True])
    """
def eq_(input: Tensor, other: TensorLike) -> Tensor:
    """True where two tensors are equal; nan equals nothing."""
def equal(input: Tensor, other: TensorLike) -> _bool:
    """Whether two tensors have the same shape and equal elements.

    Args:
        input: tensor.
        other: tensor.

    Returns:
        bool.

    Example:
        >>> chainrule.equal(chainrule.tensor([1, 2]), chainrule.tensor([1, 2]))
        True
    """
def erf(input: Tensor, *, out: Any = None) -> Tensor:
    """Error function.

        y = 2 / sqrt(pi) integral from 0 to x of e^(-t^2) dt,  dx = dy 2 / sqrt(pi) e^(-x^2)

    Example:
        >>> chainrule.erf(chainrule.tensor([0., 1.]))
        tensor([0.0000, 0.8427])
    """
def erf_(input: Tensor) -> Tensor:
    """Error function."""
def erfc(input: Tensor, *, out: Any = None) -> Tensor:
    """Complement of the error function, exact for large x too.

        y = 1 - erf(x),  dx = -dy 2 / sqrt(pi) e^(-x^2)

    Example:
        >>> chainrule.erfc(chainrule.tensor([0., 1.]))
        tensor([1.0000, 0.1573])
    """
def erfc_(input: Tensor) -> Tensor:
    """Complement of the error function, exact for large x too."""
def erfinv(input: Tensor, *, out: Any = None) -> Tensor:
    """Inverse of the error function; +-inf at +-1, nan beyond.

        erf(y) = x,  dx = dy sqrt(pi) / 2 e^(y^2)

    Example:
        >>> chainrule.erfinv(chainrule.tensor([0., 0.5]))
        tensor([0.0000, 0.4769])
    """
def erfinv_(input: Tensor) -> Tensor:
    """Inverse of the error function; +-inf at +-1, nan beyond."""
def exp(input: Tensor, *, out: Any = None) -> Tensor:
    """Exponential of each element.

        y = e^x,  dx = dy y

    Example:
        >>> chainrule.exp(chainrule.tensor([0., 1.]))
        tensor([1.0000, 2.7183])
    """
def exp_(input: Tensor) -> Tensor:
    """Exponential of each element."""
def exp2(input: Tensor, *, out: Any = None) -> Tensor:
    """Power of two with each element as exponent.

        y = 2^x,  dx = dy y ln 2

    Example:
        >>> chainrule.exp2(chainrule.tensor([3., -1.]))
        tensor([8.0000, 0.5000])
    """
def exp2_(input: Tensor) -> Tensor:
    """Power of two with each element as exponent."""
def expm1(input: Tensor, *, out: Any = None) -> Tensor:
    """Exponential minus 1, exact for small x too.

        y = e^x - 1,  dx = dy e^x

    Example:
        >>> chainrule.expm1(chainrule.tensor([0., 1.]))
        tensor([0.0000, 1.7183])
    """
def expm1_(input: Tensor) -> Tensor:
    """Exponential minus 1, exact for small x too."""
def eye(
    n: _int,
    m: _int | None = None,
    *,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    out: Any = None,
) -> Tensor:
    """Ones on the main diagonal, zeros elsewhere.

    Args:
        n: rows.
        m: columns; n unless given.

    Example:
        >>> chainrule.eye(2)
        tensor([[1., 0.],
                [0., 1.]])
    """
def feature_alpha_dropout(
    input: Tensor,
    p: _float = 0.5,
    training: _bool = False,
    inplace: _bool = False,
    *,
    out: Any = None,
) -> Tensor:
    """alpha_dropout() of whole channels.

    Example:
        >>> F.feature_alpha_dropout(chainrule.ones(1, 2, 3), 0.5, training=False).shape
        chainrule.Size([1, 2, 3])
    """
def fix(input: Tensor, *, out: Any = None) -> Tensor:
    """Each element rounded towards 0, as trunc(). Its gradient is 0.

    Example:
        >>> chainrule.fix(chainrule.tensor([1.7, -1.7]))
        tensor([ 1., -1.])
    """
def fix_(input: Tensor) -> Tensor:
    """Each element rounded towards 0, as trunc(). Its gradient is 0."""
def flatten(input: Tensor, start_dim: _int = 0, end_dim: _int = -1, *, out: Any = None) -> Tensor:
    """Merges the axes from start_dim to end_dim into one.

    Example:
        >>> chainrule.zeros(2, 3, 4).flatten(1).shape
        chainrule.Size([2, 12])
    """
@overload
def flip(input: Tensor, dims: Ints, *, out: Any = None) -> Tensor:
    """Reverses the order along the given axes; a copy.

    Example:
        >>> chainrule.flip(chainrule.arange(3), (0,))
        tensor([2, 1, 0])
    """
@overload
def flip(input: Tensor, *dims: _int, out: Any = None) -> Tensor: ...
def fliplr(input: Tensor, *, out: Any = None) -> Tensor:
    """flip() along axis 1.

    Example:
        >>> chainrule.fliplr(chainrule.tensor([[1, 2]]))
        tensor([[2, 1]])
    """
def flipud(input: Tensor, *, out: Any = None) -> Tensor:
    """flip() along axis 0.

    Example:
        >>> chainrule.flipud(chainrule.tensor([1, 2]))
        tensor([2, 1])
    """
def float_power(input: Tensor, exponent: TensorLike, *, out: Any = None) -> Tensor:
    """Power computed and returned in float64.

        z = x^y

    Args:
        input: tensor or number.
        exponent: tensor or number; the shapes broadcast.

    Example:
        >>> chainrule.float_power(chainrule.tensor([1, 2]), -1)
        tensor([1.0000, 0.5000], dtype=chainrule.float64)
    """
def float_power_(input: Tensor, exponent: TensorLike) -> Tensor:
    """Power computed and returned in float64."""
def floor(input: Tensor, *, out: Any = None) -> Tensor:
    """Largest whole number not above each element. Its gradient is 0.

    Example:
        >>> chainrule.floor(chainrule.tensor([1.7, -1.2]))
        tensor([ 1., -2.])
    """
def floor_(input: Tensor) -> Tensor:
    """Largest whole number not above each element. Its gradient is 0."""
def floor_divide(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Quotient rounded down to a whole number; its gradient is 0.

        z = floor(x / y)

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.

    Raises:
        ValueError: an integer divisor is 0.

    Example:
        >>> chainrule.floor_divide(chainrule.tensor([7, -7]), 2)
        tensor([ 3, -4])
    """
def floor_divide_(input: Tensor, other: TensorLike) -> Tensor:
    """Quotient rounded down to a whole number; its gradient is 0."""
def fmax(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """The larger of two tensors, ignoring nan where only one is nan.

        z = max(x, y); the gradient goes to the one taken, to input where they are equal

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.

    Example:
        >>> chainrule.fmax(chainrule.tensor([1., float('nan')]), chainrule.tensor([3., 2.]))
        tensor([3., 2.])
    """
def fmin(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """The smaller of two tensors, ignoring nan where only one is nan.

        z = min(x, y); the gradient goes to the one taken, to input where they are equal

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.

    Example:
        >>> chainrule.fmin(chainrule.tensor([1., float('nan')]), chainrule.tensor([3., 2.]))
        tensor([1., 2.])
    """
def fmod(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Remainder of a division, with the dividend's sign, as C's fmod.

        z = x - y trunc(x / y),  dx = dz,  dy = -dz trunc(x / y)

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.

    Raises:
        ValueError: an integer divisor is 0.

    Example:
        >>> chainrule.fmod(chainrule.tensor([5., -5.]), 3)
        tensor([ 2., -2.])
    """
def fmod_(input: Tensor, other: TensorLike) -> Tensor:
    """Remainder of a division, with the dividend's sign, as C's fmod."""
def frac(input: Tensor, *, out: Any = None) -> Tensor:
    """The fraction of each element, with its sign.

        y = x - trunc(x),  dx = dy

    Example:
        >>> chainrule.frac(chainrule.tensor([1.5, -2.25]))
        tensor([ 0.5000, -0.2500])
    """
def frac_(input: Tensor) -> Tensor:
    """The fraction of each element, with its sign."""
def frexp(input: Tensor, *, out: Any = None) -> Any:
    """Mantissa and exponent of numbers.

        x = mantissa 2^exponent,  1/2 <= |mantissa| < 1;  dx = dmantissa 2^-exponent

    Args:
        input: floating tensor.

    Returns:
        Named tuple (mantissa, exponent), the exponent int32; of inf and nan the exponent is 0.

    Example:
        >>> chainrule.frexp(chainrule.tensor([3., 1.])).mantissa
        tensor([0.7500, 0.5000])
    """
def full(
    size: Ints,
    fill_value: Number,
    *,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    out: Any = None,
) -> Tensor:
    """A tensor filled with one number.

    Args:
        size: the sizes.
        fill_value: the number; its type gives the dtype unless dtype is given.

    Example:
        >>> chainrule.full((2,), 7)
        tensor([7, 7])
    """
def full_like(
    input: Tensor,
    fill_value: Number,
    *,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor:
    """One number everywhere, in the shape and dtype of a tensor.

    Example:
        >>> chainrule.full_like(chainrule.tensor([1., 2.]), 7)
        tensor([7., 7.])
    """
@overload
def gather(input: Tensor, dim: _int, index: Tensor, *, sparse_grad: _bool = False, out: Any = None) -> Tensor:
    """Elements along an axis, chosen by an index for each place.

        out[i][j] = input[i][index[i][j]]  (dim = 1)

    Args:
        dim: the axis.
        index: integers; as many axes as input, and no larger except along dim.

    Raises:
        IndexError: an index out of bounds; the message names it, its place and the bound.

    Example:
        >>> chainrule.tensor([[1., 2.], [3., 4.]]).gather(1, chainrule.tensor([[1], [0]]))
        tensor([[2.],
                [3.]])
    """
@overload
def gather(
    input: Tensor,
    *,
    axis: _int,
    index: Tensor,
    sparse_grad: _bool = False,
    out: Any = None,
) -> Tensor: ...
def gcd(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Greatest common divisor of two integers, not negative; gcd(0, 0) = 0.

    Args:
        input, other: integer tensors or numbers; the shapes broadcast.

    Example:
        >>> chainrule.gcd(chainrule.tensor([6, 10]), chainrule.tensor([4, 15]))
        tensor([2, 5])
    """
def gcd_(input: Tensor, other: TensorLike) -> Tensor:
    """Greatest common divisor of two integers, not negative; gcd(0, 0) = 0."""
def ge(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """True where input >= other.

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.

    Returns:
        bool tensor.

    Example:
        >>> chainrule.ge(chainrule.tensor([1, 2, 3]), 2)
        tensor([False,  True,  True])
    """
def ge_(input: Tensor, other: TensorLike) -> Tensor:
    """True where input >= other."""
def ger(input: Tensor, vec2: Tensor, *, out: Any = None) -> Tensor:
    """Outer product of two vectors: another name for outer()."""
@overload
def gradient(
    input: Tensor,
    *,
    spacing: Number = 1,
    dim: Ints | None = None,
    edge_order: _int = 1,
    out: Any = None,
) -> tuple[Tensor, ...]:
    """Derivatives of sampled functions from differences, of second order inside.

        y'_k = (h_k s_{k-1} + h_{k-1} s_k) / (h_{k-1} + h_k),  s_k = (y_{k+1} - y_k) / h_k,  h_k = x_{k+1} - x_k

    Args:
        input: values, tensor.
        spacing: the distance of the points, or for each axis a distance or a vector of the points.
        dim: an axis or several; None for all.
        edge_order: 1 or 2, of the derivatives at both ends.

    Returns:
        Tuple of one tensor for each axis.

    Example:
        >>> chainrule.gradient(chainrule.tensor([0., 1., 4., 9.]))
        (tensor([1., 2., 4., 5.]),)

    Source: Fornberg, "Generation of finite difference formulas on arbitrarily spaced grids", 1988.
    """
@overload
def gradient(
    input: Tensor,
    *,
    spacing: Number = 1,
    axis: Ints | None,
    edge_order: _int = 1,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
@overload
def gradient(
    input: Tensor,
    *,
    spacing: Tensor | Sequence[Tensor],
    dim: Ints | None = None,
    edge_order: _int = 1,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
@overload
def gradient(
    input: Tensor,
    *,
    spacing: Tensor | Sequence[Tensor],
    axis: Ints | None,
    edge_order: _int = 1,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
def greater(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """True where input > other.

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.

    Returns:
        bool tensor.

    Example:
        >>> chainrule.gt(chainrule.tensor([1, 2, 3]), 2)
        tensor([False, False,  True])
    """
def greater_(input: Tensor, other: TensorLike) -> Tensor:
    """True where input > other."""
def greater_equal(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """True where input >= other.

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.

    Returns:
        bool tensor.

    Example:
        >>> chainrule.ge(chainrule.tensor([1, 2, 3]), 2)
        tensor([False,  True,  True])
    """
def greater_equal_(input: Tensor, other: TensorLike) -> Tensor:
    """True where input >= other."""
def group_norm(
    input: Tensor,
    num_groups: _int,
    weight: TensorLike | None = None,
    bias: Tensor | None = None,
    eps: _float = 1e-05,
    *,
    out: Any = None,
) -> Tensor:
    """Group normalisation: mean 0 and variance 1 for each sample and group of channels, then times weight plus bias.

        z = (x - mean) / sqrt(var + eps),  y = z w + b
        dx = (h - mean(h) - z mean(h z)) / sqrt(var + eps)  with h = dy w,  dw = sum dy z,  db = sum dy

    Args:
        input: (N, C, ...) floating tensor.
        num_groups: number of groups, a divisor of C.
        weight, bias: (C,) tensors or None.
        eps: added to the variance.

    Returns:
        Tensor of the input's shape.

    Example:
        >>> F.group_norm(chainrule.tensor([[1., 3., 0., 8.]]), 2)
        tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])

    Source: Wu and He, "Group normalization", 2018.
    """
@overload
def gru(
    data: Tensor,
    batch_sizes: Tensor,
    hx: Tensor,
    params: Tensor | Sequence[Tensor],
    has_biases: _bool,
    num_layers: _int,
    dropout: _float,
    train: _bool,
    bidirectional: _bool,
    *,
    out: Any = None,
) -> tuple[Tensor, Tensor]:
    """Layers of GRU over a sequence: what nn.GRU computes.

        r, z = sigmoid(W x_t + b + W' h_(t-1) + b'), each with rows of its own
        n = tanh(W_n x_t + b_n + r (W'_n h_(t-1) + b'_n)),  h_t = (1 - z) n + z h_(t-1)

    Args:
        input: (steps, batch, features), or (batch, steps, features) where batch_first.
        data, batch_sizes: for it, the parts of a packed sequence.
        hx: (layers * directions, batch, H); () for zeros.
        params: for each layer and direction w_ih (3 H, F), w_hh (3 H, H) and, where has_biases, b_ih, b_hh (3 H); rows in the
            order r, z, n.
        dropout: between layers, where train.

    Returns:
        output, last h.

    Example:
        >>> gru = chainrule.nn.GRU(3, 4)
        >>> output, h = chainrule.gru(chainrule.ones(5, 2, 3), (), gru.all_weights[0], True, 1, 0.0, False, False, False)
        >>> h.shape
        chainrule.Size([1, 2, 4])

    Source: Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014; PyTorch, torch.nn.GRU.
    """
@overload
def gru(
    input: Tensor,
    hx: Tensor,
    params: Tensor | Sequence[Tensor],
    has_biases: _bool,
    num_layers: _int,
    dropout: _float,
    train: _bool,
    bidirectional: _bool,
    batch_first: _bool,
    *,
    out: Any = None,
) -> tuple[Tensor, Tensor]: ...
@overload
def gru(
    data: Tensor,
    batch_sizes: Tensor,
    hx: Tensor | Sequence[Tensor],
    params: Tensor | Sequence[Tensor],
    has_biases: _bool,
    num_layers: _int,
    dropout: _float,
    train: _bool,
    bidirectional: _bool,
    *,
    out: Any = None,
) -> tuple[Tensor, Tensor]: ...
@overload
def gru(
    input: Tensor,
    hx: Tensor | Sequence[Tensor],
    params: Tensor | Sequence[Tensor],
    has_biases: _bool,
    num_layers: _int,
    dropout: _float,
    train: _bool,
    bidirectional: _bool,
    batch_first: _bool,
    *,
    out: Any = None,
) -> tuple[Tensor, Tensor]: ...
@overload
def gru_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
    *,
    out: Any = None,
) -> Tensor:
    """One step of a GRU; the formula is gru()'s.

    Args:
        input: (batch, F) or (F,).
        hx: (batch, H) or (H,); () for zeros.
        w_ih, w_hh, b_ih, b_hh: (3 H, F), (3 H, H), (3 H,) twice or None.

    Returns:
        The new h.

    Example:
        >>> cell = chainrule.nn.GRUCell(3, 4)
        >>> chainrule.gru_cell(chainrule.ones(2, 3), (), cell.weight_ih, cell.weight_hh).shape
        chainrule.Size([2, 4])
    """
@overload
def gru_cell(
    input: Tensor,
    hx: Tensor | Sequence[Tensor],
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def gt(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """True where input > other.

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.

    Returns:
        bool tensor.

    Example:
        >>> chainrule.gt(chainrule.tensor([1, 2, 3]), 2)
        tensor([False, False,  True])
    """
def gt_(input: Tensor, other: TensorLike) -> Tensor:
    """True where input > other."""
def hardshrink(input: Tensor, lambd: _float = 0.5, *, out: Any = None) -> Tensor:
    """Sets elements between -lambd and lambd to 0.

        y = 0 where -lambd <= x <= lambd, else x

    Args:
        input: floating tensor of any shape.
        lambd: number, default 0.5.

    Example:
        >>> chainrule.nn.functional.hardshrink(chainrule.tensor([-2., 0.3, 1.]))
        tensor([-2.,  0.,  1.])
    """
def heaviside(input: Tensor, values: TensorLike, *, out: Any = None) -> Tensor:
    """Heaviside's step function. Its gradient is 0 everywhere.

        z = 0 where x < 0, values where x = 0, 1 where x > 0

    Args:
        input: tensor or number, x.
        values: tensor or number for x = 0; the shapes broadcast.

    Example:
        >>> chainrule.heaviside(chainrule.tensor([-1., 0., 2.]), chainrule.tensor(0.5))
        tensor([0.0000, 0.5000, 1.0000])
    """
def heaviside_(input: Tensor, values: TensorLike) -> Tensor:
    """Heaviside's step function. Its gradient is 0 everywhere."""
def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: _float = 1.0,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: str = "mean",
    *,
    out: Any = None,
) -> Tensor:
    """Distance where the target is 1, margin minus distance where it is -1.

        loss_i = x_i where t_i = 1, max(0, margin - x_i) where t_i = -1

    Args:
        input: distances.
        target: tensor of the same shape, -1 or 1.
        margin: number.
        size_average, reduce: deprecated.
        reduction: 'none', 'mean' or 'sum'.
    """
def histc(input: Tensor, bins: _int = 100, min: Number = 0, max: Number = 0, *, out: Any = None) -> Tensor:
    """How many elements lie in each of some equal intervals.

    Args:
        input: floating tensor. NaN and elements outside are not counted.
        bins: number of intervals.
        min, max: the range, both ends included; both equal means the range of the input.

    Returns:
        1-D tensor of the input's dtype with `bins` counts.

    Raises:
        ValueError: if bins is not positive, max is less than min, or the range is not finite.

    Example:
        >>> chainrule.histc(chainrule.tensor([1., 2., 1.]), bins=4, min=0, max=3)
        tensor([0., 2., 1., 0.])
    """
@overload
def hsplit(input: Tensor, sections: _int, *, out: Any = None) -> tuple[Tensor, ...]:
    """tensor_split() along axis 1 (axis 0 of a vector), into equal sections or at indices.

    Example:
        >>> [p.shape for p in chainrule.zeros(2, 4).hsplit(2)]
        [chainrule.Size([2, 2]), chainrule.Size([2, 2])]
    """
@overload
def hsplit(input: Tensor, indices: Sequence[_int], *, out: Any = None) -> tuple[Tensor, ...]: ...
def hstack(tensors: Tensor | Sequence[Tensor], *, out: Any = None) -> Tensor:
    """Joins along axis 1 (vectors: along axis 0).

    Example:
        >>> chainrule.hstack([chainrule.ones(2, 1), chainrule.zeros(2, 1)])
        tensor([[1., 0.],
                [1., 0.]])
    """
def hypot(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Length of the hypotenuse, without overflow on the way.

        z = sqrt(x^2 + y^2),  dx = dz x / z,  dy = dz y / z

    Args:
        input: floating tensor.
        other: floating tensor or number; the shapes broadcast.

    Example:
        >>> chainrule.hypot(chainrule.tensor([3.]), chainrule.tensor([4.]))
        tensor([5.])
    """
def hypot_(input: Tensor, other: TensorLike) -> Tensor:
    """Length of the hypotenuse, without overflow on the way."""
def i0(input: Tensor, *, out: Any = None) -> Tensor:
    """Modified Bessel function of the first kind, of order 0.

        y = sum over k of (x^2 / 4)^k / k!^2,  dx = dy i1(x)

    Example:
        >>> chainrule.i0(chainrule.tensor([0., 1.]))
        tensor([1.0000, 1.2661])

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 9.6 and 9.7.
    """
def i0_(input: Tensor) -> Tensor:
    """Modified Bessel function of the first kind, of order 0."""
def igamma(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Lower incomplete gamma function, regularised.

        y = 1 / Gamma(a) integral from 0 to x of t^(a-1) e^-t dt,  dx = dy x^(a-1) e^-x / Gamma(a); none for a

    Args:
        input: a, not negative.
        other: x, not negative; the shapes broadcast.

    Example:
        >>> chainrule.igamma(chainrule.tensor([1., 4.]), chainrule.tensor([1., 4.]))
        tensor([0.6321, 0.5665])

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 6.5; for large a near x DLMF 8.12.
    """
def igamma_(input: Tensor, other: TensorLike) -> Tensor:
    """Lower incomplete gamma function, regularised."""
def igammac(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Upper incomplete gamma function, regularised: 1 - igamma(a, x) without cancellation.

    Args:
        input: a, not negative.
        other: x, not negative; the shapes broadcast.

    Example:
        >>> chainrule.igammac(chainrule.tensor([1., 4.]), chainrule.tensor([1., 4.]))
        tensor([0.3679, 0.4335])

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 6.5; for large a near x DLMF 8.12.
    """
def igammac_(input: Tensor, other: TensorLike) -> Tensor:
    """Upper incomplete gamma function, regularised: 1 - igamma(a, x) without cancellation."""
@overload
def index_add(
    input: Tensor,
    dim: _int,
    index: Tensor,
    source: Tensor,
    *,
    alpha: Number = 1,
    out: Any = None,
) -> Tensor:
    """Adds slices of a source to the positions along an axis.

        out[index[i]] += alpha source[i]  (along dim); equal positions add up

    Args:
        dim: the axis.
        index: vector of positions.
        source: its size along dim is the length of index.
        alpha: a factor.

    Example:
        >>> chainrule.zeros(3).index_add(0, chainrule.tensor([0, 0, 2]), chainrule.ones(3))
        tensor([2., 0., 1.])
    """
@overload
def index_add(
    input: Tensor,
    *,
    axis: _int,
    index: Tensor,
    source: Tensor,
    alpha: Number = 1,
    out: Any = None,
) -> Tensor: ...
@overload
def index_add_(input: Tensor, dim: _int, index: Tensor, source: Tensor, *, alpha: Number = 1) -> Tensor:
    """Adds slices of a source to the positions along an axis."""
@overload
def index_add_(input: Tensor, *, axis: _int, index: Tensor, source: Tensor, alpha: Number = 1) -> Tensor: ...
@overload
def index_copy(input: Tensor, dim: _int, index: Tensor, source: Tensor, *, out: Any = None) -> Tensor:
    """Puts slices of a source at the positions along an axis.

    Example:
        >>> chainrule.zeros(3).index_copy(0, chainrule.tensor([2]), chainrule.ones(1))
        tensor([0., 0., 1.])
    """
@overload
def index_copy(input: Tensor, *, axis: _int, index: Tensor, source: Tensor, out: Any = None) -> Tensor: ...
@overload
def index_copy_(input: Tensor, dim: _int, index: Tensor, source: Tensor) -> Tensor:
    """Puts slices of a source at the positions along an axis."""
@overload
def index_copy_(input: Tensor, *, axis: _int, index: Tensor, source: Tensor) -> Tensor: ...
@overload
def index_fill(input: Tensor, dim: _int, index: Tensor, value: TensorLike, *, out: Any = None) -> Tensor:
    """Puts one value at the positions along an axis.

    Example:
        >>> chainrule.zeros(3).index_fill(0, chainrule.tensor([0, 2]), 5.)
        tensor([5., 0., 5.])
    """
@overload
def index_fill(input: Tensor, *, axis: _int, index: Tensor, value: TensorLike, out: Any = None) -> Tensor: ...
@overload
def index_fill_(input: Tensor, dim: _int, index: Tensor, value: TensorLike) -> Tensor:
    """Puts one value at the positions along an axis."""
@overload
def index_fill_(input: Tensor, *, axis: _int, index: Tensor, value: TensorLike) -> Tensor: ...
def index_put(
    input: Tensor,
    indices: Tensor | Sequence[Tensor | None],
    values: TensorLike,
    accumulate: _bool = False,
    *,
    out: Any = None,
) -> Tensor:
    """Puts values at positions that index tensors name.

    Args:
        indices: a sequence of index tensors, for the first axes, or None for a whole one; they broadcast together.
        values: broadcast to the indexed shape.
        accumulate: add instead; equal positions then add up.

    Example:
        >>> i = chainrule.tensor([0, 2])
        >>> chainrule.zeros(3).index_put((i,), chainrule.tensor(1.))
        tensor([1., 0., 1.])
    """
def index_put_(
    input: Tensor,
    indices: Tensor | Sequence[Tensor | None],
    values: TensorLike,
    accumulate: _bool = False,
) -> Tensor:
    """Puts values at positions that index tensors name."""
@overload
def index_reduce(
    input: Tensor,
    dim: _int,
    index: Tensor,
    source: Tensor,
    reduce: str,
    *,
    include_self: _bool = True,
    out: Any = None,
) -> Tensor:
    """Combines slices of a source with those at the positions along an axis.

        out[index[i]] = reduce of source[i], over equal positions, and of input there unless include_self is False  (along dim)

    Args:
        dim: the axis.
        index: vector of positions.
        source: its size along dim is the length of index.
        reduce: "prod", "mean", "amax" or "amin".
        include_self: whether the input's elements take part.

    Example:
        >>> x, index = chainrule.zeros(2), chainrule.tensor([0, 0])
        >>> x.index_reduce(0, index, chainrule.tensor([1., 3.]), "amax")
        tensor([3., 0.])
    """
@overload
def index_reduce(
    input: Tensor,
    *,
    axis: _int,
    index: Tensor,
    source: Tensor,
    reduce: str,
    include_self: _bool = True,
    out: Any = None,
) -> Tensor: ...
@overload
def index_reduce_(
    input: Tensor,
    dim: _int,
    index: Tensor,
    source: Tensor,
    reduce: str,
    *,
    include_self: _bool = True,
) -> Tensor:
    """Combines slices of a source with those at the positions along an axis."""
@overload
def index_reduce_(
    input: Tensor,
    *,
    axis: _int,
    index: Tensor,
    source: Tensor,
    reduce: str,
    include_self: _bool = True,
) -> Tensor: ...
@overload
def index_select(input: Tensor, dim: _int, index: Tensor, *, out: Any = None) -> Tensor:
    """The positions along an axis that a vector names; gradients add up.

    Args:
        dim: the axis.
        index: vector of positions, int64 or another integer dtype.

    Raises:
        IndexError: a position out of bounds.

    Example:
        >>> chainrule.tensor([[1., 2., 3.]]).index_select(1, chainrule.tensor([2, 0]))
        tensor([[3., 1.]])
    """
@overload
def index_select(input: Tensor, *, axis: _int, index: Tensor, out: Any = None) -> Tensor: ...
def inner(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Products summed over the last axes of both tensors; of numbers the plain product.

        C_(i.. j..) = sum_k A_(i..k) B_(j..k)

    Args:
        input, other: tensors of one dtype whose last axes have one size.

    Example:
        >>> chainrule.inner(chainrule.tensor([1., 2.]), chainrule.tensor([[3., 4.], [5., 6.]]))
        tensor([11., 17.])
    """
def inverse(input: Tensor, *, out: Any = None) -> Tensor:
    """Inverse of square matrices.

        Y = A^-1,  dA = -Y^T dY Y^T

    Args:
        input: (..., n, n) floating tensor.

    Returns:
        Tensor of the same shape.

    Raises:
        RuntimeError: for a singular matrix, with its number in the batch.

    Example:
        >>> chainrule.linalg.inv(chainrule.tensor([[2., 2.], [0., 4.]]))
        tensor([[ 0.5000, -0.2500],
                [ 0.0000,  0.2500]])
    """
def isclose(
    input: Tensor,
    other: TensorLike,
    rtol: _float = 1e-05,
    atol: _float = 1e-08,
    equal_nan: _bool = False,
    *,
    out: Any = None,
) -> Tensor:
    """True where two tensors are equal within a tolerance.

        |input - other| <= atol + rtol |other|

    Args:
        input: tensor.
        other: tensor of the same dtype; the shapes broadcast.
        rtol: relative tolerance, default 1e-5.
        atol: absolute tolerance, default 1e-8.
        equal_nan: count two nan as equal.

    Returns:
        bool tensor.

    Example:
        >>> chainrule.isclose(chainrule.tensor([1., 2.]), chainrule.tensor([1., 2.1]))
        tensor([ True, False])
    """
def isfinite(input: Tensor, *, out: Any = None) -> Tensor:
    """True where the input is neither nan nor inf nor -inf.

    Example:
        >>> chainrule.isfinite(chainrule.tensor([1., float('inf'), float('nan')]))
        tensor([ True, False, False])
    """
def isin(
    elements: Tensor,
    test_elements: Tensor,
    *,
    assume_unique: _bool = False,
    invert: _bool = False,
    out: Any = None,
) -> Tensor:
    """Whether each element is one of some others.

    Args:
        elements: tensor or number.
        test_elements: tensor or number.
        assume_unique: accepted; it makes no difference.
        invert: whether each is none of them.

    Returns:
        bool tensor of the shape of `elements`.

    Example:
        >>> chainrule.isin(chainrule.tensor([1, 2, 3]), chainrule.tensor([3, 1]))
        tensor([ True, False,  True])
    """
def isinf(input: Tensor, *, out: Any = None) -> Tensor:
    """True where the input is inf or -inf.

    Example:
        >>> chainrule.isinf(chainrule.tensor([1., float('-inf')]))
        tensor([False,  True])
    """
def isnan(input: Tensor, *, out: Any = None) -> Tensor:
    """True where the input is nan.

    Example:
        >>> chainrule.isnan(chainrule.tensor([1., float('nan')]))
        tensor([False,  True])
    """
def isneginf(input: Tensor, *, out: Any = None) -> Tensor:
    """True where the input is -inf.

    Example:
        >>> chainrule.isneginf(chainrule.tensor([float('inf'), float('-inf'), 1.]))
        tensor([False,  True, False])
    """
def isposinf(input: Tensor, *, out: Any = None) -> Tensor:
    """True where the input is inf.

    Example:
        >>> chainrule.isposinf(chainrule.tensor([float('inf'), float('-inf'), 1.]))
        tensor([ True, False, False])
    """
def kron(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Kronecker product: each element of the first tensor times the whole second one.

        C_(i k)(j l) = A_ij B_kl

    Args:
        input, other: tensors of any number of axes.

    Example:
        >>> chainrule.kron(chainrule.tensor([1., 2.]), chainrule.tensor([1., 10.]))
        tensor([ 1., 10.,  2., 20.])
    """
@overload
def kthvalue(
    input: Tensor,
    k: _int,
    dim: _int = -1,
    keepdim: _bool = False,
    *,
    out: Any = None,
) -> ValuesIndices:
    """The k-th smallest element along an axis; k counts from 1.

    Args:
        input: tensor.
        k: which.
        dim: axis.
        keepdim: keep the axis with size 1.

    Returns:
        Named tuple (values, indices).

    Example:
        >>> chainrule.kthvalue(chainrule.tensor([3., 1., 2.]), 2).values
        tensor(2.)
    """
@overload
def kthvalue(
    input: Tensor,
    k: _int,
    *,
    axis: _int,
    keepdims: _bool = False,
    out: Any = None,
) -> ValuesIndices: ...
def layer_norm(
    input: Tensor,
    normalized_shape: Ints,
    weight: TensorLike | None = None,
    bias: Tensor | None = None,
    eps: _float = 1e-05,
    *,
    out: Any = None,
) -> Tensor:
    """Layer normalisation: mean 0 and variance 1 over the last axes, then times weight plus bias.

        z = (x - mean) / sqrt(var + eps),  y = z w + b
        dx = (h - mean(h) - z mean(h z)) / sqrt(var + eps)  with h = dy w,  dw = sum dy z,  db = sum dy

    Args:
        input: (..., *normalized_shape) floating tensor.
        normalized_shape: the sizes of the last axes, over which mean and (biased) variance are taken.
        weight, bias: tensors of normalized_shape, or None.
        eps: added to the variance.

    Returns:
        Tensor of the input's shape.

    Raises:
        ValueError: if the input's last axes are not normalized_shape.
        TypeError: if the dtypes differ or aren't floating.

    Example:
        >>> F.layer_norm(chainrule.tensor([[1., 3.], [0., 8.]]), (2,))
        tensor([[-1.0000,  1.0000],
                [-1.0000,  1.0000]])

    Source: Ba et al., "Layer normalization", 2016.
    """
def lcm(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Least common multiple of two integers, not negative; 0 where one of them is 0.

    Args:
        input, other: integer tensors or numbers; the shapes broadcast.

    Example:
        >>> chainrule.lcm(chainrule.tensor([6, 10]), chainrule.tensor([4, 15]))
        tensor([12, 30])
    """
def lcm_(input: Tensor, other: TensorLike) -> Tensor:
    """Least common multiple of two integers, not negative; 0 where one of them is 0."""
def ldexp(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Product with a power of two.

        z = x 2^y

    Args:
        input: tensor, x.
        other: tensor or number, y; the shapes broadcast.

    Example:
        >>> chainrule.ldexp(chainrule.tensor([3.]), chainrule.tensor([0, 4]))
        tensor([ 3., 48.])
    """
def ldexp_(input: Tensor, other: TensorLike) -> Tensor:
    """Product with a power of two."""
def le(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """True where input <= other.

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.

    Returns:
        bool tensor.

    Example:
        >>> chainrule.le(chainrule.tensor([1, 2, 3]), 2)
        tensor([ True,  True, False])
    """
def le_(input: Tensor, other: TensorLike) -> Tensor:
    """True where input <= other."""
def lerp(input: Tensor, end: TensorLike, weight: TensorLike, *, out: Any = None) -> Tensor:
    """Linear interpolation between two tensors.

        y = input + weight (end - input)

    Args:
        input: floating tensor, the value at weight 0.
        end: floating tensor, the value at weight 1.
        weight: number or tensor. All broadcast.

    Example:
        >>> chainrule.lerp(chainrule.tensor([0., 2.]), chainrule.tensor([1., 4.]), 0.5)
        tensor([0.5000, 3.0000])
    """
def lerp_(input: Tensor, end: TensorLike, weight: TensorLike) -> Tensor:
    """Linear interpolation between two tensors."""
def less(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """True where input < other.

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.

    Returns:
        bool tensor.

    Example:
        >>> chainrule.lt(chainrule.tensor([1, 2, 3]), 2)
        tensor([ True, False, False])
    """
def less_(input: Tensor, other: TensorLike) -> Tensor:
    """True where input < other."""
def less_equal(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """True where input <= other.

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.

    Returns:
        bool tensor.

    Example:
        >>> chainrule.le(chainrule.tensor([1, 2, 3]), 2)
        tensor([ True,  True, False])
    """
def less_equal_(input: Tensor, other: TensorLike) -> Tensor:
    """True where input <= other."""
def lgamma(input: Tensor, *, out: Any = None) -> Tensor:
    """Logarithm of the absolute value of the gamma function.

        y = ln |Gamma(x)|,  dx = dy digamma(x)

    Example:
        >>> chainrule.lgamma(chainrule.tensor([1., 4.]))
        tensor([0.0000, 1.7918])
    """
def lgamma_(input: Tensor) -> Tensor:
    """Logarithm of the absolute value of the gamma function."""
def linalg_cholesky(input: Tensor, *, upper: _bool = False, out: Any = None) -> Tensor:
    """Cholesky decomposition of symmetric positive definite matrices; one triangle is read.

        A = L L^T,  dA = sym(L^-T phi(L^T dL) L^-1),  phi: the lower triangle with half the diagonal

    Args:
        input: (..., n, n) floating tensor.
        upper: return L^T, of the upper triangle.

    Returns:
        Lower (or upper) triangular tensor of the input's shape.

    Raises:
        RuntimeError: for a matrix that is not positive definite, with its number in the batch.

    Example:
        >>> chainrule.linalg.cholesky(chainrule.tensor([[4., 2.], [2., 2.]]))
        tensor([[2., 0.],
                [1., 1.]])
    """
@overload
def linalg_cond(A: Tensor, p: Number | None = None, *, out: Any = None) -> Tensor:
    """Condition number of matrices.

        |A| |A^-1|; for p = 2 the largest singular value over the smallest, for p = -2 the inverse of that

    Args:
        A: (..., m, n) floating tensor; square unless p is 2, -2 or None.
        p: order of the matrix norm, as for linalg.matrix_norm(); None is 2.

    Returns:
        (...,) tensor; inf for singular matrices.

    Example:
        >>> chainrule.linalg.cond(chainrule.tensor([[4., 0.], [0., 2.]]))
        tensor(2.)
    """
@overload
def linalg_cond(A: Tensor, p: str, *, out: Any = None) -> Tensor: ...
@overload
def linalg_cross(input: Tensor, other: TensorLike, *, dim: _int = -1, out: Any = None) -> Tensor:
    """Cross product of vectors of three elements.

        c_i = a_(i+1) b_(i+2) - a_(i+2) b_(i+1)

    Args:
        input, other: tensors that broadcast, of size 3 along the axis.
        dim: axis; the last.

    Example:
        >>> chainrule.linalg.cross(chainrule.tensor([1., 0., 0.]), chainrule.tensor([0., 1., 0.]))
        tensor([0., 0., 1.])
    """
@overload
def linalg_cross(input: Tensor, other: TensorLike, *, axis: _int, out: Any = None) -> Tensor: ...
def linalg_det(input: Tensor, *, out: Any = None) -> Tensor:
    """Determinant of square matrices.

        d = det A,  dA = dd d A^-T  (the matrix of cofactors where d is 0)

    Args:
        input: (..., n, n) floating tensor.

    Returns:
        (...,) tensor.

    Example:
        >>> chainrule.linalg.det(chainrule.tensor([[2., 1.], [0., 4.]]))
        tensor(8.)
    """
def linalg_eigh(A: Tensor, UPLO: str = "L", *, out: Any = None) -> Any:
    """Eigenvalues and eigenvectors of symmetric matrices; one triangle is read.

        A = V diag(w) V^T,  dA = V (diag(dw) + (V^T dV) / E) V^T,  E_ij = w_j - w_i

    Args:
        A: (..., n, n) floating tensor.
        UPLO: 'L' reads the lower triangle, 'U' the upper one.

    Returns:
        Named tuple (eigenvalues, eigenvectors): rising values, vectors as columns.

    Example:
        >>> chainrule.linalg.eigh(chainrule.tensor([[2., 0.], [0., 1.]])).eigenvalues
        tensor([1., 2.])
    """
def linalg_eigvalsh(A: Tensor, UPLO: str = "L", *, out: Any = None) -> Tensor:
    """Eigenvalues of symmetric matrices, rising; one triangle is read.

        dA = V diag(dw) V^T

    Args:
        A: (..., n, n) floating tensor.
        UPLO: 'L' reads the lower triangle, 'U' the upper one.

    Returns:
        (..., n) tensor.

    Example:
        >>> chainrule.linalg.eigvalsh(chainrule.tensor([[2., 0.], [0., 1.]]))
        tensor([1., 2.])
    """
def linalg_householder_product(A: Tensor, tau: Tensor, *, out: Any = None) -> Tensor:
    """The first columns of a product of Householder reflections.

        H_1 H_2 ... H_k,  H_i = 1 - tau_i v_i v_i^T,  v_i: 0 above row i, 1 in it, below it column i of A

    Args:
        A: (..., m, n) floating tensor, m >= n.
        tau: (..., k) tensor, k <= n.

    Returns:
        (..., m, n) tensor.

    Example:
        >>> chainrule.linalg.householder_product(chainrule.zeros(2, 1), chainrule.tensor([2.]))
        tensor([[-1.],
                [ 0.]])
    """
def linalg_inv(input: Tensor, *, out: Any = None) -> Tensor:
    """Inverse of square matrices.

        Y = A^-1,  dA = -Y^T dY Y^T

    Args:
        input: (..., n, n) floating tensor.

    Returns:
        Tensor of the same shape.

    Raises:
        RuntimeError: for a singular matrix, with its number in the batch.

    Example:
        >>> chainrule.linalg.inv(chainrule.tensor([[2., 2.], [0., 4.]]))
        tensor([[ 0.5000, -0.2500],
                [ 0.0000,  0.2500]])
    """
def linalg_lstsq(
    A: Tensor,
    B: Tensor,
    rcond: _float | None = None,
    *,
    driver: str | None = None,
    out: Any = None,
) -> Any:
    """Least squares: the X for which |A X - B| is least, and of those the smallest.

        X = A^+ B

    Args:
        A: (..., m, n) floating tensor.
        B: (..., m, k) tensor, or (..., m) for vectors.
        rcond: what counts as rank: relative to the largest; None for the rounding unit times max(m, n).
        driver: what is given, by the names of LAPACK's drivers: 'gelsy' (the default) the rank; 'gels' the residuals;
            'gelsd' and 'gelss' both and the singular values. The solution is always that of gelsy.

    Returns:
        Named tuple (solution, residuals, rank, singular_values); residuals, the squared length of each column of A X - B, only
        where m > n and the rank is full. What is not given is empty.
    """
def linalg_lu(A: Tensor, *, pivot: _bool = True, out: Any = None) -> Any:
    """LU decomposition with row exchanges: A = P L U.

    Args:
        A: (..., m, n) floating tensor.
        pivot: True; there is none without row exchanges.

    Returns:
        Named tuple (P, L, U): a permutation (m, m), lower triangle (m, k) with ones on its diagonal, upper triangle (k, n).

    Example:
        >>> P, L, U = chainrule.linalg.lu(chainrule.tensor([[1., 2.], [2., 2.]]))
        >>> P @ L @ U
        tensor([[1., 2.],
                [2., 2.]])
    """
def linalg_lu_factor(A: Tensor, *, pivot: _bool = True, out: Any = None) -> Any:
    """LU decomposition with row exchanges, packed: U on and above the diagonal, L below.

        A = P L U

    Args:
        A: (..., m, n) floating tensor.
        pivot: True; there is none without row exchanges.

    Returns:
        Named tuple (LU, pivots): row i was exchanged with row pivots[i] - 1, one after the other (int32).

    Raises:
        RuntimeError: for a matrix with a zero on the diagonal of U, with its number in the batch. linalg.lu() takes it.

    Example:
        >>> LU, pivots = chainrule.linalg.lu_factor(chainrule.tensor([[1., 2.], [2., 2.]]))
        >>> LU, pivots
        (tensor([[2.0000, 2.0000],
                [0.5000, 1.0000]]), tensor([2, 2], dtype=chainrule.int32))

    Source: Golub and Van Loan, "Matrix Computations", 3.4; the gradient follows from dA = P (dL U + L dU).
    """
def linalg_lu_solve(
    LU: Tensor,
    pivots: Tensor,
    B: Tensor,
    *,
    left: _bool = True,
    adjoint: _bool = False,
    out: Any = None,
) -> Tensor:
    """Solution X of A X = B from the LU decomposition of A.

    Args:
        LU, pivots: as linalg.lu_factor() gives them; (..., n, n) and (..., n).
        B: (..., n, k) tensor.
        left: False for X A = B.
        adjoint: A^T in place of A.

    Returns:
        Tensor of B's shape (batch axes broadcast).

    Example:
        >>> LU, pivots = chainrule.linalg.lu_factor(chainrule.tensor([[1., 2.], [4., 4.]]))
        >>> chainrule.linalg.lu_solve(LU, pivots, chainrule.tensor([[3.], [8.]]))
        tensor([[1.],
                [1.]])
    """
def linalg_matrix_exp(A: Tensor, *, out: Any = None) -> Tensor:
    """Exponential of square matrices.

        e^A = sum over k of A^k / k!

    Args:
        A: (..., n, n) floating tensor.

    Returns:
        Tensor of the same shape.

    Example:
        >>> chainrule.matrix_exp(chainrule.tensor([[0., 1.], [0., 0.]]))
        tensor([[1., 1.],
                [0., 1.]])

    Source: Higham, "The scaling and squaring method for the matrix exponential revisited", 2005.
    """
@overload
def linalg_matrix_norm(
    A: Tensor,
    ord: str = "fro",
    dim: Ints = (-2, -1),
    keepdim: _bool = False,
    *,
    dtype: DtypeLike | None = None,
    out: Any = None,
) -> Tensor:
    """Norm of matrices; see linalg.norm().

    Args:
        A: (..., m, n) floating tensor.
        ord: 'fro', 'nuc', 1, -1, 2, -2, inf or -inf.
        dim: the two axes.
        keepdim: keep the axes with size 1.
        dtype: converts the input first.

    Example:
        >>> chainrule.linalg.matrix_norm(chainrule.tensor([[3., 0.], [0., 4.]]))
        tensor(5.)
    """
@overload
def linalg_matrix_norm(
    A: Tensor,
    ord: str = "fro",
    *,
    axis: Ints,
    keepdims: _bool = False,
    dtype: DtypeLike | None = None,
    out: Any = None,
) -> Tensor: ...
@overload
def linalg_matrix_norm(
    A: Tensor,
    ord: Number,
    dim: Ints = (-2, -1),
    keepdim: _bool = False,
    *,
    dtype: DtypeLike | None = None,
    out: Any = None,
) -> Tensor: ...
@overload
def linalg_matrix_norm(
    A: Tensor,
    ord: Number,
    *,
    axis: Ints,
    keepdims: _bool = False,
    dtype: DtypeLike | None = None,
    out: Any = None,
) -> Tensor: ...
def linalg_matrix_power(input: Tensor, n: _int, *, out: Any = None) -> Tensor:
    """Power of square matrices, by repeated squaring; a negative one takes the inverse first.

    Args:
        input: (..., n, n) floating tensor.
        n: exponent.

    Returns:
        Tensor of the input's shape.

    Example:
        >>> chainrule.linalg.matrix_power(chainrule.tensor([[1., 1.], [0., 1.]]), 3)
        tensor([[1., 3.],
                [0., 1.]])
    """
def linalg_matrix_rank(
    A: Tensor,
    *,
    atol: _float | None = None,
    rtol: _float | None = None,
    hermitian: _bool = False,
    out: Any = None,
) -> Tensor:
    """Rank: the number of singular values above max(atol, rtol max s).

    Args:
        A: (..., m, n) floating tensor.
        atol, rtol: bounds below which a singular value counts as 0; by default 0 and the rounding unit times max(m, n).

    Returns:
        (...,) int64 tensor.

    Example:
        >>> chainrule.linalg.matrix_rank(chainrule.ones(2, 2))
        tensor(1)
    """
def linalg_multi_dot(tensors: Tensor | Sequence[Tensor], *, out: Any = None) -> Tensor:
    """Product of several matrices, in the cheapest order.

    Args:
        tensors: matrices that fit one another; the first and the last may be vectors.

    Example:
        >>> chainrule.linalg.multi_dot([chainrule.ones(2, 3), chainrule.ones(3, 4), chainrule.ones(4, 1)])
        tensor([[12.],
                [12.]])
    """
@overload
def linalg_norm(
    A: Tensor,
    ord: Number | None = None,
    dim: Ints | None = None,
    keepdim: _bool = False,
    *,
    dtype: DtypeLike | None = None,
    out: Any = None,
) -> Tensor:
    """Norm of vectors or matrices.

        no ord: sqrt(sum x^2).  Vectors: (sum |x|^ord)^(1/ord).  Matrices: 'fro' sqrt(sum x^2), 'nuc' the sum of the singular values,
        2 and -2 the largest and smallest singular value, 1 and -1 of the column sums of |x|, inf and -inf of the row sums

    Args:
        A: floating tensor.
        ord: order. With two axes (or a matrix without dim) that of a matrix norm.
        dim: an axis or two; None for all.
        keepdim: keep the axes with size 1.
        dtype: converts the input first.

    Example:
        >>> chainrule.linalg.norm(chainrule.tensor([3., 4.]))
        tensor(5.)
    """
@overload
def linalg_norm(
    A: Tensor,
    ord: Number | None = None,
    *,
    axis: Ints | None,
    keepdims: _bool = False,
    dtype: DtypeLike | None = None,
    out: Any = None,
) -> Tensor: ...
@overload
def linalg_norm(
    A: Tensor,
    ord: str,
    dim: Ints | None = None,
    keepdim: _bool = False,
    *,
    dtype: DtypeLike | None = None,
    out: Any = None,
) -> Tensor: ...
@overload
def linalg_norm(
    A: Tensor,
    ord: str,
    *,
    axis: Ints | None,
    keepdims: _bool = False,
    dtype: DtypeLike | None = None,
    out: Any = None,
) -> Tensor: ...
def linalg_pinv(
    input: Tensor,
    *,
    atol: _float | None = None,
    rtol: _float | None = None,
    hermitian: _bool = False,
    out: Any = None,
) -> Tensor:
    """Pseudo-inverse (Moore and Penrose).

        A^+ = V diag(1/s) U^T over the singular values above max(atol, rtol max s)

    Args:
        input: (..., m, n) floating tensor.
        atol, rtol: bounds below which a singular value counts as 0; by default 0 and the rounding unit times max(m, n).
        hermitian: the matrices are symmetric; the lower triangle is read.

    Returns:
        (..., n, m) tensor.

    Example:
        >>> chainrule.linalg.pinv(chainrule.tensor([[2., 0.], [0., 0.]]))
        tensor([[0.5000, 0.0000],
                [0.0000, 0.0000]])

    Source: Golub and Pereyra, "The differentiation of pseudo-inverses", 1973 (gradient).
    """
def linalg_qr(A: Tensor, mode: str = "reduced", *, out: Any = None) -> Any:
    """QR decomposition: orthonormal columns times an upper triangle.

        A = Q R

    Args:
        A: (..., m, n) floating tensor.
        mode: 'reduced' (Q is (m, k), k = min(m, n)), 'complete' (Q is (m, m)) or 'r' (Q is empty).

    Returns:
        Named tuple (Q, R).

    Example:
        >>> Q, R = chainrule.linalg.qr(chainrule.tensor([[3., 1.], [4., 2.]]))
        >>> chainrule.allclose(Q @ R, chainrule.tensor([[3., 1.], [4., 2.]]), atol=1e-5)
        True

    Source: Roberts and Roberts, "QR and LQ decomposition matrix backpropagation algorithms", 2020 (gradient).
    """
def linalg_slogdet(input: Tensor, *, out: Any = None) -> Any:
    """Sign and logarithm of the absolute value of the determinant, without overflow.

        dA = dlogabsdet A^-T

    Args:
        input: (..., n, n) floating tensor.

    Returns:
        Named tuple (sign, logabsdet); of a singular matrix 0 and -inf.

    Example:
        >>> chainrule.linalg.slogdet(chainrule.tensor([[1., 0.], [0., -1.]])).sign
        tensor(-1.)
    """
def linalg_solve(A: Tensor, B: Tensor, *, left: _bool = True, out: Any = None) -> Tensor:
    """Solution X of A X = B.

        dB = A^-T dX,  dA = -dB X^T

    Args:
        A: (..., n, n) floating tensor.
        B: (..., n, k) tensor, or (..., n) for vectors: one axis, or A's shape without the last axis.
        left: False for X A = B.

    Returns:
        Tensor of B's shape (batch axes broadcast).

    Raises:
        RuntimeError: for a singular matrix, with its number in the batch.

    Example:
        >>> chainrule.linalg.solve(chainrule.tensor([[2., 0.], [0., 4.]]), chainrule.tensor([1., 1.]))
        tensor([0.5000, 0.2500])
    """
def linalg_solve_triangular(
    input: Tensor,
    B: Tensor,
    *,
    upper: _bool,
    left: _bool = True,
    unitriangular: _bool = False,
    out: Any = None,
) -> Tensor:
    """Solution X of A X = B with a triangular A; the other triangle is not read.

        dB = A^-T dX,  dA = the triangle of -dB X^T

    Args:
        input: A, a (..., n, n) floating tensor.
        B: (..., n, k) tensor.
        upper: whether A is an upper triangle.
        left: False for X A = B.
        unitriangular: the diagonal counts as 1 and is not read.

    Returns:
        Tensor of B's shape (batch axes broadcast). A zero on the diagonal gives inf.

    Example:
        >>> chainrule.linalg.solve_triangular(chainrule.tensor([[2., 1.], [0., 4.]]), chainrule.ones(2, 1), upper=True)
        tensor([[0.3750],
                [0.2500]])
    """
def linalg_svd(A: Tensor, full_matrices: _bool = True, *, out: Any = None) -> Any:
    """Singular value decomposition.

        A = U diag(S) Vh,  singular values from the largest to the smallest

    The gradient through U and Vh is finite only where no two singular values are equal; that of S alone is U diag(dS) Vh.

    Args:
        A: (..., m, n) floating tensor.
        full_matrices: U is (m, m) and Vh (n, n); else (m, k) and (k, n) with k = min(m, n).

    Returns:
        Named tuple (U, S, Vh).

    Raises:
        RuntimeError: if a matrix is not finite or the iteration doesn't converge, with the matrix's number in the batch.

    Example:
        >>> chainrule.linalg.svd(chainrule.tensor([[3., 0.], [0., 4.]])).S
        tensor([4., 3.])

    Source: Townsend, "Differentiating the singular value decomposition", 2016.
    """
def linalg_svdvals(A: Tensor, *, out: Any = None) -> Tensor:
    """Singular values, from the largest to the smallest.

        dA = U diag(dS) V^T

    Args:
        A: (..., m, n) floating tensor.

    Returns:
        (..., min(m, n)) tensor.

    Example:
        >>> chainrule.linalg.svdvals(chainrule.tensor([[3., 0.], [0., 4.]]))
        tensor([4., 3.])
    """
def linalg_tensorinv(A: Tensor, ind: _int = 2, *, out: Any = None) -> Tensor:
    """The inverse for tensordot: tensordot(tensorinv(A, ind), A, ind) is an identity.

    Args:
        A: floating tensor; the product of the first `ind` sizes is that of the others.
        ind: how many axes count as rows.

    Returns:
        Tensor with the other axes first.

    Example:
        >>> chainrule.linalg.tensorinv(chainrule.eye(4).view(2, 2, 4)).shape
        chainrule.Size([4, 2, 2])
    """
def linalg_tensorsolve(A: Tensor, B: Tensor, dims: Ints | None = None, *, out: Any = None) -> Tensor:
    """The X for which tensordot(A, X, X.ndim) is B.

    Args:
        A: floating tensor of shape B.shape + X.shape, with as many elements of X as of B.
        B: tensor.
        dims: axes of A that are moved to the end first.

    Returns:
        X.

    Example:
        >>> chainrule.linalg.tensorsolve(chainrule.eye(4).view(2, 2, 4), chainrule.ones(2, 2))
        tensor([1., 1., 1., 1.])
    """
def linalg_vander(x: Tensor, *, N: _int | None = None, out: Any = None) -> Tensor:
    """The powers of vectors' elements as columns, the lowest first.

        V_ij = x_i^j

    Args:
        x: (..., n) tensor.
        N: number of columns, n unless given.

    Returns:
        (..., n, N) tensor.

    Example:
        >>> chainrule.linalg.vander(chainrule.tensor([1, 2, 3]))
        tensor([[1, 1, 1],
                [1, 2, 4],
                [1, 3, 9]])
    """
@overload
def linalg_vecdot(x: Tensor, y: Tensor, *, dim: _int = -1, out: Any = None) -> Tensor:
    """Inner products of vectors along an axis.

        s = sum_i x_i y_i

    Args:
        x, y: tensors that broadcast.
        dim: axis.

    Example:
        >>> chainrule.linalg.vecdot(chainrule.tensor([[1., 2.]]), chainrule.tensor([[3., 4.]]))
        tensor([11.])
    """
@overload
def linalg_vecdot(x: Tensor, y: Tensor, *, axis: _int, out: Any = None) -> Tensor: ...
@overload
def linalg_vector_norm(
    x: Tensor,
    ord: Number = 2,
    dim: Ints | None = None,
    keepdim: _bool = False,
    *,
    dtype: DtypeLike | None = None,
    out: Any = None,
) -> Tensor:
    """Norm of vectors, over all axes or over those given; see norm().

        y = (sum |x|^ord)^(1/ord)

    Args:
        x: floating tensor.
        ord: order.
        dim: an axis or several; None for all.
        keepdim: keep the axes with size 1.
        dtype: converts the input first.

    Example:
        >>> chainrule.linalg.vector_norm(chainrule.tensor([3., 4.]), 1)
        tensor(7.)
    """
@overload
def linalg_vector_norm(
    x: Tensor,
    ord: Number = 2,
    *,
    axis: Ints | None,
    keepdims: _bool = False,
    dtype: DtypeLike | None = None,
    out: Any = None,
) -> Tensor: ...
def linspace(
    start: Number,
    end: Number,
    steps: _int,
    *,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    out: Any = None,
) -> Tensor:
    """`steps` numbers at equal distances, both ends included.

        out[i] = start + i (end - start) / (steps - 1)

    Example:
        >>> chainrule.linspace(0, 1, 5)
        tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
def log(input: Tensor, *, out: Any = None) -> Tensor:
    """Natural logarithm of each element; -inf at 0, NaN below.

        y = ln x,  dx = dy / x

    Example:
        >>> chainrule.log(chainrule.tensor([1., 2.7182817]))
        tensor([0., 1.])
    """
def log_(input: Tensor) -> Tensor:
    """Natural logarithm of each element; -inf at 0, NaN below."""
def log10(input: Tensor, *, out: Any = None) -> Tensor:
    """Logarithm to base 10.

        y = log10 x,  dx = dy / (x ln 10)

    Example:
        >>> chainrule.log10(chainrule.tensor([100., 0.1]))
        tensor([ 2., -1.])
    """
def log10_(input: Tensor) -> Tensor:
    """Logarithm to base 10."""
def log1p(input: Tensor, *, out: Any = None) -> Tensor:
    """Natural logarithm of 1 + x, exact for small x too.

        y = ln(1 + x),  dx = dy / (1 + x)

    Example:
        >>> chainrule.log1p(chainrule.tensor([0., 1.]))
        tensor([0.0000, 0.6931])
    """
def log1p_(input: Tensor) -> Tensor:
    """Natural logarithm of 1 + x, exact for small x too."""
def log2(input: Tensor, *, out: Any = None) -> Tensor:
    """Logarithm to base 2.

        y = log2 x,  dx = dy / (x ln 2)

    Example:
        >>> chainrule.log2(chainrule.tensor([8., 0.5]))
        tensor([ 3., -1.])
    """
def log2_(input: Tensor) -> Tensor:
    """Logarithm to base 2."""
@overload
def log_softmax(input: Tensor, dim: _int, dtype: DtypeLike | None = None, *, out: Any = None) -> Tensor:
    """Logarithm of the softmax along an axis, without its rounding.

        y_i = x_i - log sum_j e^(x_j),  dx_i = dy_i - e^(y_i) sum_j dy_j

    Args:
        input: floating tensor.
        dim: axis.
        dtype: converts the input first.

    Returns:
        Tensor of the input's shape.

    Example:
        >>> chainrule.log_softmax(chainrule.tensor([0., 0.]), dim=0)
        tensor([-0.6931, -0.6931])
    """
@overload
def log_softmax(input: Tensor, *, axis: _int, dtype: DtypeLike | None = None, out: Any = None) -> Tensor: ...
def logaddexp(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Logarithm of the sum of two exponentials, without overflow on the way.

        z = ln(e^x + e^y),  dx = dz / (1 + e^(y - x)),  dy = dz / (1 + e^(x - y))

    Args:
        input: floating tensor, x.
        other: floating tensor or number, y; the shapes broadcast.

    Example:
        >>> chainrule.logaddexp(chainrule.tensor([0., -500.]), chainrule.tensor([0., -600.]))
        tensor([   0.6931, -500.0000])
    """
def logaddexp2(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Logarithm, to the base 2, of the sum of two powers of 2.

        z = log2(2^x + 2^y),  dx = dz / (1 + 2^(y - x)),  dy = dz / (1 + 2^(x - y))

    Args:
        input, other: floating tensors; the shapes broadcast.

    Example:
        >>> chainrule.logaddexp2(chainrule.tensor([0., -500.]), chainrule.tensor([0., -500.]))
        tensor([   1.0000, -499.0000])
    """
@overload
def logcumsumexp(input: Tensor, dim: _int, *, out: Any = None) -> Tensor:
    """Logarithm of the running sum of exponentials along an axis.

        y_k = log sum_{j <= k} exp(x_j),  dx_j = sum_{k >= j} dy_k exp(x_j - y_k)

    Args:
        input: floating tensor.
        dim: axis.

    Example:
        >>> chainrule.logcumsumexp(chainrule.tensor([0., 0.]), dim=0).exp()
        tensor([1., 2.])
    """
@overload
def logcumsumexp(input: Tensor, *, axis: _int, out: Any = None) -> Tensor: ...
def logdet(input: Tensor, *, out: Any = None) -> Tensor:
    """Logarithm of the determinant of square matrices; NaN where that is negative, -inf where it is 0.

    Args:
        input: (..., n, n) floating tensor.

    Returns:
        (...,) tensor.

    Example:
        >>> chainrule.logdet(chainrule.tensor([[1., 0.], [0., 1.]]))
        tensor(0.)
    """
def logical_and(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """True where both are nonzero.

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.

    Returns:
        bool tensor.

    Example:
        >>> chainrule.logical_and(chainrule.tensor([0, 1, 2]), chainrule.tensor([1, 0, 3]))
        tensor([False, False,  True])
    """
def logical_and_(input: Tensor, other: TensorLike) -> Tensor:
    """True where both are nonzero."""
def logical_not(input: Tensor, *, out: Any = None) -> Tensor:
    """True where the input is 0.

    Args:
        input: tensor of any shape and dtype.

    Returns:
        bool tensor.

    Example:
        >>> chainrule.logical_not(chainrule.tensor([0., 0.5]))
        tensor([ True, False])
    """
def logical_not_(input: Tensor) -> Tensor:
    """True where the input is 0."""
def logical_or(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """True where at least one is nonzero.

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.

    Returns:
        bool tensor.

    Example:
        >>> chainrule.logical_or(chainrule.tensor([0, 0, 2]), chainrule.tensor([1, 0, 3]))
        tensor([ True, False,  True])
    """
def logical_or_(input: Tensor, other: TensorLike) -> Tensor:
    """True where at least one is nonzero."""
def logical_xor(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """True where exactly one is nonzero.

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.

    Returns:
        bool tensor.

    Example:
        >>> chainrule.logical_xor(chainrule.tensor([0, 0, 2]), chainrule.tensor([1, 0, 3]))
        tensor([ True, False, False])
    """
def logical_xor_(input: Tensor, other: TensorLike) -> Tensor:
    """True where exactly one is nonzero."""
def logit(input: Tensor, eps: _float | None = None, *, out: Any = None) -> Tensor:
    """Inverse of the sigmoid.

        y = ln(x / (1 - x)),  dx = dy / (x (1 - x)); with eps, x is first limited to [eps, 1 - eps]

    Args:
        input: tensor of any shape.
        eps: number in [0, 0.5], or None: values outside [0, 1] then give nan.

    Example:
        >>> chainrule.logit(chainrule.tensor([0.5, 0.9]))
        tensor([0.0000, 2.1972])
    """
def logit_(input: Tensor, eps: _float | None = None) -> Tensor:
    """Inverse of the sigmoid."""
def logspace(
    start: Number,
    end: Number,
    steps: _int,
    base: _float = 10.0,
    *,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    out: Any = None,
) -> Tensor:
    """`steps` numbers at equal ratios, from base^start to base^end.

    Example:
        >>> chainrule.logspace(0, 2, 3)
        tensor([  1.,  10., 100.])
    """
@overload
def logsumexp(input: Tensor, dim: Ints, keepdim: _bool = False, *, out: Any = None) -> Tensor:
    """Logarithm of the sum of exponentials over axes, without overflow.

        y = log sum_i e^(x_i),  dx_i = dy e^(x_i - y)

    Args:
        input: tensor; integers are converted to the default floating dtype.
        dim: an axis or several.
        keepdim: keep the axes with size 1.

    Example:
        >>> chainrule.logsumexp(chainrule.tensor([0., 0.]), dim=0)
        tensor(0.6931)
    """
@overload
def logsumexp(input: Tensor, *, axis: Ints, keepdims: _bool = False, out: Any = None) -> Tensor: ...
@overload
def lstm(
    data: Tensor,
    batch_sizes: Tensor,
    hx: Tensor | Sequence[Tensor],
    params: Tensor | Sequence[Tensor],
    has_biases: _bool,
    num_layers: _int,
    dropout: _float,
    train: _bool,
    bidirectional: _bool,
    *,
    out: Any = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Layers of LSTM over a sequence: what nn.LSTM computes.

        i, f, o = sigmoid(W x_t + b + W' h_(t-1) + b'),  g = tanh(the same), each with rows of its own
        c_t = f c_(t-1) + i g,  h_t = o tanh(c_t)        (with a projection: h_t = W_hr (o tanh(c_t)))

    Args:
        input: (steps, batch, features), or (batch, steps, features) where batch_first.
        data, batch_sizes: for it, the parts of a packed sequence.
        hx: (h, c), each (layers * directions, batch, size); () for zeros.
        params: for each layer and direction w_ih (4 H, F), w_hh (4 H, H), b_ih, b_hh (4 H) where has_biases, and w_hr (P, H)
            of a projection; rows in the order i, f, g, o.
        dropout: between layers, where train.

    Returns:
        output, last h, last c.

    Raises:
        ValueError: if shapes or the number of parameters don't fit.
        TypeError: if the dtypes differ or aren't floating.

    Example:
        >>> lstm = chainrule.nn.LSTM(3, 4)
        >>> output, h, c = chainrule.lstm(chainrule.ones(5, 2, 3), (), lstm.all_weights[0], True, 1, 0.0, False, False, False)
        >>> output.shape
        chainrule.Size([5, 2, 4])

    Source: Hochreiter and Schmidhuber, "Long short-term memory", 1997; PyTorch, torch.nn.LSTM.
    """
@overload
def lstm(
    input: Tensor,
    hx: Tensor | Sequence[Tensor],
    params: Tensor | Sequence[Tensor],
    has_biases: _bool,
    num_layers: _int,
    dropout: _float,
    train: _bool,
    bidirectional: _bool,
    batch_first: _bool,
    *,
    out: Any = None,
) -> tuple[Tensor, Tensor, Tensor]: ...
def lstm_cell(
    input: Tensor,
    hx: Tensor | Sequence[Tensor],
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
    *,
    out: Any = None,
) -> tuple[Tensor, Tensor]:
    """One step of an LSTM; the formula is lstm()'s.

    Args:
        input: (batch, F) or (F,).
        hx: (h, c), each (batch, H) or (H,); () for zeros.
        w_ih, w_hh, b_ih, b_hh: (4 H, F), (4 H, H), (4 H,) twice or None.

    Returns:
        The new h and c.

    Example:
        >>> cell = chainrule.nn.LSTMCell(3, 4)
        >>> h, c = chainrule.lstm_cell(chainrule.ones(2, 3), (), cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh)
        >>> h.shape
        chainrule.Size([2, 4])
    """
def lt(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """True where input < other.

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.

    Returns:
        bool tensor.

    Example:
        >>> chainrule.lt(chainrule.tensor([1, 2, 3]), 2)
        tensor([ True, False, False])
    """
def lt_(input: Tensor, other: TensorLike) -> Tensor:
    """True where input < other."""
def lu(input: Tensor, pivot: _bool = True, get_infos: _bool = False, *, out: Any = None) -> Any:
    """LU decomposition, packed; the older name of linalg.lu_factor().

    Args:
        pivot: True; there is none without row exchanges.
        get_infos: gives for each matrix also the number, from 1, of the first zero on the diagonal of U, or 0.

    Returns:
        Named tuple (LU, pivots), or with infos a tuple of three.

    Raises:
        RuntimeError: without infos, for a matrix with a zero on the diagonal of U, with its number in the batch.
    """
def lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor, *, out: Any = None) -> Tensor:
    """Solution X of A X = B from the LU decomposition of A; see linalg.lu_solve().

    Args:
        b: (..., n, k) tensor.
        LU_data, LU_pivots: as linalg.lu_factor() gives them.
    """
def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, *, out: Any = None) -> Any:
    """P, L and U of a packed LU decomposition.

    Args:
        LU_data: (..., m, n), the first result of linalg.lu_factor().
        LU_pivots: (..., min(m, n)), the second one.

    Returns:
        Named tuple (P, L, U).

    Raises:
        ValueError: pivots that do not fit the matrix.

    Example:
        >>> A = chainrule.tensor([[1., 2.], [2., 2.]])
        >>> P, L, U = chainrule.lu_unpack(*A.lu())
        >>> L
        tensor([[1.0000, 0.0000],
                [0.5000, 1.0000]])
    """
def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: _float = 0.0,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: str = "mean",
    *,
    out: Any = None,
) -> Tensor:
    """Ranking of two inputs by a margin.

        loss_i = max(0, -t_i (x1_i - x2_i) + margin)

    Args:
        input1, input2: tensors.
        target: 1 where the first shall be larger, -1 where the second.
        margin: number.
        size_average, reduce: deprecated.
        reduction: 'none', 'mean' or 'sum'.
    """
def masked_fill(input: Tensor, mask: Tensor, value: TensorLike, *, out: Any = None) -> Tensor:
    """Fills the elements where a mask is True with one value.

        y = mask ? value : x,  dx = mask ? 0 : dy

    Args:
        input: tensor of any shape.
        mask: bool tensor that broadcasts with input.
        value: number or 0-d tensor; takes input's dtype.

    Example:
        >>> chainrule.tensor([1., 2.]).masked_fill(chainrule.tensor([True, False]), -1)
        tensor([-1.,  2.])
    """
def masked_fill_(input: Tensor, mask: Tensor, value: TensorLike) -> Tensor:
    """Fills the elements where a mask is True with one value."""
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor, *, out: Any = None) -> Tensor:
    """Puts a source's elements, in order, where a mask is True.

    Example:
        >>> m = chainrule.tensor([True, False, True])
        >>> chainrule.zeros(3).masked_scatter(m, chainrule.tensor([5., 6.]))
        tensor([5., 0., 6.])
    """
def masked_scatter_(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """Puts a source's elements, in order, where a mask is True."""
def masked_select(input: Tensor, mask: Tensor, *, out: Any = None) -> Tensor:
    """The elements where a mask is True, as a vector.

    Args:
        mask: bool tensor that broadcasts with input.

    Example:
        >>> chainrule.tensor([1., 2., 3.]).masked_select(chainrule.tensor([True, False, True]))
        tensor([1., 3.])
    """
def matmul(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Matrix product: vectors, matrices, and batches of matrices.

        C_ij = sum_k A_ik B_kj,  dA = dC B^T,  dB = A^T dC

    1-D @ 1-D is the inner product, 2-D @ 2-D the product of matrices; a 1-D operand is a row on the left and a column on the right.
    With more dimensions the last two are matrices and the others broadcast.

    Args:
        input: tensor of 1 or more dimensions.
        other: tensor of the same dtype with a matching inner dimension.

    Returns:
        Tensor of the broadcast leading axes and the matrices' outer sizes.

    Raises:
        ValueError: if the inner dimensions differ or the leading axes don't broadcast.
        TypeError: if the dtypes differ.

    Example:
        >>> chainrule.matmul(chainrule.tensor([[1., 2.], [3., 4.]]), chainrule.tensor([1., 1.]))
        tensor([3., 7.])
    """
def matrix_exp(A: Tensor, *, out: Any = None) -> Tensor:
    """Exponential of square matrices.

        e^A = sum over k of A^k / k!

    Args:
        A: (..., n, n) floating tensor.

    Returns:
        Tensor of the same shape.

    Example:
        >>> chainrule.matrix_exp(chainrule.tensor([[0., 1.], [0., 0.]]))
        tensor([[1., 1.],
                [0., 1.]])

    Source: Higham, "The scaling and squaring method for the matrix exponential revisited", 2005.
    """
def matrix_power(input: Tensor, n: _int, *, out: Any = None) -> Tensor:
    """Power of square matrices, by repeated squaring; a negative one takes the inverse first.

    Args:
        input: (..., n, n) floating tensor.
        n: exponent.

    Returns:
        Tensor of the input's shape.

    Example:
        >>> chainrule.linalg.matrix_power(chainrule.tensor([[1., 1.], [0., 1.]]), 3)
        tensor([[1., 3.],
                [0., 1.]])
    """
@overload
def max(input: Tensor, *, out: Any = None) -> Tensor:
    """Largest element of all, along an axis with its index, or of two tensors.

    max(input): the largest element; tied elements share the gradient evenly.
    max(input, dim): values and indices of the first largest element along an axis; the gradient goes to that element alone.
    max(input, other): as maximum(input, other).

    Args:
        input: tensor, not empty. NaN wins.
        dim: axis.
        keepdim: keep the axis with size 1.

    Returns:
        Tensor, or a named tuple (values, indices).

    Raises:
        ValueError: if there is nothing to choose from.

    Example:
        >>> chainrule.max(chainrule.tensor([1., 7., 2.]))
        tensor(7.)
        >>> chainrule.max(chainrule.tensor([[1., 7., 2.]]), dim=1).indices
        tensor([1])
    """
@overload
def max(input: Tensor, dim: _int, keepdim: _bool = False, *, out: Any = None) -> ValuesIndices: ...
@overload
def max(input: Tensor, *, axis: _int, keepdims: _bool = False, out: Any = None) -> ValuesIndices: ...
@overload
def max(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def maximum(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """The larger of two tensors, element by element; nan if one is nan.

        z = max(x, y); the gradient goes to the larger one, half to each where they are equal

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.

    Example:
        >>> chainrule.maximum(chainrule.tensor([1., 5.]), chainrule.tensor([3., 2.]))
        tensor([3., 5.])
    """
@overload
def maxout(input: Tensor, groups: _int, dim: _int = 1, *, out: Any = None) -> Tensor:
    """The largest of each group of neighbours along an axis.

        y[i] = max over k < groups of x[groups i + k]; elements that are equally large share the gradient

    Args:
        input: tensor.
        groups: size of a group; divides the size along dim.
        dim: axis, default 1.

    Example:
        >>> chainrule.nn.functional.maxout(chainrule.tensor([[1., 5., 3., 2.]]), 2)
        tensor([[5., 3.]])

    Source: Goodfellow, Warde-Farley, Mirza, Courville, Bengio, Maxout Networks (2013).
    """
@overload
def maxout(input: Tensor, groups: _int, *, axis: _int, out: Any = None) -> Tensor: ...
@overload
def mean(
    input: Tensor,
    dim: Ints | None = None,
    keepdim: _bool = False,
    *,
    dtype: DtypeLike | None = None,
    out: Any = None,
) -> Tensor:
    """Mean of the elements, over all axes or over those given.

        y = 1/n sum_i x_i,  dx_i = dy / n

    The mean of no elements is NaN.

    Args:
        input: floating tensor of any shape.
        dim: an axis or several; None for all.
        keepdim: keep the averaged axes with size 1.
        dtype: converts the input first.

    Returns:
        Tensor without the averaged axes.

    Raises:
        TypeError: if the input is not floating and no dtype is given.

    Example:
        >>> chainrule.mean(chainrule.tensor([[1., 2.], [3., 4.]]), dim=1)
        tensor([1.5000, 3.5000])
    """
@overload
def mean(
    input: Tensor,
    *,
    axis: Ints | None,
    keepdims: _bool = False,
    dtype: DtypeLike | None = None,
    out: Any = None,
) -> Tensor: ...
@overload
def median(input: Tensor, *, out: Any = None) -> Tensor:
    """Median: the lower of the two middle elements where their number is even.

    Args:
        input: tensor; of no elements at all the median is NaN. NaN wins.
        dim: axis; without it, of all elements.
        keepdim: keep the axis with size 1.

    Returns:
        Tensor, or with dim a named tuple (values, indices). With dim the gradient goes to the element that is
        returned, without it evenly to all that are equal to it.

    Example:
        >>> chainrule.median(chainrule.tensor([3., 1., 2.]))
        tensor(2.)
    """
@overload
def median(input: Tensor, dim: _int, keepdim: _bool = False, *, out: Any = None) -> ValuesIndices: ...
@overload
def median(input: Tensor, *, axis: _int, keepdims: _bool = False, out: Any = None) -> ValuesIndices: ...
@overload
def meshgrid(tensors: Sequence[Tensor], *, indexing: str | None = None, out: Any = None) -> tuple[Tensor, ...]:
    """Coordinates of a grid: tensor i varies along axis i alone.

    Args:
        tensors: vectors.
        indexing: "ij", or "xy" to exchange the first two axes as for pictures.

    Example:
        >>> x, y = chainrule.meshgrid(chainrule.tensor([1, 2]), chainrule.tensor([3, 4]), indexing="ij")
        >>> x
        tensor([[1, 1],
                [2, 2]])
    """
@overload
def meshgrid(*tensors: Tensor, indexing: str | None = None, out: Any = None) -> tuple[Tensor, ...]: ...
@overload
def min(input: Tensor, *, out: Any = None) -> Tensor:
    """Smallest element of all, along an axis with its index, or of two tensors.

    min(input): the smallest element; tied elements share the gradient evenly.
    min(input, dim): values and indices of the first smallest element along an axis; the gradient goes to that element alone.
    min(input, other): as minimum(input, other).

    Args:
        input: tensor, not empty. NaN wins.
        dim: axis.
        keepdim: keep the axis with size 1.

    Returns:
        Tensor, or a named tuple (values, indices).

    Raises:
        ValueError: if there is nothing to choose from.

    Example:
        >>> chainrule.min(chainrule.tensor([4., 7., 2.]))
        tensor(2.)
    """
@overload
def min(input: Tensor, dim: _int, keepdim: _bool = False, *, out: Any = None) -> ValuesIndices: ...
@overload
def min(input: Tensor, *, axis: _int, keepdims: _bool = False, out: Any = None) -> ValuesIndices: ...
@overload
def min(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def minimum(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """The smaller of two tensors, element by element; nan if one is nan.

        z = min(x, y); the gradient goes to the smaller one, half to each where they are equal

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.

    Example:
        >>> chainrule.minimum(chainrule.tensor([1., 5.]), chainrule.tensor([3., 2.]))
        tensor([1., 2.])
    """
def mm(input: Tensor, mat2: Tensor, *, out: Any = None) -> Tensor:
    """Product of two matrices.

        C = A B,  dA = dC B^T,  dB = A^T dC

    Args:
        input: (m, k) tensor.
        mat2: (k, n) tensor of the same dtype.

    Returns:
        (m, n) tensor.

    Example:
        >>> chainrule.mm(chainrule.ones(2, 3), chainrule.ones(3, 1))
        tensor([[3.],
                [3.]])
    """
@overload
def mode(input: Tensor, dim: _int = -1, keepdim: _bool = False, *, out: Any = None) -> ValuesIndices:
    """The value that occurs most often along an axis; the smallest of several.

    Args:
        input: tensor.
        dim: axis.
        keepdim: keep the axis with size 1.

    Returns:
        Named tuple (values, indices); the index is that of its last place, which takes the gradient.

    Example:
        >>> chainrule.mode(chainrule.tensor([3., 1., 3.])).values
        tensor(3.)
    """
@overload
def mode(input: Tensor, *, axis: _int, keepdims: _bool = False, out: Any = None) -> ValuesIndices: ...
def moveaxis(input: Tensor, source: Ints, destination: Ints, *, out: Any = None) -> Tensor:
    """Moves axes to new places; the others keep their order.

    Args:
        source: one axis or several.
        destination: where they stand in the result.

    Example:
        >>> chainrule.zeros(2, 3, 4).movedim(0, -1).shape
        chainrule.Size([3, 4, 2])
    """
def movedim(input: Tensor, source: Ints, destination: Ints, *, out: Any = None) -> Tensor:
    """Moves axes to new places; the others keep their order.

    Args:
        source: one axis or several.
        destination: where they stand in the result.

    Example:
        >>> chainrule.zeros(2, 3, 4).movedim(0, -1).shape
        chainrule.Size([3, 4, 2])
    """
def msort(input: Tensor, *, out: Any = None) -> Tensor:
    """Sorts along the first axis.

    Args:
        input: tensor.

    Example:
        >>> chainrule.msort(chainrule.tensor([3., 1., 2.]))
        tensor([1., 2., 3.])
    """
def mul(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Product of two tensors, element by element.

        z = x y,  dx = dz y,  dy = dz x

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.

    Example:
        >>> chainrule.mul(chainrule.tensor([1., 2.]), chainrule.tensor([[3.], [4.]]))
        tensor([[3., 6.],
                [4., 8.]])
    """
def mul_(input: Tensor, other: TensorLike) -> Tensor:
    """Product of two tensors, element by element."""
def multinomial(
    input: Tensor,
    num_samples: _int,
    replacement: _bool = False,
    *,
    generator: Generator | None = None,
    out: Any = None,
) -> Tensor:
    """Draws categories by weight.

    Args:
        input: weights (categories,) or (rows, categories): non-negative, finite, with a positive sum in each row.
        num_samples: how many to draw from each row.
        replacement: may a category be drawn again?

    Returns:
        int64 tensor (num_samples,) or (rows, num_samples).

    Raises:
        ValueError: weights that aren't as above, or more samples than categories without replacement.

    Example:
        >>> chainrule.multinomial(chainrule.tensor([0., 1., 0.]), 2, replacement=True)
        tensor([1, 1])
    """
def multiply(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Product of two tensors, element by element.

        z = x y,  dx = dz y,  dy = dz x

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.

    Example:
        >>> chainrule.mul(chainrule.tensor([1., 2.]), chainrule.tensor([[3.], [4.]]))
        tensor([[3., 6.],
                [4., 8.]])
    """
def multiply_(input: Tensor, other: TensorLike) -> Tensor:
    """Product of two tensors, element by element."""
def mv(input: Tensor, vec: Tensor, *, out: Any = None) -> Tensor:
    """Product of a matrix and a vector.

        y = A x,  dA = dy x^T,  dx = A^T dy

    Args:
        input: (m, k) tensor.
        vec: (k,) tensor of the same dtype.

    Returns:
        (m,) tensor.

    Example:
        >>> chainrule.mv(chainrule.ones(2, 3), chainrule.ones(3))
        tensor([3., 3.])
    """
def mvlgamma(input: Tensor, p: _int, *, out: Any = None) -> Tensor:
    """Logarithm of the multivariate gamma function.

        y = p (p - 1) / 4 ln pi + sum over j < p of lgamma(x - j / 2)

    Args:
        input: tensor; all elements more than (p - 1) / 2.
        p: dimensions.

    Example:
        >>> chainrule.mvlgamma(chainrule.tensor([2., 3.]), 2)
        tensor([0.4516, 1.5502])

    Source: Muirhead, "Aspects of multivariate statistical theory", 1982.
    """
def nan_to_num(
    input: Tensor,
    nan: Number | None = None,
    posinf: Number | None = None,
    neginf: Number | None = None,
    *,
    out: Any = None,
) -> Tensor:
    """Replaces nan, inf and -inf by numbers; the gradient there is 0.

    Args:
        input: tensor of any shape. Integers are returned as they are.
        nan: number for nan, default 0.
        posinf: number for inf; default the largest number of the dtype.
        neginf: number for -inf; default the lowest number of the dtype.

    Example:
        >>> chainrule.nan_to_num(chainrule.tensor([1., float('nan'), float('inf')]), posinf=9)
        tensor([1., 0., 9.])
    """
def nan_to_num_(
    input: Tensor,
    nan: Number | None = None,
    posinf: Number | None = None,
    neginf: Number | None = None,
) -> Tensor:
    """Replaces nan, inf and -inf by numbers; the gradient there is 0."""
@overload
def nanmean(
    input: Tensor,
    dim: Ints | None = None,
    keepdim: _bool = False,
    *,
    dtype: DtypeLike | None = None,
    out: Any = None,
) -> Tensor:
    """Mean of the elements that are not NaN; those get no gradient.

    Args:
        input, dim, keepdim, dtype: as for mean().

    Example:
        >>> chainrule.nanmean(chainrule.tensor([1., float('nan'), 2.]))
        tensor(1.5000)
    """
@overload
def nanmean(
    input: Tensor,
    *,
    axis: Ints | None,
    keepdims: _bool = False,
    dtype: DtypeLike | None = None,
    out: Any = None,
) -> Tensor: ...
@overload
def nanmedian(input: Tensor, *, out: Any = None) -> Tensor:
    """Median of the elements that are not NaN.

    Args:
        input, dim, keepdim: as for median().

    Example:
        >>> chainrule.nanmedian(chainrule.tensor([3., float('nan'), 2.]))
        tensor(2.)
    """
@overload
def nanmedian(input: Tensor, dim: _int, keepdim: _bool = False, *, out: Any = None) -> ValuesIndices: ...
@overload
def nanmedian(input: Tensor, *, axis: _int, keepdims: _bool = False, out: Any = None) -> ValuesIndices: ...
@overload
def nanquantile(
    input: Tensor,
    q: TensorLike,
    dim: _int | None = None,
    keepdim: _bool = False,
    *,
    interpolation: str = "linear",
    out: Any = None,
) -> Tensor:
    """Quantiles of the elements that are not NaN.

    Args:
        input, q, dim, keepdim, interpolation: as for quantile().

    Example:
        >>> chainrule.nanquantile(chainrule.tensor([3., float('nan'), 2.]), 0.5)
        tensor(2.5000)
    """
@overload
def nanquantile(
    input: Tensor,
    q: TensorLike,
    *,
    axis: _int | None,
    keepdims: _bool = False,
    interpolation: str = "linear",
    out: Any = None,
) -> Tensor: ...
@overload
def nansum(
    input: Tensor,
    dim: Ints | None = None,
    keepdim: _bool = False,
    *,
    dtype: DtypeLike | None = None,
    out: Any = None,
) -> Tensor:
    """Sum of the elements that are not NaN; those get no gradient.

    Args:
        input, dim, keepdim, dtype: as for sum().

    Example:
        >>> chainrule.nansum(chainrule.tensor([1., float('nan'), 2.]))
        tensor(3.)
    """
@overload
def nansum(
    input: Tensor,
    *,
    axis: Ints | None,
    keepdims: _bool = False,
    dtype: DtypeLike | None = None,
    out: Any = None,
) -> Tensor: ...
@overload
def narrow(input: Tensor, dim: _int, start: _int, length: _int, *, out: Any = None) -> Tensor:
    """A view of `length` positions of an axis, from `start` on.

    Example:
        >>> chainrule.arange(5).narrow(0, 1, 3)
        tensor([1, 2, 3])
    """
@overload
def narrow(input: Tensor, *, axis: _int, start: _int, length: _int, out: Any = None) -> Tensor: ...
def ne(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """True where two tensors differ; nan differs from everything.

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.

    Returns:
        bool tensor.

    Example:
        >>> chainrule.ne(chainrule.tensor([1, 2]), 2)
        tensor([ True, False])
    """
def ne_(input: Tensor, other: TensorLike) -> Tensor:
    """True where two tensors differ; nan differs from everything."""
def neg(input: Tensor, *, out: Any = None) -> Tensor:
    """Negative of each element.

        y = -x,  dx = -dy

    Args:
        input: tensor of any shape, not bool.

    Example:
        >>> chainrule.neg(chainrule.tensor([1., -2.]))
        tensor([-1.,  2.])
    """
def neg_(input: Tensor) -> Tensor:
    """Negative of each element."""
def negative(input: Tensor, *, out: Any = None) -> Tensor:
    """Negative of each element, as neg().

    Example:
        >>> chainrule.negative(chainrule.tensor([1., -2.]))
        tensor([-1.,  2.])
    """
def negative_(input: Tensor) -> Tensor:
    """Negative of each element, as neg()."""
def nextafter(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """The floating number next to x in the direction of y.

        dx = dz where x and y differ, else 0;  dy = 0

    Args:
        input: floating tensor, x.
        other: floating tensor, y; the shapes broadcast.

    Example:
        >>> float(chainrule.nextafter(chainrule.tensor(1.), chainrule.tensor(2.)) - 1)
        1.1920928955078125e-07
    """
def nextafter_(input: Tensor, other: TensorLike) -> Tensor:
    """The floating number next to x in the direction of y."""
def nonzero(input: Tensor, *, as_tuple: _bool = False, out: Any = None) -> Any:
    """The positions of elements that aren't 0, in row-major order.

    Args:
        as_tuple: give one vector for each axis, as x[...] takes them, instead of a matrix.

    Returns:
        int64 tensor (count, axes), or a tuple.

    Example:
        >>> chainrule.nonzero(chainrule.tensor([0, 5, 7]))
        tensor([[1],
                [2]])
    """
@overload
def norm(
    input: Tensor,
    p: Number = 2,
    dim: Ints | None = None,
    keepdim: _bool = False,
    dtype: DtypeLike | None = None,
    *,
    out: Any = None,
) -> Tensor:
    """Norm of vectors, over all axes or over those given; its gradient at 0 is 0.

        y = (sum_i |x_i|^p)^(1/p),  for p = inf the largest |x_i|, for p = -inf the smallest, for p = 0 the number of x_i that aren't 0
        p = 2: dx_i = dy x_i / y

    Args:
        input: floating tensor.
        p: order; 'fro' is 2, 'nuc' the sum of a matrix's singular values.
        dim: an axis or several; None for all.
        keepdim: keep the axes with size 1.
        dtype: converts the input first.

    Example:
        >>> chainrule.norm(chainrule.tensor([3., 4.]))
        tensor(5.)
    """
@overload
def norm(
    input: Tensor,
    p: Number = 2,
    *,
    axis: Ints | None,
    keepdims: _bool = False,
    dtype: DtypeLike | None = None,
    out: Any = None,
) -> Tensor: ...
@overload
def norm(
    input: Tensor,
    p: str,
    dim: Ints | None = None,
    keepdim: _bool = False,
    dtype: DtypeLike | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
@overload
def norm(
    input: Tensor,
    p: str,
    *,
    axis: Ints | None,
    keepdims: _bool = False,
    dtype: DtypeLike | None = None,
    out: Any = None,
) -> Tensor: ...
@overload
def normal(
    mean: Number,
    std: Number,
    size: Ints,
    *,
    generator: Generator | None = None,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    out: Any = None,
) -> Tensor:
    """Normal random numbers.

    Args:
        mean, std: numbers (then size is needed) or tensors that broadcast.
        size: the sizes.

    Raises:
        ValueError: a negative std.

    Example:
        >>> chainrule.normal(0., 1., size=(2, 3)).shape
        chainrule.Size([2, 3])
        >>> chainrule.normal(chainrule.zeros(4), 0.).sum()
        tensor(0.)
    """
@overload
def normal(
    mean: Tensor,
    std: Tensor | None = None,
    *,
    generator: Generator | None = None,
    out: Any = None,
) -> Tensor: ...
def not_equal(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """True where two tensors differ; nan differs from everything.

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.

    Returns:
        bool tensor.

    Example:
        >>> chainrule.ne(chainrule.tensor([1, 2]), 2)
        tensor([ True, False])
    """
def not_equal_(input: Tensor, other: TensorLike) -> Tensor:
    """True where two tensors differ; nan differs from everything."""
@overload
def ones(
    size: Ints,
    *,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    out: Any = None,
) -> Tensor:
    """A tensor of ones.

    Example:
        >>> chainrule.ones(2)
        tensor([1., 1.])
    """
@overload
def ones(
    *size: _int,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    out: Any = None,
) -> Tensor: ...
def ones_like(
    input: Tensor,
    *,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor:
    """Ones in the shape and dtype of a tensor.

    Example:
        >>> chainrule.ones_like(chainrule.tensor([1, 2]))
        tensor([1, 1])
    """
def outer(input: Tensor, vec2: Tensor, *, out: Any = None) -> Tensor:
    """Outer product of two vectors.

        Z_ij = x_i y_j

    Args:
        input: (m,) tensor.
        vec2: (n,) tensor.

    Returns:
        (m, n) tensor.

    Example:
        >>> chainrule.outer(chainrule.tensor([1., 2.]), chainrule.tensor([3., 4.]))
        tensor([[3., 4.],
                [6., 8.]])
    """
@overload
def pairwise_distance(
    x1: Tensor,
    x2: Tensor,
    p: _float = 2.0,
    eps: _float = 1e-6,
    keepdim: _bool = False,
    *,
    out: Any = None,
) -> Tensor:
    """Distance of vectors along the last axis.

        y = |x1 - x2 + eps|_p

    Args:
        x1, x2: tensors that broadcast.
        p: order of the norm.
        eps: keeps the gradient finite where the vectors are equal.
        keepdim: keep the last axis with size 1.
    """
@overload
def pairwise_distance(
    x1: Tensor,
    x2: Tensor,
    p: _float = 2.0,
    eps: _float = 1e-6,
    *,
    keepdims: _bool,
    out: Any = None,
) -> Tensor: ...
def pdist(input: Tensor, p: _float = 2.0, *, out: Any = None) -> Tensor:
    """Distances between all pairs of the points of one set: (0, 1), (0, 2), ... (1, 2), ...

        y = |x_i - x_j|_p;  the gradient at distance 0 is 0

    Args:
        input: (n, d) floating tensor.
        p: order of the norm.

    Returns:
        (n (n - 1) / 2,) tensor.

    Example:
        >>> chainrule.pdist(chainrule.tensor([[0., 0.], [3., 4.], [0., 1.]]))
        tensor([5.0000, 1.0000, 4.2426])
    """
@overload
def permute(input: Tensor, dims: Ints, *, out: Any = None) -> Tensor:
    """A view with the axes in another order.

    Args:
        dims: axis d of the result is axis dims[d] of the input.

    Example:
        >>> chainrule.zeros(2, 3, 4).permute(2, 0, 1).shape
        chainrule.Size([4, 2, 3])
    """
@overload
def permute(input: Tensor, *dims: _int, out: Any = None) -> Tensor: ...
def pinverse(
    input: Tensor,
    atol: _float | None = None,
    rtol: _float | None = None,
    *,
    out: Any = None,
) -> Tensor:
    """Pseudo-inverse (Moore and Penrose).

        A^+ = V diag(1/s) U^T over the singular values above max(atol, rtol max s)

    Args:
        input: (..., m, n) floating tensor.
        atol, rtol: bounds below which a singular value counts as 0; by default 0 and the rounding unit times max(m, n).

    Returns:
        (..., n, m) tensor.

    Example:
        >>> chainrule.pinverse(chainrule.tensor([[2., 0.], [0., 0.]]))
        tensor([[0.5000, 0.0000],
                [0.0000, 0.0000]])

    Source: Golub and Pereyra, "The differentiation of pseudo-inverses", 1973 (gradient).
    """
def pixel_shuffle(input: Tensor, upscale_factor: _int, *, out: Any = None) -> Tensor:
    """Channels become positions: (*, C r^2, H, W) to (*, C, H r, W r).

    Args:
        input: tensor with three axes or more.
        upscale_factor: r.

    Returns:
        Tensor.

    Example:
        >>> F.pixel_shuffle(chainrule.arange(4.).reshape(1, 4, 1, 1), 2)
        tensor([[[[0., 1.],
                  [2., 3.]]]])

    Source: Shi et al., "Real-time single image and video super-resolution", 2016.
    """
def pixel_unshuffle(input: Tensor, downscale_factor: _int, *, out: Any = None) -> Tensor:
    """Positions become channels: (*, C, H r, W r) to (*, C r^2, H, W). The inverse of pixel_shuffle.

    Args:
        input: tensor with three axes or more.
        downscale_factor: r.

    Returns:
        Tensor.

    Example:
        >>> F.pixel_unshuffle(chainrule.arange(4.).reshape(1, 1, 2, 2), 2).flatten()
        tensor([0., 1., 2., 3.])
    """
def poisson(input: Tensor, generator: Generator | None = None, *, out: Any = None) -> Tensor:
    """Poisson random numbers whose rates stand in the input.

    Example:
        >>> chainrule.poisson(chainrule.zeros(3))
        tensor([0., 0., 0.])
    """
def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: _bool = True,
    full: _bool = False,
    size_average: _bool | None = None,
    eps: _float = 1e-8,
    reduce: _bool | None = None,
    reduction: str = "mean",
    *,
    out: Any = None,
) -> Tensor:
    """Negative log-likelihood of counts under a Poisson distribution.

        loss_i = e^(x_i) - t_i x_i;  without log_input: x_i - t_i log(x_i + eps)

    With `full`, Stirling's term t log t - t + log(2 pi t) / 2 is added where t > 1.

    Args:
        input: expectations, or their logarithms.
        target: counts.
        log_input, full: see above.
        size_average, reduce: deprecated.
        eps: keeps the logarithm finite.
        reduction: 'none', 'mean' or 'sum'.
    """
def polygamma(n: _int, input: Tensor, *, out: Any = None) -> Tensor:
    """The n-th derivative of the digamma function.

        y = d^n/dx^n digamma(x) = (-1)^(n+1) n! zeta(n + 1, x),  dx = dy polygamma(n + 1, x)

    Args:
        n: order, 0 or more.
        input: tensor.

    Example:
        >>> chainrule.polygamma(1, chainrule.tensor([1., 0.5]))
        tensor([1.6449, 4.9348])
    """
def positive(input: Tensor, *, out: Any = None) -> Tensor:
    """The input itself: +x.

    Args:
        input: tensor of any shape, not bool.

    Example:
        >>> chainrule.positive(chainrule.tensor([1., -2.]))
        tensor([ 1., -2.])
    """
def pow(input: Tensor, exponent: TensorLike, *, out: Any = None) -> Tensor:
    """Power of a tensor or number with a tensor or number as exponent.

        z = x^y,  dx = dz y x^(y - 1),  dy = dz z ln x

    The gradient of x^0 for x is 0 everywhere, that of 0^y for y is 0 where y >= 0.

    Args:
        input: tensor or number.
        exponent: tensor or number; the shapes broadcast.

    Raises:
        ValueError: a negative integer as exponent of an integer tensor.

    Example:
        >>> chainrule.pow(chainrule.tensor([1., 2., 3.]), 2)
        tensor([1., 4., 9.])
    """
def pow_(input: Tensor, exponent: TensorLike) -> Tensor:
    """Power of a tensor or number with a tensor or number as exponent."""
def prelu(input: Tensor, weight: Tensor, *, out: Any = None) -> Tensor:
    """Leaky ReLU with learned slopes.

        y = x where x > 0, else w x

    Args:
        input: floating tensor; with several weights, axis 1 counts channels.
        weight: tensor of one element, or of one for each channel.

    Example:
        >>> chainrule.nn.functional.prelu(chainrule.tensor([-2., 3.]), chainrule.tensor([0.25]))
        tensor([-0.5000,  3.0000])

    Source: He, Zhang, Ren, Sun, Delving Deep into Rectifiers (2015).
    """
@overload
def prod(
    input: Tensor,
    dim: Ints | None = None,
    keepdim: _bool = False,
    *,
    dtype: DtypeLike | None = None,
    out: Any = None,
) -> Tensor:
    """Product of the elements, over all axes or over one.

        y = prod_i x_i,  dx_i = dy prod_{j != i} x_j  (right also where elements are 0)

    Args:
        input: tensor of any shape; bools and integers are multiplied as int64.
        dim: an axis; None for all.
        keepdim: keep the axis with size 1.
        dtype: converts the input first.

    Example:
        >>> chainrule.prod(chainrule.tensor([2., 3., 4.]))
        tensor(24.)
    """
@overload
def prod(
    input: Tensor,
    *,
    axis: Ints | None,
    keepdims: _bool = False,
    dtype: DtypeLike | None = None,
    out: Any = None,
) -> Tensor: ...
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: _bool = False, *, out: Any = None) -> Tensor:
    """Puts values at positions of the flattened tensor.

    Args:
        index: positions, integers; negative ones count from the end.
        source: as many values, of the tensor's dtype.
        accumulate: add instead; equal positions then add up.

    Example:
        >>> chainrule.zeros(2, 2).put(chainrule.tensor([0, 3]), chainrule.tensor([1., 2.]))
        tensor([[1., 0.],
                [0., 2.]])
    """
def put_(input: Tensor, index: Tensor, source: Tensor, accumulate: _bool = False) -> Tensor:
    """Puts values at positions of the flattened tensor."""
def qr(input: Tensor, some: _bool = True, *, out: Any = None) -> Any:
    """QR decomposition; see linalg.qr().

    Args:
        input: (..., m, n) floating tensor.
        some: False for the complete Q.

    Returns:
        Named tuple (Q, R).
    """
@overload
def quantile(
    input: Tensor,
    q: TensorLike,
    dim: _int | None = None,
    keepdim: _bool = False,
    *,
    interpolation: str = "linear",
    out: Any = None,
) -> Tensor:
    """Quantiles, of all elements or along an axis.

        y = the element at place q (n - 1) in sorted order; between two elements a and b, with f the place's fraction:
        linear a + f (b - a), lower a, higher b, midpoint (a + b) / 2, nearest the closer (the even place where both are)

    Args:
        input: floating tensor, not empty. NaN wins.
        q: a number in [0, 1], or a 1-D tensor of them with the input's dtype.
        dim: axis; None for all elements.
        keepdim: keep the axis with size 1.
        interpolation: 'linear', 'lower', 'higher', 'midpoint' or 'nearest'.

    Returns:
        Tensor; a 1-D q adds an axis at the front.

    Raises:
        ValueError: if q is outside [0, 1] or there is nothing to choose from.

    Example:
        >>> chainrule.quantile(chainrule.tensor([3., 1., 2.]), 0.25)
        tensor(1.5000)
    """
@overload
def quantile(
    input: Tensor,
    q: TensorLike,
    *,
    axis: _int | None,
    keepdims: _bool = False,
    interpolation: str = "linear",
    out: Any = None,
) -> Tensor: ...
def rad2deg(input: Tensor, *, out: Any = None) -> Tensor:
    """Radians to degrees.

        y = x 180 / pi

    Example:
        >>> chainrule.rad2deg(chainrule.tensor([0.5]))
        tensor([28.6479])
    """
def rad2deg_(input: Tensor) -> Tensor:
    """Radians to degrees."""
@overload
def rand(
    size: Ints,
    *,
    generator: Generator | None = None,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    out: Any = None,
) -> Tensor:
    """Uniform random numbers on [0, 1).

    Args:
        size: the sizes, as numbers or one sequence.
        generator: the source of randomness; the default one unless given.

    Example:
        >>> _ = chainrule.manual_seed(0)
        >>> chainrule.rand(2)
        tensor([0.4963, 0.7682])
    """
@overload
def rand(
    *size: _int,
    generator: Generator | None = None,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    out: Any = None,
) -> Tensor: ...
def rand_like(
    input: Tensor,
    *,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    memory_format: Any = None,
    generator: Generator | None = None,
    out: Any = None,
) -> Tensor:
    """Uniform random numbers in the shape and dtype of a tensor.

    Example:
        >>> chainrule.rand_like(chainrule.zeros(2, 3)).shape
        chainrule.Size([2, 3])
    """
@overload
def randint(
    low: _int,
    high: _int,
    size: Ints,
    *,
    generator: Generator | None = None,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    out: Any = None,
) -> Tensor:
    """Random integers on [low, high), each equally likely.

    Args:
        low: the smallest value; 0 unless given.
        high: one above the largest.
        size: the sizes.

    Raises:
        ValueError: low isn't below high.

    Example:
        >>> chainrule.randint(0, 3, (100,)).max().item() < 3
        True
    """
@overload
def randint(
    high: _int,
    size: Ints,
    *,
    generator: Generator | None = None,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    out: Any = None,
) -> Tensor: ...
@overload
def randint_like(
    input: Tensor,
    low: _int,
    high: _int,
    *,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    memory_format: Any = None,
    generator: Generator | None = None,
    out: Any = None,
) -> Tensor:
    """Random integers on [low, high) in the shape and dtype of a tensor.

    Example:
        >>> chainrule.randint_like(chainrule.zeros(2), 5).shape
        chainrule.Size([2])
    """
@overload
def randint_like(
    input: Tensor,
    high: _int,
    *,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    memory_format: Any = None,
    generator: Generator | None = None,
    out: Any = None,
) -> Tensor: ...
@overload
def randn(
    size: Ints,
    *,
    generator: Generator | None = None,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    out: Any = None,
) -> Tensor:
    """Random numbers of the standard normal distribution.

    Example:
        >>> _ = chainrule.manual_seed(0)
        >>> chainrule.randn(2)
        tensor([ 1.5410, -0.2934])
    """
@overload
def randn(
    *size: _int,
    generator: Generator | None = None,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    out: Any = None,
) -> Tensor: ...
def randn_like(
    input: Tensor,
    *,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    memory_format: Any = None,
    generator: Generator | None = None,
    out: Any = None,
) -> Tensor:
    """Standard normal random numbers in the shape and dtype of a tensor.

    Example:
        >>> chainrule.randn_like(chainrule.zeros(2, 3)).shape
        chainrule.Size([2, 3])
    """
def randperm(
    n: _int,
    *,
    generator: Generator | None = None,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    out: Any = None,
) -> Tensor:
    """The numbers 0 to n - 1 in random order.

    Example:
        >>> sorted(chainrule.randperm(5).tolist())
        [0, 1, 2, 3, 4]
    """
def range(
    start: Number,
    end: Number,
    step: Number = 1,
    *,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    out: Any = None,
) -> Tensor:
    """Numbers from start up to and including end: deprecated, and warned about; arange() leaves out the end.

    Example:
        >>> chainrule.range(1, 3)
        tensor([1., 2., 3.])
    """
def ravel(input: Tensor, *, out: Any = None) -> Tensor:
    """All elements in one axis, one beside the other; a view where they lie so.

    Example:
        >>> chainrule.ravel(chainrule.ones(2, 2))
        tensor([1., 1., 1., 1.])
    """
def real(input: Tensor, *, out: Any = None) -> Tensor:
    """The real part: the tensor itself, as there are no complex tensors.

    Example:
        >>> chainrule.real(chainrule.tensor([1., 2.]))
        tensor([1., 2.])
    """
def reciprocal(input: Tensor, *, out: Any = None) -> Tensor:
    """Reciprocal of each element.

        y = 1 / x,  dx = -dy y^2

    Example:
        >>> chainrule.reciprocal(chainrule.tensor([4., -1.]))
        tensor([ 0.2500, -1.0000])
    """
def reciprocal_(input: Tensor) -> Tensor:
    """Reciprocal of each element."""
def relu(input: Tensor, inplace: _bool = False, *, out: Any = None) -> Tensor:
    """Rectified linear unit; gradient 0 at 0, nan stays nan.

        y = max(x, 0),  dx = dy where y > 0, else 0

    Args:
        input: tensor of any shape.
        inplace: write into input.

    Example:
        >>> chainrule.relu(chainrule.tensor([-1., 2.]))
        tensor([0., 2.])
    """
def relu_(input: Tensor, inplace: _bool = False) -> Tensor:
    """Rectified linear unit; gradient 0 at 0, nan stays nan."""
def remainder(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Remainder of a division, with the divisor's sign, as Python's %.

        z = x - y floor(x / y),  dx = dz,  dy = -dz floor(x / y)

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.

    Raises:
        ValueError: an integer divisor is 0.

    Example:
        >>> chainrule.remainder(chainrule.tensor([5., -5.]), 3)
        tensor([2., 1.])
    """
def remainder_(input: Tensor, other: TensorLike) -> Tensor:
    """Remainder of a division, with the divisor's sign, as Python's %."""
@overload
def renorm(input: Tensor, p: Number, dim: _int, maxnorm: Number, *, out: Any = None) -> Tensor:
    """Scales down each part along an axis whose norm exceeds a bound.

        y_i = x_i maxnorm / (|x_i|_p + 1e-7) where |x_i|_p > maxnorm, else x_i

    Args:
        input: floating tensor with at least two axes.
        p: order of the norm.
        dim: axis along which the parts lie.
        maxnorm: the bound.

    Example:
        >>> chainrule.renorm(chainrule.tensor([[3., 4.], [0., 1.]]), p=2, dim=0, maxnorm=1)
        tensor([[0.6000, 0.8000],
                [0.0000, 1.0000]])
    """
@overload
def renorm(input: Tensor, p: Number, *, axis: _int, maxnorm: Number, out: Any = None) -> Tensor: ...
@overload
def renorm_(input: Tensor, p: Number, dim: _int, maxnorm: Number) -> Tensor:
    """Scales down each part along an axis whose norm exceeds a bound."""
@overload
def renorm_(input: Tensor, p: Number, *, axis: _int, maxnorm: Number) -> Tensor: ...
@overload
def repeat_interleave(
    input: Tensor,
    repeats: Tensor,
    dim: _int | None = None,
    *,
    output_size: _int | None = None,
    out: Any = None,
) -> Tensor:
    """Each element several times in a row.

    Args:
        repeats: a number, or one for each position along dim.
        dim: the axis; the flattened tensor unless given.

    Example:
        >>> chainrule.tensor([1, 2]).repeat_interleave(2)
        tensor([1, 1, 2, 2])
        >>> chainrule.tensor([1, 2]).repeat_interleave(chainrule.tensor([0, 3]))
        tensor([2, 2, 2])
    """
@overload
def repeat_interleave(
    input: Tensor,
    repeats: Tensor,
    *,
    axis: _int | None,
    output_size: _int | None = None,
    out: Any = None,
) -> Tensor: ...
@overload
def repeat_interleave(repeats: Tensor, *, output_size: _int | None = None, out: Any = None) -> Tensor: ...
@overload
def reshape(input: Tensor, shape: Ints, *, out: Any = None) -> Tensor:
    """The same elements, in row-major order, in another shape.

    Shares memory where the layout allows, otherwise copies.

    Args:
        shape: the new sizes; one of them may be -1 and is then worked out.

    Raises:
        ValueError: the counts of elements differ.

    Example:
        >>> chainrule.reshape(chainrule.arange(6), (3, 2))
        tensor([[0, 1],
                [2, 3],
                [4, 5]])
    """
@overload
def reshape(input: Tensor, *shape: _int, out: Any = None) -> Tensor: ...
def rms_norm(
    input: Tensor,
    normalized_shape: Ints,
    weight: TensorLike | None = None,
    eps: _float | None = None,
    *,
    out: Any = None,
) -> Tensor:
    """RMS normalisation: mean square 1 over the last axes, then times weight.

        z = x / sqrt(mean(x^2) + eps),  y = z w
        dx = (h - z mean(h z)) / sqrt(mean(x^2) + eps)  with h = dy w,  dw = sum dy z

    Args:
        input: (..., *normalized_shape) floating tensor.
        normalized_shape: the sizes of the last axes.
        weight: tensor of normalized_shape, or None.
        eps: added to the mean square; None for the dtype's rounding unit.

    Returns:
        Tensor of the input's shape.

    Example:
        >>> F.rms_norm(chainrule.tensor([3., -3.]), (2,))
        tensor([ 1., -1.])

    Source: Zhang and Sennrich, "Root mean square layer normalization", 2019.
    """
@overload
def rnn_relu(
    data: Tensor,
    batch_sizes: Tensor,
    hx: Tensor,
    params: Tensor | Sequence[Tensor],
    has_biases: _bool,
    num_layers: _int,
    dropout: _float,
    train: _bool,
    bidirectional: _bool,
    *,
    out: Any = None,
) -> tuple[Tensor, Tensor]:
    """rnn_tanh() with relu for tanh.

        h_t = max(0, W x_t + b + W' h_(t-1) + b')

    Example:
        >>> rnn = chainrule.nn.RNN(3, 4, nonlinearity="relu")
        >>> output, h = chainrule.rnn_relu(chainrule.ones(5, 2, 3), (), rnn.all_weights[0], True, 1, 0.0, False, False, False)
        >>> output.shape
        chainrule.Size([5, 2, 4])
    """
@overload
def rnn_relu(
    input: Tensor,
    hx: Tensor,
    params: Tensor | Sequence[Tensor],
    has_biases: _bool,
    num_layers: _int,
    dropout: _float,
    train: _bool,
    bidirectional: _bool,
    batch_first: _bool,
    *,
    out: Any = None,
) -> tuple[Tensor, Tensor]: ...
@overload
def rnn_relu(
    data: Tensor,
    batch_sizes: Tensor,
    hx: Tensor | Sequence[Tensor],
    params: Tensor | Sequence[Tensor],
    has_biases: _bool,
    num_layers: _int,
    dropout: _float,
    train: _bool,
    bidirectional: _bool,
    *,
    out: Any = None,
) -> tuple[Tensor, Tensor]: ...
@overload
def rnn_relu(
    input: Tensor,
    hx: Tensor | Sequence[Tensor],
    params: Tensor | Sequence[Tensor],
    has_biases: _bool,
    num_layers: _int,
    dropout: _float,
    train: _bool,
    bidirectional: _bool,
    batch_first: _bool,
    *,
    out: Any = None,
) -> tuple[Tensor, Tensor]: ...
@overload
def rnn_relu_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
    *,
    out: Any = None,
) -> Tensor:
    """One step of rnn_relu().

        h' = max(0, W x + b + W' h + b')

    Example:
        >>> cell = chainrule.nn.RNNCell(3, 4, nonlinearity="relu")
        >>> chainrule.rnn_relu_cell(chainrule.ones(2, 3), (), cell.weight_ih, cell.weight_hh).shape
        chainrule.Size([2, 4])
    """
@overload
def rnn_relu_cell(
    input: Tensor,
    hx: Tensor | Sequence[Tensor],
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
@overload
def rnn_tanh(
    data: Tensor,
    batch_sizes: Tensor,
    hx: Tensor,
    params: Tensor | Sequence[Tensor],
    has_biases: _bool,
    num_layers: _int,
    dropout: _float,
    train: _bool,
    bidirectional: _bool,
    *,
    out: Any = None,
) -> tuple[Tensor, Tensor]:
    """Layers of the plain recurrent net with tanh.

        h_t = tanh(W x_t + b + W' h_(t-1) + b')

    Args and Returns: as gru(), with weights (H, F) and (H, H) and biases (H).

    Example:
        >>> rnn = chainrule.nn.RNN(3, 4)
        >>> output, h = chainrule.rnn_tanh(chainrule.ones(5, 2, 3), (), rnn.all_weights[0], True, 1, 0.0, False, False, False)
        >>> output.shape
        chainrule.Size([5, 2, 4])

    Source: Elman, "Finding structure in time", 1990; PyTorch, torch.nn.RNN.
    """
@overload
def rnn_tanh(
    input: Tensor,
    hx: Tensor,
    params: Tensor | Sequence[Tensor],
    has_biases: _bool,
    num_layers: _int,
    dropout: _float,
    train: _bool,
    bidirectional: _bool,
    batch_first: _bool,
    *,
    out: Any = None,
) -> tuple[Tensor, Tensor]: ...
@overload
def rnn_tanh(
    data: Tensor,
    batch_sizes: Tensor,
    hx: Tensor | Sequence[Tensor],
    params: Tensor | Sequence[Tensor],
    has_biases: _bool,
    num_layers: _int,
    dropout: _float,
    train: _bool,
    bidirectional: _bool,
    *,
    out: Any = None,
) -> tuple[Tensor, Tensor]: ...
@overload
def rnn_tanh(
    input: Tensor,
    hx: Tensor | Sequence[Tensor],
    params: Tensor | Sequence[Tensor],
    has_biases: _bool,
    num_layers: _int,
    dropout: _float,
    train: _bool,
    bidirectional: _bool,
    batch_first: _bool,
    *,
    out: Any = None,
) -> tuple[Tensor, Tensor]: ...
@overload
def rnn_tanh_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
    *,
    out: Any = None,
) -> Tensor:
    """One step of rnn_tanh().

        h' = tanh(W x + b + W' h + b')

    Example:
        >>> cell = chainrule.nn.RNNCell(3, 4)
        >>> chainrule.rnn_tanh_cell(chainrule.ones(2, 3), (), cell.weight_ih, cell.weight_hh).shape
        chainrule.Size([2, 4])
    """
@overload
def rnn_tanh_cell(
    input: Tensor,
    hx: Tensor | Sequence[Tensor],
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def roll(input: Tensor, shifts: Ints, dims: Ints | None = None, *, out: Any = None) -> Tensor:
    """Shifts along axes; elements that leave at one end come in at the other.

    Args:
        shifts: how far, one number or one for each axis.
        dims: the axes; the flattened tensor unless given.

    Example:
        >>> chainrule.roll(chainrule.arange(4), 1)
        tensor([3, 0, 1, 2])
    """
def rot90(input: Tensor, k: _int = 1, dims: Ints = (0, 1), *, out: Any = None) -> Tensor:
    """Turns a plane by k times 90 degrees, from the first axis towards the second.

    Example:
        >>> chainrule.rot90(chainrule.tensor([[1, 2], [3, 4]]))
        tensor([[2, 4],
                [1, 3]])
    """
def round(input: Tensor, *, decimals: _int = 0, out: Any = None) -> Tensor:
    """Each element rounded to the nearest number of some decimals, halves to even. Its gradient is 0.

    Args:
        input: tensor of any shape; floating if decimals is not 0.
        decimals: number of digits kept behind the point; negative: before it. Default 0.

    Example:
        >>> chainrule.round(chainrule.tensor([0.5, 1.5, -2.7]))
        tensor([ 0.,  2., -3.])
        >>> chainrule.round(chainrule.tensor([1.2345]), decimals=2)
        tensor([1.2300])
    """
def round_(input: Tensor, *, decimals: _int = 0) -> Tensor:
    """Each element rounded to the nearest number of some decimals, halves to even. Its gradient is 0."""
def row_stack(tensors: Tensor | Sequence[Tensor], *, out: Any = None) -> Tensor:
    """Joins along axis 0; vectors become rows.

    Example:
        >>> chainrule.vstack([chainrule.ones(2), chainrule.zeros(2)])
        tensor([[1., 1.],
                [0., 0.]])
    """
def rrelu(
    input: Tensor,
    lower: _float = 0.125,
    upper: _float = 0.3333333333333333,
    training: _bool = False,
    inplace: _bool = False,
    *,
    out: Any = None,
) -> Tensor:
    """Rectifier with a random slope below 0.

        y = x for x > 0, else s x;  training: s uniform on [lower, upper) for each element, else s = (lower + upper) / 2

    Args:
        input: floating tensor.
        lower, upper: bounds of the slope.
        training: draw the slopes.
        inplace: write into input.

    Raises:
        ValueError: if lower exceeds upper or a bound is not finite.

    Example:
        >>> chainrule.rrelu(chainrule.tensor([1., -2.]), 0.25, 0.75)
        tensor([ 1., -1.])

    Source: Xu et al., "Empirical evaluation of rectified activations in convolutional network", 2015.
    """
def rrelu_(
    input: Tensor,
    lower: _float = 0.125,
    upper: _float = 0.3333333333333333,
    training: _bool = False,
    inplace: _bool = False,
) -> Tensor:
    """Rectifier with a random slope below 0."""
def rsqrt(input: Tensor, *, out: Any = None) -> Tensor:
    """Reciprocal of the square root.

        y = 1 / sqrt(x),  dx = -dy y^3 / 2

    Example:
        >>> chainrule.rsqrt(chainrule.tensor([4., 1.]))
        tensor([0.5000, 1.0000])
    """
def rsqrt_(input: Tensor) -> Tensor:
    """Reciprocal of the square root."""
def rsub(input: Tensor, other: TensorLike, *, alpha: Number = 1, out: Any = None) -> Tensor:
    """Difference with the operands exchanged.

        z = other - alpha input

    Args:
        input: tensor or number, not bool.
        other: tensor or number; the shapes broadcast.
        alpha: number, default 1.

    Example:
        >>> chainrule.rsub(chainrule.tensor([1., 2.]), 10)
        tensor([9., 8.])
    """
def scalar_tensor(
    s: Number,
    *,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    out: Any = None,
) -> Tensor:
    """A tensor without axes that holds a number.

    Example:
        >>> chainrule.scalar_tensor(2)
        tensor(2.)
    """
@overload
def scatter(
    input: Tensor,
    dim: _int,
    index: Tensor,
    src: Tensor,
    *,
    reduce: str | None = None,
    out: Any = None,
) -> Tensor:
    """Puts elements at places along an axis that an index names.

        out[i][index[i][j]] = src[i][j]  (dim = 1); of equal places the last one stays

    Args:
        dim: the axis.
        index: integers; no larger than src, and no larger than input except along dim.
        src or value: a tensor, or one number for all places.
        reduce: "add" or "multiply" combines with the elements that are there instead.

    Example:
        >>> chainrule.zeros(2, 3).scatter(1, chainrule.tensor([[2], [0]]), 1.)
        tensor([[0., 0., 1.],
                [1., 0., 0.]])
    """
@overload
def scatter(
    input: Tensor,
    *,
    axis: _int,
    index: Tensor,
    src: Tensor,
    reduce: str | None = None,
    out: Any = None,
) -> Tensor: ...
@overload
def scatter(
    input: Tensor,
    dim: _int,
    index: Tensor,
    value: Number,
    *,
    reduce: str | None = None,
    out: Any = None,
) -> Tensor: ...
@overload
def scatter(
    input: Tensor,
    *,
    axis: _int,
    index: Tensor,
    value: Number,
    reduce: str | None = None,
    out: Any = None,
) -> Tensor: ...
@overload
def scatter_(input: Tensor, dim: _int, index: Tensor, src: Tensor, *, reduce: str | None = None) -> Tensor:
    """Puts elements at places along an axis that an index names."""
@overload
def scatter_(input: Tensor, *, axis: _int, index: Tensor, src: Tensor, reduce: str | None = None) -> Tensor: ...
@overload
def scatter_(
    input: Tensor,
    dim: _int,
    index: Tensor,
    value: Number,
    *,
    reduce: str | None = None,
) -> Tensor: ...
@overload
def scatter_(
    input: Tensor,
    *,
    axis: _int,
    index: Tensor,
    value: Number,
    reduce: str | None = None,
) -> Tensor: ...
@overload
def scatter_add(input: Tensor, dim: _int, index: Tensor, src: Tensor, *, out: Any = None) -> Tensor:
    """Adds elements at places along an axis that an index names.

        out[i][index[i][j]] += src[i][j]  (dim = 1); equal places add up, in order

    Example:
        >>> chainrule.zeros(3).scatter_add(0, chainrule.tensor([0, 0, 2]), chainrule.ones(3))
        tensor([2., 0., 1.])
    """
@overload
def scatter_add(input: Tensor, *, axis: _int, index: Tensor, src: Tensor, out: Any = None) -> Tensor: ...
@overload
def scatter_add_(input: Tensor, dim: _int, index: Tensor, src: Tensor) -> Tensor:
    """Adds elements at places along an axis that an index names."""
@overload
def scatter_add_(input: Tensor, *, axis: _int, index: Tensor, src: Tensor) -> Tensor: ...
@overload
def scatter_reduce(
    input: Tensor,
    dim: _int,
    index: Tensor,
    src: Tensor,
    reduce: str,
    *,
    include_self: _bool = True,
    out: Any = None,
) -> Tensor:
    """Combines elements at places along an axis that an index names.

        out[i][index[i][j]] = reduce over j of src[i][j], and of input there unless include_self is False  (dim = 1)

    Args:
        dim: the axis.
        index: integers; no larger than src, and no larger than input except along dim.
        src: tensor of the input's dtype.
        reduce: "sum", "prod", "mean", "amax" or "amin"; elements tied for an extreme share the gradient evenly.
        include_self: whether the input's elements take part. Those that no index names stay in any case.

    Raises:
        ValueError: an unknown reduce.

    Example:
        >>> x, index = chainrule.zeros(2), chainrule.tensor([0, 0, 1])
        >>> x.scatter_reduce(0, index, chainrule.tensor([1., 3., 2.]), "amax")
        tensor([3., 2.])
    """
@overload
def scatter_reduce(
    input: Tensor,
    *,
    axis: _int,
    index: Tensor,
    src: Tensor,
    reduce: str,
    include_self: _bool = True,
    out: Any = None,
) -> Tensor: ...
@overload
def scatter_reduce_(
    input: Tensor,
    dim: _int,
    index: Tensor,
    src: Tensor,
    reduce: str,
    *,
    include_self: _bool = True,
) -> Tensor:
    """Combines elements at places along an axis that an index names."""
@overload
def scatter_reduce_(
    input: Tensor,
    *,
    axis: _int,
    index: Tensor,
    src: Tensor,
    reduce: str,
    include_self: _bool = True,
) -> Tensor: ...
def searchsorted(
    sorted_sequence: Tensor,
    input: Tensor,
    *,
    out_int32: _bool = False,
    right: _bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
    out: Any = None,
) -> Tensor:
    """Where values belong in an ordered sequence so that it stays ordered.

    Args:
        sorted_sequence: (n,), or with the values' leading axes; ascending along the last axis.
        input: values.
        right: behind equal elements instead of before them; the same as side="right".
        sorter: the order in which sorted_sequence is ascending.

    Returns:
        int64 (or int32) tensor in the shape of the values.

    Example:
        >>> chainrule.searchsorted(chainrule.tensor([1., 3., 5.]), chainrule.tensor([3., 4.]))
        tensor([1, 2])
    """
@overload
def select(input: Tensor, dim: _int, index: _int, *, out: Any = None) -> Tensor:
    """A view of one position along an axis, which goes away.

    Args:
        dim: the axis.
        index: the position; negative counts from the end.

    Raises:
        IndexError: the position does not exist.

    Example:
        >>> chainrule.tensor([[1, 2], [3, 4]]).select(1, 0)
        tensor([1, 3])
    """
@overload
def select(input: Tensor, *, axis: _int, index: _int, out: Any = None) -> Tensor: ...
@overload
def select_scatter(input: Tensor, src: Tensor, dim: _int, index: _int, *, out: Any = None) -> Tensor:
    """A copy with one position along an axis replaced.

    Args:
        src: of the shape of input.select(dim, index).
        dim: axis.
        index: position.

    Example:
        >>> chainrule.zeros(2, 2).select_scatter(chainrule.ones(2), 0, 1)
        tensor([[0., 0.],
                [1., 1.]])
    """
@overload
def select_scatter(input: Tensor, src: Tensor, *, axis: _int, index: _int, out: Any = None) -> Tensor: ...
def selu(input: Tensor, inplace: _bool = False, *, out: Any = None) -> Tensor:
    """Self-normalising exponential linear unit.

        y = scale x where x > 0, else scale alpha (e^x - 1); alpha = 1.67326324, scale = 1.05070099

    Args:
        input: floating tensor of any shape.
        inplace: write into input.

    Example:
        >>> chainrule.nn.functional.selu(chainrule.tensor([-1., 2.]))
        tensor([-1.1113,  2.1014])

    Source: Klambauer, Unterthiner, Mayr, Hochreiter, Self-Normalizing Neural Networks (2017).
    """
def selu_(input: Tensor, inplace: _bool = False) -> Tensor:
    """Self-normalising exponential linear unit."""
def sgn(input: Tensor, *, out: Any = None) -> Tensor:
    """Sign of each element: -1, 0 or 1, as sign() for real numbers. Its gradient is 0 everywhere.

    Example:
        >>> chainrule.sgn(chainrule.tensor([3., 0., -2.]))
        tensor([ 1.,  0., -1.])
    """
def sgn_(input: Tensor) -> Tensor:
    """Sign of each element: -1, 0 or 1, as sign() for real numbers. Its gradient is 0 everywhere."""
def sigmoid(input: Tensor, *, out: Any = None) -> Tensor:
    """Logistic function of each element.

        y = 1 / (1 + e^-x),  dx = dy y (1 - y)

    Args:
        input: tensor of any shape.

    Example:
        >>> chainrule.sigmoid(chainrule.tensor([0., 2.]))
        tensor([0.5000, 0.8808])
    """
def sigmoid_(input: Tensor) -> Tensor:
    """Logistic function of each element."""
def sign(input: Tensor, *, out: Any = None) -> Tensor:
    """Sign of each element: -1, 0 or 1. Its gradient is 0 everywhere.

    Example:
        >>> chainrule.sign(chainrule.tensor([3., 0., -2.]))
        tensor([ 1.,  0., -1.])
    """
def sign_(input: Tensor) -> Tensor:
    """Sign of each element: -1, 0 or 1. Its gradient is 0 everywhere."""
def signbit(input: Tensor, *, out: Any = None) -> Tensor:
    """True where the sign bit is set: negative numbers and -0.

    Example:
        >>> chainrule.signbit(chainrule.tensor([1., -0., -2.]))
        tensor([False,  True,  True])
    """
def sin(input: Tensor, *, out: Any = None) -> Tensor:
    """Sine of each element, in radians.

        y = sin x,  dx = dy cos x

    Example:
        >>> chainrule.sin(chainrule.tensor([0., 1.]))
        tensor([0.0000, 0.8415])
    """
def sin_(input: Tensor) -> Tensor:
    """Sine of each element, in radians."""
def sinc(input: Tensor, *, out: Any = None) -> Tensor:
    """Normalised sinc function; 1 at 0.

        y = sin(pi x) / (pi x),  dx = dy (cos(pi x) - y) / x

    Example:
        >>> chainrule.sinc(chainrule.tensor([0., 0.5]))
        tensor([1.0000, 0.6366])
    """
def sinc_(input: Tensor) -> Tensor:
    """Normalised sinc function; 1 at 0."""
def sinh(input: Tensor, *, out: Any = None) -> Tensor:
    """Hyperbolic sine.

        y = (e^x - e^-x) / 2,  dx = dy cosh x

    Example:
        >>> chainrule.sinh(chainrule.tensor([0., 1.]))
        tensor([0.0000, 1.1752])
    """
def sinh_(input: Tensor) -> Tensor:
    """Hyperbolic sine."""
@overload
def slice_scatter(
    input: Tensor,
    src: Tensor,
    dim: _int = 0,
    start: _int | None = None,
    end: _int | None = None,
    step: _int = 1,
    *,
    out: Any = None,
) -> Tensor:
    """A copy with a slice along an axis replaced.

    Args:
        src: of the slice's shape.
        dim: axis.
        start, end, step: the slice; None is the whole axis.

    Example:
        >>> chainrule.zeros(4).slice_scatter(chainrule.ones(2), 0, 1, 3)
        tensor([0., 1., 1., 0.])
    """
@overload
def slice_scatter(
    input: Tensor,
    src: Tensor,
    *,
    axis: _int,
    start: _int | None = None,
    end: _int | None = None,
    step: _int = 1,
    out: Any = None,
) -> Tensor: ...
def slogdet(input: Tensor, *, out: Any = None) -> Any:
    """Sign and logarithm of the absolute value of the determinant, without overflow.

        dA = dlogabsdet A^-T

    Args:
        input: (..., n, n) floating tensor.

    Returns:
        Named tuple (sign, logabsdet); of a singular matrix 0 and -inf.

    Example:
        >>> chainrule.linalg.slogdet(chainrule.tensor([[1., 0.], [0., -1.]])).sign
        tensor(-1.)
    """
@overload
def softmax(input: Tensor, dim: _int, dtype: DtypeLike | None = None, *, out: Any = None) -> Tensor:
    """Softmax along an axis: positive values that sum to 1.

        y_i = e^(x_i) / sum_j e^(x_j),  dx_i = y_i (dy_i - sum_j dy_j y_j)

    The largest element is subtracted first, so large inputs don't overflow. A row of -inf alone gives NaN.

    Args:
        input: floating tensor.
        dim: axis.
        dtype: converts the input first.

    Returns:
        Tensor of the input's shape.

    Example:
        >>> chainrule.softmax(chainrule.tensor([0., 0.]), dim=0)
        tensor([0.5000, 0.5000])
    """
@overload
def softmax(input: Tensor, *, axis: _int, dtype: DtypeLike | None = None, out: Any = None) -> Tensor: ...
@overload
def sort(
    input: Tensor,
    dim: _int = -1,
    descending: _bool = False,
    stable: _bool | None = None,
    *,
    out: Any = None,
) -> ValuesIndices:
    """Sorts along an axis. Equal elements keep their order; NaN counts as the largest.

    Args:
        input: tensor.
        dim: axis.
        descending: largest first.
        stable: accepted; the sort is always stable.

    Returns:
        Named tuple (values, indices).

    Example:
        >>> chainrule.sort(chainrule.tensor([3., 1., 2.])).indices
        tensor([1, 2, 0])
    """
@overload
def sort(
    input: Tensor,
    *,
    axis: _int,
    descending: _bool = False,
    stable: _bool | None = None,
    out: Any = None,
) -> ValuesIndices: ...
def special_entr(input: Tensor, *, out: Any = None) -> Tensor:
    """Summands of an entropy.

        y = -x ln x, 0 at x = 0, -inf below,  dx = dy (-ln x - 1)

    Example:
        >>> chainrule.special.entr(chainrule.tensor([0., 0.5]))
        tensor([0.0000, 0.3466])
    """
def special_erfcx(input: Tensor, *, out: Any = None) -> Tensor:
    """The complement of the error function without its decay.

        y = e^(x^2) erfc(x),  dx = dy (2 x y - 2 / sqrt(pi))

    Example:
        >>> chainrule.special.erfcx(chainrule.tensor([0., 100.]))
        tensor([1.0000, 0.0056])

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 7.1.
    """
def special_i0e(input: Tensor, *, out: Any = None) -> Tensor:
    """i0(x) e^-|x|: without overflow.

    Example:
        >>> chainrule.special.i0e(chainrule.tensor([0., 1000.]))
        tensor([1.0000, 0.0126])
    """
def special_i1(input: Tensor, *, out: Any = None) -> Tensor:
    """Modified Bessel function of the first kind, of order 1.

        y = x / 2 sum over k of (x^2 / 4)^k / (k! (k + 1)!),  dx = dy (i0(x) - y / x) = dy (i0(x) + I_2(x)) / 2

    Example:
        >>> chainrule.special.i1(chainrule.tensor([0., 1.]))
        tensor([0.0000, 0.5652])

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 9.6 and 9.7.
    """
def special_i1e(input: Tensor, *, out: Any = None) -> Tensor:
    """i1(x) e^-|x|: without overflow.

    Example:
        >>> chainrule.special.i1e(chainrule.tensor([0., 1000.]))
        tensor([0.0000, 0.0126])
    """
def special_log_ndtr(input: Tensor, *, out: Any = None) -> Tensor:
    """Logarithm of ndtr(), exact also far below 0.

        y = ln ndtr(x),  dx = dy sqrt(2 / pi) / erfcx(-x / sqrt(2))

    Example:
        >>> chainrule.special.log_ndtr(chainrule.tensor([0., -100.]))
        tensor([-6.9315e-01, -5.0055e+03])
    """
def special_ndtr(input: Tensor, *, out: Any = None) -> Tensor:
    """The integral of the standard normal density from -inf to x.

        y = erfc(-x / sqrt(2)) / 2,  dx = dy e^(-x^2 / 2) / sqrt(2 pi)

    Example:
        >>> chainrule.special.ndtr(chainrule.tensor([0., 1.]))
        tensor([0.5000, 0.8413])
    """
def special_ndtri(input: Tensor, *, out: Any = None) -> Tensor:
    """The inverse of ndtr(): -inf at 0, inf at 1, nan beyond.

        ndtr(y) = x,  dx = dy sqrt(2 pi) e^(y^2 / 2)

    Example:
        >>> chainrule.special.ndtri(chainrule.tensor([0.5, 0.975]))
        tensor([0.0000, 1.9600])

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 26.2.23 (first value), refined by Halley's method.
    """
def special_xlog1py(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Product of x with ln(1 + y); 0 where x = 0, unless y is nan.

        z = x ln(1 + y),  dx = dz ln(1 + y) (0 where x = 0 and y <= -1),  dy = dz x / (1 + y)

    Args:
        input, other: tensors or numbers; the shapes broadcast.

    Example:
        >>> chainrule.special.xlog1py(chainrule.tensor([0., 2.]), chainrule.tensor([-1., 3.]))
        tensor([0.0000, 2.7726])
    """
def special_zeta(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Hurwitz's zeta function.

        y = sum over k >= 0 of (k + q)^-s,  dq = -dy s zeta(s + 1, q); none for s

    Args:
        input: s, more than 1 (1 gives inf).
        other: q; the shapes broadcast.

    Example:
        >>> chainrule.special.zeta(chainrule.tensor(2.), chainrule.tensor(1.))
        tensor(1.6449)

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 23.1.30.
    """
@overload
def split(input: Tensor, split_size_or_sections: _int, dim: _int = 0, *, out: Any = None) -> tuple[Tensor, ...]:
    """Cuts an axis into parts, which are views.

    Args:
        split_size_or_sections: the size of a part (the last one may be smaller), or all sizes.
        dim: the axis.

    Returns:
        tuple of tensors.

    Example:
        >>> chainrule.arange(5).split(2)
        (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
@overload
def split(
    input: Tensor,
    split_size_or_sections: _int,
    *,
    axis: _int,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
@overload
def split(
    input: Tensor,
    split_size_or_sections: Sequence[_int],
    dim: _int = 0,
    *,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
@overload
def split(
    input: Tensor,
    split_size_or_sections: Sequence[_int],
    *,
    axis: _int,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
@overload
def split(input: Tensor, split_size: _int, dim: _int = 0, *, out: Any = None) -> tuple[Tensor, ...]: ...
@overload
def split(input: Tensor, split_size: _int, *, axis: _int, out: Any = None) -> tuple[Tensor, ...]: ...
@overload
def split(
    input: Tensor,
    split_size: Sequence[_int],
    dim: _int = 0,
    *,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
@overload
def split(input: Tensor, split_size: Sequence[_int], *, axis: _int, out: Any = None) -> tuple[Tensor, ...]: ...
def sqrt(input: Tensor, *, out: Any = None) -> Tensor:
    """Square root of each element; the gradient at 0 is inf.

        y = sqrt(x),  dx = dy / (2 y)

    Example:
        >>> chainrule.sqrt(chainrule.tensor([4., 9.]))
        tensor([2., 3.])
    """
def sqrt_(input: Tensor) -> Tensor:
    """Square root of each element; the gradient at 0 is inf."""
def square(input: Tensor, *, out: Any = None) -> Tensor:
    """Square of each element.

        y = x^2,  dx = 2 x dy

    Example:
        >>> chainrule.square(chainrule.tensor([3., -2.]))
        tensor([9., 4.])
    """
def square_(input: Tensor) -> Tensor:
    """Square of each element."""
@overload
def squeeze(input: Tensor, dim: Ints | None = None, *, out: Any = None) -> Tensor:
    """Drops axes of size 1: all of them, or those named.

    Args:
        dim: one axis or several; a named axis whose size isn't 1 stays.

    Example:
        >>> chainrule.zeros(1, 3, 1).squeeze().shape
        chainrule.Size([3])
        >>> chainrule.zeros(1, 3, 1).squeeze(0).shape
        chainrule.Size([3, 1])
    """
@overload
def squeeze(input: Tensor, *, axis: Ints | None, out: Any = None) -> Tensor: ...
@overload
def stack(tensors: Tensor | Sequence[Tensor], dim: _int = 0, *, out: Any = None) -> Tensor:
    """Joins tensors of one shape along a new axis.

    Args:
        tensors: a sequence of tensors of the same shape. Dtypes are promoted.
        dim: where the new axis stands in the result.

    Example:
        >>> chainrule.stack([chainrule.tensor([1, 2]), chainrule.tensor([3, 4])], dim=1)
        tensor([[1, 3],
                [2, 4]])
    """
@overload
def stack(tensors: Tensor | Sequence[Tensor], *, axis: _int, out: Any = None) -> Tensor: ...
@overload
def std(input: Tensor, unbiased: Number, *, out: Any = None) -> Tensor:
    """Standard deviation, over all axes or over those given; its gradient at 0 is 0.

        y = sqrt(var(x))

    Args:
        input, dim, correction, unbiased, keepdim: as for var().

    Example:
        >>> chainrule.std(chainrule.tensor([1., 2., 3.]))
        tensor(1.)
    """
@overload
def std(
    input: Tensor,
    dim: Ints | None = None,
    unbiased: _bool = True,
    keepdim: _bool = False,
    *,
    out: Any = None,
) -> Tensor: ...
@overload
def std(
    input: Tensor,
    *,
    axis: Ints | None,
    unbiased: _bool = True,
    keepdims: _bool = False,
    out: Any = None,
) -> Tensor: ...
@overload
def std(
    input: Tensor,
    dim: Ints | None = None,
    *,
    correction: Number | None = None,
    keepdim: _bool = False,
    out: Any = None,
) -> Tensor: ...
@overload
def std(
    input: Tensor,
    *,
    axis: Ints | None,
    correction: Number | None = None,
    keepdims: _bool = False,
    out: Any = None,
) -> Tensor: ...
@overload
def std_mean(input: Tensor, unbiased: Number, *, out: Any = None) -> tuple[Tensor, Tensor]:
    """Standard deviation and mean, over all axes or over those given.

    Args:
        input, dim, correction, unbiased, keepdim: as for var().

    Returns:
        Tuple (std, mean).
    """
@overload
def std_mean(
    input: Tensor,
    dim: Ints | None = None,
    unbiased: _bool = True,
    keepdim: _bool = False,
    *,
    out: Any = None,
) -> tuple[Tensor, Tensor]: ...
@overload
def std_mean(
    input: Tensor,
    *,
    axis: Ints | None,
    unbiased: _bool = True,
    keepdims: _bool = False,
    out: Any = None,
) -> tuple[Tensor, Tensor]: ...
@overload
def std_mean(
    input: Tensor,
    dim: Ints | None = None,
    *,
    correction: Number | None = None,
    keepdim: _bool = False,
    out: Any = None,
) -> tuple[Tensor, Tensor]: ...
@overload
def std_mean(
    input: Tensor,
    *,
    axis: Ints | None,
    correction: Number | None = None,
    keepdims: _bool = False,
    out: Any = None,
) -> tuple[Tensor, Tensor]: ...
def step(input: Tensor, *, out: Any = None) -> Tensor:
    """Threshold unit: 1 above 0, else 0. Its gradient is 0 everywhere.

        y = 1 where x > 0, else 0

    Args:
        input: tensor of any shape.

    Example:
        >>> chainrule.nn.functional.step(chainrule.tensor([-1., 0., 2.]))
        tensor([0., 0., 1.])
    """
def sub(input: Tensor, other: TensorLike, *, alpha: Number = 1, out: Any = None) -> Tensor:
    """Difference of two tensors, of which the second may be scaled.

        z = x - alpha y,  dx = dz,  dy = -alpha dz

    Args:
        input: tensor or number, not bool.
        other: tensor or number; the shapes broadcast.
        alpha: number, default 1.

    Example:
        >>> chainrule.sub(chainrule.tensor([1., 2.]), chainrule.tensor([10., 20.]))
        tensor([ -9., -18.])
    """
def sub_(input: Tensor, other: TensorLike, *, alpha: Number = 1) -> Tensor:
    """Difference of two tensors, of which the second may be scaled."""
def subtract(input: Tensor, other: TensorLike, *, alpha: Number = 1, out: Any = None) -> Tensor:
    """Difference of two tensors, of which the second may be scaled.

        z = x - alpha y,  dx = dz,  dy = -alpha dz

    Args:
        input: tensor or number, not bool.
        other: tensor or number; the shapes broadcast.
        alpha: number, default 1.

    Example:
        >>> chainrule.sub(chainrule.tensor([1., 2.]), chainrule.tensor([10., 20.]))
        tensor([ -9., -18.])
    """
def subtract_(input: Tensor, other: TensorLike, *, alpha: Number = 1) -> Tensor:
    """Difference of two tensors, of which the second may be scaled."""
@overload
def sum(
    input: Tensor,
    dim: Ints | None = None,
    keepdim: _bool = False,
    *,
    dtype: DtypeLike | None = None,
    out: Any = None,
) -> Tensor:
    """Sum of the elements, over all axes or over those given.

        y = sum_i x_i,  dx_i = dy

    Sums are cascaded in fixed blocks, so the error grows with the logarithm of the number of elements, and the result is bitwise the
    same for any number of threads.

    Args:
        input: tensor of any shape; bools and integers are summed as int64.
        dim: an axis or several; None for all.
        keepdim: keep the summed axes with size 1.
        dtype: converts the input first.

    Returns:
        Tensor without the summed axes.

    Example:
        >>> chainrule.sum(chainrule.tensor([[1., 2.], [3., 4.]]), dim=0)
        tensor([4., 6.])
    """
@overload
def sum(
    input: Tensor,
    *,
    axis: Ints | None,
    keepdims: _bool = False,
    dtype: DtypeLike | None = None,
    out: Any = None,
) -> Tensor: ...
def svd(input: Tensor, some: _bool = True, compute_uv: _bool = True, *, out: Any = None) -> Any:
    """Singular value decomposition A = U diag(S) V^T; see linalg.svd(), which returns V^T.

    Args:
        input: (..., m, n) floating tensor.
        some: False for the full U and V.
        compute_uv: False for the singular values alone; U and V are then square and zero.

    Returns:
        Named tuple (U, S, V).

    Example:
        >>> chainrule.svd(chainrule.tensor([[3., 0.], [0., 4.]])).S
        tensor([4., 3.])
    """
def swapaxes(input: Tensor, axis0: _int, axis1: _int, *, out: Any = None) -> Tensor:
    """A view with two axes exchanged.

    Example:
        >>> chainrule.zeros(2, 3, 4).transpose(0, 2).shape
        chainrule.Size([4, 3, 2])
    """
def swapdims(input: Tensor, dim0: _int, dim1: _int, *, out: Any = None) -> Tensor:
    """A view with two axes exchanged.

    Example:
        >>> chainrule.zeros(2, 3, 4).transpose(0, 2).shape
        chainrule.Size([4, 3, 2])
    """
def t(input: Tensor, *, out: Any = None) -> Tensor:
    """The transpose of a matrix, as a view; vectors and numbers stay as they are.

    Example:
        >>> chainrule.zeros(2, 3).t().shape
        chainrule.Size([3, 2])
    """
def take(input: Tensor, index: Tensor, *, out: Any = None) -> Tensor:
    """Elements at positions of the flattened tensor, in the shape of the index.

    Example:
        >>> chainrule.tensor([[1., 2.], [3., 4.]]).take(chainrule.tensor([0, 3]))
        tensor([1., 4.])
    """
@overload
def take_along_dim(input: Tensor, indices: Tensor, dim: _int | None = None, *, out: Any = None) -> Tensor:
    """gather() whose index broadcasts with the tensor.

    Example:
        >>> x = chainrule.tensor([[3., 1.], [2., 4.]])
        >>> chainrule.take_along_dim(x, x.argmax(1, keepdim=True), 1)
        tensor([[3.],
                [4.]])
    """
@overload
def take_along_dim(input: Tensor, indices: Tensor, *, axis: _int | None, out: Any = None) -> Tensor: ...
def tan(input: Tensor, *, out: Any = None) -> Tensor:
    """Tangent of each element, in radians.

        y = tan x,  dx = dy (1 + y^2)

    Example:
        >>> chainrule.tan(chainrule.tensor([0., 1.]))
        tensor([0.0000, 1.5574])
    """
def tan_(input: Tensor) -> Tensor:
    """Tangent of each element, in radians."""
def tanh(input: Tensor, *, out: Any = None) -> Tensor:
    """Hyperbolic tangent of each element.

        y = (e^x - e^-x) / (e^x + e^-x),  dx = dy (1 - y^2)

    Args:
        input: tensor of any shape.

    Example:
        >>> chainrule.tanh(chainrule.tensor([0., 1.]))
        tensor([0.0000, 0.7616])
    """
def tanh_(input: Tensor) -> Tensor:
    """Hyperbolic tangent of each element."""
@overload
def tensor_split(
    input: Tensor,
    indices_or_sections: _int,
    dim: _int = 0,
    *,
    out: Any = None,
) -> tuple[Tensor, ...]:
    """Cuts an axis into sections whose sizes differ by at most 1, or at indices.

    Args:
        indices_or_sections: the number of sections, or the positions where they begin.
        dim: the axis.

    Example:
        >>> chainrule.arange(5).tensor_split(2)
        (tensor([0, 1, 2]), tensor([3, 4]))
        >>> chainrule.arange(5).tensor_split((1, 3))
        (tensor([0]), tensor([1, 2]), tensor([3, 4]))
    """
@overload
def tensor_split(
    input: Tensor,
    indices_or_sections: _int,
    *,
    axis: _int,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
@overload
def tensor_split(
    input: Tensor,
    indices_or_sections: Sequence[_int],
    dim: _int = 0,
    *,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
@overload
def tensor_split(
    input: Tensor,
    indices_or_sections: Sequence[_int],
    *,
    axis: _int,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
@overload
def tensor_split(
    input: Tensor,
    indices_or_sections: Tensor,
    dim: _int = 0,
    *,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
@overload
def tensor_split(
    input: Tensor,
    indices_or_sections: Tensor,
    *,
    axis: _int,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
@overload
def tensordot(a: Tensor, b: Tensor, dims: _int = 2, *, out: Any = None) -> Tensor:
    """Product of two tensors, summed over several axes of both.

        dims = 2:  C_ij.. = sum_kl A_i..kl B_kl..j

    Args:
        a, b: tensors of one dtype.
        dims: how many of a's last axes meet b's first ones; or two lists, of a's axes and of b's. An axis of size 1 is stretched.

    Returns:
        Tensor with a's other axes, then b's.

    Example:
        >>> chainrule.tensordot(chainrule.ones(2, 3), chainrule.ones(3, 4), dims=1).shape
        chainrule.Size([2, 4])
    """
@overload
def tensordot(a: Tensor, b: Tensor, dims_a: Ints, dims_b: Ints, *, out: Any = None) -> Tensor: ...
def threshold(
    input: Tensor,
    threshold: Number,
    value: Number,
    inplace: _bool = False,
    *,
    out: Any = None,
) -> Tensor:
    """Replaces what does not exceed a threshold.

        y = x where x > threshold, else value

    Args:
        input: tensor of any shape.
        threshold: number.
        value: number.
        inplace: write into input.

    Example:
        >>> chainrule.nn.functional.threshold(chainrule.tensor([-1., 2.]), 0.5, 9)
        tensor([9., 2.])
    """
def threshold_(input: Tensor, threshold: Number, value: Number, inplace: _bool = False) -> Tensor:
    """Replaces what does not exceed a threshold."""
@overload
def tile(input: Tensor, dims: Ints, *, out: Any = None) -> Tensor:
    """As repeat(), but too few numbers are filled up with ones in front.

    Example:
        >>> chainrule.tensor([[1, 2]]).tile(2)
        tensor([[1, 2, 1, 2]])
    """
@overload
def tile(input: Tensor, *dims: _int, out: Any = None) -> Tensor: ...
@overload
def topk(
    input: Tensor,
    k: _int,
    dim: _int = -1,
    largest: _bool = True,
    sorted: _bool = True,
    *,
    out: Any = None,
) -> ValuesIndices:
    """The k largest (or smallest) elements along an axis, in order.

    Args:
        input: tensor.
        k: how many.
        dim: axis.
        largest: False for the smallest.
        sorted: accepted; the result is always in order.

    Returns:
        Named tuple (values, indices).

    Raises:
        ValueError: if the axis has fewer than k elements.

    Example:
        >>> chainrule.topk(chainrule.tensor([3., 1., 2.]), 2).values
        tensor([3., 2.])
    """
@overload
def topk(
    input: Tensor,
    k: _int,
    *,
    axis: _int,
    largest: _bool = True,
    sorted: _bool = True,
    out: Any = None,
) -> ValuesIndices: ...
def trace(input: Tensor, *, out: Any = None) -> Tensor:
    """Sum of a matrix's diagonal.

    Args:
        input: (m, n) tensor.

    Example:
        >>> chainrule.trace(chainrule.tensor([[1., 2.], [3., 4.]]))
        tensor(5.)
    """
def transpose(input: Tensor, dim0: _int, dim1: _int, *, out: Any = None) -> Tensor:
    """A view with two axes exchanged.

    Example:
        >>> chainrule.zeros(2, 3, 4).transpose(0, 2).shape
        chainrule.Size([4, 3, 2])
    """
@overload
def trapezoid(y: Tensor, x: Tensor, *, dim: _int = -1, out: Any = None) -> Tensor:
    """Integral along an axis by the trapezoidal rule.

        sum_k (x_{k+1} - x_k) (y_k + y_{k+1}) / 2,  with dx for x_{k+1} - x_k where x is not given

    Args:
        y: values at the points.
        x: the points: 1-D, or of a shape that broadcasts with y's.
        dx: distance of the points, if they are evenly spaced.
        dim: axis.

    Example:
        >>> chainrule.trapezoid(chainrule.tensor([1., 5., 10.]))
        tensor(10.5000)
    """
@overload
def trapezoid(y: Tensor, x: Tensor, *, axis: _int, out: Any = None) -> Tensor: ...
@overload
def trapezoid(y: Tensor, *, dx: Number = 1, dim: _int = -1, out: Any = None) -> Tensor: ...
@overload
def trapezoid(y: Tensor, *, dx: Number = 1, axis: _int, out: Any = None) -> Tensor: ...
@overload
def trapz(y: Tensor, x: Tensor, *, dim: _int = -1, out: Any = None) -> Tensor:
    """Integral along an axis by the trapezoidal rule.

        sum_k (x_{k+1} - x_k) (y_k + y_{k+1}) / 2,  with dx for x_{k+1} - x_k where x is not given

    Args:
        y: values at the points.
        x: the points: 1-D, or of a shape that broadcasts with y's.
        dx: distance of the points, if they are evenly spaced.
        dim: axis.

    Example:
        >>> chainrule.trapezoid(chainrule.tensor([1., 5., 10.]))
        tensor(10.5000)
    """
@overload
def trapz(y: Tensor, x: Tensor, *, axis: _int, out: Any = None) -> Tensor: ...
@overload
def trapz(y: Tensor, *, dx: Number = 1, dim: _int = -1, out: Any = None) -> Tensor: ...
@overload
def trapz(y: Tensor, *, dx: Number = 1, axis: _int, out: Any = None) -> Tensor: ...
def tril(input: Tensor, diagonal: _int = 0, *, out: Any = None) -> Tensor:
    """The lower triangle of matrices; the rest is 0.

    Args:
        diagonal: the last diagonal kept; 0 is the main one, above it positive.

    Example:
        >>> chainrule.ones(2, 2).tril()
        tensor([[1., 0.],
                [1., 1.]])
    """
def tril_(input: Tensor, diagonal: _int = 0) -> Tensor:
    """The lower triangle of matrices; the rest is 0."""
def tril_indices(
    row: _int,
    col: _int,
    offset: _int = 0,
    *,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    layout: Any = None,
    out: Any = None,
) -> Tensor:
    """Indices of the lower triangle of a (row, col) matrix: shape (2, count).

    Example:
        >>> chainrule.tril_indices(2, 2)
        tensor([[0, 1, 1],
                [0, 0, 1]])
    """
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: _float = 1.0,
    p: _float = 2,
    eps: _float = 1e-6,
    swap: _bool = False,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: str = "mean",
    *,
    out: Any = None,
) -> Tensor:
    """Distance to a positive example against that to a negative one.

        loss = max(0, d(anchor, positive) - d(anchor, negative) + margin),  d(x, y) = |x - y + eps|_p

    Args:
        anchor, positive, negative: (N, D) or (D,) tensors.
        margin: number above 0.
        p: order of the norm.
        eps: keeps the gradient finite.
        swap: take the smaller of the negative's distances to anchor and positive.
        size_average, reduce: deprecated.
        reduction: 'none', 'mean' or 'sum'.
    """
def triu(input: Tensor, diagonal: _int = 0, *, out: Any = None) -> Tensor:
    """The upper triangle of matrices; the rest is 0.

    Args:
        diagonal: the first diagonal kept; 0 is the main one, above it positive.

    Example:
        >>> chainrule.ones(2, 2).triu(1)
        tensor([[0., 1.],
                [0., 0.]])
    """
def triu_(input: Tensor, diagonal: _int = 0) -> Tensor:
    """The upper triangle of matrices; the rest is 0."""
def triu_indices(
    row: _int,
    col: _int,
    offset: _int = 0,
    *,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    layout: Any = None,
    out: Any = None,
) -> Tensor:
    """Indices of the upper triangle of a (row, col) matrix: shape (2, count).

    Example:
        >>> chainrule.triu_indices(2, 2)
        tensor([[0, 0, 1],
                [0, 1, 1]])
    """
def true_divide(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Quotient of two tensors, always floating: div() without a rounding mode.

        z = x / y

    Args:
        input: tensor or number.
        other: tensor or number; the shapes broadcast.

    Example:
        >>> chainrule.true_divide(chainrule.tensor([1, 3]), 2)
        tensor([0.5000, 1.5000])
    """
def true_divide_(input: Tensor, other: TensorLike) -> Tensor:
    """Quotient of two tensors, always floating: div() without a rounding mode."""
def trunc(input: Tensor, *, out: Any = None) -> Tensor:
    """Each element without its fraction, rounded towards 0. Its gradient is 0.

    Example:
        >>> chainrule.trunc(chainrule.tensor([1.7, -1.7]))
        tensor([ 1., -1.])
    """
def trunc_(input: Tensor) -> Tensor:
    """Each element without its fraction, rounded towards 0. Its gradient is 0."""
@overload
def unbind(input: Tensor, dim: _int = 0, *, out: Any = None) -> tuple[Tensor, ...]:
    """All positions along an axis, as a tuple of views without it.

    Example:
        >>> chainrule.tensor([[1, 2], [3, 4]]).unbind()
        (tensor([1, 2]), tensor([3, 4]))
    """
@overload
def unbind(input: Tensor, *, axis: _int, out: Any = None) -> tuple[Tensor, ...]: ...
@overload
def unflatten(input: Tensor, dim: _int, sizes: Ints, *, out: Any = None) -> Tensor:
    """Splits one axis into several.

    Args:
        dim: the axis to split.
        sizes: its new sizes, whose product is the old one; one may be -1.

    Example:
        >>> chainrule.zeros(2, 12).unflatten(1, (3, -1)).shape
        chainrule.Size([2, 3, 4])
    """
@overload
def unflatten(input: Tensor, *, axis: _int, sizes: Ints, out: Any = None) -> Tensor: ...
@overload
def unique(
    input: Tensor,
    sorted: _bool = True,
    return_inverse: _bool = False,
    return_counts: _bool = False,
    dim: _int | None = None,
    *,
    out: Any = None,
) -> Any:
    """The different elements, or the different slices along an axis, in ascending order.

    Args:
        input: tensor.
        sorted: accepted; the result is always sorted, slices by their first elements, then by the next.
        return_inverse: also the index among them of each input element (in the input's shape) or slice.
        return_counts: also how often each occurs.
        dim: the axis along which slices are told apart; None takes single elements.

    Returns:
        Tensor, or a tuple of the parts asked for.

    Example:
        >>> chainrule.unique(chainrule.tensor([3, 1, 3]))
        tensor([1, 3])
        >>> chainrule.unique(chainrule.tensor([[3, 1], [0, 2], [3, 1]]), dim=0)
        tensor([[0, 2],
                [3, 1]])
    """
@overload
def unique(
    input: Tensor,
    sorted: _bool = True,
    return_inverse: _bool = False,
    return_counts: _bool = False,
    *,
    axis: _int | None,
    out: Any = None,
) -> Any: ...
@overload
def unique_consecutive(
    input: Tensor,
    return_inverse: _bool = False,
    return_counts: _bool = False,
    dim: _int | None = None,
    *,
    out: Any = None,
) -> Any:
    """The elements, or slices along an axis, without those that equal their neighbour before.

    Args:
        input: tensor.
        return_inverse: also the index among them of each input element (in the input's shape) or slice.
        return_counts: also how many neighbours each stands for.
        dim: the axis along which slices are compared; None takes single elements.

    Returns:
        Tensor, or a tuple of the parts asked for.

    Example:
        >>> chainrule.unique_consecutive(chainrule.tensor([3, 3, 1, 3]))
        tensor([3, 1, 3])
    """
@overload
def unique_consecutive(
    input: Tensor,
    return_inverse: _bool = False,
    return_counts: _bool = False,
    *,
    axis: _int | None,
    out: Any = None,
) -> Any: ...
def unravel_index(indices: Tensor, shape: Ints, *, out: Any = None) -> tuple[Tensor, ...]:
    """Coordinates from positions in a flattened tensor.

    Args:
        indices: integer tensor of positions; negative ones count from the end.
        shape: of the tensor.

    Returns:
        Tuple of one int64 tensor for each axis, of the indices' shape.

    Raises:
        IndexError: a position outside of the tensor.

    Example:
        >>> chainrule.unravel_index(chainrule.tensor([4]), (2, 3))
        (tensor([1]), tensor([1]))
    """
@overload
def unsqueeze(input: Tensor, dim: _int, *, out: Any = None) -> Tensor:
    """Inserts an axis of size 1.

    Args:
        dim: where the new axis stands in the result, in [-ndim - 1, ndim].

    Example:
        >>> chainrule.zeros(3).unsqueeze(-1).shape
        chainrule.Size([3, 1])
    """
@overload
def unsqueeze(input: Tensor, *, axis: _int, out: Any = None) -> Tensor: ...
def vander(x: Tensor, N: _int | None = None, increasing: _bool = False, *, out: Any = None) -> Tensor:
    """The powers of a vector's elements as columns, the highest first.

        V_ij = x_i^(N - 1 - j)

    Args:
        x: vector.
        N: number of columns; the vector's length unless given.
        increasing: the lowest power first.

    Example:
        >>> chainrule.vander(chainrule.tensor([1, 2, 3]))
        tensor([[1, 1, 1],
                [4, 2, 1],
                [9, 3, 1]])
    """
@overload
def var(input: Tensor, unbiased: Number, *, out: Any = None) -> Tensor:
    """Variance, over all axes or over those given.

        y = 1/(n - correction) sum_i (x_i - mean)^2

    Args:
        input: floating tensor.
        dim: an axis or several; None for all.
        correction: 1 (the default) for a sample's unbiased variance, 0 for a population's.
        unbiased: older form: True is correction 1, False 0.
        keepdim: keep the axes with size 1.

    Example:
        >>> chainrule.var(chainrule.tensor([1., 2., 3.]))
        tensor(1.)
    """
@overload
def var(
    input: Tensor,
    dim: Ints | None = None,
    unbiased: _bool = True,
    keepdim: _bool = False,
    *,
    out: Any = None,
) -> Tensor: ...
@overload
def var(
    input: Tensor,
    *,
    axis: Ints | None,
    unbiased: _bool = True,
    keepdims: _bool = False,
    out: Any = None,
) -> Tensor: ...
@overload
def var(
    input: Tensor,
    dim: Ints | None = None,
    *,
    correction: Number | None = None,
    keepdim: _bool = False,
    out: Any = None,
) -> Tensor: ...
@overload
def var(
    input: Tensor,
    *,
    axis: Ints | None,
    correction: Number | None = None,
    keepdims: _bool = False,
    out: Any = None,
) -> Tensor: ...
@overload
def var_mean(input: Tensor, unbiased: Number, *, out: Any = None) -> tuple[Tensor, Tensor]:
    """Variance and mean, over all axes or over those given.

    Args:
        input, dim, correction, unbiased, keepdim: as for var().

    Returns:
        Tuple (var, mean).
    """
@overload
def var_mean(
    input: Tensor,
    dim: Ints | None = None,
    unbiased: _bool = True,
    keepdim: _bool = False,
    *,
    out: Any = None,
) -> tuple[Tensor, Tensor]: ...
@overload
def var_mean(
    input: Tensor,
    *,
    axis: Ints | None,
    unbiased: _bool = True,
    keepdims: _bool = False,
    out: Any = None,
) -> tuple[Tensor, Tensor]: ...
@overload
def var_mean(
    input: Tensor,
    dim: Ints | None = None,
    *,
    correction: Number | None = None,
    keepdim: _bool = False,
    out: Any = None,
) -> tuple[Tensor, Tensor]: ...
@overload
def var_mean(
    input: Tensor,
    *,
    axis: Ints | None,
    correction: Number | None = None,
    keepdims: _bool = False,
    out: Any = None,
) -> tuple[Tensor, Tensor]: ...
def vdot(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Inner product of two vectors, as dot().

    Args:
        input, other: (n,) tensors of one dtype.

    Example:
        >>> chainrule.vdot(chainrule.tensor([2., 3.]), chainrule.tensor([2., 1.]))
        tensor(7.)
    """
@overload
def vsplit(input: Tensor, sections: _int, *, out: Any = None) -> tuple[Tensor, ...]:
    """tensor_split() along axis 0, into equal sections or at indices.

    Example:
        >>> [p.shape for p in chainrule.zeros(4, 2).vsplit(2)]
        [chainrule.Size([2, 2]), chainrule.Size([2, 2])]
    """
@overload
def vsplit(input: Tensor, indices: Sequence[_int], *, out: Any = None) -> tuple[Tensor, ...]: ...
def vstack(tensors: Tensor | Sequence[Tensor], *, out: Any = None) -> Tensor:
    """Joins along axis 0; vectors become rows.

    Example:
        >>> chainrule.vstack([chainrule.ones(2), chainrule.zeros(2)])
        tensor([[1., 1.],
                [0., 0.]])
    """
@overload
def where(condition: Tensor, input: TensorLike, other: TensorLike, *, out: Any = None) -> Tensor:
    """Chooses from two tensors, element by element.

        y = condition ? input : other,  dinput = condition ? dy : 0,  dother = condition ? 0 : dy

    The branch that is not chosen gets gradient 0 here, but where it was computed from a value at which its own derivative is not
    finite, 0 times that is nan. Make such values harmless before the function, not only behind it:
        where(x > 0, log(where(x > 0, x, 1)), 0)

    Args:
        condition: bool tensor. uint8 is taken too, as nonzero.
        input: tensor or number.
        other: tensor or number. All three broadcast.

    Returns:
        tensor; of the condition alone, the tuple of its nonzero positions, as nonzero(as_tuple=True) gives it.

    Example:
        >>> chainrule.where(chainrule.tensor([True, False]), chainrule.tensor([1., 2.]), 0)
        tensor([1., 0.])
    """
@overload
def where(condition: Tensor, *, out: Any = None) -> Tensor: ...
def xlogy(input: Tensor, other: TensorLike, *, out: Any = None) -> Tensor:
    """Product of x with the logarithm of y; 0 where x = 0, unless y is nan.

        z = x ln y,  dx = dz ln y (0 where x = 0 and y <= 0),  dy = dz x / y

    Args:
        input: tensor or number, x.
        other: tensor or number, y; the shapes broadcast.

    Example:
        >>> chainrule.xlogy(chainrule.tensor([0., 2.]), chainrule.tensor([0., 3.]))
        tensor([0.0000, 2.1972])
    """
def xlogy_(input: Tensor, other: TensorLike) -> Tensor:
    """Product of x with the logarithm of y; 0 where x = 0, unless y is nan."""
@overload
def zeros(
    size: Ints,
    *,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    out: Any = None,
) -> Tensor:
    """A tensor of zeros.

    Args:
        size: the sizes, as numbers or one sequence.
        dtype: float32 unless given (see set_default_dtype).
        requires_grad: record what is computed with it.

    Example:
        >>> chainrule.zeros(2, 3)
        tensor([[0., 0., 0.],
                [0., 0., 0.]])
    """
@overload
def zeros(
    *size: _int,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    out: Any = None,
) -> Tensor: ...
def zeros_like(
    input: Tensor,
    *,
    dtype: DtypeLike | None = None,
    layout: Any = None,
    device: DeviceLike = None,
    pin_memory: Any = None,
    requires_grad: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor:
    """Zeros in the shape and dtype of a tensor.

    Example:
        >>> chainrule.zeros_like(chainrule.tensor([1, 2]))
        tensor([0, 0])
    """

class _nn:
    """The functions of chainrule.nn.functional; a module at run time."""

    @staticmethod
    def adaptive_avg_pool1d(input: Tensor, output_size: Sizes) -> Tensor:
        """Mean of windows that cut each axis into as many parts as asked for."""
    @staticmethod
    def adaptive_avg_pool2d(input: Tensor, output_size: Sizes) -> Tensor:
        """Mean of windows that cut each axis into as many parts as asked for."""
    @staticmethod
    def adaptive_avg_pool3d(input: Tensor, output_size: Sizes) -> Tensor:
        """Mean of windows that cut each axis into as many parts as asked for."""
    @staticmethod
    def adaptive_max_pool1d(input: Tensor, output_size: Sizes, return_indices: _bool = False) -> Tensor:
        """Largest element of windows that cut each axis into as many parts as asked for."""
    @staticmethod
    def adaptive_max_pool2d(input: Tensor, output_size: Sizes, return_indices: _bool = False) -> Tensor:
        """Largest element of windows that cut each axis into as many parts as asked for."""
    @staticmethod
    def adaptive_max_pool3d(input: Tensor, output_size: Sizes, return_indices: _bool = False) -> Tensor:
        """Largest element of windows that cut each axis into as many parts as asked for."""
    @staticmethod
    def alpha_dropout(input: Tensor, p: _float = 0.5, training: _bool = False, inplace: _bool = False) -> Tensor:
        """Dropout for SELU networks: dropped elements take SELU's lower limit."""
    @staticmethod
    def avg_pool1d(
        input: Tensor,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        ceil_mode: _bool = False,
        count_include_pad: _bool = True,
    ) -> Tensor:
        """Mean of each window."""
    @staticmethod
    def avg_pool2d(
        input: Tensor,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        ceil_mode: _bool = False,
        count_include_pad: _bool = True,
        divisor_override: _int | None = None,
    ) -> Tensor:
        """Mean of each window."""
    @staticmethod
    def avg_pool3d(
        input: Tensor,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        ceil_mode: _bool = False,
        count_include_pad: _bool = True,
        divisor_override: _int | None = None,
    ) -> Tensor:
        """Mean of each window."""
    @staticmethod
    def batch_norm(
        input: Tensor,
        running_mean: Tensor | None = None,
        running_var: Tensor | None = None,
        weight: TensorLike | None = None,
        bias: Tensor | None = None,
        training: _bool = False,
        momentum: _float = 0.1,
        eps: _float = 1e-05,
    ) -> Tensor:
        """Batch normalisation: mean 0 and variance 1 for each channel, then times weight plus bias."""
    @staticmethod
    def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """Bilinear map of two inputs' last axes."""
    @staticmethod
    def binary_cross_entropy(
        input: Tensor,
        target: Tensor,
        weight: TensorLike | None = None,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: str = "mean",
    ) -> Tensor:
        """Binary cross-entropy of probabilities."""
    @staticmethod
    def binary_cross_entropy_with_logits(
        input: Tensor,
        target: Tensor,
        weight: TensorLike | None = None,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> Tensor:
        """Binary cross-entropy of logits, without overflow."""
    @staticmethod
    def celu(input: Tensor, alpha: _float = 1.0, inplace: _bool = False) -> Tensor:
        """Exponential linear unit with a continuous derivative."""
    @staticmethod
    def celu_(input: Tensor, alpha: _float = 1.0, inplace: _bool = False) -> Tensor:
        """Exponential linear unit with a continuous derivative."""
    @staticmethod
    def channel_shuffle(input: Tensor, groups: _int) -> Tensor:
        """Channels of several groups are mixed: channel i of group g goes to place i groups + g."""
    @staticmethod
    @overload
    def conv1d(
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Ints = 1,
        padding: Ints = 0,
        dilation: Ints = 1,
        groups: _int = 1,
    ) -> Tensor:
        """Convolution (cross-correlation) of a sequence."""
    @staticmethod
    @overload
    def conv1d(
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Ints = 1,
        padding: str = "valid",
        dilation: Ints = 1,
        groups: _int = 1,
    ) -> Tensor: ...
    @staticmethod
    @overload
    def conv2d(
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Ints = 1,
        padding: Ints = 0,
        dilation: Ints = 1,
        groups: _int = 1,
    ) -> Tensor:
        """Convolution (cross-correlation) of images."""
    @staticmethod
    @overload
    def conv2d(
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Ints = 1,
        padding: str = "valid",
        dilation: Ints = 1,
        groups: _int = 1,
    ) -> Tensor: ...
    @staticmethod
    @overload
    def conv3d(
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Ints = 1,
        padding: Ints = 0,
        dilation: Ints = 1,
        groups: _int = 1,
    ) -> Tensor:
        """Convolution (cross-correlation) of volumes. As conv2d, with one axis more."""
    @staticmethod
    @overload
    def conv3d(
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Ints = 1,
        padding: str = "valid",
        dilation: Ints = 1,
        groups: _int = 1,
    ) -> Tensor: ...
    @staticmethod
    def conv_transpose1d(
        input: Tensor,
        weight: TensorLike,
        bias: Tensor | None = None,
        stride: Ints = 1,
        padding: Ints = 0,
        output_padding: Ints = 0,
        groups: _int = 1,
        dilation: Ints = 1,
    ) -> Tensor:
        """Transposed convolution of a sequence: the adjoint of conv1d, as in its gradient by the input."""
    @staticmethod
    def conv_transpose2d(
        input: Tensor,
        weight: TensorLike,
        bias: Tensor | None = None,
        stride: Ints = 1,
        padding: Ints = 0,
        output_padding: Ints = 0,
        groups: _int = 1,
        dilation: Ints = 1,
    ) -> Tensor:
        """Transposed convolution of images: the adjoint of conv2d, as in its gradient by the input."""
    @staticmethod
    def conv_transpose3d(
        input: Tensor,
        weight: TensorLike,
        bias: Tensor | None = None,
        stride: Ints = 1,
        padding: Ints = 0,
        output_padding: Ints = 0,
        groups: _int = 1,
        dilation: Ints = 1,
    ) -> Tensor:
        """Transposed convolution of volumes: the adjoint of conv3d, as in its gradient by the input."""
    @staticmethod
    def cosine_embedding_loss(
        input1: Tensor,
        input2: Tensor,
        target: Tensor,
        margin: _float = 0.0,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: str = "mean",
    ) -> Tensor:
        """1 - cosine where the target is 1, its excess over a margin where it is -1."""
    @staticmethod
    @overload
    def cosine_similarity(x1: Tensor, x2: Tensor, dim: _int = 1, eps: _float = 1e-8) -> Tensor:
        """Cosine of the angle between vectors along an axis."""
    @staticmethod
    @overload
    def cosine_similarity(x1: Tensor, x2: Tensor, *, axis: _int, eps: _float = 1e-8) -> Tensor: ...
    @staticmethod
    def cross_entropy(
        input: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        size_average: _bool | None = None,
        ignore_index: _int = -100,
        reduce: _bool | None = None,
        reduction: str = "mean",
        label_smoothing: _float = 0.0,
    ) -> Tensor:
        """Cross-entropy of logits with class indices or probabilities."""
    @staticmethod
    def dropout(input: Tensor, p: _float = 0.5, training: _bool = True, inplace: _bool = False) -> Tensor:
        """Sets elements to 0 at random, with probability p, and scales the others."""
    @staticmethod
    def dropout1d(input: Tensor, p: _float = 0.5, training: _bool = True, inplace: _bool = False) -> Tensor:
        """Sets whole channels of (samples, channels, length) to 0 at random and scales the others."""
    @staticmethod
    def dropout2d(input: Tensor, p: _float = 0.5, training: _bool = True, inplace: _bool = False) -> Tensor:
        """Sets whole channels of (samples, channels, height, width) to 0 at random and scales the others."""
    @staticmethod
    def dropout3d(input: Tensor, p: _float = 0.5, training: _bool = True, inplace: _bool = False) -> Tensor:
        """Sets whole channels of (samples, channels, d, h, w) to 0 at random and scales the others."""
    @staticmethod
    def elu(input: Tensor, alpha: _float = 1.0, inplace: _bool = False) -> Tensor:
        """Exponential linear unit."""
    @staticmethod
    def elu_(input: Tensor, alpha: _float = 1.0, inplace: _bool = False) -> Tensor:
        """Exponential linear unit."""
    @staticmethod
    def embedding(
        input: Tensor,
        weight: Tensor,
        padding_idx: _int | None = None,
        max_norm: _float | None = None,
        norm_type: _float = 2.0,
        scale_grad_by_freq: _bool = False,
        sparse: _bool = False,
    ) -> Tensor:
        """Rows of a weight matrix, chosen by numbers."""
    @staticmethod
    def feature_alpha_dropout(
        input: Tensor,
        p: _float = 0.5,
        training: _bool = False,
        inplace: _bool = False,
    ) -> Tensor:
        """alpha_dropout() of whole channels."""
    @staticmethod
    def fold(
        input: Tensor,
        output_size: Ints,
        kernel_size: Ints,
        dilation: Ints = 1,
        padding: Ints = 0,
        stride: Ints = 1,
    ) -> Tensor:
        """Images from windows: the adjoint of unfold. Where windows overlap their elements are added."""
    @staticmethod
    def gaussian_nll_loss(
        input: Tensor,
        target: Tensor,
        var: Tensor,
        full: _bool = False,
        eps: _float = 1e-6,
        reduction: str = "mean",
    ) -> Tensor:
        """Negative log-likelihood under a normal distribution of given variance."""
    @staticmethod
    def gelu(input: Tensor, *, approximate: str = "none") -> Tensor:
        """Gaussian error linear unit, in three forms."""
    @staticmethod
    @overload
    def glu(input: Tensor, dim: _int = -1) -> Tensor:
        """Gated linear unit: one half of the input opens the other."""
    @staticmethod
    @overload
    def glu(input: Tensor, *, axis: _int) -> Tensor: ...
    @staticmethod
    def group_norm(
        input: Tensor,
        num_groups: _int,
        weight: TensorLike | None = None,
        bias: Tensor | None = None,
        eps: _float = 1e-05,
    ) -> Tensor:
        """Group normalisation: mean 0 and variance 1 for each sample and group of channels, then times weight plus bias."""
    @staticmethod
    def hardshrink(input: Tensor, lambd: _float = 0.5) -> Tensor:
        """Sets elements between -lambd and lambd to 0."""
    @staticmethod
    def hardsigmoid(input: Tensor, inplace: _bool = False) -> Tensor:
        """The sigmoid in three straight pieces; gradient 0 at -3 and at 3."""
    @staticmethod
    def hardsigmoid_(input: Tensor, inplace: _bool = False) -> Tensor:
        """The sigmoid in three straight pieces; gradient 0 at -3 and at 3."""
    @staticmethod
    def hardswish(input: Tensor, inplace: _bool = False) -> Tensor:
        """The silu made of straight pieces."""
    @staticmethod
    def hardswish_(input: Tensor, inplace: _bool = False) -> Tensor:
        """The silu made of straight pieces."""
    @staticmethod
    def hardtanh(input: Tensor, min_val: Number = -1.0, max_val: Number = 1.0, inplace: _bool = False) -> Tensor:
        """Linear between two bounds, constant outside; gradient 0 at the bounds."""
    @staticmethod
    def hardtanh_(input: Tensor, min_val: Number = -1.0, max_val: Number = 1.0, inplace: _bool = False) -> Tensor:
        """Linear between two bounds, constant outside; gradient 0 at the bounds."""
    @staticmethod
    def hinge_embedding_loss(
        input: Tensor,
        target: Tensor,
        margin: _float = 1.0,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: str = "mean",
    ) -> Tensor:
        """Distance where the target is 1, margin minus distance where it is -1."""
    @staticmethod
    def huber_loss(
        input: Tensor,
        target: Tensor,
        reduction: str = "mean",
        delta: _float = 1.0,
        weight: TensorLike | None = None,
    ) -> Tensor:
        """Huber's loss: squared error below a bound, absolute error above."""
    @staticmethod
    def instance_norm(
        input: Tensor,
        running_mean: Tensor | None = None,
        running_var: Tensor | None = None,
        weight: TensorLike | None = None,
        bias: Tensor | None = None,
        use_input_stats: _bool = True,
        momentum: _float = 0.1,
        eps: _float = 1e-05,
    ) -> Tensor:
        """Instance normalisation: mean 0 and variance 1 for each sample and channel, then times weight plus bias."""
    @staticmethod
    def kl_div(
        input: Tensor,
        target: Tensor,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: str = "mean",
        log_target: _bool = False,
    ) -> Tensor:
        """Kullback-Leibler divergence; the input holds log-probabilities."""
    @staticmethod
    def l1_loss(
        input: Tensor,
        target: Tensor,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: str = "mean",
    ) -> Tensor:
        """Mean absolute error."""
    @staticmethod
    def layer_norm(
        input: Tensor,
        normalized_shape: Ints,
        weight: TensorLike | None = None,
        bias: Tensor | None = None,
        eps: _float = 1e-05,
    ) -> Tensor:
        """Layer normalisation: mean 0 and variance 1 over the last axes, then times weight plus bias."""
    @staticmethod
    def leaky_relu(input: Tensor, negative_slope: _float = 0.01, inplace: _bool = False) -> Tensor:
        """ReLU with a small slope below 0."""
    @staticmethod
    def leaky_relu_(input: Tensor, negative_slope: _float = 0.01, inplace: _bool = False) -> Tensor:
        """ReLU with a small slope below 0."""
    @staticmethod
    def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """Affine map of the last axis."""
    @staticmethod
    @overload
    def log_softmax(
        input: Tensor,
        dim: _int | None = None,
        _stacklevel: _int = 3,
        dtype: DtypeLike | None = None,
    ) -> Tensor:
        """Logarithm of the softmax along an axis. chainrule.log_softmax() holds the formula."""
    @staticmethod
    @overload
    def log_softmax(
        input: Tensor,
        *,
        axis: _int | None,
        _stacklevel: _int = 3,
        dtype: DtypeLike | None = None,
    ) -> Tensor: ...
    @staticmethod
    def logsigmoid(input: Tensor) -> Tensor:
        """Logarithm of the sigmoid, without overflow for large negative x."""
    @staticmethod
    def lp_pool1d(
        input: Tensor,
        norm_type: _float,
        kernel_size: Ints,
        stride: Ints | None = None,
        ceil_mode: _bool = False,
    ) -> Tensor:
        """Power mean without the division: (sum of x^p over the window)^(1/p)."""
    @staticmethod
    def lp_pool2d(
        input: Tensor,
        norm_type: _float,
        kernel_size: Ints,
        stride: Ints | None = None,
        ceil_mode: _bool = False,
    ) -> Tensor:
        """Power mean without the division: (sum of x^p over the window)^(1/p)."""
    @staticmethod
    def lp_pool3d(
        input: Tensor,
        norm_type: _float,
        kernel_size: Ints,
        stride: Ints | None = None,
        ceil_mode: _bool = False,
    ) -> Tensor:
        """Power mean without the division: (sum of x^p over the window)^(1/p)."""
    @staticmethod
    def margin_ranking_loss(
        input1: Tensor,
        input2: Tensor,
        target: Tensor,
        margin: _float = 0.0,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: str = "mean",
    ) -> Tensor:
        """Ranking of two inputs by a margin."""
    @staticmethod
    def max_pool1d(
        input: Tensor,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        dilation: Ints = 1,
        ceil_mode: _bool = False,
        return_indices: _bool = False,
    ) -> Tensor:
        """Largest element of each window. NaN counts as largest; the gradient goes to the first maximum."""
    @staticmethod
    def max_pool2d(
        input: Tensor,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        dilation: Ints = 1,
        ceil_mode: _bool = False,
        return_indices: _bool = False,
    ) -> Tensor:
        """Largest element of each window. NaN counts as largest; the gradient goes to the first maximum."""
    @staticmethod
    def max_pool3d(
        input: Tensor,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        dilation: Ints = 1,
        ceil_mode: _bool = False,
        return_indices: _bool = False,
    ) -> Tensor:
        """Largest element of each window. NaN counts as largest; the gradient goes to the first maximum."""
    @staticmethod
    def max_unpool1d(
        input: Tensor,
        indices: Tensor,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        output_size: Ints | None = None,
    ) -> Tensor:
        """Puts values where max_pool found them, zeros elsewhere."""
    @staticmethod
    def max_unpool2d(
        input: Tensor,
        indices: Tensor,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        output_size: Ints | None = None,
    ) -> Tensor:
        """Puts values where max_pool found them, zeros elsewhere."""
    @staticmethod
    def max_unpool3d(
        input: Tensor,
        indices: Tensor,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        output_size: Ints | None = None,
    ) -> Tensor:
        """Puts values where max_pool found them, zeros elsewhere."""
    @staticmethod
    @overload
    def maxout(input: Tensor, groups: _int, dim: _int = 1) -> Tensor:
        """The largest of each group of neighbours along an axis."""
    @staticmethod
    @overload
    def maxout(input: Tensor, groups: _int, *, axis: _int) -> Tensor: ...
    @staticmethod
    def mish(input: Tensor, inplace: _bool = False) -> Tensor:
        """Mish, a smooth function like silu."""
    @staticmethod
    def mish_(input: Tensor, inplace: _bool = False) -> Tensor:
        """Mish, a smooth function like silu."""
    @staticmethod
    def mse_loss(
        input: Tensor,
        target: Tensor,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: str = "mean",
        weight: TensorLike | None = None,
    ) -> Tensor:
        """Mean squared error."""
    @staticmethod
    def multi_margin_loss(
        input: Tensor,
        target: Tensor,
        p: _int = 1,
        margin: _float = 1.0,
        weight: TensorLike | None = None,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: str = "mean",
    ) -> Tensor:
        """Hinge loss of several classes."""
    @staticmethod
    def multilabel_margin_loss(
        input: Tensor,
        target: Tensor,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: str = "mean",
    ) -> Tensor:
        """Hinge loss between the classes that are listed and the others."""
    @staticmethod
    def multilabel_soft_margin_loss(
        input: Tensor,
        target: Tensor,
        weight: TensorLike | None = None,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: str = "mean",
    ) -> Tensor:
        """Binary cross-entropy of logits, averaged over the classes."""
    @staticmethod
    def nll_loss(
        input: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        size_average: _bool | None = None,
        ignore_index: _int = -100,
        reduce: _bool | None = None,
        reduction: str = "mean",
    ) -> Tensor:
        """Negative log-likelihood of class indices under log-probabilities."""
    @staticmethod
    @overload
    def normalize(
        input: Tensor,
        p: _float = 2.0,
        dim: Ints = 1,
        eps: _float = 1e-12,
        out: Tensor | None = None,
    ) -> Tensor:
        """Vectors along an axis, divided by their norm."""
    @staticmethod
    @overload
    def normalize(
        input: Tensor,
        p: _float = 2.0,
        *,
        axis: Ints,
        eps: _float = 1e-12,
        out: Tensor | None = None,
    ) -> Tensor: ...
    @staticmethod
    def one_hot(input: Tensor, num_classes: _int = -1) -> Tensor:
        """Labels as vectors of 0 with a single 1."""
    @staticmethod
    def pad(input: Tensor, pad: Ints, mode: str = "constant", value: Number | None = None) -> Tensor:
        """Pads axes, from the last one backwards; negative numbers cut."""
    @staticmethod
    @overload
    def pairwise_distance(
        x1: Tensor,
        x2: Tensor,
        p: _float = 2.0,
        eps: _float = 1e-6,
        keepdim: _bool = False,
    ) -> Tensor:
        """Distance of vectors along the last axis."""
    @staticmethod
    @overload
    def pairwise_distance(
        x1: Tensor,
        x2: Tensor,
        p: _float = 2.0,
        eps: _float = 1e-6,
        *,
        keepdims: _bool,
    ) -> Tensor: ...
    @staticmethod
    def pdist(input: Tensor, p: _float = 2.0) -> Tensor:
        """Distances between all pairs of the points of one set: (0, 1), (0, 2), ... (1, 2), ..."""
    @staticmethod
    def pixel_shuffle(input: Tensor, upscale_factor: _int) -> Tensor:
        """Channels become positions: (*, C r^2, H, W) to (*, C, H r, W r)."""
    @staticmethod
    def pixel_unshuffle(input: Tensor, downscale_factor: _int) -> Tensor:
        """Positions become channels: (*, C, H r, W r) to (*, C r^2, H, W). The inverse of pixel_shuffle."""
    @staticmethod
    def poisson_nll_loss(
        input: Tensor,
        target: Tensor,
        log_input: _bool = True,
        full: _bool = False,
        size_average: _bool | None = None,
        eps: _float = 1e-8,
        reduce: _bool | None = None,
        reduction: str = "mean",
    ) -> Tensor:
        """Negative log-likelihood of counts under a Poisson distribution."""
    @staticmethod
    def prelu(input: Tensor, weight: Tensor) -> Tensor:
        """Leaky ReLU with learned slopes."""
    @staticmethod
    def relu(input: Tensor, inplace: _bool = False) -> Tensor:
        """Rectified linear unit; gradient 0 at 0, nan stays nan."""
    @staticmethod
    def relu_(input: Tensor, inplace: _bool = False) -> Tensor:
        """Rectified linear unit; gradient 0 at 0, nan stays nan."""
    @staticmethod
    def relu6(input: Tensor, inplace: _bool = False) -> Tensor:
        """ReLU with an upper bound of 6; gradient 0 at 0 and at 6."""
    @staticmethod
    def relu6_(input: Tensor, inplace: _bool = False) -> Tensor:
        """ReLU with an upper bound of 6; gradient 0 at 0 and at 6."""
    @staticmethod
    @overload
    def resample_axis(
        input: Tensor,
        dim: _int,
        size: _int,
        mode: str = "linear",
        align_corners: _bool = False,
        scale: _float | None = None,
        antialias: _bool = False,
    ) -> Tensor:
        """Another number of elements along one axis: what interpolate does, one axis after the other."""
    @staticmethod
    @overload
    def resample_axis(
        input: Tensor,
        *,
        axis: _int,
        size: _int,
        mode: str = "linear",
        align_corners: _bool = False,
        scale: _float | None = None,
        antialias: _bool = False,
    ) -> Tensor: ...
    @staticmethod
    def rms_norm(
        input: Tensor,
        normalized_shape: Ints,
        weight: TensorLike | None = None,
        eps: _float | None = None,
    ) -> Tensor:
        """RMS normalisation: mean square 1 over the last axes, then times weight."""
    @staticmethod
    def rrelu(
        input: Tensor,
        lower: _float = 0.125,
        upper: _float = 0.3333333333333333,
        training: _bool = False,
        inplace: _bool = False,
    ) -> Tensor:
        """Rectifier with a random slope below 0."""
    @staticmethod
    def rrelu_(
        input: Tensor,
        lower: _float = 0.125,
        upper: _float = 0.3333333333333333,
        training: _bool = False,
        inplace: _bool = False,
    ) -> Tensor:
        """Rectifier with a random slope below 0."""
    @staticmethod
    def selu(input: Tensor, inplace: _bool = False) -> Tensor:
        """Self-normalising exponential linear unit."""
    @staticmethod
    def selu_(input: Tensor, inplace: _bool = False) -> Tensor:
        """Self-normalising exponential linear unit."""
    @staticmethod
    def sigmoid(input: Tensor) -> Tensor:
        """Logistic function of each element."""
    @staticmethod
    def sigmoid_(input: Tensor) -> Tensor:
        """Logistic function of each element."""
    @staticmethod
    def silu(input: Tensor, inplace: _bool = False) -> Tensor:
        """Sigmoid linear unit, also called swish."""
    @staticmethod
    def silu_(input: Tensor, inplace: _bool = False) -> Tensor:
        """Sigmoid linear unit, also called swish."""
    @staticmethod
    def smooth_l1_loss(
        input: Tensor,
        target: Tensor,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: str = "mean",
        beta: _float = 1.0,
    ) -> Tensor:
        """Squared error below a bound, absolute error above."""
    @staticmethod
    def soft_margin_loss(
        input: Tensor,
        target: Tensor,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: str = "mean",
    ) -> Tensor:
        """Logistic loss of targets -1 and 1."""
    @staticmethod
    @overload
    def softmax(
        input: Tensor,
        dim: _int | None = None,
        _stacklevel: _int = 3,
        dtype: DtypeLike | None = None,
    ) -> Tensor:
        """Softmax along an axis: positive values that sum to 1. chainrule.softmax() holds the formula."""
    @staticmethod
    @overload
    def softmax(
        input: Tensor,
        *,
        axis: _int | None,
        _stacklevel: _int = 3,
        dtype: DtypeLike | None = None,
    ) -> Tensor: ...
    @staticmethod
    @overload
    def softmin(
        input: Tensor,
        dim: _int | None = None,
        _stacklevel: _int = 3,
        dtype: DtypeLike | None = None,
    ) -> Tensor:
        """Softmax of the negative input along an axis."""
    @staticmethod
    @overload
    def softmin(
        input: Tensor,
        *,
        axis: _int | None,
        _stacklevel: _int = 3,
        dtype: DtypeLike | None = None,
    ) -> Tensor: ...
    @staticmethod
    def softplus(input: Tensor, beta: _float = 1.0, threshold: _float = 20.0) -> Tensor:
        """A smooth ReLU."""
    @staticmethod
    def softshrink(input: Tensor, lambd: _float = 0.5) -> Tensor:
        """Moves each element towards 0 by lambd, and no further."""
    @staticmethod
    def softsign(input: Tensor) -> Tensor:
        """A function like tanh with slower ends."""
    @staticmethod
    def step(input: Tensor) -> Tensor:
        """Threshold unit: 1 above 0, else 0. Its gradient is 0 everywhere."""
    @staticmethod
    def tanh(input: Tensor) -> Tensor:
        """Hyperbolic tangent of each element."""
    @staticmethod
    def tanh_(input: Tensor) -> Tensor:
        """Hyperbolic tangent of each element."""
    @staticmethod
    def tanhshrink(input: Tensor) -> Tensor:
        """What tanh takes away."""
    @staticmethod
    def threshold(input: Tensor, threshold: Number, value: Number, inplace: _bool = False) -> Tensor:
        """Replaces what does not exceed a threshold."""
    @staticmethod
    def threshold_(input: Tensor, threshold: Number, value: Number, inplace: _bool = False) -> Tensor:
        """Replaces what does not exceed a threshold."""
    @staticmethod
    def triplet_margin_loss(
        anchor: Tensor,
        positive: Tensor,
        negative: Tensor,
        margin: _float = 1.0,
        p: _float = 2,
        eps: _float = 1e-6,
        swap: _bool = False,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: str = "mean",
    ) -> Tensor:
        """Distance to a positive example against that to a negative one."""
    @staticmethod
    def unfold(input: Tensor, kernel_size: Ints, dilation: Ints = 1, padding: Ints = 0, stride: Ints = 1) -> Tensor:
        """The windows of images as columns."""
