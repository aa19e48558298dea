"""Kullback-Leibler divergence between two distributions, by their types."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .categorical import Categorical
from .distribution import Distribution
from .normal import Normal

Tensor = Any
_RULES: dict[tuple[type, type], Callable[[Any, Any], Any]] = {}


def register_kl(type_p: type, type_q: type) -> Callable[[Any], Any]:
    """Decorator: the function computes KL(p || q) for p of type_p and q of type_q, or of types derived from them.

    Example:
        >>> from chainrule.distributions import Normal, kl_divergence, register_kl
        >>> class Mine(Normal): pass
        >>> @register_kl(Mine, Mine)
        ... def kl_mine(p, q):
        ...     return p.loc * 0 + 7
        >>> kl_divergence(Mine(0.0, 1.0), Mine(1.0, 1.0))
        tensor(7.)
    """
    for kind in (type_p, type_q):
        if not (isinstance(kind, type) and issubclass(kind, Distribution)):
            raise TypeError(f"register_kl: subclasses of Distribution are required, got {kind!r}.")

    def register(rule: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        _RULES[type_p, type_q] = rule
        return rule

    return register


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """KL(p || q) = E_p[log p(x) - log q(x)], of the batch shape.

    The rule is the one registered for the classes that come first in p's and q's order of inheritance.

    Raises:
        NotImplementedError: no rule is known for the two types.

    Example:
        >>> from chainrule.distributions import Normal, kl_divergence
        >>> kl_divergence(Normal(0.0, 1.0), Normal(1.0, 1.0))
        tensor(0.5000)
    """
    found = [
        (left + right, left, rule)
        for left, kind_p in enumerate(type(p).__mro__)
        for right, kind_q in enumerate(type(q).__mro__)
        if (rule := _RULES.get((kind_p, kind_q)))
    ]
    if not found:
        raise NotImplementedError(
            f"kl_divergence: no rule for ({type(p).__name__}, {type(q).__name__}). Add one with register_kl."
        )
    return min(found, key=lambda entry: entry[:2])[2](p, q)


@register_kl(Normal, Normal)
def _normal_normal(p: Normal, q: Normal) -> Tensor:
    ratio = (p.scale / q.scale).square()
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale).square() - 1 - ratio.log())


@register_kl(Categorical, Categorical)
def _categorical_categorical(p: Categorical, q: Categorical) -> Tensor:
    terms = p.probs * (p.logits - q.logits)
    return terms.masked_fill(q.probs == 0, math.inf).masked_fill(p.probs == 0, 0.0).sum(-1)
