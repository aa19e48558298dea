// The base of nn.Module: how a module is called.
#pragma once

#include <pybind11/pybind11.h>

namespace chainrule {

namespace py = pybind11;

void bind_module_object(py::module_& m);

}  // namespace chainrule
