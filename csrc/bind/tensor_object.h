// The Python object of a tensor, and the way between the two.
//
// Tensor's type is made with CPython's own calls, not py::class_: the object is a header and one pointer, the way back is a
// pointer in the tensor (so `p.grad is p.grad`), and number slots and methods are called without a dispatcher. All else goes
// through pybind11, which gets a caster for Tensor here.
#pragma once

#include <pybind11/pybind11.h>

#include <string_view>
#include <vector>

#include "core/tensor.h"

namespace chainrule {

namespace py = pybind11;

struct TensorObject {
    PyObject_HEAD TensorImpl* impl;  // counted
    PyObject* dict;
    PyObject* weakrefs;
};

extern PyTypeObject* tensor_type;

// A parameter's type stands right below Tensor: it is known without a search.
inline bool is_tensor(PyObject* o) {
    PyTypeObject* type = Py_TYPE(o);
    return type == tensor_type || type->tp_base == tensor_type || PyType_IsSubtype(type, tensor_type);
}

// Borrowed. The object must be a tensor.
inline TensorImpl* impl_of(PyObject* o) { return reinterpret_cast<TensorObject*>(o)->impl; }

inline Tensor tensor_of(PyObject* o) { return Tensor(impl_of(o)); }

// New reference; None for an undefined tensor. A tensor that has a Python object gives that object.
PyObject* wrap(const Tensor& t);
// A new object of a subclass that takes this tensor over.
PyObject* wrap_as(PyTypeObject* type, const Tensor& t);

void make_tensor_type(py::module_& m);
void add_attribute_slots(std::vector<PyType_Slot>& slots);
void add_tensor_methods();

// What a call of the interpreter gave. Null means that it has set an error, which is thrown on; a few calls set none where
// memory is short.
inline PyObject* given(PyObject* o) {
    if (!o && !PyErr_Occurred()) PyErr_NoMemory();
    if (!o) throw py::error_already_set();
    return o;
}

// Whether Python takes o for true. What has no truth, as an array of several elements, raises.
inline bool is_true(PyObject* o) {
    int known = PyObject_IsTrue(o);
    if (known < 0) throw py::error_already_set();
    return known == 1;
}

// The text of a str, which must outlive the answer. What UTF-8 cannot hold (half a surrogate pair) raises.
inline std::string_view text_of(PyObject* str) {
    Py_ssize_t length;
    const char* text = PyUnicode_AsUTF8AndSize(str, &length);
    if (!text) throw py::error_already_set();
    return {text, static_cast<size_t>(length)};
}

// Translates the exception in flight to a Python error; returns null.
PyObject* raise_current_exception();

// For each py::class_: its objects where there is no memory for one are a MemoryError. pybind11 follows the null pointer.
void check_memory(PyHeapTypeObject* type);
py::custom_type_setup memory_checked();
// For "__init__" with py::detail::is_new_style_constructor: gives the object its value. After py::init pybind11 enters the object in its
// list where no error may be.
template <class T> void construct(py::detail::value_and_holder& place, std::unique_ptr<T> value) {
    place.value_ptr() = value.get();
    try {
        place.type->init_instance(place.inst, nullptr);
    } catch (...) {
        place.value_ptr() = nullptr;
        throw;
    }
    value.release();
}

// Runs f, a lambda that returns PyObject*, with exceptions translated.
template <class F> PyObject* guarded(F&& f) {
    try {
        return f();
    } catch (...) {
        return raise_current_exception();
    }
}

}  // namespace chainrule

namespace pybind11::detail {

template <> struct type_caster<chainrule::Tensor> {
    PYBIND11_TYPE_CASTER(chainrule::Tensor, const_name("chainrule.Tensor"));

    // None is no tensor: where it may stand for one, the function takes an object and looks.
    bool load(handle src, bool) {
        if (!chainrule::is_tensor(src.ptr())) return false;
        value = chainrule::tensor_of(src.ptr());
        return true;
    }
    static handle cast(const chainrule::Tensor& t, return_value_policy, handle) { return chainrule::wrap(t); }
};

}  // namespace pybind11::detail
