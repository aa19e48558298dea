"""Lazy layers: what they need to know of their input, they learn from the first one."""

from __future__ import annotations

from typing import Any

from ... import _core
from ..parameter import UninitializedBuffer, UninitializedParameter, is_lazy
from .batchnorm import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
)
from .conv import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from .linear import Linear


class LazyModuleMixin:
    """Beside a Module: parameters that are UninitializedParameter take their shape at the first forward.

    A subclass writes initialize_parameters(*args, **kwargs), which gets forward's arguments, and may name in
    cls_to_become the class that the module then is.

    Source: PyTorch, torch.nn.modules.lazy.LazyModuleMixin.
    """

    cls_to_become: Any = None

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._load_hook = self._register_load_state_dict_pre_hook(self._lazy_load_hook)
        self._initialize_hook = self.register_forward_pre_hook(self._infer_parameters, with_kwargs=True)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Give the parameters their shapes and values."""
        raise NotImplementedError(f"initialize_parameters is not implemented for {type(self).__name__}")

    def has_uninitialized_params(self: Any) -> bool:
        """Whether a parameter or buffer of this module (not of its children) has no shape yet."""
        return any(is_lazy(t) for values in (self._parameters, self._buffers) for t in values.values())

    def _lazy_load_hook(self: Any, state_dict: Any, prefix: str, *_: Any) -> None:
        """A tensor that is loaded gives its shape to a parameter that has none."""
        for values in (self._parameters, self._buffers):
            for name, own in values.items():
                given = state_dict.get(prefix + name)
                if is_lazy(own) and given is not None and not is_lazy(given):
                    own.materialize(given.shape)

    def _infer_parameters(self: Any, module: Any, args: Any, kwargs: Any = None) -> None:
        module.initialize_parameters(*args, **(kwargs or {}))
        if module.has_uninitialized_params():
            raise RuntimeError(f"module {type(self).__name__} has not been fully initialized")
        for hook in ("_initialize_hook", "_load_hook"):
            getattr(module, hook).remove()
            delattr(module, hook)
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become


class LazyLinear(LazyModuleMixin, Linear):
    """A Linear whose in_features is the last axis of its first input.

    Example:
        >>> import chainrule as cr
        >>> layer = cr.nn.LazyLinear(3)
        >>> layer(cr.ones(2, 5)).shape, layer
        (chainrule.Size([2, 3]), Linear(in_features=5, out_features=3, bias=True))

    Source: PyTorch, torch.nn.LazyLinear.
    """

    cls_to_become = Linear

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, 0, False)
        self.weight = UninitializedParameter(dtype=dtype)
        self.out_features = out_features
        if bias:
            self.bias = UninitializedParameter(dtype=dtype)

    def reset_parameters(self) -> None:
        if not self.has_uninitialized_params() and self.in_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Any) -> None:
        if self.has_uninitialized_params():
            self.in_features = input.shape[-1]
            self.weight.materialize((self.out_features, self.in_features))
            if self.bias is not None:
                self.bias.materialize((self.out_features,))
            self.reset_parameters()
        elif self.in_features == 0:  # the parameters were loaded
            self.in_features = self.weight.shape[-1]


class _LazyConv(LazyModuleMixin):
    """What lazy convolutions share: in_channels comes from the first input."""

    def __init__(
        self: Any,
        out_channels: int,
        kernel_size: Any,
        *args: Any,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        names = self._option_names[: len(args)]
        options = dict(zip(names, args, strict=True), **kwargs)
        bias, groups = options.pop("bias", bias), options.pop("groups", 1)
        super().__init__(0, 0, kernel_size, bias=False, **options)
        if groups <= 0 or out_channels % groups:
            raise ValueError(
                f"{type(self).__name__}: groups must be positive and divide out_channels, got groups={groups}, "
                f"out_channels={out_channels}."
            )
        self.groups = groups
        self.out_channels = out_channels
        self.weight = UninitializedParameter(dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(dtype=dtype)

    def reset_parameters(self: Any) -> None:
        if not self.has_uninitialized_params() and self.in_channels != 0:
            super().reset_parameters()  # type: ignore[misc]  # a mixin: the layer has it

    def initialize_parameters(self: Any, input: Any, *args: Any, **kwargs: Any) -> None:
        if not self.has_uninitialized_params():
            if self.in_channels == 0:  # the parameters were loaded
                channels = self.weight.shape[0 if self.transposed else 1]
                self.in_channels = channels * (1 if self.transposed else self.groups)
            return
        if input.dim() not in (self._axes + 1, self._axes + 2):
            raise RuntimeError(
                f"Expected {self._axes + 1}D (unbatched) or {self._axes + 2}D (batched) input to "
                f"{type(self).__name__}, but got input of size: {tuple(input.shape)}"
            )
        self.in_channels = input.shape[input.dim() - self._axes - 1]
        if self.in_channels % self.groups:
            raise ValueError(f"in_channels {self.in_channels} must be divisible by groups {self.groups}")
        ends = (self.out_channels, self.in_channels // self.groups)
        if self.transposed:
            ends = (self.in_channels, self.out_channels // self.groups)
        self.weight.materialize((*ends, *self.kernel_size))
        if self.bias is not None:
            self.bias.materialize((self.out_channels,))
        self.reset_parameters()


class _LazyForward(_LazyConv):
    _option_names = ("stride", "padding", "dilation", "groups", "bias", "padding_mode")


class _LazyTransposed(_LazyConv):
    _option_names = ("stride", "padding", "output_padding", "groups", "bias", "dilation", "padding_mode")


class _LazyNorm(LazyModuleMixin):
    """What lazy batch and instance norms share: num_features is axis 1 of the first input."""

    def __init__(
        self: Any,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, False, False, bias=bias)
        self.affine = affine
        self.track_running_stats = track_running_stats
        if affine:
            self.weight = UninitializedParameter(dtype=dtype)
            if bias:
                self.bias = UninitializedParameter(dtype=dtype)
        if track_running_stats:
            self.running_mean = UninitializedBuffer(dtype=dtype)
            self.running_var = UninitializedBuffer(dtype=dtype)
            self.num_batches_tracked = _core.tensor(0, dtype=_core.int64)

    def reset_parameters(self: Any) -> None:
        if not self.has_uninitialized_params() and self.num_features != 0:
            super().reset_parameters()  # type: ignore[misc]  # a mixin: the layer has it

    def initialize_parameters(self: Any, input: Any) -> None:
        if self.has_uninitialized_params():
            self.num_features = input.shape[1]
            for values in (self._parameters, self._buffers):
                for tensor in list(values.values()):
                    if is_lazy(tensor):
                        tensor.materialize((self.num_features,))
            self.reset_parameters()
        elif self.num_features == 0:
            known = self.weight if self.weight is not None else self.running_mean
            self.num_features = input.shape[1] if known is None else known.shape[0]


class LazyConv1d(_LazyForward, Conv1d):
    """A Conv1d that takes its number of channels from its first input.

    Source: PyTorch, torch.nn.LazyConv1d.
    """

    cls_to_become = Conv1d


class LazyConv2d(_LazyForward, Conv2d):
    """A Conv2d that takes its number of channels from its first input.

    Source: PyTorch, torch.nn.LazyConv2d.
    """

    cls_to_become = Conv2d


class LazyConv3d(_LazyForward, Conv3d):
    """A Conv3d that takes its number of channels from its first input.

    Source: PyTorch, torch.nn.LazyConv3d.
    """

    cls_to_become = Conv3d


class LazyConvTranspose1d(_LazyTransposed, ConvTranspose1d):
    """A ConvTranspose1d that takes its number of channels from its first input.

    Source: PyTorch, torch.nn.LazyConvTranspose1d.
    """

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyTransposed, ConvTranspose2d):
    """A ConvTranspose2d that takes its number of channels from its first input.

    Source: PyTorch, torch.nn.LazyConvTranspose2d.
    """

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyTransposed, ConvTranspose3d):
    """A ConvTranspose3d that takes its number of channels from its first input.

    Source: PyTorch, torch.nn.LazyConvTranspose3d.
    """

    cls_to_become = ConvTranspose3d


class LazyBatchNorm1d(_LazyNorm, BatchNorm1d):
    """A BatchNorm1d that takes its number of channels from its first input.

    Source: PyTorch, torch.nn.LazyBatchNorm1d.
    """

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, BatchNorm2d):
    """A BatchNorm2d that takes its number of channels from its first input.

    Source: PyTorch, torch.nn.LazyBatchNorm2d.
    """

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNorm, BatchNorm3d):
    """A BatchNorm3d that takes its number of channels from its first input.

    Source: PyTorch, torch.nn.LazyBatchNorm3d.
    """

    cls_to_become = BatchNorm3d


class LazyInstanceNorm1d(_LazyNorm, InstanceNorm1d):
    """A InstanceNorm1d that takes its number of channels from its first input.

    Source: PyTorch, torch.nn.LazyInstanceNorm1d.
    """

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyNorm, InstanceNorm2d):
    """A InstanceNorm2d that takes its number of channels from its first input.

    Source: PyTorch, torch.nn.LazyInstanceNorm2d.
    """

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyNorm, InstanceNorm3d):
    """A InstanceNorm3d that takes its number of channels from its first input.

    Source: PyTorch, torch.nn.LazyInstanceNorm3d.
    """

    cls_to_become = InstanceNorm3d
