"""HIPS autograd: NumPy code differentiated by tracing."""

import autograd.numpy as anp
import numpy as np
from autograd import grad, value_and_grad
from autograd.scipy.special import logsumexp
from workloads import labels, layers, lecture_data, mlp_data, uniform

from peers import Unavailable
from peers.numpy_peer import _Adam, _Sgd

ACTIVATIONS = {
    "relu": lambda x: anp.maximum(x, 0),
    "sigmoid": lambda x: 1 / (1 + anp.exp(-x)),
    "tanh": anp.tanh,
}


def make_step(row):
    """The step of a row."""
    makers = {"mlp": _mlp, "lecture": _lecture, "chain": _chain, "cross_entropy": _cross_entropy}
    if row.kind not in makers:
        raise Unavailable("not written for autograd")
    return makers[row.kind](row)


def wait(result):
    """Results are there when the call returns."""


def summary(result):
    """Mean absolute value."""
    return float(np.abs(result).mean())


def _loss(logits, targets):
    return anp.mean(logsumexp(logits, axis=1) - logits[np.arange(len(targets)), targets])


def _mlp(row):
    inputs, targets = mlp_data(row)
    net = layers(row.sizes)
    flat = [p for layer in net for p in layer]
    function = ACTIVATIONS[row.activation]
    optimizer = {"sgd": _Sgd, "adam": _Adam}[row.optimizer](flat, row.lr)

    def loss_of(flat):
        value = inputs
        for i in range(0, len(flat) - 2, 2):
            value = function(anp.dot(value, flat[i].T) + flat[i + 1])
        return _loss(anp.dot(value, flat[-2].T) + flat[-1], targets)

    run = value_and_grad(loss_of)

    def step():
        loss, grads = run(flat)
        optimizer.step(grads)
        return loss

    return step


def _lecture(row):
    x, y, w1, w2 = lecture_data(row)

    def loss_of(w1, w2):
        return anp.sum((anp.dot(ACTIVATIONS["sigmoid"](anp.dot(x, w1)), w2) - y) ** 2)

    run = value_and_grad(loss_of, (0, 1))

    def step():
        loss, grads = run(w1, w2)
        w1[...] -= row.lr * grads[0]
        w2[...] -= row.lr * grads[1]
        return loss

    return step


def _cross_entropy(row):
    logits, targets = uniform(row.sizes, 1, 3.0), labels(*row.sizes)
    run = grad(_loss)
    return lambda: run(logits, targets)


def _chain(row):
    rounds = range(row.sizes[0] // 2)

    def chain(w, x):
        y = x
        for _ in rounds:
            y = y * w + x
        return y

    run = grad(chain, (0, 1))
    return lambda: run(0.9, 0.5)[0]
