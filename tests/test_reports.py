"""summary, profile, gradcheck's report, and the size and picture of a Jacobian."""

import json

import numpy as np
import pytest
from extras import need

import chainrule as cr
import chainrule.nn.functional as F
from chainrule import nn
from chainrule.autograd import functional, gradcheck


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(4 * 8 * 8, 10))

    def forward(self, x):
        return self.head(F.relu(self.norm(self.conv(x))))


def test_summary():
    model = Net()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    s = cr.summary(model, (2, 1, 8, 8))
    rows = {layer.name: layer for layer in s.layers}
    assert rows["conv"].output == "(2, 4, 8, 8)" and rows["head.1"].output == "(2, 10)"
    assert rows["conv"].parameters == 40 and rows["head"].parameters == 2570
    assert rows["conv"].multiply_adds == 2 * 64 * 4 * 9 and rows["head.1"].multiply_adds == 2 * 256 * 10
    assert s.multiply_adds == rows["conv"].multiply_adds + rows["head.1"].multiply_adds
    assert s.parameters == s.trainable == 40 + 8 + 2570
    # The normalization keeps its input, ReLU its output; Linear's input is ReLU's output: kept once.
    image = 2 * 4 * 64 * 4
    assert 2 * image <= s.saved_bytes < 2 * image + 200
    text = repr(s)
    assert "conv (Conv2d)" in text and "2,618 parameters" in text
    assert all((before[k] == v).all() for k, v in model.state_dict().items()), "the model is as it was"
    assert not model._forward_hooks and not model.conv._forward_hooks


def test_summary_of_calls_and_frozen_parameters():
    shared = nn.Linear(3, 3)
    model = nn.Sequential(shared, nn.Tanh(), shared)
    model[0].bias.requires_grad_(False)
    s = cr.summary(model, cr.ones(2, 3))
    assert "x2" in repr(s) and "3 of them frozen" in repr(s) and s.multiply_adds == 2 * 2 * 9


def rows_of(model, shape):
    return {layer.name: layer for layer in cr.summary(model, shape).layers}


