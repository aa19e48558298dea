"""torch.storage: the classes of storages."""

from chainrule import TypedStorage as TypedStorage
from chainrule import UntypedStorage as UntypedStorage
