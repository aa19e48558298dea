"""Gradients against central differences: gradcheck, and gradgradcheck for second derivatives."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import _core

Tensor = _core.Tensor


class Compared(NamedTuple):
    """One element of a Jacobian: d output[y] / d input[x]."""

    output: int
    input: int
    x: tuple[int, ...]
    y: tuple[int, ...]
    numerical: float
    analytical: float

    @property
    def error(self) -> float:
        return abs(self.numerical - self.analytical)

    @property
    def relative(self) -> float:
        """The error relative to the larger of both."""
        scale = max(abs(self.numerical), abs(self.analytical))
        return self.error / scale if scale else self.error


class GradcheckReport:
    """All elements that gradcheck has compared, as a table: the worst first. True if all agree."""

    SHOWN = 25

    def __init__(self, rows: list[Compared], atol: float, rtol: float) -> None:
        self.atol, self.rtol = atol, rtol
        self.rows = sorted(rows, key=lambda row: (self.agrees(row), -np.nan_to_num(row.relative, nan=np.inf)))

    def agrees(self, row: Compared) -> bool:
        if np.isnan(row.numerical) or np.isnan(row.analytical):
            return bool(np.isnan(row.numerical) and np.isnan(row.analytical))
        return row.error <= self.atol + self.rtol * abs(row.numerical)

    def __bool__(self) -> bool:
        return all(self.agrees(row) for row in self.rows)

    @property
    def max_relative_error(self) -> float:
        return max((row.relative for row in self.rows), default=0.0)

    def __repr__(self) -> str:
        head = f"{'output':<14}{'input':<14}{'numerical':>16}{'analytical':>16}{'difference':>12}{'relative':>11}"
        lines = [head, "-" * len(head)]
        for row in self.rows[: self.SHOWN]:
            place = f"{row.output}{list(row.y) if row.y else ''}", f"{row.input}{list(row.x) if row.x else ''}"
            lines.append(
                f"{place[0]:<14}{place[1]:<14}{row.numerical + 0.0:>16.8g}{row.analytical + 0.0:>16.8g}"
                f"{row.error:>12.2e}{row.relative:>11.2e}{'' if self.agrees(row) else '  <- differs'}"
            )
        if len(self.rows) > self.SHOWN:
            lines.append(f"... and {len(self.rows) - self.SHOWN:,} more that agree no worse")
        bad = sum(not self.agrees(row) for row in self.rows)
        verdict = "all agree" if not bad else f"{bad:,} of {len(self.rows):,} differ"
        lines.append(f"{len(self.rows):,} elements: {verdict}; largest relative error {self.max_relative_error:.2e}")
        return "\n".join(lines)


class GradcheckError(RuntimeError):
    """The analytical gradient differs from the numerical one, or backward misbehaves."""


def gradcheck(
    func: Callable[..., Tensor | Sequence[Tensor]],
    inputs: Tensor | Sequence[Any],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
    report: bool = False,
) -> Any:
    """Check the gradients of func at inputs against central differences.

    (func(x + eps) - func(x - eps)) / (2 eps), element by element, must be within atol + rtol * |numerical| of what
    backward gives. fast_mode compares one random projection of the Jacobian, u^T J v, instead of all of it.

    Args:
        func: takes the inputs, returns a tensor or a sequence of tensors. It must be deterministic and smooth here.
        inputs: tensors and other values; those that require a gradient are checked. Use float64.
        eps: the step of the differences.
        atol, rtol: absolute and relative tolerance.
        raise_exception: False returns False instead of raising.
        nondet_tol: how far two runs of backward may differ.
        check_undefined_grad: also check that a zero gradient of the output gives zero gradients of the inputs.
        check_grad_dtypes: the gradient must have the input's dtype.
        check_batched_grad: also check grad(..., is_grads_batched=True) against one vector at a time.
        check_forward_ad: also compare the tangents of autograd.forward_ad with the gradients, along a random direction.
        check_batched_forward_grad: not available.
        check_backward_ad: must be True.
        fast_mode: compare a random projection only.
        masked: accepted for PyTorch's sake; there are no sparse tensors here.
        report: give a table of all elements, numerical against analytical, instead of True or an error. It is true
            where all agree. Only that comparison is made: fast_mode, nondet_tol and the other checks don't apply. An
            output that changes without requiring a gradient is an error as without report.

    Returns:
        True, or False where raise_exception is False; with report, a GradcheckReport.

    Raises:
        GradcheckError: (a RuntimeError) with both Jacobians.
        ValueError: no input requires a gradient.

    Example:
        >>> import chainrule as cr
        >>> x = cr.tensor([0.5, -1.0], dtype=cr.float64, requires_grad=True)
        >>> cr.autograd.gradcheck(cr.sigmoid, (x,))
        True

    Source: PyTorch, torch.autograd.gradcheck.
    """
    if check_batched_forward_grad:
        raise NotImplementedError("gradcheck: check_batched_forward_grad is not available. Leave it False.")
    if not check_backward_ad:
        raise ValueError("gradcheck: check_backward_ad must be True, nothing else is available.")
    args = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    wanted = _checked_inputs(args)
    values = _floating(func(*args))
    outputs = [y for y in values if y.requires_grad]
    if report and outputs:
        return _reported(func, args, wanted, outputs, [y.requires_grad for y in values], eps, atol, rtol)
    try:
        if not outputs:
            _check_constant(func, args, wanted, eps, atol)
            return GradcheckReport([], atol, rtol) if report else True
        check = _check_projection if fast_mode else _check_jacobians
        check(func, args, wanted, outputs, eps, atol, rtol, nondet_tol)
        _check_gradients(outputs, wanted, check_undefined_grad, check_grad_dtypes)
        if check_batched_grad:
            _check_batched(outputs, wanted)
        if check_forward_ad:
            _check_tangents(func, args, wanted, outputs, atol, rtol)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _reported(
    func: Callable[..., Any],
    args: tuple[Any, ...],
    wanted: list[Any],
    outputs: list[Any],
    keep: list[bool],
    eps: float,
    atol: float,
    rtol: float,
) -> GradcheckReport:
    rows = []
    numerical = [_numerical_jacobian(func, args, x, eps) for x in wanted]
    for i, output in enumerate(outputs):
        for j, (x, analytical) in enumerate(zip(wanted, _analytical_jacobian(output, wanted), strict=True)):
            known = [m for m, kept in zip(numerical[j], keep, strict=True) if kept][i]
            for k, from_x in enumerate(np.ndindex(tuple(x.shape))):
                for m, to_y in enumerate(np.ndindex(tuple(output.shape))):
                    rows.append(Compared(i, j, from_x, to_y, float(known[k, m]), float(analytical[k, m])))
    return GradcheckReport(rows, atol, rtol)


def gradgradcheck(
    func: Callable[..., Tensor | Sequence[Tensor]],
    inputs: Tensor | Sequence[Any],
    grad_outputs: Tensor | Sequence[Tensor] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Check second derivatives: gradcheck of the gradient of func with respect to inputs and grad_outputs.

    Args:
        func, inputs and the options: as in gradcheck.
        grad_outputs: the gradients of the outputs; drawn at random if None.
        gen_non_contig_grad_outputs: make those drawn at random non-contiguous.

    Returns:
        True, or False where raise_exception is False.

    Raises:
        GradcheckError, ValueError: as in gradcheck.

    Example:
        >>> import chainrule as cr
        >>> x = cr.tensor([0.5, -1.0], dtype=cr.float64, requires_grad=True)
        >>> cr.autograd.gradgradcheck(cr.sigmoid, (x,))
        True

    Source: PyTorch, torch.autograd.gradgradcheck.
    """
    if check_fwd_over_rev or not check_rev_over_rev:
        raise NotImplementedError("gradgradcheck: only check_rev_over_rev is available.")
    args = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    if grad_outputs is None:
        vectors = _random_grads(_differentiable(func(*args)), gen_non_contig_grad_outputs)
    else:
        vectors = (grad_outputs,) if isinstance(grad_outputs, Tensor) else tuple(grad_outputs)
    count = len(vectors)

    def gradient(*everything: Any) -> tuple[Tensor, ...]:
        values, grads = everything[: len(everything) - count], everything[len(everything) - count :]
        wanted = [x for x in values if isinstance(x, Tensor) and x.requires_grad]
        outputs = _differentiable(func(*values))
        result = _core.grad(outputs, wanted, list(grads), True, True, True, False)
        return tuple(g for g in result if g is not None)

    return gradcheck(
        gradient,
        args + tuple(vectors),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        fast_mode=fast_mode,
        masked=masked,
    )


