"""What torch.nn.modules.module has beside the names of chainrule.nn."""

from chainrule.nn.modules._state import IncompatibleKeys as _IncompatibleKeys
