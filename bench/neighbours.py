"""Does importing chainrule beside another library slow either down?

    python bench/neighbours.py                 # all that are installed, some minutes
    python bench/neighbours.py --rounds 9 torch

For each neighbour: the time of a training step here and of a piece of work there, each alone and with the other
imported before it; processor time in fresh processes, interleaved. A ratio above 1.2 is marked.
"""

import argparse
import importlib.util
import subprocess
import sys
from statistics import median

OURS = """
import chainrule as cr
net = cr.nn.Sequential(cr.nn.Linear(64, 128), cr.nn.ReLU(), cr.nn.Linear(128, 10))
opt, x = cr.optim.Adam(net.parameters()), cr.randn(256, 64)
big = cr.randn(500, 500)
def work():
    opt.zero_grad(); (net(x) ** 2).mean().backward(); opt.step(); (big @ big).exp().sum()
"""
THEIRS = {
    "torch": """
import torch
m = torch.randn(500, 500)
def work(): (m @ m).exp().sum()
""",
    "sklearn": """
import numpy
from sklearn.cluster import KMeans
points = numpy.random.default_rng(0).standard_normal((2000, 8))
def work(): KMeans(8, n_init=1, random_state=0).fit(points)
""",
    "scipy": """
import numpy, scipy.linalg
m = numpy.random.default_rng(0).standard_normal((300, 300))
def work(): scipy.linalg.svd(m)
""",
    "xgboost": """
import numpy, xgboost
data = xgboost.DMatrix(numpy.random.default_rng(0).standard_normal((2000, 8)), numpy.arange(2000) % 2)
def work(): xgboost.train({}, data, 5)
""",
    "pyarrow": """
import pyarrow, pyarrow.compute
a = pyarrow.array(range(100000))
def work(): pyarrow.compute.sum(a)
""",
}
TIMER = """
import time
work(); work()
times = []
for _ in range(15):
    start = time.process_time(); work(); times.append(time.process_time() - start)
print(sorted(times)[len(times) // 2])
"""


def seconds(before, code):
    done = subprocess.run(
        [sys.executable, "-c", before + "\n" + code + TIMER], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"neighbours, of {', '.join(THEIRS)}")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    names = options.names or [name for name in THEIRS if importlib.util.find_spec(name)]
    slow = False
    for name in names:
        times = {"ours alone": [], "ours beside": [], "theirs alone": [], "theirs beside": []}
        for _ in range(options.rounds):
            times["ours alone"].append(seconds("", OURS))
            times["ours beside"].append(seconds(f"import {name}", OURS))
            times["theirs alone"].append(seconds("", THEIRS[name]))
            times["theirs beside"].append(seconds("import chainrule", THEIRS[name]))
        middle = {key: median(values) for key, values in times.items()}
        for who in ("ours", "theirs"):
            ratio = middle[f"{who} beside"] / middle[f"{who} alone"]
            slow |= ratio > 1.2
            label = "chainrule beside " + name if who == "ours" else name + " beside chainrule"
            print(f"{label}: {middle[f'{who} beside'] * 1e3:.2f} ms, alone {middle[f'{who} alone'] * 1e3:.2f} ms, "
                  f"ratio {ratio:.2f}{' SLOWER' if ratio > 1.2 else ''}", flush=True)  # fmt: skip
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
