"""torch.utils._pytree: nested containers as flat lists."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Callable
from typing import Any, NamedTuple

from chainrule._pytree import _LEAF, REGISTERED, Spec, unflatten
from chainrule._pytree import flatten as tree_flatten

PyTree = Any


class NodeDef(NamedTuple):
    """How a kind of container is taken apart, into children and a context, and made from them."""

    type: Any
    flatten_fn: Callable[[Any], tuple[list[Any], Any]]
    unflatten_fn: Callable[[Any, Any], Any]


def _no_context(tree: Any) -> tuple[list[Any], Any]:
    return list(tree), ()


def _keys(tree: Any) -> tuple[list[Any], Any]:
    return list(tree.values()), tuple(tree)


SUPPORTED_NODES: dict[Any, NodeDef] = {
    list: NodeDef(list, _no_context, lambda children, context: list(children)),
    tuple: NodeDef(tuple, _no_context, lambda children, context: tuple(children)),
    dict: NodeDef(dict, _keys, lambda children, context: dict(zip(context, children))),
    OrderedDict: NodeDef(OrderedDict, _keys, lambda children, context: OrderedDict(zip(context, children))),
    namedtuple: NodeDef(namedtuple, lambda t: (list(t), type(t)), lambda children, context: context(*children)),
}


def register_pytree_node(
    cls: type,
    flatten_fn: Callable[[Any], tuple[list[Any], Any]],
    unflatten_fn: Callable[[Any, Any], Any],
    **options: Any,
) -> None:
    """Objects of the class are containers from here on.

    Args:
        cls: the class.
        flatten_fn: gives an object's children and a context.
        unflatten_fn: makes an object from children and context.
        options: names for files, which are not written here.
    """
    REGISTERED[cls] = flatten_fn, unflatten_fn
    SUPPORTED_NODES[cls] = NodeDef(cls, flatten_fn, unflatten_fn)


_register_pytree_node = register_pytree_node


def _dict_flatten_with_keys(tree: Any) -> tuple[list[tuple[Any, Any]], Any]:
    """Pairs of key and child, and the keys."""
    return list(tree.items()), list(tree)


def _get_node_type(tree: Any) -> Any:
    """The key of SUPPORTED_NODES, where there is one."""
    return namedtuple if isinstance(tree, tuple) and hasattr(tree, "_fields") else type(tree)


def _is_leaf(tree: Any, is_leaf: Any = None) -> bool:
    """Whether it is no container."""
    return tree is not None and _get_node_type(tree) not in SUPPORTED_NODES


def LeafSpec() -> Spec:
    """The form of a leaf."""
    return _LEAF


def TreeSpec(type: Any, context: Any, children_specs: Any) -> Spec:
    """The form of a container, from what its flatten_fn gave."""
    return (
        Spec(context, (), tuple(children_specs)) if type is namedtuple else Spec(type, context, tuple(children_specs))
    )


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
