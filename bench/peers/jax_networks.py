"""Networks beyond MLPs in JAX, images as NHWC. Each function gives (parameters, (loss, data))."""

import math

import jax
import jax.numpy as jnp
from jax import lax
from workloads import INPUT, labels, uniform


class _Weights:
    """Makes initial weights, each from a seed of its own."""

    def __init__(self):
        self.seed = 100

    def __call__(self, *shape, fan_in):
        self.seed += 1
        return uniform(shape, self.seed, 1 / math.sqrt(fan_in))

    def linear(self, n_in, n_out):
        return self(n_in, n_out, fan_in=n_in), self(n_out, fan_in=n_in)

    def convolution(self, n_in, n_out, size):
        fan_in = n_in * size * size
        return self(size, size, n_in, n_out, fan_in=fan_in), self(n_out, fan_in=fan_in)

    def norm(self, width):
        return jnp.ones(width), jnp.zeros(width)


def _linear(p, x):
    return x @ p[0] + p[1]


def _convolution(p, x, padding):
    return lax.conv_general_dilated(x, p[0], (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC")) + p[1]


def _pool(x):
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def _normalise(p, x, axes):
    mean = x.mean(axes, keepdims=True)
    variance = jnp.square(x - mean).mean(axes, keepdims=True)
    return (x - mean) * lax.rsqrt(variance + 1e-5) * p[0] + p[1]


def _cross_entropy(logits, targets):
    picked = jnp.take_along_axis(logits, targets[:, None], 1)[:, 0]
    return (jax.nn.logsumexp(logits, axis=1) - picked).mean()


def _images(row):
    channels, height, width = row.sizes
    images = uniform((row.batch, height, width, channels), INPUT, 1.7)
    return jnp.array(images), jnp.array(labels(row.batch, 10))


def lenet(row):
    """LeNet-5 with ReLU and max pooling."""
    make = _Weights()
    convolutions = [make.convolution(1, 6, 5), make.convolution(6, 16, 5)]
    linears = [make.linear(400, 120), make.linear(120, 84), make.linear(84, 10)]

    def loss(parameters, data):
        convolutions, linears = parameters
        x, targets = data
        for p, padding in zip(convolutions, ("SAME", "VALID"), strict=True):
            x = _pool(jax.nn.relu(_convolution(p, x, padding)))
        x = x.reshape(len(x), -1)
        for p in linears[:-1]:
            x = jax.nn.relu(_linear(p, x))
        return _cross_entropy(_linear(linears[-1], x), targets)

    return (convolutions, linears), (loss, _images(row))


def cnn(row):
    """Three convolutions with batch normalisation (by the batch's own statistics) and two poolings."""
    make = _Weights()
    widths = [(3, 32), (32, 32), (32, 64)]
    blocks = [(make.convolution(*width, 3), make.norm(width[1])) for width in widths]

    def loss(parameters, data):
        blocks, head = parameters
        x, targets = data
        for i, (convolution, norm) in enumerate(blocks):
            x = jax.nn.relu(_normalise(norm, _convolution(convolution, x, "SAME"), (0, 1, 2)))
            x = _pool(x) if i > 0 else x
        return _cross_entropy(_linear(head, x.reshape(len(x), -1)), targets)

    return (blocks, make.linear(64 * 8 * 8, 10)), (loss, _images(row))


def lstm(row):
    """An LSTM layer as a scan, and a classifier on its last output."""
    make = _Weights()
    width, hidden, length = row.sizes
    parameters = (make.linear(width, 4 * hidden), make.linear(hidden, 4 * hidden), make.linear(hidden, 10))
    data = jnp.array(uniform((length, row.batch, width), INPUT, 1.7)), jnp.array(labels(row.batch, 10))

    def loss(parameters, data):
        into, again, head = parameters
        x, targets = data

        def cell(state, gates):
            h, c = state
            i, f, g, o = jnp.split(gates + _linear(again, h), 4, axis=1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

        zero = jnp.zeros((row.batch, hidden))
        (h, _), _ = lax.scan(cell, (zero, zero), _linear(into, x))
        return _cross_entropy(_linear(head, h), targets)

    return parameters, (loss, data)


def transformer(row):
    """A decoder with causal attention, pre-norm, GELU."""
    make = _Weights()
    depth, width, heads, context, vocabulary = row.sizes

    def block():
        return {
            "norm1": make.norm(width), "qkv": make.linear(width, 3 * width), "out": make.linear(width, width),
            "norm2": make.norm(width), "up": make.linear(width, 4 * width), "down": make.linear(4 * width, width),
        }  # fmt: skip

    parameters = {
        "tokens": make(vocabulary, width, fan_in=width), "places": make(context, width, fan_in=width),
        "blocks": [block() for _ in range(depth)], "norm": make.norm(width), "head": make.linear(width, vocabulary),
    }  # fmt: skip
    tokens = labels(row.batch * context, vocabulary).reshape(row.batch, context)
    targets = labels(row.batch * context + 1, vocabulary)[1:]
    mask = jnp.triu(jnp.full((context, context), -jnp.inf), 1)

    def attend(p, x):
        parts = _linear(p["qkv"], x).reshape(row.batch, context, 3, heads, width // heads)
        q, k, v = parts.transpose(2, 0, 3, 1, 4)
        weights = jax.nn.softmax(q @ k.swapaxes(-2, -1) / math.sqrt(width // heads) + mask, -1)
        return _linear(p["out"], (weights @ v).transpose(0, 2, 1, 3).reshape(row.batch, context, width))

    def loss(p, data):
        tokens, targets = data
        x = p["tokens"][tokens] + p["places"]
        for b in p["blocks"]:
            x = x + attend(b, _normalise(b["norm1"], x, -1))
            up = jax.nn.gelu(_linear(b["up"], _normalise(b["norm2"], x, -1)), approximate=False)
            x = x + _linear(b["down"], up)
        logits = _linear(p["head"], _normalise(p["norm"], x, -1))
        return _cross_entropy(logits.reshape(-1, vocabulary), targets)

    return parameters, (loss, (jnp.array(tokens), jnp.array(targets)))


def vae(row):
    """Variational autoencoder: one hidden layer each way, Bernoulli output. The noise is drawn in every step."""
    make = _Weights()
    pixels, hidden, latent = row.sizes
    shapes = [(pixels, hidden), (hidden, latent), (hidden, latent), (latent, hidden), (hidden, pixels)]
    data = jnp.array(abs(uniform((row.batch, pixels), INPUT))), jax.random.key(0)

    def loss(parameters, data):
        encode, to_mean, to_log_variance, expand, decode = parameters
        x, key = data
        h = jax.nn.relu(_linear(encode, x))
        mean, log_variance = _linear(to_mean, h), _linear(to_log_variance, h)
        z = mean + jax.random.normal(key, mean.shape) * jnp.exp(0.5 * log_variance)
        logits = _linear(decode, jax.nn.relu(_linear(expand, z)))
        fit = (jax.nn.softplus(logits) - x * logits).sum()
        return fit - 0.5 * (1 + log_variance - mean**2 - jnp.exp(log_variance)).sum()

    return [make.linear(*shape) for shape in shapes], (loss, data)


NETWORKS = {"lenet": lenet, "cnn": cnn, "lstm": lstm, "transformer": transformer, "vae": vae}
