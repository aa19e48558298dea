#include "bind/sparse_gradient.h"

#include <cstring>

#include "bind/autograd.h"
#include "bind/convert.h"

namespace chainrule {
namespace {

py::object sparse_class() { return py::module_::import("chainrule.sparse._tensor").attr("SparseTensor"); }

Tensor part(py::handle object, const char* name) {
    py::object found = object.attr(name);
    check<TypeError>(is_tensor(found.ptr()), "grad: the parts of a sparse gradient must be tensors, got ",
                     Py_TYPE(found.ptr())->tp_name);
    return tensor_of(found.ptr());
}

// Anyone may have changed the parts: they must still be those of a gradient of this shape and dtype.
void read(const Tensor& sparse) {
    py::handle object(static_cast<PyObject*>(entries_of(sparse)->python));
    Tensor indices = part(object, "_at"), values = part(object, "_held");
    check<RuntimeError>(indices.ndim() != 2 || indices.size(0) > 0,
                        "grad: a sparse gradient needs a sparse axis, got shape ", sparse.shape(),
                        " without one. Use to_dense().");
    bool fits = indices.ndim() == 2 && values.ndim() >= 1 && indices.dtype() == DType::Int64 &&
                values.dtype() == sparse.dtype() && indices.size(1) == values.size(0) &&
                indices.size(0) + values.ndim() - 1 == sparse.ndim();
    for (int d = 1; fits && d < values.ndim(); ++d)
        fits = values.size(d) == sparse.size(static_cast<int>(indices.size(0)) + d - 1);
    check<RuntimeError>(fits, "grad: a sparse gradient of shape ", sparse.shape(), " and ", sparse.dtype(),
                        " has got parts that are none of such a tensor: indices of shape ", indices.shape(),
                        ", values of shape ", values.shape(), " and ", values.dtype());
    entries_of(sparse)->indices = indices.ref();
    entries_of(sparse)->values = values.ref();
}

void write(const Tensor& sparse) {
    py::handle object(static_cast<PyObject*>(entries_of(sparse)->python));
    object.attr("_at") = Tensor(entries_of(sparse)->indices);
    object.attr("_held") = Tensor(entries_of(sparse)->values);
    object.attr("_coalesced") = entries_of(sparse)->indices->shape[1] < 2;
}

void release(void* python) {
    if (Py_IsInitialized()) Py_DECREF(static_cast<PyObject*>(python));
}

}  // namespace

PyObject* sparse_object(const Tensor& t) {
    Entries& e = *entries_of(t);
    if (!e.python) {
        py::object size = py::reinterpret_steal<py::object>(given(to_size(t.shape())));
        bool coalesced = e.indices->shape[1] < 2;
        e.python = sparse_class()(Tensor(e.indices), Tensor(e.values), size, coalesced).release().ptr();
    }
    return Py_NewRef(static_cast<PyObject*>(e.python));
}

bool to_gradient(PyObject* o, Tensor* out) {
    if (is_tensor(o)) {
        *out = tensor_of(o);
        return true;
    }
    if (std::strcmp(Py_TYPE(o)->tp_name, "SparseTensor") != 0 ||
        reinterpret_cast<PyObject*>(Py_TYPE(o)) != sparse_class().ptr())
        return false;
    Dims shape;
    for (py::handle n : py::object(py::handle(o).attr("_size"))) shape.push(n.cast<int64_t>());
    Tensor sparse = sparse_gradient(shape, part(o, "_at"), part(o, "_held"));
    entries_of(sparse)->python = Py_NewRef(o);
    read(sparse);
    *out = sparse;
    return true;
}

void bind_sparse_gradient() { entries_host = {read, write, release}; }

}  // namespace chainrule
