"""Nanoseconds of each Python-level operation: chainrule beside PyTorch, on data too small to matter.

The ladder climbs from an empty call to a whole training step; each rung adds one thing to the one below. Libraries
take turns in one process, on one processor; shown is the median over the rounds.
"""

import argparse
import gc
import importlib
import importlib.util
import json
import os
import sys
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent))

from contestants import DROPPED, pinned_cpus

CHAIN = 1000


def plain_rungs(lib):
    """{name: callable}: each call is one operation."""
    a, b = lib.tensor([1.0, 2.0, 3.0, 4.0]), lib.tensor([0.5, 0.5, 0.5, 0.5])
    p, q = a.clone().requires_grad_(), b.clone().requires_grad_()
    matrix = lib.tensor([[0.1] * 4] * 4)
    row = lib.tensor([[1.0, 2.0, 3.0, 4.0]])
    layer = lib.nn.Sequential(lib.nn.Linear(4, 4), lib.nn.ReLU())
    number = lib.tensor(1.0)

    def nothing():
        pass

    def without_graph(function):
        def run(steps):
            with lib.no_grad():
                return repeat(function, steps)

        return run

    return {
        "a Python function that does nothing": nothing,
        "empty call: is_grad_enabled()": lib.is_grad_enabled,
        "with a tensor argument: a.dim()": a.dim,
        "with an output: a.detach()": a.detach,
        "to Python: number.item()": number.item,
        "from Python: tensor(1.0)": lambda: lib.tensor(1.0),
        "a + b, nothing requires a gradient": lambda: a + b,
        "a + b under no_grad": without_graph(lambda: p + q),
        "a * 2.0": lambda: a * 2.0,
        "relu(a)": lambda: lib.relu(a),
        "row @ matrix, 4x4": lambda: row @ matrix,
        "a + b recorded, then released": lambda: p + q,
        "Linear + ReLU, 4x4, no_grad": without_graph(lambda: layer(row)),
        "Linear + ReLU, 4x4, recorded": lambda: layer(row),
    }


def repeat(function, steps):
    """Seconds of `steps` calls."""
    count = range(steps)
    start = time.perf_counter()
    for _ in count:
        function()
    return time.perf_counter() - start


def chain_rungs(lib):
    """{name: function(steps) -> seconds for `steps` operations}, on chains of 1000 scalar operations."""
    x = lib.tensor(0.5, requires_grad=True)
    w = lib.tensor(0.9, requires_grad=True)

    def build():
        y = x
        for _ in range(CHAIN // 2):
            y = y * w + x
        return y

    def timed(before, action):
        def run(steps):
            seconds = 0.0
            for _ in range(max(1, steps // CHAIN)):
                value = before()
                start = time.perf_counter()
                value = action(value)
                seconds += time.perf_counter() - start
                x.grad = w.grad = None
            return seconds * steps / (max(1, steps // CHAIN) * CHAIN)

        return run

    def drop(holder):
        holder.clear()

    return {
        "chain, forward, each node": timed(lambda: None, lambda _: build()),
        "chain, backward, each node": timed(build, lambda y: y.backward()),
        "chain, release unwalked, each node": timed(lambda: [build()], drop),
    }


def training_rungs(lib):
    """{name: callable}: the parts of the smallest training step."""
    net = lib.nn.Sequential(lib.nn.Linear(4, 4), lib.nn.ReLU(), lib.nn.Linear(4, 4))
    inputs, targets = lib.tensor([[1.0, 2.0, 3.0, 4.0]]), lib.tensor([1])
    criterion = lib.nn.CrossEntropyLoss()
    sgd = lib.optim.SGD(net.parameters(), lr=1e-6)
    adam = lib.optim.Adam(net.parameters(), lr=1e-6)

    def step():
        sgd.zero_grad()
        criterion(net(inputs), targets).backward()
        sgd.step()

    step()
    return {
        "SGD step, 4 parameters": sgd.step,
        "Adam step, 4 parameters": adam.step,
        "whole step: 4-4-4 net, SGD": step,
    }


def make_rungs(lib):
    """{name: function(steps) -> seconds}; a part that the library lacks is left out."""
    rungs = {}
    for make in (plain_rungs, chain_rungs, training_rungs):
        try:
            made = make(lib)
        except AttributeError as error:
            print(f"{lib.__name__}: left out: {error}", file=sys.stderr)
            continue
        for name, function in made.items():
            timed_itself = make is chain_rungs or name.endswith("no_grad")
            rungs[name] = function if timed_itself else lambda steps, call=function: repeat(call, steps)
    return rungs


def steps_for(run, seconds):
    """How many steps last about so long."""
    steps = CHAIN
    while True:
        used = run(steps)
        if used > seconds / 4 or steps > 10**7:
            return max(CHAIN, int(steps * seconds / used) // CHAIN * CHAIN)
        steps *= 4


def measure(libraries, rounds, seconds):
    """[{"name": rung, "ns": {library: nanoseconds}}]"""
    rungs = {lib.__name__: make_rungs(lib) for lib in libraries}
    names = list(dict.fromkeys(name for made in rungs.values() for name in made))
    results = []
    for name in names:
        runs = {lib: made[name] for lib, made in rungs.items() if name in made}
        steps = {lib: steps_for(run, seconds) for lib, run in runs.items()}
        times = {lib: [] for lib in runs}
        for _ in range(rounds):
            for lib, run in runs.items():
                times[lib].append(run(steps[lib]) / steps[lib] * 1e9)
        results.append({"name": name, "ns": {lib: median(t) for lib, t in times.items()}})
    return results


def print_table(results, libraries):
    """Nanoseconds, and the last library's time as a multiple of the first's."""
    names = [lib.__name__ for lib in libraries]
    print(f"{'nanoseconds':<38}" + "".join(f"{name:>12}" for name in names) + (f"{'ratio':>9}" if names[1:] else ""))
    for row in results:
        values = [row["ns"].get(name) for name in names]
        cells = "".join(f"{value:>12.0f}" if value is not None else f"{'-':>12}" for value in values)
        ratio = f"{values[0] / values[-1]:>9.2f}" if len(values) > 1 and None not in values else ""
        print(f"{row['name']:<38}{cells}{ratio}")


def main(argv=None):
    """Run the ladder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--libraries", default="chainrule,torch", help="modules to compare, separated by commas; one "
                        "that is not installed is left out (default: chainrule,torch)")  # fmt: skip
    parser.add_argument("--rounds", type=int, default=11, help="rounds of each library (default 11)")
    parser.add_argument("--block", type=float, default=0.02, help="seconds of a round (default 0.02)")
    parser.add_argument("--json", metavar="FILE", help="write the figures as JSON")
    arguments = parser.parse_args(argv)
    if arguments.rounds < 1 or arguments.block <= 0:
        parser.error("--rounds and --block must be above zero")
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "CHAINRULE_NUM_THREADS"):
        os.environ[name] = "1"
    for name in DROPPED:
        os.environ.pop(name, None)
    if pinned_cpus(1):
        os.sched_setaffinity(0, pinned_cpus(1))
    wanted = [name.strip() for name in arguments.libraries.split(",")]
    libraries = [importlib.import_module(name) for name in wanted if importlib.util.find_spec(name)]
    if not libraries:
        parser.error(f"--libraries: none of {', '.join(wanted)} is installed")
    gc.collect()
    results = measure(libraries, arguments.rounds, arguments.block)
    print_table(results, libraries)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
