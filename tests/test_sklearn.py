"""chainrule.sklearn: scikit-learn's own checks, its tools, and what its nets do not have."""

import pickle
import warnings

import numpy as np
import pytest
from extras import need
from helpers import expect_error, run_python

import chainrule as cr

need("sklearn")

from sklearn.base import clone
from sklearn.datasets import load_digits, make_multilabel_classification, make_regression
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from chainrule.sklearn import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = load_digits(return_X_y=True)
X = X / 16


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("estimator", [MLPClassifier(), MLPRegressor()], ids=["classifier", "regressor"])
def test_check_estimator(estimator):
    results = check_estimator(estimator, on_fail=None, on_skip=None)
    failed = [(r["check_name"], repr(r["exception"])) for r in results if r["status"] not in ("passed", "skipped")]
    assert not failed and sum(r["status"] == "passed" for r in results) >= 50


def test_digits():
    net = MLPClassifier(max_iter=60, random_state=0).fit(X[:1200], Y[:1200])
    assert net.score(X[1200:], Y[1200:]) > 0.9
    p = net.predict_proba(X[1200:])
    np.testing.assert_allclose(p.sum(1), 1)
    np.testing.assert_allclose(net.predict_log_proba(X[1200:]), np.log(p), rtol=1e-6, atol=1e-9)
    assert net.loss_curve_[-1] == net.loss_ < net.loss_curve_[0] and len(net.loss_curve_) == net.n_iter_
    assert [w.shape for w in net.coefs_] == [(64, 100), (100, 10)]
    assert isinstance(net.model_, cr.nn.Sequential) and net.n_layers_ == 3 and net.t_ == 1200 * net.n_iter_


def test_same_steps_as_sklearn():
    """From the same weights 30 steps lead to the weights that scikit-learn's net reaches: the penalty is the same."""
    from sklearn.neural_network import MLPRegressor as Reference

    x, y = make_regression(60, 4, random_state=0)
    y /= y.std()
    # scikit-learn adds epsilon to another number: 1e-20 makes no difference.
    options = {"hidden_layer_sizes": (7,), "alpha": 0.3, "shuffle": False, "random_state": 3, "epsilon": 1e-20}
    theirs = Reference(max_iter=1, learning_rate_init=1e-30, warm_start=True, **options).fit(x, y)
    ours = MLPRegressor(max_iter=1, warm_start=True, **options).fit(x, y)
    ours.best_loss_ = np.inf
    with cr.no_grad():
        for layer, w, b in zip(ours._linears(), theirs.coefs_, theirs.intercepts_):
            layer.weight.copy_(cr.tensor(w.T.copy()))
            layer.bias.copy_(cr.tensor(b))
    ours.set_params(max_iter=30).fit(x, y)
    theirs.set_params(max_iter=30, learning_rate_init=1e-3).fit(x, y)
    for a, b in zip([*ours.coefs_, *ours.intercepts_], [*theirs.coefs_, *theirs.intercepts_]):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    # The penalty is that of the weights after the epoch here, and before the step there.
    np.testing.assert_allclose(ours.loss_curve_[-1], theirs.loss_curve_[-1], rtol=1e-3)


def test_in_scikit_learns_tools():
    pipe = make_pipeline(StandardScaler(), MLPClassifier((20,), max_iter=15, learning_rate_init=0.01, random_state=0))
    assert cross_val_score(pipe, X[:600], Y[:600], cv=3).mean() > 0.75
    search = GridSearchCV(pipe, {"mlpclassifier__alpha": [1e-4, 1e3], "mlpclassifier__dropout": [0.0]}, cv=2)
    assert search.fit(X[:400], Y[:400]).best_params_["mlpclassifier__alpha"] == 1e-4


@pytest.mark.slow
def test_in_processes():
    """joblib's workers, after parallel work in this process."""
    code = """
import warnings; warnings.simplefilter("ignore")
import chainrule as cr, numpy as np
from sklearn.model_selection import cross_val_score
from chainrule.sklearn import MLPClassifier
cr.randn(400, 400) @ cr.randn(400, 400)
rng = np.random.default_rng(0)
x = rng.standard_normal((90, 4)); y = (x[:, 0] > 0).astype(int)
net = MLPClassifier((8,), max_iter=20, random_state=0)
alone = cross_val_score(net, x, y, cv=2)
assert (cross_val_score(net, x, y, cv=2, n_jobs=2) == alone).all()
print("same")
"""
    assert run_python(code).strip() == "same"


