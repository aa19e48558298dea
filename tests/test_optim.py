"""Optimizers: 100 steps equal PyTorch's to 1e-6, options, state, errors."""

import copy

import numpy as np
import pytest
from helpers import array, expect_error, same

import chainrule as cr
from chainrule import nn, optim

CASES = [
    ("SGD", {"lr": 0.05}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.3}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.05, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.8, "weight_decay": 0.1, "nesterov": True}),
    ("SGD", {"lr": 0.001, "maximize": True}),
    ("Adam", {}),
    ("Adam", {"lr": 0.01, "betas": (0.8, 0.95), "eps": 1e-6}),
    ("Adam", {"lr": 0.01, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.01, "amsgrad": True}),
    ("Adam", {"lr": 0.001, "maximize": True}),
    ("AdamW", {}),
    ("AdamW", {"lr": 0.01, "weight_decay": 0.2}),
    ("AdamW", {"lr": 0.01, "amsgrad": True, "betas": (0.7, 0.9)}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.005, "momentum": 0.8, "centered": True, "weight_decay": 0.1}),
    ("RMSprop", {"lr": 0.005, "alpha": 0.9, "eps": 1e-6, "maximize": True}),
    ("Adagrad", {}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.05, "weight_decay": 0.1, "initial_accumulator_value": 0.5}),
    ("Adagrad", {"lr": 0.02, "eps": 1e-6, "maximize": True}),
    ("Adadelta", {}),
    ("Adadelta", {"lr": 2.0, "rho": 0.8, "eps": 1e-5, "weight_decay": 0.1}),
    ("Adadelta", {"maximize": True}),
    ("Adamax", {}),
    ("Adamax", {"lr": 0.01, "betas": (0.8, 0.95), "eps": 1e-6, "weight_decay": 0.1}),
    ("Adamax", {"maximize": True}),
    ("NAdam", {}),
    ("NAdam", {"lr": 0.01, "betas": (0.8, 0.95), "momentum_decay": 0.01, "weight_decay": 0.1}),
    ("NAdam", {"lr": 0.01, "weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True}),
    ("RAdam", {}),
    ("RAdam", {"lr": 0.01, "betas": (0.8, 0.95), "eps": 1e-6, "weight_decay": 0.1}),
    ("RAdam", {"lr": 0.01, "weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True}),
    ("Rprop", {}),
    ("Rprop", {"lr": 0.1, "etas": (0.4, 1.3), "step_sizes": (1e-5, 1.0)}),
    ("Rprop", {"step_sizes": (1e-6, 0.1), "maximize": True}),
    ("ASGD", {}),
    ("ASGD", {"lr": 0.05, "lambd": 0.01, "alpha": 0.6, "t0": 20, "weight_decay": 0.1}),
    ("ASGD", {"t0": 3, "maximize": True}),
    ("Adafactor", {}),
    ("Adafactor", {"lr": 0.1, "beta2_decay": -0.5, "eps": (1e-5, 0.01), "d": 2.0, "weight_decay": 0.1}),
    ("Adafactor", {"maximize": True}),
]
SHAPES = [(3, 4), (5,), (), (2, 1, 3), (33,)]
case = pytest.mark.parametrize(("name", "options"), CASES, ids=lambda v: str(v).replace(" ", ""))


def parameters(lib, dtype, seed=0):
    rng = np.random.default_rng(seed)
    return [lib.nn.Parameter(lib.tensor(rng.standard_normal(s).astype(dtype))) for s in SHAPES]


def loss_of(params, step):
    """Something with a changing, uneven gradient."""
    return sum(
        ((p - 0.1 * (k + 1)) ** 2).sum() * (1 + 0.3 * k) + (p * float(np.sin(step))).sum() for k, p in enumerate(params)
    )


def train(lib, name, options, steps=50, dtype="float32", skip=None):
    params = parameters(lib, dtype)
    opt = getattr(lib.optim, name)(params, **options)
    for step in range(steps):
        opt.zero_grad()
        used = params if skip is None or step % 3 else params[:skip] + params[skip + 1 :]
        loss_of(used, step).backward()
        opt.step()
    return params, opt


@case
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equals_pytorch(name, options, dtype, torch):
    ours, theirs = (train(lib, name, options, dtype=dtype)[0] for lib in (cr, torch))
    tolerance = 1e-6 if dtype == "float64" else 2e-5
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(array(p), array(q), rtol=tolerance, atol=tolerance * 0.1)


@case
def test_parameters_without_gradient_are_left_out(name, options, torch):
    ours, theirs = (train(lib, name, options, steps=20, dtype="float64", skip=1)[0] for lib in (cr, torch))
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(array(p), array(q), rtol=1e-6)


def test_default_options(torch):
    for name in sorted({name for name, _ in CASES} | {"LBFGS"}):
        ours = getattr(optim, name)([nn.Parameter(cr.ones(1))]).defaults
        theirs = getattr(torch.optim, name)([torch.nn.Parameter(torch.ones(1))]).defaults
        assert ours == theirs, name


def test_groups(torch):
    def run(lib):
        params = parameters(lib, "float64")
        opt = lib.optim.SGD([{"params": params[:2]}, {"params": params[2:], "lr": 0.001, "momentum": 0.5}], lr=0.1)
        opt.add_param_group({"params": [extra := lib.nn.Parameter(lib.ones(2, dtype=lib.float64))], "lr": 0.2})
        for step in range(30):
            if step == 10:
                for group in opt.param_groups:
                    group["lr"] *= 0.5
            opt.zero_grad()
            loss_of([*params, extra], step).backward()
            opt.step()
        assert len(opt.param_groups) == 3
        return [*params, extra]

    for p, q in zip(run(cr), run(torch), strict=True):
        np.testing.assert_allclose(array(p), array(q), rtol=1e-6)


@case
def test_frozen_and_shared_parameters(name, options):
    frozen = nn.Parameter(cr.ones(3), requires_grad=False)
    free = nn.Parameter(cr.ones(3))
    opt = getattr(optim, name)([frozen, free], **options)
    (free * 2).sum().backward()
    opt.step()
    assert frozen.tolist() == [1.0] * 3 and free.tolist() != [1.0] * 3


@case
@pytest.mark.parametrize("at", [0, 5])
def test_state_round_trip_continues_bitwise(name, options, at):
    params, opt = train(cr, name, options, steps=at)
    copies = [nn.Parameter(p.detach().clone()) for p in params]
    other = getattr(optim, name)(copies, lr=0.5)
    state = copy.deepcopy(opt.state_dict())
    assert set(state) == {"state", "param_groups"}
    other.load_state_dict(state)
    for step in range(5):
        for ps, o in ((params, opt), (copies, other)):
            o.zero_grad()
            loss_of(ps, step).backward()
            o.step()
    for p, q in zip(params, copies, strict=True):
        same(p, q)


def test_state_dict_has_pytorchs_form(torch):
    ours, theirs = (train(lib, "Adam", {}, steps=3)[1].state_dict() for lib in (cr, torch))
    assert ours["param_groups"][0]["params"] == theirs["param_groups"][0]["params"] == [0, 1, 2, 3, 4]
    assert set(ours["state"][0]) == set(theirs["state"][0])
    for key, value in theirs["state"][2].items():
        np.testing.assert_allclose(float(ours["state"][2][key]), float(value), rtol=1e-5)


@pytest.mark.parametrize(
    "name", ["RMSprop", "Adagrad", "Adadelta", "Adamax", "NAdam", "RAdam", "Rprop", "ASGD", "Adafactor"]
)
def test_states_have_pytorchs_names(torch, name):
    options = {"momentum": 0.9, "centered": True} if name == "RMSprop" else {}
    ours, theirs = (train(lib, name, options, steps=3)[1].state_dict()["state"][0] for lib in (cr, torch))
    assert set(ours) == set(theirs)
    for key, value in theirs.items():
        np.testing.assert_allclose(array(ours[key]), value.numpy(), rtol=1e-5, atol=1e-7, err_msg=key)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"lr": 0.02, "momentum": 0.8, "nesterov": False, "adjust_lr_fn": "match_rms_adamw"},
        {"lr": 0.1, "weight_decay": 0.0, "ns_coefficients": (2.0, -1.5, 0.5), "ns_steps": 3, "eps": 1e-5},
    ],
    ids=str,
)
def test_muon_equals_pytorch(torch, options, monkeypatch):
    monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.clone)  # its rounding is PyTorch's alone

    def run(lib):
        rng = np.random.default_rng(0)
        params = [lib.nn.Parameter(lib.tensor(rng.standard_normal(shape))) for shape in ((3, 5), (6, 2), (4, 4))]
        opt = lib.optim.Muon(params, **options)
        for step in range(100):
            opt.zero_grad()
            loss_of(params if step % 3 else params[1:], step).backward()
            opt.step()
        return params, opt.state_dict()

    (ours, state), (theirs, expected) = run(cr), run(torch)
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(array(p), array(q), rtol=1e-6)
    assert state["param_groups"] == expected["param_groups"]
    for key, value in expected["state"].items():
        assert set(state["state"][key]) == set(value)


