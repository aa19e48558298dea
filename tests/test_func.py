"""chainrule.func and autograd.functional: against closed forms and against torch.func."""

import collections

import numpy as np
import pytest
from helpers import array, close, expect_error

import chainrule as cr
from chainrule import func, nn
from chainrule._pytree import flatten, tree_map, unflatten
from chainrule.autograd import functional
from chainrule.func._levels import nesting

Pair = collections.namedtuple("Pair", "left right")


def t64(*values, shape=None):
    x = cr.tensor(values, dtype=cr.float64)
    return x if shape is None else x.reshape(shape)


def net(lib):
    """A function of a nested tree, in the words of either library."""

    def loss(params, x):
        hidden = lib.tanh(x @ params["first"]["w"] + params["first"]["b"])
        out = hidden @ params["last"][0] + params["last"][1]
        return (out * out).mean()

    return loss


def tree(lib):
    rng = np.random.default_rng(0)

    def draw(*shape):
        return lib.tensor(rng.standard_normal(shape))

    params = {"first": {"w": draw(3, 4), "b": draw(4)}, "last": [draw(4, 2), draw(2)]}
    return params, draw(5, 3)


def same_tree(ours, theirs):
    a, b = flatten(ours)[0], flatten(theirs)[0]
    assert len(a) == len(b)
    for x, y in zip(a, b, strict=True):
        close(x, y)


# Trees


def test_flatten_and_back():
    value = {"a": (1, [2, {"b": 3}]), "c": None, "d": Pair(4, ()), "e": collections.OrderedDict(x=5)}
    leaves, spec = flatten(value)
    assert leaves == [1, 2, 3, 4, 5]
    back = unflatten(leaves, spec)
    assert back == value and type(back["d"]) is Pair and type(back["e"]) is collections.OrderedDict
    assert tree_map(lambda x: x * 2, {"k": [1, 2]}) == {"k": [2, 4]}
    assert flatten(cr.zeros(2, 3).shape)[0] == [(2, 3)]  # a Size is a value


# grad


def test_grad_of_the_slide():
    x, y, z = t64(-2.0, 5.0, -4.0).unbind()
    (dx, dy, dz), f = func.grad_and_value(lambda x, y, z: (x + y) * z, argnums=(0, 1, 2))(x, y, z)
    assert [f.item(), dx.item(), dy.item(), dz.item()] == [-12.0, -4.0, -4.0, 3.0]
    value, grads = func.value_and_grad(lambda x, y, z: (x + y) * z, argnums=(2,))(x, y, z)
    assert value.item() == -12.0 and len(grads) == 1 and grads[0].item() == 3.0
    assert func.grad(lambda x, y, z: (x + y) * z, argnums=-1)(x, y, z).item() == 3.0


def test_grad_keeps_the_form_of_the_argument(torch):
    params, x = tree(cr)
    got = func.grad(net(cr))(params, x)
    want = torch.func.grad(net(torch))(*tree(torch))
    assert list(got) == ["first", "last"] and isinstance(got["last"], list)
    same_tree(got, want)
    assert all(not g.requires_grad for g in flatten(got)[0])
    assert all(p.grad is None and not p.requires_grad for p in flatten(params)[0])


def test_has_aux():
    def f(x):
        return (x * x).sum(), {"double": 2 * x, "text": "hello"}

    x = t64(1.0, 3.0)
    g, aux = func.grad(f, has_aux=True)(x)
    assert g.tolist() == [2.0, 6.0] and aux["double"].tolist() == [2.0, 6.0] and aux["text"] == "hello"
    assert not aux["double"].requires_grad
    g, (value, aux) = func.grad_and_value(f, has_aux=True)(x)
    (value2, aux2), g2 = func.value_and_grad(f, has_aux=True)(x)
    assert value.item() == value2.item() == 10.0 and g.tolist() == g2.tolist() and aux["text"] == aux2["text"]
    j, aux = func.jacrev(lambda x: (x * x, x), has_aux=True)(x)
    assert j.tolist() == [[2.0, 0.0], [0.0, 6.0]] and not aux.requires_grad


