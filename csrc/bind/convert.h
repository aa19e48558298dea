// Python values to the library's and back: numbers, arrays, nested lists.
#pragma once

#include "bind/dtype_object.h"
#include "bind/tensor_object.h"

namespace chainrule {

// A Python, NumPy or 0-d tensor number. False if o is none.
bool to_scalar(PyObject* o, Scalar* out);
bool to_int(PyObject* o, int64_t* out);
// A tensor, or a number or array made one (a number weak). False if o is neither.
bool to_tensor(PyObject* o, Tensor* out);
bool is_array(PyObject* o);

// tensor(data): always a copy. dtype: null for the data's own.
Tensor tensor_from_data(PyObject* data, const DType* dtype);
// Shares memory where the array's layout allows, else copies.
Tensor tensor_from_array(PyObject* array, bool share);
Tensor legacy_tensor(PyObject* args, PyObject* kwargs);
PyObject* to_array(const Tensor& t, PyObject* owner);  // shares memory
PyObject* to_number(const Tensor& t);                  // of one element
PyObject* to_list(const Tensor& t);
PyObject* to_size(const Dims& d);  // a chainrule.Size

void bind_convert(py::module_& m);

}  // namespace chainrule
