"""Behaviour 28: a state_dict moves to the PyTorch twin and back; strict errors list everything at once."""

import numpy as np
import pytest
from helpers import array, expect_error

import chainrule as cr

MODELS = {
    "MLP": (lambda nn: nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 3)), (5, 6)),
    "normalised MLP": (
        lambda nn: nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.GELU(), nn.LayerNorm(8), nn.Linear(8, 3)),
        (5, 6),
    ),
    "CNN": (
        lambda nn: nn.Sequential(
            nn.Conv2d(2, 4, 3, padding=1),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(4, 4, 3, stride=2, groups=2),
            nn.Flatten(),
            nn.Linear(4, 3),
        ),
        (3, 2, 8, 8),
    ),
    "upsampling CNN": (
        lambda nn: nn.Sequential(nn.ConvTranspose2d(2, 3, 2, stride=2), nn.SiLU(), nn.Conv2d(3, 1, 1)),
        (2, 2, 4, 4),
    ),
}


def to_torch(state, torch):
    return {key: torch.tensor(array(value)) for key, value in state.items()}


def to_ours(state):
    return {key: cr.tensor(value.detach().numpy()) for key, value in state.items()}


def outputs(model, x):
    return model.train()(x), model.eval()(x)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("direction", ["to PyTorch", "from PyTorch"])
def test_28_outputs_are_equal(torch, name, direction):
    build, shape = MODELS[name]
    ours, theirs = build(cr.nn), build(torch.nn)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    if direction == "to PyTorch":
        theirs.load_state_dict(to_torch(ours.state_dict(), torch))
    else:
        ours.load_state_dict(to_ours(theirs.state_dict()))
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    for a, b in zip(outputs(ours, cr.tensor(x)), outputs(theirs, torch.tensor(x)), strict=True):
        np.testing.assert_allclose(array(a), b.detach().numpy(), 1e-6, 1e-6)
    for key, value in ours.state_dict().items():  # running statistics too, after the training pass
        np.testing.assert_allclose(array(value), theirs.state_dict()[key].numpy(), 1e-6, 1e-6, err_msg=key)


@pytest.mark.parametrize("name", MODELS)
def test_28_there_and_back_is_the_same(torch, name):
    build, _ = MODELS[name]
    ours, theirs, again = build(cr.nn), build(torch.nn), build(cr.nn)
    theirs.load_state_dict(to_torch(ours.state_dict(), torch))
    again.load_state_dict(to_ours(theirs.state_dict()))
    for key, value in ours.state_dict().items():
        np.testing.assert_array_equal(array(value), array(again.state_dict()[key]), err_msg=key)
        assert value.dtype == again.state_dict()[key].dtype


def test_28_strict_errors_list_all_problems():
    model = MODELS["MLP"][0](cr.nn)
    state = dict(model.state_dict())
    before = {key: value.clone() for key, value in state.items()}
    del state["0.weight"], state["4.bias"]
    state["surplus.a"] = state["surplus.b"] = cr.ones(1)
    state["2.weight"], state["2.bias"] = cr.ones(1, 8), cr.ones(9)
    error = str(expect_error(RuntimeError, "(?i)missing", model.load_state_dict, state))
    for key in ("0.weight", "4.bias", "surplus.a", "surplus.b", "2.weight", "2.bias"):
        assert key in error, f"{key} is not in {error}"
    for shape in ("(1, 8)", "(8, 8)", "(9,)", "(8,)"):
        assert shape in error or shape.replace("(", "[").replace(",)", "]").replace(")", "]") in error
    result = model.load_state_dict({k: v for k, v in state.items() if not k.startswith("2.")}, strict=False)
    assert set(result.missing_keys) == {"0.weight", "4.bias", "2.weight", "2.bias"}
    assert set(result.unexpected_keys) == {"surplus.a", "surplus.b"}
    for key in ("0.weight", "2.weight"):
        np.testing.assert_array_equal(array(model.state_dict()[key]), array(before[key]))
