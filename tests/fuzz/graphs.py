"""Builds random graphs of up to 30 operations of the table and checks their gradients.

    python tests/fuzz/graphs.py --graphs 10000 --seed 1

Operations, shapes, fan-out, views and in-place steps are random. Each graph is a program of a few lines; its gradient
is compared with central differences of the loss in float64, with the gradient taken under create_graph, with the same
program in float32, float16 and bfloat16 and, where it is installed, with PyTorch. A program that fails is shrunk and
printed.
"""

import argparse
import collections
import importlib
import os
import random
import re
import sys
import warnings

import numpy as np

import chainrule as cr

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from op_table import OPS, S, arrays
from op_table.spec import map_tree, spread, tensors_of

LARGEST = 50.0  # a result beyond this is taken back: differences would lose their digits
MOST = 400  # elements of a result
# Not here: results known up to a sign or turn; conversions, which copy or not by the dtype; numbers drawn.
LEFT_OUT = {"svd", "linalg_svd", "linalg_eigh", "linalg_lstsq", "qr", "linalg_qr", "float", "double", "type_as",
            "float_power", "rrelu", "mode"}  # fmt: skip
CHANGED = re.compile(r"in.?place|modified|changed")
SINGULAR = "zero on the diagonal of U"
# Beside float64: (dtype, what a change of the leaves in their last digits is, how far off a loss or gradient may be).
OTHERS = [("float32", 1e-5, 1e-3), ("float16", 2e-3, 0.05), ("bfloat16", 1e-2, 0.2)]
OTHERS = [row for row in OTHERS if isinstance(getattr(cr, row[0]), cr.dtype)]
# Too narrow for the narrow ones: rounding makes these matrices others.
CONDITIONED = re.compile(r"linalg\.|pinv|inverse|corrcoef|cholesky|solve|det\b")
# Where these jump, float32 may stand on the other side.
JUMPS = re.compile(
    r"\.(floor|ceil|trunc|round|frac|fmod|remainder|floor_divide|sign|step|heaviside|masked_fill_|topk|sort)\b"
    r"|\.quantile\b|\] = |grid_sample\(.*mode='nearest'"
)
# PyTorch halves a gradient where the element that is left out equals the result; differences say otherwise.
PYTORCH_HALVES = re.compile(r"(index|scatter)_reduce\(.*'am(in|ax)', include_self=False\)")
BY_LAYOUT = re.compile(r"\b(reshape|flatten|ravel|contiguous)\(")  # views where the strides allow it
IN_PLACE = re.compile(r"^[^=]*_\(|\] = ")
SHAPES = [(), (1,), (3,), (2, 3), (3, 2), (4, 4), (2, 1, 3), (2, 3, 4), (5,), (1, 4), (7,)]


def rows():
    """[(row, sample)] that a graph may use: differentiable, with elements, and small."""
    found = []
    for op in OPS:
        if not op.grad or not op.numerical or not op.ref or op.name in LEFT_OUT:
            continue
        for sample in op.samples:
            sizes = [int(np.prod(t.shape)) for t in tensors_of(sample)]
            leaves = [t for t in tensors_of(sample) if t.kind == "float" and t.grad]
            if leaves and min(sizes) > 0 and max(sizes) <= MOST and not any(t.values is not None for t in leaves):
                found.append((op, sample))
    by_row = collections.defaultdict(list)
    for op, sample in found:
        by_row[op.name].append((op, sample))
    return list(by_row.values())


ROWS = rows()


def literal(value):
    """Python text of an argument; arrays become tensors of `lib`."""
    if isinstance(value, np.ndarray):
        kind = {"f": "DT", "i": "lib.int64", "b": "lib.bool"}[value.dtype.kind]
        numbers = np.round(value, 4).tolist() if value.dtype.kind == "f" else value.tolist()
        return f"lib.tensor({numbers}, dtype={kind})"
    if isinstance(value, tuple):
        return "(" + "".join(literal(v) + ", " for v in value) + ")"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k!r}: {literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, float) and not np.isfinite(value):
        return f"float({str(value)!r})"
    return str(value) if isinstance(value, Leaf) else repr(value)


