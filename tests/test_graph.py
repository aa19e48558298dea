"""The graph's nodes as Python sees them: their hooks, what they save, what the garbage collector finds."""

import gc
import pickle
import warnings
import weakref

import numpy as np
import pytest

import chainrule as cr
from chainrule.autograd import Function, graph

torch = pytest.importorskip("torch")


# ---- nodes


def test_a_node_has_its_names_type():
    x = cr.ones(2, requires_grad=True)
    y = (x * 2).exp()
    assert type(y.grad_fn).__name__ == "ExpBackward0"
    assert isinstance(y.grad_fn, graph.Node)
    (inner, _), *_ = y.grad_fn.next_functions
    assert type(inner).__name__ == "MulBackward0"
    assert type(inner) is type((x * 3).grad_fn)
    (leaf, _), *_ = inner.next_functions
    assert type(leaf).__name__ == "AccumulateGrad" and leaf.variable is x
    assert y.grad_fn is y.grad_fn
    both = y + y * y
    assert both.grad_fn.next_functions[0][0] is y.grad_fn  # also from elsewhere, while somebody holds it


def node_hooks(lib, values):
    x = lib.tensor(values, requires_grad=True)
    seen = []
    y = x * lib.tensor([3.0, 3.0])
    z = y.exp() * y
    y.grad_fn.register_prehook(lambda outputs: seen.append(("pre", len(outputs))) or (outputs[0] * 2,))
    y.grad_fn.register_hook(lambda inputs, outputs: seen.append(("post", outputs[0].tolist())) or (inputs[0] + 1, None))
    gone = y.grad_fn.register_hook(lambda inputs, outputs: seen.append("gone"))
    gone.remove()
    z.sum().backward()
    return x.grad.tolist(), seen


def test_hooks_of_nodes():
    ours, theirs = node_hooks(cr, [0.5, -1.0]), node_hooks(torch, [0.5, -1.0])
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-6)
    assert [kind for kind, _ in ours[1]] == [kind for kind, _ in theirs[1]] == ["pre", "post"]
    np.testing.assert_allclose(ours[1][1][1], theirs[1][1][1], rtol=1e-6)


def test_hooks_of_a_node_with_slices_and_shared_inputs():
    # Rules that add into a buffer, and one input used twice, under a hook.
    x = cr.arange(6.0).requires_grad_()
    a = x * 1
    parts = a[:2].sum() + (a[1:4] * 2).sum() + (a * a).sum()
    plain = cr.autograd.grad(parts, x, retain_graph=True)[0]
    for node in [a.grad_fn, *(n for n, _ in parts.grad_fn.next_functions)]:
        node.register_hook(lambda inputs, outputs: None)
    assert cr.equal(cr.autograd.grad(parts, x)[0], plain)


def test_hooks_of_an_accumulator():
    x = cr.ones(2, requires_grad=True)
    leaf = (x * 1).grad_fn.next_functions[0][0]
    seen = []
    leaf.register_prehook(lambda outputs: (outputs[0] * 10,))
    leaf.register_hook(lambda inputs, outputs: seen.append((inputs, outputs[0].tolist(), x.grad.tolist())))
    (x * 2).sum().backward()
    assert seen == [((), [20.0, 20.0], [20.0, 20.0])]


@pytest.mark.parametrize("wrong", [lambda i, o: (), lambda i, o: (cr.ones(5), None)])
def test_a_hook_returns_what_fits(wrong):
    x = cr.ones(2, requires_grad=True)
    y = x * x
    y.grad_fn.register_hook(wrong)
    with pytest.raises(ValueError, match="register_hook"):
        y.sum().backward()
    assert x.grad is None


def test_post_accumulate_hooks_return_nothing():
    x = cr.ones(2, requires_grad=True)
    x.register_post_accumulate_grad_hook(lambda leaf: leaf)
    with pytest.raises(RuntimeError, match="must return None"):
        x.sum().backward()


# ---- cycles


def holding(*held):
    def hook(*gradients):
        assert held

    return hook


def hooked_tensor(obj):
    x = cr.ones(2, requires_grad=True)
    y = x * 2
    y.register_hook(holding(y, obj))
    return y.clone()


def hooked_leaf(obj):
    x = cr.ones(2, requires_grad=True)
    x.register_hook(holding(x, obj))
    x.register_post_accumulate_grad_hook(holding(x, obj))
    return x.clone()


