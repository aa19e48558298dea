"""torch.nn.parallel.distributed."""

from . import DistributedDataParallel as DistributedDataParallel
