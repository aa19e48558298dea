"""Processes that run the steps: a Python worker for each library, the C++ program for the floor."""

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from peers import PEERS, Unavailable, floor

HERE = Path(__file__).resolve().parent

# A processor type forced on OpenBLAS from outside slows a current OpenBLAS, so the workers do not see it.
DROPPED = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


def environment(threads):
    """The environment of every contestant: so many threads, and no forced OpenBLAS kernel."""
    env = {key: value for key, value in os.environ.items() if key not in DROPPED}
    for name in ("OMP", "OPENBLAS", "MKL", "CHAINRULE", "NUMEXPR"):
        env[f"{name}_NUM_THREADS"] = str(threads)
    env["JAX_PLATFORMS"] = "cpu"
    if threads == 1:
        env["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    return env


def allowed_cpus():
    """The processors this process may use; [] where the system cannot tell."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def pinned_cpus(threads):
    """The last `threads` processors that this process may use (the first serve most interrupts)."""
    return allowed_cpus()[-threads:]


def start(command, threads):
    """A process on the pinned processors, with pipes for text."""
    cpus = pinned_cpus(threads)
    pin = (lambda: os.sched_setaffinity(0, cpus)) if cpus else None
    # Standard error goes to a file: a pipe that nobody reads would fill up and block the process.
    errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed in stop)
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        env=environment(threads),
        preexec_fn=pin,
    )
    process.errors = errors
    return process


def stop(process):
    """Close the pipes, which ends the process, and wait for it."""
    process.stdin.close()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()
    process.errors.close()


def ask(process, line):
    """Send one line, return the answering line; RuntimeError with the end of standard error if it died."""
    try:
        process.stdin.write(line + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
    except BrokenPipeError:
        answer = ""
    if not answer:
        process.errors.seek(0)
        last = process.errors.read().strip().splitlines()[-1:]
        raise RuntimeError(f"the process ended: {last[0] if last else 'no message'}")
    return answer


class Library:
    """A peer written in Python."""

    def __init__(self, name, threads):
        self.name = name
        self.process = start([sys.executable, str(HERE / "worker.py"), name], threads)

    def _ask(self, **request):
        return json.loads(ask(self.process, json.dumps(request)))

    def build(self, row, lr=None):
        """Seconds to build the row and take its first step."""
        answer = self._ask(build=row.name, lr=lr)
        if "missing" in answer:
            raise Unavailable(("failed: " if answer.get("failed") else "") + answer["missing"])
        return answer["seconds"]

    def run(self, steps, warm):
        """Seconds of so many steps: (by the clock, of the processor)."""
        answer = self._ask(run=steps, warm=warm)
        return answer["seconds"], answer["processor"]

    def check(self, steps):
        """The summary after each step."""
        return self._ask(check=steps)["values"]

    def peak_kb(self):
        """Growth of peak memory since before the row was built."""
        return self._ask(memory=True)["peak_kb"]

    def close(self):
        """End the process."""
        stop(self.process)


class Floor:
    """The floor program."""

    def __init__(self, name, threads):
        self.name = name
        self.threads = threads
        self.process = None
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        self.program = floor.build(Path(cache) / "chainrule-bench")

    def build(self, row, lr=None):
        """Start it for the row; 0 seconds, as it is compiled already."""
        self.arguments = floor.arguments(row if lr is None else dataclasses.replace(row, lr=lr))
        self.process = start([str(self.program), *self.arguments, "--serve"], self.threads)
        return 0.0

    def run(self, steps, warm):
        """Seconds of so many steps: (by the clock, of the processor)."""
        ask(self.process, str(warm))
        return tuple(map(float, ask(self.process, str(steps)).split()))

    def check(self, steps):
        """The summary after each step, from a process of its own."""
        command = [str(self.program), *self.arguments, "--check", str(steps)]
        return json.loads(subprocess.check_output(command, text=True, env=environment(1)))

    def peak_kb(self):
        """Not asked of the floor."""
        return None

    def close(self):
        """End the process."""
        if self.process is not None:
            stop(self.process)


def enter(name, threads):
    """The contestant of a peer."""
    return (Floor if PEERS[name].module == "floor" else Library)(name, threads)
