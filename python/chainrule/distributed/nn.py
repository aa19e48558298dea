"""torch.distributed.nn: what processes would do together, with gradients."""

from .. import distributed
from .._absent import refuse

all_reduce, all_gather, broadcast = distributed.all_reduce, distributed.all_gather, distributed.broadcast
reduce, scatter, gather = distributed.reduce, distributed.scatter, distributed.gather
reduce_scatter = distributed.reduce_scatter
all_to_all = refuse("torch.distributed.nn.all_to_all", distributed._HINT)
