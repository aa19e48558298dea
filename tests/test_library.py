"""chainrule.library: operations of one's own."""

import pytest
from helpers import expect_error

import chainrule as cr


def test_custom_op():
    @cr.library.custom_op("tests::scaled", mutates_args=())
    def scaled(x: cr.Tensor, factor: float = 2.0) -> cr.Tensor:
        return x * factor

    x = cr.tensor([1.0, 2.0], requires_grad=True)
    assert scaled(x, factor=3.0).tolist() == [3.0, 6.0]
    with pytest.raises(RuntimeError, match="tests::scaled: this operation has no gradient rule"):
        scaled(x).sum().backward()

    def setup(ctx, inputs, output):
        ctx.factor = inputs[1]

    cr.library.register_autograd("tests::scaled", lambda ctx, g: (g * ctx.factor, None), setup_context=setup)
    scaled(x, 5.0).sum().backward()
    assert x.grad.tolist() == [5.0, 5.0]
    cr.library.register_kernel("tests::scaled", "cpu")(lambda x, factor: x * 0)
    assert scaled(x).tolist() == [0.0, 0.0]
    assert cr.library.register_fake("tests::scaled", len) is len
    expect_error(ValueError, "a name", cr.library.custom_op, "scaled", len)
    expect_error(RuntimeError, "no operation 'tests::none'", cr.library.register_autograd, "tests::none", len)
