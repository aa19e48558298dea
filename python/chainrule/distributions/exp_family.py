"""ExponentialFamily: p(x) = exp(<t(x), theta> - F(theta) + k(x)), with the entropy that follows from F."""

from __future__ import annotations

from typing import Any

import chainrule

from .distribution import Distribution

Tensor = Any


class ExponentialFamily(Distribution):
    """A base for distributions of this form. A subclass gives theta (_natural_params), F (_log_normalizer) and E[k(x)].

    entropy = F(theta) - <theta, grad F(theta)> - E[k(x)]

    Example:
        >>> from chainrule.distributions import ExponentialFamily
        >>> class Exponential(ExponentialFamily):  # of rate 2
        ...     _natural_params, _mean_carrier_measure = (chainrule.tensor(-2.0),), 0
        ...     def _log_normalizer(self, theta):
        ...         return -(-theta).log()
        >>> round(Exponential().entropy().item(), 4)
        0.3069

    Source: Nielsen and Nock, "Entropies and cross-entropies of exponential families" (2010).
    """

    _mean_carrier_measure: Any = None

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return self._absent("_natural_params")

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        return self._absent("_log_normalizer")

    def entropy(self) -> Tensor:
        if self._mean_carrier_measure is None:
            return self._absent("entropy")
        theta = [p.detach().requires_grad_() for p in self._natural_params]
        with chainrule.enable_grad():
            normalizer = self._log_normalizer(*theta)
            slopes = chainrule.autograd.grad(normalizer.sum(), theta, create_graph=True)
        value = normalizer - self._mean_carrier_measure
        for p, slope in zip(theta, slopes):
            value = value - (p * slope).reshape((*self._batch_shape, -1)).sum(-1)
        return value
