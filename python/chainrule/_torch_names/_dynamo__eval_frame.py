"""torch._dynamo.eval_frame: the class that accelerate asks for."""

from ._dynamo import OptimizedModule as OptimizedModule
