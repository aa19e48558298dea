"""nn.attention.flex_attention against PyTorch's."""

import functools
import importlib
import math

import numpy as np
import pytest
from helpers import array, expect_error

import chainrule as cr

SCORES = {
    "none": None,
    "distance": lambda lib: lambda s, b, h, q, k: s - (q - k).abs() * 0.1 * (h + 1),
    "table": lambda lib: lambda s, b, h, q, k: s + lib.arange(14, dtype=lib.float64).reshape(2, 7)[h, q] * 0.1 + b,
    "cap": lambda lib: lambda s, b, h, q, k: 2 * lib.tanh(s / 2),
}
MASKS = {
    "none": None,
    "causal": lambda b, h, q, k: q >= k,
    "window": lambda b, h, q, k: (q >= k) & (q - k < 3),
    "empty rows": lambda b, h, q, k: (k > 4) & (q > 2),
}


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("score", SCORES)
def test_attention(score, mask, torch):
    results = []
    for lib in (cr, torch):
        flex = importlib.import_module(f"{lib.__name__}.nn.attention.flex_attention")
        lib.manual_seed(0)
        q, k, v = (lib.randn(2, h, 7, 4, dtype=lib.float64) for h in (2, 1, 1))
        block = MASKS[mask] and flex.create_block_mask(MASKS[mask], None, None, 7, 7, device="cpu")
        score_mod = SCORES[score] and SCORES[score](lib)
        y, lse = flex.flex_attention(q, k, v, score_mod, block, enable_gqa=True, return_lse=True)
        results.append([array(x) for x in (y, lse)])  # PyTorch's has no gradient on a CPU
        if lib is cr:
            leaves = [x[:, :, :4].clone().requires_grad_() for x in (q, k, v)]
            block = MASKS[mask] and flex.create_block_mask(MASKS[mask], None, None, 4, 4)
            assert cr.autograd.gradcheck(
                functools.partial(flex.flex_attention, score_mod=score_mod, block_mask=block, enable_gqa=True), leaves
            )
    for ours, theirs in zip(*results):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)


def test_masks(torch):
    for lib in (cr, torch):
        flex = importlib.import_module(f"{lib.__name__}.nn.attention.flex_attention")
        both = flex.or_masks(flex.and_masks(MASKS["causal"], MASKS["window"]), lambda b, h, q, k: (q == 0) & (k == 6))
        mask = flex.create_mask(both, 1, 1, 7, 7, device="cpu")
        assert int(mask.sum()) == 19 and bool(mask[0, 0, 0, 6])
        block = flex.create_block_mask(MASKS["causal"], 1, 1, 256, 256, device="cpu")
        assert math.isclose(block.sparsity(), 25.0)
        assert block.to_dense().tolist() == [[[[1, 0], [1, 1]]]]


def test_errors():
    flex = importlib.import_module("chainrule.nn.attention.flex_attention")
    x = cr.ones(1, 2, 3, 4)
    block = flex.create_block_mask(MASKS["causal"], None, None, 5, 5)
    expect_error(ValueError, "are required", flex.flex_attention, x[0], x, x)
    expect_error(ValueError, "do not fit", flex.flex_attention, x, x[:, :1], x[:, :1])
    expect_error(ValueError, "lengths", flex.flex_attention, x, x, x, None, block)