def test_muon_wants_matrices():
    w, b = nn.Parameter(cr.ones(2, 3)), nn.Parameter(cr.ones(2))
    expect_error(ValueError, r"Muon: parameters must be matrices, got shape \(2,\)", optim.Muon, [w, b])
    opt = optim.Muon([w])
    expect_error(ValueError, "must be matrices", opt.add_param_group, {"params": [b]})
    assert len(opt.param_groups) == 1
    expect_error(ValueError, "Invalid adjust_lr_fn", optim.Muon, [w], adjust_lr_fn="fast")
    expect_error(ValueError, "Invalid ns_steps", optim.Muon, [w], ns_steps=100)


def rosenbrock(lib, dtype, steps, **options):
    """LBFGS on a curved valley; the options' line search decides the way there."""
    params = [lib.nn.Parameter(lib.tensor(v, dtype=getattr(lib, dtype))) for v in ([-1.2, 0.8], [1.0, 1.0])]
    unused = lib.nn.Parameter(lib.ones(2, dtype=getattr(lib, dtype)))
    opt = lib.optim.LBFGS([*params, unused], **options)
    losses = []

    def closure():
        opt.zero_grad()
        x, y = params
        loss = (10 * (y - x * x) ** 2 + (1 - x) ** 2).sum()
        loss.backward()
        return loss

    for _ in range(steps):
        losses.append(opt.step(closure).item())
    return params, opt, losses, closure


