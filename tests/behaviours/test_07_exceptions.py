"""Behaviour 7: an exception from the user's backward or hook comes out as that very object, traceback included.

The backward that fails is undone for leaves: none has accumulated anything.
"""

import traceback

import pytest

import chainrule as cr


class Trouble(ValueError):
    def __init__(self, code):
        super().__init__(f"trouble {code}")
        self.code = code


class Raising(cr.autograd.Function):
    raised = None

    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        Raising.raised = Trouble(7)
        raise Raising.raised


def caught(call):
    with pytest.raises(Trouble) as info:
        call()
    return info.value


def test_07_custom_backward():
    x = cr.ones(2, requires_grad=True)
    error = caught(Raising.apply(x).sum().backward)
    assert error is Raising.raised and error.code == 7
    frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    assert "backward" in frames, frames


def test_07_forward():
    class Bad(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            raise Trouble(3)

        @staticmethod
        def backward(ctx, g):
            return g

    error = caught(lambda: Bad.apply(cr.ones(2, requires_grad=True)))
    assert error.code == 3


def test_07_hook():
    made = Trouble(5)

    def hook(grad):
        raise made

    x = cr.ones(2, requires_grad=True)
    y = x * 2
    y.register_hook(hook)
    error = caught(y.sum().backward)
    assert error is made
    assert "hook" in [frame.name for frame in traceback.extract_tb(error.__traceback__)]


def test_07_leaf_hook():
    def hook(grad):
        raise Trouble(6)

    x = cr.ones(2, requires_grad=True)
    handle = x.register_hook(hook)
    assert caught((x * 2).sum().backward).code == 6
    assert x.grad is None
    handle.remove()
    (x * 2).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_07_no_partial_accumulation():
    first, second = cr.ones(2, requires_grad=True), cr.ones(2, requires_grad=True)
    second.grad = cr.full((2,), 5.0)
    bad = Raising.apply(first)
    good = second.exp()
    caught((bad.sum() + good.sum()).backward)
    assert first.grad is None
    assert second.grad.tolist() == [5.0, 5.0]


def test_07_usable_afterwards():
    x = cr.ones(2, requires_grad=True)
    for _ in range(3):
        caught(Raising.apply(x).sum().backward)
    (x * 3).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]
    assert cr.is_grad_enabled()


def test_07_nested_backward_inside_backward():
    class Inner(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.exp()

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            with cr.enable_grad():
                z = x.detach().requires_grad_()
                (d,) = cr.autograd.grad(z.exp().sum(), z)
            return g * d

    x = cr.tensor([0.5, 1.0], requires_grad=True)
    Inner.apply(x).sum().backward()
    assert x.grad.tolist() == x.detach().exp().tolist()


def test_07_keyboard_interrupt_comes_through():
    class Stop(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            raise KeyboardInterrupt

    x = cr.ones(2, requires_grad=True)
    with pytest.raises(KeyboardInterrupt):
        Stop.apply(x).sum().backward()
    assert x.grad is None


def test_07_wrong_number_of_gradients():
    class Two(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g, g

    with pytest.raises(RuntimeError, match=r"Two.*1.*2|Two.*2.*1|gradients.*got 2"):
        Two.apply(cr.ones(2, requires_grad=True)).sum().backward()


def test_07_gradient_of_the_wrong_shape():
    class Wide(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return cr.ones(5)

    with pytest.raises((RuntimeError, ValueError), match=r"Wide.*5|5.*2"):
        Wide.apply(cr.ones(2, requires_grad=True)).sum().backward()
