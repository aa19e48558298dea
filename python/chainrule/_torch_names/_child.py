"""The program again, in a process that multiprocessing started afresh: it finds torch as its parent did.

Such a process imports its parent's main module by the name in `__spec__`, and as_torch.run gives it this one.
"""

import os

from chainrule.as_torch import SCRIPT_VARIABLE, install

if __name__ == "__mp_main__":
    install()
    __file__ = os.environ[SCRIPT_VARIABLE]
    with open(__file__, "rb") as _file:
        exec(compile(_file.read(), __file__, "exec"))