LBFGS = [
    {"lr": 0.02, "max_iter": 5},
    {"lr": 0.02, "max_iter": 4, "history_size": 2},
    {"line_search_fn": "strong_wolfe"},
    {"line_search_fn": "strong_wolfe", "lr": 0.1, "max_iter": 4, "history_size": 3},
    {"line_search_fn": "strong_wolfe", "max_eval": 3},
    {"line_search_fn": "strong_wolfe", "max_eval": 1, "lr": 0.001},
]


@pytest.mark.parametrize("options", LBFGS, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_lbfgs_equals_pytorch(torch, options, dtype):
    # Rounding decides the later searches, and products of the baseline round otherwise than PyTorch's.
    steps = 3 if dtype == "float32" else 25 if cr.build_info()["cpu_used"] == "baseline" else 100
    (ours, opt, losses, _), (theirs, other, expected, _) = (
        rosenbrock(lib, dtype, steps, **options) for lib in (cr, torch)
    )
    tolerance = 1e-6 if dtype == "float64" else 1e-3
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(array(p), array(q), rtol=tolerance)
    np.testing.assert_allclose(losses, expected, rtol=tolerance, atol=1e-12 if dtype == "float64" else 1e-3)
    ours, theirs = (o.state_dict()["state"][0] for o in (opt, other))
    assert set(theirs) - set(ours) <= {"al"}  # scratch space
    if dtype == "float64":
        assert (ours["n_iter"], ours["func_evals"]) == (theirs["n_iter"], theirs["func_evals"])


@pytest.mark.parametrize("options", LBFGS[1:4], ids=str)
@pytest.mark.parametrize("at", [0, 2])
def test_lbfgs_state_round_trip(options, at):
    params, opt, _, closure = rosenbrock(cr, "float64", at, **options)
    others, other, _, other_closure = rosenbrock(cr, "float64", 0)
    for p, q in zip(params, others, strict=True):
        q.data.copy_(p.data)
    other.load_state_dict(copy.deepcopy(opt.state_dict()))
    for _ in range(2):
        opt.step(closure)
        other.step(other_closure)
    for p, q in zip(params, others, strict=True):
        same(p, q)


def test_lbfgs_errors():
    p = nn.Parameter(cr.ones(1))
    expect_error(ValueError, "line_search_fn", optim.LBFGS, [p], line_search_fn="armijo")
    expect_error(
        ValueError, "one parameter group", optim.LBFGS, [{"params": [p]}, {"params": [nn.Parameter(cr.ones(1))]}]
    )
    expect_error(TypeError, "closure", optim.LBFGS([p]).step)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("RMSprop", {"alpha": -0.1}),
        ("RMSprop", {"momentum": -0.1}),
        ("Adagrad", {"lr_decay": -0.1}),
        ("Adagrad", {"initial_accumulator_value": -0.1}),
        ("Adadelta", {"rho": 1.5}),
        ("Adamax", {"betas": (0.9, 1.0)}),
        ("NAdam", {"momentum_decay": -1.0}),
        ("RAdam", {"eps": -1.0}),
        ("Rprop", {"etas": (1.1, 1.2)}),
        ("ASGD", {"weight_decay": -1.0}),
        ("Adafactor", {"beta2_decay": 0.1}),
        ("Adafactor", {"d": 0.5}),
        ("Adafactor", {"eps": (-1.0, 1e-3)}),
        ("LBFGS", {"lr": -1.0}),
    ],
    ids=str,
)
def test_bad_options_of_the_others(name, options):
    expect_error(ValueError, "Invalid", getattr(optim, name), [nn.Parameter(cr.ones(1))], **options)


