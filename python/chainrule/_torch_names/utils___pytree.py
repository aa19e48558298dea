"""torch.utils._pytree: nested containers as flat lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule._pytree import flatten as tree_flatten
from chainrule._pytree import unflatten


def tree_unflatten(leaves: Any, treespec: Any) -> Any:
    """The tree of the given form with these leaves."""
    return unflatten(list(leaves), treespec)


def tree_map(func: Callable[..., Any], tree: Any, *rests: Any) -> Any:
    """The tree with func of each leaf."""
    leaves, form = tree_flatten(tree)
    others = [tree_flatten(rest)[0] for rest in rests]
    return unflatten([func(*values) for values in zip(leaves, *others)], form)


def tree_leaves(tree: Any) -> Any:
    """The leaves in order."""
    return tree_flatten(tree)[0]
