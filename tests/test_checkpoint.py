"""Checkpointed parts compute what plain ones do, with less memory; parts that change between the runs are errors."""

import contextlib
import gc
import weakref

import pytest

import chainrule as cr
from chainrule import nn
from chainrule.autograd import Function, graph
from chainrule.utils import checkpoint as module
from chainrule.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential

both_ways = pytest.mark.parametrize("reentrant", [False, True])


def in_use():
    return cr._core.memory_stats()["bytes_in_use"]


class Watch(Function):
    """Identity that notes the memory in use when backward passes."""

    seen = ()

    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad):
        Watch.seen.append(in_use())
        return grad


class Block(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.linear = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, x):
        return Watch.apply(nn.functional.dropout(self.norm(self.linear(x)).tanh(), 0.3))


def trained(run):
    """(loss, gradients, generator state) after `run(model, x)`, and memory: after forward, and the most in backward."""
    cr.manual_seed(0)
    model = nn.Sequential(*[Block() for _ in range(24)])
    x = cr.randn(256, 32, requires_grad=True)
    gc.collect()
    Watch.seen, before = [], in_use()
    loss = run(model, x).pow(2).sum()
    kept = in_use() - before
    loss.backward()
    grads = [x.grad, *(p.grad for p in model.parameters())]
    return (loss.detach(), *grads, cr.get_rng_state()), kept, max(Watch.seen) - before


@both_ways
def test_the_same_bit_for_bit_with_less_memory(reentrant):
    plain, kept, peak = trained(lambda model, x: model(x))
    same, kept_now, peak_now = trained(lambda m, x: checkpoint_sequential(m, 6, x, use_reentrant=reentrant))
    assert all(cr.equal(a, b) for a, b in zip(plain, same, strict=True))
    assert kept_now < 0.35 * kept and peak_now < 0.45 * peak

    def halves(model, x):
        for k in (0, 12):
            x = checkpoint(lambda v, k=k: checkpoint_sequential(model[k : k + 12], 4, v, use_reentrant=reentrant), x,
                           use_reentrant=reentrant)  # fmt: skip
        return x

    nested, kept_nested, _ = trained(halves)
    assert all(cr.equal(a, b) for a, b in zip(plain, nested, strict=True))
    assert kept_nested < 0.1 * kept


def test_a_retained_graph_keeps_no_values_of_its_second_runs():
    x = cr.randn(1000, requires_grad=True)
    y = checkpoint(lambda x: x.exp().sin().tanh(), x, use_reentrant=False).sum()
    before = in_use()
    (first,) = cr.autograd.grad(y, x, retain_graph=True)
    assert in_use() - before < 2 * first.untyped_storage().nbytes()
    assert cr.equal(first, cr.autograd.grad(y, x)[0])
    with pytest.raises(RuntimeError, match="freed"):
        y.backward()


def test_all_goes_with_the_graph():
    gone = weakref.WeakSet()

    class Part:
        def __call__(self, x):
            return x.exp().sin()

    for walked in (False, True):
        x, part = cr.ones(3, requires_grad=True), Part()
        gone.add(part)
        y = checkpoint(part, x, use_reentrant=False).sum()
        del part
        assert len(gone) == 1
        if walked:
            y.backward()
        else:
            del y
        assert len(gone) == 0


def test_what_the_reentrant_way_cannot():
    x = cr.tensor([0.3, -0.4], requires_grad=True)

    def part(values, scale=1.0, other=None):
        return {"y": (values[0].exp() * values[0]).tanh() * scale * other}

    def run(checkpointed):
        w = cr.tensor([2.0, 3.0], requires_grad=True)
        call = (lambda *a, **k: checkpoint(part, *a, use_reentrant=False, **k)) if checkpointed else part
        y = call([x, "a"], scale=0.5, other=w)["y"].sum()
        first = cr.autograd.grad(y, (x, w), create_graph=True)
        second = cr.autograd.grad(first[0].pow(2).sum() + first[1].sum(), (x, w))
        return (*first, *second)

    assert all(cr.equal(a, b) for a, b in zip(run(False), run(True), strict=True))
    y = checkpoint(lambda x: x.detach().exp() * 2 + x, x, use_reentrant=False)
    y.sum().backward(inputs=[x])
    assert x.grad.tolist() == [1.0, 1.0]
    with cr.no_grad():
        assert not checkpoint(lambda x: x.exp(), x, use_reentrant=False).requires_grad
    plain = cr.ones(2)
    assert checkpoint(lambda p: (p * x).exp(), plain, use_reentrant=False).requires_grad


