"""Nested tuples, lists and dicts as a flat list of leaves, and back."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple


class Spec(NamedTuple):
    """The form of a tree: what kind of node, its keys, the forms of its children. kind None is a leaf."""

    kind: Any
    keys: Any  # of a registered class: its context
    children: tuple[Spec, ...]


_LEAF = Spec(None, (), ())
# Classes that programs take apart and put together themselves: children and context from a tree, a tree from those.
REGISTERED: dict[type, tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]] = {}
_EMPTY = Spec(type(None), (), ())


def flatten(tree: Any) -> tuple[list[Any], Spec]:
    """The leaves in order, and the form. None has no leaves; any other object that is no container is one.

    Example:
        >>> from chainrule._pytree import flatten, unflatten
        >>> leaves, spec = flatten({"a": (1, [2, 3]), "b": None})
        >>> leaves, unflatten([10, 20, 30], spec)
        ([1, 2, 3], {'a': (10, [20, 30]), 'b': None})
    """
    leaves: list[Any] = []
    return leaves, _flatten(tree, leaves)


def _flatten(tree: Any, leaves: list[Any]) -> Spec:
    if tree is None:
        return _EMPTY
    if type(tree) in REGISTERED:
        inside, context = REGISTERED[type(tree)][0](tree)
        return Spec(type(tree), context, tuple(_flatten(child, leaves) for child in inside))
    if isinstance(tree, dict):
        kind = OrderedDict if isinstance(tree, OrderedDict) else dict
        return Spec(kind, tuple(tree), tuple(_flatten(child, leaves) for child in tree.values()))
    if type(tree) in (tuple, list) or hasattr(tree, "_fields"):
        return Spec(type(tree), (), tuple(_flatten(child, leaves) for child in tree))
    leaves.append(tree)
    return _LEAF


def unflatten(leaves: Any, spec: Spec) -> Any:
    """The tree of this form with these leaves."""
    return _unflatten(iter(leaves), spec)


def _unflatten(leaves: Any, spec: Spec) -> Any:
    if spec.kind is None:
        return next(leaves)
    if spec.kind is type(None):
        return None
    children = [_unflatten(leaves, child) for child in spec.children]
    if spec.kind in REGISTERED:
        return REGISTERED[spec.kind][1](children, spec.keys)
    if spec.kind in (dict, OrderedDict):
        return spec.kind(zip(spec.keys, children))
    return spec.kind(*children) if hasattr(spec.kind, "_fields") else spec.kind(children)


def tree_map(function: Callable[[Any], Any], tree: Any) -> Any:
    """The tree with function applied to each leaf."""
    leaves, spec = flatten(tree)
    return unflatten(map(function, leaves), spec)