def test_weights():
    """A weight of 2 is the sample twice, 0 is without it; class weights multiply."""
    x, y = X[:60], (Y[:60] > 4).astype(int)
    weights = np.tile([0.0, 1.0, 2.0], 20)
    twice = np.repeat(np.arange(60), weights.astype(int))
    options = {"max_iter": 20, "random_state": 0}
    a = MLPClassifier((5,), **options).fit(x, y, sample_weight=weights)
    b = MLPClassifier((5,), **options).fit(x[twice], y[twice])
    np.testing.assert_allclose(a.predict_proba(x), b.predict_proba(x), rtol=1e-6)
    c = MLPClassifier((5,), class_weight={0: 3.0, 1: 1.0}, **options).fit(x, y)
    d = MLPClassifier((5,), **options).fit(x, y, sample_weight=np.where(y == 0, 3.0, 1.0))
    np.testing.assert_allclose(c.predict_proba(x), d.predict_proba(x), rtol=1e-9)
    assert MLPClassifier((5,), class_weight="balanced", **options).fit(x, y).classes_.tolist() == [0, 1]
    expect_error(ValueError, "at least one non-zero", MLPClassifier().fit, x, y, sample_weight=np.zeros(60))


def test_multilabel():
    x, y = make_multilabel_classification(200, 10, n_classes=4, random_state=0)
    net = MLPClassifier((30,), max_iter=200, learning_rate_init=0.05, random_state=0).fit(x / 10, y)
    assert net.predict(x / 10).shape == net.predict_proba(x / 10).shape == (200, 4)
    assert (net.predict(x / 10) == y).mean() > 0.9 and net.out_activation_ == "logistic"


def test_custom_losses():
    """Any differentiable function: one number for each sample, or a mean where there are no weights."""

    def hinge(output, target):
        return cr.nn.functional.multi_margin_loss(output, target, reduction="none")

    net = MLPClassifier((20,), loss=hinge, max_iter=30, learning_rate_init=0.01, random_state=0).fit(X[:500], Y[:500])
    assert net.score(X[:500], Y[:500]) > 0.9
    x = np.linspace(-1, 1, 100)[:, None]
    for loss in (cr.nn.functional.mse_loss, "absolute_error", "huber"):
        net = MLPRegressor((16,), loss=loss, learning_rate_init=0.01, max_iter=200, random_state=0, tol=-0.0)
        net.set_params(n_iter_no_change=200).fit(x, x[:, 0] ** 2)
        assert net.score(x, x[:, 0] ** 2) > 0.9
    mean = MLPRegressor(loss=cr.nn.functional.mse_loss)
    expect_error(ValueError, "one number for each sample, got a mean", mean.fit, x, x[:, 0], sample_weight=np.ones(100))
    wrong = MLPRegressor(loss=lambda output, target: output[:3])
    expect_error(ValueError, r"each of the 100 samples, or a mean, got shape \(3, 1\)", wrong.fit, x, x[:, 0])


def test_early_stopping_keeps_the_best():
    """It ends before max_iter, and with the weights of the best epoch, not of the last."""
    states, scores = [], []

    class Watched(MLPClassifier):
        def score(self, *args):
            states.append([w.copy() for w in self.coefs_])
            scores.append(super().score(*args))
            return scores[-1]

    options = {"early_stopping": True, "validation_fraction": 0.3, "n_iter_no_change": 3, "learning_rate_init": 0.03}
    net = Watched((30,), max_iter=60, random_state=0, **options).fit(X[:600], Y[:600])
    assert net.validation_scores_ == scores and len(scores) == net.n_iter_ < 60
    best = scores.index(max(scores))
    assert net.best_validation_score_ == scores[best] > 0.9 and net.best_loss_ is None
    assert net.n_iter_ == best + 1 + 4  # n_iter_no_change and one more
    for ours, of_best, of_last in zip(net.coefs_, states[best], states[-1]):
        np.testing.assert_array_equal(ours, of_best)
        assert (ours != of_last).any()


def test_partial_fit_and_warm_start():
    net = MLPClassifier((30,), learning_rate_init=0.01, random_state=0)
    expect_error(ValueError, "classes must be given", net.partial_fit, X[:9], Y[:9])
    net.partial_fit(X[:20], Y[:20] % 3, classes=range(10))
    for _ in range(30):
        net.partial_fit(X[:600], Y[:600])
    assert net.score(X[:600], Y[:600]) > 0.9 and net.n_iter_ == 31
    expect_error(ValueError, "must be those of the first call", net.partial_fit, X[:9], Y[:9], classes=[0, 1])
    expect_error(ValueError, r"classes among .* got \[77\]", net.partial_fit, X[:2], [1, 77])
    copied = pickle.loads(pickle.dumps(net))  # with the optimizer's state
    net.partial_fit(X, Y), copied.partial_fit(X, Y)
    np.testing.assert_array_equal(net.predict_proba(X), copied.predict_proba(X))
    warm = MLPClassifier((30,), max_iter=3, warm_start=True, random_state=0).fit(X, Y)
    before = warm.loss_
    assert warm.fit(X, Y).loss_ < before and warm.n_iter_ == 6


