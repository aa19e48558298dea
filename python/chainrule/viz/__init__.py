"""Pictures of the graph: operations, the values on the wires between them, and the gradients that come back.

Example:
    >>> import chainrule as cr
    >>> x, y, z = (cr.tensor(v, requires_grad=True) for v in (-2.0, 5.0, -4.0))
    >>> picture = cr.viz.draw((x + y) * z)
    >>> picture.save("graph.svg")  # doctest: +SKIP
"""

from __future__ import annotations

import inspect
import pathlib
from collections.abc import Callable, Sequence
from types import FrameType, TracebackType
from typing import Any

import numpy as np

from .. import _core
from ._collect import add_unknown, backward_steps, collect, name_values
from ._fold import fold
from ._modules import Calls, paths_of, place_in_modules
from ._picture import Picture

__all__ = ["Picture", "animate", "draw", "draw_jacobian", "record"]

Tensor = _core.Tensor


def draw(
    result: Tensor | Sequence[Tensor],
    model: Any = None,
    *,
    gradient: Tensor | Sequence[Tensor] | None = None,
    depth: int | None = None,
    upto: int | None = None,
    values: bool = True,
    names: dict[str, Tensor] | None = None,
    direction: str = "LR",
) -> Picture:
    """Draw the graph behind a result: values above the wires (green), gradients below (red).

    The gradients come from a walk of its own: no .grad changes, and it works before backward() as well as after
    backward(retain_graph=True). After a backward() that has freed the graph, it works if the loss was computed inside
    `with chainrule.viz.record():`. Values are those that the graph keeps for backward; what can be computed from them
    is computed again, and what is left says "value not kept"; record() keeps them all. Parameters that an optimizer has
    changed since are shown as they are now.

    Args:
        result: what to draw, usually the loss; several tensors at once are possible.
        model: a Module, whose parameters give names, and which has frames around what ran in it and in its parts; or a
            dict of named tensors. Without it, modules among the caller's variables are used. Which module ran is known
            of the last 1,024 calls, and of those under record(model); of others parameters tell it.
        gradient: the gradient of the result, where it is not a single number. Without one, it is one everywhere.
        depth: how many levels of the model's parts are drawn open; what lies deeper is one box. None: as many as fit.
        upto: show the state after so many nodes of the backward walk. None: when it is done.
        values: False leaves numbers out: shapes only.
        names: further names of tensors.
        direction: "LR" from left to right, or "TB" from top to bottom.

    Returns:
        A Picture, which notebooks show: .svg and .dot are its text, .save(path) writes .svg, .png, .dot or .gif.

    Raises:
        RuntimeError: the result has no graph, or backward() has freed it.
        ModuleNotFoundError: the picture is asked for, and neither Graphviz nor grandalf is installed: `chainrule[viz]`.

    Example:
        >>> import chainrule as cr
        >>> w = cr.tensor([2.0, -3.0], requires_grad=True)
        >>> cr.viz.draw((w * w).sum()).n_steps
        2
    """
    frame = inspect.currentframe()
    return _draw(result, model, gradient, depth, upto, values, names, direction, frame.f_back if frame else None)


def animate(
    result: Tensor | Sequence[Tensor],
    path: str | pathlib.Path,
    model: Any = None,
    *,
    seconds: float = 0.8,
    scale: float = 2.0,
    **options: Any,
) -> None:
    """Play the backward walk as a GIF, one node at a time.

    Args:
        result, model: as in draw.
        path: the file, which ends in .gif.
        seconds: how long each step stays.
        scale: twice the pixels for each unit of the picture.
        options: as in draw.

    Raises:
        ValueError: the path does not end in .gif.
        ModuleNotFoundError: the extra `chainrule[viz]` is not installed.

    Example:
        >>> import chainrule as cr
        >>> x = cr.tensor(2.0, requires_grad=True)
        >>> cr.viz.animate(x * x, "backward.gif")  # doctest: +SKIP
    """
    if pathlib.Path(path).suffix != ".gif":
        raise ValueError(f"animate: the file must end in .gif, got {str(path)!r}.")
    frame = inspect.currentframe()
    arguments = {"gradient": None, "depth": None, "upto": None, "values": True, "names": None, "direction": "LR"}
    unknown = sorted(set(options) - set(arguments))
    if unknown:
        raise TypeError(f"animate: unknown options {unknown}.")
    picture = _draw(result, model, **{**arguments, **options}, frame=frame.f_back if frame else None)
    picture.save(path, scale=scale, seconds=seconds)


