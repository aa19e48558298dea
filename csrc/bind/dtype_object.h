// The dtype and device objects.
#pragma once

#include "bind/tensor_object.h"

namespace chainrule {

// dtype objects: one for each type.
void bind_dtypes(py::module_& m);
PyObject* dtype_object(DType t);                           // borrowed
bool to_dtype(PyObject* o, DType* out);                    // a dtype object, float/int/bool, a NumPy dtype or type
bool numpy_type(char kind, py::ssize_t size, DType* out);  // of an array's dtype; false if there is none like it
// device: "cpu", a device object or None are taken; anything else raises.
void check_device(PyObject* o);

}  // namespace chainrule
