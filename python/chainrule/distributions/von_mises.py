"""VonMises: directions on the circle."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import chainrule

from . import constraints
from .distribution import Distribution
from .utils import broadcast_all, lazy_property

Tensor = Any


class VonMises(Distribution):
    """p(x) = exp(concentration cos(x - loc)) / (2 pi I0(concentration)), x an angle in radians.

    Args:
        loc: an angle, a tensor or a number.
        concentration: positive tensor or number.

    Example:
        >>> chainrule.distributions.VonMises(0.0, 2.0).log_prob(chainrule.tensor(0.0))
        tensor(-0.6619)

    Samples are PyTorch's at the same seed.

    Source: Best and Fisher, "Efficient simulation of the von Mises distribution" (1979).
    """

    arg_constraints: ClassVar = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real

    def __init__(self, loc: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.loc, self.concentration = broadcast_all(loc, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        k = self.concentration
        # I0 grows as exp(k): i0e is I0 without that.
        return k * ((value - self.loc).cos() - 1) - math.log(2 * math.pi) - chainrule.special.i0e(k).log()

    @lazy_property
    def _proposal(self) -> Tensor:
        """The parameter r of the wrapped Cauchy distribution that samples are first drawn from, in float64."""
        k = self.concentration.detach().double()
        tau = 1 + (1 + 4 * k**2).sqrt()
        rho = (tau - (2 * tau).sqrt()) / (2 * k)
        return chainrule.where(k < 1e-5, 1 / k + k, (1 + rho**2) / (2 * rho))

    def sample(self, sample_shape: Any = ()) -> Tensor:
        with chainrule.no_grad():
            shape = self._extended_shape(sample_shape)
            r, k = self._proposal.expand(shape), self.concentration.double().expand(shape)
            angle = chainrule.zeros(shape, dtype=chainrule.float64)
            done = chainrule.zeros(shape, dtype=chainrule.bool)
            while not done.all():
                u1, u2, u3 = chainrule.rand((3, *shape), dtype=chainrule.float64).unbind()
                z = (math.pi * u1).cos()
                f = (1 + r * z) / (r + z)
                c = k * (r - f)
                accept = (c * (2 - c) - u2 > 0) | ((c / u2).log() + 1 - c >= 0)
                angle = chainrule.where(accept, (u3 - 0.5).sign() * f.acos(), angle)
                done = done | accept
            turned = (angle + math.pi + self.loc.double()) % (2 * math.pi) - math.pi
            return turned.to(self.loc.dtype)

    @property
    def mean(self) -> Tensor:
        """The circular mean."""
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @lazy_property
    def variance(self) -> Tensor:
        """The circular variance, 1 - I1(concentration) / I0(concentration)."""
        return 1 - chainrule.special.i1e(self.concentration) / chainrule.special.i0e(self.concentration)
