"""Explicit Jacobians and Hessians, and products with them: jacobian, hessian, vjp, jvp, vhp, hvp."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import _core
from . import _products
from ._products import MAX_BYTES
from .grad_mode import enable_grad, no_grad

Tensor = _core.Tensor

__all__ = ["hessian", "hvp", "jacobian", "jacobian_size", "jvp", "vhp", "vjp"]


@enable_grad()
def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
    *,
    max_bytes: int | None = MAX_BYTES,
) -> Any:
    """The whole Jacobian of func at inputs: J[i, j] = d func(x)[i] / d x[j].

    Training never needs it: backward multiplies by it without forming it. One walk back per element of the output, or,
    with strategy "forward-mode", per element of the inputs.

    Args:
        func: takes the inputs, returns a tensor or a tuple of tensors.
        inputs: a tensor or a tuple of tensors.
        create_graph: record the result, so that it can be differentiated.
        strict: raise if an output does not depend on an input, rather than give zeros.
        vectorize: accepted for PyTorch's sake; it changes nothing.
        strategy: "reverse-mode" or "forward-mode".
        max_bytes: refuse Jacobians that together take more; None for no limit.

    Returns:
        A tensor of shape [*output.shape, *input.shape]; a tuple of them for a tuple of inputs; a tuple of those for a
        tuple of outputs.

    Raises:
        ValueError: they take more than max_bytes. The message says how much. jacobian_size tells it beforehand.

    Example:
        >>> import chainrule as cr
        >>> cr.autograd.functional.jacobian(lambda x: x * x, cr.tensor([1.0, 2.0]))
        tensor([[2., 0.],
                [0., 4.]])

    Source: PyTorch, torch.autograd.functional.jacobian.
    """
    if strategy not in ("reverse-mode", "forward-mode"):
        raise ValueError(f"jacobian: strategy must be 'reverse-mode' or 'forward-mode', got {strategy!r}.")
    xs, one_input = _prepare(inputs, create_graph)
    ys, one_output = _run(func, xs, "jacobian")
    _products.check_size(ys, xs, max_bytes, "jacobian")
    if strategy == "forward-mode":
        push = _products.Pushed(ys, xs, "jacobian", strict)
        rows = _products.jacobians_by_columns(push, xs, create_graph)
    else:
        rows = [_products.jacobians_by_rows(y, xs, create_graph, "jacobian", strict) for y in ys]
    packed = tuple(_pack(row, one_input, create_graph) for row in rows)
    return packed[0] if one_output else packed


def jacobian_size(func: Callable[..., Any], inputs: Any) -> int:
    """How many bytes all Jacobians of func at inputs take together. func runs once; nothing is built.

    Args:
        func: as in jacobian.
        inputs: as in jacobian; or a shape, or a list of shapes, of float32 tensors.

    Returns:
        The sum over outputs y and inputs x of y.numel() * x.numel() * x.element_size().

    Example:
        A ReLU on 32 x 32 x 512 numbers: its Jacobian, all but the diagonal of which is zero, takes 1 TB.

        >>> import chainrule as cr
        >>> cr.autograd.functional.jacobian_size(cr.relu, (32, 32, 512)) == 2**40
        True

        A matrix product of (64, 4096) and (4096, 4096): 256 GB for the Jacobian by the first alone.

        >>> W = cr.empty(4096, 4096)
        >>> cr.autograd.functional.jacobian_size(lambda X: X @ W, (64, 4096)) == 256 * 2**30
        True
    """
    inputs = _shaped(inputs)
    with no_grad():
        xs, _ = _prepare(inputs, False)
        ys, _ = _run(func, xs, "jacobian_size")
    return sum(_products.jacobian_bytes(y, x) for y in ys for x in xs)


@enable_grad()
def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
    *,
    max_bytes: int | None = MAX_BYTES,
) -> Any:
    """The matrix of second derivatives of a scalar function: H[i, j] = d2 func(x) / (d x[i] d x[j]).

    Args:
        func: takes the inputs, returns a tensor of one element.
        inputs: a tensor or a tuple of tensors.
        create_graph, strict, vectorize, max_bytes: as in jacobian.
        outer_jacobian_strategy: the strategy of that jacobian; the inner derivative is always by reverse mode.

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
        return tuple(_products.products([y], list(xs), [None], True, "hessian", strict))

    arguments = (inputs,) if one_input else inputs
    result = jacobian(gradient, arguments, create_graph, strict, strategy=outer_jacobian_strategy, max_bytes=max_bytes)
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
    products = _products.products(ys, xs, _vectors(v, ys, "vjp"), create_graph, "vjp", strict)
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
    pushed = _products.Pushed(ys, xs, "jvp", strict)(vs, create_graph)
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
    grads = _products.products([y], xs, [None], True, "vhp", strict)
    products = _products.products(grads, xs, vs, create_graph, "vhp", strict)
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


def _shaped(inputs: Any) -> Any:
    """Tensors for shapes; anything else as it is."""

    def is_shape(x: Any) -> bool:
        return isinstance(x, tuple) and all(isinstance(n, int) for n in x)

    if is_shape(inputs):
        return _core.empty(inputs)
    if isinstance(inputs, (list, tuple)) and inputs and all(map(is_shape, inputs)):
        return tuple(_core.empty(shape) for shape in inputs)
    return inputs


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


def _pack(tensors: list[Any], one: bool, recorded: bool) -> Any:
    results = tuple(tensors) if recorded else tuple(t.detach() for t in tensors)
    return results[0] if one else results
