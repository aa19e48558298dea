"""Calls every bound function with random arguments of right and wrong kinds: only Python exceptions may come out.

    python tests/fuzz/arguments.py --calls 100000 --seed 1

Each call is a line of Python, made from the seed and its number alone. A child process runs them; where it dies or
hangs, the line is printed and the next child goes on behind it. Found too: an exception that is no answer to a caller
(SystemError, a text of C++), and an argument that a refused call has changed.
"""

import argparse
import faulthandler
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from keyword import iskeyword

import numpy as np

import chainrule as cr

HANG_S = 120  # a single call
BATCH = 5000  # calls of one child
# Bytes that a child may map beyond what it starts with. Fewer than 2^31, or a size of the
# pool below would be filled for as long as a hang is looked for.
MEMORY = 3 << 29
CPP = re.compile(r"std::|pybind11|basic_string|bad_alloc|vector::|_M_|__n |detail::|Unable to cast|\bsto[il]\b")
# What changes the process for the calls that follow, or waits for what never comes.
LEAVE_OUT = {
    "set_cache_limit", "set_anomaly_enabled", "set_grad_enabled", "set_default_dtype", "_push_packer", "_pop_packer",
    "_pybind11_conduit_v1_",
}  # fmt: skip

# The pools that arguments come from, as Python.
# fmt: off
SHAPES = [
    "", "0", "1", "2", "3", "4", "7", "17", "2, 3", "3, 2", "3, 3", "4, 4", "1, 1", "0, 3", "2, 0", "1, 3",
    "2, 1", "2, 3, 4", "1, 2, 3", "2, 2, 2", "2, 1, 3, 2", "1, 2, 4, 4", "2, 4, 5, 5", "1, 2, 3, 4, 2",
    "0, 2, 4, 4", "2, 2, 0", "65", "33, 70", "1, 1, 1, 1, 1, 1, 1, 1", "1, 2, 1, 2, 1, 2, 1",
]
INTS = [
    "0", "1", "2", "3", "4", "5", "7", "-1", "-2", "-3", "-7", "100", "2**31", "-2**31", "2**31-1", "2**40",
    "2**62", "2**63-1", "-2**63", "2**63", "2**64", "True",
]
SMALL = [
    "0", "1", "1", "2", "2", "3", "4", "-1", "-2",
]
FLOATS = [
    "0.0", "1.0", "-1.0", "0.5", "-0.0", "2.5", "1e-30", "1e30", "1e308", "float('inf')", "-float('inf')",
    "float('nan')",
]
DTYPES = [
    "cr.float32", "cr.float64", "cr.int64", "cr.int32", "cr.uint8", "cr.bool", "cr.float", "cr.double",
    "cr.long", "cr.int", "cr.float16", "cr.bfloat16", "cr.int8", "cr.int16",
]
TEXTS = [
    "'mean'", "'sum'", "'none'", "'same'", "'valid'", "'floor'", "'trunc'", "'ij'", "'xy'", "'reflect'",
    "'replicate'", "'circular'", "'constant'", "'linear'", "'lower'", "'higher'", "'midpoint'", "'nearest'",
    "'tanh'", "'amax'", "'prod'", "'fro'", "'nuc'", "'ij,jk->ik'", "'i,i'", "'...i->...'", "'ii->i'",
    "'ab->ba'", "'->'", "'i->'", "'reduced'", "'complete'", "''", "'ü'", "'x' * 5000", "'\\ud800'", "'cpu:x'",
]
ARRAYS = [
    "np.arange(6.)", "np.ones((2, 3), np.float32)[::-1]", "np.zeros((0, 2))", "np.array(3)", "np.float32(2)",
    "np.arange(4)", "np.ones((3, 3)).T", "np.array([True, False])", "np.broadcast_to(np.ones(1), (2, 3))",
    "np.zeros(2, np.complex64)", "np.ones(3, '>f4')", "np.array(['a'])", "np.array([None])",
    "np.zeros(2, np.uint64)", "np.zeros(2, np.float16)", "np.arange(6, dtype=np.int8).reshape(2, 3)[:, ::2]",
    "np.float16(1.5)", "np.array([300, -300], np.int16)", "np.array([np.nan, 6e4, 1e-7], np.float16)",
]
ODD = [
    "None", "object()", "Ellipsis", "slice(None)", "slice(2, None, -1)", "slice(0, 2**70)", "b'x'", "{}",
    "{'a': 1}", "set()", "1j", "lambda *a: a", "int", "cr", "cr.Tensor", "cr.float32", "range(3)", "iter([1])",
    "[[1, 2], [3]]", "[None]", "['a']", "[1.5, 'b']", "cr.default_generator", "cr.nn.Parameter(cr.ones(2))",
    "Weird()", "[cr.ones(2), 1]", "NotImplemented", "self_list()", "[[[[[[[[[[[[1]]]]]]]]]]]]",
]
SIZES = [
    "(2, 3)", "[2, 2]", "()", "(0,)", "(-1,)", "(-1, 2)", "(-1, -1)", "(1,)", "(2,)", "(3,)", "(1, 1)",
    "(2, 1, 2)", "(2**40, 2**40)", "(2**63 - 1,)", "(0, 2**62, 2**62)", "(2, -3)", "(2**33,)", "(1,) * 70",
    "cr.Size((2, 3))", "(True, 2)", "(1.0, 2)", "(0, 1)", "(1, 0)",
]
# fmt: on