class Leaf(str):
    """Text of a differentiable argument."""


class Space(dict):
    """The names that a program sees."""

    def __init__(self, lib, dtype="float64"):
        super().__init__(lib=lib, DT=getattr(lib, dtype))

    def do(self, line):
        exec(line, self)


def values_of(tensor):
    return tensor.detach().double().numpy()


class Writer:
    """Writes a program line by line, running each as it goes."""

    def __init__(self, rng):
        self.rng, self.space, self.lines, self.names, self.leaves = rng, Space(cr), [], [], []
        self.count = 0
        for i in range(rng.randint(1, 3)):
            shape = rng.choice(SHAPES)
            values = spread(np.random.default_rng(rng.randrange(2**31)), int(np.prod(shape)), -1.5, 1.5, ())
            numbers = np.round(values, 3).reshape(shape)
            name = f"x{i}"
            self.leaves.append(name)
            self.run(f"{name} = lib.tensor({numbers.tolist()}, dtype=DT, requires_grad=True)")
            self.names.append(name)

    def run(self, line):
        self.space.do(line)
        self.lines.append(line)

    def fresh(self):
        self.count += 1
        return f"v{self.count}"

    def healthy(self, name):
        value = self.space.get(name)
        if not isinstance(value, cr.Tensor) or str(value.dtype) != "chainrule.float64" or not value.requires_grad:
            return False
        numbers = values_of(value)
        return 0 < numbers.size <= MOST and np.isfinite(numbers).all() and np.abs(numbers).max() < LARGEST

    def argument(self, op, spec):
        """Text of a tensor of the shape and range that the row asks for, from a variable."""
        rng = self.rng
        name = rng.choice(self.names[-6:] if rng.random() < 0.6 else self.names)
        tensor = self.space[name]
        low = op.domain[0] if spec.low is None else spec.low
        high = op.domain[1] if spec.high is None else spec.high
        wanted, have = int(np.prod(spec.shape)), tensor.numel()
        if tuple(tensor.shape) == spec.shape:
            text, repeated = name, False
        elif (
            rng.random() < 0.3
            and tensor.dim() <= len(spec.shape)
            and all(a in (1, b) for a, b in zip(tensor.shape[::-1], spec.shape[::-1], strict=False))
        ):
            text, repeated = f"{name}.expand({spec.shape})", True
        else:
            start, step = rng.randrange(have), rng.choice([1, 1, 1, 3])
            index = [(start + i * step) % have for i in range(wanted)]
            repeated = len(set(index)) < wanted
            text = f"{name}.reshape(-1)"
            if index == list(range(wanted)) and rng.random() < 0.7:
                text += f"[:{wanted}]" if wanted != have else ""
            else:
                text += f"[{index}]"
            text += f".reshape({spec.shape})"
        if repeated and wanted > 1:
            text = f"({text} + lib.linspace(0, 0.37, {wanted}, dtype=DT).reshape({spec.shape}))"
        numbers = values_of(eval(text, self.space))
        near = any(np.abs(numbers - point).min() < 0.02 for point in op.avoid)
        if numbers.min() <= low or numbers.max() >= high or near:
            text = f"({low} + {high - low} * lib.sigmoid({text}))"
            numbers = values_of(eval(text, self.space))
            if any(np.abs(numbers - point).min() < 0.01 for point in op.avoid):
                raise ValueError("beside a kink")
        return Leaf(text)

    def operation(self):
        op, sample = self.rng.choice(self.rng.choice(ROWS))
        filled = iter(tensors_of(sample))

        def one(array):
            spec = next(filled)
            return self.argument(op, spec) if spec.kind == "float" and spec.grad else array

        args, kwargs = arrays(op, S(*sample.args, **sample.kwargs))
        args, kwargs = map_tree(one, args, np.ndarray), map_tree(one, kwargs, np.ndarray)
        words = [literal(a) for a in args] + [f"{k}={literal(v)}" for k, v in kwargs.items()]
        name = self.fresh()
        if op.fn:
            self.attempt(f"{name} = lib.{op.fn}({', '.join(words)})", name)
        else:
            self.attempt(f"{name} = {words[0]}.{op.method}({', '.join(words[1:])})", name)

    def attempt(self, line, name):
        """Keeps the line if its result is of use; several results become the first that has a gradient."""
        self.space.do(line)
        result = self.space[name]
        if isinstance(result, (tuple, list)):
            parts = [i for i, part in enumerate(result) if isinstance(part, cr.Tensor) and part.requires_grad]
            if not parts:
                return
            line += f"[{self.rng.choice(parts)}]"
            self.space.do(line)
        if self.healthy(name):
            self.lines.append(line)
            self.names.append(name)

    def inplace(self):
        """A step in place: on a copy mostly, at times on a variable itself, through views of all kinds."""
        rng, lines = self.rng, []
        source = rng.choice([n for n in self.names if n not in self.leaves] or [None])
        if source is None or rng.random() < 0.93:
            name = self.fresh()
            lines.append(f"{name} = {rng.choice(self.names)}.clone().contiguous()")  # PyTorch's clone keeps strides
        else:
            name = source
        for line in lines:
            self.space.do(line)
        shape = tuple(self.space[name].shape)
        target, view = name, None
        if shape and rng.random() < 0.7:
            choices = [
                f"{name}[0]",
                f"{name}[-1:]",
                f"{name}[..., :1]",
                f"{name}.reshape(-1)[::2]",
                f"{name}.unsqueeze(0)",
            ]
            choices += [
                f"{name}.transpose(0, -1)",
                f"{name}.flatten()",
                f"{name}[:, 0]" if len(shape) > 1 else f"{name}[0]",
            ]
            if not lines:  # whether these two are views depends on the strides, which PyTorch lays out otherwise
                choices = [c for c in choices if "reshape" not in c and "flatten" not in c]
            target = rng.choice(choices)
        if rng.random() < 0.4:
            view = self.fresh()
            lines.append(f"{view} = {target}")
            self.space.do(lines[-1])
            target = view
        inner = tuple(eval(target, self.space).shape)
        giver = rng.choice(self.names)
        index = [i % min(3, self.space[giver].numel()) for i in range(int(np.prod(inner)))]
        other = f"{giver}.reshape(-1)[{index}].reshape({inner})"
        steps = [f"{target}.{call}_()" for call in ("sigmoid", "tanh", "zero", "neg", "exp", "sin")]
        steps += [f"{target}.add_({other})", f"{target}.sub_({other}, alpha=0.5)", f"{target}.copy_({other})"]
        steps += [f"{target}.mul_({rng.choice([2.0, 0.5, -1.0])})", f"{target}.div_({rng.choice([2.0, 3.0])})"]
        steps += [f"{name}[{name} > 0.3] = 0.25", f"{name}.masked_fill_({name} > 0.5, 0.1)"]
        step = rng.choice([*steps, f"{target}.clamp_(-0.77, 0.83)"])
        lines.append(step)
        try:
            self.space.do(step)
        except (RuntimeError, ValueError, IndexError):  # e.g. a view that stands for several elements: refused
            if lines[:-1] and self.healthy(name):
                self.lines += lines[:-1]
                self.names += [n for n in (name, view) if n and n not in self.names and self.healthy(n)]
            return
        self.lines += lines
        self.names = [n for n in self.names if self.healthy(n)]
        self.names += [n for n in (name, view) if n and n not in self.names and self.healthy(n)]


