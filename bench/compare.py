"""Compare chainrule with PyTorch, JAX, NumPy and others, side by side in one run.

Every peer runs in a process of its own, pinned to the same processor (or two), and computes a block of steps when told
to; the blocks of all peers alternate, so that a slow moment of the machine hits all alike. Shown are the median time of
a step and the median, over the rounds, of the ratio to each peer. README.md beside this file says more.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import sys
import time
from pathlib import Path
from statistics import median, quantiles

sys.path.insert(0, str(Path(__file__).resolve().parent))

import report
import startup
from contestants import DROPPED, allowed_cpus, enter, pinned_cpus
from peers import ON_REQUEST, PEERS, Unavailable
from workloads import WORKLOADS


def parse_arguments(argv):
    """The command line."""
    names = ", ".join(PEERS)
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="rows: " + ", ".join(row.name for row in WORKLOADS),
    )
    add = parser.add_argument
    add("--only", metavar="ROWS", help="rows to run, by name, group or part of a name, separated by commas; groups: "
        "steps, operations, networks, inference, optimizers, startup")  # fmt: skip
    add("--peers", metavar="PEERS", help=f"peers to run, separated by commas; default: all installed. Known: {names}")
    add("--subject", metavar="PEER", help="the peer that the ratios compare with the others (default: chainrule, or "
        "the first of --peers if chainrule is not among them)")  # fmt: skip
    add("--threads", type=int, default=1, metavar="N", help="threads of each peer, and processors they are pinned to "
        "(default 1; the floor always uses one)")  # fmt: skip
    add("--rounds", type=int, metavar="N", help="blocks of each peer (default 15)")
    add("--block", type=float, metavar="SECONDS", help="length of a block (default 0.1)")
    add("--clock", choices=("wall", "processor"), default="wall", help="count time by the clock (wall, the default) or "
        "only the time for which a peer had a processor, summed over its threads: for a machine that others use too, "
        "with one thread")  # fmt: skip
    add("--quick", action="store_true", help="a rough picture: 3 rounds of 0.03 seconds")
    add("--check", action="store_true", help="time nothing: compare the losses and gradients of three steps between "
        "the peers")  # fmt: skip
    add("--json", metavar="FILE", help="write all figures as JSON")
    add("--plot", metavar="FILE", help="draw the times of all peers relative to the subject (needs matplotlib)")
    add("--list", action="store_true", help="list rows and peers, then stop")
    arguments = parser.parse_args(argv)
    available = len(allowed_cpus()) or os.cpu_count()
    if not 1 <= arguments.threads <= available:
        parser.error(f"--threads: must be from 1 to {available}, the processors at hand, got {arguments.threads}")
    for name in ("rounds", "block"):
        value = getattr(arguments, name)
        if value is not None and value <= 0:
            parser.error(f"--{name}: must be above zero, got {value}")
    if arguments.plot and importlib.util.find_spec("matplotlib") is None:
        parser.error("--plot: needs matplotlib (pip install matplotlib)")
    arguments.rounds = arguments.rounds or (3 if arguments.quick else 15)
    arguments.block = arguments.block or (0.03 if arguments.quick else 0.1)
    return parser, arguments


def choose_peers(parser, wanted):
    """Names of the peers to run. Those asked for must be installed, the others are taken if they are."""
    installed = [p.name for p in PEERS.values() if not p.imports or importlib.util.find_spec(p.imports)]
    if not wanted:
        return [name for name in installed if name not in ON_REQUEST]
    names = [name.strip() for name in wanted.split(",")]
    for name in names:
        if name not in PEERS:
            parser.error(f"--peers: unknown peer {name!r}. Known: {', '.join(PEERS)}")
        if name not in installed:
            parser.error(f"--peers: {name} is not installed")
    return names


def choose_rows(parser, wanted):
    """(rows, whether start-up is measured too)"""
    if not wanted:
        return WORKLOADS, True
    chosen, start = [], False
    for word in (word.strip() for word in wanted.split(",")):
        exact = [row for row in WORKLOADS if word in (row.name, row.group)]
        found = exact or [row for row in WORKLOADS if word in row.name]
        start = start or word == "startup"
        if not found and word != "startup":
            parser.error(f"--only: no row or group {word!r}. See --list")
        chosen += [row for row in found if row not in chosen]
    return [row for row in WORKLOADS if row in chosen], start


def enter_all(row, peers, threads, lr=None):
    """({peer: contestant with the row built}, {peer: seconds to build}, {peer: why it is missing})

    The processes start together, since imports take long, but build one after the other.
    """
    contestants, seconds, missing = {}, {}, {}
    for peer in peers:
        try:
            contestants[peer] = enter(peer, threads)
        except Unavailable as error:
            missing[peer] = str(error)
    for peer in list(contestants):
        try:
            seconds[peer] = contestants[peer].build(row, lr)
        except (Unavailable, RuntimeError) as error:
            missing[peer] = str(error)
            contestants.pop(peer).close()
    return contestants, seconds, missing


def steps_in_block(contestant, block):
    """How many steps fill a block, from a few that are timed after the first have warmed up."""
    steps = 1
    while True:
        seconds, _ = contestant.run(steps, warm=1)
        if seconds > block / 4 or steps > 10**6:
            return max(1, round(steps * block / seconds))
        steps *= 4


def measure(row, peers, arguments):
    """Time one row: {"times": {peer: seconds of a step, each round}, ...}."""
    contestants, build, missing = enter_all(row, peers, arguments.threads)
    try:
        blocks = {peer: steps_in_block(c, arguments.block) for peer, c in contestants.items()}
        times = {peer: [] for peer in contestants}
        wall = processor = 0.0
        order = list(contestants)
        for _ in range(arguments.rounds):
            for peer in order:
                steps = blocks[peer]
                seconds = contestants[peer].run(steps, warm=max(1, steps // 10))
                times[peer].append(seconds[arguments.clock == "processor"] / steps)
                wall, processor = wall + seconds[0], processor + seconds[1]
            order = order[1:] + order[:1]  # so that nobody always follows the same neighbour
        peak = {peer: c.peak_kb() for peer, c in contestants.items()}
    finally:
        for contestant in contestants.values():
            contestant.close()
    waited = 1 - processor / wall if wall else 0.0
    return {"times": times, "build_seconds": build, "missing": missing, "peak_kb": peak, "waited": waited}


def summarise(row, measured, subject):
    """What the table and the JSON file say about one row."""
    times = measured["times"]
    summary = {
        "name": row.name, "group": row.group, "about": row.about, "goal": row.goal,
        "median_us": {peer: median(values) * 1e6 for peer, values in times.items()},
        "quartiles_us": {}, "ratio": {},
        "build_seconds": measured["build_seconds"],
        "peak_kb": measured["peak_kb"],
        "waited": measured["waited"],
        "missing": measured["missing"],
    }  # fmt: skip
    for peer, values in times.items():
        low, _, high = quantiles(values, n=4) if len(values) > 1 else values * 3
        summary["quartiles_us"][peer] = [low * 1e6, high * 1e6]
        if subject in times and peer != subject:
            pairs = zip(times[subject], values, strict=True)
            summary["ratio"][peer] = median(mine / theirs for mine, theirs in pairs)
    return summary


def check(rows, peers):
    """Compare three steps of every row between the peers; the number of rows that differ."""
    wrong = 0
    for row in rows:
        if row.group == "networks":
            continue
        lr = 1e-4 if row.kind == "lecture" else 1e-2
        contestants, _, missing = enter_all(row, peers, 1, lr)
        found = {}
        for peer, contestant in contestants.items():
            values = contestant.check(3)
            if values[0] is not None:
                found[peer] = values
            contestant.close()
        failed = {peer: why for peer, why in missing.items() if why.startswith("failed")}
        wrong += report.print_check(row, found, failed)
    return wrong


def machine(arguments):
    """What the figures depend on."""
    versions = {}
    for peer in PEERS.values():
        if peer.imports:
            try:
                name = {"sklearn": "scikit-learn"}.get(peer.imports, peer.imports)
                versions[peer.imports] = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                pass
    return {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "processor": report.processor_name() or platform.processor(),
        "pinned_to": pinned_cpus(arguments.threads),
        "threads": arguments.threads,
        "rounds": arguments.rounds,
        "block_seconds": arguments.block,
        "clock": arguments.clock,
        "python": platform.python_version(),
        "versions": versions,
        "dropped_environment": [name for name in DROPPED if name in os.environ],
    }


def main(argv=None):
    """Run what the command line asks for."""
    parser, arguments = parse_arguments(argv)
    peers = choose_peers(parser, arguments.peers)
    rows, with_startup = choose_rows(parser, arguments.only)
    subject = arguments.subject or ("chainrule" if "chainrule" in peers else peers[0])
    if subject not in peers:
        parser.error(f"--subject: {subject} is not among the peers that run ({', '.join(peers)})")
    if arguments.list:
        report.print_list(rows, peers)
        return 0
    if arguments.check:
        return 1 if check(rows, peers) else 0
    facts = machine(arguments)
    report.print_facts(facts, subject)
    table = report.Table(peers, subject, arguments.threads)
    results = []
    for row in rows:
        results.append(summarise(row, measure(row, peers, arguments), subject))
        table.print_row(results[-1])
    start = startup.measure(peers, 2 if arguments.quick else 5) if with_startup else []
    table.print_startup(start)
    table.print_memory(results)
    table.print_end(results)
    if arguments.json:
        data = {"machine": facts, "subject": subject, "rows": results, "startup": start}
        Path(arguments.json).write_text(json.dumps(data, indent=1) + "\n")
    if arguments.plot:
        report.plot(results, subject, arguments.plot, facts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
