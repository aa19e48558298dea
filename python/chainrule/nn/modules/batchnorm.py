"""Batch and instance normalisation."""

from __future__ import annotations

from typing import Any

from ... import _core
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module


class _BatchNorm(Module):
    """(x - mean) / sqrt(var + eps) for each channel (axis 1), times weight plus bias.

    Training takes mean and variance of the batch and moves the running ones towards them; eval takes the running ones.

    Args:
        num_features: the number of channels.
        eps: keeps the root away from 0.
        momentum: running = (1 - momentum) running + momentum batch; None for the plain average over batches.
        affine: False leaves weight and bias out.
        track_running_stats: False takes the batch's statistics always.

    Source: Ioffe and Szegedy, "Batch normalization", 2015.
    """

    weight: Any
    bias: Any
    running_mean: Any
    running_var: Any
    num_batches_tracked: Any
    _version = 2
    _dims: tuple[int, ...] = ()

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        options = {"device": device, "dtype": dtype}
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            self.register_parameter(name, Parameter(_core.empty(num_features, **options)) if wanted else None)
        track = track_running_stats
        self.register_buffer("running_mean", _core.zeros(num_features, **options) if track else None)
        self.register_buffer("running_var", _core.ones(num_features, **options) if track else None)
        self.register_buffer("num_batches_tracked", _core.tensor(0, dtype=_core.int64) if track else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget the running statistics."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Forget the running statistics, set weight to 1 and bias to 0."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Any) -> Any:
        if input.dim() not in self._dims:
            allowed = " or ".join(map(str, self._dims))
            raise ValueError(f"expected {allowed}D input (got {input.dim()}D input), shape {tuple(input.shape)}")
        factor = 0.0 if self.momentum is None else self.momentum
        counts = self.training and self.track_running_stats
        if counts and self.momentum is None:
            factor = 1.0 / (float(self.num_batches_tracked) + 1)
        keep = not self.training or self.track_running_stats
        use_batch = self.training or self.running_mean is None
        mean, var = (self.running_mean, self.running_var) if keep else (None, None)
        output = F.batch_norm(input, mean, var, self.weight, self.bias, use_batch, factor, self.eps)
        if counts:  # last: a bad input changes nothing
            self.num_batches_tracked.add_(1)
        return output

    def _load_from_state_dict(self, state_dict: Any, prefix: str, local_metadata: Any, *rest: Any) -> None:
        version = local_metadata.get("version")
        key = prefix + "num_batches_tracked"
        if (version is None or version < 2) and self.track_running_stats and key not in state_dict:
            state_dict[key] = self.num_batches_tracked  # files from before that buffer existed
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    __doc__ = f"Batch normalisation of [N, C] or [N, C, L].\n\n{_BatchNorm.__doc__}"
    _dims = (2, 3)


class BatchNorm2d(_BatchNorm):
    __doc__ = f"Batch normalisation of [N, C, H, W].\n\n{_BatchNorm.__doc__}"
    _dims = (4,)


class BatchNorm3d(_BatchNorm):
    __doc__ = f"Batch normalisation of [N, C, D, H, W].\n\n{_BatchNorm.__doc__}"
    _dims = (5,)


class SyncBatchNorm(_BatchNorm):
    """Batch normalisation of [N, C, ...] over all processes that train together: here there is one.

    Args:
        num_features, eps, momentum, affine, track_running_stats: as in BatchNorm2d.
        process_group: None.

    Example:
        >>> from chainrule import nn
        >>> nn.SyncBatchNorm.convert_sync_batchnorm(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)))[1]
        SyncBatchNorm(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)

    Source: PyTorch, torch.nn.SyncBatchNorm.
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any = None,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    def forward(self, input: Any) -> Any:
        if input.dim() < 2:
            raise ValueError(f"expected at least 2D input (got {input.dim()}D input)")
        self._dims = (input.dim(),)
        return super().forward(input)

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """The module with each batch normalisation inside it replaced by a SyncBatchNorm of the same tensors."""
        result = module
        if isinstance(module, _BatchNorm) and not isinstance(module, (_InstanceNorm, SyncBatchNorm)):
            sync = cls(
                module.num_features,
                module.eps,
                module.momentum,
                module.affine,
                module.track_running_stats,
                process_group,
            )
            for name in ("_parameters", "_buffers"):
                getattr(sync, name).update(getattr(module, name))
            sync.training = module.training
            result = sync
        for name, child in module.named_children():
            result.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return result


class _InstanceNorm(_BatchNorm):
    """(x - mean) / sqrt(var + eps) for each sample and channel, times weight plus bias.

    Args:
        num_features: the number of channels.
        eps: keeps the root away from 0.
        momentum: running = (1 - momentum) running + momentum batch.
        affine: True for weight and bias.
        track_running_stats: True keeps running statistics, which eval takes.

    Source: Ulyanov et al., "Instance normalization", 2016.
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Any) -> Any:
        batched = self._dims[1]
        if input.dim() not in self._dims:
            raise ValueError(f"expected {batched - 1}D or {batched}D input (got {input.dim()}D input)")
        channels = input.shape[input.dim() - batched + 1]
        if channels != self.num_features:
            raise ValueError(f"expected {self.num_features} channels, got {channels} in shape {tuple(input.shape)}")
        x = input if input.dim() == batched else input.unsqueeze(0)
        from_input = self.training or not self.track_running_stats
        y = F.instance_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, from_input, self.momentum or 0.0, self.eps
        )
        return y if x is input else y.squeeze(0)


class InstanceNorm1d(_InstanceNorm):
    __doc__ = f"Instance normalisation of [N, C, L] or [C, L].\n\n{_InstanceNorm.__doc__}"
    _dims = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    __doc__ = f"Instance normalisation of [N, C, H, W] or [C, H, W].\n\n{_InstanceNorm.__doc__}"
    _dims = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    __doc__ = f"Instance normalisation of [N, C, D, H, W] or [C, D, H, W].\n\n{_InstanceNorm.__doc__}"
    _dims = (4, 5)
