"""40. The picture says what each node did, and the flat program computes what the library does, for every operation."""

import gc
import math
import re
import warnings

import numpy as np
import pytest
from op_table import OPS, Call

import chainrule as cr
import chainrule.nn.functional as F
from chainrule import nn, viz
from chainrule._flat.calls import Written
from chainrule._flat.writer import Line, inlined

DIFFERENTIABLE = [op for op in OPS if op.grad]
# They return the input itself where there is nothing to do: no node, no program.
INPUT_ITSELF = {"positive", "real", "contiguous", "double", "type_as"}
# A program's numbers are the library's, each to 1 unit in the last place, but for these. The bounds are units in the
# last place of the largest number in the array, in float64: the power of two next above what was seen.
LOOSER = {
    "sums in another order": {
        "conv_transpose3d cross_entropy softmax norm linalg_matrix_norm layer_norm conv3d instance_norm": 8,
        "gru": 32,
        "rnn_tanh lstm": 8,
        "einsum batch_norm rms_norm conv1d conv2d conv_transpose1d conv_transpose2d interpolate rnn_tanh_cell": 4,
        "log_softmax lstm_cell linalg_matrix_power matrix_power huber_loss lp_pool2d _sampled_mm _sparse_mm": 4,
        "grid_sample _grid_sample": 4,
        "softmin std std_mean linalg_norm cdist bilinear lp_pool1d lp_pool3d resample_axis rnn_relu gru_cell": 2,
        "poisson_nll_loss binary_cross_entropy_with_logits logcumsumexp _grid_taps": 2,
    },
    "LAPACK called for other steps": {
        "linalg_cond cholesky_solve linalg_tensorinv": 8,
        "linalg_det det linalg_svdvals linalg_eigh linalg_lstsq": 4,
        "norm_nuc linalg_inv inverse qr linalg_qr linalg_lu linalg_lu_factor lu_solve": 2,
    },
    "Python's, NumPy's or SciPy's function, or its derivative by another formula": {
        "igamma igammac": 256,
        "digamma lgamma": 32,
        "mvlgamma": 16,
        "special_i1 special_i1e mish special_erfcx special_ndtri i0 special_i0e special_xlog1py": 8,
        "xlogy asin silu gelu special_ndtr special_log_ndtr special_zeta polygamma": 4,
        "tanh log10 tan atan sinh cosh atanh exp expm1 erf erfc erfinv logsigmoid glu special_entr": 2,
        "logaddexp logaddexp2": 2,
    },
    "a difference of numbers that are almost the same": {
        "group_norm": 8192,  # groups of 2 numbers: normalized they are 1 and -1, whatever they were
        "tanhshrink": 16,
        "sinc": 8,
        "hardsigmoid": 2,
    },
}
BOUND = {
    name.replace("norm_nuc", "norm nuc"): bound
    for rows in LOOSER.values()
    for names, bound in rows.items()
    for name in names.split()
}
SINGLE = {"group_norm": 2**15, "igamma": 64, "igammac": 64}  # in float32; 32 for all others


def check_program(op, sample, dtype="float64"):
    """Source of the sample's graph, with a random gradient, run and compared. Whether there was anything to compare."""
    call = Call(op, sample, cr, dtype)
    if not call.leaves:
        return False
    with viz.record():
        results = call.outputs()
        outputs = [y for y in results if y.grad_fn is not None]
    if not outputs:
        inputs = {id(leaf) for leaf in call.leaves}
        assert not any(y.requires_grad and id(y) not in inputs for y in results), f"{op.name}{sample}: no graph"
        return False
    rng = np.random.default_rng(0)
    gradients = [cr.tensor(rng.standard_normal(tuple(y.shape)), dtype=y.dtype) for y in outputs]
    names = {f"leaf{i}": leaf for i, leaf in enumerate(call.leaves)}
    program = cr.source(outputs, gradient=gradients, names=names)
    wanted = cr.autograd.grad(outputs, call.leaves, gradients, allow_unused=True, materialize_grads=True)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the mean of nothing
        space = program.run()
    for y, name in zip(outputs, program.results, strict=True):
        close(space[name], y.detach().numpy(), op, f"{op.name}{sample}: value")
    for name, gradient in zip(names, wanted, strict=True):
        if name in program.leaves:
            close(space[f"grad_{name}"], gradient.numpy(), op, f"{op.name}{sample}: gradient of {name}")
        else:
            assert not gradient.numpy().any()
    # Nothing in the backward pass is a number that the library computed: all comes from the inputs.
    backward = program.split("# backward")[1].splitlines()
    given = len(outputs)
    assert not [line for line in backward[1 + given :] if "np.array([" in line], program
    return True


