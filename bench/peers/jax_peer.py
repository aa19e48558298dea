"""JAX: each step is one jitted function, with optax optimizers and donated state."""

import jax
import jax.numpy as jnp
import numpy as np
from workloads import GRADIENT, INPUT, SECOND, labels, layers, lecture_data, mlp_data, uniform

from peers import Unavailable
from peers.jax_networks import NETWORKS

ACTIVATIONS = {
    "relu": jax.nn.relu,
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    "gelu": lambda x: jax.nn.gelu(x, approximate=False),
}


def make_step(row):
    """The step of a row."""
    if row.kind in NETWORKS:
        return training_step(row, *NETWORKS[row.kind](row))
    makers = {
        "mlp": lambda: training_step(row, *_mlp(row)),
        "lecture": lambda: _lecture(row),
        "elementwise": lambda: _elementwise(row),
        "matmul": lambda: _matmul(row),
        "cross_entropy": lambda: _cross_entropy(row),
        "chain": lambda: _chain(row),
        "inference": lambda: _inference(row),
    }
    if row.kind not in makers:
        raise Unavailable("not written for JAX")
    return makers[row.kind]()


def wait(result):
    """Block until the computation that gives `result` is done."""
    jax.block_until_ready(result)


def summary(result):
    """Mean absolute value."""
    return float(np.abs(np.asarray(result)).mean())


def training_step(row, parameters, loss_of):
    """One optimizer step; `loss_of(parameters, data)` gives the loss, and the data is an argument, not a constant."""
    try:
        import optax
    except ImportError:
        raise Unavailable("optax is not installed") from None
    loss_function, data = loss_of
    kinds = {"sgd": optax.sgd, "adam": optax.adam, "adamw": lambda lr: optax.adamw(lr, weight_decay=0.01)}
    optimizer = kinds[row.optimizer](row.lr)

    def update(state, data):
        parameters, memory = state
        loss, grads = jax.value_and_grad(loss_function)(parameters, data)
        changes, memory = optimizer.update(grads, memory, parameters)
        return (optax.apply_updates(parameters, changes), memory), loss

    update = jax.jit(update, donate_argnums=0)
    parameters = jax.tree.map(jnp.array, parameters)
    state = (parameters, optimizer.init(parameters))

    def step():
        nonlocal state
        state, loss = update(state, data)
        return loss

    return step


def cross_entropy(logits, targets):
    """Mean softmax cross-entropy with integer labels."""
    picked = jnp.take_along_axis(logits, targets[:, None], 1)[:, 0]
    return (jax.nn.logsumexp(logits, axis=1) - picked).mean()


def _forward(net, value, function):
    for weight, bias in net[:-1]:
        value = function(value @ weight.T + bias)
    return value @ net[-1][0].T + net[-1][1]


def _mlp(row):
    data = tuple(jnp.array(array) for array in mlp_data(row))
    function = ACTIVATIONS[row.activation]

    def loss(net, data):
        inputs, targets = data
        return cross_entropy(_forward(net, inputs, function), targets)

    return layers(row.sizes), (loss, data)


def _lecture(row):
    x, y, w1, w2 = (jnp.array(array) for array in lecture_data(row))

    def loss_of(weights, x, y):
        return jnp.square(jax.nn.sigmoid(x @ weights[0]) @ weights[1] - y).sum()

    def update(weights, x, y):
        loss, grads = jax.value_and_grad(loss_of)(weights, x, y)
        return jax.tree.map(lambda w, g: w - row.lr * g, weights, grads), loss

    update = jax.jit(update, donate_argnums=0)
    weights = (w1, w2)

    def step():
        nonlocal weights
        weights, loss = update(weights, x, y)
        return loss

    return step


def _with_gradient(function, incoming):
    """jitted (value, gradients) of `function` against `incoming`; the value is kept so that it is computed."""

    def run(arguments, incoming):
        value, pull = jax.vjp(function, *arguments)
        return value, pull(incoming)

    run = jax.jit(run)
    return lambda *arguments: run(arguments, incoming)


def _elementwise(row):
    x = jnp.array(uniform(row.sizes, INPUT, 3.0))
    run = _with_gradient(ACTIVATIONS[row.activation], jnp.array(uniform(row.sizes, GRADIENT)))
    return lambda: run(x)[1][0]


def _matmul(row):
    m, k, n = row.sizes
    a, b = jnp.array(uniform((m, k), INPUT)), jnp.array(uniform((k, n), SECOND))
    run = _with_gradient(jnp.matmul, jnp.array(uniform((m, n), GRADIENT)))
    return lambda: run(a, b)[1][1]


def _cross_entropy(row):
    logits, targets = jnp.array(uniform(row.sizes, INPUT, 3.0)), jnp.array(labels(*row.sizes))
    run = jax.jit(jax.value_and_grad(cross_entropy))
    return lambda: run(logits, targets)[1]


def _chain(row):
    raise Unavailable("compiled away: not one operation at a time")


def _inference(row):
    net = jax.tree.map(jnp.array, layers(row.sizes))
    inputs = jnp.array(mlp_data(row)[0])
    run = jax.jit(lambda net, inputs: _forward(net, inputs, ACTIVATIONS[row.activation]))
    return lambda: run(net, inputs)
