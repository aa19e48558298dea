"""torch.nn.parallel.distributed."""

from .nn__parallel import DistributedDataParallel as DistributedDataParallel
