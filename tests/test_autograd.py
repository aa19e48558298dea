"""Gradients from the outside: grad(), modes, hooks, retained gradients, higher derivatives."""

import math
import threading

import pytest
from helpers import close, expect_error, same

import chainrule as cr


def leaf(values):
    return cr.tensor(values, dtype=cr.float64, requires_grad=True)


# autograd.grad and backward


def test_grad_forms():
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    out = (x * y).sum()
    gx, gy = cr.autograd.grad(out, (x, y), retain_graph=True)
    assert gx.tolist() == [3.0, 4.0] and gy.tolist() == [1.0, 2.0]
    (only,) = cr.autograd.grad(out, x, retain_graph=True)
    (listed,) = cr.autograd.grad([out], [x])
    same(only, listed)
    assert x.grad is None and y.grad is None


def test_grad_with_upstream():
    x = leaf([1.0, 2.0])
    y = x * 3
    (g,) = cr.autograd.grad(y, x, grad_outputs=cr.tensor([1.0, 10.0], dtype=cr.float64))
    assert g.tolist() == [3.0, 30.0]
    a, b = x.sum(), (x * x).sum()
    (g,) = cr.autograd.grad([a, b], x, [None, cr.tensor(2.0, dtype=cr.float64)])
    assert g.tolist() == [5.0, 9.0]


def test_grad_of_an_intermediate():
    x = leaf([1.0, 2.0])
    y = x * 3
    z = (y * y).sum()
    (g,) = cr.autograd.grad(z, y, retain_graph=True)
    assert g.tolist() == [6.0, 12.0]
    gx, gy = cr.autograd.grad(z, (x, y))
    assert gx.tolist() == [18.0, 36.0] and gy.tolist() == [6.0, 12.0]


def test_grad_of_itself():
    x = leaf(2.0)
    assert cr.autograd.grad(x, x)[0].item() == 1.0
    y = x * 2
    assert cr.autograd.grad(y, y)[0].item() == 1.0


def test_materialize_grads():
    x, z = leaf([1.0]), leaf([2.0, 3.0])
    _, gz = cr.autograd.grad(x.sum(), (x, z), allow_unused=True, materialize_grads=True)
    assert gz.tolist() == [0.0, 0.0]


def test_backward_with_inputs():
    x, y = leaf([1.0]), leaf([2.0])
    (x * y).sum().backward(inputs=[x])
    assert x.grad.tolist() == [2.0] and y.grad is None


def test_autograd_backward():
    x = leaf([1.0, 2.0])
    cr.autograd.backward([(x * 2).sum(), (x * 3).sum()])
    assert x.grad.tolist() == [5.0, 5.0]


def test_backward_arguments():
    x = leaf([1.0, 2.0])
    (x * 2).backward(gradient=cr.ones(2, dtype=cr.float64))
    assert x.grad.tolist() == [2.0, 2.0]
    y = (x**3).sum()
    x.grad = None
    y.backward(create_graph=True)
    assert x.grad.requires_grad


# Higher derivatives


def test_derivatives_up_to_the_fifth():
    x = leaf(1.3)
    y, expected = x**5, [5 * 1.3**4, 20 * 1.3**3, 60 * 1.3**2, 120 * 1.3, 120.0]
    for value in expected:
        (y,) = cr.autograd.grad(y, x, create_graph=True)
        assert y.item() == pytest.approx(value)


def test_hessian_vector_product():
    w = leaf([[1.0, 0.3], [0.2, 2.0]])
    x, v = leaf([0.5, -1.0]), cr.tensor([1.0, 2.0], dtype=cr.float64)
    (g,) = cr.autograd.grad((cr.tanh(w @ x) ** 2).sum(), x, create_graph=True)
    (hv,) = cr.autograd.grad((g * v).sum(), x)
    eps = 1e-6

    def gradient(at):
        p = leaf(at.tolist())
        return cr.autograd.grad((cr.tanh(w.detach() @ p) ** 2).sum(), p)[0]

    with cr.no_grad():
        ahead, behind = x + eps * v, x - eps * v
    close(hv, ((gradient(ahead) - gradient(behind)) / (2 * eps)), "float32")


def test_gradient_penalty():
    """A loss on a gradient: d/dw of |dy/dx|^2."""
    w, x = leaf([2.0, -1.0]), leaf([0.3, 0.4])
    (g,) = cr.autograd.grad((w * x).sum(), x, create_graph=True)
    (g * g).sum().backward()
    assert w.grad.tolist() == [4.0, -2.0]


