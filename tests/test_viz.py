"""The picture of the graph: what it says, how it folds, and that drawing changes nothing."""

import re
import time

import numpy as np
import pytest
from extras import need, need_program

import chainrule as cr
import chainrule.nn.functional as F
from chainrule import nn, viz

GREEN, RED = "#1a7f37", "#cf222e"


def texts(picture, colour=None):
    """The texts of the picture, or those of one colour."""
    found = re.findall(r'<text [^>]*fill="(#\w+)"[^>]*>([^<]*)</text>', picture.svg)
    return [text.replace("−", "-") for c, text in found if colour in (None, c)]


def scalars(*values):
    return [cr.tensor(v, requires_grad=True, dtype=cr.float64) for v in values]


@pytest.fixture(autouse=True)
def layout_program():
    need("grandalf")


def test_the_slide():
    x, y, z = scalars(-2.0, 5.0, -4.0)
    q = x + y
    f = q * z
    picture = viz.draw(f)
    assert sorted(texts(picture, GREEN)) == sorted(["-2", "5", "-4", "3", "-12"])
    assert sorted(texts(picture, RED)) == sorted(["-4", "-4", "3", "-4", "1"])
    assert {"x", "y", "z", "q", "f", "+", "×"} <= set(texts(picture))
    assert x.grad is None and y.grad is None


def test_sigmoid_of_its_parts():
    w0, x0, w1, x1, w2 = scalars(2.0, -1.0, -3.0, -2.0, -3.0)
    picture = viz.draw(1 / (1 + cr.exp(-(w0 * x0 + w1 * x1 + w2))))
    assert {"0.7311", "0.3679", "1.368", "6", "-2", "4"} <= set(texts(picture, GREEN))
    assert {"-0.1966", "0.3932", "-0.3932", "-0.5898", "0.1966", "-0.5344"} <= set(texts(picture, RED))
    assert {"×(-1)", "exp", "+1", "1÷x"} <= set(texts(picture))


def test_matrices_and_a_given_gradient():
    X = cr.tensor([[2.0, 1, -3], [-3, 4, 2]], requires_grad=True)
    W = cr.tensor([[3.0, 2, 1, -1], [2, 1, 3, 2], [3, 2, 1, -2]], requires_grad=True)
    picture = viz.draw(X @ W, gradient=cr.tensor([[2.0, 3, -3, 9], [-8, 1, 4, 6]]))
    assert {"[-1 -1  2 6]", "[ 5  2 11 7]"} <= set(texts(picture, GREEN))
    assert {"[  0 16  -9]", "[-24  9 -30]", "[ 28  3 -18   0]", "[-22 -7  17 -15]"} <= set(texts(picture, RED))


def test_copy_adds():
    """A value with several uses shows what each sends back, and the sum."""
    (a,) = scalars(3.0)
    red = texts(viz.draw(a * a + 2 * a), RED)
    assert sorted(red) == sorted(["8", "3", "3", "2", "1", "1", "1"])


def test_steps():
    x, y, z = scalars(-2.0, 5.0, -4.0)
    f = (x + y) * z
    assert viz.draw(f).n_steps == 2
    assert texts(viz.draw(f, upto=0), RED) == []
    assert sorted(texts(viz.draw(f, upto=1), RED)) == sorted(["1", "3", "-4"])
    assert sorted(texts(viz.draw(f, upto=2), RED)) == sorted(["1", "3", "-4", "-4", "-4"])


def test_a_gradient_is_marked_while_more_may_come():
    (a,) = scalars(3.0)
    square = a * a
    f = square + 2 * a
    assert "2 …" in texts(viz.draw(f, upto=2), RED) and "8" in texts(viz.draw(f), RED)


def test_drawing_changes_nothing():
    w = cr.tensor([1.0, 2.0], requires_grad=True)
    h = w * w
    h.retain_grad()
    loss = h.sum()
    loss.backward(retain_graph=True)
    before = w.grad, w.grad.tolist(), h.grad.tolist()
    viz.draw(loss).svg  # noqa: B018  (draws)
    assert w.grad is before[0] and w.grad.tolist() == before[1] and h.grad.tolist() == before[2]
    loss.backward()
    assert w.grad.tolist() == [4.0, 8.0]


