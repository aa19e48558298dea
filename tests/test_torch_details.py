"""Small matters beside PyTorch 2.13: numbers that do not fit, operands that overlap, the order of hooks."""

import pytest

import chainrule as cr
from chainrule import nn

F = nn.functional

TOO_LARGE = [
    (300, cr.uint8),
    (256, cr.uint8),
    (-256, cr.uint8),
    (-1.5, cr.uint8),
    (255.5, cr.uint8),
    (128, cr.int8),
    (-129, cr.int8),
    (40000, cr.int16),
    (2**31, cr.int32),
    (float("nan"), cr.int32),
    (float("inf"), cr.int64),
    (1e300, cr.int64),
]


@pytest.mark.parametrize(("number", "dtype"), TOO_LARGE)
def test_a_number_that_does_not_fit_is_no_element(number, dtype):
    mask, zeros = cr.tensor([True, False]), cr.zeros(2, dtype=dtype)
    stores = [
        lambda: cr.tensor(number, dtype=dtype),
        lambda: cr.tensor([[1, number]], dtype=dtype),
        lambda: cr.as_tensor([number], dtype=dtype),
        lambda: zeros.new_tensor(number),
        lambda: cr.full((2,), number, dtype=dtype),
        lambda: cr.full_like(zeros, number),
        lambda: zeros.new_full((2,), number),
        lambda: cr.scalar_tensor(number, dtype=dtype),
        lambda: zeros.fill_(number),
        lambda: zeros.__setitem__(0, number),
        lambda: zeros.__setitem__(mask, number),
        lambda: zeros.masked_fill(mask, number),
        lambda: zeros.masked_fill_(mask, number),
        lambda: zeros.index_fill(0, cr.tensor([0]), number),
        lambda: zeros.scatter(0, cr.tensor([0]), number),
        lambda: cr.zeros(2, 2, dtype=dtype).fill_diagonal_(number),
        lambda: F.pad(zeros, (1, 0), value=number),
    ]
    if isinstance(number, int):
        stores.append(lambda: cr.where(mask, zeros, number))
    for store in stores:
        with pytest.raises(ValueError, match="the number must fit"):
            store()
    assert zeros.tolist() == [0, 0]


def test_numbers_that_fit():
    assert cr.tensor([-1, 255, -255, 255.0, True], dtype=cr.uint8).tolist() == [255, 255, 1, 255, 1]
    assert cr.tensor([-128, 127], dtype=cr.int8).tolist() == [-128, 127]
    assert cr.tensor(2**31 - 1, dtype=cr.int32).item() == 2**31 - 1
    assert cr.tensor(-(2**63)).item() == -(2**63)
    assert cr.tensor([2**64, -(2**70)], dtype=cr.float64).tolist() == [2.0**64, -(2.0**70)]
    assert cr.tensor(2**63, dtype=cr.float32).item() == 2.0**63
    assert cr.tensor([2, 0], dtype=cr.bool).tolist() == [True, False]
    assert cr.tensor(70000, dtype=cr.float16).item() == float("inf")
    with pytest.raises(OverflowError):
        cr.tensor([10**400], dtype=cr.float64)
    # Tensors wrap around, and so does arithmetic.
    assert cr.tensor([300]).to(cr.uint8).tolist() == [44]
    assert (cr.zeros(1, dtype=cr.uint8) + 300).tolist() == [44]
    assert cr.zeros(1, dtype=cr.uint8).fill_(cr.tensor(300)).tolist() == [44]
    assert cr.zeros(1, dtype=cr.uint8).clamp(-5, 300).tolist() == [0]


