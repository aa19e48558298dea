"""NumPy with gradients written by hand: what a careful person would write without a library."""

import numpy as np
from workloads import GRADIENT, INPUT, SECOND, labels, layers, lecture_data, mlp_data, uniform

from peers import Unavailable


def make_step(row):
    """The step of a row."""
    makers = {
        "mlp": _mlp,
        "lecture": _lecture,
        "elementwise": _elementwise,
        "matmul": _matmul,
        "cross_entropy": _cross_entropy,
        "inference": _inference,
    }
    if row.kind not in makers:
        raise Unavailable("not written by hand")
    return makers[row.kind](row)


def wait(result):
    """Results are there when the call returns."""


def summary(result):
    """Mean absolute value."""
    return float(np.abs(result).mean())


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


# name: (function, gradient from output y and incoming gradient g)
ACTIVATIONS = {
    "relu": (lambda x: np.maximum(x, 0), lambda y, g: g * (y > 0)),
    "sigmoid": (_sigmoid, lambda y, g: g * y * (1 - y)),
    "tanh": (np.tanh, lambda y, g: g * (1 - y * y)),
}


def _softmax_loss(logits, targets):
    """(loss, gradient of the logits)"""
    rows = np.arange(len(logits))
    shifted = logits - logits.max(1, keepdims=True)
    grad = np.exp(shifted)
    total = grad.sum(1, keepdims=True)
    loss = (np.log(total[:, 0]) - shifted[rows, targets]).mean()
    grad /= total
    grad[rows, targets] -= 1
    grad /= np.float32(len(logits))
    return loss, grad


class _Adam:
    """Adam (Kingma and Ba 2015) in place."""

    def __init__(self, parameters, lr):
        self.lr, self.time = lr, 0
        self.state = [(p, np.zeros_like(p), np.zeros_like(p)) for p in parameters]

    def step(self, grads):
        self.time += 1
        rate = self.lr / (1 - 0.9**self.time)
        root = 1 / (1 - 0.999**self.time) ** 0.5
        for (p, m, v), g in zip(self.state, grads, strict=True):
            m += 0.1 * (g - m)
            v *= 0.999
            v += 0.001 * g * g
            p -= rate * m / (np.sqrt(v) * root + 1e-8)


class _Sgd:
    def __init__(self, parameters, lr):
        self.parameters, self.lr = parameters, lr

    def step(self, grads):
        for p, g in zip(self.parameters, grads, strict=True):
            p -= self.lr * g


def _mlp(row):
    inputs, targets = mlp_data(row)
    net = layers(row.sizes)
    function, slope = ACTIVATIONS[row.activation]
    optimizer = {"sgd": _Sgd, "adam": _Adam}[row.optimizer]([p for layer in net for p in layer], row.lr)

    def step():
        values = [inputs]
        for weight, bias in net[:-1]:
            values.append(function(values[-1] @ weight.T + bias))
        weight, bias = net[-1]
        loss, g = _softmax_loss(values[-1] @ weight.T + bias, targets)
        grads = []
        for i in range(len(net) - 1, -1, -1):
            grads[:0] = [g.T @ values[i], g.sum(0)]
            if i > 0:
                g = slope(values[i], g @ net[i][0])
        optimizer.step(grads)
        return loss

    return step


def _lecture(row):
    x, y, w1, w2 = lecture_data(row)

    def step():
        h = _sigmoid(x @ w1)
        difference = h @ w2 - y
        loss = np.square(difference).sum()
        grad_out = 2 * difference
        grad_w2 = h.T @ grad_out
        grad_w1 = x.T @ (grad_out @ w2.T * h * (1 - h))
        w1[...] -= row.lr * grad_w1
        w2[...] -= row.lr * grad_w2
        return loss

    return step


def _elementwise(row):
    if row.activation not in ACTIVATIONS:
        raise Unavailable("NumPy has no erf")
    function, slope = ACTIVATIONS[row.activation]
    x, incoming = uniform(row.sizes, INPUT, 3.0), uniform(row.sizes, GRADIENT)
    return lambda: slope(function(x), incoming)


def _matmul(row):
    m, k, n = row.sizes
    a, b, g = uniform((m, k), INPUT), uniform((k, n), SECOND), uniform((m, n), GRADIENT)

    def step():
        a @ b
        g @ b.T
        return a.T @ g

    return step


def _cross_entropy(row):
    logits, targets = uniform(row.sizes, INPUT, 3.0), labels(*row.sizes)
    return lambda: _softmax_loss(logits, targets)[1]


def _inference(row):
    net = layers(row.sizes)
    inputs = mlp_data(row)[0]
    function, _ = ACTIVATIONS[row.activation]

    def step():
        value = inputs
        for weight, bias in net[:-1]:
            value = function(value @ weight.T + bias)
        return value @ net[-1][0].T + net[-1][1]

    return step
