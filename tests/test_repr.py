"""What a tensor prints, character for character as PyTorch."""

import numpy as np
import pytest

import chainrule as cr

INF, NAN = float("inf"), float("nan")

VALUES = {
    "scalar": 1.0,
    "scalar fraction": 3.14159265,
    "scalar int": 7,
    "scalar bool": True,
    "big int": [10**12, -3],
    "ints": [[1, 2, 3], [-4, 50, 600]],
    "bools": [[True, False], [False, True]],
    "floats": [0.1, 0.25, -3.5],
    "whole floats": [1.0, 2.0, -30.0],
    "mixed sizes": [0.001, 100.0],
    "large": [1e5, 2.5],
    "larger": [12345678.0, 1.0],
    "huge": [1e10, 1.0],
    "whole and huge": [1e9, 2e9],
    "small": [1e-5, 1.0],
    "tiny": [1e-10, 3e-12],
    "ratio": [1e-3, 1e3],
    "infinities": [INF, -INF, NAN, 1.0],
    "whole with inf": [1.0, INF],
    "fraction with nan": [0.5, NAN],
    "only nan": [NAN, NAN],
    "only inf": [INF],
    "minus zero": [-0.0, 0.0],
    "zeros": [0.0, 0.0],
    "matrix": [[0.5, -1.25], [100.0, 3.0]],
    "empty": [],
    "empty rows": [[], []],
    "one": [1.0],
    "nested": [[[1.0, 2.0]], [[3.5, 4.0]]],
    "negative": [-1.5, -22.25],
    "scalar tiny": 1e-7,
    "scalar huge": 1e20,
    "scalar inf": INF,
    "scalar nan": NAN,
    "scalar negative": -2.5,
}


def plain(text):
    return text.replace("torch.", "").replace("chainrule.", "")


def cases():
    for name, values in VALUES.items():
        found = np.asarray(values, dtype=np.float32 if np.size(values) == 0 else None)
        yield name, None
        yield name, "float64"
        for dtype in ("int32", "uint8"):
            limits = np.iinfo(dtype)
            if found.dtype == np.int64 and limits.min <= found.min() and found.max() <= limits.max:
                yield name, dtype


@pytest.mark.parametrize(("name", "dtype"), cases())
def test_values(name, dtype, torch):
    options = [{} if dtype is None else {"dtype": getattr(lib, dtype)} for lib in (cr, torch)]
    ours, theirs = cr.tensor(VALUES[name], **options[0]), torch.tensor(VALUES[name], **options[1])
    assert plain(repr(ours)) == plain(repr(theirs))
    assert str(ours) == repr(ours)


SHAPES = [
    (0,),
    (0, 3),
    (2, 0),
    (1000,),
    (1001,),
    (3, 4, 5),
    (40, 30),
    (2, 3, 4, 2),
    (10, 101),
    (1500, 2),
    (25,),
    (1, 1, 1),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scale", [1.0, 1000.0, 1e-6])
def test_shapes(shape, scale, torch):
    values = (np.random.default_rng(0).standard_normal(shape) * scale).astype(np.float32)
    assert plain(repr(cr.tensor(values))) == plain(repr(torch.tensor(values)))
    whole = (values * 100 / scale).astype(np.int64)
    assert plain(repr(cr.tensor(whole))) == plain(repr(torch.tensor(whole)))


@pytest.mark.parametrize("shape", [(), (2,), (2, 2), (0,), (30,)])
def test_requires_grad(shape, torch):
    ours, theirs = (lib.ones(shape, requires_grad=True) for lib in (cr, torch))
    assert plain(repr(ours)) == plain(repr(theirs))


PROGRAMS = {
    "add": lambda x: x + 1,
    "mul": lambda x: x * 2,
    "sum": lambda x: x.sum(),
    "mean": lambda x: x.mean(),
    "sub": lambda x: x - 1,
    "div": lambda x: x / 2,
    "exp": lambda x: x.exp(),
    "relu": lambda x: x.relu(),
    "sigmoid": lambda x: x.sigmoid(),
    "tanh": lambda x: x.tanh(),
    "pow": lambda x: x**2,
    "neg": lambda x: -x,
    "clone": lambda x: x.clone(),
    "matmul": lambda x: x @ x,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_grad_fn(name, torch):
    def shown(lib):
        return plain(repr(PROGRAMS[name](lib.ones(2, 2, requires_grad=True))))

    ours, theirs = shown(cr), shown(torch)
    assert ours.split("grad_fn")[0] == theirs.split("grad_fn")[0]
    assert "grad_fn=<" in ours and ours.endswith(">)")
    if name in ("add", "mul", "sum", "mean", "exp", "relu", "sigmoid", "tanh"):
        assert ours == theirs


def test_views_print_their_values(torch):
    for cut in (lambda t: t.t(), lambda t: t[1:], lambda t: t[:, ::2], lambda t: t[:1].expand(4, 4)):
        ours, theirs = (cut(lib.arange(12.0).reshape(3, 4)) for lib in (cr, torch))
        assert plain(repr(ours)) == plain(repr(theirs))


def test_without_reference():
    assert repr(cr.tensor([1.0, 2.5])) == "tensor([1.0000, 2.5000])"
    assert repr(cr.tensor(3)) == "tensor(3)"
    assert repr(cr.ones(2, requires_grad=True)) == "tensor([1., 1.], requires_grad=True)"
    assert repr(cr.ones(1, requires_grad=True) + 1) == "tensor([2.], grad_fn=<AddBackward0>)"
    assert plain(repr(cr.tensor([1.0], dtype=cr.float64))) == "tensor([1.], dtype=float64)"
    assert plain(repr(cr.tensor([]))) == "tensor([])"


def test_parameter_repr(torch):
    ours, theirs = (lib.nn.Parameter(lib.ones(2)) for lib in (cr, torch))
    assert plain(repr(ours)) == plain(repr(theirs))


def test_shape_repr():
    assert plain(repr(cr.ones(2, 3).shape)) == "Size([2, 3])" and str(cr.float32).endswith("float32")
    assert repr(cr.ones(2).device) == "device(type='cpu')"
