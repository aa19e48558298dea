// C++ errors to Python's.
//
// Note [Two kinds at once]: PyTorch raises RuntimeError for most bad input, Python and NumPy ValueError, TypeError or IndexError. Ours
// are both, so that a program written for either catches them.

#include <cstring>
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

// The Python classes, made once and never freed.
struct ErrorTypes {
    PyObject *value, *type, *index, *memory, *linear_algebra;
};
ErrorTypes types;

PyObject* make_type(const char* full_name, const py::tuple& bases, const char* doc) {
    PyObject* made = PyErr_NewExceptionWithDoc(full_name, doc, bases.ptr(), nullptr);
    if (!made) throw py::error_already_set();
    return made;
}

PyObject* also_runtime(py::module_& m, const char* full_name, PyObject* kind, const char* doc) {
    PyObject* made = make_type(full_name, py::make_tuple(py::handle(kind), py::handle(PyExc_RuntimeError)), doc);
    m.attr(std::strrchr(full_name, '.') + 1) = py::handle(made);
    return made;
}

}  // namespace

void check_memory(PyHeapTypeObject* type) {
    type->ht_type.tp_alloc = new_memory;
    type->ht_type.tp_new = new_object;
}

py::custom_type_setup memory_checked() { return py::custom_type_setup(check_memory); }

PyObject* raise_current_exception() {
    try {
        throw;
    } catch (py::error_already_set& e) {
        e.restore();
    } catch (const IndexError& e) {
        PyErr_SetString(types.index, e.what());
    } catch (const ValueError& e) {
        PyErr_SetString(types.value, e.what());
    } catch (const TypeError& e) {
        PyErr_SetString(types.type, e.what());
    } catch (const NotImplementedError& e) {
        PyErr_SetString(PyExc_NotImplementedError, e.what());
    } catch (const LinAlgError& e) {
        PyErr_SetString(types.linear_algebra, e.what());
    } catch (const OutOfMemory& e) {
        PyErr_SetString(types.memory, e.what());
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
    } catch (const py::builtin_exception& e) {
        e.set_error();
    } catch (const std::exception& e) {
        if (!out_of_memory()) PyErr_SetString(PyExc_RuntimeError, e.what());
    }
    return nullptr;
}

void bind_errors(py::module_& m) {
    types.value = also_runtime(m, "chainrule.InvalidValueError", PyExc_ValueError,
                               "A shape or value that an operation does not take. A ValueError and a RuntimeError.");
    types.type = also_runtime(m, "chainrule.InvalidTypeError", PyExc_TypeError,
                              "A type or dtype that an operation does not take. A TypeError and a RuntimeError.");
    types.index = also_runtime(m, "chainrule.InvalidIndexError", PyExc_IndexError,
                               "An index or axis out of bounds. An IndexError and a RuntimeError.");
    types.memory = also_runtime(m, "chainrule.OutOfMemoryError", PyExc_MemoryError,
                                "A tensor for which there is no memory. A MemoryError and a RuntimeError.");
    types.linear_algebra = make_type("chainrule.linalg.LinAlgError", py::make_tuple(py::handle(PyExc_RuntimeError)),
                                     "A matrix that has no inverse or factor of the kind asked for. A RuntimeError.");
    m.attr("_LinAlgError") = py::handle(types.linear_algebra);
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