class Weird:
    """Answers every protocol with an exception."""

    def _raise(self, *args, **kwargs):
        raise KeyError("weird")

    __len__ = __iter__ = __getitem__ = __float__ = __int__ = __index__ = __bool__ = __array__ = _raise


def self_list():
    loop = []
    loop.append(loop)
    return loop


def tensor(rng):
    """A tensor of some shape, dtype, layout and content."""
    shape = rng.choice(SHAPES)
    pick = rng.random()
    count = "(" + (shape or "1").replace(",", "*") + ")"
    if pick < 0.5:
        text = (
            f"(cr.arange({count}, dtype=cr.{rng.choice(['float32', 'float64'])}) * 0.37 - 1).reshape({shape or '()'})"
        )
    elif pick < 0.6:
        text = f"cr.ones({shape or '()'}, dtype={rng.choice(DTYPES)})"
    elif pick < 0.8:
        modulo, less = rng.choice([1, 2, 3, 5]), rng.choice([0, 0, 0, 1, 100])
        text = f"(cr.arange({count}) % {modulo} - {less}).reshape({shape or '()'})"
    elif pick < 0.87:
        text = f"(cr.arange({count}) % 2 == 0).reshape({shape or '()'})"
    elif pick < 0.93:
        text = f"cr.full(({shape}{',' if shape else ''}), {rng.choice(FLOATS)})"
    else:
        text = f"cr.tensor({rng.choice(ARRAYS[:10])})"
    for _ in range(rng.choice([0, 0, 1, 2])):
        text += rng.choice(
            [".T", "[..., :1]", ".unsqueeze(0)", ".flip(0)", "[1:]", ".expand(3, -1)", ".detach()", ".squeeze()"]
        )
    if rng.random() < 0.3:
        text += rng.choice([".requires_grad_()", ".double().requires_grad_()", ".float().requires_grad_().mul(2)"])
    if rng.random() < 0.1:
        text += rng.choice([".half()", ".bfloat16()", ".char()", ".short()", ".half().requires_grad_()"])
    return text


