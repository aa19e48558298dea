"""The few names of torch._C that programs catch."""

import numpy as np

_LinAlgError = getattr(__import__("chainrule").linalg, "LinAlgError", np.linalg.LinAlgError)
