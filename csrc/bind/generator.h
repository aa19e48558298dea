#pragma once

#include "bind/tensor_object.h"

namespace chainrule {

class Generator;

Generator* generator_of(PyObject* o);  // null if o is none
void bind_generator(py::module_& m);

}  // namespace chainrule