def test_nested_derivatives_of_sin():
    f, x = cr.sin, t64(0.7).sum()
    expected = [np.cos(0.7), -np.sin(0.7), -np.cos(0.7), np.sin(0.7), np.cos(0.7)]
    for want in expected:
        f = func.grad(f)
        got = f(x)
        assert abs(got.item() - want) < 1e-14 and not got.requires_grad


def test_no_perturbation_confusion():
    """d/dx of x * (d/dy (x + y)) is 1: the inner y is not the outer x, also where both have the same value."""
    one = cr.tensor(1.0)
    assert func.grad(lambda x: x * func.grad(lambda y: x + y)(one))(one).item() == 1.0
    assert func.grad(lambda x: x * func.grad(lambda y: x + y)(x))(one).item() == 1.0
    assert func.grad(lambda x: x * func.grad(lambda y: x * y)(x))(cr.tensor(3.0)).item() == 6.0
    x = cr.tensor(2.0, requires_grad=True)
    assert func.grad(lambda y: x * y)(x).item() == 2.0


def test_captured_parameters_get_their_gradient():
    """A gradient may be trained through: what the function captures stays in the graph."""
    w = cr.tensor(3.0, requires_grad=True)
    g = func.grad(lambda x: w * x * x)(cr.tensor(2.0))
    assert g.requires_grad
    g.backward()
    assert w.grad.item() == 4.0
    # No dependence on w: no graph.
    assert not func.grad(lambda x: w + x * x)(cr.tensor(2.0)).requires_grad
    with cr.no_grad():
        g = func.grad(lambda x: w * x * x)(cr.tensor(2.0))
    assert g.item() == 12.0 and not g.requires_grad


def test_argument_inside_a_graph():
    x = cr.tensor(2.0, requires_grad=True)
    func.grad(lambda y: y**3)(x * 2).backward()
    assert x.grad.item() == 48.0  # d/dx 3 (2x)^2 = 24 x


def test_unused_arguments_have_zero_gradient():
    a, b = func.grad(lambda a, b: a.sum(), argnums=(0, 1))(cr.ones(2), cr.ones(3))
    assert a.tolist() == [1, 1] and b.tolist() == [0, 0, 0]
    assert func.grad(lambda a: cr.tensor(1.0))(cr.ones(2)).tolist() == [0, 0]


def test_keyword_arguments_pass():
    assert func.grad(lambda x, *, k: k * x)(cr.tensor(1.0), k=5.0).item() == 5.0


def test_grad_mode_comes_back_after_an_error():
    def fails(x):
        raise KeyError("inside")

    with cr.no_grad():
        expect_error(KeyError, "inside", func.grad(fails), cr.tensor(1.0))
        assert not cr.is_grad_enabled()
    assert cr.is_grad_enabled() and nesting.depth == 0 and not nesting.variables


@pytest.mark.parametrize(
    "exc, match, call",
    [
        (ValueError, r"grad: .*scalar, got .*\(2,\)", lambda: func.grad(lambda x: x)(cr.ones(2))),
        (TypeError, r"grad: .*floating-point.*int64", lambda: func.grad(lambda x: x.sum())(cr.tensor([1]))),
        (TypeError, r"grad: .*got float", lambda: func.grad(lambda x: x)(1.0)),
        (ValueError, r"grad: argnums .*1 positional.*got 3", lambda: func.grad(cr.sin, 3)(cr.ones(()))),
        (ValueError, r"grad: argnums must be distinct", lambda: func.grad(cr.sin, (0, -1))(cr.ones(()))),
        (TypeError, r"grad: with has_aux=True", lambda: func.grad(cr.sin, has_aux=True)(cr.ones(()))),
        (TypeError, r"jacrev: .*must return tensors", lambda: func.jacrev(lambda x: 3)(cr.ones(2))),
        (TypeError, r"jvp: primals and tangents", lambda: func.jvp(cr.sin, cr.ones(2), cr.ones(2))),
        (ValueError, r"jvp: .*\(2,\).*got .*\(3,\)", lambda: func.jvp(cr.sin, (cr.ones(2),), (cr.ones(3),))),
        (ValueError, r"vjp_fn: .*structure", lambda: func.vjp(cr.sin, cr.ones(2))[1]((cr.ones(2), cr.ones(2)))),
    ],
)
def test_errors(exc, match, call):
    expect_error(exc, match, call)