def weighted(name):
    return f"({name} * lib.linspace(0.5, 1.5, {name}.numel(), dtype=DT).reshape({name}.shape)).sum()"


def write(seed, number):
    """The lines of a program that ends in `loss`, and its leaves; None where no graph came about."""
    rng = random.Random(f"{seed} {number}")
    writer = Writer(rng)
    wanted = rng.randint(1, 30)
    for _ in range(3 * wanted):
        if len(writer.lines) - len(writer.leaves) >= wanted:
            break
        try:
            if rng.random() < 0.2:
                writer.inplace()
            else:
                writer.operation()
        except (ValueError, NotImplementedError):  # beside a kink; a view that does not fit
            pass
        except RuntimeError as error:  # a singular matrix
            if SINGULAR not in str(error):
                raise
    if not any(n not in writer.leaves for n in writer.names):
        return None
    body = "\n".join(writer.lines)
    used = [n for n in writer.names if len(re.findall(rf"\b{n}\b", body)) == 1 or rng.random() < 0.3]
    terms = used or writer.names[-1:]
    return [*writer.lines, "loss = " + " + ".join(map(weighted, terms))], writer.leaves


# Checks


def evaluate(lines, leaves, lib=cr, dtype="float64", shift=None, create_graph=False):
    """Loss and the gradients of the leaves as arrays; shift is added to the leaves."""
    space = Space(lib, dtype)
    for line in lines:
        space.do(line)
        name = line.split(" = ")[0]
        if shift is not None and name in leaves and " = lib.tensor(" in line:
            moved = values_of(space[name]) + shift[leaves.index(name)]
            space[name] = lib.tensor(moved.tolist(), dtype=space["DT"], requires_grad=True)
    loss = space["loss"]
    found = lib.autograd.grad(loss, [space[n] for n in leaves], allow_unused=True, create_graph=create_graph)
    assert all(t is None or t.dtype == space["DT"] for t in [loss, *found]), "a dtype was left"
    shapes = [tuple(space[n].shape) for n in leaves]
    return float(loss), [np.zeros(s) if g is None else values_of(g) for g, s in zip(found, shapes, strict=True)]


