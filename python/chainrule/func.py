"""Functions that transform functions: grad, value_and_grad, vjp, jvp, jacrev, jacfwd, hessian, vmap; functional_call.

They take a function of tensors, or of nested tuples, lists and dicts of tensors, and return a new function. They nest:
the derivative of a derivative is one more call. Names and results are those of torch.func; value_and_grad is the
name that JAX and autograd users know.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from typing import Any

from . import _core
from ._functional_call import functional_call, stack_module_state
from ._pytree import Spec, flatten, tree_map, unflatten
from .autograd import _products
from .autograd._products import MAX_BYTES

Tensor = _core.Tensor

__all__ = [
    "functional_call",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "stack_module_state",
    "value_and_grad",
    "vjp",
    "vmap",
]

Function = Callable[..., Any]
Argnums = int | tuple[int, ...]


class _Nesting(threading.local):
    """How deep this thread is inside transforms, and the variables that they have made (id: tensor, depth)."""

    def __init__(self) -> None:
        self.depth = 0
        self.variables: dict[int, tuple[Any, int]] = {}


_nesting = _Nesting()


class _Level:
    """One running transform.

    Note [Nested transforms]
    A transform differentiates with respect to fresh variables: a leaf of its own where the argument has no history,
    else an alias inside the argument's graph. So the same tensor may be the variable of several levels, and what
    the function captures stays a constant of this level (no perturbation confusion). Its results are recorded only
    where somebody outside may differentiate them: where the graph reaches a leaf that is not a variable of this or
    an inner level. Everything else leaves the transform detached.
    """

    def __init__(self, op: str) -> None:
        self.op = op

    def __enter__(self) -> _Level:
        self.was_enabled = _core.is_grad_enabled()
        _core.set_grad_enabled(True)
        _nesting.depth += 1
        self.depth = _nesting.depth
        return self

    def __exit__(self, *exc: object) -> None:
        _core.set_grad_enabled(self.was_enabled)
        _nesting.depth -= 1
        if _nesting.depth == 0:
            _nesting.variables.clear()

    def variable(self, x: Any) -> Any:
        if not isinstance(x, Tensor) or not x.is_floating_point():
            got = str(x.dtype) if isinstance(x, Tensor) else type(x).__name__
            raise TypeError(f"{self.op}: what is differentiated must be floating-point tensors, got {got}.")
        if x.requires_grad:
            return x.view_as(x)
        leaf = x.detach().requires_grad_()
        self.own(leaf)
        return leaf

    def own(self, leaf: Any) -> None:
        _nesting.variables[id(leaf)] = (leaf, self.depth)

    def variables(self, tree: Any) -> tuple[list[Any], Spec]:
        leaves, spec = flatten(tree)
        return [self.variable(leaf) for leaf in leaves], spec

    def recorded(self, *ys: Any) -> bool:
        """Whether somebody outside this level may differentiate ys."""
        if not self.was_enabled:
            return False
        if any(y.requires_grad and y.grad_fn is None and self._outside(y) for y in ys):
            return True
        stack = [y.grad_fn for y in ys if y.grad_fn is not None]
        seen = set(stack)
        while stack:
            node = stack.pop()
            before = node.next_functions
            if not before and node.name() == "AccumulateGrad" and self._outside(node.variable):
                return True
            for earlier, _ in before:
                if earlier is not None and earlier not in seen:
                    seen.add(earlier)
                    stack.append(earlier)
        return False

    def _outside(self, leaf: Any) -> bool:
        if leaf is None:
            return False  # gone: nobody can ask for its gradient
        known = _nesting.variables.get(id(leaf))
        return known is None or known[1] < self.depth

    def finish(self, tree: Any) -> Any:
        """The results, cut from their graph unless somebody outside may differentiate them."""
        return tree_map(self._finish_one, tree)

    def _finish_one(self, y: Any) -> Any:
        if not isinstance(y, Tensor) or not y.requires_grad or self.recorded(y):
            return y
        return y.detach()


class _Picked:
    """A call's arguments with those at argnums replaced by variables."""

    def __init__(self, level: _Level, args: tuple[Any, ...], argnums: Argnums) -> None:
        op = level.op
        self.single = isinstance(argnums, int)
        numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        if not numbers:
            raise ValueError(f"{op}: argnums must name at least one argument, got ().")
        for n in numbers:
            if not -len(args) <= n < len(args):
                raise ValueError(f"{op}: argnums must lie among the {len(args)} positional arguments, got {n}.")
        numbers = tuple(n % len(args) for n in numbers)
        if len(set(numbers)) != len(numbers):
            raise ValueError(f"{op}: argnums must be distinct, got {numbers}.")
        tree = args[numbers[0]] if self.single else tuple(args[n] for n in numbers)
        self.xs, self.spec = level.variables(tree)
        replaced = unflatten(self.xs, self.spec)
        self.args = list(args)
        for n, value in zip(numbers, (replaced,) if self.single else replaced):
            self.args[n] = value


def _split(result: Any, has_aux: bool, op: str) -> tuple[Any, Any]:
    if not has_aux:
        return result, None
    if not isinstance(result, tuple) or len(result) != 2:
        raise TypeError(f"{op}: with has_aux=True the function must return (output, aux), got {_describe(result)}.")
    return result


def _describe(value: Any) -> str:
    return f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__


def _outputs(result: Any, op: str) -> tuple[list[Any], Spec]:
    ys, spec = flatten(result)
    for y in ys:
        if not isinstance(y, Tensor):
            raise TypeError(
                f"{op}: the function must return tensors, or nested containers of them, got {_describe(y)}."
            )
    return ys, spec