def test_gradient_of_a_linear_function_is_constant():
    x = leaf([1.0, 2.0])
    (g,) = cr.autograd.grad((x * 3).sum(), x, create_graph=True)
    if g.requires_grad:
        (h,) = cr.autograd.grad(g.sum(), x, allow_unused=True)
        assert h is None or h.tolist() == [0.0, 0.0]


# Modes


def test_no_grad_as_context_decorator_and_nested():
    x = leaf([1.0])

    @cr.no_grad()
    def double(t):
        return t * 2

    assert not double(x).requires_grad
    with cr.no_grad():
        assert not cr.is_grad_enabled() and not (x * 2).requires_grad
        with cr.enable_grad():
            assert cr.is_grad_enabled() and (x * 2).requires_grad
        assert not cr.is_grad_enabled()
        assert cr.ones(1, requires_grad=True).requires_grad
    assert (x * 2).requires_grad


def test_no_grad_blocks_are_apart():
    a, b = cr.no_grad(), cr.no_grad()
    assert a is not b
    with cr.no_grad():
        with cr.enable_grad():
            with cr.no_grad():
                assert not cr.is_grad_enabled()
            assert cr.is_grad_enabled()
        assert not cr.is_grad_enabled()
    assert cr.is_grad_enabled()

    class Counted(cr.no_grad):
        __slots__ = ()
        made = 0

        def __init__(self):
            Counted.made += 1

    for _ in range(3):
        with Counted():
            assert not cr.is_grad_enabled()
    assert Counted.made == 3
    for arguments, names in [((1, 2), {}), ((), {"x": 3})]:
        with pytest.raises(TypeError, match="takes nothing, or one function"):
            cr.no_grad(*arguments, **names)


def test_no_grad_is_left_on_error():
    with pytest.raises(KeyError), cr.no_grad():
        raise KeyError
    assert cr.is_grad_enabled()


def test_set_grad_enabled():
    x = leaf([1.0])
    with cr.set_grad_enabled(False):
        assert not (x * 2).requires_grad
    cr.set_grad_enabled(False)
    assert not cr.is_grad_enabled()
    cr.set_grad_enabled(True)
    with cr.inference_mode():
        assert not (x * 2).requires_grad


def test_no_grad_generator_function():
    @cr.no_grad()
    def numbers():
        for _ in range(3):
            yield cr.is_grad_enabled()

    for inside in numbers():
        assert not inside and cr.is_grad_enabled()