def loss_at(lines, leaves, shift):
    with cr.no_grad():
        space = Space(cr)
        for line in lines:
            space.do(line)
            name = line.split(" = ")[0]
            if name in leaves and " = lib.tensor(" in line:
                space[name] = cr.tensor((values_of(space[name]) + shift[leaves.index(name)]).tolist(), dtype=cr.float64)
        return float(space["loss"])


def sharing(lines, lib):
    """{name: the names in the line that made it whose memory it shares}."""
    space, found = Space(lib), {}
    for line in lines:
        space.do(line)
        name, _, text = line.partition(" = ")
        if isinstance(space.get(name), lib.Tensor):
            memory = space[name].untyped_storage().data_ptr()
            named = {n for n in re.findall(r"\b[xv]\d+\b", text) if isinstance(space.get(n), lib.Tensor)}
            found[name] = {n for n in named if space[n].untyped_storage().data_ptr() == memory}
    return found


def shared_otherwise(lines, reference):
    """The lines whose result shares memory with what it is made of in one of the libraries alone."""
    ours, theirs = sharing(lines, cr), sharing(lines, reference)
    return [line for line in lines if ours.get(line.split(" = ")[0]) != theirs.get(line.split(" = ")[0])]


def distance(a, b):
    return max((float(np.abs(x - y).max()) for x, y in zip(a, b, strict=True)), default=0.0)


def size(a):
    return max((float(np.abs(x).max()) for x in a), default=0.0)


def slopes_agree(lines, leaves, grads, loss, start=None):
    """(whether the loss is smooth here, what is wrong or None): the slope in one direction against differences."""
    scale = max(1.0, size(grads))
    start = start or [np.zeros(g.shape) for g in grads]
    direction = [np.random.default_rng(0).uniform(-1, 1, g.shape) for g in grads]

    def at(h):
        return loss_at(lines, leaves, [s + h * d for s, d in zip(start, direction, strict=True)])

    here = at(0.0) if loss is None else loss
    ahead, behind = at(1e-5), at(-1e-5)
    numerical, again = (ahead - behind) / 2e-5, (at(2e-6) - at(-2e-6)) / 4e-6
    smooth = abs(numerical - again) < 1e-5 * scale and abs((ahead - here) / 1e-5 - numerical) < 1e-2 * scale
    analytical = sum(float((g * d).sum()) for g, d in zip(grads, direction, strict=True))
    if smooth and abs(numerical - analytical) > 1e-4 * scale:
        return smooth, f"slope {analytical:.9g}, by differences {numerical:.9g}"
    return smooth, None


