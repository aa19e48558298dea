"""Hooks of modules: one module's, all modules', those of states; copies and pickles of modules that have them."""

import copy
import gc
import pickle
import warnings
import weakref
from collections import namedtuple

import pytest

import chainrule as cr
from chainrule import nn
from chainrule.nn.modules import module as modules

Pair = namedtuple("Pair", "first second")


class Doubles(nn.Module):
    """Its output as the container that it is given."""

    def __init__(self, container):
        super().__init__()
        self.container = container

    def forward(self, x, y=None):
        return self.container(x * 2, x * 3)


OUTPUTS = {
    "tensor": lambda a, b: a,
    "tuple": lambda a, b: (a, b),
    "list": lambda a, b: [a, b],
    "named tuple": Pair,
}


@pytest.mark.parametrize("container", OUTPUTS.values(), ids=OUTPUTS)
def test_backward_hooks_keep_the_output_s_form(container):
    plain = container(cr.ones(1), cr.ones(1))
    seen = []
    layer = Doubles(container)
    layer.register_full_backward_pre_hook(lambda m, g: seen.append(("before", len(g))))
    layer.register_full_backward_hook(lambda m, i, o: seen.append(("after", len(i), len(o))))
    x = cr.ones(2, requires_grad=True)
    out = layer(x, cr.ones(2))
    assert type(out) is type(plain)
    (out if isinstance(out, cr.Tensor) else out[0]).sum().backward()
    count = 1 if isinstance(out, cr.Tensor) else 2
    assert seen == [("before", count), ("after", 2, count)]
    assert x.grad.tolist() == [2, 2]


def test_backward_hooks_leave_what_is_not_trained_alone():
    class Layer(nn.Module):
        def forward(self, a, b):
            assert a.requires_grad and not b.requires_grad
            return a + b, b

    layer, seen = Layer(), []
    layer.register_full_backward_hook(lambda m, i, o: seen.append([g is None for g in i + o]))
    a, b = cr.ones(2, requires_grad=True), cr.ones(2)
    out, same = layer(a, b)
    assert not same.requires_grad
    out.sum().backward()
    assert seen == [[False, True, False, True]]


@pytest.mark.parametrize(
    ("register", "hook"),
    [
        ("register_full_backward_hook", lambda m, i, o: i[:-1]),
        ("register_full_backward_hook", lambda m, i, o: (*i, cr.ones(2))),
        ("register_full_backward_pre_hook", lambda m, o: ()),
        ("register_full_backward_pre_hook", lambda m, o: (*o, cr.ones(2))),
    ],
)
def test_backward_hooks_return_as_many_gradients_as_they_got(register, hook):
    layer = nn.Sigmoid()
    with getattr(layer, register)(hook), pytest.raises(RuntimeError, match="as many"):
        layer(cr.ones(2, requires_grad=True)).sum().backward()


def test_backward_hooks_without_a_gradient_of_the_input():
    layer = nn.Linear(2, 1)
    x = cr.ones(1, 2)
    with layer.register_full_backward_hook(lambda m, i, o: i):  # (None,) is no replacement
        layer(x).sum().backward()
    with layer.register_full_backward_hook(lambda m, i, o: x), pytest.raises(RuntimeError, match="cannot be replaced"):
        layer(x).sum().backward()


def test_backward_hooks_and_dicts():
    layer, seen = Doubles(lambda a, b: {"a": a, "b": b}), []
    x = cr.ones(2, requires_grad=True)
    with layer.register_full_backward_hook(lambda *args: seen.append("full")), pytest.warns(UserWarning, match="not"):
        layer(x)["a"].sum().backward()
    assert not seen
    layer = Doubles(lambda a, b: {"a": a, "b": b})
    layer.register_backward_hook(lambda m, i, o: seen.append(len(o)))
    layer(x)["a"].sum().backward()
    assert seen == [2]
    with pytest.raises(RuntimeError, match="on one module"):
        layer.register_full_backward_hook(lambda m, i, o: None)


def test_hooks_of_all_modules():
    seen = []
    layer, x = nn.Sigmoid(), cr.ones(2, requires_grad=True)
    own = [
        layer.register_forward_pre_hook(lambda m, a: seen.append("own before")),
        layer.register_forward_hook(lambda m, a, o: seen.append("own after")),
        layer.register_full_backward_hook(lambda m, i, o: seen.append("own backward")),
    ]
    handles = [
        modules.register_module_forward_pre_hook(lambda m, a: seen.append("all before")),
        modules.register_module_forward_hook(lambda m, a, k, o: seen.append("all after"), with_kwargs=True),
        modules.register_module_full_backward_hook(lambda m, i, o: seen.append("all backward")),
        modules.register_module_full_backward_pre_hook(lambda m, o: seen.append("all before backward")),
    ]
    layer(x).sum().backward()
    backward = ["all before backward", "all backward", "own backward"]
    assert seen == ["all before", "own before", "all after", "own after", *backward]
    seen.clear()
    for handle in own:
        handle.remove()
    nn.Sequential(nn.ReLU(), nn.Tanh())(x.detach())
    assert seen == ["all before", "all before", "all after", "all before", "all after", "all after"]
    seen.clear()
    for handle in handles:
        handle.remove()
    layer(x).sum().backward()
    assert not seen