def right(rng, kind):
    """A value of the kind that a signature names (mostly)."""
    if kind == "Tensor":
        return tensor(rng) if rng.random() < 0.9 else rng.choice(INTS + FLOATS + ARRAYS)
    if kind == "Number":
        return rng.choice(SMALL + INTS + FLOATS)
    if kind == "int":
        return rng.choice(SMALL * 3 + INTS)
    if kind == "float":
        return rng.choice(FLOATS + SMALL)
    if kind == "bool":
        return rng.choice(["True", "False"])
    if kind in ("ints", "size", "sizes", "list"):
        return rng.choice([*SIZES, *SMALL, f"({rng.choice(SMALL)}, {rng.choice(SMALL)})"])
    if kind == "Dtype":
        return rng.choice([*DTYPES, "None"])
    if kind == "str":
        return rng.choice(TEXTS)
    if kind in ("Tensors", "VarTensors"):
        first = tensor(rng)
        return "[" + ", ".join(rng.choice([first, tensor(rng)]) for _ in range(rng.choice([0, 1, 2, 2, 3]))) + "]"
    if kind == "Generator":
        return rng.choice(["None", "cr.Generator()", "cr.default_generator", "cr.Generator().manual_seed(3)"])
    return rng.choice(["None", *ODD])


def wrong(rng):
    pools = (INTS, FLOATS, TEXTS, ARRAYS, ODD, ODD, SIZES, DTYPES)
    return tensor(rng) if rng.random() < 0.15 else rng.choice(rng.choice(pools))


def parameters(signature):
    """[(kind, name, keyword only, optional)] of a line of the registry."""
    found, keyword = [], False
    for part in re.split(r",\s*(?![^(]*\))", signature[signature.index("(") + 1 : -1]):
        if part.strip() == "*":
            keyword = True
        elif part:
            kind, name = part.strip().split(" ", 1)
            name, _, default = name.partition("=")
            found.append((kind, name, keyword, default != ""))
    return found


def arguments(rng, signature, skip_first=False):
    """Arguments for a signature: right ones, with one or two wrong, missing or surplus here and there."""
    values, words = [], []
    spoilt = rng.random() < 0.4
    for kind, name, keyword, optional in parameters(signature)[skip_first:]:
        if optional and rng.random() < 0.6:
            if not keyword and rng.random() < 0.7:
                continue
            if keyword:
                continue
        if kind == "size" and not keyword and not words and rng.random() < 0.5:
            values += [rng.choice(SMALL * 3 + INTS) for _ in range(rng.randrange(4))]
            continue
        value = wrong(rng) if spoilt and rng.random() < 0.4 else right(rng, kind)
        if keyword or words or (optional and rng.random() < 0.7):
            words.append(f"{name}={value}")
        else:
            values.append(value)
    if spoilt and rng.random() < 0.15:
        values.append(wrong(rng))
    if spoilt and rng.random() < 0.1:
        name = rng.choice(["dim", "out", "x", "input", "dtype"])
        if not any(word.startswith(f"{name}=") for word in words):  # twice would be no Python
            words.append(f"{name}={wrong(rng)}")
    if spoilt and rng.random() < 0.02:
        words.append("**={'\\ud800': 1, 'dim': 2}")
    return values + words


def targets():
    """[(text before the arguments, signatures, whether the first argument stands before the dot)]."""
    rows = {row["name"]: row for row in cr._core.registry()}
    found = []
    for place, owner in (("cr._core", cr._core), ("cr._core._nn", cr._core._nn)):
        for name in sorted(vars(owner)):
            if callable(getattr(owner, name)) and not name.startswith("__") and name not in LEAVE_OUT:
                row = rows.get(name) or rows.get(name.rstrip("_"))
                found.append((f"{place}.{name}", row["signatures"] if row else None, False))
    for name in sorted(dir(cr.Tensor)):
        if name not in LEAVE_OUT and name not in ("__class__", "__init_subclass__", "__subclasshook__", "__dir__"):
            row = rows.get(name) or rows.get(name.rstrip("_"))
            found.append((name, row["signatures"] if row else None, True))
    for kind in ("cr.Generator()", "cr._core.Size((2, 3))", "(cr.ones(2, requires_grad=True) * 2).grad_fn"):
        for name in sorted(n for n in dir(eval(kind)) if not n.startswith("__") and n not in LEAVE_OUT):
            found.append((f"{kind}.{name}", None, False))
    return found


TARGETS = targets()


