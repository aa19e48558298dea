"""Time each operation in chainrule and PyTorch, side by side in one process: where are we slower?

    python bench/sweep.py [--only sin,elementwise] [--sizes medium,large] [--worse 1.0] [--json out.json]

One processor, one thread. Blocks of the two libraries alternate; shown are the median microseconds of a call and the
median over the rounds of the ratio of two neighbouring blocks: below 1, chainrule is faster. `forward` runs without a
graph; `both` is forward with a graph and the gradients of all floating inputs. Time is the processor's, not the
clock's, so that other programs disturb little.
"""

import argparse
import gc
import json
import os
import sys
import time
from statistics import median

import numpy as np
from contestants import DROPPED, pinned_cpus
from report import number
from sweep_rows import ROWS, SIZES

HEAD = ("row", "size", "forward", "torch", "ratio", "both", "torch", "ratio")


def make_call(library, row, size, backward):
    """A function without arguments that runs the row once."""
    tensors = []
    for value in row.inputs(np.random.default_rng(0), size):
        if not isinstance(value, np.ndarray):
            tensors.append(value)
            continue
        tensor = library.from_numpy(np.array(value, order="C"))
        tensors.append(tensor)
    floating = [t for t in tensors if hasattr(t, "is_floating_point") and t.is_floating_point()]
    function = row.function(library)
    if not backward:

        def forward():
            with library.no_grad():
                return function(*tensors)

        return forward
    for tensor in floating:
        tensor.requires_grad_()
    output = function(*tensors)
    shape, dtype = tuple(output.shape), str(output.dtype).split(".")[-1]
    grad_output = library.from_numpy(np.random.default_rng(1).uniform(0.5, 1.5, shape).astype(dtype))
    grad = library.autograd.grad
    return lambda: grad(function(*tensors), floating, grad_output)


def time_block(call, count):
    """Processor seconds of one call, from a block of them."""
    start = time.process_time()
    for _ in range(count):
        call()
    return (time.process_time() - start) / count


def compare(mine, other, rounds, block):
    """(microseconds here, there, ratio): blocks of about `block` seconds, alternating."""
    counts = []
    for call in (mine, other):
        call()
        once = max(min(time_block(call, 1), time_block(call, 3)), 1e-7)
        counts.append(max(1, int(block / once)))
    pairs = []
    for _ in range(rounds):
        gc.collect(0)
        pairs.append((time_block(mine, counts[0]), time_block(other, counts[1])))
    ours, theirs = zip(*pairs, strict=True)
    return median(ours) * 1e6, median(theirs) * 1e6, median(a / b for a, b in pairs)


def measure(row, size, libraries, rounds, block):
    """One row at one size: {"forward": (us, us, ratio), "both": the same or None}."""
    result = {"row": row.name, "size": size}
    for kind in ("forward", "both") if row.grad else ("forward",):
        calls = [make_call(library, row, size, kind == "both") for library in libraries]
        result[kind] = compare(*calls, rounds, block)
    return result


def show(result):
    """One line of the table."""
    cells = [result["row"], result["size"]]
    for kind in ("forward", "both"):
        cells += [number(result[kind][0]), number(result[kind][1]), f"{result[kind][2]:.2f}"] if kind in result else []
    print(f"{cells[0]:<34}{cells[1]:<8}" + "".join(f"{cell:>10}" for cell in cells[2:]), flush=True)


def parse_arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", help="rows or groups, separated by commas; a name ending in * matches all that begin so"
    )
    parser.add_argument("--sizes", default="small,medium,large", help="of small, medium, large (default all)")
    parser.add_argument("--worse", type=float, default=0.0, help="show only rows with a ratio beyond this")
    parser.add_argument("--rounds", type=int, default=7, help="pairs of blocks (default 7)")
    parser.add_argument("--block", type=float, default=0.004, help="seconds of a block (default 0.004)")
    parser.add_argument("--json", help="write all figures there")
    parser.add_argument("--list", action="store_true", help="list the rows, then stop")
    arguments = parser.parse_args()
    arguments.sizes = arguments.sizes.split(",")
    if not set(arguments.sizes) <= set(SIZES):
        parser.error(f"--sizes: of {', '.join(SIZES)}, got {','.join(arguments.sizes)}")
    return parser, arguments


def chosen(parser, only):
    """The rows to run."""
    if not only:
        return ROWS
    rows = []
    for word in only.split(","):
        start = word.removesuffix("*")
        found = [r for r in ROWS if word in (r.name, r.group) or (word.endswith("*") and r.name.startswith(start))]
        if not found:
            parser.error(f"--only: no row or group {word!r}; --list shows them")
        rows += found
    return rows


def main():
    parser, arguments = parse_arguments()
    rows = chosen(parser, arguments.only)
    if arguments.list:
        for row in rows:
            print(f"{row.group:<14}{row.name}")
        return 0
    for variable in DROPPED:
        os.environ.pop(variable, None)
    import torch

    import chainrule

    if cpus := pinned_cpus(1):
        os.sched_setaffinity(0, cpus)
    for library in (chainrule, torch):
        library.set_num_threads(1)
    print(f"{HEAD[0]:<34}{HEAD[1]:<8}" + "".join(f"{cell:>10}" for cell in HEAD[2:]))
    results = []
    for row in rows:
        for size in arguments.sizes:
            if size not in row.sizes:
                continue
            result = measure(row, size, (chainrule, torch), arguments.rounds, arguments.block)
            results.append(result)
            if max(result[kind][2] for kind in ("forward", "both") if kind in result) > arguments.worse:
                show(result)
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump({"chainrule": chainrule.__version__, "torch": torch.__version__, "rows": results}, file, indent=1)
    behind = sum(result[kind][2] > 1 for result in results for kind in ("forward", "both") if kind in result)
    timed = sum(kind in result for result in results for kind in ("forward", "both"))
    print(f"{timed} timings, {behind} behind PyTorch")
    return 0


if __name__ == "__main__":
    sys.exit(main())