def _checked_inputs(args: tuple[Any, ...]) -> list[Any]:
    """The inputs that require a gradient, after a look at each."""
    wanted = [x for x in args if isinstance(x, Tensor) and x.requires_grad]
    if not wanted:
        raise ValueError("gradcheck: at least one input must require a gradient, got none with requires_grad=True.")
    for index, x in enumerate(args):
        if not (isinstance(x, Tensor) and x.requires_grad):
            continue
        if x.element_size() < 4:
            raise TypeError(
                f"gradcheck: input {index} requires a gradient and is {x.dtype}, in which a small step is lost. "
                "Convert it with .double()."
            )
        if x.dtype != _core.float64:
            warnings.warn(
                f"gradcheck: input {index} requires a gradient and is {x.dtype}, not float64. "
                "The check will likely fail for lack of precision.",
                stacklevel=3,
            )
        if any(stride == 0 and size > 1 for stride, size in zip(x.stride(), x.shape, strict=True)):
            raise RuntimeError(
                f"gradcheck: inputs must not overlap in memory, got input {index} with strides {tuple(x.stride())} "
                f"for shape {tuple(x.shape)}. Call contiguous() on it first."
            )
    return wanted


def _differentiable(outputs: Any) -> list[Any]:
    outputs = (outputs,) if isinstance(outputs, Tensor) else outputs
    return [y for y in outputs if isinstance(y, Tensor) and y.requires_grad]


