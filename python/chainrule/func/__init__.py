"""Functions that transform functions: grad, value_and_grad, vjp, jvp, jacrev, jacfwd, hessian, vmap; functional_call.

They take a function of tensors, or of nested tuples, lists and dicts of tensors, and return a new function. They nest:
the derivative of a derivative is one more call. Names and results are those of torch.func; value_and_grad is the
name that JAX and autograd users know.
"""

from .._functional_call import functional_call, stack_module_state
from ._gradients import grad, grad_and_value, jvp, linearize, value_and_grad, vjp
from ._jacobians import hessian, jacfwd, jacrev
from ._vmap import vmap

__all__ = [
    "functional_call",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "stack_module_state",
    "value_and_grad",
    "vjp",
    "vmap",
]