def test_grad_mode_belongs_to_the_thread():
    seen = []
    with cr.no_grad():
        thread = threading.Thread(target=lambda: seen.append(cr.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]


# Hooks


def test_hook_sees_and_changes_the_gradient():
    x = leaf([1.0, 2.0])
    y = x * 2
    seen = []
    y.register_hook(lambda g: seen.append(g.tolist()))
    handle = y.register_hook(lambda g: g * 10)
    (y * cr.tensor([1.0, 2.0], dtype=cr.float64)).sum().backward(retain_graph=True)
    assert seen == [[1.0, 2.0]] and x.grad.tolist() == [20.0, 40.0]
    handle.remove()
    x.grad = None
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_hook_runs_once_on_the_complete_gradient():
    x = leaf([1.0])
    y = x * 1
    seen = []
    y.register_hook(lambda g: seen.append(g.item()))
    (y * 2 + y * 3 + y.exp() * 0).sum().backward()
    assert seen == [5.0]


def test_leaf_hook_and_order():
    x = leaf([1.0])
    x.register_hook(lambda g: g + 1)
    x.register_hook(lambda g: g * 10)
    (x * 2).sum().backward()
    assert x.grad.tolist() == [30.0]


def test_hooks_need_a_gradient():
    expect_error(RuntimeError, "requires? (a )?grad|requires_grad", cr.ones(1).register_hook, lambda g: g)


def test_hook_must_return_a_fitting_tensor():
    y = leaf([1.0, 2.0]) * 1
    y.register_hook(lambda g: "no")
    with pytest.raises((TypeError, RuntimeError)):
        y.sum().backward()


def test_post_accumulate_hook():
    x = leaf([1.0])
    seen = []
    x.register_post_accumulate_grad_hook(lambda t: seen.append(t.grad.item()))
    (x * 4).sum().backward()
    assert seen == [4.0]


def test_retain_grad():
    x = leaf([1.0, 2.0])
    y = x * 2
    y.retain_grad()
    y.retain_grad()
    assert y.retains_grad and not x.retains_grad
    (y * y).sum().backward()
    assert y.grad.tolist() == [4.0, 8.0] and x.grad.tolist() == [8.0, 16.0]
    x.retain_grad()
    expect_error(RuntimeError, "requires? (a )?grad|requires_grad", cr.ones(1).retain_grad)


def test_grad_of_a_non_leaf_warns_or_is_none():
    y = leaf([1.0]) * 2
    y.sum().backward()
    with pytest.warns(UserWarning, match="leaf"):
        assert y.grad is None


# Anomalies


def test_detect_anomaly_names_the_line():
    x = leaf([0.0])
    with cr.autograd.detect_anomaly():
        y = (x.sqrt() * 0).sum()
        with pytest.raises(RuntimeError, match=r"test_autograd\.py"):
            y.backward()
    (x.sqrt() * 0).sum().backward()
    assert math.isnan(x.grad.item())


def test_set_detect_anomaly():
    enabled = cr._core.is_anomaly_enabled
    with cr.autograd.set_detect_anomaly(True):
        assert enabled()
    assert not enabled()
    cr.autograd.set_detect_anomaly(True)
    assert enabled()
    cr.autograd.set_detect_anomaly(False)
    assert not enabled()


# The graph


def test_grad_fn_and_next_functions():
    x, w = leaf([1.0]), leaf([2.0])
    y = x * w + 1
    assert "Add" in type(y.grad_fn).__name__ or "Add" in y.grad_fn.name()
    (mul, _), *_rest = y.grad_fn.next_functions
    assert "Mul" in mul.name()
    leaves = [node for node, _ in mul.next_functions]
    assert [node.variable is t for node, t in zip(leaves, (x, w), strict=True)] == [True, True]
    assert y.grad_fn is not None and x.grad_fn is None and x.is_leaf and not y.is_leaf


def test_graph_outlives_its_tensors():
    x = leaf([2.0])
    loss = sum((x * k).exp().sum() for k in (0.1, 0.2))
    loss.backward()
    assert x.grad.item() > 0


def test_a_tracked_leaf_changed_after_use_is_seen():
    x = leaf([1.0, 2.0])
    y = (x * x).sum()
    with cr.no_grad():
        x.add_(1.0)
    expect_error(RuntimeError, "in.?place|modified|changed", y.backward)


def test_a_leaf_frozen_after_the_forward_pass_gets_no_gradient():
    frozen, thawed, other = leaf([1.0, 2.0]), leaf([1.0, 2.0]), leaf([3.0, 4.0])
    seen = []
    frozen.register_post_accumulate_grad_hook(seen.append)
    y = (frozen * thawed * other).sum()
    frozen.requires_grad_(False)
    thawed.requires_grad_(False).requires_grad_(True)
    y.backward()
    assert frozen.grad is None and not seen
    assert thawed.grad.tolist() == [3.0, 8.0] and other.grad.tolist() == [1.0, 4.0]


def test_threads_with_separate_graphs():
    results = {}

    def work(k):
        x = leaf([float(k)])
        for _ in range(50):
            (x * x).sum().backward()
        results[k] = x.grad.item()

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert results == {k: 100.0 * k for k in range(4)}


def test_threads_on_a_shared_leaf():
    x = leaf([1.0, 2.0])

    def work():
        for _ in range(100):
            (x * 2).sum().backward()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert x.grad.tolist() == [800.0, 800.0]


def test_a_pruned_walk_inside_a_pruned_walk():
    """autograd.grad in a Function's backward, itself under autograd.grad, over the same graph."""

    class Inner(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            ctx.save_for_backward(x)
            ctx.y = y
            return x * 3

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            with cr.enable_grad():
                (g,) = cr.autograd.grad(ctx.y.sum(), x, retain_graph=True)
            return grad * 3 + 0 * g, None

    x = cr.tensor([1.0, 2.0], dtype=cr.float64, requires_grad=True)
    side = x.exp()
    z = Inner.apply(x, side) * side
    (got,) = cr.autograd.grad(z.sum(), x)
    expected = 3 * side + 3 * x * side
    close(got, expected.detach())