def test_after_backward():
    w = cr.tensor([1.0, 2.0], requires_grad=True)
    loss = (w * w).sum()
    loss.backward()
    with pytest.raises(RuntimeError, match=r"^draw: .*freed.*record"):
        viz.draw(loss)
    with viz.record():
        loss = (w * w).sum()
        loss.backward()
    assert {"[1 4]", "5"} <= set(texts(viz.draw(loss), GREEN))
    assert {"[2 4]", "[1 1]", "1"} <= set(texts(viz.draw(loss), RED))


def test_values_that_nobody_kept():
    """x + b keeps nothing: with b a constant its value is unknown without record()."""
    x, b = cr.tensor([1.0, 2.0], requires_grad=True), cr.tensor([10.0, 20.0])
    assert "value not kept" in texts(viz.draw(((x + b) + b).sum()))
    with viz.record():
        loss = ((x + b) + b).sum()
    assert {"[11 22]", "[21 42]"} <= set(texts(viz.draw(loss), GREEN))


def test_recorded_values_survive_changes_in_place():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    with viz.record():
        y = x * 1
        y.mul_(3)
        loss = y.sum()
    with cr.no_grad():
        y.zero_()
    assert {"[1 2]", "[3 6]", "9"} <= set(texts(viz.draw(loss), GREEN))


def mlp():
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))
    return model, cr.randn(6, 4), cr.randint(0, 3, (6,))


def test_statistics_and_names_of_a_model():
    model, x, y = mlp()
    loss = F.cross_entropy(model(x), y)
    picture = viz.draw(loss, model)
    w = model[0].weight.detach().numpy()
    said = texts(picture)
    names = {"0.weight", "0.bias", "2.weight", "2.bias", "x", "y", "loss"}
    assert names | {"(5, 4) float32", "linear", "relu"} <= set(said)
    assert any(line.endswith(f"norm {np.sqrt((w.astype(float) ** 2).sum()):.4g}") for line in said)
    grads = cr.autograd.grad(loss, list(model.parameters()))
    norm = np.sqrt((grads[0].numpy().astype(float) ** 2).sum())
    assert any(line.endswith(f"norm {norm:.4g}") for line in texts(picture, RED))


def test_modules_fold():
    model, x, y = mlp()
    with viz.record(model):
        loss = F.cross_entropy(model(x), y)
    closed = texts(viz.draw(loss, model, depth=0))
    assert {"0", "1", "2", "1 operation, 25 parameters", "1 operation, 18 parameters"} <= set(closed)
    assert "0.weight" not in closed and "cross_entropy" in closed
    assert "0.weight" in texts(viz.draw(loss, model, depth=1))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_calls_of_one_module_are_boxes_of_their_own():
    cell = nn.ModuleDict({"cell": nn.RNNCell(2, 3)})
    with viz.record(cell):
        h = cr.zeros(1, 3)
        for _ in range(3):
            h = cell["cell"](cr.ones(1, 2), h)
        loss = h.sum()
    assert {"cell", "cell (2)", "cell (3)"} <= set(texts(viz.draw(loss, cell, depth=0)))


def test_a_skip_connection_makes_no_cycle():
    """An operation between two of a module's stays outside its box, and the box is not entered again."""
    fc = nn.Linear(3, 3)
    x = cr.ones(2, 3)
    loss = (fc(cr.relu(fc(x))) + x).sum()
    said = texts(viz.draw(loss, nn.ModuleDict({"fc": fc}), depth=0))
    assert {"fc", "fc (2)", "relu"} <= set(said)


# Frames


LAYOUTS = [(program, direction) for program in (None, "dot") for direction in ("LR", "TB")]


def layout_by(program, monkeypatch):
    found = program and need_program(program)
    monkeypatch.setattr("shutil.which", lambda name: found)


