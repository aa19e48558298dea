"""Activation checkpointing: a part of a model keeps its inputs alone, and runs again in backward for the rest.

Two ways, as in PyTorch. Without reentrant autograd the part is recorded as always, but each value that a node would
save is replaced by its number; the first that backward asks for runs the function once more, and what that run saves,
counted in the same order, are the values. With it, the part runs unrecorded as one node, whose backward runs it again,
recorded, and walks back through that.
"""

from __future__ import annotations

import contextlib
import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from .. import _core
from .._pytree import flatten
from ..autograd import backward as run_backward
from ..autograd.function import Function
from ..autograd.grad_mode import enable_grad
from ..autograd.graph import saved_tensors_hooks

__all__ = [
    "CheckpointError",
    "CheckpointFunction",
    "check_backward_validity",
    "checkpoint",
    "checkpoint_sequential",
    "detach_variable",
    "get_device_states",
    "noop_context_fn",
    "set_checkpoint_debug_enabled",
    "set_checkpoint_early_stop",
    "set_device_states",
]

Tensor = _core.Tensor


class CheckpointError(RuntimeError):
    """The second run of a checkpointed function has not saved what the first one had."""


class _Settings:
    """What the two context managers below override, for all threads, as in PyTorch."""

    early_stop: bool | None = None
    debug: bool | None = None


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple[Any, Any]] | None = None,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """function(*args, **kwargs), which keeps its arguments for backward and computes everything else again there.

    Memory for time: of a deep model cut into checkpointed parts, backward holds the inputs of all parts and the values
    inside one. Values and gradients are bit for bit those without checkpointing, if the function computes the same
    again. Parameters and other tensors that the function reaches by itself must be the same in backward as in forward;
    one that was changed in place meanwhile is an error, where its value is one that a node saves.

    Args:
        function: the part to run; any callable, such as a module.
        args: its arguments. Tensors among them are kept as a node keeps its inputs.
        use_reentrant: False is the way to go: it works with autograd.grad, backward(inputs=...), create_graph, keyword
            arguments, tensors in containers, and stops its second run as soon as all values are there. True runs the
            function unrecorded, as one node: only backward() without inputs works, at least one argument must require a
            gradient, and keyword arguments are refused. None, the default, warns and means True, as in PyTorch.
        preserve_rng_state: the second run draws the same random numbers as the first (dropout), and leaves the
            generator as it was. Default: True.
        context_fn: gives two context managers, for the first and the second run. Not with use_reentrant=True.
        determinism_check: "default" compares shapes and dtypes of what both runs save, "none" does not.
        debug: the error for runs that differ lists all values that both have saved.
        early_stop: end the second run when all that is needed is there. Not with use_reentrant=True.

    Returns:
        What the function returns.

    Raises:
        CheckpointError: in backward, if the second run saved other shapes, dtypes or another number of values.
        RuntimeError: in backward, if an argument was changed in place since; with use_reentrant=True if the walk is
            one of autograd.grad or backward(inputs=...).

    Example:
        >>> import chainrule as cr
        >>> from chainrule.utils.checkpoint import checkpoint
        >>> runs = []
        >>> def part(x):
        ...     runs.append(1)
        ...     return x.exp().sin().exp()
        >>> x = cr.tensor([0.5], requires_grad=True)
        >>> y = checkpoint(part, x, use_reentrant=False)
        >>> y.backward()
        >>> x.grad
        tensor([-0.3478])
        >>> len(runs)
        2

    Source: PyTorch, torch.utils.checkpoint.checkpoint; T. Chen et al., Training Deep Nets with Sublinear Memory Cost,
    2016.
    """
    if use_reentrant is None:
        warnings.warn(
            "checkpoint: pass use_reentrant explicitly, False if nothing speaks against it. Without it True is meant.",
            stacklevel=2,
        )
        use_reentrant = True
    preserve = bool(kwargs.pop("preserve_rng_state", True))
    if use_reentrant:
        if context_fn not in (None, noop_context_fn) or debug:
            raise ValueError("checkpoint: context_fn and debug need use_reentrant=False.")
        if kwargs:
            names = ", ".join(kwargs)
            raise ValueError(f"checkpoint: keyword arguments need use_reentrant=False, got {names}.")
        if _core.is_grad_enabled():
            check_backward_validity(args)
        return CheckpointFunction.apply(function, preserve, *args)
    if determinism_check not in ("default", "none"):
        raise ValueError(f'checkpoint: determinism_check must be "default" or "none", got {determinism_check!r}.')
    first, second = (context_fn or noop_context_fn)()
    if not _core.is_grad_enabled():
        with first:
            return function(*args, **kwargs)
    if _Settings.debug is not None:
        debug = _Settings.debug
    if _Settings.early_stop is not None:
        early_stop = _Settings.early_stop
    frame = _Frame(function, args, kwargs, second, preserve, early_stop, determinism_check == "default", debug)
    with saved_tensors_hooks(frame.pack, frame.unpack), first:
        result = function(*args, **kwargs)
    frame.is_complete = True
    return result