# Products


def two_outputs(lib):
    return lambda x, y: {"a": lib.sin(x) * y.sum(), "b": (x.outer(y), y * 2)}


def test_vjp_and_jvp_against_pytorch(torch):
    def results(lib, f):
        x, y = lib.tensor([0.1, 0.2, 0.3]), lib.tensor([1.0, -2.0])
        v = {"a": lib.tensor([1.0, 2.0, 3.0]), "b": (lib.ones(3, 2) * 0.5, lib.tensor([1.0, -1.0]))}
        out, vjp_fn = f.vjp(two_outputs(lib), x, y)
        primal, tangent = f.jvp(two_outputs(lib), (x, y), (lib.tensor([1.0, 0.0, 2.0]), lib.tensor([0.5, 0.25])))
        return out, vjp_fn(v), vjp_fn(v), primal, tangent

    for ours, theirs in zip(results(cr, func), results(torch, torch.func), strict=True):
        a, b = flatten(ours)[0], flatten(theirs)[0]
        for p, q in zip(a, b, strict=True):
            close(p, q, "float32")
            assert not p.requires_grad


def test_projection_trick():
    """v^T J is the gradient of the number <v, f(x)>, and J v that of <u, vjp(u)> with respect to u."""
    rng = np.random.default_rng(1)
    w, x, p = (cr.tensor(rng.standard_normal(s)) for s in ((4, 3), (3,), (4,)))

    def f(x):
        return cr.tanh(w @ x) * x.sum()

    by_projection = func.grad(lambda x: (p * f(x)).sum())(x)
    _, vjp_fn = func.vjp(f, x)
    jacobian = func.jacrev(f)(x)
    close(vjp_fn(p)[0], by_projection)
    close(p @ jacobian, by_projection)
    q = cr.tensor(rng.standard_normal(3))
    close(func.jvp(f, (x,), (q,))[1], jacobian @ q)
    h = 1e-6
    close(func.jvp(f, (x,), (q,))[1], (f(x + h * q) - f(x - h * q)) / (2 * h), tol=1e4)


def test_jvp_is_differentiable():
    def speed(x):
        return func.jvp(lambda x: x**3, (x,), (cr.ones_like(x),))[1]

    got = func.grad(speed)(cr.tensor(2.0))
    assert got.item() == 12.0 and not got.requires_grad
    v = cr.tensor(1.0, requires_grad=True)
    func.jvp(lambda x: x**3, (cr.tensor(2.0),), (v,))[1].backward()
    assert v.grad.item() == 12.0


def test_vjp_function_is_differentiable():
    def f(x):
        _, vjp_fn = func.vjp(lambda x: x**3, x)
        return vjp_fn(cr.ones_like(x))[0]

    assert func.grad(f)(cr.tensor(2.0)).item() == 12.0
    v = cr.tensor(1.0, requires_grad=True)
    func.vjp(lambda x: x**3, cr.tensor(2.0))[1](v)[0].backward()
    assert v.grad.item() == 12.0


# Whole Jacobians


@pytest.mark.parametrize("name", ["jacrev", "jacfwd"])
def test_jacobian_against_pytorch(torch, name):
    def results(lib, f):
        x, y = lib.tensor([0.1, 0.2, 0.3]), lib.tensor([1.0, -2.0])
        return getattr(f, name)(two_outputs(lib), argnums=(0, 1))(x, y)

    ours, theirs = results(cr, func), results(torch, torch.func)
    for p, q in zip(flatten(ours)[0], flatten(theirs)[0], strict=True):
        close(p, q, "float32")
    assert isinstance(ours["b"][0], tuple) and tuple(ours["b"][0][1].shape) == (3, 2, 2)


