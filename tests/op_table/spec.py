"""The words in which a row of the table is written.

A row is data: shapes and options, no tensors. `build` turns a sample into arguments of a library (chainrule or its
reference), so that both see the same numbers, in any dtype and any memory layout.
"""

import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class T:
    """A tensor argument. kind: 'float' takes the dtype under test; 'int', 'bool' are fixed. values: written out."""

    shape: tuple[int, ...]
    low: float | None = None
    high: float | None = None
    kind: str = "float"
    grad: bool = True
    values: Any = None

    def __repr__(self):
        what = {"float": "F", "int": "I", "bool": "B"}[self.kind]
        return f"{what}{list(self.shape)}" if self.values is None else f"{what}={self.values}"


def F(*shape, low=None, high=None, grad=True):
    """Float argument; differentiated when grad."""
    return T(tuple(shape), low, high, "float", grad)


def I(*shape, low=0, high=5):  # noqa: E743  (integers, beside S and T)
    """int64 argument, low <= value < high."""
    return T(tuple(shape), low, high, "int", False)


def B(*shape):
    """bool argument."""
    return T(tuple(shape), kind="bool", grad=False)


def V(values, kind="float", grad=None):
    """Argument with these values."""
    array = np.asarray(values, {"float": np.float64, "int": np.int64, "bool": np.bool_}[kind])
    return T(array.shape, kind=kind, grad=(kind == "float") if grad is None else grad, values=array.tolist())


@dataclass(frozen=True)
class S:
    """A sample: positional arguments (T, numbers, tuples of them) and options."""

    args: tuple
    kwargs: dict = field(default_factory=dict)

    def __init__(self, *args, **kwargs):
        object.__setattr__(self, "args", args)
        object.__setattr__(self, "kwargs", kwargs)
        object.__setattr__(self, "made", {})  # arrays() for each row that has this sample: most tests ask anew

    def __repr__(self):
        words = [repr(a) for a in self.args] + [f"{k}={v!r}" for k, v in self.kwargs.items()]
        return f"({', '.join(words)})"


@dataclass(frozen=True)
class Bad:
    """Arguments that must be refused: exception type and regular expression of its message."""

    exc: type
    match: str
    sample: S


def bad(exc, match, *args, **kwargs):
    return Bad(exc, match, S(*args, **kwargs))


@dataclass(frozen=True)
class Kink:
    """A point where the derivative is a convention: the expected gradient of sum(op(...)) for each float argument."""

    sample: S
    grads: tuple


def kink(*args, grads, **kwargs):
    return Kink(S(*args, **kwargs), grads)


@dataclass(frozen=True)
class Op:
    """One operation.

    name     the registry's name
    samples  tuple of S
    fn       dotted name of the function in the library; None: a method only
    method   name of the Tensor method; None: there is none
    inplace  name of the in-place method; None: there is none
    operator the Python operator for it ("+"), also tried
    np       NumPy function (callable on arrays), used when the reference library is missing
    domain   range of random float arguments
    avoid    points where it has a kink: random values stay 0.05 away
    dtypes   'float', 'number' (also integers) or 'all' (also bool): where it must work
    grad     differentiable
    second   twice differentiable (checked by gradgradcheck)
    numerical False: no numerical check (its result is float32 whatever comes in)
    bad      what it must refuse
    kinks    conventions of its derivative
    binary   takes two tensors that broadcast
    covers   further registry names that this row tests
    tol      factor on the tolerances of the comparison with the reference
    grad_tol dtype -> further factor for the gradient
    nan      NaN in an input must reach the output (checked at every length 1..67)
    ref      False: no reference has it
    """

    name: str
    samples: tuple
    fn: str | None = ""
    method: str | None = ""
    inplace: str | None = None
    operator: str | None = None
    np: Any = None
    domain: tuple[float, float] = (-2.0, 2.0)
    avoid: tuple[float, ...] = ()
    dtypes: str = "float"
    grad: bool = True
    second: bool = True
    numerical: bool = True
    bad: tuple = ()
    kinks: tuple = ()
    binary: bool = False
    covers: tuple[str, ...] = ()
    tol: float = 1.0
    grad_tol: dict[str, float] = field(default_factory=dict)
    nan: bool = False
    ref: bool = True

    def __post_init__(self):
        if self.fn == "":
            object.__setattr__(self, "fn", self.name)
        if self.method == "":
            object.__setattr__(self, "method", self.name)

    def __repr__(self):
        return self.name


def lookup(lib, dotted):
    """The object called `dotted` below the module `lib`, or None."""
    for word in dotted.split("."):
        lib = getattr(lib, word, None)
        if lib is None:
            return None
    return lib


def exists(op, lib):
    """Whether the library has the operation in each spelling that the row names."""
    forms = [lookup(lib, op.fn)] if op.fn else []
    forms += [getattr(lib.Tensor, name, None) for name in (op.method, op.inplace) if name]
    return bool(forms) and all(form is not None for form in forms)


def map_tree(f, tree, kind=T):
    """Apply f to each instance of kind in nested tuples, lists and dicts; everything else stays."""
    if isinstance(tree, kind):
        return f(tree)
    if isinstance(tree, (tuple, list)):
        return type(tree)(map_tree(f, x, kind) for x in tree)
    if isinstance(tree, dict):
        return {k: map_tree(f, v, kind) for k, v in tree.items()}
    return tree