def test_a_function_that_walks_back_inside_itself():
    x = cr.tensor([0.3, -0.4], requires_grad=True)

    def part(x):
        (g,) = cr.autograd.grad((x.exp() * x).sin().sum(), x, create_graph=True)
        return (g * g * x).tanh()

    expected = cr.autograd.grad(part(x).sum(), x)[0]
    for early_stop in (True, False):
        y = checkpoint(part, x, use_reentrant=False, early_stop=early_stop).sum()
        assert cr.equal(cr.autograd.grad(y, x)[0], expected)


def test_early_stop():
    runs = []

    def part(x):
        y = x.exp()
        runs.append("saved")
        y = y + 1
        runs.append("end")
        return y

    x = cr.ones(2, requires_grad=True)
    checkpoint(part, x, use_reentrant=False).sum().backward()
    assert runs == ["saved", "end"]  # the second ended inside exp, whose result is all that is needed
    runs.clear()
    with module.set_checkpoint_early_stop(False):
        y = checkpoint(part, x, use_reentrant=False)
    y.sum().backward()
    assert runs == ["saved", "end"] * 2


@both_ways
def test_random_numbers(reentrant):
    x = cr.ones(1000, requires_grad=True)

    def gradient(**options):
        cr.manual_seed(3)
        y = checkpoint(lambda x: nn.functional.dropout(x * x, 0.5), x, use_reentrant=reentrant, **options)
        state = cr.get_rng_state()
        y.sum().backward()
        g, x.grad = x.grad, None
        return cr.equal(y != 0, g != 0), cr.equal(state, cr.get_rng_state())

    assert gradient() == (True, True)
    assert gradient(preserve_rng_state=False) == (False, False)


def test_saved_tensor_hooks_around_and_inside():
    x = cr.tensor([0.3, -0.4], requires_grad=True)
    packed = []

    def pack(tensor):
        packed.append(tensor.shape)
        return tensor.clone()

    def part(x):
        h = x.exp()
        with graph.saved_tensors_hooks(lambda t: ("mine", t), lambda kept: kept[1]):
            h = h.sin()
        return h.tanh()

    expected = cr.autograd.grad(part(x).sum(), x)[0]
    with graph.saved_tensors_hooks(pack, lambda kept: kept):
        y = checkpoint(part, x, use_reentrant=False).sum()
    assert packed == [x.shape]  # the argument: what is inside has a number instead
    assert cr.equal(cr.autograd.grad(y, x)[0], expected)
    with graph.disable_saved_tensors_hooks("not here"), pytest.raises(RuntimeError, match="not here"):
        checkpoint(part, x, use_reentrant=False)


@pytest.mark.parametrize(
    ("first", "second", "match"),
    [
        (lambda x: x.exp(), lambda x: x[:2].exp(), r"value 0: first a .*\(3,\), then a .*\(2,\)"),
        (lambda x: x.exp(), lambda x: x.double().exp(), r"value 0: .*float32.*float64"),
        (lambda x: x.exp().sin(), lambda x: x.exp(), "2 in forward, 1 in the second run"),
    ],
)
def test_runs_that_differ(first, second, match):
    x = cr.ones(3, requires_grad=True)
    runs = [second, first]
    y = checkpoint(lambda x: runs.pop()(x).sum(), x, use_reentrant=False)
    with pytest.raises(CheckpointError, match=match):
        y.backward()
    assert x.grad is None
    assert issubclass(CheckpointError, RuntimeError)
    runs = [second, first]
    with module.set_checkpoint_debug_enabled(True):
        y = checkpoint(lambda x: runs.pop()(x).sum(), x, use_reentrant=False)
    with pytest.raises(CheckpointError, match=r"(?s)saved in forward:\n.*saved in the second run:\n") as error:
        y.backward()
    assert "float32 of shape (3,)" in str(error.value)


def test_a_second_run_that_saves_more():
    x = cr.ones(3, requires_grad=True)
    runs = [lambda x: x.exp().sin(), lambda x: x.exp()]
    y = checkpoint(lambda x: runs.pop()(x).sum(), x, use_reentrant=False, early_stop=False)
    with pytest.raises(CheckpointError, match="more values than the first, which saved 1"):
        y.backward()


def test_what_changes_in_place_meanwhile():
    w, x = cr.ones(3, requires_grad=True), cr.ones(3, requires_grad=True)
    data, inside = cr.ones(3), cr.ones(3)
    changed = {
        "saved tensor": data,
        "among the arguments was modified": inside,
        "that the function uses": w,
    }
    for match, tensor in changed.items():
        y = checkpoint(lambda x, d, more: x * w * d * more[0], x, data, [inside], use_reentrant=False).sum()
        with cr.no_grad():
            tensor.mul_(2)
        with pytest.raises(RuntimeError, match=r"modified in place") as error:
            y.backward()
        assert match in str(error.value) or tensor is data
    y = checkpoint(lambda x: x * w, x, use_reentrant=False).sum()
    y.backward()
    assert cr.equal(x.grad, w)