@pytest.mark.parametrize("jacobian", [func.jacrev, func.jacfwd])
def test_jacobian_corners(jacobian):
    assert tuple(jacobian(lambda x: x * 2)(cr.zeros(0)).shape) == (0, 0)
    assert tuple(jacobian(lambda x: x.sum())(cr.zeros(0)).shape) == (0,)
    assert jacobian(lambda x: x)(cr.ones(2)).tolist() == [[1, 0], [0, 1]]
    assert jacobian(lambda x: cr.ones(2))(cr.ones(2)).tolist() == [[0, 0], [0, 0]]
    assert jacobian(lambda x: x * x)(cr.tensor(3.0)).item() == 6.0


def test_hessian_against_pytorch(torch):
    params, x = tree(cr)
    got = func.hessian(net(cr))(params, x)
    want = torch.func.hessian(net(torch))(*tree(torch))
    assert tuple(got["first"]["w"]["last"][0].shape) == (3, 4, 4, 2)
    same_tree(got, want)


def test_hessian_of_a_quadratic():
    a = t64(2.0, 1.0, 1.0, 3.0, shape=(2, 2))
    close(func.hessian(lambda x: 0.5 * x @ (a @ x))(t64(1.0, 2.0)), a)
    close(func.jacfwd(func.jacrev(lambda x: 0.5 * x @ (a @ x)))(t64(1.0, 2.0)), a)


def test_hessian_of_several_arguments():
    h = func.hessian(lambda x, y: (x * x * y).sum(), argnums=(0, 1))(t64(2.0), t64(5.0))
    assert [[float(e) for e in row] for row in h] == [[10.0, 4.0], [4.0, 0.0]]


@pytest.mark.parametrize("strategy", ["reverse-mode", "forward-mode"])
def test_functional_jacobian_and_hessian(torch, strategy):
    def results(lib, f):
        x, y = lib.tensor([0.1, 0.2]), lib.tensor([1.0, -2.0, 0.5])
        kw = {"strategy": strategy, "vectorize": strategy == "forward-mode"}
        return (
            f.jacobian(lambda x: x * x.sum(), x, **kw),
            *f.jacobian(lambda x, y: x.outer(y), (x, y), **kw),
            *f.jacobian(lambda x: (x * 2, x.sum()), x, **kw),
            *[h for row in f.hessian(lambda x, y: (x.sum() * y**2).sum(), (x, y)) for h in row],
        )

    for a, b in zip(results(cr, functional), results(torch, torch.autograd.functional), strict=True):
        close(a, b, "float32")


def test_functional_create_graph():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    functional.jacobian(lambda x: x**3, x, create_graph=True).sum().backward()
    assert x.grad.tolist() == [6.0, 12.0]
    assert not functional.jacobian(lambda x: x**3, x).requires_grad


# Size


def test_size_is_told_before_anything_is_built():
    """64 x 4096 times 4096 x 4096: the Jacobian by the left factor takes 256 GB, that by the right one more."""
    x, w = cr.empty(64, 4096), cr.empty(4096, 4096)
    with cr.no_grad():
        y = cr.empty(64, 4096)

    def product(x, w=w):
        return Shape.apply(x, w)

    class Shape(cr.autograd.Function):  # a product without the work: only its shape counts here
        @staticmethod
        def forward(ctx, x, w):
            return y.clone()

        @staticmethod
        def backward(ctx, g):
            raise AssertionError("nothing may be computed")

    for call in (
        lambda: func.jacrev(product)(x),
        lambda: func.jacfwd(product)(x),
        lambda: functional.jacobian(product, x),
    ):
        error = expect_error(ValueError, r"256 GB.*max_bytes", call)
        assert str(2**38) in str(error) and "(64, 4096) by (64, 4096)" in str(error)
    expect_error(ValueError, r"16\.2 TB.*takes 256 GB.*takes 16 TB", lambda: functional.jacobian(product, (x, w)))
    assert functional.jacobian_size(product, x) == 2**38


def test_size_of_an_elementwise_jacobian():
    x = cr.empty(32, 32, 512)
    expect_error(ValueError, r"\(1 TB\)", func.jacrev(cr.relu), x)
    assert functional.jacobian_size(cr.relu, x) == 2**40
    expect_error(ValueError, r"\(1 TB\)", functional.hessian, lambda x: (x * x).sum(), x)
    expect_error(ValueError, r"\(1 TB\)", func.hessian(lambda x: (x * x).sum()), x)


