// C++ errors to Python's.

#include <new>
#include <stdexcept>

#include "bind/tensor_object.h"
#include "core/check.h"

namespace chainrule {
namespace {

// Whether the interpreter has said so already: pybind11 then throws that it has no tuple.
bool out_of_memory() { return PyErr_Occurred() && PyErr_ExceptionMatches(PyExc_MemoryError); }

PyObject* new_memory(PyTypeObject* type, Py_ssize_t items) { return given(PyType_GenericAlloc(type, items)); }

// Called by the interpreter, through which no exception may go.
PyObject* new_object(PyTypeObject* type, PyObject*, PyObject*) {
    type->tp_alloc = new_memory;  // a subclass that was made in Python has the interpreter's
    return guarded([&] { return py::detail::make_new_instance(type); });
}

}  // namespace

py::custom_type_setup memory_checked() {
    return py::custom_type_setup([](PyHeapTypeObject* type) {
        type->ht_type.tp_alloc = new_memory;
        type->ht_type.tp_new = new_object;
    });
}

PyObject* raise_current_exception() {
    try {
        throw;
    } catch (py::error_already_set& e) {
        e.restore();
    } catch (const IndexError& e) {
        PyErr_SetString(PyExc_IndexError, e.what());
    } catch (const ValueError& e) {
        PyErr_SetString(PyExc_ValueError, e.what());
    } catch (const TypeError& e) {
        PyErr_SetString(PyExc_TypeError, e.what());
    } catch (const NotImplementedError& e) {
        PyErr_SetString(PyExc_NotImplementedError, e.what());
    } catch (const LinAlgError& e) {
        PyErr_SetString(PyExc_RuntimeError, e.what());
    } catch (const OutOfMemory& e) {
        PyErr_SetString(PyExc_MemoryError, e.what());
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
    } catch (const py::builtin_exception& e) {
        e.set_error();
    } catch (const std::exception& e) {
        if (!out_of_memory()) PyErr_SetString(PyExc_RuntimeError, e.what());
    }
    return nullptr;
}

void bind_errors() {
    py::register_exception_translator([](std::exception_ptr p) {
        try {
            if (p) std::rethrow_exception(p);
        } catch (const Error&) {
            raise_current_exception();
        } catch (const std::runtime_error&) {
            if (!out_of_memory()) throw;
        }
    });
}

}  // namespace chainrule