def test_reentrant_refusals():
    x = cr.ones(3, requires_grad=True)
    y = checkpoint(lambda x: x.exp(), x, use_reentrant=True)
    for walk in (lambda: cr.autograd.grad(y.sum(), x, retain_graph=True), lambda: y.sum().backward(inputs=[x])):
        with pytest.raises(RuntimeError, match="use_reentrant=False"):
            walk()
    for options in ({"debug": True}, {"context_fn": lambda: None}, {"scale": 2}):
        with pytest.raises(ValueError, match="use_reentrant=False"):
            checkpoint(lambda x: x, x, use_reentrant=True, **options)
    with pytest.warns(UserWarning, match="no input requires a gradient"):
        assert not checkpoint(lambda x: x.exp(), x.detach(), use_reentrant=True).requires_grad
    with pytest.warns(UserWarning, match="use_reentrant explicitly"):
        assert type(checkpoint(lambda x: x.exp(), x).grad_fn).__name__ == "CheckpointFunctionBackward"
    with pytest.raises(RuntimeError, match="no output of the function requires a gradient"):
        checkpoint(lambda x: x.exp().detach(), x, use_reentrant=True).sum().backward()
    y, number, nothing = checkpoint(lambda x: (x.exp(), 3, None), x, use_reentrant=True)
    y.sum().backward()
    assert (number, nothing) == (3, None) and cr.equal(x.grad, cr.ones(3).exp())
    with pytest.raises(ValueError, match="determinism_check"):
        checkpoint(lambda x: x, x, use_reentrant=False, determinism_check="all")


def test_context_fn_runs_under_the_first_then_the_second():
    entered = []

    @contextlib.contextmanager
    def note(name):
        entered.append(name)
        yield

    x = cr.ones(3, requires_grad=True)
    y = checkpoint(lambda x: x.exp(), x, use_reentrant=False, context_fn=lambda: (note("first"), note("second")))
    assert entered == ["first"]
    y.sum().backward()
    assert entered == ["first", "second"]


def test_sequential_segments():
    x = cr.ones(3, requires_grad=True)
    steps = [cr.exp, cr.sin, cr.tanh]
    for segments in (1, 2, 3):
        assert cr.equal(checkpoint_sequential(steps, segments, x, use_reentrant=False), x.exp().sin().tanh())
    for segments in (0, 4):
        with pytest.raises(ValueError, match=r"1 \.\. 3"):
            checkpoint_sequential(steps, segments, x, use_reentrant=False)
    with pytest.raises(ValueError, match="unexpected keyword arguments scale"):
        checkpoint_sequential(steps, 2, x, use_reentrant=False, scale=1)


def test_a_saved_value_that_a_user_looks_at():
    x = cr.ones(3, requires_grad=True)
    y = checkpoint(lambda x: x.exp(), x, use_reentrant=False)
    assert cr.equal(y.grad_fn._saved_result, y) and y.grad_fn._saved_result.requires_grad


@both_ways
def test_batch_norm_and_several_uses_of_a_part(reentrant):
    cr.manual_seed(0)
    part = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.ReLU())
    x = cr.randn(8, 4, requires_grad=True)

    def gradients(call):
        h = call(x)
        (call(h) * h).sum().backward()
        found = [x.grad, *(p.grad for p in part.parameters())]
        x.grad = None
        part.zero_grad()
        return found

    plain = gradients(part)
    again = gradients(lambda x: checkpoint(part, x, use_reentrant=reentrant))
    assert all(cr.allclose(a, b, rtol=1e-6, atol=1e-6) for a, b in zip(plain, again, strict=True))


def test_a_recurrent_layer_and_attention():
    cr.manual_seed(0)
    lstm, attention = nn.LSTM(5, 8), nn.MultiheadAttention(8, 2)
    x = cr.randn(7, 3, 5, requires_grad=True)

    def part(x):
        h, _ = lstm(x)
        return attention(h, h, h)[0]

    expected = cr.autograd.grad(part(x).pow(2).sum(), [x, *lstm.parameters(), *attention.parameters()])
    y = checkpoint(part, x, use_reentrant=False).pow(2).sum()
    found = cr.autograd.grad(y, [x, *lstm.parameters(), *attention.parameters()])
    assert all(cr.equal(a, b) for a, b in zip(expected, found, strict=True))
