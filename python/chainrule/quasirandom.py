"""SobolEngine: points that fill the unit cube evenly. Needs SciPy: pip install 'chainrule[quasirandom]'."""

from __future__ import annotations

import functools
import os
from typing import Any

import numpy as np

from . import _core

__all__ = ["SobolEngine"]

_BITS = 30
_DIMENSIONS = 21201


@functools.cache
def _table() -> tuple[Any, Any]:
    """For each dimension its primitive polynomial, as bits, and its first direction numbers, 0 behind the last.

    They are Joe and Kuo's new-joe-kuo-6.21201, of which SciPy has a copy.
    """
    try:
        import scipy.stats
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "SobolEngine: SciPy holds its direction numbers: pip install 'chainrule[quasirandom]'", name="scipy"
        ) from error
    with np.load(os.path.join(os.path.dirname(scipy.stats.__file__), "_sobol_direction_numbers.npz")) as file:
        return file["poly"], file["vinit"]


def _directions(dimension: int) -> Any:
    """Direction numbers [dimension, _BITS], the first bit after the point in the highest place."""
    polynomials, firsts = (numbers[:dimension].tolist() for numbers in _table())
    rows = [[1] * _BITS]
    for p, first in zip(polynomials[1:], firsts[1:]):
        degree = p.bit_length() - 1
        row = first[:degree]
        for j in range(degree, _BITS):
            number = row[j - degree]
            for k in range(degree):
                if p >> (degree - 1 - k) & 1:
                    number ^= row[j - 1 - k] << (k + 1)
            row.append(number)
        rows.append(row)
    return np.array(rows[:dimension], np.int64) << np.arange(_BITS - 1, -1, -1)


def _bits(numbers: Any) -> Any:
    """The binary digits, highest first, along a new last axis."""
    return numbers[..., None] >> np.arange(_BITS - 1, -1, -1) & 1


class SobolEngine:
    """Sobol's sequence in [0, 1)^dimension, PyTorch's numbers.

    Args:
        dimension: 1 to 21201.
        scramble: turn the points about at random (Owen's scrambling by random triangular matrices and a shift).
        seed: of the scrambling; by default the global generator's state.

    Raises:
        ValueError: another dimension.
        ModuleNotFoundError: there is no SciPy.

    Example:
        >>> chainrule.quasirandom.SobolEngine(2).draw(3)
        tensor([[0.0000, 0.0000],
                [0.5000, 0.5000],
                [0.7500, 0.2500]])

    Source: Joe and Kuo, "Constructing Sobol sequences with better two-dimensional projections" (2008);
    Matousek, "On the L2-discrepancy for anchored boxes" (1998).
    """

    MAXBIT = _BITS
    MAXDIM = _DIMENSIONS

    def __init__(self, dimension: int, scramble: bool = False, seed: int | None = None) -> None:
        if not 1 <= dimension <= _DIMENSIONS:
            raise ValueError(f"SobolEngine: dimension must be between 1 and {_DIMENSIONS}, got {dimension}.")
        self.dimension, self.scramble, self.seed = dimension, scramble, seed
        self.num_generated = 0
        self._numbers = _directions(dimension)
        self._shift = np.zeros(dimension, np.int64)
        if scramble:
            self._scramble(None if seed is None else _core.Generator().manual_seed(seed))
        self._point = self._shift.copy()

    def _scramble(self, generator: Any) -> None:
        shift = _core.randint(2, (self.dimension, _BITS), generator=generator).numpy()
        self._shift = (shift << np.arange(_BITS)).sum(-1)
        mixed = np.tril(_core.randint(2, (self.dimension, _BITS, _BITS), generator=generator).numpy())
        mixed[:, np.arange(_BITS), np.arange(_BITS)] = 1
        digits = _bits(self._numbers) @ mixed.transpose(0, 2, 1) & 1  # [dimension, number, digit]
        self._numbers = (digits << np.arange(_BITS - 1, -1, -1)).sum(-1)

    def draw(self, n: int = 1, out: Any = None, dtype: Any = None) -> Any:
        """The next n points, [n, dimension].

        Args:
            n: how many.
            out: a tensor that takes them.
            dtype: a floating one; by default get_default_dtype().
        """
        changes = self._changes(n)
        points = np.bitwise_xor.accumulate(np.concatenate([self._point[None], changes]), 0)
        # The first point of all is the shift itself; later calls begin with a change.
        points = points[:-1] if self.num_generated == 0 else points[1:]
        self._advance(n, changes)
        result = _core.from_numpy(points / float(1 << _BITS)).to(dtype or _core.get_default_dtype())
        return result if out is None else out.resize_(result.shape).copy_(result)

    def draw_base2(self, m: int, out: Any = None, dtype: Any = None) -> Any:
        """The next 2**m points; sets of that size, from the start, are balanced.

        Raises:
            ValueError: the points drawn so far and these are no power of two together.
        """
        n = 2**m
        total = self.num_generated + n
        if total & (total - 1):
            raise ValueError(
                f"draw_base2: {self.num_generated} points are drawn, and {n} more make {total}, no power of 2. Use "
                "draw(), or reset() first."
            )
        return self.draw(n, out, dtype)

    def _changes(self, n: int) -> Any:
        """What each of n steps changes: the direction number of the lowest 0 among the bits of the step's number."""
        start = max(self.num_generated - 1, 0)
        steps = np.arange(start, start + n)
        if n and int(steps[-1]) >= 1 << _BITS:
            raise ValueError(f"SobolEngine: the sequence has 2**{_BITS} points, got a request for more.")
        lowest = ~steps & (steps + 1)
        return self._numbers[:, np.log2(lowest).astype(np.int64)].T

    def _advance(self, n: int, changes: Any) -> None:
        # PyTorch's first call takes n - 1 steps, since its first point is none.
        used = changes[:-1] if self.num_generated == 0 else changes
        if len(used):
            self._point = self._point ^ np.bitwise_xor.reduce(used, 0)
        self.num_generated += n

    def reset(self) -> SobolEngine:
        """Begin anew."""
        self._point = self._shift.copy()
        self.num_generated = 0
        return self

    def fast_forward(self, n: int) -> SobolEngine:
        """Leave out the next n points."""
        self._advance(n, self._changes(n))
        return self

    def __repr__(self) -> str:
        parts = [f"dimension={self.dimension}"]
        parts += ["scramble=True"] if self.scramble else []
        parts += [f"seed={self.seed}"] if self.seed is not None else []
        return f"SobolEngine({', '.join(parts)})"
