"""What the transforms share: the level that one runs on, its variables, and what the user's function returned."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from .. import _core
from .._pytree import Spec, flatten, tree_map, unflatten
from ..autograd import _products

Tensor = _core.Tensor
Function = Callable[..., Any]
Argnums = int | tuple[int, ...]


class _Nesting(threading.local):
    """How deep this thread is inside transforms, and the variables that they have made (id: tensor, depth)."""

    def __init__(self) -> None:
        self.depth = 0
        self.variables: dict[int, tuple[Any, int]] = {}


nesting = _Nesting()


class Level:
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

    def __enter__(self) -> Level:
        self.was_enabled = _core.is_grad_enabled()
        _core.set_grad_enabled(True)
        nesting.depth += 1
        self.depth = nesting.depth
        return self

    def __exit__(self, *exc: object) -> None:
        _core.set_grad_enabled(self.was_enabled)
        nesting.depth -= 1
        if nesting.depth == 0:
            nesting.variables.clear()

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
        nesting.variables[id(leaf)] = (leaf, self.depth)

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
        known = nesting.variables.get(id(leaf))
        return known is None or known[1] < self.depth

    def finish(self, tree: Any) -> Any:
        """The results, cut from their graph unless somebody outside may differentiate them."""
        return tree_map(self._finish_one, tree)

    def _finish_one(self, y: Any) -> Any:
        if not isinstance(y, Tensor) or not y.requires_grad or self.recorded(y):
            return y
        return y.detach()


class Picked:
    """A call's arguments with those at argnums replaced by variables."""

    def __init__(self, level: Level, args: tuple[Any, ...], argnums: Argnums) -> None:
        op = level.op
        self.single = isinstance(argnums, int)
        if not self.single and not (isinstance(argnums, tuple) and all(isinstance(n, int) for n in argnums)):
            raise TypeError(f"{op}: argnums must be an int or a tuple of ints, got {argnums!r}.")
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


def split(result: Any, has_aux: bool, op: str) -> tuple[Any, Any]:
    if not has_aux:
        return result, None
    if not isinstance(result, tuple) or len(result) != 2:
        raise TypeError(f"{op}: with has_aux=True the function must return (output, aux), got {describe(result)}.")
    return result


def describe(value: Any) -> str:
    return f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__


def outputs(result: Any, op: str) -> tuple[list[Any], Spec]:
    ys, spec = flatten(result)
    for y in ys:
        if not isinstance(y, Tensor):
            raise TypeError(f"{op}: the function must return tensors, or nested containers of them, got {describe(y)}.")
    return ys, spec


def matching(tree: Any, like: list[Any], like_spec: Spec, op: str, what: str) -> list[Any]:
    """The leaves of a tree that must have the form and shapes of another."""
    vs, spec = flatten(tree)
    if spec != like_spec:
        raise ValueError(
            f"{op}: the vectors must have the structure of {what}, with {len(like)} tensors, got {len(vs)}."
        )
    for v, x in zip(vs, like):
        if not isinstance(v, Tensor) or v.shape != x.shape:
            raise ValueError(f"{op}: a vector must have the shape {tuple(x.shape)} of {what}, got {describe(v)}.")
    return vs


def pushed(level: Level, ys: list[Any], xs: list[Any]) -> _products.Pushed:
    push = _products.Pushed(ys, xs, level.op)
    for u in push.us:
        if u is not None:
            level.own(u)
    return push