def close(ours, wanted, op, what):
    """Shape, dtype, what is not finite, and the distance in units in the last place."""
    ours = np.asarray(ours)
    assert (ours.shape, ours.dtype) == (wanted.shape, wanted.dtype), what
    finite = np.isfinite(wanted)
    np.testing.assert_array_equal(ours[~finite], wanted[~finite], err_msg=what)
    ours, wanted = ours[finite], wanted[finite]
    tiny = np.finfo(wanted.dtype).tiny
    looser = BOUND.get(op.name) if wanted.dtype == np.float64 else SINGLE.get(op.name, 32)
    size = np.abs(wanted) if looser is None else np.abs(wanted).max(initial=0)
    distance = np.abs(ours - wanted) / np.spacing(np.maximum(size, tiny))
    assert distance.max(initial=0) <= (looser or 1), f"{what}: {distance.max()} units in the last place"


def test_40_the_exceptions_are_operations():
    assert len(BOUND) == sum(len(names.split()) for rows in LOOSER.values() for names in rows)
    assert set(BOUND) | INPUT_ITSELF <= {op.name for op in DIFFERENTIABLE}


@pytest.mark.parametrize("op", DIFFERENTIABLE, ids=str)
def test_40_flat_program(op):
    compared = [check_program(op, sample) for sample in op.samples[:3]]
    assert any(compared) != (op.name in INPUT_ITSELF), f"{op.name}: outputs with a graph: {compared}"


@pytest.mark.parametrize("op", DIFFERENTIABLE, ids=str)
def test_40_flat_program_in_float32(op):
    """float32 stays float32."""
    check_program(op, op.samples[0], "float32")


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_40_flat_program_of_every_sample(dtype):
    """Those that the tests above leave out."""
    for op in DIFFERENTIABLE:
        for sample in op.samples[1 if dtype == "float32" else 3 :]:
            check_program(op, sample, dtype)


def test_40_densities_of_incomplete_gamma_functions():
    """The library's at 0, where a - 1 is 0, and where the logarithms of its factors would cancel."""
    for dtype, far, bound in ((cr.float32, 1e5, 1e-6), (cr.float64, 1e10, 1e-9)):
        for a in (0.0, 0.5, 1.0, 3.0, 19.0, 20.0, 50.0, far):
            points = [0.0, 1e-30, 1e-3, 2.0, 1.1 * a + 3, 0.9 * a, a, a + a**0.5, math.inf]
            x = cr.tensor(points, dtype=dtype, requires_grad=True)
            shape = cr.full_like(x, a, requires_grad=False)
            with np.errstate(all="ignore"), viz.record():
                y = cr.igamma(shape, x).sum()
                found = cr.source(y, names={"x": x}).run()["grad_x"]
            y.backward()
            np.testing.assert_allclose(found, x.grad.numpy(), rtol=bound, err_msg=f"a = {a}")


def test_40_the_assignment_s_form():
    w0, x0, w1, x1, w2 = (cr.tensor(v, requires_grad=True, dtype=cr.float64) for v in (2.0, -1.0, -3.0, -2.0, -3.0))
    f = 1 / (1 + cr.exp(-(w0 * x0 + w1 * x1 + w2)))
    program = cr.source(f)
    assert program.count("\n") < 40 and "import numpy as np" in program
    for line in ("s0 = w0 * x0", "s1 = w1 * x1", "s2 = s0 + s1", "grad_s7 = 1.0", "grad_w0 = grad_s0 * x0"):
        assert re.search(rf"^{re.escape(line)}$", program, re.MULTILINE), (line, program)
    space = {}
    exec(str(program), space)
    f.backward()
    for name, leaf in {"w0": w0, "x0": x0, "w1": w1, "x1": x1, "w2": w2}.items():
        assert space[f"grad_{name}"] == pytest.approx(leaf.grad.item(), rel=1e-15)