def case(seed, number):
    """(expressions of the arguments, the call as a line over a, b, c, ..., what to do with its result)."""
    rng = random.Random(f"{seed} {number}")
    text, signatures, method = rng.choice(TARGETS)
    if signatures:
        chosen = rng.choice(signatures)
        args = arguments(rng, chosen, skip_first=method)
    else:
        args = [wrong(rng) if rng.random() < 0.6 else tensor(rng) for _ in range(rng.choice([0, 1, 1, 2, 3]))]
        if not method and "." not in text[8:] and rng.random() < 0.6:
            args = [tensor(rng), *args[1:]]
    owner = [tensor(rng)] if method else []
    names = [chr(ord("a") + i) for i in range(26)]
    expressions, pieces = [], []
    for value in owner + args:
        keyword, equals, expression = value.partition("=") if re.match(r"(\w+|\*\*)=(?!=)", value) else ("", "", value)
        if keyword == "**":
            equals = ""
        name = f"v{len(expressions)}" if len(expressions) > 25 else names[len(expressions)]
        expressions.append((name, expression))
        python_word = f"**{{'{keyword}': {name}}}"  # as "from" of uniform_: only so can it be passed
        pieces.append(python_word if iskeyword(keyword) else keyword + equals + name)
    if method:
        attribute = getattr(cr.Tensor, text)
        call = f"{pieces[0]}.{text}" + (f"({', '.join(pieces[1:])})" if callable(attribute) else "")
        if not callable(attribute) and len(pieces) > 1:
            call = f"setattr({pieces[0]}, {text!r}, {pieces[1]})"
    else:
        call = f"{text}({', '.join(pieces)})"
    return expressions, call, rng.random()


def program(seed, number):
    """The call as a program that stands alone; an exception that the call may answer with is caught and shown."""
    expressions, call, _ = case(seed, number)
    lines = ["import sys", "import numpy as np, chainrule as cr"]
    text = " ".join(expression for _, expression in expressions)
    helpers = [name for name in ("Weird", "self_list") if f"{name}(" in text]
    if helpers:
        folder = os.path.dirname(os.path.abspath(__file__))
        lines += [f"sys.path.insert(0, {folder!r})", f"from arguments import {', '.join(helpers)}"]
    lines.append("try:")
    lines += [f"    {name} = {expression}" for name, expression in expressions]
    lines += [f"    r = {call}", "except NameError:", "    raise  # a fault of this program"]
    return "\n".join([*lines, "except Exception as error:", "    print(f'{type(error).__name__}: {error}'.encode())"])


def bits(value):
    """What a tensor holds, to see whether it was changed."""
    if not isinstance(value, cr.Tensor) or value.numel() > 10_000:
        return None
    return value.shape, value.dtype, value.detach().double().numpy().tobytes()  # NumPy has no bfloat16


def use(result, choice):
    """Look at what came back as a user would."""
    parts = [result] if isinstance(result, cr.Tensor) else list(result) if isinstance(result, (tuple, list)) else []
    for part in parts[:3]:
        if isinstance(part, cr.Tensor) and part.numel() < 10_000:
            if choice < 0.3:
                repr(part)
                part.detach().double().numpy().sum()
            if choice < 0.6 and part.requires_grad:
                part.sum().backward()
            if 0.6 < choice < 0.7 and part.requires_grad and part.grad_fn is not None:
                part.sum().backward(create_graph=True)


def complaint(error):
    """What is wrong with an exception; None if it is an answer to a caller."""
    if isinstance(error, (SyntaxError, NameError)):
        return f"a fault of this fuzzer: {type(error).__name__}: {error}"
    if isinstance(error, (SystemError, RecursionError)) and "self_list" not in str(error):
        return f"{type(error).__name__}: {error}"
    if CPP.search(str(error)) and "pybind11_" not in str(error):
        return f"words of C++: {type(error).__name__}: {error}"
    return None


