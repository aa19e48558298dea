"""Softmax over very many classes, by clusters of rare ones."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from ... import _core
from .. import functional as F
from .container import ModuleList, Sequential
from .linear import Linear
from .module import Module


class ASMoutput(NamedTuple):
    """What AdaptiveLogSoftmaxWithLoss gives: log-probabilities of the targets [N], and their negative mean."""

    output: Any
    loss: Any


class AdaptiveLogSoftmaxWithLoss(Module):
    """Log-softmax over classes that are sorted by frequency: the frequent ones first, rare ones by clusters.

    Args:
        in_features: F.
        n_classes: how many.
        cutoffs: where the clusters begin, rising, below n_classes.
        div_value: cluster k works in F / div_value^k features.
        head_bias: whether the head, frequent classes and clusters, has a bias.

    Shapes: input [N, F] or [F], target [N] or []; output [N] and a loss [].

    Example:
        >>> import chainrule as cr
        >>> model = cr.nn.AdaptiveLogSoftmaxWithLoss(8, 100, cutoffs=[10, 50])
        >>> output, loss = model(cr.ones(3, 8), cr.tensor([1, 20, 99]))
        >>> output.shape, model.log_prob(cr.ones(3, 8)).shape
        (chainrule.Size([3]), chainrule.Size([3, 100]))

    Source: Grave et al., "Efficient softmax approximation for GPUs", 2016; PyTorch,
    torch.nn.AdaptiveLogSoftmaxWithLoss.
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        limits = list(cutoffs)
        rising = all(a < b for a, b in pairwise(limits))
        if not limits or not rising or limits[0] <= 0 or limits[-1] > n_classes - 1 or any(int(c) != c for c in limits):
            raise ValueError(
                f"AdaptiveLogSoftmaxWithLoss: cutoffs must be whole numbers that rise, from 1 up and below n_classes = "
                f"{n_classes}, got {limits}."
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*limits, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = limits[0]
        self.n_clusters = len(limits)
        self.head_size = self.shortlist_size + self.n_clusters
        options = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, bias=head_bias, **options)
        self.tail = ModuleList()
        for k in range(self.n_clusters):
            width, size = int(in_features // (div_value ** (k + 1))), self.cutoffs[k + 1] - self.cutoffs[k]
            first = Linear(in_features, width, bias=False, **options)
            self.tail.append(Sequential(first, Linear(width, size, bias=False, **options)))

    def reset_parameters(self) -> None:
        """Draw the initial values again."""
        self.head.reset_parameters()
        for first, second in self.tail:
            first.reset_parameters()
            second.reset_parameters()

    def forward(self, input: Any, target: Any) -> ASMoutput:
        single = target.dim() == 0
        if target.dim() > 1 or input.dim() != target.dim() + 1 or (not single and len(input) != len(target)):
            raise RuntimeError(
                f"AdaptiveLogSoftmaxWithLoss: the input must be (N, {self.in_features}) for targets (N,), or "
                f"({self.in_features},) for one target (), got {tuple(input.shape)} and {tuple(target.shape)}."
            )
        x, y = (input.unsqueeze(0), target.unsqueeze(0)) if single else (input, target)
        low, high = (int(y.min()), int(y.max())) if len(y) else (0, 0)
        if low < 0 or high >= self.n_classes:
            raise RuntimeError(
                f"AdaptiveLogSoftmaxWithLoss: targets must lie within 0 and {self.n_classes - 1}, got {low} to {high}."
            )
        head = F.log_softmax(self.head(x), 1)
        output = head.gather(1, y.clamp(max=self.shortlist_size - 1).unsqueeze(1)).squeeze(1)
        for k in range(self.n_clusters):
            inside = (y >= self.cutoffs[k]) & (y < self.cutoffs[k + 1])
            rows = inside.nonzero().squeeze(1)
            if not len(rows):
                continue
            part = F.log_softmax(self.tail[k](x.index_select(0, rows)), 1)
            label = (y.index_select(0, rows) - self.cutoffs[k]).unsqueeze(1)
            cluster = head.index_select(0, rows)[:, self.shortlist_size + k]
            output = output.index_copy(0, rows, cluster + part.gather(1, label).squeeze(1))
        loss = (-output).mean()
        return ASMoutput(output.squeeze(0) if single else output, loss)

    def log_prob(self, input: Any) -> Any:
        """Log-probabilities of all classes: [N, n_classes]."""
        head = F.log_softmax(self.head(input), 1)
        parts = [head[:, : self.shortlist_size]]
        for k in range(self.n_clusters):
            at = self.shortlist_size + k
            parts.append(F.log_softmax(self.tail[k](input), 1) + head[:, at : at + 1])
        return _core.cat(parts, 1)

    def predict(self, input: Any) -> Any:
        """The most probable class of each sample: [N]."""
        return self.log_prob(input).argmax(1)
