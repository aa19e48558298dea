"""Runs for long and watches memory: it must reach a plateau.

    python tests/soak/soak.py shapes --minutes 10     # training with ever other shapes; memory at minutes 2 and 10
    python tests/soak/soak.py nodes                   # a graph of a million nodes: built, walked, freed, five times
    python tests/soak/soak.py steps --steps 10000000  # tiny training steps

Each ends with exit code 1 if memory has grown.
"""

import argparse
import gc
import random
import sys
import time
from itertools import pairwise

import chainrule as cr
from chainrule import nn, optim
from chainrule.nn import functional as F

MB = 1 << 20


def resident():
    """Bytes of memory that the process holds now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


def report(when, start):
    stats = cr._core.memory_stats()
    print(
        f"{when}: resident {resident() / MB:.1f} MB (start {start / MB:.1f}), "
        f"in use {stats['bytes_in_use'] / MB:.2f} MB, cached {stats['bytes_cached'] / MB:.1f} MB, "
        f"tensors {cr._core.live_tensors()}, nodes {cr._core.live_nodes()}",
        flush=True,
    )


def network(rng):
    """A network of random kind and sizes, and a function that makes inputs and targets for it."""
    kind = rng.choice(["mlp", "cnn", "lstm", "attention"])
    batch = rng.randint(1, 64)
    if kind == "mlp":
        sizes = [rng.randint(1, 128) for _ in range(rng.randint(2, 5))]
        layers = []
        for a, b in pairwise(sizes):
            layers += [nn.Linear(a, b), rng.choice([nn.ReLU, nn.Tanh, nn.GELU, nn.Sigmoid])(), nn.Dropout(0.1)]
        return nn.Sequential(*layers), (batch, sizes[0])
    if kind == "cnn":
        channels, side = rng.randint(1, 4), rng.randint(6, 16)
        layers = [nn.Conv2d(channels, rng.randint(1, 16), 3, padding=1)]
        layers += [nn.BatchNorm2d(layers[0].out_channels), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
        return nn.Sequential(*layers), (min(batch, 24) + 1, channels, side, side)
    width = 4 * rng.randint(1, 8)
    length = rng.randint(1, 16)
    if kind == "lstm":
        return nn.LSTM(width, rng.randint(1, 32), batch_first=True), (min(batch, 16), length, width)
    return nn.TransformerEncoderLayer(width, 4, 2 * width, batch_first=True), (min(batch, 16), length, width)


def shapes(minutes, seed):
    rng, start, begin = random.Random(seed), resident(), time.monotonic()
    early, marks, steps = None, [1, 2, 5, 10, 20, 30, 60], 0
    cr.manual_seed(seed)
    while (elapsed := (time.monotonic() - begin) / 60) < minutes:
        net, shape = network(rng)
        opt = rng.choice([optim.SGD, optim.Adam, optim.AdamW, optim.RMSprop])(net.parameters(), lr=1e-3)
        for _ in range(rng.randint(1, 12)):
            opt.zero_grad()
            out = net(cr.randn(*shape))
            out = out[0] if isinstance(out, tuple) else out
            loss = F.mse_loss(out, cr.randn(*out.shape)) + out.sort(-1)[0].mean() * 1e-3
            if rng.random() < 0.05:
                cr.autograd.grad(loss, next(iter(net.parameters())), create_graph=True)
            loss.backward()
            opt.step()
            steps += 1
        while marks and elapsed >= marks[0]:
            report(f"minute {marks.pop(0)}, step {steps}", start)
            if elapsed >= 2 and early is None:
                early = resident()
    gc.collect()
    report(f"minute {minutes:g}, step {steps}", start)
    late = resident()
    if early is not None and late > early * 1.1 + 16 * MB:
        print(f"memory grows: {early / MB:.1f} MB at minute 2, {late / MB:.1f} MB at the end")
        return 1
    return 0


def nodes(depth=1_000_000):
    start, sizes = resident(), []
    for turn in range(5):
        x = cr.tensor(1.0, dtype=cr.float64, requires_grad=True)
        y = x
        for _ in range(depth // 2):
            y = y + y * 1e-6
        high = resident()
        begin = time.process_time()
        y.backward()
        walked = time.process_time() - begin
        begin = time.process_time()
        del y
        freed = time.process_time() - begin
        sizes.append(resident())
        print(
            f"graph {turn}: {high / MB:.1f} MB built, backward {walked:.2f} s, freed in {freed:.2f} s, "
            f"gradient {x.grad.item():.9f}"
        )
        report(f"after graph {turn}", start)
    return int(sizes[-1] > sizes[1] + 8 * MB)


def tiny_steps(steps):
    w = cr.tensor([0.1, -0.2], requires_grad=True)
    x = cr.tensor([1.0, 2.0])
    opt = optim.Adam([w], lr=1e-4)
    start, sizes, begin = resident(), [], time.process_time()
    for part in range(10):
        for _ in range(steps // 10):
            opt.zero_grad()
            loss = (w * x - 1.0).square().sum()
            loss.backward()
            opt.step()
        sizes.append(resident())
        report(f"{(part + 1) * (steps // 10)} steps, {time.process_time() - begin:.0f} s", start)
    return int(sizes[-1] > sizes[0] + 2 * MB)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["shapes", "nodes", "steps"])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--steps", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.what == "shapes":
        return shapes(options.minutes, options.seed)
    return nodes() if options.what == "nodes" else tiny_steps(options.steps)


if __name__ == "__main__":
    sys.exit(main())