def draw_jacobian(
    func: Callable[[Tensor], Tensor], input: Tensor | Sequence[int], *, max_elements: int = 1 << 20
) -> Any:
    """The Jacobian of a function as a picture: a ReLU's is diagonal, a softmax's is full.

    Args:
        func: takes a tensor, returns a tensor.
        input: the tensor, or a shape, for which random numbers are drawn.
        max_elements: refuse larger Jacobians.

    Returns:
        A matplotlib Figure: rows are the output's elements, columns the input's.

    Raises:
        ValueError: the Jacobian is too large.
        ModuleNotFoundError: matplotlib is not installed: `chainrule[examples]`.

    Example:
        >>> import chainrule as cr
        >>> figure = cr.viz.draw_jacobian(cr.relu, cr.tensor([1.0, -2.0, 3.0]))  # doctest: +SKIP
    """
    try:
        from matplotlib.figure import Figure  # pyright: ignore[reportMissingImports]  # an extra
        from matplotlib.ticker import MaxNLocator  # pyright: ignore[reportMissingImports]  # an extra
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("draw_jacobian: matplotlib is needed: pip install 'chainrule[examples]'") from error
    from ..autograd import functional

    if not isinstance(input, Tensor):
        numbers = np.random.default_rng(0).standard_normal(tuple(input))
        input = _core.tensor(numbers, dtype=_core.float32)
    size = functional.jacobian_size(func, input) // input.element_size()
    if size > max_elements:
        raise ValueError(f"draw_jacobian: the Jacobian has {size:,} elements, more than {max_elements:,}.")
    matrix = functional.jacobian(func, input).detach().numpy().reshape(-1, max(input.numel(), 1))
    figure = Figure(figsize=(4.2, 3.6), layout="constrained")
    axes = figure.add_subplot()
    largest = float(np.abs(matrix).max(initial=0)) or 1.0
    image = axes.imshow(matrix, cmap="RdBu", vmin=-largest, vmax=largest, interpolation="nearest")
    figure.colorbar(image, label="derivative")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("input element")
    axes.set_ylabel("output element")
    zeros = np.count_nonzero(matrix == 0) / matrix.size if matrix.size else 0.0
    axes.set_title(f"{matrix.shape[0]} x {matrix.shape[1]}, {zeros:.0%} zeros", fontsize=10)
    return figure


def _draw(
    result: Any,
    model: Any,
    gradient: Any,
    depth: int | None,
    upto: int | None,
    values: bool,
    names: dict[str, Any] | None,
    direction: str,
    frame: FrameType | None,
) -> Picture:
    results = [result] if isinstance(result, Tensor) else list(result) if isinstance(result, (list, tuple)) else []
    if not results or not all(isinstance(t, Tensor) for t in results):
        raise TypeError(f"draw: a tensor or a sequence of tensors is required, got {type(result).__name__}.")
    for t in results:
        if not t.requires_grad:
            raise RuntimeError(
                f"draw: the tensor (shape {tuple(t.shape)}) has no graph: it was made under no_grad(), detached, or "
                "from data alone."
            )
    if direction not in ("LR", "TB"):
        raise ValueError(f"draw: direction must be 'LR' or 'TB', got {direction!r}.")
    if upto is not None and upto < 0:
        raise ValueError(f"draw: upto must not be negative, got {upto}.")
    given = [gradient] if isinstance(gradient, Tensor) else list(gradient or [None] * len(results))
    if len(given) != len(results):
        raise ValueError(f"draw: {len(results)} gradients are required, one for each result, got {len(given)}.")
    gradients = [_core.ones_like(t).detach() if g is None else g for g, t in zip(given, results, strict=True)]
    graph = collect(results)
    add_unknown(graph)
    place_in_modules(graph, name_values(graph, model, names or {}, frame))
    folded = fold(graph, depth)
    steps = backward_steps(graph, results, gradients, len(graph.operations))
    return Picture(graph, folded, steps, upto, values, direction)


class record:
    """A context in which the graph keeps every value, its modules, and the gradients of a backward walk.

    It costs memory: all inputs and outputs of all operations live as long as the graph. Use it to look, not to train.

    Args:
        model: a Module which is noted with its parts as they run, so that draw can frame what ran in each.

    Example:
        >>> import chainrule as cr
        >>> w, x = cr.tensor([1.0, 2.0], requires_grad=True), cr.tensor([3.0, 4.0])
        >>> with cr.viz.record():
        ...     loss = (w * x).sum()
        ...     loss.backward()
        >>> picture = cr.viz.draw(loss)  # backward() has freed the graph, and yet
    """

    def __init__(self, model: Any = None, *, _tape: Any = None) -> None:
        self._tape = _core.Tape(entries=False, values=False, nodes=True) if _tape is None else _tape
        self._handles: list[Any] = []
        paths = {} if model is None else paths_of(model)
        self._calls = Calls(paths, type(model).__name__)
        self._modules = list(paths)

    def __enter__(self) -> record:
        for module in self._modules:
            self._handles.append(module.register_forward_pre_hook(self._begins, prepend=True))
            self._handles.append(module.register_forward_hook(self._ends, always_call=True))
        self._tape.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._tape.stop()
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self._calls.clear()
        self._tape.scope = ""

    def _begins(self, module: Any, args: Any) -> None:
        self._calls.enter(module)
        self._tape.scope = self._calls.scope

    def _ends(self, module: Any, args: Any, output: Any) -> None:
        self._calls.leave()
        self._tape.scope = self._calls.scope
