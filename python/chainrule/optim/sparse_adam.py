"""SparseAdam."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .. import _core
from ..autograd import no_grad
from .optimizer import Optimizer, check_options, run_closure


class SparseAdam(Optimizer):
    """Adam that moves only the rows that have a gradient: for embeddings, of which a batch uses few.

    m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2,  p = p - lr sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + eps)

    in the rows that have a gradient; in the others nothing changes, m and v included. These are the entries of a sparse
    gradient, that of Embedding(sparse=True). PyTorch takes no others; here of a dense gradient those rows (along the
    first axis) count that are not zero throughout.

    Args:
        params: parameters, or dicts of groups.
        lr: learning rate.
        betas, eps: as in the formula.
        maximize: go up instead of down.

    Example:
        >>> import chainrule as cr
        >>> table = cr.nn.Embedding(3, 1, _weight=cr.zeros(3, 1), sparse=True)
        >>> optimizer = cr.optim.SparseAdam(table.parameters(), lr=0.1)
        >>> table(cr.tensor([1])).sum().backward()
        >>> optimizer.step()
        >>> table.weight.detach().reshape(-1)
        tensor([ 0.0000, -0.1000,  0.0000])

    Source: PyTorch, torch.optim.SparseAdam; Kingma and Ba, "Adam", 2014.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:
        check_options("SparseAdam", lr=lr, eps=eps)
        for beta in betas:
            if not 0.0 <= beta < 1.0:
                raise ValueError(f"SparseAdam: betas must be in [0, 1), got {tuple(betas)}.")
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize})

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters. closure, if given, computes the loss anew, calls backward and returns it."""
        loss = None if closure is None else run_closure(closure)
        with no_grad():
            for group in self.param_groups:
                for param in group["params"]:
                    if param.grad is not None:
                        self._update(param, group)
        return loss

    def _update(self, param: Any, group: dict[str, Any]) -> None:
        state, grad = self.state[param], param.grad
        if not state:
            state.update(step=0, exp_avg=_core.zeros_like(param), exp_avg_sq=_core.zeros_like(param))
        state["step"] += 1
        if grad.is_sparse:
            entries = grad.coalesce()
            rows, g = tuple(entries.indices()), entries.values()
        else:
            used = grad != 0
            rows = (used.reshape(used.shape[0], -1).any(1) if used.dim() > 1 else used).nonzero(as_tuple=True)
            g = grad[rows]
        g = -g if group["maximize"] else g
        b1, b2 = group["betas"]
        m = state["exp_avg"][rows].lerp(g, 1 - b1)
        v = state["exp_avg_sq"][rows].lerp(g * g, 1 - b2)
        state["exp_avg"][rows] = m
        state["exp_avg_sq"][rows] = v
        size = group["lr"] * (1 - b2 ** state["step"]) ** 0.5 / (1 - b1 ** state["step"])
        param[rows] -= size * (m / (v.sqrt() + group["eps"]))
