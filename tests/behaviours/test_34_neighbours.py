"""Behaviour 34: imported before and after libraries with OpenMP or BLAS of their own, all compute rightly and end well.

That none slows the other down is measured by bench/neighbours.py.
"""

import importlib.util

import pytest
from helpers import run_python

WORK = {
    "chainrule": """
x = chainrule.full((600, 600), 0.5, requires_grad=True)
y = (x @ x).relu().sum()
y.backward()
assert y.item() == 600 * 600 * 150.0 and abs(x.grad[0, 0].item() - 600.0) < 1e-3
assert abs(chainrule.ones(1 << 20).exp().mean().item() - 2.718281828) < 1e-6
""",
    "torch": """
t = torch.full((600, 600), 0.5)
assert (t @ t).sum().item() == 600 * 600 * 150.0 and torch.ones(1 << 20).exp().sum().item() > 2.7e6
""",
    "sklearn": """
import numpy, sklearn.cluster, sklearn.ensemble
points = numpy.concatenate([numpy.zeros((500, 4)), numpy.ones((500, 4))])
labels = sklearn.cluster.KMeans(2, n_init=2, random_state=0).fit_predict(points)
assert len(set(labels[:500])) == len(set(labels[500:])) == 1 and labels[0] != labels[-1]
""",
    "scipy": """
import numpy, scipy.linalg
a = numpy.random.default_rng(0).standard_normal((300, 300))
assert numpy.allclose(a @ scipy.linalg.inv(a), numpy.eye(300), atol=1e-6)
""",
    "xgboost": """
import numpy
data = xgboost.DMatrix(numpy.arange(200.0).reshape(100, 2), label=numpy.arange(100) > 50)
assert xgboost.train({"objective": "binary:logistic"}, data, 3).predict(data)[-1] > 0.5
""",
    "lightgbm": "",
    "pyarrow": "assert pyarrow.array([1, 2, 3]).to_numpy().sum() == 6",
    "pandas": "assert pandas.DataFrame({'a': [1, 2]}).a.sum() == 3",
    "jax": "import jax.numpy\nassert float(jax.numpy.ones(3).sum()) == 3",
}


@pytest.mark.parametrize("name", [name for name in WORK if name != "chainrule"])
def test_34_both_orders(name):
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    for first, second in ((name, "chainrule"), ("chainrule", name)):
        code = f"import {first}\nimport {second}\n{WORK[first]}\n{WORK[second]}\n{WORK[first]}\nprint('done')"
        assert run_python(code).strip().endswith("done")