def test_hooks_of_all_modules_replace():
    with modules.register_module_forward_hook(lambda m, a, o: o + 1):
        assert nn.ReLU()(cr.zeros(1)).item() == 1
    with modules.register_module_forward_pre_hook(lambda m, a: a[0] + 5):
        assert nn.ReLU()(cr.zeros(1)).item() == 5
    with modules.register_module_full_backward_hook(lambda m, i, o: (i[0] * 3,)):
        x = cr.ones(1, requires_grad=True)
        nn.ReLU()(x).backward()
        assert x.grad.item() == 3
    assert nn.ReLU()(cr.zeros(1)).item() == 0


def test_hooks_that_are_always_called():
    class Fails(nn.Module):
        def forward(self, x):
            raise KeyError("forward")

    seen = []

    def fails(module, args, output):
        seen.append(output)
        raise ValueError("hook")

    layer = Fails()
    layer.register_forward_hook(lambda m, a, o: seen.append("never"))
    layer.register_forward_hook(fails, always_call=True)
    everywhere = modules.register_module_forward_hook(lambda m, a, o: seen.append("all"), always_call=True)
    with everywhere, pytest.warns(UserWarning, match="passed over: hook"), pytest.raises(KeyError):
        layer(cr.ones(1))
    assert seen == ["all", None]
    layer = nn.ReLU()
    layer.register_forward_hook(fails, always_call=True)
    with pytest.raises(ValueError, match="hook"):  # it was called, so it isn't again
        layer(cr.ones(1))
    assert len(seen) == 3


@pytest.mark.parametrize("returns", [True, False])
def test_hooks_of_registration(returns):
    seen = []

    def hook(module, name, value):
        seen.append(name)
        return value if returns else None

    registers = [
        modules.register_module_parameter_registration_hook,
        modules.register_module_buffer_registration_hook,
        modules.register_module_module_registration_hook,
    ]
    handles = [register(hook) for register in registers]
    try:
        nn.Sequential(nn.Linear(1, 2), nn.BatchNorm1d(2))
    finally:
        for handle in handles:
            handle.remove()
    assert set(seen) == {"weight", "bias", "running_mean", "running_var", "num_batches_tracked", "0", "1"}
    count = len(seen)
    nn.Linear(1, 1)
    assert len(seen) == count


def called(module, *args):
    module.seen = len(args)


def test_hooks_of_states():
    layer = nn.Linear(1, 1)
    layer.register_load_state_dict_pre_hook(called)
    gc.disable()
    try:
        gone = nn.Linear(1, 1)
        gone.register_load_state_dict_pre_hook(called)
        ref = weakref.ref(gone)
        del gone
        assert ref() is None
    finally:
        gc.enable()
    for twin in (pickle.loads(pickle.dumps(layer)), copy.deepcopy(layer)):
        twin.load_state_dict(layer.state_dict())
        assert twin.seen == 7
    assert not hasattr(layer, "seen")
    with layer.register_state_dict_post_hook(lambda *args: {}), pytest.raises(RuntimeError, match="must return None"):
        layer.state_dict()
    layer._register_state_dict_hook(lambda *args: {"mine": 1})
    assert layer.state_dict() == {"mine": 1}


def count_calls(module, *args):
    module.count = getattr(module, "count", 0) + 1


@pytest.mark.parametrize("twin_of", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["copy", "pickle"])
def test_handles_copy_with_their_modules(twin_of):
    layer = nn.ReLU()
    layer.handle = layer.register_forward_hook(count_calls)
    layer.always = layer.register_forward_hook(count_calls, always_call=True)
    twin = twin_of(layer)
    twin(cr.ones(1))
    assert (twin.count, hasattr(layer, "count")) == (2, False)
    twin.handle.remove()
    twin.always.remove()
    twin(cr.ones(1))
    layer(cr.ones(1))
    assert (twin.count, layer.count) == (2, 2)
    assert not twin._forward_hooks_always_called and layer._forward_hooks_always_called
    lazy = twin_of(nn.LazyLinear(2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert lazy(cr.ones(1, 3)).shape == (1, 2)
    assert type(lazy) is nn.Linear