def test_limit_may_be_moved():
    x = cr.ones(4)
    expect_error(ValueError, "64 bytes", func.jacrev(cr.exp, max_bytes=63), x)
    for limit in (64, None):
        assert tuple(func.jacrev(cr.exp, max_bytes=limit)(x).shape) == (4, 4)
        assert tuple(functional.jacobian(cr.exp, x, max_bytes=limit).shape) == (4, 4)


# Modules


def test_functional_call(torch):
    ours = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).double()
    x = t64(*np.linspace(-1, 1, 6), shape=(2, 3))
    params = {k: v.detach() * 2 for k, v in ours.named_parameters()}
    before = ours(x)

    def loss(params):
        return (func.functional_call(ours, params, (x,)) ** 2).sum()

    grads = func.grad(loss)(params)
    close(ours(x), before)
    theirs = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1)).double()
    tx = torch.tensor(array(x))
    want = torch.func.grad(lambda p: (torch.func.functional_call(theirs, p, (tx,)) ** 2).sum())(
        {k: torch.tensor(array(v)) for k, v in params.items()}
    )
    assert list(grads) == list(want)
    for name in grads:
        close(grads[name], want[name])
    expect_error(ValueError, r"unexpected \['nope'\]", func.functional_call, ours, {"nope": x}, (x,))
    expect_error(ValueError, r"missing \['0.bias'", func.functional_call, ours, {"0.weight": x}, (x,), strict=True)


def test_functional_call_replaces_tied_weights():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(2, 2, bias=False)
            self.b = nn.Linear(2, 2, bias=False)
            self.b.weight = self.a.weight

        def forward(self, x):
            return self.b(self.a(x))

    module, eye = Tied(), cr.eye(2) * 3
    assert func.functional_call(module, {"a.weight": eye}, cr.ones(1, 2)).tolist() == [[9.0, 9.0]]
    assert module.b.weight is module.a.weight


# vmap


def samples(lib, func):
    """Calls of vmap in the words of either library."""
    x, w = lib.arange(24.0).reshape(2, 3, 4), lib.tensor([1.0, -2.0, 0.5])
    xs, ys = lib.eye(3)[:2], lib.ones(2)

    def loss(w, x, y):
        return ((w * x).sum() - y) ** 2

    def total(w):
        return func.vmap(loss, in_dims=(None, 0, 0))(w, xs, ys).sum()

    yield func.vmap(lib.sum)(x)
    yield func.vmap(lambda a: a * 2, in_dims=2, out_dims=-1)(x)
    yield from func.vmap(lambda a: (a.sum(), a), in_dims=1, out_dims=(0, 1))(x)
    yield func.vmap(func.vmap(lambda a, b: a @ b, (None, 0)), (0, None))(x[0], x[1])
    yield func.vmap(lambda d: d["a"] + d["b"], in_dims=({"a": 0, "b": None},))({"a": x[0], "b": x[0, 0]})
    yield func.vmap(lambda pair, k=1: pair[0] * pair[1] * k, in_dims=((0, None),))((x, 3.0), k=2)
    yield func.vmap(func.grad(loss), in_dims=(None, 0, 0))(w, xs, ys)
    yield func.vmap(func.hessian(lambda a: (a**3).sum()))(x[0])
    yield func.grad(total)(w)
    w.requires_grad_()
    total(w).backward()
    yield w.grad


def test_vmap(torch):
    for ours, theirs in zip(samples(cr, func), samples(torch, torch.func), strict=True):
        close(ours, theirs.numpy())


def test_vmap_random():
    same, different = (
        func.vmap(lambda x: cr.rand(2) + 0 * x, randomness=r)(cr.zeros(2)) for r in ("same", "different")
    )
    assert cr.equal(same[0], same[1]) and not cr.equal(different[0], different[1])
    expect_error(RuntimeError, "draws random numbers", func.vmap(lambda x: cr.rand(2) + x), cr.zeros(2))


