"""Embedding, and EmbeddingBag."""

from __future__ import annotations

from typing import Any

from ... import _core
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module


class _Table(Module):
    """What both share: num_embeddings rows of embedding_dim numbers."""

    num_embeddings: int
    embedding_dim: int
    padding_idx: int | None
    weight: Any

    def _row(self, padding_idx: int | None) -> int | None:
        """The number of a row that may be counted from the end."""
        rows = self.num_embeddings
        if padding_idx is not None and not -rows <= padding_idx < rows:
            raise ValueError(f"{type(self).__name__}: padding_idx must be within {rows} rows, got {padding_idx}.")
        return None if padding_idx is None else padding_idx % rows

    def _check_weight(self, weight: Any) -> None:
        shape = (self.num_embeddings, self.embedding_dim)
        if tuple(weight.shape) != shape:
            raise ValueError(f"{type(self).__name__}: the weight must have shape {shape}, got {tuple(weight.shape)}.")

    def reset_parameters(self) -> None:
        """Draw the initial values again."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            init.zeros_(self.weight.detach()[self.padding_idx])


class Embedding(_Table):
    """A table of vectors, looked up by index.

    Args:
        num_embeddings, embedding_dim: rows and columns of the table. Initial values are standard normal.
        padding_idx: a row that stays 0 and gets no gradient.
        scale_grad_by_freq: divide each row's gradient by how often it was looked up.
        sparse: the table's .grad is a sparse tensor of the rows used, for SGD, Adagrad and SparseAdam.

    Shapes: indices [*] (int64 or int32), output [*, embedding_dim].

    Example:
        >>> import chainrule as cr
        >>> cr.nn.Embedding(10, 3)(cr.tensor([[1, 2], [4, 5]])).shape
        chainrule.Size([2, 2, 3])

    Source: PyTorch, torch.nn.Embedding.
    """

    weight: Any

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Any = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = self._row(padding_idx)
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse
        if _weight is not None:
            self._check_weight(_weight)
            self.weight = Parameter(_weight, requires_grad=not _freeze)
        else:
            table = _core.empty((num_embeddings, embedding_dim), device=device, dtype=dtype)
            self.weight = Parameter(table, requires_grad=not _freeze)
            self.reset_parameters()

    def forward(self, input: Any) -> Any:
        return F.embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse
        )

    @classmethod
    def from_pretrained(
        cls, embeddings: Any, freeze: bool = True, padding_idx: int | None = None, **options: Any
    ) -> Any:
        """An Embedding with a given table; frozen unless freeze=False."""
        rows, columns = embeddings.shape
        return cls(rows, columns, padding_idx, _weight=embeddings, _freeze=freeze, **options)

    def extra_repr(self) -> str:
        return _table_repr(self)


class EmbeddingBag(_Table):
    """Sums, means or maxima of rows of a table, bag by bag.

    Args:
        num_embeddings, embedding_dim: rows and columns of the table. Initial values are standard normal.
        max_norm, norm_type: rows that are used are first scaled down to this norm.
        scale_grad_by_freq: divide each row's gradient by how often it was looked up.
        mode: "sum", "mean" or "max".
        sparse: the table's .grad is a sparse tensor of the rows used, for SGD, Adagrad and SparseAdam.
        include_last_offset: offsets has one number more, the end of the last bag.
        padding_idx: a row that stays 0 and does not count.

    Shapes: input [B, N], a bag each row, or [N] with offsets [B]; output [B, embedding_dim].

    Example:
        >>> import chainrule as cr
        >>> bags = cr.nn.EmbeddingBag(10, 3, mode="sum")
        >>> bags(cr.tensor([1, 2, 4, 5]), cr.tensor([0, 3])).shape
        chainrule.Size([2, 3])

    Source: PyTorch, torch.nn.EmbeddingBag.
    """

    weight: Any

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Any = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.mode = mode
        self.sparse = sparse
        self.include_last_offset = include_last_offset
        self.padding_idx = self._row(padding_idx)
        if _weight is not None:
            self._check_weight(_weight)
            self.weight = Parameter(_weight)
        else:
            self.weight = Parameter(_core.empty((num_embeddings, embedding_dim), device=device, dtype=dtype))
            self.reset_parameters()

    def forward(self, input: Any, offsets: Any = None, per_sample_weights: Any = None) -> Any:
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            self.sparse,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    @classmethod
    def from_pretrained(cls, embeddings: Any, freeze: bool = True, **options: Any) -> Any:
        """An EmbeddingBag with a given table; frozen unless freeze=False."""
        rows, columns = embeddings.shape
        bags = cls(rows, columns, _weight=embeddings, **options)
        bags.weight.requires_grad = not freeze
        return bags

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{_table_repr(self)}, mode={self.mode!r}{padding}"


def _table_repr(module: Any) -> str:
    text = f"{module.num_embeddings}, {module.embedding_dim}"
    defaults = {"max_norm": None, "norm_type": 2.0, "scale_grad_by_freq": False, "sparse": False}
    if module.padding_idx is not None and isinstance(module, Embedding):
        text += f", padding_idx={module.padding_idx}"
    for name, default in defaults.items():
        if getattr(module, name) != default:
            text += f", {name}={getattr(module, name)}"
    return text
