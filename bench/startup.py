"""Start-up rows: how long the import takes beyond NumPy's own, and how much is installed beyond NumPy."""

import importlib.metadata
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from statistics import median

from contestants import environment

TIMER = """
import time, numpy
start = time.perf_counter()
{imports}
print(time.perf_counter() - start)
"""

# What a training script of this peer imports.
IMPORTS = {
    "chainrule": "import chainrule",
    "torch": "import torch",
    "jax": "import jax, jax.numpy, optax",
    "sklearn": "import sklearn.neural_network",
    "autograd": "import autograd, autograd.numpy",
    "micrograd": "import micrograd.engine",
}


def import_seconds(peers, rounds):
    """{peer: median seconds}, interleaved, each in a fresh process; the first round fills the file cache."""
    times = {peer: [] for peer in peers}
    for i in range(rounds + 1):
        for peer in peers:
            code = TIMER.format(imports=IMPORTS[peer])
            done = subprocess.run([sys.executable, "-c", code], env=environment(1), capture_output=True, text=True)
            if done.returncode == 0 and i > 0:
                times[peer].append(float(done.stdout))
    return {peer: median(values) for peer, values in times.items() if values}


def _requirements(name):
    """Distributions that `name` needs, without extras."""
    try:
        lines = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return []
    return [re.match(r"[\w.-]+", line).group() for line in lines if "extra ==" not in line]


def _distribution_bytes(name):
    """Size of the files of one installed distribution; 0 where it is not installed."""
    try:
        files = importlib.metadata.files(name) or []
    except importlib.metadata.PackageNotFoundError:
        return 0
    paths = {Path(file.locate()) for file in files}
    return sum(path.stat().st_size for path in paths if path.is_file())


def installed_bytes(peer):
    """Size of the peer and all that it requires, beyond NumPy."""
    name = {"sklearn": "scikit-learn"}.get(peer, peer)
    seen, waiting, total = {"numpy"}, [name] + (["optax"] if peer == "jax" else []), 0
    while waiting:
        current = waiting.pop()
        key = re.sub(r"[-_.]+", "-", current).lower()
        if key in seen:
            continue
        seen.add(key)
        total += _distribution_bytes(current)
        waiting += _requirements(current)
    if total == 0:  # on the path without being installed
        spec = importlib.util.find_spec(peer)
        folders = spec.submodule_search_locations if spec else []
        total = sum(path.stat().st_size for folder in folders for path in Path(folder).rglob("*") if path.is_file())
    return total


def measure(peers, rounds):
    """[{"name", "unit", "values": {peer: number}}] for the table."""
    peers = [peer for peer in peers if peer in IMPORTS]
    seconds = import_seconds(peers, rounds)
    sizes = {peer: installed_bytes(peer) for peer in peers}
    return [
        {"name": "import beyond NumPy", "unit": "ms", "values": {p: s * 1e3 for p, s in seconds.items()}},
        {"name": "installed beyond NumPy", "unit": "MB", "values": {p: b / 1e6 for p, b in sizes.items() if b}},
    ]
