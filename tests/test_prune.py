"""nn.utils.prune against PyTorch's: masks, names, trained values, several methods one after the other."""

import importlib

import numpy as np
import pytest
from helpers import array, expect_error

import chainrule as cr
from chainrule.nn.utils import prune


def layer(lib):
    lib.manual_seed(2)
    return lib.nn.Conv2d(4, 6, 3)


STEPS = {
    "identity": lambda p, m: p.identity(m, "weight"),
    "random": lambda p, m: p.random_unstructured(m, "weight", 0.3),
    "l1": lambda p, m: p.l1_unstructured(m, "weight", 20),
    "l1 of the bias": lambda p, m: p.l1_unstructured(m, "bias", 0.5),
    "random channels": lambda p, m: p.random_structured(m, "weight", 2, 1),
    "ln channels": lambda p, m: p.ln_structured(m, "weight", 0.5, 2, 0),
    "norm of infinity": lambda p, m: p.ln_structured(m, "weight", 1, float("inf"), -1),
    "nothing": lambda p, m: p.l1_unstructured(m, "weight", 0.0),
}
CHAINS = [[name] for name in STEPS] + [
    ["l1", "random"],
    ["ln channels", "l1", "ln channels"],
    ["l1", "random channels"],
]


@pytest.mark.parametrize("names", CHAINS, ids="+".join)
def test_masks(names, torch):
    both = []
    for lib, p in ((cr, prune), (torch, importlib.import_module("torch.nn.utils.prune"))):
        module = layer(lib)
        lib.manual_seed(5)
        for name in names:
            assert STEPS[name](p, module) is module
        assert p.is_pruned(module)
        optimizer = lib.optim.SGD(module.parameters(), lr=0.1)
        lib.manual_seed(6)
        module(lib.randn(2, 4, 5, 5)).square().sum().backward()
        optimizer.step()
        y = module(lib.ones(2, 4, 5, 5))
        state = {key: array(value) for key, value in module.state_dict().items()}
        pruned = "bias" if "bias" in names[0] else "weight"
        p.remove(module, pruned)
        assert not p.is_pruned(module)
        assert isinstance(getattr(module, pruned), lib.nn.Parameter)
        both.append((array(y), state, {key: array(value) for key, value in module.state_dict().items()}))
    (y, state, after), (expected, reference, after_reference) = both
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)
    for ours, theirs in ((state, reference), (after, after_reference)):
        assert sorted(ours) == sorted(theirs)
        for key, value in ours.items():
            np.testing.assert_allclose(value, theirs[key], rtol=1e-4, atol=1e-5, err_msg=key)


def test_global(torch):
    results = []
    for lib, p in ((cr, prune), (torch, importlib.import_module("torch.nn.utils.prune"))):
        lib.manual_seed(0)
        net = lib.nn.Sequential(lib.nn.Linear(5, 4), lib.nn.Linear(4, 3))
        pairs = [(net[0], "weight"), (net[1], "weight")]
        scores = {pairs[0]: net[0].weight.detach().abs() * 2}
        p.global_unstructured(pairs, p.L1Unstructured, scores, amount=0.4)
        p.global_unstructured(pairs, p.L1Unstructured, amount=0.2)
        results.append([array(module.weight_mask) for module, _ in pairs])
    for ours, theirs in zip(*results):
        np.testing.assert_array_equal(ours, theirs)


def test_own_method():
    class EveryOther(prune.BasePruningMethod):
        PRUNING_TYPE = "unstructured"

        def compute_mask(self, t, default_mask):
            mask = default_mask.clone()
            mask.view(-1)[::2] = 0
            return mask

    module = cr.nn.Linear(4, 1)
    EveryOther.apply(module, "weight")
    assert module.weight_mask.tolist() == [[0, 1, 0, 1]]
    assert EveryOther().prune(cr.ones(4)).tolist() == [0, 1, 0, 1]
    copy = cr.nn.Linear(4, 1)
    prune.custom_from_mask(copy, "weight", cr.ones(1, 4))
    copy.load_state_dict(module.state_dict())
    copy(cr.ones(1, 4))
    assert array(copy.weight).tolist() == array(module.weight).tolist()


def test_errors():
    module = cr.nn.Linear(4, 2)
    expect_error(ValueError, "is not pruned", prune.remove, module, "weight")
    expect_error(ValueError, "between 0.0 and 1.0", prune.l1_unstructured, module, "weight", 1.5)
    expect_error(TypeError, "must be a number", prune.l1_unstructured, module, "weight", "a")
    expect_error(ValueError, "at most the 8", prune.l1_unstructured, module, "weight", 9)
    expect_error(ValueError, "two axes", prune.random_structured, module, "bias", 1, 0)
    expect_error(IndexError, "no axis 2", prune.ln_structured, module, "weight", 1, 2, 2)
    expect_error(ValueError, "importance_scores", prune.l1_unstructured, module, "weight", 1, cr.ones(3))
    expect_error(ValueError, "the mask must have the shape", prune.custom_from_mask, module, "weight", cr.ones(3))
    pairs = [(module, "weight")]
    expect_error(TypeError, "unstructured method", prune.global_unstructured, pairs, prune.RandomStructured, amount=1)
    assert sorted(module.state_dict()) == ["bias", "weight"]
    assert not module._forward_pre_hooks