WRITES = {
    "add_": lambda to, other: to.add_(other),
    "mul_": lambda to, other: to.mul_(other),
    "copy_": lambda to, other: to.copy_(other),
    "addcmul_": lambda to, other: to.addcmul_(other, other),
    "lerp_": lambda to, other: to.lerp_(other, 0.25),
    "clamp_": lambda to, other: to.clamp_(min=other),
    "atan2_": lambda to, other: to.atan2_(other),
}


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize(
    "parts",
    [
        lambda x: (x[1:], x[:-1]),
        lambda x: (x[:-1], x[1:]),
        lambda x: (x[::2], x[: (len(x) + 1) // 2]),
        lambda x: (x, x[2]),
        lambda x: (x[:4].view(2, 2), x[:4].view(2, 2).T),
    ],
)
def test_operands_that_overlap_are_read_before_they_are_written(name, parts):
    start = cr.linspace(0.3, 2.1, 7, dtype=cr.float64)

    def written(x, other_of):
        to, other = parts(x)
        WRITES[name](to, other_of(other))
        return x

    def gradient(other_of):
        leaf = start.clone().requires_grad_()
        x = written(leaf * 1, other_of)
        return cr.autograd.grad((x * start).sum(), leaf)[0]

    expected = written(start.clone(), cr.clone)
    assert cr.equal(written(start.clone(), lambda other: other), expected)
    if name in ("add_", "copy_", "lerp_"):
        assert cr.equal(gradient(lambda other: other), gradient(cr.clone))
    else:  # the rule needs the operand as it was
        with pytest.raises(RuntimeError, match="modified in place"):
            gradient(lambda other: other)


def test_expanded_tensors_take_one_value():
    x = cr.arange(4.0)
    assert x[:1].expand(3).fill_(2).tolist() == [2.0] * 3
    assert x[1:3].view(2, 1).expand(2, 5).zero_().shape == (2, 5)
    assert x.tolist() == [2.0, 0.0, 0.0, 3.0]
    for write in (lambda v: v.add_(1), lambda v: v.exp_(), lambda v: v.copy_(cr.arange(3.0)), lambda v: v.normal_()):
        with pytest.raises(RuntimeError, match="more than once"):
            write(x[:1].expand(3))
    with pytest.raises(RuntimeError, match="more than once"):
        x.unfold(0, 2, 1).fill_(1)
    leaf = cr.ones(3, requires_grad=True)
    y, value = leaf * 2, cr.tensor(5.0, requires_grad=True)
    y[:1].expand(4).fill_(value)
    y.sum().backward()
    assert y.tolist() == [5.0, 2.0, 2.0]
    assert leaf.grad.tolist() == [0.0, 2.0, 2.0] and value.grad.item() == 1.0


def test_the_hooks_of_a_linear_layer_meet_the_bias_first():
    layers = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 2))
    seen = []
    for name, p in layers.named_parameters():
        p.register_hook(lambda g, name=name: seen.append(name))
    for x in (cr.ones(4, 3), cr.ones(2, 4, 3)):
        for create_graph in (False, True):
            seen.clear()
            layers(x).sum().backward(create_graph=create_graph)
            assert seen == ["2.bias", "2.weight", "0.bias", "0.weight"]
            layers.zero_grad()


def test_unfold_of_a_mask():
    mask = cr.rand(2, 3, 5, 4) > 0.5
    windows = F.unfold(mask, 2, padding=1)
    assert windows.dtype == cr.bool
    assert cr.equal(windows, F.unfold(mask.float(), 2, padding=1) > 0)
    with pytest.raises(TypeError, match="must be floating, got int64"):
        F.unfold(cr.ones(1, 1, 3, 3, dtype=cr.int64), 2)


def test_arguments_of_transforms():
    x, v = cr.ones(3), cr.ones(3)
    jvp = cr.func.jvp
    assert cr.equal(jvp(lambda x, y: x * 2, (x, x), (v, v), strict=True)[1], 2 * v)
    for f in (lambda x: cr.ones(2), lambda x: (x, cr.ones(2)), lambda x: (x > 0).long()):
        with pytest.raises(RuntimeError, match="does not depend on the primals"):
            jvp(f, (x,), (v,), strict=True)
        jvp(f, (x,), (v,))
    with pytest.raises(ValueError, match="at least one tensor"):
        jvp(lambda: x, (), ())
    with pytest.raises(TypeError, match="argnums must be an int or a tuple of ints, got 'x'"):
        cr.func.grad(lambda x: x.sum(), argnums="x")(x)
    with pytest.raises(ValueError, match="chunk_size"):
        cr.func.jacrev(lambda x: x, chunk_size=0)(x)
    with pytest.raises(ValueError, match="randomness"):
        cr.func.jacfwd(lambda x: x, randomness="some")(x)