class Lists(nn.Module):
    """Lists are never called, only what is in them."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(3, 3), nn.Linear(3, 3)])
        self.heads = nn.ModuleList([nn.Linear(3, 2)])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x).tanh()
        return self.heads[0](x)


def test_summary_of_module_lists():
    rows = rows_of(Lists(), (4, 3))
    counts = {name: row.multiply_adds for name, row in rows.items()}
    assert counts == {"": 96, "layers": 72, "layers.0": 36, "layers.1": 36, "heads": 24, "heads.0": 24}
    assert rows["heads.0"].calls == 1 and rows["layers"].calls == 0
    with cr.viz.record(model := Lists()):
        y = model(cr.ones(4, 3))
    scopes = [node.scope for node in cr._core.graph_nodes([y], 10)[0]]
    assert scopes == ["Lists > heads.0", "Lists", "Lists > layers.1", "Lists", "Lists > layers.0"]


class Shared(nn.Module):
    """One layer in two places, both of which run it, and which then runs by itself."""

    def __init__(self):
        super().__init__()
        layer = nn.Linear(3, 3)
        self.a, self.b = nn.Sequential(layer), nn.Sequential(nn.Tanh(), layer)

    def forward(self, x):
        return self.a[0](self.b(self.a(x)))


def test_summary_of_a_layer_in_two_places():
    rows = rows_of(Shared(), (4, 3))
    counts = {name: row.multiply_adds for name, row in rows.items()}
    assert counts == {"": 108, "a": 72, "a.0": 108, "b": 36, "b.0": 0}
    assert rows["a.0"].calls == 3 and rows["b"].calls == 1
    with cr.viz.record(model := Shared()):
        y = model(cr.ones(4, 3))
    scopes = [node.scope for node in cr._core.graph_nodes([y], 10)[0]]
    assert scopes == ["Shared > a.0", "Shared > b > 1", "Shared > b > 0", "Shared > a > 0"]


def test_summary_counts_each_memory_once():
    class Parts(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(cr.ones(4, 3))

        def forward(self, x):
            h = (self.w[1] * x).exp()
            return h[0] * h[1] * h[1]

    assert cr.summary(Parts(), (2, 3)).saved_bytes == 2 * 3 * 4 + 3 * 4  # h, and the first product


def test_profile(tmp_path):
    w = cr.randn(30, 30, requires_grad=True)
    with cr.profile() as p:
        for _ in range(3):
            cr.tanh(w @ w).sum().backward()
    assert {"mm", "tanh", "sum"} <= set(p.timings)
    mm = p.timings["mm"]
    assert mm.forward_calls == 3 and mm.backward_calls == 3 and mm.forward_ns > 0 and mm.backward_ns > 0
    assert "mm" in str(p) and p.total_seconds > 0
    p.export_chrome_trace(tmp_path / "trace.json")
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert {e["name"] for e in events} >= {"mm", "MmBackward0"} and all(e["ph"] == "X" for e in events)
    w.grad = None
    cr.tanh(w @ w).sum().backward()  # and nothing is recorded any more
    assert mm.forward_calls == 3


def test_profile_ends_with_an_exception():
    with pytest.raises(ZeroDivisionError), cr.profile():
        raise ZeroDivisionError
    with cr.profile() as p:
        cr.ones(2) + 1
    assert p.timings["add"].forward_calls == 1


def test_gradcheck_report_of_an_output_without_a_gradient():
    """What plain gradcheck refuses is refused; what is constant agrees."""
    x = cr.ones(2, dtype=cr.float64, requires_grad=True)
    with pytest.raises(RuntimeError, match="changes"):
        cr.autograd.gradcheck(lambda x: x.detach() * 2, x, report=True)
    assert cr.autograd.gradcheck(lambda x: cr.zeros(2, dtype=cr.float64), x, report=True)


def test_summary_of_recurrent_nets():
    def adds(layer):
        return cr.summary(layer, (5, 2, 4)).multiply_adds

    assert adds(nn.LSTM(4, 8, 2)) == 10 * (4 * 8 * (4 + 8) + 4 * 8 * (8 + 8))
    assert adds(nn.LSTM(4, 8, proj_size=3)) == 10 * (4 * 8 * (4 + 3) + 3 * 8)
    assert adds(nn.GRU(4, 8)) == 10 * 3 * 8 * (4 + 8)


def test_gradcheck_report():
    x = cr.tensor([0.5, -1.0], dtype=cr.float64, requires_grad=True)
    report = gradcheck(cr.sigmoid, (x,), report=True)
    assert report and len(report.rows) == 4 and report.max_relative_error < 1e-6
    assert "all agree" in repr(report) and "0.23500371" in repr(report)
    relative = [row.relative for row in report.rows]
    assert relative == sorted(relative, reverse=True) and "-0 " not in repr(report)  # the worst first

    class Wrong(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 3

    report = gradcheck(Wrong.apply, (x,), report=True)
    assert not report and "2 of 4 differ" in repr(report) and "<- differs" in repr(report)
    assert report.rows[0].numerical == pytest.approx(2) and report.rows[0].analytical == 3


def test_jacobian_sizes_of_the_slides():
    W = cr.empty(4096, 4096)
    assert functional.jacobian_size(lambda X: X[:2] @ W, (2, 4096)) == (2 * 4096) ** 2 * 4
    assert functional.jacobian_size(cr.relu, (32, 32, 512)) == 2**40
    assert functional.jacobian_size(lambda a, b: a @ b, [(2, 3), (3, 4)]) == 8 * (6 + 12) * 4


def test_picture_of_a_jacobian():
    need("matplotlib")
    x = cr.tensor([1.0, -2.0, 3.0, -1.0])
    relu = cr.viz.draw_jacobian(cr.relu, x)
    matrix = np.asarray(relu.axes[0].images[0].get_array())
    np.testing.assert_array_equal(matrix, np.diag([1.0, 0, 1, 0]))
    full = cr.viz.draw_jacobian(lambda x: cr.softmax(x, 0), (5,))
    assert "0% zeros" in full.axes[0].get_title()
    with pytest.raises(ValueError, match=r"^draw_jacobian: .* more than 100"):
        cr.viz.draw_jacobian(cr.relu, (20,), max_elements=100)