def frames_of(picture):
    """What stands in each frame and in none inside it, by where it is drawn: titles of boxes and names of values."""
    layout = picture._layout()
    frames = layout.frames
    for path, (x0, y0, x1, y1) in frames.items():
        assert 0 <= x0 < x1 <= layout.width and 0 <= y0 < y1 <= layout.height
        for other, (a0, b0, a1, b1) in frames.items():
            if path[: len(other)] == other:
                assert a0 <= x0 and b0 <= y0 and x1 <= a1 and y1 <= b1, (path, other)
            elif other[: len(path)] != path:
                assert x1 <= a0 or a1 <= x0 or y1 <= b0 or b1 <= y0, (path, other)
    found = {path: [] for path in [(), *frames]}
    for item in picture._items:
        p, around = item.place, [()]
        for path, (x0, y0, x1, y1) in frames.items():
            if x0 < p.x < x1 and y0 < p.y < y1:
                assert x0 <= p.x - p.width / 2 and p.x + p.width / 2 <= x1, (item, path)
                assert y0 <= p.y - p.height / 2 and p.y + p.height / 2 <= y1, (item, path)
                around.append(path)
        what = item.box.title if item.box else item.value.name if item.value else ""
        if item.again:
            operation, i = item.share[0]
            what = f"again {operation.inputs[i].name}"
        if what:
            found[max(around, key=len)].append(what)
    return {"/".join(path): sorted(names) for path, names in found.items()}


@pytest.mark.parametrize(("program", "direction"), LAYOUTS)
def test_a_frame_holds_what_ran_in_its_module(program, direction, monkeypatch):
    layout_by(program, monkeypatch)
    model, x, y = mlp()
    expected = {
        "": ["cross_entropy", "loss", "x", "y"],
        "Sequential": [],
        "Sequential/0": ["0.bias", "0.weight", "linear"],
        "Sequential/1": ["relu"],
        "Sequential/2": ["2.bias", "2.weight", "linear"],
    }
    loss = F.cross_entropy(model(x), y)
    assert frames_of(viz.draw(loss, model, direction=direction)) == expected
    with viz.record(model):
        loss = F.cross_entropy(model(x), y)
        loss.backward()
    assert frames_of(viz.draw(loss, model, direction=direction)) == expected
    assert frames_of(viz.draw(loss, direction=direction)) == expected


class Deep(nn.Module):
    """Modules in modules, code between them, one called twice, one in two places, and a way around."""

    def __init__(self):
        super().__init__()
        inner = nn.Sequential(nn.Linear(3, 3), nn.Tanh())
        self.body = nn.Sequential(inner, nn.Sequential(nn.LayerNorm(3), inner))
        self.fc = nn.Linear(3, 3)
        self.scale = nn.Parameter(cr.ones(3))
        self.register_buffer("shift", cr.tensor([1.0, 2.0, 3.0]))

    def forward(self, x):
        h = self.fc(cr.relu(self.fc(self.body(x)))) * self.scale
        return (h * self.shift).exp() + x


DEEP = {
    "": ["mean", "out", "x"],
    "Deep": ["+", "exp", "expand (2, 3)", "relu", "scale", "shift", "×", "×"],
    "Deep/body": [],
    "Deep/body/0": [],
    "Deep/body/0/0": ["body.0.0.bias", "body.0.0.weight", "linear"],
    "Deep/body/0/1": ["tanh"],
    "Deep/body/1": [],
    "Deep/body/1/0": ["body.1.0.bias", "body.1.0.weight", "layer_norm"],
    "Deep/body/1/1": [],
    "Deep/body/1/1/0": ["again body.0.0.bias", "again body.0.0.weight", "linear"],
    "Deep/body/1/1/1": ["tanh"],
    "Deep/fc": ["fc.bias", "fc.weight", "linear"],
    "Deep/fc (2)": ["again fc.bias", "again fc.weight", "linear"],
}