def test_bad_parameter_lists():
    w = cr.ones(2, 3, requires_grad=True)
    expect_error(TypeError, r"SGD: params .* one tensor of shape \(2, 3\)\. Put it in a list", optim.SGD, w, lr=0.1)


@case
def test_a_parameter_that_stands_twice(name, options, torch):
    """As in PyTorch: a warning, and each step changes it twice."""
    ends = []
    for lib in (cr, torch):
        params = parameters(lib, "float64")
        with pytest.warns(UserWarning, match="more than once|duplicate"):
            opt = getattr(lib.optim, name)([*params, params[0]], **options)
        for step in range(5):
            opt.zero_grad()
            loss_of(params, step).backward()
            opt.step()
        ends.append(params)
    for p, q in zip(*ends, strict=True):
        np.testing.assert_allclose(array(p), array(q), rtol=1e-6)


def test_loading_a_misfit_is_refused():
    opt = optim.SGD([nn.Parameter(cr.ones(1))], lr=0.1)
    other = optim.SGD([nn.Parameter(cr.ones(1)), nn.Parameter(cr.ones(1))], lr=0.1)
    expect_error(ValueError, "group|parameter", opt.load_state_dict, other.state_dict())


def test_zero_grad():
    p = nn.Parameter(cr.ones(2))
    opt = optim.SGD([p], lr=0.1)
    (p * 2).sum().backward()
    opt.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0.0, 0.0]
    opt.zero_grad()
    assert p.grad is None


def test_closure():
    p = nn.Parameter(cr.tensor([4.0]))
    opt = optim.SGD([p], lr=0.1)

    def closure():
        opt.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    assert opt.step(closure).item() == 16.0 and p.item() == pytest.approx(3.2)


def test_step_counts_as_a_write():
    p = nn.Parameter(cr.ones(2))
    opt = optim.SGD([p], lr=0.1)
    (p * 1).sum().backward()
    before = p._version
    opt.step()
    assert p._version > before


def test_state_follows_the_parameter():
    p = nn.Parameter(cr.ones(2))
    opt = optim.Adam([p])
    assert len(opt.state) == 0
    (p * 2).sum().backward()
    opt.step()
    assert set(opt.state[p]) >= {"step", "exp_avg", "exp_avg_sq"}
    np.testing.assert_allclose(array(opt.state[p]["exp_avg"]), [0.2, 0.2], rtol=1e-6)


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
@pytest.mark.parametrize(
    "options",
    [
        {"lr": -1.0},
        {"lr": 0.1, "weight_decay": -1.0},
        {"lr": 0.1, "betas": (1.0, 0.9)},
        {"lr": 0.1, "eps": -1.0},
        {"lr": 0.1, "momentum": -0.5},
        {"lr": 0.1, "nesterov": True},
    ],
    ids=str,
)
def test_bad_options(name, options):
    sgd = {"momentum", "nesterov"} & set(options)
    adam = {"betas", "eps"} & set(options)
    if (name == "SGD" and adam) or (name != "SGD" and sgd):
        with pytest.raises(TypeError):
            getattr(optim, name)([nn.Parameter(cr.ones(1))], **options)
        return
    expect_error(ValueError, "got|requires|Invalid", getattr(optim, name), [nn.Parameter(cr.ones(1))], **options)


def test_bad_parameters():
    expect_error(ValueError, "SGD: params must hold at least one tensor, got none", optim.SGD, [], lr=0.1)
    used = nn.Linear(1, 1).parameters()
    list(used)
    expect_error(ValueError, "SGD: params must hold at least one tensor, got none", optim.SGD, used, lr=0.1)
    expect_error(TypeError, "", optim.SGD, cr.ones(1, requires_grad=True), lr=0.1)
    expect_error(TypeError, "", optim.SGD, [1.0], lr=0.1)
    expect_error(ValueError, "leaf|non-leaf", optim.SGD, [cr.ones(1, requires_grad=True) * 2], lr=0.1)
    p = nn.Parameter(cr.ones(1))
    expect_error(ValueError, "more than one|twice", optim.SGD([p], lr=0.1).add_param_group, {"params": [p]})


