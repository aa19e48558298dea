"""How a tensor prints: the same text as PyTorch's for the same values."""

from __future__ import annotations

import math
from typing import Any

from . import _core


class PrintOptions:
    precision: int
    threshold: float
    edgeitems: int
    linewidth: int
    sci_mode: bool | None


_DEFAULT: dict[str, Any] = {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80, "sci_mode": None}
_PROFILES: dict[str, dict[str, Any]] = {
    "default": _DEFAULT,
    "short": _DEFAULT | {"precision": 2, "edgeitems": 2},
    "full": _DEFAULT | {"threshold": math.inf},
}
OPTIONS = PrintOptions()
vars(OPTIONS).update(_DEFAULT)


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors print.

    Args:
        precision: digits behind the point.
        threshold: with more elements than this, only the edges are shown.
        edgeitems: elements shown at each edge.
        linewidth: characters a line.
        profile: 'default', 'short' or 'full'; the other arguments come on top of it.
        sci_mode: True or False forces the scientific form on or off; None leaves the choice to the values.

    Source: PyTorch, torch.set_printoptions.
    """
    if profile is not None:
        if profile not in _PROFILES:
            raise ValueError(f"set_printoptions: profile must be one of {sorted(_PROFILES)}, got {profile!r}.")
        vars(OPTIONS).update(_PROFILES[profile])
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    vars(OPTIONS).update({k: v for k, v in given.items() if v is not None})
    OPTIONS.sci_mode = sci_mode


class _Formatter:
    """Chooses one form for all elements: integers, fixed point or scientific, padded to one width."""

    def __init__(self, values: list[Any], floating: bool) -> None:
        self.floating = floating
        self.int_mode = True
        self.sci = False
        self.width = 1
        if not floating:
            self.width = max((len(str(v)) for v in values), default=1)
            return
        shown = [v for v in values if math.isfinite(v) and v != 0]
        if not shown:
            return
        low, high = min(map(abs, shown)), max(map(abs, shown))
        self.int_mode = all(v == math.floor(v) for v in shown)
        wide = high / low > 1000.0 or high > 1.0e8
        self.sci = wide or (not self.int_mode and low < 1.0e-4)
        if OPTIONS.sci_mode is not None:
            self.sci = OPTIONS.sci_mode
        self.width = max(len(self._plain(v)) for v in shown)

    def _plain(self, value: Any) -> str:
        if not self.floating:
            return str(value)
        if self.sci:
            return f"{value:.{OPTIONS.precision}e}"
        if self.int_mode:
            return f"{value:.0f}" + ("." if math.isfinite(value) else "")
        return f"{value:.{OPTIONS.precision}f}"

    def __call__(self, value: Any) -> str:
        return self._plain(value).rjust(self.width)


def _edges(tensor: Any) -> Any:
    """The part that is shown, with None where elements are left out."""
    data = tensor.detach()
    if data.dim() == 0:
        return data.item()
    n, k = data.shape[0], OPTIONS.edgeitems
    if n <= 2 * k:
        return [_edges(row) for row in data] if data.dim() > 1 else data.tolist()
    if data.dim() == 1:
        return [*data[:k].tolist(), None, *data[n - k :].tolist()]
    return [*(_edges(data[i]) for i in range(k)), None, *(_edges(data[i]) for i in range(n - k, n))]


def _leaves(values: Any) -> list[Any]:
    if not isinstance(values, list):
        return [] if values is None else [values]
    return [leaf for v in values for leaf in _leaves(v)]


def _layout(values: Any, dims: int, indent: int, form: _Formatter) -> str:
    if dims == 0:
        return form(values)
    if dims == 1:
        per_line = max(1, (OPTIONS.linewidth - indent) // (form.width + 2))
        texts = [" ..." if v is None else form(v) for v in values]
        lines = [texts[i : i + per_line] for i in range(0, len(texts), per_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(", ".join(line) for line in lines) + "]"
    rows = ["..." if v is None else _layout(v, dims - 1, indent + 1, form) for v in values]
    return "[" + ("," + "\n" * (dims - 1) + " " * (indent + 1)).join(rows) + "]"


def _suffixes(tensor: Any) -> list[str]:
    out = []
    if tensor.numel() == 0 and tensor.dim() != 1:
        out.append(f"size={tuple(tensor.shape)}")
    usual = (_core.get_default_dtype(), _core.int64, _core.bool)
    if tensor.dtype not in usual or (tensor.numel() == 0 and tensor.dtype is not usual[0]):
        out.append(f"dtype={tensor.dtype}")
    if tensor.grad_fn is not None:
        out.append(f"grad_fn=<{tensor.grad_fn.name()}>")
    elif tensor.requires_grad:
        out.append("requires_grad=True")
    return out


def body_str(tensor: Any, indent: int) -> str:
    """The elements, each further line indented."""
    if tensor.numel() == 0:
        return "[]"
    summarize = tensor.numel() > OPTIONS.threshold
    values = _edges(tensor) if summarize else tensor.detach().tolist()
    form = _Formatter(_leaves(values), tensor.is_floating_point())
    return _layout(values, tensor.dim(), indent, form)


def with_suffixes(text: str, suffixes: list[str], indent: int, on_new_line: bool = False) -> str:
    """The text with what is said after the elements, in lines of at most the width."""
    last = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if on_new_line or last + len(suffix) + 2 > OPTIONS.linewidth:
            text += ",\n" + " " * indent + suffix
            last, on_new_line = indent + len(suffix), False
        else:
            text += ", " + suffix
            last += len(suffix) + 2
    return text + ")"


def tensor_str(tensor: Any, prefix: str = "tensor(") -> str:
    """The text of repr(tensor)."""
    indent = len(prefix)
    return with_suffixes(prefix + body_str(tensor, indent), _suffixes(tensor), indent)
