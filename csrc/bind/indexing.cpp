#include "bind/indexing.h"

#include <vector>

#include "bind/convert.h"
#include "core/number_range.h"
#include "core/warn.h"
#include "ops/ops.h"

namespace chainrule {
namespace {

// What a subscript means: basic steps have been applied to `view`; what is left are index tensors (undefined: a whole axis).
struct Subscript {
    Tensor view;
    std::vector<Tensor> indices;
    bool advanced = false;
    int axis = 0;  // of the tensor itself, for messages
};

Tensor index_tensor(PyObject* o) {
    Tensor t;
    if (is_tensor(o)) t = tensor_of(o);
    else if (is_array(o)) t = tensor_from_array(o, true);
    else t = tensor_from_data(o, nullptr);
    if (t.numel() == 0 && is_floating(t.dtype()) && !is_tensor(o)) t = cast(t, DType::Int64);  // x[[]]
    check<IndexError>(!is_floating(t.dtype()), "index: tensors used as indices must be integer or bool, got ",
                      t.dtype());
    if (t.dtype() != DType::UInt8) return t;
    warn("index: uint8 tensors select as masks, which is deprecated. Use .bool() for a mask, .long() for positions.");
    return cast(t, DType::Bool);
}

bool is_index_list(PyObject* o) { return PySequence_Check(o) && !PyUnicode_Check(o); }

// PyTorch reads a short list that holds more than numbers as a tuple: x[[slice(2), 0]], x[[rows, columns]].
bool means_tuple(PyObject* key) {
    constexpr size_t kShort = 32;
    if (is_tensor(key) || is_array(key) || !is_index_list(key)) return false;
    py::sequence items = py::reinterpret_borrow<py::sequence>(key);
    if (items.size() >= kShort) return false;
    for (py::handle item : items) {
        PyObject* o = item.ptr();
        if (o == Py_None || o == Py_Ellipsis || PySlice_Check(o) || is_tensor(o) || is_index_list(o)) return true;
    }
    return false;
}

bool is_integer(PyObject* o, int64_t* i) {
    if (PyBool_Check(o)) return false;
    if (is_tensor(o)) {
        const TensorImpl* t = impl_of(o);
        return t->shape.n == 0 && t->dtype != DType::Bool && t->dtype != DType::UInt8 && to_int(o, i);
    }
    return !is_array(o) && to_int(o, i);
}

// How many axes of the tensor an item takes.
int axes_taken(PyObject* o) {
    if (o == Py_None || o == Py_Ellipsis || PyBool_Check(o)) return 0;
    int64_t i;
    if (PySlice_Check(o) || is_integer(o, &i)) return 1;
    if (is_tensor(o)) {
        const TensorImpl* t = impl_of(o);
        return t->dtype == DType::Bool || t->dtype == DType::UInt8 ? t->shape.n : 1;
    }
    if (is_index_list(o)) {
        Tensor t = index_tensor(o);
        return t.dtype() == DType::Bool ? t.ndim() : 1;
    }
    return 1;
}

void put_index(Subscript& s, int* dim, const Tensor& t) {
    while (static_cast<int>(s.indices.size()) < *dim) s.indices.emplace_back();
    s.indices.push_back(t);
    *dim += t.dtype() == DType::Bool ? t.ndim() : 1;
    // A mask of k axes stands for k index tensors: the entries behind it stay empty until it is expanded.
    s.advanced = true;
}

void apply_item(Subscript& s, PyObject* o, int* dim, int total, int original_ndim) {
    int64_t i;
    if (o == Py_None) {
        s.view = unsqueeze(s.view, *dim);
        ++*dim;
    } else if (o == Py_Ellipsis) {
        *dim += original_ndim - total;
    } else if (PySlice_Check(o)) {
        Py_ssize_t start, stop, step;
        if (PySlice_Unpack(o, &start, &stop, &step) < 0) throw py::error_already_set();
        check<ValueError>(step > 0, "slice: the step must be positive, got ", step, ". Use flip().");
        Py_ssize_t n = PySlice_AdjustIndices(s.view.size(*dim), &start, &stop, step);
        if (!(start == 0 && step == 1 && n == s.view.size(*dim)))
            s.view = slice(s.view, *dim, start, stop < start ? start : stop, step);
        ++*dim;
    } else if (is_integer(o, &i)) {
        check<IndexError>(s.view.size(*dim) > i && i >= -s.view.size(*dim), "index: ", i, " is out of bounds for axis ",
                          s.axis, " of size ", s.view.size(*dim));
        s.view = select(s.view, *dim, i);
    } else if (PyBool_Check(o)) {
        s.view = unsqueeze(s.view, *dim);
        Tensor mask = empty({1}, DType::Bool);
        *mask.data<bool>() = o == Py_True;
        put_index(s, dim, mask);
    } else if (is_tensor(o) || is_index_list(o)) {
        Tensor t = index_tensor(o);
        if (t.dtype() == DType::Bool && t.ndim() == 0) {
            s.view = unsqueeze(s.view, *dim);
            t = unsqueeze(t, 0);
        }
        put_index(s, dim, t);
    } else {
        fail<TypeError>("index: integers, slices, None, ... and index tensors are taken, got ", Py_TYPE(o)->tp_name);
    }
}

Subscript resolve(const Tensor& self, PyObject* key) {
    Subscript s;
    s.view = self;
    PyObject* const* items = &key;
    Py_ssize_t n = 1;
    py::object as_tuple;
    if (!PyTuple_Check(key) && means_tuple(key)) {
        warn(
            "index: a list that holds more than numbers is read as a tuple, as PyTorch still does, and not as NumPy "
            "does. "
            "Write x[tuple(i)], or x[tensor(i)] for one index tensor.");
        as_tuple = py::reinterpret_steal<py::object>(PySequence_Tuple(key));
        if (!as_tuple) throw py::error_already_set();
        key = as_tuple.ptr();
    }
    if (PyTuple_Check(key)) {
        items = reinterpret_cast<PyTupleObject*>(key)->ob_item;
        n = PyTuple_GET_SIZE(key);
    }
    int total = 0, ellipses = 0;
    for (Py_ssize_t k = 0; k < n; ++k) {
        total += axes_taken(items[k]);
        ellipses += items[k] == Py_Ellipsis;
    }
    check<IndexError>(total <= self.ndim(), "index: too many indices (", total, ") for a tensor of ", self.ndim(),
                      " dimensions");
    check<IndexError>(ellipses <= 1, "index: only one ... is allowed");
    int dim = 0;
    for (Py_ssize_t k = 0; k < n; ++k) {
        apply_item(s, items[k], &dim, total, self.ndim());
        s.axis += items[k] == Py_Ellipsis ? self.ndim() - total : axes_taken(items[k]);
    }
    return s;
}

// A value with more axes than the place it goes to may lead with axes of size 1.
Tensor without_leading_ones(Tensor v, int ndim) {
    while (v.ndim() > ndim && v.size(0) == 1) v = select(v, 0, 0);
    return v;
}

}  // namespace

PyObject* tensor_getitem(PyObject* self, PyObject* key) {
    return guarded([&]() -> PyObject* {
        Tensor t = tensor_of(self);
        if (PyLong_CheckExact(key)) {
            int64_t i;
            to_int(key, &i);
            check<IndexError>(t.ndim() > 0, "index: a 0-d tensor cannot be indexed. Use item().");
            check<IndexError>(i < t.size(0) && i >= -t.size(0), "index: ", i, " is out of bounds for axis 0 of size ",
                              t.size(0));
            return wrap(select(t, 0, i));
        }
        Subscript s = resolve(t, key);
        if (s.advanced) return wrap(index(s.view, s.indices));
        return wrap(s.view.is_same(t) ? as_strided(t, t.shape(), t.strides(), 0) : s.view);
    });
}

int tensor_setitem(PyObject* self, PyObject* key, PyObject* value) {
    PyObject* done = guarded([&]() -> PyObject* {
        check<TypeError>(value != nullptr, "del: elements of a tensor cannot be deleted");
        Tensor t = tensor_of(self), v;
        if (!to_tensor(value, &v)) v = tensor_from_data(value, nullptr);
        check_fits("index", v, t.dtype());
        Subscript s = resolve(t, key);
        if (s.advanced) {
            index_put_(s.view, s.indices, v, false);
        } else {
            v = without_leading_ones(v, s.view.ndim());
            const Tensor in[2] = {s.view, v};
            dispatch_inplace(copy_op, in, 2, nullptr);
        }
        Py_RETURN_NONE;
    });
    if (!done) return -1;
    Py_DECREF(done);
    return 0;
}

}  // namespace chainrule