def run_case(seed, number):
    """Runs one call; returns (whether it was refused, complaint or None)."""
    expressions, call, choice = case(seed, number)
    space = {"cr": cr, "np": np, "Weird": Weird, "self_list": self_list}
    for name, expression in expressions:
        try:
            space[name] = eval(expression, space)
        except Exception as error:  # views that the shape does not have
            return None, complaint(error)
    before = {name: bits(space[name]) for name, _ in expressions}
    try:
        result = eval(call, space)
    except Exception as error:
        trouble = complaint(error)
        for name, state in before.items():
            if state is not None and bits(space[name]) != state:
                trouble = trouble or f"refused ({error}), but {name} was changed"
        return True, trouble
    try:
        use(result, choice)
    except Exception as error:
        return False, complaint(error)
    return False, None


def child(seed, first, last, log):
    """Runs calls first to last; each number stands in the log before its call, complaints go to stdout."""
    sanitized = bool(cr.build_info()["sanitize"])
    if not sanitized:
        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    place = os.open(log, os.O_WRONLY | os.O_CREAT)
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    refused = done = 0
    for number in range(first, last):
        os.pwrite(place, f"{number:12d}".encode(), 0)
        faulthandler.dump_traceback_later(HANG_S, exit=True)
        started = time.perf_counter()
        was_refused, trouble = run_case(seed, number)
        if time.perf_counter() - started > (60 if sanitized else 10):
            trouble = trouble or f"took {time.perf_counter() - started:.0f} s"
        if trouble:
            print(f"FOUND {number} {trouble.replace(chr(10), ' ')[:300]}", flush=True)
        cr.set_num_threads(2)
        if not cr.is_grad_enabled():
            print(f"FOUND {number} left grad mode off", flush=True)
            cr._core.set_grad_enabled(True)
        refused += bool(was_refused)
        done += was_refused is not None
        if number % 200 == 0:
            cr.empty_cache() if hasattr(cr, "empty_cache") else cr._core.empty_cache()
    faulthandler.cancel_dump_traceback_later()
    os.pwrite(place, f"{last:12d}".encode(), 0)
    print(f"DONE {done} {refused}", flush=True)


def hunt(seed, calls, say=print):
    """Runs the calls in child processes; returns [(number, what is wrong)] and (calls made, calls refused)."""
    with tempfile.TemporaryDirectory(prefix="chainrule-fuzz-") as folder:
        return _hunt(seed, calls, say, os.path.join(folder, "number"))


def _hunt(seed, calls, say, log):
    found, told, next_one, made, refused = [], 0, 0, 0, 0
    # AddressSanitizer maps terabytes: in place of a limit for all addresses it has one for a single block.
    options = os.environ.get("ASAN_OPTIONS", "")
    environment = {**os.environ, "ASAN_OPTIONS": f"{options}:max_allocation_size_mb={MEMORY >> 20}".lstrip(":")}
    while next_one < calls:
        last = min(calls, next_one + BATCH)
        command = [sys.executable, os.path.abspath(__file__), "--child", log, "--seed", str(seed)]
        command += ["--first", str(next_one), "--calls", str(last)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        for number, what in re.findall(r"^FOUND (\d+) (.*)", done.stdout, re.M):
            found.append((int(number), what))
        summary = re.search(r"^DONE (\d+) (\d+)", done.stdout, re.M)
        if summary:
            made, refused, next_one = made + int(summary[1]), refused + int(summary[2]), last
        else:
            with open(log) as file:
                number = int(file.read())
            text = "\n".join(line for line in done.stderr.splitlines()[-60:] if line.strip())
            found.append((number, f"the process died ({done.returncode})\n{text}"))
            made += number + 1 - next_one
            next_one = number + 1
        for number, what in found[told:] if say else ():
            say(f"\n--- call {number} of seed {seed}: {what}\n{program(seed, number)}\n", flush=True)
        told = len(found)
        if say:
            say(f"{next_one} calls, {len(found)} findings", flush=True)
    return found, (made, refused)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int, help="print the program of this call and run it here")
    parser.add_argument("--first", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return child(options.seed, options.first, options.calls, options.child)
    if options.show is not None:
        print(program(options.seed, options.show), flush=True)
        print(run_case(options.seed, options.show))
        return 0
    found, (made, refused) = hunt(options.seed, options.calls)
    print(f"\n{made} calls of {len(TARGETS)} functions, {refused} refused, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