def _differentiate(func: Function, argnums: Argnums, has_aux: bool, op: str, args: Any, kwargs: Any) -> Any:
    """(gradients, value, aux) of a scalar function."""
    with _Level(op) as level:
        picked = _Picked(level, args, argnums)
        value, aux = _split(func(*picked.args, **kwargs), has_aux, op)
        if not isinstance(value, Tensor) or value.dim() != 0 or not value.is_floating_point():
            got = f"{value.dtype} of shape {tuple(value.shape)}" if isinstance(value, Tensor) else _describe(value)
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
    with _Level("vjp") as level:
        xs, in_spec = level.variables(primals)
        output, aux = _split(func(*unflatten(xs, in_spec)), has_aux, "vjp")
        ys, out_spec = _outputs(output, "vjp")
        recorded = level.recorded(*ys)
        finished = level.finish(output), level.finish(aux)

    def vjp_fn(cotangents: Any) -> Any:
        vs = _matching(cotangents, ys, out_spec, "vjp_fn", "the output")
        create = _core.is_grad_enabled() and (recorded or any(v.requires_grad for v in vs))
        return unflatten(_products.products(ys, xs, vs, create, "vjp_fn"), in_spec)

    return (finished[0], vjp_fn, finished[1]) if has_aux else (finished[0], vjp_fn)


def _matching(tree: Any, like: list[Any], like_spec: Spec, op: str, what: str) -> list[Any]:
    """The leaves of a tree that must have the form and shapes of another."""
    vs, spec = flatten(tree)
    if spec != like_spec:
        raise ValueError(
            f"{op}: the vectors must have the structure of {what}, with {len(like)} tensors, got {len(vs)}."
        )
    for v, x in zip(vs, like):
        if not isinstance(v, Tensor) or v.shape != x.shape:
            raise ValueError(f"{op}: a vector must have the shape {tuple(x.shape)} of {what}, got {_describe(v)}.")
    return vs


def jvp(func: Function, primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """func(*primals), and J v: how the output moves when the primals move along the tangents.

    Exact, by two walks back: u^T J is linear in u, and its derivative with respect to u, applied to v, is J v.

    Args:
        func: takes the primals, returns a tensor or nested containers of tensors.
        primals: a tuple of tensors or nested containers of them.
        tangents: v, in the form of primals.
        strict: raise if no output depends on a primal, rather than give zeros.
        has_aux: func returns (output, aux).

    Returns:
        (output, product in the form of the output), with has_aux (output, product, aux).

    Example:
        >>> import chainrule as cr
        >>> cr.func.jvp(lambda x: x * x, (cr.tensor([1.0, 2.0]),), (cr.tensor([1.0, 10.0]),))
        (tensor([1., 4.]), tensor([ 2., 40.]))

    Source: PyTorch, torch.func.jvp.
    """
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise TypeError("jvp: primals and tangents must be tuples, one entry per argument. Write (x,) for one.")
    with _Level("jvp") as level:
        xs, in_spec = level.variables(tuple(primals))
        vs = _matching(tuple(tangents), xs, in_spec, "jvp", "the primals")
        output, aux = _split(func(*unflatten(xs, in_spec)), has_aux, "jvp")
        ys, out_spec = _outputs(output, "jvp")
        push = _pushed(level, ys, xs, strict)
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
    with _Level("linearize") as level:
        xs, in_spec = level.variables(primals)
        output = func(*unflatten(xs, in_spec))
        ys, out_spec = _outputs(output, "linearize")
        push = _pushed(level, ys, xs)
        finished = level.finish(output)

    def jvp_fn(*tangents: Any) -> Any:
        vs = _matching(tangents, xs, in_spec, "jvp_fn", "the primals")
        moved = push(vs, _core.is_grad_enabled() and any(v.requires_grad for v in vs))
        return unflatten(moved, out_spec)

    return finished, jvp_fn


def _pushed(level: _Level, ys: list[Any], xs: list[Any], strict: bool = False) -> _products.Pushed:
    push = _products.Pushed(ys, xs, level.op, strict)
    for u in push.us:
        if u is not None:
            level.own(u)
    return push


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
    del chunk_size

    def rows(level: _Level, ys: list[Any], xs: list[Any]) -> list[list[Any]]:
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
    del randomness

    def columns(level: _Level, ys: list[Any], xs: list[Any]) -> list[list[Any]]:
        push = _pushed(level, ys, xs)
        return _products.jacobians_by_columns(push, xs, level.recorded(*ys))

    return _jacobian(func, argnums, has_aux, max_bytes, "jacfwd", columns)


def _jacobian(func: Function, argnums: Argnums, has_aux: bool, max_bytes: int | None, op: str, build: Any) -> Function:
    @functools.wraps(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        with _Level(op) as level:
            picked = _Picked(level, args, argnums)
            output, aux = _split(func(*picked.args, **kwargs), has_aux, op)
            ys, out_spec = _outputs(output, op)
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
            row, form = _outputs(func(*unflatten(cut, spec), **kwargs), "vmap")
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
            raise TypeError(f"vmap: only tensors can be cut, got {_describe(leaf)}. Pass None for it in in_dims.")
        if not -leaf.dim() <= axis < leaf.dim():
            raise ValueError(f"vmap: in_dims names axis {axis} of {_describe(leaf)}.")
        sizes.append(leaf.shape[axis])
    if not sizes:
        raise ValueError("vmap: at least one argument must be cut, got none.")
    if min(sizes) != max(sizes) or sizes[0] == 0:
        raise ValueError(f"vmap: the axes that are cut must have one size, and not 0, got {sizes}.")
    return int(sizes[0])
