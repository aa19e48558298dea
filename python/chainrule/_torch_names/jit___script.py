"""torch.jit._script: where PyTorch keeps the classes of compiled programs, of which there are none."""

from ..jit import ScriptFunction as ScriptFunction
from ..jit import ScriptModule as ScriptModule
from ..jit import script as script
from .jit import RecursiveScriptModule as RecursiveScriptModule
