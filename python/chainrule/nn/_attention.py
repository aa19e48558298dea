"""Attention as functions: scaled_dot_product_attention and multi_head_attention_forward."""

from __future__ import annotations

import math
from typing import Any

from .. import _core

Tensor = _core.Tensor
_nn = _core._nn


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(Q K^T scale + mask) V. A query that may look at no key gives zeros, with zero gradients.

    Args:
        query: [..., H, L, E].
        key: [..., H, S, E].
        value: [..., H, S, E_v].
        attn_mask: broadcastable to [..., H, L, S]; bool, True where a query may look, or numbers to add.
        dropout_p: probability of dropout on the weights, also in eval: pass 0.0 there.
        is_causal: query i looks at keys 0 to i. Not together with attn_mask.
        scale: 1 / sqrt(E) where left out.
        enable_gqa: key and value may have fewer heads, a divisor of query's H; each serves a group of queries.

    Returns:
        [..., H, L, E_v].

    Raises:
        ValueError: shapes that do not fit, or both attn_mask and is_causal.
        TypeError: a mask of integers.

    Example:
        >>> import chainrule as cr
        >>> q = cr.zeros(1, 2, 1)
        >>> cr.nn.functional.scaled_dot_product_attention(q, q, cr.tensor([[[1.0], [3.0]]]), is_causal=True)
        tensor([[[1.],
                 [2.]]])

    Source: Vaswani et al., "Attention is all you need", 2017. PyTorch, F.scaled_dot_product_attention.
    """
    _check_shapes(query, key, value)
    if is_causal:
        if attn_mask is not None:
            raise ValueError("scaled_dot_product_attention: attn_mask must be None where is_causal is True.")
        attn_mask = _core.ones((query.shape[-2], key.shape[-2]), dtype=_core.bool).tril()
    if enable_gqa:
        key, value = _repeat_heads(query, key), _repeat_heads(query, value)
    return attend(query, key, value, attn_mask, dropout_p, scale)[0]


def attend(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout_p: float, scale: float | None
) -> tuple[Tensor, Tensor]:
    """(mixed values, weights). The whole computation: what a fused kernel would replace."""
    factor = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = (query * factor) @ key.transpose(-2, -1)
    weights = scores.softmax(-1) if mask is None else _masked_softmax(scores, mask)
    if dropout_p > 0.0:
        weights = _nn.dropout(weights, dropout_p, True)
    return weights @ value, weights


def _masked_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    """softmax over the keys that the mask allows; a row without any is zeros, where softmax itself says NaN."""
    if mask.dtype == _core.bool:
        blocked, hidden = ~mask, ~mask.any(-1, keepdim=True)
        scores = scores.masked_fill(blocked, -math.inf)
    elif mask.is_floating_point():
        hidden = (mask.detach() == -math.inf).all(-1, keepdim=True)
        scores = scores + mask
    else:
        raise TypeError(f"scaled_dot_product_attention: attn_mask must be bool or floating, got {mask.dtype}.")
    if not hidden.any().item():
        return scores.softmax(-1)
    # Zeros before the softmax keep NaN out of the gradients, zeros after it are the answer.
    return scores.masked_fill(hidden, 0.0).softmax(-1).masked_fill(hidden, 0.0)


def _check_shapes(query: Tensor, key: Tensor, value: Tensor) -> None:
    shapes = [tuple(part.shape) for part in (query, key, value)]
    if min(len(shape) for shape in shapes) < 2 or shapes[0][-1] != shapes[1][-1] or shapes[1][-2] != shapes[2][-2]:
        raise ValueError(
            f"scaled_dot_product_attention: query [..., L, E], key [..., S, E] and value [..., S, E_v] are needed, "
            f"got {shapes[0]}, {shapes[1]}, {shapes[2]}."
        )


def _repeat_heads(query: Tensor, part: Tensor) -> Tensor:
    heads, own = query.shape[-3], part.shape[-3]
    if own == 0 or heads % own:
        raise ValueError(
            f"scaled_dot_product_attention: the heads of key and value must divide those of query, got {own} and "
            f"{heads}."
        )
    return part if own == heads else part.repeat_interleave(heads // own, -3)


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Multi-head attention with all its weights given; nn.MultiheadAttention says what it computes.

    Args:
        query, key, value: [L, N, E], [S, N, E_k], [S, N, E_v], or without N.
        static_k, static_v: heads [N * heads, S, E / heads] in place of the projected key and value.
        others: as nn.MultiheadAttention's.

    Returns:
        output [L, N, E], and the weights, or None where need_weights is False.

    Source: PyTorch, torch.nn.functional.multi_head_attention_forward.
    """
    batched = _check_heads(query, key, value, embed_dim_to_check, num_heads, use_separate_proj_weight)
    if not batched:
        query, key, value = query.unsqueeze(1), key.unsqueeze(1), value.unsqueeze(1)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    if is_causal and attn_mask is None:
        raise ValueError("MultiheadAttention: is_causal is a hint about attn_mask, which must be given too.")
    if use_separate_proj_weight:
        separate: tuple[Any, ...] = (q_proj_weight, k_proj_weight, v_proj_weight)
        biases: Any = (None, None, None) if in_proj_bias is None else in_proj_bias.chunk(3)
        q, k, v = (_nn.linear(*given) for given in zip((query, key, value), separate, biases))
    else:
        q, k, v = _project(query, key, value, in_proj_weight, in_proj_bias)
    length, batch, width = query.shape
    extra = 0
    if bias_k is not None and bias_v is not None:
        k, v = _core.cat([k, bias_k.expand(1, batch, -1)]), _core.cat([v, bias_v.expand(1, batch, -1)])
        extra += 1
    q, k, v = (_split_heads(part, num_heads) for part in (q, k, v))
    head = width // num_heads
    k = k if static_k is None else static_k.reshape(batch, num_heads, -1, head)
    v = v if static_v is None else static_v.reshape(batch, num_heads, -1, head)
    if add_zero_attn:
        zero = _core.zeros((batch, num_heads, 1, head), dtype=k.dtype)
        k, v = _core.cat([k, zero], 2), _core.cat([v, zero], 2)
        extra += 1
    mask = _merge_masks(attn_mask, key_padding_mask, (batch, num_heads, length, k.shape[2] - extra), extra, q.dtype)
    mixed, weights = attend(q, k, v, mask, dropout_p if training else 0.0, None)
    output = _nn.linear(mixed.permute(2, 0, 1, 3).reshape(length, batch, width), out_proj_weight, out_proj_bias)
    if not batched:
        output = output.squeeze(1)
    if not need_weights:
        return output, None
    if average_attn_weights:
        weights = weights.mean(1)
    return output, weights if batched else weights.squeeze(0)


