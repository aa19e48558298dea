"""torch.distributions.constraint_registry."""

from chainrule.distributions.transforms import biject_to as biject_to
from chainrule.distributions.transforms import transform_to as transform_to