def _values(outputs: Any) -> list[np.ndarray]:
    """The numbers of all floating-point outputs, flat; copied, for func may return its input."""
    outputs = (outputs,) if isinstance(outputs, Tensor) else outputs
    tensors = [y for y in outputs if isinstance(y, Tensor) and y.is_floating_point()]
    return [np.array(y.detach().double().numpy()).reshape(-1) for y in tensors]


def _numerical_jacobian(func: Callable[..., Any], args: tuple[Any, ...], x: Any, eps: float) -> list[np.ndarray]:
    """For each output, the matrix [elements of x, elements of the output], by central differences."""
    memory = x.detach().numpy()  # shares x's memory, whatever its strides
    rows: list[list[np.ndarray]] = []
    for index in np.ndindex(memory.shape):
        original = memory[index]
        memory[index] = original + eps
        above = _values(func(*args))
        memory[index] = original - eps
        below = _values(func(*args))
        memory[index] = original
        rows.append([(a - b) / (2 * eps) for a, b in zip(above, below, strict=True)])
    if not rows:
        return [np.zeros((0, y.size)) for y in _values(func(*args))]
    return [np.stack(column) for column in zip(*rows, strict=True)]


def _analytical_jacobian(output: Any, wanted: list[Any]) -> list[np.ndarray]:
    """For each input, the matrix [elements of the input, elements of output], one walk back per column."""
    jacobians = [np.zeros((x.numel(), output.numel())) for x in wanted]
    one_hot = np.zeros(tuple(output.shape), dtype=np.float64)
    for column, index in enumerate(np.ndindex(one_hot.shape)):
        one_hot[index] = 1
        grads = _walk(output, wanted, one_hot)
        one_hot[index] = 0
        for jacobian, grad in zip(jacobians, grads, strict=True):
            if grad is not None:
                jacobian[:, column] = grad.detach().numpy().reshape(-1)
    return jacobians


