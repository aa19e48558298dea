"""Instructions of each Python-level operation of chainrule, counted by valgrind's callgrind.

The ladder is overhead.py's. A count tells nothing about time, but it is the same on a busy machine, so it shows what a
change to the path of an operation costs or saves. The interpreter's own share is in it: the first rung. Valgrind knows
no AVX-512, so kernels are those for AVX2.

    python bench/instructions.py            # needs valgrind on the path
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

STEPS = 1000  # overhead.py's chains have as many operations
MARK = "getppid"  # a C function that nothing else calls: callgrind writes its counts and starts anew when it is entered


def run_rungs():
    """The measured process: each rung once to warm up, then twice as long a second time as the first."""
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import overhead

    import chainrule

    os.getppid()
    for run in overhead.make_rungs(chainrule).values():
        run(STEPS)
        os.getppid()
        run(STEPS)
        os.getppid()
        run(2 * STEPS)
        os.getppid()


def rung_names():
    """The names, in the order of the run."""
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import overhead

    import chainrule

    return list(overhead.make_rungs(chainrule))


def counts(folder):
    """Instructions between the marks, in order."""
    found = []
    for path in folder.glob("out.*"):
        text = path.read_text()
        part = re.search(r"^part: (\d+)$", text, re.MULTILINE)
        total = re.search(r"^(?:summary|totals): (\d+)", text, re.MULTILINE)
        if part and total:
            found.append((int(part[1]), int(total[1])))
    return [total for _, total in sorted(found)]


def measure():
    """{rung: instructions a step}"""
    names = rung_names()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", f"--dump-before={MARK}"]
        environment = {**os.environ, "CHAINRULE_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
        done = subprocess.run(
            [*command, sys.executable, __file__, "--child"], capture_output=True, text=True, env=environment
        )
        if done.returncode:
            raise SystemExit(f"the measured process failed:\n{done.stderr[-2000:]}")
        parts = counts(folder)[1:]  # the first ends where the first rung begins
    if len(parts) < 3 * len(names):
        raise SystemExit(f"callgrind gave {len(parts)} counts, expected {3 * len(names)}")
    found = {rung: (parts[3 * i + 2] - parts[3 * i + 1]) / STEPS for i, rung in enumerate(names)}
    # Each rung of the chain builds it and lets it go; time tells these apart, a count does not.
    both = found.pop("chain, forward, each node")
    del found["chain, release unwalked, each node"]
    found["chain, backward, each node"] -= both
    return {**found, "chain, forward and release, each node": both}


def main(argv=None):
    """Count, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", metavar="FILE", help="write the figures as JSON")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.child:
        run_rungs()
        return 0
    if not shutil.which("valgrind"):
        parser.error("valgrind is not installed (Debian: apt-get install valgrind)")
    results = measure()
    print(f"{'instructions':<38}{'chainrule':>12}")
    for name, count in results.items():
        print(f"{name:<38}{count:>12.0f}")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
