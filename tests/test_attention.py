"""Attention and the transformer, against PyTorch with the same weights."""

import math

import numpy as np
import pytest
from helpers import close, expect_error, same
from test_recurrent import compare, pair, random

import chainrule as cr
from chainrule import nn

attention = nn.functional.scaled_dot_product_attention


def causal(size):
    return np.triu(np.full((size, size), -math.inf), 1)


# scaled_dot_product_attention


def attend_in_both(torch, inputs, **options):
    """Output and gradients of scaled_dot_product_attention; arrays among the options become tensors."""
    collected = []
    for lib in (cr, torch):
        lib.manual_seed(4)
        leaves = [lib.tensor(value, requires_grad=True) for value in inputs]
        given = {k: lib.tensor(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
        out = lib.nn.functional.scaled_dot_product_attention(*leaves, **given)
        (out * out.sin()).sum().backward()
        collected.append([out, *(leaf.grad for leaf in leaves)])
    for what, ours, theirs in zip(("output", "dQ", "dK", "dV"), *collected):
        close(ours, theirs, tol=10, what=what)
    return collected[0]


MASKS = {
    "none": {},
    "causal": {"is_causal": True},
    "bool": {"attn_mask": random(4, 6, seed=9) > -0.5},
    "float": {"attn_mask": random(4, 6, seed=9)},
    "per batch": {"attn_mask": random(2, 1, 4, 6, seed=9) > -0.5},
    "scale": {"scale": 0.3},
    "dropout": {"dropout_p": 0.4},
    "dropout causal": {"dropout_p": 0.4, "is_causal": True},
    "a hidden row": {"attn_mask": np.arange(4)[:, None] * np.ones(6) > 0},
    "a hidden row of floats": {"attn_mask": np.where(np.arange(4)[:, None] * np.ones(6) > 0, 0.0, -math.inf)},
}


@pytest.mark.parametrize("mask", MASKS)
def test_attention(torch, mask):
    inputs = [random(2, 3, 4, 5), random(2, 3, 6, 5, seed=1), random(2, 3, 6, 7, seed=2)]
    attend_in_both(torch, inputs, **MASKS[mask])


def test_attention_shapes(torch):
    attend_in_both(torch, [random(4, 5), random(6, 5, seed=1), random(6, 5, seed=2)])
    attend_in_both(torch, [random(3, 4, 5), random(3, 6, 5, seed=1), random(3, 6, 2, seed=2)], is_causal=True)
    grouped = [random(2, 6, 4, 5), random(2, 3, 4, 5, seed=1), random(2, 3, 4, 5, seed=2)]
    attend_in_both(torch, grouped, enable_gqa=True, is_causal=True)
    assert attention(cr.zeros(0, 2, 3), cr.zeros(0, 4, 3), cr.zeros(0, 4, 5)).shape == (0, 2, 5)


@pytest.mark.parametrize("dtype", [bool, float])
def test_a_hidden_row_is_zero_with_zero_gradients(dtype):
    look = np.array([[True, True, False], [False, False, False]])
    mask = cr.tensor(look if dtype is bool else np.where(look, 0.0, -math.inf))
    q, k, v = (cr.tensor(random(n, 4, seed=n), requires_grad=True) for n in (2, 3, 3))
    out = attention(q, k, v, mask)
    out.sum().backward()
    same(out[1], np.zeros(4))
    same(q.grad[1], np.zeros(4))
    assert all(cr.isfinite(leaf.grad).all().item() for leaf in (q, k, v))


def test_gradient_of_a_mask(torch):
    grads = []
    for lib in (cr, torch):
        q, mask = lib.tensor(random(4, 5)), lib.tensor(random(4, 4, seed=1), requires_grad=True)
        lib.nn.functional.scaled_dot_product_attention(q, q, q, mask).sin().sum().backward()
        grads.append(mask.grad)
    close(grads[0], grads[1])


def test_attention_second_gradients():
    inputs = tuple(cr.tensor(random(3, 2, seed=k), requires_grad=True) for k in range(3))
    assert cr.autograd.gradgradcheck(lambda q, k, v: attention(q, k, v, is_causal=True), inputs)


def test_attention_errors():
    q = cr.zeros(2, 4, 3)
    expect_error(ValueError, "is_causal", attention, q, q, q, cr.ones(4, 4, dtype=cr.bool), is_causal=True)
    expect_error(TypeError, "bool or floating", attention, q, q, q, cr.ones(4, 4, dtype=cr.int64))
    expect_error(ValueError, "are needed", attention, q, cr.zeros(2, 4, 2), q)
    expect_error(ValueError, "heads", attention, cr.zeros(3, 4, 3), q, q, enable_gqa=True)


# MultiheadAttention

HEADS = [
    {},
    {"bias": False},
    {"add_bias_kv": True},
    {"add_zero_attn": True, "add_bias_kv": True, "dropout": 0.2},
    {"batch_first": True, "dropout": 0.3},
    {"kdim": 6, "vdim": 5},
    {"kdim": 6, "bias": False, "add_bias_kv": True},
]


@pytest.mark.parametrize("options", HEADS, ids=str)
def test_initial_heads(torch, options):
    made = []
    for lib in (cr, torch):
        lib.manual_seed(2)
        made.append(lib.nn.MultiheadAttention(8, 2, **options))
    ours, theirs = (module.state_dict() for module in made)
    assert list(ours) == list(theirs)
    for key, value in ours.items():
        same(value, theirs[key], key)
    made[1].load_state_dict({key: torch.tensor(value.numpy()) for key, value in ours.items()})


@pytest.mark.parametrize("options", HEADS, ids=str)
@pytest.mark.parametrize("call", [{}, {"need_weights": False}, {"average_attn_weights": False}], ids=str)
@pytest.mark.parametrize("masks", ["none", "padding", "bool", "float", "3d", "both"])
def test_heads(torch, options, call, masks):
    ours, theirs = pair(torch, lambda lib: lib.MultiheadAttention(8, 2, **options))
    length, keys, batch = 4, 5, 3
    padding = np.zeros((batch, keys), bool)
    padding[0, 3:] = padding[2, 1] = True
    blocked = random(length, keys, seed=8) > 1.0
    given = {}
    if masks in ("padding", "both"):
        given["key_padding_mask"] = padding
    if masks in ("bool", "both"):
        given["attn_mask"] = blocked
    if masks == "float":
        given["attn_mask"] = np.where(blocked, -math.inf, random(length, keys, seed=7))
    if masks == "3d":
        given["attn_mask"] = random(batch * 2, length, keys, seed=7)
    shapes = [(length, 8), (keys, options.get("kdim", 8)), (keys, options.get("vdim", 8))]
    order = (lambda n, e: (batch, n, e)) if options.get("batch_first") else (lambda n, e: (n, batch, e))
    inputs = [random(*order(*shape), seed=k) for k, shape in enumerate(shapes)]

    def run(lib, module, q, k, v):
        return module(q, k, v, **{name: lib.tensor(mask) for name, mask in given.items()}, **call)

    compare(ours, theirs, run, inputs, torch)


@pytest.mark.parametrize("batch_first", [False, True])
def test_heads_of_one_tensor(torch, batch_first):
    """Self-attention, and key and value in one: fewer products, the same result."""
    ours, theirs = pair(torch, lambda lib: lib.MultiheadAttention(8, 2, batch_first=batch_first))
    compare(ours, theirs, lambda lib, module, x: module(x, x, x), [random(4, 3, 8)], torch)
    inputs = [random(4, 3, 8), random(4, 3, 8, seed=1)]
    compare(ours, theirs, lambda lib, module, x, y: module(x, y, y, need_weights=False), inputs, torch)
    compare(ours, theirs, lambda lib, module, x: module(x, x, x), [random(4, 8)], torch)

    def masked(lib, module, x):
        return module(x, x, x, need_weights=False, attn_mask=lib.tensor(causal(5)), is_causal=True)

    compare(ours, theirs, masked, [random(5, 5, 8)], torch)


def test_a_hidden_query_has_no_weights():
    layer = nn.MultiheadAttention(8, 2).double()
    x = cr.tensor(random(4, 2, 8), requires_grad=True)
    padding = cr.tensor(np.array([[True] * 4, [False] * 4]))
    output, weights = layer(x, x, x, key_padding_mask=padding)
    same(weights[0], np.zeros((4, 4)))
    output.sum().backward()
    assert cr.isfinite(x.grad).all().item() and cr.isfinite(output).all().item()


def test_heads_errors():
    expect_error(ValueError, "multiple", nn.MultiheadAttention, 7, 2)
    layer, x = nn.MultiheadAttention(8, 2), cr.zeros(4, 3, 8)
    expect_error(ValueError, "embed_dim", layer, cr.zeros(4, 3, 6), x, x)
    expect_error(ValueError, "attn_mask", layer, x, x, x, attn_mask=cr.zeros(4, 5))
    expect_error(ValueError, "key_padding_mask", layer, x, x, x, key_padding_mask=cr.zeros(4, 4))
    expect_error(ValueError, "is_causal", layer, x, x, x, is_causal=True)
    expect_error(TypeError, "bool or floating", layer, x, x, x, attn_mask=cr.zeros(4, 4, dtype=cr.int64))
    expect_error(ValueError, "one length", layer, x, x, cr.zeros(5, 3, 8))


# Transformer

BLOCKS = [
    {},
    {"norm_first": True, "activation": "gelu"},
    {"batch_first": True, "dropout": 0.0},
    {"bias": False, "batch_first": True, "norm_first": True, "layer_norm_eps": 1e-3},
]


def same_start(torch, make):
    made = []
    for lib in (cr, torch):
        lib.manual_seed(6)
        made.append(make(lib.nn).state_dict())
    assert list(made[0]) == list(made[1])
    for key, value in made[0].items():
        same(value, made[1][key], key)


@pytest.mark.parametrize("options", BLOCKS, ids=str)
@pytest.mark.parametrize("training", [False, True])
def test_encoder_layer(torch, options, training):
    def make(lib):
        return lib.TransformerEncoderLayer(8, 2, 16, **options)

    same_start(torch, make)
    ours, theirs = pair(torch, make)
    ours.train(training), theirs.train(training)
    padding = np.zeros((3, 4), bool)
    padding[1, 2:] = True
    x = random(3, 4, 8) if options.get("batch_first") else random(4, 3, 8)

    def run(lib, module, x):
        masks = {"src_mask": lib.tensor(causal(4) < 0), "src_key_padding_mask": lib.tensor(padding)}
        return module(x), module(x, **masks), module(x, masks["src_mask"], is_causal=True)

    compare(ours, theirs, run, [x], torch)


@pytest.mark.parametrize("options", BLOCKS, ids=str)
@pytest.mark.parametrize("training", [False, True])
def test_decoder_layer(torch, options, training):
    def make(lib):
        return lib.TransformerDecoderLayer(8, 2, 16, **options)

    same_start(torch, make)
    ours, theirs = pair(torch, make)
    ours.train(training), theirs.train(training)
    shapes = [(3, 4, 8), (3, 5, 8)] if options.get("batch_first") else [(4, 3, 8), (5, 3, 8)]

    def run(lib, module, x, memory):
        masks = {"tgt_mask": lib.tensor(causal(4)), "memory_mask": lib.tensor(random(4, 5, seed=3))}
        return module(x, memory), module(x, memory, **masks)

    compare(ours, theirs, run, [random(*shape, seed=k) for k, shape in enumerate(shapes)], torch)


@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("training", [False, True])
def test_stacks(torch, norm, training):
    def encoder(lib):
        end = lib.LayerNorm(8) if norm else None
        return lib.TransformerEncoder(lib.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2, end)

    def decoder(lib):
        end = lib.LayerNorm(8) if norm else None
        return lib.TransformerDecoder(lib.TransformerDecoderLayer(8, 2, 16), 2, end)

    same_start(torch, encoder)
    ours, theirs = pair(torch, encoder)
    ours.train(training), theirs.train(training)

    def run(lib, module, x):
        return module(x, lib.tensor(causal(4)))

    compare(ours, theirs, run, [random(3, 4, 8)], torch)
    same_start(torch, decoder)
    ours, theirs = pair(torch, decoder)
    ours.train(training), theirs.train(training)

    def run(lib, module, x, y):
        return module(x, y, tgt_mask=lib.tensor(causal(4)))

    compare(ours, theirs, run, [random(4, 3, 8), random(5, 3, 8, seed=1)], torch)


@pytest.mark.parametrize("options", BLOCKS, ids=str)
def test_transformer(torch, options):
    def make(lib):
        return lib.Transformer(8, 2, 2, 1, 16, **options)

    same_start(torch, make)
    ours, theirs = pair(torch, make)
    shapes = [(3, 5, 8), (3, 4, 8)] if options.get("batch_first") else [(5, 3, 8), (4, 3, 8)]
    padding = np.zeros((3, 5), bool)
    padding[0, 3:] = True

    def run(lib, module, src, tgt):
        mask = module.generate_square_subsequent_mask(4, dtype=lib.float64)
        hidden = lib.tensor(padding)
        masks = {"src_key_padding_mask": hidden, "memory_key_padding_mask": hidden}
        if "float" not in str(hidden.dtype):
            masks = {name: lib.zeros(3, 5, dtype=lib.float64).masked_fill(hidden, -math.inf) for name in masks}
        return module(src, tgt, tgt_mask=mask, tgt_is_causal=True, **masks)

    compare(ours, theirs, run, [random(*shape, seed=k) for k, shape in enumerate(shapes)], torch)


def test_transformer_errors():
    net = nn.Transformer(8, 2, 1, 1, 16)
    expect_error(ValueError, "batch size", net, cr.zeros(5, 3, 8), cr.zeros(4, 2, 8))
    expect_error(ValueError, "d_model", net, cr.zeros(5, 3, 8), cr.zeros(4, 3, 7))
    expect_error(ValueError, "activation", nn.TransformerEncoderLayer, 8, 2, activation="sine")


def test_training_follows_pytorch(torch):
    x = random(6, 5, 8)
    curves = []
    for lib in (cr, torch):
        lib.manual_seed(0)
        layer = lib.nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True)
        net = lib.nn.TransformerEncoder(layer, 2, enable_nested_tensor=False).double()
        optimizer = lib.optim.AdamW(net.parameters(), lr=1e-3)
        curve = []
        for _ in range(50):
            optimizer.zero_grad()
            loss = (net(lib.tensor(x)) - lib.tensor(x)).square().mean()
            loss.backward()
            optimizer.step()
            curve.append(loss.item())
        curves.append(curve)
    assert curves[0][-1] < curves[0][0]
    np.testing.assert_allclose(curves[0], curves[1], rtol=1e-9)
