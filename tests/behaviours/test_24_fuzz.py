"""Behaviour 24: random arguments to every bound function bring nothing but Python exceptions.

The long form, 1e5 calls under AddressSanitizer and UBSan, is run by .ci/nightly. What either form has found stays
below.
"""

import numpy as np
import pytest
from fuzz import arguments
from helpers import expect_error, run_python

import chainrule as cr
from chainrule.nn import functional as F


def test_24_random_arguments():
    found, (made, refused) = arguments.hunt(seed=0, calls=3000, say=None)
    programs = [f"{what}\n{arguments.program(0, number)}" for number, what in found]
    assert not found, "\n\n".join(programs)
    assert made > 2500 and 0.2 * made < refused < 0.8 * made  # right arguments and wrong ones


def test_24_every_function_is_called():
    names = {target[0].rsplit(".", 1)[-1] for target in arguments.TARGETS}
    registered = {row["name"] for row in cr._core.registry() if not row["inplace_only"]}
    assert registered - {"setitem"} <= names


# Found by it


def test_24_index_of_the_largest_of_no_rows():
    assert cr.ones(2, 0).argmax(0).shape == (0,)
    assert cr.ones(2, 0, 3).argmin(0, keepdim=True).shape == (1, 0, 3)
    values, index = cr.ones(2, 0).max(0)
    assert values.shape == index.shape == (0,)


def test_24_truth_that_raises():
    x = cr.ones(2)
    for wrong in (cr.ones(3), np.ones(3)):
        expect_error(ValueError, "ambiguous", x.requires_grad_, wrong)
        with pytest.raises(ValueError, match="ambiguous"):
            x.requires_grad = wrong
        expect_error(ValueError, "ambiguous", cr.autograd.backward, x.requires_grad_().sum(), retain_graph=wrong)
        x = cr.ones(2)
    expect_error(TypeError, "argument", x.requires_grad_, True, False)
    assert not x.requires_grad


def test_24_device_of_odd_kinds():
    for wrong in (1e30, (1,), int, "cpu:x", "cpu:", -1, 2**70):
        expect_error((TypeError, ValueError), "device|int64", cr.device, wrong)
    assert cr.device("cpu", 0) == cr.device("cpu:0")


def test_24_text_that_utf8_cannot_hold():
    half = "\ud800"
    x = cr.ones(2, requires_grad=True)
    expect_error(UnicodeEncodeError, "surrogates", x.exp, **{half: 1})
    expect_error(UnicodeEncodeError, "surrogates", x.sum().backward, **{half: 1})
    expect_error(UnicodeEncodeError, "surrogates", cr.ones, 2, device=half)


def test_24_lists_that_hold_themselves():
    loop = [1]
    loop[0] = loop
    expect_error(ValueError, "dimensions", cr.tensor, loop)
    expect_error(ValueError, "dimensions", cr.ones(1).new_tensor, loop)
    mixed = [cr.ones(2)]
    mixed.append(mixed)
    expect_error(RecursionError, "recursion", cr.tensor, mixed)


def test_24_lists_that_change_while_they_are_read():
    class Grows:
        def __float__(self):
            values.append(1.0)
            return 1.0

    class Empties:
        def __index__(self):
            values.clear()
            return 1

    values = [Grows(), 2.0]
    expect_error(RuntimeError, "changed", cr.tensor, values)
    values = [Empties(), 2, 3]
    expect_error(RuntimeError, "changed", cr.tensor, values)
    values = [Empties(), 2, 3]
    assert cr.zeros(values).shape == (1,)


def test_24_a_range_too_long_for_memory():
    expect_error(MemoryError, "", cr.tensor, range(2**45))


def test_24_subclass_of_no_class():
    expect_error(TypeError, "subclass of Tensor", cr.Tensor._make_subclass, 3.0, cr.ones(2))
    expect_error(TypeError, "subclass of Tensor", cr.Tensor._make_subclass, int, cr.ones(2))


def test_24_contraction_of_no_axes():
    expect_error(IndexError, "tensordot", cr.tensordot, 2.0, cr.tensor(1.0), ([0], [-1]))
    expect_error(ValueError, "once", cr.tensordot, cr.ones(2, 2), cr.ones(2, 2), ([0, 0], [0, 1]))


