"""Dual tensors: tangents as func.jvp and differences give them, and what would lose one is an error."""

import pytest

import chainrule as cr
import chainrule.autograd.forward_ad as fwad
from chainrule import nn
from chainrule.autograd import Function


def moved(f, x, v):
    with fwad.dual_level():
        return fwad.unpack_dual(f(fwad.make_dual(x, v)))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x.exp() * x,
        lambda x: cr.stack([x.sum(), x.prod()]).sin(),
        lambda x: x.softmax(0).cumsum(0),
        lambda x: x[[2, 0, 0]] @ cr.ones(3, 2, dtype=cr.float64),
        lambda x: (x.view(3, 1) * x + cr.eye(3, dtype=cr.float64)).inverse(),
        lambda x: cr.zeros(5, dtype=cr.float64).index_add(0, cr.tensor([0, 0, 4]), x),
    ],
)
def test_tangents_are_jvps(f):
    cr.manual_seed(0)
    x, v = cr.randn(3, dtype=cr.float64), cr.randn(3, dtype=cr.float64)
    value, tangent = moved(f, x, v)
    expected_value, expected = cr.func.jvp(f, (x,), (v,))
    assert cr.equal(value, expected_value) and cr.equal(tangent, expected)
    step = 1e-6
    differences = (f(x + step * v) - f(x - step * v)) / (2 * step)
    assert cr.allclose(tangent, differences, rtol=1e-6, atol=1e-8)
    assert not (value.requires_grad or tangent.requires_grad)


def test_dual_parameters_of_a_module():
    cr.manual_seed(0)
    layer = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    x = cr.randn(5, 3)
    params = {name: p.detach() for name, p in layer.named_parameters()}
    tangents = {name: cr.randn(p.shape) for name, p in params.items()}
    expected = cr.func.jvp(lambda p: cr.func.functional_call(layer, p, (x,)), (params,), (tangents,))[1]
    with fwad.dual_level():
        for part in (layer[0], layer[2]):
            for name, p in dict(part.named_parameters()).items():
                full = f"{'0' if part is layer[0] else '2'}.{name}"
                delattr(part, name)
                setattr(part, name, fwad.make_dual(p, tangents[full]))
        found = fwad.unpack_dual(layer(x)).tangent
    assert cr.allclose(found, expected)


def test_several_duals_and_several_results():
    x, y = cr.tensor([1.0, 2.0]), cr.tensor([3.0, 5.0])
    with fwad.dual_level():
        a, b = fwad.make_dual(x, cr.tensor([1.0, 0.0])), fwad.make_dual(y, cr.tensor([0.0, 1.0]))
        product = a * b
        assert fwad.unpack_dual(product).tangent.tolist() == [3.0, 2.0]
        assert fwad.unpack_dual(product.sum() * a).tangent.tolist() == [3 * 1 + 2 * 1 + 13.0, 5 * 2.0]
        primal, tangent = fwad.unpack_dual(a)
        assert primal.tolist() == [1.0, 2.0] and tangent.tolist() == [1.0, 0.0]
        assert fwad.unpack_dual(x) == (x, None) and fwad.unpack_dual(a.detach()).tangent is None
        assert fwad.unpack_dual(a > 1).tangent is None and fwad.unpack_dual(x * 2).tangent is None
        into = cr.zeros(2)
        into[1] = a[0] * 2
        assert fwad.unpack_dual(into).tangent.tolist() == [0.0, 2.0]
        assert a.data_ptr() == x.data_ptr()
    assert fwad.unpack_dual(product).tangent is None


def test_tangents_can_be_differentiated():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    v, w = cr.tensor([1.0, 3.0], requires_grad=True), cr.tensor([2.0, 2.0], requires_grad=True)
    with fwad.dual_level():
        value, tangent = fwad.unpack_dual(fwad.make_dual(x, v) ** 3 * w)
        assert tangent.tolist() == [3 * 2.0, 3 * 4 * 3 * 2.0]
        gx, gv, gw = cr.autograd.grad(tangent.sum(), (x, v, w), retain_graph=True)
        assert gx.tolist() == [12.0, 6 * 2 * 3 * 2.0] and gv.tolist() == [6.0, 24.0] and gw.tolist() == [3.0, 36.0]
        assert cr.autograd.grad(value.sum(), x)[0].tolist() == [6.0, 24.0]
        inner = x * 2
        dual = fwad.make_dual(inner, v)
        dual.mul_(5)
        assert fwad.unpack_dual(dual).tangent.tolist() == [5.0, 15.0]


