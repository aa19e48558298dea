"""Explicit Jacobians and Hessians, and products with them: jacobian, hessian, vjp, jvp, vhp, hvp."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from .. import _core
from .grad_mode import enable_grad

Tensor = _core.Tensor

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]


@enable_grad()
def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The whole Jacobian of func at inputs: J[i, j] = d func(x)[i] / d x[j].

    Training never needs it: backward multiplies by it without forming it. One walk back per element of the output.

    Args:
        func: takes the inputs, returns a tensor or a tuple of tensors.
        inputs: a tensor or a tuple of tensors.
        create_graph: record the result, so that it can be differentiated.
        strict: raise if an output does not depend on an input, rather than give zeros.
        vectorize, strategy: accepted for PyTorch's sake; they change nothing.

    Returns:
        A tensor of shape [*output.shape, *input.shape]; a tuple of them for a tuple of inputs; a tuple of those for a
        tuple of outputs.

    Raises:
        MemoryError: it would not fit in memory. The message says its size.

    Example:
        >>> import chainrule as cr
        >>> cr.autograd.functional.jacobian(lambda x: x * x, cr.tensor([1.0, 2.0]))
        tensor([[2., 0.],
                [0., 4.]])

    Source: PyTorch, torch.autograd.functional.jacobian.
    """
    xs, one_input = _prepare(inputs, create_graph)
    ys, one_output = _run(func, xs, "jacobian")
    _check_size(xs, ys)
    rows = tuple(tuple(_jacobian_of(y, xs, create_graph, strict)) for y in ys)
    per_output = tuple(row[0] for row in rows) if one_input else rows
    return per_output[0] if one_output else per_output


def _jacobian_of(y: Any, xs: list[Any], create_graph: bool, strict: bool) -> list[Any]:
    """The Jacobians of one output, one per input."""
    columns: list[list[Any]] = [[] for _ in xs]
    flat = y.reshape(-1)
    for i in range(flat.numel()):
        for column, x, g in zip(columns, xs, _grads(flat[i], xs, create_graph, strict, "jacobian"), strict=True):
            column.append(_core.zeros_like(x) if g is None else g)
    shapes = [tuple(y.shape) + tuple(x.shape) for x in xs]
    return [
        _core.stack(column).reshape(shape) if column else _core.zeros(shape, dtype=x.dtype)
        for column, shape, x in zip(columns, shapes, xs, strict=True)
    ]


