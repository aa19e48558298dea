"""The PyTorch names that real programs use exist here, or stand in MISSING with the reason.

data/names.json counts, for 639 public PyTorch programs, how many use each name, by group. In the operation groups a
name has its forms: function, Tensor method, nn.functional. Names are looked up as a program finds them that runs under
`python -m chainrule.as_torch`.
"""

import collections
import functools
import json
import pathlib
import subprocess
import sys

import pytest
from helpers import PATIENCE

import chainrule as cr

DATA = pathlib.Path(__file__).parent / "data"
PAGE = pathlib.Path(__file__).resolve().parents[1] / "docs" / "pytorch_programs.md"

COMPLEX = "there are no complex numbers"
NOT_TENSOR = "counted by name only: the programs call it on something that is no tensor (a dict, an image, a list)"

# form -> reason
MISSING = {
    "Tensor.resize": NOT_TENSOR,
    "Tensor.index": NOT_TENSOR,
    "Tensor.names": NOT_TENSOR,
    "Tensor.imag": COMPLEX,
    "torch.fft.fft": COMPLEX,
    "torch.linalg.eig": COMPLEX,
    "torch._amp_foreach_non_finite_check_and_unscale_": "one of PyTorch's inner functions, for float16",
}


@functools.cache
def forms():
    """(group, form as PyTorch spells it, number of programs, whether it exists)."""
    command = [sys.executable, "-m", "chainrule.as_torch", DATA / "existing_names.py", DATA / "names.json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def table():
    """For each group the names that exist of all, the same for those that two or more programs use, and of the uses."""
    groups = collections.defaultdict(list)
    for group, _, programs, exists in forms():
        groups[group].append((programs, exists))
    groups["all"] = [entry for entries in list(groups.values()) for entry in entries]
    lines = [
        "| names | exist of all | exist of those in two or more programs | share of the uses |",
        "| --- | --- | --- | --- |",
    ]
    for group, entries in groups.items():
        often = [entry for entry in entries if entry[0] >= 2]
        uses = sum(programs for programs, exists in entries if exists) / sum(programs for programs, _ in entries)
        counts = [f"{sum(exists for _, exists in some)} of {len(some)}" for some in (entries, often)]
        lines.append(f"| {group} | {counts[0]} | {counts[1]} | {uses:.1%} |")
    return "\n".join(lines)


def missing():
    """The names that do not exist, by reason."""
    reasons = collections.defaultdict(list)
    for form, reason in MISSING.items():
        reasons[reason].append(f"`{form}`")
    return "\n".join(
        ["| missing | reason |", "| --- | --- |", *(f"| {' '.join(names)} | {why} |" for why, names in reasons.items())]
    )


def test_names_exist():
    absent = {form: programs for _, form, programs, exists in forms() if not exists}
    unknown = {form: programs for form, programs in absent.items() if form not in MISSING}
    assert not unknown, f"names that programs use and that neither exist nor stand in MISSING: {unknown}"


def test_the_list_is_up_to_date():
    absent = {form for _, form, _, exists in forms() if not exists}
    stale = [form for form in MISSING if form not in absent]
    assert not stale, f"these exist now, or no program uses them: {stale}"
    assert all(MISSING.values())


def test_report(capsys):
    with capsys.disabled():
        print(f"\n{table()}\n\n{missing()}")


def test_the_page_has_this_table():
    text = PAGE.read_text()
    assert f"\n{table()}\n" in text, f"{PAGE.name} is to have the tables that -k report prints"
    assert f"\n{missing()}\n" in text, f"{PAGE.name} is to have the tables that -k report prints"
    assert f" {len(forms())} forms of names" in text


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
        ("HalfTensor", "float16"),
        ("BFloat16Tensor", "bfloat16"),
        ("CharTensor", "int8"),
        ("ShortTensor", "int16"),
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
    with pytest.raises(TypeError, match="set_default_tensor_type: a floating tensor type"):
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


@pytest.mark.parametrize("options", [{}, {"range": (-1.0, 1.0)}, {"density": True}])
def test_histogram(torch, options):
    x = [0.5, -0.5, 0.25, 1.0, -1.0, 2.0]
    for bins in (4, [-1.0, 0.0, 0.5, 2.0]):
        if isinstance(bins, list) and "range" in options:
            continue
        results = []
        for module in (cr, torch):
            edges = module.tensor(bins) if isinstance(bins, list) else bins
            found = module.histogram(module.tensor(x), edges, weight=module.tensor([1.0, 2, 3, 4, 5, 6]), **options)
            results.append([found.hist.tolist(), found.bin_edges.tolist()])
        assert results[0][0] == pytest.approx(results[1][0]) and results[0][1] == pytest.approx(results[1][1])
    with pytest.raises(TypeError, match="histogram: a floating-point tensor"):
        cr.histogram(cr.tensor([1]), 3)
    with pytest.raises(ValueError, match=r"histogram: weight must have shape \(1,\)"):
        cr.histogram(cr.ones(1), 3, weight=cr.ones(2))