def test_24_sizes_that_would_take_for_ever():
    """Refused at once, by figure."""
    for make in (cr.tril_indices, cr.triu_indices):
        for size in ((2**40, 2**40), (2**62, 5), (2**31, 2**31, -2)):
            expect_error(MemoryError, "bytes|memory", make, *size)
        assert make(3, 3, 2**63 - 1).shape[1] in (0, 9)
    expect_error(ValueError, "tensor_split", cr.ones(1, 1, 1).dsplit, 2**31)


def test_24_differences_beyond_the_length():
    assert cr.ones(5).diff(2**62).shape == (0,)
    assert cr.ones(5, 2).diff(7, dim=0).shape == (0, 2)


def test_24_huge_sizes_where_there_is_nothing():
    """No elements, so the result is allowed; no table of the size is made."""
    empty = cr.ones(0, 2, 4)
    assert cr.nn.functional.resample_axis(empty, 2, 2**40).shape == (0, 2, 2**40)
    assert cr.nn.functional.resample_axis(empty, 2, 2**62).shape == (0, 2, 2**62)
    assert cr.nn.functional.adaptive_avg_pool1d(empty, 2**31 - 1).shape == (0, 2, 2**31 - 1)
    assert cr.nn.functional.adaptive_max_pool1d(empty, 2**31 - 1).shape == (0, 2, 2**31 - 1)
    expect_error(ValueError, "chunk", empty.chunk, 2**63 - 1)
    assert len(empty.chunk(3)) == 3


def test_24_smallest_power():
    """-2**63 has no positive twin."""
    assert cr.eye(2).matrix_power(-(2**63)).tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert cr.eye(2).matrix_power(2**63 - 1).tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_24_none_for_a_tensor():
    x = cr.ones(2, requires_grad=True)
    expect_error(TypeError, "None", cr.autograd.grad, [None], x)
    expect_error(TypeError, "None", cr.autograd.grad, x.sum(), [x, None])
    expect_error(TypeError, "None", cr.autograd.backward, [x.sum(), None])
    expect_error(TypeError, "None", x.sum().backward, inputs=[None])
    expect_error(TypeError, "None", cr._core.zero_grad_, [x, None])
    expect_error(TypeError, "None", cr._core.clip_grad_value_, [None], 1.0)
    assert x.grad is None
    for method in ("data_ptr", "storage_offset", "is_floating_point", "is_signed", "retain_grad"):
        expect_error(TypeError, "None", getattr(cr.Tensor, method), None)
    expect_error(TypeError, "None", x.type_as, None)
    expect_error(TypeError, "None", cr._core.graph_nodes, [x * 2, None], 3)
    expect_error(TypeError, "None", cr._core.observed_walk, [None], [x])
    expect_error(TypeError, "None", cr._core.tensor_identity, None)
    expect_error(TypeError, "None", cr.default_generator.set_state, None)
    expect_error(TypeError, "None", cr.nn.Parameter._make_subclass, cr.nn.Parameter, None)
    node = (x * 2).grad_fn
    for wrong in (None, 3, "x"):
        expect_error(TypeError, "replay: tensors are required", node.replay, [wrong] * len(node.edges))


def test_24_choices_beyond_memory():
    """The size is known before any choice is made."""
    for n, r, repeated in ((3, 2**40, True), (1, 2**60, True), (2, 2**63 - 1, True), (200, 100, False)):
        expect_error((ValueError, MemoryError), "", cr.combinations, cr.arange(n), r, repeated)
    assert cr.combinations(cr.arange(3), 2**40).shape == (0, 2**40)


def test_24_order_without_a_next():
    x = cr.tensor([1.0, 2.5], requires_grad=True)
    y = cr.polygamma(2**63 - 1, x)
    y.sum().backward()
    assert y.isinf().tolist() == [True, False] and x.grad.shape == (2,)


