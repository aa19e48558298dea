"""Operations as ONNX nodes, for chainrule.onnx: a rule for each, one file a family.

A rule takes the graph in the making and the call, adds nodes and gives the name of the result, or a list of names, one
for each output, or Missing where this form of the operation has none.
"""

from . import elementwise, layers, recurrent, shapes  # noqa: F401  (each registers its rules)
from .recurrent import Cells
from .rule import RULES, Call, Missing

__all__ = ["RULES", "Call", "Cells", "Missing"]
