"""Functions of dtypes, and those whose arguments are nested lists."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from . import _core
from ._storage import UntypedStorage, memory_array, tensor_over

Tensor = _core.Tensor


def numel(input: Tensor) -> int:
    """The number of elements."""
    return input.numel()


def promote_types(type1: Any, type2: Any) -> Any:
    """The smallest dtype that holds the values of both.

    Example:
        >>> chainrule.promote_types(chainrule.int64, chainrule.float32)
        chainrule.float32
    """
    return (_core.zeros(1, dtype=type1) + _core.zeros(1, dtype=type2)).dtype


def result_type(tensor1: Any, tensor2: Any) -> Any:
    """The dtype of tensor1 + tensor2; either may be a number.

    Example:
        >>> chainrule.result_type(chainrule.tensor([1, 2]), 1.5)
        chainrule.float32
    """
    if not isinstance(tensor1, Tensor) and not isinstance(tensor2, Tensor):
        return _core.add(_core.tensor(tensor1), _core.tensor(tensor2)).dtype
    return _core.add(_empty_like(tensor1), _empty_like(tensor2)).dtype


def _empty_like(x: Any) -> Any:
    """An operand that promotes as x does, without x's data."""
    if not isinstance(x, Tensor):
        return x
    return _core.zeros((0,) if x.dim() else (), dtype=x.dtype)


class Histogram(NamedTuple):
    """Counts, and the edges of the bins: one more."""

    hist: Tensor
    bin_edges: Tensor