def spread(rng, count, low, high, avoid):
    """Distinct floats in (low, high), in random order, at least 0.05 from each avoided point."""
    step = (high - low) / max(count, 1)
    values = low + step * (np.arange(count) + 0.5 + rng.uniform(-0.3, 0.3, count))
    for point in avoid:
        near = np.abs(values - point) < 0.05
        values = np.where(near, point + np.where(values < point, -1, 1) * (0.05 + np.abs(values - point)), values)
    return rng.permutation(values)


def arrays(op, sample):
    """The sample's arguments with NumPy arrays (float64, int64, bool) in place of T, always the same ones."""
    key = op.name, op.domain, op.avoid
    if key not in sample.made:
        sample.made[key] = make_arrays(op, sample)
    return sample.made[key]


def make_arrays(op, sample):
    rng = np.random.default_rng(zlib.crc32(f"{op.name}{sample!r}".encode()))

    def one(t):
        if t.values is not None:
            return np.asarray(t.values, {"float": np.float64, "int": np.int64, "bool": np.bool_}[t.kind])
        if t.kind == "int":
            return rng.integers(t.low, t.high, t.shape, dtype=np.int64)
        if t.kind == "bool":
            return rng.integers(0, 2, t.shape).astype(np.bool_)
        low = op.domain[0] if t.low is None else t.low
        high = op.domain[1] if t.high is None else t.high
        return spread(rng, int(np.prod(t.shape, dtype=int)), low, high, op.avoid).reshape(t.shape)

    def constant(t):
        array = one(t)
        array.setflags(write=False)  # many share it
        return array

    return map_tree(constant, sample.args), map_tree(constant, sample.kwargs)


def tensors_of(sample):
    """The T of a sample in the order in which `build` meets them."""
    found = []
    map_tree(found.append, sample.args)
    map_tree(found.append, sample.kwargs)
    return found


def as_dtype(array, dtype):
    """Cast; what an integer cannot hold becomes 0 or positive."""
    if "int" in dtype:
        array = np.nan_to_num(array, nan=0.0, posinf=0.0, neginf=0.0)
    return (np.abs(array) if dtype == "uint8" else array).astype(dtype)


FLOATS = ("float32", "float64", "float16", "bfloat16")


def tensor_of(lib, array, dtype):
    """A tensor of the dtype, which NumPy may not have."""
    if dtype == "bfloat16":
        return lib.tensor(array.astype("float32")).to(lib.bfloat16)
    return lib.tensor(as_dtype(array, dtype))


class Slot(int):
    """The place of a leaf among a call's arguments."""


class Call:
    """A sample made into a library's tensors. leaves: the float arguments to differentiate; run(leaves): the result."""

    def __init__(self, op, sample, lib, dtype="float64", layout=None, grad=True):
        args, kwargs = arrays(op, sample)
        self.op, self.lib, self.leaves, self.inputs = op, lib, [], []
        specs = iter(tensors_of(sample))

        def one(array):
            spec = next(specs)
            tensor = tensor_of(lib, array, dtype) if spec.kind == "float" else lib.tensor(array)
            if layout is not None:
                tensor = layout(lib, tensor).detach()
            self.inputs.append(tensor)
            if spec.kind != "float" or not spec.grad or dtype not in FLOATS:
                return tensor
            if grad and op.grad:
                tensor.requires_grad_(True)
            self.leaves.append(tensor)
            return Slot(len(self.leaves) - 1)

        self.args, self.kwargs = map_tree(one, args, np.ndarray), map_tree(one, kwargs, np.ndarray)

    def fill(self, leaves=None):
        """The arguments with these leaves (its own if none are given)."""
        leaves = leaves or self.leaves
        return map_tree(leaves.__getitem__, self.args, Slot), map_tree(leaves.__getitem__, self.kwargs, Slot)

    def run(self, *leaves, form=None):
        """Call the operation. form: 'fn', 'method', 'inplace'; None takes the function, else the method."""
        args, kwargs = self.fill(leaves)
        form = form or ("fn" if self.op.fn else "method")
        if form == "fn":
            return lookup(self.lib, self.op.fn)(*args, **kwargs)
        name = self.op.method if form == "method" else self.op.inplace
        return getattr(args[0], name)(*args[1:], **kwargs)

    def outputs(self, *leaves, form=None):
        """The result as a list of tensors."""
        return flatten(self.run(*leaves, form=form), self.lib)


def flatten(result, lib):
    if isinstance(result, lib.Tensor):
        return [result]
    if isinstance(result, (tuple, list)):
        return [tensor for part in result for tensor in flatten(part, lib)]
    return []


# Samples that many rows share.
UNARY = (S(F(2, 3)), S(F()), S(F(1)), S(F(17)), S(F(2, 1, 3, 2)), S(F(0)), S(F(2, 0, 3)))
PAIRS = (
    S(F(4), F(4)),
    S(F(2, 3), F(2, 3)),
    S(F(2, 3), F(3)),
    S(F(3), F(2, 3)),
    S(F(2, 1), F(1, 3)),
    S(F(), F(2, 2)),
    S(F(2, 2), F()),
    S(F(), F()),
    S(F(1), F(2, 3, 1)),
    S(F(2, 1, 3), F(4, 1)),
    S(F(0), F(1)),
    S(F(2, 0), F(2, 1)),
)
SCALARS = (S(F(2, 3), 2.5), S(F(2, 3), 3), S(F(), -1.5))
DIMS = (
    S(F(2, 3)),
    S(F()),
    S(F(7)),
    S(F(2, 3), dim=0),
    S(F(2, 3), dim=-1, keepdim=True),
    S(F(2, 3, 4), dim=1),
    S(F(1, 3, 1), dim=2),
)
