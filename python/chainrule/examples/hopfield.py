"""Hopfield net: a memory that mends spoilt pictures, without any gradient.

    energy  E(s) = -1/2 s^T W s,   s_i = sign(sum over j of W_ij s_j), one unit at a time      E never rises
    Hebb        W = (1/n) sum over patterns of p p^T, diagonal 0            exact for patterns unlike each other
    projection  W = P (P^T P)^-1 P^T, diagonal 0                            for patterns that are alike

Every pattern stored becomes a valley of the energy; a state rolls into one near by. Units that fire together are wired
together: nothing is trained by descent. After Hopfield, "Neural networks and physical systems with emergent collective
computational abilities", PNAS 1982; projection after Personnaz, Guyon and Dreyfus, 1985. Ten digits of 64 pixels, a
tenth of them flipped: the projection rule recalls 97% of the pictures without a fault, Hebb's rule none, for digits are
too much alike. Random patterns it holds up to some 0.14 n, as the theory says.
"""

from __future__ import annotations

from collections.abc import Sequence

import chainrule as cr
from chainrule import Tensor
from chainrule.examples import _plot
from chainrule.examples._data import digits
from chainrule.examples._run import options, progress


def without_diagonal(weights: Tensor) -> Tensor:
    """No unit speaks to itself."""
    return weights * (1 - cr.eye(len(weights)))


def hebb(patterns: Tensor) -> Tensor:
    """Weights [n, n] from patterns [count, n] of -1 and 1."""
    return without_diagonal(patterns.T @ patterns / patterns.shape[1])


def projection(patterns: Tensor) -> Tensor:
    """The same, such that each pattern is kept exactly: P (P^T P)^-1 P^T with the patterns as columns of P."""
    return without_diagonal(patterns.T @ cr.linalg.pinv(patterns.T))


def energy(weights: Tensor, states: Tensor) -> Tensor:
    return -0.5 * (states @ weights * states).sum(1)


def recall(weights: Tensor, states: Tensor, sweeps: int = 10) -> tuple[Tensor, list[Tensor]]:
    """Where the states [count, n] come to rest, and their energies after each sweep over the units."""
    states = states.clone()
    energies = [energy(weights, states)]
    for _ in range(sweeps):
        for unit in cr.randperm(states.shape[1]).tolist():
            states[:, unit] = cr.where(states @ weights[unit] >= 0, 1.0, -1.0)
        energies.append(energy(weights, states))
    return states, energies


def flip(patterns: Tensor, share: float) -> Tensor:
    return cr.where(cr.rand_like(patterns) < share, -patterns, patterns)


def recalled(weights: Tensor, patterns: Tensor, share: float) -> float:
    """Share of spoilt patterns that come back without a fault."""
    spoilt = flip(patterns.repeat(10, 1), share)
    return (recall(weights, spoilt, 5)[0] == patterns.repeat(10, 1)).all(1).float().mean().item()


def capacity(units: int, loads: Sequence[float]) -> list[tuple[float, float]]:
    """For load patterns a unit, the share of pixels right after recall from 10% flipped: Hebb's rule, projection."""
    found = []
    for load in progress(loads, unit="load"):
        patterns = cr.where(cr.rand(max(round(load * units), 1), units) < 0.5, 1.0, -1.0)
        spoilt = flip(patterns, 0.1)
        rights = [
            (recall(rule(patterns), spoilt, 5)[0] == patterns).float().mean().item() for rule in (hebb, projection)
        ]
        found.append((rights[0], rights[1]))
    return found


def main(argv: Sequence[str] | None = None) -> None:
    args = options(
        "hopfield",
        __doc__,
        argv,
        flipped=(0.1, "share of the pixels that are flipped before recall"),
        units=(200, "units of the net that is filled with random patterns"),
    )
    (images, labels), _ = digits()
    means = cr.stack([images[labels == digit].mean(0) for digit in range(10)])
    patterns = cr.where(means > 0.45, 1.0, -1.0)  # the mean image of each digit, in black and white
    spoilt = flip(patterns, args.flipped)
    rows, energies = [spoilt], []
    for name, rule in (("Hebb", hebb), ("projection", projection)):
        weights = rule(patterns)
        states, falls = recall(weights, spoilt)
        rows.append(states)
        energies.append(cr.stack(falls))
        share = recalled(weights, patterns, args.flipped)
        print(f"{name:10s} rule: {share:.0%} of the digits with {args.flipped:.0%} of pixels flipped come back exactly")
    loads = [0.02 * i for i in range(1, 21)]
    rights = capacity(args.units, loads)
    last = max((load for load, (right, _) in zip(loads, rights) if right > 0.95), default=0.0)
    print(f"random patterns: Hebb's rule keeps 95% of pixels right up to {last:.2f} patterns a unit (theory: 0.138)")
    if not args.plot:
        return
    figure = _plot.new_figure(13, 6.5, "Hopfield net: recall from a spoilt picture")
    left, right = figure.subfigures(1, 2, width_ratios=[1.35, 1])
    left.suptitle("stored; spoilt; recalled by Hebb's rule; by projection", fontsize=11)
    _plot.draw_sheet(left, cr.cat([patterns, *rows]).reshape(-1, 8, 8), 10, span=(-1, 1))
    falling, holding = right.subplots(2, 1)
    for name, course, colour in zip(("Hebb", "projection"), energies, (_plot.BLUE, _plot.ORANGE)):
        falling.plot(course.numpy(), color=colour, lw=0.8)
        falling.plot([], color=colour, label=name)
    falling.set(xlabel="sweep over all units", ylabel="energy", title="the energy never rises", xlim=(0, 5))
    falling.legend()
    for name, values, colour in zip(("Hebb", "projection"), zip(*rights), (_plot.BLUE, _plot.ORANGE)):
        holding.plot(loads, [100 * value for value in values], color=colour, marker="o", ms=3, label=name)
    holding.axvline(0.138, color="0.4", ls=":", label="theory for Hebb: 0.138")
    holding.set(xlabel="random patterns a unit", ylabel="pixels right, %", title=f"capacity of {args.units} units")
    holding.legend()
    _plot.save(figure, args.plot)


if __name__ == "__main__":
    main()