def histogram(
    input: Tensor,
    bins: Any,
    *,
    range: tuple[float, float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
    out: tuple[Tensor, Tensor] | None = None,
) -> Histogram:
    """How many elements lie in each bin; a bin has its left edge, the last one both. No gradient.

    Args:
        input: floating tensor.
        bins: the number of bins of equal width, or the edges of the bins.
        range: where the first begins and the last ends; by default the least and the greatest element.
        weight: counted in place of ones.
        density: divide by the sum and by the widths, so that the integral is 1.

    Returns:
        Named tuple (hist, bin_edges) of the input's dtype.

    Example:
        >>> chainrule.histogram(chainrule.tensor([1.0, 2.0, 1.0]), 4, range=(0.0, 3.0))
        Histogram(hist=tensor([0., 2., 1., 0.]), bin_edges=tensor([0.0000, 0.7500, 1.5000, 2.2500, 3.0000]))

    Source: PyTorch, torch.histogram.
    """
    if not input.is_floating_point():
        raise TypeError(f"histogram: a floating-point tensor is required, got {input.dtype}.")
    if weight is not None and weight.shape != input.shape:
        raise ValueError(f"histogram: weight must have shape {tuple(input.shape)}, got {tuple(weight.shape)}.")
    given = {"bins": bins, "weight": weight, "hist": out and out[0], "bin_edges": out and out[1]}
    _check_dtypes("histogram", input, given)
    if isinstance(bins, Tensor) and range is not None:
        raise TypeError("histogram: range goes with a number of bins, got the edges of bins as well.")
    values = input.detach().reshape(-1).numpy()
    counted = None if weight is None else weight.detach().reshape(-1).numpy()
    edges = bins.detach().numpy() if isinstance(bins, Tensor) else bins
    parts = np.histogram(values, edges, range, density, counted)
    made = [_core.from_numpy(np.ascontiguousarray(part, values.dtype)) for part in parts]
    return Histogram(*(made if out is None else [_filled(*pair) for pair in zip(out, made)]))


def _check_dtypes(name: str, input: Tensor, others: dict[str, Any]) -> None:
    for argument, other in others.items():
        if isinstance(other, Tensor) and other.dtype != input.dtype:
            raise TypeError(f"{name}: {argument} must have the input's dtype {input.dtype}, got {other.dtype}.")


def _filled(target: Tensor, values: Tensor) -> Tensor:
    return target.resize_(values.shape).copy_(values)


class HistogramDD(NamedTuple):
    """Counts, and the edges of the bins along each axis."""

    hist: Tensor
    bin_edges: tuple[Tensor, ...]


def histogramdd(
    input: Tensor,
    bins: Any,
    *,
    range: Sequence[float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> HistogramDD:
    """How many points lie in each cell of a grid; see histogram(). No gradient.

    Args:
        input: floating tensor; its last axis has the coordinates of a point.
        bins: a number of bins for all axes, or a list of numbers or of edges, one for each axis.
        range: where the bins begin and end, two numbers for each axis; by default as the points do.
        weight: of each point, counted in place of ones.
        density: divide by the sum and by the volumes, so that the integral is 1.

    Returns:
        Named tuple (hist, bin_edges): a tensor with an axis for each coordinate, and a tuple of vectors.

    Example:
        >>> chainrule.histogramdd(chainrule.tensor([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), [2, 2]).hist
        tensor([[0., 1.],
                [1., 1.]])

    Source: PyTorch, torch.histogramdd.
    """
    if not input.is_floating_point() or input.dim() < 2:
        raise TypeError(
            f"histogramdd: a floating tensor of points is required, got {input.dtype} {tuple(input.shape)}."
        )
    axes = input.shape[-1]
    if weight is not None and weight.shape != input.shape[:-1]:
        raise ValueError(f"histogramdd: weight must have shape {tuple(input.shape[:-1])}, got {tuple(weight.shape)}.")
    each = [bins] * axes if isinstance(bins, int) else list(bins)
    if len(each) != axes or (range is not None and len(range) != 2 * axes):
        raise ValueError(f"histogramdd: bins for each of {axes} axes, and range twice as many numbers, are required.")
    _check_dtypes("histogramdd", input, {"weight": weight, **{f"bins[{i}]": edges for i, edges in enumerate(each)}})
    points = input.detach().reshape(math.prod(input.shape[:-1]), axes).numpy()
    counted = None if weight is None else weight.detach().reshape(-1).numpy()
    edges: Any = [part.detach().numpy() if isinstance(part, Tensor) else part for part in each]
    limits = None if range is None else list(zip(range[::2], range[1::2]))
    hist, found = np.histogramdd(points, edges, limits, density, counted)
    made = [_core.from_numpy(np.ascontiguousarray(part, points.dtype)) for part in (hist, *found)]
    return HistogramDD(made[0], tuple(made[1:]))


def can_cast(from_: Any, to: Any) -> bool:
    """Whether the second dtype's kind holds the first's: bool < integer < float.

    Example:
        >>> chainrule.can_cast(chainrule.float64, chainrule.int64)
        False
    """

    def kind(dtype: Any) -> int:
        if dtype == _core.bool:
            return 0
        return 2 if dtype.is_floating_point else 1

    return kind(from_) <= kind(to)


def broadcast_shapes(*shapes: Any) -> Any:
    """The shape to which tensors of these shapes broadcast.

    Example:
        >>> chainrule.broadcast_shapes((2, 1), (3,))
        chainrule.Size([2, 3])
    """
    sizes = [(shape,) if isinstance(shape, int) else tuple(shape) for shape in shapes]
    try:
        return _core.Size(np.broadcast_shapes(*sizes))
    except ValueError:
        raise ValueError(f"broadcast_shapes: the shapes must broadcast, got {sizes}.") from None


def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of a tensor, an array, a storage or nested lists, sharing its memory where that is possible.

    Args:
        obj: also a DLPack capsule, or an object with Python's buffer protocol, whose bytes are read as the dtype.
        copy: True copies in any case, False raises where sharing is not possible.

    Example:
        >>> chainrule.asarray([1, 2])
        tensor([1, 2])
    """
    if isinstance(obj, UntypedStorage):
        obj = obj._values()
    elif isinstance(obj, (memoryview, bytearray, array)):
        obj = frombuffer(obj, dtype=dtype or _core.get_default_dtype())
    elif type(obj).__name__ == "PyCapsule":
        obj = _core.from_dlpack(obj)
    result = _core.as_tensor(obj, dtype=dtype, device=device)
    is_array = isinstance(obj, np.ndarray)
    shared = result is obj or (is_array and (obj.size == 0 or np.shares_memory(memory_array(result), obj)))
    if copy and shared:
        result = result.clone()
    if copy is False and not shared:
        raise ValueError(f"asarray: copy=False, but {type(obj).__name__} as {result.dtype} needs a copy.")
    if requires_grad and not result.requires_grad:
        result = result.detach().requires_grad_()
    return result


def contiguous_strides(size: Sequence[int]) -> tuple[int, ...]:
    """The strides of a row-major tensor of this size."""
    return tuple(math.prod(max(length, 1) for length in size[axis + 1 :]) for axis in range(len(size)))


def empty_strided(
    size: Sequence[int],
    stride: Sequence[int],
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **options: Any,
) -> Tensor:
    """A tensor of a size and strides, uninitialised; no larger in memory than these reach.

    Example:
        >>> chainrule.empty_strided((2, 3), (1, 2)).stride()
        (1, 2)
    """
    if len(size) != len(stride) or any(step < 0 for step in stride):
        raise ValueError(f"empty_strided: a stride of 0 or more for each size is required, got {size} and {stride}.")
    count = 0 if 0 in size else 1 + sum((length - 1) * step for length, step in zip(size, stride))
    result = _core.empty(count, dtype=dtype, device=device).as_strided_(tuple(size), tuple(stride))
    return result.requires_grad_() if requires_grad else result


def narrow_copy(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """narrow(), in memory of its own."""
    return _core.narrow(input, dim, start, length).clone()


def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A vector that shares the memory of an object with Python's buffer protocol.

    Args:
        dtype: of the elements.
        count: how many; -1 for all.
        offset: where to begin, in bytes.

    Example:
        >>> chainrule.frombuffer(bytearray([1, 2, 3]), dtype=chainrule.uint8, offset=1)
        tensor([2, 3], dtype=chainrule.uint8)
    """
    name = "int16" if dtype == _core.bfloat16 else dtype.name
    array = np.frombuffer(buffer, dtype=name, count=count, offset=offset)
    if not array.flags.writeable:
        array = array.copy()  # tensors can be written
    result = tensor_over(array, dtype.name)
    return result.requires_grad_() if requires_grad else result


def gradient(input: Tensor, *, spacing: Any = 1, dim: Any = None, edge_order: int = 1) -> tuple[Tensor, ...]:
    spacing = 1 if spacing is None else spacing
    if isinstance(spacing, Tensor) and spacing.dim() > 0:
        spacing = [spacing]
    if isinstance(spacing, (list, tuple)):
        spacing = [h if isinstance(h, Tensor) else _core.tensor(h, dtype=_core.float64) for h in spacing]
    return _core.gradient(input, spacing=spacing, dim=dim, edge_order=edge_order)


gradient.__doc__ = _core.gradient.__doc__


def conj(input: Tensor) -> Tensor:
    """The input itself: real numbers are their own conjugates."""
    return input


def isreal(input: Tensor) -> Tensor:
    """True everywhere: there are no complex tensors."""
    return _core.ones_like(input, dtype=_core.bool)


def angle(input: Tensor) -> Tensor:
    """The angle of a number in the complex plane: 0, pi for negative ones, nan for nan. Its gradient is 0.

    Example:
        >>> chainrule.angle(chainrule.tensor([1.0, -2.0]))
        tensor([0.0000, 3.1416])
    """
    x = input if input.dtype.is_floating_point else input.to(_core.get_default_dtype())
    return _core.where(x < 0, _core.full_like(x, math.pi), _core.where(_core.isnan(x), x, _core.zeros_like(x)))


def is_signed(input: Tensor) -> bool:
    """Whether the tensor's dtype has negative numbers."""
    return input.is_signed()


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether both have the same shape."""
    return bool(input.shape == other.shape)


def unsafe_split(input: Tensor, split_size: int, dim: int = 0) -> tuple[Tensor, ...]:
    """split(): its parts can be written in place here as they are."""
    return _core.split(input, split_size, dim)


def unsafe_chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """chunk(): its parts can be written in place here as they are."""
    return _core.chunk(input, chunks, dim)


def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """split() into parts of these sizes."""
    return _core.split(input, list(split_sizes), dim)


unsafe_split_with_sizes = split_with_sizes


class TriangularSolve(NamedTuple):
    """What triangular_solve() returns."""

    solution: Tensor
    cloned_coefficient: Tensor


def triangular_solve(
    b: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> TriangularSolve:
    """The X with A X = b, or A^T X = b with transpose, for a triangular A, and a copy of A.

    PyTorch's older name of linalg.solve_triangular(), with the arguments the other way round.

    Example:
        >>> A = chainrule.tensor([[2.0, 1.0], [0.0, 4.0]])
        >>> chainrule.triangular_solve(chainrule.tensor([[5.0], [4.0]]), A).solution
        tensor([[2.],
                [1.]])

    Source: PyTorch, torch.triangular_solve.
    """
    factor = A.transpose(-2, -1) if transpose else A
    solution = _core.linalg_solve_triangular(factor, b, upper=upper != transpose, unitriangular=unitriangular)
    return TriangularSolve(solution, A.clone())


def tensordot(a: Tensor, b: Tensor, dims: int | Sequence[Sequence[int]] | Tensor = 2) -> Tensor:
    """Product of two tensors, summed over several axes of both.

    Args:
        a, b: tensors of one dtype.
        dims: how many of a's last axes meet b's first ones; or two lists, of a's axes and of b's.

    Example:
        >>> chainrule.tensordot(chainrule.ones(2, 3), chainrule.ones(3, 4), dims=1).shape
        chainrule.Size([2, 4])
    """
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        return _core.tensordot(a, b, dims)
    left, right = ([int(axes)] if isinstance(axes, int) else [int(a) for a in axes] for axes in dims)
    return _core.tensordot(a, b, left, right)


def einsum(*args: Any) -> Tensor:
    """Sum of products of elements, written with a letter for each axis: einsum("ij,jk->ik", A, B).

    Also as einsum(A, [0, 1], B, [1, 2], [0, 2]), with lists of axis numbers (and an Ellipsis) in place of letters.
    """
    if args and isinstance(args[0], str):
        return _core.einsum(*args)
    lists = list(args[1::2])
    output = ""
    if len(args) % 2:
        output = "->" + _letters(args[-1])
    equation = ",".join(_letters(axes) for axes in lists[: len(args) // 2]) + output
    return _core.einsum(equation, *args[: len(args) // 2 * 2 : 2])


def _letters(axes: Sequence[Any]) -> str:
    if any(axis is not Ellipsis and not 0 <= axis < 52 for axis in axes):
        raise ValueError(f"einsum: axis numbers must be in [0, 52), got {list(axes)}.")
    return "".join("..." if axis is Ellipsis else chr(ord("A") + axis + 6 * (axis >= 26)) for axis in axes)


einsum.__doc__ = f"{einsum.__doc__}\n{_core.einsum.__doc__}"
