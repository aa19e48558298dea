"""Functions under which layers lie, the counter of operations, and names of PyTorch's compiler and tracer."""

import pickle

import numpy as np
import pytest
from helpers import close

import chainrule as cr
from chainrule._torch_names import top


def test_lu_factor_ex(torch):
    stack = np.array([[[1.0, 2], [3, 4]], [[1, 2], [2, 4]], [[0, 0], [0, 0]]])
    ours, theirs = cr.linalg.lu_factor_ex(cr.tensor(stack)), torch.linalg.lu_factor_ex(torch.tensor(stack))
    assert ours.info.tolist() == theirs.info.tolist() == [0, 2, 1] and ours.info.dtype == cr.int32
    close(ours.LU, theirs.LU)
    assert ours.pivots.tolist() == theirs.pivots.tolist()
    with pytest.raises(RuntimeError, match="zero on the diagonal"):
        cr.linalg.lu_factor_ex(cr.tensor(stack), check_errors=True)


@pytest.mark.parametrize("mode", [0, 1, 2])
@pytest.mark.parametrize("options", [(), (None, False, 4), (None, True, None)], ids=str)
def test_embedding_bag_of_the_low_level(torch, mode, options):
    found = []
    for lib in (cr, torch):
        table = lib.tensor(np.random.default_rng(1).standard_normal((6, 2)), dtype=lib.float32)
        numbers, offsets = lib.tensor([1, 2, 4, 5, 4, 3]), lib.tensor([0, 3, 3, 6])
        found.append(lib.embedding_bag(table, numbers, offsets, False, mode, False, *options))
    for ours, theirs in list(zip(*found, strict=True))[: None if mode else 1]:
        close(ours, theirs, dtype="float32")


def test_functions_of_the_low_level(torch):
    found = []
    for lib in (cr, torch):
        lib.manual_seed(0)
        x, rows = lib.arange(24.0).reshape(4, 2, 3), lib.tensor([[0, 2]])
        results = [
            *lib.native_dropout(x, 0.3, True),
            *lib.native_dropout(x, 0.3, False),
            *lib.native_dropout(x, 1.0, None),
            *lib.native_dropout(x, 0.0, True),
            lib.constant_pad_nd(x, (1, 0, 0, 2), 5.0),
            lib.conv_tbc(x, lib.arange(18.0).reshape(3, 3, 2), lib.ones(2), 1),
            lib.nn.functional.conv_tbc(x, lib.ones(2, 3, 1), lib.zeros(1)),
            lib.embedding(x[0].t(), rows),
            lib.rand(2),
        ]
        found.append(results)
    for ours, theirs in zip(*found, strict=True):
        close(ours, theirs, dtype="float32")
    with pytest.raises(ValueError, match="conv_tbc: an input"):
        cr.conv_tbc(cr.ones(3, 2), cr.ones(1, 1, 1), cr.ones(1))


def test_flop_counter(torch):
    from torch.utils.flop_counter import FlopCounterMode as Theirs

    from chainrule.utils.flop_counter import FlopCounterMode as Ours

    counts = []
    for lib, counter in ((cr, Ours), (torch, Theirs)):
        net = lib.nn.Sequential(
            lib.nn.Sequential(lib.nn.Conv2d(2, 3, 3, groups=1), lib.nn.ReLU(), lib.nn.Flatten()), lib.nn.Linear(12, 5)
        )
        with counter(display=False) as flops:
            y = net(lib.ones(4, 2, 4, 4))
            (y @ y.t()).sum().backward()
        with counter(display=False) as forward, lib.no_grad():
            net(lib.ones(1, 2, 4, 4))
        by_module = {name: sum(found.values()) for name, found in flops.get_flop_counts().items()}
        counts.append((flops.get_total_flops(), forward.get_total_flops(), by_module))
    assert counts[0] == counts[1]


def test_names_of_the_compiler_and_the_tracer():
    from chainrule._torch_names import _C, jit
    from chainrule._torch_names._subclasses__fake_tensor import is_fake
    from chainrule._torch_names.fx__experimental__proxy_tensor import get_proxy_mode

    assert not is_fake(cr.ones(1)) and get_proxy_mode() is None and not _C._are_functorch_transforms_active()
    assert top.ScriptModule is cr.jit.ScriptModule and issubclass(jit.RecursiveScriptModule, top.ScriptModule)
    top._assert(True, "")
    with pytest.raises(AssertionError, match="wrong"):
        top._assert(cr.tensor(False), "wrong")
    with pytest.raises(RuntimeError, match="wrong"):
        top._assert_async(cr.tensor(0), "wrong")
    assert pickle.loads(pickle.dumps(top.complex32)) is top.complex32 and top.complex32.itemsize == 4
    with cr.backends.mkldnn.flags(enabled=False):
        pass