def test_40_flat_network(tmp_path):
    """Large arrays go to a file; float32 stays float32; the graph need not have been recorded."""
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(20, 30), nn.Tanh(), nn.Linear(30, 5))
    X, labels = cr.randn(16, 20), cr.randint(0, 5, (16,))
    loss = F.cross_entropy(model(X), labels)
    program = cr.source(loss, model)
    assert 'X = inputs["X"]  # (16, 20) float32' in program and "# (16, 30)" in program
    program.save(tmp_path / "step.py")
    space = {}
    code = (tmp_path / "step.py").read_text().replace("step.npz", str(tmp_path / "step.npz"))
    exec(code, space)
    loss.backward()
    for name, parameter in model.named_parameters():
        ours = space[f"grad_p_{name.replace('.', '_')}"]
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, parameter.grad.numpy(), rtol=1e-5, atol=1e-7)
    assert program.run()[program.results[0]] == pytest.approx(loss.item(), rel=1e-6)


def test_40_scalars():
    W = cr.tensor([[1.0, -2.0], [0.5, 3.0]], requires_grad=True, dtype=cr.float64)
    x = cr.tensor([[1.0], [2.0]], requires_grad=True, dtype=cr.float64)
    loss = cr.relu(W @ x).sum()
    program = cr.source(loss, style="scalar")
    assert "np." not in program and "W_0_1 = -2.0" in program
    space = {}
    exec(str(program), space)
    loss.backward()
    for i in np.ndindex(2, 2):
        assert space["grad_W_{}_{}".format(*i)] == W.grad[i].item()
    for i in range(2):
        assert space[f"grad_x_{i}_0"] == x.grad[i, 0].item()


def check_names(loss, names, style="array"):
    """Each leaf's gradient, found by .gradients and .leaves, as the library has it."""
    program = cr.source(loss, names=names, style=style)
    space = {}
    exec(str(program), space)
    wanted = cr.autograd.grad(loss, list(names.values()))
    values = [leaf.detach().numpy() for leaf in names.values()]
    assert len(program.gradients) == len(set(program.gradients.values())) == len(names)
    for leaf, grad in program.gradients.items():
        k = next(k for k, value in enumerate(values) if np.array_equal(value, program.inputs[leaf]))
        for i in np.ndindex(values[k].shape):
            own = space["_".join([grad, *map(str, i)])] if style == "scalar" else space[grad][i] if i else space[grad]
            assert own == pytest.approx(wanted[k].numpy()[i], rel=1e-14), (leaf, grad, program)
    return program


@pytest.mark.parametrize("name", ["inputs", "max", "len", "abs", "file", "erf", "np", "t0", "s1", "u0", "given_s0"])
@pytest.mark.parametrize("style", ["array", "scalar"])
def test_40_names_that_the_program_needs(name, style):
    x, y = (cr.tensor(v, requires_grad=True, dtype=cr.float64) for v in (0.5, -1.5))
    z = cr.sin(x * y) * abs(y) / (1 + cr.exp(-x) * cr.exp(-y * x)) + x * y * 0.123456789 + y * 0.987654321
    check_names(z * cr.tanh(z * x + y), {name: x, "y": y}, style)


