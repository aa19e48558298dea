"""out=: results written into tensors that the caller gives; and arguments that answer for a function themselves."""

import numpy as np
import pytest

import chainrule as cr


def test_the_given_tensor_comes_back_with_the_result():
    x, y = cr.randn(3, 4), cr.randn(3, 4)
    out = cr.empty(3, 4)
    memory = out.data_ptr()
    assert cr.add(x, y, alpha=2, out=out) is out and out.data_ptr() == memory
    assert cr.equal(out, x + 2 * y)
    twice = x * 2
    assert cr.mul(x, 2, out=x) is x and cr.equal(x, twice)  # an argument may be the target
    assert cr.exp(y, out=None) is not None


def test_a_view_is_written_through_and_counts_as_a_write():
    table = cr.zeros(2, 3)
    before = table._version
    cr.sin(cr.ones(3), out=table[1])
    assert table[0].tolist() == [0, 0, 0] and cr.equal(table[1], cr.ones(3).sin())
    assert table._version > before


def test_another_shape_is_taken_over():
    empty = cr.empty(0)
    assert cr.cat([cr.ones(2), cr.zeros(1)], out=empty).shape == (3,)
    assert empty.tolist() == [1, 1, 0]
    with pytest.warns(UserWarning, match=r"out= had the shape \(3,\) and takes the result's, \(2, 2\)"):
        cr.mm(cr.ones(2, 2), cr.ones(2, 2), out=empty)
    assert empty.tolist() == [[2, 2], [2, 2]]


def test_several_results():
    x = cr.tensor([[3.0, 1.0], [2.0, 5.0]])
    values, indices = cr.empty(0), cr.empty(0, dtype=cr.int64)
    found = cr.max(x, 1, out=(values, indices))
    assert found.values is values and found.indices is indices
    assert values.tolist() == [3, 5] and indices.tolist() == [0, 1]
    with pytest.raises(TypeError, match="out must hold 2 tensors, got 1"):
        cr.sort(x, out=values)


def test_the_dtype_is_that_of_the_target():
    third = cr.tensor([1 / 3, 1 / 3], dtype=cr.float32)
    wide = cr.empty((), dtype=cr.float64)
    assert cr.sum(third, 0, out=wide).item() == 2 * float(np.float32(1 / 3))
    drawn = cr.empty(4, dtype=cr.float64)
    cr.manual_seed(0)
    cr.randn(4, out=drawn)
    cr.manual_seed(0)
    assert cr.equal(drawn, cr.randn(4, dtype=cr.float64))
    count = cr.tensor([7], dtype=cr.int64)
    with pytest.raises(RuntimeError, match="add: a result of float32 does not go into out= of int64"):
        cr.add(cr.ones(1), 0.5, out=count)
    assert count.tolist() == [7]


def test_there_is_no_gradient_through_it():
    w, out = cr.ones(2, requires_grad=True), cr.zeros(2)
    with pytest.raises(RuntimeError, match="mul: out= has no gradient, but one of the arguments requires one"):
        cr.mul(w, 2, out=out)
    with pytest.raises(RuntimeError, match="the tensor given requires one"):
        cr.mul(out, 2, out=w)
    assert out.tolist() == [0, 0] and w.tolist() == [1, 1]
    with cr.no_grad():
        cr.mul(w, 2, out=out)
        cr.add(w, 1, out=w)
    assert out.tolist() == [2, 2] and w.tolist() == [2, 2] and w.requires_grad


def test_bad_targets():
    x, row = cr.ones(2, 2), cr.zeros(2, 2)[0]
    with pytest.raises(TypeError, match="out must be a tensor or a tuple of tensors, got int"):
        cr.exp(x, out=3)
    with pytest.raises(TypeError, match="out must hold tensors, got int"):
        cr.exp(x, out=(3,))
    with pytest.raises(RuntimeError, match=r"out= is a view, which cannot change its shape, \(2,\)"):
        cr.exp(x, out=row)
    with pytest.raises(TypeError, match="returns bool"):
        cr.equal(x, x, out=row)
    with pytest.raises(TypeError, match="expected add"):
        cr.add(x, "1")


class Diagonal:
    """A matrix that holds its diagonal only."""

    def __init__(self, values):
        self.values = values

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        assert all(issubclass(kind, Diagonal) for kind in types)
        if function is cr.matmul and isinstance(args[0], Diagonal):
            return args[0].values[:, None] * args[1]
        if function in (cr.sum, cr.stack):
            return function.__name__, cls, kwargs
        return NotImplemented


class Identity(Diagonal):
    pass


def test_arguments_answer_for_functions():
    d = Diagonal(cr.tensor([2.0, 3.0]))
    assert cr.matmul(d, cr.ones(2, 2)).tolist() == [[2, 2], [3, 3]]
    assert cr.sum(d, dim=0) == ("sum", Diagonal, {"dim": 0})
    assert cr.stack([d, Identity(None)])[:2] == ("stack", Identity)  # the subclass is asked first
    with pytest.raises(TypeError, match=r"exp: expected exp\(Tensor input\), got \(Diagonal\)"):
        cr.exp(d)
