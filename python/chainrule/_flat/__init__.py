"""Flat backpropagation: the graph of a result as a NumPy program, forward and backward, that runs on its own."""

from __future__ import annotations

import inspect
import pathlib
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _core
from ..viz import _collect
from .writer import SMALL, Line, Writer, array_literal, inlined, scalar, used_helpers

__all__ = ["Source", "source"]

Tensor = _core.Tensor


class Source(str):
    """The program's text, which print() shows. run() executes it; save() writes it down with its arrays."""

    inputs: dict[str, np.ndarray]
    leaves: list[str]
    gradients: dict[str, str]
    results: list[str]
    _arrays: dict[str, Any]

    def run(self) -> dict[str, Any]:
        """Execute the program. Returns its variables: the results, and the gradient of each leaf."""
        space: dict[str, Any] = {"inputs": self._arrays, "__name__": "flat"}
        code = re.sub(r"^inputs = np\.load\(.*\)$", "", str(self), flags=re.MULTILINE)
        exec(compile(code, "<chainrule.source>", "exec"), space)
        return space

    def save(self, path: str | pathlib.Path) -> None:
        """Write the program to path, and large arrays beside it, to a file of the same name that ends in .npz."""
        path = pathlib.Path(path)
        text = str(self)
        if self._arrays:
            np.savez(path.with_suffix(".npz"), **self._arrays)
            text = text.replace('np.load("inputs.npz")', f"np.load({path.with_suffix('.npz').name!r})")
        path.write_text(text, encoding="utf-8")

    def _repr_markdown_(self) -> str:
        return f"```python\n{self}\n```"


def source(
    result: Tensor | Sequence[Tensor],
    model: Any = None,
    *,
    gradient: Tensor | Sequence[Tensor] | None = None,
    names: dict[str, Tensor] | None = None,
    style: str = "array",
) -> Source:
    """Write the forward and the backward pass of a result as flat NumPy code.

    One line for each operation, s0, s1, ..., then one or a few for each gradient, grad_s1, grad_s0, ..., grad_w. The
    program gives the same numbers as the library, to rounding. It needs NumPy only, but for functions that NumPy does
    not have and that it takes from SciPy: those of Bessel, erfcx, log_ndtr, ndtri, entr, xlog1py, zeta, polygamma,
    gammainc, gammaincc. Gradient lines are the library's own rules, as the backward walk ran them. Leaves have the
    names of parameters and of the caller's variables, with a number behind where Python or the program needs the name.

    Args:
        result: usually the loss; or several tensors.
        model: a Module or a dict, for names.
        gradient: the gradient of the result; ones if None.
        names: further names of tensors.
        style: "array", or "scalar": every element by itself, for small graphs.

    Returns:
        A Source: a string with .run(), .save(path), .inputs, .leaves, .results and .gradients: the name of each leaf's
        gradient, which is grad_ before the leaf's unless that is taken. Arrays of more than 64 elements are not in the
        text; the program loads them from the file that save() writes beside it.

    Raises:
        RuntimeError: the graph has been freed, or a constant that the program needs was not kept: compute the result
            inside `with chainrule.viz.record():`.
        NotImplementedError: an operation has no NumPy form (a user's Function), or none in scalars.

    Example:
        >>> import chainrule as cr
        >>> w, x = (cr.tensor(v, requires_grad=True, dtype=cr.float64) for v in (2.0, -1.0))
        >>> print(cr.source(cr.exp(w * x)))
        import numpy as np
        <BLANKLINE>
        w = 2.0
        x = -1.0
        <BLANKLINE>
        # forward
        s0 = w * x
        s1 = np.exp(s0)
        <BLANKLINE>
        # backward
        grad_s1 = 1.0
        grad_s0 = grad_s1 * s1
        grad_w = grad_s0 * x
        grad_x = grad_s0 * w
        <BLANKLINE>
    """
    results = [result] if isinstance(result, Tensor) else list(result) if isinstance(result, (list, tuple)) else []
    if not results or not all(isinstance(t, Tensor) for t in results):
        raise TypeError(f"source: a tensor or a sequence of tensors is required, got {type(result).__name__}.")
    if style not in ("array", "scalar"):
        raise ValueError(f"source: style must be 'array' or 'scalar', got {style!r}.")
    for t in results:
        if t.grad_fn is None:
            raise RuntimeError(f"source: the tensor (shape {tuple(t.shape)}) has no graph.")
    given: list[Tensor | None] = [None] * len(results)
    if gradient is not None:
        given = [gradient] if isinstance(gradient, Tensor) else list(gradient)
    if len(given) != len(results):
        raise ValueError(f"source: {len(results)} gradients are required, one for each result, got {len(given)}.")
    gradients = [
        _core.ones_like(t).detach() if g is None else g.to(t.dtype) for g, t in zip(given, results, strict=True)
    ]
    graph = _collect.collect(results)
    if graph.freed:
        raise RuntimeError(
            "source: backward() has freed the graph. Call source before it, or backward(retain_graph=True)."
        )
    if graph.total > len(graph.operations):
        raise RuntimeError(f"source: the graph has {graph.total:,} operations, more than can be written down.")
    frame = inspect.currentframe()
    _collect.name_values(graph, model, names or {}, frame.f_back if frame else None)
    writer = Writer(graph, results, gradients)
    writer.name_all()
    writer.write_forward()
    writer.write_backward()
    if style == "scalar":
        from .scalars import unrolled

        return _finished(unrolled(writer), writer, {})
    return _assembled(writer)


def _assembled(writer: Writer) -> Source:
    arrays = {name: a for name, a in writer.inputs.items() if a.size > SMALL}
    forward = [_text(line) for line in writer.forward]
    backward = [_text(line) for line in inlined(writer.backward)]
    body = "\n".join(["# forward", *forward, "", "# backward", *backward, ""])
    helpers = used_helpers(body)
    if helpers:  # functions take arrays, not Python's numbers
        body = re.sub(r"^((?:grad|given)_\w+ = )(-?[\d.e+-]+)$", r"\1np.float64(\2)", body, flags=re.MULTILINE)
    body = "\n".join([*(_input_line(name, a, bool(helpers)) for name, a in writer.inputs.items()), "", body])
    uses_math = any("math." in h for h in helpers)
    text = ("import math\n\n" if uses_math else "") + "import numpy as np\n\n"
    if helpers:
        text += "\n" + "\n\n\n".join(helpers) + "\n\n\n"
    if arrays:
        text += 'inputs = np.load("inputs.npz")\n'
    return _finished(text + body, writer, arrays)


def _finished(text: str, writer: Writer, arrays: dict[str, np.ndarray]) -> Source:
    out = Source(text)
    out.inputs, out.leaves, out._arrays = writer.inputs, writer.leaves, arrays
    out.gradients = {writer.names[v]: name for v, name in writer.gradient_names.items() if v.kind == "leaf"}
    out.results = [writer.names[v] for v in writer.graph.results]
    return out


def _input_line(name: str, a: np.ndarray, typed: bool) -> str:
    if a.size > SMALL:
        return f'{name} = inputs["{name}"]  # {a.shape} {a.dtype}'
    if a.ndim == 0:
        return f"{name} = np.float64({scalar(a)})" if typed and a.dtype == np.float64 else f"{name} = {scalar(a)}"
    return f"{name} = {array_literal(a)}"


def _text(line: Line) -> str:
    comment = f"  # {line.comment}" if line.comment not in ("", "()", "given") else ""
    return f"{', '.join(line.targets)} = {line.written.text}{comment}"