def test_large_parameters(torch):
    """Beyond the size from which the step runs on several threads."""

    def run(lib):
        values = np.linspace(-1, 1, 300_000).astype(np.float32)
        p = lib.nn.Parameter(lib.tensor(values))
        opt = lib.optim.AdamW([p], lr=0.01)
        for _ in range(3):
            opt.zero_grad()
            (p * p).sum().backward()
            opt.step()
        return array(p)

    np.testing.assert_allclose(run(cr), run(torch), rtol=1e-5, atol=1e-6)


def test_a_wrapper_that_does_not_call_init():
    class Slow(optim.Optimizer):
        def __init__(self, inner):
            self.inner, self.defaults, self.param_groups = inner, inner.defaults, inner.param_groups
            self.state = {}

    weight = nn.Parameter(cr.ones(2))
    inner = optim.SGD([weight], lr=0.1, momentum=0.9)
    weight.sum().backward()
    inner.step()
    slow = Slow(inner)
    slow.load_state_dict(inner.state_dict())
    assert slow.state[weight]["momentum_buffer"].tolist() == [1, 1] and slow.param_groups[0]["lr"] == 0.1


def test_repr():
    text = repr(optim.SGD([nn.Parameter(cr.ones(1))], lr=0.1, momentum=0.9))
    assert text.startswith("SGD (") and "momentum: 0.9" in text and "lr: 0.1" in text


def test_same_curve_as_pytorch(torch):
    """The whole loop from one seed: initial weights, data, loss, step."""

    def run(lib):
        lib.manual_seed(0)
        x, y = lib.randn(64, 8), lib.randint(0, 3, (64,))
        net = lib.nn.Sequential(lib.nn.Linear(8, 16), lib.nn.ReLU(), lib.nn.Linear(16, 3))
        opt = lib.optim.Adam(net.parameters(), lr=0.01)
        losses = []
        for _ in range(50):
            opt.zero_grad()
            loss = lib.nn.functional.cross_entropy(net(x), y)
            loss.backward()
            opt.step()
            losses.append(loss.item())
        return losses

    np.testing.assert_allclose(run(cr), run(torch), rtol=2e-4)


@case
def test_takes_up_pytorchs_state(name, options, torch):
    """Ten steps there, the state dict handed over, ten more in both."""
    theirs, their_opt = train(torch, name, options, steps=10, dtype="float64")
    ours = [nn.Parameter(cr.tensor(p.detach().numpy())) for p in theirs]
    our_opt = getattr(optim, name)(ours, **options)
    our_opt.load_state_dict(their_opt.state_dict())
    for step in range(10, 20):
        for params, opt in ((theirs, their_opt), (ours, our_opt)):
            opt.zero_grad()
            loss_of(params, step).backward()
            opt.step()
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(array(p), array(q), rtol=1e-9)


def test_options_changed_by_hand():
    """RMSprop without, then with momentum: its buffer begins when it is needed."""
    p = nn.Parameter(cr.ones(3))
    opt = optim.RMSprop([p])
    for momentum in (0.0, 0.9, 0.9, 0.0):
        opt.param_groups[0]["momentum"] = momentum
        opt.zero_grad()
        (p * p).sum().backward()
        opt.step()
    assert set(opt.state[p]) == {"step", "square_avg", "momentum_buffer"}


def test_a_state_of_the_wrong_shape_changes_nothing():
    p = nn.Parameter(cr.ones(3))
    opt = optim.Adagrad([p])
    (p * p).sum().backward()
    opt.step()
    opt.state[p]["sum"] = cr.zeros(4)
    before = array(p).copy()
    expect_error(ValueError, "Adagrad", opt.step)
    assert (array(p) == before).all() and float(opt.state[p]["step"]) == 1


def test_sparse_adam(torch):
    """Rows that a batch does not use stay, with their averages, also where the gradient is dense."""
    results = []
    for lib, sparse in ((cr, False), (cr, True), (torch, True)):
        lib.manual_seed(0)
        table = lib.nn.Embedding(6, 3, sparse=sparse)
        optimizer = lib.optim.SparseAdam(table.parameters(), lr=0.1)
        for rows in ([0, 2, 2], [2, 5], [0, 1], [3, 3]):
            optimizer.zero_grad()
            table(lib.tensor(rows)).square().sum().backward()
            optimizer.step()
        state = next(iter(optimizer.state.values()))
        results.append([array(table.weight), array(state["exp_avg"]), array(state["exp_avg_sq"])])
    for dense, ours, theirs in zip(*results):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(dense, ours, rtol=1e-6, atol=1e-7)
    expect_error(ValueError, "betas must be in", cr.optim.SparseAdam, [cr.ones(2, requires_grad=True)], betas=(1.0, 0))
