"""functorch, the package beside torch from before torch.func: its older way to make a function of a module."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import chainrule
from chainrule import nn
from chainrule._functional_call import functional_call
from chainrule.version import __version__ as __version__

Values = tuple[chainrule.Tensor, ...]


class FunctionalModuleWithBuffers:
    """A module as a function: f(parameters, buffers, *arguments)."""

    def __init__(self, module: nn.Module) -> None:
        self.stateless_model = deepcopy(module)
        self.param_names = tuple(name for name, _ in module.named_parameters())
        self.buffer_names = tuple(name for name, _ in module.named_buffers())

    def __call__(self, params: Sequence[Any], buffers: Sequence[Any], *arguments: Any, **options: Any) -> Any:
        names = self.param_names + self.buffer_names
        values = dict(zip(names, [*params, *buffers], strict=True))
        return functional_call(self.stateless_model, values, arguments, options)


class FunctionalModule(FunctionalModuleWithBuffers):
    """A module without buffers as a function: f(parameters, *arguments)."""

    def __call__(self, params: Sequence[Any], *arguments: Any, **options: Any) -> Any:
        return super().__call__(params, (), *arguments, **options)


def _parameters(module: nn.Module, constant: bool) -> Values:
    own = deepcopy(module).parameters()
    return tuple(p.detach() for p in own) if constant else tuple(own)


def make_functional(model: nn.Module, disable_autograd_tracking: bool = False) -> tuple[Callable[..., Any], Values]:
    """The module as f(parameters, *arguments), and its parameters."""
    if next(model.buffers(), None) is not None:
        raise RuntimeError("make_functional: the module has buffers. Use make_functional_with_buffers().")
    return FunctionalModule(model), _parameters(model, disable_autograd_tracking)


def make_functional_with_buffers(
    model: nn.Module, disable_autograd_tracking: bool = False
) -> tuple[Callable[..., Any], Values, Values]:
    """The module as f(parameters, buffers, *arguments), its parameters and its buffers."""
    values = _parameters(model, disable_autograd_tracking)
    return FunctionalModuleWithBuffers(model), values, tuple(model.buffers())


def combine_state_for_ensemble(models: Sequence[nn.Module]) -> tuple[Callable[..., Any], Values, Values]:
    """Alike modules as one f(parameters, buffers, *arguments) for vmap, with their parameters and buffers stacked."""
    if not models:
        raise ValueError("combine_state_for_ensemble: at least one module is required.")
    stacked = [
        tuple(
            chainrule.stack(list(values)).detach() for values in zip(*(getattr(m, kind)() for m in models), strict=True)
        )
        for kind in ("parameters", "buffers")
    ]
    return FunctionalModuleWithBuffers(models[0]), stacked[0], stacked[1]
