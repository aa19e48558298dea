"""Differentiation: backward, grad, switches for recording, a user's own Function, and checks against differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from .. import _core
from .._later import later
from . import function
from .anomaly_mode import detect_anomaly, set_detect_anomaly
from .function import Function, FunctionCtx, once_differentiable
from .grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled
from .gradcheck import GradcheckError, gradcheck, gradgradcheck
from .variable import Variable

if TYPE_CHECKING:
    from . import forward_ad, functional, graph, profiler

__all__ = [
    "Function",
    "FunctionCtx",
    "GradcheckError",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "forward_ad",
    "function",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "is_grad_enabled",
    "no_grad",
    "once_differentiable",
    "profiler",
    "set_detect_anomaly",
    "set_grad_enabled",
]

Tensor = _core.Tensor
Tensors: TypeAlias = "Tensor | graph.GradientEdge | Sequence[Tensor | graph.GradientEdge]"
OptionalTensors: TypeAlias = "Tensor | Sequence[Tensor | None] | None"

is_grad_enabled = _core.is_grad_enabled

__getattr__, __dir__ = later(__name__, ["forward_ad", "functional", "graph", "profiler"])


def backward(
    tensors: Tensors,
    grad_tensors: OptionalTensors = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: OptionalTensors = None,
    inputs: Tensors | None = None,
) -> None:
    """Add the gradient of the given tensors to `.grad` of the leaves they were computed from.

    leaf.grad += sum over i of J_i^T v_i, where J_i is the Jacobian of tensors[i] and v_i is grad_tensors[i].

    Args:
        tensors: one tensor or a sequence; a graph.GradientEdge stands for the tensor there, also below.
        grad_tensors: for each, a tensor of its shape, or None for a scalar (then 1).
        retain_graph: keep the graph for another backward. Default: the value of create_graph.
        create_graph: record the gradients, so that they can be differentiated.
        grad_variables: the old name of grad_tensors.
        inputs: add to the `.grad` of these only.

    Raises:
        RuntimeError: a tensor has no graph, or is no scalar and has no grad_tensors, or its graph was freed.

    Example:
        >>> import chainrule as cr
        >>> x = cr.tensor([1.0, 2.0], requires_grad=True)
        >>> cr.autograd.backward([(x * x).sum()])
        >>> x.grad
        tensor([2., 4.])

    Source: PyTorch, torch.autograd.backward.
    """
    if grad_variables is not None:
        if grad_tensors is not None:
            raise RuntimeError("backward: grad_variables is the old name of grad_tensors, got both. Pass grad_tensors.")
        grad_tensors = grad_variables
    outputs = _as_list(tensors)
    if retain_graph is None:
        retain_graph = create_graph
    wanted = None if inputs is None else _as_list(inputs)
    if wanted == []:
        raise RuntimeError("backward: inputs must name at least one tensor, got an empty sequence.")
    _core.backward(outputs, _grads_for(outputs, grad_tensors, "backward"), retain_graph, create_graph, wanted)


def grad(
    outputs: Tensors,
    inputs: Tensors,
    grad_outputs: OptionalTensors = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor, ...]:
    """Return the gradient of the sum of outputs with respect to inputs; no `.grad` changes.

    Args:
        outputs: one tensor or a sequence; a graph.GradientEdge stands for the tensor there, also below.
        inputs: one tensor or a sequence; leaves or values inside the graph.
        grad_outputs: for each output, a tensor of its shape, or None for a scalar (then 1).
        retain_graph: keep the graph for another backward. Default: the value of create_graph.
        create_graph: record the gradients, so that they can be differentiated.
        only_inputs: must be True, as in PyTorch.
        allow_unused: give None for an input that the outputs do not depend on, rather than an error.
        is_grads_batched: the first axis of each grad_outputs numbers independent vectors; results are stacked.
        materialize_grads: give zeros for an input that the outputs do not depend on.

    Returns:
        One gradient per input, with the input's shape.

    Example:
        >>> import chainrule as cr
        >>> x = cr.tensor(3.0, requires_grad=True)
        >>> (g,) = cr.autograd.grad(x**3, x, create_graph=True)
        >>> cr.autograd.grad(g, x)
        (tensor(18.),)

    Source: PyTorch, torch.autograd.grad.
    """
    if not only_inputs:
        raise ValueError("grad: only_inputs must be True. Use backward() to add to the .grad of leaves.")
    if materialize_grads and allow_unused is False:
        raise ValueError("grad: materialize_grads=True needs allow_unused True or None, got False.")
    outs, ins = _as_list(outputs), _as_list(inputs)
    if retain_graph is None:
        retain_graph = create_graph
    if allow_unused is None:
        allow_unused = materialize_grads
    flags = (create_graph, allow_unused, materialize_grads)
    sparse = {i: x for i, x in enumerate(ins) if getattr(x, "is_sparse", False)}
    if sparse:
        ins = [x._values() if i in sparse else x for i, x in enumerate(ins)]
        found = grad(outs, ins, grad_outputs, retain_graph, create_graph, True, allow_unused, is_grads_batched)
        return tuple(g if g is None or i not in sparse else sparse[i]._gradient(g) for i, g in enumerate(found))
    if is_grads_batched:
        return _grad_batched(outs, ins, grad_outputs, retain_graph, flags)
    return _core.grad(outs, ins, _grads_for(outs, grad_outputs, "grad"), retain_graph, *flags, True)


def _grad_batched(outs: list[Any], ins: list[Any], grad_outputs: Any, retain: bool, flags: tuple[Any, ...]) -> Any:
    """One walk per row of grad_outputs, the results stacked."""
    rows = _grads_for(outs, grad_outputs, "grad")
    batches = [len(row) for row in rows if row is not None]
    if not batches:
        raise ValueError("grad: is_grads_batched=True needs grad_outputs.")
    picked = []
    for i in range(batches[0]):
        vectors = [None if row is None else row[i] for row in rows]
        picked.append(_core.grad(outs, ins, vectors, retain or i + 1 < batches[0], *flags))
    return tuple(None if column[0] is None else _core.stack(column) for column in zip(*picked, strict=True))


def _as_list(tensors: Any) -> list[Any]:
    single = isinstance(tensors, Tensor) or hasattr(tensors, "ownership_token")  # a tensor or a graph.GradientEdge
    return [tensors] if single else list(tensors)


def _grads_for(outputs: list[Any], grads: Any, op: str) -> list[Any]:
    """One entry per output."""
    if grads is None:
        return [None] * len(outputs)
    grads = _as_list(grads)
    if len(grads) != len(outputs):
        raise RuntimeError(f"{op}: one gradient per output is required, got {len(grads)} for {len(outputs)} outputs.")
    return grads
