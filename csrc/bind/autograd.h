#pragma once

#include "bind/tensor_object.h"

namespace chainrule {

void bind_autograd(py::module_& m);
void bind_dual_guard(py::module_& m);
std::vector<Tensor> tensors_of(const py::list& list, const char* what);  // None becomes an empty one
py::object grad_fn_object(const Tensor& t);
py::object register_hook(const Tensor& t, py::object hook);
py::object register_post_accumulate(const Tensor& t, py::object hook);
PyObject* tensor_backward(PyObject* self, PyObject* const* args, Py_ssize_t nargs, PyObject* kwnames);

}  // namespace chainrule
