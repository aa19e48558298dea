"""What torchvision has that programs need to read and prepare pictures: datasets, transforms, models, utils, io.

Under `python -m chainrule.as_torch` this package answers for torchvision, which cannot run without PyTorch itself.
Nothing is downloaded. Pillow, where it is installed (`pip install 'chainrule[vision]'`), reads and writes picture
files and makes the pictures; without it datasets give NumPy arrays (H, W) or (H, W, C), and transforms take those.

Source: torchvision's documented names and semantics.
"""

from . import datasets as datasets
from . import io as io
from . import models as models
from . import ops as ops
from . import transforms as transforms
from . import utils as utils

__version__ = "0.28.0+chainrule"