class _Stop(BaseException):
    """Ends a second run that has saved all that is needed. Not an Exception: the function must not catch it."""


class _Numbered:
    """Stands in a node for the value that it would have saved."""

    __slots__ = ("__weakref__", "address", "dtype", "frame", "number", "shape", "version")

    def __init__(self, frame: _Frame, number: int, value: Any) -> None:
        self.frame = frame
        self.number = number
        self.shape, self.dtype = value.shape, value.dtype
        # A value in the same memory in both runs was there before the function ran: a parameter, mostly.
        self.address, self.version = value.data_ptr(), value._version

    def kind(self) -> str:
        return _kind(self.shape, self.dtype)


def _kind(shape: Any, dtype: Any) -> str:
    return f"{dtype} of shape {tuple(shape)}"


class _Inputs(Function):
    """Keeps tensors as a node does: with their versions, and packed by whoever packs where checkpoint() was called."""

    @staticmethod
    def forward(ctx: Any, flag: Any, *tensors: Any) -> Any:
        ctx.save_for_backward(*tensors)
        return flag.detach().clone()

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:  # nothing leads here
        return (None,) * len(ctx.needs_input_grad)


class _Frame:
    """One call of checkpoint(): how to run the function again, and the numbers that stand for what it saved.

    The numbers in the nodes own the frame, which knows them weakly: both go with the graph. What a second run saves
    belongs to the backward walk that asked for it (`_core._walk_dict`), and each value goes once its node has it.
    """

    def __init__(
        self,
        function: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        context: Any,
        preserve: bool,
        early_stop: bool,
        compare: bool,
        debug: bool,
    ) -> None:
        self.function, self.context = function, context
        self.early_stop, self.compare, self.debug = early_stop, compare, debug
        self.is_complete = False
        self.numbered: list[Any] = []
        self.generator_state = _core.get_rng_state() if preserve else None
        self.names = [*range(len(args)), *kwargs]
        values = [*args, *kwargs.values()]
        self.tensor_places = [i for i, value in enumerate(values) if type(value) is Tensor or _is_dense(value)]
        kept = [values[i] for i in self.tensor_places]
        self.others = [None if i in set(self.tensor_places) else value for i, value in enumerate(values)]
        self.inside = [(t, t._version) for t in flatten(self.others)[0] if _is_dense(t)]
        self.inputs = _Inputs.apply(_core.zeros(1).requires_grad_(), *kept).grad_fn if kept else None

    def arguments(self) -> tuple[list[Any], dict[str, Any]]:
        for tensor, version in self.inside:
            if tensor._version != version:
                raise RuntimeError(
                    f"checkpoint: a {_kind(tensor.shape, tensor.dtype)} among the arguments was modified in place since"
                    " forward, so the function cannot run again. Pass a clone of it."
                )
        values = list(self.others)
        if self.inputs is not None:
            for i, tensor in zip(self.tensor_places, self.inputs.saved_tensors, strict=True):
                values[i] = tensor
        count = sum(isinstance(name, int) for name in self.names)
        return values[:count], dict(zip(self.names[count:], values[count:], strict=True))

    def pack(self, value: Any) -> _Numbered:
        made = _Numbered(self, len(self.numbered), value)
        self.numbered.append(weakref.ref(made))
        return made

    @staticmethod
    def unpack(number: _Numbered) -> Any:
        frame, walk = number.frame, _core._walk_dict()
        if walk is None:  # somebody looks at what a node has saved
            return frame.run_again()[number]
        runs = walk.setdefault(_Frame, weakref.WeakKeyDictionary())
        if number not in runs.get(frame, ()):
            runs[frame] = frame.run_again()
        return runs[frame].pop(number)

    def run_again(self) -> weakref.WeakKeyDictionary[_Numbered, Any]:
        """What the function saves in a second run, by the numbers that are still wanted."""
        run = _SecondRun(self)
        args, kwargs = self.arguments()
        hooks = saved_tensors_hooks(run.pack, lambda value: value)
        with _fork_generator(self.generator_state), enable_grad(), contextlib.suppress(_Stop), hooks, self.context:
            self.function(*args, **kwargs)
        run.finish()
        return run.values


