"""PyTorch and chainrule: the same code, with the module that is imported as a parameter."""

import importlib
from itertools import pairwise

import numpy as np
from workloads import GRADIENT, INPUT, SECOND, labels, layers, lecture_data, mlp_data, uniform

from peers import Unavailable
from peers.torchlike_networks import NETWORKS


def make_step(row, library="torch", compiled=False, fused=False):
    """The step of a row. `compiled` runs it through torch.compile, `fused` asks for fused optimizers."""
    torch = importlib.import_module(library)
    if row.kind in NETWORKS:
        return _training_step(torch, row, *NETWORKS[row.kind](torch, row), compiled, fused)
    makers = {
        "mlp": lambda: _training_step(torch, row, *_mlp(torch, row), compiled, fused),
        "lecture": lambda: _lecture(torch, row),
        "elementwise": lambda: _elementwise(torch, row, compiled),
        "matmul": lambda: _matmul(torch, row),
        "cross_entropy": lambda: _cross_entropy(torch, row, compiled),
        "chain": lambda: _chain(torch, row),
        "expression": lambda: _expression(torch, row),
        "inference": lambda: _inference(torch, row, compiled),
        "optimizer": lambda: _optimizer_alone(torch, row, fused),
    }
    if row.kind not in makers:
        raise Unavailable("not written for this peer")
    if compiled and row.kind in ("lecture", "chain", "expression", "matmul", "optimizer"):
        raise Unavailable("nothing to compile")
    return makers[row.kind]()


def wait(result):
    """Results are there when the call returns."""


def summary(result):
    """Mean absolute value."""
    return float(np.abs(result.detach().numpy()).mean())


def _optimizer(torch, row, parameters, fused):
    kinds = {name.lower(): kind for name, kind in vars(torch.optim).items() if isinstance(kind, type)}
    options = {"fused": True} if fused else {}
    return kinds[row.optimizer](parameters, lr=row.lr, **options)


def _training_step(torch, row, model, loss_of, compiled, fused):
    """zero_grad, forward, loss, backward, optimizer step; `loss_of(model)` gives the loss."""
    optimizer = _optimizer(torch, row, model.parameters(), fused)
    update = optimizer.step
    if compiled:
        loss_of = torch.compile(loss_of)
        if row.optimizer != "sgd":  # pays with Adam, whose step is many small operations, and costs with plain SGD
            update = torch.compile(update)

    def step():
        optimizer.zero_grad()
        loss = loss_of(model)
        loss.backward()
        update()
        return loss

    return step


def _optimizer_alone(torch, row, fused):
    """The step of an optimizer, over and over with the same gradients."""
    model, loss_of = _mlp(torch, row)
    optimizer = _optimizer(torch, row, model.parameters(), fused)
    loss_of(model).backward()
    first = next(model.parameters())

    def step():
        optimizer.step()
        return first

    return step


def _mlp_model(torch, row):
    nn = torch.nn
    activation = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}[row.activation]
    parts = []
    for fan_in, fan_out in pairwise(row.sizes):
        parts += [nn.Linear(fan_in, fan_out), activation()]
    model = nn.Sequential(*parts[:-1])
    state = {}
    for i, (weight, bias) in enumerate(layers(row.sizes)):
        state[f"{2 * i}.weight"] = torch.tensor(weight)
        state[f"{2 * i}.bias"] = torch.tensor(bias)
    model.load_state_dict(state)
    return model


def _mlp(torch, row):
    inputs, targets = (torch.tensor(array) for array in mlp_data(row))
    criterion = torch.nn.CrossEntropyLoss()
    return _mlp_model(torch, row), lambda model: criterion(model(inputs), targets)


def _lecture(torch, row):
    x, y, w1, w2 = (torch.tensor(array) for array in lecture_data(row))
    w1.requires_grad_()
    w2.requires_grad_()

    def step():
        h = (x @ w1).sigmoid()
        loss = ((h @ w2 - y) ** 2).sum()
        loss.backward()
        with torch.no_grad():
            for w in (w1, w2):
                w -= row.lr * w.grad
                w.grad = None
        return loss

    return step


def _leaf(torch, array):
    return torch.tensor(array).requires_grad_()


def _elementwise(torch, row, compiled):
    (count,) = row.sizes
    functions = {
        "relu": torch.relu,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "gelu": getattr(torch.nn.functional, "gelu", None),
    }
    function = functions[row.activation]
    if function is None:
        raise Unavailable("no gelu")
    if compiled:
        function = torch.compile(function)
    x = _leaf(torch, uniform((count,), INPUT, 3.0))
    incoming = torch.tensor(uniform((count,), GRADIENT))

    def step():
        x.grad = None
        function(x).backward(incoming)
        return x.grad

    return step


def _matmul(torch, row):
    m, k, n = row.sizes
    a = _leaf(torch, uniform((m, k), INPUT))
    b = _leaf(torch, uniform((k, n), SECOND))
    incoming = torch.tensor(uniform((m, n), GRADIENT))

    def step():
        a.grad = b.grad = None
        (a @ b).backward(incoming)
        return b.grad

    return step


def _cross_entropy(torch, row, compiled):
    rows, classes = row.sizes
    logits = _leaf(torch, uniform((rows, classes), INPUT, 3.0))
    targets = torch.tensor(labels(rows, classes))
    function = torch.nn.functional.cross_entropy
    if compiled:
        function = torch.compile(function)

    def step():
        logits.grad = None
        function(logits, targets).backward()
        return logits.grad

    return step


def _expression(torch, row):
    a, b, c = (torch.tensor(uniform(row.sizes, seed)).requires_grad_() for seed in (INPUT, SECOND, GRADIENT))

    def step():
        a.grad = b.grad = c.grad = None
        y = ((a * b) + c).sum()
        y.backward()
        return a.grad

    return step


def _chain(torch, row):
    """y = y * w + x over and over: each round is two scalar operations."""
    x = torch.tensor(0.5, requires_grad=True)
    w = torch.tensor(0.9, requires_grad=True)
    rounds = range(row.sizes[0] // 2)

    def step():
        x.grad = w.grad = None
        y = x
        for _ in rounds:
            y = y * w + x
        y.backward()
        return w.grad

    return step


def _inference(torch, row, compiled):
    model = _mlp_model(torch, row)
    inputs = torch.tensor(mlp_data(row)[0])
    if compiled:
        model = torch.compile(model)

    def step():
        with torch.no_grad():
            return model(inputs)

    return step