def _check_heads(query: Tensor, key: Tensor, value: Tensor, width: int, heads: int, separate: bool) -> bool:
    """Whether there is a batch axis; an error where the shapes do not fit."""
    shapes = [tuple(part.shape) for part in (query, key, value)]
    if len({len(shape) for shape in shapes}) > 1 or len(shapes[0]) not in (2, 3):
        raise ValueError(
            f"MultiheadAttention: query, key and value must all have 2 axes, or 3 with a batch, got {shapes[0]}, "
            f"{shapes[1]}, {shapes[2]}."
        )
    if shapes[0][-1] != width or width % heads:
        raise ValueError(
            f"MultiheadAttention: the last axis of query must be embed_dim {width}, a multiple of num_heads {heads}, "
            f"got {shapes[0]}."
        )
    fits = shapes[1][:-1] == shapes[2][:-1] if separate else shapes[1] == shapes[2]
    if not fits or shapes[0][1:-1] != shapes[1][1:-1]:
        raise ValueError(
            f"MultiheadAttention: key and value must have one length, and query's batch, got {shapes[0]}, "
            f"{shapes[1]}, {shapes[2]}."
        )
    return len(shapes[0]) == 3


def _project(query: Tensor, key: Tensor, value: Tensor, weight: Any, bias: Any) -> Any:
    """Q, K and V by one weight [3 E, E]: one product for self-attention, two where key and value are one tensor."""
    width = query.shape[-1]
    if query is key and key is value:
        return _nn.linear(query, weight, bias).chunk(3, -1)
    if key is value:
        w_q, w_kv = weight.split([width, 2 * width])
        b_q, b_kv = (None, None) if bias is None else bias.split([width, 2 * width])
        return (_nn.linear(query, w_q, b_q), *_nn.linear(key, w_kv, b_kv).chunk(2, -1))
    biases = (None, None, None) if bias is None else bias.chunk(3)
    return tuple(_nn.linear(*given) for given in zip((query, key, value), weight.chunk(3), biases))


def _split_heads(part: Tensor, heads: int) -> Tensor:
    """[S, N, E] as [N, heads, S, E / heads]."""
    return part.reshape(part.shape[0], part.shape[1], heads, part.shape[2] // heads).permute(1, 2, 0, 3)


def _merge_masks(attn_mask: Any, padding: Any, sizes: tuple[int, int, int, int], extra: int, dtype: Any) -> Any:
    """One mask to add, broadcastable to [N, heads, L, S + extra], or None. The extra keys are never masked."""
    batch, heads, length, keys = sizes
    mask = None
    if attn_mask is not None:
        shape = tuple(attn_mask.shape)
        if shape not in ((length, keys), (batch * heads, length, keys)):
            raise ValueError(
                f"MultiheadAttention: attn_mask must have shape {(length, keys)} or {(batch * heads, length, keys)}, "
                f"got {shape}."
            )
        mask = as_addend(attn_mask, "attn_mask", dtype)
        mask = mask if len(shape) == 2 else mask.reshape(batch, heads, length, keys)
    if padding is not None:
        if tuple(padding.shape) != (batch, keys):
            raise ValueError(
                f"MultiheadAttention: key_padding_mask must have shape {(batch, keys)}, got {tuple(padding.shape)}."
            )
        padded = as_addend(padding, "key_padding_mask", dtype).reshape(batch, 1, 1, keys)
        mask = padded if mask is None else mask + padded
    return _nn.pad(mask, (0, extra)) if extra and mask is not None else mask


def as_addend(mask: Any, name: str, dtype: Any) -> Any:
    """A mask as numbers to add: bool True, "do not look", becomes -inf."""
    if mask is None or mask.is_floating_point():
        return mask
    if mask.dtype != _core.bool:
        raise TypeError(f"MultiheadAttention: {name} must be bool or floating, got {mask.dtype}.")
    return _core.zeros(mask.shape, dtype=dtype).masked_fill(mask, -math.inf)