def check(lines, leaves, reference=None):
    """(verdict, what is wrong or None).

    Verdicts: checked, failed, kink, refused (a saved value was changed), layout (what reshape made is a view here and a
    copy in PyTorch, which lays out a result otherwise, and is changed in place).
    """
    try:
        loss, grads = evaluate(lines, leaves)
    except RuntimeError as error:
        if CHANGED.search(str(error)):
            return "refused", None
        return "failed", f"{type(error).__name__}: {error}"
    scale = max(1.0, size(grads))
    if not np.isfinite(loss) or not np.isfinite(scale) or scale > 1e5:
        return "kink", None
    _, recorded = evaluate(lines, leaves, create_graph=True)
    if distance(recorded, grads) > 1e-9 * scale:
        return "failed", f"the gradient under create_graph differs by {distance(recorded, grads):.3g}"
    shapes = [g.shape for g in grads]
    smooth, wrong = slopes_agree(lines, leaves, grads, loss)
    if wrong:  # at a kink, say two equal numbers in a pool, it goes away beside it
        for seed in (1, 2):
            shift = [np.random.default_rng(seed).uniform(-1e-3, 1e-3, s) for s in shapes]
            if not slopes_agree(lines, leaves, evaluate(lines, leaves, shift=shift)[1], None, shift)[1]:
                return "kink", None
        return "failed", wrong
    if reference is not None:
        try:
            want_loss, want = evaluate(lines, leaves, reference)
        except (RuntimeError, TypeError, ValueError, IndexError, AttributeError) as error:
            want = None
            if not re.search(
                r"in.?place|modified|not implemented|derivative|leaf|view|expanded|internal overlap|single memory"
                r"|U\[\d+,\d+\] is zero",  # singular but for rounding, which is each library's own
                str(error),
            ):
                return "failed", f"PyTorch: {type(error).__name__}: {error}"
        off = want is not None and abs(want_loss - loss) > 1e-8 * max(1.0, abs(loss))
        if off and any(map(IN_PLACE.search, lines)) and (other := shared_otherwise(lines, reference)):
            strange = [line for line in other if not BY_LAYOUT.search(line)]
            return ("failed", f"a view in one library alone: {strange[0]}") if strange else ("layout", None)
        if off:
            return "failed", f"loss {loss!r}, PyTorch has {want_loss!r}"
        other_rule = any(PYTORCH_HALVES.search(line) for line in lines)
        if want is not None and distance(want, grads) > 1e-7 * scale and smooth and not other_rule:
            return "failed", f"the gradient differs from PyTorch's by {distance(want, grads):.3g}"
    if not smooth:
        return "kink", None
    if any(JUMPS.search(line) for line in lines):
        return "checked", None
    conditioned = any(CONDITIONED.search(line) for line in lines)
    for dtype, digit, off in OTHERS if scale < 1e3 and not conditioned else OTHERS[:1]:  # float16 ends at 65504
        off *= scale
        if conditioned and reference is not None:  # rounding takes PyTorch's digits too
            off += 3 * rounding(lines, leaves, grads, dtype, reference)
        wrong = other_dtype_agrees(lines, leaves, loss, grads, dtype, digit, off)
        if wrong:
            return "failed", wrong
    return "checked", None


def rounding(lines, leaves, grads, dtype, lib):
    """How far from float64 the gradient of `lib` is in another dtype; 0 where it has none."""
    try:
        found = distance(evaluate(lines, leaves, lib, dtype)[1], grads)
    except RuntimeError:
        return 0.0
    return found if np.isfinite(found) else 0.0


def other_dtype_agrees(lines, leaves, loss, grads, dtype, digit, off):
    """What is wrong in another dtype: it may be as far from float64 as changes of the leaves in their last digits."""
    other_loss, other = evaluate(lines, leaves, dtype=dtype)
    for seed in range(3, 11):  # a bound of clamp that is crossed in one direction alone is not met at once
        moved = [np.random.default_rng(seed).uniform(-digit, digit, g.shape) for g in grads]
        near_loss, near = evaluate(lines, leaves, shift=moved)
        if not np.isfinite(size(near) + size(other)) and any("linalg.lu(" in line for line in lines):
            return None  # singular but for rounding: the factors are there, their gradient is not
        wrong = None
        if not abs(other_loss - loss) <= off * max(1.0, abs(loss)) + 20 * abs(near_loss - loss):
            wrong = f"loss in {dtype} {other_loss!r}, in float64 {loss!r}"
        elif not distance(other, grads) <= off + 20 * distance(near, grads):
            wrong = f"the gradient in {dtype} differs by {distance(other, grads):.3g} of {size(grads):.3g}"
        if not wrong:
            break
    return wrong


