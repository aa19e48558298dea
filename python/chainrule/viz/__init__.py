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
from ._collect import backward_steps, collect, name_values, place_in_modules
from ._fold import fold
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
        model: a Module, whose parameters give names and whose submodules give boxes, or a dict of named tensors.
            Without it, modules among the caller's variables are used.
        gradient: the gradient of the result, where it is not a single number. Without one, it is one everywhere.
        depth: how many levels of modules are drawn open; what lies deeper is one box. None: as many as fit.
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
        from matplotlib.figure import Figure  # pyright: ignore[reportMissingImports]
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
    figure.colorbar(image)
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
    name_values(graph, model, names or {}, frame)
    place_in_modules(graph)
    folded = fold(graph, depth)
    steps = backward_steps(graph, results, gradients, len(graph.operations))
    return Picture(graph, folded, steps, upto, values, direction)


class record:
    """A context in which the graph keeps every value, its modules, and the gradients of a backward walk.

    It costs memory: all inputs and outputs of all operations live as long as the graph. Use it to look, not to train.

    Args:
        model: a Module whose submodules are noted as they run, so that draw can box them.

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
        self._model = model
        self._handles: list[Any] = []
        self._running: list[tuple[str, str]] = [("", "")]  # path and scope of the modules that run, outermost first
        self._calls: dict[str, int] = {}
        self._paths = {"": ""}  # of the module behind each scope

    def __enter__(self) -> record:
        if self._model is not None:
            paths: dict[Any, list[str]] = {}
            for path, module in self._model.named_modules(remove_duplicate=False):
                paths.setdefault(module, []).append(path)
            del paths[self._model]
            for module, own in paths.items():
                self._watch(module, own)
        self._tape.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._tape.stop()
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        del self._running[1:]

    def _watch(self, module: Any, paths: list[str]) -> None:
        """The module's name, with a number from its second call on, stands on the tape while it runs.

        It is named from the innermost module that runs and holds it. A module in several places has several paths.
        """

        def enter(*_: Any) -> None:
            path, (holder, around) = next(
                (path, holder)
                for holder in reversed(self._running)
                for path in paths
                if not holder[0] or path.startswith(f"{holder[0]}.")
            )
            place = ".".join(filter(None, [around, path[len(holder) :].removeprefix(".")]))
            self._calls[place] = self._calls.get(place, 0) + 1
            scope = place if self._calls[place] == 1 else f"{place} ({self._calls[place]})"
            self._paths[scope] = path
            self._running.append((path, scope))
            self._tape.scope = scope

        def leave(*_: Any) -> None:
            self._running.pop()
            self._tape.scope = self._running[-1][1]

        self._handles.append(module.register_forward_pre_hook(enter))
        self._handles.append(module.register_forward_hook(leave, always_call=True))
