"""Attention whose scores a program changes and masks by functions of their places: torch.nn.attention.flex_attention.

The functions are called once, with tensors of places that broadcast to [B, H, Q, K]; they must be made of operations
that broadcast, such as arithmetic, comparisons and indexing. All scores are computed, also those that are masked.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from ... import _core

Tensor = Any
Mod = Callable[..., Any]
_DEFAULT_SPARSE_BLOCK_SIZE = 128


class AuxRequest(NamedTuple):
    """What flex_attention() gives beside its result."""

    lse: bool = False
    max_scores: bool = False


class AuxOutput(NamedTuple):
    """The logarithms of the sums of exp(score), and the largest scores, [B, H, Q]."""

    lse: Any = None
    max_scores: Any = None


class BlockMask:
    """A mask by a function: create_block_mask() makes it.

    Attributes: mask_mod, the function; seq_lengths, (Q, K); shape, (B, H, Q, K).
    """

    def __init__(self, shape: tuple[int, int, int, int], mask_mod: Mod, block_size: Any) -> None:
        self.shape, self.mask_mod = shape, mask_mod
        self.seq_lengths = shape[2:]
        self.BLOCK_SIZE = (block_size, block_size) if isinstance(block_size, int) else tuple(block_size)

    def numel(self) -> int:
        """The number of scores."""
        return math.prod(self.shape)

    def to_dense(self) -> Tensor:
        """1 for each block of the mask that is not empty, [B, H, Q blocks, K blocks]."""
        mask = create_mask(self.mask_mod, *self.shape)
        rows, columns = (-(-length // size) for length, size in zip(self.seq_lengths, self.BLOCK_SIZE))
        padded = _core.zeros(
            (*self.shape[:2], rows * self.BLOCK_SIZE[0], columns * self.BLOCK_SIZE[1]), dtype=_core.bool
        )
        padded[:, :, : self.shape[2], : self.shape[3]] = mask
        blocks = padded.reshape(*self.shape[:2], rows, self.BLOCK_SIZE[0], columns, self.BLOCK_SIZE[1])
        return blocks.transpose(3, 4).flatten(4).any(-1).to(_core.int32)

    def sparsity(self) -> float:
        """The share of blocks that are empty, in percent."""
        dense = self.to_dense()
        return 100 * (1 - float(dense.sum()) / dense.numel())

    def __repr__(self) -> str:
        return f"BlockMask(shape={self.shape}, sparsity={self.sparsity():.2f}%)"


def _places(b: int, h: int, q: int, k: int) -> tuple[Tensor, ...]:
    shapes = ((-1, 1, 1, 1), (-1, 1, 1), (-1, 1), (-1,))
    return tuple(_core.arange(n).reshape(shape) for n, shape in zip((b, h, q, k), shapes))


def create_mask(
    mod_fn: Mod, B: int | None, H: int | None, Q_LEN: int, KV_LEN: int, device: Any = None, **options: Any
) -> Tensor:
    """Booleans [B, H, Q_LEN, KV_LEN] of mask_mod(b, h, q, k).

    Example:
        >>> from chainrule.nn.attention.flex_attention import create_mask
        >>> create_mask(lambda b, h, q, k: q >= k, 1, 1, 2, 2)[0, 0]
        tensor([[ True, False],
                [ True,  True]])
    """
    sizes = (B or 1, H or 1, Q_LEN, KV_LEN)
    mask = mod_fn(*_places(*sizes))
    return _core.as_tensor(mask).to(_core.bool).expand(sizes)


def create_block_mask(
    mask_mod: Mod,
    B: int | None,
    H: int | None,
    Q_LEN: int,
    KV_LEN: int,
    device: Any = None,
    BLOCK_SIZE: Any = _DEFAULT_SPARSE_BLOCK_SIZE,
    **options: Any,
) -> BlockMask:
    """A mask of mask_mod(b, h, q, k), True where attention is paid.

    Args:
        mask_mod: of tensors of places.
        B, H: None for a mask that is the same for all.
        Q_LEN, KV_LEN: the lengths.
        BLOCK_SIZE: what to_dense() and sparsity() count in.
    """
    return BlockMask((B or 1, H or 1, Q_LEN, KV_LEN), mask_mod, BLOCK_SIZE)


def noop_mask(batch: Tensor, head: Tensor, token_q: Tensor, token_kv: Tensor) -> Tensor:
    """True everywhere."""
    return _core.ones((), dtype=_core.bool)


def and_masks(*mask_mods: Mod) -> Mod:
    """True where all of the masks are."""

    def all_of(b: Tensor, h: Tensor, q: Tensor, k: Tensor) -> Tensor:
        result = noop_mask(b, h, q, k)
        for mask in mask_mods:
            result = result & mask(b, h, q, k)
        return result

    return all_of


def or_masks(*mask_mods: Mod) -> Mod:
    """True where one of the masks is."""

    def one_of(b: Tensor, h: Tensor, q: Tensor, k: Tensor) -> Tensor:
        result = ~noop_mask(b, h, q, k)
        for mask in mask_mods:
            result = result | mask(b, h, q, k)
        return result

    return one_of


def flex_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    score_mod: Mod | None = None,
    block_mask: BlockMask | None = None,
    scale: float | None = None,
    enable_gqa: bool = False,
    return_lse: bool = False,
    kernel_options: Any = None,
    *,
    return_aux: AuxRequest | None = None,
) -> Any:
    """softmax(score_mod(query key^T scale)) value, over the places that block_mask leaves.

    Args:
        query: [B, Hq, Q, E]; key: [B, H, K, E]; value: [B, H, K, Ev].
        score_mod: score_mod(score, b, h, q, k), of tensors that broadcast to [B, Hq, Q, K].
        block_mask: of create_block_mask(); a row without any place gives zeros.
        scale: 1 / sqrt(E) where left out.
        enable_gqa: Hq may be a multiple of H: each key serves that many queries' heads.
        return_lse: give (result, lse), the logarithms of the sums of exp(score).
        return_aux: what to give beside the result, as AuxOutput.
        kernel_options: accepted, without effect.

    Raises:
        ValueError: shapes that do not fit, or a mask of other lengths.

    Example:
        >>> from chainrule.nn.attention.flex_attention import flex_attention
        >>> q = chainrule.ones(1, 1, 2, 4)
        >>> flex_attention(q, q, q, lambda score, b, h, i, j: score - (i - j).abs()).shape
        chainrule.Size([1, 1, 2, 4])

    Source: PyTorch, torch.nn.attention.flex_attention.
    """
    shapes = f"{tuple(query.shape)}, {tuple(key.shape)} and {tuple(value.shape)}"
    if query.dim() != 4 or key.dim() != 4 or value.dim() != 4 or key.shape[:3] != value.shape[:3]:
        raise ValueError(f"flex_attention: query, key and value [B, H, L, E] are required, got {shapes}.")
    heads, shared = query.shape[1], key.shape[1]
    if query.shape[-1] != key.shape[-1] or (heads != shared and (not enable_gqa or heads % shared)):
        raise ValueError(f"flex_attention: heads or widths of query and key do not fit, got {shapes}.")
    if heads != shared:
        key, value = (x.repeat_interleave(heads // shared, 1) for x in (key, value))
    score = (query @ key.transpose(-1, -2)) * (1 / math.sqrt(query.shape[-1]) if scale is None else scale)
    b, h, q, k = _places(*score.shape)
    if score_mod is not None:
        score = score_mod(score, b, h, q, k)
    if block_mask is not None:
        if tuple(block_mask.seq_lengths) != tuple(score.shape[2:]):
            raise ValueError(
                f"flex_attention: block_mask is of lengths {tuple(block_mask.seq_lengths)}, scores of "
                f"{tuple(score.shape[2:])}. Create it for these lengths."
            )
        mask = block_mask.mask_mod(b, h, q, k).to(_core.bool)
        score = _core.where(mask, score, -math.inf)
    lse = score.logsumexp(-1)
    empty = (lse == -math.inf).unsqueeze(-1)
    weights = _core.softmax(score.masked_fill(empty, 0.0), -1).masked_fill(empty, 0.0)
    result = weights @ value
    if return_aux is not None:
        return result, AuxOutput(lse if return_aux.lse else None, score.amax(-1) if return_aux.max_scores else None)
    return (result, lse) if return_lse else result
