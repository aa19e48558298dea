// Arguments that are no tensors and answer for a function themselves, by PyTorch's __torch_function__.
#pragma once

#include "bind/tensor_object.h"

namespace chainrule {

// Asks each class among the arguments, subclasses first, that has the class method
// __torch_function__(function, types, args, kwargs). Null: none has one. Source: PyTorch's documented protocol, which is
// NumPy's NEP 18. Called where no signature fits, so tensors never pay for it.
PyObject* ask_arguments(PyObject* function, PyObject* const* args, Py_ssize_t nargs, PyObject* kwnames);

}  // namespace chainrule
