"""scikit-learn's MLPClassifier: one call of partial_fit is an epoch of 32 training steps."""

import numpy as np
from sklearn.neural_network import MLPClassifier
from workloads import mlp_data

from peers import Unavailable

EPOCH = 32


def make_step(row):
    """The step of a row. Plain SGD has no momentum here, and the penalty on weights is off."""
    if row.kind != "mlp":
        raise Unavailable("MLPs only")
    inputs, targets = (np.concatenate([array] * EPOCH) for array in mlp_data(row))
    model = MLPClassifier(
        hidden_layer_sizes=row.sizes[1:-1],
        activation=row.activation,
        solver=row.optimizer,
        alpha=0.0,
        batch_size=row.batch,
        learning_rate_init=row.lr,
        momentum=0.0,
        nesterovs_momentum=False,
    )
    model.partial_fit(inputs, targets, classes=np.arange(row.sizes[-1]))

    def step():
        model.partial_fit(inputs, targets)
        return model

    step.count = EPOCH
    return step


def wait(result):
    """Results are there when the call returns."""


def summary(result):
    """None: its weights start from numbers of its own."""
    return None
