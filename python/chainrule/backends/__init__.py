"""torch.backends: switches that programs set, without effect, and questions that are answered no."""

from . import cuda as cuda
from . import cudnn as cudnn
from . import mkl as mkl
from . import mkldnn as mkldnn
from . import mps as mps
from . import openmp as openmp
