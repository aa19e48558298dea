#include "bind/foreign.h"

namespace chainrule {
namespace {

constexpr const char* kProtocol = "__torch_function__";

bool answers(PyObject* o) {
    return !is_tensor(o) && PyObject_HasAttrString(reinterpret_cast<PyObject*>(Py_TYPE(o)), kProtocol);
}

// A subclass stands before the classes that it derives from; otherwise the order of the arguments.
void add_type(std::vector<PyTypeObject*>& types, PyTypeObject* type) {
    auto at = types.begin();
    for (; at != types.end(); ++at) {
        if (*at == type) return;
        if (PyType_IsSubtype(type, *at)) break;
    }
    for (auto later = at; later != types.end(); ++later)
        if (*later == type) return;
    types.insert(at, type);
}

void add_types(std::vector<PyTypeObject*>& types, PyObject* o) {
    if (answers(o)) add_type(types, Py_TYPE(o));
    if (!PyTuple_CheckExact(o) && !PyList_CheckExact(o)) return;
    for (py::handle item : py::reinterpret_borrow<py::object>(o))
        if (answers(item.ptr())) add_type(types, Py_TYPE(item.ptr()));
}

}  // namespace

PyObject* ask_arguments(PyObject* function, PyObject* const* args, Py_ssize_t nargs, PyObject* kwnames) {
    Py_ssize_t n_keywords = kwnames ? PyTuple_GET_SIZE(kwnames) : 0;
    std::vector<PyTypeObject*> found;
    for (Py_ssize_t i = 0; i < nargs + n_keywords; ++i) add_types(found, args[i]);
    if (found.empty()) return nullptr;
    py::tuple types(found.size()), values(static_cast<size_t>(nargs));
    for (size_t i = 0; i < found.size(); ++i) types[i] = py::handle(reinterpret_cast<PyObject*>(found[i]));
    for (Py_ssize_t i = 0; i < nargs; ++i) values[static_cast<size_t>(i)] = py::handle(args[i]);
    py::dict named;
    for (Py_ssize_t k = 0; k < n_keywords; ++k)
        named[py::handle(PyTuple_GET_ITEM(kwnames, k))] = py::handle(args[nargs + k]);
    for (PyTypeObject* type : found) {
        py::object answer =
            py::handle(reinterpret_cast<PyObject*>(type)).attr(kProtocol)(py::handle(function), types, values, named);
        if (answer.ptr() != Py_NotImplemented) return answer.release().ptr();
    }
    return nullptr;
}

}  // namespace chainrule
