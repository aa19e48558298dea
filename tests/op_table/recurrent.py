"""Rows: recurrent layers over a sequence, and their single steps."""

from .spec import F, I, Op, S, V, bad

GATES = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}


def weights(name, inputs, hidden, biased=True, out=None):
    """Parameters of one layer in one direction."""
    rows = GATES[name] * hidden
    projection = (F(out, hidden),) if out else ()
    return (F(rows, inputs), F(rows, out or hidden), *((F(rows), F(rows)) if biased else ()), *projection)


def state(name, *shape, size, out=None):
    """h, or (h, c)."""
    h = F(*shape, out or size)
    return (h, F(*shape, size)) if name == "lstm" else h


def layer(name):
    """Layers of one kind."""
    one, packed = (1, 0.0, False, False, False), (1, 0.0, False, False)
    sizes = V([3, 2, 2, 1], "int")
    both = weights(name, 3, 2) + weights(name, 3, 2)
    deep = both + weights(name, 4, 2) + weights(name, 4, 2)
    samples = (
        S(F(3, 2, 3), state(name, 1, 2, size=2), weights(name, 3, 2), True, *one),
        S(F(2, 3, 1), state(name, 1, 2, size=2), weights(name, 1, 2, False), False, 1, 0.0, True, False, True),
        S(F(2, 2, 3), state(name, 4, 2, size=2), deep, True, 2, 0.0, True, True, False),
        S(F(8, 3), sizes, state(name, 1, 3, size=2), weights(name, 3, 2), True, *packed),
        S(F(8, 3), sizes, state(name, 2, 3, size=2), both, True, 1, 0.0, False, True),
        S(F(3, 0, 3), state(name, 1, 0, size=2), weights(name, 3, 2), True, *one),
    )
    if name == "lstm":
        samples += (
            S(F(3, 2, 3), state(name, 1, 2, size=3, out=2), weights(name, 3, 3, True, 2), True, *one),
            S(F(8, 3), sizes, state(name, 1, 3, size=3, out=2), weights(name, 3, 3, False, 2), False, *packed),
        )
    x, h, w = F(3, 2, 3), state(name, 1, 2, size=2), weights(name, 3, 2)
    return Op(
        name,
        samples,
        method=None,
        domain=(-1.0, 1.0),
        tol=4,
        bad=(
            bad(
                ValueError, rf"^{name}: the input must have shape \(steps, batch, features\)", F(3, 3), h, w, True, *one
            ),
            bad(ValueError, rf"^{name}: the input weight must have shape", F(3, 2, 4), h, w, True, *one),
            bad(ValueError, rf"^{name}: the initial h of a layer must", F(3, 5, 3), h, w, True, *one),
            bad(
                ValueError,
                rf"^{name}: an initial state must have shape \(1, batch, size\)",
                x,
                state(name, 2, size=2),
                w,
                True,
                *one,
            ),
            bad(ValueError, rf"^{name}: 4 parameters are needed", x, h, w[:3], True, *one),
            bad(ValueError, rf"^{name}: at least one step", F(0, 2, 3), h, w, True, *one),
            bad(ValueError, rf"^{name}: num_layers must be", x, h, w, True, 0, 0.0, False, False, False),
            bad(ValueError, rf"^{name}: dropout must be", x, h, w, True, 1, 2.0, False, False, False),
            bad(ValueError, rf"^{name}: batch_sizes must add up", F(7, 3), sizes, h, w, True, *packed),
            bad(ValueError, rf"^{name}: batch_sizes must be positive", F(3, 3), V([1, 2], "int"), h, w, True, *packed),
            bad(TypeError, rf"^{name}: the input must be floating", I(3, 2, 3), h, w, True, *one),
        ),
    )


def cell(kind):
    """One step of one kind."""
    name = kind + "_cell"
    w_ih, w_hh, *biases = weights(kind, 3, 2)
    return Op(
        name,
        (
            S(F(4, 3), state(kind, 4, size=2), w_ih, w_hh, *biases),
            S(F(1, 3), state(kind, 1, size=2), w_ih, w_hh),
            S(F(0, 3), state(kind, 0, size=2), w_ih, w_hh, *biases),
        ),
        method=None,
        domain=(-1.0, 1.0),
        tol=4,
        bad=(
            bad(ValueError, rf"^{name}: the input weight must have shape", F(4, 2), state(kind, 4, size=2), w_ih, w_hh),
            bad(ValueError, rf"^{name}: the initial h of a layer must", F(4, 3), state(kind, 3, size=2), w_ih, w_hh),
            bad(ValueError, rf"^{name}: weights must have 2 axes", F(4, 3), state(kind, 4, size=2), F(3), w_hh),
            bad(TypeError, rf"^{name}: the input must be floating", I(4, 3), state(kind, 4, size=2), w_ih, w_hh),
        ),
    )


ROWS = tuple(layer(name) for name in GATES) + tuple(cell(name) for name in GATES)