def test_40_names_that_helpers_and_files_need(tmp_path):
    x, w = cr.randn(4, 3, dtype=cr.float64, requires_grad=True), cr.randn(20, 4, dtype=cr.float64, requires_grad=True)
    for names in ({"max": x, "inputs": w}, {"range": x, "file": w}, {"np": x, "tuple": w}):
        loss = F.cross_entropy(w @ x, cr.arange(20) % 3) + cr.softmax(w @ x, 1).std()
        program = cr.source(loss, names=names)
        program.save(tmp_path / "step.py")
        space = program.run()
        for leaf, wanted in zip(names.values(), cr.autograd.grad(loss, [x, w]), strict=True):
            grad = next(g for n, g in program.gradients.items() if program.inputs[n].shape == tuple(leaf.shape))
            np.testing.assert_allclose(space[grad], wanted.numpy(), rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("style", ["array", "scalar"])
def test_40_leaves_named_like_gradients(style):
    e, other = (cr.tensor(v, requires_grad=True, dtype=cr.float64) for v in (3.0, 5.0))
    program = check_names(e * other * cr.exp(e), {"e": e, "grad_e": other}, style)
    assert program.gradients == {"e": "grad_e_1", "grad_e": "grad_grad_e"}
    check_names((e * other).square(), {"grad_s0": e, "given_s1": other}, style)


def test_40_elements_have_names_of_their_own():
    w = cr.tensor([2.0, 3.0], requires_grad=True, dtype=cr.float64)
    one, u = (cr.tensor(v, requires_grad=True, dtype=cr.float64) for v in (5.0, 7.0))
    loss = (w * one * u).sum() + (w * w).sum() * one
    program = cr.source(loss, names={"w": w, "w_1": one, "u0": u}, style="scalar")
    space = {}
    exec(str(program), space)
    assert program.gradients == {"w": "grad_w", "w_1": "grad_w_1", "u0": "grad_u0"}
    assert space["grad_w_1"] == 5.0 * 7.0 + 13.0 and space["grad_u0"] == 25.0
    assert [space["w_0"], space["w_1"], space["w_1_1"]] == [2.0, 5.0, 3.0]
    assert [space["grad_w_0"], space["grad_w_1_1"]] == [35.0 + 20.0, 35.0 + 30.0]


def test_40_one_result_twice():
    x = cr.tensor([2.0, 3.0], requires_grad=True, dtype=cr.float64)
    y = x * x
    program = cr.source([y, y], gradient=[cr.tensor([1.0, 2.0]), cr.tensor([10.0, 20.0])])
    assert program.run()["grad_x"].tolist() == [44.0, 132.0]


def test_40_temporaries_go_into_the_line_that_uses_them():
    def line(target, text, section=1, fixed=False):
        return Line([target], Written(text), section=section, fixed=fixed)

    lines = [
        line("t0", "a * b"),
        line("t1", "-t0"),
        line("t2", "t1 + t1"),  # t1 is used twice: it stays
        line("t3", "np.exp(t2)"),
        line("t4", "t3"),  # nobody uses it, nor t3
        line("t5", "c + d", section=2),  # used by another rule
        line("grad_a", "t2 * t5", section=3, fixed=True),
    ]
    wanted = ["t1 = -(a * b)", "t2 = t1 + t1", "t5 = c + d", "grad_a = t2 * t5"]
    assert [f"{x.targets[0]} = {x.written.text}" for x in inlined(lines)] == wanted


def test_40_changes_in_place():
    """The graph is without changes in place, and so is the program."""
    x = cr.tensor([1.0, 2.0, 3.0], requires_grad=True, dtype=cr.float64)
    with viz.record():
        y = x * 2
        y[1:].mul_(3.0)
        y[0] = 7.0
        loss = (y * y).sum()
    space = cr.source(loss).run()
    loss.backward()
    np.testing.assert_array_equal(space["grad_x"], x.grad.numpy())


def test_40_what_source_refuses():
    x, c = cr.tensor([1.0, 2.0], requires_grad=True), cr.tensor([1.0, 3.0])
    with pytest.raises(RuntimeError, match=r"^source: input 1 of add was not kept.*record"):
        cr.source((x + c).sum())
    loss = (x * x).sum()
    loss.backward()
    with pytest.raises(RuntimeError, match=r"^source: backward\(\) has freed"):
        cr.source(loss)
    with pytest.raises(RuntimeError, match=r"^source: .* has no graph"):
        cr.source(x.detach())
    with pytest.raises(ValueError, match=r"^source: style"):
        cr.source((x * x).sum(), style="flat")


def test_40_source_changes_nothing():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    loss = cr.softmax(x, 0)[0]
    cr.source(loss)
    assert x.grad is None
    loss.backward()
    gc.collect()
    nodes = cr._core.live_nodes()
    cr.source(cr.exp(x).sum())
    gc.collect()
    assert cr._core.live_nodes() == nodes


@pytest.mark.parametrize("op", ["sigmoid", "matmul", "softmax", "cross_entropy", "layer_norm"])
def test_40_picture(op):
    """Each operation with its shape, value and gradient."""
    row = next(r for r in OPS if r.name == op)
    call = Call(row, row.samples[0], cr)
    with viz.record():
        (y,) = call.outputs()
    picture = viz.draw(y)
    svg = picture.svg
    for operation in picture._graph.operations:
        assert f">{operation.label}</text>" in svg
    for value in picture._graph.values:
        if value.kind != "constant":
            assert value.array is not None and value.shape == value.array.shape
            assert value in picture._state(None).total or value.nr
