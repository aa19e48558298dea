"""micrograd: one Python object for each scalar."""

from micrograd.engine import Value

from peers import Unavailable


def make_step(row):
    """The chain of scalar operations. micrograd's backward recurses once for each node."""
    if row.kind != "chain":
        raise Unavailable("scalars only")
    import sys

    sys.setrecursionlimit(20000)
    rounds = range(row.sizes[0] // 2)

    def step():
        x, w = Value(0.5), Value(0.9)
        y = x
        for _ in rounds:
            y = y * w + x
        y.backward()
        return w.grad

    return step


def wait(result):
    """Results are there when the call returns."""


def summary(result):
    """Absolute value."""
    return abs(float(result))
