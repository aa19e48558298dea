"""The user's own node: autograd.Function in PyTorch's form."""

import pytest
from helpers import close, expect_error

import chainrule as cr
from chainrule.autograd import Function, gradcheck, gradgradcheck
from chainrule.autograd.function import once_differentiable


class Multiply(Function):
    """The example of the lectures: z = x y."""

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx, grad_z):
        x, y = ctx.saved_tensors
        return y * grad_z, x * grad_z


def leaf(values):
    return cr.tensor(values, dtype=cr.float64, requires_grad=True)


def test_multiply():
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    z = Multiply.apply(x, y)
    assert "MultiplyBackward" in repr(z.grad_fn)
    z.sum().backward()
    assert x.grad.tolist() == [3.0, 4.0] and y.grad.tolist() == [1.0, 2.0]
    assert gradcheck(Multiply.apply, (x, y)) and gradgradcheck(Multiply.apply, (x, y))


def test_grad_fn_shows_the_context():
    class Scale(Function):
        @staticmethod
        def forward(ctx, x, factor):
            ctx.factor, ctx._own = factor, 1
            ctx.save_for_backward(x)
            return x * factor

        @staticmethod
        def backward(ctx, g):
            return g * ctx.factor, None

    x = leaf([1.0])
    y = Scale.apply(x, 3.0)
    assert y.grad_fn.factor == 3.0 and y.grad_fn.needs_input_grad == (True, False)
    assert y.grad_fn.saved_tensors[0] is x
    for fn, name in ((y.grad_fn, "other"), (y.grad_fn, "_own"), ((x * 2).grad_fn, "factor")):
        expect_error(AttributeError, f"there is no attribute '{name}'", getattr, fn, name)
    y.sum().backward()
    assert y.grad_fn.factor == 3.0
    expect_error(RuntimeError, "freed", getattr, y.grad_fn, "saved_tensors")


def test_forward_runs_without_recording():
    class Look(Function):
        @staticmethod
        def forward(ctx, x):
            Look.enabled = cr.is_grad_enabled()
            return x * 2

        @staticmethod
        def backward(ctx, g):
            Look.in_backward = cr.is_grad_enabled()
            return g * 2

    x = leaf([1.0])
    Look.apply(x).sum().backward()
    assert not Look.enabled and not Look.in_backward
    cr.autograd.grad(Look.apply(x).sum(), x, create_graph=True)
    assert Look.in_backward


def test_needs_input_grad_and_none_arguments():
    class Scale(Function):
        @staticmethod
        def forward(ctx, x, w, factor, flag=None):
            ctx.save_for_backward(x, w)
            ctx.factor = factor
            return x * w * factor

        @staticmethod
        def backward(ctx, g):
            x, w = ctx.saved_tensors
            Scale.needs = ctx.needs_input_grad
            gx = g * w * ctx.factor if ctx.needs_input_grad[0] else None
            gw = g * x * ctx.factor if ctx.needs_input_grad[1] else None
            return gx, gw, None, None

    x, w = leaf([2.0]), cr.tensor([3.0], dtype=cr.float64)
    Scale.apply(x, w, 5.0, None).sum().backward()
    assert Scale.needs == (True, False, False, False) and x.grad.tolist() == [15.0]


