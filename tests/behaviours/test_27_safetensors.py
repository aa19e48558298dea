"""Behaviour 27: safetensors files of the official library load equal, malformed ones are refused, pickle stays away."""

import io
import json
import os
import random
import struct
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from helpers import array, same

import chainrule as cr
import chainrule.serialization

FUZZ_CASES = int(os.environ.get("CHAINRULE_FUZZ_CASES", "100000"))
WIDENED = {
    "bool": "bool",
    "uint8": "uint8",
    "int8": "int32",
    "int16": "int32",
    "uint16": "int32",
    "int32": "int32",
    "uint32": "int64",
    "int64": "int64",
    "float16": "float32",
    "float32": "float32",
    "float64": "float64",
}


@pytest.fixture
def official():
    return pytest.importorskip("safetensors.numpy")


def load(data, **options):
    return cr.load(io.BytesIO(data), **options)


def samples(dtype):
    rng = np.random.default_rng(0)
    shapes = [(), (0,), (3,), (2, 0, 4), (5, 7), (1, 2, 3, 4)]
    return {f"shape {s}": np.asarray(rng.standard_normal(s) * 50).astype(dtype) for s in shapes}


@pytest.mark.parametrize("dtype", WIDENED)
def test_27_official_files_load_equal(official, dtype):
    arrays = samples(dtype)
    loaded = load(official.save(arrays, {"made by": "the official package"}))
    assert set(loaded) == set(arrays)
    for name, expected in arrays.items():
        assert str(loaded[name].dtype) == f"chainrule.{WIDENED[dtype]}"
        same(loaded[name], expected.astype(WIDENED[dtype]), name)


def test_27_mixed_dtypes(official):
    arrays = {f"{dtype}.{name}": a for dtype in WIDENED for name, a in samples(dtype).items()}
    loaded = load(official.save(arrays))
    for name, expected in arrays.items():
        np.testing.assert_array_equal(array(loaded[name]), expected, err_msg=name)


def test_27_bfloat16_is_widened(torch):
    official = pytest.importorskip("safetensors.torch")
    values = torch.tensor([0.0, -0.0, 1.0, -2.5, 3.14159, 1e-40, 3e38, float("inf"), float("nan")]).bfloat16()
    loaded = load(official.save({"x": values}))["x"]
    assert loaded.dtype == cr.float32
    np.testing.assert_array_equal(array(loaded), values.float().numpy())
    assert np.signbit(array(loaded)[1])


def test_27_official_package_reads_ours(official, tmp_path):
    tensors = {name: cr.tensor(a) for name, a in samples("float32").items()}
    tensors |= {
        "t": cr.arange(6).reshape(2, 3).t(),
        "b": cr.tensor([True, False, True]),
        "ü": cr.ones(2, dtype=cr.float64),
    }
    path = tmp_path / "x.safetensors"
    cr.utils.save_file(tensors, path, {"note": "ours"})
    theirs = official.load_file(path)
    ours = cr.utils.load_file(path)
    assert set(theirs) == set(ours) == set(tensors)
    for name, tensor in tensors.items():
        same(theirs[name], tensor, name)
        same(ours[name], tensor, name)


def test_27_official_package_reads_state_dicts(torch, tmp_path):
    official = pytest.importorskip("safetensors.torch")
    model = cr.nn.Sequential(cr.nn.Linear(3, 4), cr.nn.BatchNorm1d(4), cr.nn.Linear(4, 2))
    cr.save(model.state_dict(), tmp_path / "model.safetensors")
    twin = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 2))
    twin.load_state_dict(official.load_file(tmp_path / "model.safetensors"))
    x = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)
    np.testing.assert_allclose(array(model(cr.tensor(x))), twin(torch.tensor(x)).detach().numpy(), rtol=1e-5, atol=1e-6)


# Malformed files


def file_of(header, data=b"", length=None):
    if not isinstance(header, bytes):
        header = json.dumps(header).encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def entry(begin=0, end=4, dtype="F32", shape=(1,)):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def one(**changes):
    return {"x": {**entry(), **changes}}


