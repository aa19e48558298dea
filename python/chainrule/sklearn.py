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

import copy
import importlib
import itertools
import math
import numbers
import sys
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.nn import functional as F

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, is_classifier
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import train_test_split
    from sklearn.utils import check_random_state
    from sklearn.utils.class_weight import compute_sample_weight
    from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "chainrule.sklearn needs scikit-learn 1.6 or later: pip install 'chainrule[sklearn]'", name=error.name
    ) from error

__all__ = ["MLPClassifier", "MLPRegressor"]

_ACTIVATIONS: dict[str, Callable[[], Any]] = {
    "identity": cr.nn.Identity,
    "logistic": cr.nn.Sigmoid,
    "tanh": cr.nn.Tanh,
    "relu": cr.nn.ReLU,
    "gelu": cr.nn.GELU,
    "silu": cr.nn.SiLU,
}
_SOLVERS = ("adam", "sgd")


class _MLP(BaseEstimator):
    """What both estimators share: the network and its training."""

    loss: Any
    class_weight: Any = None
    hidden_layer_sizes: Any
    activation: Any
    solver: Any
    alpha: Any
    batch_size: Any
    dropout: Any
    learning_rate_init: Any
    max_iter: Any
    shuffle: Any
    random_state: Any
    tol: Any
    verbose: Any
    warm_start: Any
    momentum: Any
    nesterovs_momentum: Any
    early_stopping: Any
    validation_fraction: Any
    beta_1: Any
    beta_2: Any
    epsilon: Any
    n_iter_no_change: Any
    n_outputs_: int
    score: Any

    # --- what a subclass says -----------------------------------------------------------------------------------------

    def _targets(self, y: Any, first: bool, classes: Any) -> Any:
        """The targets as an array for the loss; sets n_outputs_ and what predicting needs."""
        raise NotImplementedError

    def _losses(self) -> dict[str, Callable[[Any, Any], Any]]:
        """Losses by name: output and target to one number for each sample."""
        raise NotImplementedError

    # --- parameters ---------------------------------------------------------------------------------------------------

    def _check_parameters(self) -> None:
        def require(ok: bool, name: str, what: str) -> None:
            if not ok:
                raise ValueError(f"{type(self).__name__}: {name} must be {what}, got {getattr(self, name)!r}.")

        def number(name: str, low: float, high: float = math.inf) -> bool:
            value: Any = getattr(self, name)
            return isinstance(value, numbers.Real) and low <= float(value) < high

        def count(name: str) -> bool:
            value: Any = getattr(self, name)
            return isinstance(value, numbers.Integral) and not isinstance(value, bool) and int(value) >= 1

        def named(name: str, choices: Iterable[str]) -> bool:
            value: Any = getattr(self, name)
            return isinstance(value, str) and value in choices

        require(all(isinstance(n, numbers.Integral) and n > 0 for n in self._sizes()), "hidden_layer_sizes", "positive")
        require(named("activation", _ACTIVATIONS), "activation", f"one of {sorted(_ACTIVATIONS)}")
        require(named("solver", _SOLVERS), "solver", f"one of {list(_SOLVERS)}")
        losses = self._losses()
        require(callable(self.loss) or named("loss", losses), "loss", f"a callable or {sorted(losses)}")
        for name in ("alpha", "tol", "epsilon"):
            require(number(name, 0.0), name, ">= 0")
        require(number("learning_rate_init", 0.0) and self.learning_rate_init > 0, "learning_rate_init", "> 0")
        require(count("max_iter"), "max_iter", "a whole number >= 1")
        endless = isinstance(self.n_iter_no_change, numbers.Real) and self.n_iter_no_change == math.inf
        require(endless or count("n_iter_no_change"), "n_iter_no_change", "a whole number >= 1, or infinite")
        for name in ("dropout", "momentum", "beta_1", "beta_2"):
            require(number(name, 0.0, 1.0), name, "in [0, 1)")
        require(number("validation_fraction", 0.0, 1.0), "validation_fraction", "in [0, 1)")
        some = not self.early_stopping or self.validation_fraction > 0
        require(some, "validation_fraction", "above 0 with early_stopping, which judges by that part")
        automatic = isinstance(self.batch_size, str) and self.batch_size == "auto"
        require(automatic or count("batch_size"), "batch_size", "'auto' or a whole number >= 1")

    def _sizes(self) -> list[int]:
        sizes = self.hidden_layer_sizes
        return list(sizes) if isinstance(sizes, Iterable) else [sizes]

    # --- training -----------------------------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Train on X (samples, features) and y.

        Args:
            X: dense array of numbers.
            y: (samples,) or (samples, outputs).
            sample_weight: (samples,) how much each sample counts; 2 is the same as the sample twice.

        Returns:
            self.

        Raises:
            ValueError: parameters or data that don't fit.
        """
        return self._fit(X, y, sample_weight, incremental=False)

    def _fit(self, X: Any, y: Any, sample_weight: Any, incremental: bool, classes: Any = None) -> Any:
        self._check_parameters()
        if incremental and self.early_stopping:
            raise ValueError(
                f"{type(self).__name__}: partial_fit sees part of the data for one epoch and cannot stop early. Set "
                "early_stopping=False, or call fit."
            )
        fitted = hasattr(self, "model_")
        first = not fitted or not (incremental or self.warm_start)
        X, y = validate_data(
            self,
            X,
            y,
            dtype=(np.float64, np.float32),
            multi_output=True,
            y_numeric=not is_classifier(self),
            reset=first,
        )
        targets = self._targets(y, first, classes)
        if targets.dtype.kind == "f":
            targets = targets.astype(X.dtype)
        weights = self._weights(y, sample_weight, X.dtype)
        rng = check_random_state(self.random_state)
        state = cr.get_rng_state()  # layers and dropout draw from the library's generator: its state is the caller's
        try:
            if first:
                self._start(X.shape[1], X.dtype, rng)
            if first or not incremental:
                self._optimizer: Any = self._new_optimizer()
            cr.manual_seed(int(rng.randint(2**31)))
            self._train(X, targets, y, weights, rng, 1 if incremental else self.max_iter)
        finally:
            cr.set_rng_state(state)
        return self

    def _weights(self, y: Any, sample_weight: Any, dtype: Any) -> Any:
        """One weight for each sample, or None where all are 1."""
        weights = None
        if sample_weight is not None:
            weights = _check_sample_weight(sample_weight, y, dtype=dtype, ensure_non_negative=True)
        if self.class_weight is not None:
            by_class = compute_sample_weight(self.class_weight, y).astype(dtype)
            weights = by_class if weights is None else weights * by_class
        return weights

    def _start(self, features: int, dtype: Any, rng: Any) -> None:
        """New weights: uniform of Glorot's width (Glorot and Bengio, 2010)."""
        sizes = [features, *self._sizes(), self.n_outputs_]
        layers: list[Any] = []
        for i, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes)):
            layer = cr.nn.Linear(fan_in, fan_out, dtype=getattr(cr, np.dtype(dtype).name))
            bound = math.sqrt((2.0 if self.activation == "logistic" else 6.0) / (fan_in + fan_out))
            for parameter in (layer.weight, layer.bias):
                drawn = rng.uniform(-bound, bound, tuple(parameter.shape)).astype(dtype)
                parameter.data.copy_(cr.from_numpy(drawn))
            layers.append(layer)
            if i < len(sizes) - 2:
                layers.append(_ACTIVATIONS[self.activation]())
                if self.dropout:
                    layers.append(cr.nn.Dropout(self.dropout))
        self.model_ = cr.nn.Sequential(*layers)
        self.n_layers_ = len(sizes)
        self.n_iter_, self.t_ = 0, 0
        self.loss_curve_: list[float] = []
        self.best_loss_: Any = None
        self.validation_scores_: Any = None
        self.best_validation_score_: Any = None

    def _new_optimizer(self) -> Any:
        groups = [{"params": self._matrices()}, {"params": [layer.bias for layer in self._linears()]}]
        if self.solver == "sgd":
            nesterov = bool(self.nesterovs_momentum and self.momentum > 0)
            return cr.optim.SGD(groups, self.learning_rate_init, self.momentum, nesterov=nesterov)
        return cr.optim.Adam(groups, self.learning_rate_init, (self.beta_1, self.beta_2), self.epsilon)

    def _linears(self) -> list[Any]:
        return [layer for layer in self.model_ if isinstance(layer, cr.nn.Linear)]

    def _matrices(self) -> list[Any]:
        return [layer.weight for layer in self._linears()]

    def _train(self, X: Any, targets: Any, y: Any, weights: Any, rng: Any, epochs: int) -> None:
        held: Any = None
        # What is judged by is there from before only if training was judged by it before.
        if not self.early_stopping:
            self.best_loss_ = math.inf if self.best_loss_ is None else self.best_loss_
        elif self.validation_scores_ is None:
            self.validation_scores_, self.best_validation_score_ = [], -math.inf
        if self.early_stopping:
            X, targets, weights, held = self._hold_out(X, targets, y, weights, rng)
        data = [cr.from_numpy(np.ascontiguousarray(a)) for a in (X, targets) if a is not None]
        if weights is not None:
            data.append(cr.from_numpy(weights))
        self._waited, best = 0, None
        for _ in _progress(epochs, self.verbose, self):
            self.loss_curve_.append(self._epoch(data, weights is not None, rng))
            self.n_iter_ += 1
            self.loss_ = self.loss_curve_[-1]
            if not math.isfinite(self.loss_):
                raise ValueError(
                    f"{type(self).__name__}: the loss is {self.loss_} after {self.n_iter_} epochs. "
                    "Scale the data, or lower learning_rate_init."
                )
            improved = self._improved(held)
            if held is not None and improved == "best":
                best = copy.deepcopy(self.model_.state_dict())
            if self._waited > self.n_iter_no_change:
                break
        else:
            if epochs > 1:
                warnings.warn(
                    f"{type(self).__name__}: max_iter={self.max_iter} epochs have passed and the loss still falls.",
                    ConvergenceWarning,
                    stacklevel=4,
                )
        if best is not None:
            self.model_.load_state_dict(best)

    def _hold_out(self, X: Any, targets: Any, y: Any, weights: Any, rng: Any) -> Any:
        """Part of the data to judge by: (what is left to train on, and the part)."""
        stratify = y if is_classifier(self) and y.ndim == 1 else None
        train, test = train_test_split(
            np.arange(len(X)), test_size=self.validation_fraction, stratify=stratify, random_state=rng
        )
        held = (X[test], y[test], None if weights is None else weights[test])
        return X[train], targets[train], None if weights is None else weights[train], held

    def _improved(self, held: Any) -> str:
        """Count epochs without progress; "best" if this one is the best by the data held out."""
        if held is None:
            progress = self.loss_ < self.best_loss_ - self.tol
            self._waited = 0 if progress else self._waited + 1
            self.best_loss_ = min(self.best_loss_, self.loss_)
            return ""
        score = self.score(*held)
        self.validation_scores_.append(score)
        self._waited = 0 if score > self.best_validation_score_ + self.tol else self._waited + 1
        best = score > self.best_validation_score_
        self.best_validation_score_ = max(self.best_validation_score_, score)
        self.best_loss_ = None
        return "best" if best else ""

    def _epoch(self, data: list[Any], weighted: bool, rng: Any) -> float:
        """One pass over the data; the mean loss with its penalty."""
        n = len(data[0])
        step = min(200, n) if self.batch_size == "auto" else min(int(self.batch_size), n)
        if self.shuffle and step < n:
            order = cr.from_numpy(rng.permutation(n))
            data = [part.index_select(0, order) for part in data]
        loss_of = self.loss if callable(self.loss) else self._losses()[self.loss]
        matrices = self._optimizer.param_groups[0]
        self.model_.train()
        total = mass = 0.0
        for start in range(0, n, step):
            batch = [part[start : start + step] for part in data]
            each = loss_of(self.model_(batch[0]), batch[1])
            loss, weight = self._mean(each, batch[2] if weighted else None, len(batch[0]))
            if weight == 0:
                continue
            matrices["weight_decay"] = self.alpha / weight
            self._optimizer.zero_grad()
            loss.backward()
            self._optimizer.step()
            self.t_ += len(batch[0])
            total += loss.item() * weight
            mass += weight
        self.model_.eval()
        if mass == 0:
            raise ValueError(f"{type(self).__name__}: all sample weights are 0.")
        penalty = sum(float(w.detach().square().sum()) for w in self._matrices()) if self.alpha else 0.0
        return (total + 0.5 * self.alpha * penalty * math.ceil(n / step)) / mass

    def _mean(self, each: Any, weights: Any, n: int) -> tuple[Any, float]:
        """The mean over the samples, and what the samples weigh together."""
        if each.dim() == 0:
            if weights is not None:
                raise ValueError(
                    f"{type(self).__name__}: with weights the loss must give one number for each sample, got a mean."
                )
            return each, float(n)
        if each.shape[0] != n:
            raise ValueError(
                f"{type(self).__name__}: the loss must give one number for each of the {n} samples, or a mean, "
                f"got shape {tuple(each.shape)}."
            )
        if each.dim() > 1:
            each = each.flatten(1).mean(1)
        if weights is None:
            return each.mean(), float(n)
        weight = float(weights.sum())
        return (each * weights).sum() / (weight or 1.0), weight

    def _output(self, X: Any) -> Any:
        """The network's output, as a tensor."""
        check_is_fitted(self, "model_")
        X = validate_data(self, X, dtype=(np.float64, np.float32), reset=False)
        own = self._matrices()[0].dtype.name
        with cr.no_grad():
            return self.model_.eval()(cr.from_numpy(np.ascontiguousarray(X, dtype=own)))

    # --- what scikit-learn's own nets show ----------------------------------------------------------------------------

    @property
    def coefs_(self) -> list[Any]:
        """Weights of each layer, (inputs, outputs)."""
        return [layer.weight.detach().numpy().T for layer in self._linears()]

    @property
    def intercepts_(self) -> list[Any]:
        """Biases of each layer."""
        return [layer.bias.detach().numpy() for layer in self._linears()]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _progress(epochs: int, verbose: bool, owner: Any) -> Any:
    """The epochs, with a bar of tqdm, or a line for each where tqdm is missing, if verbose."""
    if not verbose:
        yield from range(epochs)
        return
    try:
        bar = importlib.import_module("tqdm").tqdm(range(epochs), desc=type(owner).__name__, unit="epoch")
    except ModuleNotFoundError:
        bar = None
    for i in range(epochs) if bar is None else bar:
        yield i
        if bar is None:
            print(f"{type(owner).__name__}: epoch {i + 1}, loss {owner.loss_curve_[-1]:.6f}", file=sys.stderr)
        else:
            bar.set_postfix(loss=f"{owner.loss_curve_[-1]:.5f}")


class MLPClassifier(ClassifierMixin, _MLP):
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


class MLPRegressor(RegressorMixin, _MLP):
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
