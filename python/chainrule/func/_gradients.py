"""Gradients of scalar functions, and products with a Jacobian that is not formed."""

from __future__ import annotations

import functools
from typing import Any

from .. import _core
from .._pytree import unflatten
from ..autograd import _products
from ._levels import Argnums, Function, Level, Picked, Tensor, describe, matching, outputs, pushed, split


def _differentiate(func: Function, argnums: Argnums, has_aux: bool, op: str, args: Any, kwargs: Any) -> Any:
    """(gradients, value, aux) of a scalar function."""
    with Level(op) as level:
        picked = Picked(level, args, argnums)
        value, aux = split(func(*picked.args, **kwargs), has_aux, op)
        if not isinstance(value, Tensor) or value.dim() != 0 or not value.is_floating_point():
            got = f"{value.dtype} of shape {tuple(value.shape)}" if isinstance(value, Tensor) else describe(value)
            raise ValueError(f"{op}: the function must return a floating-point scalar, got {got}. Use vjp or jacrev.")
        grads = _products.products([value], picked.xs, [None], level.recorded(value), op)
        grads = unflatten(level.finish(grads), picked.spec)
        return grads, level.finish(value), level.finish(aux)


def grad(func: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """A function that computes the gradient of a scalar function.

    Args:
        func: returns a tensor of shape (); with has_aux (output, aux), where aux is anything.
        argnums: which positional argument to differentiate, or a tuple of several. Each may be a tensor or nested
            tuples, lists and dicts of tensors.
        has_aux: func returns a second value that is not differentiated.

    Returns:
        A function of func's arguments that gives the gradient in the form of that argument (a tuple for a tuple of
        argnums); with has_aux (gradient, aux).

    Raises:
        ValueError: func gives no scalar, or argnums is out of range.
        TypeError: what is differentiated is no floating-point tensor.

    Example:
        >>> import chainrule as cr
        >>> cr.func.grad(cr.sin)(cr.tensor(0.0))
        tensor(1.)
        >>> cr.func.grad(cr.func.grad(lambda x: x**3))(cr.tensor(2.0))
        tensor(12.)
        >>> cr.func.grad(lambda p: (p["w"] * 3 + p["b"]).sum())({"w": cr.ones(2), "b": cr.zeros(2)})
        {'w': tensor([3., 3.]), 'b': tensor([1., 1.])}

    Source: PyTorch, torch.func.grad.
    """

    @functools.wraps(func)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        grads, _, aux = _differentiate(func, argnums, has_aux, "grad", args, kwargs)
        return (grads, aux) if has_aux else grads

    return gradient


def grad_and_value(func: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """A function that computes the gradient and the value: (gradient, value), with has_aux (gradient, (value, aux)).

    Args:
        func, argnums, has_aux: as in grad.

    Example:
        >>> import chainrule as cr
        >>> cr.func.grad_and_value(lambda x: x * x)(cr.tensor(3.0))
        (tensor(6.), tensor(9.))

    Source: PyTorch, torch.func.grad_and_value. value_and_grad gives the value first.
    """

    @functools.wraps(func)
    def both(*args: Any, **kwargs: Any) -> Any:
        grads, value, aux = _differentiate(func, argnums, has_aux, "grad_and_value", args, kwargs)
        return (grads, (value, aux)) if has_aux else (grads, value)

    return both


def value_and_grad(func: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """A function that computes the value and the gradient: (value, gradient), with has_aux ((value, aux), gradient).

    Args:
        func, argnums, has_aux: as in grad.

    Example:
        Minimise with SciPy, whose optimizers take value and gradient as NumPy float64 (jac=True):

        >>> import chainrule as cr
        >>> from scipy.optimize import minimize
        >>> def rosenbrock(x):
        ...     return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()
        >>> def objective(x):
        ...     value, gradient = cr.func.value_and_grad(rosenbrock)(cr.tensor(x))
        ...     return value.item(), gradient.numpy()
        >>> result = minimize(objective, [-1.2, 1.0, 0.5], jac=True, method="BFGS")
        >>> result.success, [round(float(v), 4) for v in result.x]
        (True, [1.0, 1.0, 1.0])

    Source: JAX, jax.value_and_grad.
    """

    @functools.wraps(func)
    def both(*args: Any, **kwargs: Any) -> Any:
        grads, value, aux = _differentiate(func, argnums, has_aux, "value_and_grad", args, kwargs)
        return ((value, aux), grads) if has_aux else (value, grads)

    return both


def vjp(func: Function, *primals: Any, has_aux: bool = False) -> Any:
    """func(*primals), and a function that multiplies vectors by its Jacobian from the left, which is backward.

    Args:
        func: takes the primals, returns a tensor or nested containers of tensors.
        primals: tensors or nested containers of them.
        has_aux: func returns (output, aux).

    Returns:
        (output, vjp_fn), with has_aux (output, vjp_fn, aux). vjp_fn takes v in the form of the output and returns a
        tuple with v^T J for each primal. It may be called again.

    Raises:
        ValueError: v has not the form and shapes of the output.

    Example:
        >>> import chainrule as cr
        >>> y, vjp_fn = cr.func.vjp(lambda x: x * x, cr.tensor([1.0, 2.0]))
        >>> y, vjp_fn(cr.tensor([1.0, 10.0]))
        (tensor([1., 4.]), (tensor([ 2., 40.]),))

    Source: PyTorch, torch.func.vjp.
    """
    with Level("vjp") as level:
        xs, in_spec = level.variables(primals)
        output, aux = split(func(*unflatten(xs, in_spec)), has_aux, "vjp")
        ys, out_spec = outputs(output, "vjp")
        recorded = level.recorded(*ys)
        finished = level.finish(output), level.finish(aux)

    def vjp_fn(cotangents: Any) -> Any:
        vs = matching(cotangents, ys, out_spec, "vjp_fn", "the output")
        create = _core.is_grad_enabled() and (recorded or any(v.requires_grad for v in vs))
        return unflatten(_products.products(ys, xs, vs, create, "vjp_fn"), in_spec)

    return (finished[0], vjp_fn, finished[1]) if has_aux else (finished[0], vjp_fn)


def jvp(func: Function, primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """func(*primals), and J v: how the output moves when the primals move along the tangents.

    Exact, by two walks back: u^T J is linear in u, and its derivative with respect to u, applied to v, is J v.

    Args:
        func: takes the primals, returns a tensor or nested containers of tensors.
        primals: a tuple of tensors or nested containers of them.
        tangents: v, in the form of primals.
        strict: raise if an output depends on no primal, rather than give zeros for it.
        has_aux: func returns (output, aux).

    Returns:
        (output, product in the form of the output), with has_aux (output, product, aux).

    Raises:
        TypeError: primals or tangents is no tuple, or a leaf no floating-point tensor.
        ValueError: there is no primal, or tangents has not the form and shapes of primals.
        RuntimeError: with strict, an output depends on no primal.

    Example:
        >>> import chainrule as cr
        >>> cr.func.jvp(lambda x: x * x, (cr.tensor([1.0, 2.0]),), (cr.tensor([1.0, 10.0]),))
        (tensor([1., 4.]), tensor([ 2., 40.]))

    Source: PyTorch, torch.func.jvp.
    """
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise TypeError("jvp: primals and tangents must be tuples, one entry per argument. Write (x,) for one.")
    with Level("jvp") as level:
        xs, in_spec = level.variables(tuple(primals))
        if not xs:
            raise ValueError("jvp: primals must hold at least one tensor, got none.")
        vs = matching(tuple(tangents), xs, in_spec, "jvp", "the primals")
        output, aux = split(func(*unflatten(xs, in_spec)), has_aux, "jvp")
        ys, out_spec = outputs(output, "jvp")
        if strict:
            for i, y in enumerate(ys):
                reached = _products.pull([y], xs, [_core.zeros_like(y)], False, "jvp")
                if all(g is None for g in reached):
                    raise RuntimeError(f"jvp: output {i} does not depend on the primals. strict=False gives zeros.")
        push = pushed(level, ys, xs)
        moved = unflatten(level.finish(push(vs, level.recorded(*ys, *vs))), out_spec)
        finished = level.finish(output), moved, level.finish(aux)
    return finished if has_aux else finished[:2]


def linearize(func: Function, *primals: Any) -> tuple[Any, Function]:
    """func(*primals), and a function of tangents that gives the products with its Jacobian there: jvp in two steps.

    The graph of the one evaluation is kept for all products.

    Args:
        func: takes the primals, returns a tensor or nested containers of tensors.
        primals: tensors or nested containers of them.

    Returns:
        (output, jvp_fn); jvp_fn takes one tangent for each primal and returns J v in the form of the output.

    Example:
        >>> import chainrule as cr
        >>> y, jvp_fn = cr.func.linearize(lambda x: x * x, cr.tensor([1.0, 2.0]))
        >>> y, jvp_fn(cr.tensor([1.0, 10.0]))
        (tensor([1., 4.]), tensor([ 2., 40.]))

    Source: PyTorch, torch.func.linearize.
    """
    with Level("linearize") as level:
        xs, in_spec = level.variables(primals)
        output = func(*unflatten(xs, in_spec))
        ys, out_spec = outputs(output, "linearize")
        push = pushed(level, ys, xs)
        finished = level.finish(output)

    def jvp_fn(*tangents: Any) -> Any:
        vs = matching(tangents, xs, in_spec, "jvp_fn", "the primals")
        moved = push(vs, _core.is_grad_enabled() and any(v.requires_grad for v in vs))
        return unflatten(moved, out_spec)

    return finished, jvp_fn
