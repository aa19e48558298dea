"""Pruning: parameters of which chosen entries are held at zero by a mask. torch.nn.utils.prune's names.

A pruned parameter NAME becomes NAME_orig, which is trained; NAME_mask is a buffer of zeros and ones, and NAME is their
product, computed anew before each call of the module.

Example:
    >>> import chainrule as cr
    >>> from chainrule.nn.utils import prune
    >>> layer = prune.l1_unstructured(cr.nn.Linear(4, 1), "weight", amount=3)
    >>> int((layer.weight == 0).sum())
    3

Source: PyTorch, torch.nn.utils.prune.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import Any

from ... import _core
from ...autograd import no_grad
from ..modules.module import Module

__all__ = [
    "BasePruningMethod", "CustomFromMask", "Identity", "L1Unstructured", "LnStructured", "PruningContainer",
    "RandomStructured", "RandomUnstructured", "custom_from_mask", "global_unstructured", "identity", "is_pruned",
    "l1_unstructured", "ln_structured", "random_structured", "random_unstructured", "remove",
]  # fmt: skip

Tensor = Any


class BasePruningMethod(ABC):
    """A way to choose the entries that stay. A subclass defines compute_mask, and PRUNING_TYPE:

    "unstructured" chooses among entries, "structured" among channels, "global" takes all as they are.
    """

    PRUNING_TYPE = "unstructured"
    _tensor_name = ""

    @abstractmethod
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """1 where an entry of t stays, 0 where it goes; what default_mask already takes away stays away."""

    def __call__(self, module: Module, inputs: Any) -> None:
        """The hook before the module's call."""
        setattr(module, self._tensor_name, self.apply_mask(module))

    def apply_mask(self, module: Module) -> Tensor:
        """The product of the parameter and its mask."""
        original = getattr(module, f"{self._tensor_name}_orig")
        return getattr(module, f"{self._tensor_name}_mask").to(original.dtype) * original

    @classmethod
    def apply(
        cls, module: Module, name: str, *args: Any, importance_scores: Tensor | None = None, **kwargs: Any
    ) -> BasePruningMethod:
        """Prune a parameter of a module; one that is pruned already is pruned further.

        Args:
            module: the module.
            name: the parameter's name.
            args, kwargs: of the method's constructor.
            importance_scores: what the choice goes by, of the parameter's shape; the parameter itself where left out.

        Raises:
            TypeError, ValueError: scores of another kind or shape than the parameter.
        """
        earlier = next((hook for hook in _hooks(module) if hook._tensor_name == name), None)
        tensor = getattr(module, name)
        if importance_scores is not None and importance_scores.shape != tensor.shape:
            raise ValueError(
                f"prune: importance_scores must have the shape {tuple(tensor.shape)} of {name}, "
                f"got {tuple(importance_scores.shape)}."
            )
        scores = tensor if importance_scores is None else importance_scores
        method: BasePruningMethod = cls(*args, **kwargs)
        method._tensor_name = name
        mask = getattr(module, f"{name}_mask") if earlier else _core.ones_like(scores.detach())
        with no_grad():
            if earlier is None:
                mask = method.compute_mask(scores.detach(), mask)
            else:
                joined = PruningContainer(earlier)
                joined.add_pruning_method(method)
                mask = joined.compute_mask(scores.detach(), mask)
                method = joined
        if earlier is not None:
            _drop_hook(module, earlier)
        else:
            original = module._parameters.pop(name)
            module.register_parameter(f"{name}_orig", original)
        module.register_buffer(f"{name}_mask", mask.to(tensor.dtype))
        setattr(module, name, method.apply_mask(module))
        module.register_forward_pre_hook(method)
        return method

    def prune(self, t: Tensor, default_mask: Tensor | None = None, importance_scores: Tensor | None = None) -> Tensor:
        """t with its mask applied, without any module."""
        if importance_scores is not None and importance_scores.shape != t.shape:
            raise ValueError(
                f"prune: importance_scores must have the shape {tuple(t.shape)} of t, "
                f"got {tuple(importance_scores.shape)}."
            )
        scores = (t if importance_scores is None else importance_scores).detach()
        mask = _core.ones_like(t.detach()) if default_mask is None else default_mask
        return t * self.compute_mask(scores, mask)

    def remove(self, module: Module) -> None:
        """Make the pruned parameter a plain one again; what is zero stays zero."""
        name = self._tensor_name
        if not name or f"{name}_orig" not in module._parameters:
            raise ValueError(f"prune: {name or 'no parameter'} of {type(module).__name__} is pruned by this method.")
        weight = self.apply_mask(module).detach()
        original = module._parameters[f"{name}_orig"]
        original.data = weight
        if name in module.__dict__:
            del module.__dict__[name]
        del module._parameters[f"{name}_orig"]
        del module._buffers[f"{name}_mask"]
        setattr(module, name, original)


def _hooks(module: Module) -> list[BasePruningMethod]:
    return [hook for hook in module._forward_pre_hooks.values() if isinstance(hook, BasePruningMethod)]


