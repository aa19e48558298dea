"""Layers that go to their operation at once give what the long way gives, bit for bit, and see every hook."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.nn import functional as F

ACTIVATIONS = [nn.ReLU, nn.Sigmoid, nn.Tanh]
FUNCTIONS = {nn.ReLU: F.relu, nn.Sigmoid: F.sigmoid, nn.Tanh: F.tanh}


def bits(t):
    return t.detach().numpy().tobytes()


def one_by_one(net, x):
    for module in net:
        x = FUNCTIONS[type(module)](x) if type(module) in FUNCTIONS else F.linear(x, module.weight, module.bias)
    return x


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [cr.float32, cr.float64, cr.float16])
@pytest.mark.parametrize("shape", [(1, 7), (7,), (5, 7), (2, 3, 7), (0, 7), (300, 7)])
@pytest.mark.parametrize("bias", [True, False])
def test_bits_without_a_graph(activation, dtype, shape, bias):
    cr.manual_seed(0)
    net = nn.Sequential(nn.Linear(7, 37, bias=bias), activation(), nn.Linear(37, 3, bias=bias)).to(dtype)
    x = cr.randn(shape).to(dtype)
    recorded = net(x)
    with cr.no_grad():
        got, expected = net(x), one_by_one(net, x)
    assert recorded.requires_grad and not got.requires_grad
    assert got.shape == expected.shape and got.dtype is dtype
    assert bits(got) == bits(expected) == bits(recorded)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_special_values(activation):
    layer = nn.Linear(1, 6)
    with cr.no_grad():
        layer.weight.copy_(cr.tensor([[1.0], [-1.0], [0.0], [0.0], [float("inf")], [float("nan")]]))
        layer.bias.copy_(cr.tensor([0.0, 0.0, 0.0, -0.0, 1.0, 0.0]))
        for x in (cr.tensor([[1.0]]), cr.tensor([[-0.0], [2.0]])):
            assert bits(nn.Sequential(layer, activation())(x)) == bits(FUNCTIONS[activation](layer(x)))


def test_transposed_inputs_and_weights():
    net = nn.Sequential(nn.Linear(4, 5), nn.ReLU())
    net[0].weight = nn.Parameter(cr.randn(4, 5).t())
    x = cr.randn(4, 3).t()
    with cr.no_grad():
        assert bits(net(x)) == bits(one_by_one(net, x))


@pytest.mark.parametrize("hooked", [0, 1])
def test_hooks_of_either_layer_are_called(hooked):
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    seen = []
    handle = net[hooked].register_forward_hook(lambda module, args, output: seen.append((args[0], output)))
    x = cr.randn(1, 2)
    with cr.no_grad():
        y = net(x)
        assert len(seen) == 1 and bits(seen[0][1]) == bits(y if hooked else net[0](x))
        handle.remove()
        before = len(seen)
        net(x)
    assert len(seen) == before


def test_hooks_of_all_modules_are_called():
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    seen = []
    handle = nn.modules.module.register_module_forward_hook(lambda module, args, output: seen.append(type(module)))
    try:
        with cr.no_grad():
            net(cr.randn(1, 2))
    finally:
        handle.remove()
    assert seen == [nn.Linear, nn.ReLU, nn.Sequential]


def test_a_hook_comes_back_from_a_pickle_in_another_process(tmp_path):
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    net[0].register_forward_hook(zeros_instead)
    path = tmp_path / "net.pickle"
    path.write_bytes(pickle.dumps(net))
    program = (
        f"import pickle, chainrule as cr; print(pickle.load(open({str(path)!r}, 'rb'))(cr.ones(1, 2)).sum().item())"
    )
    folder = __file__.rsplit("/", 1)[0]
    env_path = [folder, *sys.path]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {env_path!r}; {program}"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "0.0"


def zeros_instead(module, args, output):
    return cr.zeros_like(output)


def test_own_forwards_are_called():
    class Twice(nn.ReLU):
        def forward(self, x):
            return 2 * super().forward(x)

    net = nn.Sequential(nn.Linear(2, 3), Twice())
    x = cr.randn(1, 2)
    with cr.no_grad():
        expected = 2 * F.relu(F.linear(x, net[0].weight, net[0].bias))
        assert bits(net(x)) == bits(expected)
        net[0].forward = lambda x: cr.ones(1, 3)
        assert net(x).tolist() == [[2.0, 2.0, 2.0]]


def test_a_profile_names_both_operations():
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh())
    with cr.no_grad(), cr.profile() as profile:
        net(cr.randn(1, 2))
    table = str(profile)
    assert "tanh" in table and "linear" in table


def test_what_is_no_float_goes_the_long_way():
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    with cr.no_grad(), pytest.raises(TypeError, match="linear"):
        net(cr.ones(1, 2, dtype=cr.int64))
    with cr.no_grad(), pytest.raises(TypeError):
        net("x")
    relu = nn.ReLU()
    assert relu(cr.tensor([-1, 2])).tolist() == [0, 2]
    assert np.array_equal(relu(np.float32([-1, 2])).numpy(), np.float32([0, 2]))


def test_in_place_activation_writes_its_own_input_only():
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(inplace=True))
    x = cr.randn(1, 2)
    before = bits(x)
    with cr.no_grad():
        net(x)
        y = cr.tensor([-1.0, 2.0])
        assert net[1](y) is y and y.tolist() == [0.0, 2.0]
    assert bits(x) == before


def test_errors_name_the_shapes():
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    with cr.no_grad(), pytest.raises(ValueError, match=r"linear: .*\(1, 5\)"):
        net(cr.ones(1, 5))
