"""Behaviour 29: every optimizer follows PyTorch's for 100 steps, and goes on bit by bit from a saved state.

test_optim.py tries all options one by one; here each class that both libraries have trains one network, with groups,
weight decay, and parameters whose gradient is None now and then.
"""

import copy
import inspect

import numpy as np
import pytest
from helpers import array, same, trained_by

import chainrule as cr
from chainrule import optim

NAMES = [
    name
    for name in sorted(vars(optim))
    if inspect.isclass(getattr(optim, name))
    and issubclass(getattr(optim, name), optim.Optimizer)
    and name != "Optimizer"
]
CLASSES = pytest.mark.parametrize("name", [name for name in NAMES if name != "LBFGS"])
VARIANTS = {
    "plain": {},
    "weight_decay": {"weight_decay": 0.1},
    "momentum": {"momentum": 0.9},
    "nesterov": {"momentum": 0.9, "nesterov": True},
    "amsgrad": {"amsgrad": True},
    "maximize": {"maximize": True},
}


def accepted(name, options):
    return set(options) <= set(inspect.signature(getattr(optim, name).__init__).parameters)


def build(lib, name, options, dtype="float64"):
    rng = np.random.default_rng(0)
    shapes = {"w1": (4, 6), "b1": (6,), "w2": (6, 2), "b2": (2,)}
    params = {k: lib.nn.Parameter(lib.tensor(rng.standard_normal(s).astype(dtype))) for k, s in shapes.items()}
    first, second = (trained_by(name, [params[k] for k in keys]) for keys in (("w1", "b1"), ("w2", "b2")))
    groups = [{"params": first}, {"params": second, "lr": 0.003}]
    return params, getattr(lib.optim, name)(groups, lr=0.01, **options)


def train(lib, params, opt, steps):
    rng = np.random.default_rng(1)
    data = rng.standard_normal((8, 4)), rng.standard_normal((8, 2))
    x, y = (lib.tensor(d.astype(str(params["w1"].dtype).split(".")[-1])) for d in data)
    for step in steps:
        opt.zero_grad()
        params["b1"].grad = None  # Muon has no vectors, and so leaves them alone
        hidden = lib.tanh(x @ params["w1"] + (params["b1"] if step % 3 else 0))  # b1 has no gradient at times
        loss = ((hidden @ params["w2"] + params["b2"] - y) ** 2).mean()
        loss.backward()
        assert (params["b1"].grad is None) == (step % 3 == 0)
        opt.step()


@CLASSES
@pytest.mark.parametrize("variant", VARIANTS)
def test_29_a_hundred_steps(torch, name, variant, monkeypatch):
    monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.clone)  # Muon rounds by it, in PyTorch alone
    options = VARIANTS[variant]
    if name == "SparseAdam":
        pytest.skip("PyTorch's takes sparse gradients alone: compared in tests/test_optim.py")
    if not accepted(name, options):
        pytest.skip(f"{name} has no such option")
    results = []
    for lib in (cr, torch):
        params, opt = build(lib, name, options)
        # Rprop goes by the sign of the gradient alone, which is rounding noise once maximizing has saturated tanh.
        train(lib, params, opt, range(10 if (name, variant) == ("Rprop", "maximize") else 100))
        results.append(params)
    for key in results[0]:
        np.testing.assert_allclose(array(results[0][key]), results[1][key].detach().numpy(), 1e-6, 1e-9, err_msg=key)


@CLASSES
@pytest.mark.parametrize("at", [0, 5])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_29_state_round_trip(name, at, dtype):
    """Saved at step 0 or 5 and loaded into a fresh optimizer, training goes on with the same bits."""
    params, opt = build(cr, name, {}, dtype)
    train(cr, params, opt, range(at))
    state = copy.deepcopy(opt.state_dict())
    others, other = build(cr, name, {"weight_decay": 0.5} if accepted(name, VARIANTS["weight_decay"]) else {}, dtype)
    for key, value in params.items():
        others[key].data.copy_(value.data)
    other.load_state_dict(state)
    train(cr, params, opt, range(at, at + 7))
    train(cr, others, other, range(at, at + 7))
    for key in params:
        same(others[key], params[key], key)
