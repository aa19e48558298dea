"""Whole Jacobians, by rows or by columns, and Hessians."""

from __future__ import annotations

import functools
from typing import Any

from .._pytree import unflatten
from ..autograd import _products
from ..autograd._products import MAX_BYTES
from ._levels import Argnums, Function, Level, Picked, outputs, pushed, split


def jacrev(
    func: Function,
    argnums: Argnums = 0,
    has_aux: bool = False,
    *,
    chunk_size: int | None = None,
    max_bytes: int | None = MAX_BYTES,
) -> Function:
    """A function that computes the whole Jacobian, row by row: one walk back per element of the output.

    Args:
        func: returns a tensor or nested containers of tensors.
        argnums, has_aux: as in grad.
        chunk_size: accepted for PyTorch's sake; rows are computed one at a time.
        max_bytes: refuse Jacobians that together take more; None for no limit.

    Returns:
        A function of func's arguments that gives, in place of each output tensor, the form of the argument (a tuple
        for a tuple of argnums), and in place of each tensor x in it the Jacobian, [*output.shape, *x.shape].

    Raises:
        ValueError: the Jacobians take more than max_bytes. The message says how much.

    Example:
        >>> import chainrule as cr
        >>> cr.func.jacrev(lambda x: x * x)(cr.tensor([1.0, 2.0]))
        tensor([[2., 0.],
                [0., 4.]])

    Source: PyTorch, torch.func.jacrev.
    """
    if chunk_size is not None and chunk_size < 1:
        raise ValueError(f"jacrev: chunk_size must be at least 1, got {chunk_size}.")

    def rows(level: Level, ys: list[Any], xs: list[Any]) -> list[list[Any]]:
        return [_products.jacobians_by_rows(y, xs, level.recorded(y), "jacrev") for y in ys]

    return _jacobian(func, argnums, has_aux, max_bytes, "jacrev", rows)


def jacfwd(
    func: Function,
    argnums: Argnums = 0,
    has_aux: bool = False,
    *,
    randomness: str = "error",
    max_bytes: int | None = MAX_BYTES,
) -> Function:
    """A function that computes the whole Jacobian, column by column: for functions with more outputs than inputs.

    There is no forward mode: the graph is walked back once, recorded, and that record once per element of the input
    (see jvp). The results are those of jacrev.

    Args:
        func, argnums, has_aux, max_bytes: as in jacrev.
        randomness: accepted for PyTorch's sake; func runs once.

    Example:
        >>> import chainrule as cr
        >>> cr.func.jacfwd(lambda x: cr.stack([x, x * x, x**3]))(cr.tensor(2.0))
        tensor([ 1.,  4., 12.])

    Source: PyTorch, torch.func.jacfwd.
    """
    if randomness not in ("error", "different", "same"):
        raise ValueError(f'jacfwd: randomness must be "error", "different" or "same", got {randomness!r}.')

    def columns(level: Level, ys: list[Any], xs: list[Any]) -> list[list[Any]]:
        push = pushed(level, ys, xs)
        return _products.jacobians_by_columns(push, xs, level.recorded(*ys))

    return _jacobian(func, argnums, has_aux, max_bytes, "jacfwd", columns)


def _jacobian(func: Function, argnums: Argnums, has_aux: bool, max_bytes: int | None, op: str, build: Any) -> Function:
    @functools.wraps(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        with Level(op) as level:
            picked = Picked(level, args, argnums)
            output, aux = split(func(*picked.args, **kwargs), has_aux, op)
            ys, out_spec = outputs(output, op)
            _products.check_size(ys, picked.xs, max_bytes, op)
            trees = [unflatten(level.finish(row), picked.spec) for row in build(level, ys, picked.xs)]
            result = unflatten(trees, out_spec)
            return (result, level.finish(aux)) if has_aux else result

    return jacobian


def hessian(func: Function, argnums: Argnums = 0, *, max_bytes: int | None = MAX_BYTES) -> Function:
    """A function that computes all second derivatives: the Jacobian of the Jacobian.

    Args:
        func: returns a tensor, mostly a scalar.
        argnums: as in grad.
        max_bytes: as in jacrev.

    Returns:
        A function of func's arguments that gives d2 y / (d x1 d x2) of shape [*y.shape, *x1.shape, *x2.shape], nested
        by x1, then by x2, where the argument is a container.

    Example:
        >>> import chainrule as cr
        >>> cr.func.hessian(lambda x: (x**3).sum())(cr.tensor([1.0, 2.0]))
        tensor([[ 6.,  0.],
                [ 0., 12.]])

    Source: PyTorch, torch.func.hessian.
    """
    return jacrev(jacrev(func, argnums, max_bytes=max_bytes), argnums, max_bytes=max_bytes)
