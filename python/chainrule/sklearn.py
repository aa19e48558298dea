"""Neural networks with scikit-learn's estimator interface: MLPClassifier and MLPRegressor.

They take the place of sklearn.neural_network's in a Pipeline, a GridSearchCV or anywhere else, and add dropout, class
weights, losses of your own and, as `model_`, a chainrule module to go on with. Needs scikit-learn:
pip install 'chainrule[sklearn]'.

Example:
    >>> from sklearn.datasets import load_digits
    >>> from chainrule.sklearn import MLPClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> net = MLPClassifier((50,), max_iter=500, random_state=0).fit(X[:1000] / 16, y[:1000])
    >>> bool(net.score(X[1000:] / 16, y[1000:]) > 0.9)
    True
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.nn import functional as F

from ._perceptron import Perceptron  # first: it says what to do where scikit-learn is missing

# isort: split
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels

__all__ = ["MLPClassifier", "MLPRegressor"]


class MLPClassifier(ClassifierMixin, Perceptron):
    """A multilayer perceptron that classifies: one class of several, or (y two-dimensional) several labels at once.

    Args:
        hidden_layer_sizes: neurons of each hidden layer.
        activation: "relu", "tanh", "logistic", "identity", "gelu" or "silu".
        loss: "cross_entropy" (of the softmax, or of a sigmoid for each label), or a callable of the output (samples,
            classes) and the target (class numbers, or labels of 0 and 1) that gives one number for each sample.
        class_weight: how much classes count: a dict, "balanced", or None.
        solver: "adam" or "sgd".
        alpha: strength of the L2 penalty alpha / 2 |W|^2 / samples.
        batch_size: samples in a step; "auto" is min(200, samples).
        dropout: the share of hidden values set to 0 while training.
        learning_rate_init, momentum, nesterovs_momentum, beta_1, beta_2, epsilon: the solver's.
        max_iter: epochs at most. tol, n_iter_no_change: stop when the loss (the score, with early_stopping) has not
            improved by tol in that many epochs.
        early_stopping: hold validation_fraction of the data back, judge by it, keep the best weights.
        shuffle, random_state: the order of samples, and the source of all random numbers.
        warm_start: fit goes on from the weights that are there.
        verbose: show a progress bar.

    Attributes:
        model_: the network, a chainrule.nn.Sequential that gives scores before the softmax.
        classes_, n_iter_, loss_, best_loss_, loss_curve_, validation_scores_, best_validation_score_, coefs_,
        intercepts_, n_layers_, n_outputs_, out_activation_: as in scikit-learn.

    Example:
        >>> import numpy as np
        >>> from chainrule.sklearn import MLPClassifier
        >>> net = MLPClassifier((16,), max_iter=2000, random_state=1)
        >>> X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
        >>> net.set_params(learning_rate_init=0.05).fit(X, ["no", "yes", "yes", "no"]).predict(X).tolist()
        ['no', 'yes', 'yes', 'no']
    """

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        loss: Any = "cross_entropy",
        class_weight: Any = None,
        solver: str = "adam",
        alpha: float = 1e-4,
        batch_size: Any = "auto",
        dropout: float = 0.0,
        learning_rate_init: float = 1e-3,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int = 10,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.loss = loss
        self.class_weight = class_weight
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.dropout = dropout
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change

    def _losses(self) -> dict[str, Callable[[Any, Any], Any]]:
        return {"cross_entropy": self._cross_entropy}

    def _cross_entropy(self, output: Any, target: Any) -> Any:
        if self._multilabel:
            return F.binary_cross_entropy_with_logits(output, target, reduction="none").sum(1)
        return F.cross_entropy(output, target, reduction="none")

    def _targets(self, y: Any, first: bool, classes: Any) -> Any:
        check_classification_targets(y)
        multilabel = type_of_target(y).startswith("multilabel")
        if y.ndim == 2 and not multilabel:
            if y.shape[1] != 1:
                raise ValueError(
                    f"{type(self).__name__}: y of two axes must hold labels of 0 and 1, got {type_of_target(y)}."
                )
            y = _column(y)
        seen = np.arange(y.shape[1]) if multilabel else unique_labels(y)
        if first:
            self._multilabel = multilabel
            self.classes_ = seen if classes is None else classes
            self.n_outputs_ = len(self.classes_)
            self.out_activation_ = "logistic" if multilabel else "softmax"
        unknown = np.setdiff1d(seen, self.classes_)
        if len(unknown) or multilabel != self._multilabel:
            raise ValueError(
                f"{type(self).__name__}: y must hold classes among {self.classes_.tolist()}, got {unknown.tolist()}."
            )
        if multilabel:
            return np.asarray(y, dtype=np.float64)
        return np.searchsorted(self.classes_, y).astype(np.int64)

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Any:
        """One epoch on this data, going on from before.

        Args:
            classes: all classes that will come; needed in the first call.
        """
        if not hasattr(self, "model_"):
            if classes is None:
                raise ValueError(f"{type(self).__name__}: classes must be given in the first call of partial_fit.")
            classes = np.asarray(unique_labels(classes))
        elif classes is not None and not np.array_equal(unique_labels(classes), self.classes_):
            raise ValueError(
                f"{type(self).__name__}: classes must be those of the first call, {self.classes_.tolist()}, got "
                f"{np.asarray(classes).tolist()}."
            )
        return self._fit(X, y, sample_weight, incremental=True, classes=classes)

    def predict(self, X: Any) -> Any:
        """The class of each sample, or for several labels an array of 0 and 1."""
        output = self._output(X)
        if self._multilabel:
            return (output > 0).numpy().astype(int)
        return self.classes_[output.argmax(1).numpy()]

    def predict_proba(self, X: Any) -> Any:
        """Probabilities (samples, classes)."""
        output = self._output(X)
        return (output.sigmoid() if self._multilabel else output.softmax(1)).numpy()

    def predict_log_proba(self, X: Any) -> Any:
        """Logarithms of the probabilities."""
        output = self._output(X)
        return (F.logsigmoid(output) if self._multilabel else output.log_softmax(1)).numpy()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.target_tags.multi_output = False
        return tags


class MLPRegressor(RegressorMixin, Perceptron):
    """A multilayer perceptron that predicts one number, or several.

    Args:
        loss: "squared_error" (half of it), "absolute_error", "huber", or a callable of the output and the target, both
            (samples, outputs), that gives one number for each sample.

    The other arguments and the attributes are MLPClassifier's.

    Example:
        >>> import numpy as np
        >>> from chainrule.sklearn import MLPRegressor
        >>> X = np.linspace(-1, 1, 200)[:, None]
        >>> net = MLPRegressor((32,), "tanh", max_iter=2000, tol=1e-6, n_iter_no_change=30, random_state=0)
        >>> net = net.set_params(learning_rate_init=0.02, alpha=0.0).fit(X, np.sin(3 * X[:, 0]))
        >>> bool(net.score(X, np.sin(3 * X[:, 0])) > 0.99)
        True
    """

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        loss: Any = "squared_error",
        solver: str = "adam",
        alpha: float = 1e-4,
        batch_size: Any = "auto",
        dropout: float = 0.0,
        learning_rate_init: float = 1e-3,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int = 10,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.loss = loss
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.dropout = dropout
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change

    def _losses(self) -> dict[str, Callable[[Any, Any], Any]]:
        return {
            "squared_error": lambda output, target: F.mse_loss(output, target, reduction="none") * 0.5,
            "absolute_error": lambda output, target: F.l1_loss(output, target, reduction="none"),
            "huber": lambda output, target: F.huber_loss(output, target, reduction="none"),
        }

    def _targets(self, y: Any, first: bool, classes: Any) -> Any:
        columns = y.reshape(len(y), -1)
        if first:
            self.n_outputs_, self._flat = columns.shape[1], y.ndim == 1 or columns.shape[1] == 1
            self.out_activation_ = "identity"
        elif columns.shape[1] != self.n_outputs_:
            raise ValueError(f"{type(self).__name__}: y must have {self.n_outputs_} outputs, got {columns.shape[1]}.")
        if y.ndim == 2 and y.shape[1] == 1:
            _column(y)
        return columns

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """One epoch on this data, going on from before."""
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: Any) -> Any:
        """The predicted numbers, (samples,) or (samples, outputs)."""
        output = self._output(X).numpy()
        return output[:, 0] if self._flat else output


def _column(y: Any) -> Any:
    """A column as a vector, with scikit-learn's warning."""
    from sklearn.utils.validation import column_or_1d

    return column_or_1d(y, warn=True)
