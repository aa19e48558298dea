"""Distributions made of others: TransformedDistribution, Independent, MixtureSameFamily."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import chainrule

from . import constraints
from .categorical import Categorical
from .distribution import Distribution
from .transforms import ComposeTransform, Transform
from .utils import sum_rightmost

Tensor = Any


class Independent(Distribution):
    """Another distribution whose last batch axes count as axes of one event: log_prob is summed over them.

    Args:
        base_distribution: the distribution.
        reinterpreted_batch_ndims: the number of axes.

    Example:
        >>> from chainrule.distributions import Independent, Normal
        >>> diagonal = Independent(Normal(chainrule.zeros(5, 3), 1.0), 1)
        >>> diagonal.batch_shape, diagonal.event_shape
        (chainrule.Size([5]), chainrule.Size([3]))
    """

    base_dist: Any

    def __init__(
        self, base_distribution: Distribution, reinterpreted_batch_ndims: int, validate_args: bool | None = None
    ) -> None:
        batch = base_distribution.batch_shape
        if not 0 <= reinterpreted_batch_ndims <= len(batch):
            raise ValueError(
                f"Independent: reinterpreted_batch_ndims must be between 0 and {len(batch)} (the batch shape is "
                f"{tuple(batch)}), got {reinterpreted_batch_ndims}."
            )
        self.base_dist, self.reinterpreted_batch_ndims = base_distribution, reinterpreted_batch_ndims
        left = len(batch) - reinterpreted_batch_ndims
        super().__init__(batch[:left], batch[left:] + base_distribution.event_shape, validate_args)

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]  # the base's
        return self.base_dist.has_rsample

    @property
    def has_enumerate_support(self) -> bool:  # type: ignore[override]  # the base's
        return self.base_dist.has_enumerate_support and not self.reinterpreted_batch_ndims

    @constraints.dependent_property
    def support(self) -> Any:
        """The base distribution's, for all parts of an event."""
        base = self.base_dist.support
        return constraints.independent(base, self.reinterpreted_batch_ndims) if self.reinterpreted_batch_ndims else base

    def _expand_parts(self, new: Any) -> None:
        inner = self._event_shape[: self.reinterpreted_batch_ndims]
        new.base_dist = self.base_dist.expand(new._batch_shape + inner)

    @property
    def mean(self) -> Tensor:
        return self.base_dist.mean

    @property
    def mode(self) -> Tensor:
        return self.base_dist.mode

    @property
    def variance(self) -> Tensor:
        return self.base_dist.variance

    def sample(self, sample_shape: Any = ()) -> Tensor:
        return self.base_dist.sample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self.base_dist.rsample(sample_shape)

    def log_prob(self, value: Tensor) -> Tensor:
        return sum_rightmost(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self) -> Tensor:
        return sum_rightmost(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        if self.reinterpreted_batch_ndims:
            raise NotImplementedError("Independent: the support of several values at once is not enumerated.")
        return self.base_dist.enumerate_support(expand)

    def __repr__(self) -> str:
        return f"Independent({self.base_dist!r}, {self.reinterpreted_batch_ndims})"


class TransformedDistribution(Distribution):
    """The distribution of t(x), x drawn from a base distribution.

    log p(y) = log p_base(x) - log |det dy/dx|,  x = t^-1(y)

    Args:
        base_distribution: the distribution of x.
        transforms: a transform, or a list of them: the first one is applied first.

    Raises:
        ValueError: the base distribution's values have fewer axes than the first transform needs.

    Example:
        >>> from chainrule.distributions import AffineTransform, Normal, TransformedDistribution
        >>> shifted = TransformedDistribution(Normal(0.0, 1.0), AffineTransform(1.0, 2.0))
        >>> shifted.log_prob(chainrule.tensor(1.0))
        tensor(-1.6121)
    """

    base_dist: Any

    def __init__(self, base_distribution: Distribution, transforms: Any, validate_args: bool | None = None) -> None:
        self.transforms = [transforms] if isinstance(transforms, Transform) else list(transforms)
        for transform in self.transforms:
            if not isinstance(transform, Transform):
                raise ValueError(f"TransformedDistribution: transforms are required, got {type(transform).__name__}.")
        whole = ComposeTransform(self.transforms)
        shape = base_distribution.batch_shape + base_distribution.event_shape
        if len(shape) < whole.domain.event_dim:
            raise ValueError(
                f"TransformedDistribution: values of {whole.domain.event_dim} axes or more are required, got a base "
                f"distribution of batch and event shape {tuple(shape)}."
            )
        inner = whole.inverse_shape(whole.forward_shape(shape))
        events = len(base_distribution.event_shape)
        if tuple(inner) != tuple(shape):
            base_distribution = base_distribution.expand(inner[: len(inner) - events])
        more = whole.domain.event_dim - events
        self.base_dist = Independent(base_distribution, more) if more > 0 else base_distribution
        outer = whole.forward_shape(inner)
        cut = len(outer) - (whole.codomain.event_dim + max(events - whole.domain.event_dim, 0))
        super().__init__(outer[:cut], outer[cut:], validate_args)

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]  # the base's
        return self.base_dist.has_rsample

    def _reached(self) -> Any:
        """What the last transform leads to."""
        if not self.transforms:
            return self.base_dist.support
        codomain = self.transforms[-1].codomain
        more = len(self._event_shape) - codomain.event_dim
        return constraints.independent(codomain, more) if more > 0 else codomain

    support: Any = constraints.dependent_property(_reached)

    def _expand_parts(self, new: Any) -> None:
        outer = new._batch_shape + new._event_shape
        inner = ComposeTransform(self.transforms).inverse_shape(outer)
        new.base_dist = self.base_dist.expand(inner[: len(inner) - len(self.base_dist.event_shape)])

    def sample(self, sample_shape: Any = ()) -> Tensor:
        with chainrule.no_grad():
            return self._map(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self._map(self.base_dist.rsample(sample_shape))

    def _map(self, x: Tensor) -> Tensor:
        for transform in self.transforms:
            x = transform(x)
        return x

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        event_dim, volume = len(self._event_shape), 0
        for transform in reversed(self.transforms):
            x = transform.inv(value)
            event_dim += transform.domain.event_dim - transform.codomain.event_dim
            change = transform.log_abs_det_jacobian(x, value)
            volume = volume + sum_rightmost(change, event_dim - transform.domain.event_dim)
            value = x
        base = self.base_dist.log_prob(value)
        return sum_rightmost(base, event_dim - len(self.base_dist.event_shape)) - volume

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        for transform in reversed(self.transforms):
            value = transform.inv(value)
        return self._turned(self.base_dist.cdf(value))

    def icdf(self, value: Tensor) -> Tensor:
        return self._map(self.base_dist.icdf(self._turned(value)))

    def _turned(self, p: Tensor) -> Tensor:
        """1 - p where the transforms together are decreasing."""
        sign = ComposeTransform(self.transforms).sign
        if isinstance(sign, chainrule.Tensor):
            return chainrule.where(sign > 0, p, 1 - p)
        return p if sign > 0 else 1 - p

    def __repr__(self) -> str:
        parts = super().__repr__()
        return parts if self.arg_constraints else f"{parts[:-2]}({self.base_dist!r}, {self.transforms!r})"


class Relaxed(TransformedDistribution):
    """What continuous relatives of discrete distributions share: temperature and probabilities of their base."""

    @property
    def temperature(self) -> Any:
        """The lower, the nearer to the discrete distribution."""
        return self.base_dist.temperature

    @property
    def probs(self) -> Tensor:
        """The probabilities of the discrete distribution."""
        return self.base_dist.probs

    @property
    def logits(self) -> Tensor:
        """The probabilities as logits."""
        return self.base_dist.logits


class MixtureSameFamily(Distribution):
    """One of K distributions of the same kind, chosen by a Categorical.

    Args:
        mixture_distribution: Categorical of batch shape B and K classes.
        component_distribution: a distribution whose batch shape ends in K.

    Example:
        >>> from chainrule.distributions import Categorical, MixtureSameFamily, Normal
        >>> mixture = MixtureSameFamily(Categorical(chainrule.ones(2)), Normal(chainrule.tensor([-1.0, 1.0]), 0.1))
        >>> mixture.mean
        tensor(0.)

    Samples are PyTorch's at the same seed where the components' are.
    """

    arg_constraints: ClassVar = {}
    has_rsample = False

    def __init__(
        self,
        mixture_distribution: Categorical,
        component_distribution: Distribution,
        validate_args: bool | None = None,
    ) -> None:
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError(
                f"MixtureSameFamily: the mixture must be a Categorical, got {type(mixture_distribution).__name__}."
            )
        batch, k = component_distribution.batch_shape, mixture_distribution.param_shape[-1]
        if not batch or batch[-1] != k:
            raise ValueError(
                f"MixtureSameFamily: the components' batch shape must end in {k} (the number of classes), "
                f"got {tuple(batch)}."
            )
        self._mixture_distribution = mixture_distribution.expand(batch[:-1])
        self._component_distribution = component_distribution
        super().__init__(batch[:-1], component_distribution.event_shape, validate_args)

    @property
    def mixture_distribution(self) -> Categorical:
        """The distribution of the component's number."""
        return self._mixture_distribution

    @property
    def component_distribution(self) -> Distribution:
        """The components, along the last batch axis."""
        return self._component_distribution

    @constraints.dependent_property
    def support(self) -> Any:
        """The components'."""
        return self._component_distribution.support

    def _expand_parts(self, new: Any) -> None:
        new._mixture_distribution = self._mixture_distribution.expand(new._batch_shape)
        k = self._mixture_distribution.param_shape[-1]
        new._component_distribution = self._component_distribution.expand((*new._batch_shape, k))

    def _weighted(self, values: Tensor) -> Tensor:
        """The mean over the components of values (..., K) + event shape."""
        probs = self._mixture_distribution.probs
        events = len(self._event_shape)
        return (probs.reshape(*probs.shape, *[1] * events) * values).sum(-1 - events)

    @property
    def mean(self) -> Tensor:
        return self._weighted(self._component_distribution.mean)

    @property
    def variance(self) -> Tensor:
        """The mean of the components' variances and the variance of their means."""
        component = self._component_distribution
        distance = component.mean - self.mean.unsqueeze(-1 - len(self._event_shape))
        return self._weighted(component.variance) + self._weighted(distance**2)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        with chainrule.no_grad():
            which = self._mixture_distribution.sample(sample_shape)
            values = self._component_distribution.sample(sample_shape)
            axis, events = len(sample_shape) + len(self._batch_shape), tuple(self._event_shape)
            index = which.reshape(*which.shape, 1, *[1] * len(events)).expand(*which.shape, 1, *events)
            return values.gather(axis, index).squeeze(axis)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        each = self._component_distribution.log_prob(value.unsqueeze(-1 - len(self._event_shape)))
        return (each + chainrule.log_softmax(self._mixture_distribution.logits, -1)).logsumexp(-1)

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        each = self._component_distribution.cdf(value.unsqueeze(-1))
        return (each * self._mixture_distribution.probs).sum(-1)

    def __repr__(self) -> str:
        return f"MixtureSameFamily({self._mixture_distribution!r}, {self._component_distribution!r})"