@enable_grad()
def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The matrix of second derivatives of a scalar function: H[i, j] = d2 func(x) / (d x[i] d x[j]).

    Args:
        func: takes the inputs, returns a tensor of one element.
        inputs: a tensor or a tuple of tensors.
        create_graph, strict, vectorize: as in jacobian.

    Returns:
        A tensor of shape [*input.shape, *input.shape]; a tuple of tuples of them for a tuple of inputs.

    Example:
        >>> import chainrule as cr
        >>> cr.autograd.functional.hessian(lambda x: (x**3).sum(), cr.tensor([1.0, 2.0]))
        tensor([[ 6.,  0.],
                [ 0., 12.]])

    Source: PyTorch, torch.autograd.functional.hessian.
    """
    one_input = isinstance(inputs, Tensor)

    def gradient(*xs: Any) -> Any:
        y = _scalar(func(*xs), "hessian")
        grads = _grads(y, list(xs), True, strict, "hessian")
        return tuple(_core.zeros_like(x) if g is None else g for g, x in zip(grads, xs, strict=True))

    result = jacobian(gradient, (inputs,) if one_input else inputs, create_graph, strict)
    return result[0][0] if one_input else result


@enable_grad()
def vjp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """func(inputs), and v^T J, which is what backward computes.

    Args:
        func: takes the inputs, returns a tensor or a tuple of tensors.
        inputs: a tensor or a tuple of tensors.
        v: a tensor of the output's shape (a tuple for a tuple). May be left out for an output of one element.
        create_graph, strict: as in jacobian.

    Returns:
        The output, and the product: of the inputs' shape.

    Example:
        >>> import chainrule as cr
        >>> x, v = cr.tensor([1.0, 2.0]), cr.tensor([1.0, 10.0])
        >>> cr.autograd.functional.vjp(lambda x: x * x, x, v)
        (tensor([1., 4.]), tensor([ 2., 40.]))

    Source: PyTorch, torch.autograd.functional.vjp.
    """
    xs, one_input = _prepare(inputs, create_graph)
    ys, one_output = _run(func, xs, "vjp")
    products = _products(ys, xs, _vectors(v, ys, "vjp"), create_graph, strict, "vjp")
    return _pack(ys, one_output, create_graph), _pack(products, one_input, create_graph)


@enable_grad()
def jvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """func(inputs), and J v: how the output moves when the inputs move along v.

    Computed by two walks back: u^T J is linear in u, and its derivative with respect to u, applied to v, is J v.

    Args:
        func, inputs, create_graph, strict: as in vjp.
        v: a tensor of the input's shape (a tuple for a tuple). May be left out for an input of one element.

    Returns:
        The output, and the product: of the output's shape.

    Example:
        >>> import chainrule as cr
        >>> x, v = cr.tensor([1.0, 2.0]), cr.tensor([1.0, 10.0])
        >>> cr.autograd.functional.jvp(lambda x: x * x, x, v)
        (tensor([1., 4.]), tensor([ 2., 40.]))

    Source: PyTorch, torch.autograd.functional.jvp.
    """
    xs, _ = _prepare(inputs, create_graph)
    vs = _vectors(v, xs, "jvp")
    ys, one_output = _run(func, xs, "jvp")
    us = [_core.zeros_like(y).requires_grad_() for y in ys]
    pulled = _products(ys, xs, us, True, strict, "jvp")
    pushed = _products(pulled, us, vs, create_graph, False, "jvp")
    return _pack(ys, one_output, create_graph), _pack(pushed, one_output, create_graph)


@enable_grad()
def vhp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """func(inputs), and v^T H for a scalar function, without forming H.

    Args:
        func, inputs, create_graph, strict: as in vjp; func gives one element.
        v: a tensor of the input's shape (a tuple for a tuple).

    Returns:
        The output, and the product: of the inputs' shape.

    Example:
        >>> import chainrule as cr
        >>> cr.autograd.functional.vhp(lambda x: (x**3).sum(), cr.tensor([1.0, 2.0]), cr.ones(2))
        (tensor(9.), tensor([ 6., 12.]))

    Source: PyTorch, torch.autograd.functional.vhp.
    """
    xs, one_input = _prepare(inputs, create_graph)
    vs = _vectors(v, xs, "vhp")
    y = _scalar(func(*xs), "vhp")
    grads = _products([y], xs, [None], True, strict, "vhp")
    products = _products(grads, xs, vs, create_graph, strict, "vhp")
    return _pack([y], True, create_graph), _pack(products, one_input, create_graph)


def hvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """func(inputs), and H v for a scalar function. H is symmetric, so this is vhp.

    Example:
        >>> import chainrule as cr
        >>> cr.autograd.functional.hvp(lambda x: (x**3).sum(), cr.tensor([1.0, 2.0]), cr.ones(2))
        (tensor(9.), tensor([ 6., 12.]))

    Source: PyTorch, torch.autograd.functional.hvp.
    """
    return vhp(func, inputs, v, create_graph, strict)


def _prepare(inputs: Any, create_graph: bool) -> tuple[list[Any], bool]:
    """Inputs as a list of tensors that require a gradient, cut from their own graph unless that is wanted."""
    one = isinstance(inputs, Tensor)
    xs = [inputs] if one else list(inputs)
    if create_graph:
        return [x if x.requires_grad else x.detach().requires_grad_() for x in xs], one
    return [x.detach().requires_grad_() for x in xs], one


def _run(func: Callable[..., Any], xs: list[Any], op: str) -> tuple[list[Any], bool]:
    ys = func(*xs)
    one = isinstance(ys, Tensor)
    ys = [ys] if one else list(ys)
    if not all(isinstance(y, Tensor) for y in ys):
        raise TypeError(f"{op}: func must return a tensor or a tuple of tensors.")
    return ys, one


def _scalar(y: Any, op: str) -> Any:
    if not isinstance(y, Tensor) or y.numel() != 1:
        got = f"shape {tuple(y.shape)}" if isinstance(y, Tensor) else type(y).__name__
        raise RuntimeError(f"{op}: func must return a tensor of one element, got {got}.")
    return y.reshape(())


def _vectors(v: Any, like: list[Any], op: str) -> list[Any]:
    if v is None:
        if len(like) != 1 or like[0].numel() != 1:
            raise RuntimeError(f"{op}: v may be left out only for one tensor of one element.")
        return [_core.ones_like(like[0])]
    vs = [v] if isinstance(v, Tensor) else list(v)
    shapes, wanted = [tuple(x.shape) for x in vs], [tuple(x.shape) for x in like]
    if shapes != wanted:
        raise RuntimeError(f"{op}: v must have the shapes {wanted}, got {shapes}.")
    return vs


def _grads(y: Any, xs: list[Any], create_graph: bool, strict: bool, op: str) -> tuple[Any, ...]:
    return _pull([y], xs, [None], create_graph, strict, op)


def _pull(ys: list[Any], xs: list[Any], vs: list[Any], create_graph: bool, strict: bool, op: str) -> tuple[Any, ...]:
    """v^T J for each input, None where no output depends on it."""
    pairs = [(y, v) for y, v in zip(ys, vs, strict=True) if y.requires_grad]
    grads: tuple[Any, ...]
    if pairs:
        grads = _core.grad([y for y, _ in pairs], xs, [v for _, v in pairs], True, create_graph, True, False)
    else:
        grads = (None,) * len(xs)
    for i, g in enumerate(grads):
        if g is None and strict:
            raise RuntimeError(f"{op}: the output does not depend on input {i}. strict=False gives zeros.")
    return grads


def _products(ys: list[Any], xs: list[Any], vs: list[Any], create_graph: bool, strict: bool, op: str) -> list[Any]:
    grads = _pull(ys, xs, vs, create_graph, strict, op)
    return [_core.zeros_like(x) if g is None else g for g, x in zip(grads, xs, strict=True)]


def _pack(tensors: list[Any], one: bool, recorded: bool) -> Any:
    results = tuple(tensors) if recorded else tuple(t.detach() for t in tensors)
    return results[0] if one else results


def _check_size(xs: list[Any], ys: list[Any]) -> None:
    """Say how large the Jacobians would be before building what cannot fit."""
    total = sum(y.numel() * x.numel() * x.element_size() for y in ys for x in xs)
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return
    if total > memory:
        shapes = f"{[tuple(y.shape) for y in ys]} by inputs of shapes {[tuple(x.shape) for x in xs]}"
        raise MemoryError(
            f"jacobian: outputs of shapes {shapes} take {total / 2**30:,.1f} GiB, this machine has "
            f"{memory / 2**30:,.1f} GiB. vjp gives the product with a vector without forming it."
        )
