"""Connectionist temporal classification, written in operations."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _core

# Stands for log 0 inside: with -inf, differences and their gradients would be NaN.
_LOG_ZERO = -1e30


def _log_add(*terms: Any) -> Any:
    """log of the sum of exponentials, each term [N, S]."""
    return _core.stack(terms).logsumexp(0)


def _as_lengths(name: str, lengths: Any, batch: int) -> np.ndarray:
    values = np.asarray(lengths.numpy() if isinstance(lengths, _core.Tensor) else lengths).reshape(-1)
    if values.dtype.kind not in "iu" and len(values):
        raise TypeError(f"ctc_loss: {name} must be integers, got {values.dtype}.")
    values = values.astype(np.int64)
    if len(values) != batch:
        raise ValueError(f"ctc_loss: {name} must have one number for each of {batch} sequences, got {len(values)}.")
    return values


def ctc_loss(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Any:
    """Negative log-likelihood of label sequences, summed over all ways in which they may lie in time.

    loss = -log sum over alignments of prod_t p_t(symbol), where blanks may stand between labels and labels may last

    Args:
        log_probs: [T, N, C] or [T, C], logarithms of probabilities, as log_softmax gives.
        targets: [N, S], padded, or one after the other, [sum of target_lengths]; no blanks.
        input_lengths, target_lengths: [N], tensors or sequences.
        blank: the number of the blank.
        reduction: "mean" divides each loss by its target's length and averages; "sum"; "none".
        zero_infinity: losses of targets that do not fit into their input count as 0, with no gradient.

    Returns:
        The loss: [], or [N] for "none".

    Example:
        >>> import chainrule as cr
        >>> log_probs = cr.full((2, 1, 2), 0.5).log()
        >>> round(float(cr.nn.functional.ctc_loss(log_probs, cr.tensor([[1]]), [2], [1]).exp()), 4)  # 3 of 4 ways
        1.3333

    Source: Graves et al., "Connectionist temporal classification", 2006; PyTorch, torch.nn.functional.ctc_loss.
    """
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"ctc_loss: reduction must be 'none', 'mean' or 'sum', got {reduction!r}.")
    if log_probs.dim() not in (2, 3) or not log_probs.is_floating_point():
        raise ValueError(f"ctc_loss: log_probs must be floating [T, N, C] or [T, C], got {tuple(log_probs.shape)}.")
    batched = log_probs.dim() == 3
    x = log_probs if batched else log_probs.unsqueeze(1)
    steps, batch, classes = x.shape
    if not 0 <= blank < classes:
        raise ValueError(f"ctc_loss: blank must be in [0, {classes}), got {blank}.")
    input_sizes = _as_lengths("input_lengths", input_lengths, batch)
    target_sizes = _as_lengths("target_lengths", target_lengths, batch)
    if batch and (input_sizes.min() < 0 or input_sizes.max() > steps or target_sizes.min() < 0):
        raise ValueError(
            f"ctc_loss: lengths must not be negative, and input_lengths at most {steps}, got {input_sizes.tolist()} "
            f"and {target_sizes.tolist()}."
        )
    labels = _padded(targets, target_sizes, classes, blank)
    losses = _losses(x, labels, input_sizes, target_sizes, blank)
    impossible = losses.detach() > -_LOG_ZERO / 2
    losses = losses.masked_fill(impossible, 0.0 if zero_infinity else float("inf"))
    if reduction == "none":
        return losses if batched else losses.squeeze(0)
    if reduction == "sum":
        return losses.sum()
    return (losses / _core.tensor(np.maximum(target_sizes, 1)).to(losses.dtype)).mean()


def _padded(targets: Any, sizes: np.ndarray, classes: int, blank: int) -> np.ndarray:
    """The labels [N, S], blank behind each sequence's end."""
    given, longest = np.asarray(targets.numpy(), np.int64), int(sizes.max(initial=0))
    padded = np.full((len(sizes), longest), blank)
    inside = np.arange(longest)[None, :] < sizes[:, None]
    if given.ndim == 2:
        if given.shape[0] != len(sizes) or given.shape[1] < longest:
            raise ValueError(
                f"ctc_loss: targets must have shape ({len(sizes)}, at least {longest}), got {given.shape}."
            )
        padded[inside] = given[:, :longest][inside]
    else:
        if given.size < sizes.sum():
            raise ValueError(f"ctc_loss: targets must hold {sizes.sum()} labels, got {given.size}.")
        padded[inside] = given.reshape(-1)[: sizes.sum()]
    if np.any((padded[inside] < 0) | (padded[inside] >= classes)):
        raise IndexError(f"ctc_loss: labels must be in [0, {classes}), got {padded[inside].tolist()}.")
    return padded


def _losses(x: Any, labels: np.ndarray, input_sizes: np.ndarray, target_sizes: np.ndarray, blank: int) -> Any:
    """Each sequence's loss, [N]; about -_LOG_ZERO where no alignment exists."""
    batch, longest = labels.shape
    states = 2 * longest + 1  # blank, label, blank, ..., label, blank
    symbols = np.full((batch, states), blank)
    symbols[:, 1::2] = labels
    skips = np.zeros((batch, states), bool)  # a label may follow another one without a blank
    skips[:, 2:] = (symbols[:, 2:] != blank) & (symbols[:, 2:] != symbols[:, :-2])
    no_skip, where = _core.tensor(~skips), _core.tensor(symbols)
    floor = _core.full((batch, 2), _LOG_ZERO, dtype=x.dtype)
    alpha = _core.full((batch, states), _LOG_ZERO, dtype=x.dtype)
    # Before the first step the path stands on the first blank; the step keeps it there or takes it to the first label.
    alpha[:, 0] = 0.0
    shortest = int(input_sizes.min(initial=len(x)))
    for t, emitted in enumerate(x.gather(2, where.expand(len(x), batch, states)).unbind(0)):
        # Two states in front, in which no path ever is: those before and before the one before are parts of this.
        behind = _core.cat([floor, alpha], 1)
        one, two = behind[:, 1:-1], behind[:, :-2].masked_fill(no_skip, _LOG_ZERO)
        alpha_next = _log_add(alpha, one, two) + emitted
        if t < shortest:
            alpha = alpha_next
        else:
            alpha = _core.where(_core.tensor(t < input_sizes).unsqueeze(1), alpha_next, alpha)
    last = _core.tensor(2 * target_sizes).unsqueeze(1)
    on_blank = alpha.gather(1, last).squeeze(1)
    on_label = alpha.gather(1, (last - 1).clamp(min=0)).squeeze(1)
    on_label = on_label.masked_fill(_core.tensor(target_sizes == 0), _LOG_ZERO)
    return -_core.stack([on_blank, on_label]).logsumexp(0)