def test_early_stopping_with_what_was_there_before():
    """Warm starts with early stopping switched on and off; one epoch; partial_fit, which cannot stop early."""
    net = MLPClassifier((5,), max_iter=2, warm_start=True, random_state=0, early_stopping=True).fit(X[:300], Y[:300])
    assert net.best_loss_ is None and len(net.validation_scores_) == 2
    net.set_params(early_stopping=False).fit(X[:300], Y[:300])
    assert net.best_loss_ == min(net.loss_curve_[2:]) and len(net.validation_scores_) == 2
    net.set_params(early_stopping=True).fit(X[:300], Y[:300])
    assert net.best_loss_ is None and len(net.validation_scores_) == 4 and net.n_iter_ == 6
    once = MLPRegressor((5,), max_iter=1, random_state=0, warm_start=True).fit(X[:300], Y[:300])
    once.set_params(early_stopping=True).fit(X[:300], Y[:300])
    assert len(once.validation_scores_) == 1
    weights = [w.copy() for w in once.coefs_]
    expect_error(ValueError, "cannot stop early. Set early_stopping=False", once.partial_fit, X[:20], Y[:20])
    assert all(np.array_equal(a, b) for a, b in zip(weights, once.coefs_))
    once.set_params(early_stopping=False).partial_fit(X[:20], Y[:20])


def test_random_state():
    """Same seed, same net, with dropout too; the library's own stream is left as it was."""
    before = cr.get_rng_state().numpy().copy()
    first, second = (
        MLPClassifier((20,), dropout=0.3, max_iter=3, random_state=5).fit(X[:300], Y[:300]).predict_proba(X)
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(cr.get_rng_state().numpy(), before)


def test_dtypes_and_names():
    """float32 stays float32; classes may be text; clone and get_params work."""
    net = MLPClassifier((5,), max_iter=3, random_state=0).fit(X[:100].astype("float32"), Y[:100].astype(str))
    assert net.coefs_[0].dtype == np.float32 == net.predict_proba(X[:3].astype("float32")).dtype
    assert net.predict(X[:3]).dtype.kind == "U"
    assert clone(net).get_params() == net.get_params()
    expect_error(NotFittedError, "not fitted", MLPClassifier().predict, X)


def test_progress(capsys):
    MLPClassifier((5,), max_iter=2, verbose=True).fit(X[:50], Y[:50])
    assert "MLPClassifier" in capsys.readouterr().err


def test_warns_if_not_converged():
    with pytest.warns(ConvergenceWarning, match="max_iter=2 epochs have passed"):
        warnings.simplefilter("always")
        MLPClassifier((5,), max_iter=2).fit(X[:50], Y[:50])


@pytest.mark.parametrize(
    "options, match",
    [
        ({"hidden_layer_sizes": (3, 0)}, "hidden_layer_sizes must be positive"),
        ({"activation": "step"}, "activation must be one of"),
        ({"solver": "lbfgs"}, r"solver must be one of \['adam', 'sgd'\], got 'lbfgs'"),
        ({"activation": np.array(["relu", "tanh"])}, "activation must be one of"),
        ({"solver": np.array(["sgd", "adam"])}, "solver must be one of"),
        ({"loss": np.array([1, 2])}, "loss must be a callable or"),
        ({"loss": "hinge"}, "loss must be a callable or"),
        ({"dropout": 1.0}, r"dropout must be in \[0, 1\), got 1.0"),
        ({"alpha": -1}, "alpha must be >= 0, got -1"),
        ({"learning_rate_init": 0}, "learning_rate_init must be > 0"),
        ({"batch_size": 0}, "batch_size must be 'auto' or a whole number >= 1"),
        ({"batch_size": 2.5}, "batch_size must be 'auto' or a whole number"),
        ({"max_iter": 1.5}, "max_iter must be a whole number >= 1, got 1.5"),
        ({"max_iter": True}, "max_iter must be a whole number >= 1, got True"),
        ({"n_iter_no_change": np.array([1, 2])}, "n_iter_no_change must be a whole number"),
        ({"batch_size": np.array([1, 2])}, "batch_size must be 'auto' or a whole number"),
        (
            {"early_stopping": True, "validation_fraction": 0.0},
            "validation_fraction must be above 0 with early_stopping",
        ),
        ({"n_iter_no_change": 2.5}, "n_iter_no_change must be a whole number"),
        ({"learning_rate_init": 1e20, "solver": "sgd", "activation": "identity"}, "the loss is .* Scale the data"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_parameters(options, match):
    expect_error(ValueError, match, MLPClassifier(**options).fit, X[:50], Y[:50])
