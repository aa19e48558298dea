"""Multi-head attention as a layer."""

from __future__ import annotations

from typing import Any

from ... import _core
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .linear import Linear
from .module import Module


class MultiheadAttention(Module):
    """concat(head_1, ..., head_h) W_out^T + b_out, head_k = softmax(Q_k K_k^T / sqrt(E / h) + mask) V_k.

    Q, K and V are projections of query, key and value, cut into h heads. Initial values: the projections Xavier
    uniform, the biases 0, the output weight as Linear's.

    Args:
        embed_dim, num_heads: E and h; h divides E.
        dropout: in training, the probability of dropout on the attention weights.
        bias: False leaves the biases of the projections out.
        add_bias_kv: learn one more key and value, bias_k and bias_v.
        add_zero_attn: add one more key and value of zeros.
        kdim, vdim: sizes of key and value where they are not E; then q_proj_weight, k_proj_weight and v_proj_weight
            stand in place of in_proj_weight.
        batch_first: query, key, value and output are [N, L, E].

    Shapes: query [L, N, E] or [L, E]; key [S, N, kdim], value [S, N, vdim]; in_proj_weight [3 E, E], bias [3 E].

    Example:
        >>> import chainrule as cr
        >>> layer = cr.nn.MultiheadAttention(8, 2, batch_first=True)
        >>> x = cr.ones(4, 5, 8)
        >>> output, weights = layer(x, x, x)
        >>> output.shape, weights.shape
        (chainrule.Size([4, 5, 8]), chainrule.Size([4, 5, 5]))

    Source: Vaswani et al., "Attention is all you need", 2017. PyTorch, torch.nn.MultiheadAttention.
    """

    in_proj_weight: Any
    in_proj_bias: Any
    q_proj_weight: Any
    k_proj_weight: Any
    v_proj_weight: Any
    bias_k: Any
    bias_v: Any

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if embed_dim <= 0 or num_heads <= 0 or embed_dim % num_heads:
            raise ValueError(
                f"MultiheadAttention: embed_dim must be a positive multiple of num_heads, got {embed_dim} and "
                f"{num_heads}."
            )
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        self.add_zero_attn = add_zero_attn
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim

        def parameter(*shape: int) -> Parameter:
            return Parameter(_core.empty(shape, device=device, dtype=dtype))

        for name, size in (("q", embed_dim), ("k", self.kdim), ("v", self.vdim)):
            weight = None if self._qkv_same_embed_dim else parameter(embed_dim, size)
            self.register_parameter(f"{name}_proj_weight", weight)
        whole = parameter(3 * embed_dim, embed_dim) if self._qkv_same_embed_dim else None
        self.register_parameter("in_proj_weight", whole)
        self.register_parameter("in_proj_bias", parameter(3 * embed_dim) if bias else None)
        self.out_proj = Linear(embed_dim, embed_dim, bias=bias, device=device, dtype=dtype)
        for name in ("bias_k", "bias_v"):
            self.register_parameter(name, parameter(1, 1, embed_dim) if add_bias_kv else None)
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        """Draw the initial values again, but for out_proj.weight."""
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        for vector in (self.bias_k, self.bias_v):
            if vector is not None:
                init.xavier_normal_(vector)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:
        """Attention from query to key and value.

        Args:
            key_padding_mask: [N, S] or [S]; bool, True for keys to leave out, or numbers to add.
            need_weights: return the attention weights too.
            attn_mask: [L, S] or [N * h, L, S]; bool, True where a query may NOT look, or numbers to add.
            average_attn_weights: return the mean of the weights over the heads [N, L, S], not [N, h, L, S].
            is_causal: says that attn_mask is the causal one, which must be given.

        Returns:
            output, and the weights or None. A query that may look at nothing has weights of 0.
        """
        swap = self.batch_first and query.dim() == 3
        if swap:
            query, key, value = _swap_together(query, key, value)
        output, weights = F.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return (output.transpose(0, 1) if swap else output), weights


def _swap_together(query: Any, key: Any, value: Any) -> tuple[Any, Any, Any]:
    """Batch and length exchanged; what was one tensor stays one, so that it is projected at once."""
    swapped_key = key.transpose(0, 1)
    swapped_query = swapped_key if query is key else query.transpose(0, 1)
    return swapped_query, swapped_key, swapped_key if value is key else value.transpose(0, 1)