def test_several_outputs():
    class Both(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 2, x * x

        @staticmethod
        def backward(ctx, ga, gb):
            (x,) = ctx.saved_tensors
            return ga * 2 + gb * 2 * x

    x = leaf([3.0])
    a, b = Both.apply(x)
    (a + b).sum().backward()
    assert x.grad.tolist() == [8.0]
    x.grad = None
    a, b = Both.apply(x)
    b.sum().backward()  # the missing gradient comes as zeros
    assert x.grad.tolist() == [6.0]
    assert gradcheck(Both.apply, (x,))


def test_set_materialize_grads():
    class Both(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, ga, gb):
            Both.seen = ga is None, gb is None
            return ga * 2 if ga is not None else gb * 3

    x = leaf([1.0])
    Both.apply(x)[1].sum().backward()
    assert Both.seen == (True, False) and x.grad.tolist() == [3.0]


def test_mark_non_differentiable():
    class Sort(Function):
        @staticmethod
        def forward(ctx, x):
            index = x.argmax(0)
            ctx.mark_non_differentiable(index)
            ctx.save_for_backward(index)
            ctx.n = x.shape[0]
            return x.max(), index

        @staticmethod
        def backward(ctx, g, _):
            (index,) = ctx.saved_tensors
            out = cr.zeros(ctx.n, dtype=g.dtype)
            out[index] = g
            return out

    x = leaf([1.0, 5.0, 2.0])
    value, index = Sort.apply(x)
    assert value.requires_grad and not index.requires_grad and index.item() == 1
    value.backward()
    assert x.grad.tolist() == [0.0, 1.0, 0.0]


def test_mark_dirty():
    class AddOne(Function):
        @staticmethod
        def forward(ctx, x):
            x.add_(1)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 1

    w = leaf([1.0, 2.0])
    x = w * 2
    y = AddOne.apply(x)
    assert y is x and x.tolist() == [3.0, 5.0]
    (y * y).sum().backward()
    assert w.grad.tolist() == [12.0, 20.0]


def test_once_differentiable():
    class Cube(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        @once_differentiable
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 3 * x**2 * g

    x = leaf([2.0])
    (g,) = cr.autograd.grad(Cube.apply(x).sum(), x, create_graph=True)
    assert g.item() == 12.0
    expect_error(RuntimeError, "once_differentiable", g.sum().backward)


def test_saving_an_output():
    class Exp(Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, g):
            (y,) = ctx.saved_tensors
            return g * y

    x = leaf([0.5, 1.0])
    y = Exp.apply(x)
    y.sum().backward()
    close(x.grad, y)
    assert gradgradcheck(Exp.apply, (x,))


def test_setup_context_form():
    class Square(Function):
        @staticmethod
        def forward(x):
            return x * x

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(inputs[0])

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 2 * x * g

    x = leaf([3.0])
    Square.apply(x).sum().backward()
    assert x.grad.tolist() == [6.0]


def test_returning_an_input():
    class Same(Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 5

    x = leaf([1.0])
    y = Same.apply(x)
    assert y is not x and y.requires_grad and not y.is_leaf
    y.sum().backward()
    assert x.grad.tolist() == [5.0]


def test_view_of_an_input():
    class First(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.n = x.shape[0]
            return x[:1]

        @staticmethod
        def backward(ctx, g):
            return cr.cat([g, cr.zeros(ctx.n - 1, dtype=g.dtype)])

    x = leaf([1.0, 2.0])
    First.apply(x * 1).sum().backward()
    assert x.grad.tolist() == [1.0, 0.0]


def test_no_gradient_needed():
    x = cr.ones(2)
    y = Multiply.apply(x, x)
    assert not y.requires_grad and y.grad_fn is None
    with cr.no_grad():
        assert not Multiply.apply(leaf([1.0]), leaf([2.0])).requires_grad


def test_missing_backward():
    class Forward(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

    with pytest.raises((NotImplementedError, RuntimeError), match="backward"):
        Forward.apply(leaf([1.0])).sum().backward()


def test_instances_are_refused():
    with pytest.raises((RuntimeError, TypeError)):
        Multiply()(leaf([1.0]), leaf([1.0]))


def test_attributes_of_the_context():
    class Keep(Function):
        @staticmethod
        def forward(ctx, x, names):
            ctx.names, ctx.count = names, len(names)
            return x * ctx.count, x.sum()

        @staticmethod
        def backward(ctx, ga, gb):
            assert ctx.names == {"a": [1], "b": (2,)}
            return ga * ctx.count + gb, None

    x = leaf([1.0, 1.0])
    a, b = Keep.apply(x, {"a": [1], "b": (2,)})
    (a.sum() + b).backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_feedback_alignment():
    """Random fixed backward weights (Lillicrap et al. 2016) learn a linear map all the same."""

    class Aligned(Function):
        @staticmethod
        def forward(ctx, x, w, feedback):
            ctx.save_for_backward(x, feedback)
            return x @ w

        @staticmethod
        def backward(ctx, g):
            x, feedback = ctx.saved_tensors
            return g @ feedback.t(), x.t() @ g, None

    x = cr.randn(64, 5)
    target = x @ cr.randn(5, 2)
    w1, w2 = cr.randn(5, 8) * 0.1, cr.randn(8, 2) * 0.1
    back = cr.randn(8, 2)
    w1.requires_grad_()
    w2.requires_grad_()
    losses = []
    for _ in range(300):
        out = Aligned.apply(x @ w1, w2, back)
        loss = ((out - target) ** 2).mean()
        grads = cr.autograd.grad(loss, (w1, w2))
        with cr.no_grad():
            w1 -= 0.05 * grads[0]
            w2 -= 0.05 * grads[1]
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]


class Flattened(cr.autograd.Function):
    """Its output is a view of its input."""

    @staticmethod
    def forward(ctx, x):
        return x.view(-1)

    @staticmethod
    def backward(ctx, g):
        return g.view(2, 1)


def test_an_output_that_is_a_view_and_its_input_changed():
    x = cr.ones(2, 1, requires_grad=True)
    h = x * 1
    y = Flattened.apply(h)
    with pytest.raises(RuntimeError, match="no history"):
        y.mul_(2)
    (y * y).sum().backward(retain_graph=True)
    assert x.grad.tolist() == [[2.0], [2.0]]
    h.mul_(2)
    # Not even beside something else may it pass for a constant.
    with pytest.raises(RuntimeError, match=r"Flattened: .* changed in place since"):
        (y.sum() + x.sum()).backward()


def test_more_outputs_than_sixteen_bits_count():
    """Each output has its own place for a gradient, however many there are."""

    class Many(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return tuple(x * k for k in range(65_600))

        @staticmethod
        def backward(ctx, *grads):
            return sum(k * g for k, g in enumerate(grads) if g.item() != 0)

    x = cr.tensor(2.0, requires_grad=True)
    outputs = Many.apply(x)
    (outputs[1] + outputs[65_599]).backward()
    assert x.grad.item() == 65_600
