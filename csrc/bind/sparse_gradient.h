// A sparse gradient as Python sees it: a chainrule.sparse tensor, which holds the entries from then on.
#pragma once

#include "autograd/sparse_gradient.h"
#include "bind/tensor_object.h"

namespace chainrule {

// The tensor that shows a sparse gradient, made at the first call.
PyObject* sparse_object(const Tensor& t);
// A gradient that Python gives: a tensor, or a sparse one. False if o is neither.
bool to_gradient(PyObject* o, Tensor* out);

}  // namespace chainrule