def _check_tangents(
    func: Callable[..., Any], args: tuple[Any, ...], wanted: list[Any], outputs: list[Any], atol: float, rtol: float
) -> None:
    """u . (J v) by dual tensors against (u^T J) . v by walks back."""
    from .forward_ad import dual_level, make_dual, unpack_dual

    rng = np.random.default_rng(0)
    directions = {id(x): _core.tensor(rng.standard_normal(tuple(x.shape)), dtype=x.dtype) for x in wanted}
    with dual_level():
        duals = [make_dual(x, directions[id(x)]) if id(x) in directions else x for x in args]
        tangents = [unpack_dual(y).tangent for y in _differentiable(func(*duals))]
    for i, (output, tangent) in enumerate(zip(outputs, tangents, strict=True)):
        vector = rng.standard_normal(tuple(output.shape))
        grads = _walk(output, wanted, vector)
        expected = sum(float((g * directions[id(x)]).sum()) for x, g in zip(wanted, grads) if g is not None)
        got = 0.0 if tangent is None else float((tangent.detach().double().numpy() * vector).sum())
        if not abs(got - expected) <= atol + rtol * abs(expected):
            raise GradcheckError(
                f"gradcheck: the tangent of output {i} does not agree with its gradients: along a random direction it "
                f"is {got}, by backward {expected}."
            )


def _walk(output: Any, wanted: list[Any], vector: np.ndarray) -> Sequence[Any]:
    grad_output = _core.tensor(vector, dtype=output.dtype)
    return _core.grad([output], wanted, [grad_output], True, False, True, False)


def _floating(outputs: Any) -> list[Any]:
    outputs = (outputs,) if isinstance(outputs, Tensor) else outputs
    return [y for y in outputs if isinstance(y, Tensor) and y.is_floating_point()]


def _check_jacobians(
    func: Callable[..., Any],
    args: tuple[Any, ...],
    wanted: list[Any],
    outputs: list[Any],
    eps: float,
    atol: float,
    rtol: float,
    nondet_tol: float,
) -> None:
    keep = [y.requires_grad for y in _floating(func(*args))]
    numerical = [_numerical_jacobian(func, args, x, eps) for x in wanted]
    for i, output in enumerate(outputs):
        analytical = _analytical_jacobian(output, wanted)
        again = _analytical_jacobian(output, wanted)
        for j, (a, b) in enumerate(zip(analytical, again, strict=True)):
            if a.size and np.abs(a - b).max() > nondet_tol:
                raise GradcheckError(
                    f"gradcheck: backward is not deterministic: two runs with the same input differ by "
                    f"{np.abs(a - b).max():.3g} for output {i} and input {j}, tolerance {nondet_tol}."
                )
            n = [m for m, kept in zip(numerical[j], keep, strict=True) if kept][i]
            if not np.allclose(a, n, rtol=rtol, atol=atol, equal_nan=True):
                raise GradcheckError(_mismatch(i, j, n, a))


def _mismatch(i: int, j: int, numerical: np.ndarray, analytical: np.ndarray) -> str:
    difference = np.abs(analytical - numerical)
    worst = tuple(int(k) for k in np.unravel_index(int(np.nanargmax(difference)), difference.shape))
    return (
        f"gradcheck: Jacobian mismatch for output {i} with respect to input {j}: largest difference "
        f"{np.nanmax(difference):.6g} at [input element, output element] = {worst},\n"
        f"numerical:\n{numerical}\nanalytical:\n{analytical}"
    )


