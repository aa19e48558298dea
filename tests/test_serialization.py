"""save and load: structure, sharing, files, pickled objects, malformed structures."""

import io
import json
import pathlib
import pickle
from collections import Counter, OrderedDict

import numpy as np
import pytest
from helpers import array, expect_error, same

import chainrule as cr
from chainrule import nn, optim


def copy_of(obj, **options):
    file = io.BytesIO()
    cr.save(obj, file)
    file.seek(0)
    return cr.load(file, **options)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        0,
        -(2**200),
        1.5,
        -0.0,
        1e300,
        float("inf"),
        -float("inf"),
        "",
        "ü\n\x00\U0001f600",
        [],
        {},
        (),
        [1, [2.0, (None, "x")], {}],
        {"a": 1, 2: "b", 3.5: [], None: (), True: 4, (1, "x"): {}},
        OrderedDict([("b", 1), ("a", 2)]),
        Counter({3: 2}),
        cr.Size([2, 3]),
        cr.float64,
        {"is": "tensor", "items": []},
    ],
    ids=repr,
)
def test_plain_values(value):
    result = copy_of(value)
    assert result == value and type(result) is type(value) and repr(result) == repr(value)


def test_nan_and_numpy_scalars():
    assert np.isnan(copy_of(float("nan")))
    result = copy_of([np.float32(1.5), np.int64(3), np.bool_(True)])
    assert result == [1.5, 3, True] and [type(v) for v in result] == [float, int, bool]


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "float32", "float64"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0), (4, 5)])
def test_tensors(dtype, shape):
    tensor = cr.tensor(np.random.default_rng(0).integers(0, 2, shape).astype(dtype))
    result = copy_of(tensor)
    same(result, tensor)
    assert type(result) is cr.Tensor and not result.requires_grad
    same(copy_of({"x": [tensor.t() if len(shape) == 2 else tensor]})["x"][0], tensor.t() if len(shape) == 2 else tensor)


def test_kinds_of_tensors():
    leaf = cr.ones(2, requires_grad=True)
    values = [nn.Parameter(cr.ones(2)), nn.Parameter(cr.ones(2), requires_grad=False), leaf, leaf * 2]
    result = copy_of(values)
    assert [type(v) for v in result] == [nn.Parameter, nn.Parameter, cr.Tensor, cr.Tensor]
    assert [v.requires_grad for v in result] == [True, False, True, True]
    assert all(v.is_leaf for v in result)


def test_shared_tensors_are_written_once(tmp_path):
    big = cr.ones(1000)
    obj = {"a": big, "b": big, "c": big.detach(), "d": big[:500], "e": cr.ones(1000)}
    cr.save(obj, tmp_path / "x")
    result = cr.load(tmp_path / "x")
    assert result["a"] is result["b"] and result["c"] is not result["a"]
    result["a"].fill_(7)
    assert result["c"].tolist() == [7.0] * 1000 and result["d"].tolist() == result["e"].tolist()[:500] == [1.0] * 500
    assert 10_000 < (tmp_path / "x").stat().st_size < 11_500  # 1000, 500 and 1000 numbers


def test_empty_tensors_are_not_shared():
    result = copy_of([cr.zeros(0, 3), cr.zeros(0, 2), cr.zeros(0)])
    assert [tuple(t.shape) for t in result] == [(0, 3), (0, 2), (0,)]


def test_names_in_the_file(tmp_path):
    path = tmp_path / "x"
    cr.save(
        {"model": {"w": cr.ones(1)}, "list": [cr.ones(1)], "model.w": cr.zeros(1), "__metadata__": cr.ones(2)}, path
    )
    assert set(cr.utils.load_file(path)) == {"model.w", "list.0", "model.w#2", "__metadata__#2"}
    assert cr.load(path)["model.w"].tolist() == [0.0]
    cr.save(cr.ones(3), path)
    assert list(cr.utils.load_file(path)) == ["tensor"]