def _drop_hook(module: Module, method: BasePruningMethod) -> None:
    hooks: Any = module._forward_pre_hooks
    for key in [key for key, hook in hooks.items() if hook is method]:
        del hooks[key]


class PruningContainer(BasePruningMethod):
    """Several methods one after the other: each chooses among what the ones before have left."""

    def __init__(self, *args: Any) -> None:
        self._pruning_methods: tuple[BasePruningMethod, ...] = ()
        methods = args[0] if len(args) == 1 and isinstance(args[0], Iterable) else args
        for method in methods:
            if isinstance(method, PruningContainer):
                self._tensor_name = method._tensor_name
                self._pruning_methods += method._pruning_methods
                continue
            self._tensor_name = self._tensor_name or method._tensor_name
            self.add_pruning_method(method)

    def add_pruning_method(self, method: BasePruningMethod | None) -> None:
        """One more, for the same parameter.

        Raises:
            TypeError, ValueError: no method, or one for another parameter.
        """
        if not isinstance(method, BasePruningMethod):
            raise TypeError(f"prune: a pruning method is required, got {type(method).__name__}.")
        if method._tensor_name != self._tensor_name:
            raise ValueError(
                f"prune: methods for the parameter {self._tensor_name!r} are required, got one for "
                f"{method._tensor_name!r}."
            )
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Any:
        return iter(self._pruning_methods)

    def __getitem__(self, index: int) -> BasePruningMethod:
        return self._pruning_methods[index]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """What the last method leaves of what default_mask leaves."""
        method: Any = self._pruning_methods[-1]
        mask = default_mask.to(t.dtype)
        where: Any
        if method.PRUNING_TYPE == "unstructured":
            where = mask == 1
        elif method.PRUNING_TYPE == "structured":
            axis = method.dim % t.dim()
            others = tuple(i for i in range(t.dim()) if i != axis)
            where = (slice(None),) * axis + (mask.sum(others) != 0 if others else mask != 0,)
        elif method.PRUNING_TYPE == "global":
            where = (slice(None),) * t.dim()
        else:
            raise ValueError(
                f"prune: PRUNING_TYPE must be unstructured, structured or global: {method.PRUNING_TYPE!r}."
            )
        result = mask.clone()
        result[where] = method.compute_mask(t[where], mask[where]).to(mask.dtype)
        return result


class Identity(BasePruningMethod):
    """All entries stay: only the names of a pruned parameter are made."""

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        return default_mask


class RandomUnstructured(BasePruningMethod):
    """Entries drawn at random go: `amount` of them, a number or a share between 0 and 1."""

    def __init__(self, amount: Any) -> None:
        self.amount = _checked_amount(amount)

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        count = _count(self.amount, t.numel())
        if not count:
            return default_mask.clone()
        return _without(default_mask, _core.topk(_core.rand_like(t).reshape(-1), count)[1])


class L1Unstructured(BasePruningMethod):
    """The `amount` entries (or that share) of the least absolute value go."""

    def __init__(self, amount: Any) -> None:
        self.amount = _checked_amount(amount)

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        count = _count(self.amount, t.numel())
        if not count:
            return default_mask.clone()
        return _without(default_mask, _core.topk(t.abs().reshape(-1), count, largest=False)[1])


def _without(mask: Tensor, indices: Tensor) -> Tensor:
    return mask.reshape(-1).index_fill(0, indices, 0).reshape(mask.shape)


class RandomStructured(BasePruningMethod):
    """Channels along dim drawn at random go: `amount` of them, a number or a share."""

    PRUNING_TYPE = "structured"

    def __init__(self, amount: Any, dim: int = -1) -> None:
        self.amount, self.dim = _checked_amount(amount), dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        size = _channels(t, self.dim)
        count = _count(self.amount, size)
        if not count:
            return default_mask
        chance = _core.rand(size)
        stays = chance > _core.kthvalue(chance, count)[0]
        return _only_channels(default_mask, self.dim, stays)


class LnStructured(BasePruningMethod):
    """The channels along dim of the least n-norm go: `amount` of them, a number or a share."""

    PRUNING_TYPE = "structured"

    def __init__(self, amount: Any, n: Any, dim: int = -1) -> None:
        self.amount, self.n, self.dim = _checked_amount(amount), n, dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        size = _channels(t, self.dim)
        count = _count(self.amount, size)
        if not count:
            return default_mask
        others = [i for i in range(t.dim()) if i != self.dim % t.dim()]
        kept = _core.topk(_core.norm(t, self.n, others), size - count)[1]
        stays = _core.zeros(size, dtype=_core.bool).index_fill(0, kept, True)
        return _only_channels(default_mask, self.dim, stays)


def _channels(t: Tensor, dim: int) -> int:
    if t.dim() < 2:
        raise ValueError(f"prune: structured pruning needs two axes or more, got shape {tuple(t.shape)}.")
    if not -t.dim() <= dim < t.dim():
        raise IndexError(f"prune: no axis {dim} in shape {tuple(t.shape)}.")
    return int(t.shape[dim])


