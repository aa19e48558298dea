"""The PyTorch names that real programs use exist here, or stand in MISSING with the reason.

data/names.json counts, for 639 public PyTorch programs, how many use each name, by group; names that fewer than two
use are left out. In the operation groups a name has its forms: function, Tensor method, nn.functional.
"""

import json
import pathlib

import pytest
from op_table import lookup

import chainrule as cr

NAMES = json.loads((pathlib.Path(__file__).parent / "data" / "names.json").read_text())
PLACES = {"torch": cr, "Tensor": cr.Tensor, "nn.functional": cr.nn.functional}

SPARSE = "there are no sparse tensors"
CUDA = "there is no CUDA: only the CPU"
HALF = "no kernels for this dtype; the dtypes are bool, uint8, int32, int64, float32, float64"
NOT_TENSOR = "counted by name only: the programs call it on something that is no tensor (a dict, an image, a list)"

# form -> reason
MISSING = {
    "torch.sparse_coo_tensor": SPARSE,
    "torch.spmm": SPARSE,
    "Tensor.to_sparse": SPARSE,
    "Tensor.values": NOT_TENSOR,
    "Tensor.resize": NOT_TENSOR,
    "Tensor.index": NOT_TENSOR,
    "Tensor.put": NOT_TENSOR,
    "Tensor.names": NOT_TENSOR,
    "Tensor.storage": "storages are no objects; data_ptr, storage_offset and nbytes tell what programs ask them for",
    "torch.cuda.FloatTensor": CUDA,
    "torch.cuda.LongTensor": CUDA,
    "torch.bfloat16": HALF,
    "torch.float16": HALF,
    "torch.int8": HALF,
    "torch.preserve_format": "memory formats are not chosen here: clone and empty_like keep the layout by themselves",
}


def forms():
    """(group, form as PyTorch spells it, number of programs)."""
    for group, names in NAMES.items():
        for name, found in names.items():
            if isinstance(found, dict):
                for place, programs in found.items():
                    yield group, f"{place}.{name}", programs
            else:
                yield group, name, found


def exists(form):
    if form.startswith("obj."):
        return hasattr(cr.autograd.FunctionCtx, form.removeprefix("obj."))
    for place in ("nn.functional", "Tensor", "torch"):
        if form.startswith(f"{place}."):
            return lookup(PLACES[place], form.removeprefix(f"{place}.")) is not None
    return lookup(cr, form) is not None


@pytest.mark.parametrize("group", NAMES)
def test_names_exist(group):
    absent = {form: n for g, form, n in forms() if g == group and n >= 2 and not exists(form)}
    unknown = {form: n for form, n in absent.items() if form not in MISSING}
    assert not unknown, f"names that programs use and that neither exist nor stand in MISSING: {unknown}"


def test_the_list_is_up_to_date():
    stale = [form for form in MISSING if exists(form)]
    assert not stale, f"these exist now: {stale}"
    assert all(MISSING.values())


def test_report(capsys):
    everything = [(form, n) for _, form, n in forms() if n >= 2]
    present = [form for form, _ in everything if exists(form)]
    uses, covered = sum(n for _, n in everything), sum(n for form, n in everything if exists(form))
    with capsys.disabled():
        print(f"\nnames: {len(present)} of {len(everything)} exist; they make up {covered / uses:.1%} of the uses")


# What stands behind the old names


@pytest.mark.parametrize(
    "name, dtype",
    [
        ("FloatTensor", "float32"),
        ("DoubleTensor", "float64"),
        ("LongTensor", "int64"),
        ("IntTensor", "int32"),
        ("ByteTensor", "uint8"),
        ("BoolTensor", "bool"),
    ],
)
def test_old_constructors(torch, name, dtype):
    import numpy as np

    ours, theirs = getattr(cr, name), getattr(torch, name)
    for args in ([[1, 0]], [[[1, 0], [0, 1]]], [np.array([1, 0, 1])], [2, 3], [0], [(1, 0)], []):
        a, b = ours(*args), theirs(*args)
        assert tuple(a.shape) == tuple(b.shape) and str(a.dtype).split(".")[-1] == dtype
        if len(args) == 1 and not isinstance(args[0], int):
            assert a.tolist() == b.tolist()
    assert tuple(ours(cr.zeros(2, 3).size()).shape) == (2, 3)
    x = cr.zeros(2, dtype=getattr(cr, dtype))
    assert isinstance(x, ours) and not isinstance(x.double() if dtype != "float64" else x.float(), ours)
    assert cr.ones(2).type(ours).dtype == x.dtype and x.type() == f"torch.{name}" == str(ours)
    assert x.type(x.type()).dtype == x.dtype


def test_old_constructors_refuse():
    with pytest.raises(TypeError, match=r"FloatTensor: sizes must be integers, got float"):
        cr.FloatTensor(2, 3.5)
    with pytest.raises(TypeError, match=r"FloatTensor: a tensor of .*float32 is required, got .*int64"):
        cr.FloatTensor(cr.ones(2, dtype=cr.int64))
    with pytest.raises(TypeError, match="set_default_tensor_type: FloatTensor or DoubleTensor"):
        cr.set_default_tensor_type(cr.LongTensor)


def test_tensor_takes_arrays():
    import numpy as np

    assert cr.Tensor(np.ones((2, 3))).tolist() == [[1.0] * 3] * 2
    assert cr.Tensor(np.array(3)).item() == 3.0
    assert tuple(cr.Tensor(2, 3).shape) == (2, 3)


def test_new_apply_real_and_default_type():
    x = cr.tensor([1, 2])
    assert x.new(2, 3).dtype == cr.int64 and tuple(x.new(2, 3).shape) == (2, 3)
    assert x.new([5.0]).tolist() == [5] and x.new().numel() == 0 and tuple(x.new(cr.Size([4])).shape) == (4,)
    assert x.apply_(lambda v: v * 10) is x and x.tolist() == [10, 20]
    assert x.real is x
    try:
        cr.set_default_tensor_type("torch.DoubleTensor")
        assert cr.tensor(1.0).dtype == cr.float64
    finally:
        cr.set_default_tensor_type(cr.FloatTensor)
    assert cr.tensor(1.0).dtype == cr.float32


def test_limits(torch):
    for name in ("float32", "float64"):
        ours, theirs = cr.finfo(getattr(cr, name)), torch.finfo(getattr(torch, name))
        for field in ("bits", "eps", "max", "min", "tiny", "smallest_normal", "resolution", "dtype"):
            assert getattr(ours, field) == getattr(theirs, field), field
        assert repr(ours) == repr(theirs)
    for name in ("uint8", "int32", "int64"):
        ours, theirs = cr.iinfo(getattr(cr, name)), torch.iinfo(getattr(torch, name))
        assert (ours.bits, ours.min, ours.max, ours.dtype) == (theirs.bits, theirs.min, theirs.max, theirs.dtype)
        assert repr(ours) == repr(theirs)
    assert cr.finfo().dtype == "float32"
    with pytest.raises(TypeError, match="finfo: a floating-point dtype"):
        cr.finfo(cr.int64)
    with pytest.raises(TypeError, match="iinfo: an integer dtype"):
        cr.iinfo(cr.float32)


def test_questions_about_tensors():
    assert cr.is_floating_point(cr.ones(1)) and not cr.is_floating_point(cr.tensor([1]))
    assert not cr.is_complex(cr.ones(1))
    assert cr.is_nonzero(cr.tensor([2.0])) and not cr.is_nonzero(cr.tensor(0))
    with pytest.raises(RuntimeError, match=r"is_nonzero: .*\(2,\)"):
        cr.is_nonzero(cr.ones(2))
