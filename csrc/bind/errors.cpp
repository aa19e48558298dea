// C++ errors to Python's.

#include <new>

#include "bind/tensor_object.h"
#include "core/check.h"

namespace chainrule {

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
        PyErr_SetString(PyExc_RuntimeError, e.what());
    }
    return nullptr;
}

void bind_errors() {
    py::register_exception_translator([](std::exception_ptr p) {
        try {
            if (p) std::rethrow_exception(p);
        } catch (const Error&) {
            raise_current_exception();
        }
    });
}

}  // namespace chainrule