def _only_channels(mask: Tensor, dim: int, stays: Tensor) -> Tensor:
    shape = [1] * mask.dim()
    shape[dim] = -1
    return mask * stays.to(mask.dtype).reshape(shape)


class CustomFromMask(BasePruningMethod):
    """A mask of one's own."""

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        if self.mask.shape != default_mask.shape:
            raise ValueError(
                f"prune: the mask must have the shape {tuple(default_mask.shape)} of the parameter, "
                f"got {tuple(self.mask.shape)}."
            )
        return default_mask * self.mask.to(default_mask.dtype)


def _checked_amount(amount: Any) -> Any:
    if isinstance(amount, bool) or not isinstance(amount, (int, float, Integral)):
        raise TypeError(f"prune: amount must be a number, got {type(amount).__name__}.")
    if amount < 0 or (isinstance(amount, float) and amount > 1):
        raise ValueError(f"prune: amount must be a count of 0 or more, or a share between 0.0 and 1.0, got {amount}.")
    return amount


def _count(amount: Any, size: int) -> int:
    """How many of `size` go."""
    if isinstance(amount, Integral):
        if int(amount) > size:
            raise ValueError(f"prune: amount must be at most the {size} that are there, got {amount}.")
        return int(amount)
    return round(amount * size)


def identity(module: Module, name: str) -> Module:
    """Give a parameter the form of a pruned one, with a mask of ones."""
    Identity.apply(module, name)
    return module


def random_unstructured(module: Module, name: str, amount: Any) -> Module:
    """Prune entries of a parameter that are drawn at random.

    Args:
        module: the module; it is changed and returned.
        name: the parameter's name.
        amount: how many entries, or which share of them (a float between 0 and 1).
    """
    RandomUnstructured.apply(module, name, amount=amount)
    return module


def l1_unstructured(module: Module, name: str, amount: Any, importance_scores: Tensor | None = None) -> Module:
    """Prune the entries of a parameter that have the least absolute values.

    Args:
        module, name, amount: as in random_unstructured().
        importance_scores: what is compared in place of the parameter, of its shape.
    """
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


def random_structured(module: Module, name: str, amount: Any, dim: int) -> Module:
    """Prune channels of a parameter, along the axis dim, that are drawn at random."""
    RandomStructured.apply(module, name, amount=amount, dim=dim)
    return module


def ln_structured(
    module: Module, name: str, amount: Any, n: Any, dim: int, importance_scores: Tensor | None = None
) -> Module:
    """Prune the channels of a parameter, along the axis dim, that have the least n-norms."""
    LnStructured.apply(module, name, amount=amount, n=n, dim=dim, importance_scores=importance_scores)
    return module


def global_unstructured(
    parameters: Iterable[tuple[Module, str]],
    pruning_method: type[BasePruningMethod],
    importance_scores: Mapping[tuple[Module, str], Tensor] | None = None,
    **kwargs: Any,
) -> None:
    """Prune several parameters together: the choice is made among all of their entries.

    Args:
        parameters: pairs (module, name).
        pruning_method: a class of unstructured pruning, such as L1Unstructured.
        importance_scores: for some of the pairs, what the choice goes by.
        kwargs: of pruning_method.

    Raises:
        TypeError: the method is of another type.
    """
    pairs = list(parameters)
    scores = {} if importance_scores is None else dict(importance_scores)
    method = PruningContainer()
    method._tensor_name = "all"
    new = pruning_method(**kwargs)
    new._tensor_name = "all"
    method.add_pruning_method(new)
    if new.PRUNING_TYPE != "unstructured":
        raise TypeError(f"prune: an unstructured method is required, got {pruning_method.__name__}.")
    tensors = [getattr(module, name).detach() for module, name in pairs]
    values = _core.cat([scores.get(pair, tensor).detach().reshape(-1) for pair, tensor in zip(pairs, tensors)])
    masks = [
        getattr(module, f"{name}_mask", _core.ones_like(tensor)).reshape(-1)
        for (module, name), tensor in zip(pairs, tensors)
    ]
    whole = method.compute_mask(values, _core.cat(masks))
    for (module, name), tensor, part in zip(pairs, tensors, whole.split([t.numel() for t in tensors])):
        custom_from_mask(module, name, part.reshape(tensor.shape))


def custom_from_mask(module: Module, name: str, mask: Tensor) -> Module:
    """Prune a parameter where the mask is 0."""
    CustomFromMask.apply(module, name, mask)
    return module


def remove(module: Module, name: str) -> Module:
    """Make a pruned parameter a plain one again, its zeros kept.

    Raises:
        ValueError: the parameter is not pruned.
    """
    for hook in _hooks(module):
        if hook._tensor_name == name:
            hook.remove(module)
            _drop_hook(module, hook)
            return module
    raise ValueError(f"prune: {name} of {type(module).__name__} is not pruned.")


def is_pruned(module: Module) -> bool:
    """Whether the module, or one inside it, has a pruned parameter.

    Example:
        >>> chainrule.nn.utils.prune.is_pruned(chainrule.nn.Linear(1, 1))
        False
    """
    return any(_hooks(part) for part in module.modules())