class _SecondRun:
    def __init__(self, frame: _Frame) -> None:
        self.frame = frame
        self.count = 0
        self.expected = len(frame.numbered)  # of a function that walks back inside itself: those so far
        self.values: weakref.WeakKeyDictionary[_Numbered, Any] = weakref.WeakKeyDictionary()
        self.different: list[tuple[_Numbered, Any]] = []
        self.seen: list[str] = []

    def pack(self, value: Any) -> Any:
        frame, number = self.frame, self.count
        value = value.detach()
        self.count += 1
        if frame.debug:
            self.seen.append(_kind(value.shape, value.dtype))
        if number >= self.expected:
            if frame.is_complete:
                self.fail(
                    f"the second run saves more values than the first, which saved {self.expected}. The function must "
                    "compute the same again"
                )
            return value
        made = frame.numbered[number]()
        if made is not None:
            self.keep(made, value)
        if frame.early_stop and self.count == self.expected:
            self.finish()
            raise _Stop
        return value

    def keep(self, made: _Numbered, value: Any) -> None:
        if value.data_ptr() == made.address and value._version != made.version:
            raise RuntimeError(
                f"checkpoint: a {made.kind()} that the function uses has been modified in place since forward: it is at"
                f" version {value._version}, expected version {made.version}. Call backward() before the change."
            )
        if value.shape != made.shape or value.dtype != made.dtype:
            self.different.append((made, value))
        self.values[made] = value

    def finish(self) -> None:
        if self.frame.compare and self.different:
            lines = [
                f"value {made.number}: first a {made.kind()}, then a {_kind(value.shape, value.dtype)}"
                for made, value in self.different[:10]
            ]
            self.fail("the two runs of the function have saved different values:\n" + "\n".join(lines) + "\n")
        if self.count < self.expected:
            self.fail(
                "the two runs of the function have saved different numbers of values: "
                f"{self.expected} in forward, {self.count} in the second run. The function must compute the same again"
            )

    def fail(self, text: str) -> None:
        if self.frame.debug:
            known = [ref() for ref in self.frame.numbered]
            before = [f"  {i}: {'gone' if n is None else n.kind()}" for i, n in enumerate(known)]
            after = [f"  {i}: {kind}" for i, kind in enumerate(self.seen)]
            text += "\n".join([".\nsaved in forward:", *before, "saved in the second run:", *after])
        raise CheckpointError(f"checkpoint: {text.rstrip('.')}{'' if self.frame.debug else '. debug=True lists all'}.")


def _is_dense(value: Any) -> bool:
    return isinstance(value, Tensor) and not getattr(value, "is_sparse", False)


@contextlib.contextmanager
def _fork_generator(state: Any) -> Iterator[None]:
    """Draw from `state` in a block, and leave the generator as it was. None: nothing of that."""
    if state is None:
        yield
        return
    before = _core.get_rng_state()
    _core.set_rng_state(state)
    try:
        yield
    finally:
        _core.set_rng_state(before)


