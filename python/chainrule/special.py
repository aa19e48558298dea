"""Special functions: torch.special's names. The formulas stand in the functions' docstrings.

Not here: the Bessel functions J, Y and K, Airy's function, and the orthogonal polynomials.

Example:
    >>> chainrule.special.expit(chainrule.tensor([0.0, 2.0]))
    tensor([0.5000, 0.8808])
"""

from __future__ import annotations

from . import _core

digamma = _core.digamma
entr = _core.special_entr
erf = _core.erf
erfc = _core.erfc
erfcx = _core.special_erfcx
erfinv = _core.erfinv
exp2 = _core.exp2
expit = _core.sigmoid
expm1 = _core.expm1
gammainc = _core.igamma
gammaincc = _core.igammac
gammaln = _core.lgamma
i0 = _core.i0
i0e = _core.special_i0e
i1 = _core.special_i1
i1e = _core.special_i1e
log1p = _core.log1p
log_ndtr = _core.special_log_ndtr
log_softmax = _core.log_softmax
logit = _core.logit
logsumexp = _core.logsumexp
multigammaln = _core.mvlgamma
ndtr = _core.special_ndtr
ndtri = _core.special_ndtri
polygamma = _core.polygamma
psi = _core.digamma
round = _core.round
sinc = _core.sinc
softmax = _core.softmax
xlog1py = _core.special_xlog1py
xlogy = _core.xlogy
zeta = _core.special_zeta