def test_files(tmp_path):
    obj = {"x": cr.arange(5)}
    for path in (tmp_path / "a", str(tmp_path / "b")):
        cr.save(obj, path)
        assert cr.load(path)["x"].tolist() == [0, 1, 2, 3, 4]
    with open(tmp_path / "c", "wb") as file:
        cr.save(obj, file)
    with open(tmp_path / "c", "rb") as file:
        assert cr.load(file)["x"].tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(FileNotFoundError):
        cr.load(tmp_path / "none")
    file = io.BytesIO(b"before" + pathlib.Path(tmp_path / "c").read_bytes())
    file.seek(6)
    assert cr.load(file)["x"].tolist() == [0, 1, 2, 3, 4]


def test_a_file_that_cannot_seek(tmp_path):
    cr.save([cr.ones(2)], tmp_path / "a")

    class Pipe:
        def __init__(self, data):
            self.read = io.BytesIO(data).read

    assert cr.load(Pipe((tmp_path / "a").read_bytes()))[0].tolist() == [1.0, 1.0]


def test_checkpoint_goes_on_as_before(tmp_path):
    def build(seed):
        cr.manual_seed(seed)
        model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
        opt = optim.Adam(model.parameters(), lr=0.01)
        return model, opt, optim.lr_scheduler.MultiStepLR(opt, [2, 4])

    def train(model, opt, schedule):
        for _ in range(3):
            opt.zero_grad()
            (model(x) ** 2).mean().backward()
            opt.step()
            schedule.step()

    x = cr.randn(8, 3)
    parts, others = build(0), build(1)
    train(*parts)
    cr.save({"epoch": 3, "parts": [part.state_dict() for part in parts]}, tmp_path / "checkpoint")
    checkpoint = cr.load(tmp_path / "checkpoint", map_location="cpu")
    for part, state in zip(others, checkpoint["parts"], strict=True):
        part.load_state_dict(state)
    train(*parts)
    train(*others)
    for p, q in zip(parts[0].parameters(), others[0].parameters(), strict=True):
        same(p, q)
    assert parts[2].get_last_lr() == others[2].get_last_lr()


@pytest.mark.parametrize(
    "space", [cr, cr.nn.functional, cr.linalg, cr.special, cr.func], ids=lambda space: space.__name__
)
def test_public_functions_are_pickled_by_name(space):
    for name in dir(space):
        function = getattr(space, name)
        if not name.startswith("_") and callable(function):
            for protocol in (2, pickle.DEFAULT_PROTOCOL):
                assert pickle.loads(pickle.dumps(function, protocol)) == function, name


def test_modules_are_pickled_and_read_only_on_request(tmp_path):
    model = nn.Linear(2, 3)
    cr.save(model, tmp_path / "model")
    expect_error(RuntimeError, "weights_only=False", cr.load, tmp_path / "model")
    expect_error(RuntimeError, "weights_only=False", cr.load, tmp_path / "model", weights_only=None)
    loaded = cr.load(tmp_path / "model", weights_only=False)
    same(loaded.weight, model.weight)
    assert (tmp_path / "model").read_bytes().startswith(b"chainrule pickle 1\n")
    expect_error(ValueError, "", cr.utils.load_file, tmp_path / "model")


def test_what_cannot_be_saved_leaves_the_file(tmp_path):
    path = tmp_path / "x"
    cr.save([1], path)
    with pytest.raises(Exception, match="pickle"):
        cr.save(lambda: 0, path)
    loop = {}
    loop["loop"] = loop
    expect_error(ValueError, "contain itself", cr.save, loop, path)
    expect_error(TypeError, "tensors", cr.utils.save_file, {"x": 1.0}, path)
    expect_error(ValueError, "text", cr.utils.save_file, {1: cr.ones(1)}, path)
    expect_error(ValueError, "text", cr.utils.save_file, {"x": cr.ones(1)}, path, {"a": 1})
    assert cr.load(path) == [1]


@pytest.mark.parametrize("location", [None, "cpu", lambda storage, place: storage, {"cuda:0": "cpu"}])
def test_map_location(location):
    assert copy_of([cr.ones(1)], map_location=location)[0].item() == 1.0


