"""What compare.py shows: a table, the outcome of a check, a plot."""

from pathlib import Path
from statistics import median

from peers import PEERS

TOLERANCE = 1e-3  # float32 sums in different orders, and the floor's short polynomials


def processor_name():
    """The processor's name as the system gives it, or None."""
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return None
    for line in info.read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return None


def number(value):
    """Three significant digits, without an exponent."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def print_list(rows, peers):
    """Rows and peers."""
    for row in rows:
        print(f"{row.group:<11} {row.name:<26} {row.about}")
    print()
    for name in peers:
        print(f"{name:<14} {PEERS[name].about}")


def print_facts(facts, subject):
    """The lines above the table."""
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    print(f"{facts['date']}  {facts['processor']}  Python {facts['python']}  {versions}")
    cpus = ", ".join(map(str, facts["pinned_to"])) or "not pinned"
    print(f"{facts['threads']} thread(s), processor(s): {cpus}; "
          f"median of {facts['rounds']} alternating blocks of {facts['block_seconds']} s, "
          f"{facts['clock']} time")  # fmt: skip
    if facts["dropped_environment"]:
        print(f"Not passed on to the peers: {', '.join(facts['dropped_environment'])} (they force an OpenBLAS kernel)")
    print(f"Microseconds a step; in brackets the time of {subject} as a fraction of that peer's: "
          f"below 1, {subject} is faster.")  # fmt: skip


class Table:
    """Prints rows as they are measured."""

    def __init__(self, peers, subject, threads):
        self.subject = subject
        self.threads = threads
        self.others = [peer for peer in peers if peer != subject]
        self.group = None

    def _cells(self, name, mine, others, last=""):
        line = f"{name:<26}{mine:>12}" + "".join(f"{cell:>18}" for cell in others) + f"{last:>18}"
        print(line.rstrip(), flush=True)

    def _header(self, group, last=""):
        self.group = group
        print()
        self._cells(group, self.subject, self.others, last)

    def print_row(self, row):
        """One row, below the header of its group."""
        if row["group"] != self.group:
            self._header(row["group"], "torch: goal" if "torch" in self.others else "")
        times, ratio = row["median_us"], row["ratio"]
        cells = []
        for peer in self.others:
            fraction = f" ({ratio[peer]:.2f})" if peer in ratio else ""
            cells.append(number(times[peer]) + fraction if peer in times else "-")
        goal = ""
        if row["goal"] and "torch" in ratio:
            goal = f"{row['goal']:.3f} " + ("reached" if ratio["torch"] <= row["goal"] else "missed")
        self._cells(row["name"], number(times[self.subject]) if self.subject in times else "-", cells, goal)

    def print_startup(self, rows):
        """Import times and sizes."""
        if not rows:
            return
        self._header("startup")
        for row in rows:
            values = row["values"]
            cells = [number(values[peer]) if peer in values else "-" for peer in self.others]
            mine = number(values[self.subject]) if self.subject in values else "-"
            self._cells(f"{row['name']}, {row['unit']}", mine, cells)

    def print_memory(self, rows):
        """How far the peak of resident memory rose while a row was built and run."""
        rows = [row for row in rows if row["peak_kb"]]
        if not rows:
            return
        self._header("peak memory, MB")
        for row in rows:
            megabytes = {peer: number(kb / 1024) for peer, kb in row["peak_kb"].items() if kb is not None}
            self._cells(row["name"], megabytes.get(self.subject, "-"), [megabytes.get(p, "-") for p in self.others])

    def print_end(self, rows):
        """Seconds before the first step is done where they are long, and rows that failed."""
        for peer in [self.subject, *self.others]:
            slow = [row["build_seconds"][peer] for row in rows if peer in row["build_seconds"]]
            if slow and max(slow) > 2:
                print(f"\n{peer}: up to {max(slow):.1f} s before the first step of a row was done")
        waited = median(row["waited"] for row in rows) if rows else 0
        if waited > 0.05 and self.threads == 1:
            print(f"\nThe machine was busy: peers waited for their processor {waited:.0%} of the time. By the clock, "
                  "that falls into the figures. See --clock processor.")  # fmt: skip
        for row in rows:
            for peer, why in row["missing"].items():
                if why.startswith(("failed", "the process ended")) or peer == self.subject:
                    print(f"{row['name']}, {peer}: {why}")


def print_check(row, found, failed):
    """One line for each row: what the peers agree on, or how they differ. 1 if they differ, else 0."""
    for peer, why in failed.items():
        print(f"{row.name:<26} {peer}: {why}")
    if not found:
        return 0
    reference = "torch" if "torch" in found else next(iter(found))
    bad = []
    for peer, values in found.items():
        gaps = [abs(a - b) / max(abs(b), 1e-12) for a, b in zip(values, found[reference], strict=True)]
        if not max(gaps) <= TOLERANCE:
            bad.append(f"{peer} {values}")
    values = ", ".join(f"{value:.6g}" for value in found[reference])
    if bad:
        print(f"{row.name:<26} DIFFERS: {reference} {found[reference]} but " + "; ".join(bad))
    else:
        print(f"{row.name:<26} agree ({', '.join(found)}): {values}")
    return 1 if bad else 0


COLOURS = ["#0072B2", "#999999", "#D55E00", "#CC79A7", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#000000", "#8B4513"]


def plot(rows, subject, path, facts):
    """A line for each row, a dot for each peer: its time relative to the subject's, on a logarithmic axis."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = [row for row in rows if subject in row["median_us"]]
    names = [name for name in PEERS if any(name in row["median_us"] for row in rows)]
    figure, axes = pyplot.subplots(figsize=(9, 1.6 + 0.27 * len(rows)), layout="constrained")
    for name in names:
        points = [
            (row["median_us"][name] / row["median_us"][subject], -i)
            for i, row in enumerate(rows)
            if name in row["median_us"]
        ]
        colour = COLOURS[list(PEERS).index(name) % len(COLOURS)]
        marker = "|" if name == "floor" else "o"
        axes.scatter(*zip(*points, strict=True), label=name, color=colour, marker=marker, s=46, zorder=3)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.axvline(1, color="#777777", linewidth=1, zorder=1)
    axes.set_yticks([-i for i in range(len(rows))], [row["name"] for row in rows])
    axes.grid(axis="both", color="#E5E5E5", zorder=0)
    axes.set_xlabel(f"time of a step, relative to {subject} (right of 1: slower than {subject})")
    axes.set_title(f"{facts['threads']} thread(s), {facts['processor']}, {facts['date']}", fontsize=10)
    figure.legend(loc="outside lower center", ncols=5, frameon=False)
    figure.savefig(path, dpi=150)
