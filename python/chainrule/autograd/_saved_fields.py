"""What a node has saved, under PyTorch's names: `y.grad_fn._saved_result`, `_saved_self`, `_saved_dim`.

The names that PyTorch uses come from its table of derivatives. Here they are given by position: first input `self`,
second `other`, first output `result`, with the names of some operations below; attributes have their own names.
"""

from __future__ import annotations

from typing import Any

_INPUTS = {
    "mm": ("self", "mat2"),
    "bmm": ("self", "mat2"),
    "matmul": ("self", "other"),
    "addmm": ("self", "mat1", "mat2"),
    "linear": ("input", "weight", "bias"),
    "pow": ("self", "exponent"),
    "where": ("condition", "self", "other"),
    "gather": ("self", "index"),
    "index_select": ("self", "index"),
    "lerp": ("self", "end", "weight"),
}
_ENDINGS = {  # by how the operation's name ends
    "_loss": ("self", "target", "weight"),
    "cross_entropy": ("self", "target", "weight"),
    "conv1d": ("input", "weight", "bias"),
    "conv2d": ("input", "weight", "bias"),
    "conv3d": ("input", "weight", "bias"),
    "_norm": ("input", "weight", "bias"),
}
_ATTRIBUTES = {"axis": "dim", "axes": "dim", "keepdims": "keepdim"}


def _input_names(op: str, count: int) -> list[str]:
    known = _INPUTS.get(op) or next((names for end, names in _ENDINGS.items() if op.endswith(end)), ("self", "other"))
    return [known[i] if i < len(known) else f"input{i}" for i in range(count)]


def _value_numbers(node: Any) -> dict[str, int]:
    """By name, the place of each value that the node keeps with its data."""
    names = _input_names(node.op_name, len(node.next_functions))
    names += ["result"] if node.n_outputs == 1 else [f"result{k}" for k in range(node.n_outputs)]
    return {name: i for i, name in enumerate(names) if node._keeps(i)}


def _attributes(node: Any) -> dict[Any, Any]:
    return {_ATTRIBUTES.get(name, name): value for name, value in node.attributes.items()}


def _names(node: Any) -> list[str]:
    return [*_attributes(node), *({} if node.is_leaf else _value_numbers(node))]


def field(node: Any, name: str) -> Any:
    """`node._saved_NAME` or `node._raw_saved_NAME`, which is the same here."""
    short = name.removeprefix("_raw").removeprefix("_saved_")
    if short == "tensors" and hasattr(node, "saved_tensors"):
        return node.saved_tensors
    attributes = {} if name.startswith("_raw") else _attributes(node)
    if node.freed and short not in attributes:
        node._saved_value(0)  # raises, and says why
    numbers = {} if node.is_leaf else _value_numbers(node)
    if short in numbers:
        return node._saved_value(numbers[short])
    if short in attributes:
        return attributes[short]
    known = ", ".join(f"_saved_{each}" for each in _names(node)) or "nothing"
    raise AttributeError(f"{node.name()}: there is no attribute '{name}'. It has saved {known}.", name=name, obj=node)


def directory(node: Any) -> list[str]:
    return sorted({*object.__dir__(node), *(f"_saved_{name}" for name in _names(node))})