def test_24_the_program_of_a_case_runs(monkeypatch):
    """What a failure prints is a program: it compiles, and runs alone from another folder."""
    programs = [arguments.program(7, number) for number in range(400)]
    for number, text in enumerate(programs):
        compile(text, f"call {number}", "exec")
    with_helper = next(text for text in programs if "from arguments import" in text)
    monkeypatch.setattr(arguments, "TARGETS", [target for target in arguments.TARGETS if target[0] == "uniform_"])
    with_a_word_of_python = next(text for n in range(300) if "'from'" in (text := arguments.program(7, n)))
    for text in (programs[0], with_helper, with_a_word_of_python):
        run_python(f"import os; os.chdir('/')\n{text}")
    broken = programs[0].replace("import numpy as np, chainrule as cr", "import numpy as np")
    with pytest.raises(AssertionError, match="NameError"):
        run_python(broken)


def test_24_powers_without_elements():
    """Under AddressSanitizer: none is read, not even for a message that is not needed."""
    empty = cr.ones(0, dtype=cr.float64)
    assert cr.float_power(empty, empty).shape == (0,)
    assert (empty**empty).shape == (0,) and (cr.ones(0, dtype=cr.int64) ** cr.ones(0, dtype=cr.int64)).shape == (0,)
    assert cr.linalg.vander(cr.ones(2, 0)).shape == (2, 0, 0)
    expect_error(ValueError, "negative integer exponent, got -2", lambda: cr.arange(3) ** -2)


def test_24_numbers_beyond_any_size():
    expect_error(ValueError, "repeat.*more elements", cr.ones(1, 2, 0).repeat, 0, 2**62, 2**62)
    for size in (2**62, 2**63 - 1):  # beside an axis without elements
        assert cr.ones(2, 0).tile(size).shape == cr.ones(2, 0).repeat(1, size).shape == (2, 0)
    assert cr.ones(2).round(decimals=-(2**63)).shape == (2,)  # its negative is no int64


def test_24_sizes_whose_products_wrap_round():
    x = cr.arange(4.0)
    for size, stride in ((2**32 + 1, 2**32), (2**63 - 1, 2**33), (3, 2**63 - 1)):
        expect_error(ValueError, "outside of a storage", x.as_strided, (size,), (stride,), 0)
        expect_error(ValueError, "outside of a storage|more elements", x.as_strided, (size, 2), (stride, 1), 1)
    assert x[1 :: 2**63 - 1].tolist() == [1.0] and cr.ones(3, 4)[2 :: 2**62].tolist() == [[1.0] * 4]
    assert x[1 :: 2**63 - 1].numpy().tolist() == [1.0] and (x[1 :: 2**63 - 1] * 2).sum().item() == 2.0
    state = cr.ones(1, 1, 1)
    for layers in (2**62, 2**63 - 1):
        expect_error(ValueError, "num_layers", cr._core.rnn_tanh, x, state, [], True, layers, 0.0, False, True, True)
    expect_error(MemoryError, "int64 tensor", cr.linalg.vander, x, N=2**40)


def test_24_as_strided_without_elements_forms_no_address_beyond_the_memory():
    for x in (cr.arange(3.0), cr.arange(3.0)[1:].requires_grad_(), cr.ones(2, 0, 3)[1]):
        for offset in (3, 2**40, 2**60, 2**62, 2**63 - 1):
            y = x.as_strided((0, 2), (2**40, 2**40), offset)
            assert y.shape == (0, 2) and y.storage_offset() <= 3
            expect_error(ValueError, "outside of a storage", y.as_strided, (1, 1), (1, 1))


def test_24_probabilities_that_are_no_floats():
    """The range of integers is read as such, so the answer is the dtype's, whatever lies behind them in memory."""
    for dtype in (cr.bool, cr.uint8, cr.int32, cr.int64):
        x = cr.ones(3, dtype=dtype)
        errors = {str(expect_error((TypeError, RuntimeError), "float", F.binary_cross_entropy, x, x)) for _ in range(9)}
        assert len(errors) == 1
    expect_error(ValueError, r"values from 1.* to 2", F.binary_cross_entropy, cr.tensor([1, 2]), cr.ones(2))


def test_24_a_label_with_no_number_of_classes_above_it():
    expect_error(ValueError, "one_hot.*9223372036854775807", F.one_hot, cr.tensor([2**63 - 1]))
