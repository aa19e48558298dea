"""The worked examples of the lectures on backpropagation, in float64, with the right numbers.

Where a slide prints another number the slide is wrong, and the comment says so. Sources: CS231n lecture 4 (Stanford,
2024), UvA Deep Learning 1 lecture 2, TUM I2DL lectures 3 and 4.
"""

import numpy as np
import pytest
from helpers import array, close

import chainrule as cr
from chainrule.nn import functional as F

SCORES = [[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]]
STEEP = [[5.0, -3.0, 2.0], [5.0, 10.0, 10.0], [5.0, -20.0, -20.0]]
IMAGE = [12, 24, 42, 23, 34, 32, 5, 2, 12, 31, 12, 31, 31, 64, 5, 13]
TARGET = [15, 20, 40, 25, *IMAGE[4:]]


def leaf(values):
    return cr.tensor(values, dtype=cr.float64, requires_grad=True)


def hinge(scores, labels):
    """Multiclass hinge with margin 1, for each row: sum over the wrong classes of max(0, s_j - s_y + 1)."""
    rows = cr.arange(len(labels))
    right = scores[rows, labels].unsqueeze(1)
    margins = cr.relu(scores - right + 1)
    return margins.sum(dim=1) - 1  # the right class itself adds 1


def number_of(x):
    return array(x).tolist()


@pytest.mark.parametrize(
    ("at", "value", "gradients"),
    [((-2.0, 5.0, -4.0), -12.0, (-4.0, -4.0, 3.0)), ((1.0, -3.0, 4.0), -8.0, (4.0, 4.0, -2.0))],
)
def test_sum_times(at, value, gradients):
    x, y, z = (leaf(v) for v in at)
    f = (x + y) * z
    f.backward()
    assert f.item() == value
    assert (x.grad.item(), y.grad.item(), z.grad.item()) == gradients


def neuron(parts):
    """sigmoid(w0 x0 + w1 x1 + w2), as one node or as its parts; returns the value and the five gradients."""
    w0, x0, w1, x1, w2 = (leaf(v) for v in (2.0, -1.0, -3.0, -2.0, -3.0))
    z = w0 * x0 + w1 * x1 + w2
    f = 1 / (cr.exp(-1 * z) + 1) if parts else cr.sigmoid(z)
    f.backward()
    return f.item(), [v.grad.item() for v in (w0, x0, w1, x1, w2)]


@pytest.mark.parametrize("parts", [False, True])
def test_sigmoid_neuron(parts):
    value, gradients = neuron(parts)
    assert value == pytest.approx(0.7310586, abs=5e-8)
    assert gradients == pytest.approx([-0.1966, 0.3932, -0.3932, -0.5898, 0.1966], abs=5e-5)


def test_sigmoid_as_one_node_and_as_its_parts():
    """G3: the same function, the same gradient (1 - s) s."""
    whole, parts = neuron(False), neuron(True)
    assert whole[0] == pytest.approx(parts[0], rel=1e-15)
    assert whole[1] == pytest.approx(parts[1], rel=1e-14)
    x = leaf(np.linspace(-6, 6, 25))
    s = cr.sigmoid(x)
    s.sum().backward()
    close(x.grad, (1 - s) * s)


def test_relu_mask():
    x = leaf([1.0, -2.0, 3.0, -1.0])
    y = cr.relu(x)
    y.backward(cr.tensor([4.0, -1.0, 5.0, 9.0], dtype=cr.float64))
    assert y.tolist() == [1.0, 0.0, 3.0, 0.0]
    assert x.grad.tolist() == [4.0, 0.0, 5.0, 0.0]


def test_matrix_product():
    """The slide's product is wrong; so are the gradients that follow from it."""
    x = leaf([[2, 1, -3], [-3, 4, 2]])
    w = leaf([[3, 2, 1, -1], [2, 1, 3, 2], [3, 2, 1, -2]])
    y = x @ w
    assert y.tolist() == [[-1, -1, 2, 6], [5, 2, 11, 7]]
    y.backward(cr.tensor([[2, 3, -3, 9], [-8, 1, 4, 6]], dtype=cr.float64))
    assert x.grad.tolist() == [[0, 16, -9], [-24, 9, -30]]
    assert w.grad.tolist() == [[28, 3, -18, 0], [-30, 7, 13, 33], [-22, -7, 17, -15]]


def test_reciprocal_analytic_and_numerical():
    x = leaf(1.0)
    (1 / x).backward()
    assert x.grad.item() == -1.0
    h = 0.001
    assert ((1 / cr.tensor(1 + h, dtype=cr.float64)).item() - 1) / h == pytest.approx(-0.999001, abs=5e-7)


def test_hinge_loss():
    """The slide: 10.9 for the third and a mean of 4.6; it forgot one class."""
    losses = hinge(leaf(SCORES), cr.tensor([0, 1, 2]))
    assert number_of(losses) == pytest.approx([2.9, 0.0, 12.9])
    assert losses.mean().item() == pytest.approx(5.2667, abs=5e-5)


