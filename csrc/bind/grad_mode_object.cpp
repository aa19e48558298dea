// The context manager behind no_grad and enable_grad. In Python, entering and leaving it cost more than a small operation.
#include "autograd/grad_mode.h"

#include <utility>

#include "bind/module_object.h"
#include "bind/tensor_object.h"

namespace chainrule {
namespace {

struct GradModeBlock {
    PyObject_HEAD bool mode, before;
};

GradModeBlock* block(PyObject* self) { return reinterpret_cast<GradModeBlock*>(self); }

// The last block of each mode is kept. `with no_grad():` lets its block go at once, and the next one takes that again: making
// and freeing one costs as much as entering and leaving it.
PyObject* kept[2] = {nullptr, nullptr};

PyObject* kept_block(PyTypeObject* type) {
    for (PyObject* o : kept)
        if (o && Py_TYPE(o) == type && Py_REFCNT(o) == 1) return Py_NewRef(o);
    return nullptr;
}

PyObject* make(PyTypeObject* type, PyObject* args, PyObject* kwargs);

// The call of a class of which a block is kept.
PyObject* call_class(PyObject* type, PyObject* const* args, size_t nargsf, PyObject* names) {
    Py_ssize_t count = PyVectorcall_NARGS(nargsf);
    auto* cls = reinterpret_cast<PyTypeObject*>(type);
    if (count == 0 && !names && cls->tp_new == make && cls->tp_init == PyBaseObject_Type.tp_init)
        if (PyObject* again = kept_block(cls)) return again;
    return guarded([&] {
        py::tuple positional(static_cast<size_t>(count));
        for (Py_ssize_t i = 0; i < count; ++i) PyTuple_SET_ITEM(positional.ptr(), i, Py_NewRef(args[i]));
        py::dict named;
        for (Py_ssize_t i = 0; names && i < PyTuple_GET_SIZE(names); ++i)
            named[PyTuple_GET_ITEM(names, i)] = py::reinterpret_borrow<py::object>(args[count + i]);
        return PyType_Type.tp_call(type, positional.ptr(), named.ptr());
    });
}

// cls(): the mode is the class's. cls(function): the function, decorated.
PyObject* make(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
    PyObject* cls = reinterpret_cast<PyObject*>(type);
    Py_ssize_t count = PyTuple_GET_SIZE(args);
    if (count > 1 || (kwargs && PyDict_GET_SIZE(kwargs)))
        return PyErr_Format(PyExc_TypeError, "%s() takes nothing, or one function to decorate", type->tp_name);
    if (count == 1) return PyObject_CallMethod(cls, "_decorated", "O", PyTuple_GET_ITEM(args, 0));
    if (PyObject* again = kept_block(type)) return again;
    static PyObject* const name = PyUnicode_InternFromString("mode");
    py::object mode = py::reinterpret_steal<py::object>(PyObject_GetAttr(cls, name));
    if (!mode) return nullptr;
    PyObject* self = type->tp_alloc(type, 0);
    if (!self) return nullptr;
    block(self)->mode = mode.ptr() == Py_True;
    if (type->tp_basicsize == sizeof(GradModeBlock)) {  // without attributes of its own
        PyObject* before = std::exchange(kept[block(self)->mode], Py_NewRef(self));
        Py_XDECREF(before);
        type->tp_vectorcall = call_class;
    }
    return self;
}

PyObject* enter(PyObject* self, PyObject*) {
    block(self)->before = grad_mode();
    grad_mode() = block(self)->mode;
    Py_RETURN_NONE;
}

PyObject* leave(PyObject* self, PyObject* const*, Py_ssize_t) {
    grad_mode() = block(self)->before;
    Py_RETURN_NONE;
}

PyMethodDef methods[] = {
    {"__enter__", enter, METH_NOARGS, nullptr},
    {"__exit__", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(leave)), METH_FASTCALL, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

void bind_grad_mode(py::module_& m) {
    PyType_Slot slots[] = {
        {Py_tp_doc, const_cast<char*>("A block in which recording is switched to the class attribute `mode`.")},
        {Py_tp_new, reinterpret_cast<void*>(make)},
        {Py_tp_methods, methods},
        {0, nullptr},
    };
    PyType_Spec spec = {"chainrule._core.GradModeBlock", sizeof(GradModeBlock), 0,
                        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots};
    PyObject* type = PyType_FromSpec(&spec);
    if (!type) throw py::error_already_set();
    m.attr("GradModeBlock") = py::reinterpret_steal<py::object>(type);
}

}  // namespace chainrule