class CheckpointFunction(Function):
    """What checkpoint(use_reentrant=True) records: apply(function, preserve_rng_state, *args).

    Source: PyTorch, torch.utils.checkpoint.CheckpointFunction.
    """

    @staticmethod
    def forward(ctx: Any, function: Any, preserve: bool, *args: Any) -> Any:
        ctx.function = function
        ctx.generator_state = _core.get_rng_state() if preserve else None
        ctx.places = [i for i, value in enumerate(args) if isinstance(value, Tensor)]
        ctx.others = [None if isinstance(value, Tensor) else value for value in args]
        ctx.save_for_backward(*(args[i] for i in ctx.places))
        return function(*args)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        if _core._walk_has_targets():
            raise RuntimeError(
                "checkpoint: use_reentrant=True works with backward() alone, not with autograd.grad or "
                "backward(inputs=...). Pass use_reentrant=False."
            )
        args = list(ctx.others)
        for i, tensor in zip(ctx.places, ctx.saved_tensors, strict=True):
            args[i] = tensor
        inputs = detach_variable(tuple(args))
        with _fork_generator(ctx.generator_state), enable_grad():
            result = ctx.function(*inputs)
        outputs = result if isinstance(result, (tuple, list)) else (result,)
        pairs = [(y, g) for y, g in zip(outputs, grads) if isinstance(y, Tensor) and y.requires_grad]
        if not pairs:
            raise RuntimeError(
                "checkpoint: no output of the function requires a gradient, so it need not be checkpointed."
            )
        run_backward([y for y, _ in pairs], [g for _, g in pairs])
        return (None, None, *(x.grad if isinstance(x, Tensor) else None for x in inputs))


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """Modules or functions one after the other, checkpointed in segments; the last segment is recorded as always.

    Args:
        functions: a Sequential, or a list of callables of one argument.
        segments: into how many parts of equal length they are cut; the last takes what is left over. sqrt(n) parts of
            n like layers need the least memory.
        input: the first one's argument.
        use_reentrant: as in checkpoint().
        preserve_rng_state: as in checkpoint().

    Raises:
        ValueError: segments is not in 1 .. len(functions), or another keyword argument was given.

    Example:
        >>> import chainrule as cr
        >>> from chainrule.utils.checkpoint import checkpoint_sequential
        >>> model = cr.nn.Sequential(*[cr.nn.Tanh() for _ in range(9)])
        >>> x = cr.ones(2, requires_grad=True)
        >>> y = checkpoint_sequential(model, 3, x, use_reentrant=False)
        >>> cr.equal(y, model(x))
        True

    Source: PyTorch, torch.utils.checkpoint.checkpoint_sequential.
    """
    if use_reentrant is None:
        warnings.warn(
            "checkpoint_sequential: pass use_reentrant explicitly, False if nothing speaks against it. Without it True "
            "is meant.",
            stacklevel=2,
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError(f"checkpoint_sequential: unexpected keyword arguments {', '.join(kwargs)}.")
    steps = list(functions.children()) if hasattr(functions, "children") else list(functions)
    if not 1 <= segments <= len(steps):
        raise ValueError(
            f"checkpoint_sequential: segments must be in 1 .. {len(steps)}, the number of functions, got {segments}."
        )

    def part(start: int, end: int) -> Callable[[Any], Any]:
        def run(value: Any) -> Any:
            for step in steps[start:end]:
                value = step(value)
            return value

        return run

    size = len(steps) // segments
    for k in range(segments - 1):
        input = checkpoint(
            part(k * size, (k + 1) * size), input, use_reentrant=use_reentrant, preserve_rng_state=preserve
        )
    return part((segments - 1) * size, len(steps))(input)


def noop_context_fn() -> tuple[Any, Any]:
    """Two context managers that do nothing: the default of checkpoint(context_fn=...)."""
    return contextlib.nullcontext(), contextlib.nullcontext()


@contextlib.contextmanager
def set_checkpoint_early_stop(enable: bool) -> Iterator[None]:
    """Whether checkpoints called in a block stop their second run early, over what they were given.

    Source: PyTorch, torch.utils.checkpoint.set_checkpoint_early_stop.
    """
    before, _Settings.early_stop = _Settings.early_stop, enable
    try:
        yield
    finally:
        _Settings.early_stop = before


@contextlib.contextmanager
def set_checkpoint_debug_enabled(enabled: bool | None) -> Iterator[None]:
    """Whether checkpoints called in a block run with debug, over what they were given; None leaves it to them.

    Source: PyTorch, torch.utils.checkpoint.set_checkpoint_debug_enabled.
    """
    before, _Settings.debug = _Settings.debug, enabled
    try:
        yield
    finally:
        _Settings.debug = before


def detach_variable(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """The tensors cut from their graph, as leaves that require a gradient where these did; other values as they are.

    Source: PyTorch, torch.utils.checkpoint.detach_variable.
    """
    if not isinstance(inputs, tuple):
        raise RuntimeError(f"detach_variable: a tuple of tensors is required, got {type(inputs).__name__}.")
    return tuple(x.detach().requires_grad_(x.requires_grad) if isinstance(x, Tensor) else x for x in inputs)


def check_backward_validity(inputs: Any) -> None:
    """Warn where no tensor among the inputs requires a gradient."""
    if not any(isinstance(x, Tensor) and x.requires_grad for x in inputs):
        warnings.warn("checkpoint: no input requires a gradient, so there will be none.", stacklevel=3)


def get_device_states(*args: Any) -> tuple[list[int], list[Any]]:
    """No devices, no states."""
    return [], []


def set_device_states(devices: Any, states: Any, **options: Any) -> None:
    """Nothing: there are no devices."""
