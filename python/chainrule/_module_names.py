"""Modules of PyTorch whose names stand in other files here: `import chainrule.distributions.binomial` finds them.

The finder is the last that Python asks, so that it costs nothing where a file is there.
"""

from __future__ import annotations

import importlib
import sys
import types
from importlib.machinery import ModuleSpec
from typing import Any

# fmt: off
_OPTIMIZERS = ["_adafactor", "_muon"]
_DISTRIBUTIONS = [
    "beta", "binomial", "cauchy", "chi2", "continuous_bernoulli", "dirichlet", "exponential", "fishersnedecor",
    "geometric", "gumbel", "half_cauchy", "half_normal", "independent", "inverse_gamma", "kumaraswamy", "laplace",
    "log_normal", "logistic_normal", "mixture_same_family", "multinomial", "negative_binomial", "pareto", "poisson",
    "relaxed_bernoulli", "relaxed_categorical", "studentT", "uniform", "weibull",
]
# fmt: on
ELSEWHERE = {
    "chainrule.nn.modules.channelshuffle": "chainrule.nn.modules.upsampling",
    "chainrule.nn.modules.fold": "chainrule.nn.modules.upsampling",
    "chainrule.nn.modules.instancenorm": "chainrule.nn.modules.batchnorm",
    "chainrule.nn.modules.pixelshuffle": "chainrule.nn.modules.upsampling",
    "chainrule.utils.data._utils": "chainrule.utils.data",
    "chainrule.utils.data._utils.collate": "chainrule.utils.data",
    **{f"chainrule.optim.{name}": "chainrule.optim" for name in _OPTIMIZERS},
    **{f"chainrule.distributions.{name}": "chainrule.distributions" for name in _DISTRIBUTIONS},
}


class NameFinder:
    """Makes such a module when it is imported: the names of the other one."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if fullname not in ELSEWHERE:
            return None
        return ModuleSpec(fullname, self, origin=ELSEWHERE[fullname], is_package=True)  # type: ignore[arg-type]  # has what a loader needs

    def create_module(self, spec: ModuleSpec) -> types.ModuleType:
        return types.ModuleType(spec.name, f"Names of {spec.origin}, under PyTorch's name of the module.")

    def exec_module(self, module: types.ModuleType) -> None:
        names = vars(importlib.import_module(ELSEWHERE[module.__name__]))
        module.__dict__.update({name: value for name, value in names.items() if not name.startswith("__")})
        if "__all__" in names:
            module.__dict__["__all__"] = names["__all__"]


def install() -> None:
    """Ask this finder after all others."""
    if not any(isinstance(finder, NameFinder) for finder in sys.meta_path):
        sys.meta_path.append(NameFinder())