def failure(lines, leaves, reference):
    """What is wrong, without its numbers; None if nothing is."""
    try:
        wrong = check(lines, leaves, reference)[1]
    except Exception as error:
        wrong = f"{type(error).__name__}: {error}"
    return wrong and re.split(r"[-\d]", wrong)[0]


def shrink(lines, leaves, reference):
    """The same failure in fewer lines: a line becomes the constant that it gave, or goes."""
    whole = failure(lines, leaves, reference)

    def failing(lines):
        return failure(lines, leaves, reference) == whole

    terms = lines[-1][len("loss = ") :].split(" + (v")
    terms = [t if i == 0 else "(v" + t for i, t in enumerate(terms)]
    for term in terms:
        if failing([*lines[:-1], f"loss = {term}"]):
            lines = [*lines[:-1], f"loss = {term}"]
            break
    for i in range(len(lines) - 2, -1, -1):
        name = lines[i].split(" = ")[0]
        if name in leaves:
            continue
        fewer = lines[:i] + lines[i + 1 :]
        if failing(fewer):
            lines = fewer
            continue
        if re.fullmatch(r"v\d+", name):
            space = Space(cr)
            for line in lines[: i + 1]:
                space.do(line)
            constant = f"{name} = lib.tensor({values_of(space[name]).tolist()}, dtype=DT)"
            if failing([*lines[:i], constant, *lines[i + 1 :]]):
                lines = [*lines[:i], constant, *lines[i + 1 :]]
    return lines


def program(lines, leaves):
    head = ["import chainrule as lib", "DT = lib.float64"]
    return "\n".join([*head, *lines, "loss.backward()", *(f"print({n}.grad)" for n in leaves)])


def run_one(seed, number, reference):
    """(verdict, operations, report or None) of one graph."""
    try:
        written = write(seed, number)
    except Exception as error:
        return "failed", 0, f"while writing: {type(error).__name__}: {error}"
    if written is None:
        return "none", 0, None
    lines, leaves = written
    try:
        verdict, wrong = check(lines, leaves, reference)
    except Exception as error:
        if SINGULAR in str(error):  # but for rounding: with other leaves, or in float32, it is refused
            return "kink", len(lines) - len(leaves) - 1, None
        verdict, wrong = "failed", f"{type(error).__name__}: {error}"
    if wrong:
        return verdict, len(lines), f"{wrong}\n{program(shrink(lines, leaves, reference), leaves)}"
    return verdict, len(lines) - len(leaves) - 1, None


def pytorch():
    try:
        torch = importlib.import_module("torch")
    except ImportError:
        return None
    torch.set_num_threads(1)
    return torch


def hunt(seed, graphs, first=0, say=None):
    """Runs the graphs; returns (reports of failures, counts of verdicts, operations in all)."""
    reference = pytorch()
    verdicts, operations, reports = collections.Counter(), 0, []
    warnings.simplefilter("ignore")
    for number in range(first, first + graphs):
        verdict, count, report = run_one(seed, number, reference)
        verdicts[verdict] += 1
        operations += count
        if report:
            reports.append(f"--- graph {number} of seed {seed}: {report}")
            if say:
                say(reports[-1] + "\n", flush=True)
        if say and (number + 1) % 500 == 0:
            say(f"{number + 1 - first} graphs: {dict(verdicts)}", flush=True)
    return reports, verdicts, operations


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--graphs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first graph")
    options = parser.parse_args()
    reports, verdicts, operations = hunt(options.seed, options.graphs, options.first, print)
    beside = "PyTorch too" if pytorch() else "without PyTorch"
    print(f"\n{sum(verdicts.values())} graphs, {operations} lines, {beside}: {dict(verdicts)}, {len(reports)} failures")
    return 1 if reports else 0


if __name__ == "__main__":
    sys.exit(main())