def _check_projection(
    func: Callable[..., Any],
    args: tuple[Any, ...],
    wanted: list[Any],
    outputs: list[Any],
    eps: float,
    atol: float,
    rtol: float,
    nondet_tol: float,
) -> None:
    """Compare v^T J u for one random u per input and one random v per output: two runs of func per input."""
    rng = np.random.default_rng(0)
    keep = [y.requires_grad for y in _floating(func(*args))]
    vectors = [rng.random(tuple(y.shape)) for y in outputs]
    analytical = [_walk(y, wanted, v) for y, v in zip(outputs, vectors, strict=True)]
    for j, x in enumerate(wanted):
        direction = rng.random(tuple(x.shape))
        direction /= max(float(np.linalg.norm(direction)), 1e-30)
        memory = x.detach().numpy()
        original = memory.copy()
        memory[...] = original + eps * direction
        above = _values(func(*args))
        memory[...] = original - eps * direction
        below = _values(func(*args))
        memory[...] = original
        slopes = [(a - b) / (2 * eps) for a, b, kept in zip(above, below, keep, strict=True) if kept]
        for i, slope in enumerate(slopes):
            n = float(vectors[i].reshape(-1) @ slope)
            grad = analytical[i][j]
            a = 0.0 if grad is None else float((grad.detach().numpy() * direction).sum())
            # A projection sums many elements, so its tolerance grows with the length of v.
            if not np.allclose(a, n, rtol=rtol, atol=atol * max(1.0, float(np.abs(vectors[i]).sum())), equal_nan=True):
                raise GradcheckError(
                    f"gradcheck: projected gradient mismatch for output {i} with respect to input {j}: "
                    f"numerical {n:.10g}, analytical {a:.10g}. fast_mode=False shows the whole Jacobian."
                )


def _check_constant(
    func: Callable[..., Any], args: tuple[Any, ...], wanted: list[Any], eps: float, atol: float
) -> None:
    """No output requires a gradient: then the function must not depend on the inputs."""
    for j, x in enumerate(wanted):
        for i, jacobian in enumerate(_numerical_jacobian(func, args, x, eps)):
            if jacobian.size and np.abs(jacobian).max() > atol:
                raise GradcheckError(
                    f"gradcheck: numerical gradient should be zero: output {i} does not require a gradient, but "
                    f"it changes with input {j} by up to {np.abs(jacobian).max():.3g}."
                )


def _check_gradients(outputs: list[Any], wanted: list[Any], check_zero: bool, check_dtypes: bool) -> None:
    """Shape and dtype of each gradient; zeros in must give zeros out."""
    for output in outputs:
        zero = np.zeros(tuple(output.shape))
        for j, (x, grad) in enumerate(zip(wanted, _walk(output, wanted, zero), strict=True)):
            if grad is None:
                continue
            if tuple(grad.shape) != tuple(x.shape):
                raise GradcheckError(
                    f"gradcheck: the gradient of input {j} must have its shape {tuple(x.shape)}, "
                    f"got {tuple(grad.shape)}."
                )
            if check_dtypes and grad.dtype != x.dtype:
                raise GradcheckError(f"gradcheck: input {j} is {x.dtype}, its gradient is {grad.dtype}.")
            if check_zero and not bool((grad == 0).all()):
                raise GradcheckError(
                    "gradcheck: backward is not multiplied by grad_output: zeros gave other than zeros."
                )


def _check_batched(outputs: list[Any], wanted: list[Any]) -> None:
    from . import grad

    for output in outputs:
        rows = _core.stack([_core.ones_like(output) * k for k in (1.0, -2.0)]).detach()
        both = grad(output, wanted, rows, retain_graph=True, allow_unused=True, is_grads_batched=True)
        for k in range(2):
            single = grad(output, wanted, rows[k], retain_graph=True, allow_unused=True)
            for a, b in zip(both, single, strict=True):
                if b is not None and not np.allclose(a[k].detach().numpy(), b.detach().numpy()):
                    raise GradcheckError("gradcheck: batched gradients differ from those of one vector at a time.")


def _random_grads(outputs: list[Any], strided: bool) -> tuple[Any, ...]:
    """One random gradient per output, from a generator of its own: the library's stream does not move."""
    rng = np.random.default_rng(0)
    grads = []
    for y in outputs:
        dtype = y.dtype if y.dtype == _core.float32 else _core.float64
        shape = tuple(y.shape)
        if strided and shape:  # every second element of a row twice as long
            wide = _core.tensor(rng.standard_normal((*shape, 2)), dtype=dtype)
            grad = wide.select(-1, 0)
        else:
            grad = _core.tensor(rng.standard_normal(shape), dtype=dtype)
        grads.append(grad.detach().requires_grad_())
    return tuple(grads)
