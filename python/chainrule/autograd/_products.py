"""What func and autograd.functional share: products with a Jacobian, whole Jacobians, and what those weigh.

All take lists: ys was computed from xs by recorded operations.
"""

from __future__ import annotations

from typing import Any

from .. import _core

Tensor = _core.Tensor

MAX_BYTES = 2**32  # of a Jacobian, unless the caller allows more


def pull(ys: list[Any], xs: list[Any], vs: list[Any], create_graph: bool, op: str, strict: bool = False) -> list[Any]:
    """v^T J for each x, None where no y depends on it. One walk back."""
    pairs = [(y, v) for y, v in zip(ys, vs, strict=True) if y.requires_grad]
    grads: list[Any] = [None] * len(xs)
    if pairs and xs:
        grads = list(_core.grad([y for y, _ in pairs], xs, [v for _, v in pairs], True, create_graph, True, False))
    if strict:
        for i, g in enumerate(grads):
            if g is None:
                raise RuntimeError(f"{op}: the output does not depend on input {i}. strict=False gives zeros.")
    return grads


def products(ys: list[Any], xs: list[Any], vs: list[Any], create_graph: bool, op: str, strict: bool = False) -> Any:
    """pull, with zeros where no y depends on an x."""
    return [_core.zeros_like(x) if g is None else g for g, x in zip(pull(ys, xs, vs, create_graph, op, strict), xs)]


class Pushed:
    """J v for any number of v. u^T J is linear in u; its derivative with respect to u, applied to v, is J v.

    So one walk back that is recorded, then one walk over that record for each v. The value of u plays no part.
    """

    def __init__(self, ys: list[Any], xs: list[Any], op: str, strict: bool = False) -> None:
        self.ys, self.op = ys, op
        self.us = [_core.zeros_like(y).requires_grad_() if y.is_floating_point() else None for y in ys]
        moving = [(y, u) for y, u in zip(ys, self.us) if u is not None]
        self.pulled = pull([y for y, _ in moving], xs, [u for _, u in moving], True, op, strict)

    def __call__(self, vs: list[Any], create_graph: bool) -> list[Any]:
        """vs: one per x. One product per y."""
        pairs = [(p, v) for p, v in zip(self.pulled, vs, strict=True) if p is not None]
        us = [u for u in self.us if u is not None]
        found = iter(products([p for p, _ in pairs], us, [v for _, v in pairs], create_graph, self.op))
        return [_core.zeros_like(y) if u is None else next(found) for y, u in zip(self.ys, self.us)]


def one_hot(like: Any, i: int) -> Any:
    """Zeros of like's shape with a 1 at flat place i."""
    basis = _core.zeros(like.numel(), dtype=like.dtype)
    basis[i] = 1
    return basis.reshape(like.shape)


def jacobians_by_rows(y: Any, xs: list[Any], create_graph: bool, op: str, strict: bool = False) -> list[Any]:
    """The Jacobian of y for each x, [*y.shape, *x.shape]: one walk back per element of y."""
    shapes = [tuple(y.shape) + tuple(x.shape) for x in xs]
    rows = [products([y], xs, [one_hot(y, i)], create_graph, op, strict) for i in range(y.numel())]
    if not rows:
        return [_core.zeros(shape, dtype=x.dtype) for shape, x in zip(shapes, xs)]
    return [_core.stack(column).reshape(shape) for column, shape in zip(zip(*rows), shapes)]


def jacobians_by_columns(push: Pushed, xs: list[Any], create_graph: bool) -> list[list[Any]]:
    """[output][input] Jacobians, one walk over the record per element of xs."""
    result: list[list[Any]] = [[] for _ in push.ys]
    still = [_core.zeros_like(x) for x in xs]
    for k, x in enumerate(xs):
        moves = [push([*still[:k], one_hot(x, i), *still[k + 1 :]], create_graph) for i in range(x.numel())]
        for j, y in enumerate(push.ys):
            shape = tuple(y.shape) + tuple(x.shape)
            column = [move[j] for move in moves]
            whole = _core.stack(column, -1) if column else _core.zeros(shape, dtype=y.dtype)
            result[j].append(whole.reshape(shape))
    return result


def jacobian_bytes(y: Any, x: Any) -> int:
    """What the Jacobian of y with respect to x weighs, if stored whole."""
    return y.numel() * x.numel() * x.element_size()


def size_text(count: int) -> str:
    """A number of bytes for people: 256 GB is 256 * 2**30."""
    value, units = float(count), ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"]
    while value >= 1024 and len(units) > 1:
        value /= 1024
        units.pop(0)
    return f"{value:,.3g} {units[0]}" if value < 1000 else f"{value:,.0f} {units[0]}"


def check_size(ys: list[Any], xs: list[Any], max_bytes: int | None, op: str) -> None:
    """Refuse Jacobians that together weigh more than max_bytes, naming the size of each, before building any."""
    if max_bytes is None:
        return
    pairs = [(y, x, jacobian_bytes(y, x)) for y in ys for x in xs]
    total = sum(size for _, _, size in pairs)
    if total <= max_bytes:
        return
    each = [f"{tuple(y.shape)} by {tuple(x.shape)} takes {size_text(size)}" for y, x, size in pairs[:4]]
    more = f" and {len(pairs) - 4} more" if len(pairs) > 4 else ""
    raise ValueError(
        f"{op}: Jacobians must fit in max_bytes={max_bytes} ({size_text(max_bytes)}), got {total} bytes "
        f"({size_text(total)}): {'; '.join(each)}{more}. vjp and jvp give products with it without forming it; "
        "pass a larger max_bytes to build it."
    )
