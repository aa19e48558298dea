"""Probability distributions: torch.distributions' names, shapes and formulas.

Samples are PyTorch's at the same seed, to rounding, for every distribution here.

Example:
    >>> from chainrule.distributions import Categorical
    >>> policy = Categorical(logits=chainrule.tensor([0.0, 1.0, 2.0]))
    >>> action = policy.sample()
    >>> policy.log_prob(action).shape
    chainrule.Size([])
"""

from . import constraints as constraints
from . import transforms as transforms
from .bernoulli import Bernoulli as Bernoulli
from .bernoulli import ContinuousBernoulli as ContinuousBernoulli
from .bernoulli import LogitRelaxedBernoulli as LogitRelaxedBernoulli
from .bernoulli import RelaxedBernoulli as RelaxedBernoulli
from .categorical import Categorical as Categorical
from .constraint_registry import biject_to as biject_to
from .constraint_registry import transform_to as transform_to
from .continuous import Cauchy as Cauchy
from .continuous import Exponential as Exponential
from .continuous import Laplace as Laplace
from .continuous import Uniform as Uniform
from .counts import Binomial as Binomial
from .counts import Geometric as Geometric
from .counts import Multinomial as Multinomial
from .counts import NegativeBinomial as NegativeBinomial
from .counts import Poisson as Poisson
from .distribution import Distribution as Distribution
from .exp_family import ExponentialFamily as ExponentialFamily
from .gamma import Beta as Beta
from .gamma import Chi2 as Chi2
from .gamma import Dirichlet as Dirichlet
from .gamma import FisherSnedecor as FisherSnedecor
from .gamma import Gamma as Gamma
from .gamma import InverseGamma as InverseGamma
from .gamma import StudentT as StudentT
from .generalized_pareto import GeneralizedPareto as GeneralizedPareto
from .kl import kl_divergence as kl_divergence
from .kl import register_kl as register_kl
from .lkj_cholesky import LKJCholesky as LKJCholesky
from .lowrank_multivariate_normal import LowRankMultivariateNormal as LowRankMultivariateNormal
from .multivariate_normal import LogisticNormal as LogisticNormal
from .multivariate_normal import MultivariateNormal as MultivariateNormal
from .normal import Normal as Normal
from .one_hot_categorical import ExpRelaxedCategorical as ExpRelaxedCategorical
from .one_hot_categorical import OneHotCategorical as OneHotCategorical
from .one_hot_categorical import OneHotCategoricalStraightThrough as OneHotCategoricalStraightThrough
from .one_hot_categorical import RelaxedOneHotCategorical as RelaxedOneHotCategorical
from .transformed_continuous import Gumbel as Gumbel
from .transformed_continuous import HalfCauchy as HalfCauchy
from .transformed_continuous import HalfNormal as HalfNormal
from .transformed_continuous import Kumaraswamy as Kumaraswamy
from .transformed_continuous import LogNormal as LogNormal
from .transformed_continuous import Pareto as Pareto
from .transformed_continuous import Weibull as Weibull
from .transformed_distribution import Independent as Independent
from .transformed_distribution import MixtureSameFamily as MixtureSameFamily
from .transformed_distribution import TransformedDistribution as TransformedDistribution
from .transforms import AbsTransform as AbsTransform
from .transforms import AffineTransform as AffineTransform
from .transforms import CatTransform as CatTransform
from .transforms import ComposeTransform as ComposeTransform
from .transforms import CorrCholeskyTransform as CorrCholeskyTransform
from .transforms import CumulativeDistributionTransform as CumulativeDistributionTransform
from .transforms import ExpTransform as ExpTransform
from .transforms import IndependentTransform as IndependentTransform
from .transforms import LowerCholeskyTransform as LowerCholeskyTransform
from .transforms import PositiveDefiniteTransform as PositiveDefiniteTransform
from .transforms import PowerTransform as PowerTransform
from .transforms import ReshapeTransform as ReshapeTransform
from .transforms import SigmoidTransform as SigmoidTransform
from .transforms import SoftmaxTransform as SoftmaxTransform
from .transforms import SoftplusTransform as SoftplusTransform
from .transforms import StackTransform as StackTransform
from .transforms import StickBreakingTransform as StickBreakingTransform
from .transforms import TanhTransform as TanhTransform
from .transforms import Transform as Transform
from .transforms import identity_transform as identity_transform
from .von_mises import VonMises as VonMises
from .wishart import Wishart as Wishart