TWO = b'{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}'
FOUR = bytes(4)
MALFORMED = {
    "empty file": b"",
    "seven bytes": bytes(7),
    "no header": bytes(8),
    "length beyond the file": file_of({}, length=3),
    "length of 2^64 - 1": file_of({}, length=2**64 - 1),
    "length of 2^63": file_of({}, length=2**63),
    "length above the cap": file_of({}, length=100_000_001),
    "length just beyond": file_of(one(), FOUR, length=10_000),
    "header cut short": file_of(one(), FOUR, length=20),
    "not JSON": file_of(b"{hello}"),
    "no object": file_of(b"[]"),
    "number": file_of(b"12"),
    "space first": file_of(b" {}"),
    "text after it": file_of(b"{} x"),
    "bad UTF-8 in a name": file_of(b'{"\xff\xfe": 1}'),
    "half a surrogate": file_of(b'{"\\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', FOUR),
    "NUL in the header": file_of(b"{}\x00"),
    "NaN": file_of(b'{"x": NaN}'),
    "duplicate name": file_of(TWO, bytes(8)),
    "duplicate field": file_of(b'{"x":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', FOUR),
    "duplicate metadata": file_of(b'{"__metadata__":{"a":"b","a":"c"}}'),
    "deep lists": file_of(b'{"x":' + b"[" * 200_000),
    "deep objects": file_of(b'{"x":' * 200_000),
    "nested shape": file_of(one(shape=[[1]]), FOUR),
    "entry is a list": file_of({"x": [1]}),
    "entry is null": file_of({"x": None}),
    "no dtype": file_of({"x": {"shape": [1], "data_offsets": [0, 4]}}, FOUR),
    "no shape": file_of({"x": {"dtype": "F32", "data_offsets": [0, 4]}}, FOUR),
    "no offsets": file_of({"x": {"dtype": "F32", "shape": [1]}}, FOUR),
    "unknown field": file_of(one(strides=[1]), FOUR),
    "unknown dtype": file_of(one(dtype="F33"), FOUR),
    "dtype in small letters": file_of(one(dtype="f32"), FOUR),
    "dtype is a number": file_of(one(dtype=32), FOUR),
    "dtype is a list": file_of(one(dtype=["F32"]), FOUR),
    "negative size": file_of(one(shape=[-1]), FOUR),
    "two negative sizes": file_of(one(shape=[-1, -1]), FOUR),
    "fractional size": file_of(one(shape=[1.0]), FOUR),
    "size is true": file_of(one(shape=[True]), FOUR),
    "size is text": file_of(one(shape=["1"]), FOUR),
    "shape is a number": file_of(one(shape=1), FOUR),
    "too many dimensions": file_of(one(shape=[1] * 100_000), FOUR),
    "size of 2^64": file_of(one(shape=[2**64]), FOUR),
    "product overflows to 0": file_of({"x": entry(0, 0, shape=[2**32, 2**32])}),
    "product overflows to 4": file_of(one(shape=[2**62 + 1, 4]), FOUR),
    "bytes overflow": file_of(one(shape=[2**62]), FOUR),
    "overflow next to a 0": file_of({"x": entry(0, 0, shape=[0, 2**40, 2**40])}),
    "huge and absent": file_of({"x": entry(0, 2**40 * 4, shape=[2**40])}, FOUR),
    "huge integer": file_of(b'{"x":{"dtype":"F32","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,4]}}', FOUR),
    "size too small": file_of(one(shape=[]), bytes(8)),
    "shape and offsets differ": file_of(one(shape=[2]), FOUR),
    "one offset": file_of(one(data_offsets=[0]), FOUR),
    "three offsets": file_of(one(data_offsets=[0, 4, 8]), FOUR),
    "negative offset": file_of(one(data_offsets=[-4, 0]), FOUR),
    "offsets in reverse": file_of(one(data_offsets=[4, 0]), FOUR),
    "offsets beyond the file": file_of(one(data_offsets=[0, 8], shape=[2]), FOUR),
    "offset of 2^64": file_of(one(data_offsets=[2**64, 2**64 + 4]), FOUR),
    "fractional offset": file_of(one(data_offsets=[0.0, 4.0]), FOUR),
    "gap at the start": file_of(one(data_offsets=[4, 8]), bytes(8)),
    "gap between": file_of({"x": entry(), "y": entry(8, 12)}, bytes(12)),
    "overlap": file_of({"x": entry(0, 8, shape=[2]), "y": entry(4, 12, shape=[2])}, bytes(12)),
    "same place": file_of({"x": entry(), "y": entry()}, FOUR),
    "bytes left over": file_of(one(), bytes(5)),
    "bytes without tensors": file_of({}, b"x"),
    "bytes missing": file_of(one(), bytes(3)),
    "metadata is a list": file_of({"__metadata__": []}),
    "metadata is null": file_of({"__metadata__": None}),
    "metadata of numbers": file_of({"__metadata__": {"a": 1}}),
    "metadata of objects": file_of({"__metadata__": {"a": {}}}),
    "bool of 2": file_of(one(dtype="BOOL", data_offsets=[0, 1]), b"\x02"),
    "half a float": file_of(one(data_offsets=[0, 2]), bytes(2)),
    "PyTorch's zip": b"PK\x03\x04\x14\x00\x08\x08" + bytes(100),
    "bare pickle": b"\x80\x04\x95\x0b\x00\x00\x00\x00" + bytes(100),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_27_malformed_files_are_refused(name, tmp_path):
    data = MALFORMED[name]
    tracemalloc.start()
    try:
        with pytest.raises(ValueError):
            load(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 60 * len(data) + 200_000  # Python's own objects for the JSON; nothing by the numbers in it
    path = tmp_path / "bad.safetensors"
    path.write_bytes(data)
    with pytest.raises(ValueError):
        cr.load(path)
    with pytest.raises(ValueError):
        cr.utils.load_file(path)


def mutated(rng, data):
    data = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        kind, at = rng.randrange(5), rng.randrange(len(data) + 1)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at:at] = rng.choice(
                [b"0", b"9", b"-", b'"', b"[", b"{", b"}", b",", b"\x00", b"\xff", b"99999999999999"]
            )
        elif kind == 2:
            del data[at : at + rng.randint(1, 5)]
        elif kind == 3 and at < len(data):
            data[at] = rng.randrange(256)
        elif kind == 4:
            end = min(len(data), at + rng.randint(1, 30))
            data[at:at] = data[at:end]
    if rng.random() < 0.7 and len(data) > 8:  # a fitting length lets the header's faults through to the parser
        end = data.rfind(b"}}", 8)
        data[:8] = struct.pack("<Q", max(0, end + 2 - 8))
    return bytes(data)


def test_27_fuzz():
    """Changed bytes give a ValueError or some value, never anything else."""
    file = io.BytesIO()
    cr.save({"a": [cr.ones(2, 3), 1.5], "b": (cr.tensor([True]), None)}, file)
    plain = file_of({"x": entry(), "y": entry(4, 12, "F64"), "__metadata__": {"k": "v"}}, bytes(12))
    rng, refused = random.Random(0), 0
    for _ in range(FUZZ_CASES):
        data = mutated(rng, rng.choice([file.getvalue(), plain]))
        try:
            load(data)
        except ValueError:
            refused += 1
    assert FUZZ_CASES * 0.5 < refused < FUZZ_CASES


@pytest.mark.parametrize("size", range(0, 200, 7))
def test_27_cut_short(size):
    file = io.BytesIO()
    cr.save({"a": cr.ones(20)}, file)
    with pytest.raises(ValueError):
        load(file.getvalue()[:size])


def test_27_loading_imports_no_pickle(tmp_path):
    """No pickle that was not there before, and none called."""
    cr.save({"a": cr.ones(2), "b": [1, "x"]}, tmp_path / "x")
    script = f"""
import sys, chainrule as cr
for name in [n for n in sys.modules if n.lstrip("_") in ("pickle", "cPickle", "dill", "cloudpickle")]:
    del sys.modules[name]
class Refuse:
    def find_spec(self, name, path=None, target=None):
        assert "pickle" not in name, name
sys.meta_path.insert(0, Refuse())
assert cr.load({str(tmp_path / "x")!r})["b"] == [1, "x"]
assert cr.load({str(tmp_path / "x")!r}, weights_only=False)["b"] == [1, "x"]
assert not {{"pickle", "_pickle"}} & set(sys.modules)
"""
    subprocess.run(
        [sys.executable, "-c", script], check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
