"""A function of slices becomes one of batches."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from .. import _core
from .._pytree import flatten, unflatten
from ._levels import Function, Tensor, describe, outputs


def vmap(
    func: Function,
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Function:
    """A function that applies func to every slice of its arguments and stacks what it returns.

    func is called once for each slice, so that it may branch on values and convert them to numbers. It saves writing
    the loop and is as fast as the loop; a function written for whole batches is faster.

    Args:
        func: returns a tensor, or nested tuples, lists and dicts of tensors. It may be a transformed function:
            vmap(grad(f)) gives a gradient for each sample.
        in_dims: the axis that is cut, of every argument; or a tuple with an entry for each positional argument, None
            where each slice gets the whole argument, nested as the argument is where its parts differ. Keyword
            arguments are passed on as they are.
        out_dims: the axis of the results along which they are stacked, or nested as the result is.
        randomness: "different" lets each slice draw its own numbers, "same" gives all slices the same ones, and
            with "error" a func that draws any raises.
        chunk_size: accepted, without effect.

    Raises:
        ValueError: no axis to cut, an axis of size 0, or axes that differ in size.
        TypeError: func returns something that is no tensor, or in_dims cuts an argument that is none.
        RuntimeError: func drew random numbers with randomness="error".

    Example:
        >>> import chainrule as cr
        >>> cr.func.vmap(cr.dot)(cr.ones(2, 3), cr.ones(2, 3))
        tensor([3., 3.])
        >>> cr.func.vmap(cr.func.grad(lambda w, x: (w * x).sum()), in_dims=(None, 0))(cr.zeros(2), cr.eye(2))
        tensor([[1., 0.],
                [0., 1.]])

    Source: PyTorch, torch.func.vmap.
    """
    if randomness not in ("error", "different", "same"):
        raise ValueError(f'vmap: randomness must be "error", "different" or "same", got {randomness!r}.')

    @functools.wraps(func)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        if isinstance(in_dims, (tuple, list)) and len(in_dims) != len(args):
            raise ValueError(f"vmap: in_dims must have an entry for each of the {len(args)} arguments, got {in_dims}.")
        leaves, spec = flatten(args)
        axes = _spread(tuple(in_dims) if isinstance(in_dims, list) else in_dims, spec, "in_dims")
        size = _mapped_size(leaves, axes)
        rows: list[list[Any]] = []
        form, state = spec, _core.get_rng_state()
        for i in range(size):
            cut = [leaf if axis is None else leaf.select(axis, i) for leaf, axis in zip(leaves, axes)]
            row, form = outputs(func(*unflatten(cut, spec), **kwargs), "vmap")
            rows.append(row)
            if randomness == "error" and not _core.equal(_core.get_rng_state(), state):
                raise RuntimeError('vmap: the function draws random numbers. Pass randomness="different" or "same".')
            if randomness == "same" and i + 1 < size:
                _core.set_rng_state(state)
        outs = _spread(out_dims, form, "out_dims")
        columns = [list(column) for column in zip(*rows)]
        return unflatten([c[0] if axis is None else _core.stack(c, axis) for c, axis in zip(columns, outs)], form)

    return mapped


def _spread(axes: Any, spec: Any, what: str) -> list[int | None]:
    """An axis for each leaf: axes is one for all, or a tree that ends where the other goes on."""
    if axes is None or (isinstance(axes, int) and not isinstance(axes, bool)):
        count, waiting = 0, [spec]
        while waiting:
            node = waiting.pop()
            count += node.kind is None
            waiting += node.children
        return [axes] * count
    children = list(axes.values()) if isinstance(axes, Mapping) else axes
    if not isinstance(children, (tuple, list)):
        raise TypeError(f"vmap: {what} must be int, None or nested tuples, lists and dicts of them, got {axes!r}.")
    if spec.kind is None and len(children) == 1:
        return _spread(children[0], spec, what)
    if len(children) != len(spec.children) or (isinstance(axes, Mapping) and tuple(axes) != spec.keys):
        raise ValueError(
            f"vmap: {what} must be nested as the tensors are, got {axes!r} for {len(spec.children)} parts."
        )
    return [axis for child, part in zip(children, spec.children) for axis in _spread(child, part, what)]


def _mapped_size(leaves: list[Any], axes: list[int | None]) -> int:
    sizes = []
    for leaf, axis in zip(leaves, axes):
        if axis is None:
            continue
        if not isinstance(leaf, Tensor):
            raise TypeError(f"vmap: only tensors can be cut, got {describe(leaf)}. Pass None for it in in_dims.")
        if not -leaf.dim() <= axis < leaf.dim():
            raise ValueError(f"vmap: in_dims names axis {axis} of {describe(leaf)}.")
        sizes.append(leaf.shape[axis])
    if not sizes:
        raise ValueError("vmap: at least one argument must be cut, got none.")
    if min(sizes) != max(sizes) or sizes[0] == 0:
        raise ValueError(f"vmap: the axes that are cut must have one size, and not 0, got {sizes}.")
    return int(sizes[0])