def test_map_location_elsewhere():
    expect_error(RuntimeError, "CPU only", copy_of, 1, map_location="cuda:0")


def test_hidden_header_lengths():
    """A header may have any length: none of them may look like another format."""
    for n in range(0, 1200, 8):
        assert copy_of({"k" * n: cr.ones(1)})["k" * n].item() == 1.0


def with_structure(root, version=1):
    text = root if isinstance(root, str) else json.dumps({"version": version, "root": root})
    file = io.BytesIO()
    for piece in cr._safetensors.pieces({"x": cr.ones(2), "n": cr.arange(2)}, {"chainrule": text}):
        file.write(piece)
    file.seek(0)
    return file


TENSOR = {"is": "tensor", "name": "x", "id": 0}
BAD = {
    "no JSON": "{",
    "a list": "[]",
    "no root": '{"version": 1}',
    "NaN": '{"version": 1, "root": NaN}',
    "deep": "[" * 100_000,
    "deep lists": [[]],
    "unknown kind": {"is": "function", "items": []},
    "no kind": {"a": 1},
    "kind is a list": {"is": [], "items": []},
    "absent tensor": {**TENSOR, "name": "y"},
    "no name": {"is": "tensor", "id": 0},
    "no id": {"is": "tensor", "name": "x"},
    "two of one id": [TENSOR, {**TENSOR, "name": "n"}],
    "integer with gradient": {**TENSOR, "name": "n", "requires_grad": True},
    "integer parameter": {**TENSOR, "name": "n", "parameter": True, "requires_grad": True},
    "odd float": {"is": "float", "value": "1e5"},
    "odd dtype": {"is": "dtype", "name": "Tensor"},
    "no pair": {"is": "dict", "items": [[1]]},
    "no items": {"is": "dict"},
    "unhashable key": {"is": "dict", "items": [[[], 1]]},
    "key twice": {"is": "dict", "items": [["a", 1], ["a", 2]]},
    "odd size": {"is": "Size", "items": ["a"]},
}
for _ in range(200):
    BAD["deep lists"] = [BAD["deep lists"]]


@pytest.mark.parametrize("name", BAD)
def test_malformed_structures(name):
    expect_error(ValueError, "structure", cr.load, with_structure(BAD[name]))


def test_future_versions():
    expect_error(ValueError, "newer", cr.load, with_structure(1, version=2))


def test_pytorch_reads_what_we_write(torch, tmp_path):
    official = pytest.importorskip("safetensors.torch")
    cr.save(nn.Linear(2, 3).state_dict(), tmp_path / "x")
    state = official.load_file(tmp_path / "x")
    torch.nn.Linear(2, 3).load_state_dict(state)
    official.save_file(state, tmp_path / "y")
    for name, value in cr.load(tmp_path / "y").items():
        np.testing.assert_array_equal(array(value), state[name].numpy())


def test_safe_globals(tmp_path):
    net = cr.nn.Sequential(cr.nn.Linear(2, 3), cr.nn.BatchNorm1d(3), cr.nn.LSTM(3, 2))
    cr.save(net, tmp_path / "net")
    with cr.serialization.safe_globals([cr.nn.Sequential, cr.nn.Linear, cr.nn.BatchNorm1d, cr.nn.LSTM]):
        loaded = cr.load(tmp_path / "net")
        assert len(cr.serialization.get_safe_globals()) == 4
    for name, value in net.state_dict().items():
        assert cr.equal(value, loaded.state_dict()[name])
    with cr.serialization.safe_globals([cr.nn.Sequential]):
        expect_error(pickle.UnpicklingError, "Linear, which is not allowed", cr.load, tmp_path / "net")
    expect_error(RuntimeError, "weights_only=False", cr.load, tmp_path / "net")
    cr.serialization.add_safe_globals([set])
    (tmp_path / "trap").write_bytes(cr.serialization.MARKER + pickle.dumps(print))
    expect_error(pickle.UnpicklingError, "builtins.print", cr.load, tmp_path / "trap")
    cr.serialization.clear_safe_globals()
    assert cr.serialization.get_safe_globals() == []