def hooked_node(obj):
    y = cr.ones(2, requires_grad=True) * 2
    node = y.grad_fn
    node.register_hook(holding(node, obj))
    node.register_prehook(holding(node, obj))
    return y.clone()


@pytest.mark.parametrize("make", [hooked_tensor, hooked_leaf, hooked_node])
def test_a_hook_that_holds_its_own_tensor_is_collected(make):
    class Sentinel:
        pass

    obj = Sentinel()
    gone = weakref.ref(obj)
    gc.collect()
    before = cr._core.live_nodes()
    out = make(obj)
    del obj
    gc.collect()
    assert gone() is not None  # the graph still needs its hooks
    out.sum().backward(retain_graph=True)
    gc.collect()
    out.sum().backward()
    del out
    gc.collect()
    assert gone() is None
    assert cr._core.live_nodes() == before


# ---- backward to values inside the graph


def inside(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    kept = y.exp()
    kept.retain_grad()
    z = (kept + y * x).sum()
    z.backward(inputs=[y, kept], retain_graph=True)
    z.backward(inputs=[y, x])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [t.grad.tolist() for t in (x, y, kept)]


def test_backward_to_values_inside_the_graph():
    np.testing.assert_allclose(np.array(inside(cr)), np.array(inside(torch)), rtol=1e-6)


# ---- what nodes save


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        y = x * x
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return g * x * 2 + 0 * y


def chain(x):
    return Square.apply((x.exp() * x).tanh()).sigmoid().sum()


def test_saved_tensors_hooks_change_nothing_but_who_keeps():
    x = cr.tensor([0.3, -0.2], requires_grad=True)
    expected = cr.autograd.grad(chain(x), x)[0]
    packed, unpacked = [], []

    def pack(tensor):
        assert not tensor.requires_grad
        packed.append(tensor.shape)
        return tensor.numpy().copy()

    def unpack(kept):
        unpacked.append(kept.shape)
        return cr.from_numpy(kept)

    with graph.saved_tensors_hooks(pack, unpack):
        y = chain(x)
    assert len(packed) == 7 and not unpacked  # of exp, tanh and sigmoid the result, of mul both factors, Square's two
    (first,) = cr.autograd.grad(y, x, create_graph=True)
    assert cr.equal(first, expected)
    (second,) = cr.autograd.grad(first.sum(), x)
    plain = cr.autograd.grad(cr.autograd.grad(chain(x), x, create_graph=True)[0].sum(), x)[0]
    assert cr.allclose(second, plain)


def test_packed_values_go_with_the_graph():
    class Kept:
        def __init__(self, tensor):
            self.tensor = tensor

    alive = weakref.WeakSet()

    def pack(tensor):
        kept = Kept(tensor)
        alive.add(kept)
        return kept

    x = cr.ones(3, requires_grad=True)
    with graph.saved_tensors_hooks(pack, lambda kept: kept.tensor):
        y = (x * x).exp().sum()
    assert len(alive) > 0
    y.backward()
    assert len(alive) == 0
    with graph.saved_tensors_hooks(pack, lambda kept: kept.tensor):
        y = (x * x).exp().sum()
    del y
    assert len(alive) == 0


def test_save_on_cpu_is_not_reached_by_changes_in_place():
    x = cr.ones(3, requires_grad=True)
    h = x * 2
    with graph.save_on_cpu():
        y = (h * h).sum()
    with cr.no_grad():
        h.zero_()
    y.backward()
    assert x.grad.tolist() == [8.0, 8.0, 8.0]


def test_saved_tensors_hooks_nest_and_can_be_refused():
    x = cr.ones(1, requires_grad=True)
    inner, outer = [], []
    with graph.saved_tensors_hooks(lambda t: outer.append(1) or t, lambda t: t):
        with graph.saved_tensors_hooks(lambda t: inner.append(1) or t, lambda t: t):
            x.exp()
        x.exp()
    x.exp()
    assert (inner, outer) == ([1], [1])
    with graph.disable_saved_tensors_hooks("not here"):
        with pytest.raises(RuntimeError, match="not here"):
            graph.saved_tensors_hooks(lambda t: t, lambda t: t).__enter__()
        x.exp()


@pytest.mark.parametrize("wrong", [lambda t: cr.ones(5), lambda t: t.double(), lambda t: 3])
def test_an_unpack_hook_gives_back_what_was_packed(wrong):
    x = cr.ones(2, requires_grad=True)
    with graph.saved_tensors_hooks(lambda t: t, wrong):
        y = x.exp().sum()
    with pytest.raises((ValueError, TypeError), match="unpack hook"):
        y.backward()


def test_a_pack_hook_must_not_change_the_value():
    x = cr.ones(2, requires_grad=True)
    with graph.saved_tensors_hooks(lambda t: t.add_(1), lambda t: t), pytest.raises(RuntimeError, match="in place"):
        x.exp()


def test_zeros_that_stand_for_an_unused_input_can_be_differentiated():
    x, a = cr.tensor(0.5, requires_grad=True), cr.tensor(1.0, requires_grad=True)
    (first,) = cr.autograd.grad(x * a, x, create_graph=True)
    (second,) = cr.autograd.grad(first, x, create_graph=True, materialize_grads=True)
    (third,) = cr.autograd.grad(second, x, materialize_grads=True)
    assert second.item() == third.item() == 0.0


def test_a_pack_hook_that_fails_leaves_no_trace():
    x = cr.ones(2, requires_grad=True)

    def fail(tensor):
        raise KeyError("no room")

    before = cr._core.live_nodes()
    with graph.saved_tensors_hooks(fail, lambda t: t), pytest.raises(KeyError, match="no room"):
        x.exp()
    x.exp().sum().backward()
    assert cr._core.live_nodes() <= before + 1  # x's accumulator


def test_a_model_trains_the_same_under_hooks():
    def run(hooks):
        cr.manual_seed(0)
        model = cr.nn.Sequential(
            cr.nn.Conv2d(1, 4, 3), cr.nn.BatchNorm2d(4), cr.nn.ReLU(), cr.nn.MaxPool2d(2), cr.nn.Flatten(),
            cr.nn.Dropout(0.2), cr.nn.Linear(36, 5), cr.nn.LayerNorm(5),
        )  # fmt: skip
        optimizer = cr.optim.Adam(model.parameters())
        for _ in range(3):
            x, labels = cr.randn(6, 1, 8, 8), cr.randint(0, 5, (6,))
            optimizer.zero_grad()
            with graph.saved_tensors_hooks(*hooks) if hooks else cr.enable_grad():
                loss = cr.nn.functional.cross_entropy(model(x), labels)
            loss.backward()
            optimizer.step()
        return [p.tolist() for p in model.parameters()]

    assert run(None) == run((lambda t: t.clone(), lambda t: t))


def test_increment_version():
    x = cr.ones(2, requires_grad=True)
    h = x * 1
    y = (h * h).sum()
    graph.increment_version(h)
    with pytest.raises(RuntimeError, match="modified in place"):
        y.backward()


# ---- errors are of both kinds


@pytest.mark.parametrize(
    "call, kind",
    [
        (lambda: cr.ones(2) + cr.ones(3), ValueError),
        (lambda: cr.ones(2, 3) @ cr.ones(2, 3), ValueError),
        (lambda: cr.ones(2).sum(dim=3), IndexError),
        (lambda: cr.nn.Linear(2, 2)(cr.ones(1, 2).double()), TypeError),
        (lambda: cr.ones(2**40, 2**20), MemoryError),
    ],
)
def test_errors_are_also_runtime_errors(call, kind):
    with pytest.raises(RuntimeError) as caught:
        call()
    assert isinstance(caught.value, kind)
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is type(caught.value) and str(again) == str(caught.value)
    assert type(caught.value).__module__ == "chainrule"


def test_linear_algebra_errors_have_their_own_class():
    with pytest.raises(cr.linalg.LinAlgError) as caught:
        cr.linalg.inv(cr.zeros(2, 2))
    assert isinstance(caught.value, RuntimeError)
    assert pickle.loads(pickle.dumps(caught.value)).args == caught.value.args


# ---- Functions with arguments by name, generators


class Power(Function):
    @staticmethod
    def forward(x, n=3, *, scale=1.0):
        return x**n * scale

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, ctx.n = inputs
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * ctx.n * x ** (ctx.n - 1), None


class PlainPower(Power):
    @staticmethod
    def forward(x, n=3):
        return x**n


@pytest.mark.parametrize("call", [lambda x: PlainPower.apply(x), lambda x: PlainPower.apply(x, n=3)])
def test_defaults_of_a_functions_forward(call):
    x = cr.tensor(2.0, requires_grad=True)
    call(x).backward()
    assert x.grad.item() == 12.0


def test_names_need_a_forward_without_ctx():
    with pytest.raises(TypeError, match="by name"):
        Square.apply(x=cr.ones(1))
    with pytest.raises(TypeError, match="by name"):
        Power.apply(cr.ones(1), scale=2.0)  # not by position: setup_context could not see it


def test_a_generator_is_closed_in_its_mode():
    seen = []

    @cr.no_grad()
    def numbers():
        try:
            yield cr.is_grad_enabled()
        finally:
            seen.append(cr.is_grad_enabled())

    g = numbers()
    assert next(g) is False and cr.is_grad_enabled()
    g.close()
    assert seen == [False] and cr.is_grad_enabled()


def test_anomaly_without_search_for_nan():
    x = cr.zeros(2, requires_grad=True)
    with cr.autograd.detect_anomaly(check_nan=False):
        (x.sqrt() * 0).sum().backward()
    assert x.grad.isnan().all()
    with cr.autograd.detect_anomaly(), pytest.raises(RuntimeError, match="not finite"):
        (x.sqrt() * 0).sum().backward()
    assert not cr._core.is_anomaly_enabled()


def test_gradient_edges_stand_for_tensors():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    edge, leaf = graph.get_gradient_edge(y), graph.get_gradient_edge(x)
    assert (edge.node, edge.output_nr) == (y.grad_fn, 0) and leaf.node.name() == "AccumulateGrad"
    assert edge == graph.get_gradient_edge(y) and edge != leaf and len({edge, graph.get_gradient_edge(y)}) == 1
    z = (y * y).sum()
    kept = {"retain_graph": True}
    inner, outer = cr.autograd.grad(z, [edge, leaf], **kept)
    assert inner.tolist() == [4.0, 8.0] and outer.tolist() == [8.0, 16.0]
    by_hand = graph.GradientEdge(y.grad_fn, 0)
    assert cr.equal(cr.autograd.grad(z, by_hand, **kept)[0], inner)
    assert cr.autograd.grad(edge, x, cr.ones(2), **kept)[0].tolist() == [2.0, 2.0]
    cr.autograd.backward(edge, cr.ones(2), **kept)
    cr.autograd.backward(z, inputs=[leaf], **kept)
    assert x.grad.tolist() == [10.0, 18.0]
    y.retain_grad()
    cr.autograd.backward(z, inputs=edge, **kept)
    assert y.grad.tolist() == [4.0, 8.0]
    assert cr.autograd.grad(graph.get_gradient_edge(z), x, **kept)[0].tolist() == [8.0, 16.0]
    spare = graph.get_gradient_edge(cr.ones(3, requires_grad=True) * 2)
    assert cr.autograd.grad(z, spare, materialize_grads=True, **kept)[0].tolist() == [0.0] * 3


def test_gradient_edges_refuse():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    edge, by_hand = graph.get_gradient_edge(y), graph.GradientEdge(y.grad_fn, 0)
    with pytest.raises(RuntimeError, match="single value"):
        cr.autograd.grad(edge, x)
    with pytest.raises(ValueError, match=r"shape \(2,\), got \(3,\)"):
        cr.autograd.grad(edge, x, cr.ones(3))
    with pytest.raises(ValueError, match="get_gradient_edge"):
        cr.autograd.grad(by_hand, x, cr.ones(2))
    with pytest.raises(ValueError, match="get_gradient_edge"):
        other = graph.GradientEdge((x * 3).grad_fn, 0)
        cr.autograd.grad(y.sum(), other, materialize_grads=True)
    with pytest.raises(IndexError, match="has 1 outputs, got the edge of output 5"):
        cr.autograd.grad(y.sum(), graph.GradientEdge(y.grad_fn, 5))
    with pytest.raises(TypeError, match="graph node"):
        cr.autograd.grad(y.sum(), graph.GradientEdge("node", 0))
    with pytest.raises(RuntimeError, match="does not require a gradient"):
        graph.get_gradient_edge(cr.ones(2))


def test_an_edge_keeps_the_graph_and_not_the_memory():
    x = cr.ones(100_000, requires_grad=True)
    y = x * 2
    before = cr._core.memory_stats()["bytes_in_use"]
    edge = graph.get_gradient_edge(y)
    del y
    assert cr._core.memory_stats()["bytes_in_use"] < before - 300_000
    assert cr.autograd.grad(edge, x, cr.ones(100_000))[0][0] == 2


def test_multi_grad_hooks():
    a, b = cr.ones(2, requires_grad=True), cr.ones(2, requires_grad=True)
    c, d = a * b, a * 2
    seen = []

    def note(grads):
        seen.append([g is not None for g in grads])

    handle = graph.register_multi_grad_hook((a, b, c, d), note)
    c.sum().backward(retain_graph=True)
    c.sum().backward(inputs=(a,), retain_graph=True)
    cr.autograd.grad(d.sum() + c.sum(), [a, b], retain_graph=True)
    assert seen == [[True, True, True, False], [True, False, True, False], [True] * 4]
    handle.remove()
    c.sum().backward(retain_graph=True)
    assert len(seen) == 3

    first = []
    with graph.register_multi_grad_hook((a, b), lambda g: first.append(g.tolist()), mode="any"):
        (c * 3).sum().backward(retain_graph=True)
        d.sum().backward(retain_graph=True)
    assert first == [[3.0, 3.0], [2.0, 2.0]]
    with graph.register_multi_grad_hook((a, a), note):
        (c * 3).sum().backward(retain_graph=True)
    assert seen[3:] == [[True, True]]
    with graph.register_multi_grad_hook((a,), lambda grads: 1 / 0), pytest.raises(ZeroDivisionError):
        c.sum().backward()


def test_a_multi_grad_hook_does_not_wait_for_what_gets_no_gradient():
    class First(Function):
        @staticmethod
        def forward(ctx, x, y):
            return x + y

        @staticmethod
        def backward(ctx, g):
            return g, None

    a, b = cr.ones(2, requires_grad=True), cr.ones(2, requires_grad=True)
    seen = []
    graph.register_multi_grad_hook((a, b * 1), lambda grads: seen.append(len(grads)))
    h = b * 1
    with graph.register_multi_grad_hook((a, h), lambda grads: seen.append([g is not None for g in grads])):
        First.apply(a, h).sum().backward()
    assert seen == [2, [True, False]]


def test_multi_grad_hooks_refuse():
    a = cr.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match='"all" or "any"'):
        graph.register_multi_grad_hook((a,), print, mode="some")
    with pytest.raises(RuntimeError, match="tensor 1 does not require"):
        graph.register_multi_grad_hook((a, cr.ones(2)), print)