def test_softmax_cross_entropy():
    """The slide: 0.14 and 6.94 for the second and third, 9.12 in all."""
    scores, labels = leaf(SCORES), cr.tensor([0, 1, 2])
    losses = F.cross_entropy(scores, labels, reduction="none")
    assert number_of(losses) == pytest.approx([2.0404, 0.0791, 6.1565], abs=5e-5)
    mean = F.cross_entropy(scores, labels)
    assert mean.item() == pytest.approx(2.7587, abs=5e-5)
    mean.backward()
    close(scores.grad, (cr.softmax(scores, 1) - cr.eye(3, dtype=cr.float64)) / 3)


def test_hinge_and_cross_entropy_far_from_the_boundary():
    """Hinge is content, cross-entropy never is: 2.7776e-11, not 0."""
    labels = cr.tensor([0, 0, 0])
    assert hinge(leaf(STEEP), labels).tolist() == [0.0, 12.0, 0.0]
    losses = F.cross_entropy(leaf(STEEP), labels, reduction="none").tolist()
    assert losses[:2] == pytest.approx([0.0489069, 5.6965105], abs=5e-8)
    assert losses[2] == pytest.approx(2.7776e-11, rel=1e-4)


def test_squared_and_absolute_error():
    """The slides: 66 and 15."""
    x, y = leaf(IMAGE), cr.tensor(TARGET, dtype=cr.float64)
    assert F.mse_loss(x, y, reduction="sum").item() == 33
    assert (x - y).abs().sum().item() == 11


def test_chain_rule_by_hand():
    expected = {"sqrt": 1.4434, "power": 5120.0, "inverse": -0.01}
    functions = {
        "sqrt": lambda x: cr.sqrt(x + 2 * x**2),
        "power": lambda x: 2 * (3 + x**2) ** 5,
        "inverse": lambda x: 1 / (5 * x + 5) ** 2,
    }
    for name, function in functions.items():
        x = leaf(1.0)
        function(x).backward()
        assert x.grad.item() == pytest.approx(expected[name], abs=5e-5), name


def test_regularization_prefers_spread_weights():
    x = leaf([1.0, 1.0, 1.0, 1.0])
    sharp, spread = leaf([1.0, 0.0, 0.0, 0.0]), leaf([0.25] * 4)
    assert (sharp * x).sum().item() == (spread * x).sum().item() == 1
    assert [(w**2).sum().item() for w in (sharp, spread)] == [1.0, 0.25]
    assert [w.abs().sum().item() for w in (sharp, spread)] == [1.0, 1.0]


# The patterns of gradient flow (G2)


def test_add_distributes():
    x, y = leaf(3.0), leaf(-4.0)
    (x + y).backward(cr.tensor(2.5, dtype=cr.float64))
    assert x.grad.item() == y.grad.item() == 2.5


def test_multiply_swaps():
    x, y = leaf(2.0), leaf(3.0)
    (x * y).backward(cr.tensor(5.0, dtype=cr.float64))
    assert (x.grad.item(), y.grad.item()) == (15.0, 10.0)


def test_max_routes():
    x, y = leaf(4.0), leaf(5.0)
    cr.maximum(x, y).backward(cr.tensor(9.0, dtype=cr.float64))
    assert (x.grad.item(), y.grad.item()) == (0.0, 9.0)


def test_fan_out_adds():
    x = leaf(7.0)
    a, b = x * 4.0, x * 2.0
    (a + b).backward()
    assert x.grad.item() == 6.0


def test_gradient_has_the_shape_of_its_value():
    """D1: scalar, vector and matrix."""
    values = [leaf(1.5), leaf([1.0, 2.0, 3.0]), leaf([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])]
    (values[0] * (values[2] @ values[1])).sum().backward()
    for v in values:
        assert v.grad.shape == v.shape


def test_two_layer_network_by_hand():
    """The 20-line two-layer network: hand-written gradients equal ours."""
    rng = np.random.default_rng(0)
    x, y, w1, w2 = (rng.standard_normal(s) for s in ((8, 10), (8, 3), (10, 5), (5, 3)))
    h = 1 / (1 + np.exp(-x @ w1))
    grad_y = 2 * (h @ w2 - y)
    grad_w2 = h.T @ grad_y
    grad_h = grad_y @ w2.T
    grad_w1 = x.T @ (grad_h * h * (1 - h))
    a, b = leaf(w1), leaf(w2)
    ((cr.sigmoid(cr.tensor(x) @ a) @ b - cr.tensor(y)) ** 2).sum().backward()
    close(a.grad, grad_w1, tol=100)
    close(b.grad, grad_w2, tol=100)


def test_step_and_argmax_are_said_to_have_no_gradient():
    """G8: never a silent wrong gradient."""
    x = leaf([1.0, 3.0, 2.0])
    assert not (x > 0).requires_grad
    assert not x.argmax().requires_grad
    with pytest.raises(RuntimeError):
        (x > 0).double().sum().backward()
