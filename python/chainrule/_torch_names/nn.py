"""Names of torch.nn that the layers do not bring."""

from .nn__parallel import DataParallel as DataParallel