@pytest.mark.parametrize(
    ("error", "words", "call"),
    [
        (ValueError, "randomness", lambda x: func.vmap(cr.sin, randomness="no")),
        (TypeError, "only tensors can be cut, got int", lambda x: func.vmap(cr.mul)(x, 3)),
        (TypeError, "got int", lambda x: func.vmap(lambda a: 3)(x)),
        (TypeError, "in_dims must be int, None", lambda x: func.vmap(cr.sin, in_dims="0")(x)),
        (ValueError, r"one size, and not 0, got \[2, 3\]", lambda x: func.vmap(cr.mul)(x, x[0])),
        (ValueError, "not 0", lambda x: func.vmap(cr.sin)(x[:0])),
        (ValueError, r"axis 2 of a tensor of shape \(2, 3\)", lambda x: func.vmap(cr.sin, in_dims=2)(x)),
        (ValueError, "at least one argument", lambda x: func.vmap(cr.sin, in_dims=None)(x)),
        (ValueError, "each of the 1 arguments", lambda x: func.vmap(cr.sin, in_dims=(0, 0))(x)),
        (ValueError, "nested as", lambda x: func.vmap(lambda d: d["a"], in_dims=({"b": 0},))({"a": x})),
        (ValueError, "nested as", lambda x: func.vmap(lambda a: (a, a), out_dims=(0, 0, 0))(x)),
    ],
)
def test_vmap_refuses(error, words, call):
    expect_error(error, words, call, cr.ones(2, 3))


def test_linearize_against_pytorch(torch):
    values, moves = np.random.default_rng(3).standard_normal((2, 2, 3))
    got, want = [], []
    for lib, into in ((cr, got), (torch, want)):
        x, y = lib.tensor(values[0]), lib.tensor(values[1])

        def f(x, y, lib=lib):
            return {"a": lib.sin(x) * y, "b": (x @ y).exp()}

        output, push = lib.func.linearize(f, x, y)
        for scale in (1.0, -2.0):
            moved = push(lib.tensor(moves[0] * scale), lib.tensor(moves[1]))
            into += [output["a"], output["b"], moved["a"], moved["b"]]
    for a, b in zip(got, want, strict=True):
        close(a, b, "float64")
        assert not a.requires_grad
    with pytest.raises(ValueError, match=r"jvp_fn: .*structure|shape"):
        func.linearize(cr.sin, cr.ones(2))[1](cr.ones(3))


def test_ensemble_against_pytorch(torch):
    outs = []
    for lib in (cr, torch):
        lib.manual_seed(0)
        models = [
            lib.nn.Sequential(lib.nn.Linear(3, 4), lib.nn.BatchNorm1d(4), lib.nn.Linear(4, 2)).eval() for _ in range(3)
        ]
        params, buffers = lib.func.stack_module_state(models)
        assert list(params) == [name for name, _ in models[0].named_parameters()] and "1.running_mean" in buffers

        def one(params, buffers, x, lib=lib, base=models[0]):
            return lib.func.functional_call(base, (params, buffers), (x,))

        y = lib.func.vmap(one, (0, 0, None))(params, buffers, lib.linspace(-1, 1, 15).reshape(5, 3))
        y.pow(2).sum().backward()
        outs.append([y, *(p.grad for p in params.values())])
        assert all(p.is_leaf and p.requires_grad for p in params.values())
    for a, b in zip(*outs, strict=True):
        close(a, b, "float32", 4)


def test_ensemble_errors():
    layer = nn.Linear(2, 1)
    expect_error(RuntimeError, "at least one model", func.stack_module_state, [])
    expect_error(RuntimeError, r"one class, got \['Linear', 'ReLU'\]", func.stack_module_state, [layer, nn.ReLU()])
    expect_error(RuntimeError, "one mode", func.stack_module_state, [layer, nn.Linear(2, 1).eval()])
    frozen = nn.Linear(2, 1).requires_grad_(False)
    expect_error(RuntimeError, "weight requires a gradient in some", func.stack_module_state, [layer, frozen])
