"""torch.distributed.rpc: there are no other processes to call."""

from chainrule._absent import is_available as is_available
from chainrule._absent import refuse

_HINT = "It calls no other processes."
init_rpc = refuse("torch.distributed.rpc.init_rpc", _HINT)
rpc_sync = rpc_async = remote = refuse("torch.distributed.rpc", _HINT)
shutdown = refuse("torch.distributed.rpc.shutdown", _HINT)


class RRef:
    """A class to ask for."""


class WorkerInfo:
    """A class to ask for."""


class TensorPipeRpcBackendOptions:
    """A class to ask for."""

    def __init__(self, **options: object) -> None:
        pass
