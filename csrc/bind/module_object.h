// Small Python types that are written for speed: the base of nn.Module, the block of no_grad.
#pragma once

#include <pybind11/pybind11.h>

namespace chainrule {

namespace py = pybind11;

void bind_module_object(py::module_& m);
void bind_grad_mode(py::module_& m);

}  // namespace chainrule