@pytest.mark.parametrize(("program", "direction"), LAYOUTS)
def test_frames_of_any_depth(program, direction, monkeypatch):
    layout_by(program, monkeypatch)
    net, x = Deep(), cr.randn(2, 3)
    with viz.record(net):
        out = net(x).mean()
    assert frames_of(viz.draw(out, net, direction=direction)) == DEEP
    folded = frames_of(viz.draw(out, net, direction=direction, depth=1))
    assert set(folded) == {"", "Deep", "Deep/body", "Deep/fc", "Deep/fc (2)"}
    assert folded["Deep/body"] == ["body.0", "body.1"] and folded["Deep/fc"] == DEEP["Deep/fc"]
    folded = frames_of(viz.draw(out, net, direction=direction, depth=0))
    assert folded["Deep"] == sorted(["body", "fc", "fc (2)", *DEEP["Deep"]]) and len(folded) == 2


def test_frames_without_a_record():
    """The log of calls knows the modules of what was computed last; the step before it, and parts called alone, too."""
    net, x = Deep(), cr.randn(2, 3)
    first = net(x).mean()
    second = (net.body[1](cr.relu(net.body[0](x))) + net.fc.bias).sum()
    with cr.no_grad():
        net(x)
    found = frames_of(viz.draw(first, net))
    assert found.pop("") == ["first", "mean", "x"] and found == {path: DEEP[path] for path in found}
    assert len(found) == len(DEEP) - 1
    found = frames_of(viz.draw(second, net))
    assert found[""] == ["+", "expand (2, 3)", "fc.bias", "relu", "second", "sum", "x"]
    assert set(found) - {""} == {path[5:].replace("body/", "body.") for path in DEEP if "body/" in path}


def test_frames_of_calls_that_are_forgotten(monkeypatch):
    """Then parameters tell where their operations ran; what has none stays outside."""
    model, x, y = mlp()
    loss = F.cross_entropy(model(x), y)
    for _ in range(300):  # four calls each
        model(x)
    log, since = cr._core.module_calls()
    assert len(log) <= 1024 and since > loss.grad_fn._sequence_nr
    assert frames_of(viz.draw(loss, model)) == {
        "": ["cross_entropy", "loss", "relu", "x", "y"],
        "0": ["0.bias", "0.weight", "linear"],
        "2": ["2.bias", "2.weight", "linear"],
    }


def test_frames_of_several_models():
    """Without a model given, the caller's modules have frames under their variables' names."""
    encoder, decoder = nn.Linear(3, 2), nn.Sequential(nn.ReLU(), nn.Linear(2, 3))
    criterion, part = nn.MSELoss(), decoder[1]
    x = cr.randn(4, 3)
    loss = criterion(decoder(encoder(x) * 2), x)
    assert frames_of(viz.draw(loss)) == {
        "": ["loss", "mse_loss", "x", "×2"],
        "encoder": ["encoder.bias", "encoder.weight", "linear"],
        "decoder": [],
        "decoder/0": ["relu"],
        "decoder/1": ["decoder.1.bias", "decoder.1.weight", "linear"],
    }
    assert part is decoder[1]


def test_frames_of_modules_that_call_themselves():
    class Tree(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(2, 2)

        def forward(self, x, depth):
            return self(x, depth - 1) + self(x * 2, depth - 1) if depth else cr.tanh(self.fc(x))

    tree = Tree()
    net = nn.ModuleDict({"tree": tree})
    for model in (tree, net):
        with viz.record(model):
            recorded = tree(cr.ones(1, 2), 1).sum()
        for out in (recorded, tree(cr.ones(1, 2), 1).sum()):
            found = frames_of(viz.draw(out, model))
            if model is tree:  # one frame for the model
                assert found["Tree"] == ["+", "tanh", "tanh"] and set(found) == {"", "Tree", "Tree/fc", "Tree/fc (2)"}
            else:
                assert found["tree/tree (2)/fc"] == ["again tree.fc.bias", "again tree.fc.weight", "linear"]
                assert found["tree"] == ["+"] and found["tree/tree"] == found["tree/tree (2)"] == ["tanh"]
                assert set(found) == {"", *(f"tree{x}" for x in ("", "/tree", "/tree (2)", "/tree/fc", "/tree (2)/fc"))}


def test_lists_of_modules_have_no_frames():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(3, 3), nn.Sequential(nn.Linear(3, 3))])

        def forward(self, x):
            for layer in self.layers:
                x = cr.tanh(layer(x))
            return x

    net, x = Net(), cr.randn(2, 3)
    out = net(x).sum()
    assert frames_of(picture := viz.draw(out, net)) == {
        "": ["out", "sum", "x"],
        "Net": ["tanh", "tanh"],
        "Net/layers.0": ["layers.0.bias", "layers.0.weight", "linear"],
        "Net/layers.1": [],
        "Net/layers.1/0": ["layers.1.0.bias", "layers.1.0.weight", "linear"],
    }
    assert picture.dot.count("subgraph") == 4 and 'label="layers.1"' in picture.dot
    assert {"layers.0", "layers.1"} <= set(texts(viz.draw(out, net, depth=0)))


