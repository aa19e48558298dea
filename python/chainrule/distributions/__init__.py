"""Probability distributions: torch.distributions' names, shapes and formulas.

Example:
    >>> from chainrule.distributions import Categorical
    >>> policy = Categorical(logits=chainrule.tensor([0.0, 1.0, 2.0]))
    >>> action = policy.sample()
    >>> policy.log_prob(action).shape
    chainrule.Size([])
"""

from . import constraints as constraints
from .categorical import Categorical as Categorical
from .distribution import Distribution as Distribution
from .kl import kl_divergence as kl_divergence
from .kl import register_kl as register_kl
from .normal import Normal as Normal
