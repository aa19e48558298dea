"""Behaviour 8: a saved value that is changed before backward is an error that names the operation and the versions.

Never a silently wrong gradient: whatever changed it (in place, an assignment, a view, `.data`, an optimizer).
PyTorch does not see writes through `.data`; here they count too.
"""

import inspect

import pytest
from helpers import expect_error, trained_by

import chainrule as cr
from chainrule import nn, optim


def saved():
    """(x, loss): exp-free graph that has saved x."""
    w = cr.tensor([1.0, 2.0, 3.0], requires_grad=True)
    x = w * 1.0
    return w, x, (x * x).sum()


def write_inplace(x):
    x.add_(1.0)


def write_operator(x):
    x += 1.0


def write_item(x):
    x[0] = 5.0


def write_slice(x):
    x[1:] = 5.0


def write_mask(x):
    x[x > 1] = 0.0


def write_view(x):
    x[1:].mul_(2.0)


def write_reshaped_view(x):
    x.view(3, 1).zero_()


def write_no_grad(x):
    with cr.no_grad():
        x.mul_(2.0)


def write_detached(x):
    x.detach().zero_()


def write_out(x):
    cr.mul(cr.ones(3), 2.0, out=x.detach())


def write_copy(x):
    x.copy_(cr.zeros(3))


def write_fill(x):
    x.detach().fill_(3.0)


WRITES = [
    write_inplace,
    write_operator,
    write_item,
    write_slice,
    write_mask,
    write_view,
    write_reshaped_view,
    write_no_grad,
    write_detached,
    write_out,
    write_copy,
    write_fill,
]


@pytest.mark.parametrize("write", WRITES)
def test_08_every_kind_of_write(write):
    w, x, loss = saved()
    write(x)
    error = expect_error(RuntimeError, r"in.?place|modified|changed", loss.backward)
    assert "mul" in str(error).lower(), error
    assert any(c.isdigit() for c in str(error)), "the versions are missing"
    assert w.grad is None


def test_08_write_through_data():
    _w, x, loss = saved()
    x.data[0] = 7.0
    expect_error(RuntimeError, r"in.?place|modified|changed", loss.backward)


def test_08_base_changed_view_saved():
    w = cr.ones(4, requires_grad=True)
    base = w * 2
    part = base[:2]
    loss = (part * part).sum()
    base.zero_()
    expect_error(RuntimeError, r"in.?place|modified|changed", loss.backward)


def test_08_saved_output():
    """sigmoid, tanh, exp, relu, sqrt, softmax save their result."""
    for name in ("sigmoid", "tanh", "exp", "relu", "sqrt"):
        x = cr.tensor([0.5, 1.0], requires_grad=True)
        y = getattr(cr, name)(x)
        loss = y.sum()
        y.mul_(2.0)
        error = expect_error(RuntimeError, r"in.?place|modified|changed", loss.backward)
        assert name in str(error).lower()


def test_08_optimizer_step_between():
    layer = nn.Linear(3, 2)
    second = nn.Linear(2, 1)
    loss = second(layer(cr.ones(4, 3))).sum()
    opt = optim.SGD(list(layer.parameters()) + list(second.parameters()), lr=0.1)
    for p in opt.param_groups[0]["params"]:
        p.grad = cr.ones_like(p)
    opt.step()
    expect_error(RuntimeError, r"in.?place|modified|changed", loss.backward)


OPTIMIZERS = [
    name
    for name in sorted(vars(optim))
    if inspect.isclass(getattr(optim, name))
    and issubclass(getattr(optim, name), optim.Optimizer)
    and name != "Optimizer"
]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_08_step_of_every_optimizer(name):
    """A step between forward and backward changes weights that were saved: refused, and no gradient is changed."""
    layer, last = nn.Linear(3, 4), nn.Linear(4, 1)
    params = trained_by(name, [*layer.parameters(), *last.parameters()])
    opt = getattr(optim, name)(params, lr=0.1)
    loss = last(layer(cr.ones(4, 3)).tanh()).sum()
    for p in params:
        p.grad = cr.ones_like(p)
    opt.step(lambda: params[0].detach().sum()) if name == "LBFGS" else opt.step()
    error = expect_error(RuntimeError, r"in.?place|modified|changed", loss.backward)
    assert "version" in str(error) and "Backward0" in str(error)
    assert all(cr.equal(p.grad, cr.ones_like(p)) for p in params)


def test_08_what_is_not_saved_may_change():
    """add saves nothing, mul by a number saves no tensor."""
    w = cr.tensor([1.0, 2.0], requires_grad=True)
    x = w * 3.0
    loss = (x + 1.0).sum()
    x.zero_()
    loss.backward()
    assert w.grad.tolist() == [3.0, 3.0]


def test_08_save_for_backward():
    class Square(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 2 * x * g

    w = cr.ones(2, requires_grad=True)
    x = w * 2
    loss = Square.apply(x).sum()
    x.add_(1.0)
    error = expect_error(RuntimeError, r"in.?place|modified|changed", loss.backward)
    assert "Square" in str(error)


def test_08_versions_are_shared_by_views():
    x = cr.zeros(4)
    view, alias = x[1:], x.detach()
    assert x._version == view._version == alias._version == 0
    view.add_(1)
    assert x._version == view._version == alias._version == 1
    assert x.clone()._version == 0