def test_nameless_inputs_of_modules():
    """What a module's first operation takes came from outside; a constant that it makes later stands inside."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.token, self.place = nn.Embedding(5, 3), nn.Embedding(4, 3)

        def forward(self, x):
            return self.token(x) + self.place(cr.arange(4))

    model = Net()
    picture = viz.draw(model(cr.tensor([3, 1, 4, 1])).sum(), model)
    constants = [item for item in picture._items if item.value and item.value.kind == "constant"]
    assert {item.value.array[0]: item.place.scope for item in constants} == {3: (), 0: ("Net",)}


def test_recorded_inputs_keep_their_names():
    """They are copies, but known by the memory that they came from; what has changed since is not the same value."""
    w, x = cr.ones(2, requires_grad=True), cr.tensor([1.0, 2.0])
    with viz.record():
        y = w + x
        x += 5
        loss = (y + x).sum()
    picture = viz.draw(loss)
    assert [item.value.name for item in picture._items if item.value and item.value.kind == "constant"] == ["x", "x"]
    assert {"[1 2]", "[6 7]"} <= set(texts(picture, GREEN))


def test_an_input_that_is_not_kept_is_drawn():
    x, c = cr.ones(2, requires_grad=True), cr.ones(2)
    picture = viz.draw((x + c).sum())
    plus = next(i for i, item in enumerate(picture._items) if item.box and item.box.title == "+")
    assert sum(end == plus for _, end in picture._wires) == 2


def test_frames_of_large_graphs():
    """What folds because it repeats itself stays in the frame of the module that holds it."""

    class Loop(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.Linear(2, 2)

        def forward(self, x):
            for _ in range(300):
                x = cr.tanh(self.cell(x))
            return x

    net = Loop()
    found = frames_of(viz.draw(net(cr.ones(1, 2)).sum(), net))
    assert found[""] == ["sum"] and any("times the same" in name for name in found["Loop"])


def test_repetition_folds():
    w = cr.randn(3, 3).requires_grad_()
    h = cr.zeros(3)
    for _ in range(100):
        h = cr.tanh(cr.ones(3) + w @ h)
    said = texts(viz.draw((h * h).sum()))
    assert any(re.fullmatch(r"\d+ times the same", line) for line in said)
    assert len(said) < 150


def test_a_folded_box_shows_what_all_of_it_sends_back():
    class Twice(nn.Module):
        def forward(self, x):
            return x * x + x

    (w,) = scalars(3.0)
    model = nn.ModuleDict({"part": Twice()})
    h = w * 1
    picture = viz.draw(model["part"](h) * h, model, depth=0)
    red = sorted(texts(picture, RED))
    assert red == sorted(["1", "3", "12", "21", "33", "33"])  # 21 = (2h + 1) h comes from the box, 12 from beside it


def test_a_large_graph_is_cut_off():
    y = cr.tensor(1.0, requires_grad=True)
    for _ in range(100_000):
        y = y + y * 1e-6
    start = time.process_time()
    picture = viz.draw(y)
    assert "196,000 operations more" in texts(picture)
    assert time.process_time() - start < 60  # it takes one; drawing all would take for ever


def test_the_ground_is_white():
    """Dark text is read on pages of any colour: the first thing drawn covers all."""
    svg = viz.draw((cr.ones(2, requires_grad=True) * 2).sum()).svg
    size = re.search(r'<svg [^>]*width="(\d+)" height="(\d+)"', svg)
    first = re.search(r"<(?!svg)[^>]*>", svg)
    assert size and first and first[0] == f'<rect width="{size[1]}" height="{size[2]}" fill="white"/>'


def test_forms(tmp_path):
    image = need("PIL.Image")
    need("resvg_py")
    x, y, z = scalars(-2.0, 5.0, -4.0)
    f = (x + y) * z
    picture = viz.draw(f)
    for ending in ("svg", "dot", "png"):
        picture.save(tmp_path / f"graph.{ending}")
    assert picture._repr_svg_() == (tmp_path / "graph.svg").read_text()
    assert picture.dot.startswith("digraph") and "−12" in picture.dot
    with image.open(tmp_path / "graph.png") as png:
        assert png.size[0] > 200 and len(png.convert("RGB").getcolors(1 << 20)) > 20
    viz.animate(f, tmp_path / "backward.gif")
    with image.open(tmp_path / "backward.gif") as gif:
        assert gif.n_frames == 3
    with pytest.raises(ValueError, match=r"\.gif, got 'graph.jpg'"):
        picture.save(tmp_path / "graph.jpg")
    with pytest.raises(ValueError, match=r"must end in .gif"):
        viz.animate(f, "x.png")


@pytest.mark.parametrize("program", [None, "dot"])
def test_layout_with_and_without_graphviz(program, monkeypatch):
    """Both layouts place everything, and nothing overlaps."""
    from chainrule.viz import _layout

    found = program and need_program(program)
    monkeypatch.setattr("shutil.which", lambda name: found)
    used = []
    for name in ("_by_dot", "_by_grandalf"):
        arrange = getattr(_layout, name)
        monkeypatch.setattr(_layout, name, lambda *args, n=name, f=arrange: (used.append(n), f(*args)))
    model, x, y = mlp()
    layers = [nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4), nn.GELU()) for _ in range(40)]
    chain = nn.Sequential(*layers)(x).sum()
    drawn = [(F.cross_entropy(model(x), y), model), (chain, {"x": x})]  # with frames, and without
    for (result, names), direction in [(d, way) for d in drawn for way in ("LR", "TB")]:
        picture = viz.draw(result, names, direction=direction)
        places = picture._layout().places
        for i, a in enumerate(places):
            for b in places[:i]:
                apart = abs(a.x - b.x) - (a.width + b.width) / 2, abs(a.y - b.y) - (a.height + b.height) / 2
                assert max(apart) > -1, (a, b)
    assert used == ["_by_dot" if program else "_by_grandalf"] * 4


def test_missing_packages_are_named(monkeypatch):
    import sys

    x = cr.tensor(2.0, requires_grad=True)
    picture = viz.draw(x * x)
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setitem(sys.modules, "grandalf.graphs", None)
    with pytest.raises(ModuleNotFoundError, match=r"chainrule\[viz\]"):
        picture.svg  # noqa: B018  (draws)
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(ModuleNotFoundError, match=r"resvg_py.*chainrule\[viz\]"):
        picture.png()


def test_bad_arguments():
    x = cr.tensor([2.0, 3.0], requires_grad=True)
    with pytest.raises(RuntimeError, match=r"^draw: the tensor .* has no graph"):
        viz.draw(x.detach())
    with pytest.raises(TypeError, match=r"^draw: a tensor"):
        viz.draw(3)
    with pytest.raises(ValueError, match=r"^draw: direction"):
        viz.draw(x * x, direction="up")
    with pytest.raises(ValueError, match=r"^draw: upto"):
        viz.draw(x * x, upto=-1)
    with pytest.raises(ValueError, match=r"^draw: 1 gradients"):
        viz.draw(x * x, gradient=[x, x])


def test_functions_of_the_user():
    class Double(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    (x,) = scalars(3.0)
    picture = viz.draw(Double.apply(x) * 5)
    assert "Double" in texts(picture) and "10" in texts(picture, RED)