def test_functions_of_users_and_no_grad_outside():
    class Cube(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 3 * x * x * g

    x = cr.tensor([1.0, 2.0])
    with cr.no_grad():
        assert moved(Cube.apply, x, cr.ones(2)).tangent.tolist() == [3.0, 12.0]
        assert not cr.is_grad_enabled()


def test_what_would_lose_a_tangent_raises():
    x, w = cr.ones(2), cr.ones(2, requires_grad=True)
    with fwad.dual_level():
        dual = fwad.make_dual(x, cr.ones(2))
        twice = dual * 2
        with cr.no_grad():
            (w * 2).add_(x)
            w.mul_(2)
            dual.detach().exp()
            assert bool((dual > 0).all())
            for lose in (dual.exp, twice.sum, lambda: dual[0], lambda: w * dual):
                with pytest.raises(RuntimeError, match="has an input with a tangent"):
                    lose()
        loss = (dual * w).exp().sum()
        loss.backward()
        assert w.grad is not None
    with cr.no_grad():
        dual.exp()


def test_levels_and_refusals():
    x, v = cr.ones(2), cr.ones(2)
    with pytest.raises(RuntimeError, match="no dual level is open"):
        fwad.make_dual(x, v)
    assert fwad.enter_dual_level() == 0
    with pytest.raises(RuntimeError, match="cannot be nested"), fwad.dual_level():
        pass
    with pytest.raises(RuntimeError, match=r"shape \(2,\), got \(3,\)"):
        fwad.make_dual(x, cr.ones(3))
    for bad in ((x.long(), v), (x, 3.0), (3.0, v)):
        with pytest.raises(TypeError, match="floating-point tensor"):
            fwad.make_dual(*bad)
    with pytest.raises(TypeError, match="a tensor is required"):
        fwad.unpack_dual(3)
    dual = fwad.make_dual(x, v.double())
    assert fwad.unpack_dual(dual * 2).tangent.dtype == cr.float32
    with pytest.raises(RuntimeError, match="has a tangent already"):
        fwad.make_dual(dual * 2, v)
    with pytest.raises(RuntimeError, match="level 3 is not open"):
        fwad.exit_dual_level(level=3)
    fwad.exit_dual_level()
    with pytest.raises(RuntimeError, match="not open"):
        fwad.exit_dual_level()


def test_a_tape_that_outlives_the_level():
    tape = cr._core.Tape()
    with fwad.dual_level():
        tape.start()
    tape.stop()
    with cr.no_grad():
        cr.ones(2).exp()
    tape.start()
    with pytest.raises(RuntimeError, match="tape records"):
        fwad.enter_dual_level()
    tape.stop()
    with fwad.dual_level():
        pass


def test_gradcheck_compares_tangents():
    class Wrong(Function):
        """Its gradient is right, and the gradient of that is not: a tangent needs both."""

        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.exp()

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return Twice.apply(g, x)

    class Twice(Function):
        @staticmethod
        def forward(ctx, g, x):
            return g * x.exp()

        @staticmethod
        def backward(ctx, g):
            return g * 5, None

    x, w = cr.rand(3, dtype=cr.float64, requires_grad=True), cr.rand(3, dtype=cr.float64, requires_grad=True)
    assert cr.autograd.gradcheck(lambda x, w, n: (x.exp() * w**n, x.sin()), (x, w, 3), check_forward_ad=True)
    assert cr.autograd.gradcheck(Wrong.apply, (x,))
    with pytest.raises(cr.autograd.GradcheckError, match="tangent of output 0"):
        cr.autograd.gradcheck(Wrong.apply, (x,), check_forward_ad=True)
