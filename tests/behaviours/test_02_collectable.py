"""Behaviour 2: what is no longer named is gone, with the garbage collector off; after create_graph, after a collection.

PyTorch keeps the graph of backward(create_graph=True) for ever (x -> x.grad -> grad_fn -> x); here it is collectable.
"""

import gc
import weakref

import pytest
from helpers import each, present_ops
from op_table import Call
from test_modules import ELSEWHERE, ROWS, make, values

import chainrule as cr
from chainrule import nn


@pytest.fixture(autouse=True)
def no_collector():
    gc.disable()
    yield
    gc.enable()


def assert_dead(watched):
    """Without the garbage collector's help."""
    assert not gc.isenabled()
    alive = [name for name, ref in watched.items() if ref() is not None]
    assert not alive, f"kept after their names are gone: {alive}"


def watch(**named):
    """Weak references to tensors and modules, and to those in lists."""
    lists = {name: values if isinstance(values, list) else [values] for name, values in named.items()}
    return {f"{name}[{i}]": weakref.ref(value) for name, values in lists.items() for i, value in enumerate(values)}


def test_02_what_is_kept_is_seen():
    x = cr.ones(2)
    watched, y = watch(x=x), [x]
    del x
    with pytest.raises(AssertionError, match=r"x\[0\]"):
        assert_dead(watched)
    y.append(y)  # a cycle
    del y
    with pytest.raises(AssertionError, match=r"x\[0\]"):
        assert_dead(watched)


@present_ops(lambda op: op.grad)
def test_02_intermediates_die(op):
    def check(sample):
        call = Call(op, sample, cr)
        if not call.leaves:
            return
        middle = [leaf * 1.0 for leaf in call.leaves]
        outputs = call.outputs(*middle)
        watched = watch(middle=middle, outputs=outputs, leaves=call.leaves)
        del middle, outputs, call
        assert_dead(watched)

    each(op, op.samples[:4], check)


@present_ops(lambda op: op.grad)
def test_02_intermediates_die_after_backward(op):
    def check(sample):
        call = Call(op, sample, cr)
        middle = [leaf * 1.0 for leaf in call.leaves]
        outputs = [out for out in call.outputs(*middle) if out.requires_grad] if middle else []
        if not outputs:
            return
        sum(out.sum() for out in outputs).backward()
        gradients = [leaf.grad for leaf in call.leaves if leaf.grad is not None]
        watched = watch(middle=middle, outputs=outputs, leaves=call.leaves, gradients=gradients)
        del middle, outputs, gradients, call
        assert_dead(watched)

    each(op, op.samples[:4], check)


def test_02_create_graph_is_collectable():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    middle = x * 3
    y = (middle * x).sum()
    y.backward(create_graph=True)
    assert x.grad.requires_grad
    watched = watch(x=x, gradient=x.grad, middle=middle, y=y)
    del x, middle, y
    gc.collect()  # x holds its gradient, whose graph holds x
    assert_dead(watched)


def test_02_autograd_grad_with_create_graph():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    (g,) = cr.autograd.grad((x**3).sum(), x, create_graph=True)
    watched = watch(x=x, g=g)
    del g, x
    assert_dead(watched)


# How to make those that have no row in test_modules.py, and the shapes of what they are called with.
NO_ROW = {
    "Module": (lambda: Twice(), [(2, 3)]),
    "Sequential": (lambda: nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2), nn.Flatten()), [(2, 3)]),
    "CTCLoss": (lambda: CTC(), [(5, 2, 4)]),
    "AdaptiveLogSoftmaxWithLoss": (lambda: Adaptive(), [(5, 8)]),
    "LinearCrossEntropyLoss": (lambda: OfClasses(), [(5, 8)]),
    "SyncBatchNorm": (lambda: nn.SyncBatchNorm(4), [(2, 4, 7)]),
    "LazyLinear": (lambda: nn.LazyLinear(3), [(2, 4)]),
    "MultiheadAttention": (lambda: nn.MultiheadAttention(8, 2), [(4, 2, 8)] * 3),
    "Transformer": (lambda: nn.Transformer(8, 2, 1, 1, 16), [(4, 2, 8), (3, 2, 8)]),
    "TransformerEncoderLayer": (lambda: nn.TransformerEncoderLayer(8, 2, 16), [(4, 2, 8)]),
    "TransformerDecoderLayer": (lambda: nn.TransformerDecoderLayer(8, 2, 16), [(4, 2, 8)] * 2),
    "TransformerEncoder": (lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2), [(4, 2, 8)]),
    "TransformerDecoder": (lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16), 2), [(4, 2, 8)] * 2),
}
NO_ROW |= {name: (lambda n=name: getattr(nn, n)(4, 3), [(2, 5, 4)]) for name in ("RNN", "LSTM", "GRU")}
NO_ROW |= {name: (lambda n=name: getattr(nn, n)(4, 3), [(5, 4)]) for name in ("RNNCell", "LSTMCell", "GRUCell")}
for axes, space in enumerate([(7,), (7, 7), (5, 5, 5)], 1):
    for kind in ("BatchNorm", "InstanceNorm"):
        NO_ROW[f"Lazy{kind}{axes}d"] = (lambda n=f"Lazy{kind}{axes}d": getattr(nn, n)()), [(2, 4, *space)]
    for kind in ("Conv", "ConvTranspose"):
        NO_ROW[f"Lazy{kind}{axes}d"] = (lambda n=f"Lazy{kind}{axes}d": getattr(nn, n)(4, 3)), [(2, 4, *space)]