def test_a_node_keeps_what_its_user_gives_it():
    x = cr.ones(2, requires_grad=True)
    y = x * 2
    assert y.grad_fn.metadata == {}
    y.grad_fn.metadata["name"] = "double"
    gc.collect()
    assert y.grad_fn.metadata["name"] == "double" and x.exp().grad_fn.metadata == {}

    class Thing:
        pass

    thing = Thing()
    gone = weakref.ref(thing)
    y.grad_fn.metadata["me"] = (thing, y.grad_fn)  # a cycle through the node
    del thing, y
    gc.collect()
    assert gone() is None


def test_saved_values_by_name():
    x, w = cr.rand(2, 3, requires_grad=True), cr.rand(3, 3, requires_grad=True)
    y = x.exp()
    assert cr.equal(y.grad_fn._saved_result, y) and y.grad_fn._raw_saved_result.grad_fn is y.grad_fn
    product = (x @ w).grad_fn
    assert product._saved_self is x and product._saved_mat2 is w
    assert {"_saved_self", "_saved_mat2"} <= set(dir(product))
    assert x.softmax(1).grad_fn._saved_dim in (1, -1)
    assert (x * w[0]).grad_fn._saved_other.shape == (2, 3)
    with pytest.raises(AttributeError, match="_saved_self"):
        assert product._saved_index
    assert not hasattr(x.exp().grad_fn, "_saved_self")
    assert Square.apply(x).grad_fn._raw_saved_tensors[0] is x
    y.sum().backward()
    with pytest.raises(RuntimeError, match="freed"):
        assert y.grad_fn._saved_result
    with cr.no_grad():
        w.mul_(2)
    with pytest.raises(RuntimeError, match="modified in place"):
        assert product._saved_mat2


def test_saved_tensors_may_change_where_that_is_allowed():
    a = cr.ones(2, requires_grad=True)
    with graph.allow_mutation_on_saved_tensors():
        b = a.clone()
        y = (b**2).sum()
        b.sin_()
        with pytest.raises(RuntimeError, match="nested"), graph.allow_mutation_on_saved_tensors():
            pass
        y.backward()
    assert a.grad.tolist() == [2.0, 2.0]
