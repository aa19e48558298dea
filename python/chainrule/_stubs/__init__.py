"""Writes the types of the compiled core: ``python -m chainrule._stubs > python/chainrule/_core.pyi``.

The operations come from the core's registry, signatures and documentation both. What is no operation (attributes,
operators, dtypes, generators) stands in template.py. A test compares the file with what this prints.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import Any, NamedTuple

from .._load_core import core
from .template import TEMPLATE

WIDTH = 120
DIM = {"dim": "axis", "keepdim": "keepdims"}  # NumPy's names, taken as keywords

TYPES = {
    "Tensor": "Tensor",
    "Number": "Number",
    "int": "_int",
    "float": "_float",
    "bool": "_bool",
    "ints": "Ints",
    "sizes": "Sizes",
    "list": "Sequence[_int]",
    "size": "Ints",
    "Dtype": "DtypeLike",
    "str": "str",
    "Tensors": "Tensor | Sequence[Tensor]",
    "VarTensors": "Sequence[Tensor]",
    "Indices": "Tensor | Sequence[Tensor | None]",
    "Generator": "Generator",
    "any": "Any",
}
# Arguments of type Tensor for which a number is natural, in functions with one signature.
LOOSE = {"other", "exponent", "value", "values", "min", "max", "end", "weight", "p", "q"}
SPREAD = {"size": "_int", "VarTensors": "Tensor"}  # a sequence, or its parts one by one
LOOSE_NOT_IN = {"linear", "bilinear", "prelu", "embedding", "cross_entropy", "nll_loss"}
LOOSE_TOO = {("where", "input"), ("where", "other")}

# What is returned, where that is not one tensor. A list has one entry for each signature.
TENSORS = "tuple[Tensor, ...]"
PAIR = "ValuesIndices"
RETURNS: dict[str, str | list[str]] = {
    **dict.fromkeys(["split", "tensor_split", "hsplit", "vsplit", "dsplit", "chunk", "unbind"], TENSORS),
    **dict.fromkeys(["broadcast_tensors", "meshgrid"], TENSORS),
    **{f"atleast_{n}d": ["Tensor", TENSORS] for n in (1, 2, 3)},
    **{name: ["Tensor", PAIR, "Tensor"] for name in ("max", "min")},
    **{name: ["Tensor", PAIR] for name in ("median", "nanmedian")},
    **dict.fromkeys(["sort", "topk", "kthvalue", "mode", "cummax", "cummin"], PAIR),
    **dict.fromkeys(["_grid_taps", "var_mean", "std_mean", "aminmax"], "tuple[Tensor, Tensor]"),
    **dict.fromkeys(["linalg_svd", "svd", "linalg_lstsq", "linalg_qr", "qr", "linalg_eigh"], "Any"),  # named tuples
    **dict.fromkeys(["linalg_slogdet", "slogdet"], "Any"),
    **dict.fromkeys(["rnn_tanh", "rnn_relu", "gru", "lstm_cell"], "tuple[Tensor, Tensor]"),
    "lstm": "tuple[Tensor, Tensor, Tensor]",
    **dict.fromkeys(["linalg_lu", "linalg_lu_factor", "lu", "lu_unpack", "frexp"], "Any"),
    **dict.fromkeys(["unravel_index", "gradient"], TENSORS),
    "unique": "Any",
    "unique_consecutive": "Any",
    "nonzero": "Any",  # a tuple with as_tuple=True
    "allclose": "_bool",
    "equal": "_bool",
}

BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", "lshift", "rshift")


class Param(NamedTuple):
    name: str
    type: str
    declared: str  # the type's name in the registry
    default: str | None
    keyword_only: bool

    def text(self) -> str:
        return f"{self.name}: {self.type}" + ("" if self.default is None else f" = {self.default}")


OUT = Param("out", "Any", "any", "None", True)


def parse(signature: str, name: str, loose: bool) -> list[Param]:
    """The parameters of a signature of the registry, such as "sum(Tensor input, ints dim=None, bool keepdim=False)"."""
    params, keyword_only = [], False
    for part in re.split(r",\s*(?![^()]*\))", signature[signature.index("(") + 1 : -1]):
        if part == "*":
            keyword_only = True
        elif part:
            declared, _, default = part.partition("=")
            kind, word = declared.split()
            params.append(Param(*_typed(kind, word, default or None, loose, name), keyword_only))
    return params


def _typed(kind: str, word: str, default: str | None, loose: bool, name: str) -> tuple[str, str, str, str | None]:
    annotation = TYPES[kind]
    if kind == "Tensor" and ((loose and word in LOOSE and name not in LOOSE_NOT_IN) or (name, word) in LOOSE_TOO):
        annotation = "TensorLike"
    if word == "device":
        annotation = "DeviceLike"
    elif default == "None" and annotation != "Any":
        annotation += " | None"
    if default is not None:
        default = default.replace("'", '"') if re.match(r"['\d(-]|None|True|False", default) else "..."
    return word + "_" * (word == "from"), annotation, kind, default


def variants(params: list[Param], alone: bool) -> Iterator[list[Param]]:
    """The ways to write a signature: as it is, with sizes one by one, with NumPy's names as keywords."""
    yield params
    if any(p.declared in SPREAD for p in params):
        # Beside another signature, which takes one tensor, at least two.
        star = "*" if alone else "first: Tensor, second: Tensor, /, *"
        yield [p._replace(name=star + p.name, type=SPREAD[p.declared]) if p.declared in SPREAD else p for p in params]
    first = next((i for i, p in enumerate(params) if p.name in DIM), None)
    if first is not None:
        yield [
            p._replace(
                name=DIM.get(p.name, p.name),
                default=None if i == first else p.default,
                keyword_only=p.keyword_only or i >= first,
            )
            for i, p in enumerate(params)
        ]


