"""What torch.utils.data.dataloader has beside chainrule.utils.data: classes to ask for, and its helpers."""

from chainrule.utils.data import default_collate as default_collate
from chainrule.utils.data import get_worker_info as get_worker_info


class _BaseDataLoaderIter:
    """A class to ask for: a DataLoader's iterator here is a generator."""


class _SingleProcessDataLoaderIter(_BaseDataLoaderIter):
    """A class to ask for."""


class _MultiProcessingDataLoaderIter(_BaseDataLoaderIter):
    """A class to ask for."""