NO_ROW["DataParallel"] = (lambda: nn.DataParallel(nn.Linear(3, 2)), [(4, 3)])
NOT_CALLED = "Parameter Buffer UninitializedParameter UninitializedBuffer ParameterList ParameterDict "
NOT_CALLED += "ModuleList ModuleDict RNNBase RNNCellBase LinearCrossEntropyOptions NLLLoss2d"  # the last is NLLLoss


class Twice(nn.Module):
    """Of a user: parameters, a child, a hook and a buffer."""

    def __init__(self):
        super().__init__()
        self.layer, self.scale = nn.Linear(3, 3), nn.Parameter(cr.ones(3))
        self.register_buffer("offset", cr.zeros(3))
        self.layer.register_forward_hook(lambda module, args, out: None)

    def forward(self, x):
        return self.layer(x) * self.scale + self.offset


class CTC(nn.CTCLoss):
    def forward(self, x):
        return super().forward(x.log_softmax(-1), cr.tensor([[1, 2], [2, 3]]), (5, 5), (2, 2))


class OfClasses(nn.LinearCrossEntropyLoss):
    def __init__(self):
        super().__init__(8, 6)

    def forward(self, x):
        return super().forward(x, cr.tensor([0, 1, 2, 4, 5]))


class Adaptive(nn.AdaptiveLogSoftmaxWithLoss):
    def __init__(self):
        super().__init__(8, 6, [2, 4])

    def forward(self, x):
        return super().forward(x, cr.tensor([0, 1, 2, 4, 5])).loss


def module_and_inputs(name):
    """A module and what it is called with: numbers of NumPy."""
    if name in NO_ROW:
        build, shapes = NO_ROW[name]
        return build().double(), values(shapes)
    option, inputs = ROWS[name][0]
    return make(cr, name, option), values(inputs)


def test_02_no_module_is_left_out():
    assert set(NO_ROW) | set(NOT_CALLED.split()) == set(" ".join(ELSEWHERE.values()).split())


@pytest.mark.parametrize("name", [*ROWS, *NO_ROW])
def test_02_every_module(name):
    """Output, inputs, module and parameters die with the last name for them; the counters agree."""

    def once():
        module, data = module_and_inputs(name)
        leaves = [cr.tensor(x).requires_grad_(x.dtype.kind == "f") for x in data]
        middle = [leaf * 1 for leaf in leaves]
        out = module(*middle)
        out = out[0] if isinstance(out, tuple) else out
        if out.requires_grad:
            out.sum().backward()
        parameters = [*module.parameters(), *module.buffers()]
        watched = watch(middle=middle, out=out)
        del out, middle
        assert_dead(watched)
        watched = watch(module=module, leaves=leaves, parameters=parameters)
        watched |= watch(gradients=[p.grad for p in leaves + parameters if p.grad is not None])
        del module, leaves, parameters
        assert_dead(watched)

    once()  # what is made once for all
    before = cr._core.live_tensors(), cr._core.live_nodes()
    once()
    assert (cr._core.live_tensors(), cr._core.live_nodes()) == before


@present_ops(lambda op: op.grad)
def test_02_no_operation_leaks(op):
    """Living tensors and nodes are as many after a forward and backward as before."""

    def once(sample):
        call = Call(op, sample, cr)
        outputs = [out for out in call.outputs() if out.requires_grad] if call.leaves else []
        if outputs:
            cr.autograd.grad(sum(out.sum() for out in outputs), call.leaves, allow_unused=True)

    def check(sample):
        once(sample)
        before = cr._core.live_tensors(), cr._core.live_nodes()
        once(sample)
        assert (cr._core.live_tensors(), cr._core.live_nodes()) == before

    each(op, op.samples[:3], check)


def test_02_hooks_do_not_keep_the_tensor():
    x = cr.ones(2, requires_grad=True)
    y = x * 2
    y.register_hook(lambda g: g)
    watched = watch(x=x, y=y)
    del y, x
    assert_dead(watched)


def test_02_function_context_is_collectable():
    class Keep(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.kept = x * 2
            watched.update(watch(ctx=ctx, kept=ctx.kept))
            ctx.save_for_backward(x)
            return x * 3

        @staticmethod
        def backward(ctx, g):
            return g * 3

    watched, x = {}, cr.ones(3, requires_grad=True)
    y = Keep.apply(x)
    watched |= watch(x=x, y=y)
    assert all(ref() is not None for ref in watched.values())
    del y, x
    assert_dead(watched)