def _covered(new: list[Param], old: list[Param]) -> bool:
    """Whether every call of the new form is one of the old form: type checkers refuse such an overload."""
    given = {p.name for p in new}
    return all(p.default is not None or p.name in given for p in old) and all(
        any((p.name, p.type) == (q.name, q.type) and (p.keyword_only or i == j) for j, q in enumerate(old))
        for i, p in enumerate(new)
    )


def _listed(params: list[Param]) -> list[str]:
    out = []
    for i, p in enumerate(params):
        after_star = any(q.keyword_only or "*" in q.name for q in params[:i])
        if p.keyword_only and not after_star:
            out.append("*")
        out.append(p.text())
    return out


def define(name: str, params: list[str], result: str, doc: str, overloaded: bool) -> list[str]:
    head, tail = f"def {name}(", f") -> {result}:"
    lines = ["@overload"] if overloaded else []
    line = head + ", ".join(params) + tail + ("" if doc else " ...")
    if len(line) <= WIDTH - 8:
        lines.append(line)
    else:
        lines += [head, *(f"    {p}," for p in params), tail + ("" if doc else " ...")]
    return lines + (["    " + line if line else "" for line in _quoted(doc)] if doc else [])


def _quoted(doc: str) -> list[str]:
    lines = doc.strip().split("\n")
    raw = "r" if "\\" in doc else ""
    if len(lines) == 1:
        return [f'{raw}"""{lines[0]}"""']
    return [f'{raw}"""{lines[0]}', *lines[1:], '"""']


# What programs of old write, and a call without arguments: accepted, but not offered.
UNTYPED = re.compile(r"\(Tensor input, Number (alpha|value), Tensor|\(\)$")


def operation(entry: dict[str, Any], name: str, method: bool, doc: str, static: bool = False) -> list[str]:
    """All overloads of one name of an operation."""
    signatures = [signature for signature in entry["signatures"] if not UNTYPED.search(signature)]
    written: list[tuple[list[Param], str]] = []
    for i, signature in enumerate(signatures):
        result = RETURNS.get(entry["name"], "Tensor")
        result = result if isinstance(result, str) else result[i]
        params = parse(signature, entry["name"], len(signatures) == 1)
        if not (method or static or name.endswith("_") or result == "_bool"):
            params = [*params, OUT]  # the binding takes it for all functions alike
        if method and (not params or params[0].declared != "Tensor"):
            continue  # a form without a tensor as first argument
        for variant in variants(params[1:] if method else params, len(signatures) == 1):
            if not any(_covered(variant, known) for known, _ in written):
                written.append((variant, result))
    lines: list[str] = []
    for i, (variant, result) in enumerate(written):
        listed = ["self", *_listed(variant)] if method else _listed(variant)
        part = define(name, listed, result, doc if i == 0 else "", len(written) > 1)
        lines += ["@staticmethod", *part] if static else part
    return lines


def names(entry: dict[str, Any]) -> list[str]:
    name = entry["name"]
    if entry["inplace_only"]:
        return [name if name.endswith("_") else name + "_"]
    return [name, name + "_"] if entry["inplace"] else [name]


def blocks(where: str) -> str:
    """The operations that stand in one place: "method" (of Tensor), "function" or "nn"."""
    place = {"method": core.Tensor, "function": core, "nn": core._nn}[where]
    known = {"set_"} if where == "method" else set()  # written above
    lines: list[str] = []
    for entry in sorted(core.registry(), key=lambda e: str(e["name"])):
        for name in names(entry):
            if name in known or not entry[where] or not hasattr(place, name):
                continue
            known.add(name)
            doc = entry["doc"].strip()
            elsewhere = name != entry["name"] or (where == "method" and entry["function"]) or where == "nn"
            lines += operation(entry, name, where == "method", doc.split("\n")[0] if elsewhere else doc, where == "nn")
    return "\n".join(lines)


def operators() -> str:
    lines = [f"def __{op}__(self, other: Number) -> Tensor: ..." for op in ("lt", "le", "gt", "ge")]
    for op in BINARY:
        lines.append(f"def __{op}__(self, other: TensorLike) -> Tensor: ...")
        lines.append(f"def __r{op}__(self, other: TensorLike) -> Tensor: ...")
        if op != "matmul":
            lines.append(f"def __i{op}__(self: _Self, other: TensorLike) -> _Self: ...")
    return "\n".join(lines)


def stub() -> str:
    """The text of _core.pyi."""
    text = TEMPLATE
    for mark, part, depth in (
        ("<operators>", operators(), 4),
        ("<methods>", blocks("method"), 4),
        ("<functions>", blocks("function"), 0),
        ("<nn>", blocks("nn"), 4),
    ):
        text = text.replace(mark, textwrap.indent(part, " " * depth))
    return text
