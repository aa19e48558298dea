"""What chainrule.sklearn's estimators share: the network, its parameters and its training."""

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

try:
    from sklearn.base import BaseEstimator, is_classifier
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import train_test_split
    from sklearn.utils import check_random_state
    from sklearn.utils.class_weight import compute_sample_weight
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "chainrule.sklearn needs scikit-learn 1.6 or later: pip install 'chainrule[sklearn]'", name=error.name
    ) from error

_ACTIVATIONS: dict[str, Callable[[], Any]] = {
    "identity": cr.nn.Identity,
    "logistic": cr.nn.Sigmoid,
    "tanh": cr.nn.Tanh,
    "relu": cr.nn.ReLU,
    "gelu": cr.nn.GELU,
    "silu": cr.nn.SiLU,
}
_SOLVERS = ("adam", "sgd")


class Perceptron(BaseEstimator):
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
