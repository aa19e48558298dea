// x[...] and x[...] = v.
#pragma once

#include "bind/tensor_object.h"

namespace chainrule {

PyObject* tensor_getitem(PyObject* self, PyObject* key);
int tensor_setitem(PyObject* self, PyObject* key, PyObject* value);

}  // namespace chainrule
